"""Processes the same message again from a chosen stage, with a preview first.

    deliver   the same bytes under the same name and control numbers; the endpoint checks first, so nothing is delivered twice
    render    the document as it was read, written again: today's map, new control numbers, a new file name
    read      the bytes parsed again with today's map, then written again

Without `go` nothing changes: the preview shows which map read the message then and which would now, what would differ
field by field, whether the other side has it already, and which numbers it would use. A replay creates no second record
(the natural key is looked up, with the recorded intent of the first delivery) and sends the stored acknowledgment again
only on request (`acks`). A rejected document stays rejected: the others of its file or invoice are replayed without it. All that
is named is replayed in one transaction, or nothing of it.

Knows: stages. Does not know: protocols, standards.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from d365edi.documents import KINDS
from d365edi.endpoints.base import Delivered, NotDelivered, Outcome, TracksPickup, Unclear
from d365edi.errors import D365EdiError, EndpointError
from d365edi.flows import answer, delivery_request, list_file, named, order_parts
from d365edi.flows.context import FlowContext
from d365edi.flows.interchange import counter_of
from d365edi.flows.messages import document_name
from d365edi.flows.named import Candidate, Selection
from d365edi.flows.outbox import deliver_again, progress_again, withdraw
from d365edi.flows.reparse import held_by, reparse
from d365edi.journal import Delivery, Document, Message, Tx

STAGES = ("read", "render", "deliver")
AGAIN = "is delivered again"
Step = Callable[[Tx], str]
"""What a replay does in the one transaction; what it did, in words."""


async def replay(ctx: FlowContext, selection: Selection, stage: str, *, go: bool, acks: bool, actor: str) -> list[str]:
    """Preview, or with `go` carry out, the replay of what is named. Raises D365EdiError when nothing is found, AmbiguousError
    when the name stands for several things."""
    if stage not in STAGES:
        raise D365EdiError(f"there is no stage {stage!r}", remedy=f"use one of {', '.join(STAGES)}")
    find = _deliveries_named if stage == "deliver" else _documents_named
    candidates = await ctx.journal.read(lambda tx: find(tx, selection))
    option = " --go" if go else ""
    chosen = named.one_of(candidates, selection, lambda target: f"d365edi replay {target} --from {stage}{option}")
    see = f"see `d365edi why {selection.what or '--id ' + selection.id}`"
    if not chosen and stage == "deliver":
        raise D365EdiError(f"nothing named {selection.given} was delivered or waits", remedy=see)
    if not chosen:
        raise D365EdiError(f"no document is named {selection.given}", remedy=see)
    documents = list({row.id: row for each in chosen for row in each.documents}.values())
    steps: list[Step] = []
    if stage == "deliver":
        deliveries = [each.row for each in chosen if isinstance(each.row, Delivery)]
        lines = await _deliveries(ctx, deliveries, steps, actor=actor)
    else:
        lines = await _documents(ctx, documents, stage, steps, actor=actor)
    if acks:
        lines += await _acknowledgments(ctx, documents, steps, actor=actor)
    if go:
        lines += await ctx.journal.write(lambda tx: [step(tx) for step in steps])
    return lines


def _documents_named(tx: Tx, selection: Selection) -> list[Candidate]:
    """What a name stands for where documents are meant: received files and our deliveries with what is in them, and
    documents by their number, those of one set together."""
    messages, documents, deliveries = _rows_named(tx, selection)
    found = [Candidate(each, tuple(order_parts.instead(tx, tx.documents.for_message(each.id)))) for each in messages]
    known = {row.id for each in found for row in each.documents}
    together: dict[tuple[object, ...], dict[int, Document]] = {}
    for document in documents:
        if document.id not in known:
            together.setdefault(named.belongs(document), {})[document.id] = document
    found += [Candidate(next(iter(rows.values())), tuple(rows.values())) for rows in together.values()]
    known |= {row.id for each in found for row in each.documents}
    for delivery in _latest(deliveries):
        inside = tuple(_in(tx, [delivery], known))
        known |= {row.id for row in inside}
        found.append(Candidate(delivery, inside))
    return [each for each in found if each.documents]


def _deliveries_named(tx: Tx, selection: Selection) -> list[Candidate]:
    """What a name stands for where deliveries are meant: each delivery of that name, or the last one of what is named."""
    messages, documents, deliveries = _rows_named(tx, selection)
    documents += [row for message in messages for row in tx.documents.for_message(message.id)]
    deliveries += [each for row in documents for each in tx.deliveries.for_document(row.id)[-1:]]
    name = selection.what or next((each.name for each in deliveries if named.identify(each) == selection.id), "")
    chosen = [each for each in _latest(deliveries) if each.kind not in answer.KINDS or each.name == name]
    return [Candidate(each, tuple(tx.documents.in_delivery(each.id))) for each in chosen]


def _rows_named(tx: Tx, selection: Selection) -> tuple[list[Message], list[Document], list[Delivery]]:
    if selection.id:
        row = named.row_of(tx, selection.id)
        found = (
            [row] if isinstance(row, Message) else [],
            [row] if isinstance(row, Document) else [],
            [row] if isinstance(row, Delivery) else [],
        )
    else:
        what = selection.what
        found = (tx.messages.search(what), tx.documents.search(what), tx.deliveries.search(what))
    messages, documents, deliveries = found
    documents, partner = order_parts.instead(tx, documents), selection.partner
    return (
        [each for each in messages if partner in ("", each.partner)],
        [each for each in documents if partner in ("", each.partner)],
        [each for each in deliveries if partner in ("", each.partner)],
    )


def _latest(deliveries: list[Delivery]) -> list[Delivery]:
    """The deliveries, of the same bytes to the same place only the last one."""
    last: dict[tuple[str, str, str, str], Delivery] = {}
    for each in sorted(deliveries, key=lambda each: each.id):
        last[each.endpoint, each.path, each.name, each.digest] = each
    return list(last.values())


def _in(tx: Tx, deliveries: list[Delivery], known: Collection[int]) -> list[Document]:
    """The documents in these deliveries, without the `known` ones."""
    ids = {carried.document for delivery in deliveries for carried in tx.delivery_documents.of(delivery.id)}
    return [tx.documents.get(id) for id in sorted(ids.difference(known))]


async def _documents(
    ctx: FlowContext, documents: Sequence[Document], stage: str, steps: list[Step], *, actor: str
) -> list[str]:
    """The preview of these documents, without the rejected ones. D365EdiError where all of them are rejected."""
    closed = [row for row in documents if row.state == "rejected"]
    if len(closed) == len(documents):
        raise _closed(closed)
    lines: list[str] = []
    looked: set[int] = set()  # documents of one file share a delivery
    for document in documents:
        if document in closed:
            lines.append(str(_closed([document])))
            continue
        lines += await _document(ctx, document, stage, looked)
        steps.append(partial(_again, ctx=ctx, document=document, stage=stage, actor=actor))
    return lines


def _closed(documents: Sequence[Document]) -> D365EdiError:
    """What is said of documents that a person rejected."""
    names = ", ".join(document_name(row.kind, row.number) for row in documents)
    whys = "; ".join(dict.fromkeys(row.reason for row in documents if row.reason))
    was, its = ("was", "its") if len(documents) == 1 else ("were", "their")
    ours = ".send." in documents[0].flow
    remedy = "send it by hand" if ours else f"have {documents[0].partner} send it again: {its} number is free"
    return D365EdiError(f"{names} {was} rejected{f' ({whys})' if whys else ''} and cannot be replayed", remedy=remedy)


async def _document(ctx: FlowContext, document: Document, stage: str, looked: set[int]) -> list[str]:
    lines = []
    if stage == "read":
        reading, digest = await ctx.journal.read(lambda tx: reparse(tx, ctx, document))
        other = f"another map (then {document.map_digest[:6]}…, now {digest[:6]}…)"
        same = "the same map" if digest == document.map_digest else other
        lines.append(f"{document.kind} {document.number}: parsed again with {same}")
        then = KINDS[document.kind].from_json(document.body).plain() if document.body else {}
        lines += difference(then, reading.document.plain() if reading.document is not None else {})
        lines += [f"would be held: {problem}" for problem in held_by(ctx, document, reading)]
    deliveries = await ctx.journal.read(lambda tx: tx.deliveries.for_document(document.id))
    for delivery in deliveries[-1:]:
        if delivery.id not in looked:
            looked.add(delivery.id)
            lines.append(await _there(ctx, delivery))
    lines.append(await _numbers(ctx, document))
    return lines


async def _there(ctx: FlowContext, delivery: Delivery) -> str:
    """Whether the other side has it already."""
    return _in_words(delivery, await _probe(ctx, delivery))


async def _there_again(ctx: FlowContext, delivery: Delivery) -> tuple[str, str]:
    """The same before its bytes are delivered again, and what to say of that once it is in the outbox. In a mailbox a message is
    made where none of it can be fetched any more, and only there."""
    if not isinstance(ctx.endpoints[delivery.endpoint], TracksPickup):
        return await _there(ctx, delivery), AGAIN
    outcome = await _probe(ctx, replace(delivery, progress=progress_again(delivery)))
    before = f"message {delivery.receipt} of it" if delivery.receipt else "it"
    match outcome:
        case Delivered(receipt):
            there = f"message {receipt.id} lies in {delivery.path} and can be fetched: no new one is made while it does"
            told = f"is looked up again; while message {receipt.id} lies in {delivery.path} no new one is made"
            return there, told
        case NotDelivered(wait) if not wait:
            return f"{before} cannot be fetched from {delivery.path}: a new message is made", AGAIN
    return _in_words(delivery, outcome), AGAIN


async def _probe(ctx: FlowContext, delivery: Delivery) -> Outcome | EndpointError:
    data = await ctx.journal.read(lambda tx: delivery_request.data(tx, ctx, delivery))
    parcel = delivery_request.of(ctx, delivery, data)
    try:
        return await ctx.endpoints[delivery.endpoint].probe(parcel)
    except EndpointError as error:
        return error


def _in_words(delivery: Delivery, outcome: Outcome | EndpointError) -> str:
    match outcome:
        case EndpointError():
            return f"{delivery.endpoint} cannot be asked whether it has it: {outcome}"
        case Delivered(receipt):
            return f"{delivery.endpoint} has it: {receipt.id}"
        case NotDelivered():
            return f"{delivery.endpoint} does not have it"
        case Unclear(question):
            return question


async def _numbers(ctx: FlowContext, document: Document) -> str:
    partner = ctx.partners[document.partner]
    send = partner.send_flow(document.flow)
    if send is None:
        receive = partner.receive_flow(document.flow)
        if receive is not None and not receive.settings.create:
            return "nothing is created of it"
        return "it uses no control numbers; the natural key is looked up before anything is created"
    level = counter_of(send.envelope)
    control = await ctx.journal.read(lambda tx: tx.counters.peek(document.partner, level))
    others = ", together with other ready documents" if send.settings.batch > 1 else ""
    what = "file number" if level == "file" else "interchange control number"
    return f"it would use {what} {control:09d} and a new file name{others}"


def _again(tx: Tx, ctx: FlowContext, document: Document, stage: str, actor: str) -> str:
    if (now := tx.documents.get(document.id)).state == "rejected":  # since it was looked at
        raise _closed([now])
    body = None
    if stage == "read":
        reading, _ = reparse(tx, ctx, document)
        if reading.document is None or held_by(ctx, document, reading):
            return f"{document.number} is unchanged: its bytes cannot be read into a document today"
        body = reading.document.to_json()
    withdraw(tx, document.id, f"replayed by {actor}")
    tx.documents.set_state(document.id, "ready")
    if body is not None:
        tx.documents.amend(document.id, body=body)
    tx.audit.append(
        "replayed", document=document.id, partner=document.partner, actor=actor, stage=stage, number=document.number
    )
    return f"{document.number} continues from {stage}"


async def _deliveries(ctx: FlowContext, deliveries: Sequence[Delivery], steps: list[Step], *, actor: str) -> list[str]:
    """The preview of these deliveries, without those in which all is rejected. D365EdiError where that is so of each."""
    lines: list[str] = []
    closed: list[D365EdiError] = []
    for delivery in deliveries:
        inside = await ctx.journal.read(partial(_in, deliveries=[delivery], known=()))
        if refused := _refused(delivery, inside):
            closed.append(refused)
            lines.append(str(refused))
            continue
        several = f", {len(inside)} documents" if len(inside) > 1 else ""
        lines.append(f"{delivery.name}: the same bytes ({delivery.digest[:6]}…{several}) to {delivery.endpoint}")
        there, told = await _there_again(ctx, delivery)
        lines.append(there)
        steps.append(partial(_deliver_again, delivery=delivery, actor=actor, told=told))
    if closed and not steps:
        raise closed[0]
    return lines


def _refused(delivery: Delivery, inside: Sequence[Document]) -> D365EdiError | None:
    """Why these bytes are not sent again, where that is so."""
    if list_file.is_list(delivery) and delivery.state == "cancelled":
        return D365EdiError(f"{delivery.name} was rejected ({delivery.reason})", remedy=list_file.INSTEAD)
    rejected = inside and all(row.state == "rejected" for row in inside)
    return _closed(inside) if rejected else None


def _deliver_again(tx: Tx, delivery: Delivery, actor: str, told: str = AGAIN) -> str:
    inside = _in(tx, [delivery], ())
    if refused := _refused(tx.deliveries.get(delivery.id), inside):  # since it was looked at
        raise refused
    again = deliver_again(tx, delivery)
    for document in inside:
        if document.state != "rejected":
            tx.documents.set_state(document.id, "delivering")
    tx.audit.append(
        "replayed", delivery=again.id, partner=delivery.partner, actor=actor, stage="deliver", name=delivery.name
    )
    return f"{delivery.name} {told}"


async def _acknowledgments(
    ctx: FlowContext, documents: Sequence[Document], steps: list[Step], *, actor: str
) -> list[str]:
    stored = await ctx.journal.read(
        lambda tx: [
            delivery
            for message in sorted({document.message for document in documents})
            for delivery in tx.deliveries.for_message(message)
            if delivery.kind in answer.KINDS and delivery.state == "delivered"
        ]
    )
    steps += (partial(_deliver_again, delivery=delivery, actor=actor) for delivery in stored)
    return [f"{each.name}: the stored acknowledgment is sent again, no new one is written" for each in stored]


def difference(then: Mapping[str, Any], now: Mapping[str, Any], place: str = "") -> list[str]:
    """What a new reading changes, field by field: `lines.0.quantity: 12 → 24`."""
    lines = []
    for key in sorted({*then, *now}):
        path, before, after = f"{place}{key}", then.get(key), now.get(key)
        if isinstance(before, list) or isinstance(after, list):
            before = dict(enumerate(before or ()))
            after = dict(enumerate(after or ()))
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            lines += difference(
                {str(k): v for k, v in before.items()}, {str(k): v for k, v in after.items()}, f"{path}."
            )
        elif before != after:
            lines.append(f"{path}: {before} → {after}")
    return lines
