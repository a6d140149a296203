"""How a price of ours is stated to a partner: as the order's was, as far as the partner's set has a place for that, else for
one unit. Quantity, price and what it is for always give the amount.

Knows: documents and the orders that they answer. Does not know: codes, which set is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from d365edi.documents import Document, Invoice, OrderLine, OrderResponse, PurchaseOrder
from d365edi.documents.values import Pack, PricePer
from d365edi.matching.prices import (
    ONE,
    UNIT,
    PricedLine,
    Units,
    bases,
    decimal,
    pieces_in,
    plainly,
    reading,
)
from d365edi.odata.quoting import same_text

PRICED = ("price", "price_basis", "price_kind", "price_per")
"""The fields that say what a line costs."""


@dataclass(frozen=True, slots=True)
class PricePlaces:
    """What a partner's set has places for: words for the basis and for the kind of a price, and whether for a quantity.
    `rates`: a tax is said with its rate, or not at all; of lines and charges beside the whole.
    `standard` is X12 or EDIFACT, "" for flat files."""

    bases: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    quantity: bool = False
    rates: bool = False
    standard: str = ""


def stated(
    document: Document, order: PurchaseOrder | None, lines: Sequence[OrderLine | None], places: PricePlaces
) -> tuple[Any, tuple[Any, ...]]:
    """An invoice or an answer with its prices as the order's were, and the order's lines as they can be repeated; an order of
    ours with its prices as there is a place for.

    `lines` are the order's, one for each of the document's. Other documents have no prices."""
    if not isinstance(document, Invoice | OrderResponse | PurchaseOrder):
        return document, tuple(lines)
    units = reading(order)
    repeated = tuple(each and _expressed(each, units, places) for each in lines)
    made = [
        _like(line, theirs) if each is not None and _repeats(line, each) and isinstance(document, OrderResponse)
        else _restated(line, each, units, places)
        for line, each, theirs in zip(document.lines, lines, repeated, strict=True)
    ]  # fmt: skip
    return document.replace(lines=tuple(made)), repeated


def _repeats(line: Any, ordered: OrderLine) -> bool:
    """Whether a line of an answer has the order's price; one that is confirmed at another price has ours."""
    return all(getattr(line, name) == getattr(ordered, name) for name in PRICED)


def _like(line: Any, repeated: Any) -> Any:
    """A line of an answer, which repeats the order's price, as far as that is repeated."""
    return line.replace(**{name: getattr(repeated, name) for name in PRICED}, kept=repeated.kept)


def _restated(line: Any, ordered: OrderLine | None, units: Units, places: PricePlaces) -> Any:
    """The line with its price as the order's line stated it, where the set has a place for that, else for one unit."""
    own = plainly(line)
    if line.price is None or isinstance(own, str):
        return line
    said, wanted = _as_said(ordered, units, places, line.unit)
    price = line.price if wanted == own else decimal(Fraction(line.price) * wanted / own)
    return line.replace(**said, price=price, kept=_kept(line, ordered, said))


def _expressed(ordered: OrderLine, units: Units, places: PricePlaces) -> OrderLine:
    """A line of the order as it can be repeated in the set: unchanged, or with its price as there is a place for."""
    count = units(ordered)
    if ordered.price is None or isinstance(count, str) or _fits(ordered, places):
        return ordered
    said, wanted = _as_said(ordered, units, places, ordered.unit)
    price = decimal(Fraction(ordered.price) * wanted / count)
    return ordered.replace(**said, price=price, kept=_kept(ordered, ordered, said))


def _as_said(
    ordered: OrderLine | None, units: Units, places: PricePlaces, unit: str | None
) -> tuple[dict[str, Any], Fraction]:
    """The fields that say what a price is for, and for how many units it is then: quantity times price, by what is said,
    is the amount, however pieces are counted."""
    plain: dict[str, Any] = {"price_per": PricePer(), "price_basis": None, "price_kind": None}
    if ordered is None or ordered.price is None or not _same_unit(ordered.unit, unit):
        return plain, ONE
    count = units(ordered)
    plain["price_kind"] = ordered.price_kind if ordered.price_kind in places.kinds else None
    if not isinstance(count, str) and count.denominator == 1:
        same = count == plainly(ordered.replace(pack=Pack()))
        if same and _fits(ordered, places):
            return {**plain, "price_per": ordered.price_per, "price_basis": ordered.price_basis}, count
        if places.quantity and count != 1:
            return {**plain, "price_per": PricePer(quantity=Decimal(count.numerator))}, count
        word = _word(count, places) if pieces_in(unit, None, Pack()) == 1 else None
        if word is not None:
            return {**plain, "price_basis": word}, count
    if ordered.price_basis not in (None, UNIT) and UNIT in places.bases and not places.quantity:
        plain["price_basis"] = UNIT
    return plain, ONE


def _same_unit(ordered: str | None, ours: str | None) -> bool:
    return ordered == ours or (ordered is not None and ours is not None and same_text(ordered, ours))


def _fits(ordered: OrderLine, places: PricePlaces) -> bool:
    """Whether a set has a place for all that says what the price of this line is for."""
    word = ordered.price_basis is None or ordered.price_basis in places.bases
    return word and (ordered.price_per == PricePer() or places.quantity)


def _word(count: Any, places: PricePlaces) -> str | None:
    """The word for a price of so many pieces."""
    found = (word for word, basis in bases().items() if basis.pieces and basis.per == count and count != 1)
    return next((word for word in found if word in places.bases), None)


def _kept(line: PricedLine, ordered: OrderLine | None, said: Mapping[str, Any]) -> dict[str, str] | None:
    """What was kept of the line, with the order's own codes for what is said of its price."""
    names = ("price_basis", "price_kind", "price_per.unit")
    kept = {name: word for name, word in (line.kept or {}).items() if name not in names}
    for name in names:
        theirs = ordered.spelling(name) if ordered is not None else None
        if theirs and (said.get(name) or (name == "price_per.unit" and said["price_per"].unit)):
            kept[name] = theirs
    return kept or None
