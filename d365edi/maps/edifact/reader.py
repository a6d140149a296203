"""EDIFACT messages to and from documents: the one engine over a guide laid flat.

Knows: the engine, flat guides. Does not know: envelopes, CONTRL, partners.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from d365edi.edi import release
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Guide, Node
from d365edi.edi.interchange import SetReport
from d365edi.edi.syntax import Syntax
from d365edi.maps import composites
from d365edi.maps.composites import FlatSegment
from d365edi.maps.edifact import virtual_loops
from d365edi.maps.edifact.virtual_loops import Read
from d365edi.maps.laying import Laying
from d365edi.maps.reader import Reader, Reading, nodes_in
from d365edi.maps.table import Table

Codes = Mapping[str, Mapping[str, str]]

USUAL = (b"+", b":", b"?")
"""The service characters under which segments are remembered: the same bytes say something else under others."""
SYNTAXES = 16
"""So many sets of service characters a reader remembers the shapes of."""


class EdifactReader:
    """A map compiled for reading messages of one guide; may be used by many threads at once."""

    def __init__(self, table: Table, guide: Guide, codes: Codes | None = None, versions: Sequence[Guide] = ()) -> None:
        """Compile, as `Reader` does; `guide` is as the shelf has it. Raises SettingsError."""
        self.table = table
        self.guide = guide
        self._flat = composites.flat(guide)
        self._reader = Reader(table, self._flat, codes, [composites.flat(each) for each in versions])
        self._implies = virtual_loops.implies(self._flat)
        self._layings: dict[tuple[bytes, bytes, bytes], Laying] = {}
        self._nodes: dict[Node | None, Node | None] = {old: self._flat.nodes[old.index] for old in guide.nodes}
        self._nodes[None] = None
        lines = (node for node in self._flat.nodes if node.id == "LIN" and isinstance(node.segment, FlatSegment))
        self._lines: dict[Node | None, int] = {node: node.segment.at(4, 2) for node in lines}  # type: ignore[attr-defined]

    def read(self, report: SetReport) -> Reading:
        """The document of one message. Never raises for what a message holds."""
        nodes = [self._nodes[node] for node in nodes_in(report, self.guide)]
        sign = report.syntax.release
        segments = [release.sent(text, sign).encode("latin-1") for text in report.segments]
        rows = self._laying(report.syntax).rows(segments, nodes)
        read = (
            virtual_loops.put(self._flat, nodes, rows) if self._implies else Read(nodes, rows, list(range(len(rows))))
        )

        def stands(_: Sequence[list[str]], index: int, element: int) -> Position:
            return _position(read.nodes[index], read.rows[index][0], read.origin[index], element)

        usual = (
            not self._implies
            and (report.syntax.raw.element, report.syntax.raw.component, report.syntax.raw.release) == USUAL
        )
        reading = self._reader.take(read.nodes, read.rows, "", stands, report.segments if usual else ())
        unmapped = tuple(_replaced(each, read) for each in reading.unmapped)
        return Reading(reading.document, reading.findings, (*unmapped, *self._sublines(rows, nodes)))

    def _laying(self, syntax: Syntax) -> Laying:
        signs = (syntax.raw.element, syntax.raw.component, syntax.raw.release)
        found = self._layings.get(signs)
        if found is None:
            found = Laying(syntax, whole=self._implies)
            if len(self._layings) < SYNTAXES:
                self._layings[signs] = found
        return found

    def _sublines(self, rows: Sequence[list[str]], nodes: Sequence[Node | None]) -> Iterator[Finding]:
        """Lines that are parts of another line: read as lines of their own they would be ordered twice."""
        for index, node in enumerate(nodes):
            if node not in self._lines:
                continue
            at, row = self._lines[node], rows[index]
            if 0 < at < len(row) and row[at]:
                yield Finding(
                    "document",
                    "warning",
                    "",
                    f"line {row[1]} is a part of line {row[at]}, and would be a line of its own",
                    Position(ordinal=index + 1, segment="LIN", element=4),
                    row[at],
                    'decide what it means, or ignore = ["LIN"] to the flow, then release it',
                    "meaning",
                )


def _position(node: Node | None, id: str, index: int, element: int) -> Position:
    """Where a flat element stands in the message."""
    if node is None or not element or not isinstance(node.segment, FlatSegment):
        return Position(ordinal=index + 1, segment=id)
    whole, component, _ = node.segment.plan[element - 1]
    composite = sum(each[0] == whole for each in node.segment.plan) > 1
    return Position(ordinal=index + 1, segment=id, element=whole, component=component if composite else 0)


def _replaced(finding: Finding, read: Read) -> Finding:
    """A finding about a flat element, in the message's own places."""
    if not finding.where.ordinal:
        return finding
    index = finding.where.ordinal - 1
    node, at = read.nodes[index], replace(finding.where, ordinal=read.origin[index] + 1)
    finding = replace(finding, where=at)
    if node is not None and node.path.endswith("LOC/QTY") and not at.element:
        remedy = 'add a row for it, or ignore = ["LOC"] to the flow, then release it'
        message = f"{node.path} says quantities for single places, and no row of the map reads it"
        where = replace(at, segment="LOC")
        return replace(finding, severity="warning", rule="meaning", message=message, remedy=remedy, where=where)
    if node is None or not at.element:
        return finding
    where = _position(node, at.segment, at.ordinal - 1, at.element)
    place = f"{where.element:02d}" + (f"-{where.component}" if where.component else "")
    message = finding.message.replace(f"{node.path}{at.element:02d}", f"{node.path}{place}", 1)
    return replace(finding, where=where, message=message)
