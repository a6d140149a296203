"""The layout of a flat file, as values: its records, their columns, and which rows belong together.

Three kinds of file are described by one `Layout`:

    one record, header row     PO Number;Line;Item;Quantity        rows with equal `group` columns are one document
    one record, positions      the same without a header row, or at fixed columns
    several record types       H|4500012345|...   D|1|...   T|1    a record `opens` begins a document

Knows: shapes of files. Does not know: bytes, what a column means.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

SNIFFED = ",;\t|"
"""The delimiters that are recognised by looking, the usual first."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `names` are its spellings in a header row, the first is written. `position` is its 1-based place in a
    separated row without header, 0 where the header tells; `start` and `end` (1-based, inclusive) its place in a fixed
    row, where it is filled with `fill` on the left (`right`) or on the right. `digits`: a number of so many digits.
    `point`: an amount with a decimal point, which nobody has confirmed for this partner. `aside`: one that is looked for and
    that nobody misses."""

    names: tuple[str, ...]
    position: int = 0
    start: int = 0
    end: int = 0
    right: bool = False
    fill: str = " "
    digits: int = 0
    point: bool = False
    aside: bool = False

    @property
    def name(self) -> str:
        """The name that is written."""
        return self.names[0]

    @property
    def width(self) -> int:
        """How many characters a fixed column has."""
        return self.end - self.start + 1


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's layout. `records` are its record types with their columns; the one of a file without types is "".

    `group` and `head` are indexes of columns: those whose equal values make rows one document, and those that must then
    say the same. `opens` is the record type that begins a document, `type` the column that holds the type. `totals` are
    words that mark a row of sums (folded), `decimal` the mark that its numbers have; `amounts` are the pairs of columns
    whose product is the amount of a row (quantity and price). `escape`: what is written is for a spreadsheet, which must take
    no value for a formula. `short`: a row without a header may end before its last columns, which are then empty.
    `shared` are those of `head` in which the rows of one document may differ: then each says what it says of itself."""

    records: Mapping[str, tuple[Column, ...]]
    fixed: bool = False
    header: bool = True
    delimiter: str = ""
    quote: str = '"'
    encoding: str = "utf-8"
    group: tuple[int, ...] = ()
    head: tuple[int, ...] = ()
    opens: str = ""
    type: Column | None = None
    totals: frozenset[str] = frozenset()
    decimal: str = "."
    amounts: tuple[tuple[int, int], ...] = ()
    escape: bool = False
    short: bool = False
    shared: frozenset[int] = frozenset()

    @property
    def alike(self) -> tuple[int, ...]:
        """The columns in which all rows of a document must say the same."""
        return tuple(index for index in self.head if index not in self.shared)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a file without record types."""
        return self.records[""]


@dataclass(slots=True)
class Row:
    """One row: the file's line it begins at (1-based), its record type, and its values in the order of the record's
    columns ("" for an empty one), outer blanks trimmed."""

    line: int
    record: str
    values: list[str]


def fold(name: str) -> str:
    """A name without what people spell differently: case, blanks, punctuation."""
    return re.sub(r"[\W_]+", "", name.casefold())
