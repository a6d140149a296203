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
    short     = "hold"               # or "take": a row without a header may end early; the default of record types
    formulas  = "keep"               # or "escape": what a spreadsheet would take for a formula is written behind an apostrophe

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
    [
        "form", "delimiter", "quote", "header", "encoding", "group", "type", "opens", "totals", "decimal", "dates",
        "formulas", "short",
    ]
)  # fmt: skip
_FLAGS, _VALUES = ("right", "zeros", "text"), ("implied", "digits", "decimal", "dates")
"""The words that describe a column: alone, or with a value behind them."""
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
    escape: bool
    short: bool


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
        _escape(table, words, fixed=fixed),
        _one(table, words, "short", {"hold": False, "take": True}) if "short" in words else "type" in words,
    )


def _one(table: Table, words: Mapping[str, str], key: str, meanings: Mapping[str, Meaning]) -> Meaning:
    """The meaning of a word out of a few; the first where none is said."""
    word = words.get(key, next(iter(meanings)))
    if word not in meanings:
        raise table.mistake(("file", key), f'{key} = "{word}" is none of {", ".join(meanings)}')
    return meanings[word]


def _escape(table: Table, words: Mapping[str, str], *, fixed: bool) -> bool:
    """Whether formulas are escaped: in files that people open, which are those without fixed columns and record types."""
    escape = _one(table, words, "formulas", {"keep": False, "escape": True})
    if escape and (fixed or "type" in words):
        kind = "fixed columns" if fixed else "record types"
        message = f'formulas = "escape" is for spreadsheets, and a file with {kind} is read by a program'
        raise table.mistake(("file", "formulas"), message, remedy="leave formulas out: a program takes every character")
    return escape


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
    """A column as it is described, and the type that its values are spelled by (see `numbers`)."""
    given = _words(table, words, key)
    span = _SPAN.match(given.get("span", ""))
    start, end = (int(span[1]), int(span[2])) if span else (0, 0)
    if end < start:
        raise table.mistake(key, f"{given['span']} ends before it begins")
    if file.fixed != bool(span):
        what = "needs" if file.fixed else "has no"
        raise table.mistake(key, f'the column "{name}" {what} a place from-to', remedy='as in "21-30 right"')
    for word in ("digits", "implied"):
        if not given.get(word, "0").isdigit():
            raise table.mistake(key, f'{word} "{given[word]}" is no number')
    mark, dates = given.get("decimal", file.decimal), given.get("dates", file.dates)
    if mark not in (".", ","):
        raise table.mistake(key, f'decimal {mark} is neither "." nor ","')
    position = int(name) if not (file.fixed or file.header) and name.isdigit() else 0
    if not (file.fixed or file.header or position):
        raise table.mistake(key, f'"{name}" is no position', remedy="without a header row columns go by position")
    right, zeros, digits = "right" in given or "zeros" in given, "zeros" in given, int(given.get("digits", 0))
    described = Column((name,), position, start, end, right, "0" if zeros else " ", digits)
    return described, f"{mark} {int(given.get('implied', 0))} {_dates(table, dates, key)}"


def _words(table: Table, words: object, key: Key) -> dict[str, str]:
    """The words of one column with their values; a flag is its own value."""
    if not isinstance(words, str) or not words:
        raise table.mistake(key, 'a column is described in quotes, as in "dates YYYYMMDD", or "text"')
    left, given = words.split(" "), dict[str, str]()
    if _SPAN.match(left[0]):
        given["span"] = left.pop(0)
    while left:
        word = left.pop(0)
        if word in given or word not in (*_FLAGS, *_VALUES):
            raise table.mistake(key, f'"{word}" says nothing of a column', remedy=nearest(word, (*_FLAGS, *_VALUES)))
        if word in _VALUES and not left:
            raise table.mistake(key, f'"{word}" says nothing')
        given[word] = word if word in _FLAGS else left.pop(0)
    return given
