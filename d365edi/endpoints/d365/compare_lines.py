"""Whether the lines in D365 are the lines that were sent: pure.

A line is found by the fields of `plan.compare` that it has a value for; fields that were not sent are
the server's choice. Order does not matter, number does. Text is compared without regard to case and trailing blanks, numbers by
value, days as days (D365 gives them back as noon UTC, however they were sent).

Knows: plans and rows. Does not know: entity names, HTTP.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from d365edi.odata.canonical import plain
from d365edi.odata.plan import FurtherRows, WritePlan

_CENT = Decimal("0.01")

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T12:00:00Z)?\Z")


def alike(left: Any, right: Any) -> bool:
    """Whether two values of a field are the same to D365."""
    return bool(_same(left) == _same(right))


def difference(plan: WritePlan, rows: Sequence[Mapping[str, Any]]) -> str:
    """Why the rows are not the plan's lines, in words; empty when they are."""
    if len(rows) != len(plan.lines):
        return f"{_count(len(rows))} instead of {len(plan.lines)}"
    found = _paired(plan.compare, plan.lines, rows)
    for number, line in enumerate(plan.lines, 1):
        if number not in found:
            return f"line {number} ({_values(plan.compare, line)}) is not among them"
    return ""


def pairs(plan: WritePlan, rows: Sequence[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """The row of each line of the plan, by its number (1 is the first)."""
    return _paired(plan.compare, plan.lines, rows)


def repriced(plan: WritePlan, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines on which D365 has another price, or amount, than was sent, in words: a trade agreement puts its own there.

    `plan.extra["prices"]` names the fields; a line that was sent without a price has D365's by intent."""
    names: Mapping[str, str] = plan.extra.get("prices", {})
    found = list[str]()
    for number, row in sorted(pairs(plan, rows).items()) if names else ():
        line = plan.lines[number - 1]
        sent, kept, amount = line.get(names["price"]), row.get(names["price"]), row.get(names["amount"])
        if sent is None or kept is None:
            continue
        wanted = _amount(names, line)
        if Decimal(kept) != Decimal(sent):
            found.append(f"line {number} has the price {plain(Decimal(kept))} in place of {plain(Decimal(sent))}")
        elif amount is not None and abs(Decimal(amount) - wanted) > _CENT:
            found.append(f"line {number} comes to {plain(Decimal(amount))} in place of {plain(wanted)}")
    return found


def _amount(names: Mapping[str, str], line: Mapping[str, Any]) -> Decimal:
    """What a line comes to as it was sent: the price for its quantity, less its discounts, in cents."""
    price, quantity, per, off, percent = (
        Decimal(line.get(names[name]) or default)
        for name, default in (("price", 0), ("quantity", 0), ("per", 1), ("off", 0), ("percent", 0))
    )
    return ((price / per - off) * quantity * (100 - percent) / 100).quantize(_CENT)


def missing(wanted: FurtherRows, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which further rows are not among those of D365, in words; others may be beside them."""
    found = _paired(wanted.compare, wanted.rows, rows)
    return [_values(wanted.compare, row) for number, row in enumerate(wanted.rows, 1) if number not in found]


def _paired(
    compare: tuple[str, ...], wanted: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    """A row of D365 for each wanted one that has one, by its number; those that say the most are served first."""
    asked = sorted(enumerate(wanted, start=1), key=lambda item: -len(_given(compare, item[1])))
    found: dict[int, Mapping[str, Any]] = {}
    indexes: dict[tuple[str, ...], dict[tuple[Any, ...], list[int]]] = {}
    used: set[int] = set()
    for number, line in asked:
        fields = _given(compare, line)
        if fields not in indexes:
            indexes[fields] = _index(fields, rows)
        places = indexes[fields].get(tuple(_same(line[field]) for field in fields), [])
        while places and places[-1] in used:
            places.pop()
        if places:
            used.add(places[-1])
            found[number] = rows[places.pop()]
    return found


def _values(compare: tuple[str, ...], row: Mapping[str, Any]) -> str:
    return ", ".join(f"{field} {row[field]}" for field in _given(compare, row))


def values_of(fields: tuple[str, ...], row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of fields, in the form in which equal ones are equal (see `alike`)."""
    return tuple(_same(row.get(field)) for field in fields)


def index(fields: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Rows by their values of fields (`values_of`), each group in the order of the rows."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[values_of(fields, row)].append(row)
    return found


def _given(compare: tuple[str, ...], row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(field for field in compare if row.get(field) not in (None, ""))


def _index(fields: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], list[int]]:
    index: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        index[values_of(fields, row)].append(place)
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
