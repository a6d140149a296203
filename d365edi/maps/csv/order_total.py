"""What a purchase order in columns says it comes to, against its lines, as AMT*TT of an 850 is.

Knows: an order that was read. Does not know: how files are cut.
"""

from collections.abc import Iterator
from decimal import Decimal

from d365edi.documents import PurchaseOrder
from d365edi.documents.order import OrderLine
from d365edi.edi.findings import Finding, Position
from d365edi.edi.totals import slack


def lines_come_to(order: PurchaseOrder) -> Decimal | None:
    """What the lines come to where the order's total is something else; None where it fits, is not said, or cannot be
    compared (a line without quantity or price, or a price for another unit)."""
    amounts = [_amount(line) for line in order.lines]
    known = [amount for amount in amounts if amount is not None]
    if order.total is None or not amounts or len(known) != len(amounts):
        return None
    goods = sum(known, Decimal(0))
    return goods if abs(order.total - goods) > slack(len(known)) else None


def total_finding(order: PurchaseOrder, column: str, line: int) -> Iterator[Finding]:
    """A finding that holds an order whose lines do not come to its total; `column` says the total, `line` is the first of the
    order's rows in the file."""
    counted = lines_come_to(order)
    if counted is not None:
        message = f'the column "{column}" says {order.total}, and the lines come to {counted:.2f}'
        remedy = f'ask which of them is right, or add ignore = ["{column}"] to the flow, then release it'
        at = Position(line=line, segment=column)
        yield Finding("document", "warning", "", message, at, f"{order.total}", remedy, "total", holds=True)


def _amount(line: OrderLine) -> Decimal | None:
    """Quantity times price, for so many as the price is for."""
    per = line.price_per.quantity or Decimal(1)
    other = line.price_per.unit is not None and line.price_per.unit != line.unit
    if line.quantity is None or line.price is None or other:
        return None
    return line.quantity * line.price / per
