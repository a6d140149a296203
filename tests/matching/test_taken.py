"""What an order says and what is written to D365 of it, from its segments on: a faultless order is changed by some, which gives
other lines, or a sentence that holds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.maps import table
from tests.taken import Taken, policy, take
from tests.unread import EDIFACT, X12, changed

ONE = (*EDIFACT[:12], "UNS+S", "CNT+2:1")
"""An ORDERS of one line."""


def of(standard: str, change: str, **settings: Any) -> Taken:
    """An order of one standard with segments put in behind what line 1 says, or as `changed` says it."""
    body = X12 if standard == "X12" else ONE
    where = "PID*F" if standard == "X12" else "PRI+AAA"
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
        assert (found.holds, [each for (each,) in lines(found.for_d365, "store")]) == ((), ["0007", "0008"])


def test_a_place_s_unit_without_a_code_is_the_line_s() -> None:
    found = of("EDIFACT", "LOC+7+0007::92~QTY+11:12", stores="lines")
    assert (found.holds, lines(found.for_d365, "unit")) == ((), [("ea",)])


def test_the_quantities_of_stores_in_another_unit_hold_in_x12_too() -> None:
    held(of("X12", "SDQ*CA*92*0007*12", stores="lines"), "is ordered in ea, and its stores are counted in cs")


def test_a_place_s_date_is_that_of_its_sales_line_and_of_no_other() -> None:
    """The date was dropped."""
    found = of("EDIFACT", "LOC+7+0007::92~QTY+11:5:EA~DTM+2:20261205:102~LOC+7+0008::92~QTY+11:7:EA", stores="lines")
    assert found.holds == ()
    assert lines(found.for_d365, "store", "deliver_by") == [("0007", date(2026, 12, 5)), ("0008", None)]


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


# -- allowances and charges -------------------------------------------------------------------------------------------
TAKEN = [
    # what is put in, the discount of the line: percent and amount
    ("X12", "SAC*A*C310******.25*EA*12", (None, "0.25")),
    ("EDIFACT", "ALC+A++++DI~RTE+1:2:100:EA", (None, "0.02")),
    ("EDIFACT", "ALC+A++++DI~QTY+1:12:PCE~PCD+3:5", ("5", None)),
    ("EDIFACT", "PRI+AAA => PRI+AAB:10.5~PRI+AAA:9.975~ALC+A++++DI~PCD+3:5", (None, None)),
    ("EDIFACT", "PRI+AAA => PRI+AAA:9.975~PRI+AAB:10.5~ALC+A++++DI~PCD+3:5", (None, None)),
]


@pytest.mark.parametrize(("standard", "segments", "discount"), TAKEN)
def test_an_allowance_is_taken_as_it_is_said(
    standard: str, segments: str, discount: tuple[str | None, str | None]
) -> None:
    """Two for a hundred were two for each, and what a net price had taken off was taken off again."""
    found = of(standard, segments, agreed={"C310": "discount", "DI": "discount"})
    assert found.holds == ()
    wanted = tuple(Decimal(each) if each is not None else None for each in discount)
    assert lines(found.for_d365, "discount_percent", "discount_amount")[0] == wanted


UNCLEAR = [
    ("X12", "SAC*A*C310****3*5**EA*5", "is 5% for 5, and it stands by 12"),
    ("X12", "SAC*A*C310****3*5**CA*12", "is for each CA, and the line is in EA"),
    ("X12", "SAC*A*C310****3*5**EA*5*20", "is for 5 to 20 only"),
    ("X12", "SAC*A*C310***900***.25*EA*12", "is 9, and its rate comes to 3"),
    ("X12", "SAC*C*F800****3*3", "charge F800 (SAC) is 3%, and an allowance of 3% is agreed"),
    ("EDIFACT", "ALC+A++++DI~QTY+1:5:EA~PCD+3:5", "is 5% for 5, and it stands by 12"),
    ("EDIFACT", "ALC+A++++DI~MOA+8:9~RTE+1:0.25:1:EA", "is 9, and its rate comes to 3"),
    ("EDIFACT", "ALC+A++++DI~RTE+1:2:1:CT", "is for each CT, and the line is in EA"),
    ("EDIFACT", "ALC+A++++DI~DTM+206:20260101:102~PCD+3:5", "LIN/ALC/DTM[206] says when an allowance or charge is given"),
    ("EDIFACT", "ALC+A++++DI~PCD+3:5~MOA+25:60", "LIN/ALC/MOA[25] says the amount that an allowance or charge is of"),
    ("EDIFACT", "ALC+A++++DI~PCD+13:5~MOA+8:5", "LIN/ALC/PCD[13] says a percentage of an allowance or charge"),
    ("EDIFACT", "PRI+AAA => PRI+AAA:9~PRI+AAB:10.5~ALC+A++++DI~PCD+3:5", "its price 10.5 comes to 9.975 after its allowances"),
]  # fmt: skip


@pytest.mark.parametrize(("standard", "segments", "sentence"), UNCLEAR)
def test_an_allowance_for_a_part_or_at_odds_with_itself_holds(standard: str, segments: str, sentence: str) -> None:
    held(of(standard, segments, agreed={"C310": "discount", "DI": "discount", "F800": "3%"}), sentence)


# -- days -------------------------------------------------------------------------------------------------------------
DAY = date(2026, 12, 1)
ASKED = [
    # the segment, which day of the order it is
    ("X12", "DTM*074*20261201", "deliver_by"),
    ("X12", "DTM*074****RD8*20261201-20261205", "deliver_by"),
    ("X12", "DTM*071*20261201", "deliver_from"),
    ("X12", "DTM*118*20261201", "ship_from"),
    ("X12", "DTM*081*20261201", "ship_from"),
    ("X12", "DTM*084*20261201", "ship_by"),
    ("EDIFACT", "DTM+74:20261201:102", "deliver_by"),
    ("EDIFACT", "DTM+359:20261201:102", "deliver_by"),
    ("EDIFACT", "DTM+71:20261201:102", "deliver_from"),
    ("EDIFACT", "DTM+358:20261201:102", "deliver_from"),
    ("EDIFACT", "DTM+200:20261201:102", "ship_by"),
    ("EDIFACT", "DTM+84:20261201:102", "ship_by"),
    ("EDIFACT", "DTM+81:20261201:102", "ship_from"),
]
DTM = {"X12": "DTM*002", "EDIFACT": "DTM+2:"}


@pytest.mark.parametrize(("standard", "segment", "field"), ASKED)
def test_each_code_of_a_day_that_is_asked_for_is_read(standard: str, segment: str, field: str) -> None:
    """D365 chose a day of its own, and nobody was informed."""
    found = of(standard, f"{DTM[standard]} => {segment}")
    assert found.holds == ()
    assert found.for_d365 is not None
    assert {name: value for name in ("deliver_by", "deliver_from", "ship_by", "ship_from")
            if (value := getattr(found.for_d365, name))} == {field: DAY}  # fmt: skip


@pytest.mark.parametrize(
    ("standard", "segment", "sentence"),
    [
        ("X12", "DTM*017*20261201", "DTM[017] says a day of delivery or shipment that nobody asked for, and nothing uses it"),
        ("X12", "DTM*068*20261201", "DTM[068] says a day of delivery"),
        ("X12", "DTM*077*20261201", "DTM[077] says a week, not a day"),
        ("X12", "DTM*074****CM*202612", "DTM[074]06 says a month, not a day"),
        ("EDIFACT", "DTM+17:20261201:102", "DTM[17] says a day of delivery"),
        ("EDIFACT", "DTM+76:20261201:102", "DTM[76] says a day of delivery"),
        ("EDIFACT", "DTM+359:202649:616", "DTM[359]01-6 says a week, not a day"),
    ],
)  # fmt: skip
def test_a_day_that_is_not_asked_for_or_is_none_holds(standard: str, segment: str, sentence: str) -> None:
    held(of(standard, f"{DTM[standard]} => {segment}"), sentence)
    line = of(standard, segment if standard == "X12" else f"QTY+21 + {segment}")
    held(line, sentence)


def test_what_is_asked_for_twice_differently_or_in_a_wrong_place_holds() -> None:
    """The first day and the first price counted, a day behind the price or the lines was read by nobody."""
    for standard, change, sentence in TWICE:
        held(of(standard, change), sentence)


TWICE = [
    (
        "X12",
        "DTM*002 + DTM*002*20261205",
        "DTM[002] says another day of the same kind, and another one is read already",
    ),
    ("X12", "DTM*002*20261205~DTM*002*20261206", "PO1/DTM[002] says another day of the same kind"),
    ("X12", "CTT*2 + DTM*010*20261225", "DTM comes too late"),
    ("X12", "DTM*002 + N9*L1*X~DTM*010*20261225", "N9/DTM[010] says a day of delivery or shipment"),
    ("EDIFACT", "DTM+2 + DTM+2:20261205:102", "DTM[2] says another day of the same kind"),
    ("EDIFACT", "PRI+AAA:9.5", "LIN/PRI[AAA] says another price of the same kind, and another one is read already"),
    ("EDIFACT", "PRI+AAB:12~PRI+AAB:13", "LIN/PRI[AAB] says another price of the same kind"),
    ("EDIFACT", "DTM+2:20261205:102", "LIN/PRI/DTM[2] says a day of delivery or shipment"),
    ("EDIFACT", "NAD+DP + DTM+64:20261105:102", "DTM comes too late"),
    ("EDIFACT", "RFF+CT:7~DTM+2:20261205:102", "LIN/RFF/DTM[2] says a day of delivery or shipment"),
]


@pytest.mark.parametrize(
    ("standard", "change"),
    [
        ("X12", "DTM*002 + DTM*002*20261120"),
        ("X12", "DTM*002 + DTM*063*20261125"),
        ("X12", "CUR*BY => CUR*BY*USD*1"),
        ("EDIFACT", "PRI+AAA:10.5"),
        ("EDIFACT", "PRI+AAB:12"),
        ("EDIFACT", "LIN+1 => LIN+1+1+614141000012:EN"),
        ("EDIFACT", "PRI+AAA:10.5~DTM+206:20261231:102"),
    ],
)
def test_the_same_again_and_another_kind_beside_it_are_no_contradiction(standard: str, change: str) -> None:
    assert of(standard, change).holds == ()


ELSE = [
    # currencies, factors, actions, patterns, types of orders
    ("X12", "CUR*BY => CUR*BY*USD*1.35", "CUR[BY]03 says a rate of exchange"),
    ("X12", "CUR*BY => CUR*BY*USD**SE*CAD", "CUR[BY]05 says a currency of another party"),
    ("X12", "PO1*1 => PO1*1*12*EA***BP*ACME-4711~CTP**UCP*9.75***SEL*.9", "PO1/CTP[UCP]07 says a factor of a price"),
    ("X12", "PO1*1 + CTP**UCP*9.75*1*EA*DIS*.9", "PO1/CTP[UCP]07 says a factor of a price"),
    ("X12", "BEG => BEG*00*CF*4500123**20261102", "BEG02 is CF, a copy for information"),
    ("X12", "BEG => BEG*00*RR*4500123**20261102", "BEG02 is RR, an order for a repair"),
    ("X12", "BEG => BEG*00*AC*4500123**20261102", "BEG02 is AC, a type of order that the map does not know"),
    ("EDIFACT", "LIN+1 => LIN+1+2+614141000012:EN", "LIN02 says an action on the line, which is no plain order"),
    ("EDIFACT", "LIN+1 => LIN+1+7+614141000012:EN", "LIN02 says an action on the line"),
    ("EDIFACT", "SCC+1++W~QTY+21:12:EA~DTM+2:20261201:102", "has a schedule that is no firm delivery (it says W)"),
    ("EDIFACT", "SCC+1+SC~QTY+21:12:EA~DTM+2:20261201:102", "LIN/SCC[1]02 says a requirement of a delivery"),
    ("EDIFACT", "BGM => BGM+22E+4500123+9", "BGM01-1 is 22E, a consignment order"),
    ("EDIFACT", "BGM => BGM+225+4500123+9", "BGM01-1 is 225, an order for a repair"),
    ("EDIFACT", "BGM => BGM+351+4500123+9", "BGM01-1 is 351, a type of order that the map does not know"),
    ("EDIFACT", "BGM => BGM+240+4500123+9", "BGM01-1 is 240, a type of order"),
    ("EDIFACT", "BGM => BGM+325+4500123+9", "BGM01-1 is 325, a type of order"),
]


@pytest.mark.parametrize(("standard", "change", "sentence"), ELSE)
def test_what_is_unlike_a_plain_order_holds(standard: str, change: str, sentence: str) -> None:
    """Each of these became a sales order as if it were not there."""
    held(of(standard, change, schedules="lines"), sentence)


def test_an_action_on_a_line_is_not_passed_over_with_the_parts_of_sets() -> None:
    """`ignore = ["LIN"]` was its remedy, which orders the parts of a set as lines of their own as well."""
    wanted = replace(policy("EDIFACT"), ignore=frozenset({"LIN"}))
    found = take(changed(ONE, "LIN+1 => LIN+1+2+614141000012:EN"), wanted)
    assert found.holds == (
        "LIN02 says an action on the line, which is no plain order, and no row of the map reads it; ask the partner what it means"
        '; where it is a line as any other write "LIN02 not 1" = false under map.meaning of the flow, then release it',
    )
    shipped = table.load("edifact", "ORDERS", {"meaning": {"LIN02 not 1": False}})
    assert "LIN02 not 1" not in shipped.tree["meaning"]


@pytest.mark.parametrize("type", ["SA", "NE", "RL", "DS", "OS", "220", "224", "226", "402", "105"])
def test_types_of_normal_orders_are_taken(type: str) -> None:
    standard, change = (
        ("X12", f"BEG => BEG*00*{type}*4500123**20261102")
        if type.isalpha()
        else ("EDIFACT", f"BGM => BGM+{type}+4500123+9")
    )
    assert not [each for each in of(standard, change).holds if "BEG02" in each or "BGM01" in each]


TOTALS = [
    ("X12", "AMT*1*200", "the line comes to 126.00"),
    ("X12", "SAC*A*C310***500~AMT*1*125", "the line comes to 126.00"),
    ("EDIFACT", "IMD+F => IMD+F++:::GOODS~QTY+59:1~MOA+203:200", "the line comes to 126.00"),
    ("EDIFACT", "QTY+21 => QTY+21:12:EA~MOA+203:200", "the line comes to 126.00"),
    ("EDIFACT", "QTY+21 => QTY+21:12:EA~MOA+66:200", "the line comes to 126.00"),
]


@pytest.mark.parametrize(("standard", "change", "sentence"), TOTALS)
def test_the_total_of_a_line_that_it_does_not_come_to_holds(standard: str, change: str, sentence: str) -> None:
    assert any(sentence in each for each in of(standard, change, agreed={"C310": "discount"}).holds)


@pytest.mark.parametrize(
    ("standard", "change"),
    [
        ("X12", "AMT*1*126"),
        ("X12", "SAC*A*C310***500~AMT*1*121"),
        ("X12", "SAC*A*C310***500~AMT*1*126"),
        ("X12", "AMT*OH*200"),
        ("EDIFACT", "QTY+21 => QTY+21:12:EA~MOA+203:126"),
        ("EDIFACT", "QTY+21 => QTY+21:12:EA~MOA+203:126.01"),
        ("EDIFACT", "PRI+AAA => MOA+203:12.6~PRI+AAA:105:::100"),
    ],
)
def test_the_total_of_a_line_may_be_before_or_after_its_allowances(standard: str, change: str) -> None:
    assert of(standard, change, agreed={"C310": "discount"}).holds == ()


@pytest.mark.parametrize(
    ("standard", "change", "beside"),
    [
        ("X12", "PO1*1 => PO1*1*12*EA***BP*ACME-4711~CTP**ALT*9.75", "9.75 (ALT)"),
        ("EDIFACT", "PRI+AAA => PRI+NTP:10.5", "10.5 (NTP)"),
        ("EDIFACT", "PRI+AAA => PRI+AAE:10.5", "10.5 (AAE)"),
    ],
)
def test_the_only_price_of_a_line_that_is_none_to_order_at_holds(standard: str, change: str, beside: str) -> None:
    """D365 had a price of its own, and nobody was informed."""
    sentences = of(standard, change).holds
    assert any(f"it has no price of its own, and beside it {beside}" in each for each in sentences), sentences
