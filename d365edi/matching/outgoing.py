"""What becomes of a document of D365 before it is written for a partner.

It is written in the lines, numbers, units and prices of the orders that it answers, with its taxes by rate and the charges that
the order named. An order response is made by comparing D365's order with the partner's. What contradicts the order, or cannot
be stated, holds the document.

Knows: documents, the orders that they answer, what was agreed. Does not know: the journal, D365, the clock, how a set is
written (what the set has places for is given).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from d365edi.documents import Document, Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.edi.findings import Finding
from d365edi.matching import crediting, stating, stores, substitutes, taxes, terms, wholes
from d365edi.matching.agreements import Agreement
from d365edi.matching.charge_echo import echo_charges
from d365edi.matching.crossing import crossed
from d365edi.matching.folding import fold
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import LineMatch, match_lines, one_release, order_keys
from d365edi.matching.references import Outbound, complete
from d365edi.matching.resolution import Resolution
from d365edi.matching.response import ordered_items, respond


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed with a partner about what we send, and what the partner's set has places for.

    `charges` are what the order's flow agreed about allowances and charges, by code; `apart`: what answers an order for
    several stores is for one of them each; `carriers` are the ids of ours for which the partner's code is known; `places` and
    `signs` say how the set states prices and credit notes."""

    taxation: taxes.Taxation | None = None
    charges: Mapping[str, Agreement] = field(default_factory=dict)
    apart: bool = False
    carriers: Collection[str] = ()
    places: stating.PricePlaces = field(default_factory=stating.PricePlaces)
    signs: crediting.Signs = "negative"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A document that may be written: `stated` in the signs of the set, `document` in D365's, `by_d365_numbers` under the
    order numbers that D365 has.

    `match` has the orders, and of each line the order's line that it answers; `repeated` has these as far as they are
    repeated. `notes` hold nothing."""

    document: Outbound
    by_d365_numbers: Outbound
    stated: Document
    match: LineMatch
    repeated: tuple[Any, ...]
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
    whole, untaxed = _taxed(complete(document, resolution, known.units), match.order, agreed)
    whole, match, parts = fold(whole, match, known.pairs, apart=known.of_stores if agreed.apart else ())
    if problems := (*untaxed, *_errors((*match.findings, *parts))):
        return problems
    notes, others = match.findings, substitutes.found(whole, match.lines, known.pairs)
    if isinstance(whole, Invoice):
        echoed = agreed.charges if agreed.places.standard else {}  # a flat file cannot say that one is only information
        whole = terms.dated(echo_charges(whole, match.order, match.lines, echoed), match.order)
        whole = taxes.of_charges(wholes.of_invoice(whole))
    if isinstance(whole, ShipNotice):
        whole = wholes.of_notice(whole, now, agreed.carriers)
    numbered, written, whole = whole, match.order, stores.named(whole, known.numbers)
    if agreed.apart:
        match = stores.narrowed(match, {id(known.orders[each]): store for each, store in known.stores.items()})
    if isinstance(whole, OrderResponse):
        whole = whole.replace(responded=whole.responded or now.date())
        whole, match = _responded(whole, match, known, written)
        if problems := _errors(match.findings):
            return problems
    match = one_release(match)
    whole, repeated = stating.stated(whole, match.order, match.lines, agreed.places)
    repeated = substitutes.named(whole, repeated, others)
    return Outgoing(whole, numbered, crediting.stated(whole, agreed.signs), match, repeated, notes)


def _several(document: Outbound, known: KnownOrders, agreed: Agreed) -> Iterator[str]:
    """What holds an invoice of several orders: an invoice of ours answers one, or what of it is for one store. A sales order that
    none of theirs became may be anybody's, and a line of it has the number of a line of theirs by chance."""
    if not isinstance(document, Invoice) or not known.orders:
        return
    names = [f"{each.number} release {each.release}" if each.release else each.number for each in known.apart]
    others = [key.sales_order for key in order_keys(document) if key not in known.orders and key.sales_order]
    if len(names) > 1:
        yield f"it bills several orders ({', '.join(names)}); post one invoice an order in D365"
    elif others:
        yield (
            f"it bills order {names[0]} and sales order {', '.join(others)}, which was made of none of theirs; post one invoice "
            "an order in D365, or send it by hand and reject this one"
        )
    elif agreed.apart and known.stores and len({line.sales_order for line in document.lines} - {None}) > 1:
        yield (
            "it bills sales orders of several stores, and the partner wants each store's apart; post one invoice an order in "
            'D365, or answer without stores: back = "order" of the receive flow'
        )


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
