"""A purchase order, and a change of one: what a buyer asks for, when, where, at what price.

Knows: the order as it was meant. Does not know: the message it came in, what becomes of it in an ERP.
"""

from d365edi.documents.base import Amount, Day, Text
from d365edi.documents.order import OrderContent, OrderLine
from d365edi.documents.values import ChargeLine


class PurchaseOrderLine(OrderLine):
    """A line of an order.

    A line that was made for D365 says of what: `place` is the line of the order as it was written (1 is the first), `store`
    the one that it is for, `component` which part of that line it is (1 is the first). `discount_percent` of its amount and
    `discount_amount` of each unit are taken off (`matching/charges.py`). They travel in no message."""

    place: int | None = None
    store: Text | None = None
    component: int | None = None
    discount_percent: Amount | None = None
    discount_amount: Amount | None = None


class PurchaseOrder(OrderContent):
    """An order. `purpose` "original" is a new one; `acknowledgment` is the kind of answer they ask for. `charge_lines` are made
    for D365 of agreed allowances and charges (`matching/charge_lines.py`); they travel in no message."""

    lines: tuple[PurchaseOrderLine, ...] = ()
    charge_lines: tuple[ChargeLine, ...] = ()


class OrderChangeLine(OrderLine):
    """A line that changes, or that the order has besides. `change` says how, `left` how much is still to come.

    Whether `quantity` is the new one or the difference is each partner's own custom."""

    change: Text | None = None
    left: Amount | None = None


class OrderChange(OrderContent):
    """A change of the order `number`, or its end: `purpose` says which (cancellation, change, replace).

    `sequence` counts the changes of the order; `changed` is the day of this one, `date` the order's own."""

    sequence: Text | None = None
    changed: Day | None = None
    reference: Text | None = None
    lines: tuple[OrderChangeLine, ...] = ()
