"""A flat file as an annotated listing: each row with the columns that its layout names.

Knows: layouts, rows. Does not know: how a file was read, what a column means to a document.
"""

from collections.abc import Iterator, Mapping

from d365edi.edi.annotate import Cell, Chapter, Entry
from d365edi.edi.findings import Finding
from d365edi.edi.flat.layout import Column, Layout, Row, fold
from d365edi.edi.flat.reader import FlatReport, RowSet

Fields = Mapping[tuple[str, str], str]
"""Record and column (folded), and what it is read into."""


def annotate(report: FlatReport, layout: Layout, fields: Fields, title: str) -> Iterator[Chapter]:
    """The listing of a file: what is wrong with it as a whole, then the rows of each document."""
    if report.findings:
        yield Chapter("file", title, "", findings=tuple(report.findings))
    for found in report.sets:
        entries = tuple(_entry(found, row, layout, fields) for row in found.rows)
        lines = {row.line for row in found.rows}
        elsewhere = tuple(finding for finding in found.findings if finding.where.line not in lines)
        yield Chapter("document", " ".join(found.key), "", entries=entries, findings=elsewhere)


def _entry(found: RowSet, row: Row, layout: Layout, fields: Fields) -> Entry:
    here = [finding for finding in found.findings if finding.where.line == row.line]
    cells, shown = [], list[Finding]()
    for index, (column, value) in enumerate(zip(layout.records.get(row.record, ()), row.values, strict=False)):
        mine = tuple(finding for finding in here if finding.where.segment in column.names)
        if value or mine:
            field = next((fields[key] for name in column.names if (key := (row.record, fold(name))) in fields), "")
            cells.append(Cell(_place(row, column, index), field or "read by no row", value, findings=mine))
            shown += mine
    rest = tuple(finding for finding in here if finding not in shown)
    return Entry(row.line, 0, row.record, "row", "", "", tuple(cells), rest)


def _place(row: Row, column: Column, index: int) -> str:
    """Where it stands: the column's name; without names its position or its width, after the record where there are several."""
    if column.end:
        place = f"{column.start}-{column.end}"
    elif column.name.isdigit():
        place = f"{column.position or index + 1}"
    else:
        place = column.name
    return f"{row.record}:{place}" if row.record else place
