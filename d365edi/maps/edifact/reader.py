"""EDIFACT messages to documents: the one engine, over the guide with the loops that messages imply.

Knows: the engine, guides. Does not know: envelopes, CONTRL, partners.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from d365edi.documents import (
    Document,
    Invoice,
    InvoiceLine,
    OrderChange,
    OrderLine,
    OrderResponse,
    PurchaseOrder,
    ShipNotice,
    ShippedLine,
)
from d365edi.edi import release
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Guide, Node
from d365edi.edi.interchange import SetReport
from d365edi.edi.values import components, values
from d365edi.maps.edifact import virtual_loops
from d365edi.maps.edifact.paths import EDIFACT
from d365edi.maps.edifact.virtual_loops import Read
from d365edi.maps.reader import Reader, Reading, nodes_in
from d365edi.maps.table import Table

Codes = Mapping[str, Mapping[str, str]]
SUB_LINE = 4
"""Where LIN says that it is a part of another line (C829)."""


class EdifactReader:
    """A map compiled for reading messages of one guide; may be used by many threads at once."""

    def __init__(self, table: Table, guide: Guide, codes: Codes | None = None, versions: Sequence[Guide] = ()) -> None:
        """Compile, as `Reader` does. Raises SettingsError."""
        self.table = table
        self.guide = guide
        self._extended = virtual_loops.extended(guide)
        others = [virtual_loops.extended(each) for each in versions]
        self._reader = Reader(table, self._extended, codes, others, EDIFACT)
        self.changing = self._reader.changing

    def read(self, report: SetReport) -> Reading:
        """The document of one message. Never raises for what a message holds."""
        nodes = nodes_in(report, self.guide)
        rows = values(report) if report.plain else _named(report, nodes)
        read = self._implied(nodes, rows, report.syntax.component)

        def stands(_: Sequence[list[str]], index: int, element: int, component: int) -> Position:
            id = read.rows[index][0]
            if id in virtual_loops.IDS:
                element = component = 0
            return Position(ordinal=read.origin[index] + 1, segment=id, element=element, component=component)

        reading = self._reader.take(read.nodes, read.rows, report.syntax.component, stands, released=not report.plain)
        unmapped = tuple(_placed(each, read) for each in reading.unmapped)
        asked = not any(each.where.segment == "LIN" and each.where.element == SUB_LINE for each in unmapped)
        parts = () if asked else _sublines(report, rows, nodes)
        others = _alternatives(reading.document)
        return Reading(reading.document, reading.findings, (*unmapped, *parts, *others))

    def _implied(self, nodes: Sequence[Node | None], rows: list[list[str]], component: str) -> Read:
        """The message with the loops that it implies."""
        if self._extended is self.guide:
            return Read(list(nodes), rows, list(range(len(rows))))
        known = self._extended.nodes
        return virtual_loops.read(
            self._extended, [known[each.index] if each is not None else None for each in nodes], rows, component
        )


def _named(report: SetReport, nodes: Sequence[Node | None]) -> list[list[str]]:
    """The values of a message; segments without a place have the id that was sent."""
    rows, syntax = list(values(report)), report.syntax
    for index, node in enumerate(nodes):
        if node is None:
            id = release.sent(report.segments[index], syntax.release).partition(syntax.element)[0]
            rows[index] = [id, *rows[index][1:]]
    return rows


def _sublines(report: SetReport, rows: Sequence[list[str]], nodes: Sequence[Node | None]) -> Iterator[Finding]:
    """Lines that are parts of another line: read as lines of their own they would be ordered twice."""
    for index, (node, row) in enumerate(zip(nodes, rows, strict=True)):
        if len(row) <= SUB_LINE or node is None or node.id != "LIN":
            continue
        of = "".join(components(row[SUB_LINE], report.syntax)[1:2])
        if of:
            message = f"line {release.data(row[1])} is a part of line {of}, and would be a line of its own"
            where = Position(ordinal=index + 1, segment="LIN", element=SUB_LINE)
            remedy = 'decide what it means, or ignore = ["LIN"] to the flow, then release it'
            yield Finding("document", "warning", "", message, where, of, remedy, "meaning", holds=True)


def _alternatives(document: Document | None) -> Iterator[Finding]:
    """Other items that lines name: they are kept, and nothing is done with them."""
    lines: Iterable[OrderLine | InvoiceLine | ShippedLine] = ()
    if isinstance(document, PurchaseOrder | OrderChange | OrderResponse | Invoice):
        lines = document.lines
    elif isinstance(document, ShipNotice):
        lines = document.every_line()
    for place, line in enumerate(lines, 1):
        for each in line.alternatives:
            numbers = (each.item.buyer, each.item.gtin, each.item.vendor, *(other.id for other in each.item.others))
            named = ", ".join(number for number in numbers if number)
            item = f"another item ({each.relation}): {named}"
            message = f"line {line.number or place} names {item}; it is kept beside the line's own"
            yield Finding("document", "note", "", message, Position(segment="PIA"), rule="unmapped")


def _placed(finding: Finding, read: Read) -> Finding:
    """A finding about a row, where its segment stands in the message."""
    if not finding.where.ordinal:
        return finding
    index = finding.where.ordinal - 1
    at = replace(finding.where, ordinal=read.origin[index] + 1)
    if at.segment in virtual_loops.IDS:
        at = replace(at, element=0, component=0)
    return replace(finding, where=at)
