"""A remittance becomes lines of a payment journal, when it adds up and nothing is deducted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import Remittance
from d365edi.errors import DocumentError
from d365edi.maps import meaning
from d365edi.maps.d365 import plans as d365
from d365edi.maps.payment import balance
from d365edi.maps.table import load
from d365edi.matching.dimensions import DimensionFormats, DimensionPolicy, answered
from d365edi.matching.lookup import Profile
from d365edi.matching.references import find_references
from d365edi.matching.resolution import Resolution, ResolvedReference

JOURNAL = {"header": {"constants": {"JournalName": "CustPay"}}}


def item(number: str, paid: str, *deducted: str, **more: Any) -> dict[str, Any]:
    adjustments = [{"amount": Decimal(amount), "reason": "ZZ"} for amount in deducted]
    return {"kind": "IV", "number": number, "paid": Decimal(paid), "adjustments": adjustments, **more}


def payment(total: str, *items: dict[str, Any], loose: tuple[str, ...] = ()) -> Remittance:
    adjustments = [{"amount": Decimal(amount), "reason": "L7"} for amount in loose]
    entities = [{"number": 1, "lines": items, "adjustments": adjustments}]
    values = {
        "number": "EFT1",
        "total": Decimal(total),
        "date": date(2026, 2, 11),
        "currency": "USD",
        "entities": entities,
    }
    return Remittance.of(values)


def displayed(answers: Resolution, delimiter: str = "-") -> Resolution:
    """The answers with accounts as a tenant with this delimiter displays them."""
    return answered(answers, DimensionPolicy(), DimensionFormats(delimiter))


BALANCED = [
    ("its items come to it", payment("150", item("A", "100"), item("B", "50"))),
    ("a credit memo is taken off", payment("70", item("A", "100"), item("B", "-30"))),
    ("deductions stand beside the items", payment("140", item("A", "150"), loose=("-10",))),
    ("each item says what is paid after its deductions", payment("140", item("A", "140", "-10"))),
]


@pytest.mark.parametrize("remittance", [each[1] for each in BALANCED], ids=[each[0] for each in BALANCED])
def test_a_payment_adds_up_when(remittance: Remittance) -> None:
    assert balance(remittance) == ()


ODD = [
    (payment("140", item("A", "150", "-10")), "the items come to 150, and only less their deductions to the total 140"),
    (payment("140", item("A", "100")), "the items come to 100, and the total is 140"),
]


@pytest.mark.parametrize(("remittance", "sentence"), ODD)
def test_a_payment_that_does_not_add_up_is_held_and_says_how(remittance: Remittance, sentence: str) -> None:
    [finding] = balance(remittance)
    assert (finding.severity, finding.message) == ("error", sentence)


def test_each_open_item_becomes_a_line_that_marks_our_invoice() -> None:
    table = load("d365/write", "CustomerPayment", JOURNAL)
    remittance = payment("150", item("INV1", "100", order_number="4500"), item("INV2", "50"))
    answers = displayed(Resolution().plus(ResolvedReference("customer", "US-003")))
    plan = d365.write_plan(table, remittance, answers, company="usmf")
    assert plan.lookup == {"dataAreaId": "usmf", "JournalName": "CustPay", "Description": "EFT1"}
    assert (plan.label, plan.number_field, plan.extra) == (
        "payment EFT1",
        "JournalBatchNumber",
        {"open": {"IsPosted": ["No"]}, "whose": "AccountDisplayValue"},
    )
    first, second = plan.lines
    assert first == {
        "dataAreaId": "usmf",
        "LineNumber": 1,
        "AccountType": "Cust",
        "AccountDisplayValue": "US\\-003",
        "CreditAmount": Decimal(100),
        "CurrencyCode": "USD",
        "TransactionDate": "2026-02-11T12:00:00Z",
        "PaymentReference": "EFT1",
        "TransactionText": "4500",
        "MarkedInvoice": "INV1",
        "MarkedInvoiceCompany": "usmf",
        "SettleVoucher": "SelectedTransact",
    }
    assert (second["LineNumber"], second["MarkedInvoice"]) == (2, "INV2")


def test_a_vendor_is_paid_on_the_debit_side_of_the_invoice_account() -> None:
    table = load("d365/write", "VendorPayment", JOURNAL)
    more = (("invoice_vendor", "US-102"), ("vendor_currency", "EUR"))
    answers = displayed(Resolution().plus(ResolvedReference("vendor_account", "US-101", more=more)))
    remittance = payment("100", item("V-1", "100")).replace(currency=None, supplement="RF18")
    (line,) = d365.write_plan(table, remittance, answers, company="usmf").lines
    fields = ("AccountType", "AccountDisplayValue", "DebitAmount", "CurrencyCode", "MarkedInvoice", "PaymentId")
    assert [line[field] for field in fields] == ["Vend", "US\\-102", Decimal(100), "EUR", "V-1", "RF18"]


@pytest.mark.parametrize(
    ("account", "delimiter", "display"),
    [("US-003", "~", "US-003"), ("US-003", "-", "US\\-003"), ("A~B", "~", "A\\~B"), ("A--B", "--", "A\\--B")],
)
def test_an_account_is_escaped_for_the_delimiter_of_the_tenant(account: str, delimiter: str, display: str) -> None:
    table = load("d365/write", "CustomerPayment", JOURNAL)
    answers = displayed(Resolution().plus(ResolvedReference("customer", account)), delimiter)
    plan = d365.write_plan(table, payment("1", item("A", "1")), answers, company="usmf")
    assert plan.lines[0]["AccountDisplayValue"] == display


def test_without_a_journal_s_name_there_is_no_plan() -> None:
    with pytest.raises(DocumentError, match="JournalName needs"):
        d365.write_plan(
            load("d365/write", "CustomerPayment"), payment("1", item("A", "1")), Resolution(), company="usmf"
        )


def test_deductions_are_told_as_what_a_payment_line_cannot_say() -> None:
    remittance = payment("135", item("A", "145", "-5"), loose=("-10",))
    [finding] = d365.unwritten(load("d365/write", "CustomerPayment"), remittance, meaning.segments(load("x12", "820")))
    assert (finding.rule, finding.where.segment) == ("meaning", "ADX")
    assert finding.message.startswith("it has a deduction or another adjustment (2 times)")


def test_of_a_payment_only_the_customer_is_asked() -> None:
    asked = find_references(payment("1", item("A", "1")), Profile("acme", "usmf", "US-003"))
    assert [(reference.kind, reference.subject) for reference in asked.unresolved] == [("customer", "US-003")]
