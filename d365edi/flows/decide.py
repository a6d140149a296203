"""What a person decides about what is held or quarantined: release it, or reject it with a reason.

`what` is a name as the log shows it: a PO or invoice number, a file name, a delivery's file name. Everything that waits for a
decision under that name is decided together, in one transaction with an audit line and the actor's name for each.

Knows: what can be released and which state follows. Does not know: how it is then processed (the next tick does that).
"""

from collections.abc import Callable

from d365edi.errors import D365EdiError
from d365edi.flows import policy, reparse, stores
from d365edi.flows.context import FlowContext
from d365edi.flows.outbox import withdraw
from d365edi.flows.refetch import refetch
from d365edi.journal import Delivery, Document, Message, Tx


async def release(ctx: FlowContext, what: str, actor: str) -> list[str]:
    """Release everything that waits for a decision under this name. Raises D365EdiError when nothing does, or when a record
    that D365 did not show whole cannot be fetched again.

    The name `sending` releases sending after a journal older than its control numbers was restored."""
    if what == "sending":
        return await ctx.journal.write(lambda tx: _release_sending(tx, actor))
    await refetch(ctx, what)
    return await ctx.journal.write(
        lambda tx: _each(
            tx,
            what,
            lambda document: _release_document(tx, ctx, document, actor),
            lambda message: _release_message(tx, message, actor),
            lambda delivery: _release_delivery(tx, delivery, actor),
        )
    )


async def reject(ctx: FlowContext, what: str, why: str, actor: str) -> list[str]:
    """Close everything that waits for a decision under this name, with `why` in the audit. D365EdiError when nothing does."""
    if not why.strip(" "):
        raise D365EdiError("a rejection needs a reason", remedy=f'give one: d365edi reject {what} --why "..."')
    return await ctx.journal.write(
        lambda tx: _each(
            tx,
            what,
            lambda document: _reject_document(tx, document, why, actor),
            lambda message: _reject_message(tx, message, why, actor),
            lambda delivery: _reject_delivery(tx, delivery, why, actor),
        )
    )


def _release_sending(tx: Tx, actor: str) -> list[str]:
    reason = tx.counters.go()
    if not reason:
        raise D365EdiError("sending is not held", remedy="there is nothing to release")
    tx.audit.append("sending released", actor=actor, reason=reason)
    return [f"sending continues; it was held because {reason}"]


def _each(
    tx: Tx,
    what: str,
    on_document: Callable[[Document], str],
    on_message: Callable[[Message], str],
    on_delivery: Callable[[Delivery], str],
) -> list[str]:
    deliveries = tx.deliveries.search(what)
    found_by_name = [*tx.documents.search(what), *_left_behind(tx, deliveries)]
    of_them = [row for found in found_by_name if not found.store for row in stores.of_stores(tx, found)]
    documents = {found.id: found for found in (*found_by_name, *of_them)}
    held = [document for document in documents.values() if document.state == "held"]
    covered = {document.id for document in held}
    messages = [found for found in tx.messages.search(what) if found.state in ("quarantined", "duplicate")]
    quarantined = [found for found in deliveries if found.state == "quarantined"]
    sentences = [on_document(found) for found in held]
    sentences += [on_message(found) for found in messages]
    sentences += [
        on_delivery(found)
        for found in quarantined
        if not covered & {carried.document for carried in tx.delivery_documents.of(found.id)}
    ]
    if not sentences:
        message = f"nothing named {what} waits for a decision"
        raise D365EdiError(message, remedy=f"see `d365edi why {what}` and `d365edi status`")
    return sentences


def _left_behind(tx: Tx, deliveries: list[Delivery]) -> list[Document]:
    """Documents of cancelled deliveries: they are found by the delivery's name as well."""
    cancelled = [delivery.id for delivery in deliveries if delivery.state == "cancelled"]
    return [document for id in cancelled for document in tx.documents.in_delivery(id)]


def _release_document(tx: Tx, ctx: FlowContext, document: Document, actor: str) -> str:
    """A held document is parsed again from its bytes (tables may have been corrected since) and continues from there."""
    if tx.documents.get(document.id).state != "held":
        return f"{document.number} continues"  # released together with another document of the same file
    holder = tx.documents.claim_key(document.id)
    released = tx.messages.get(document.message).reason == policy.RELEASED
    if holder is not None and holder.state != "rejected" and not released:
        return (
            f"{document.number} stays held: it was received before (message {holder.message}, {holder.state}); "
            "reject one of the two"
        )
    outbound = [d for d in tx.deliveries.for_document(document.id) if d.state == "quarantined"]
    if outbound and outbound[-1].endpoint != ctx.d365_name:
        return _release_delivery(tx, outbound[-1], actor)
    problems = reparse.amend(tx, ctx, document)
    if problems:
        tx.documents.set_state(document.id, "held", problems)
        return f"{document.number} stays held: {problems}"
    for delivery in outbound:
        tx.deliveries.cancelled(delivery.id, f"released by {actor}")
    # The released reasons stay until it is rendered: the guard does not hold it for the same findings again.
    tx.documents.set_state(document.id, "ready", f"released by {actor}: {document.reason}")
    tx.audit.append("released", document=document.id, partner=document.partner, actor=actor, number=document.number)
    return f"{document.number} continues"


def _release_message(tx: Tx, message: Message, actor: str) -> str:
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
    return f"{delivery.name} is not delivered{others}"


def _waiting_in(tx: Tx, delivery: Delivery) -> list[Document]:
    """The documents that wait with a delivery, without those decided since."""
    return [row for row in tx.documents.in_delivery(delivery.id) if row.state in ("held", "delivering")]
