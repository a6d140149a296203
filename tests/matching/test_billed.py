"""What other invoices have of an order's lines, and whether one more is too much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.matching import billed
from d365edi.matching.billed import BilledBefore, InvoiceSets, ThisInvoice
from d365edi.odata.plan import WritePlan

SETS = InvoiceSets("VendorInvoiceHeaders", "VendorInvoiceLines", "ReceiveNow")


def has(quantity: str, invoice: str = "INV-1", line: int = 1, order: str = "po-1 ") -> BilledBefore:
    return BilledBefore(order, line, Decimal(quantity), invoice)


@pytest.mark.parametrize(
    ("own", "earlier", "said"),
    [
        ("12", [], ""),
        ("13", [], "13 ea billed, but 12 ea ordered"),
        ("-13", [], "13 ea billed, but 12 ea ordered"),
        ("4", [has("8")], ""),
        ("5", [has("8")], "5 ea billed, and 8 ea by INV-1 before, but 12 ea ordered"),
        ("5", [has("4"), has("4", "INV-2")], "5 ea billed, and 8 ea by INV-1, INV-2 before, but 12 ea ordered"),
        ("5", [has("8", line=2), has("8", order="PO-2")], ""),
        ("12", [has("12"), has("-12", "CR-1")], ""),
        ("-12", [has("12")], ""),
        ("-1", [has("14")], ""),  # gives back what was too much
        ("1", [has("14")], "1 ea billed, and 14 ea by INV-1 before, but 12 ea ordered"),
    ],
)
def test_more_than_was_ordered_counts_what_others_have(own: str, earlier: list[BilledBefore], said: str) -> None:
    found = billed.over("PO-1", 1, "ea", Decimal(12), Decimal(own), earlier)
    assert found == (f"line 1 of order PO-1: {said}" if said else "")


HEAD = {
    "HeaderReference": "HR-1",
    "InvoiceNumber": "INV-1",
    "InvoiceAccount": "US-101",
    "InvoiceDate": "2026-11-02T12:00:00Z",
}


@pytest.mark.parametrize(
    ("head", "own", "on_their_way", "kept"),
    [
        ({}, ThisInvoice("US-101", "INV-2"), [], ["INV-1"]),
        ({}, ThisInvoice("us-101", "inv-1 "), [], []),  # the very one
        ({"InvoiceAccount": "US-102"}, ThisInvoice("US-101", "INV-1"), [], ["INV-1"]),
        ({}, ThisInvoice("US-101", "INV-1", "2026"), [], []),
        ({}, ThisInvoice("US-101", "INV-1", "2025"), [], ["INV-1"]),
        ({}, ThisInvoice("US-101", "INV-2"), ["INV-1"], []),  # it is counted from the journal
    ],
)
def test_the_very_invoice_and_one_that_is_counted_already_are_left_out(
    head: dict[str, Any], own: ThisInvoice, on_their_way: list[str], kept: list[str]
) -> None:
    row = {"PurchaseOrder": "PO-1", "PurchLineNumber": 1, "ReceiveNow": Decimal(12), "HeaderReference": "HR-1"}
    found = [*billed.pending([row], SETS)]
    asked = billed.headers(found, "usmf", SETS)
    assert asked is not None
    assert asked.choice == ("HeaderReference", ("HR-1",))
    others = billed.of_others(found, [{**HEAD, **head}], own, on_their_way)
    assert [each.invoice for each in others] == kept


def test_a_plan_says_what_it_will_have() -> None:
    line = {"PurchaseOrder": "PO-1", "PurchLineNumber": 2, "InventNow": Decimal(3)}
    plan = WritePlan(
        "VendorInvoice", "usmf", "S", {}, {"InvoiceNumber": "INV-1"}, "N", lines=(line, {"ItemNumber": "S"})
    )
    again = WritePlan.from_bytes(plan.to_bytes())
    assert [*billed.planned(again, InvoiceSets("S", "L", "InventNow"))] == [
        BilledBefore("PO-1", 2, Decimal(3), "INV-1")
    ]
