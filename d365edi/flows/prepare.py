"""Prepares a document to be sent: resolves it, adds what it echoes of its order, maps it to the partner's set.

Invoices, order responses and ship notices take the same steps; they differ in the orders they belong to, and a response is
made by comparing D365's order with the partner's.

Knows: what is sent and what it echoes. Does not know: codes of a standard, other documents in the interchange (that is
`envelope`), connections.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from d365edi import log
from d365edi.documents import KINDS, Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.edi.findings import Finding
from d365edi.flows import guard_check, resolve
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.interchange import Segment
from d365edi.flows.messages import document_name
from d365edi.flows.partner import SendFlow, TradingPartner
from d365edi.journal import Document, Tx
from d365edi.matching import stating, terms
from d365edi.matching.charge_echo import echo_charges
from d365edi.matching.folding import fold
from d365edi.matching.lines import match_lines, order_numbers
from d365edi.matching.references import complete
from d365edi.matching.resolution import Resolution
from d365edi.matching.response import respond


@dataclass(frozen=True, slots=True)
class Held:
    """The document waits for a decision: why, in sentences."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownOrders:
    """The stored orders that a document belongs to and their answers, by number, their units for D365's units, the
    customer account that ordered, and the flows they came by."""

    orders: Mapping[str, PurchaseOrder]
    answers: Mapping[str, Resolution]
    units: Mapping[str, str]
    customer: str | None = None
    flows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A resolved document: its set (or the bytes of its flat file), and the input of the guard."""

    document: Document
    flow: SendFlow
    body: Sequence[Segment] | bytes
    resolution: Resolution
    leaving: guard_check.OutgoingDocument


async def prepare(
    ctx: FlowContext, partner: TradingPartner, flow: SendFlow, document: Document, counters: Counters
) -> Prepared | Held:
    """Resolve and map one document. Nothing is stored yet. Raises Unavailable where D365 cannot be asked now."""
    whole = KINDS[document.kind].from_json(document.body)
    assert isinstance(whole, Invoice | OrderResponse | ShipNotice)
    numbers = order_numbers(whole)
    known = await ctx.journal.read(lambda tx: known_orders(tx, partner.name, numbers))
    profile = resolve.for_company(partner.profile, document.company, partner.settings.customer)
    resolved = await resolve.resolve(ctx, whole, replace(profile, customer=known.customer or profile.customer))
    match = match_lines(whole, known.orders, resolved.resolution)
    whole = complete(whole, resolved.resolution, known.units)
    whole, match, parts = fold(whole, match, known.answers)
    errors = (str(finding) for finding in (*match.findings, *parts) if finding.severity == "error")
    if problems := (*resolved.problems, *errors):
        return Held(problems)
    _report_notes(document, match.findings, counters)
    if isinstance(whole, Invoice):
        receive = partner.receive_flow(known.flows.get(whole.order_number or "", ""))
        agreed = receive.policy.agreed if receive is not None else {}
        whole = echo_charges(whole, match.order, match.lines, agreed)
    if isinstance(whole, OrderResponse):
        whole = whole.replace(responded=whole.responded or ctx.local(ctx.clock()).date())
        whole, match = respond(whole, match, known.units)
    if isinstance(whole, Invoice):
        whole = terms.dated(whole, match.order)
    whole, repeated = stating.stated(whole, match.order, match.lines, flow.writer.places)
    body: Sequence[Segment] | bytes = flow.writer.write(
        whole, order=match.order, line_orders=repeated, orders=match.orders
    )
    segments = () if isinstance(body, bytes) else body
    leaving = guard_check.OutgoingDocument(document, whole, match.order, match.lines, segments, match.orders)
    return Prepared(document, flow, body, resolved.resolution, leaving)


def known_orders(tx: Tx, partner: str, numbers: Sequence[str]) -> KnownOrders:
    """The received orders with these numbers as they were read; D365 does not store all that must be echoed."""
    orders, answers = dict[str, PurchaseOrder](), dict[str, Resolution]()
    units, customer, flows = dict[str, str](), None, dict[str, str]()
    for number in numbers:
        row = tx.documents.order(partner, number)
        if row is not None and row.body:
            orders[number] = PurchaseOrder.from_json(row.body)
            flows[number] = row.flow
            answers[number] = Resolution.from_json(row.answers) if row.answers else Resolution()
            units |= answers[number].units
            customer = customer or answers[number].customer
    return KnownOrders(orders, answers, units, customer, flows)


def _report_notes(document: Document, findings: tuple[Finding, ...], counters: Counters) -> None:
    for finding in findings:
        counters.add("fallback")
        log.say("INFO", document.flow, "note", f"{document_name(document.kind, document.number)}: {finding}")
