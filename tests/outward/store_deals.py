"""Orders for several stores, each of whose lines D365 has a sales line a store of: drawn as plain facts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.outward.bills import NOTHING, Bill, Billed
from tests.outward.deals import POSTED, VERSIONS, Bought, Box, Deal, Sold, Standard, bought, later, maybe, money, none

STORES = tuple(f"{number:04}" for number in range(1, 13))


@st.composite
def store_deals(draw: DrawFn, standard: Standard) -> Deal:
    """An order for some stores, told back store by store or as it was."""
    lines = [draw(allocated(standard, place)) for place in range(1, 1 + draw(st.integers(1, 3)))]
    parts = [each for place, line in enumerate(lines, 1) for each in draw(sold(line, place))]
    if not any(not each.cancelled for each in parts):
        first, (store, quantity) = lines[0], lines[0].stores[0]
        parts.append(
            Sold(1, "L-1-0", first.item, first.symbol, quantity, first.price, first.per, None, None, store=store)
        )
    days = draw(maybe(later)), draw(maybe(later))
    version, apart = draw(st.sampled_from(VERSIONS[standard])), draw(st.booleans())
    return Deal("4500012345", "SO-12345", *days, tuple(lines), tuple(parts), None, version, apart)


@st.composite
def allocated(draw: DrawFn, standard: Standard, place: int) -> Bought:
    """A line for some stores, whose quantities come to its own."""
    line = draw(bought(standard, place, str(place)))
    many = draw(st.integers(1, 4) | st.integers(9, 12))
    stores = draw(st.permutations(STORES))[:many]
    each = [Decimal(draw(st.integers(1, 500))) for _ in stores]
    return replace(line, allowance=None, quantity=sum(each, NOTHING), stores=tuple(zip(stores, each, strict=True)))


@st.composite
def sold(draw: DrawFn, line: Bought, place: int) -> list[Sold]:
    """What D365 has of a line, store by store: as ordered, less of it, cancelled or nothing; at one price, on some days."""
    factor = draw(st.sampled_from([Fraction(1), Fraction(1), Fraction(3, 2)]))
    exact = line.each * factor * line.per
    price = Decimal(exact.numerator) / Decimal(exact.denominator)
    days = draw(maybe(later)), draw(maybe(later))
    found = []
    for part, (store, quantity) in enumerate(line.stores, 1):
        what = draw(st.sampled_from(["same", "same", "same", "less", "later", "cancelled", "none"]))
        if what == "none":
            continue
        many = quantity - 1 if what == "less" and quantity > 1 else quantity
        own = (draw(maybe(later)), draw(maybe(later))) if what == "later" else days
        lot, gone = f"L-{place}-{part}", what == "cancelled"
        found.append(Sold(place, lot, line.item, line.symbol, many, price, line.per, *own, gone, store))
    return found


@st.composite
def store_slips(draw: DrawFn, standard: Standard) -> tuple[Deal, tuple[Box, ...]]:
    """An order with what is shipped of it to some of its stores."""
    deal = draw(store_deals(standard))
    going = [each for each in deal.sold if not each.cancelled and draw(st.sampled_from([True, True, False]))]
    return deal, tuple(Box("", each, draw(st.sampled_from(sorted({each.quantity, Decimal(1)})))) for each in going)


@st.composite
def store_bills(draw: DrawFn, deal: Deal) -> Bill | None:
    """An invoice of what went to some of the stores; None where there is nothing to bill."""
    chosen = [each for each in deal.sold if not each.cancelled and draw(st.sampled_from([True, True, False]))]
    lines = tuple(
        Billed(each, draw(st.sampled_from(sorted({each.quantity, Decimal(1)}))), NOTHING, draw(none | money))
        for each in chosen
    )
    if not lines or sum((line.amount for line in lines), NOTHING) <= 0:
        return None
    return Bill(
        f"CIV-{draw(st.integers(1, 999999)):06}", POSTED, lines, draw(none | money), NOTHING, draw(none | money)
    )
