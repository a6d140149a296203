"""Hypothesis strategies for shipments that a DESADV can say whole: an order stands around all that is its own."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from d365edi.documents import ShipNotice
from tests.maps.drawn import Values, codes, days, maybe, some, worded

counts = st.decimals(0, 9999, places=2)


@cache
@st.composite
def line(draw: DrawFn) -> Values:
    """A line of a shipment."""
    values = {
        "number": str(draw(st.integers(1, 99))),
        "item": some({"buyer": draw(maybe(codes(5)))}),
        "quantity": draw(maybe(st.decimals(0, 9999, places=2))),
        "batch": draw(maybe(codes(6))),
        "expires": draw(maybe(days)),
        "stores": tuple(draw(st.lists(st.fixed_dictionaries({"store": codes(6), "quantity": counts}), max_size=2))),
    }
    return some({**values, "kept": {"item.buyer": "IN"} if values["item"] else {}})


def lines(least: int = 1) -> Any:
    """Some lines."""
    return st.lists(line(), min_size=least, max_size=2).map(tuple)


@cache
@st.composite
def package(draw: DrawFn) -> Values:
    """A package without what is in it; one with a number is counted."""
    sscc = draw(maybe(st.text("0123456789", min_size=18, max_size=18)))
    counted = st.integers(1, 9).map(Decimal)
    return some(
        {
            "sscc": sscc,
            "packages": some({"count": draw(counted if sscc else maybe(counted))}),
            "kept": {"sscc": "BJ"} if sscc else {},
        }
    )


@cache
@st.composite
def pack(draw: DrawFn) -> Values:
    """A package of one order, or of none."""
    return {**draw(package()), "lines": draw(lines())}


@cache
@st.composite
def pallet(draw: DrawFn) -> Values:
    """A pallet with lines or with packages."""
    if draw(st.booleans()):
        return draw(pack())
    return {**draw(package()), "packs": tuple(draw(st.lists(pack(), min_size=1, max_size=2)))}


@cache
@st.composite
def inside(draw: DrawFn) -> Values:
    """What stands in a shipment, or in one of its orders."""
    return some(
        {
            "lines": draw(lines(0)),
            "packs": tuple(draw(st.lists(pack(), max_size=2))),
            "pallets": tuple(draw(st.lists(pallet(), max_size=2))),
        }
    )


@st.composite
def mixed(draw: DrawFn, known: tuple[Values, ...], *, packs: bool) -> Values:
    """What stands on one package for several orders; `packs`: it may have packages on it."""
    held = draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique_by=lambda each: each["number"]))
    loose = draw(lines(0 if len(held) > 1 else 1))
    orders = []
    for order in held:
        packed = packs and draw(st.booleans())
        orders.append({**order, **({"packs": (draw(pack()),)} if packed else {"lines": draw(lines())})})
    return some({**draw(package()), "lines": loose, "orders": in_order(orders)})


def in_order(orders: list[Values]) -> tuple[Values, ...]:
    """Orders as the message names them: lines in no package stand first."""
    return tuple(sorted(orders, key=lambda each: "lines" not in each))


@cache
@st.composite
def shipments(draw: DrawFn) -> ShipNotice:
    """A shipment for one order, for several or for none, whose packages may be shared."""
    numbers = draw(st.lists(codes(8), max_size=3, unique=True))
    known = tuple(some({"number": number, "date": draw(maybe(days))}) for number in numbers)
    found: Values = draw(inside()) if len(known) != 1 or draw(st.booleans()) else {}
    orders = [{**order, **within} for order in known if (within := draw(inside()))]
    found = {**found, **({"orders": in_order(orders)} if orders else {})}
    if known and draw(st.sampled_from((True, False))):
        shared = {**draw(package()), "packs": (draw(mixed(known, packs=False)),)}
        found["packs"] = (*found.get("packs", ()), draw(mixed(known, packs=False)))
        found["pallets"] = (*found.get("pallets", ()), draw(mixed(known, packs=True)), shared)
    return worded(ShipNotice, {"number": "S1", "purpose": "9", "date": draw(days), **found})
