"""Hypothesis strategies for documents of which the columns of the shipped CSV maps can say orders, cartons and lines."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from d365edi.documents import (
    ApplicationAdvice,
    Document,
    OrderChange,
    OrderChangeResponse,
    OrderResponse,
    Remittance,
    ShipNotice,
)
from tests.maps.drawn import Values, cents, codes, days, maybe, percents, quantities, some, worded
from tests.maps.drawn_flat import UNITS, line, orders, party, texts

Made = TypeVar("Made", bound=Document)
SHARED = ("EA", "EACH", "CS")
"""Words for units that mean the same as another one: which was used is kept."""
CHANGES = {"ADDED": "added", "DELETE": "deleted", "PRICE": "price", "QUANTITY DECREASED": "quantity decreased"}
SHARED_CHANGES = ("ADDED", "DELETE")
OUTCOMES = {"ACCEPTED": "accepted", "BACKORDER": "backordered", "RESCHEDULED": "rescheduled"}
ITEM_KINDS = {"INVOICE": "IV", "CM": "CM", "DEDUCTION": "DM"}


def number_of(values: Values) -> object:
    """What an item of a list is told by."""
    return values["number"]


@cache
@st.composite
def unit(draw: DrawFn) -> tuple[Values, Values]:
    """A unit, and their word for it where it must be kept."""
    word = draw(maybe(st.sampled_from(sorted(UNITS))))
    return some({"unit": UNITS[word] if word else None}), {"unit": word} if word in SHARED else {}


@cache
@st.composite
def answer(draw: DrawFn) -> Values:
    """What becomes of some of a line."""
    measure, spelled = draw(unit())
    word = draw(st.sampled_from(sorted(OUTCOMES)))
    day = draw(maybe(days))
    told = {"outcome": word} if word == "BACKORDER" else {}
    return some(
        {
            **measure,
            "outcome": OUTCOMES[word],
            "quantity": draw(maybe(quantities)),
            "date": day,
            "date_kind": "068" if day else None,
            "reason": draw(maybe(texts())),
            "item": some({"gtin": draw(maybe(st.just("614141000029"))), "vendor": draw(maybe(texts()))}),
            "kept": {**spelled, **told},
        }
    )


@cache
@st.composite
def changed(draw: DrawFn) -> Values:
    """A line that changes."""
    values: Values = draw(line())
    word = draw(st.sampled_from(sorted(CHANGES)))
    values["kept"] = {**values.get("kept", {}), **({"change": word} if word in SHARED_CHANGES else {})}
    return some({**values, "change": CHANGES[word], "left": draw(maybe(quantities))})


def head(draw: DrawFn) -> Values:
    """What an order says before its lines."""
    order = draw(orders())
    names = (
        "number",
        "date",
        "currency",
        "release",
        "department",
        "vendor_number",
        "total",
        "deliver_by",
        "parties",
        "terms",
    )
    return {name: getattr(order, name) for name in names}


@cache
@st.composite
def changes(draw: DrawFn) -> OrderChange:
    """A change of an order."""
    word = draw(st.sampled_from(("CANCEL", "04", "REPLACE")))
    values: Values = {
        **head(draw),
        "purpose": {"CANCEL": "01", "04": "04", "REPLACE": "05"}[word],
        "sequence": draw(maybe(codes(2))),
        "changed": draw(maybe(days)),
        "lines": tuple(draw(st.lists(changed(), max_size=3))),
        "kept": {"purpose": word},
    }
    return _made(OrderChange, values)


def answered(lines: SearchStrategy[Values]) -> SearchStrategy[tuple[Values, ...]]:
    """Lines with their answers, each line once."""
    with_answers = st.builds(
        lambda each, answers: some({**each, "answers": tuple(answers)}), lines, st.lists(answer(), max_size=3)
    )
    return st.lists(with_answers, max_size=3, unique_by=number_of).map(tuple)


@cache
@st.composite
def responses(draw: DrawFn) -> OrderResponse:
    """An answer to an order."""
    values: Values = {
        **head(draw),
        "purpose": "00",
        "acknowledgment": draw(maybe(st.sampled_from(("accepted", "changed", "rejected")))),
        "responded": draw(maybe(days)),
        "sales_order": draw(maybe(texts())),
        "ship_date": draw(maybe(days)),
        "lines": draw(answered(line())),
    }
    return _made(OrderResponse, values)


@cache
@st.composite
def change_responses(draw: DrawFn) -> OrderChangeResponse:
    """An answer to a change."""
    values: Values = {
        **head(draw),
        "acknowledgment": draw(maybe(st.sampled_from(("accepted", "rejected")))),
        "sequence": draw(maybe(codes(2))),
        "changed": draw(maybe(days)),
        "lines": draw(answered(changed())),
    }
    return _made(OrderChangeResponse, values)


def _made(kind: type[Made], values: Values) -> Made:
    """The document; parts that are values already are taken as they are."""
    parts = {name: values.pop(name) for name in ("parties", "terms")}
    return worded(kind, some(values)).replace(**parts)


# -- shipments --------------------------------------------------------------------------------------------------------


@cache
@st.composite
def item(draw: DrawFn) -> Values:
    """An item that was shipped."""
    measure, spelled = draw(unit())
    return some(
        {
            **measure,
            "number": draw(codes(3)),
            "item": some({"gtin": "614141000012", "buyer": draw(maybe(codes(9))), "vendor": draw(maybe(texts()))}),
            "quantity": draw(maybe(quantities)),
            "batch": draw(maybe(texts())),
            "expires": draw(maybe(days)),
            "kept": spelled,
        }
    )


@cache
def items(least: int = 0) -> SearchStrategy[tuple[Values, ...]]:
    """Some items."""
    return st.lists(item(), min_size=least, max_size=2).map(tuple)


labels = st.integers(0, 10**17 - 1).map(lambda number: f"1{number:017}")


@cache
@st.composite
def carton(draw: DrawFn) -> Values:
    """A carton with a label, or only with a number of the carrier's; it may be empty."""
    label = draw(maybe(labels))
    tracking = draw(maybe(codes(12))) if label else draw(codes(12))
    return some({"sscc": label, "tracking": tracking, "lines": draw(items())})


@cache
def cartons() -> SearchStrategy[tuple[Values, ...]]:
    """Some cartons, each once."""
    return st.lists(carton(), max_size=2, unique_by=lambda each: (each.get("sscc"), each.get("tracking"))).map(tuple)


@cache
@st.composite
def pallet(draw: DrawFn) -> Values:
    """A pallet with what stands on it."""
    return some({"sscc": draw(labels), "lines": draw(items()), "packs": draw(cartons())})


@cache
@st.composite
def inside(draw: DrawFn) -> Values:
    """What stands in a shipment, or in one of its orders."""
    pallets = st.lists(pallet(), max_size=1).map(tuple)
    return some({"lines": draw(items()), "packs": draw(cartons()), "pallets": draw(pallets)})


@cache
@st.composite
def shipped_order(draw: DrawFn) -> Values:
    """What is shipped under one order."""
    values = {
        "number": draw(texts()),
        "date": draw(maybe(days)),
        "department": draw(maybe(texts())),
        "vendor_number": draw(maybe(texts())),
        "sales_order": draw(maybe(texts())),
    }
    return some({**values, **draw(inside())})


@cache
@st.composite
def shipments(draw: DrawFn) -> ShipNotice:
    """A shipment for some orders or for none, in cartons or without."""
    named = st.lists(shipped_order(), max_size=2, unique_by=number_of).map(tuple)
    values = {
        "number": draw(texts()),
        "date": draw(maybe(days)),
        "ship_date": draw(maybe(days)),
        "bill_of_lading": draw(maybe(texts())),
        "tracking": draw(maybe(texts())),
        "carrier": some({"id": draw(maybe(codes(4)))}),
        "parties": some({"ship_to": some({"id": draw(maybe(texts()))})}),
        "orders": draw(named),
        **draw(inside()),
    }
    return worded(ShipNotice, some(values))


@cache
@st.composite
def described(draw: DrawFn) -> ShipNotice:
    """A shipment of which more is said than records have room for."""
    more = some(
        {
            "purpose": "00",
            "time": draw(maybe(st.just("0915"))),
            "packages": some({"count": draw(maybe(st.integers(1, 99).map(Decimal))), "weight": draw(maybe(percents))}),
            "parties": some({"ship_to": draw(party("street", "zip")), "ship_from": draw(party("city"))}),
        }
    )
    known = worded(ShipNotice, {"number": "1", **more})
    return draw(shipments()).replace(**{name: getattr(known, name) for name in more})


# -- payments and advice ----------------------------------------------------------------------------------------------


@cache
@st.composite
def paid(draw: DrawFn) -> Values:
    """An open item."""
    word = draw(maybe(st.sampled_from(sorted(ITEM_KINDS))))
    return some(
        {
            "kind": ITEM_KINDS[word] if word else None,
            "number": draw(texts()),
            "date": draw(maybe(days)),
            "gross": draw(maybe(cents)),
            "discount": draw(maybe(cents)),
            "adjusted": draw(maybe(quantities)),
            "reason": draw(maybe(texts())),
            "paid": draw(maybe(quantities)),
            "order_number": draw(maybe(texts())),
            "kept": {"kind": word} if word else {},
        }
    )


@cache
@st.composite
def remittances(draw: DrawFn) -> Remittance:
    """A payment for some stores, or for none."""
    stores = st.lists(maybe(texts()), max_size=2, unique=True)
    entities = [
        some({"id": store, "lines": tuple(draw(st.lists(paid(), min_size=1, max_size=2)))}) for store in draw(stores)
    ]
    values = {
        "number": draw(texts()),
        "date": draw(maybe(days)),
        "created": draw(maybe(days)),
        "total": draw(maybe(cents)),
        "currency": draw(maybe(st.just("USD"))),
        "method": draw(maybe(texts())),
        "parties": some({"buyer": draw(party()), "vendor": draw(party())}),
        "entities": tuple(entities),
    }
    return worded(Remittance, some(values))


@cache
@st.composite
def trouble(draw: DrawFn) -> Values:
    """Something that is wrong."""
    fields = ("text", "segment", "value", "correct")
    return some({"code": draw(codes(3)), **{name: draw(maybe(texts())) for name in fields}})


@cache
@st.composite
def advice(draw: DrawFn) -> Values:
    """What became of one document."""
    word = draw(maybe(st.sampled_from(("INVOICE", "ASN", "PO"))))
    kinds = {"INVOICE": "IV", "ASN": "SI", "PO": "PO"}
    return some(
        {
            "kind": kinds[word] if word else None,
            "reference": draw(texts()),
            "verdict": draw(maybe(st.sampled_from(("accepted", "accepted with errors", "rejected")))),
            "date": draw(maybe(days)),
            "control": draw(maybe(codes(9))),
            "troubles": tuple(draw(st.lists(trouble(), max_size=2))),
            "kept": {"kind": word} if word else {},
        }
    )


@cache
@st.composite
def advices(draw: DrawFn) -> ApplicationAdvice:
    """Advice about some documents."""
    each = st.lists(advice(), max_size=2, unique_by=lambda one: (one.get("kind"), one["reference"]))
    values = {"number": draw(texts()), "date": draw(maybe(days)), "advices": tuple(draw(each))}
    return worded(ApplicationAdvice, some(values))
