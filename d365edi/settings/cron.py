"""Cron expressions, checked before anything is scheduled by them.

Five fields: minute, hour, day of the month, month, day of the week. Each is `*`, a number, a range `6-20`, any of these with a
step `/10`, or several joined by commas. Days of the week are written by name, because schedulers do not agree whether 0 is Sunday
(crontab) or Monday (APScheduler), and a week later is too late to find out.

Knows: the expression. Does not know: what runs by it, nor when.
"""

import re
from typing import Annotated

from pydantic import AfterValidator

from .values import invalid

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_REMEDY = 'write minute, hour, day, month and weekday, as "*/10 6-20 * * mon-fri"'


def _cron(value: str) -> str:
    fields = value.split()
    if len(fields) != len(_FIELDS):
        raise invalid(f"has {len(fields)} fields, not five", _REMEDY)
    found = [
        {number for item in text.lower().split(",") for number in _item(item, *field)}
        for text, field in zip(fields, _FIELDS, strict=True)
    ]
    if not any(min(found[2]) <= _LONGEST[month - 1] for month in found[3]):
        raise invalid("has a day that no month has", _REMEDY)
    return " ".join(fields).lower()


def _item(item: str, name: str, low: int, high: int, names: tuple[str, ...]) -> range:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise invalid(f'has "{item}" for the {name}', _REMEDY)
    first, last, step = match.groups()
    begin = low if first is None else _number(first, name, low, high, names)
    if last is not None:
        end = _number(last, name, low, high, names)
    else:
        end = begin if first is not None and step is None else high
    if begin > end:
        raise invalid(f'has "{item}" for the {name}, which ends before it begins', _REMEDY)
    if step is not None and not 1 <= int(step) <= end - begin:
        raise invalid(f'has "{item}" for the {name}, a step that is never reached', _REMEDY)
    return range(begin, end + 1, int(step or 1))


def _number(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if word in names:
        return low + names.index(word)
    if names is _DAYS:
        raise invalid(f'has "{word}" for the {name}', "name the weekday: mon, tue, wed, thu, fri, sat or sun")
    if not word.isdecimal() or not low <= int(word) <= high:
        raise invalid(f'has "{word}" for the {name}, which runs from {low} to {high}', _REMEDY)
    return int(word)


Cron = Annotated[str, AfterValidator(_cron)]
"""A cron expression of five fields, weekdays by name."""
