"""The levels of a hierarchy (HL): one node of the guide, where each segment says which level it stands in.

A level goes to the place inside the level that it names as its parent. Where the map has no place for it there, it goes to
the nearest level above that has one: a pallet that no row asks for is passed by, and its packs belong to the order. Where
the parent's number is missing or nobody's, a level hangs beside the last open one of its kind, else on the nearest one.

Knows: hierarchical segments, branches. Does not know: what levels mean, tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from d365edi.maps.assign import Target
from d365edi.maps.run_state import Elements, Item, State, Take

if TYPE_CHECKING:
    from d365edi.maps.select import Branch, Slot

LATEST, OUTERMOST = "latest level", "outermost level"
"""The keys of the level that was opened last, and of what is around all levels; no level has such a number."""


class Level:
    """A level that is open: its place, who takes the levels inside it (None: nobody), the item it fills, the level above,
    and which of its single places are taken."""

    __slots__ = ("above", "branch", "item", "taken", "target")

    def __init__(self, target: Target | None, branch: Branch | None, item: Item, above: Level | None) -> None:
        self.target = target
        self.branch = branch
        self.item = item
        self.above = above
        self.taken: set[Target] = set()


def taker(top: Branch, own: int, parent: int) -> Take:
    """The way for the branch of the outermost level; `own` and `parent` are the elements with the two numbers."""

    def take(state: State, elements: Elements, at: int) -> None:
        levels: dict[str, Level] = state.levels
        outermost = levels.setdefault(OUTERMOST, Level(None, top, state.items[0], None))
        named = levels.get(elements[parent]) if parent < len(elements) and elements[parent] else None
        around = named or _beside(state, levels.get(LATEST, outermost), elements)
        inside, slot = _place(state, around, elements)
        if inside is None or inside.branch is None or slot is None:
            top.open(state, None)
            state.left.append(at)
            level = Level(None, None, around.item, around)
        else:
            target = slot.target
            state.items[target.outer] = inside.item
            inside.branch.open(state, slot)
            target.fill(state, elements, at, slot.word)
            level = Level(target, inside.branch.inner[target].get(top.index), state.items[target.scope], inside)
        levels[LATEST] = level
        if own < len(elements):
            levels[elements[own]] = level

    return take


def _beside(state: State, latest: Level, elements: Elements) -> Level:
    """The level that the last open one of this kind hangs on; the latest where none is open."""
    level: Level | None = latest
    while level is not None and level.above is not None:
        branch = level.above.branch
        slot = branch.slot(state, elements) if branch is not None else None
        if slot is not None and slot.target is level.target:
            return level.above
        level = level.above
    return latest


def _place(state: State, level: Level, elements: Elements) -> tuple[Level | None, Slot | None]:
    """The nearest level with a place for this one, and the place."""
    nearest: Level | None = level
    while nearest is not None:
        if nearest.branch is not None:
            slot = nearest.branch.slot(state, elements) or nearest.branch.rest
            if slot is not None and not (slot.target.once and slot.target in nearest.taken):
                nearest.taken.add(slot.target)
                return nearest, slot
        nearest = nearest.above
    return None, None
