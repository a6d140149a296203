"""Hypothesis strategies for orders and invoices that the columns of the shipped CSV maps can say whole."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from d365edi.documents import Invoice, PurchaseOrder
from tests.maps.drawn import Values, cents, codes, days, maybe, percents, prices, quantities, some, worded

UNITS = {"EA": "ea", "EACH": "ea", "CS": "cs", "KG": "kg", "DZ": "dz"}
wholes = st.integers(0, 365)


@cache
def texts() -> SearchStrategy[str]:
    """Text of all kinds: quotes, delimiters, line breaks, letters of any script; not what a spreadsheet would have made."""
    inside = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('",;|\t\n'), max_size=20)
    return inside.map(lambda text: f"x{text}x")


@cache
@st.composite
def party(draw: DrawFn, *names: str) -> Values:
    """A party of a few columns."""
    return some({name: draw(maybe(texts())) for name in ("id", "name", *names)})


ADDRESS = ("street", "city", "state", "zip", "country")


@cache
@st.composite
def line(draw: DrawFn) -> Values:
    """A line that says something."""
    unit = draw(maybe(st.sampled_from(sorted(UNITS))))
    return some(
        {
            "number": draw(codes(3)),
            "item": some({"gtin": "614141000012", "buyer": draw(maybe(codes(9))), "vendor": draw(maybe(texts()))}),
            "description": draw(maybe(texts())),
            "quantity": draw(maybe(quantities)),
            "price": draw(maybe(prices)),
            "unit": UNITS[unit] if unit else None,
            "kept": {"unit": unit} if unit in ("EA", "EACH", "CS") else {},
        }
    )


@cache
@st.composite
def common(draw: DrawFn) -> Values:
    """What orders and invoices share."""
    return {
        "number": draw(texts()),
        "date": draw(maybe(days)),
        "currency": draw(maybe(st.sampled_from(("USD", "EUR")))),
        "release": draw(maybe(codes(2))),
        "department": draw(maybe(texts())),
        "vendor_number": draw(maybe(texts())),
        "total": draw(maybe(cents)),
        "terms": some({"net_days": draw(maybe(wholes)), "discount_percent": draw(maybe(percents))}),
        "lines": tuple(draw(st.lists(line(), max_size=3))),
    }


@cache
@st.composite
def orders(draw: DrawFn) -> PurchaseOrder:
    """A purchase order."""
    values: dict[str, Any] = {
        **draw(common()),
        "purpose": draw(maybe(st.just("00"))),
        "deliver_by": draw(maybe(days)),
        "cancel_after": draw(maybe(days)),
        "carrier": some({"routing": draw(maybe(texts()))}),
        "parties": some({"ship_to": draw(party(*ADDRESS)), "bill_to": draw(party(*ADDRESS)), "buyer": draw(party())}),
    }
    return worded(PurchaseOrder, some(values))


@cache
@st.composite
def invoices(draw: DrawFn) -> Invoice:
    """An invoice."""
    values: dict[str, Any] = {
        **draw(common()),
        "sense": draw(maybe(st.sampled_from(("invoice", "credit", "debit")))),
        "order_number": draw(maybe(codes(9))),
        "order_date": draw(maybe(days)),
        "ship_date": draw(maybe(days)),
        "parties": some({"ship_to": draw(party(*ADDRESS)), "remit_to": draw(party())}),
    }
    for each in values["lines"]:
        each["amount"] = draw(cents)
    if len(values["lines"]) > 1 and draw(st.booleans()):  # for several orders: then the head names none
        del values["order_number"]
        for number, each in enumerate(values["lines"]):
            each["order_number"] = draw(codes(9)) + str(number)
    return worded(Invoice, some(values))
