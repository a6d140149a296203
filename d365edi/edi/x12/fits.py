"""Whether the figures of a set fit, seen for all its lines at once: counts, hash totals, an invoice's total, check digits.

A quick look that only says yes. Where it does not, `totals` looks at one segment after the other and explains, or finds
that all is well after all. Where a line has its figures follows from its form, so that each form is taken apart once.

Knows: the lines of orders and invoices. Does not know: order of segments, findings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import mul

from d365edi.edi import checkdigit
from d365edi.edi.x12.totals import GTIN, charge, slack

Rows = Callable[[bytes], Sequence[bytes]]
_LINES = {"850": b"PO1", "855": b"PO1", "860": b"POC", "865": b"POC", "810": b"IT1"}
_FORMS = 4096
"""Forms of lines that are remembered."""
_FINEST = 6
"""The most decimals of a price."""
_CENT, _UNIT, _ZERO = Decimal("0.01"), Decimal(10) ** -_FINEST, Decimal(0)
_NOWHERE = slice(0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the lines of one form have their figures: nowhere, where they have none that can be added up at once.

    The digits of a price, times `scale`, are the price in millionths.
    """

    quantity: slice
    price: slice
    scale: int
    articles: tuple[slice, ...]


class Layouts(dict[bytes, Layout]):
    """The layouts by form. ValueError for one with an article number of a wrong length."""

    def __init__(self, separator: bytes) -> None:
        super().__init__()
        self.separator = separator

    def __missing__(self, form: bytes) -> Layout:
        if len(self) >= _FORMS:
            self.clear()
        found = self[form] = _layout(form, self.separator)
        return found


_layouts = lru_cache(maxsize=16)(Layouts)


def _layout(form: bytes, separator: bytes) -> Layout:
    parts, places, at = [*form.split(separator), *[b""] * 5], list[slice](), 0
    for part in parts:
        places.append(slice(at, at + len(part)))
        at += len(part) + 1
    articles = [at + 1 for at, part in enumerate(parts) if at and part in GTIN]
    if any(parts[at] != b"0" * GTIN[parts[at - 1]] for at in articles):
        raise ValueError(form)
    whole, _, decimals = parts[4].partition(b".")
    priced = (whole + decimals).isdigit() and len(decimals) <= _FINEST
    return Layout(
        places[2] if parts[2].isdigit() else _NOWHERE, places[4] if priced else _NOWHERE, 10 ** (_FINEST - len(decimals)),
        tuple(places[at] for at in articles),
    )  # fmt: skip


def fit(id: str, separator: bytes, rows: Rows, forms: Rows) -> bool:
    """Whether nothing can be said against the figures of a set whose segments are in order. `rows` are the segments that
    begin with three bytes, `forms` the same with noughts for digits.
    """
    line = _LINES.get(id)
    if line is None or separator.isdigit():
        return False
    known, lines = _layouts(separator), rows(line)
    try:
        layouts = [known[form] for form in forms(line)]
        numbers = [raw[place] for raw, layout in zip(lines, layouts, strict=True) for place in layout.articles]
        if numbers and not checkdigit.all_valid(numbers):
            return False
        if line == b"POC":
            return _counted(rows(b"CTT"), separator, len(lines), None)
        quantities = [int(raw[layout.quantity]) for raw, layout in zip(lines, layouts, strict=True)]
        return _counted(rows(b"CTT"), separator, len(lines), sum(quantities)) and (
            id != "810" or _paid(rows, separator, quantities, lines, layouts)
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


def _paid(
    rows: Rows, separator: bytes, quantities: Sequence[int], lines: Sequence[bytes], layouts: Sequence[Layout]
) -> bool:
    """TDS01 is the lines with allowances and charges, and the taxes either on top or among the charges."""
    totals, charges, taxes = rows(b"TDS"), rows(b"SAC"), rows(b"TXI")
    if not totals:
        return True
    if rows(b"SLN"):
        return False
    prices = [
        int(raw[layout.price].replace(b".", b"")) * layout.scale for raw, layout in zip(lines, layouts, strict=True)
    ]
    left: Decimal = int(totals[0].split(separator)[1]) * _CENT - sum(map(mul, quantities, prices)) * _UNIT
    if charges:
        left -= sum((charge(raw.split(separator)) for raw in charges), _ZERO)
    most = slack(len(lines))
    tax = sum((Decimal(raw.split(separator)[2].decode("latin-1")) for raw in taxes), _ZERO)
    return min(abs(left), abs(left - tax)) <= most
