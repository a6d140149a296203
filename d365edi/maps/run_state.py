"""What a reading has in hand: which place takes what next, which items are open, what was wrong, and what was left over.

Knows: items as nested dicts. Does not know: how a place takes a segment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from d365edi.maps.mapping_tree import Pair, Rule
from d365edi.maps.spelling import Parse

if TYPE_CHECKING:
    from d365edi.maps.assign import Target

Item = dict[str, Any]
Elements = list[str]
Way = tuple[str, ...]
"""The names that lead to a part of an item."""
Fill = Callable[["State", Elements, int, str], None]
"""Take a segment: the reading's state, the elements, the segment's index, and the qualifiers to keep ("" for
none)."""
Take = Callable[["State", Elements, int], None]
"""The same for whoever meets the segment first and has yet to choose the place."""
Hit = tuple[Way, str, Pair, int, str]
"""Where a pair's value goes: way to the field, its name, the row, the rank of the qualifier, and the name to keep it
under."""
Coded = tuple[int, Way, str, Rule, Mapping[str, tuple[str, str]]]
"""A rule with a code table: element, way to the field, its name, the rule, and for each word ours, and itself where another
word means the same."""
Step = tuple[int, Way, str, Parse | None]
"""A rule without one: element, way to the field, its name, and how it is read."""
NO_HIT = ("", "")
"""What a look-up gives where there is nothing."""


class State:
    """One reading under way.

    `now` is who takes the next segment of each node, by the node's index; `serial` counts how often each loop was opened, and
    `taken` the serial at which each place took its segment; `marks` are what places with alternatives took (rank, index,
    elements); `levels` the levels of a hierarchy by their own number. `keys` are the segments as they came, None where one may
    not be remembered.
    """

    __slots__ = (
        "component",
        "findings",
        "items",
        "keys",
        "left",
        "levels",
        "marks",
        "now",
        "passed",
        "serial",
        "spare",
        "taken",
    )

    def __init__(
        self, now: list[Take | None], scopes: int, targets: int, component: str, keys: Sequence[str | None]
    ) -> None:
        self.now = now
        self.keys = keys
        self.serial = [1] * len(now)
        self.taken = [0] * targets
        self.marks: dict[Target, tuple[int, int, Elements]] = {}
        self.items: list[Item] = [{} for _ in range(scopes)]
        self.component = component
        self.passed: list[int] = []
        self.left: list[int] = []
        self.spare: dict[tuple[Target, int], list[int]] = {}
        self.findings: list[tuple[Rule | Pair, str, str, int]] = []
        self.levels: dict[str, Any] = {}


def reach(item: Item, way: Way) -> Item:
    """The part of an item that a way leads to, made where it is not there yet."""
    for step in way:
        item = item.setdefault(step, {})
    return item


def put_word(state: State, item: Item, coded: Coded, word: str, index: int) -> None:
    """Put our word for theirs; theirs is kept where others mean the same, and told where no table has it."""
    _, way, key, rule, words = coded
    ours, shared = words.get(word, NO_HIT)
    if not ours:
        state.findings.append((rule, word, "", index))
    elif shared:
        item.setdefault("kept", {})[rule.name] = word
    (reach(item, way) if way else item)[key] = ours or word
