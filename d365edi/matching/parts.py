"""Lines that are not written to D365 as the partner wrote them: what was agreed about them, and which line each was made of.

The sales lines that were made of one line of an order share that line's number in D365, and what is sent back is written in
the order's own lines by it.

Knows: orders as the partner wrote them, and as they are written to D365. Does not know: why a line became several.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from d365edi.documents import PurchaseOrder, PurchaseOrderLine
from d365edi.edi.findings import Finding
from d365edi.matching.lines import line_numbers
from d365edi.matching.resolution import Part

EDIFACT = ("ORDERS", "ORDCHG")
COMPONENTS = "components"
"""What `sets` says of an item whose components are ordered in its place."""


@dataclass(frozen=True, slots=True)
class PartsPolicy:
    """What a flow agreed about lines for several stores, at several dates, of several components.

    `place` is the flow's table in the settings and `sets_place` the partner's, as sentences name them; `sets` maps their
    set to our item, or to `components`; `back` says whether documents that answer an order tell its stores apart."""

    place: str = "partners.NAME.receive.SET"
    sets_place: str = "partners.NAME.sets"
    ignore: frozenset[str] = frozenset()
    stores: Literal["hold", "lines", "orders"] = "hold"
    back: Literal["order", "store"] = "order"
    schedules: Literal["hold", "lines"] = "hold"
    sets: Mapping[str, str] = field(default_factory=dict)

    def ignores(self, x12: str, edifact: str) -> bool:
        """Whether the flow ignores what its standard says in this segment: LIN has sets in EDIFACT, and a further item in X12."""
        own = self._segment(x12, edifact)
        return (
            own in self.ignore if self._set.isdecimal() or self._set in EDIFACT else bool(self.ignore & {x12, edifact})
        )

    @property
    def _set(self) -> str:
        return self.place.rpartition(".")[2]

    def _segment(self, x12: str, edifact: str) -> str:
        return edifact if self._set in EDIFACT else x12

    def unread(self, x12: str, edifact: str) -> str:
        """The setting that passes the segment over in every order of the flow; its name is that of the flow's standard."""
        segment = self._segment(x12, edifact)
        return f'where none of their orders needs it ignore = ["{segment}"] in [{self.place}]'


def held(message: str, remedy: str, order: PurchaseOrder) -> Finding:
    """A finding that holds an order until it is released, or closed because a person entered it."""
    remedy = f"{remedy}, then: d365edi release {order.number}; or enter it in D365 by hand, then: {_reject(order)}"
    return Finding("document", "error", "", message, remedy=remedy, rule="parts")


def _reject(order: PurchaseOrder) -> str:
    return f'd365edi reject {order.number} --why "entered by hand"'


def placed(order: PurchaseOrder) -> PurchaseOrder:
    """The order with the place of each line kept in it."""
    if all(line.place is not None for line in order.lines):
        return order
    lines = (line.replace(place=line.place or place) for place, line in enumerate(order.lines, 1))
    return order.replace(lines=tuple(lines))


def ordinals(written: PurchaseOrder, for_d365: PurchaseOrder) -> tuple[int, ...]:
    """The number in D365 of each line that is written to it: that of the partner's line which it was made of."""
    numbers = line_numbers([line.number for line in written.lines])
    return tuple(numbers[(line.place or place) - 1] for place, line in enumerate(for_d365.lines, 1))


def parts_of(for_d365: PurchaseOrder) -> tuple[Part, ...]:
    """What each line that is written to D365 was made of; nothing where every line is the partner's line."""
    if all(line.place in (None, place) and not _part(line) for place, line in enumerate(for_d365.lines, 1)):
        return ()
    return tuple(Part(line.place or place, line.store, line.component) for place, line in enumerate(for_d365.lines, 1))


def name(line: PurchaseOrderLine, place: int) -> str:
    """A line as sentences name it: `line 1 (KIT-1)`."""
    item = line.item.buyer or line.item.gtin or line.item.vendor
    return f"line {line.number or place}{f' ({item})' if item else ''}"


def _part(line: PurchaseOrderLine) -> bool:
    return line.store is not None or line.component is not None
