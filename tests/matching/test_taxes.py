"""The breakdown of value added tax: rates found from the amounts that D365 posts, by hand and to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.matching.taxes import Taxation, broken_down, by_amounts, of_charges, registered

D = Decimal
CENT = D("0.01")
AGREED = Taxation({D("19"): "S", D("7"): "S", D("0"): "Z"}, "DE111111125", "DE222222226", "partners.acme.tax")


def invoice(lines: list[tuple[str, str]], tax: str, charges: tuple[Any, ...] = (), **more: Any) -> Invoice:
    """An invoice of lines with an amount and its tax, and the tax of all."""
    each = [
        {"item": {"own": f"D{n:04}"}, "quantity": D(1), "price": D(amount), "amount": D(amount), "tax": D(due)}
        for n, (amount, due) in enumerate(lines, 1)
    ]
    head = {"number": "CIV-1", "lines": each, "taxes": [{"type": "all", "amount": D(tax)}], "charges": charges}
    return Invoice.of({**head, "parties": {"remit_to": {"name": "Northbay"}, "bill_to": {"name": "Acme"}}, **more})


def charge(kind: str, code: str, amount: str) -> dict[str, Any]:
    return {"kind": kind, "code": code, "amount": D(amount)}


def rates(found: Invoice) -> list[tuple[str, ...]]:
    return [(str(tax.percent), tax.category or "", str(tax.base), str(tax.amount)) for tax in found.taxes]


def test_two_rates_with_freight_and_a_discount_of_the_whole() -> None:
    """100 at 19 % and 200 at 7 %, 30 off the whole, 25 of freight at 19 %: a tenth off each line, 90 and 180.

    Tax: 17.10 + 12.60 + 4.75 = 34.45; the total is 300 - 30 + 25 + 34.45 = 329.45."""
    charges = (charge("charge", "freight", "25"), charge("allowance", "discount", "30"))
    found, problems = broken_down(
        invoice([("100", "17.10"), ("200", "12.60")], "34.45", charges, total=D("329.45")), AGREED
    )
    assert problems == ()
    assert rates(found) == [("19", "S", "115.00", "21.85"), ("7", "S", "180.00", "12.60")]
    assert sum((tax.base or 0) + (tax.amount or 0) for tax in found.taxes) == D("329.45")
    assert [(str(t.percent), str(t.base), str(t.amount)) for line in found.lines for t in line.taxes] == [
        ("19", "90.00", "17.10"),
        ("7", "180.00", "12.60"),
    ]


def test_a_discount_of_the_whole_that_lines_are_not_taxed_less_is_found_in_what_is_left() -> None:
    found, problems = broken_down(
        invoice([("100", "19.00")], "17.10", (charge("allowance", "discount", "10"),)), AGREED
    )
    assert (problems, rates(found)) == ((), [("19", "S", "90", "17.10")])


@pytest.mark.parametrize("tax", ["20.90", "19.00"])
def test_charges_of_a_line_are_taxed_with_it_or_beside_it(tax: str) -> None:
    made = invoice([("100", tax)], "20.90")
    (line,) = made.lines
    made = made.replace(
        lines=(
            line.replace(charges=Invoice.of({"number": "x", "charges": [charge("charge", "freight", "10")]}).charges),
        )
    )
    found, problems = broken_down(made, AGREED)
    assert (problems, rates(found)) == ((), [("19", "S", "110", "20.90")])


def test_what_is_not_taxed_has_the_rate_nought_and_what_costs_nothing_has_none() -> None:
    found, problems = broken_down(invoice([("100", "0"), ("0", "0")], "0"), AGREED)
    assert (problems, rates(found)) == ((), [("0", "Z", "100", "0")])
    assert [len(line.taxes) for line in found.lines] == [1, 0]


def test_a_line_that_fits_no_rate_holds_and_is_named_with_its_tax_and_the_setting() -> None:
    found, problems = broken_down(invoice([("100", "19.00"), ("50", "8.00")], "27.00"), AGREED)
    assert problems == (
        "line 2 (D0002): its tax 8.00 on 50.00 (16 %) is none of the rates 19 %, 7 %, 0 %; correct it in D365, or if it is right "
        "add it to rates in [partners.acme.tax], then: d365edi release CIV-1",
    )
    assert found.lines[1].taxes == ()


def test_two_rates_that_fit_alike_hold() -> None:
    (problem,) = broken_down(invoice([("0.01", "0.00")], "0.00"), AGREED)[1]
    assert "fits 19 %, 7 % and 0 % alike" in problem


def test_a_few_cents_that_are_taxed_at_another_rate_with_their_charge_hold() -> None:
    """0.03 at 19 %, or 0.13 with its charge at 7 %: one of them was taken. What fits no reading is not said of the rest."""
    line = {
        "item": {"own": "D0001"},
        "amount": D("0.03"),
        "tax": D("0.01"),
        "charges": (charge("charge", "freight", "0.10"),),
    }
    made = Invoice.of({"number": "CIV-1", "lines": [line], "taxes": [{"amount": D("0.01")}], "seller_tax_id": "DE1"})
    (problem,) = broken_down(made, AGREED)[1]
    assert problem.startswith("line 1 (D0001): its tax 0.01 on 0.13 fits 7 % and 19 % alike")


def test_a_few_cents_hold_where_only_what_is_charged_of_the_whole_is_in_doubt() -> None:
    """0.07 at 19 % beside a charge of 0.01 without a tax of its own, or 0.08 at 7 %: the second was taken."""
    line = {
        "item": {"own": "D0001"},
        "amount": D("0.07"),
        "tax": D("0.01"),
        "charges": (charge("charge", "freight", "0.01"),),
    }
    made = Invoice.of({"number": "CIV-1", "lines": [line], "taxes": [{"amount": D("0.01")}], "seller_tax_id": "DE1"})
    (problem,) = broken_down(made, AGREED)[1]
    assert problem.startswith("line 1 (D0001): its tax 0.01 on 0.08 fits 7 % and 19 % alike")


def test_a_tax_that_is_left_and_no_rate_of_the_charges_holds() -> None:
    (problem,) = broken_down(invoice([("100", "19.00")], "21.00", (charge("charge", "freight", "25"),)), AGREED)[1]
    assert problem.startswith("what is charged of the whole: its tax 2.00 on 25.00 (8 %) is none of the rates")


def test_without_a_number_of_ours_it_holds_and_d365_says_it_where_the_settings_do_not() -> None:
    agreed = Taxation({D("19"): "S"}, place="partners.acme.tax")
    made = invoice([("100", "19.00")], "19.00")
    (problem,) = registered(made, None, agreed)[1]
    assert problem == (
        "D365 names no tax registration number of ours; write seller under [partners.acme.tax], then: d365edi release CIV-1"
    )
    assert registered(made, None, None) == (made, ())
    found, _ = registered(made.replace(seller_tax_id="DE111111125", buyer_tax_id="DE222222226"), None, agreed)
    assert (found.parties.vendor.name, found.parties.vendor.tax_id) == ("Northbay", "DE111111125")
    assert (found.parties.bill_to.tax_id, found.parties.buyer.tax_id) == ("DE222222226", None)


def test_the_number_of_who_is_billed_is_said_of_the_buyer_of_the_order_too() -> None:
    made = invoice([("100", "19.00")], "19.00", buyer_tax_id="DE222222226")
    order = PurchaseOrder.of({"number": "4711", "parties": {"buyer": {"id_kind": "9", "id": "4098765000010"}}})
    found, _ = registered(made, order, None)
    assert (found.parties.bill_to.tax_id, found.parties.buyer.tax_id) == ("DE222222226", "DE222222226")


def test_what_is_charged_or_off_says_its_rates() -> None:
    """100 at 19 % and 200 at 7 % with 30 off the whole: 10 and 20 of that; 25 of freight at 19 %."""
    charges = (charge("charge", "freight", "25"), charge("allowance", "discount", "30"))
    found, _ = broken_down(invoice([("100", "17.10"), ("200", "12.60")], "34.45", charges), AGREED)
    assert [[(str(t.percent), t.category, str(t.base), t.amount) for t in each.taxes] for each in found.charges] == [
        [("19", "S", "25", None)],
        [("19", "S", "10.00", None), ("7", "S", "20.00", None)],
    ]


def test_a_charge_in_the_order_s_words_has_the_one_rate_of_the_invoice() -> None:
    made = invoice([("100", "19.00")], "19.00", (charge("allowance", "C310", "3"), charge("information", "X", "1")))
    rate = {"percent": D(19), "category": "S", "base": D(100), "amount": D(19)}
    one = made.replace(taxes=Invoice.of({"number": "x", "taxes": [rate]}).taxes)
    assert [[str(t.percent) for t in each.taxes] for each in of_charges(one).charges] == [["19"], []]
    assert of_charges(made) == made


# -- where nothing was agreed -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lines", "tax", "charges", "shown"),
    [
        ([("100", "19.00"), ("200", "14.00")], "33.00", (), ["19", "7"]),
        ([("4068.00", "335.61")], "335.61", (), ["8.25"]),
        ([("20000", "1775.00")], "1775.00", (), ["8.875"]),
        ([("100", "19.00"), ("0.50", "0.10")], "19.10", (), ["19"]),
        ([("100", "19.00")], "23.75", (("charge", "freight", "25"),), ["19"]),
        ([("90", "16.20"), ("10", "1.80")], "18.00", (("allowance", "discount", "10"),), ["20"]),
        ([("100", "19.00"), ("50", "0")], "19.00", (), ["19", "0"]),
        ([("-100", "-19.00")], "-19.00", (), ["19"]),
    ],
)
def test_amounts_show_their_rates(lines: Any, tax: str, charges: Any, shown: list[str]) -> None:
    made = invoice(lines, tax, tuple(charge(*each) for each in charges))
    found = by_amounts(made)
    assert [str(each.percent) for each in found.taxes] == shown
    assert {(each.type, each.category) for each in found.taxes} == {("all", None)}
    assert sum(each.amount or 0 for each in found.taxes) == D(tax)
    assert all(line.tax is None for line in found.lines)


@pytest.mark.parametrize(
    ("lines", "tax"),
    [
        ([("0.50", "0.10")], "0.10"),  # 19 to 21 %
        ([("9.00", "0.74")], "0.74"),  # 8.2 %, or the 8.25 of another place
        ([("126.00", "23.95")], "23.95"),  # 19 % and a cent
        ([("20000", "2469.13")], "2469.13"),
        ([("100", "19.00")], "25.00"),  # tax that is on nothing
        ([("100", "190.00")], "190.00"),
    ],
)
def test_amounts_that_show_no_rate_for_certain_are_left(lines: Any, tax: str) -> None:
    made = invoice(lines, tax)
    assert by_amounts(made) == made


def test_without_a_tax_none_is_shown() -> None:
    made = invoice([("100", "0")], "0").replace(taxes=())
    assert by_amounts(made) == made


@given(
    st.lists(st.tuples(st.decimals(50, 9999, places=2), st.sampled_from([*AGREED.rates])), min_size=1, max_size=9),
    st.decimals(0, 500, places=2),
)
def test_a_rate_that_is_shown_is_the_one_by_which_d365_posted(
    lines: list[tuple[Decimal, Decimal]], freight: Decimal
) -> None:
    taxes = [(amount * rate / 100).quantize(CENT, ROUND_HALF_UP) for amount, rate in lines]
    on_freight = (freight * 19 / 100).quantize(CENT, ROUND_HALF_UP)
    pairs = [(str(amount), str(tax)) for (amount, _), tax in zip(lines, taxes, strict=True)]
    made = invoice(pairs, str(sum(taxes, on_freight)), (charge("charge", "freight", str(freight)),))
    found = by_amounts(made)
    if found != made:
        assert [line.taxes[0].percent for line in found.lines] == [rate for _, rate in lines]
        assert sum(tax.base or D(0) for tax in found.taxes) == sum((amount for amount, _ in lines), freight)


@given(
    st.lists(st.tuples(st.decimals(1, 9999, places=2), st.sampled_from([*AGREED.rates])), min_size=1, max_size=9),
    st.decimals(0, 500, places=2),
    st.integers(0, 30),
)
def test_bases_and_taxes_of_all_rates_come_to_the_total(
    lines: list[tuple[Decimal, Decimal]], freight: Decimal, off: int
) -> None:
    """Bases add up to goods and charges, and amounts to the tax that D365 posted, each line with the rate it was posted by."""
    goods = sum((amount for amount, _ in lines), D(0))
    discount = (goods * off / 100).quantize(CENT)
    taxes = [
        ((amount - discount * amount / goods) * rate / 100).quantize(CENT, ROUND_HALF_UP) for amount, rate in lines
    ]
    on_freight = (freight * 19 / 100).quantize(CENT, ROUND_HALF_UP)
    charges = (charge("charge", "freight", str(freight)), charge("allowance", "discount", str(discount)))
    pairs = [(str(amount), str(tax)) for (amount, _), tax in zip(lines, taxes, strict=True)]
    found, problems = broken_down(invoice(pairs, str(sum(taxes, on_freight)), charges), AGREED)
    if any("alike" in problem for problem in problems):
        return
    assert problems == ()
    assert sum(tax.base or D(0) for tax in found.taxes) == goods + freight - discount
    assert sum(tax.amount or D(0) for tax in found.taxes) == sum(taxes, on_freight)
    assert [line.taxes[0].percent for line in found.lines] == [rate for _, rate in lines]
