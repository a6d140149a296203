"""The response to an order: its lines compared with those of our sales order.

A line that D365 has as it was ordered is accepted; less or more, another price, a later day has an outcome of its own each,
several of them together are `changed`. A line that D365 does not have, or cancelled, is rejected. The header is accepted when all
lines are, rejected when all are rejected, else changed. What the partner ordered is repeated in their words.

Knows: orders and what D365 has of them. Does not know: codes of any standard, how D365 was read.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from d365edi.documents import LineAnswer, OrderResponse, OrderResponseLine, PurchaseOrder, PurchaseOrderLine
from d365edi.matching import prices
from d365edi.matching.lines import LineMatch
from d365edi.odata.quoting import same_text

ACCEPTED, CHANGED, REJECTED = "accepted", "changed", "rejected"
CANCELED = "Canceled"
"""The state of a line or an order that D365 will not deliver (SalesStatus)."""
QUANTITY, PRICE, DAY = "quantity changed", "price changed", "rescheduled"
SINGLE = ([QUANTITY], [PRICE], [DAY])
"""Differences that have an outcome of their own; any other, or several, are `changed`."""
NO_UNITS: Mapping[str, str] = MappingProxyType({})
REPEATED = ("number", "quantity", "unit", "price", "price_basis", "price_kind", "price_per", "item", "kept")
"""What a line of the response repeats of the order's."""
SHIPS, ARRIVES = "ships", "arrives"
"""What happens on a confirmed day."""


def respond(
    response: OrderResponse, match: LineMatch, units: Mapping[str, str] = NO_UNITS
) -> tuple[OrderResponse, LineMatch]:
    """The response with its answers, line by line of the order, and the match that goes with its lines.

    `units` are the order's words for units with D365's, where these differ. Where the order is not known, what D365 has
    is confirmed as it stands."""
    order = match.order
    if order is None:
        lines = tuple(line.replace(answers=(_answer(response, line, None),)) for line in response.lines)
        return _whole(response, lines), match
    read = prices.reading(order)
    made = tuple(
        _line(response, _dated(each, order), _ours(response, match, each), units, read) for each in order.lines
    )
    return _whole(_repeated(response, order), made), LineMatch(order.lines, match.findings, order)


def _ours(response: OrderResponse, match: LineMatch, ordered: PurchaseOrderLine) -> list[OrderResponseLine]:
    """Our lines that answer one line of the order."""
    return [ours for ours, theirs in zip(response.lines, match.lines, strict=True) if theirs is ordered]


def _dated(line: PurchaseOrderLine, order: PurchaseOrder) -> PurchaseOrderLine:
    """The line with the days that hold for the order as a whole, where it names none of its own."""
    days = {"ship_by": line.ship_by or order.ship_by, "deliver_by": line.deliver_by or order.deliver_by}
    return line.replace(**days)


def _asked(line: PurchaseOrderLine, ours: OrderResponseLine) -> PurchaseOrderLine:
    """The line with the days that our part of it was asked for, where the order names several."""
    if not line.schedules:
        return line
    return line.replace(ship_by=ours.asked_to_ship, deliver_by=ours.asked_to_deliver)


def _line(
    response: OrderResponse,
    ordered: PurchaseOrderLine,
    ours: Sequence[OrderResponseLine],
    units: Mapping[str, str],
    read: prices.Units,
) -> OrderResponseLine:
    ordered_fields = {name: getattr(ordered, name) for name in REPEATED}
    if not ours:
        refused = LineAnswer(outcome=REJECTED, quantity=ordered.quantity, unit=ordered.unit, kept=_unit(ordered))
        return OrderResponseLine(**ordered_fields, answers=(refused,))
    same = (ordered.unit, units.get(ordered.unit or "", ordered.unit))
    ours = [
        each.replace(unit=ordered.unit) if any(same_text(each.unit, unit) for unit in same) else each for each in ours
    ]
    whole = sum((each.quantity or Decimal(0) for each in ours), Decimal(0)) == ordered.quantity
    answers = tuple(_answer(response, each, _asked(ordered, each), read, whole=whole) for each in ours)
    return ours[0].replace(**ordered_fields, answers=answers)


def _answer(
    response: OrderResponse,
    ours: OrderResponseLine,
    ordered: PurchaseOrderLine | None,
    read: prices.Units = prices.units_of,
    *,
    whole: bool = True,
) -> LineAnswer:
    """The outcome of one of our lines; `read` is how the order's prices are understood, `whole`: our lines together have
    the ordered quantity."""
    ships, arrives = ours.ship_date or response.ship_date, ours.deliver_date or response.deliver_date
    outcome = ACCEPTED
    if CANCELED in (ours.state, response.state):
        outcome = REJECTED
    elif ordered is not None:
        differences = _differences(ours, ordered, ships, arrives, whole=whole)
        if not prices.equal(ours, ordered, read):
            differences.append(PRICE)
        outcome = differences[0] if differences in SINGLE else CHANGED if differences else ACCEPTED
    day = None if outcome == REJECTED else ships or arrives
    return LineAnswer(
        outcome=outcome,
        quantity=ours.quantity,
        unit=ours.unit,
        date_kind=(SHIPS if ships else ARRIVES) if day else None,
        date=day,
        kept=_unit(ordered) if ordered is not None and ours.unit == ordered.unit else None,
    )


def _differences(
    ours: OrderResponseLine, ordered: PurchaseOrderLine, ships: date | None, arrives: date | None, *, whole: bool
) -> list[str]:
    """How our line differs from what was ordered, but for its price."""
    found = ["unit"] if ours.unit != ordered.unit else []
    if not whole:
        found.append(QUANTITY)
    if _later(ships, ordered.ship_by) or _later(arrives, ordered.deliver_by):
        found.append(DAY)
    return found


def _later(day: date | None, than: date | None) -> bool:
    return day is not None and than is not None and day > than


def _unit(ordered: PurchaseOrderLine) -> dict[str, str] | None:
    """The partner's own word for the unit."""
    word = ordered.spelling("unit")
    return {"unit": word} if word else None


def _whole(response: OrderResponse, lines: tuple[OrderResponseLine, ...]) -> OrderResponse:
    outcomes = {answer.outcome for line in lines for answer in line.answers}
    outcome = ACCEPTED if outcomes <= {ACCEPTED} else REJECTED if outcomes == {REJECTED} else CHANGED
    return response.replace(lines=lines, acknowledgment=outcome)


def _repeated(response: OrderResponse, order: PurchaseOrder) -> OrderResponse:
    """The response with the date of the order, which every response must have."""
    return response.replace(date=response.date or order.date)
