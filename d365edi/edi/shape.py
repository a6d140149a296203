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


Taker = Callable[[Sequence[bytes]], Sequence[bytes]]


class Shape:
    """What is the same for all sets of one shape: the node of each segment, and what looks at it. Their reports share the
    list of nodes, which nobody changes.
    """

    def __init__(self, heads: Sequence[bytes], nodes: list[Node | None], check: Callable[[bytes], Check]) -> None:
        self.nodes = nodes
        self._takers: dict[bytes, Taker] = {}
        self._places: dict[bytes, list[int]] = {}
        for at, head in enumerate(heads):
            if head in self._places:
                self._places[head].append(at)
            else:
                self._places[head] = [at]
        self._few: list[tuple[int, Check]] = []
        self._many: list[tuple[Check, Taker, list[int]]] = []
        for head, places in self._places.items():
            looks = check(head)
            if len(places) > _FEW:
                self._many.append((looks, itemgetter(*places), places))
            else:
                self._few += [(at, looks) for at in places]

    def rows(self, head: bytes, segments: Sequence[bytes]) -> Sequence[bytes]:
        """The segments of a set that begin with these three bytes."""
        taker = self._takers.get(head)
        if taker is None:
            taker = self._takers[head] = _taker(self._places.get(head, ()))
        return taker(segments)

    def wrong(self, segments: Sequence[bytes], forms: Sequence[bytes]) -> list[int]:
        """Which segments of a set do not match, in ascending order."""
        found = []
        for at, check in self._few:
            if (forms if check.blind else segments)[at] not in check.known and not check.right(segments[at], forms[at]):
                found.append(at)
        for check, taker, places in self._many:
            seen = forms if check.blind else segments
            if not check.known.issuperset(taker(seen)):
                found += [
                    at for at in places if seen[at] not in check.known and not check.right(segments[at], forms[at])
                ]
        return sorted(found)


def _taker(places: Sequence[int]) -> Taker:
    if not places:
        return lambda _: ()
    return itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
