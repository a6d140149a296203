"""What a person decides about what is held or quarantined: release it, or reject it with a reason.

What is named is decided and nothing else: a PO or invoice number, a file name, a delivery's file name, while it stands for one
thing (see `named`), or an id. It is one transaction with an audit line and the actor's name for each.

Knows: what can be released and which state follows. Does not know: how it is then processed (the next tick does that).
"""

from collections.abc import Callable

from d365edi.errors import D365EdiError
from d365edi.flows import list_file, named, policy, reparse, shared, stores
from d365edi.flows.context import FlowContext
from d365edi.flows.named import Selection
from d365edi.flows.outbox import withdraw
from d365edi.flows.refetch import refetch
from d365edi.journal import Delivery, Document, Message, Tx


async def release(ctx: FlowContext, selection: Selection, actor: str) -> list[str]:
    """Release what is named. Raises D365EdiError when nothing of that name waits, AmbiguousError when several things do,
    EndpointError when a record that D365 did not show whole cannot be fetched again.

    The name `retention` lets payloads past their retention be emptied although the clock was doubted.
    The name `sending` releases sending after a journal older than its control numbers was restored, once all was compared, or
    with `many` without that. An id also releases a
    record of ours whose number was sent before. Of
    a document whose record in D365 was not made of it, it says that this is the same."""
    if selection.what in named.RESERVED:
        return await ctx.journal.write(lambda tx: _release_all(tx, selection, actor))
    await refetch(ctx, selection)
    return await ctx.journal.write(
        lambda tx: _each(
            tx,
            selection,
            lambda target: f"d365edi release {target}",
            lambda document: _release_document(tx, ctx, document, actor, by_id=bool(selection.id)),
            lambda message: _release_message(tx, ctx, message, actor),
            lambda delivery: _release_delivery(tx, delivery, actor),
        )
    )


async def reject(ctx: FlowContext, selection: Selection, why: str, actor: str) -> list[str]:
    """Close what is named, with `why` in the audit. D365EdiError and AmbiguousError as `release` has them."""
    if not why.strip(" "):
        raise D365EdiError("a rejection needs a reason", remedy='give one: --why "..."')
    return await ctx.journal.write(
        lambda tx: _each(
            tx,
            selection,
            lambda target: f'd365edi reject {target} --why "..."',
            lambda document: _reject_document(tx, document, why, actor),
            lambda message: _reject_message(tx, message, why, actor),
            lambda delivery: _reject_delivery(tx, delivery, why, actor),
        )
    )


def _release_all(tx: Tx, selection: Selection, actor: str) -> list[str]:
    """Release what a reserved name stands for. A file or a document of that name is never meant, and said with its id."""
    what = selection.what
    same = [f"d365edi release --id {each.id}" for each in named.waiting(tx, selection)]
    instead = f"what waits under the name {what} has an id: {', '.join(same)}" if same else ""
    if selection.partner:
        remedy = instead or f"leave --partner out: d365edi release {what}"
        raise D365EdiError(f"{what} stands for all that is held in whole, of every partner", remedy=remedy)
    try:
        return (
            _release_sending(tx, actor, anyway=selection.many) if what == "sending" else _release_retention(tx, actor)
        )
    except D365EdiError as error:
        raise D365EdiError(error.message, remedy="; ".join(filter(None, (error.remedy, instead)))) from None


def _release_sending(tx: Tx, actor: str, *, anyway: bool) -> list[str]:
    restored, compared = (tx.audit.query(action=action, limit=1) for action in ("restored", "compared"))
    if restored and not anyway and not (compared and compared[0].id > restored[0].id):
        message = "the journal was restored, and not all that may have been sent since was compared with what the partners have"
        raise D365EdiError(message, remedy="first: d365edi reconcile (or without it: d365edi release sending --all)")
    reason = tx.counters.go()
    if not reason:
        raise D365EdiError("sending is not held", remedy="there is nothing to release")
    tx.audit.append("sending released", actor=actor, reason=reason)
    return [f"sending continues; it was held because {reason}"]


def _release_retention(tx: Tx, actor: str) -> list[str]:
    reason = tx.retention.go(actor)
    if not reason:
        raise D365EdiError("retention is not held", remedy="there is nothing to release")
    return [f"payloads past their retention are emptied again; that was held because {reason}"]


def _each(
    tx: Tx,
    selection: Selection,
    command: Callable[[str], str],
    on_document: Callable[[Document], str],
    on_message: Callable[[Message], str],
    on_delivery: Callable[[Delivery], str],
) -> list[str]:
    found = named.one_of(named.waiting(tx, selection), selection, command)
    if not found:
        message = f"nothing named {selection.given} waits for a decision"
        raise D365EdiError(
            message, remedy=f"see `d365edi why {selection.what or '--id ' + selection.id}` and `d365edi status`"
        )
    sentences: list[str] = []
    for candidate in found:
        if candidate.documents:
            sentences += [on_document(document) for document in candidate.documents]
        elif isinstance(candidate.row, Message):
            sentences.append(on_message(candidate.row))
        elif isinstance(candidate.row, Delivery):
            sentences.append(on_delivery(candidate.row))
    return sentences


def _release_document(tx: Tx, ctx: FlowContext, document: Document, actor: str, *, by_id: bool) -> str:
    """A held document is parsed again from its bytes (tables may have been corrected since) and continues from there."""
    if tx.documents.get(document.id).state != "held":
        return f"{document.number} continues"  # released together with another document of the same file
    holder = tx.documents.claim_key(document.id)
    if holder is not None and holder.state != "rejected" and not _sent_again(tx, document, by_id=by_id):
        before = f"{document.number} stays held: it was received before (message {holder.message}, {holder.state}); "
        return before + _instead(tx, document, holder)
    outbound = [d for d in tx.deliveries.for_document(document.id) if d.state == "quarantined"]
    if outbound and outbound[-1].endpoint != ctx.d365_name:
        return _release_delivery(tx, outbound[-1], actor)
    problems = reparse.amend(tx, ctx, document)
    if problems:
        tx.documents.set_state(document.id, "held", problems)
        return f"{document.number} stays held: {named.runnable(tx, problems, document, document.number)}"
    for delivery in outbound:
        if not _of_another(tx, document, delivery):
            tx.deliveries.agreed(delivery.id)
        tx.deliveries.cancelled(delivery.id, f"released by {actor}")
    # The released reasons stay until it is rendered: the guard does not hold it for the same findings again.
    tx.documents.set_state(document.id, "ready", f"released by {actor}: {document.reason}")
    tx.audit.append("released", document=document.id, partner=document.partner, actor=actor, number=document.number)
    return f"{document.number} continues"


def _of_another(tx: Tx, document: Document, delivery: Delivery) -> bool:
    """Whether the record for which a delivery was set aside was made of another document: then it is not that of this one."""
    number = delivery.progress.get("theirs", "")
    made = (
        [row for row in tx.deliveries.search(number) if row.state == "delivered" and row.receipt == number]
        if number
        else []
    )
    return any(
        (row.endpoint, row.path, row.kind) == (delivery.endpoint, delivery.path, delivery.kind)
        and any(other.id != document.id and other.state != "rejected" for other in tx.documents.in_delivery(row.id))
        for row in made
    )


def _instead(tx: Tx, document: Document, holder: Document) -> str:
    """What can be done about a document whose key another one holds."""
    this = f'd365edi reject --id {named.identify(document)} --why "..."'
    if tx.messages.get(document.message).direction == "out":
        return f"send it all the same: d365edi release --id {named.identify(document)}, or close it: {this}"
    other = f'd365edi reject --id {named.identify(holder)} --why "..."'
    return f"reject one of the two: {this}" + (f", or {other}" if holder.state == "held" else "")


def _sent_again(tx: Tx, document: Document, *, by_id: bool) -> bool:
    """Whether a record of ours is to be sent although its number was: a person released it by its id, or its message."""
    message = tx.messages.get(document.message)
    if message.direction == "in":
        return False
    if by_id:
        tx.messages.explain(message.id, policy.RELEASED)
    return by_id or message.reason == policy.RELEASED


def _release_message(tx: Tx, ctx: FlowContext, message: Message, actor: str) -> str:
    if given := shared.give(tx, ctx, message, actor):
        return given
    tx.messages.set_state(message.id, "received", policy.RELEASED)
    tx.audit.append("released", message=message.id, partner=message.partner, actor=actor, name=message.name)
    return f"{message.name} is parsed again"


def _release_delivery(tx: Tx, delivery: Delivery, actor: str) -> str:
    """The same bytes under the same name and numbers; the endpoint checks first, so nothing is delivered twice."""
    tx.deliveries.released(delivery.id)
    for document in _waiting_in(tx, delivery):
        tx.documents.set_state(document.id, "delivering")
    tx.audit.append("released", delivery=delivery.id, partner=delivery.partner, actor=actor, name=delivery.name)
    return f"{delivery.name} is delivered again"


def _reject_document(tx: Tx, document: Document, why: str, actor: str) -> str:
    tx.documents.set_state(document.id, "rejected", why)
    withdraw(tx, document.id, why)
    stores.settle(tx, tx.documents.get(document.id))
    tx.audit.append(
        "rejected", document=document.id, partner=document.partner, actor=actor, number=document.number, why=why
    )
    return f"{document.number} is closed"


def _reject_message(tx: Tx, message: Message, why: str, actor: str) -> str:
    tx.messages.set_state(message.id, "done", f"rejected by {actor}: {why}")
    tx.audit.append("rejected", message=message.id, partner=message.partner, actor=actor, name=message.name, why=why)
    return f"{message.name} is closed"


def _reject_delivery(tx: Tx, delivery: Delivery, why: str, actor: str) -> str:
    tx.deliveries.cancelled(delivery.id, why)
    closed = _waiting_in(tx, delivery)
    for document in closed:
        tx.documents.set_state(document.id, "rejected", why)
        stores.settle(tx, tx.documents.get(document.id))
    tx.audit.append(
        "rejected", delivery=delivery.id, partner=delivery.partner, actor=actor, name=delivery.name, why=why
    )
    others = f", and its {len(closed)} documents are closed" if len(closed) > 1 else ""
    return f"{delivery.name} is not delivered{others}{list_file.rejected(tx, delivery)}"


def _waiting_in(tx: Tx, delivery: Delivery) -> list[Document]:
    """The documents that wait with a delivery, without those decided since."""
    return [row for row in tx.documents.in_delivery(delivery.id) if row.state in ("held", "delivering")]
