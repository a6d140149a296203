"""Days that a file spells in another order than its map says, judged by the whole column.

12/11/2026 is a day both ways. A map that reads MM/DD/YYYY finds out at 13/11/2026, which is none, and then every day of the
column is doubtful, in each document of the file: the others would be read as days that nobody meant.

Knows: columns of days, sets of rows. Does not know: what a day is for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from d365edi.edi.flat.reader import RowSet
from d365edi.edi.flat.rows import at_line

_SHAPE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2\d{2,4}(?!\d)")
_ORDER = re.compile(r"(MM|DD)([./-])(MM|DD)\2YY")


def turned_days(
    sets: Sequence[RowSet], days: Mapping[str, Mapping[int, str]], names: Mapping[str, Sequence[str]]
) -> None:
    """Add a finding to each set with a day that is doubtful for another row's. `days` are the columns of days with their
    spellings, `names` the names of the columns, both by record type."""
    for record, columns in days.items():
        for index, spellings in columns.items():
            first = _month_first(spellings)
            if not first:
                continue
            proof = next((place for place in _values(sets, record, index) if _turned(place[2], first)), None)
            if proof is None:
                continue
            for found, line, value in _values(sets, record, index):
                if _doubtful(value, first):
                    column, other = names[record][index], proof[2]
                    found.findings.append(
                        at_line("document.day.turned", line, column, value, proof=other, other=proof[1])
                    )


def _values(sets: Sequence[RowSet], record: str, index: int) -> Iterator[tuple[RowSet, int, str]]:
    """Every value of a column with its set and line, the same ones of a set once."""
    for found in sets:
        seen = set[str]()
        for row in found.rows:
            if row.record == record and (value := row.values[index]) not in seen:
                seen.add(value)
                yield found, row.line, value


def _month_first(spellings: str) -> dict[str, bool]:
    """For each separator whether the month comes first, where only one order is agreed."""
    found: dict[str, set[bool]] = {}
    for one, separator, other in _ORDER.findall(spellings):
        if one != other:
            found.setdefault(separator, set()).add(one == "MM")
    return {separator: orders.pop() for separator, orders in found.items() if len(orders) == 1}


def _parts(value: str, first: Mapping[str, bool]) -> tuple[int, int] | None:
    """Month and day of a value as agreed; None where it has another shape."""
    shape = _SHAPE.match(value)
    if shape is None or shape[2] not in first:
        return None
    one, other = int(shape[1]), int(shape[3])
    return (one, other) if first[shape[2]] else (other, one)


def _turned(value: str, first: Mapping[str, bool]) -> bool:
    """Whether a value is a day only in the other order."""
    found = _parts(value, first)
    return found is not None and 12 < found[0] <= 31 and 1 <= found[1] <= 12


def _doubtful(value: str, first: Mapping[str, bool]) -> bool:
    """Whether a value is another day in the other order."""
    found = _parts(value, first)
    return found is not None and max(found) <= 12 and found[0] != found[1]
