"""What holds a payment before D365 is asked, and which of its invoices are among the posted ones."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

import pytest

from d365edi.documents import Remittance
from d365edi.edi.findings import Finding
from d365edi.flows import payments as flow
from d365edi.maps.table import load
from d365edi.matching import payments
from d365edi.matching.intake import IntakePolicy
from d365edi.matching.lookup import PartnerLocation, Profile
from d365edi.matching.references import find_references
from d365edi.odata import together

PROFILE = Profile("acme", "usmf", "US-003")


def payment(*items: dict[str, Any], **more: Any) -> Remittance:
    lines = [{"kind": "IV", "paid": Decimal(1), **item} for item in items]
    return Remittance.of({"number": "EFT1", "entities": [{"lines": lines}], **more})


HELD: list[tuple[Remittance, list[str]]] = [
    (payment({"number": "A"}, {"number": "B", "kind": None}, {"number": "C", "kind": "380"}), []),
    (payment({"number": "A"}, sense="C"), []),
    (payment({"number": "A"}, sense="D"), ["it takes money from us (BPR03 D), and a payment gives it"]),
    (
        payment({"number": "A"}, {"number": "B", "kind": "PO"}, {"number": "C", "kind": "CM"}),
        ["item 2: B is no invoice (its kind is PO), and so 1 more"],
    ),
    *((payment({"number": "A"}, handling=code), []) for code in "CDIUX"),
    (
        payment({"number": "A"}, handling="P"),
        ["its code (BPR01, BGM 1001) is P: it is the prenotification of a future transfer"],
    ),
    (payment({"number": "A"}, handling="H"), ["its code (BPR01, BGM 1001) is H: it is a notification only"]),
    (payment({"number": "A"}, handling="Z"), ["its code (BPR01, BGM 1001) is Z: it is no payment that is made"]),
    (payment({"number": None}), ["item 1: it names no invoice"]),
    (payment({"number": "A", "paid": None}), ["item 1: invoice A is paid with nothing"]),
    (payment({"number": "A", "paid": Decimal(-3)}), ["item 1: invoice A is paid with -3"]),
    (
        payment({"number": "A", "adjusted": Decimal(-2), "reason": "01"}),
        ["item 1: invoice A is paid with a deduction or another adjustment of -2 (reason 01)"],
    ),
    (payment({"number": "A", "adjusted": Decimal(0)}), []),
    (
        payment({"number": "A"}, {"number": "b"}, {"number": "a "}, {"number": "B"}),
        ["invoice a  is paid twice, again in item 3; so are 1 more: D365 marks an invoice once in a journal"],
    ),
    (payment({"number": "A"}, {"number": "A", "kind": "CM"}), ["item 2: A is no invoice (its kind is CM)"]),
]


@pytest.mark.parametrize(("remittance", "sentences"), HELD)
def test_a_payment_is_held_for_what_no_line_can_say(remittance: Remittance, sentences: list[str]) -> None:
    assert [finding.message for finding in payments.findings(remittance)] == sentences


FULL, LESS, OFF = Decimal(100), Decimal(98), Decimal(2)
REST = "; a line in D365 has no field for the difference"


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (
            {"paid": LESS, "gross": FULL, "discount": OFF},
            "invoice A of 100 is paid with 98 less a discount of 2" + REST,
        ),
        ({"paid": LESS, "discount": OFF}, "invoice A is paid with 98 less a discount of 2" + REST),
        ({"paid": LESS, "gross": FULL}, "invoice A of 100 is paid with 98" + REST),
        ({"paid": FULL, "gross": LESS}, "invoice A of 98 is paid with 100" + REST),
        ({"paid": FULL, "gross": FULL, "discount": Decimal(0)}, ""),
        ({"paid": LESS, "gross": FULL, "adjusted": -OFF}, ""),  # a deduction, which holds it anyway
    ],
)
@pytest.mark.parametrize("rule", ["hold", "try"])
def test_what_is_paid_short_is_said_or_holds_it(item: dict[str, Any], said: str, rule: Literal["hold", "try"]) -> None:
    read = payment({"number": "A", **item})
    assert [each.message for each in payments.short(read)] == ([f"item 1: {said}"] if said else [])
    table = load("d365/write", "VendorPayment")
    held = [
        each.message for each in flow.check(read, IntakePolicy(short_paid=rule), table) if each.message.endswith(REST)
    ]
    assert bool(held) == (bool(said) and rule == "hold")


@pytest.mark.parametrize(("count", "held"), [(5_000, False), (5_001, True)])
def test_d365_takes_5_000_lines_at_once(count: int, held: bool) -> None:
    found = list(payments.findings(payment(*({"number": str(number)} for number in range(count)))))
    assert [finding.message for finding in found] == [f"it has {count:,} items; D365 takes 5,000 at once"] * held


@pytest.mark.parametrize("creates", ["VendorPayment", "CustomerPayment"])
def test_many_invoices_are_asked_for_together(creates: str) -> None:
    queries = payments.posted(payment(*({"number": f"V-{number}"} for number in range(50))), creates, PROFILE)
    asked = [query for query, _ in together.merged(queries)]
    assert [len(query.choice[1]) for query in asked if query.choice] == [20, 20, 10]


def row(number: str, account: str = "US-101") -> dict[str, Any]:
    return {"dataAreaId": "usmf", "InvoiceId": number, "InvoiceAccount": account}


UNKNOWN = [
    ([row("A"), row("b ")], []),
    ([row("A"), row("B"), row("B", "US-102")], []),
    ([row("A", "us-101 "), row("B")], []),
    ([row("A")], ["item 2: invoice B is no posted invoice of vendor US-101 in usmf"]),
    ([row("A"), row("B", "US-102")], ["item 2: invoice B is one of vendor US-102, not of US-101 in usmf"]),
    ([], ["item 1: invoice A is no posted invoice of vendor US-101 in usmf, and so 1 more"]),
]


@pytest.mark.parametrize(("rows", "sentences"), UNKNOWN)
def test_an_invoice_is_known_where_it_is_posted_for_this_account(
    rows: list[dict[str, Any]], sentences: list[str]
) -> None:
    remittance = payment({"number": "A"}, {"number": "B"})
    found = payments.unknown(remittance, "VendorPayment", "usmf", "US-101", rows)
    assert [finding.message for finding in found] == sentences


def test_an_invoice_that_is_tried_all_the_same_is_not_told_to_be_tried() -> None:
    remittance = payment({"number": "A"})
    (held,), (warned,) = (
        payments.unknown(remittance, "VendorPayment", "usmf", "US-101", [], tried=tried) for tried in (False, True)
    )
    assert 'unknown_invoice = "try"' in str(held)
    assert "it is left to D365" in str(warned)
    assert "try" not in str(warned)


PLACES = {
    "0007": PartnerLocation(account="US-004"),
    "0008": PartnerLocation(account="US-004", company="usmf"),
    "0009": PartnerLocation(account="DE-010", company="demf"),
    "0010": PartnerLocation(location="ACME-DC7"),
}


@pytest.mark.parametrize(
    ("codes", "account", "sentence"),
    [
        ((), "US-003", ""),
        ((None,), "US-003", ""),
        (("0007",), "US-004", ""),
        (("0007", "0008"), "US-004", ""),
        (("0009",), "US-003", ""),
        (("0010", "1234"), "US-003", ""),
        (
            ("0007", "0010"),
            "",
            "it is of several customer accounts: US-004 (ENT 0007), US-003 (ENT 0010); a payment is entered for one",
        ),
    ],
)
def test_a_payment_is_of_the_account_that_the_table_has_for_its_entity(
    codes: tuple[str | None, ...], account: str, sentence: str
) -> None:
    remittance = Remittance.of({"number": "EFT1", "entities": [{"id": code} for code in codes]})
    (found,) = find_references(remittance, replace(PROFILE, locations=PLACES)).unresolved
    assert isinstance(found.miss, Finding)
    assert (found.subject, "" if found.lookups else found.miss.message) == (account, sentence)
