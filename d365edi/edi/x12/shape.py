"""The shape of a set: which segments it has in which order. Sets of one shape go the same way through a guide, so that
way is walked once, and the segments of an id are taken out and looked at together.

Knows: what is known to be right. Does not know: how a walk goes, findings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from d365edi.edi.guide import Node

_FEW = 3
"""So many segments of an id are rather looked at one by one."""


@dataclass(slots=True)
class Check:
    """How a segment of an id is found right: it matches the pattern, or it is remembered as one that did.

    Where no digit makes a difference (`blind`) its form is remembered, with noughts for digits: a file of thousands of
    lines has a few hundred forms. `doubtful` are forms of codes with digits (N0 of N4): with one of them among its
    elements a form says nothing.
    """

    match: Callable[[bytes], object]
    room: int = 0
    """How many more may be remembered."""
    blind: bool = False
    doubtful: frozenset[bytes] = frozenset()
    separator: bytes = b"*"
    known: set[bytes] = field(default_factory=set)

    def right(self, raw: bytes, form: bytes) -> bool:
        """Whether a segment is right that is not known to be."""
        if self.match(raw) is None:
            return False
        if self.room > 0 and (not self.doubtful or self.doubtful.isdisjoint(form.split(self.separator))):
            self.room -= 1
            self.known.add(form if self.blind else raw)
        return True


class Shape:
    """What is the same for all sets of one shape: the node of each segment, and what looks at it."""

    def __init__(self, heads: Sequence[bytes], nodes: Sequence[Node | None], checks: Sequence[Check]) -> None:
        self.nodes: list[Node | None] = list(nodes)
        places: dict[bytes, list[int]] = {}
        for at, head in enumerate(heads):
            places.setdefault(head, []).append(at)
        self._takers = {head: _taker(found) for head, found in places.items()}
        self.few: list[tuple[int, Check]] = []
        self.many: list[tuple[Check, Callable[[Sequence[bytes]], Sequence[bytes]], list[int]]] = []
        for head, found in places.items():
            if len(found) > _FEW:
                self.many.append((checks[found[0]], self._takers[head], found))
            else:
                self.few += [(at, checks[at]) for at in found]

    def rows(self, head: bytes, segments: Sequence[bytes]) -> Sequence[bytes]:
        """The segments of a set that begin with these three bytes."""
        taker = self._takers.get(head)
        return taker(segments) if taker is not None else ()

    def wrong(self, segments: Sequence[bytes], forms: Sequence[bytes]) -> list[int]:
        """Which segments of a set do not match, in ascending order."""
        found = []
        for at, check in self.few:
            if (forms if check.blind else segments)[at] not in check.known and not check.right(segments[at], forms[at]):
                found.append(at)
        for check, taker, places in self.many:
            seen = forms if check.blind else segments
            if not check.known.issuperset(taker(seen)):
                found += [
                    at for at in places if seen[at] not in check.known and not check.right(segments[at], forms[at])
                ]
        return sorted(found)


def _taker(places: Sequence[int]) -> Callable[[Sequence[bytes]], Sequence[bytes]]:
    return itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
