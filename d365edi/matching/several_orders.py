"""An invoice that bills several orders at once (a summary update of D365): the order of each line, and what can be said of all;
which sales orders of it, or of a shipment, nobody has a number of the partner's for.

Each line says its order. The head names none: a partner who reads it alone would book all of it under that one. Of what the
orders say as a whole (places, numbers of ours, terms) the invoice repeats what is the same in all of them.

Knows: invoices, the orders that they answer. Does not know: where either is stored, sets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from d365edi.documents import Invoice, PurchaseOrder, ShipNotice
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import LineMatch, OrderKey, order_keys

OF_ONE = ("number", "date", "release", "customer_order")
"""What distinguishes an order: never said of several."""
Numbers = Mapping[str | None, str | None]
"""The number of the order by the sales order; None for a number that nobody knows."""
Step = Callable[[Invoice, PurchaseOrder | None, Sequence[Any]], tuple[Invoice, Sequence[Any]]]
"""Something that is done to an invoice of one order, with the order's line of each line; the lines as they are then repeated."""


def references(invoice: Invoice) -> Numbers:
    """The customer's reference of each sales order that an invoice bills, as D365 has it."""
    return {key.sales_order: key.reference for key in _keys(invoice)}


def numbers(invoice: Invoice, known: KnownOrders) -> Numbers:
    """The partner's number of each order that an invoice bills: that of the order as it came in, else the reference."""
    return {
        key.sales_order: known.orders[key].number if key in known.orders else key.reference for key in _keys(invoice)
    }


def nameless(found: Numbers) -> list[str]:
    """The sales orders for which no number of the partner's is known ("" for none that is named)."""
    return [sales_order or "" for sales_order, number in found.items() if number is None]


def said_nameless(orders: Sequence[str]) -> str:
    """What holds a document that is for such sales orders and for others."""
    return (
        f"sales order {', '.join(orders)} was made of none of theirs and has no reference of the customer; send this by hand and "
        "reject this one; an order that has a reference in D365 before it is posted with others is named by it"
    )


def shipped(notice: ShipNotice, known: KnownOrders) -> Numbers:
    """The partner's number of each order that a shipment is for, as `numbers` has it."""
    keys = [OrderKey(order.number, order.sales_order) for order in notice.every_order()]
    return {key.sales_order: known.orders[key].number if key in known.orders else key.reference for key in keys}


def several(invoice: Invoice, known: KnownOrders) -> bool:
    """Whether an invoice bills several orders. Several sales orders may have been made of one."""
    found = {
        (known.orders[key].number, known.orders[key].release) if key in known.orders else key for key in _keys(invoice)
    }
    return len(found) > 1


def _keys(invoice: Invoice) -> Iterator[OrderKey]:
    """The orders that the lines are under; all of them where these do not say it."""
    of_lines = {line.sales_order or invoice.sales_order for line in invoice.lines}
    yield from (key for key in order_keys(invoice) if key.sales_order in of_lines or of_lines <= {None})


def common(orders: Sequence[PurchaseOrder]) -> PurchaseOrder:
    """What is the same in several orders, as an order without number and lines: the rest is empty."""
    first, *others = orders
    parties = first.parties.alike([order.parties for order in others])
    return first.alike(others).replace(**dict.fromkeys(OF_ONE), lines=(), charges=(), parties=parties)


def under(invoice: Invoice, found: Numbers) -> Invoice:
    """The invoice whose lines say the order that they are under, and whose head says none."""
    named = [line.replace(order_number=found.get(line.sales_order or invoice.sales_order)) for line in invoice.lines]
    head: dict[str, Any] = dict.fromkeys(("order_number", "order_date", "release", "customer_order"))
    return invoice.replace(**head, lines=tuple(named))


def one_by_one(invoice: Invoice, match: LineMatch, step: Step) -> tuple[Invoice, tuple[Any, ...]]:
    """What `step` makes of the lines of each order, in the order of the invoice. What is said of the whole is left as it is."""
    lines, repeated = list(invoice.lines), list(match.lines)
    for order, places in _by_order(match):
        own = invoice.replace(lines=tuple(invoice.lines[at] for at in places), charges=())
        made, again = step(own, order, [match.lines[at] for at in places])
        for at, line, each in zip(places, made.lines, again, strict=True):
            lines[at], repeated[at] = line, each
    return invoice.replace(lines=tuple(lines)), tuple(repeated)


def _by_order(match: LineMatch) -> Iterator[tuple[PurchaseOrder | None, list[int]]]:
    """Each order with the places of the lines that answer one of its own; last those of no known order."""
    whose = {id(line): order for order in match.orders if order is not None for line in order.lines}
    for order in (*match.orders, None):
        places = [at for at, line in enumerate(match.lines) if whose.get(id(line)) is order]
        if places:
            yield order, places
