"""What a mapping node does with a segment that was selected for it: it puts values into an item of its list.

A node's work is a tuple of steps, of which it has only those that it needs: values of elements, values of components, words
of a code table, qualifier/value pairs, fields that hold many values, and qualifiers to keep. The last step notes what no row
asked for.

Knows: mapping nodes, rows, how items are filled. Does not know: how a node was selected, tables, what becomes of findings.
"""

from d365edi.edi import release
from d365edi.maps import address, value_steps
from d365edi.maps.address import Address
from d365edi.maps.mapping_tree import Fixed, MappingNode, Pair, Rule
from d365edi.maps.notation import Notation, Plain
from d365edi.maps.run_state import Item, Row, RunState, Way, reach
from d365edi.maps.value_steps import FieldAt, Step, Words, key_of, way_of

NEVER = 1 << 30
"""More elements than a segment has."""
Hit = tuple[Way, str, Pair, int, str]
"""Where a pair's value goes: way to the field, its name, the row, the rank of the qualifier, and the name to keep it
under."""


class Assignment:
    """A mapping node made ready for reading; compared by identity. `once`: it takes one segment for each time its loop is
    opened. `scope` is where the current item of its list is kept, `outer` that of the list around it."""

    def __init__(self, node: MappingNode, notation: Notation, number: int, scope: int, outer: int) -> None:
        own = [rule for rule in node.rules if not rule.echo]
        self.node, self.notation = node, notation
        self.number, self.scope, self.outer = number, scope, outer
        self.segment = node.node.segment
        self.second: Assignment | None = None
        self.list_way: Way = tuple(node.list_field.split(".")) if node.list_field else ()
        self.list_around = self.list_way[:-1]
        self.values = sorted(
            (each for each in own if each.words is None and not each.many), key=lambda each: each.element
        )
        self.words = [(each, value_steps.words_of(each)) for each in own if each.words is not None and not each.many]
        self.many = [each for each in own if each.many]
        self.alternatives = any(len(codes) > 1 for _, codes in node.qualifiers)
        self.kept = [each for each in own if each.words is None] if self.alternatives else []
        self.composites = {each.element for each in own if each.component or notation.composite}
        """The elements that are split."""
        self.normalisers = {
            each.position: normalise for each in self.segment.elements if (normalise := notation.normalise(each))
        }
        self._pairs()
        self.spread = self.rest is not None and not self.list_way and node.node.max_use != 1
        self.once = not (self.list_way or self.many or self.spread) and (
            node.node.max_use != 1 or bool(node.qualifiers)
        )
        self.unasked = self._unasked(own)
        self.noted_from = self.unasked[0][0] if self.unasked and not notation.composite else NEVER
        """Segments with more elements than this may say what no row asks for."""
        self.steps = tuple(self._steps())

    def _pairs(self) -> None:
        self.pairs = address.pairs(self.segment) if any(not pair.echo for pair in self.node.pairs) else None
        self.hits: dict[str, Hit] = {}
        self.rest: Pair | None = None
        for pair in self.node.pairs:
            if pair.echo:
                continue
            if not pair.qualifiers:
                self.rest = pair
            spelled = pair.name if len(pair.qualifiers) > 1 else ""
            for rank, code in enumerate(pair.qualifiers):
                self.hits[code] = (way_of(pair.name), key_of(pair.name), pair, rank, spelled)

    def _unasked(self, own: list[Rule]) -> list[Address]:
        """The addresses that no row asks for; what a writer fills in by itself is no news either."""
        node, every = self.node, self.notation.composite
        rows: list[Rule | Fixed] = [*own, *node.constants, *node.defaults, *node.computed]
        asked = {(each.element, each.component if every or self._parted(each.element) else 0) for each in rows}
        asked |= {(at, 1 if self._parted(at) else 0) for at, _ in node.qualifiers}
        asked |= {(at, 0) for at in self.segment.levels}
        if self.pairs is not None:
            for at in range(self.pairs.first, self.pairs.after):
                asked |= {(at, 1), (at, 2)} if self.pairs.composite else {(at, 0)}
        return [each for each in self.notation.addresses(self.segment) if each not in asked]

    def _parted(self, element: int) -> bool:
        return bool(self.segment.elements[element - 1].components)

    # -- steps --------------------------------------------------------------------------------------------------------
    def _steps(self) -> list[Step]:
        """The work, in its order. Qualifiers that pairs keep stand before words that are kept, where an item is plain."""
        steps = list[Step]()
        if self.spread and self.node.rules:
            steps.append(self.agree)
        whole = [rule for rule in self.values if rule.element not in self.composites]
        values = [value_steps.elements(whole, self.carefully)] if whole else []
        if self.composites or self.notation.composite:
            values.append(self._components())
        early = list[tuple[Rule, Words]]()
        unsaid = {(fixed.element, fixed.component): fixed.value for fixed in self.node.unsaid}
        pairs: list[Step] = [self.take_pairs] if self.pairs is not None else []
        if self.notation.composite:
            steps += [*pairs, *values]
        elif self.list_way and not self.composites and not any("." in each.name for each in self.node.rules):
            steps += [*values, *pairs]
        else:
            early = [each for each in self.words if not each[0].component]
            steps += [*values, *value_steps.coded(early, self.parts, unsaid, composite=self.notation.composite), *pairs]
        late = [each for each in self.words if each not in early]
        steps += value_steps.coded(late, self.parts, unsaid, composite=self.notation.composite)
        if self.kept:
            steps.append(self.keep)
        if self.many:
            steps.append(self.take_many)
        return steps

    def take(self, state: RunState, row: Row, index: int, code: str) -> None:
        """Take a segment. `code` are its qualifiers, where there are several to choose from."""
        item = self.open(state) if self.list_way else state.items[self.scope]
        for step in self.steps:
            step(state, item, row, index, code)
        if len(row) > self.noted_from:
            self.note(state, row, index)

    def open(self, state: RunState) -> Item:
        """A new item of this node's list, in the current item of the scope around."""
        around, key = state.items[self.outer], self.list_way[-1]
        if self.list_around:
            around = reach(around, self.list_around)
        item: Item = {}
        state.items[self.scope] = item
        if (items := around.get(key)) is None:
            around[key] = [item]
        else:
            items.append(item)
        return item

    def _components(self) -> Step:
        """The values of composites, each split once; where every element is one, also what no row asks for."""
        ways: dict[Way, dict[int, list[FieldAt]]] = {}
        for rule in self.values:
            if rule.element in self.composites:
                elements = ways.setdefault(way_of(rule.name), {})
                elements.setdefault(rule.element, []).append((_index(rule.component), key_of(rule.name), rule.parse))
        asked = {element for elements in ways.values() for element in elements}
        unasked: dict[int, list[int]] = {}
        for element, component in self.unasked if self.notation.composite else ():
            unasked.setdefault(element, []).append(_index(component))
        for element in unasked:
            if element not in asked:
                ways.setdefault((), {})[element] = []
        plan = [
            (
                way,
                [
                    (at, self.normalisers.get(at), sorted(rules, key=_first), sorted(unasked.get(at, ())))
                    for at, rules in sorted(elements.items())
                ],
            )
            for way, elements in ways.items()
        ]
        return value_steps.composites(plan, self.carefully, self.note)

    # -- the work -----------------------------------------------------------------------------------------------------
    def text(self, state: RunState, row: Row, element: int, component: int) -> str:
        """The value at an address."""
        if element >= len(row) or not (value := row[element]):
            return ""
        if not component and not self.notation.composite:
            return value
        parts, at = self.parts(state, element, value), _index(component)
        return parts[at] if at < len(parts) else ""

    def parts(self, state: RunState, element: int, value: str) -> list[str]:
        """The components of an element as plain values."""
        parts = value.split(state.component)
        if state.released and not value.isascii():
            parts = [*map(release.data, parts)]
        normalise = self.normalisers.get(element)
        return normalise(parts) if normalise is not None and len(parts) > 1 else parts

    def agree(self, state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG002
        """Segments that share their pairs must say the same of them; one that does not is reported."""
        parent = self.node.node.parent
        opening = state.openings[parent.index] if parent is not None else 0
        first, _, other = state.held.setdefault(self.node, (opening, index, row))
        if first != opening:
            state.held[self.node] = (opening, index, row)
            return
        for rule in self.node.rules:
            said, before = (self.text(state, each, rule.element, rule.component) for each in (row, other))
            if said != before:
                state.findings.append((rule, said, f'stands where the segment before says "{before}"', index))

    def carefully(self, state: RunState, item: Item, row: Row, index: int) -> None:
        """The values again, leaving out those that are wrong."""
        for rule in self.values:
            value = self.text(state, row, rule.element, rule.component)
            if value and (parsed := _parsed(state, rule, value, index)) is not None:
                reach(item, way_of(rule.name))[key_of(rule.name)] = parsed

    def keep(self, state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG002
        """Keep the qualifiers of the values that there are."""
        for rule in self.kept if code else ():
            if self.text(state, row, rule.element, rule.component):
                item.setdefault("kept", {})[rule.name] = code

    def take_many(self, state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG002
        """Fields that hold the values of every occurrence."""
        for rule in self.many:
            value = self.text(state, row, rule.element, rule.component)
            if value:
                parsed = _parsed(state, rule, value, index)
                reach(item, way_of(rule.name)).setdefault(key_of(rule.name), []).append(parsed)

    def take_pairs(self, state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG002
        """Qualifiers and values, also what no row asks for and what stands twice."""
        assert self.pairs is not None
        if len(row) <= self.pairs.first:
            return
        hits, kept, part = self.hits, item.get("kept") or {}, item
        here: Way = ()
        found = self.pairs.of(row, state.component)
        if state.released:
            found = ((at, release.data(qualifier), release.data(value)) for at, qualifier, value in found)
        for at, qualifier, text in found:
            if not text:
                continue
            hit = hits.get(qualifier)
            if hit is None:
                self._take_rest(state, item, qualifier, text, at, index)
                continue
            way, key, pair, _, spelled = hit
            if way is not here:
                part, here = reach(item, way), way
            if key in part:
                self._second_pair(state, item, (part, hit, kept), (qualifier, text), at, index)
                continue
            part[key] = text if pair.parse is None else _parsed(state, pair, text, index)
            if spelled:
                kept[spelled] = qualifier
        if kept:
            item["kept"] = kept

    def _second_pair(
        self,
        state: RunState,
        item: Item,
        holder: tuple[Item, Hit, dict[str, str]],
        found: tuple[str, str],
        at: int,
        index: int,
    ) -> None:
        """Two pairs for one field: the preferred qualifier stays, the other one is left over."""
        part, (_, key, pair, rank, _), kept = holder
        qualifier, value = found
        held = kept.get(pair.name, qualifier)
        if rank < pair.qualifiers.index(held):
            kept[pair.name] = qualifier
            value, part[key] = str(part[key]), _parsed(state, pair, value, index)
            qualifier = held
        self._take_rest(state, item, qualifier, value, at, index)

    def _take_rest(self, state: RunState, item: Item, qualifier: str, value: str, at: int, index: int) -> None:
        """A pair that no row of its own asks for."""
        pair = self.rest
        if pair is None or not qualifier:
            component = 1 if self.pairs is not None and self.pairs.composite else 0
            state.unasked.setdefault((self.node, at, component), []).append(index)
            return
        assert pair.parts is not None
        parsed = _parsed(state, pair, value, index)
        if parsed is not None:
            first, second = pair.parts
            reach(item, way_of(pair.name)).setdefault(key_of(pair.name), []).append({first: qualifier, second: parsed})

    def note(self, state: RunState, row: Row, index: int) -> None:
        """Note the values that no row asks for."""
        count = len(row)
        for element, component in self.unasked:
            if element >= count:
                break
            if row[element] and (not component or self.text(state, row, element, component)):
                state.unasked.setdefault((self.node, element, component), []).append(index)

    def drop(self, state: RunState) -> None:
        """Forget what was taken: a preferred alternative came later."""
        item = state.items[self.scope]
        for rule in self.node.rules:
            part = item
            for step in way_of(rule.name):
                part = part.get(step, {})
            part.pop(key_of(rule.name), None)
            item.get("kept", {}).pop(rule.name, None)
            if not part and (way := way_of(rule.name)):
                item.pop(way[0], None)


class PlainAssignment(Assignment):
    """One of segments that say in several ways what a map reads in one."""

    def __init__(
        self, plain: Plain, node: MappingNode, notation: Notation, number: int, scope: int, outer: int
    ) -> None:
        super().__init__(node, notation, number, scope, outer)
        self.plain = plain

    def take(self, state: RunState, row: Row, index: int, code: str) -> None:
        """Take a segment as the one that says the same."""
        super().take(state, self.plain(row), index, code)


def assignment(node: MappingNode, notation: Notation, number: int, scope: int, outer: int) -> Assignment:
    """The assignment of a mapping node."""
    plain = notation.plain(node.node.segment)
    if plain is None:
        return Assignment(node, notation, number, scope, outer)
    return PlainAssignment(plain, node, notation, number, scope, outer)


def _parsed(state: RunState, row: Rule | Pair, value: str, index: int) -> object:
    if row.parse is None:
        return value
    try:
        return row.parse(value)
    except ValueError as error:
        state.findings.append((row, value, str(error), index))
        return None


def _first(field: FieldAt) -> int:
    return field[0]


def _index(component: int) -> int:
    """Where a component stands among all of its element; an element without any is its own."""
    return max(component, 1) - 1
