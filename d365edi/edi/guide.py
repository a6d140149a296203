"""Guides: the table that a transaction set must follow, as values; one place in it is a `Node`.

A guide is a tree of segments and loops in the order of the standard. A loop stands for the segment that opens it, so
that a walk over the segments of a set is a walk over nodes: from a node, a segment goes to the deepest open loop whose
remaining sequence admits it, else one loop up. Which element holds the qualifier (REF01, N101, HL03; DTM01-1 in
EDIFACT) and where qualifier/value pairs begin (PO106, LIN02) are facts of the segment and stand here, never in a map.

Knows: shapes of guides, how to follow a segment. Does not know: files, delimiters, partners, any one transaction set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from d365edi.edi.syntax import Standard


@dataclass(frozen=True, slots=True)
class Element:
    """One element or component. `type` as the standard spells it: AN ID N0 N2 R DT TM B, or EDIFACT a an n; lengths in
    characters.

    `codes` is the known part of its list; only when `closed` is a code that is not in it an error. A composite has
    `components`."""

    position: int
    number: str
    name: str
    type: str
    min: int
    max: int
    mandatory: bool = False
    codes: Mapping[str, str] | None = None
    components: tuple[Element, ...] = ()
    repeat: int = 1
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A relational condition: kind P, R, E, C or L over element positions."""

    kind: str
    elements: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of the dictionary. `qualifier` is the element that tells repetitions apart (0 = none); `pairs` the
    first of the pairs.

    `open` says that elements beyond `elements` may follow, which are not described here and therefore not checked. `levels` are
    the elements by which a segment of a hierarchy says who it is and who is above it, and more that follows from these.
    """

    id: str
    name: str
    elements: tuple[Element, ...]
    notes: tuple[Note, ...] = ()
    qualifier: int = 1
    pairs: int = 0
    open: bool = False
    levels: tuple[int, ...] = ()

    @property
    def after_pairs(self) -> int:
        """The first position behind the pairs: they go on as long as the same two elements follow each other."""
        at, kind = self.pairs, self.elements[self.pairs - 1].number
        while at < len(self.elements) and self.elements[at - 1].number == kind:
            at += 2
        return at

    def element(self, position: int) -> Element | None:
        """The element at a 1-based position, None beyond the last."""
        return self.elements[position - 1] if 0 < position <= len(self.elements) else None


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """A place in the guide: a segment, or a loop standing for the segment that opens it. Compared by identity.

    `index` is its position in `Guide.nodes`; `order` its position among its siblings; `max_use` 0 means unbounded (of
    the loop for a loop, of the segment otherwise); `following` caches where each segment id goes from here."""

    index: int
    segment: Segment
    parent: Node | None
    order: int
    loop: bool = False
    mandatory: bool = False
    max_use: int = 1
    children: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    sequence: list[Node] = field(default_factory=list)
    following: dict[str, Node | None] = field(default_factory=dict)

    def __repr__(self) -> str:
        """The place only: the tree would print itself over and over."""
        return f"Node({self.path or self.id})"

    @property
    def id(self) -> str:
        """The segment id."""
        return self.segment.id

    @property
    def path(self) -> str:
        """The loops down to here, as `PO1/N1/N3`."""
        above = self.parent
        return self.id if above is None or above.parent is None else f"{above.path}/{self.id}".lstrip("/")

    @property
    def around(self) -> str:
        """The path of the loop that it stands in, "" at the top of the set."""
        above = self.parent
        return "" if above is None or above.parent is None else above.path


@dataclass(slots=True, eq=False, repr=False)
class Guide:
    """The guide of one transaction set in one version. `root` is a loop whose children are the set's segments, ST
    first.

    `version` is the version of the tables that were taken (004010 for 004010VICS); `severity` says per rule of a
    finding what it is worth under this guide (error, warning, off), where that differs from the usual."""

    standard: Standard
    set: str
    version: str
    name: str
    group: str
    root: Node
    nodes: list[Node]
    segments: Mapping[str, Segment]
    severity: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """The name only: a guide has hundreds of nodes."""
        return f"Guide({self.set} {self.version})"
