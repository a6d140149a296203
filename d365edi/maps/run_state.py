"""What one reading has in hand: who takes the next segment of each node, which items are open, what was wrong, what is left.

Knows: items as nested dicts. Does not know: how a segment is selected for a mapping node, or what that does with it.
"""

from collections.abc import Callable
from typing import Any

from d365edi.maps.mapping_tree import MappingNode, Pair, Rule

Item = dict[str, Any]
Row = list[str]
"""A segment: its id, then its elements; composites are joined."""
Way = tuple[str, ...]
"""The names that lead to a part of an item."""
Take = Callable[["RunState", Row, int], None]
"""Take a segment: the reading's state, the row and its index; the mapping node is yet to be selected."""


class RunState:
    """One reading under way.

    `takers` is who takes the next segment of each node, by the node's index; `openings` counts how often each loop was
    opened, and `taken` the opening in which each assignment took its segment; `held` is what nodes with alternatives
    took (rank, index, row); `again` are segments that a list took because their own place was taken, `rest` those that it
    took because no row of their own asks for them; `levels` the levels of a hierarchy by their own number.

    `component` separates components; `released`: values may hold hidden released characters."""

    __slots__ = (
        "again", "component", "findings", "held", "items", "left", "levels", "openings", "passed", "released", "rest",
        "taken", "takers", "unasked",
    )  # fmt: skip

    def __init__(
        self, takers: list[Take | None], scopes: int, assignments: int, component: str, *, released: bool
    ) -> None:
        self.takers = takers
        self.openings = [1] * len(takers)
        self.taken = [0] * assignments
        self.held: dict[MappingNode, tuple[int, int, Row]] = {}
        self.items: list[Item] = [{} for _ in range(scopes)]
        self.component = component
        self.released = released
        self.passed: list[int] = []
        self.left: list[int] = []
        self.again: list[int] = []
        self.rest: list[int] = []
        self.unasked: dict[tuple[MappingNode, int, int], list[int]] = {}
        self.findings: list[tuple[Rule | Pair, str, str, int]] = []
        self.levels: dict[str, Any] = {}


def reach(item: Item, way: Way) -> Item:
    """The part of an item that a way leads to, made where it is not there yet."""
    for step in way:
        item = item.setdefault(step, {})
    return item
