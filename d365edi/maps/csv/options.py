"""What `[file]` and `[columns]` of a CSV map say, word by word.

    [file]
    form      = "separated"          # or "fixed"
    delimiter = "auto"               # or ; , | tab: what is read; written is the comma where it is auto
    quote     = '"'                  # or "none"
    header    = "yes"                # or "no": columns go by position
    encoding  = "utf-8"              # for writing; on reading it is detected
    group     = "PO Number"          # rows that say the same here are one document (several: "A|B"); left out: all rows are
    type      = "1"                  # where the record type stands: a position, or "1-2" in a fixed file
    opens     = "H"                  # the record type that begins a document
    totals    = "TOTAL|SUM"          # words in the first filled column of a row of sums
    decimal   = "."                  # or ","
    dates     = "YYYY-MM-DD|MM/DD/YYYY"      # read in any of these, written in the first

    [columns]                        # in the order in which they are written
    "Order Date" = "dates DD.MM.YYYY"        # what differs from [file]: dates, decimal
    "Zip"        = "digits 5"                # a number of so many digits: lost zeros are reported
    "Quantity"   = "21-30 zeros implied 3"   # fixed: from-to; right or zeros; implied decimals
    "Item"       = "text"                    # nothing particular

    [orders]                                 # a list; where rows are all alike (no type) its loop says what an item is:
    loop = "PO Number"                       # rows that say the same here ("Line|GTIN": in several columns)
    [orders.lines]
    loop = "row"                             # each row; with record types it is the list's record: loop = "D"

Knows: the words. Does not know: which columns a map's rows name.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from d365edi.edi.flat.layout import SNIFFED, Column, fold
from d365edi.maps.csv.numbers import is_days
from d365edi.maps.table import Key, Table, nearest

Meaning = TypeVar("Meaning")

_KEYS = frozenset(
    ["form", "delimiter", "quote", "header", "encoding", "group", "type", "opens", "totals", "decimal", "dates"]
)
_SPAN = re.compile(r"([1-9]\d*)-([1-9]\d*)\Z")


@dataclass(frozen=True, slots=True)
class File:
    """What `[file]` says."""

    fixed: bool
    header: bool
    delimiter: str
    quote: str
    encoding: str
    group: tuple[str, ...]
    type: Column | None
    opens: str
    totals: frozenset[str]
    decimal: str
    dates: str


def file(table: Table) -> File:
    """The `[file]` of a table. Raises SettingsError naming the row that is wrong."""
    said: Mapping[str, object] = table.tree.get("file", {})
    for key, value in said.items():
        if key not in _KEYS:
            raise table.mistake(("file", key), f'[file] has no "{key}"', remedy=nearest(key, _KEYS))
        if not isinstance(value, str) or not value:
            raise table.mistake(("file", key), f'"{key}" must be text in quotes')
    words = {key: str(value) for key, value in said.items()}
    fixed = _one(table, words, "form", {"separated": False, "fixed": True})
    header = _one(table, words, "header", {"yes": True, "no": False}) and not fixed and "type" not in words
    if ("type" in words) != ("opens" in words):
        raise table.mistake(("file", "opens"), '"type" and "opens" go together', remedy='as in type = "1", opens = "H"')
    dates, encoding = words.get("dates", "YYYY-MM-DD"), words.get("encoding", "utf-8")
    _dates(table, dates, ("file", "dates"))
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise table.mistake(("file", "encoding"), f'"{encoding}" is no encoding', remedy='as in "cp1252"') from None
    return File(
        fixed,
        header,
        _delimiter(table, words.get("delimiter", "auto")),
        _quote(table, words.get("quote", '"')),
        encoding,
        tuple(words["group"].split("|")) if "group" in words else (),
        _type(table, words["type"], fixed=fixed) if "type" in words else None,
        words.get("opens", ""),
        frozenset(fold(each) for each in words.get("totals", "").split("|") if each),
        _one(table, words, "decimal", {".": ".", ",": ","}),
        dates,
    )


def _one(table: Table, words: Mapping[str, str], key: str, meanings: Mapping[str, Meaning]) -> Meaning:
    """The meaning of a word out of a few; the first where none is said."""
    word = words.get(key, next(iter(meanings)))
    if word not in meanings:
        raise table.mistake(("file", key), f'{key} = "{word}" is none of {", ".join(meanings)}')
    return meanings[word]


def _delimiter(table: Table, word: str) -> str:
    """The delimiter, "" where it is found by looking."""
    if word == "auto":
        return ""
    if word == "tab":
        return "\t"
    if len(word) != 1 or word.isalnum() or word in '\r\n"':
        known = ", ".join("tab" if each == "\t" else each for each in SNIFFED)
        raise table.mistake(("file", "delimiter"), f'"{word}" is no delimiter', remedy=f"use one of {known} or auto")
    return word


def _quote(table: Table, word: str) -> str:
    if word == "none":
        return ""
    if len(word) != 1 or word.isalnum():
        raise table.mistake(("file", "quote"), f'"{word}" is no quote', remedy='write one character, or "none"')
    return word


def _type(table: Table, word: str, *, fixed: bool) -> Column:
    """The column of the record type."""
    span = _SPAN.match(word)
    if fixed and span:
        return Column(("type",), start=int(span[1]), end=int(span[2]))
    if not fixed and word.isdigit() and word != "0":
        return Column(("type",), position=int(word))
    remedy = 'from-to, as in "1-2"' if fixed else 'a position, as in "1"'
    raise table.mistake(("file", "type"), f'"{word}" is no place', remedy=remedy)


def _dates(table: Table, word: str, key: Key) -> str:
    if not is_days(word):
        raise table.mistake(key, f'"{word}" spells no day', remedy="as in YYYY-MM-DD, DD.MM.YY or YYYYMMDD")
    return word


def column(table: Table, file: File, name: str, words: object, key: Key) -> tuple[Column, str]:
    """A column as it is described, and the type that its values are spelled by (see `figures`)."""
    said = _Words(table, key, words)
    span = said.span()
    if file.fixed != (span is not None):
        what = "needs" if file.fixed else "has no"
        raise table.mistake(key, f'the column "{name}" {what} a place from-to', remedy='as in "21-30 right"')
    right = said.flag("right")
    zeros = said.flag("zeros")
    digits, implied = said.number("digits"), said.number("implied")
    mark, dates = said.value("decimal") or file.decimal, said.value("dates") or file.dates
    said.flag("text")
    said.end()
    if mark not in (".", ","):
        raise table.mistake(key, f'decimal {mark} is neither "." nor ","')
    start, end = span or (0, 0)
    position = int(name) if not (file.fixed or file.header) and name.isdigit() else 0
    if not (file.fixed or file.header or position):
        raise table.mistake(key, f'"{name}" is no position', remedy="without a header row columns go by position")
    described = Column((name,), position, start, end, right or zeros, "0" if zeros else " ", digits)
    return described, f"{mark} {implied} {_dates(table, dates, key)}"


class _Words:
    """The words of one column, taken one after the other."""

    def __init__(self, table: Table, key: Key, words: object) -> None:
        if not isinstance(words, str) or not words:
            raise table.mistake(key, 'a column is described in quotes, as in "dates YYYYMMDD", or "text"')
        self.table, self.key, self.left = table, key, words.split(" ")

    def span(self) -> tuple[int, int] | None:
        found = _SPAN.match(self.left[0])
        if found is None:
            return None
        del self.left[0]
        start, end = int(found[1]), int(found[2])
        if end < start:
            raise self.table.mistake(self.key, f"{found[0]} ends before it begins")
        return start, end

    def flag(self, word: str) -> bool:
        if word not in self.left:
            return False
        self.left.remove(word)
        return True

    def value(self, word: str) -> str:
        if word not in self.left:
            return ""
        at = self.left.index(word)
        if at + 1 == len(self.left):
            raise self.table.mistake(self.key, f'"{word}" says nothing')
        value = self.left[at + 1]
        del self.left[at : at + 2]
        return value

    def number(self, word: str) -> int:
        value = self.value(word) or "0"
        if not value.isdigit():
            raise self.table.mistake(self.key, f'{word} "{value}" is no number')
        return int(value)

    def end(self) -> None:
        if self.left:
            known = ("right", "zeros", "implied", "digits", "decimal", "dates", "text")
            raise self.table.mistake(
                self.key, f'"{self.left[0]}" says nothing of a column', remedy=nearest(self.left[0], known)
            )
