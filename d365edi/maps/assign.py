"""How a place takes a segment: its rules fill the current item of its scope, a list's place opens a new item first.

What a place never needs is decided when it is built: most places go one of the quick ways of `fills`, the rest the way here,
which knows everything: code words, pairs, components, kept qualifiers and lists.

Knows: compiled places and how items are filled. Does not know: how a place was chosen, tables, what becomes of
findings.
"""

from __future__ import annotations

from collections import Counter

from d365edi.maps import fills
from d365edi.maps.mapping_tree import MappingNode, Pair, Rule
from d365edi.maps.run_state import Coded, Elements, Fill, Hit, Item, State, Step, Way, put_word, reach


class Target:
    """A place made ready for reading; compared by identity. `once`: it takes one segment for each time its loop is
    opened."""

    def __init__(self, place: MappingNode, number: int, scope: int, outer: int) -> None:
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
        if not (self.list_way or self.rare or self.pairs or self.rest):
            return fills.remembered(self)
        text = all(pair.parse is None for _, _, pair, _, _ in self.pairs.values())
        pairs = {way for way, _, _, _, _ in self.pairs.values()}
        nested = any(each[1] for each in (*self.steps, *self.coded))
        if self.rare or self.kept or nested or len(pairs) > 1 or not text:
            return self.full
        if not (self.list_way or self.place.rules):
            return fills.added_pairs(self, *pairs)
        return fills.new_item(self, *pairs) if len(self.list_way) == 1 else self.full

    def _pairs(self, place: MappingNode) -> None:
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

    def _spare(self, place: MappingNode, own: list[Rule]) -> None:
        """The elements that no row asks for; what a writer fills in by itself is no news either."""
        asked = {rule.element for rule in own} | {position for position, _ in place.qualifiers}
        asked |= {fixed.element for fixed in (*place.constants, *place.defaults, *place.computed)}
        asked |= set(place.node.segment.levels)
        last = len(place.node.segment.elements)
        if self.pairs or self.rest:
            asked |= set(range(self.first_pair, self.after_pairs))
        spare = [position for position in range(1, last + 1) if position not in asked]
        self.first_spare = spare[0] if spare else last + 1
        self.spare = tuple(tuple(each for each in spare if each < count) for count in range(last + 2))
        """They, by how many elements a segment has, its id counted."""

    # -- taking -------------------------------------------------------------------------------------------------------

    def full(self, state: State, elements: Elements, index: int, word: str) -> None:
        """Take a segment, whatever this place asks for."""
        item = self.open(state) if self.list_way else state.items[self.scope]
        if self.spread and self.place.rules:
            self._agree(state, elements, index)
        self.say(state, item, elements, index, word)
        self.note(state, elements, index)

    def say(self, state: State, item: Item, elements: Elements, index: int, word: str) -> None:
        """Put what a segment says into an item."""
        count = len(elements)
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
                put_word(state, item, coded, value, index)
        if self.first_pair and count > self.first_pair:
            self.take_pairs(state, item, elements, index)
        if word:
            for element, name in self.kept:
                if element < count and elements[element]:
                    item.setdefault("kept", {})[name] = word
        if self.rare:
            self._take_rare(state, item, elements, index)

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

    def over(self, elements: Elements) -> list[int]:
        """The elements that are there and that no row asks for."""
        spare = self.spare[min(len(elements), len(self.spare) - 1)]
        return [element for element in spare if elements[element]]

    def note(self, state: State, elements: Elements, index: int) -> None:
        """Note them."""
        if len(elements) > self.first_spare:
            for element in self.over(elements):
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

    def _take_rare(self, state: State, item: Item, elements: Elements, index: int) -> None:
        """Components, and fields that hold every occurrence."""
        for rule, coded in self.composed:
            whole = elements[rule.element] if rule.element < len(elements) else ""
            parts = whole.split(state.component) if state.component else [whole]
            text = parts[rule.component - 1] if rule.component <= len(parts) else ""
            if text and coded is not None:
                put_word(state, item, coded, text, index)
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


def _parsed(state: State, row: Rule | Pair, value: str, index: int) -> object:
    if row.parse is None:
        return value
    try:
        return row.parse(value)
    except ValueError as error:
        state.findings.append((row, value, str(error), index))
        return None


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
