"""From a transaction set to a document: one pass over the segments, each going where the guide's node says.

For every node of the guide there is at most one branch in each place of its loop: it looks at the qualifiers, finds
the place and lets the place's rules take the elements. Nodes without a row are passed by. What no row asked for
becomes findings, counted; what would change the meaning of an order (quantities for stores, components, split deliveries, an
allowance or charge) is marked `meaning`.

Knows: places, segments. Does not know: tables, delimiters beyond the report's own, what a finding does to the
document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from d365edi.documents import KINDS, Document
from d365edi.edi import walk
from d365edi.edi.findings import Finding
from d365edi.edi.guide import Guide, Node
from d365edi.edi.interchange import SetReport
from d365edi.maps import leftover
from d365edi.maps.branch import NOWHERE, State, grow
from d365edi.maps.compile import places
from d365edi.maps.segments import Split, splitter, text
from d365edi.maps.table import Table


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a transaction set: the document (None when it could not be built), what is wrong, and what no row
    asked for.

    A finding of severity `error` holds the document; so does one of `unmapped` with rule `meaning`, unless the flow
    ignores its segment.
    """

    document: Any
    findings: tuple[Finding, ...] = ()
    unmapped: tuple[Finding, ...] = ()


class Reader:
    """A map compiled for reading sets of one guide; may be used by many threads at once."""

    def __init__(
        self,
        table: Table,
        guide: Guide,
        codes: Mapping[str, Mapping[str, str]] | None = None,
        versions: Sequence[Guide] = (),
    ) -> None:
        """Compile. `codes` are the partner's, laid over the map's; `versions` the guides of all versions the flow
        uses.

        Raises SettingsError naming file, line, table and key of whatever is wrong.
        """
        root = places(table, guide, codes, versions)
        self.table = table
        self.guide = guide
        self._root, self._scopes = grow(root)
        self._model: type[Document] = KINDS[table.document]
        self._validate = self._model.__pydantic_validator__.validate_python
        self._where = leftover.where(root)
        self._parents = [0 if node.parent is None else node.parent.index for node in guide.nodes]
        self._loops = [node.loop for node in guide.nodes]

    def read(self, report: SetReport) -> Reading:
        """The document of one set. Never raises for what a set holds."""
        nodes, split = self._nodes(report), splitter(report.syntax)
        state = State(self._root, self._scopes, len(self._loops), text(report.syntax.component))
        active, parents, passed = state.active, self._parents, state.passed
        for index, node in enumerate(nodes):
            if node is None:
                passed.append(index)
                continue
            at = node.index
            branch = active[parents[at]].branches.get(at)
            if branch is not None:
                branch.take(state, split(report.segments[index]), index)
            else:
                passed.append(index)
                if node.loop:
                    active[at] = NOWHERE
        return self._finish(report, nodes, state, split)

    def _nodes(self, report: SetReport) -> Sequence[Node | None]:
        """Where each segment stands in this reader's guide: as reported, or walked again where it was read by another
        version's."""
        theirs = report.guide
        if theirs is self.guide or (
            theirs is not None and (theirs.set, theirs.version) == (self.guide.set, self.guide.version)
        ):
            return report.nodes
        node, found = self.guide.root, list[Node | None]()
        for segment in report.segments:
            after = walk.follow(node, segment.partition(report.syntax.element)[0])
            found.append(after)
            node = after or node
        return found

    def _finish(self, report: SetReport, nodes: Sequence[Node | None], state: State, split: Split) -> Reading:
        findings: list[Finding] = []
        document: Document | None = None
        if state.findings:
            ids = [split(segment)[0] for segment in report.segments]
            findings += leftover.wrong(state, ids)
        try:
            document = self._validate(state.items[0])
        except ValidationError as error:
            findings += leftover.missing(error.errors(include_url=False), self._where, self.table.document)
        unmapped = tuple(leftover.unmapped(state, nodes, report.segments, split))
        return Reading(document, tuple(findings), unmapped)
