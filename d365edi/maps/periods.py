"""The days of X12's DTM, however they are written: DTM02, or DTM06 in the form that DTM05 names (data element 1250).

    D8 D6 DB DT    a day, of DT with its time        in DTM02, as a day is
    RD8 RD6        a period                          its first day in DTM02, its last one in DTM03
    CM and others  a month, or what is no day        as they stand

Before 004010, DTM05 is the century of the year in DTM02.

Knows: the forms. Does not know: which date means what.
"""

from collections.abc import Callable

from d365edi.edi.dates import digits, is_day
from d365edi.edi.guide import Segment

FORM, PERIOD = "1250", "1251"
"""Data elements: the form of a date, and what is written in it."""
DAY, TIME, AT, VALUE = 2, 3, 5, 6
"""Where they stand, with the plain day and its time."""
_SIZES = {"D8": (8, 0), "D6": (6, 0), "DB": (8, 0), "DT": (8, 4), "RD8": (8, 8), "RD6": (6, 6)}
"""Digits of the day, and of what is behind it."""


def plain(segment: Segment) -> Callable[[list[str]], list[str]] | None:
    """How a segment with a form of dates becomes one with a plain day; None where it has none."""
    numbers = [each.number for each in segment.elements[AT - 1 : VALUE]]
    return _plain if numbers == [FORM, PERIOD] else None


def _plain(row: list[str]) -> list[str]:
    if len(row) <= AT or not row[AT]:
        return row
    if len(row[AT]) == len("20") and digits(row[AT]) and len(row[DAY]) == len("YYMMDD"):
        return [*row[:DAY], row[AT] + row[DAY], *row[TIME:AT], "", *row[AT + 1 :]]
    if row[DAY] or len(row) <= VALUE or row[AT] not in _SIZES:
        return row
    size, more = _SIZES[row[AT]]
    text = row[VALUE].replace("-", "")
    first, rest = text[:size], text[size:]
    if row[AT] == "DB":
        first = first[4:] + first[:4]
    if len(text) != size + more or not is_day(first, size) or (more == size and not is_day(rest, size)):
        return row
    return [*row[:DAY], first, rest or row[TIME], row[TIME + 1], "", "", *row[VALUE + 1 :]]
