"""A reader of X12 and EDIFACT that shares nothing with the product: it splits, and knows what a test asks it for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

PER = {"": 1, "PE": 1, "CP": 1, "UM": 1, "PN": 10, "PD": 12, "HP": 100, "TP": 1000}
"""639: for how many a price is. All lines with a price per piece are in pieces here."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: `self[3]` is its third element, `self[3, 2]` the second component of that; what is not there is ""."""

    id: str
    elements: tuple[tuple[str, ...], ...]

    def __getitem__(self, at: int | tuple[int, int]) -> str:
        element, component = at if isinstance(at, tuple) else (at, 1)
        parts = self.elements[element - 1] if element <= len(self.elements) else ()
        return parts[component - 1] if component <= len(parts) else ""

    def pairs(self, first: int) -> dict[str, str]:
        """Qualifiers and ids of X12 from an element on."""
        return {self[at]: self[at + 1] for at in range(first, len(self.elements), 2) if self[at]}


def x12(data: bytes) -> list[Segment]:
    """The segments between ST and SE of the only set. Separators are where ISA has them."""
    text = data.decode("latin-1")
    star, colon, end = text[3], text[104], text[105]
    found = [Segment(row[0], tuple(tuple(part.split(colon)) for part in row[1:])) for row in
             (each.strip("\r\n").split(star) for each in text.split(end) if each.strip("\r\n"))]  # fmt: skip
    found[0] = Segment("ISA", ())
    return _body(found, "ST", "SE")


def edifact(data: bytes) -> list[Segment]:
    """The segments between UNH and UNT of the only message. A question mark releases what follows it."""
    text = data.decode("latin-1").removeprefix("UNA:+.? '")
    found = []
    for row in _parts(text, "'"):
        id, *elements = _parts(row.strip("\r\n"), "+")
        if id:
            found.append(Segment(id, tuple(tuple(map(_plain, _parts(each, ":"))) for each in elements)))
    return _body(found, "UNH", "UNT")


def _parts(text: str, sign: str) -> list[str]:
    """Split where the sign is not released."""
    return re.sub(rf"(\?.)|{re.escape(sign)}", lambda found: found[1] or "\0", text).split("\0")


def _plain(text: str) -> str:
    return re.sub(r"\?(.)", r"\1", text)


def _body(found: Sequence[Segment], first: str, last: str) -> list[Segment]:
    ids = [each.id for each in found]
    begin, end = ids.index(first), ids.index(last)
    assert ids.count(first) == ids.count(last) == 1
    assert int(found[end][1]) == end - begin + 1
    return list(found[begin + 1 : end])


def groups(body: Sequence[Segment], opens: str, closes: Sequence[str]) -> Iterator[list[Segment]]:
    """The segments from each one with an id up to the next such, or to one that ends the last of them."""
    current: list[Segment] | None = None
    for each in body:
        if each.id == opens or each.id in closes:
            if current:
                yield current
            current = [each] if each.id == opens else None
        elif current is not None:
            current.append(each)
    if current:
        yield current


def head(body: Sequence[Segment], opens: str) -> list[Segment]:
    """The segments before the first with an id."""
    ids = [each.id for each in body]
    return list(body[: ids.index(opens)]) if opens in ids else list(body)


def some(body: Sequence[Segment], id: str, qualifier: str = "") -> list[Segment]:
    """The segments with an id, and with a qualifier as their first value."""
    return [each for each in body if each.id == id and (not qualifier or each[1] == qualifier)]


def only(body: Sequence[Segment], id: str, qualifier: str = "") -> Segment:
    """The one there is."""
    found = some(body, id, qualifier)
    assert len(found) == 1, (id, qualifier, found)
    return found[0]


def number(text: str) -> Decimal:
    """A number; an empty one is none."""
    return Decimal(text or 0)


def amount(quantity: str, price: str, per: int | Fraction) -> Fraction:
    """What so much costs at a price for `per`."""
    return Fraction(quantity) * Fraction(price) / per


def day(text: str) -> date:
    """CCYYMMDD."""
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
