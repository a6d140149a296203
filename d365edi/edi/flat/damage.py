"""What a spreadsheet does to values when a person opens a file and saves it again, recognised by its marks.

    614141000012     6.14141E+11      a long number shown short: its last digits are gone
    061414100001     61414100001      leading zeros dropped (reported where a column says how many digits it has)
    3-4              04-Mar           an item number taken for a day
    0012             ="0012"          quoted against all that: the number is whole, only wrapped
                     #N/A, #REF!      a formula that had no answer; ##### a column too narrow

Knows: spreadsheets. Does not know: files, what a column means.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_SUSPECT = re.compile(r"[=#]|.*(?:[Ee]\+?\d|-[A-Z][a-z]{2})|[A-Z][a-z]{2}-")
_ANY = re.compile(r"^[=#]|[Ee]\+?\d|-[A-Z][a-z]{2}|[A-Z][a-z]{2}-", re.MULTILINE)
_SHORT = re.compile(r"-?\d(?:[.,]\d+)?E\+\d{1,3}\Z", re.IGNORECASE)
_WRAPPED = re.compile(r'="(.*)"\Z', re.DOTALL)
_DAY = re.compile(rf"(?:\d{{1,2}}-(?:{_MONTHS})(?:-\d\d(?:\d\d)?)?|(?:{_MONTHS})-\d\d)\Z")
_FAILED = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|#+)\Z")


@dataclass(frozen=True, slots=True)
class Damage:
    """What was recognised: the key of its rule, and the value itself where it could be saved."""

    key: str
    value: str


def suspect(values: Iterable[str]) -> bool:
    """Whether any of these values needs a look: nearly no row has one."""
    return _ANY.search("\n".join(values)) is not None


def look(value: str) -> Damage | None:
    """What a spreadsheet did to a value, None where nothing shows."""
    if _SUSPECT.match(value) is None:
        return None
    if wrapped := _WRAPPED.match(value):
        return Damage("document.wrapped", wrapped[1])
    if _SHORT.match(value):
        return Damage("document.spreadsheet.short", value)
    if _FAILED.match(value):
        return Damage("document.spreadsheet.formula", value)
    return Damage("document.spreadsheet.day", value) if _DAY.match(value) else None


def thousands(value: str) -> bool:
    """Whether the point in a number may separate its thousands: 1.200, not 1.20, 0.125 or 12345.600."""
    whole, found, rest = value.lstrip("+-").partition(".")
    return bool(found) and len(rest) == 3 and rest.isdigit() and whole.isdigit() and whole[0] != "0" and len(whole) < 4


def shortened(value: str, digits: int) -> bool:
    """Whether a number has lost leading zeros of the digits it should have."""
    return value.isdigit() and len(value) < digits
