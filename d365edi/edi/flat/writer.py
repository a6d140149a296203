"""Flat files out: rows of a layout to bytes.

Separated rows are quoted where they must be (RFC 4180), fixed ones filled; lines end with CR LF. A value that is longer than
its fixed column is an error, never cut.

Where the layout says so, a value that a spreadsheet would calculate (CWE-1236: it begins with = + - @, a tab or a line end)
gets an apostrophe in front, which shows it as text; a number with a sign stays one.

Knows: layouts. Does not know: what a column means, maps.
"""

import csv
import re
from collections.abc import Iterable, Sequence

from d365edi.edi.flat.layout import Column, Layout, Row
from d365edi.errors import DocumentError

_FORMULA = re.compile(r"(?![+-]\d+(?:[.,]\d+)*\Z)[=+\-@\t\r\n]")


class _Lines(list[str]):
    """What the csv writer writes to."""

    write = list.append


def write(rows: Iterable[Row], layout: Layout) -> bytes:
    """A file of rows, with its header row where the layout has one. DocumentError for a value that does not fit."""
    return encoded(text(rows, layout, head=layout.header), layout)


def text(rows: Iterable[Row], layout: Layout, *, head: bool) -> str:
    """The lines of some rows of a file; with `head` its header row stands before them. DocumentError as in `write`."""
    return "".join([_line(row, layout) for row in rows] if layout.fixed else _separated(rows, layout, head=head))


def encoded(text: str, layout: Layout) -> bytes:
    """Lines as bytes of a whole file. DocumentError for a character that the encoding does not have."""
    try:
        return text.encode(layout.encoding)
    except UnicodeEncodeError as error:
        bad = error.object[error.start : error.end]
        message = f'"{bad}" cannot be written in {layout.encoding}'
        raise DocumentError(message, remedy='write encoding = "utf-8", or change the text') from None


def _separated(rows: Iterable[Row], layout: Layout, *, head: bool) -> list[str]:
    lines = _Lines()
    options = {"quotechar": layout.quote} if layout.quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}
    writer = csv.writer(lines, delimiter=layout.delimiter or ",", lineterminator="\r\n", **options)
    if head:
        writer.writerow([column.name for column in layout.columns])
    for row in rows:
        cells = row.values if layout.header else _placed(row, layout)
        if layout.escape:
            cells = [f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells]
        try:
            writer.writerow(cells)
        except csv.Error:
            message = f"{' '.join(row.values)!r} holds a delimiter or a line break, and the file has no quotes"
            raise DocumentError(message, remedy="choose another delimiter, or let the file have quotes") from None
    return lines


def _placed(row: Row, layout: Layout) -> list[str]:
    columns = layout.records[row.record]
    cells = [""] * max((column.position for column in columns), default=1)
    if layout.type is not None:
        cells[layout.type.position - 1] = row.record
    for column, value in zip(columns, row.values, strict=True):
        cells[column.position - 1] = value
    if layout.type is None:
        return cells
    while not cells[-1]:
        cells.pop()
    return cells


def _line(row: Row, layout: Layout) -> str:
    columns = layout.records[row.record]
    places = list(zip(columns, row.values, strict=True))
    if layout.type is not None:
        places.append((layout.type, row.record))
    return _laid(places) + "\r\n"


def _laid(places: Sequence[tuple[Column, str]]) -> str:
    line = [" "] * max(column.end for column, _ in places)
    for column, value in places:
        if len(value) > column.width:
            message = f'{column.name}: "{value}" has {len(value)} characters, and {column.width} fit'
            raise DocumentError(message, remedy="shorten it, or give the partner's word for it in codes")
        line[column.start - 1 : column.end] = _filled(value, column)
    return "".join(line)


def _filled(value: str, column: Column) -> str:
    if not value:
        return " " * column.width
    if column.right and column.fill == "0":
        return value.zfill(column.width)
    return value.rjust(column.width, column.fill) if column.right else value.ljust(column.width, column.fill)
