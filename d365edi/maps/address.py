"""Where in a segment a value stands: an element and, in a composite, a component of it; qualifier/value pairs by their step.

An X12 segment has its pairs side by side (`PO106` qualifier, `PO107` value), an EDIFACT segment each in a composite of its own
(C212: the value first). `Pairs` says it for both.

Knows: segments of guides. Does not know: maps, values, delimiters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from d365edi.edi.guide import Element, Segment

Address = tuple[int, int]
"""An element and a component, 0 for all of the element."""
ITEM = "C212"
"""The composite of an item number and its qualifier in EDIFACT."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of a segment: the element of the first one, the first element behind them all, and how many elements a
    pair takes.

    A pair of one element is a composite with the value as component 1 and the qualifier as component 2; of two elements
    the qualifier is the first, the value the second."""

    first: int
    after: int
    step: int

    @property
    def composite(self) -> bool:
        """Whether a pair is a composite."""
        return self.step == 1

    def addresses(self) -> list[tuple[Address, Address]]:
        """Where the qualifier and the value of each pair stand."""
        if self.composite:
            return [((at, 2), (at, 1)) for at in range(self.first, self.after)]
        return [((at, 0), (at + 1, 0)) for at in range(self.first, self.after, 2)]

    def elements(self, segment: Segment) -> tuple[Element, Element]:
        """The qualifier and the value of the first pair, as the dictionary has them."""
        if self.composite:
            value, qualifier, *_ = segment.elements[self.first - 1].components
            return qualifier, value
        return segment.elements[self.first - 1], segment.elements[self.first]

    def of(self, row: Sequence[str], component: str) -> Iterator[tuple[int, str, str]]:
        """The element of each value of a row, the qualifier and the value; `component` separates components."""
        if self.step == 2:
            end = min(self.after, len(row)) - 1
            for at in range(self.first, end, 2):
                yield at + 1, row[at], row[at + 1]
        else:
            for at in range(self.first, min(self.after, len(row))):
                value, _, others = row[at].partition(component)
                yield at, others.partition(component)[0], value


def pairs(segment: Segment) -> Pairs | None:
    """The pairs of a segment, None where it has none."""
    if segment.pairs:
        return Pairs(segment.pairs, segment.after_pairs, 2)
    items = [each.position for each in segment.elements if each.number == ITEM]
    if not items:
        return None
    after = items[0] + 1
    while after in items:
        after += 1
    return Pairs(items[0], after, 1)
