"""Lines at several dates: held unless a flow wants them as lines, and as lines only where they say whole what is to come when."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.matching import parts, schedules
from d365edi.matching.parts import PartsPolicy

LINES = PartsPolicy("partners.acme.receive.850", schedules="lines")
DAYS = (date(2026, 11, 20), date(2026, 11, 27))


def schedule(quantity: str = "6", day: date | None = DAYS[0], **more: Any) -> dict[str, Any]:
    return {"quantity": Decimal(quantity), "unit": "ea", "date_kind": "002", "date": day, **more}


def order(*found: dict[str, Any], **more: Any) -> PurchaseOrder:
    line = {
        "number": "10", "quantity": Decimal(12), "unit": "ea", "price": Decimal("10.5"), "item": {"buyer": "ACME-4711"},
        "deliver_by": date(2026, 11, 1), "schedules": found, **more,
    }  # fmt: skip
    return PurchaseOrder.of({"number": "P1", "lines": ({"number": "5", "quantity": Decimal(1)}, line)})


def test_a_line_at_two_dates_is_two_lines_that_share_its_number() -> None:
    written = order(schedule(), schedule(day=DAYS[1], time="0800"))
    for_d365, findings = schedules.split(written, LINES)
    assert findings == ()
    assert [(line.number, line.place, line.quantity, line.deliver_by) for line in for_d365.lines] == [
        ("5", 1, Decimal(1), None),
        ("10", 2, Decimal(6), DAYS[0]),
        ("10", 2, Decimal(6), DAYS[1]),
    ]
    assert [moment.time for moment in for_d365.lines[2].dates] == ["0800"]
    assert {line.price for line in for_d365.lines[1:]} == {Decimal("10.5")}
    assert parts.ordinals(written, for_d365) == (5, 10, 10)
    assert [part.line for part in parts.parts_of(for_d365)] == [1, 2, 2]
    assert parts.parts_of(written) == ()


def test_quantities_under_one_schedule_and_a_window_are_read_as_edifact_says_them() -> None:
    each = [
        {"quantity": Decimal(4), "quantity_kind": "21", "date_kind": "2", "date": DAYS[0]},
        {"quantity": Decimal(8), "date_kind": "63", "date": DAYS[1], "second_kind": "10", "second": DAYS[0]},
    ]
    for_d365, findings = schedules.split(order({"status": "1", "quantities": each}), LINES)
    assert findings == ()
    assert [(line.quantity, line.deliver_by, line.ship_by) for line in for_d365.lines[1:]] == [
        (Decimal(4), DAYS[0], None),
        (Decimal(8), DAYS[1], DAYS[0]),
    ]


def test_it_is_held_by_default_with_the_setting_that_takes_it() -> None:
    written = order(schedule("12"))
    for_d365, (finding,) = schedules.split(written, PartsPolicy("partners.acme.receive.850"))
    assert str(finding) == (
        "line 10 (ACME-4711): to be delivered at dates of its own; "
        'write schedules = "lines" in [partners.acme.receive.850] for a sales line for each date, '
        'or where none of their orders needs it ignore = ["SCH"] in [partners.acme.receive.850], then: d365edi release P1; '
        'or enter it in D365 by hand, then: d365edi reject P1 --why "entered by hand"'
    )
    assert [line.schedules for line in for_d365.lines] == [line.schedules for line in written.lines]


@pytest.mark.parametrize("segment", ["SCH", "SCC"])
def test_what_is_ignored_is_one_line(segment: str) -> None:
    for_d365, findings = schedules.split(order(schedule("5")), PartsPolicy(ignore=frozenset({segment})))
    assert (findings, [line.quantity for line in for_d365.lines]) == ((), [Decimal(1), Decimal(12)])
    assert for_d365.lines[1].schedules == ()


WRONG = {
    "its dates come to 11": (schedule(), schedule("5")),
    "has a date (2026-11-20) without a quantity": (schedule("0"), schedule("12")),
    "is ordered in ea, and comes in cs": (schedule("12", unit="cs"),),
    "is to come to another party (ST 0007)": (schedule("12", place_kind="ST", place="0007"),),
    "no firm delivery (it says 4)": (schedule("12", status="4"),),
    "no firm delivery (it says W)": (schedule("12", frequency="W"),),
    "no firm delivery (it says 48)": (schedule("12", quantity_kind="48"),),
    "has a quantity without a date": (schedule("12", None),),
    "has a date of a kind (067)": (schedule("12", date_kind="067"),),
    "has two dates for one delivery": (schedule("12", second_kind="063", second=DAYS[1]),),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_what_does_not_say_whole_what_comes_when_is_held(sentence: str) -> None:
    for_d365, findings = schedules.split(order(*WRONG[sentence]), LINES)
    assert any(sentence in str(finding) for finding in findings), findings
    assert all(finding.severity == "error" for finding in findings)
    assert len(for_d365.lines) == 2


def test_dates_and_stores_of_one_line_are_held() -> None:
    stores = ({"store": "0001", "quantity": Decimal(12)},)
    _, (finding,) = schedules.split(order(schedule("12"), stores=stores), LINES)
    assert "has dates and stores, and does not say which store gets what when" in str(finding)


@pytest.mark.parametrize("kind", ["064", "64", "358"])
def test_a_first_day_to_deliver_on_is_one_of_a_part_too(kind: str) -> None:
    """Each of these was a kind of date that a sales line does not have."""
    window = {"date_kind": kind, "date": DAYS[0], "second_kind": "063", "second": DAYS[1]}
    for_d365, findings = schedules.split(order(schedule(date_kind=kind), {"quantity": Decimal(6), **window}), LINES)
    assert findings == ()
    found = [(line.deliver_from, line.deliver_by) for line in for_d365.lines[1:]]
    assert found == [(DAYS[0], None), (DAYS[0], DAYS[1])]


def test_a_window_of_a_part_that_ends_before_it_begins_holds() -> None:
    turned = {"date_kind": "064", "date": DAYS[1], "second_kind": "063", "second": DAYS[0]}
    _, (finding,) = schedules.split(order(schedule(), {"quantity": Decimal(6), **turned}), LINES)
    assert "has a window that ends before it begins (2026-11-27 to 2026-11-20)" in str(finding)
