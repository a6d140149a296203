"""Days and dates of an invoice's terms agree, whatever the order said: D365's due date is the source."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.documents.values import Terms
from d365edi.matching.terms import dated, differences

DAY = date(2026, 11, 12)


def invoice(terms: dict[str, Any] | None = None, **more: Any) -> Invoice:
    """An invoice of 100 with these terms."""
    return Invoice(number="CIV-1", **{"date": DAY, "total": Decimal(100), "terms": Terms(**(terms or {})), **more})


def order(**terms: Any) -> PurchaseOrder:
    """Its order."""
    return PurchaseOrder(number="4500123", terms=Terms(**terms))


TWO_TEN = {"type": "01", "basis": "invoice", "discount_percent": Decimal(2), "discount_days": 10, "net_days": 30}


def test_the_days_of_the_order_do_not_stand_beside_another_due_date() -> None:
    """`ITD*01*3*2**10*20261228*46` left with an order of 46 days and an invoice due after 46 others."""
    made = dated(invoice({"net_due": date(2026, 12, 12)}), order(**{**TWO_TEN, "net_days": 46})).terms
    assert made == Terms(basis="invoice", net_due=date(2026, 12, 12), net_days=30)


def test_what_the_order_said_is_repeated_where_d365_agrees() -> None:
    found = dated(
        invoice({"net_due": DAY + timedelta(30)}, discount=Decimal("2.00")), order(**TWO_TEN, description="2/10")
    )
    terms: dict[str, Any] = {
        **TWO_TEN,
        "description": "2/10",
        "discount_due": DAY + timedelta(10),
        "net_due": DAY + timedelta(30),
    }
    assert found.terms == Terms(**terms)


def test_a_discount_that_d365_dates_needs_no_order() -> None:
    found = dated(invoice({"net_due": DAY, "discount_percent": Decimal(3), "discount_due": DAY + timedelta(7)}), None)
    assert (found.terms.discount_days, found.terms.net_days, found.terms.basis) == (7, 0, "invoice")


def test_without_a_due_date_there_are_no_days() -> None:
    assert dated(invoice(), order(**TWO_TEN)).terms == Terms()


@pytest.mark.parametrize(
    ("theirs", "percent", "due"), [("2", Decimal(2), DAY + timedelta(10)), ("3", None, None), (None, None, None)]
)
def test_a_discount_without_a_day_has_the_order_s_or_is_not_said(theirs: Any, percent: Any, due: Any) -> None:
    """At 1eebee2 such an 810 was held: ITD03 needs a day."""
    asked = order(discount_percent=theirs and Decimal(theirs), discount_days=theirs and 10, net_days=30)
    made = dated(invoice({"net_due": DAY + timedelta(30), "discount_percent": Decimal(2)}), asked).terms
    assert (made.discount_percent, made.discount_due, made.net_days) == (percent, due, 30)


DAYS = st.none() | st.integers(0, 400)
PERCENTS = st.none() | st.decimals("0.01", "20", places=2)


@given(
    st.none() | st.integers(-3, 400), st.none() | st.integers(0, 60), PERCENTS, DAYS, DAYS, PERCENTS,
    st.sampled_from((None, "invoice", "ship", "invoice receipt", "8")), st.none() | st.decimals("0.01", "20", places=2),
)  # fmt: skip
def test_days_and_dates_never_contradict(
    due: int | None, early: int | None, percent: Any, net_days: Any, days: Any, theirs: Any, basis: Any, discount: Any
) -> None:
    ours = {
        "net_due": DAY + timedelta(due) if due is not None else None,
        "discount_due": DAY + timedelta(early) if early is not None else None,
        "discount_percent": percent,
    }
    asked = order(basis=basis, net_days=net_days, discount_days=days, discount_percent=theirs)
    made = dated(invoice(ours, discount=discount), asked)
    terms = made.terms
    assert terms.net_due == ours["net_due"]
    for counted, day in ((terms.net_days, terms.net_due), (terms.discount_days, terms.discount_due)):
        assert counted is None or day == DAY + timedelta(counted)
        assert day is None or day < DAY or counted == (day - DAY).days
    assert terms.basis in (None, "invoice")
    if terms.discount_percent is not None or percent is None:  # else a percentage without a day was left out
        assert dated(made, asked) == made


@pytest.mark.parametrize(
    ("ours", "theirs", "sentences"),
    [
        ({"net_due": DAY + timedelta(30)}, TWO_TEN | {"discount_percent": None}, []),
        ({"net_due": DAY + timedelta(30)}, {}, []),
        ({"net_due": DAY + timedelta(30)}, {"net_days": 30, "day_of_month": 15}, []),
        ({"net_due": DAY + timedelta(30)}, {"net_days": 46, "basis": "invoice receipt"}, []),
        ({"net_due": DAY + timedelta(30)}, {"net_days": 20261212, "discount_days": 10**12}, []),
        (
            {"net_due": date(2026, 12, 12)},
            {"net_days": 46, "basis": "invoice"},
            ["it is due on 2026-12-12, but by the order (46 days after the invoice date) on 2026-12-28"],
        ),
        (
            {"net_due": date(2026, 12, 12)},
            {"net_due": date(2026, 12, 28)},
            ["it is due on 2026-12-12, but by the order on 2026-12-28"],
        ),
        ({"net_due": DAY + timedelta(30)}, TWO_TEN, ["its discount for early payment is 0 %, but 2 % in the order"]),
        (
            {"net_due": DAY + timedelta(30), "discount_percent": Decimal(2), "discount_due": DAY + timedelta(5)},
            TWO_TEN,
            ["its discount ends on 2026-11-17, but by the order (10 days after the invoice date) on 2026-11-22"],
        ),
    ],
)
def test_what_differs_is_said_with_both_days(
    ours: dict[str, Any], theirs: dict[str, Any], sentences: list[str]
) -> None:
    assert [*differences(invoice(ours), order(**theirs))] == sentences
