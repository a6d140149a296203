"""When an order asks for its goods, and whether what is confirmed keeps to it.

An order asks for days to ship and for days to deliver, each with a first and a last one; a day that stands alone is the one
that is asked for, whichever of the two it is called. What a line says counts before what the order says as a whole.

Knows: the days of orders and of what we confirm. Does not know: prices, quantities, codes of an answer.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

from d365edi.documents import OrderResponse, OrderResponseLine, PurchaseOrder, PurchaseOrderLine
from d365edi.matching.schedules import DAYS, FIELDS

SHIPS, ARRIVES = "ships", "arrives"
"""What happens on a confirmed day."""
NOT_BEFORE = ("064", "64")
"""What a line's further day is called that is the first to deliver on (X12 data element 374, EDIFACT 2005)."""


@dataclass(frozen=True, slots=True)
class Window:
    """The first and the last day of what is asked for, None where that is open."""

    first: date | None = None
    last: date | None = None

    @property
    def asked(self) -> date | None:
        """The last day that keeps to it."""
        return self.last or self.first

    def missed(self, day: date | None) -> bool:
        """Whether a confirmed day is later than asked, or before a window that has both ends."""
        if day is None or self.asked is None:
            return False
        return day > self.asked or (self.first is not None and self.last is not None and day < self.first)

    def __bool__(self) -> bool:
        return self.asked is not None


@dataclass(frozen=True, slots=True)
class Asked:
    """The days that a line was asked for."""

    ship: Window = Window()
    deliver: Window = Window()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The days that we confirm."""

    ships: date | None = None
    arrives: date | None = None

    def misses(self, asked: Asked) -> bool:
        """Whether it is another day than was asked for. What leaves after its last day to arrive is late, too."""
        late = self.ships is not None and asked.deliver.asked is not None and self.ships > asked.deliver.asked
        return late or asked.ship.missed(self.ships) or asked.deliver.missed(self.arrives)

    def stated_day(self, asked: Asked) -> tuple[str | None, date | None]:
        """The day to state and what happens on it: of two the one that was asked for, and of these the one that is missed."""
        arrives = self.ships is None or (
            self.arrives is not None
            and bool(asked.deliver)
            and (not asked.ship or (asked.deliver.missed(self.arrives) and not asked.ship.missed(self.ships)))
        )
        day = self.arrives if arrives else self.ships
        return (None, None) if day is None else (ARRIVES if arrives else SHIPS, day)


def asked(line: PurchaseOrderLine, order: PurchaseOrder, ours: OrderResponseLine) -> Asked:
    """The days that a line of the order, or our part of it, was asked for."""
    if line.schedules:
        return _scheduled(line, ours)
    stores = {name for each in line.stores for name in DAYS if getattr(each, name)}
    if stores:
        return _of_part(stores, ours)
    return Asked(
        Window(line.ship_from, line.ship_by) or Window(order.ship_from, order.ship_by),
        Window(_first(line), line.deliver_by) or Window(order.deliver_from, order.deliver_by),
    )


def _first(line: PurchaseOrderLine) -> date | None:
    """The first day on which a line may arrive; orders from before it was a field have it among their dates."""
    return line.deliver_from or next((each.date for each in line.dates if each.qualifier in NOT_BEFORE), None)


def confirmed(ours: OrderResponseLine, response: OrderResponse) -> Confirmed:
    """The days that D365 confirms of a line of ours, of the order as a whole where that has none of its own."""
    return Confirmed(ours.ship_date or response.ship_date, ours.deliver_date or response.deliver_date)


def _scheduled(line: PurchaseOrderLine, ours: OrderResponseLine) -> Asked:
    """Of a line at several dates: what our part of it was asked for, of the kinds of days that the line names."""
    each = [entry for schedule in line.schedules for entry in (schedule.quantities or (schedule,))]
    named = {FIELDS.get(kind or "") for entry in each for kind in (entry.date_kind, entry.second_kind)}
    return _of_part(named, ours)


def _of_part(named: Set[str | None], ours: OrderResponseLine) -> Asked:
    """What our part of a line was asked for, where its parts name these kinds of days."""
    return Asked(
        Window(None, ours.asked_to_ship if named & {"ship_from", "ship_by"} else None),
        Window(None, ours.asked_to_deliver if named & {"deliver_from", "deliver_by"} else None),
    )
