"""Flat files to and from documents, by a CSV map: the layout that it describes, and the engine that reads messages.

Each document of a file is a reading of its own; findings of severity `error` in it hold that document, those of the file
belong to none. Beside what the engine finds, a GTIN that has lost its leading zeros is reported, and each computed place (a
trailer's count or total) must say what the document comes to.

Knows: rows of flat files, the engine. Does not know: how files are split, partners.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from d365edi.documents import KINDS, Document, PurchaseOrder
from d365edi.edi import checkdigit
from d365edi.edi.findings import Finding, Position
from d365edi.edi.flat import reader as files
from d365edi.edi.flat.layout import Row
from d365edi.edi.flat.reader import RowSet
from d365edi.edi.guide import Node
from d365edi.maps.compile import Codes
from d365edi.maps.computed import Formula, formula
from d365edi.maps.csv import meaning_columns
from d365edi.maps.csv.columns import BETWEEN, Flat, flat
from d365edi.maps.csv.grouping import Sorter
from d365edi.maps.csv.numbers import spelling
from d365edi.maps.csv.order_total import total_finding
from d365edi.maps.csv.paths import CSV, HEAD
from d365edi.maps.csv.turned_days import turned_days
from d365edi.maps.reader import Reader, Reading
from d365edi.maps.table import Table, scope

GTIN = (8, 12, 13, 14)
"""How many digits a GTIN has."""


@dataclass(frozen=True, slots=True)
class FlatReading:
    """What came of a file: a reading for each document in it, and what is wrong with the file as a whole."""

    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...] = ()


class FlatReader:
    """A CSV map compiled for reading; may be used by many threads at once."""

    def __init__(self, table: Table, codes: Codes | None = None) -> None:
        """Compile; `codes` are the partner's, over the map's. Raises SettingsError naming file, line and key."""
        self.table = table
        self._flat = flat(table)
        own = self._flat.layout
        if own.escape:
            message = 'formulas = "escape" is for files that are written; one that is received is read as it is'
            raise table.mistake(("file", "formulas"), message, remedy="leave formulas out where the flow receives")
        self._layout, self._said = meaning_columns.reading(table, own), meaning_columns.words(table)
        aside = range(len(own.records.get("", ())), len(self._layout.records.get("", ())))
        self._unasked = (*self._flat.unasked, *aside)
        self._reader = Reader(table, self._flat.guide, codes, notation=CSV)
        self._sorter = Sorter(self._flat.top, self._flat.layout) if self._flat.top is not None else None
        self._sums = tuple(_sums(table, self._flat))
        self._total = next((row.paths[0] for row in scope(table).rows if row.name == "total"), "")

    def read(self, data: bytes) -> FlatReading:
        """The documents of a whole file. Never raises for what is in it."""
        report = files.read(data, self._layout)
        names = {record: [column.name for column in columns] for record, columns in self._flat.layout.records.items()}
        turned_days(report.sets, self._flat.days, names)
        findings = list(report.findings)
        if not report.sets and not any(finding.severity == "error" for finding in findings):
            findings.append(
                Finding("file", "error", "", "the file holds no document", remedy="ask for it again", rule="empty")
            )
        return FlatReading(tuple(self._reading(each) for each in report.sets), tuple(findings))

    def stream(self, pieces: Iterable[bytes]) -> Iterator[Reading | Finding]:
        """The documents of a file in pieces, one at a time; rows of a document must stand together."""
        for found in files.stream(pieces, self._layout):
            yield self._reading(found) if isinstance(found, RowSet) else found

    def _reading(self, found: RowSet) -> Reading:
        nodes, rows, at, wrong = self._segments(found)

        def stands(_: Sequence[list[str]], index: int, element: int, component: int) -> Position:  # noqa: ARG001
            return Position(
                line=at[index].line, segment=nodes[index].segment.elements[element - 1].name if element else ""
            )

        reading = self._reader.take(nodes, rows, BETWEEN, stands)
        findings = [
            replace(each, where=Position(line=at[0].line)) if _nowhere(each) else each for each in reading.findings
        ]
        findings += [*found.findings, *wrong, *self._gtins(found.rows)]
        doubts = list[Finding]()
        if isinstance(reading.document, PurchaseOrder):
            reading = replace(reading, document=_summed(reading.document))
            doubts += total_finding(reading.document, self._total, found.rows[0].line)
        if reading.document is not None:
            findings += self._totals(reading.document, nodes, rows, at)
        unmapped = (_unread(each, nodes, at) for each in reading.unmapped)
        doubts += meaning_columns.unread(self._layout, self._unasked, self._said, found.rows)
        return Reading(reading.document, tuple(findings), (*unmapped, *doubts))

    def _segments(self, found: RowSet) -> tuple[list[Node], list[list[str]], list[Row], list[Finding]]:
        """The rows as segments of the guide, each with its node and the row it comes from; and what is wrong with how they
        belong together."""
        nodes, rows, at = list[Node](), list[list[str]](), list[Row]()
        if self._sorter is None:
            node = self._flat.guide.root
            for row in found.rows:
                node = _follow(node, row.record)
                nodes.append(node)
                rows.append([row.record, *self._parts(row.record, row.values)])
            return nodes, rows, found.rows, []
        document, findings = self._sorter.sort(found)
        layout = self._flat.layout
        said = {index: {row.values[index] for row in found.rows} - {""} for index in layout.shared}
        for item in document.every():
            level = item.level
            node, columns = level.node, level.columns
            if item is document:
                node, columns = node.children[HEAD][0], self._flat.layout.head
            values = self._parts("", item.values)
            for (
                index,
                found_there,
            ) in said.items():  # what all rows say alike is said of the whole, else each says its own
                if item is document:
                    values[index] = next(iter(found_there)) if len(found_there) == 1 else ""
                elif len(found_there) == 1:
                    values[index] = ""
            nodes.append(node)
            rows.append([node.id, *[values[index] for index in columns]])
            at.append(item.rows[0])
        return nodes, rows, at, findings

    def _parts(self, record: str, values: list[str]) -> list[str]:
        """The values, those that are read in parts as their parts: -54.98 is a sign and a size."""
        parted = self._flat.parted.get(record)
        if not parted:
            return values
        return [_signed(value) if index in parted and value else value for index, value in enumerate(values)]

    # -- what the engine does not look at -----------------------------------------------------------------------------
    def _gtins(self, rows: Iterable[Row]) -> Iterator[Finding]:
        """GTINs that have not as many digits as one has: spreadsheets drop the zeros in front."""
        for row in rows:
            for index in self._flat.gtins.get(row.record, ()):
                gtin = row.values[index]
                if gtin.isdigit() and len(gtin) not in GTIN:
                    yield _shortened(gtin, row.line)

    def _totals(
        self, document: Document, nodes: Sequence[Node], rows: Sequence[list[str]], at: Sequence[Row]
    ) -> Iterator[Finding]:
        """Computed places that say something else than the document comes to."""
        for record, element, computed, parse in self._sums:
            for node, row, source in zip(nodes, rows, at, strict=True):
                if node.id != record or not row[element]:
                    continue
                said, due = _number(parse, row[element]), computed(document, ())
                if said != due:
                    name = node.segment.elements[element - 1].name
                    where = Position(line=source.line, segment=name)
                    message = (
                        f"{record}:{name} in line {source.line} says {row[element]}, and the records come to {due}"
                    )
                    remedy = "a record may be missing; ask for a whole file"
                    yield Finding("document", "error", "", message, where, row[element], remedy, "totals")


def _summed(order: PurchaseOrder) -> PurchaseOrder:
    """The order with what its stores get as the quantity of each line whose rows say nothing else."""
    lines = []
    for line in order.lines:
        each = [store.quantity for store in line.stores if store.quantity is not None]
        summed = line.quantity is None and each and len(each) == len(line.stores)
        lines.append(line.replace(quantity=sum(each, Decimal(0))) if summed else line)
    return order.replace(lines=tuple(lines))


def _follow(node: Node, record: str) -> Node:
    """Where a record goes: to the deepest open list that knows it."""
    scope: Node | None = node
    while scope is not None:
        if record in scope.children:
            return scope.children[record][0]
        scope = scope.parent
    raise AssertionError(record)  # the layout has only the guide's records


def _signed(value: str) -> str:
    """A number as its sign and its size."""
    bare = value.strip("+-()")
    return f"{'-' if value[:1] in '-(' or value[-1:] == '-' else '+'}{BETWEEN}{bare}"


def _shortened(gtin: str, line: int) -> Finding:
    """A GTIN of an odd length: an error where zeros in front make it right, else worth a look."""
    whole = next((gtin.zfill(size) for size in GTIN if size > len(gtin)), "")
    lost = bool(whole) and checkdigit.valid(whole)
    trouble = f"has lost its leading zeros; it was {whole}" if lost else f"has {len(gtin)} digits, which no GTIN has"
    message, remedy = f'item.gtin: "{gtin}" in line {line} {trouble}', "ask for the column formatted as text"
    if lost:
        return Finding("document", "error", "", message, Position(line=line), gtin, remedy, "spreadsheet")
    return Finding("document", "warning", "", message, Position(line=line), gtin, remedy, "gtin")


def _sums(table: Table, found: Flat) -> Iterator[tuple[str, int, Formula, Any]]:
    """The document's computed places: record, element, formula and how the element is read."""
    for row in scope(table).computed:
        record, _, name = row.name.rpartition(":")
        node = found.guide.root.children.get(record or found.layout.opens or HEAD)
        for element in node[0].segment.elements if node else ():
            if element.name == name:
                spelled = spelling(element, "amount")
                assert spelled is not None
                yield record, element.position, formula(row.value, KINDS[table.document], found.guide), spelled[0]


def _number(parse: Any, text: str) -> Decimal | None:
    try:
        value = parse(text)
    except ValueError:
        return None
    assert isinstance(value, Decimal)
    return value


def _nowhere(finding: Finding) -> bool:
    return not finding.where.line


def _unread(finding: Finding, nodes: Sequence[Node], at: Sequence[Row]) -> Finding:
    """A note about an element in the words of flat files."""
    index, element = finding.where.ordinal - 1, finding.where.element
    record = f"{at[index].record}:" if at[index].record else ""
    name = nodes[index].segment.elements[element - 1].name if element else ""
    what = f'the column "{record}{name}"' if element else f'the record "{at[index].record}"'
    return replace(
        finding, message=f"{what} is read by no row of the map", where=Position(line=at[index].line, segment=name)
    )
