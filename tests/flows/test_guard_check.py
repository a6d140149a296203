"""The guard's facts, from a real journal: what counts as sent before, to whom, and what a release lets go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from d365edi.documents import Invoice, PurchaseOrder, ShipNotice
from d365edi.flows.guard_check import GuardVerdict, OutgoingDocument, check_guard, remember
from d365edi.guard import CHECKS, Policy
from d365edi.journal import Document, Tx
from d365edi.matching.resolution import Resolution
from tests.guard.scene import INVOICE, NOTICE, ORDER
from tests.journal.conftest import fresh_tx
from tests.journal.rows import delivery, document, message

HOLD = Policy(dict.fromkeys(CHECKS, "hold"), say_costs=False)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh_tx(tmp_path / "tables.db") as tx:
        yield tx


def row(tx: Tx, of: Invoice | ShipNotice, **particulars: str) -> Document:
    """A document that was read and waits to leave."""
    kind = type(of).__name__
    usual = {"number": of.number, "kind": kind, "body": of.to_json(), "flow": "acme.send"}
    return document(tx, message(tx, name=f"{kind}-{of.number}-{len(particulars)}"), **{**usual, **particulars})


def leaving(row: Document, of: Invoice | ShipNotice, order: PurchaseOrder | None = ORDER) -> OutgoingDocument:
    return OutgoingDocument(row, of, order, order.lines if order else (), ())


def sent(tx: Tx, of: Invoice | ShipNotice, *, ack: str = "none", **particulars: str) -> Document:
    """One that went out before."""
    gone = row(tx, of, **particulars)
    remember(tx, leaving(gone, of))
    tx.documents.set_state(gone.id, "delivering")
    made = delivery(tx, document=gone.id, kind="810", ack="awaited")
    tx.documents.set_state(gone.id, "delivered")
    if ack != "none":
        tx.deliveries.set_ack(made.id, ack, "")  # type: ignore[arg-type]
    return gone


def judged(tx: Tx, outgoing: OutgoingDocument, *checks: str, usage: str = "P") -> GuardVerdict:
    policy = Policy(dict.fromkeys(checks, "hold"), say_costs=False)
    return check_guard(tx, outgoing, policy, usage, lambda at: datetime.fromtimestamp(at, UTC))


OTHER = INVOICE.replace(number="CIV-2", packing_slip="PS-10")


@pytest.mark.parametrize(
    ("particulars", "held"),
    [
        ({"number": "civ-1"}, True),
        ({"company": "USMF"}, True),
        ({"company": "demf"}, False),
        ({"partner": "globex"}, False),
        ({"kind": "ShipNotice", "body": NOTICE.to_json()}, False),
        ({"number": "CIV-11"}, False),
    ],
)
def test_a_number_that_went_out_is_a_duplicate_however_it_is_spelled(
    tx: Tx, particulars: dict[str, str], held: bool
) -> None:
    sent(tx, INVOICE.replace(packing_slip=None), **particulars)
    verdict = judged(tx, leaving(row(tx, INVOICE), INVOICE), "duplicate")
    assert ("went out to them before, on 1970-01-01 [duplicate]" in verdict.holds) is held


def test_a_packing_slip_is_billed_once(tx: Tx) -> None:
    sent(tx, INVOICE)
    again = OTHER.replace(packing_slip="PS-9")
    verdict = judged(tx, leaving(row(tx, again), again), "duplicate")
    assert verdict.holds == (
        "invoice CIV-2: packing slip PS-9 was billed before, by invoice CIV-1 [duplicate]; correct it and d365edi reject "
        'this one --why "...", or send it as it is: d365edi release CIV-2'
    )


@pytest.mark.parametrize(("ack", "held"), [("none", True), ("accepted", True), ("rejected", False)])
def test_what_they_refused_they_do_not_have(tx: Tx, ack: str, held: bool) -> None:
    sent(tx, INVOICE, ack=ack)
    verdict = judged(tx, leaving(row(tx, OTHER), OTHER), "over_invoiced")
    assert ("24 billed with CIV-1, but 12 ordered" in verdict.holds) is held


def test_what_was_billed_before_counts_in_the_order_s_units_whatever_d365_calls_them(tx: Tx) -> None:
    source = message(tx, name="PO-4500123.edi")
    order = document(tx, source, body=ORDER.to_json())
    tx.documents.amend(order.id, answers=Resolution(units={"ea": "Stk"}).to_json())
    sent(tx, INVOICE.replace(lines=(INVOICE.lines[0].replace(unit="Stk"),)))
    verdict = judged(tx, leaving(row(tx, OTHER), OTHER), "over_invoiced")
    assert "24 billed with CIV-1, but 12 ordered" in verdict.holds


def test_what_was_rejected_here_never_went_out(tx: Tx) -> None:
    closed = row(tx, INVOICE)
    remember(tx, leaving(closed, INVOICE))
    tx.documents.set_state(closed.id, "rejected", "by a person")
    assert judged(tx, leaving(row(tx, OTHER), OTHER), "over_invoiced", "duplicate").holds == ""


def test_an_invoice_waits_for_the_ship_notice_of_its_order(tx: Tx) -> None:
    outgoing = leaving(row(tx, INVOICE), INVOICE)
    assert "no ship notice for order 4500123" in judged(tx, outgoing, "before_notice").holds
    sent(tx, NOTICE)
    assert judged(tx, outgoing, "before_notice").holds == ""


@pytest.mark.parametrize(("company", "same"), [("USMF", True), ("demf", False)])
def test_two_companies_may_have_an_order_of_one_number(tx: Tx, company: str, same: bool) -> None:
    invoice = row(tx, OTHER)
    held = judged(tx, leaving(invoice, OTHER), "before_notice").holds
    tx.documents.set_state(invoice.id, "held", held)
    sent(tx, NOTICE, company=company)
    sent(tx, INVOICE, company=company)
    assert (tx.documents.get(invoice.id).state == "ready") is same
    verdict = judged(tx, leaving(invoice, OTHER), "over_invoiced", "before_notice").holds
    assert ("24 billed with CIV-1" in verdict, "no ship notice" in verdict) == (same, not same)


def test_a_carton_is_one_in_the_whole_world(tx: Tx) -> None:
    sent(tx, NOTICE, partner="globex")
    again = NOTICE.replace(number="SHIP-2", bill_of_lading="BOL-2")
    verdict = judged(tx, leaving(row(tx, again), again), "sscc_reused", "duplicate")
    assert verdict.holds.count("was used before, on ship notice SHIP-1 [sscc_reused]") == 2


def test_a_carton_s_number_may_be_used_again_after_a_year(tx: Tx) -> None:
    sent(tx, NOTICE)
    again = NOTICE.replace(number="SHIP-2", bill_of_lading="BOL-2")
    tx.unit.now += 366 * 86_400.0
    leaves = leaving(row(tx, again), again)
    assert judged(tx, leaves, "sscc_reused").holds == ""
    tx.retention.hold("the clock was set forward by 366.0 days")
    assert "was used before" in judged(tx, leaves, "sscc_reused").holds


def test_a_load_is_reported_once(tx: Tx) -> None:
    sent(tx, NOTICE)
    again = NOTICE.replace(number="SHIP-2")
    assert "by ship notice SHIP-1 [duplicate]" in judged(tx, leaving(row(tx, again), again), "duplicate").holds


def test_an_order_that_came_as_a_test_is_known_by_its_interchange(tx: Tx) -> None:
    source = message(tx)
    document(tx, source, number="4500123", interchange="000000042", body=ORDER.to_json())
    tx.interchanges.add(
        message=source.id,
        partner="acme",
        standard="X12",
        sender="ZZ:A",
        receiver="ZZ:B",
        control="000000042",
        usage="T",
        digest="d" * 64,
    )
    outgoing = leaving(row(tx, INVOICE), INVOICE)
    assert "goes out as production, but its order came as test" in judged(tx, outgoing, "usage_differs").holds
    assert judged(tx, outgoing, "usage_differs", usage="T").holds == ""


def test_a_release_lets_go_the_sentence_that_was_read_and_no_other(tx: Tx) -> None:
    sent(tx, INVOICE)
    waiting = row(tx, OTHER)
    held = judged(tx, leaving(waiting, OTHER), "over_invoiced")
    tx.documents.set_state(waiting.id, "held", held.holds)
    tx.documents.set_state(waiting.id, "ready", f"released by pat: {held.holds}")
    released = leaving(tx.documents.get(waiting.id), OTHER)
    assert judged(tx, released, "over_invoiced").holds == ""
    audited = tx.audit.query(document=waiting.id, action="warned")
    assert ['"outcome":"released"' in line.detail for line in audited] == [True, True]
    sent(tx, OTHER.replace(number="CIV-3", packing_slip=None))
    assert "36 billed with" in judged(tx, released, "over_invoiced").holds


def test_an_invoice_whose_order_is_not_known_goes_out_unexamined_against_it(tx: Tx) -> None:
    verdict = check_guard(
        tx, leaving(row(tx, INVOICE), INVOICE, None), HOLD, "P", lambda at: datetime.fromtimestamp(at, UTC)
    )
    assert verdict.holds.startswith(
        "invoice CIV-1: no ship notice for order 4500123 went out before it [before_notice];"
    )
