"""Prepares a document to be sent: resolves it, adds what it echoes of its order, maps it to the partner's set.

Invoices, order responses and ship notices take the same steps; they differ in the orders they belong to, and a response is
made by comparing D365's order with the partner's.

Knows: where a document and its orders are stored, who agreed what. Does not know: what a document echoes (`matching/outgoing`),
codes of a standard, other documents in the interchange (that is `envelope`), connections.
"""

from collections.abc import Sequence
from dataclasses import replace

from d365edi import log
from d365edi.documents import KINDS, Invoice, OrderResponse, ShipNotice
from d365edi.edi.findings import Finding
from d365edi.failpoints import reach
from d365edi.flows import bought, earlier, guard_check, order_parts, resolve
from d365edi.flows import stores as of_stores
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.interchange import Segment
from d365edi.flows.messages import document_name
from d365edi.flows.orders import known_orders, one_row, whole_of
from d365edi.flows.partner import SendFlow, TradingPartner
from d365edi.flows.prepared import Held, Prepared, Waits
from d365edi.journal import Document, Tx
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import order_keys
from d365edi.matching.outgoing import Agreed, outgoing
from d365edi.matching.their_numbers import Outbound


async def prepare(
    ctx: FlowContext, partner: TradingPartner, flow: SendFlow, document: Document, counters: Counters
) -> Prepared | Held | Waits:
    """Resolve and map one document. Nothing is stored yet. Raises Unavailable where D365 cannot be asked now."""
    if flow.settings.to_vendor:
        return await bought.prepare(ctx, partner, flow, document)
    gathered = await ctx.journal.read(lambda tx: _gather(tx, partner, document))
    if isinstance(gathered, str):
        return Waits(gathered)
    whole, known, together = gathered
    profile = resolve.for_company(partner.profile, document.company, partner.settings.customer)
    resolved = await resolve.resolve(ctx, whole, replace(profile, customer=known.customer or profile.customer))
    made = outgoing(whole, known, resolved.resolution, _agreed(partner, flow, known.flow), ctx.local(ctx.clock()))
    if isinstance(made, tuple) or resolved.problems:
        return Held((*resolved.problems, *(made if isinstance(made, tuple) else ())))
    _report_notes(document, made.notes, counters)
    match = made.match
    body: Sequence[Segment] | bytes = flow.writer.write(
        made.stated, order=made.written, line_orders=made.repeated, orders=match.orders
    )
    receive = partner.receive_flow(known.flow)
    prices = known.prices if receive is not None and receive.settings.price == "hold" else ()
    segments = () if isinstance(body, bytes) else body
    leaving = guard_check.OutgoingDocument(
        document, made.document, match.order, match.lines, segments, match.orders, made.by_d365_numbers, prices
    )
    return Prepared(document, flow, body, resolved.resolution, leaving, together)


async def split(
    ctx: FlowContext, partner: TradingPartner, flow: SendFlow, document: Document
) -> list[Document] | Held | None:
    """The parts that an invoice over several orders is sent in, each a document that is ready, or why it cannot be parted; None
    where it is sent as it is."""

    def parted(tx: Tx) -> list[Document] | Held | None:
        row = one_row(tx, partner.name, document.company, order_keys(Invoice.from_json(document.body))[:1])
        return order_parts.split(tx, partner, flow, document, apart=row is not None and tells_apart(partner, row.flow))

    if flow.settings.split is None or document.release:
        return None
    rows = await ctx.journal.write(parted)
    if rows is not None:
        reach("translate.split")
    return rows


def _agreed(partner: TradingPartner, flow: SendFlow, came: str) -> Agreed:
    """What was agreed about what a flow sends in answer to the orders that came by another one."""
    receive, tax = partner.receive_flow(came), partner.settings.tax
    return Agreed(
        taxation=tax.agreed(f"partners.{partner.name}.tax") if tax is not None else None,
        charges=receive.policy.agreed if receive is not None else {},
        apart=tells_apart(partner, came),
        carriers=partner.settings.codes.get("carrier.id", {}).values(),
        places=flow.writer.places,
        signs=flow.writer.credits,
        orders=flow.writer.line_orders,
        section=f"[partners.{flow.name}]",
    )


def tells_apart(partner: TradingPartner, flow: str) -> bool:
    """Whether documents that answer orders of a flow are for one store each."""
    receive = partner.receive_flow(flow)
    return receive is not None and receive.policy.parts.back == "store"


def _gather(tx: Tx, partner: TradingPartner, row: Document) -> tuple[Outbound, KnownOrders, tuple[Document, ...]] | str:
    """A document with the orders that it answers, and those that go out with it; or the sentence for what it waits."""
    whole = KINDS[row.kind].from_json(row.body)
    assert isinstance(whole, Invoice | OrderResponse | ShipNotice)
    if isinstance(whole, Invoice):
        whole = earlier.with_original(tx, row, whole)
    known = known_orders(tx, partner.name, row.company, earlier.keys_of(tx, row, whole))
    own = one_row(tx, partner.name, row.company, order_keys(whole))
    if not isinstance(whole, OrderResponse) or own is None or not own.store:
        return whole, known, ()
    apart = tells_apart(partner, known.flow)
    rows = of_stores.gathered(tx, row, whole_of(tx, own), apart=apart)
    if isinstance(rows, str):
        return rows
    answers = [OrderResponse.from_json(each.body) for each in rows]
    everyone = known_orders(tx, partner.name, row.company, [key for each in answers for key in order_keys(each)])
    others = tuple(each for each in rows if each.id != row.id and each.state == "ready")
    return of_stores.one_answer(answers), everyone.as_one(), others


def _report_notes(document: Document, findings: tuple[Finding, ...], counters: Counters) -> None:
    for finding in findings:
        counters.add("fallback")
        log.say("INFO", document.flow, "note", f"{document_name(document.kind, document.number)}: {finding}")
