"""Explains the order of a set's segments: what is unknown, missing, too many or out of place, with the code of AK304.

The slow walk that is taken only for a set which the quick one could not follow to its end. It tolerates: a segment that
comes too late is put where it belongs and said to be out of sequence; one that nothing admits is said to be so, and the
walk goes on.

Knows: guides. Does not know: elements, envelopes, what a breach is worth.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from d365edi.edi import cursor
from d365edi.edi.guide import Guide, Node

_TRAILERS = frozenset(("SE", "UNT"))
"""A missing trailer is said where the set ends."""


@dataclass(slots=True)
class Breach:
    """A finding before it has a place in the file: `index` is the segment's in the set, 0 for the first."""

    index: int
    key: str
    """Its row in `rules`."""
    id: str
    loop: str
    fields: dict[str, object]
    """What the sentence of the rule names."""


@dataclass(slots=True)
class _Open:
    """A loop that is open: how often each of its children has come, and which mandatory ones were skipped, and where."""

    loop: Node
    counts: dict[Node, int] = field(default_factory=dict)
    passed: dict[Node, int] = field(default_factory=dict)


def explain(guide: Guide, ids: Sequence[str], known: Collection[str]) -> tuple[list[Node | None], list[Breach]]:
    """Where each segment stands, and all breaches in the order of the segments. `known` are the ids of the whole
    dictionary."""
    return _Walk(guide, known).over(ids)


class _Walk:
    def __init__(self, guide: Guide, known: Collection[str]) -> None:
        self.guide, self.known = guide, known
        self.open = [_Open(guide.root)]
        self.at = guide.root
        self.breaches: list[Breach] = []

    def over(self, ids: Sequence[str]) -> tuple[list[Node | None], list[Breach]]:
        nodes: list[Node | None] = []
        for index, id in enumerate(ids):
            node = cursor.follow(self.at, id)
            late = node is None
            if late:
                node = cursor.find(self.at, id)
            if node is None:
                self._unplaced(index, id)
            else:
                if late:
                    self._breach(index, "segment.sequence", node)
                else:
                    self._pass(index, node)
                self._place(index, node, late=late)
            nodes.append(node)
        self._close(len(ids) - 1, 0)
        self.breaches.sort(key=lambda breach: breach.index)
        return nodes, self.breaches

    def _unplaced(self, index: int, id: str) -> None:
        if id in self.guide.segments:
            key, around = "segment.unexpected", self.guide.set
        elif id in self.known:
            key, around = "segment.unknown.here", self.guide.set
        else:
            key, around = "segment.unknown", str(self.guide.standard)
        shown = id if id.isprintable() and len(id) < 12 else f"{id[:12]!r}"
        self.breaches.append(Breach(index, key, id[:3], "", {"id": shown, "around": around}))

    def _pass(self, index: int, node: Node) -> None:
        """Remembers which mandatory segments an in-order step leaves out; they are missing unless they come late."""
        for missing in cursor.skipped(self.at, node):
            for scope in self.open:
                if scope.loop is missing.parent:
                    scope.passed.setdefault(missing, index)

    def _place(self, index: int, node: Node, *, late: bool) -> None:
        depth = next(i for i in range(len(self.open) - 1, -1, -1) if self.open[i].loop is node.parent)
        if node.loop or not late:
            self._close(index, depth + 1)
        scope = self.open[depth]
        count = scope.counts[node] = scope.counts.get(node, 0) + 1
        if node.max_use and count == node.max_use + 1:
            key = "segment.maximum.loop" if node.loop else "segment.maximum.segment"
            self._breach(index, key, node, path=node.path, most=node.max_use)
        if node.loop:
            self.open.append(_Open(node))
        if node.loop or not late:
            self.at = node

    def _close(self, index: int, depth: int) -> None:
        """Closes loops down to `depth`; what was mandatory in them and never came is missing."""
        while len(self.open) > depth:
            scope = self.open.pop()
            for child in scope.loop.sequence:
                if child.mandatory and not scope.counts.get(child) and child.id not in _TRAILERS:
                    where = scope.passed.get(child, index)
                    around = f"loop {scope.loop.path}" if scope.loop.parent is not None else f"the {self.guide.set}"
                    self._breach(where, "segment.mandatory", child, around=around)

    def _breach(self, index: int, key: str, node: Node, **fields: object) -> None:
        self.breaches.append(Breach(index, key, node.id, node.around, {"id": node.id, **fields}))
