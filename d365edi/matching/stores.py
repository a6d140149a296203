"""Lines for several stores (SDQ, LOC+7 with its QTY): as a line for each store, or as an order for each store.

The quantities of a line's stores must add up to its own, in its unit. A store is a place of its own: where its goods go is
looked up as any ship-to is, and when they are to come may be said for it alone. An order for one store has a reference of
its own in D365; which number and which store that is says the journal, never the text.

Knows: orders, and documents that go out about them. Does not know: places in D365, the journal, settings.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from d365edi.documents import Invoice, OrderResponse, PurchaseOrder, PurchaseOrderLine, ShipNotice
from d365edi.documents.values import Charge, Distribution, StoreQuantity, TradeParty
from d365edi.edi.findings import Finding
from d365edi.matching import parts
from d365edi.matching.lines import LineMatch
from d365edi.matching.locations import names_place
from d365edi.matching.numbers import plain
from d365edi.matching.parts import PartsPolicy, held
from d365edi.matching.schedules import DAYS
from d365edi.matching.their_numbers import AnyOutbound

SEGMENTS = ("SDQ", "LOC")
SMALLEST = Decimal("0.000001")
LONGEST = 60
"""How many characters the customer's reference of a sales order has room for (CustomersOrderReference)."""


def split(order: PurchaseOrder, policy: PartsPolicy) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order with a line for each store, and what holds it."""
    if not any(line.stores for line in order.lines):
        return order, ()
    order = parts.placed(order)
    if policy.ignores(*SEGMENTS):
        bare = (line.replace(stores=(), distribution=Distribution()) for line in order.lines)
        return order.replace(lines=tuple(bare)), ()
    if silent := list(_silent(order)):
        remedy = f"ask the partner how much each of them gets, or {policy.unread(*SEGMENTS)}"
        return order, tuple(held(each, remedy, order) for each in silent)
    if policy.stores == "hold":
        names = [parts.name(line, line.place or 0) for line in order.lines if line.stores]
        message = f"{', '.join(names)}: for {len(stores_of(order))} stores"
        setting = f'write stores = "lines" in [{policy.place}] for a sales line a store, or "orders" for a sales order a store'
        return order, (held(message, f"{setting}; or {policy.unread(*SEGMENTS)}", order),)
    remedy = f"ask the partner for a correct one, or {policy.unread(*SEGMENTS)}"
    findings = [held(each, remedy, order) for each in _wrong(order, policy)]
    if findings:
        return order, tuple(findings)
    lines = (each for line in order.lines for each in (_each(line) if line.stores else (line,)))
    return order.replace(lines=tuple(lines)), ()


def _silent(order: PurchaseOrder) -> Iterator[str]:
    """The lines that name a store without a quantity for it."""
    for line in order.lines:
        if silent := dict.fromkeys(each.store for each in line.stores if each.quantity is None):
            name = parts.name(line, line.place or 0)
            yield f"{name} does not say how much of it is for store {', '.join(silent)}"


def by_orders(order: PurchaseOrder, policy: PartsPolicy) -> bool:
    """Whether an order, as it was written, becomes an order for each of its stores."""
    return policy.stores == "orders" and not policy.ignores(*SEGMENTS) and bool(stores_of(order))


def _wrong(order: PurchaseOrder, policy: PartsPolicy) -> Iterator[str]:
    """Why the stores of an order cannot be written to D365."""
    for line in order.lines:
        name, total = parts.name(line, line.place or 0), _sum(line.stores)
        if not line.stores:
            if policy.stores == "orders":
                yield f"{name} names no store, and each store has an order of its own"
            continue
        counted = dict.fromkeys((line.distribution.unit, *(each.unit for each in line.stores)))
        for unit in (unit for unit in counted if unit not in (None, line.unit)):
            yield f"{name} is ordered in {line.unit}, and its stores are counted in {unit}"
        for store in dict.fromkeys(each.store for each in line.stores):
            if len({_days(each) for each in line.stores if each.store == store and each.quantity}) > 1:
                yield f"{name} comes to store {store} at several dates"
        if any(each.quantity is not None and each.quantity < 0 for each in line.stores):
            yield f"{name} takes something back from a store"
        if total != line.quantity:
            yield f"{name} is {plain(line.quantity)}, and its stores come to {plain(total)}"
    if policy.stores == "orders":
        longest = max((reference(order.number, store) for store in stores_of(order)), key=len, default="")
        if len(longest) > LONGEST:
            yield f"the reference {longest} is longer than D365 has room for ({LONGEST})"


def _sum(stores: Iterable[StoreQuantity]) -> Decimal:
    return sum((each.quantity for each in stores if each.quantity is not None), Decimal(0))


def stores_of(order: PurchaseOrder) -> tuple[str, ...]:
    """The stores that get something, in the order in which they are named."""
    return tuple(dict.fromkeys(each.store for line in order.lines for each in line.stores if each.quantity))


def _days(each: StoreQuantity) -> tuple[date | None, ...]:
    return tuple(getattr(each, name) for name in DAYS)


def _each(line: PurchaseOrderLine) -> Iterator[PurchaseOrderLine]:
    """A line for each store, with all that the store gets of it, when it is to have it."""
    for store in dict.fromkeys(each.store for each in line.stores):
        found = [each for each in line.stores if each.store == store and each.quantity]
        quantity = _sum(found)
        if quantity:
            own = {"stores": (), "distribution": Distribution(), "store": store, "ship_to": _party(store, line)}
            own |= dict(zip(DAYS, _days(found[0]), strict=True)) if any(_days(found[0])) else {}
            share = Fraction(quantity) / Fraction(line.quantity or quantity)
            yield line.replace(quantity=quantity, charges=_shares(line.charges, share), **own)


def _shares(charges: Iterable[Charge], share: Fraction) -> tuple[Charge, ...]:
    """Charges whose amounts are of a part; a percentage is the same of each."""
    return tuple(
        charge.replace(amount=_exact(Fraction(charge.amount) * share))
        if charge.amount is not None and charge.percent is None
        else charge
        for charge in charges
    )


def _exact(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(SMALLEST).normalize()


def _party(store: str, line: PurchaseOrderLine) -> TradeParty:
    kind = next((each.id_kind for each in line.stores if each.store == store), None)
    return TradeParty(id=store, id_kind=kind or line.distribution.id_kind)


# -- an order a store -------------------------------------------------------------------------------------------------
def of_store(whole: PurchaseOrder, store: str) -> PurchaseOrder:
    """Of an order with a line for each store what is for one of them, under the reference that D365 gets."""
    lines = [line for line in whole.lines if line.store == store]
    party = lines[0].ship_to if lines else TradeParty(id=store)
    return whole.replace(
        number=reference(whole.number, store),
        lines=tuple(line.replace(ship_to=TradeParty()) for line in lines),
        parties=whole.parties.replace(ship_to=party),
        total=None,
    )


def reference(number: str, store: str) -> str:
    """The customer's reference in D365 of the order for a store."""
    return f"{number}-{store}"


def part(order: PurchaseOrder, store: str) -> PurchaseOrder:
    """What of an order, as it was written, is for one store: its quantities, delivered to it."""
    order = parts.placed(order)
    lines = tuple(line for each in order.lines for line in _each(each) if line.store == store)
    whole, own = _value(order.lines), _value(lines)
    charges = _shares(order.charges, own / whole) if whole and own is not None else order.charges
    split = order.replace(lines=lines, charges=charges)
    return of_store(split, store).replace(number=order.number)


def _value(lines: Iterable[PurchaseOrderLine]) -> Fraction | None:
    """What lines cost at their prices, None where one has none."""
    each = [(line.quantity, line.price) for line in lines]
    if any(quantity is None or price is None for quantity, price in each):
        return None
    return sum((Fraction(quantity or 0) * Fraction(price or 0) for quantity, price in each), Fraction(0))


def echoed(order: PurchaseOrder, store: str) -> PurchaseOrder:
    """What of an order is for one store, as documents for that store repeat it: where the order has a ship-to of its own, the
    store is whom the goods are marked for, and the buyer where the order names none."""
    own = part(order, store)
    if not names_place(order.parties.ship_to):
        return own
    party = own.parties.ship_to
    buyer = order.parties.buyer if names_place(order.parties.buyer) else party
    return own.replace(parties=order.parties.replace(mark_for=party, buyer=buyer))


# -- what comes back --------------------------------------------------------------------------------------------------
def named(document: AnyOutbound, numbers: Mapping[str, str]) -> AnyOutbound:
    """The document under the partner's order numbers, by the references that D365 has for them."""
    made: Any = document
    if isinstance(document, Invoice):
        made = document.replace(order_number=numbers.get(document.order_number or "", document.order_number))
    elif isinstance(document, OrderResponse):
        made = document.replace(number=numbers.get(document.number, document.number))
    elif isinstance(document, ShipNotice):
        made = document.with_numbers(numbers)
    whole: AnyOutbound = made
    return whole


def narrowed(match: LineMatch, stores: Mapping[int, str]) -> LineMatch:
    """The match with orders for single stores in the place of the whole ones, whose identities have their store. As a whole a
    document for several stores has the parties that are the same for all of them."""
    wholes = {id(order): order for order in (match.order, *match.orders) if order is not None and id(order) in stores}
    own = {key: echoed(order, stores[key]) for key, order in wholes.items()}
    lines: dict[int, PurchaseOrderLine | None] = {}
    for key, order in wholes.items():
        known = {line.place: line for line in own[key].lines}
        lines |= {id(line): known.get(place) for place, line in enumerate(order.lines, 1)}
    return replace(
        match,
        lines=tuple(lines.get(id(line), line) for line in match.lines),
        order=_of_all(own.get(id(match.order), match.order), own.values()),
        orders=tuple(own.get(id(order), order) for order in match.orders),
    )


def _of_all(order: PurchaseOrder | None, own: Iterable[PurchaseOrder]) -> PurchaseOrder | None:
    """The order with its store in no party where `own` are orders for several."""
    parties = [each.parties for each in own]
    if order is None or len(parties) < 2:
        return order
    roles = ("ship_to", "mark_for", "buyer")
    other = {role: TradeParty() for role in roles if len({getattr(each, role) for each in parties}) > 1}
    return order.replace(parties=order.parties.replace(**other)) if other else order
