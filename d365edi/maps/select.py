"""Which place takes a segment: chosen by its qualifiers, by occurrence, and by whether the place is still free.

A `Branch` stands for one node of the guide inside one place of its loop. A place that is not a list takes one segment: of
two alternatives the preferred one, else the first; what is left over goes to the list at the same node, if the map has
one.

Knows: places and qualifiers. Does not know: what a place does with its segment, tables, the order of segments.
"""

from __future__ import annotations

from dataclasses import dataclass

from d365edi.maps import hierarchy
from d365edi.maps.assign import Target
from d365edi.maps.mapping_tree import MappingNode
from d365edi.maps.run_state import Elements, State, Take


class Slot:
    """Where a combination of qualifiers leads: the target, its rank among alternatives (0 is preferred) and the codes to
    keep."""

    __slots__ = ("rank", "target", "word")

    def __init__(self, target: Target, rank: int, word: str) -> None:
        self.target = target
        self.rank = rank
        self.word = word if target.alternatives else ""


class Branch:
    """One node inside one place.

    `inner` are the branches inside each target of a loop. Where what is inside depends on the target, the loop is `changing`,
    and `inside` says who takes which node when it opens (`nothing`: when no place takes it).
    """

    def __init__(self, place: MappingNode) -> None:
        node = place.node
        assert node.parent is not None
        self.index = node.index
        self.parent = node.parent.index
        self.loop = node.loop
        self.levels = node.segment.levels
        self.at = 0
        self.simple: dict[str, Slot] = {}
        self.compound: list[tuple[tuple[int, ...], dict[tuple[str, ...], Slot]]] = []
        self.plain: Slot | None = None
        self.rest: Slot | None = None
        self.has_components = False
        self.inner: dict[Target, dict[int, Branch]] = {}
        self.inside: dict[Target, list[tuple[int, Take | None]]] = {}
        self.nothing: list[tuple[int, Take | None]] = []
        self.changing = False

    def add(self, place: MappingNode, target: Target) -> None:
        """Let a place's combinations of codes lead to its target; occurrences come one after the other."""
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
                continue
            table = next_table(self.compound, positions)
            table[codes] = _behind(table.get(codes), slot, place.occurrence)

    def taker(self) -> Take:
        """The quickest way for this branch."""
        if self.levels:
            return hierarchy.taker(self, self.levels[0], self.levels[1])
        only = self.plain or self.rest
        if self._told_apart():
            return self._coding()
        if only is None or self.at or self.compound or self.changing:
            return self._choosing()
        if not only.target.once:
            return self._straight(only.target)
        if self.loop or self.rest is not None or only.target.second is not None:
            return self._choosing()
        return self._single(only.target)

    def _straight(self, target: Target) -> Take:
        """Every segment goes to one target."""
        fill, loop, index = target.fill, self.loop, self.index

        def take(state: State, elements: Elements, at: int) -> None:
            if loop:
                state.serial[index] += 1
            fill(state, elements, at, "")

        return take

    def _single(self, target: Target) -> Take:
        """The first segment goes to the only target, the others are left over."""
        fill, parent, number = target.fill, self.parent, target.number

        def take(state: State, elements: Elements, at: int) -> None:
            serial, taken = state.serial[parent], state.taken
            if taken[number] != serial:
                taken[number] = serial
                fill(state, elements, at, "")
            else:
                state.left.append(at)

        return take

    def _told_apart(self) -> bool:
        """Whether one code at one element decides, and nothing inside depends on it."""
        return bool(self.at) and not (self.compound or self.has_components or self.changing)

    def _coding(self) -> Take:
        """The code chooses; what finds its place taken goes to the list, if there is one."""
        position, codes, parent, plain, rest = self.at, self.simple, self.parent, self.plain, self.rest
        loop, index = self.loop, self.index

        def take(state: State, elements: Elements, at: int) -> None:
            if loop:
                state.serial[index] += 1
            slot = codes.get(elements[position], plain) if position < len(elements) else plain
            if slot is not None and (target := slot.target).once:
                number, serial = target.number, state.serial[parent]
                if state.taken[number] != serial:
                    state.taken[number] = serial
                    if target.alternatives:
                        state.marks[target] = (slot.rank, at, elements)
                else:
                    slot = self._once(state, slot, elements, at)
            slot = slot or rest
            if slot is None:
                state.left.append(at)
            else:
                slot.target.fill(state, elements, at, slot.word)

        return take

    def _choosing(self) -> Take:
        """The qualifiers choose; what finds its place taken goes to the list, if there is one."""
        asks, parent, plain, rest, loop = bool(self.at or self.compound), self.parent, self.plain, self.rest, self.loop

        def take(state: State, elements: Elements, at: int) -> None:
            slot = self.slot(state, elements) if asks else plain
            if slot is not None and (target := slot.target).once:
                if target.alternatives or target.second is not None:
                    slot = self._once(state, slot, elements, at)
                elif state.taken[target.number] != (serial := state.serial[parent]):
                    state.taken[target.number] = serial
                else:
                    slot = None
            slot = slot or rest
            if loop:
                self.open(state, slot)
            if slot is None:
                state.left.append(at)
            else:
                slot.target.fill(state, elements, at, slot.word)

        return take

    def slot(self, state: State, elements: Elements) -> Slot | None:
        """Where the qualifiers of a segment lead; None where no place asks for them."""
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

    def open(self, state: State, slot: Slot | None) -> None:
        """A loop is opened anew: what stands inside it goes to the places inside the chosen one."""
        state.serial[self.index] += 1
        if not self.changing:
            return
        for at, take in self.nothing if slot is None else self.inside[slot.target]:
            state.now[at] = take

    def _once(self, state: State, slot: Slot, elements: Elements, index: int) -> Slot | None:
        """The slot if its place is free: a further occurrence goes on to the next one; a better alternative takes it
        over."""
        serial = state.serial[self.parent]
        while state.taken[slot.target.number] == serial and slot.target.second is not None:
            slot = Slot(slot.target.second, 0, slot.word)
        target = slot.target
        free = state.taken[target.number] != serial
        held = state.marks.get(target)
        if not free and (held is None or slot.rank >= held[0] or (self.loop and target.place.places)):
            return None
        state.taken[target.number] = serial
        state.marks[target] = (slot.rank, index, elements)
        if not free and held is not None:
            target.drop(state)
            if self.rest is not None:
                self.rest.target.fill(state, held[2], held[1], "")
            else:
                state.left.append(held[1])
        return slot


def next_table(
    compound: list[tuple[tuple[int, ...], dict[tuple[str, ...], Slot]]], positions: tuple[int, ...]
) -> dict[tuple[str, ...], Slot]:
    """The table for codes at these positions; tables that ask more come first."""
    for at, table in compound:
        if at == positions:
            return table
    made: dict[tuple[str, ...], Slot] = {}
    compound.append((positions, made))
    compound.sort(key=lambda each: -len(each[0]))
    return made


def _behind(first: Slot | None, slot: Slot, occurrence: int) -> Slot:
    """Occurrences form a chain behind the first."""
    if first is None or occurrence <= 1:
        return slot
    last = first.target
    while last.second is not None:
        last = last.second
    if last is not slot.target:
        last.second = slot.target
    return first


@dataclass(frozen=True, slots=True)
class Grown:
    """Everything a reading starts from: who takes each node at first, how many scopes and targets there are."""

    now: tuple[Take | None, ...]
    scopes: int
    targets: int


def grow(root: MappingNode, nodes: int) -> Grown:
    """The takers of all places; `nodes` is how many the guide has."""
    grower = _Grower()
    top = grower.dress(root, grower.target(root, 0))
    grower.settle(top)
    now: list[Take | None] = [None] * nodes
    for index, take in grower.fresh(top).items():
        now[index] = take
    return Grown(tuple(now), grower.scopes, grower.targets)


class _Grower:
    """Builds branches, then tells each loop's branch what changes when it opens."""

    def __init__(self) -> None:
        self.scopes = 1
        self.targets = 0
        self.at: dict[int, list[Target]] = {}
        """The targets at each node, over the whole map."""

    def target(self, place: MappingNode, scope: int) -> Target:
        outer = scope
        if place.list_field:
            scope, self.scopes = self.scopes, self.scopes + 1
        self.targets += 1
        return Target(place, self.targets - 1, scope, outer)

    def dress(self, place: MappingNode, target: Target) -> dict[int, Branch]:
        """The branches inside a place, by node index."""
        found: dict[int, Branch] = {}
        for inner in sorted(place.places, key=lambda each: each.occurrence):
            if inner.node.index not in found:
                found[inner.node.index] = Branch(inner)
            branch, made = found[inner.node.index], self.target(inner, target.scope)
            branch.inner[made] = self.dress(inner, made)
            self.at.setdefault(inner.node.index, []).append(made)
            if inner.occurrence == 2 and all(each.place.occurrence != 1 for each in branch.inner):
                blank = self.target(MappingNode(inner.node, place, inner.qualifiers, 1), target.scope)
                branch.inner[blank] = {}
                branch.add(blank.place, blank)
            branch.add(inner, made)
        return found

    def settle(self, branches: dict[int, Branch]) -> None:
        """Decide which loops change what is inside them, outermost first."""
        for branch in branches.values():
            plain = branch.plain is not None and not branch.plain.target.once
            sole = len(self.at[branch.index]) == 1 and (plain or branch.rest is not None)
            branch.changing = branch.loop and not (sole and not branch.levels)
            for inner in branch.inner.values():
                self.settle(inner)
        for branch in branches.values():
            if branch.changing:
                known = {index for target in self.at[branch.index] for index in self._inside(target)} - {branch.index}
                branch.changing = bool(known)
                for target, inner in branch.inner.items():
                    fresh = self.fresh(inner)
                    branch.inside[target] = [(index, fresh.get(index)) for index in known]
                branch.nothing = [(index, None) for index in known]

    def fresh(self, branches: dict[int, Branch]) -> dict[int, Take]:
        """Who takes what before any loop inside was opened; loops that never change are as if open."""
        takers: dict[int, Take] = {}
        for branch in branches.values():
            takers[branch.index] = branch.taker()
            if branch.loop and not branch.changing:
                for inner in branch.inner.values():
                    takers |= self.fresh(inner)
        return takers

    def _inside(self, target: Target) -> set[int]:
        """The nodes that the places inside a target stand at, however deep."""
        found: set[int] = set()
        waiting = list(target.place.places)
        while waiting:
            place = waiting.pop()
            found.add(place.node.index)
            waiting += place.places
        return found
