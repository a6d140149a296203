"""The answers to an order and to a change of it: what the seller accepts, line by line.

Knows: answers as they were meant. Does not know: the order that is answered, how an answer is found.
"""

from d365edi.documents.base import Amount, Day, SpelledPart, Text
from d365edi.documents.order import OrderContent, OrderLine
from d365edi.documents.purchase_order import OrderChangeLine
from d365edi.documents.values import ItemIds


class LineAnswer(SpelledPart):
    """What happens to a part of a line: `outcome` for this `quantity`, on this day. `item` is what comes instead."""

    outcome: Text | None = None
    quantity: Amount | None = None
    unit: Text | None = None
    date_kind: Text | None = None
    date: Day | None = None
    request: Text | None = None
    item: ItemIds = ItemIds()
    reason_agency: Text | None = None
    reason_list: Text | None = None
    reason: Text | None = None


class OrderResponseLine(OrderLine):
    """A line of the order with its answers. Quantity and price are what the order says where it is known.

    `order_line`, `lot` and `location` say which line of our sales order it is, `state` what D365 says of that one,
    `asked_to_ship` and `asked_to_deliver` what it was asked for, `ship_date` and `deliver_date` what it confirms. They travel
    in no message: the answers are made of them."""

    answers: tuple[LineAnswer, ...] = ()
    order_line: int | None = None
    lot: Text | None = None
    location: Text | None = None
    state: Text | None = None
    ship_date: Day | None = None
    deliver_date: Day | None = None
    asked_to_ship: Day | None = None
    asked_to_deliver: Day | None = None


class OrderResponse(OrderContent):
    """An answer to the order `number`, whose day is `date`. `acknowledgment` says it for the order as a whole.

    `sales_order` is the seller's own number, `account` the seller's account of the customer."""

    sales_order: Text | None = None
    responded: Day | None = None
    request: Text | None = None
    ship_date: Day | None = None
    deliver_date: Day | None = None
    account: Text | None = None
    state: Text | None = None
    lines: tuple[OrderResponseLine, ...] = ()


class OrderChangeResponseLine(OrderChangeLine):
    """A changed line with its answers."""

    answers: tuple[LineAnswer, ...] = ()


class OrderChangeResponse(OrderContent):
    """An answer to the change `sequence` of the order `number`."""

    sequence: Text | None = None
    sales_order: Text | None = None
    responded: Day | None = None
    changed: Day | None = None
    request: Text | None = None
    lines: tuple[OrderChangeResponseLine, ...] = ()
