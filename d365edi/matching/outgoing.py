"""What becomes of a document of D365 before it is written for a partner.

It is written in the lines, numbers, units and prices of the orders that it answers, with its taxes by rate and the charges that
the order named. An order response is made by comparing D365's order with the partner's. What contradicts the order, or cannot
be stated, holds the document.

Knows: documents, the orders that they answer, what was agreed. Does not know: the journal, D365, the clock, how a set is
written (what the set has places for is given).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from d365edi.documents import Document, Invoice, OrderResponse, PurchaseOrder, PurchaseOrderLine, ShipNotice
from d365edi.edi.findings import Finding
from d365edi.matching import crediting, several_orders, stating, stores, substitutes, taxes, terms, wholes
from d365edi.matching.agreements import Agreement, Agreements
from d365edi.matching.charge_echo import echo_charges, says_of_the_whole
from d365edi.matching.crossing import crossed
from d365edi.matching.folding import fold
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import LineMatch, match_lines, one_release
from d365edi.matching.resolution import Resolution
from d365edi.matching.response import ordered_items, respond
from d365edi.matching.their_numbers import Outbound, complete


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed with a partner about what we send, and what the partner's set has places for.

    `charges` are what the order's flow agreed about allowances and charges, by code; `apart`: what answers an order for
    several stores is for one of them each; `carriers` are the ids of ours for which the partner's code is known; `places` and
    `signs` say how the set states prices and credit notes; `orders`: whether its lines say which order they are under. `section`
    is where the settings of what is sent stand."""

    taxation: taxes.Taxation | None = None
    charges: Mapping[str, Agreement] = field(default_factory=dict)
    apart: bool = False
    carriers: Collection[str] = ()
    places: stating.PricePlaces = field(default_factory=stating.PricePlaces)
    signs: crediting.Signs = "negative"
    orders: bool = True
    section: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A document that may be written: `stated` in the signs of the set, `document` in D365's, `by_d365_numbers` under the
    order numbers that D365 has.

    `match` has the orders, and of each line the order's line that it answers; `repeated` has these as far as they are
    repeated. `written` is the order that the head repeats: of several orders what is the same in all. `notes` hold nothing."""

    document: Outbound
    by_d365_numbers: Outbound
    stated: Document
    match: LineMatch
    repeated: tuple[Any, ...]
    written: PurchaseOrder | None = None
    notes: tuple[Finding, ...] = ()


def outgoing(
    document: Outbound, known: KnownOrders, resolution: Resolution, agreed: Agreed, now: datetime
) -> Outgoing | tuple[str, ...]:
    """The document as the partner gets it, or the sentences that hold it. `known` are the orders that it answers,
    `resolution` has the partner's numbers for our items; `now` is local time, for what has no time of its own."""
    if problems := (*known.problems, *_several(document, known, agreed)):
        return problems
    known = known.as_one() if isinstance(document, Invoice) and not agreed.apart else known
    known = crossed(known, agreed.places.standard)
    match = match_lines(document, known.orders, resolution)
    many, head = False, match.order
    if isinstance(document, Invoice) and (many := several_orders.several(document, known)):
        head = _head(document, known, match)
    whole, untaxed = _taxed(complete(_bare(document), resolution, known.units), head, agreed)
    whole, match, parts = fold(whole, match, known.pairs, apart=known.of_stores if agreed.apart else ())
    if problems := (*untaxed, *_errors((*match.findings, *parts))):
        return problems
    notes, others = match.findings, substitutes.found(whole, match.lines, known.pairs)
    if isinstance(whole, Invoice):
        whole = terms.dated(_echoed(whole, match, agreed.charges if agreed.places.standard else {}, many=many), head)
        whole = taxes.of_charges(wholes.of_invoice(whole))
    if isinstance(whole, ShipNotice):
        whole = wholes.of_notice(whole, now, agreed.carriers)
    numbered, written, whole = whole, match.order, stores.named(whole, known.numbers)
    if many and isinstance(document, Invoice) and isinstance(numbered, Invoice):
        numbered = several_orders.under(numbered, several_orders.references(document))
        whole = several_orders.under(numbered, several_orders.numbers(document, known)).replace(sales_order=None)
    if agreed.apart:
        match = stores.narrowed(match, {id(known.orders[each]): store for each, store in known.stores.items()})
    if isinstance(whole, OrderResponse):
        whole = whole.replace(responded=whole.responded or now.date())
        whole, match = _responded(whole, match, known, written)
        if problems := _errors(match.findings):
            return problems
    match = match if many else one_release(match)
    if many and isinstance(whole, Invoice):
        step = partial(stating.stated, places=agreed.places)
        whole, repeated = several_orders.one_by_one(whole, match, step)
    else:
        whole, repeated = stating.stated(whole, match.order, match.lines, agreed.places)
    repeated = substitutes.named(whole, repeated, others)
    written = head if many else match.order
    return Outgoing(whole, numbered, crediting.stated(whole, agreed.signs), match, repeated, written, notes)


def _bare(document: Outbound) -> Outbound:
    """An invoice without the orders of its lines, by which lines of one order would not be added up."""
    if not isinstance(document, Invoice):
        return document
    return document.replace(lines=tuple(line.replace(order_number=None) for line in document.lines))


def _head(document: Invoice, known: KnownOrders, match: LineMatch) -> PurchaseOrder | None:
    """What the head of an invoice repeats of several orders; nothing where one of them is not known."""
    orders = [order for order in match.orders if order is not None]
    unknown = several_orders.numbers(document, known).keys() - {key.sales_order for key in known.orders}
    return several_orders.common(orders) if orders and not unknown else None


def _echoed(invoice: Invoice, match: LineMatch, agreed: Agreements, *, many: bool) -> Invoice:
    """The invoice with the agreed charges of its orders in their words."""
    if not many:
        return echo_charges(invoice, match.order, match.lines, agreed)

    def echo(
        part: Invoice, order: PurchaseOrder | None, lines: Sequence[PurchaseOrderLine | None]
    ) -> tuple[Invoice, Sequence[Any]]:
        return echo_charges(part, order, lines, agreed), lines

    return several_orders.one_by_one(invoice, match, echo)[0]


def _several(document: Outbound, known: KnownOrders, agreed: Agreed) -> Iterator[str]:
    """What holds an invoice or a shipment of several orders."""
    if isinstance(document, ShipNotice):
        found = several_orders.shipped(document, known)
        if len(found) > 1 and (nameless := several_orders.nameless(found)):
            yield several_orders.said_nameless(nameless)
    if not isinstance(document, Invoice):
        return
    if agreed.apart and known.stores and len({line.sales_order for line in document.lines} - {None}) > 1:
        yield (
            "it bills sales orders of several stores, and the partner wants each store's apart; post one invoice an order in "
            f'D365, or write {_SPLIT} under {agreed.section}, or answer without stores: back = "order" of the receive flow'
        )
    elif several_orders.several(document, known):
        yield from _unsaid(document, known, agreed)
    elif len(known.apart) > 1:
        names = ", ".join(_name(each) for each in known.apart)
        yield f"it corrects an invoice of several orders ({names}); send it by hand and reject this one"


_SPLIT = 'split = "order"'


def _unsaid(document: Invoice, known: KnownOrders, agreed: Agreed) -> Iterator[str]:
    """Why an invoice cannot say of several orders what it must say."""
    found = several_orders.numbers(document, known)
    names = ", ".join(dict.fromkeys([*map(_name, known.apart), *filter(None, found.values())]))
    remedy = f"write {_SPLIT} under {agreed.section} for one each, or post one invoice an order in D365"
    if nameless := several_orders.nameless(found):
        billed = ", ".join(filter(None, (names, *nameless)))
        yield f"it bills {billed}, and {several_orders.said_nameless(nameless)}"
    elif len(set(found.values())) < len({_name(each) for each in known.apart}):
        yield f"it bills several releases of one order ({names}), which lines cannot say; {remedy}"
    elif not agreed.orders:
        yield f"it bills several orders ({names}), and what is sent has room for one; {remedy}"
    elif any(says_of_the_whole(order, agreed.charges) for order in known.apart):
        yield f"it bills several orders ({names}), of which one agreed on a charge for all of it; {remedy}"


def _name(order: PurchaseOrder) -> str:
    return f"{order.number} release {order.release}" if order.release else order.number


def _taxed(whole: Outbound, order: PurchaseOrder | None, agreed: Agreed) -> tuple[Outbound, tuple[str, ...]]:
    """An invoice with its taxes by rate where rates were agreed or the set says rates, and what holds it."""
    if not isinstance(whole, Invoice):
        return whole, ()
    problems: tuple[str, ...] = ()
    if agreed.places.rates:
        whole, problems = taxes.registered(whole, order, agreed.taxation)
    if agreed.taxation is None:
        return taxes.by_amounts(whole) if agreed.places.rates else whole, ()
    whole, unfit = taxes.broken_down(whole, agreed.taxation)
    return whole if agreed.places.rates else taxes.of_the_whole(whole), (*unfit, *problems)


def _responded(
    response: OrderResponse, match: LineMatch, known: KnownOrders, written: PurchaseOrder | None
) -> tuple[OrderResponse, LineMatch]:
    """The response with its answers; `written` is the whole order, of which `match` may have what is for one store."""
    if match.order is None or written is None:
        return respond(response, match, known.units)
    ordered = ordered_items(written, [answers for order, answers in known.pairs if order is written])
    items = [ordered[(line.place or number) - 1] for number, line in enumerate(match.order.lines, 1)]
    return respond(response, match, known.units, items)


def _errors(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(str(finding) for finding in findings if finding.severity == "error")
