"""Prepares a document to be sent: resolves it, adds what it echoes of its order, maps it to the partner's set.

Invoices, order responses and ship notices take the same steps; they differ in the orders they belong to, and a response is
made by comparing D365's order with the partner's.

Knows: what is sent and what it echoes. Does not know: codes of a standard, other documents in the interchange (that is
`envelope`), connections.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from d365edi import log
from d365edi.documents import KINDS, Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.edi.findings import Finding
from d365edi.flows import earlier, guard_check, resolve
from d365edi.flows import stores as of_stores
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.interchange import Segment
from d365edi.flows.messages import document_name
from d365edi.flows.orders import KnownOrders, known_orders
from d365edi.flows.partner import SendFlow, TradingPartner
from d365edi.journal import Document, Tx
from d365edi.matching import crediting, stating, stores, substitutes, taxes, terms, wholes
from d365edi.matching.charge_echo import echo_charges
from d365edi.matching.folding import fold
from d365edi.matching.lines import LineMatch, match_lines, order_numbers
from d365edi.matching.references import Outbound, complete
from d365edi.matching.resolution import Resolution
from d365edi.matching.response import ordered_items, respond

SUMMARY = (
    "it bills sales orders of several stores, and the partner wants each store's apart; "
    'post one invoice an order in D365, or leave stores untold: back = "order" of the receive flow'
)


@dataclass(frozen=True, slots=True)
class Held:
    """The document waits for a decision: why, in sentences."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waits:
    """The document is ready and waits for others: for which, as a sentence."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A resolved document: its set (or the bytes of its flat file), and the input of the guard.

    `others` are documents that went into it, and are sent with it."""

    document: Document
    flow: SendFlow
    body: Sequence[Segment] | bytes
    resolution: Resolution
    leaving: guard_check.OutgoingDocument
    others: tuple[Document, ...] = ()


async def prepare(
    ctx: FlowContext, partner: TradingPartner, flow: SendFlow, document: Document, counters: Counters
) -> Prepared | Held | Waits:
    """Resolve and map one document. Nothing is stored yet. Raises Unavailable where D365 cannot be asked now."""
    gathered = await ctx.journal.read(lambda tx: _gather(tx, partner, document))
    if isinstance(gathered, str):
        return Waits(gathered)
    whole, known, together = gathered
    apart = tells_apart(partner, known.flow)
    if apart and known.stores and _bills_several(whole):
        return Held((SUMMARY,))
    profile = resolve.for_company(partner.profile, document.company, partner.settings.customer)
    resolved = await resolve.resolve(ctx, whole, replace(profile, customer=known.customer or profile.customer))
    match = match_lines(whole, known.orders, resolved.resolution)
    whole, untaxed = _taxed(complete(whole, resolved.resolution, known.units), partner)
    whole, match, parts = fold(whole, match, known.pairs, apart=apart)
    others = substitutes.found(whole, match.lines, known.pairs)
    if problems := (*resolved.problems, *untaxed, *_errors((*match.findings, *parts))):
        return Held(problems)
    _report_notes(document, match.findings, counters)
    if isinstance(whole, Invoice):
        receive = partner.receive_flow(known.flow)
        whole = echo_charges(whole, match.order, match.lines, receive.policy.agreed if receive is not None else {})
    told, written, whole = whole, match.order, stores.named(whole, known.numbers)
    if apart:
        match = stores.narrowed(match, {id(known.orders[each]): store for each, store in known.stores.items()})
    if isinstance(whole, OrderResponse):
        whole = whole.replace(responded=whole.responded or ctx.local(ctx.clock()).date())
        whole, match = _respond(whole, match, known, written)
        if problems := _errors(match.findings):
            return Held(problems)
    if isinstance(whole, Invoice):
        whole = wholes.of_invoice(terms.dated(whole, match.order))
    if isinstance(whole, ShipNotice):
        carriers = partner.settings.codes.get("carrier.id", {}).values()
        whole = wholes.of_notice(whole, ctx.local(ctx.clock()), carriers)
    whole, repeated = stating.stated(whole, match.order, match.lines, flow.writer.places)
    repeated = substitutes.named(whole, repeated, others)
    body: Sequence[Segment] | bytes = flow.writer.write(
        crediting.stated(whole, flow.writer.credits), order=match.order, line_orders=repeated, orders=match.orders
    )
    segments = () if isinstance(body, bytes) else body
    leaving = guard_check.OutgoingDocument(document, whole, match.order, match.lines, segments, match.orders, told)
    return Prepared(document, flow, body, resolved.resolution, leaving, together)


def _respond(
    response: OrderResponse, match: LineMatch, known: KnownOrders, written: PurchaseOrder | None
) -> tuple[OrderResponse, LineMatch]:
    """The response with its answers; `written` is the whole order, of which `match` may have what is for one store."""
    if match.order is None or written is None:
        return respond(response, match, known.units)
    ordered = ordered_items(written, [answers for order, answers in known.pairs if order is written])
    items = [ordered[(line.place or number) - 1] for number, line in enumerate(match.order.lines, 1)]
    return respond(response, match, known.units, items)


def _taxed(whole: Outbound, partner: TradingPartner) -> tuple[Outbound, tuple[str, ...]]:
    """An invoice with its taxes by rate where rates were agreed, and what holds it."""
    tax = partner.settings.tax
    if tax is None or not isinstance(whole, Invoice):
        return whole, ()
    return taxes.broken_down(whole, tax.agreed(f"partners.{partner.name}.tax"))


def _errors(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(str(finding) for finding in findings if finding.severity == "error")


def _bills_several(document: Outbound) -> bool:
    return isinstance(document, Invoice) and len({line.sales_order for line in document.lines} - {None}) > 1


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
    known = known_orders(tx, partner.name, row.company, order_numbers(whole))
    if not isinstance(whole, OrderResponse) or not known.stores:
        return whole, known, ()
    apart = tells_apart(partner, known.flow)
    rows = of_stores.gathered(tx, row, tx.documents.order(partner.name, row.number), apart=apart)
    if isinstance(rows, str):
        return rows
    answers = [OrderResponse.from_json(each.body) for each in rows]
    everyone = known_orders(tx, partner.name, row.company, [answer.number for answer in answers])
    others = tuple(each for each in rows if each.id != row.id and each.state == "ready")
    return of_stores.one_answer(answers), everyone.as_one(), others


def _report_notes(document: Document, findings: tuple[Finding, ...], counters: Counters) -> None:
    for finding in findings:
        counters.add("fallback")
        log.say("INFO", document.flow, "note", f"{document_name(document.kind, document.number)}: {finding}")
