"""What an order says and what D365 is told of it, from the segments on: an order without a fault is changed by some, which gives
other lines, or a sentence that holds it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from tests.taken import Taken, policy, take
from tests.unread import EDIFACT, X12, changed

ONE = (*EDIFACT[:12], "UNS+S", "CNT+2:1")
"""An ORDERS of one line."""


def of(standard: str, change: str, **settings: Any) -> Taken:
    """An order of one standard with segments put in after the price of line 1, or as `changed` says it."""
    body = X12 if standard == "X12" else ONE
    where = "PO1*1" if standard == "X12" else "PRI+AAA"
    put = change if " => " in change or " + " in change else f"{where} + {change}"
    return take(changed(body, put), policy("X12" if standard == "X12" else "EDIFACT", **settings))


def held(found: Taken, *parts: str) -> None:
    """Exactly one sentence holds it, and says all of this."""
    (sentence,) = found.holds
    assert all(part in sentence for part in parts), sentence


def lines(order: PurchaseOrder | None, *fields: str) -> list[tuple[Any, ...]]:
    assert order is not None
    return [tuple(getattr(line, name) for name in fields) for line in order.lines]


# -- stores of a line -------------------------------------------------------------------------------------------------
TWO_STORES = "LOC+7+0007::92~QTY+11:5:{}~LOC+7+0008::92~QTY+11:7:{}"


@pytest.mark.parametrize(
    ("unit", "held_for"), [("EA", ""), ("CT", "is ordered in ea, and its stores are counted in cs")]
)
def test_a_place_s_quantity_is_in_the_unit_that_it_says(unit: str, held_for: str) -> None:
    """Cartons became as many pieces."""
    found = of("EDIFACT", TWO_STORES.format(unit, unit), stores="lines")
    if held_for:
        held(found, held_for)
    else:
        assert (found.holds, [each for (each,) in lines(found.told, "store")]) == ((), ["0007", "0008"])


def test_a_place_s_unit_without_a_code_is_the_line_s() -> None:
    found = of("EDIFACT", "LOC+7+0007::92~QTY+11:12", stores="lines")
    assert (found.holds, lines(found.told, "unit")) == ((), [("ea",)])


def test_the_quantities_of_stores_in_another_unit_hold_in_x12_too() -> None:
    held(of("X12", "SDQ*CA*92*0007*12", stores="lines"), "is ordered in ea, and its stores are counted in cs")


def test_a_place_s_date_is_that_of_its_sales_line_and_of_no_other() -> None:
    """The date was dropped."""
    found = of("EDIFACT", "LOC+7+0007::92~QTY+11:5:EA~DTM+2:20261205:102~LOC+7+0008::92~QTY+11:7:EA", stores="lines")
    assert found.holds == ()
    assert lines(found.told, "store", "deliver_by") == [("0007", date(2026, 12, 5)), ("0008", None)]


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        (("DTM+2:20261205:102", "DTM+2:20261215:102"), "comes to store 0007 at several dates"),
        (("DTM+69:20261205:102", "DTM+69:20261205:102"), "LIN/LOC/DTM[69] (2 times) says a date of a place"),
        (("DTM+2:202649:616", "DTM+2:202649:616"), "says a week, not a day"),
    ],
)
def test_a_place_s_date_that_no_sales_line_can_have_holds(dates: tuple[str, str], sentence: str) -> None:
    first, second = dates
    put = f"LOC+7+0007::92~QTY+11:5:EA~{first}~LOC+7+0007::92~QTY+11:7:EA~{second}"
    held(of("EDIFACT", put, stores="lines"), sentence)
