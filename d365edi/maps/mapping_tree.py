"""A map's rows attached to a guide: the tree of mapping nodes that reading and writing both walk, as values.

A mapping node is a segment of the guide with its qualifiers, inside the node of its loop. Rules name an element, a
component or a pair in it. A list of the document opens a node of its own, of which each repetition is one item.

Knows: the shape of a compiled map. Does not know: how rows are written, values, wires, partners.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from d365edi.edi.guide import Node
from d365edi.maps.computed import Formula
from d365edi.maps.fields import Model
from d365edi.maps.spelling import Format, Parse
from d365edi.maps.table import MapRow

LINES, ORDERS = "lines", "orders"
"""The lists whose items answer a line of an order, or an order of several."""
Qualifiers = tuple[tuple[int, tuple[str, ...]], ...]
"""The element positions of the qualifiers with the codes that each may have, the preferred first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row at an element: the field (dotted in its scope), how it is spelled, and the code words of the partner from the
    table `table`; `closed`: they are codes of a standard, and all there are.

    `echo`: the field is one of the order, written only. `many`: one segment for each value of the field."""

    name: str
    element: int
    component: int
    parse: Parse | None
    format: Format
    row: MapRow
    words: Mapping[str, str] | None = None
    many: bool = False
    echo: bool = False
    second: bool = False
    table: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """One row at qualifier/value pairs: the qualifiers in order of preference, none for all pairs that other rows
    leave.

    Of such a rest, `parts` names the two fields of an item of the list, and the second one has `parse` and `format`."""

    name: str
    qualifiers: tuple[str, ...]
    parse: Parse | None
    format: Format
    row: MapRow
    echo: bool = False
    parts: tuple[str, str] | None = None
    second: bool = False


@dataclass(frozen=True, slots=True)
class Fixed:
    """A constant or a default at an element, or a formula with the spelling of its result."""

    element: int
    component: int
    value: str
    row: MapRow
    formula: Formula | None = None
    format: Format | None = None


@dataclass(slots=True, eq=False)
class MappingNode:
    """A segment of the guide with its qualifiers (none: any) and its occurrence (0: not said), inside the node
    `parent`.

    Where it opens a list, `list_field` is the list's field and `model` what an item is made of; an item is written that has
    one of the fields `needs`. `second`: another version's form of a list that is also read, but not written."""

    node: Node
    parent: MappingNode | None = None
    qualifiers: Qualifiers = ()
    occurrence: int = 0
    model: Model | None = None
    list_field: str = ""
    second: bool = False
    rules: list[Rule] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    constants: list[Fixed] = field(default_factory=list)
    defaults: list[Fixed] = field(default_factory=list)
    unsaid: list[Fixed] = field(default_factory=list)
    computed: list[Fixed] = field(default_factory=list)
    children: list[MappingNode] = field(default_factory=list)
    needs: tuple[str, ...] = ()

    def combinations(self) -> Iterator[tuple[str, ...]]:
        """Every combination of codes that leads here, in order of preference."""
        return product(*(codes for _, codes in self.qualifiers))

    def inside(self, node: Node, qualifiers: Qualifiers, occurrence: int) -> MappingNode:
        """The node inside this one, made where it is not there yet."""
        wanted = (node, qualifiers, occurrence)
        for child in self.children:
            if (child.node, child.qualifiers, child.occurrence) == wanted and not child.list_field:
                return child
        child = MappingNode(node, self, qualifiers, occurrence)
        self.children.append(child)
        return child
