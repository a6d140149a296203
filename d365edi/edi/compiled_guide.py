"""The fast walk: for each place in a guide, where the next segment goes and what pattern it must match, as nested
dicts.

A step is found by the first three bytes of a raw segment (`N1*`, `PO1`), so that the whole validation of a correct
segment is one dict look-up and one `fullmatch`, and less where its set has a `shape` that was met before or the segment
is remembered. Steps are worked out when they are first taken. A step carries a mark where something else is due: the end
of the set, a segment nobody expects here, or one that may come too often; then the set gets the slow walk of `structure`.

Knows: guides under the service characters of an interchange. Does not know: files, findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from d365edi.edi import cursor
from d365edi.edi.guide import Guide, Node, Segment
from d365edi.edi.shape import Check, Shape
from d365edi.edi.sweep import NOUGHTS
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import pattern

PLAIN, END, UNKNOWN, ASTRAY, COUNTED, END_ASTRAY = 0, -1, -2, -3, -4, -5
"""Marks of a step; a mark above 0 is the most times a segment may follow itself."""

_OFTEN = 100
"""Loops that may come at least so often are counted only in sets that are long enough."""


_PERIOD = "2380"
"""The element of all dates, times and periods in EDIFACT."""

KNOWN = 1024
"""Segments of an id that are remembered as right: parties, terms and descriptions repeat, and need not be matched twice."""

SHAPES = 1 << 17
"""Segments of all shapes that are remembered together."""

MET = 1 << 14
"""Shapes that are remembered to have been met."""

Step = tuple["Steps", Check, Node | None, int]
"""Where a segment leads: the steps from there, what looks at it, its node, a mark."""

ANY = Check(lambda raw: raw)
"""Looks at what has no node: everything is right."""


class Steps(dict[bytes, "Step"]):
    """The steps from one node, by the first three bytes of the next raw segment; unknown ones are worked out when asked
    for.
    """

    def __init__(self, table: Table, node: Node) -> None:
        super().__init__()
        self.table, self.node = table, node

    def __missing__(self, key: bytes) -> Step:
        step = self.table.step(self, key)
        if step[3] != UNKNOWN:
            self[key] = step
        return step


@dataclass(slots=True)
class Table:
    """The fast walk of one guide under one interchange's service characters."""

    HEADER = b"ST"
    TRAILER = "SE"
    UNIQUE: ClassVar[frozenset[str]] = frozenset()
    """Segments that hardly ever repeat."""

    guide: Guide
    syntax: Syntax
    known: dict[str, Segment]
    first: Steps = field(init=False)
    trailer: bytes = field(init=False)
    """The first three bytes of a trailer."""
    loops: list[Node] = field(init=False)
    """Loops with a limit that only sets longer than `least` can pass."""
    least: int = field(init=False)
    _steps: dict[Node, Steps] = field(init=False, default_factory=dict)
    _checks: dict[str, Check] = field(init=False, default_factory=dict)
    _heads: dict[bytes, Check] = field(init=False, default_factory=dict)
    _shapes: dict[bytes, Shape | None] = field(init=False, default_factory=dict)
    _met: set[int] = field(init=False, default_factory=set)
    _room: int = field(init=False, default=SHAPES)

    def __post_init__(self) -> None:
        header = self.guide.root.sequence[0]
        self.first = self._from(header)
        self.trailer = (self.TRAILER.encode() + self.syntax.raw.element)[:3]
        self.least = _OFTEN
        self.loops = [node for node in self.guide.nodes if node.loop and node.max_use >= _OFTEN]

    def check(self, id: str) -> Check:
        """What looks at the segments of an id of this guide."""
        found = self._checks.get(id)
        if found is None:
            found = self._checks[id] = self._check(self.guide.segments[id])
        return found

    def check_of(self, head: bytes) -> Check:
        """What looks at the segments that begin with these three bytes."""
        found = self._heads.get(head)
        if found is None:
            found = self._heads[head] = self.check(head.removesuffix(self.syntax.raw.element).decode("latin-1"))
        return found

    def _check(self, segment: Segment) -> Check:
        """Lines hardly ever repeat, for they have article numbers (`pairs`): they are known by their forms, or not at all."""
        match, doubtful = self.pattern(segment).fullmatch, self._doubtful(segment)
        if doubtful is not None and (segment.pairs or not doubtful):
            return Check(match, KNOWN, True, doubtful, self.syntax.raw.element)
        return Check(match, 0 if segment.pairs or segment.id in self.UNIQUE else KNOWN)

    def match(self, id: str) -> Callable[[bytes], object]:
        """`fullmatch` of the pattern of a segment of this guide."""
        return self.check(id).match

    def _doubtful(self, segment: Segment) -> frozenset[bytes] | None:
        """The forms of codes with digits that a segment may have; None where other digits make a difference as well:
        those of dates, of times, of service characters.
        """
        syntax = self.syntax
        service = (
            syntax.raw.element
            + syntax.raw.component
            + syntax.raw.terminator
            + syntax.raw.repetition
            + syntax.raw.release
        )
        parts = [part for element in segment.elements for part in (element, *element.components)]
        found = frozenset(code for part in parts for code in part.codes or () if not code.isalpha())
        dated = any(part.type in ("DT", "TM") or part.number == _PERIOD for part in parts)
        if dated or any(chr(sign).isdigit() for sign in service) or (found and len(parts) > len(segment.elements)):
            return None
        return frozenset(code.encode().translate(NOUGHTS) for code in found)

    def shape(self, heads: Sequence[bytes], walk: Callable[[], Shape | None]) -> Shape | None:
        """The shape of a set whose segments begin so, walked when it is not known; None where a walk has to be explained.

        Remembered is what is met again: where no set is like another, thousands of shapes would be kept for nothing.
        """
        key = b"".join(heads)
        if key in self._shapes:
            return self._shapes[key]
        if len(key) < 3 * len(heads):
            return None
        found, met = walk(), hash(key)
        if met in self._met:
            self._room -= len(heads)
            if self._room < 0:
                self._shapes.clear()
                self._room = SHAPES
            self._shapes[key] = found
        elif len(self._met) < MET:
            self._met.add(met)
        else:
            self._met.clear()
        return found

    def pattern(self, segment: Segment) -> re.Pattern[bytes]:
        """What a right segment looks like."""
        return pattern.compile(segment, self.syntax)

    def step(self, here: Steps, key: bytes) -> Step:
        """The step for a segment that begins with `key`."""
        id = key.removesuffix(self.syntax.raw.element)
        node = cursor.follow(here.node, id) if self.syntax.raw.element not in id and id != self.HEADER else None
        if node is None:
            return here, ANY, None, UNKNOWN
        return self._from(node), self.check(node.id), node, self._mark(here.node, node)

    def _from(self, node: Node) -> Steps:
        found = self._steps.get(node)
        if found is None:
            found = self._steps[node] = Steps(self, node)
        return found

    def _mark(self, at: Node, node: Node) -> int:
        if node.id == self.TRAILER:
            return END_ASTRAY if cursor.skipped(at, node) else END
        if cursor.skipped(at, node):
            return ASTRAY
        if node is at and not node.loop:
            return ASTRAY if node.max_use == 1 else node.max_use
        return COUNTED if node.loop and 0 < node.max_use < _OFTEN else PLAIN


class Nowhere(dict[bytes, Step]):
    """The steps of a set without a guide: everything up to its trailer belongs to it."""

    def __init__(self, trailer: bytes) -> None:
        super().__init__()
        self.trailer = trailer

    def __missing__(self, key: bytes) -> Step:
        ends = key.startswith(self.trailer) and not key[len(self.trailer) :].isalnum()
        return self, ANY, None, END if ends else UNKNOWN  # type: ignore[return-value]


NOWHERE = Nowhere(b"SE")
