# ruff: noqa: E501 - a sentence stands on one line, as it is said
"""Allowances and charges of an order: what becomes the discount of a line, what needs no action, what holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.documents import PurchaseOrder
from d365edi.matching.agreements import agreement
from d365edi.matching.charges import cents, discounts

D = Decimal
TAKE = {"C310": "discount", "F800": "discount", "TD": "discount"}


def allowance(percent: str | None = None, amount: str | None = None, **more: Any) -> dict[str, Any]:
    found = {"kind": "allowance", "code": "C310", **more}
    found |= {"percent": D(percent), "percent_of": more.get("percent_of", "6")} if percent is not None else {}
    return found | ({"amount": D(amount)} if amount is not None else {})


def order(
    line: list[dict[str, Any]] | None = None, head: list[dict[str, Any]] | None = None, **more: Any
) -> PurchaseOrder:
    """Two lines, 12 at 10.50 and 3 at 99.99: 126.00 and 299.97. `line` are charges of the first."""
    first = {"number": "1", "quantity": D(12), "unit": "ea", "price": D("10.5"), "charges": line or [], **more}
    second = {"number": "2", "quantity": D(3), "unit": "ea", "price": D("99.99")}
    return PurchaseOrder.of({"number": "4500123", "charges": head or [], "lines": [first, second]})


def taken(read: PurchaseOrder, agreed: dict[str, str]) -> tuple[PurchaseOrder, list[str]]:
    known = {code: made for code, text in agreed.items() if (made := agreement(text)) is not None}
    written, findings = discounts(read, known, "partners.acme.receive.850")
    assert all(finding.severity == "error" and finding.remedy for finding in findings)
    return written, [finding.message.removeprefix("PO 4500123: ") for finding in findings]


@pytest.mark.parametrize(
    ("text", "said"),
    [("3%", "3%"), ("2.50%", "2.5%"), ("12.50", "12.50"), ("discount", "discount"), ("3 %", None), ("-3%", None), ("", None), ("price", None), ("3,5%", None), ("+3%", "+3%"), ("+12.50", "+12.50"), ("+discount", None)],
)  # fmt: skip
def test_what_can_be_agreed(text: str, said: str | None) -> None:
    found = agreement(text)
    assert (str(found) if found is not None else None) == said


NET: dict[str, Any] = {
    "price": D("9.975"),
    "kept": {"price": "AAA"},
    "prices": [{"identifier": "AAB", "amount": D("10.5")}],
}
"""A price with five percent off, beside the one without."""

DISCOUNTS = [
    # of a line
    (order([allowance("3")]), (D(3), None), (None, None)),
    (order([allowance("3", "3.78")]), (D(3), None), (None, None)),
    (order([allowance(None, "5.00")]), (None, D("0.416667")), (None, None)),
    (order([allowance(None, None, rate=D("0.25"))]), (None, D("0.25")), (None, None)),
    (order([allowance(None, None, rate=D("0.25"), quantity=D(4))]), (None, D("0.083333")), (None, None)),
    (order([allowance(None, None, rate=D("0.25"), rate_unit="EA")], kept={"unit": "EA"}), (None, D("0.25")), (None, None)),
    (order([allowance(None, None, rate=D(2), rate_per=D(100))]), (None, D("0.02")), (None, None)),
    (order([allowance(None, "3.00", rate=D("0.25"))]), (None, D("0.25")), (None, None)),
    (order([allowance(None, None, rate=D("0.25"), rate_unit="PCE")], unit="ea"), (None, D("0.25")), (None, None)),
    (order([allowance("5", quantity=D(12))]), (D(5), None), (None, None)),
    (order([allowance("5")], **NET), (None, None), (None, None)),
    (order([allowance("5", "6.30")], **NET), (None, None), (None, None)),
    (order([allowance(None, None, rate=D("0.525"))], **NET), (None, None), (None, None)),
    (order([allowance(None, "5.00"), allowance(None, "1.00", code="F800")]), (None, D("0.5")), (None, None)),
    (order([allowance("3", "3.78")], price=D(1050), price_basis="hundred"), (D(3), None), (None, None)),
    # of the order as a whole
    (order(head=[allowance("2")]), (D(2), None), (D(2), None)),
    (order(head=[allowance("2", "8.52")]), (D(2), None), (D(2), None)),
    # several: each of the price, or of what is left
    (order([allowance("10")], [allowance("5", code="F800")]), (D(15), None), (D(5), None)),
    (order([allowance("10"), allowance("5", code="F800", percent_of="7")]), (D("14.5"), None), (None, None)),
    (order([allowance("10", percent_of=None, option="1"), allowance("5", percent_of=None, option="2", code="TD")]), (D("14.5"), None), (None, None)),
    # by the other code of it
    (order([allowance("3", code=None, agency="VI", agency_code="TD")]), (D(3), None), (None, None)),
    (order([allowance("3", code="discount", kept={"code": "C310"})]), (D(3), None), (None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("read", "first", "second"), DISCOUNTS)
def test_an_allowance_becomes_the_discount_of_its_lines(
    read: PurchaseOrder, first: tuple[Decimal | None, Decimal | None], second: tuple[Decimal | None, Decimal | None]
) -> None:
    """Each of these held the order."""
    written, wrong = taken(read, TAKE)
    assert wrong == []
    assert [(line.discount_percent, line.discount_amount) for line in written.lines] == [first, second]
    assert [*written.charges, *(charge for line in written.lines for charge in line.charges)] == []


HELD = [
    (order([allowance("3", "5.00")]), TAKE, "line 1: allowance C310 is 3% and 5, and 3% of 126 is 3.78"),
    (order(head=[allowance("2", "5.00")]), TAKE, "the order as a whole: allowance C310 is 2% and 5, and 2% of 425.97 is 8.52"),
    (order(head=[allowance(None, "12.50")]), TAKE, "the order as a whole: allowance C310 is 12.5, and an amount for the whole order has no place in a sales order"),
    (order([allowance()]), TAKE, "line 1: allowance C310 says neither a percentage nor an amount"),
    (order([allowance("3", kind="charge")]), TAKE, "line 1: charge C310 adds to the price, which no discount does"),
    (order([allowance("3", handling="bill back")]), TAKE, "line 1: allowance C310 is not taken off the invoice, as its handling says; agree on its percentage or amount instead"),
    (order([allowance("-3")]), TAKE, "line 1: allowance C310 is -3%, which is less than nothing"),
    (order([allowance("3"), allowance(None, "1.00", code="F800")]), TAKE, "line 1: it has a percentage and an amount taken off, and does not say which comes first"),
    (order([allowance("3"), allowance("2", percent_of="Z", code="F800")]), TAKE, "line 1: several percentages are taken off, and they do not say of what each of them is"),
    (order([allowance("3", percent_of="7"), allowance("2", code="F800")]), TAKE, "line 1: several percentages are taken off, and they do not say of what each of them is"),
    (order([allowance("60"), allowance("50", code="F800")]), TAKE, "line 1: 110% is taken off, which is more than all of it"),
    (order([allowance(None, "126.01")]), TAKE, "line 1: 126.01 is taken off, which is more than its 126"),
    (order([allowance(None, "1.00")], quantity=D(30001)), TAKE, "line 1: 1 is taken off, which no discount per unit says to the cent"),
    (order([allowance(None, "1.00")], price_basis="hundred"), TAKE, "line 1: an amount is taken off, and its price is not for one unit"),
    (order([allowance(None, "1.00")], quantity=None), TAKE, "line 1: 1 is taken off, and there is no quantity to take it off"),
    (order([allowance("3", "3.78")], price=None), TAKE, "line 1: allowance C310 is 3% and 3.78, and a price is missing to compare it with 3%"),
    (order([allowance(None, None, rate=D(1), rate_unit="CA")]), TAKE, "line 1: allowance C310 is for each CA, and the line is in ea"),
    (order([allowance("4")]), {"C310": "3%"}, "line 1: allowance C310 is 4%, and 3% is agreed"),
    (order([allowance(None, "5.00")]), {"C310": "3%"}, "line 1: allowance C310 is 5, and 3% of 126 is 3.78"),
    (order(head=[allowance("3", "5.00")]), {"C310": "3%"}, "the order as a whole: allowance C310 is 3% and 5, and 3% of 425.97 is 12.78"),
    (order(head=[allowance(None, "12.00")]), {"C310": "12.50"}, "the order as a whole: allowance C310 is 12, and 12.50 is agreed"),
    (order(head=[allowance("3")]), {"C310": "12.50"}, "the order as a whole: allowance C310 is 3%, and 12.50 is agreed"),
    (order([allowance("3", kind="charge")]), {"C310": "3%"}, "line 1: charge C310 is 3%, and an allowance of 3% is agreed"),
    (order([allowance("3")]), {"C310": "+3%"}, "line 1: allowance C310 is 3%, and a charge of +3% is agreed"),
    # for a part of the line, or what contradicts itself
    (order([allowance("5", quantity=D(5))]), TAKE, "line 1: allowance C310 is 5% for 5, and it stands by 12"),
    (order([allowance("5", quantity=D(5))]), {"C310": "5%"}, "line 1: allowance C310 is 5% for 5, and it stands by 12"),
    (order(head=[allowance("5", quantity=D(5))]), TAKE, "the order as a whole: allowance C310 is 5% for 5, and it stands by the order as a whole"),
    (order([allowance(None, None, rate=D("0.25"), quantity=D(20))]), TAKE, "line 1: allowance C310 is 5 for 20, and it stands by 12"),
    (order([allowance("5", quantity=D(5), second_quantity=D(20))]), TAKE, "line 1: allowance C310 is for 5 to 20 only"),
    (order([allowance(None, "9.00", rate=D("0.25"))]), TAKE, "line 1: allowance C310 is 9, and its rate comes to 3"),
    (order([allowance(None, "9.00", rate=D("0.25"))]), {"C310": "9.00"}, "line 1: allowance C310 is 9, and its rate comes to 3"),
    (order([allowance("3", rate=D("0.25"))]), TAKE, "line 1: allowance C310 is 3% and 3, and 3% of 126 is 3.78"),
    (order([allowance(None, None, rate=D(1), quantity=D(12), quantity_unit="CT")]), TAKE, "line 1: allowance C310 is for each CT, and the line is in ea"),
    (order([allowance(None, "5.00")], price=None), TAKE, "line 1: an amount is taken off, and it has no price to take it off"),
    (order([allowance("10")], **NET), TAKE, "line 1: its price 10.5 comes to 9.45 after its allowances, and it says 9.975"),
    (order([allowance("5")], [allowance("5", code="F800", percent_of="6")], **NET), TAKE, "line 1: its price 10.5 comes to 9.45 after its allowances, and it says 9.975"),
]  # fmt: skip


@pytest.mark.parametrize(("read", "agreed", "sentence"), HELD)
def test_what_differs_or_has_no_place_holds_with_what_it_says(
    read: PurchaseOrder, agreed: dict[str, str], sentence: str
) -> None:
    written, wrong = taken(read, agreed)
    assert wrong == [sentence]
    assert [line.discount_amount for line in written.lines] == [None, None]


@pytest.mark.parametrize(
    ("read", "agreed"),
    [
        (order([allowance("3")]), {"C310": "3%"}),
        (order([allowance("3.00", "3.78")]), {"C310": "3%"}),
        (order([allowance(None, "3.78")]), {"C310": "3%"}),
        (order(head=[allowance("3", "12.78")]), {"C310": "3%"}),
        (order(head=[allowance(None, "12.5")]), {"C310": "12.50"}),
        (order(head=[allowance(None, "12.5", kind="charge")]), {"C310": "+12.50"}),
        (order([allowance("3", kind="charge")]), {"C310": "+3%"}),
        (order(head=[allowance()]), {"C310": "3%"}),
        (order(head=[allowance("3", handling="bill back")]), {"C310": "3%"}),
    ],
)
def test_what_is_expected_needs_no_action(read: PurchaseOrder, agreed: dict[str, str]) -> None:
    written, wrong = taken(read, agreed)
    assert wrong == []
    assert written == order()


def test_what_nothing_is_agreed_about_holds_unless_it_is_ignored() -> None:
    read = order([allowance("3")], [allowance(None, "5.00", kind="charge", code="D240")])
    assert taken(read, {"F800": "discount"})[1] == [
        "the order as a whole: charge D240 is 5, about which nothing is agreed",
        "line 1: allowance C310 is 3%, about which nothing is agreed",
    ]
    assert discounts(read, {}, "partners.acme.receive.850", ignored=True) == (order(), ())


def test_information_changes_nothing() -> None:
    read = order([allowance("3", kind="information")])
    assert taken(read, TAKE) == (read, [])


@given(
    amount=st.decimals("0.01", "999.99", places=2),
    quantity=st.integers(1, 9_999),
    price=st.decimals("0.01", "999.99", places=2),
)
def test_a_discount_per_unit_says_the_amount_to_the_cent(amount: Decimal, quantity: int, price: Decimal) -> None:
    """As D365 computes it: (price - discount) x quantity, rounded to cents."""
    written, wrong = taken(order([allowance(None, str(amount))], quantity=D(quantity), price=price), TAKE)
    each = written.lines[0].discount_amount
    if amount > price * quantity:
        assert each is None
        assert len(wrong) == 1
    else:
        assert each is not None
        assert cents((price - each) * quantity) == cents(price * quantity - amount)
