"""A guide under the service characters of an interchange, compiled: from each node, where a segment id leads.

A `Step` is found by the id of the next segment: the steps from there, the pattern that the segment must match, its node,
and a mark where something else is due: the end of the set, a segment that nobody expects here, or one that may come too
often. So a correct segment costs one look-up and one `fullmatch`; only a set with a mark or a miss takes the slow path that
explains (`sequence`, `element_check`). Steps are worked out from the guide's data when they are first taken.

Knows: guides under service characters. Does not know: files, findings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from d365edi.edi import cursor, pattern
from d365edi.edi.guide import Guide, Node
from d365edi.edi.standard import Standard
from d365edi.edi.syntax import Syntax

PLAIN, END, UNKNOWN, ASTRAY, END_ASTRAY = 0, -1, -2, -3, -4
"""Marks of a step; a mark above 0 is the most times a segment may follow itself."""

Match = Callable[[str], object]
Step = tuple["Steps", Match, Node | None, int]
"""Where a segment leads: the steps from there, what it must match, its node, a mark."""


def anything(text: str) -> object:
    """Matches what has no node: there is nothing to check it by."""
    return text or True


class Steps(dict[str, Step]):
    """The steps from one node, by the id of the next segment; made when asked for, but for ids of no segment."""

    def __init__(self, guide: CompiledGuide, node: Node) -> None:
        super().__init__()
        self.guide, self.node = guide, node

    def __missing__(self, id: str) -> Step:
        step = self.guide.step(self, id)
        if step[3] != UNKNOWN:
            self[id] = step
        return step


class CompiledGuide:
    """The steps of one guide. `first` are those behind the set's header."""

    def __init__(self, standard: Standard, guide: Guide, syntax: Syntax) -> None:
        self.standard, self.guide, self.syntax = standard, guide, syntax
        self._steps: dict[Node, Steps] = {}
        self._matches: dict[str, Match] = {}
        self.first = self._from(guide.root.sequence[0])
        self.limited = frozenset(node for node in guide.nodes if node.loop and node.max_use)
        """The loops that may not come as often as they like."""

    def match(self, id: str) -> Match:
        """`fullmatch` of the pattern of a segment of this guide."""
        found = self._matches.get(id)
        if found is None:
            found = self._matches[id] = pattern.compile(self.guide.segments[id], self.syntax).fullmatch
        return found

    def step(self, here: Steps, id: str) -> Step:
        """The step for a segment with this id."""
        node = cursor.follow(here.node, id) if id != self.standard.set_header else None
        if node is None:
            return here, anything, None, UNKNOWN
        return self._from(node), self.match(node.id), node, self._mark(here.node, node)

    def _from(self, node: Node) -> Steps:
        found = self._steps.get(node)
        if found is None:
            found = self._steps[node] = Steps(self, node)
        return found

    def _mark(self, at: Node, node: Node) -> int:
        skips = bool(cursor.skipped(at, node))
        if node.id == self.standard.set_trailer:
            return END_ASTRAY if skips else END
        if skips:
            return ASTRAY
        if node is at and not node.loop:
            return ASTRAY if node.max_use == 1 else node.max_use
        return PLAIN


@lru_cache(maxsize=64)
def compile(standard: Standard, guide: Guide, syntax: Syntax) -> CompiledGuide:
    """The compiled guide; kept, for every interchange of a partner has the same service characters."""
    return CompiledGuide(standard, guide, syntax)
