"""The levels of a hierarchy (HL): one node of the guide, where each segment says which level it stands in.

A level goes to the place inside the level that it names as its parent. Where the map has no place for it there, it goes to
the nearest level above that has one: a pallet that no row asks for is passed by, and its packs belong to the order. Where
the parent's number is missing or nobody's, a level stands beside the last open one of its kind, else on the nearest one.

Knows: hierarchical segments, selectors. Does not know: what levels mean, tables.
"""

from __future__ import annotations

from d365edi.maps.assign import Assignment
from d365edi.maps.run_state import Item, Row, RunState
from d365edi.maps.select import Selector, Slot

LATEST, OUTERMOST = "latest level", "outermost level"
"""The keys of the level that was opened last, and of what is around all levels; no level has such a number."""


class Level:
    """A level that is open: its assignment, who takes the levels inside it (None: nobody), the item it fills, the level
    above, and which of its single assignments are taken."""

    __slots__ = ("above", "assignment", "item", "selector", "taken")

    def __init__(
        self, assignment: Assignment | None, selector: Selector | None, item: Item, above: Level | None
    ) -> None:
        self.assignment = assignment
        self.selector = selector
        self.item = item
        self.above = above
        self.taken: set[Assignment] = set()


class LevelSelector(Selector):
    """The selector of a level; that of the outermost one takes them all."""

    def take(self, state: RunState, row: Row, index: int) -> None:
        """Let a level go to the assignment inside the level that it names as its parent."""
        own, parent = self.levels[:2]
        levels: dict[str, Level] = state.levels
        outermost = levels.setdefault(OUTERMOST, Level(None, self, state.items[0], None))
        named = levels.get(row[parent]) if parent < len(row) and row[parent] else None
        around = named or _beside(state, levels.get(LATEST, outermost), row)
        inside, slot = _nearest(state, around, row)
        if inside is None or inside.selector is None or slot is None:
            self.open(state, None)
            state.left.append(index)
            above = around if around.selector is not None else around.above  # levels that nobody takes make no chain
            level = Level(None, None, around.item, above)
        else:
            assignment = slot.assignment
            state.items[assignment.outer] = inside.item
            inside.selector.open(state, slot)
            assignment.take(state, row, index, slot.code)
            below = inside.selector.inner[assignment].get(self.index)
            level = Level(assignment, below, state.items[assignment.scope], inside)
        levels[LATEST] = level
        if own < len(row):
            levels[row[own]] = level


def _beside(state: RunState, latest: Level, row: Row) -> Level:
    """The level that the last open one of this kind stands in; the latest where none is open."""
    level: Level | None = latest
    while level is not None and level.above is not None:
        selector = level.above.selector
        slot = selector.slot(state, row) if selector is not None else None
        if slot is not None and slot.assignment is level.assignment:
            return level.above
        level = level.above
    return latest


def _nearest(state: RunState, level: Level, row: Row) -> tuple[Level | None, Slot | None]:
    """The nearest level with an assignment for this one, and its slot."""
    nearest: Level | None = level
    while nearest is not None:
        if nearest.selector is not None:
            slot = nearest.selector.slot(state, row) or nearest.selector.rest
            if slot is not None and not (slot.assignment.once and slot.assignment in nearest.taken):
                nearest.taken.add(slot.assignment)
                return nearest, slot
        nearest = nearest.above
    return None, None
