# ruff: noqa: E501 - a row stands on one line
"""An invoice says the order's allowances once, in the order's words, and its total stays what D365 posted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.documents.values import Price
from d365edi.matching.agreements import Agreements, agreement
from d365edi.matching.charge_echo import INFORMATION, echo_charges, expected
from d365edi.matching.crediting import turned

D = Decimal
POSTED = {"kind": "allowance", "code": "discount", "description": "LINE DISCOUNT"}


def agreed(**words: str) -> Agreements:
    return {code: made for code, text in words.items() if (made := agreement(text)) is not None}


def order(
    line: list[dict[str, Any]] | None = None, head: list[dict[str, Any]] | None = None, **more: Any
) -> PurchaseOrder:
    """12 at 10.50 and 3 at 99.99."""
    first = {"number": "1", "quantity": D(12), "price": D("10.5"), "charges": line or [], **more}
    return PurchaseOrder.of(
        {"number": "1", "charges": head or [], "lines": [first, {"number": "2", "quantity": D(3), "price": D("99.99")}]}
    )


def invoice(
    *posted: str | None, quantity: int = 12, whole: str | None = None, price: str = "10.5", unit: str = "", **more: Any
) -> Invoice:
    """An invoice of both lines with the discounts that D365 posted; the first may have another quantity, price and unit."""
    prices, quantities = (D(price), D("99.99")), (D(quantity), D(3))
    lines = [
        {
            "quantity": many,
            "unit": unit if unit and many != 3 else None,
            "price": price,
            "amount": many * price - D(discount or 0),
            "charges": [{**POSTED, "amount": D(discount)}] if discount else [],
        }
        for many, price, discount in zip(quantities, prices, posted, strict=True)
    ]
    return Invoice.of(
        {"number": "CIV-1", "lines": lines, "charges": [{**POSTED, "amount": D(whole)}] if whole else [], **more}
    )


def said(made: Invoice) -> list[tuple[str, Any, Any, Any, Any]]:
    """Where each charge stands, its code, amount, percentage and how it is handled."""
    places = [("whole", made.charges), *((f"line {n}", line.charges) for n, line in enumerate(made.lines, 1))]
    return [(place, c.code, c.amount, c.percent, c.handling) for place, charges in places for c in charges]


def net(made: Invoice) -> Decimal:
    """The amounts of the lines, which have their own discounts taken off, less what is of the whole."""
    whole = (charge.amount or D(0) for charge in made.charges if charge.handling != INFORMATION)
    return sum((line.amount or D(0) for line in made.lines), D(0)) - sum(whole, D(0))


def effect(made: Invoice) -> Decimal:
    every = (*made.charges, *(charge for line in made.lines for charge in line.charges))
    return sum((c.amount or D(0) for c in every if c.kind == "allowance" and c.handling != INFORMATION), D(0))


C310 = {"kind": "allowance", "code": "C310"}
F800 = {"kind": "allowance", "code": "F800"}
THREE = {**C310, "percent": D(3), "percent_of": "6"}
ECHOES = [
    # a discount that D365 posted is the order's own
    (order([THREE]), invoice("3.78", None), agreed(C310="discount"), [("line 1", "C310", D("3.78"), D(3), None)]),
    (order([THREE]), invoice("3.78", None), agreed(C310="3%"), [("line 1", "C310", D("3.78"), D(3), None)]),
    (order([{**C310, "amount": D(5)}]), invoice("5.00", None), agreed(C310="discount"), [("line 1", "C310", D(5), None, None)]),
    # half of the line
    (order([{**C310, "amount": D(5)}]), invoice("2.50", None, quantity=6), agreed(C310="discount"), [("line 1", "C310", D("2.5"), None, None)]),
    # of the whole order: from the lines, or as D365's discount of the whole
    (order(head=[THREE]), invoice("3.78", "9.00"), agreed(C310="discount"), [("whole", "C310", D("12.78"), D(3), None)]),
    (order(head=[THREE]), invoice(None, None, whole="12.78"), agreed(C310="3%"), [("whole", "C310", D("12.78"), D(3), None)]),
    (order(head=[{**C310, "amount": D("12.5")}]), invoice(None, None, whole="12.50"), agreed(C310="12.50"), [("whole", "C310", D("12.5"), None, None)]),
    # of both at once, shared out
    (order([{**F800, "percent": D(10), "percent_of": "6"}], [THREE]), invoice("16.38", "9.00"), agreed(C310="discount", F800="discount"), [("whole", "C310", D("12.78"), D(3), None), ("line 1", "F800", D("12.60"), D(10), None)]),
    # the second percentage is of what the first left
    (order([{**F800, "percent": D(10), "percent_of": "6"}, {**C310, "percent": D(5), "percent_of": "7"}]), invoice("18.27", None), agreed(C310="discount", F800="discount"), [("line 1", "F800", D("12.60"), D(10), None), ("line 1", "C310", D("5.67"), D(5), None)]),
    # one that became a discount beside one that is expected, and not taken off; and beside one that is settled otherwise
    (order(head=[THREE, {**F800, "percent": D(1)}]), invoice("3.78", "9.00"), agreed(C310="discount", F800="1%"), [("whole", "C310", D("12.78"), D(3), None), ("whole", "F800", None, D(1), INFORMATION)]),
    (order([THREE, {**F800, "percent": D(1), "handling": "bill back"}]), invoice("3.78", None), agreed(C310="3%", F800="1%"), [("line 1", "C310", D("3.78"), D(3), None), ("line 1", "F800", None, D(1), "bill back")]),
    # expected and not taken off: information
    (order([THREE]), invoice(None, None), agreed(C310="3%"), [("line 1", "C310", None, D(3), INFORMATION)]),
    (order(head=[THREE]), invoice(None, None), agreed(C310="3%"), [("whole", "C310", None, D(3), INFORMATION)]),
    (order(head=[{**C310, "amount": D("12.5")}]), invoice(None, None), agreed(C310="12.50"), [("whole", "C310", D("12.5"), None, INFORMATION)]),
    (order(head=[{**THREE, "handling": "bill back"}]), invoice(None, None), agreed(C310="3%"), [("whole", "C310", None, D(3), "bill back")]),
    # of two, D365 is told one: it alone was posted, the other is information
    (order([{**F800, "percent": D(10), "percent_of": "6"}], [THREE]), invoice("12.60", None), agreed(C310="3%", F800="discount"), [("whole", "C310", None, D(3), INFORMATION), ("line 1", "F800", D("12.60"), D(10), None)]),
    (order([{**C310, "amount": D(5)}], [{**F800, "percent": D(2), "percent_of": "6"}]), invoice("2.52", "6.00"), agreed(C310="5", F800="discount"), [("whole", "F800", D("8.52"), D(2), None), ("line 1", "C310", D(5), None, INFORMATION)]),
    # an amount is of what was ordered, whatever it is billed at, and in whichever unit
    (order(head=[{**C310, "amount": D("12.5")}]), invoice(None, None, price="21"), agreed(C310="12.50"), [("whole", "C310", D("12.5"), None, INFORMATION)]),
    (order([{**C310, "amount": D(6)}], unit="cs"), invoice(None, None, quantity=72, price="1.75", unit="ea"), agreed(C310="6"), [("line 1", "C310", D(6), None, INFORMATION)]),
    # not D365's to say: another amount, or a discount that it was told and did not give
    (order([THREE]), invoice("7.00", None), agreed(C310="discount"), [("line 1", "discount", D(7), None, None)]),
    (order([THREE]), invoice(None, None), agreed(C310="discount"), []),
    # nothing agreed, nothing said
    (order([THREE]), invoice("3.78", None), agreed(F800="3%"), [("line 1", "discount", D("3.78"), None, None)]),
    (order(), invoice("3.78", None), agreed(C310="3%"), [("line 1", "discount", D("3.78"), None, None)]),
]  # fmt: skip


@pytest.mark.parametrize(("ordered", "posted", "known", "expected"), ECHOES)
def test_each_allowance_is_said_once_and_in_the_orders_words(
    ordered: PurchaseOrder, posted: Invoice, known: Agreements, expected: list[tuple[str, Any, Any, Any, Any]]
) -> None:
    made = echo_charges(posted, ordered, ordered.lines, known)
    assert said(made) == expected
    assert effect(made) == effect(posted)
    assert net(made) == net(posted)


@pytest.mark.parametrize(("ordered", "posted", "known"), [row[:3] for row in ECHOES])
def test_a_credit_note_says_them_as_the_invoice_does(
    ordered: PurchaseOrder, posted: Invoice, known: Agreements
) -> None:
    credit = turned(posted.replace(sense="credit"))
    made = turned(echo_charges(credit, ordered, ordered.lines, known))
    assert said(made) == said(echo_charges(posted, ordered, ordered.lines, known))
    assert (effect(made), net(made)) == (effect(posted), net(posted))


def test_without_the_order_nothing_is_changed() -> None:
    assert echo_charges(invoice("3.78", None), None, (None, None), agreed(C310="3%")) == invoice("3.78", None)


def test_an_allowance_that_the_net_price_has_taken_off_is_neither_told_nor_missed() -> None:
    read = order([THREE])
    first = read.lines[0].replace(kept={"price": "AAA"}, prices=(Price(identifier="AAB", amount=D("10.82")),))
    read, made = read.replace(lines=(first, read.lines[1])), invoice(None, None)
    assert echo_charges(made, read, read.lines, agreed(C310="discount")) == made
    assert expected(made, read, read.lines) == []
    assert [each.charge.code for each in expected(made, read, read.lines, agreed(C310="3%"))] == ["C310"]


@pytest.mark.parametrize(("billed", "posted"), [(12, "3"), (6, "1.50")])
@pytest.mark.parametrize("counted", [None, D(12)])
def test_a_rate_is_said_of_what_is_billed(billed: int, posted: str, counted: Decimal | None) -> None:
    """0.25 off each of 12."""
    charge = {"kind": "allowance", "code": "C310", "rate": D("0.25"), "rate_unit": "EA", "quantity": counted}
    read = order([{name: value for name, value in charge.items() if value is not None}])
    found = (
        echo_charges(invoice(posted, None, quantity=billed), read, read.lines, agreed(C310="discount")).lines[0].charges
    )
    of = billed if counted is not None else None
    assert [(c.amount, c.rate, c.rate_unit, c.quantity) for c in found] == [(D(posted), D("0.25"), "EA", of)]


def test_a_rate_that_does_not_come_to_what_was_posted_is_not_said() -> None:
    """A total is posted for both charges of the line, and only its rest for the second."""
    charges = [
        {"kind": "allowance", "code": "C310", "rate": D("0.25")},
        {"kind": "allowance", "code": "C310", "amount": D("1.00"), "rate": D("0.50")},
    ]
    read = order(charges)
    found = echo_charges(invoice("4", None), read, read.lines, agreed(C310="discount")).lines[0].charges
    assert [(c.amount, c.rate) for c in found] == [(D(3), D("0.25")), (D(1), None)]
