"""Status, why and audit of a file with several documents: each by its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi.journal import NumberedDocument, Tx
from tests.cli.conftest import Call, words, written
from tests.journal.rows import delivery, document, message

AT = 1_750_000_000.0
NAME = "810_000000042.edi"


def fill(tx: Tx) -> None:
    """Three invoices in one file that has gone: one is accepted, one rejected, one was not listed."""
    rows = []
    for number in ("CIV-1", "CIV-2", "CIV-3"):
        source = message(tx, name=number, direction="out", endpoint="d365", path="usmf", flow="acme.send.810")
        rows.append(document(tx, source, kind="Invoice", number=number, state="delivering"))
    numbers = [NumberedDocument(row.id, "IN", 7, f"{place:04d}") for place, row in enumerate(rows, 1)]
    file = delivery(
        tx, name=NAME, documents=numbers, interchange=42, functional_id="IN", group=7, ack="awaited", ack_due=AT + 60
    )
    for row in rows:
        tx.audit.append("rendered", document=row.id, delivery=file.id, partner="acme", name=f"for {row.number}")
    tx.deliveries.attempting(file.id)
    tx.deliveries.delivered(file.id, NAME)
    for row in rows:
        tx.documents.set_state(row.id, "delivered")
    tx.delivery_documents.answered(file.id, rows[0].id, "accepted")
    tx.delivery_documents.answered(file.id, rows[1].id, "rejected", "TDS01 is not the sum")
    tx.deliveries.set_ack(file.id, "partially", "they did not say which")


@pytest.fixture
def book(folder: Path) -> Path:
    """The journal of the settings, filled."""

    written(folder, fill, AT)
    return folder


def test_status_names_each_document_that_was_not_accepted_and_not_the_others(call: Call, book: Path) -> None:
    said = call("status")
    shown = words(said)
    assert said.code == 1
    assert "CIV-2 acme 997 rejected" in shown
    assert f"in {NAME}: TDS01 is not the sum" in shown
    assert "CIV-3 acme 997 partially" in shown
    assert "CIV-1" not in shown


@pytest.mark.parametrize(
    ("number", "place", "answer"),
    [
        ("CIV-1", "group 7 set 0001, place 1 of 3", "acknowledgment: accepted"),
        ("CIV-2", "group 7 set 0002, place 2 of 3", "acknowledgment: rejected TDS01 is not the sum"),
        ("CIV-3", "group 7 set 0003, place 3 of 3", "acknowledgment: partially they did not say which"),
    ],
)
def test_why_shows_one_document_where_it_stands_in_its_file_and_what_was_said_of_it(
    call: Call, book: Path, number: str, place: str, answer: str
) -> None:
    shown = words(call("why", number))
    assert f"→ acme:/inbound {NAME}: delivered as {NAME} at" in shown
    assert f"interchange 000000042, {place} {answer}" in shown
    assert [name for name in ("CIV-1", "CIV-2", "CIV-3") if f"for {name}" in shown] == [number]


@pytest.mark.parametrize("what", [NAME, "42", "7"])
def test_why_shows_every_document_in_a_file(call: Call, book: Path, what: str) -> None:
    shown = words(call("why", what))
    assert [f"Invoice {number} of usmf: delivered" in shown for number in ("CIV-1", "CIV-2", "CIV-3")] == [True] * 3


def test_audit_of_a_document_has_what_was_done_with_it_and_of_a_file_all_of_it(call: Call, book: Path) -> None:
    assert [f"for CIV-{n}" in words(call("audit", "--of", "CIV-2")) for n in (1, 2, 3)] == [False, True, False]
    assert [f"for CIV-{n}" in words(call("audit", "--of", NAME)) for n in (1, 2, 3)] == [True] * 3


def test_status_forgets_a_refused_document_once_it_was_sent_again_or_closed(call: Call, book: Path) -> None:
    def again(tx: Tx) -> None:
        (second,) = tx.documents.search("CIV-2")
        (third,) = tx.documents.search("CIV-3")
        delivery(tx, name="810_000000043.edi", documents=[NumberedDocument(second.id, "IN", 8, "0001")], interchange=43)
        tx.documents.set_state(third.id, "ready")
        tx.documents.set_state(third.id, "rejected", "not ours")

    written(book, again, AT + 60)
    said = call("status")
    assert "Needs a person nothing" in words(said)
    assert said.code == 0
