"""The invoices that a credit note may correct, from a real journal: whose they are, and what has become of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import ItemIds
from d365edi.flows.earlier import originals, with_original
from d365edi.journal import Tx
from tests.flows.test_guard_check import HOLD, judged, leaving, row, sent, tx

__all__ = ["tx"]

LINE = InvoiceLine(item=ItemIds(own="D0001"), quantity=Decimal(12), unit="ea", order_line=1)
BILLED = Invoice(number="CIV-7", order_number="4500123", sense="invoice", lines=(LINE,))
CREDIT = BILLED.replace(number="CCN-1", sense="credit", lines=(LINE.replace(quantity=Decimal(-5)),))


@pytest.mark.parametrize(
    ("particulars", "found"),
    [
        ({}, ("CIV-7",)),
        ({"ack": "accepted"}, ("CIV-7",)),
        ({"ack": "rejected"}, ()),
        ({"partner": "globex"}, ()),
        ({"company": "demf"}, ()),
    ],
)
def test_only_what_this_partner_received_from_this_company_counts(
    tx: Tx, particulars: dict[str, str], found: tuple[str, ...]
) -> None:
    sent(tx, BILLED, **particulars)
    assert originals(tx, row(tx, CREDIT), CREDIT) == found


def test_one_of_the_same_number_of_another_partner_or_company_does_not_make_it_two(tx: Tx) -> None:
    sent(tx, BILLED)
    sent(tx, BILLED.replace(number="CIV-8"), partner="globex")
    sent(tx, BILLED.replace(number="CIV-9"), company="demf")
    assert with_original(tx, row(tx, CREDIT), CREDIT).original_invoice == "CIV-7"


def test_of_several_none_is_taken(tx: Tx) -> None:
    sent(tx, BILLED)
    sent(tx, BILLED.replace(number="CIV-8"))
    found = row(tx, CREDIT)
    assert with_original(tx, found, CREDIT).original_invoice is None
    assert sorted(originals(tx, found, CREDIT)) == ["CIV-7", "CIV-8"]


def test_what_d365_names_is_taken_unseen_and_by_a_credit_note_alone(tx: Tx) -> None:
    sent(tx, BILLED)
    named, other = CREDIT.replace(original_invoice="OLD-1"), BILLED.replace(number="CIV-8", original_invoice="OLD-1")
    assert with_original(tx, row(tx, named), named).original_invoice == "OLD-1"
    assert with_original(tx, row(tx, other), other).original_invoice is None


def test_an_invoice_about_to_leave_counts_and_one_that_waits_for_a_person_does_not(tx: Tx) -> None:
    ready = row(tx, BILLED)
    found = row(tx, CREDIT)
    assert originals(tx, found, CREDIT) == ("CIV-7",)
    tx.documents.set_state(ready.id, "held", "why")
    assert originals(tx, found, CREDIT) == ()


def test_a_credit_note_for_a_billed_packing_slip_is_no_duplicate_and_one_for_a_credited_one_is(tx: Tx) -> None:
    """Before, a credit note with the packing slip of its invoice was held as billing it a second time."""
    billed, credit = BILLED.replace(packing_slip="PS-9"), CREDIT.replace(packing_slip="PS-9")
    sent(tx, billed)
    waits = row(tx, credit)
    assert "duplicate" not in judged(tx, leaving(waits, credit), *HOLD.levels).holds
    sent(tx, credit.replace(number="CCN-0"))
    again = billed.replace(number="CIV-8")
    assert "by invoice CIV-7" in judged(tx, leaving(row(tx, again), again), "duplicate").holds
    assert "by invoice CCN-0" in judged(tx, leaving(waits, credit), "duplicate").holds
