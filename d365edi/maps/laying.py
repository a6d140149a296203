"""Raw segments of EDIFACT laid flat: rows for the engine, with values where a flat guide (`composites`) has them.

Most segments of an id have few shapes, that is, separators that stand in them. Where the values of a shape go is worked out
once; after that a segment is split once and its values are picked. What has release characters, blanks at the end of values
or texts in two components takes the long way. Segments that come again are remembered.

A day is CCYYMMDD in a row whatever its format code is, a price is the price of one.

Knows: flat segments, service characters, format codes. Does not know: tables, documents, envelopes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from d365edi.edi.edifact.pen import UNIQUE
from d365edi.edi.edifact.segment import apart
from d365edi.edi.guide import Node, Segment
from d365edi.edi.syntax import Syntax
from d365edi.maps.composites import BASIS, FORMAT, PRICE, REST, VALUE, FlatSegment

Row = list[str]
Pick = tuple[int, ...]
"""Which of a segment's values, one after the other, stands where in a row; -1 where none does."""


def text(raw: bytes) -> str:
    """The characters of some bytes of a message."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


KNOWN = 4096
"""Rows that are remembered."""
SHAPES = 1024
"""Shapes that are remembered; real partners use a few for each segment."""
LONG = 200
"""Shapes of so many separators are not: no segment has that many elements."""
_BETWEEN = "\x1f"
"""What stands between components that had release characters."""
_CENTURY = frozenset({"102", "203", "204", "205", "303", "304", "711", "718", "719", ""})
_YEAR = frozenset({"101", "201", "202"})


class Laying:
    """How segments are laid flat under one interchange's service characters.

    Where `whole`, a row has a place for everything its segment may hold and belongs to the caller; else it ends with what its
    segment says, and is shared with equal segments.
    """

    def __init__(self, syntax: Syntax, *, whole: bool) -> None:
        self.syntax, self.whole = syntax, whole
        self.element, self.component = text(syntax.raw.element), text(syntax.raw.component)
        signs = syntax.raw.element + syntax.raw.component + syntax.raw.release + b"\n"
        self.others = bytes(c for c in range(256) if c not in signs)
        self.picks: dict[tuple[str, bytes], Pick | None] = {}
        self.known: dict[bytes, Row] = {}

    def rows(self, segments: Sequence[bytes], nodes: Sequence[Node | None]) -> list[Row]:
        """Segments with their nodes laid flat; one that has no node only has its id."""
        found: list[Row | None] = list(map(self.known.get, segments))
        new: dict[Node, list[int]] = {}
        for at, (row, node) in enumerate(zip(found, nodes, strict=True)):
            if node is None or (row is None and not isinstance(node.segment, FlatSegment)):
                found[at] = [text(segments[at].partition(self.syntax.raw.element)[0])]
            elif row is None:
                new.setdefault(node, []).append(at)
        for node, places in new.items():
            for at, row in zip(places, self._alike([segments[at] for at in places], node.segment), strict=True):
                found[at] = row
        return found  # type: ignore[return-value]

    def _alike(self, raws: Sequence[bytes], segment: Segment) -> list[Row]:
        """New segments of one id: at once where all have one shape, as those of lines mostly have."""
        assert isinstance(segment, FlatSegment)
        together = b"\n".join(raws)
        if b" " in together and self._padded(together):
            rows = [self._long_way(raw, segment) for raw in raws]
        else:
            rows = self._by_shape(raws, together, segment)
        if (finish := _FINISH.get(segment.id)) is not None:
            for row in rows:
                finish(row)
        if not self.whole and segment.id not in UNIQUE and len(self.known) < KNOWN:
            self.known.update(zip(raws, rows, strict=True))
        return rows

    def _by_shape(self, raws: Sequence[bytes], together: bytes, segment: FlatSegment) -> list[Row]:
        shape = raws[0].translate(None, self.others)
        if len(raws) > 1:
            same = together.translate(None, self.others) == b"\n".join([shape] * len(raws))
            if not same or not together.isascii():
                return [row for raw in raws for row in self._by_shape([raw], raw, segment)]
        key = (segment.id, shape)
        pick = self.picks[key] if key in self.picks else self._new_pick(shape, segment)
        if pick is None:
            return [self._long_way(raw, segment) for raw in raws]
        return self._picked(together, pick, len(shape) + 1)

    def _picked(self, raw: bytes, pick: Pick, size: int) -> list[Row]:
        """The rows of lines with segments of `size` values each: columns are picked, not single values."""
        values = text(raw).replace(self.component, self.element).replace("\n", self.element).split(self.element)
        empty = [""] * (len(values) // size)
        columns = [values[at::size] if at >= 0 else empty for at in pick]
        return list(map(list, zip(*columns, strict=True)))

    def _padded(self, lines: bytes) -> bool:
        """Whether a value ends with a blank."""
        syntax = self.syntax
        return lines[-1:] == b" " or any(
            b" " + sign in lines for sign in (syntax.raw.element, syntax.raw.component, b"\n")
        )

    def _new_pick(self, shape: bytes, segment: FlatSegment) -> Pick | None:
        signs = {self.syntax.raw.element, self.syntax.raw.component}
        plain = len(shape) > 0 and {bytes((sign,)) for sign in shape} <= signs and all(sign < b"\x80" for sign in signs)
        pick = self._pick(shape, segment) if plain else None
        if len(self.picks) < SHAPES and len(shape) < LONG:
            self.picks[segment.id, shape] = pick
        return pick

    def _pick(self, shape: bytes, segment: FlatSegment) -> Pick | None:
        """Where the values of a shape go; None where some must be joined, or a separator stands where it means nothing."""
        element, component, sources = 0, 1, {0: 0}
        for at, sign in enumerate(shape, 1):
            element, component = (element + 1, 1) if sign == self.syntax.raw.element[0] else (element, component + 1)
            places = segment.slots[element] if element < len(segment.slots) else ()
            if component > len(places):
                if len(places) == 1:
                    return None
                continue
            if places[component - 1] in sources:
                return None
            sources[places[component - 1]] = at
        size = len(segment.blank) + 1 if self.whole or segment.id == "DTM" else max(*sources, 1) + 1
        return tuple(sources.get(at, -1) for at in range(size))

    def _long_way(self, raw: bytes, segment: FlatSegment) -> Row:
        parts = [[text(part).rstrip(" ") for part in each] for each in apart(raw, self.syntax)]
        row = [parts[0][0], *segment.blank]
        for places, values in zip(segment.slots, parts, strict=False):
            if len(places) == 1:
                row[places[0]] = _BETWEEN.join(values)
                continue
            for at, value in zip(places, values, strict=False):
                if value:
                    row[at] = _joined(row[at], value, segment, at) if row[at] else value
        while not self.whole and len(row) > 1 and not row[-1] and segment.id != "DTM":
            row.pop()
        return row


def _joined(first: str, second: str, segment: FlatSegment, at: int) -> str:
    """One text of two; one that is full goes on in the next without a blank."""
    width = segment.elements[at - 1].max // segment.plan[at - 1][2]
    return first + second if len(first) == width else f"{first} {second}"


def _to_day(row: Row) -> None:
    """A value and its format as a day and the rest; what is no day stays as it is."""
    value, form = row[VALUE], row[FORMAT]
    if form in _YEAR and len(value) >= 6:
        value = ("20" if value < "5" else "19") + value
    elif form == "2" and len(value) == 6:
        value = f"{'20' if value[4:] < '50' else '19'}{value[4:]}{value[2:4]}{value[:2]}"
    elif form not in _CENTURY:
        return
    row[VALUE], row[FORMAT], row[REST] = value[:8], "", value[8:]


def _to_one(row: Row) -> None:
    """A price for more than one unit as the price of one."""
    if len(row) <= BASIS:
        return
    price, basis = row[PRICE].replace(",", "."), row[BASIS].replace(",", ".")
    if not (price and basis.replace(".", "", 1).isdecimal() and price.lstrip("-").replace(".", "", 1).isdecimal()):
        return
    if Decimal(basis):
        one = (Decimal(price) / Decimal(basis)).quantize(Decimal("1e-10")).normalize()
        row[PRICE], row[BASIS] = price if Decimal(basis) == 1 else format(one, "f"), ""


_FINISH: dict[str, Callable[[Row], None]] = {"DTM": _to_day, "PRI": _to_one}
