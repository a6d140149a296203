"""Hypothesis strategies for documents that a message can say whole: what the standard's notes tie together is drawn together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from d365edi.documents import Document, Invoice, PurchaseOrder

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -./&'É"
UNITS = {"EA": "ea", "UN": "ea", "CA": "cs", "CT": "cs", "DZ": "dz", "LB": "lb"}
SHARED = ("EA", "UN", "CA", "CT")
"""Words of the unit table that mean the same as another one: which was used is kept."""
KINDS = ("allowance", "charge", "information")

Values = dict[str, Any]


Doc = TypeVar("Doc", bound=Document)


def worded(kind: type[Doc], values: Values) -> Doc:
    """A document of which the codes that have words are drawn as codes: with the words, and the codes kept as a reader keeps
    them."""
    return kind.from_json(msgspec.json.encode(values))


@cache
def words(least: int = 1, most: int = 12) -> SearchStrategy[str]:
    """Text as a message keeps it: no delimiters, no blanks at the ends."""
    inside = st.text(LETTERS, min_size=least, max_size=most)
    return inside.map(lambda text: text.strip(" ").ljust(least, "X"))


@cache
def keys(most: int) -> SearchStrategy[str]:
    """A number that identifies something."""
    return st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/", min_size=1, max_size=most)


@cache
def codes(length: int) -> SearchStrategy[str]:
    """A code of letters and digits."""
    return st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=length, max_size=length)


days = st.dates(date(2000, 1, 1), date(2049, 12, 31))
quantities = st.decimals(-99999, 99999, allow_nan=False, places=2)
prices = st.decimals(0, 99999, allow_nan=False, places=4)
cents = st.decimals(0, 9999999, allow_nan=False, places=2)
percents = st.decimals(0, 100, allow_nan=False, places=3)
wholes = st.integers(0, 999)


@cache
def maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """The value or nothing."""
    return st.none() | strategy


def some(values: Mapping[str, Any]) -> Values:
    """Without what is empty."""
    return {name: value for name, value in values.items() if value not in (None, {}, ())}


@st.composite
def kept(draw: DrawFn, alternatives: Mapping[str, str], strategy: SearchStrategy[Any]) -> tuple[Values, Values]:
    """Some of the fields, each with one of its qualifiers."""
    values, spelled = {}, {}
    for field, qualifiers in alternatives.items():
        if draw(st.booleans()):
            values[field] = draw(strategy)
            if "|" in qualifiers:
                spelled[field] = draw(st.sampled_from(qualifiers.split("|")))
    return values, spelled


@cache
@st.composite
def units(draw: DrawFn) -> tuple[str, Values]:
    """Our unit, and theirs where it must be kept."""
    word = draw(st.sampled_from(sorted(UNITS)))
    return UNITS[word], {"unit": word} if word in SHARED else {}


@cache
@st.composite
def parties(draw: DrawFn, roles: tuple[str, ...]) -> Values:
    """Parties with a name or an id, and an address where there is a party."""
    found: Values = {}
    for role in roles:
        if draw(st.booleans()):
            found[role] = draw(party())
    others = draw(st.lists(party(), max_size=2))
    for other, code in zip(others, ("SO", "EY"), strict=False):
        other["role"] = code
    return some({**found, "others": tuple(others)})


@cache
@st.composite
def party(draw: DrawFn) -> Values:
    """One party."""
    street = draw(maybe(words()))
    id = draw(maybe(words(2)))
    return some(
        {
            "name": draw(words()),
            "id_kind": "92" if id else None,
            "id": id,
            "street": street,
            "second_street": draw(maybe(words())) if street else None,
            "city": draw(maybe(words(2))),
            "state": draw(maybe(codes(2))),
            "zip": draw(maybe(codes(5))),
            "country": draw(maybe(codes(2))),
        }
    )


@cache
@st.composite
def terms(draw: DrawFn) -> Values:
    """Terms whose discount says when it ends."""
    percent = draw(maybe(percents))
    return some(
        {
            "type": draw(maybe(st.sampled_from(("01", "08", "14")))),
            "basis": draw(maybe(st.sampled_from(("2", "3")))),
            "discount_percent": percent,
            "discount_days": draw(wholes) if percent is not None else draw(maybe(wholes)),
            "net_due": draw(maybe(days)),
            "net_days": draw(maybe(wholes)),
            "discount_amount": draw(cents) if percent is not None and draw(st.booleans()) else None,
            "description": draw(maybe(words())),
        }
    )


@cache
@st.composite
def charges(draw: DrawFn) -> Values:
    """An allowance, charge or information with what belongs together."""
    percent, quantity = draw(maybe(percents)), draw(maybe(quantities))
    unit, _ = draw(units())
    rated = quantity is not None
    return some(
        {
            "kind": draw(st.sampled_from(KINDS)),
            "code": draw(st.sampled_from(("C310", "D240", "F800"))),
            "amount": draw(maybe(cents)),
            "percent_of": "Z" if percent is not None else None,
            "percent": percent,
            "rate_unit": unit.upper() if rated else None,
            "quantity": quantity,
            "handling": draw(maybe(st.sampled_from(("02", "06")))),
            "description": draw(maybe(words())),
        }
    )


@cache
@st.composite
def items(draw: DrawFn) -> tuple[Values, Values]:
    """Item numbers with their qualifiers."""
    values, spelled = draw(kept({"gtin": "UP|EN|UK|UA|UI", "buyer": "IN|BP|SK", "vendor": "VN|VA|VP"}, codes(12)))
    others = draw(st.lists(st.tuples(st.sampled_from(("CB", "PI", "MG")), codes(6)), max_size=2))
    values["others"] = tuple({"qualifier": qualifier, "id": id} for qualifier, id in others)
    return some(values), {f"item.{field}": qualifier for field, qualifier in spelled.items()}


@cache
def moments(*mapped: str) -> SearchStrategy[Values]:
    """Dates under qualifiers that no row names."""
    qualifiers = st.sampled_from(tuple(code for code in ("015", "007", "043", "036") if code not in mapped))
    return st.fixed_dictionaries({"qualifier": qualifiers, "date": days, "time": st.sampled_from(("0915", "235959"))})


@cache
def references() -> SearchStrategy[Values]:
    """References under qualifiers that no row names."""
    return st.fixed_dictionaries(
        {"qualifier": st.sampled_from(("VR", "MR", "19", "PD", "CT")), "value": words()},
        optional={"description": words()},
    )


BASES = (("PE", "each"), ("WE", "each"), ("HP", "hundred"), ("PK", "kilogram"), ("UM", "unit"))
"""Codes of data element 639 with the words that they are read as."""


@cache
@st.composite
def line(draw: DrawFn, amounts: bool) -> Values:
    """What lines of orders and invoices share; `amounts`: quantity, unit and price are all there or none."""
    item, spelled = draw(items())
    quantity, unit = draw(maybe(quantities)), None
    price = draw(maybe(prices))
    if quantity is not None:
        unit, word = draw(units())
        spelled |= word
        price = draw(prices) if amounts else price
    elif amounts:
        price = None
    basis = draw(maybe(st.sampled_from(BASES))) if price is not None else None
    spelled |= {"price_basis": basis[0]} if basis else {}
    size = draw(maybe(percents))
    description = draw(maybe(words(1, 40)))
    types = ("F", "S") if description else ("S",)
    least = "1" if quantity is None and price is None and not item else None  # a segment holds something
    features = draw(st.lists(st.tuples(st.sampled_from(types), words()), max_size=2))
    return some(
        {
            "number": draw(maybe(codes(3))) or least,
            "quantity": quantity,
            "unit": unit,
            "price": price,
            "price_basis": basis[1] if basis else None,
            "item": item,
            "description": description,
            "description_kind": draw(maybe(st.just("08"))) if description else None,
            "features": tuple({"type": type, "text": text} for type, text in features),
            "pack": some(
                {
                    "count": draw(maybe(wholes.map(Decimal))),
                    "size": size,
                    "size_unit": "OZ" if size is not None else None,
                }
            ),
            "charges": tuple(draw(st.lists(charges(), max_size=1))),
            "references": tuple(draw(st.lists(references(), max_size=1))),
            "dates": tuple(draw(st.lists(moments(), max_size=1))),
            "kept": spelled,
        }
    )


@cache
def taxes() -> SearchStrategy[Values]:
    """Taxes with an amount and a rate."""
    return st.fixed_dictionaries({"type": st.sampled_from(("GS", "ST")), "amount": cents, "percent": percents})


@st.composite
def common(draw: DrawFn, windows: Mapping[str, str], roles: tuple[str, ...], currency: str) -> Values:
    """What heads of orders and invoices share."""
    dates, spelled = draw(kept(windows, days))
    money = draw(maybe(st.sampled_from(("USD", "CAD"))))
    if money:
        spelled["currency"] = draw(st.sampled_from(currency.split("|")))
    return {
        **dates,
        "currency": money,
        "department": draw(maybe(words())),
        "vendor_number": draw(maybe(words())),
        "customer_order": draw(maybe(words())),
        "references": tuple(draw(st.lists(references(), max_size=2))),
        "dates": tuple(draw(st.lists(moments(), max_size=2))),
        "contacts": tuple(
            draw(st.lists(st.fixed_dictionaries({"function": st.just("BD"), "name": words()}), max_size=1))
        ),
        "parties": draw(parties(roles)),
        "terms": draw(terms()),
        "freight": some({"payment": draw(maybe(st.sampled_from(("CC", "PP"))))}),
        "charges": tuple(draw(st.lists(charges(), max_size=2))),
        "taxes": tuple(draw(st.lists(taxes(), max_size=1))),
        "kept": spelled,
    }


@cache
@st.composite
def order(draw: DrawFn) -> Values:
    """What every message about an order says of it, but for its lines."""
    windows = {
        "ship_from": "010|037|081|118",
        "ship_by": "038|084",
        "deliver_from": "064|071",
        "deliver_by": "002|063|106|074",
        "cancel_after": "001|061|175|177",
    }
    head = draw(common(windows, ("buyer", "ship_to", "bill_to", "ship_from", "mark_for"), "BY|SE"))
    note = st.fixed_dictionaries(
        {"qualifier": st.just("L1"), "title": words(), "texts": st.lists(words(1, 60), max_size=2).map(tuple)}
    )
    return {
        **head,
        "number": draw(keys(22)),
        "purpose": draw(st.sampled_from(("00", "01", "05"))),
        "type": draw(st.sampled_from(("SA", "DS"))),
        "release": draw(maybe(words())),
        "date": draw(days),
        "carrier": some({"routing": draw(maybe(words()))}),
        "notes": tuple(draw(st.lists(note, max_size=2))),
        "total": draw(maybe(cents)),
    }


@cache
@st.composite
def orders(draw: DrawFn) -> PurchaseOrder:
    """A purchase order."""
    lines = tuple(draw(st.lists(order_line(), min_size=1, max_size=3)))
    return worded(PurchaseOrder, some({**draw(order()), "lines": lines}))


@cache
@st.composite
def order_line(draw: DrawFn) -> Values:
    """A line of an order."""
    values = draw(line(amounts=False))
    dates, spelled = draw(kept({"ship_from": "010|037|118", "ship_by": "038|084", "deliver_by": "002|106|074"}, days))
    unit, word = draw(units())
    quantity = draw(maybe(quantities))
    price = {
        "identifier": "RTL",
        "amount": draw(prices),
        "quantity": quantity,
        "unit": unit if quantity is not None else None,
    }
    price["kept"] = word if quantity is not None else None
    texts = tuple(draw(st.lists(words(1, 60), max_size=2)))
    prices_of_line = (some(price),) if draw(st.booleans()) else ()
    shared, counted = draw(stores())
    parts = {
        "ship_to": draw(maybe(party())),
        "schedules": tuple(draw(st.lists(schedule(), max_size=2))),
        "components": tuple(draw(st.lists(component(), max_size=2))),
    }
    told = {**values.get("kept", {}), **spelled, **counted}
    return some({**values, **dates, **shared, **parts, "kept": told, "texts": texts, "prices": prices_of_line})


@cache
@st.composite
def stores(draw: DrawFn) -> tuple[Values, Values]:
    """Quantities for stores, more than one segment holds, and how they are counted."""
    found = draw(st.lists(st.tuples(codes(4), quantities), max_size=12))
    if not found:
        return {}, {}
    unit, word = draw(units())
    shared = {
        "stores": tuple({"store": store, "quantity": quantity} for store, quantity in found),
        "distribution": some({"unit": unit, "id_kind": draw(maybe(st.just("92")))}),
    }
    return shared, {f"distribution.{field}": code for field, code in word.items()}


@cache
@st.composite
def schedule(draw: DrawFn) -> Values:
    """How much of a line comes when."""
    unit, word = draw(units())
    return some(
        {
            "quantity": draw(quantities),
            "unit": unit,
            "kept": word,
            "date_kind": draw(st.sampled_from(("002", "067"))),
            "date": draw(days),
            "request": draw(maybe(words())),
        }
    )


@cache
@st.composite
def component(draw: DrawFn) -> Values:
    """A part of a line."""
    item, spelled = draw(items())
    quantity = draw(maybe(quantities))
    unit, word = draw(units()) if quantity is not None else (None, {})
    return some(
        {
            "number": draw(codes(3)),
            "relation": "I",
            "quantity": quantity,
            "unit": unit,
            "item": item,
            "description": draw(maybe(words())),
            "kept": {**spelled, **word},
        }
    )


@cache
@st.composite
def invoice_line(draw: DrawFn) -> Values:
    """A line of an invoice, for several stores or for none."""
    values: Values = draw(line(amounts=True))
    shared, counted = draw(stores())
    return some({**values, **shared, "kept": {**values.get("kept", {}), **counted}})


@cache
@st.composite
def invoices(draw: DrawFn) -> Invoice:
    """An invoice."""
    head = draw(
        common({"ship_date": "011", "deliver_date": "035|017"}, ("buyer", "ship_to", "bill_to", "ship_from"), "SE|BY")
    )
    word = draw(maybe(st.sampled_from(("DI", "DO", "CR", "CN", "DR"))))
    meaning = {"DI": "invoice", "DO": "invoice", "CR": "credit", "CN": "credit", "DR": "debit"}
    if word in ("DI", "DO", "CR", "CN"):
        head["kept"]["sense"] = word
    tracking = draw(maybe(words()))
    if tracking:
        head["kept"]["tracking"] = draw(st.sampled_from(("CN", "2I")))
    note = st.fixed_dictionaries(
        {"qualifier": st.just("L1"), "title": words(), "texts": st.lists(words(), min_size=1, max_size=2).map(tuple)}
    )
    values = {
        **head,
        "number": draw(keys(22)),
        "date": draw(days),
        "order_date": draw(maybe(days)),
        "order_number": draw(maybe(keys(22))),
        "sense": meaning[word] if word else None,
        "sales_order": draw(maybe(words())),
        "tracking": tracking,
        "carrier": some({"mode": "M", "routing": draw(words())}) if draw(st.booleans()) else None,
        "remarks": tuple(draw(st.lists(words(), max_size=2))),
        "notes": tuple(draw(st.lists(note, max_size=1))),
        "lines": tuple(draw(st.lists(invoice_line(), min_size=1, max_size=3))),
        "total": draw(cents),
        "discount": draw(maybe(cents)),
    }
    return worded(Invoice, some(values))
