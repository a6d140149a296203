"""The quick ways of the inner loop of reading, for the two shapes that most places have: one segment that fills the item that
there is, and one that opens a new item of a list.

Knows: compiled places. Does not know: how a place was chosen, the rare things that a place may ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from d365edi.maps.run_state import NO_HIT, Elements, Fill, Item, State, Way, put_word, reach

if TYPE_CHECKING:
    from d365edi.maps.assign import Target

MEMORY = 1024
"""So many segments a place remembers with what they say: terms, parties and packs repeat."""


def remembered(target: Target) -> Fill:
    """One segment into the item that there is; what was right and comes again, byte for byte, is only put there."""
    scope = target.scope
    memory: dict[object, Said] = {}

    def fill(state: State, elements: Elements, index: int, word: str) -> None:
        key = state.keys[index]
        said = memory.get((key, word) if word else key)
        if said is None and len(memory) >= MEMORY:  # they hardly ever repeat
            target.say(state, state.items[scope], elements, index, word)
            target.note(state, elements, index)
            return
        if said is None:
            said = _said(target, state, elements, index, word)
            if key is not None and not said.wrong and len(memory) < MEMORY:
                memory[(key, word) if word else key] = said
        for way, values in said.parts:
            part = state.items[scope]
            for step in way:
                part = part.setdefault(step, {})
            part.update(values)
        for element in said.spare:
            state.spare.setdefault((target, element), []).append(index)

    return fill


@dataclass(frozen=True, slots=True)
class Said:
    """What a segment says: values by the way to their part, the elements that no row asks for, and whether any is wrong."""

    parts: tuple[tuple[Way, Item], ...]
    spare: tuple[int, ...]
    wrong: bool


def _said(target: Target, state: State, elements: Elements, index: int, word: str) -> Said:
    found: Item = {}
    troubles = len(state.findings)
    target.say(state, found, elements, index, word)
    spare = tuple(target.over(elements)) if len(elements) > target.first_spare else ()
    return Said(tuple(_parts(found, ())), spare, len(state.findings) > troubles)


def _parts(item: Item, way: Way) -> Iterator[tuple[Way, Item]]:
    """An item's own values, then those of its parts, each with the way there."""
    own = {name: value for name, value in item.items() if not isinstance(value, dict)}
    if own:
        yield way, own
    for name, value in item.items():
        if isinstance(value, dict):
            yield from _parts(value, (*way, name))


def new_item(target: Target, way: Way = ()) -> Fill:
    """A new item of a list: rules over the item itself, words, and pairs of text that all go to one part (`way`) of it."""
    steps = tuple((element, key, parse) for element, _, key, parse in target.steps)
    coded = tuple((one[0], one[2], one[3].name, one[4], one) for one in target.coded)
    scope, outer, list_name, first_spare = target.scope, target.outer, target.list_way[0], target.first_spare
    first = target.first_pair if target.pairs or target.rest else len(target.place.node.segment.elements)

    def fill(state: State, elements: Elements, index: int, word: str) -> None:  # noqa: ARG001
        item: Item = {}
        state.items[scope] = item
        state.items[outer].setdefault(list_name, []).append(item)
        count = len(elements)
        try:
            for element, key, parse in steps:
                if element >= count:
                    break
                if value := elements[element]:
                    item[key] = parse(value) if parse else value
        except ValueError:
            target.carefully(state, item, elements, index)
        kept = (paired(state, item, elements, index) if count > first else {}) or item.get("kept", {})
        for element, key, name, words, rule in coded:
            if element < count and (value := elements[element]):
                ours, shared = words.get(value, NO_HIT)
                if shared:
                    kept[name] = value
                if ours:
                    item[key] = ours
                else:
                    put_word(state, item, rule, value, index)
        if kept:
            item["kept"] = kept
        if count > first_spare:
            target.note(state, elements, index)

    paired = _paired(target, way)
    return fill


def added_pairs(target: Target, way: Way = ()) -> Fill:
    """Pairs of text that all go to one part (`way`) of the item that there is, and nothing else."""
    scope, first = target.scope, target.first_pair

    def fill(state: State, elements: Elements, index: int, word: str) -> None:  # noqa: ARG001
        item = state.items[scope]
        if len(elements) > first and (kept := paired(state, item, elements, index)):
            item.setdefault("kept", {}).update(kept)
        target.note(state, elements, index)

    paired = _paired(target, way)
    return fill


def _paired(target: Target, way: Way) -> Callable[[State, Item, Elements, int], dict[str, str]]:
    """Pairs of text that all go to one part of an item; returns the qualifiers to keep."""
    hits = {code: (key, spelled) for code, (_, key, _, _, spelled) in target.pairs.items()}
    first, after = target.first_pair, target.after_pairs

    def fill(state: State, item: Item, elements: Elements, index: int) -> dict[str, str]:
        kept: dict[str, str] = {}
        part: Item = {}
        for at in range(first, min(after, len(elements)) - 1, 2):
            key, spelled = hits.get(elements[at], NO_HIT)
            value = elements[at + 1]
            if not key or key in part or not value:
                target.take_pairs(state, item, elements, index)
                return {}
            part[key] = value
            if spelled:
                kept[spelled] = elements[at]
        if part:
            there = reach(item, way)
            if there and not there.keys().isdisjoint(part):
                target.take_pairs(state, item, elements, index)
                return {}
            there.update(part)
        return kept

    return fill
