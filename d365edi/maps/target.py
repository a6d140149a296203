"""How a place takes a segment: its rules fill the current item of its scope, a list's place opens a new item first.

This is the inner loop of reading, so what a place never needs is decided when it is built: most places are `_plain`, a few
rules over one part of the item; the rest go through `_full`, which knows code words, pairs, components, kept qualifiers and
lists.

Knows: compiled places and how items are filled. Does not know: how a place was chosen, tables, what becomes of
findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from d365edi.maps.place import Pair, Place, Rule
from d365edi.maps.spelling import Parse

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
MEMORY = 1024
"""So many segments a place remembers with what they say: terms, parties and packs repeat."""


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
        self, now: list[Take | None], scopes: int, targets: int, component: str, keys: Sequence[bytes | None]
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


class Target:
    """A place made ready for reading; compared by identity. `once`: it takes one segment for each time its loop is
    opened."""

    def __init__(self, place: Place, number: int, scope: int, outer: int) -> None:
        own = [rule for rule in place.rules if not rule.echo]
        self.place = place
        self.number = number
        self.scope = scope
        self.outer = outer
        self.second: Target | None = None
        self.list_way: Way = tuple(place.list_field.split(".")) if place.list_field else ()
        self.steps = _steps([rule for rule in own if not rule.component and not rule.many and rule.words is None])
        self.coded = tuple(
            _coded(rule) for rule in own if rule.words is not None and not rule.component and not rule.many
        )
        self.composed = tuple(
            (rule, _coded(rule) if rule.words is not None else None) for rule in own if rule.component
        )
        self.many = tuple((rule.element, _way(rule.name), _last(rule.name), rule) for rule in own if rule.many)
        self.rare = bool(self.composed or self.many)
        self.alternatives = any(len(codes) > 1 for _, codes in place.qualifiers)
        spelled = own if self.alternatives else []
        self.kept = tuple((rule.element, rule.name) for rule in spelled if rule.words is None)
        self._pairs(place)
        self.spread = bool(self.rest) and not self.list_way and place.node.max_use != 1
        self.once = not (self.list_way or self.many or self.spread) and (
            place.node.max_use != 1 or bool(place.qualifiers)
        )
        self._spare(place, own)
        self.fill: Fill = self._quickest()

    def _quickest(self) -> Fill:
        """What this place needs and no more."""
        parts = {way for _, way, _, _ in self.steps}
        if self.rare or self.kept or self.spread:
            return self._full
        if not (self.list_way or self.coded or self.pairs or self.rest):
            return _plain(self, *parts) if len(parts) == 1 else self._full
        pairs = {way for way, _, pair, _, _ in self.pairs.values() if pair.parse is None}
        text = all(pair.parse is None for _, _, pair, _, _ in self.pairs.values())
        nested = [way for way in (*parts, *(each[1] for each in self.coded)) if way]
        return (
            _item(self, *pairs) if len(self.list_way) == 1 and text and len(pairs) <= 1 and not nested else self._full
        )

    def _pairs(self, place: Place) -> None:
        self.first_pair = place.node.segment.pairs
        self.after_pairs = place.node.segment.after_pairs if self.first_pair else 0
        self.pairs: dict[str, Hit] = {}
        self.rest: tuple[Way, str, Pair] | None = None
        for pair in place.pairs:
            if pair.echo:
                continue
            if not pair.qualifiers:
                self.rest = (_way(pair.name), _last(pair.name), pair)
            way, spelled = _way(pair.name), pair.name if len(pair.qualifiers) > 1 else ""
            for rank, code in enumerate(pair.qualifiers):
                self.pairs[code] = (way, _last(pair.name), pair, rank, spelled)

    def _spare(self, place: Place, own: list[Rule]) -> None:
        """The elements that no row asks for; what a writer fills in by itself is no news either."""
        asked = {rule.element for rule in own} | {position for position, _ in place.qualifiers}
        asked |= {fixed.element for fixed in (*place.constants, *place.defaults, *place.computed)}
        asked |= set(place.node.segment.levels)
        last = len(place.node.segment.elements)
        if self.pairs or self.rest:
            asked |= set(range(self.first_pair, self.after_pairs))
        self.spare = tuple(position for position in range(1, last + 1) if position not in asked)
        self.first_spare = self.spare[0] if self.spare else last + 1

    # -- taking -------------------------------------------------------------------------------------------------------

    def _full(self, state: State, elements: Elements, index: int, word: str) -> None:
        count = len(elements)
        item = self.open(state) if self.list_way else state.items[self.scope]
        if self.spread:
            self._agree(state, elements, index)
        try:
            for element, way, key, parse in self.steps:
                if element >= count:
                    break
                if value := elements[element]:
                    (reach(item, way) if way else item)[key] = parse(value) if parse else value
        except ValueError:
            self.carefully(state, item, elements, index)
        for coded in self.coded:
            if coded[0] < count and (value := elements[coded[0]]):
                _word(state, item, coded, value, index)
        if self.first_pair and count > self.first_pair:
            self.take_pairs(state, item, elements, index)
        if self.rare or word:
            self._take_rare(state, item, elements, index, word)
        if count > self.first_spare:
            self.over(state, elements, index)

    def _agree(self, state: State, elements: Elements, index: int) -> None:
        """Segments that share their pairs must say the same of them; one that does not is told."""
        serial = state.serial[self.place.node.parent.index] if self.place.node.parent is not None else 0
        first, _, others = state.marks.setdefault(self, (serial, index, elements))
        if first != serial:
            state.marks[self] = (serial, index, elements)
            return
        for rule in self.place.rules:
            at = rule.element
            told, before = (each[at] if at < len(each) else "" for each in (elements, others))
            if told != before:
                state.findings.append((rule, told, f'stands where the segment before says "{before}"', index))

    def open(self, state: State) -> Item:
        """A new item of this place's list, in the current item of the scope around."""
        around, way = state.items[self.outer], self.list_way
        if len(way) > 1:
            around = reach(around, way[:-1])
        item: Item = {}
        state.items[self.scope] = item
        around.setdefault(way[-1], []).append(item)
        return item

    def carefully(self, state: State, item: Item, elements: Elements, index: int) -> None:
        """The plain rules again, leaving out the values that are wrong."""
        for element, way, key, parse in self.steps:
            value = elements[element] if element < len(elements) else ""
            if value and parse is not None:
                try:
                    reach(item, way)[key] = parse(value)
                except ValueError as error:
                    rule = next(each for each in self.place.rules if each.element == element and not each.echo)
                    state.findings.append((rule, value, str(error), index))
            elif value:
                reach(item, way)[key] = value

    def over(self, state: State, elements: Elements, index: int) -> None:
        """Note the elements that are there and that no row asks for."""
        for element in self.spare:
            if element >= len(elements):
                break
            if elements[element]:
                state.spare.setdefault((self, element), []).append(index)

    def take_pairs(self, state: State, item: Item, elements: Elements, index: int) -> None:
        """Qualifiers and values, also what no row asks for and what stands twice."""
        pairs, kept = self.pairs, item.get("kept") or {}
        target = item
        here: Way = ()
        for at in range(self.first_pair, min(self.after_pairs, len(elements)) - 1, 2):
            value = elements[at + 1]
            if not value:
                continue
            hit = pairs.get(qualifier := elements[at])
            if hit is None:
                self._take_rest(state, item, qualifier, value, at, index)
                continue
            way, key, pair, _, spelled = hit
            if way is not here:
                target, here = reach(item, way), way
            if key in target:
                self._second_pair(state, item, (target, hit, kept), (qualifier, value), at, index)
                continue
            target[key] = value if pair.parse is None else _parsed(state, pair, value, index)
            if spelled:
                kept[spelled] = qualifier
        if kept:
            item["kept"] = kept

    def _second_pair(
        self,
        state: State,
        item: Item,
        holder: tuple[Item, Hit, dict[str, str]],
        found: tuple[str, str],
        at: int,
        index: int,
    ) -> None:
        """Two pairs for one field: the preferred qualifier stays, the other one is left over."""
        target, (_, key, pair, rank, _), kept = holder
        qualifier, value = found
        held = kept.get(pair.name, qualifier)
        if rank < pair.qualifiers.index(held):
            kept[pair.name] = qualifier
            value, target[key] = str(target[key]), _parsed(state, pair, value, index)
            qualifier = held
        self._take_rest(state, item, qualifier, value, at, index)

    def _take_rest(self, state: State, item: Item, qualifier: str, value: str, at: int, index: int) -> None:
        if self.rest is None or not qualifier:
            state.spare.setdefault((self, at + 1), []).append(index)
            return
        way, key, pair = self.rest
        assert pair.parts is not None
        parsed = _parsed(state, pair, value, index)
        if parsed is not None:
            reach(item, way).setdefault(key, []).append({pair.parts[0]: qualifier, pair.parts[1]: parsed})

    def _take_rare(self, state: State, item: Item, elements: Elements, index: int, word: str) -> None:
        """Components, fields that hold every occurrence, and the qualifier beside each value that stood behind it."""
        for element, name in self.kept if word else ():
            if element < len(elements) and elements[element]:
                item.setdefault("kept", {})[name] = word
        for rule, coded in self.composed:
            whole = elements[rule.element] if rule.element < len(elements) else ""
            parts = whole.split(state.component) if state.component else [whole]
            text = parts[rule.component - 1] if rule.component <= len(parts) else ""
            if text and coded is not None:
                _word(state, item, coded, text, index)
            elif text:
                reach(item, _way(rule.name))[_last(rule.name)] = _parsed(state, rule, text, index)
        for element, way, key, rule in self.many:
            if element < len(elements) and elements[element]:
                value = _parsed(state, rule, elements[element], index)
                reach(item, way).setdefault(key, []).append(value)

    def drop(self, state: State) -> None:
        """Forget what this place took: a preferred alternative came later."""
        item = state.items[self.scope]
        for rule in self.place.rules:
            reach(item, _way(rule.name)).pop(_last(rule.name), None)
            item.get("kept", {}).pop(rule.name, None)


def _plain(target: Target, way: Way) -> Fill:
    """Rules over one part of the item and nothing else; what a segment says is remembered."""
    scope, first_spare, memory, steps = target.scope, target.first_spare, dict[bytes | None, Item](), target.steps

    def fill(state: State, elements: Elements, index: int, word: str) -> None:  # noqa: ARG001
        part, count = state.items[scope], len(elements)
        said = memory.get(key := state.keys[index])
        if said is None:
            try:
                said = {
                    name: parse(value) if parse else value
                    for element, _, name, parse in steps
                    if element < count and (value := elements[element])
                }
            except ValueError:
                target.carefully(state, part, elements, index)
            else:
                if key is not None and key.isascii() and len(memory) < MEMORY:
                    memory[key] = said
        if said:
            for step in way:
                part = part.setdefault(step, {})
            part.update(said)
        if count > first_spare:
            target.over(state, elements, index)

    return fill


def _item(target: Target, way: Way = ()) -> Fill:
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
        kept = paired(state, item, elements, index) if count > first else {}
        for element, key, name, words, rule in coded:
            if element < count and (value := elements[element]):
                ours, shared = words.get(value, NO_HIT)
                if shared:
                    kept[name] = value
                if ours:
                    item[key] = ours
                else:
                    _word(state, item, rule, value, index)
        if kept:
            item["kept"] = kept
        if count > first_spare:
            target.over(state, elements, index)

    paired = _paired(target, way)
    return fill


def _paired(target: Target, way: Way) -> Callable[[State, Item, Elements, int], dict[str, str]]:
    """Pairs of text that all go to one part of a new item; returns the qualifiers to keep."""
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
                found: dict[str, str] = item.get("kept", {})
                return found
            part[key] = value
            if spelled:
                kept[spelled] = elements[at]
        if part:
            reach(item, way).update(part)
        return kept

    return fill


def _word(state: State, item: Item, coded: Coded, word: str, index: int) -> None:
    """Put our word for theirs; theirs is kept where others mean the same, and told where no table has it."""
    _, way, key, rule, words = coded
    ours, shared = words.get(word, NO_HIT)
    if not ours:
        state.findings.append((rule, word, "", index))
    elif shared:
        item.setdefault("kept", {})[rule.name] = word
    (reach(item, way) if way else item)[key] = ours or word


def _parsed(state: State, row: Rule | Pair, value: str, index: int) -> object:
    if row.parse is None:
        return value
    try:
        return row.parse(value)
    except ValueError as error:
        state.findings.append((row, value, str(error), index))
        return None


def reach(item: Item, way: Way) -> Item:
    """The part of an item that a way leads to, made where it is not there yet."""
    for step in way:
        item = item.setdefault(step, {})
    return item


def _steps(rules: list[Rule]) -> tuple[Step, ...]:
    """The rules in the order of their elements: a short segment ends the loop."""
    ordered = sorted(rules, key=lambda each: each.element)
    return tuple((rule.element, _way(rule.name), _last(rule.name), rule.parse) for rule in ordered)


def _coded(rule: Rule) -> Coded:
    words = rule.words or {}
    meanings = Counter(words.values())
    told = {word: (ours, word if meanings[ours] > 1 else "") for word, ours in words.items()}
    return rule.element, _way(rule.name), _last(rule.name), rule, told


def _way(name: str) -> Way:
    return tuple(name.split(".")[:-1])


def _last(name: str) -> str:
    return name.rpartition(".")[2]
