"""From a transaction set to a document: one pass over the segments, each going where the guide's node says.

For every node of the guide there is at most one taker at a time: the segment's qualifiers select a mapping node, and its
assignment puts the values. Nodes without a row are passed by. What no row asked for becomes findings, counted; what changes
what is delivered, when, where or for how much (the map's `[meaning]`) is marked so, and holds the document.

Knows: mapping nodes, segments. Does not know: tables, delimiters beyond the report's own, what a finding does to the document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import ValidationError

from d365edi.documents import KINDS, Document
from d365edi.edi import cursor
from d365edi.edi.findings import Finding
from d365edi.edi.guide import Guide, Node
from d365edi.edi.interchange import SetReport
from d365edi.edi.values import values
from d365edi.maps import meaning, unmapped
from d365edi.maps.compile import Codes, mapping_tree
from d365edi.maps.dispatch import dispatch
from d365edi.maps.notation import X12, Notation
from d365edi.maps.run_state import RunState
from d365edi.maps.table import Table

NO_COMPONENT = "\x1f"
"""What separates components where a message has none: no value has it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a transaction set: the document (None when it could not be built), what is wrong, and what no row
    asked for.

    A finding of severity `error` holds the document; so does one of `unmapped` that says so (`holds`), unless the flow
    ignores its segment."""

    document: Any
    findings: tuple[Finding, ...] = ()
    unmapped: tuple[Finding, ...] = ()


class Reader:
    """A map compiled for reading sets of one guide; may be used by many threads at once."""

    def __init__(
        self,
        table: Table,
        guide: Guide,
        codes: Codes | None = None,
        versions: Sequence[Guide] = (),
        notation: Notation = X12,
    ) -> None:
        """Compile. `codes` are the partner's, over the map's; `versions` the guides of all versions the flow uses;
        `notation` is that of the table's language.

        Raises SettingsError naming file, line, table and key of whatever is wrong."""
        root = mapping_tree(table, guide, codes, versions, notation)
        self.table = table
        self.guide = guide
        self._dispatch = dispatch(root, len(guide.nodes), notation)
        self._model = KINDS[table.document]
        self._where = unmapped.where(root)
        self._meanings = meaning.compiled(table, guide, versions, notation)
        self.changing = frozenset(guide.nodes[index].id for index in self._meanings)
        """The segments that can change what is delivered, when, where or for how much: one after its place holds the document."""

    def read(self, report: SetReport) -> Reading:
        """The document of one set. Never raises for what a set holds."""
        return self.take(nodes_in(report, self.guide), values(report), report.syntax.component or NO_COMPONENT)

    def take(
        self,
        nodes: Sequence[Node | None],
        rows: Sequence[list[str]],
        component: str,
        stands: unmapped.Where = unmapped.segment,
        *,
        released: bool = False,
    ) -> Reading:
        """The document of segments, each with its node; `stands` says where an address of one is, `released` that there are
        hidden characters in composites."""
        first = self._dispatch
        state = RunState(list(first.takers), first.scopes, first.assignments, component, released=released)
        takers, passed = state.takers, state.passed
        for index, node in enumerate(nodes):
            take = takers[node.index] if node is not None else None
            if take is not None:
                take(state, rows[index], index)
            else:
                passed.append(index)
        return self._finish(nodes, rows, state, stands)

    def _finish(
        self, nodes: Sequence[Node | None], rows: Sequence[list[str]], state: RunState, stands: unmapped.Where
    ) -> Reading:
        findings = list(unmapped.wrong(state, rows, stands)) if state.findings else []
        document: Document | None = None
        try:
            document = self._model.of(state.items[0])
        except ValidationError as error:
            findings += unmapped.unbuilt(self._model, state.items[0], error, self._where, self.table.document)
        return Reading(document, tuple(findings), tuple(unmapped.unmapped(state, nodes, rows, self._meanings)))


def nodes_in(report: SetReport, guide: Guide) -> Sequence[Node | None]:
    """Where each segment stands in a guide: as reported, or walked again where it was read by another version's."""
    theirs = report.guide
    if theirs is guide or (theirs is not None and (theirs.set, theirs.version) == (guide.set, guide.version)):
        return report.nodes
    node, found = guide.root, list[Node | None]()
    for row in report.rows:
        after = cursor.follow(node, row[0])
        found.append(after)
        node = after or node
    return found
