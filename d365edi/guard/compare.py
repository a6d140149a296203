"""A document compared with its order: price, quantity, unit, and the ship window.

A credit (negative quantities) returns what was billed: it never exceeds anything, and what it returned may be billed again.

Knows: lines and their order lines. Does not know: levels, costs, how ids are echoed.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from d365edi.documents import Invoice, InvoiceLine, PurchaseOrderLine, ShipNotice, ShippedLine
from d365edi.guard.case import Case
from d365edi.matching import prices
from d365edi.matching.crediting import CREDIT
from d365edi.matching.numbers import plain

ZERO = Decimal(0)


def price_differs(case: Case) -> Iterator[str]:
    """Another price than ordered. Where the unit differs the prices cannot be compared; that is a separate check."""
    readings = {id(line): prices.reading(order) for order in case.orders for line in order.lines}
    for place, line, ordered in _pairs(case):
        if not isinstance(line, InvoiceLine) or line.price is None or ordered.price is None:
            continue
        read = readings.get(id(ordered), prices.units_of)
        if line.unit == ordered.unit and not prices.equal(line, ordered, read):
            yield f"{place}: price {_price(line, prices.plainly)}, but ordered at {_price(ordered, read)}"


def _price(line: InvoiceLine | PurchaseOrderLine, read: prices.Units) -> str:
    """A price, with for how many it is where that is not one."""
    assert line.price is not None
    units = read(line)
    if isinstance(units, str) or units == 1:
        return plain(line.price)
    if units.denominator != 1:
        return f"{plain(line.price * units.denominator / units.numerator)}"
    return f"{plain(line.price)} per {units}"


def quantity_exceeds(case: Case) -> Iterator[str]:
    """More than ordered with this document alone."""
    for name, ordered, quantity, *_ in _sums(case):
        if ordered.quantity is not None and quantity > ordered.quantity:
            unit = f" {ordered.unit}" if ordered.unit else ""
            yield f"{name}: {plain(quantity)}{unit} {_done(case)}, but {plain(ordered.quantity)}{unit} ordered"


def over_credited(case: Case) -> Iterator[str]:
    """More given back of a line than earlier invoices of the order billed, less what was given back before. Nothing is said of
    a line of which no invoice is known."""
    for name, ordered, quantity, *at in _sums(case):
        before = _before(case, ordered, *at)
        billed = sum((each for _, each in before), ZERO)
        if quantity < 0 and billed + quantity < 0 and any(each > 0 for _, each in before):
            numbers = ", ".join(dict.fromkeys(number for number, _ in before))
            yield f"{name}: {plain(-quantity)} credited, but {plain(billed)} left of what was billed ({numbers})"


def _before(case: Case, ordered: PurchaseOrderLine, order: int, index: int) -> list[tuple[str, Decimal]]:
    """What earlier invoices billed of a line, in its unit; below 0 what they gave back."""
    return [
        (earlier.number, billed)
        for earlier in case.facts.earlier
        for at, billed, unit in earlier.billed
        if earlier.order == order and at == index and unit == ordered.unit
    ]


def over_invoiced(case: Case) -> Iterator[str]:
    """More than ordered with what earlier invoices of the order billed; each of them may be correct alone."""
    for name, ordered, quantity, *at in _sums(case):
        before = _before(case, ordered, *at)
        total = quantity + sum((billed for _, billed in before), ZERO)
        if before and ordered.quantity is not None and quantity > 0 and total > ordered.quantity:
            numbers = ", ".join(dict.fromkeys(number for number, _ in before))
            yield f"{name}: {plain(total)} billed with {numbers}, but {plain(ordered.quantity)} ordered"


def unit_differs(case: Case) -> Iterator[str]:
    """Another unit than ordered: eaches against a case's price."""
    for place, line, ordered in _pairs(case):
        if line.unit and ordered.unit and line.unit != ordered.unit:
            yield f"{place}: unit {line.unit}, but ordered in {ordered.unit}"


def outside_window(case: Case) -> Iterator[str]:
    """Shipped before an order's first day, after its last, or when it was void."""
    day = shipped(case)
    if day is None or (isinstance(case.document, Invoice) and case.document.sense == CREDIT):
        return
    for order in case.orders:
        if order.ship_from and day < order.ship_from:
            yield f"shipped on {day}, but order {order.number} is not to ship before {order.ship_from}"
        if order.ship_by and day > order.ship_by:
            yield f"shipped on {day}, but order {order.number} is to ship by {order.ship_by}"
        elif order.cancel_after and day > order.cancel_after:
            yield f"shipped on {day}, but order {order.number} is void after {order.cancel_after}"


def shipped(case: Case) -> date | None:
    """The day the goods leave: the document's own, else the last one of an invoice's lines."""
    document = case.document
    if isinstance(document, Invoice):
        lines = (line.ship_date for line in document.lines if line.ship_date)
        return document.ship_date or max(lines, default=None)
    return document.ship_date if isinstance(document, ShipNotice) else None


def _lines(case: Case) -> tuple[InvoiceLine | ShippedLine, ...]:
    document = case.document
    if isinstance(document, Invoice):
        return document.lines
    return document.every_line() if isinstance(document, ShipNotice) else ()


def _pairs(case: Case) -> Iterator[tuple[str, InvoiceLine | ShippedLine, PurchaseOrderLine]]:
    """Lines with the order's line that they answer, and how to name them."""
    for number, (line, ordered) in enumerate(zip(_lines(case), case.lines, strict=False), 1):
        if ordered is not None:
            item = ordered.item.buyer or ordered.item.gtin or line.item.own
            yield f"line {number}{f' ({item})' if item else ''}", line, ordered


def _sums(case: Case) -> Iterator[tuple[str, PurchaseOrderLine, Decimal, int, int]]:
    """Each line of an order that the document is about: how to name it, the line, how much of it as far as the unit is
    the order's, the order's place in the case, and its index in its order."""
    places = {
        id(line): (order, place, index)
        for place, order in enumerate(case.orders)
        for index, line in enumerate(order.lines)
    }
    found: dict[int, tuple[PurchaseOrderLine, Decimal]] = {}
    for _, line, ordered in _pairs(case):
        if id(ordered) in places and line.quantity is not None and line.unit == ordered.unit:
            _, before = found.get(id(ordered), (ordered, ZERO))
            found[id(ordered)] = ordered, before + line.quantity
    for key, (ordered, quantity) in found.items():
        order, place, index = places[key]
        item = ordered.item.buyer or ordered.item.gtin
        of_order = f"order {order.number}" if len(case.orders) > 1 else "the order"
        name = f"line {ordered.number or index + 1} of {of_order}{f' ({item})' if item else ''}"
        yield name, ordered, quantity, place, index


def _done(case: Case) -> str:
    return "shipped" if isinstance(case.document, ShipNotice) else "billed"
