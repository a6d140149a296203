"""Who takes the segments of each node of the guide, when a reading starts and whenever a loop opens.

Knows: selectors, assignments, mapping trees. Does not know: segments, tables.
"""

from dataclasses import dataclass

from d365edi.maps.assign import Assignment, assignment
from d365edi.maps.hierarchy import LevelSelector
from d365edi.maps.mapping_tree import MappingNode
from d365edi.maps.notation import Notation
from d365edi.maps.run_state import Take
from d365edi.maps.select import Selector


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Everything a reading starts from: who takes each node at first, how many scopes and assignments there are."""

    takers: tuple[Take | None, ...]
    scopes: int
    assignments: int


def dispatch(root: MappingNode, nodes: int, notation: Notation) -> Dispatch:
    """The takers of all mapping nodes; `nodes` is how many the guide has."""
    builder = _Builder(notation)
    top = builder.selectors(root, builder.assignment(root, 0))
    builder.settle(top)
    takers: list[Take | None] = [None] * nodes
    for index, take in builder.fresh(top).items():
        takers[index] = take
    return Dispatch(tuple(takers), builder.scopes, builder.assignments)


class _Builder:
    """Builds selectors, then says for each loop's selector what changes when it opens."""

    def __init__(self, notation: Notation) -> None:
        self.notation = notation
        self.scopes = 1
        self.assignments = 0
        self.at: dict[int, list[Assignment]] = {}
        """The assignments at each node, over the whole map."""

    def assignment(self, node: MappingNode, scope: int) -> Assignment:
        outer = scope
        if node.list_field:
            scope, self.scopes = self.scopes, self.scopes + 1
        self.assignments += 1
        return assignment(node, self.notation, self.assignments - 1, scope, outer)

    def selectors(self, node: MappingNode, assignment: Assignment) -> dict[int, Selector]:
        """The selectors inside a mapping node, by node index."""
        found: dict[int, Selector] = {}
        for inner in sorted(node.children, key=lambda each: each.occurrence):
            if inner.node.index not in found:
                levels = inner.node.segment.levels
                found[inner.node.index] = LevelSelector(inner) if levels else Selector(inner)
            selector, made = found[inner.node.index], self.assignment(inner, assignment.scope)
            selector.inner[made] = self.selectors(inner, made)
            self.at.setdefault(inner.node.index, []).append(made)
            if inner.occurrence == 2 and all(each.node.occurrence != 1 for each in selector.inner):
                blank = self.assignment(MappingNode(inner.node, node, inner.qualifiers, 1), assignment.scope)
                selector.inner[blank] = {}
                selector.add(blank.node, blank)
            selector.add(inner, made)
        return found

    def settle(self, selectors: dict[int, Selector]) -> None:
        """Decide which loops change what is inside them, outermost first."""
        for selector in selectors.values():
            plain = selector.plain is not None and not selector.plain.assignment.once
            sole = len(self.at[selector.index]) == 1 and (plain or selector.rest is not None)
            selector.changing = selector.loop and not (sole and not selector.levels)
            for inner in selector.inner.values():
                self.settle(inner)
        for selector in selectors.values():
            if selector.changing:
                known = {index for each in self.at[selector.index] for index in _inside(each.node)} - {selector.index}
                selector.changing = bool(known)
                for assignment, inner in selector.inner.items():
                    fresh = self.fresh(inner)
                    selector.inside[assignment] = [(index, fresh.get(index)) for index in known]
                selector.nothing = [(index, None) for index in known]

    def fresh(self, selectors: dict[int, Selector]) -> dict[int, Take]:
        """Who takes what before any loop inside was opened; loops that never change are as if open."""
        takers: dict[int, Take] = {}
        for selector in selectors.values():
            takers[selector.index] = selector.take
            if selector.loop and not selector.changing:
                for inner in selector.inner.values():
                    takers |= self.fresh(inner)
        return takers


def _inside(node: MappingNode) -> set[int]:
    """The guide's nodes at which the nodes inside a mapping node stand, however deep."""
    found: set[int] = set()
    waiting = list(node.children)
    while waiting:
        child = waiting.pop()
        found.add(child.node.index)
        waiting += child.children
    return found
