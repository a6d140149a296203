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
_AFTER_LINE = frozenset({"RFF", "DGS", "LOC", "SGP", "PCI", "QVR"})


@dataclass(slots=True)
class _Level:
    """A level to be written: what it is, what it stands on, and its rows with those of its orders; `said`: the order's
    number and day."""

    kind: str
    above: _Level | None
    rows: list[Segment] = field(default_factory=list)
    said: Segment = field(default_factory=list)
    lines: int = 0

    @property
    def order(self) -> _Level | None:
        """The order that it is, or stands in."""
        level: _Level | None = self
        while level is not None and level.kind != "O":
            level = level.above
        return level


def write(rows: Sequence[Segment]) -> list[Segment]:
    """The rows as they are written: orders taken out of the hierarchy, levels numbered anew. DocumentError where an order
    of several has nothing that could name it."""
    head = list(takewhile(lambda row: row[0] not in ("CPS", "CNT"), rows))
    tail = [row for row in rows if row[0] == "CNT"]
    levels = _levels(rows[len(head) : len(rows) - len(tail)])
    orders = [level for level in levels if level.kind == "O"]
    if len(orders) == 1 and all(each.order is orders[0] or not (each.lines or each.kind != "S") for each in levels):
        at = next((index for index, row in enumerate(head) if row[0] in _AFTER_HEAD), len(head))
        head[at:at] = _reference(orders[0])
        orders = []
    return [*head, *_numbered(_dissolved(levels, named=bool(orders))), *tail]


def _levels(rows: Sequence[Segment]) -> list[_Level]:
    """The levels, each behind the one that it stands on."""
    known: dict[str, _Level] = {}
    levels = list[_Level]()
    for row in rows:
        if row[0] == "CPS":
            number, above, kind = str(row[ID]), str(row[ABOVE]), str(row[LEVEL])
            levels.append(_Level(kind, known.get(above)))
            known[number] = levels[-1]
        elif row[0] == ORDER:
            levels[-1].said = row[1:]
        else:
            levels[-1].rows.append(row)
            levels[-1].lines += row[0] == "LIN"
    return levels


def _reference(order: _Level) -> list[Segment]:
    """What names an order."""
    number, date = [*map(str, order.said), "", ""][:2]
    made: list[Segment] = [["RFF", ("ON", number)]] if number else []
    return [*made, day(ORDERED[0], date)] if date else made


def _dissolved(levels: Sequence[_Level], *, named: bool) -> list[_Level]:
    """The levels that CPS has: what stands in an order goes to what the order stands on; lines that are to be `named` say
    their order."""
    for level in levels:
        order = level.order if named else None
        if order is not None:
            _must_name(level, order, levels)
            level.rows = _naming(level.rows, _reference(order))
        if level.kind == "O" and level.above is not None:
            level.above.rows += level.rows
    kept = [level for level in levels if level.kind != "O"]
    for level in kept:
        if level.above is not None and level.above.kind == "O":
            level.above = level.above.above
    return kept


def _must_name(level: _Level, order: _Level, levels: Sequence[_Level]) -> None:
    """Raise where nothing in a level is a line, which alone could say the order."""
    if not level.lines and all(each.above is not level for each in levels):
        what = "nothing" if level is order else "a package without a line"
        raise DocumentError(
            f"order {''.join(map(str, order.said[:1]))} has {what} in a ship notice for several orders",
            remedy="an order is named by its lines there; send it without, or the orders one by one",
        )


def _naming(rows: Sequence[Segment], reference: Sequence[Segment]) -> list[Segment]:
    """The rows of a level, with a reference in each of its lines."""
    made, owing = list[Segment](), False
    for row in rows:
        if owing and row[0] in (*_AFTER_LINE, "LIN"):
            made += reference
            owing = False
        owing = owing or row[0] == "LIN"
        made.append(row)
    return [*made, *(reference if owing else ())]


def _numbered(levels: Sequence[_Level]) -> Iterator[Segment]:
    numbers: dict[int, str] = {}
    for level in levels:
        numbers[id(level)] = str(len(numbers) + 1)
        said: Segment = ["CPS", numbers[id(level)], numbers.get(id(level.above), ""), _LEVELS[level.kind]]
        while not said[-1]:
            said.pop()
        yield said
        yield from level.rows
