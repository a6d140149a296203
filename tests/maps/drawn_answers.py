"""Hypothesis strategies for changes of orders, answers to both, remittances and advice."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from d365edi.documents import ApplicationAdvice, OrderChange, OrderChangeResponse, OrderResponse, Remittance
from tests.maps.drawn import (
    Values,
    cents,
    codes,
    days,
    items,
    kept,
    keys,
    maybe,
    moments,
    order,
    order_line,
    parties,
    quantities,
    references,
    some,
    units,
    wholes,
    worded,
    words,
)

ACKNOWLEDGMENTS = {"AD": "accepted", "AK": "accepted", "AC": "changed", "RJ": "rejected", "AH": "held"}
SHARED_ACKNOWLEDGMENTS = ("AD", "AK", "AC", "RJ")
CHANGES = {"AI": "added", "QD": "quantity decreased", "CA": "changed", "RS": "dates", "CT": "dates"}


@cache
@st.composite
def answer(draw: DrawFn) -> Values:
    """What becomes of some of a line."""
    item, spelled = draw(items())
    quantity = draw(maybe(quantities))
    unit, word = draw(units()) if quantity is not None else (None, {})
    dated = draw(st.booleans())
    return some(
        {
            "outcome": draw(
                st.sampled_from(("accepted", "quantity changed", "rescheduled", "rejected", "backordered"))
            ),
            "quantity": quantity,
            "unit": unit,
            "date_kind": "068" if dated else None,
            "date": draw(days) if dated else None,
            "item": item,
            "reason_agency": draw(maybe(st.just("BI"))),
            "reason": draw(maybe(codes(3))),
            "kept": {**spelled, **word},
        }
    )


@cache
@st.composite
def answered(draw: DrawFn, change: bool) -> Values:
    """A line with its answers."""
    values = draw(changed() if change else order_line())
    if not change:
        values.pop("texts", None)
    return some({**values, "answers": tuple(draw(st.lists(answer(), max_size=3)))})


@cache
@st.composite
def changed(draw: DrawFn) -> Values:
    """A line that changes; quantity, what is left of it and unit come together."""
    values = draw(order_line())
    word = draw(st.sampled_from(sorted(CHANGES)))
    told = dict(values.get("kept", {}))
    if word in ("RS", "CT"):
        told["change"] = word
    if "quantity" in values:
        values["left"] = draw(quantities)
    if "price" not in values:
        values.pop("price_basis", None)
        told.pop("price_basis", None)
    return some({**values, "change": CHANGES[word], "kept": told})


@cache
@st.composite
def acknowledged(draw: DrawFn) -> Values:
    """The header of an answer."""
    values = draw(order())
    values.pop("type")
    word = draw(st.sampled_from(sorted(ACKNOWLEDGMENTS)))
    if word in SHARED_ACKNOWLEDGMENTS:
        values["kept"]["acknowledgment"] = word
    return {
        **values,
        "acknowledgment": ACKNOWLEDGMENTS[word],
        "sales_order": draw(maybe(words())),
        "responded": draw(maybe(days)),
    }


@cache
@st.composite
def responses(draw: DrawFn) -> OrderResponse:
    """An answer to an order."""
    values = draw(acknowledged())
    dates, spelled = draw(kept({"ship_date": "068|011", "deliver_date": "067|017|069"}, days))
    values["kept"] |= spelled
    lines = tuple(draw(st.lists(answered(change=False), max_size=2)))
    return worded(OrderResponse, some({**values, **dates, "lines": lines}))


@cache
@st.composite
def changes(draw: DrawFn) -> OrderChange:
    """A change of an order; one that cancels has no lines."""
    values = draw(order())
    lines = tuple(draw(st.lists(changed(), max_size=2)))
    more = {"sequence": draw(maybe(codes(2))), "changed": draw(maybe(days)), "reference": draw(maybe(words()))}
    return worded(OrderChange, some({**values, **more, "lines": lines}))


@cache
@st.composite
def change_responses(draw: DrawFn) -> OrderChangeResponse:
    """An answer to a change."""
    values = draw(acknowledged())
    lines = tuple(draw(st.lists(answered(change=True), max_size=2)))
    more = {"sequence": draw(maybe(codes(2))), "changed": draw(maybe(days))}
    return worded(OrderChangeResponse, some({**values, **more, "lines": lines}))


@cache
@st.composite
def adjustment(draw: DrawFn) -> Values:
    """More or less than was asked for."""
    reference = draw(maybe(words()))
    return some(
        {
            "amount": draw(quantities),
            "reason": draw(st.sampled_from(("01", "ZZ", "L7"))),
            "reference_kind": "PD" if reference else None,
            "reference": reference,
            "remarks": tuple(draw(st.lists(words(), max_size=1))),
        }
    )


@cache
@st.composite
def open_item(draw: DrawFn) -> Values:
    """An open item."""
    reason = draw(maybe(st.just("01")))
    return some(
        {
            "kind": "IV",
            "number": draw(keys(20)),
            "action": draw(maybe(st.just("PI"))),
            "paid": draw(maybe(quantities)),
            "gross": draw(maybe(cents)),
            "discount": draw(maybe(cents)),
            "reason": reason,
            "adjusted": draw(quantities) if reason else None,
            "order_number": draw(maybe(words())),
            "bill_of_lading": draw(maybe(words())),
            "date": draw(maybe(days)),
            "references": tuple(draw(st.lists(references(), max_size=1))),
            "dates": tuple(draw(st.lists(moments(), max_size=1))),
            "adjustments": tuple(draw(st.lists(adjustment(), max_size=2))),
        }
    )


@cache
@st.composite
def remittances(draw: DrawFn) -> Remittance:
    """A payment."""
    entity = st.fixed_dictionaries(
        {
            "number": st.integers(1, 999),
            "lines": st.lists(open_item(), max_size=2).map(tuple),
            "adjustments": st.lists(adjustment(), max_size=2).map(tuple),
        }
    )
    bank = {"bank_kind": "01", "bank": draw(codes(9)), "account_kind": "DA", "account": draw(codes(9))}
    whose = draw(parties(("buyer", "vendor")))
    told = {f"parties.{role}.{field}": code for role, code in (("buyer", "PR"), ("vendor", "PE"))
            for field in whose.get(role, {})
        if field in ("name", "id_kind", "id")}  # fmt: skip
    money = draw(maybe(st.just("USD")))
    values: dict[str, Any] = {
        "number": draw(keys(20)),
        "handling": draw(st.sampled_from(("C", "I"))),
        "total": draw(cents),
        "sense": "C",
        "method": "ACH",
        "format": draw(maybe(st.just("CTX"))),
        "payer_bank": bank if draw(st.booleans()) else None,
        "payee_bank": bank if draw(st.booleans()) else None,
        "date": draw(maybe(days)),
        "trace_kind": "1",
        "created": draw(maybe(days)),
        "currency": money,
        "remarks": tuple(draw(st.lists(words(), max_size=1))),
        "references": tuple(draw(st.lists(references(), max_size=1))),
        "dates": tuple(draw(st.lists(moments(), max_size=1))),
        "parties": whose,
        "entities": tuple(some(each) for each in draw(st.lists(entity, max_size=2))),
        "kept": {**told, **({"currency": "PR"} if money else {})},
    }
    return worded(Remittance, some(values))


@cache
@st.composite
def advices(draw: DrawFn) -> ApplicationAdvice:
    """Advice about some documents."""
    verdicts = {"TA": "accepted", "TE": "accepted with errors", "TR": "rejected", "IR": "rejected"}
    trouble = st.fixed_dictionaries(
        {"code": codes(3), "text": words(), "notes": st.lists(words(), max_size=1).map(tuple)},
        optional={"segment": st.just("BSN"), "element": st.integers(1, 99), "value": words(), "position": wholes},
    )
    found = []
    for word in draw(st.lists(st.sampled_from(sorted(verdicts)), min_size=1, max_size=2)):
        advice = {
            "verdict": verdicts[word],
            "kind": "IV",
            "reference": draw(keys(20)),
            "group": draw(maybe(wholes)),
            "references": tuple(draw(st.lists(references(), max_size=1))),
            "troubles": tuple(some(each) for each in draw(st.lists(trouble, max_size=2))),
            "kept": {"verdict": word},
        }
        found.append(some(advice))
    values = {
        "number": draw(keys(20)),
        "purpose": "00",
        "date": draw(days),
        "time": draw(maybe(st.just("0915"))),
        "parties": draw(parties(())),
        "advices": tuple(found),
    }
    return worded(ApplicationAdvice, some(values))
