"""Which mapping node takes a segment: selected by its qualifiers, by occurrence, and by whether the node is still free.

A `Selector` stands for one node of the guide inside one mapping node of its loop. A mapping node that is not a list takes one
segment: of two alternatives the preferred one, else the first; what is left over goes to the list at the same node, if the map
has one.

Knows: mapping nodes and qualifiers. Does not know: what a mapping node does with its segment, tables, the order of segments.
"""

from d365edi.edi import release
from d365edi.maps.assign import Assignment
from d365edi.maps.mapping_tree import MappingNode
from d365edi.maps.run_state import Row, RunState, Take


class Slot:
    """Where a combination of qualifiers leads: the assignment, its rank among alternatives (0 is preferred) and the codes to
    keep."""

    __slots__ = ("assignment", "code", "rank")

    def __init__(self, assignment: Assignment, rank: int, code: str) -> None:
        self.assignment = assignment
        self.rank = rank
        self.code = code if assignment.alternatives else ""


class Selector:
    """One node inside one mapping node.

    `inner` are the selectors inside each assignment of a loop. Where what is inside depends on the assignment, the loop
    is `changing`, and `inside` says who takes which node when it opens (`nothing`: when no mapping node takes it)."""

    def __init__(self, mapping: MappingNode) -> None:
        node = mapping.node
        assert node.parent is not None
        self.index = node.index
        self.parent = node.parent.index
        self.loop = node.loop
        self.levels = node.segment.levels
        self.at = 0
        self.single: dict[str, Slot] = {}
        self.compound: list[tuple[tuple[int, ...], dict[tuple[str, ...], Slot]]] = []
        self.plain: Slot | None = None
        self.rest: Slot | None = None
        self.composite = False
        self.inner: dict[Assignment, dict[int, Selector]] = {}
        self.inside: dict[Assignment, list[tuple[int, Take | None]]] = {}
        self.nothing: list[tuple[int, Take | None]] = []
        self.changing = False

    def add(self, node: MappingNode, assignment: Assignment) -> None:
        """Let a node's combinations of codes lead to its assignment; occurrences come one after the other."""
        if node.list_field and not node.qualifiers:
            self.rest = Slot(assignment, 0, "")
            return
        if not node.qualifiers:
            self.plain = _behind(self.plain, Slot(assignment, 0, ""), node.occurrence)
            return
        positions = tuple(position for position, _ in node.qualifiers)
        self.composite = bool(node.node.segment.elements[positions[0] - 1].components)
        for rank, codes in enumerate(node.combinations()):
            slot = Slot(assignment, rank, ",".join(codes))
            if len(positions) == 1:
                self.at = positions[0]
                self.single[codes[0]] = _behind(self.single.get(codes[0]), slot, node.occurrence)
                continue
            table = _table(self.compound, positions)
            table[codes] = _behind(table.get(codes), slot, node.occurrence)

    def take(self, state: RunState, row: Row, index: int) -> None:
        """Let the selected assignment take a segment; what finds it taken goes to the list, if there is one."""
        slot = self.slot(state, row) if self.at or self.compound else self.plain
        if slot is not None and slot.assignment.once:
            assignment, opening = slot.assignment, state.openings[self.parent]
            if state.taken[assignment.number] != opening and not assignment.alternatives:
                state.taken[assignment.number] = opening
            else:
                slot = self._free(state, slot, row, index)
                if slot is None and self.rest is not None:
                    state.again.append(index)
        elif slot is None and self.rest is not None:
            state.rest.append(index)
        slot = slot or self.rest
        if self.loop:
            state.openings[self.index] += 1
            if self.changing:
                self._lead(state, slot)
        if slot is None:
            state.left.append(index)
        else:
            slot.assignment.take(state, row, index, slot.code)

    def slot(self, state: RunState, row: Row) -> Slot | None:
        """Where the qualifiers of a segment lead; None where no mapping node asks for them."""
        for positions, table in self.compound:
            found = table.get(tuple(row[at] if at < len(row) else "" for at in positions))
            if found is not None:
                return found
        if not 0 < self.at < len(row):
            return self.plain
        code = row[self.at]
        if self.composite:
            code = code.partition(state.component)[0]
        if state.released:
            code = release.data(code)
        return self.single.get(code, self.plain)

    def open(self, state: RunState, slot: Slot | None) -> None:
        """A loop is opened anew: what stands inside it goes to the nodes inside the selected one."""
        state.openings[self.index] += 1
        if self.changing:
            self._lead(state, slot)

    def _lead(self, state: RunState, slot: Slot | None) -> None:
        for at, take in self.nothing if slot is None else self.inside[slot.assignment]:
            state.takers[at] = take

    def _free(self, state: RunState, slot: Slot, row: Row, index: int) -> Slot | None:
        """The slot if its assignment is free: a further occurrence goes on to the next one; a better alternative takes it
        over."""
        opening, taken = state.openings[self.parent], state.taken
        while taken[slot.assignment.number] == opening and slot.assignment.second is not None:
            slot = Slot(slot.assignment.second, 0, slot.code)
        assignment = slot.assignment
        if taken[assignment.number] != opening:
            taken[assignment.number] = opening
            if assignment.alternatives:
                state.held[assignment.node] = (slot.rank, index, row)
            return slot
        held = state.held.get(assignment.node)
        if held is None or slot.rank >= held[0] or (self.loop and assignment.node.children):
            return None
        state.held[assignment.node] = (slot.rank, index, row)
        assignment.drop(state)
        if self.rest is not None:
            self.rest.assignment.take(state, held[2], held[1], "")
            state.again.append(held[1])
        else:
            state.left.append(held[1])
        return slot


def _table(
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
    last = first.assignment
    while last.second is not None:
        last = last.second
    if last is not slot.assignment:
        last.second = slot.assignment
    return first
