"""Journal to journal, the writing half: a document that is ready becomes the exact bytes of its delivery, in one transaction.

For D365 the bytes are the plan of what to look up and to write; for a partner they are an interchange, whose control
numbers and file name are assigned in the same transaction. Retries and replays of the delivery use these bytes.

Knows: documents, their resolution, their destination. Does not know: connections.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from d365edi import log
from d365edi.documents import PurchaseOrder
from d365edi.errors import DocumentError, EndpointError, Unavailable
from d365edi.failpoints import reach
from d365edi.flows import display_values, intake, named, orders, resolve, series, subject, write_record
from d365edi.flows import stores as of_stores
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.envelope import Assembled, assemble
from d365edi.flows.messages import document_name
from d365edi.flows.partner import ReceiveFlow, SendFlow, TradingPartner
from d365edi.flows.prepare import prepare, split
from d365edi.flows.prepared import Held, Prepared, Waits
from d365edi.flows.stores import StoreOrder
from d365edi.journal import Document, Tx
from d365edi.maps.d365 import plans as d365
from d365edi.maps.table import Table
from d365edi.matching import parts, stores
from d365edi.matching.resolution import Resolution

T = TypeVar("T")


async def render(ctx: FlowContext, document_id: int, counters: Counters) -> int | None:
    """Resolve and render one ready document. Returns the id of its delivery, None when it is held or must wait.

    Documents of a flow with `batch` are skipped: they are sent together."""
    document = await ctx.journal.read(lambda tx: tx.documents.get(document_id))
    if document.state != "ready" or ctx.rests(ctx.d365_name):
        return None
    partner = ctx.partners[document.partner]
    flow = partner.send_flow(document.flow)
    if flow is not None and flow.settings.batch > 1:
        return None
    delivery = await tried(ctx, document, lambda: _render(ctx, partner, flow, document, counters), counters)
    if delivery is not None:
        reach("translate.rendered")
    return delivery


async def tried(
    ctx: FlowContext, document: Document, work: Callable[[], Awaitable[T | Held | Waits | None]], counters: Counters
) -> T | None:
    """Run one step of sending a document. None where it is held now, or waits for others or until D365 can be asked again."""
    with subject.about(await ctx.journal.read(lambda tx: subject.of_document(tx, document))):
        return await _tried(ctx, document, work, counters)


async def _tried(
    ctx: FlowContext, document: Document, work: Callable[[], Awaitable[T | Held | Waits | None]], counters: Counters
) -> T | None:
    try:
        outcome = await work()
    except Unavailable:  # reported by D365's breaker
        counters.add("waiting")
        return None
    except (DocumentError, EndpointError) as error:
        outcome = Held((str(error),))
    if isinstance(outcome, Held):
        await hold(ctx, document, outcome, counters)
        return None
    if isinstance(outcome, Waits):
        await _wait(ctx, document, outcome)
        return None
    return outcome


async def _render(
    ctx: FlowContext, partner: TradingPartner, flow: SendFlow | None, document: Document, counters: Counters
) -> int | Held | Waits | None:
    receive = partner.receive_flow(document.flow)
    if receive is not None and receive.write_table is not None:
        if why := await ctx.journal.read(lambda tx: series.waits_for(tx, ctx, document)):
            return Waits(why)
        if receive.write_table.name in write_record.PLANNERS:
            return await write_record.write(ctx, partner, receive, receive.write_table, document, counters)
        return await _order(ctx, partner, receive, receive.write_table, document)
    if receive is not None:
        await ctx.journal.write(lambda tx: _close_handled(tx, document))
        return None
    if flow is None:
        return Held((f"flow {document.flow} is not in the settings any more; put it back, or reject it",))
    return await _outgoing(ctx, partner, flow, document, counters)


async def _outgoing(
    ctx: FlowContext, partner: TradingPartner, flow: SendFlow, document: Document, counters: Counters
) -> int | Held | Waits | None:
    """Write a document of ours, or the parts of it that are sent each for itself: the first delivery."""
    parts = await split(ctx, partner, flow, document)
    if isinstance(parts, Held):
        return parts
    if parts is not None:
        made_of = [await render(ctx, part.id, counters) for part in parts]
        return next((delivery for delivery in made_of if delivery is not None), None)
    made = await prepare(ctx, partner, flow, document, counters)
    if not isinstance(made, Prepared):
        return made
    assembled = await ctx.journal.write(lambda tx: assemble(tx, ctx, partner, [made]))
    report_warnings(assembled, counters)
    return assembled.held[0][1] if assembled.held else assembled.delivery


async def _wait(ctx: FlowContext, document: Document, waits: Waits) -> None:
    """Say once, with the document, for what it waits."""
    if document.reason == "":
        await ctx.journal.write(lambda tx: tx.documents.explain(document.id, waits.sentence))
        name, store = document_name(document.kind, document.number), document.store and f", store {document.store}"
        log.say("INFO", document.flow, "waits", f"{name}{store}: {waits.sentence}")


def report_warnings(assembled: Assembled, counters: Counters) -> None:
    """Log the guard's warnings for documents that were sent, or held for another reason."""
    for flow, about, warning in assembled.warnings:
        counters.add("warned")
        log.say("WARNING", flow, "warned", warning, **about)


async def hold(ctx: FlowContext, document: Document, held: Held, counters: Counters) -> None:
    """Hold one document for a decision, in one transaction, and log it."""
    reason = "; ".join(held.problems)
    if document.number not in reason:
        reason = f"{document_name(document.kind, document.number)}: {reason}"

    def record(tx: Tx) -> str:
        if tx.documents.get(document.id).state not in ("ready", "held"):
            return ""  # a person has decided about it in the meantime
        tx.documents.set_state(document.id, "held", reason)
        tx.audit.append("held", document=document.id, message=document.message, partner=document.partner, reason=reason)
        about.update(subject.of_document(tx, document))
        return named.runnable(tx, reason, document, document.number)

    about: subject.Subject = {}
    if sentence := await ctx.journal.write(record):
        counters.add("held")
        log.say("WARNING", document.flow, "held", sentence, **about)


def _close_handled(tx: Tx, document: Document) -> None:
    """Close a released document of which nothing is created."""
    tx.documents.set_state(document.id, "delivered", "handled by hand")


async def _order(
    ctx: FlowContext, partner: TradingPartner, receive: ReceiveFlow, table: Table, document: Document
) -> int | Held | None:
    """Write a partner's order as the plan of a sales order, or of one for each of its stores."""
    whole = await ctx.journal.read(lambda tx: orders.whole_of(tx, document)) if document.store else document
    written = PurchaseOrder.from_json(whole.body)
    for_d365, findings = intake.take(written, receive.policy, table)
    split = not document.store and stores.by_orders(written, receive.policy.parts)
    if findings and (split or document.store):
        return Held(tuple(map(str, findings)))

    notes = dict[str, None]()

    async def plan(store: str) -> StoreOrder | Held:
        order = stores.of_store(for_d365, store) if store else for_d365
        resolved = await resolve.resolve(ctx, order, resolve.for_receive(partner, receive))
        if problems := (*map(str, findings), *resolved.problems):
            return Held(problems)
        notes.update(dict.fromkeys(resolved.notes))
        answers = await display_values.add(ctx, receive, table, resolved.resolution)
        if isinstance(answers, Held):
            return answers
        answers = replace(answers, parts=parts.parts_of(order))
        numbers = parts.ordinals(written, order)
        made = d365.write_plan(table, order, answers, company=receive.settings.company, numbers=numbers)
        body = stores.part(written, store).to_json() if store else ""
        return StoreOrder(store, body, answers, made.to_bytes())

    if not split:
        made = await plan(document.store)
        if isinstance(made, Held):
            return made
        return await _noted(ctx, document, notes, lambda tx: _written(tx, ctx, receive, document, made))
    each = [await plan(store) for store in stores.stores_of(written)]
    if problems := [problem for one in each if isinstance(one, Held) for problem in one.problems]:
        return Held(tuple(dict.fromkeys(problems)))
    ready = [one for one in each if isinstance(one, StoreOrder)]
    return await _noted(ctx, document, notes, lambda tx: _split(tx, ctx, receive, document, ready))


async def _noted(ctx: FlowContext, document: Document, notes: Iterable[str], store: Callable[[Tx], T]) -> T:
    """Store an order, with the warnings about it in the audit, and log them."""
    name = document_name(document.kind, document.number)

    def stored(tx: Tx) -> T:
        made = store(tx)
        for note in notes:
            about: dict[str, Any] = {"document": document.id, "message": document.message, "partner": document.partner}
            tx.audit.append("warned", name=name, reason=note, **about)
        return made

    made = await ctx.journal.write(stored)
    for note in notes:
        log.say("WARNING", document.flow, "warned", f"{name}: {note}")
    return made


def _written(tx: Tx, ctx: FlowContext, receive: ReceiveFlow, document: Document, made: StoreOrder) -> int:
    """The delivery of one order; the document waits for it."""
    reference = stores.reference(document.number, made.store) if made.store else document.number
    key, answers = f"{document.partner}:order:{document.number}", made.answers.to_json()
    name = f"PO {reference}"
    return write_record.queue(tx, ctx, receive, document, answers, made.payload, name=name, order_key=key)


def _split(
    tx: Tx, ctx: FlowContext, receive: ReceiveFlow, document: Document, made: Sequence[StoreOrder]
) -> int | None:
    """A row and a delivery for each store that has none yet; the whole order waits for them. Returns the first delivery."""
    if tx.documents.get(document.id).state != "ready":
        raise DocumentError(f"{document.number} was decided by a person in the meantime")
    rows = [(row, own) for own in made if (row := of_stores.add(tx, document, own)) is not None]
    deliveries = [_written(tx, ctx, receive, row, own) for row, own in rows]
    first = made[0].answers
    units = {unit: ours for own in made for unit, ours in own.answers.units.items()}
    answers = Resolution(first.customer, first.invoice_customer, units=units)
    tx.documents.amend(document.id, answers=answers.to_json(), body=None)
    tx.documents.set_state(document.id, "delivering")
    for row, own in rows:
        about: dict[str, Any] = {"number": stores.reference(row.number, own.store), "store": own.store}
        tx.audit.append("read", message=row.message, document=row.id, partner=row.partner, **about)
    for row in of_stores.of_stores(tx, document)[:1]:
        of_stores.settle(tx, row)
    return deliveries[0] if deliveries else None
