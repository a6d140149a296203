"""What a place does when its segment passes by: choose by qualifiers, take the elements.

A `Branch` stands for one node of the guide inside one place of its loop. It asks the qualifiers for a `Slot`, a slot
leads to a `Target`, and a target's rules fill the current item of its scope. A place that is not a list takes one segment:
of two alternatives the preferred one, else the first; what is left over goes to the list at the same node, if the map
has one.

Knows: compiled places and how items are filled. Does not know: tables, the order of segments, what becomes of
findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from d365edi.maps.place import Pair, Place, Rule
from d365edi.maps.spelling import Parse

Item = dict[str, Any]
Elements = list[str]
Coded = tuple[int, tuple[str, ...], str, Rule, frozenset[str]]
"""A rule with a code table: element, way to the field, its name, the rule, and the words that share their meaning."""


class State:
    """One reading under way: the open places by node, the current item of each scope, and what was not asked for."""

    __slots__ = ("active", "component", "findings", "items", "left", "marks", "passed", "spare")

    def __init__(self, root: Target, scopes: int, nodes: int, component: str) -> None:
        self.active: list[Target] = [NOWHERE] * nodes
        self.active[0] = root
        self.marks: list[dict[Target, tuple[int, int, Elements]]] = [{}] * nodes
        self.marks[0] = {}
        self.items: list[Item] = [{} for _ in range(scopes)]
        self.component = component
        self.passed: list[int] = []
        self.left: list[int] = []
        self.spare: dict[tuple[Target, int], list[int]] = {}
        self.findings: list[tuple[Rule | Pair, str, str, int]] = []


class Target:
    """A place made ready for reading. Compared by identity."""

    __slots__ = (
        "branches",
        "coded",
        "component_rules",
        "first_pair",
        "first_spare",
        "groups",
        "kept",
        "list_way",
        "many",
        "once",
        "outer",
        "pairs",
        "place",
        "rare",
        "rest",
        "scope",
        "second",
        "spare",
    )

    def __init__(self, place: Place, scope: int, outer: int) -> None:
        own = [rule for rule in place.rules if not rule.echo]
        self.place = place
        self.scope = scope
        self.outer = outer
        self.branches: dict[int, Branch] = {}
        self.second: Target | None = None
        self.list_way = tuple(place.list_field.split(".")) if place.list_field else ()
        plain = [rule for rule in own if not rule.component and not rule.many and rule.words is None]
        self.groups = _grouped(plain)
        self.coded: tuple[Coded, ...] = tuple(
            _coded(rule) for rule in own if rule.words is not None and not rule.component and not rule.many
        )
        self.component_rules = tuple(
            (rule, _coded(rule) if rule.words is not None else None) for rule in own if rule.component
        )
        self.many = tuple((rule.element, _way(rule.name), _last(rule.name), rule) for rule in own if rule.many)
        self.rare = bool(self.many or self.component_rules)
        alternatives = any(len(codes) > 1 for _, codes in place.qualifiers)
        self.kept = tuple((rule.element, rule.name) for rule in own) if alternatives else ()
        self.once = not self.list_way and not self.many and (place.node.max_use != 1 or bool(place.qualifiers))
        self._pairs(place)
        self._spare(place, own)

    def _pairs(self, place: Place) -> None:
        self.first_pair = place.node.segment.pairs
        self.pairs: dict[str, tuple[tuple[str, ...], str, Pair, int]] = {}
        self.rest: tuple[tuple[str, ...], str, Pair] | None = None
        for pair in place.pairs:
            if pair.echo:
                continue
            if not pair.qualifiers:
                self.rest = (_way(pair.name), _last(pair.name), pair)
            for rank, code in enumerate(pair.qualifiers):
                self.pairs[code] = (_way(pair.name), _last(pair.name), pair, rank)

    def _spare(self, place: Place, own: list[Rule]) -> None:
        """The elements that no row asks for; what a writer fills in by itself is no news either."""
        asked = {rule.element for rule in own} | {position for position, _ in place.qualifiers}
        asked |= {fixed.element for fixed in (*place.constants, *place.defaults, *place.computed)}
        last = len(place.node.segment.elements)
        if self.pairs or self.rest:
            asked |= set(range(self.first_pair, last + 1))
        self.spare = tuple(position for position in range(1, last + 1) if position not in asked)
        self.first_spare = self.spare[0] if self.spare else last + 1

    # -- taking -------------------------------------------------------------------------------------------------------

    def take(self, state: State, elements: Elements, index: int, word: str) -> None:
        """Fill the current item from one segment; a list's place opens a new one first."""
        item, count = self._open(state), len(elements)
        try:
            for way, rules in self.groups:
                target = item if not way else _reach(item, way)
                for element, key, parse in rules:
                    if element < count and (value := elements[element]):
                        target[key] = value if parse is None else parse(value)
        except ValueError:
            self._carefully(state, item, elements, index)
        if self.coded:
            self._words(state, item, elements, index)
        if self.first_pair and count > self.first_pair:
            self._take_pairs(state, item, elements, index)
        if self.rare:
            self._take_rare(state, item, elements, index)
        if word and self.kept:
            self._keep(item, elements, word)
        if count > self.first_spare:
            for element in self.spare:
                if element < count and elements[element]:
                    state.spare.setdefault((self, element), []).append(index)

    def _keep(self, item: Item, elements: Elements, word: str) -> None:
        """Remember the qualifier beside each value that stood behind it."""
        for element, name in self.kept:
            if element < len(elements) and elements[element]:
                item.setdefault("kept", {})[name] = word

    def _open(self, state: State) -> Item:
        """The item that this segment fills: of a list's place a new one, else the current one of its scope."""
        if not self.list_way:
            return state.items[self.scope]
        item: Item = {}
        _reach(state.items[self.outer], self.list_way[:-1]).setdefault(self.list_way[-1], []).append(item)
        state.items[self.scope] = item
        return item

    def _carefully(self, state: State, item: Item, elements: Elements, index: int) -> None:
        """The same rules again, leaving out the values that are wrong."""
        for way, rules in self.groups:
            target = _reach(item, way)
            for element, key, parse in rules:
                value = elements[element] if element < len(elements) else ""
                if value and parse is not None:
                    try:
                        target[key] = parse(value)
                    except ValueError as error:
                        state.findings.append((self._rule(element), value, str(error), index))
                elif value:
                    target[key] = value

    def _rule(self, element: int) -> Rule:
        return next(rule for rule in self.place.rules if rule.element == element and not rule.echo)

    def _words(self, state: State, item: Item, elements: Elements, index: int) -> None:
        for coded in self.coded:
            word = elements[coded[0]] if coded[0] < len(elements) else ""
            if word:
                self._word(state, item, coded, word, index)

    @staticmethod
    def _word(state: State, item: Item, coded: Coded, word: str, index: int) -> None:
        """Put our word for theirs; theirs is kept where others mean the same, and told where no table has it."""
        _, way, key, rule, doubtful = coded
        assert rule.words is not None
        ours = rule.words.get(word)
        if ours is None:
            state.findings.append((rule, word, "", index))
            ours = word
        elif word in doubtful:
            item.setdefault("kept", {})[rule.name] = word
        _reach(item, way)[key] = ours

    def _take_pairs(self, state: State, item: Item, elements: Elements, index: int) -> None:
        pairs = self.pairs
        for at in range(self.first_pair, len(elements) - 1, 2):
            qualifier, value = elements[at], elements[at + 1]
            if not value:
                continue
            hit = pairs.get(qualifier)
            if hit is None:
                self._take_rest(state, item, qualifier, value, at, index)
                continue
            way, key, pair, _ = hit
            target = item if not way else _reach(item, way)
            if key not in target:
                target[key] = self._parsed(state, pair, value, index)
                if len(pair.qualifiers) > 1:
                    item.setdefault("kept", {})[pair.name] = qualifier
            else:
                self._second_pair(state, item, target, hit, qualifier, value, at, index)

    def _second_pair(
        self,
        state: State,
        item: Item,
        target: Item,
        hit: tuple[tuple[str, ...], str, Pair, int],
        qualifier: str,
        value: str,
        at: int,
        index: int,
    ) -> None:
        """Two pairs for one field: the preferred qualifier stays, the other one is left over."""
        _, key, pair, rank = hit
        held = item.get("kept", {}).get(pair.name, qualifier)
        if rank < pair.qualifiers.index(held):
            qualifier, held = held, qualifier
            value, target[key] = str(target[key]), self._parsed(state, pair, value, index)
            item["kept"][pair.name] = held
        self._take_rest(state, item, qualifier, value, at, index)

    def _take_rest(self, state: State, item: Item, qualifier: str, value: str, at: int, index: int) -> None:
        if self.rest is None or not qualifier:
            state.spare.setdefault((self, at + 1), []).append(index)
            return
        way, key, pair = self.rest
        assert pair.parts is not None
        parsed = self._parsed(state, pair, value, index)
        if parsed is not None:
            _reach(item, way).setdefault(key, []).append({pair.parts[0]: qualifier, pair.parts[1]: parsed})

    def _parsed(self, state: State, row: Rule | Pair, value: str, index: int) -> object:
        if row.parse is None:
            return value
        try:
            return row.parse(value)
        except ValueError as error:
            state.findings.append((row, value, str(error), index))
            return None

    def _take_rare(self, state: State, item: Item, elements: Elements, index: int) -> None:
        """Components, and fields that hold every occurrence."""
        for rule, coded in self.component_rules:
            whole = elements[rule.element] if rule.element < len(elements) else ""
            parts = whole.split(state.component) if state.component else [whole]
            text = parts[rule.component - 1] if rule.component <= len(parts) else ""
            if text and coded is not None:
                self._word(state, item, coded, text, index)
            elif text:
                _reach(item, _way(rule.name))[_last(rule.name)] = self._parsed(state, rule, text, index)
        for element, way, key, rule in self.many:
            if element < len(elements) and elements[element]:
                value = self._parsed(state, rule, elements[element], index)
                _reach(item, way).setdefault(key, []).append(value)

    def drop(self, state: State) -> None:
        """Forget what this place took: a preferred alternative came later."""
        item = state.items[self.scope]
        for rule in self.place.rules:
            _reach(item, _way(rule.name)).pop(_last(rule.name), None)
            item.get("kept", {}).pop(rule.name, None)


NOWHERE = Target.__new__(Target)
"""The place of a loop that no row asks for: whatever stands inside is passed by."""
NOWHERE.branches = {}


class Slot:
    """Where a combination of qualifiers leads: the target, its rank among alternatives (0 is preferred) and the codes
    to keep."""

    __slots__ = ("rank", "target", "word")

    def __init__(self, target: Target, rank: int, word: str) -> None:
        self.target = target
        self.rank = rank
        self.word = word


class Branch:
    """One node inside one place: chooses a slot by the segment's qualifiers."""

    __slots__ = ("at", "compound", "has_components", "index", "loop", "parent", "plain", "rest", "simple")

    def __init__(self, place: Place) -> None:
        node = place.node
        assert node.parent is not None
        self.index = node.index
        self.parent = node.parent.index
        self.loop = node.loop
        self.at = 0
        self.simple: dict[str, Slot] = {}
        self.compound: list[tuple[tuple[int, ...], dict[tuple[str, ...], Slot]]] = []
        self.plain: Slot | None = None
        self.rest: Slot | None = None
        self.has_components = False

    def add(self, place: Place, target: Target) -> None:
        """Let a place's combinations of codes lead to its target."""
        if place.list_field and not place.qualifiers:
            self.rest = Slot(target, 0, "")
            return
        if not place.qualifiers:
            self.plain = _behind(self.plain, Slot(target, 0, ""), place.occurrence)
            return
        positions = tuple(position for position, _ in place.qualifiers)
        self.has_components = bool(place.node.segment.elements[positions[0] - 1].components)
        for rank, codes in enumerate(place.combinations()):
            slot = Slot(target, rank, ",".join(codes))
            if len(positions) == 1:
                self.at = positions[0]
                self.simple[codes[0]] = _behind(self.simple.get(codes[0]), slot, place.occurrence)
            else:
                table = next((table for at, table in self.compound if at == positions), None)
                if table is None:
                    table = {}
                    self.compound.append((positions, table))
                    self.compound.sort(key=lambda each: -len(each[0]))
                table[codes] = _behind(table.get(codes), slot, place.occurrence)

    def _slot(self, state: State, elements: Elements) -> Slot | None:
        for positions, table in self.compound:
            found = table.get(tuple(elements[at] if at < len(elements) else "" for at in positions))
            if found is not None:
                return found
        if self.at and self.at < len(elements):
            code = elements[self.at]
            if self.has_components and state.component:
                code = code.partition(state.component)[0]
            found = self.simple.get(code)
            if found is not None:
                return found
        return self.plain

    def take(self, state: State, elements: Elements, index: int) -> None:
        """Lead one segment to its target; one that has no place is left over."""
        slot = self._slot(state, elements) if self.at or self.compound else self.plain
        if slot is not None and slot.target.once:
            slot = self._once(state, slot, elements, index)
        if slot is None:
            slot = self.rest
            if slot is None:
                state.left.append(index)
                if self.loop:
                    state.active[self.index] = NOWHERE
                return
        target = slot.target
        if self.loop:
            state.active[self.index] = target
            state.marks[self.index] = {}
        target.take(state, elements, index, slot.word)

    def _once(self, state: State, slot: Slot, elements: Elements, index: int) -> Slot | None:
        """The slot, if its place is still free: a further occurrence goes on to the next one; a better alternative
        takes it over."""
        marks = state.marks[self.parent]
        held = marks.get(slot.target)
        while held is not None and slot.target.second is not None:
            slot = Slot(slot.target.second, 0, slot.word)
            held = marks.get(slot.target)
        if held is None:
            marks[slot.target] = (slot.rank, index, elements)
            return slot
        if slot.rank >= held[0] or self.loop:
            return None
        marks[slot.target] = (slot.rank, index, elements)
        slot.target.drop(state)
        if self.rest is not None:
            self.rest.target.take(state, held[2], held[1], "")
        else:
            state.left.append(held[1])
        return slot


def grow(root: Place) -> tuple[Target, int]:
    """The targets of all places, root first, and how many scopes they fill."""
    count = 1

    def dress(place: Place, scope: int) -> Target:
        nonlocal count
        outer = scope
        if place.list_field:
            scope, count = count, count + 1
        target = Target(place, scope, outer)
        for inner in place.places:
            branch = target.branches.get(inner.node.index)
            if branch is None:
                branch = target.branches[inner.node.index] = Branch(inner)
            branch.add(inner, dress(inner, scope))
        return target

    return dress(root, 0), count


def _behind(first: Slot | None, slot: Slot, occurrence: int) -> Slot:
    """Occurrences form a chain: the second stands behind the first, whichever row came first in the table."""
    if occurrence <= 1 and first is None:
        return slot
    if first is None:
        first = Slot(_blank(slot.target), slot.rank, slot.word)
    at = first.target
    for _ in range(occurrence - 2):
        at.second = at.second or _blank(slot.target)
        at = at.second
    if occurrence > 1:
        at.second = slot.target
        return first
    slot.target.second = first.target.second
    return slot


def _blank(like: Target) -> Target:
    """A target for an occurrence that no row names: everything in it is spare."""
    place = Place(like.place.node, like.place.parent, like.place.qualifiers, 1)
    return Target(place, like.scope, like.outer)


def _grouped(rules: list[Rule]) -> tuple[tuple[tuple[str, ...], tuple[tuple[int, str, Parse | None], ...]], ...]:
    groups: dict[tuple[str, ...], list[tuple[int, str, Parse | None]]] = {}
    for rule in rules:
        groups.setdefault(_way(rule.name), []).append((rule.element, _last(rule.name), rule.parse))
    return tuple((way, tuple(each)) for way, each in groups.items())


def _doubtful(words: Mapping[str, str]) -> frozenset[str]:
    """Words that share their meaning with another one: which one was said must be kept."""
    meanings = list(words.values())
    return frozenset(word for word, ours in words.items() if meanings.count(ours) > 1)


def _coded(rule: Rule) -> Coded:
    return rule.element, _way(rule.name), _last(rule.name), rule, _doubtful(rule.words or {})


def _way(name: str) -> tuple[str, ...]:
    return tuple(name.split(".")[:-1])


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _reach(item: Item, way: tuple[str, ...]) -> Item:
    for step in way:
        item = item.setdefault(step, {})
    return item
