"""EDIFACT laid flat for the engine: a guide whose segments have a component for each element, and how rows of it are written.
Messages are laid flat to match in `laying`.

On the way four habits of EDIFACT become plain values, and on the way back habits again:

    LIN03, PIA02 ...   an item number before its qualifier       qualifier and number, as the pairs of X12
    DTM01              a value with its format code (102, 203)    a day CCYYMMDD, and in `DTM01-4` what stands behind it:
                                                                  a time, or the last day of a period
    IMD03, ALC05 ...   a text in two components, as one is short  one text
    PRI01              a price for so many units                  the price of one

A decimal mark is a point in here.

Knows: composites, format codes. Does not know: tables, documents, envelopes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from d365edi.edi.guide import Element, Guide, Node, Note, Segment
from d365edi.maps.edifact import virtual_loops

ITEM = "C212"
"""The composite of an item number and its qualifier."""
JOINED = frozenset({"7008", "7160", "4276"})
"""Texts that stand in two components because one is too short."""
DAY = "day"
"""The type of an element that is a day."""

VALUE, FORMAT, REST = 2, 3, 4
"""Where a flat DTM has its day, its format code, and what stands behind the day."""
PRICE, BASIS = 2, 5
"""Where a flat PRI has its price, and for how many units that is."""
_SPELLED = {0: "102", 4: "203", 6: "204", 7: "303", 8: "718", 9: "304", 16: "719"}
"""The format code for a day and so many characters behind it."""

KNOWN = 4096
"""Segments, and shapes of them, that are remembered as they are written."""
Folded = list[str | tuple[str, ...]]
"""A segment as it is written: a tuple is a composite."""
Way = list[int | tuple[int, ...]]
"""Where in a flat segment the values of each element stand."""
Stand = tuple[int, int, int]
"""Where a flat element comes from: element, component, and how many components are joined."""


@dataclass(frozen=True, slots=True)
class FlatSegment(Segment):
    """A segment laid flat; `plan` tells where each of its elements comes from, `slots` where each component of each
    element goes to (the id has none), `blank` is a segment without data, `widths` how much of each element fits in a
    component where it has several.
    """

    plan: tuple[Stand, ...] = ()
    slots: tuple[tuple[int, ...], ...] = ()
    blank: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()

    def at(self, element: int, component: int) -> int:
        """The flat element of a place, 0 where there is none. Element 4 is also its component 1."""
        for position, (whole, first, count) in enumerate(self.plan, 1):
            if whole == element and first <= (component or 1) < first + count:
                return position
        return 0


@lru_cache(maxsize=64)
def flat(guide: Guide) -> Guide:
    """The same guide laid flat, node by node."""
    laid = {id: _segment(segment) for id, segment in guide.segments.items()}
    segments: dict[str, Segment] = {**laid}
    nodes = list[Node]()
    for old in guide.nodes:
        parent = nodes[old.parent.index] if old.parent is not None else None
        segment = segments.get(old.id, old.segment)
        node = Node(old.index, segment, parent, old.order, old.loop, old.mandatory, old.max_use)
        nodes.append(node)
        if parent is not None:
            parent.sequence.append(node)
            parent.children[node.id] = (*parent.children.get(node.id, ()), node)
    made = replace(guide, root=nodes[0], nodes=nodes, segments=segments)
    virtual_loops.add(made)
    return made


def _segment(segment: Segment) -> FlatSegment:
    places = list(_places(segment))
    if segment.id == "DTM":
        places.append(((1, REST, 1), Element(0, "", "Time, or end of a period", "an", 1, 35)))
    elements = tuple(replace(element, position=at) for at, (_, element) in enumerate(places, 1))
    plan = tuple(stand for stand, _ in places)
    pairs = next((at for at, (whole, part, _) in enumerate(plan, 1) if _is_item(segment, whole) and part == 2), 0)
    notes = tuple(_notes(segment, plan))
    widths = (
        0,
        *(each.max // joined if joined > 1 else 0 for each, (_, _, joined) in zip(elements, plan, strict=True)),
    )
    return FlatSegment(
        segment.id, segment.name, elements, notes, segment.qualifier, pairs, segment.open, segment.levels,
        plan, tuple(_slots(segment, plan)), ("",) * len(plan), widths,
    )  # fmt: skip


def _slots(segment: Segment, plan: Sequence[Stand]) -> Iterator[tuple[int, ...]]:
    """For the id and each element, where its components go to."""
    yield ()
    for whole in segment.elements:
        places: dict[int, int] = {}
        for at, (position, first, count) in enumerate(plan, 1):
            if position == whole.position and (first != REST or segment.id != "DTM"):
                places |= dict.fromkeys(range(first, first + count), at)
        yield tuple(places[component] for component in sorted(places))


def _is_item(segment: Segment, position: int) -> bool:
    return segment.elements[position - 1].number == ITEM


def _places(segment: Segment) -> Iterator[tuple[Stand, Element]]:
    """Every component with where it stands; those of item numbers as pairs, what else they have behind all pairs."""
    behind = list[tuple[Stand, Element]]()
    for whole in segment.elements:
        if whole.number == ITEM:
            number, qualifier, *others = whole.components
            yield (whole.position, 2, 1), qualifier
            yield (whole.position, 1, 1), number
            behind += [((whole.position, each.position, 1), each) for each in others]
            continue
        yield from behind
        behind = []
        if whole.components:
            yield from _components(whole)
        else:
            yield (whole.position, 1, 1), replace(whole, type=_type(whole))
    yield from behind


def _components(whole: Element) -> Iterator[tuple[Stand, Element]]:
    parts = list(whole.components)
    while parts:
        first = parts.pop(0)
        count = 1
        while first.number in JOINED and parts and parts[0].number == first.number:
            parts.pop(0)
            count += 1
        made = replace(
            first,
            type=_type(first),
            max=first.max * count,
            mandatory=first.mandatory and whole.mandatory,
            components=(),
        )
        yield (whole.position, first.position, count), made


def _type(element: Element) -> str:
    return DAY if element.number == "2380" else element.type


def _notes(segment: Segment, plan: Sequence[Stand]) -> Iterator[Note]:
    """What an optional composite needs once it is there: its mandatory components."""
    yield from (Note(each.kind, tuple(_first(plan, at) for at in each.elements)) for each in segment.notes)
    for whole in segment.elements:
        needed = [each.position for each in whole.components if each.mandatory]
        if whole.mandatory or not needed:
            continue
        for at, (position, component, _) in enumerate(plan, 1):
            if position == whole.position and component not in needed:
                for each in needed:
                    yield Note("C", (at, plan.index(next(p for p in plan if p[:2] == (position, each))) + 1))


def _first(plan: Sequence[Stand], element: int) -> int:
    return next(at for at, (whole, _, _) in enumerate(plan, 1) if whole == element)


# -- out --------------------------------------------------------------------------------------------------------------


class Folding:
    """How flat segments of a guide are written: composites as tuples, nothing empty at an end.

    Where values go is worked out once for each shape, that is, for the elements that a segment has. Days and texts in two
    components go the long way, and are remembered.
    """

    def __init__(self, guide: Guide) -> None:
        """`guide` is a flat one."""
        self.segments = guide.segments
        self.ways: dict[tuple[str, tuple[bool, ...]], Way | None] = {}
        self.known: dict[tuple[str, ...], Folded] = {}

    def fold(self, row: Sequence[str]) -> Folded:
        """A segment as it is written."""
        shape = (row[0], tuple([not value for value in row]))
        if shape not in self.ways:
            if len(self.ways) >= KNOWN:
                self.ways.clear()
            self.ways[shape] = _way(row, self.segments[row[0]])
        way = self.ways[shape]
        if way is None:
            return self._remembered(tuple(row))
        values = [*row, ""]
        return [values[at] if isinstance(at, int) else tuple([values[part] for part in at]) for at in way]

    def _remembered(self, row: tuple[str, ...]) -> Folded:
        found = self.known.get(row)
        if found is None:
            if len(self.known) >= KNOWN:
                self.known.clear()
            found = self.known[row] = _fold(row, self.segments[row[0]])
        return found


def _way(row: Sequence[str], segment: Segment) -> Way | None:
    """Where the values of each element stand in a row like this one, -1 for none; None for the long way."""
    assert isinstance(segment, FlatSegment)
    if segment.id == "DTM" or any(row[at] and segment.widths[at] for at in range(1, len(row))):
        return None
    way: list[int | tuple[int, ...]] = [0]
    for places in segment.slots[1:]:
        parts = [at if at < len(row) and row[at] else -1 for at in places]
        while len(parts) > 1 and parts[-1] < 0:
            parts.pop()
        way.append(tuple(parts) if len(parts) > 1 else parts[0])
    while way[-1] == -1:
        way.pop()
    return way


def _fold(row: Sequence[str], segment: Segment) -> Folded:
    """A segment value by value."""
    assert isinstance(segment, FlatSegment)
    values = [*row, *segment.blank[len(row) - 1 :]]
    if segment.id == "DTM":
        _from_day(values)
    made: Folded = [row[0]]
    for places in segment.slots[1:]:
        if len(places) == 1:
            made.append(values[places[0]])
            continue
        parts = [values[at] for at in places]
        if len({*places}) < len(places):
            parts = [_piece(part, number, places, segment.widths) for number, part in enumerate(parts)]
        while parts and not parts[-1]:
            parts.pop()
        made.append(tuple(parts) if len(parts) > 1 else "".join(parts))
    while not made[-1]:
        made.pop()
    return made


def _piece(text: str, number: int, places: Sequence[int], widths: Sequence[int]) -> str:
    """What of a text stands in one of the components that it is spread over."""
    at = places[number]
    first = (number - places.index(at)) * widths[at]
    return text[first : first + widths[at]] if widths[at] else text


def _from_day(values: list[str]) -> None:
    rest = values[REST]
    if values[VALUE]:
        values[FORMAT] = values[FORMAT] or _SPELLED.get(len(rest), "102")
    values[VALUE], values[REST] = values[VALUE] + rest, ""
