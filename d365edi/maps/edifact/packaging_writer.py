"""The levels of a shipment as a DESADV says them: orders taken out of the hierarchy, the others numbered as they come.

The only order goes to RFF+ON of the head. Where there are several, or lines of none beside it, each line says its own, and
what stood in an order goes to what the order stands on.

Knows: segments of a DESADV. Does not know: tables, documents, how levels are read (`packaging`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from d365edi.errors import DocumentError
from d365edi.maps.edifact.packaging import ABOVE, ID, LEVEL, ORDER, ORDERED
from d365edi.maps.edifact.values import day
from d365edi.maps.segment_writer import Segment

_LEVELS = {"S": "", "T": "3", "P": "1"}
_AFTER_HEAD = frozenset({"NAD", "TOD", "TDT", "EQD", "CPS", "CNT"})
_AFTER_LINE = frozenset({"LIN", "RFF", "DGS", "LOC", "SGP", "PCI", "QVR"})


@dataclass(slots=True)
class _Level:
    """A level to be written: what it is, what it stands on, the order that it is or stands in, and its segments; `name` is
    what follows ORD, an order's number and day."""

    kind: str
    above: _Level | None
    order: _Level | None = None
    segments: list[Segment] = field(default_factory=list)
    name: Segment = field(default_factory=list)

    def has_line(self) -> bool:
        """Whether a line stands in it, not counting those in levels on it."""
        return any(segment[0] == "LIN" for segment in self.segments)

    def reference(self) -> list[Segment]:
        """The segments that name an order."""
        number, date = [*map(str, self.name), "", ""][:2]
        made: list[Segment] = [["RFF", ("ON", number)]] if number else []
        return [*made, day(ORDERED[0], date)] if date else made


def write(body: Sequence[Segment], shipment: str = "") -> list[Segment]:
    """The segments as they are written: orders taken out of the hierarchy, levels numbered anew. `shipment` is the level of the
    consignment as a whole (7075) in a directory that has a code for it. Raises DocumentError where an order of several has
    nothing that could name it."""
    head = list(takewhile(lambda segment: segment[0] not in ("CPS", "CNT"), body))
    tail = [segment for segment in body if segment[0] == "CNT"]
    levels = _levels(body[len(head) : len(body) - len(tail)])
    orders = [level for level in levels if level.kind == "O"]
    if len(orders) == 1 and all(_is_of(orders[0], level) for level in levels):
        at = next((index for index, segment in enumerate(head) if segment[0] in _AFTER_HEAD), len(head))
        head[at:at] = orders[0].reference()
    else:
        for level in levels:
            _name_lines(level, levels)
    for order in orders:
        if order.above is not None:
            order.above.segments += order.segments
    return [*head, *_numbered([level for level in levels if level.kind != "O"], shipment), *tail]


def _levels(body: Sequence[Segment]) -> list[_Level]:
    """The levels, each behind the one that it stands on."""
    known: dict[str, _Level] = {}
    levels = list[_Level]()
    for segment in body:
        if segment[0] == "CPS":
            above = known.get(str(segment[ABOVE]))
            level = known[str(segment[ID])] = _Level(str(segment[LEVEL]), above, above.order if above else None)
            level.order = level if level.kind == "O" else level.order
            levels.append(level)
        elif segment[0] == ORDER:
            levels[-1].name = segment[1:]
        else:
            levels[-1].segments.append(segment)
    return levels


def _is_of(order: _Level, level: _Level) -> bool:
    """Whether all in a level is of an order; the consignment holds it."""
    return level.order is order or (level.kind == "S" and not level.has_line())


def _name_lines(level: _Level, levels: Sequence[_Level]) -> None:
    """Let each line of a level name its order. Raises DocumentError where nothing in it is a line, which alone could."""
    if level.order is None:
        return
    if not level.has_line() and all(each.above is not level for each in levels):
        what = "nothing" if level is level.order else "a package without a line"
        message = f"order {''.join(map(str, level.order.name[:1]))} has {what} in a ship notice for several orders"
        remedy = "an order is named by its lines there; send it without, or the orders one by one"
        raise DocumentError(message, remedy=remedy)
    made, unnamed = list[Segment](), False
    for segment in level.segments:
        if unnamed and segment[0] in _AFTER_LINE:
            made += level.order.reference()
            unnamed = False
        unnamed = unnamed or segment[0] == "LIN"
        made.append(segment)
    level.segments = [*made, *(level.order.reference() if unnamed else ())]


def _numbered(levels: Sequence[_Level], shipment: str) -> Iterator[Segment]:
    numbers: dict[int, str] = {}
    for level in levels:
        above = level.above.above if level.above is not None and level.above.kind == "O" else level.above
        numbers[id(level)] = str(len(numbers) + 1)
        cps: Segment = ["CPS", numbers[id(level)], numbers.get(id(above), ""), _LEVELS[level.kind] or shipment]
        while not cps[-1]:
            cps.pop()
        yield cps
        yield from level.segments
