"""Lines that stand in D365 against lines that were sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.endpoints.d365.compare_lines import alike, difference
from d365edi.odata import canonical
from d365edi.odata.plan import WritePlan

COMPARE = ("CustomersLineNumber", "ItemNumber", "OrderedSalesQuantity", "RequestedShippingDate")


def plan(*lines: dict[str, Any], compare: tuple[str, ...] = COMPARE) -> WritePlan:
    """A plan with these lines, as it comes out of a delivery's payload."""
    made = WritePlan("SalesOrder", "usmf", "H", {}, {}, "N", "L", "N", tuple(lines), compare)
    return WritePlan.from_bytes(made.to_bytes())


def line(number: int, item: str = "D1", **more: Any) -> dict[str, Any]:
    return {"CustomersLineNumber": number, "ItemNumber": item, "OrderedSalesQuantity": Decimal("1.50"), **more}


@pytest.mark.parametrize(
    ("sent", "there", "says"),
    [
        ([line(1)], [line(1)], ""),
        ([line(1), line(2)], [line(2), line(1)], ""),
        ([], [], ""),
        ([line(1)], [], "no lines instead of 1"),
        ([line(1), line(2)], [line(1)], "1 line instead of 2"),
        ([line(1)], [line(1), line(1)], "2 lines instead of 1"),
        ([line(1, "d1")], [line(1, "D1 ")], ""),
        ([line(1)], [line(1, OrderedSalesQuantity=Decimal("1.5"))], ""),
        (
            [line(1)],
            [line(1, OrderedSalesQuantity=2)],
            "line 1 (CustomersLineNumber 1, ItemNumber D1, OrderedSalesQuantity 1.50) is not among them",
        ),
        (
            [line(1, RequestedShippingDate=date(2026, 1, 2))],
            [line(1, RequestedShippingDate="2026-01-02T12:00:00Z")],
            "",
        ),
        ([line(1, RequestedShippingDate="2026-01-02")], [line(1, RequestedShippingDate="2026-01-02T12:00:00Z")], ""),
        ([line(1)], [line(1, RequestedShippingDate="2026-01-02T12:00:00Z")], ""),
        ([line(1, RequestedShippingDate=None)], [line(1, RequestedShippingDate="2026-01-02T12:00:00Z")], ""),
        ([line(1), line(1)], [line(1), line(1)], ""),
        (
            [line(1, "A"), line(1, "A")],
            [line(1, "A"), line(1, "B")],
            "line 2 (CustomersLineNumber 1, ItemNumber A, OrderedSalesQuantity 1.50) is not among them",
        ),
        ([{"ItemNumber": "A"}, line(1, "A")], [line(1, "A"), line(2, "A")], ""),
    ],
)
def test_lines_are_compared_by_what_was_sent(
    sent: list[dict[str, Any]], there: list[dict[str, Any]], says: str
) -> None:
    assert difference(plan(*sent), there) == says


def test_without_fields_to_compare_only_the_number_of_lines_counts() -> None:
    assert difference(plan(line(1), compare=()), [line(9, "other")]) == ""


LINES = st.lists(st.builds(line, st.integers(1, 5), st.sampled_from(["A", "B", "C"])), max_size=12)


@given(LINES, st.randoms())
@settings(deadline=None, max_examples=100)
def test_the_same_lines_in_any_order_are_the_same(lines: list[dict[str, Any]], chance: Any) -> None:
    there = canonical.loads(canonical.dumps(lines))
    chance.shuffle(there)
    assert difference(plan(*lines), there) == ""


@given(LINES.filter(bool), st.integers(0, 11))
@settings(deadline=None, max_examples=100)
def test_one_changed_line_is_noticed(lines: list[dict[str, Any]], place: int) -> None:
    there = [dict(each) for each in lines]
    there[place % len(there)]["ItemNumber"] = "X"
    assert "is not among them" in difference(plan(*lines), there)


def test_thousands_of_lines_are_compared_quickly() -> None:
    lines = [line(number) for number in range(5000)]
    assert difference(plan(*lines), list(reversed(lines))) == ""


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (None, "", True),
        ("a", "A  ", True),
        (" a", "a", False),
        (1, Decimal("1.00"), True),
        ("2026-01-02", "2026-01-02T12:00:00Z", True),
        ("2026-01-02", "2026-01-02T00:00:00Z", False),
    ],
)
def test_values_are_alike_as_d365_sees_them(left: Any, right: Any, same: bool) -> None:
    assert alike(left, right) == same
