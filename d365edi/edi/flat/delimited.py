"""Lines to cells: which delimiter, quotes, line breaks inside quotes, and which row is the header.

A quote that is opened and never closed would swallow the rest of a file in silence; here it is reported with the line it
began at, and reading goes on behind what it swallowed.

Knows: separated values (RFC 4180 and what is sent instead). Does not know: records, documents.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from d365edi.edi.flat.layout import SNIFFED, Column, fold

BLANK = " \t\xa0\x1a"
"""What is no value: blanks of all kinds, and the end-of-file character of old systems."""
SHOWN = 10
"""So many rows may stand above the header row: titles, an address, a date of printing."""


@dataclass(slots=True)
class Cells:
    """One row as it stands: the line it begins at, its cells, and the key of the rule that its quotes break ("" for
    none) with the last line that they take."""

    line: int
    cells: list[str]
    broken: str = ""
    last: int = 0


def split(lines: Iterator[str], delimiter: str, quote: str, before: int = 0) -> Iterator[Cells]:
    """The rows of a file; empty lines are left out. `quote` "" takes quotes for text; `before` lines were read already."""
    taken: list[str] = []

    def feed() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    options = {"delimiter": delimiter, "strict": True, "skipinitialspace": True}
    options |= {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(feed(), **options)  # type: ignore[arg-type]
    read = before
    while True:
        read, begins = read + len(taken), read + len(taken) + 1
        taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            broken = "document.quote.inside" if len(taken) == 1 else "document.quote.open"
            yield Cells(begins, taken[0].rstrip("\r\n").split(delimiter), broken, begins + len(taken) - 1)
            continue
        if any(cell.strip(BLANK) for cell in cells):
            yield Cells(begins, cells)


def sniff(lines: Sequence[str], known: frozenset[str], quote: str) -> str:
    """The delimiter of a file by its first lines: the one that shows most of the known names, else the one that stands
    in the most lines equally often."""

    def worth(delimiter: str) -> tuple[int, int, int]:
        rows = [each.cells for each in split(iter(lines), delimiter, quote)]
        names = max((sum(fold(cell) in known for cell in row) for row in rows), default=0)
        counts = [len(row) for row in rows if len(row) > 1]
        usual = max(set(counts), key=counts.count, default=0)
        return names if names > 1 else 0, counts.count(usual), usual

    return max(SNIFFED, key=worth)


@dataclass(slots=True)
class Header:
    """What a header row says: for each column of the layout the cell it stands in (-1: nowhere), further cells under another
    of its names, the names that no column has, with their cells, and those that stand there twice."""

    cells: list[int]
    also: list[tuple[int, int]]
    unknown: list[tuple[int, str]]
    twice: list[str]
    width: int


def header(cells: Sequence[str], columns: Sequence[Column]) -> Header:
    """The columns of a header row. A column goes by the first of its names that stands there."""
    at: dict[str, int] = {}
    twice = []
    for index, cell in enumerate(cells):
        if (name := fold(cell)) and at.setdefault(name, index) != index:
            twice.append(cell.strip(" "))
    places = [list(dict.fromkeys(at[fold(name)] for name in column.names if fold(name) in at)) for column in columns]
    found = [each[0] if each else -1 for each in places]
    also = [(index, cell) for index, each in enumerate(places) for cell in each[1:]]
    used = {cell for each in places for cell in each}
    unknown = [(index, cells[index].strip(" ")) for name, index in at.items() if index not in used]
    return Header(found, also, unknown, twice, len(cells))


def is_header(cells: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether a row names columns: two of them at least, which no row of values does."""
    known = {fold(name) for column in columns for name in column.names}
    return sum(fold(cell) in known for cell in cells) >= min(2, len(columns))
