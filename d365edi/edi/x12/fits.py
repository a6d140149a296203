"""Whether the figures of a set fit, seen for all its lines at once: counts, hash totals, an invoice's total, check digits.

A quick look that only says yes. Where it does not, `totals` looks at one segment after the other and explains, or finds
that all is well after all. Lines whose forms are known give their figures by their `layout`, others are taken apart.

Knows: the lines of orders and invoices. Does not know: order of segments, findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from operator import mul

from d365edi.edi import checkdigit
from d365edi.edi.x12 import layout
from d365edi.edi.x12.layout import GTIN
from d365edi.edi.x12.totals import charge, slack

Rows = Callable[[bytes], Sequence[bytes]]
"""The segments of a set that begin with three bytes."""

_LINES = {"850": b"PO1", "855": b"PO1", "860": b"POC", "865": b"POC", "810": b"IT1"}
_PAIRS = {b"PO1": 6, b"POC": 8, b"IT1": 6}
"""Where the article numbers of a line begin, each behind its qualifier."""
_CENT, _ZERO = Decimal("0.01"), Decimal(0)
_plain = re.compile(rb"[0-9.]+").fullmatch


def fit(id: str, separator: bytes, rows: Rows, forms: int = layout.KNOWN) -> bool:
    """Whether nothing can be said against the figures of a set whose segments are in order. `forms` is how many forms of lines
    may be remembered.
    """
    line = _LINES.get(id)
    found = rows(line) if line is not None else ()
    if line is None or not found:
        return False
    try:
        lines = layout.known(found, separator, forms) or _Columns(found, separator, _PAIRS[line])
        quantities = lines.quantities() if line != b"POC" else []
        return (
            lines.numbered()
            and _counted(rows(b"CTT"), separator, len(found), sum(quantities) if quantities else None)
            and (id != "810" or not rows(b"TDS") or _paid(lines.goods(quantities), len(found), separator, rows))
        )
    except (ArithmeticError, LookupError, ValueError):
        return False


def _counted(totals: Sequence[bytes], separator: bytes, lines: int, quantity: int | None) -> bool:
    """CTT says how many lines there are, and the sum of their quantities."""
    if not totals:
        return True
    said = totals[0].split(separator)
    if len(totals) > 1 or len(said) > 3 or int(said[1]) != lines:
        return False
    return len(said) == 2 or quantity is None or int(said[2]) == quantity


def _paid(goods: Decimal, lines: int, separator: bytes, rows: Rows) -> bool:
    """TDS01 is the lines with allowances and charges, and the taxes either on top or among the charges."""
    if rows(b"SLN"):
        return False
    left = int(rows(b"TDS")[0].split(separator)[1]) * _CENT - goods
    left -= sum([charge(raw.split(separator)) for raw in rows(b"SAC")], _ZERO)
    tax = sum([Decimal(raw.split(separator)[2].decode("latin-1")) for raw in rows(b"TXI")], _ZERO)
    return min(abs(left), abs(left - tax)) <= slack(lines)


class _Columns:
    """The lines of a set in columns; those that end early are filled up. ValueError and ArithmeticError for what is no number."""

    def __init__(self, rows: Sequence[bytes], separator: bytes, pairs: int) -> None:
        self.size, self.separator, self.pairs = len(rows), separator, pairs
        self.text = (separator + b"\n" + separator).join(rows)
        self.flat = self.text.split(separator)
        self.width = (len(self.flat) + 1) // self.size
        ends = self.flat[self.width - 1 :: self.width]
        if not len(ends) == ends.count(b"\n") == self.text.count(b"\n") == self.size - 1:
            columns = list(zip_longest(*(raw.split(separator) for raw in rows), fillvalue=b""))
            self.flat = [value for row in zip(*columns, [b"\n"] * self.size, strict=True) for value in row]
            self.width = len(columns) + 1

    def column(self, at: int) -> list[bytes]:
        """An element of all lines; nothing where no line is so long."""
        return self.flat[at :: self.width] if at < self.width - 1 else []

    def numbered(self) -> bool:
        """All article numbers have their length and their check digit, and stand where article numbers stand."""
        right = 0
        for at in range(self.pairs, self.width - 2, 2):
            kinds, numbers = self.column(at), self.column(at + 1)
            alike = kinds.count(kinds[0]) == self.size
            for kind in kinds[:1] if alike else set(kinds):
                if kind in GTIN:
                    found = numbers if alike else [one for one, its in zip(numbers, kinds, strict=True) if its == kind]
                    if not self._right(kind, found):
                        return False
                    right += len(found)
        return right == sum(map(self.text.count, _qualifiers(self.separator)))

    def _right(self, kind: bytes, numbers: Sequence[bytes]) -> bool:
        """Whether article numbers are right, and their qualifier nowhere stands twice in a row, which would be counted once."""
        alone = (self.separator + kind) * 2 not in self.text
        return alone and set(map(len, numbers)) == {GTIN[kind]} and checkdigit.all_valid(numbers)

    def quantities(self) -> list[int]:
        """The quantities of the lines."""
        return list(map(int, self.column(2)))

    def goods(self, quantities: Sequence[int]) -> Decimal:
        """What these quantities come to at the prices of the lines."""
        prices = self.column(4)
        if not _plain(b"".join(prices)):
            raise ValueError(prices)
        return sum(map(mul, quantities, map(Decimal, b"\n".join(prices).decode("latin-1").split("\n"))), _ZERO)


@lru_cache(maxsize=16)
def _qualifiers(separator: bytes) -> list[bytes]:
    """What comes before an article number."""
    return [separator + kind + separator for kind in GTIN]
