"""Hypothesis strategies for orders and invoices that an EDIFACT message can say whole."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from d365edi.documents import Invoice, PurchaseOrder
from tests.maps.drawn import Values, cents, codes, days, kept, keys, maybe, percents, prices, some, worded
from tests.maps.drawn import words as any_words

quantities = st.decimals("-99999", "99999", allow_nan=False, places=2)


@cache
def words(least: int = 1, most: int = 12) -> SearchStrategy[str]:
    """Text without two blanks together, which a writer makes one."""
    return any_words(least, most).map(lambda text: re.sub(" +", " ", text).ljust(least, "X"))


texts = words(1, 70)


@cache
@st.composite
def party(draw: DrawFn) -> Values:
    """A party with an id or a name, and people to ask."""
    street, id, contact = draw(maybe(words())), draw(maybe(keys(17))), draw(maybe(words()))
    number = draw(maybe(words(2, 20))) if contact else None
    return some(
        {
            "id": id,
            "id_kind": draw(st.sampled_from(("9", "91", "92"))) if id else None,
            "name": draw(words()) if street or not id else None,
            "street": street,
            "second_street": draw(maybe(words())) if street else None,
            "city": draw(maybe(words(2))),
            "state": draw(maybe(codes(2))),
            "zip": draw(maybe(codes(5))),
            "country": draw(maybe(codes(2))),
            "contact": some(
                {
                    "function": "OC" if contact else None,
                    "name": contact,
                    "number": number,
                    "number_kind": "TE" if number else None,
                }
            ),
        }
    )


@st.composite
def parties(draw: DrawFn, alternatives: Values) -> tuple[Values, Values]:
    """Parties by their part; where two codes mean it, which one was said is kept beside each value."""
    found, spelled = dict[str, Any](), dict[str, Any]()
    for role, qualifiers in alternatives.items():
        if draw(st.booleans()):
            found[role] = draw(party())
            if "|" in qualifiers:
                word = draw(st.sampled_from(qualifiers.split("|")))
                own = {name for name in found[role] if name != "contact"}
                spelled |= {f"parties.{role}.{name}": word for name in own}
    others = draw(st.lists(party(), max_size=2))
    for other, code in zip(others, ("OB", "PR"), strict=False):
        other["role"] = code
    return some({**found, "others": tuple(others)}), spelled


@cache
@st.composite
def terms(draw: DrawFn) -> tuple[Values, Values]:
    """Payment terms: net and discount, with what their groups say when they are there."""
    spelled: Values = {}
    found: Values = {}
    if draw(st.booleans()):
        word = draw(st.sampled_from(("1", "3")))
        found |= {"net_days": draw(st.integers(1, 999)), "basis": "5", "method": "3"}
        found["net_due"] = draw(maybe(days))
        spelled = {f"terms.{name}": word for name in ("net_days", "basis", "method")}
        if found["net_due"]:
            spelled["terms.net_due"] = draw(st.sampled_from(("13", "140")))
    if draw(st.booleans()):
        found |= {"discount_days": draw(st.integers(1, 999)), "discount_percent": draw(percents)}
    return some(found), spelled


@cache
@st.composite
def items(draw: DrawFn) -> tuple[Values, Values]:
    """Item numbers with their qualifiers."""
    values, spelled = draw(kept({"gtin": "EN|SRV|UP", "buyer": "IN|BP", "vendor": "SA|VN|MF"}, codes(13)))
    others = draw(st.lists(st.tuples(st.sampled_from(("NB", "PV", "GB")), codes(6)), max_size=7))
    values["others"] = tuple({"qualifier": qualifier, "id": id} for qualifier, id in others)
    return some(values), {f"item.{field}": qualifier for field, qualifier in spelled.items()}


UNITS = {"PCE": "pcs", "EA": "ea", "C62": "ea", "KGM": "kg", "CT": "cs"}


@cache
@st.composite
def units(draw: DrawFn) -> tuple[str, Values]:
    """Our unit, and theirs where others mean the same."""
    word = draw(st.sampled_from(sorted(UNITS)))
    return UNITS[word], {"unit": word} if word in ("EA", "C62", "CT") else {}


@cache
@st.composite
def charges(draw: DrawFn) -> Values:
    """An allowance or a charge with its rate or amount."""
    percent, amount = draw(maybe(percents)), draw(maybe(cents))
    spelled: Values = {}
    if percent is not None:
        spelled["percent"] = draw(st.sampled_from(("1", "2", "3")))
    if amount is not None:
        spelled["amount"] = draw(st.sampled_from(("8", "204", "23")))
    return some(
        {
            "kind": draw(st.sampled_from(("allowance", "charge"))),
            "code": draw(st.sampled_from(("DI", "FC", "TD"))),
            "handling": draw(maybe(st.just("2"))),
            "description": draw(maybe(words(1, 60))),
            "percent": percent,
            "amount": amount,
            "kept": spelled,
        }
    )


@cache
@st.composite
def taxes(draw: DrawFn, *, base: bool) -> Values:
    """A tax of a rate."""
    amount = draw(maybe(cents))
    return some(
        {
            "type": "VAT",
            "percent": draw(percents),
            "category": draw(maybe(st.sampled_from(("S", "E", "Z")))),
            "base": draw(maybe(cents)) if base else None,
            "amount": amount,
            "kept": {"amount": draw(st.sampled_from(("124", "176")))} if amount is not None else None,
        }
    )


@cache
def moments() -> SearchStrategy[Values]:
    """Days under qualifiers that no row names: with a time, as the start of a period, alone."""
    rest = st.sampled_from(("0915", "235959", "20260131"))
    return st.fixed_dictionaries(
        {"qualifier": st.sampled_from(("15", "44", "361")), "date": days}, optional={"time": rest}
    )


@cache
def references() -> SearchStrategy[Values]:
    """References under qualifiers that no row names."""
    return st.fixed_dictionaries({"qualifier": st.sampled_from(("PL", "AAJ", "PD")), "value": words()})


@st.composite
def head(draw: DrawFn, windows: dict[str, str], roles: Values, references_of: dict[str, str]) -> Values:
    """What heads of orders and invoices share."""
    dates, spelled = draw(kept(windows, days))
    named, named_spelled = draw(kept(references_of, words()))
    found, roles_spelled = draw(parties(roles))
    terms_found, terms_spelled = draw(terms())
    note = st.fixed_dictionaries(
        {"qualifier": st.sampled_from(("AAI", "ZZZ")), "texts": st.lists(texts, min_size=1, max_size=5).map(tuple)}
    )
    return {
        **dates,
        **named,
        "currency": draw(maybe(st.sampled_from(("EUR", "CHF")))),
        "parties": found,
        "terms": terms_found,
        "freight": {"terms": "DAP", "terms_kind": "6"} if draw(st.booleans()) else {},
        "notes": tuple(draw(st.lists(note, max_size=2))),
        "references": tuple(draw(st.lists(references(), max_size=2))),
        "dates": tuple(draw(st.lists(moments(), max_size=2))),
        "charges": tuple(draw(st.lists(charges(), max_size=2))),
        "kept": {**spelled, **named_spelled, **roles_spelled, **terms_spelled},
    }


PRICES: tuple[Values, ...] = (
    {},
    {"price_basis": "unit", "kept": {"price_basis": "CT"}},
    {"price_kind": "retail", "kept": {"price_kind": "SRP"}},
    {"price_basis": "unit", "price_kind": "unit", "kept": {"price_basis": "PU", "price_kind": "NTP"}},
    {"price_per": {"quantity": Decimal(100)}},
    {"price_per": {"quantity": Decimal(1), "unit": "kg"}, "kept": {"price_per.unit": "KGM"}},
)
"""What a price may be for, and of which kind (data elements 5375, 5387, 5284, 6411)."""


@cache
@st.composite
def line(draw: DrawFn, quantity_words: str, number: str | None) -> Values:
    """What lines of orders and invoices share."""
    item, spelled = draw(items())
    quantity, price = draw(maybe(quantities)), draw(maybe(prices))
    unit = None
    if quantity is not None:
        unit, word = draw(units())
        spelled |= word
        if "|" in quantity_words:
            spelled["quantity"] = draw(st.sampled_from(quantity_words.split("|")))
    said: Values = {}
    if price is not None:
        spelled["price"] = draw(st.sampled_from(("AAA", "AAB", "INV")))
        said = draw(st.sampled_from(PRICES))
        spelled |= {"price_per.quantity": spelled["price"]} if "price_per" in said else {}
        spelled |= said.get("kept", {})
    description = draw(maybe(words(1, 70)))
    if description:
        spelled["description"] = draw(st.sampled_from(("F", "E")))
    return {
        "number": number,
        "item": item,
        "quantity": quantity,
        "unit": unit,
        "price": price,
        **{name: value for name, value in said.items() if name != "kept"},
        "description": description,
        "references": tuple(draw(st.lists(references(), max_size=1))),
        "dates": tuple(draw(st.lists(moments(), max_size=1))),
        "charges": tuple(draw(st.lists(charges(), max_size=1))),
        "taxes": tuple(draw(st.lists(taxes(base=False), max_size=1))),
        "kept": spelled,
    }


@cache
@st.composite
def orders(draw: DrawFn) -> PurchaseOrder:
    """A purchase order."""
    roles = {"buyer": "BY", "ship_to": "DP|ST", "bill_to": "IV", "mark_for": "UC"}
    windows = {"deliver_by": "2|63", "deliver_from": "64|71|358", "ship_by": "10|11|38|200", "cancel_after": "61"}
    shared = draw(head({**windows}, roles, {"contract": "CT|BO", "customer_order": "CO|UC", "vendor_number": "IA"}))
    shared["kept"]["date"] = "137"
    lines = [draw(order_line(str(number))) for number in range(1, draw(st.integers(1, 3)) + 1)]
    values: Values = {
        **shared,
        "number": draw(keys(35)),
        "type": draw(st.sampled_from(("220", "224"))),
        "purpose": draw(st.sampled_from(("00", "01", "04", "05"))),
        "date": draw(days),
        "lines": tuple(lines),
    }
    return worded(PurchaseOrder, some(values))


@cache
@st.composite
def order_line(draw: DrawFn, number: str) -> Values:
    """A line of an order."""
    values: Values = draw(line("21", number))
    values["texts"] = tuple(draw(st.lists(texts, max_size=2)))
    values["stores"] = tuple(draw(st.lists(store(), max_size=2)))
    if draw(st.booleans()):
        place, word = draw(party()), draw(st.sampled_from(("DP", "ST")))
        values["ship_to"] = {name: value for name, value in place.items() if name != "contact"}
        values["kept"] = {**values.get("kept", {}), **{f"ship_to.{name}": word for name in values["ship_to"]}}
    values["schedules"] = tuple(draw(st.lists(schedule(), max_size=2)))
    if draw(st.booleans()):
        values |= {"parent": str(draw(st.integers(1, 999))), "parent_kind": "1"}
    return some(values)


@cache
@st.composite
def store(draw: DrawFn) -> Values:
    """How much one store gets of a line, perhaps in a unit and at a day of its own."""
    unit, word = draw(units())
    days_of, spelled = draw(kept({"deliver_by": "2|63", "ship_by": "10|11|38"}, days))
    return some(
        {"store": draw(codes(6)), "quantity": draw(quantities), "unit": unit, **days_of, "kept": word | spelled}
    )


@cache
@st.composite
def schedule(draw: DrawFn) -> Values:
    """When how much of a line is to come: several quantities, each with a day or a window."""
    quantities_of = []
    for _ in range(draw(st.integers(1, 2))):
        unit, word = draw(units())
        found = {"quantity": draw(quantities), "quantity_kind": "21", "unit": unit, "kept": word}
        found |= {"date_kind": "64", "date": draw(days)}
        if draw(st.booleans()):
            found |= {"second_kind": "63", "second": draw(days)}
        quantities_of.append(some(found))
    return some(
        {
            "status": draw(st.sampled_from(("1", "4"))),
            "frequency": draw(maybe(st.just("W"))),
            "quantities": tuple(quantities_of),
        }
    )


@cache
@st.composite
def invoices(draw: DrawFn) -> Invoice:
    """An invoice."""
    roles = {"buyer": "BY", "ship_to": "DP|ST", "bill_to": "IV", "vendor": "SU|SE"}
    names = {"packing_slip": "DQ|AAK", "sales_order": "VN", "original_invoice": "IV|OI", "tracking": "CN"}
    shared: dict[str, Any] = draw(head({"ship_date": "11", "deliver_date": "35|2"}, roles, names))
    number, ordered = draw(maybe(keys(17))), draw(maybe(days))
    spelled = shared["kept"] | {"date": "137", "total": draw(st.sampled_from(("77", "39", "86")))}
    if ordered and number:
        spelled["order_date"] = "171"
    word = draw(st.sampled_from(("380", "381", "383", "389")))
    if word in ("380", "389"):
        spelled["sense"] = word
    if shared["currency"]:
        spelled["currency"] = draw(st.sampled_from(("2", "1")))
    lines = [draw(invoice_line(str(place))) for place in range(1, draw(st.integers(1, 3)) + 1)]
    values = {
        **shared,
        "number": draw(keys(35)),
        "sense": {"381": "credit", "383": "debit"}.get(word, "invoice"),
        "purpose": "9",
        "date": draw(days),
        "order_number": number,
        "order_date": ordered if number else None,
        "lines": tuple(lines),
        "taxes": tuple(draw(st.lists(taxes(base=True), max_size=2))),
        "total": draw(cents),
        "kept": spelled,
    }
    return worded(Invoice, some(values))


@cache
@st.composite
def invoice_line(draw: DrawFn, number: str) -> Values:
    """A line of an invoice."""
    values: Values = draw(line("47|12|46", number))
    stores = st.fixed_dictionaries({"store": codes(6), "quantity": quantities})
    values["stores"] = tuple(draw(st.lists(stores, max_size=2)))
    amount = draw(maybe(cents))
    if amount is not None:
        values["amount"] = amount
        values["kept"]["amount"] = draw(st.sampled_from(("203", "66")))
    return some(values)
