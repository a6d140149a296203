"""What a vendor's invoice is before D365 is asked: signs, amounts, charges, totals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import Charge, PricePer, Tax, Terms
from d365edi.matching import totals
from d365edi.matching.vendor_invoices import InvoicePolicy, own_reference, signed, take, year_of

POLICY = InvoicePolicy(place="partners.acme.receive.810", codes={"D240": "FREIGHT", "C310": "PROMO"})


def line(quantity: str | None = "12", price: str | None = "10.5", **more: Any) -> InvoiceLine:
    values = {"quantity": quantity, "price": price}
    figures: dict[str, Any] = {name: Decimal(value) for name, value in values.items() if value is not None}
    return InvoiceLine(number="1", unit="ea", **figures, **more)


def invoice(*lines: InvoiceLine, total: str | None = "126", **more: Any) -> Invoice:
    stated = Decimal(total) if total is not None else None
    return Invoice(number="INV-1", lines=lines or (line(),), total=stated, **more)


def charge(code: str, amount: str | None, kind: str = "charge", **more: Any) -> Charge:
    return Charge(kind=kind, code=code, amount=Decimal(amount) if amount is not None else None, **more)


@pytest.mark.parametrize(
    ("read", "amounts", "prices"),
    [
        (invoice(), ["126.00"], ["10.5"]),
        (invoice(line(price_per=PricePer(quantity=Decimal(10))), total="12.6"), ["12.60"], ["10.5"]),
        (invoice(line(price=None, amount=Decimal(126))), ["126"], [None]),
        (invoice(line("2"), total="21"), ["21.00"], ["10.5"]),
        (invoice(total=None), ["126.00"], ["10.5"]),
        (invoice(taxes=(Tax(amount=Decimal(10)),), total="136"), ["126.00"], ["10.5"]),
        (invoice(line(taxes=(Tax(amount=Decimal(10)),)), taxes=(Tax(amount=Decimal(10)),), total="136"), ["126.00"], ["10.5"]),
        (invoice(charges=(charge("D240", "25"), charge("C310", "5", "allowance")), total="146"), ["126.00"], ["10.5"]),
        (invoice(charges=(charge("X", "25", handling="bill back"), charge("X", "1", "information"))), ["126.00"], ["10.5"]),
    ],
)  # fmt: skip
def test_each_line_gets_its_amount(read: Invoice, amounts: list[str], prices: list[str | None]) -> None:
    taken = take(read, POLICY)
    assert taken.problems == ()
    assert [each.amount for each in taken.invoice.lines] == [Decimal(amount) for amount in amounts]
    assert [each.price for each in taken.invoice.lines] == [price and Decimal(price) for price in prices]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (invoice(total="127"), "its total is 127.00, but lines 126.00, charges 0.00 and taxes 0.00 come to 126.00"),
        (invoice(charges=(charge("D240", "1"),)), "lines 126.00, charges 1.00 and taxes 0.00 come to 127.00"),
        (invoice(sense="325"), 'it is no invoice, credit or debit note, but "325"'),
        (invoice(discount=Decimal(6), total=None), "its discount is 6.00, and no total says whether that is taken off"),
        (invoice(line(price=None)), "line 1 has neither an amount nor a price and a quantity"),
        (invoice(charges=(charge("F050", "1"),), total="127"),
         'charge F050 is none of ours: add F050 = "..." (our charge code) under [partners.acme.codes.charge]'),
        (invoice(line(charges=(charge("D240", None, percent=Decimal(3)),))), "charge D240 of line 1 has no amount"),
        (invoice(charges=(Charge(kind="charge", amount=Decimal(1)),), total="127"),
         "charge without a code is none of ours: add a row for it under [partners.acme.codes.charge]"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_or_has_no_code_of_ours_holds_it(read: Invoice, said: str) -> None:
    assert any(said in problem for problem in take(read, POLICY).problems)


TAXED = (line(taxes=(Tax(amount=Decimal(3)), Tax(amount=Decimal(2)))),)


@pytest.mark.parametrize(
    ("lines", "of_all", "total", "owed"),
    [
        (TAXED, "7", "138", "12"),  # beside those of the lines
        (TAXED, "7", "133", "7"),  # another sum of them
        (TAXED, "5", "131", "5"),
        (TAXED, "5", "136", "10"),
        (TAXED, None, "131", "5"),
        (TAXED, "5", None, "5"),
        ((line(),), "7", "133", "7"),
        ((line(),), None, "126", None),
    ],
)
@pytest.mark.parametrize("sense", ["invoice", "credit"])
def test_the_taxes_are_written_by_which_the_total_fits(
    lines: tuple[InvoiceLine, ...], of_all: str | None, total: str | None, owed: str | None, sense: str
) -> None:
    taxes = (Tax(amount=Decimal(of_all)),) if of_all is not None else ()
    taken = take(invoice(*lines, taxes=taxes, total=total, sense=sense), POLICY)
    assert taken.problems == ()
    sign = -1 if sense == "credit" else 1
    assert totals.owed(taken.invoice) == (None if owed is None else sign * Decimal(owed))


def test_taxes_that_may_be_meant_in_two_ways_hold_it_where_no_total_decides() -> None:
    [said] = take(invoice(*TAXED, taxes=(Tax(amount=Decimal(7)),), total=None), POLICY).problems
    assert (
        said == "its taxes are 7.00 for the whole and 5.00 for its lines, and no total says whether these are in those"
    )


@pytest.mark.parametrize("total", [None, "126", "100"])
def test_a_stated_amount_that_its_price_does_not_come_to_holds_it_with_both(total: str | None) -> None:
    [said] = take(invoice(line(amount=Decimal(100)), total=total), POLICY).problems
    assert said == "line 1: 12 at 10.5 come to 126.00, but its amount is 100.00"


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "written"),
    [
        ("3", "0.333", "1", "1"),
        ("3", "0.333", "0.99", "0.99"),
        ("3", "0.333", "1.01", None),
        ("12", "10.5", "126", "126"),
    ],
)
def test_a_stated_amount_is_written_as_it_was_rounded(
    quantity: str, price: str, amount: str, written: str | None
) -> None:
    taken = take(invoice(line(quantity, price, amount=Decimal(amount)), total=amount), POLICY)
    assert [each.amount for each in taken.invoice.lines] == [Decimal(written or amount)]
    assert bool(taken.problems) == (written is None)


@pytest.mark.parametrize("kind", ["case", "piece"])
def test_stated_amounts_say_for_what_the_prices_are_where_there_is_no_total(kind: str) -> None:
    case = InvoiceLine(quantity=Decimal(1), unit="cs", price=Decimal("10.5"), price_basis="each")
    packed = case.replace(
        pack=case.pack.replace(count=Decimal(12)), amount=Decimal({"case": "10.5", "piece": "126"}[kind])
    )
    taken = take(invoice(packed, total=None), POLICY)
    assert (taken.problems, taken.invoice.lines[0].amount) == ((), packed.amount)


@pytest.mark.parametrize(
    ("count", "price", "total", "holds"),
    [
        (60, "0.20", "12.30", True),
        (1, "10.50", "10.51", False),
        (1000, "1.00", "1000.02", True),
        (3, "0.333", "1.00", False),  # their sum is rounded
        (3, "0.333", "0.99", False),  # each is
        (3, "0.333", "1.03", True),
        (10, "0.125", "1.30", False),  # half a cent up
        (10, "0.125", "1.20", False),  # half a cent to the even one
        (10, "0.125", "1.40", True),
    ],
)
def test_a_total_may_be_off_by_what_rounding_can_do_and_no_more(
    count: int, price: str, total: str, holds: bool
) -> None:
    read = invoice(*[line("1", price)] * count, total=total)
    assert bool(take(read, POLICY).problems) == holds


def test_charges_become_charge_lines_under_our_codes() -> None:
    read = invoice(
        line(charges=(charge("C310", "1", "allowance"),)), charges=(charge("D240", "25", description="BY TRUCK"),), total="150"
    )  # fmt: skip
    found = [(each.code, each.line, each.amount, each.description) for each in take(read, POLICY).charges]
    assert found == [("FREIGHT", None, Decimal(25), "D240 BY TRUCK"), ("PROMO", 1, Decimal(-1), "C310")]


def test_charges_that_are_in_the_amounts_are_not_written_again() -> None:
    """12 at 10.50 less 1.00 is 125.00, which is the line's amount and the total."""
    beside = invoice(line(amount=Decimal(125), charges=(charge("C310", "1", "allowance"),)), total="125")
    net = invoice(line("10", "12.5", amount=Decimal(125), charges=(charge("C310", "1", "allowance"),)), total="125")
    assert [each.amount for each in take(beside, POLICY).charges] == [Decimal(-1)]
    assert take(beside, POLICY).invoice.lines[0].amount == Decimal(126)
    taken = take(net, POLICY)
    assert (taken.charges, taken.problems, taken.invoice.lines[0].amount) == ((), (), Decimal(125))
    assert "not written once more" in taken.warnings[0]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_credit_is_negative_however_it_is_stated(sign: int) -> None:
    kind = "allowance" if sign > 0 else "charge"
    read = Invoice(
        number="CR-1",
        sense="credit",
        lines=(InvoiceLine(quantity=Decimal(2 * sign), price=Decimal(10)),),
        charges=(charge("C310", "1", kind),),
        total=Decimal(19 * sign),
    )
    taken = take(read, POLICY)
    [made] = taken.invoice.lines
    assert [taken.invoice.total, made.quantity, made.amount] == [Decimal(-19), Decimal(-2), Decimal(-20)]
    assert [(each.code, each.amount) for each in taken.charges] == [("PROMO", Decimal(1))]


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        (Terms(net_days=30), date(2026, 12, 2)),
        (Terms(net_days=30, basis="invoice"), date(2026, 12, 2)),
        (Terms(net_days=30, basis="delivery"), None),
        (Terms(net_days=30, net_due=date(2026, 11, 9)), date(2026, 11, 9)),
        (Terms(net_days=20261201), None),  # a date in place of days
        (Terms(), None),
    ],
)
def test_the_day_on_which_it_is_due_is_counted_from_its_own(terms: Terms, due: date | None) -> None:
    assert take(invoice(terms=terms, date=date(2026, 11, 2)), POLICY).invoice.terms.net_due == due


def test_what_is_no_credit_keeps_its_signs() -> None:
    assert signed(invoice(total="-126")).total == Decimal(-126)


def test_the_price_of_a_piece_is_told_from_that_of_a_case_by_the_total() -> None:
    """A case of 12 at 10.50 the piece comes to 126.00."""
    case = InvoiceLine(quantity=Decimal(1), unit="cs", price=Decimal("10.5"), price_basis="each")
    packed = case.replace(pack=case.pack.replace(count=Decimal(12)))
    for total, amount in (("126", "126.00"), ("10.5", "10.50")):
        assert take(invoice(packed, total=total), POLICY).invoice.lines[0].amount == Decimal(amount)


def test_our_own_reference_is_the_same_each_time_and_another_for_another_invoice() -> None:
    read = invoice().replace(date=date(2026, 11, 2))
    ours = own_reference("usmf", "US-101", read, "number")
    assert ours == own_reference("USMF", "us-101", read.replace(date=date(2025, 1, 1)), "number")
    others = {
        own_reference("demf", "US-101", read, "number"),
        own_reference("usmf", "US-102", read, "number"),
        own_reference("usmf", "US-101", read.replace(number="INV-2"), "number"),
        own_reference("usmf", "US-101", read, "number_and_year"),
    }
    assert len(others | {ours}) == 5
    assert (year_of(read, "number"), year_of(read, "number_and_year")) == ("", "2026")
