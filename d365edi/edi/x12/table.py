"""The fast walk: for each place in a guide, where the next segment goes and what pattern it must match, as nested
dicts.

A step is found by the first three bytes of a raw segment (`N1*`, `PO1`), so that the whole validation of a correct
segment is one dict look-up and one `fullmatch`. Steps are worked out when they are first taken. A step carries a mark
where something else is due: the end of the set, a segment nobody expects here, or one that may come too often; then the
set gets the slow walk of `structure`.

Knows: guides under the service characters of an interchange. Does not know: files, findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from d365edi.edi import walk
from d365edi.edi.guide import Guide, Node, Segment
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import pattern

PLAIN, END, UNKNOWN, ASTRAY, COUNTED, END_ASTRAY = 0, -1, -2, -3, -4, -5
"""Marks of a step; a mark above 0 is the most times a segment may follow itself."""

_OFTEN = 100
"""Loops that may come at least so often are counted only in sets that are long enough."""


KNOWN = 1024
"""Segments of an id that are remembered as right: parties, terms and descriptions repeat, and need not be matched twice."""

Step = tuple["Steps", Callable[[bytes], object], Node | None, int, set[bytes]]
"""Where a segment leads: the steps from there, the pattern it must match, its node, a mark, and which raw segments are right."""


NEVER: set[bytes] = {b"%d" % n for n in range(KNOWN)}
"""What stands for the memory of segments that hardly ever repeat (lines with their article numbers): full, and never hit."""


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
    loops: list[Node] = field(init=False)
    """Loops with a limit that only sets longer than `least` can pass."""
    least: int = field(init=False)
    _steps: dict[Node, Steps] = field(init=False, default_factory=dict)
    _matches: dict[str, Callable[[bytes], object]] = field(init=False, default_factory=dict)
    _right: dict[str, set[bytes]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        header = self.guide.root.sequence[0]
        self.first = self._from(header)
        self.least = _OFTEN
        self.loops = [node for node in self.guide.nodes if node.loop and node.max_use >= _OFTEN]

    def match(self, id: str) -> Callable[[bytes], object]:
        """`fullmatch` of the pattern of a segment of this guide."""
        found = self._matches.get(id)
        if found is None:
            found = self._matches[id] = self.pattern(self.guide.segments[id]).fullmatch
        return found

    def pattern(self, segment: Segment) -> re.Pattern[bytes]:
        """What a right segment looks like."""
        return pattern.compile(segment, self.syntax)

    def step(self, here: Steps, key: bytes) -> Step:
        """The step for a segment that begins with `key`."""
        id = key.removesuffix(self.syntax.element)
        node = walk.follow(here.node, id) if self.syntax.element not in id and id != self.HEADER else None
        if node is None:
            return here, _anything, None, UNKNOWN, set()
        remembered = NEVER if node.segment.pairs or node.id in self.UNIQUE else self._right.setdefault(node.id, set())
        return self._from(node), self.match(node.id), node, self._mark(here.node, node), remembered

    def _from(self, node: Node) -> Steps:
        found = self._steps.get(node)
        if found is None:
            found = self._steps[node] = Steps(self, node)
        return found

    def _mark(self, at: Node, node: Node) -> int:
        if node.id == self.TRAILER:
            return END_ASTRAY if walk.skipped(at, node) else END
        if walk.skipped(at, node):
            return ASTRAY
        if node is at and not node.loop:
            return ASTRAY if node.max_use == 1 else node.max_use
        return COUNTED if node.loop and 0 < node.max_use < _OFTEN else PLAIN


def _anything(raw: bytes) -> object:
    return raw


class Nowhere(dict[bytes, Step]):
    """The steps of a set without a guide: everything up to its trailer belongs to it."""

    def __init__(self, trailer: bytes) -> None:
        super().__init__()
        self.trailer = trailer

    def __missing__(self, key: bytes) -> Step:
        ends = key.startswith(self.trailer) and not key[len(self.trailer) :].isalnum()
        return self, _anything, None, END if ends else UNKNOWN, set()  # type: ignore[return-value]


NOWHERE = Nowhere(b"SE")
