"""The breakdown of value added tax: rates found from the amounts that D365 posts, by hand and to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.documents import Invoice
from d365edi.matching.taxes import Taxation, broken_down

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


def test_a_tax_that_is_left_and_no_rate_of_the_charges_holds() -> None:
    (problem,) = broken_down(invoice([("100", "19.00")], "21.00", (charge("charge", "freight", "25"),)), AGREED)[1]
    assert problem.startswith("what is charged of the whole: its tax 2.00 on 25.00 (8 %) is none of the rates")


def test_without_a_number_of_ours_it_holds_and_d365_says_it_where_the_settings_do_not() -> None:
    agreed = Taxation({D("19"): "S"}, place="partners.acme.tax")
    made = invoice([("100", "19.00")], "19.00")
    (problem,) = broken_down(made, agreed)[1]
    assert problem == (
        "D365 names no tax registration number of ours; write seller under [partners.acme.tax], then: d365edi release CIV-1"
    )
    found, _ = broken_down(made.replace(seller_tax_id="DE111111125", buyer_tax_id="DE222222226"), agreed)
    assert (found.parties.vendor.name, found.parties.vendor.tax_id) == ("Northbay", "DE111111125")
    assert found.parties.bill_to.tax_id == "DE222222226"


def test_where_nothing_was_agreed_an_invoice_is_as_it_was() -> None:
    made = invoice([("100", "19.00")], "19.00")
    assert broken_down(made, None) == (made, ())


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
