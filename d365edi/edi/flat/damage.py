"""What a spreadsheet does to values when a person opens a file and saves it again, recognised by its marks.

    614141000012     6.14141E+11      a long number shown short: its last digits are gone
    061414100001     61414100001      leading zeros dropped (told where a column says how many digits it has)
    3-4              04-Mar           an item number taken for a day
    0012             ="0012"          quoted against all that: the number is whole, only wrapped
                     #N/A, #REF!      a formula that had no answer; ##### a column too narrow

Knows: spreadsheets. Does not know: files, what a column means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from d365edi.edi.findings import Severity

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_SUSPECT = re.compile(r"[=#]|.*(?:[Ee]\+?\d|-[A-Z][a-z]{2})|[A-Z][a-z]{2}-")
_ANY = re.compile(r"^[=#]|[Ee]\+?\d|-[A-Z][a-z]{2}|[A-Z][a-z]{2}-", re.MULTILINE)
_SHORT = re.compile(r"-?\d(?:[.,]\d+)?E\+\d{1,3}\Z", re.IGNORECASE)
_WRAPPED = re.compile(r'="(.*)"\Z', re.DOTALL)
_DAY = re.compile(rf"(?:\d{{1,2}}-(?:{_MONTHS})(?:-\d\d(?:\d\d)?)?|(?:{_MONTHS})-\d\d)\Z")
_FAILED = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|#+)\Z")


@dataclass(frozen=True, slots=True)
class Damage:
    """What was recognised: how bad, a stable word, the end of a sentence whose start is the value, what to do, and the
    value itself where it could be saved."""

    severity: Severity
    rule: str
    trouble: str
    remedy: str
    value: str


def suspect(values: Iterable[str]) -> bool:
    """Whether any of these values needs a look: nearly no row has one."""
    return _ANY.search("\n".join(values)) is not None


def look(value: str) -> Damage | None:
    """What a spreadsheet did to a value, None where nothing shows."""
    if _SUSPECT.match(value) is None:
        return None
    if wrapped := _WRAPPED.match(value):
        return Damage("note", "wrapped", "is wrapped for a spreadsheet and read without", "", wrapped[1])
    if _SHORT.match(value):
        return Damage(
            "error",
            "spreadsheet",
            "is a long number that a spreadsheet shows short; its last digits are lost",
            "ask for the file as their system wrote it, or for the column formatted as text",
            value,
        )
    if _FAILED.match(value):
        return Damage(
            "error",
            "spreadsheet",
            "is a spreadsheet's sign for a formula without an answer",
            "ask for a correct file",
            value,
        )
    if _DAY.match(value):
        return Damage(
            "warning",
            "spreadsheet",
            "looks like a day that a spreadsheet made of a number as 3-4",
            "ask whether it is meant so; formatted as text it stays what it was",
            value,
        )
    return None


def shortened(value: str, digits: int) -> bool:
    """Whether a number has lost leading zeros of the digits it should have."""
    return value.isdigit() and len(value) < digits
