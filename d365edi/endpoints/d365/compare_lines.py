"""Whether the lines in D365 are the lines that were sent: pure.

A line is found by the fields of `plan.compare` that it has a value for; fields that were not sent are
the server's choice. Order does not matter, number does. Text is compared without regard to case and trailing blanks, numbers by
value, days as days (D365 gives them back as noon UTC, however they were sent).

Knows: plans and rows. Does not know: entity names, HTTP.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from d365edi.odata.plan import WritePlan

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T12:00:00Z)?\Z")


def alike(left: Any, right: Any) -> bool:
    """Whether two values of a field are the same to D365."""
    return bool(_same(left) == _same(right))


def difference(plan: WritePlan, rows: Sequence[Mapping[str, Any]]) -> str:
    """Why the rows are not the plan's lines, in words; empty when they are."""
    if len(rows) != len(plan.lines):
        return f"{_count(len(rows))} instead of {len(plan.lines)}"
    asked = sorted(enumerate(plan.lines, start=1), key=lambda item: -len(_given(plan, item[1])))
    indexes: dict[tuple[str, ...], dict[tuple[Any, ...], list[int]]] = {}
    used: set[int] = set()
    for number, line in asked:
        fields = _given(plan, line)
        if fields not in indexes:
            indexes[fields] = _index(fields, rows)
        places = indexes[fields].get(tuple(_same(line[field]) for field in fields), [])
        while places and places[-1] in used:
            places.pop()
        if not places:
            values = ", ".join(f"{field} {line[field]}" for field in fields)
            return f"line {number} ({values}) is not among them"
        used.add(places.pop())
    return ""


def _given(plan: WritePlan, line: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(field for field in plan.compare if line.get(field) not in (None, ""))


def _index(fields: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], list[int]]:
    index: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        index[tuple(_same(row.get(field)) for field in fields)].append(place)
    return index


def _same(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        day = _DAY.match(value)
        return day.group(1) if day else value.rstrip(" ").casefold()
    return value


def _count(number: int) -> str:
    return "no lines" if number == 0 else "1 line" if number == 1 else f"{number} lines"
