"""Where the lines of an order or invoice have their figures: it follows from a line's form, so that each form is taken apart
once, and the figures of all lines of a set are cut out of them by their places.

Knows: lines of forms that were met before. Does not know: sets, what a figure is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import mul

from d365edi.edi import checkdigit
from d365edi.edi.sweep import NOUGHTS

GTIN = {b"UP": 12, b"EN": 13, b"UK": 14, b"EO": 8}
"""The kinds of article numbers that have a check digit, with their lengths."""
KNOWN = 2048
"""Forms that are remembered."""
_FINEST = 6
"""The most decimals of a price."""
_UNIT = Decimal(10) ** -_FINEST
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


def layout(form: bytes, separator: bytes) -> Layout:
    """Takes a form apart. ValueError for one with an article number of a wrong length."""
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


class _Layouts(dict[bytes, Layout]):
    """The layouts of forms that were met under one separator."""

    def __init__(self, separator: bytes) -> None:
        super().__init__()
        self.separator = separator

    def __missing__(self, form: bytes) -> Layout:
        found = self[form] = layout(form, self.separator)
        return found


_met = lru_cache(maxsize=16)(_Layouts)


def known(lines: Sequence[bytes], separator: bytes, most: int = KNOWN) -> Lines | None:
    """The lines of a set with their layouts; None where they have forms that were not met before, and `most` are remembered.

    ValueError where an article number has a wrong length.
    """
    layouts, forms = _met(separator), [raw.translate(NOUGHTS) for raw in lines]
    if separator.isdigit() or (len(layouts) + len(lines) > most and not layouts.keys() >= set(forms)):
        return None
    return Lines(lines, [layouts[form] for form in forms])


class Lines:
    """The lines of a set, each with its layout. What is asked for raises ValueError where a line does not have it."""

    def __init__(self, lines: Sequence[bytes], layouts: Sequence[Layout]) -> None:
        self.size = len(lines)
        self._lines = list(zip(lines, layouts, strict=True))

    def numbered(self) -> bool:
        """All article numbers have their check digit."""
        numbers = [raw[place] for raw, layout in self._lines for place in layout.articles]
        return not numbers or checkdigit.all_valid(numbers)

    def quantities(self) -> list[int]:
        """The quantities of the lines."""
        return [int(raw[layout.quantity]) for raw, layout in self._lines]

    def goods(self, quantities: Sequence[int]) -> Decimal:
        """What these quantities come to at the prices of the lines."""
        prices = [int(raw[layout.price].replace(b".", b"")) * layout.scale for raw, layout in self._lines]
        total: int = sum(map(mul, quantities, prices))
        return total * _UNIT
