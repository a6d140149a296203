"""Hypothesis strategies for shipments of every structure: any level may be left out."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from d365edi.documents import ShipNotice
from tests.maps.drawn import (
    Values,
    codes,
    days,
    items,
    kept,
    keys,
    maybe,
    moments,
    parties,
    percents,
    quantities,
    references,
    some,
    stores,
    units,
    wholes,
    worded,
    words,
)


@cache
@st.composite
def packages(draw: DrawFn) -> Values:
    """How many packages of what weight."""
    if not draw(st.booleans()):
        return {}
    return {
        "packaging": "CTN25",
        "count": Decimal(draw(wholes)),
        "weight_kind": "G",
        "weight": draw(percents),
        "weight_unit": "LB",
    }


@cache
@st.composite
def line(draw: DrawFn, *, packed: bool = False) -> Values:
    """An item that was shipped; `packed`: with its packages."""
    item, spelled = draw(items())
    item.setdefault("gtin", "614141000012")
    spelled.setdefault("item.gtin", "UP")
    unit, word = draw(units())
    ordered, told = draw(units())
    counted = draw(maybe(quantities))
    produced = draw(maybe(days))
    told = {f"ordered.{field}": code for field, code in told.items()} if counted is not None else {}
    shared, spelled_stores = draw(stores())
    return some(
        {
            **shared,
            "number": draw(maybe(codes(3))),
            "item": item,
            "quantity": draw(quantities),
            "unit": unit,
            "ordered": some({"quantity": counted, "unit": ordered if counted is not None else None}),
            "description": draw(maybe(words())),
            "batch": draw(maybe(words())),
            "expires": draw(maybe(days)),
            "produced": produced,
            "references": tuple(draw(st.lists(references(), max_size=1))),
            "dates": tuple(draw(st.lists(moments("036"), max_size=1))),
            "packs": tuple(draw(st.lists(package(), min_size=1, max_size=2))) if packed else (),
            "kept": {**spelled, **word, **told, **spelled_stores, **({"produced": "094"} if produced else {})},
        }
    )


@cache
@st.composite
def package(draw: DrawFn) -> Values:
    """What every package has."""
    numbers, spelled = draw(kept({"sscc": "GM|AA", "tracking": "CP|SM"}, codes(20)))
    return some(
        {
            **numbers,
            "kept": spelled,
            "marks": tuple(
                draw(st.lists(st.fixed_dictionaries({"qualifier": st.just("UC"), "id": codes(14)}), max_size=1))
            ),
            "packages": draw(packages()),
            "references": tuple(draw(st.lists(references(), max_size=1))),
        }
    )


@cache
def lines() -> SearchStrategy[tuple[Values, ...]]:
    """Some items."""
    return st.lists(line(), min_size=1, max_size=2).map(tuple)


@cache
@st.composite
def packs(draw: DrawFn) -> tuple[Values, ...]:
    """Packages with items in them."""
    return tuple({**draw(package()), "lines": draw(lines())} for _ in range(draw(st.integers(1, 2))))


@cache
@st.composite
def pallets(draw: DrawFn) -> tuple[Values, ...]:
    """Pallets with packs, or with items."""
    inside = {"packs": draw(packs())} if draw(st.booleans()) else {"lines": draw(lines())}
    return ({**draw(package()), **inside},)


@cache
@st.composite
def inside_order(draw: DrawFn) -> Values:
    """What may hang below an order."""
    ways = ("lines", "packs", "pallets", "packed lines", "several")
    way = draw(st.sampled_from(ways))
    found: Values = {}
    if way in ("lines", "several"):
        found["lines"] = draw(lines())
    if way == "packed lines":
        found["lines"] = (draw(line(packed=True)),)
    if way in ("packs", "several"):
        found["packs"] = draw(packs())
    if way in ("pallets", "several"):
        found["pallets"] = draw(pallets())
    return found


@cache
@st.composite
def order(draw: DrawFn) -> Values:
    """What is shipped under one order."""
    return some(
        {
            "number": draw(keys(20)),
            "date": draw(maybe(days)),
            "department": draw(maybe(words())),
            "invoice": draw(maybe(words())),
            "references": tuple(draw(st.lists(references(), max_size=1))),
            "packages": draw(packages()),
            "parties": draw(parties(("buyer", "mark_for"))),
            **draw(inside_order()),
        }
    )


@cache
@st.composite
def shipments(draw: DrawFn) -> ShipNotice:
    """A shipment."""
    way = draw(st.sampled_from(("orders", "lines", "packs", "pallets", "orders in packs", "orders on pallets")))
    orders = tuple(draw(st.lists(order(), min_size=1, max_size=2)))
    ways: dict[str, Values] = {
        "orders": {"orders": orders},
        "lines": {"lines": draw(lines())},
        "packs": {"packs": draw(packs())},
        "pallets": {"pallets": draw(pallets())},
        "orders in packs": {"packs": ({**draw(package()), "orders": orders},)},
        "orders on pallets": {"pallets": ({**draw(package()), "orders": orders},)},
    }
    dates, spelled = draw(kept({"ship_date": "011", "deliver_date": "017|067|002"}, days))
    tracking = draw(maybe(words()))
    values = {
        **ways[way],
        **dates,
        "number": draw(keys(20)).ljust(2, "0"),
        "purpose": "00",
        "date": draw(days),
        "time": "1405",
        "structure": draw(maybe(st.just("0001"))),
        "packages": draw(packages()),
        "carrier": some({"id_kind": "2", "id": "ABCD", "mode": draw(maybe(st.just("M")))}),
        "equipment": some({"code": "TL", "number": draw(maybe(codes(6)))}),
        "bill_of_lading": draw(maybe(words())),
        "tracking": tracking,
        "references": tuple(draw(st.lists(references(), max_size=1))),
        "freight": some({"payment": draw(maybe(st.just("CC")))}),
        "parties": draw(parties(("ship_to", "ship_from"))),
        "kept": {**spelled, **({"tracking": draw(st.sampled_from(("CN", "2I")))} if tracking else {})},
    }
    return worded(ShipNotice, some(values))
