"""A document is taken out of a file that has not gone: what becomes of the file, and of the others in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from d365edi.errors import JournalError
from d365edi.flows.outbox import withdraw
from d365edi.journal import Delivery, Document, NumberedDocument, Tx
from tests.journal.conftest import fresh_tx
from tests.journal.rows import delivery, document, message

NUMBERS = ("CIV-1", "CIV-2", "CIV-3")


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh_tx(tmp_path / "tables.db") as tx:
        yield tx


@pytest.fixture
def rows(tx: Tx) -> list[Document]:
    return [document(tx, message(tx, name=number), kind="Invoice", number=number) for number in NUMBERS]


def put(tx: Tx, rows: list[Document]) -> Delivery:
    """One file with these."""
    for row in rows:
        tx.documents.set_state(row.id, "delivering")
    numbered = [NumberedDocument(row.id, "IN", 7, f"{place:04d}") for place, row in enumerate(rows, 1)]
    return delivery(tx, documents=numbered, interchange=7, functional_id="IN", group=7, ack="awaited")


def states(tx: Tx, rows: list[Document]) -> list[str]:
    return [tx.documents.get(row.id).state for row in rows]


def test_where_nothing_was_sent_the_others_are_ready_to_leave_anew(tx: Tx, rows: list[Document]) -> None:
    file = put(tx, rows)
    withdraw(tx, rows[1].id, "replayed by pat")
    assert tx.deliveries.get(file.id).state == "cancelled"
    assert [one.ack for one in tx.delivery_documents.of(file.id)] == ["none"] * 3
    assert states(tx, rows) == ["ready", "delivering", "ready"]
    (line,) = tx.audit.query(document=rows[0].id)
    assert line.action == "withdrawn"
    assert "810_1.edi is not sent any more: CIV-2 was taken out of it, replayed by pat" in line.detail


def test_where_an_attempt_began_the_others_wait_for_a_person_who_looks(tx: Tx, rows: list[Document]) -> None:
    file = put(tx, rows)
    tx.deliveries.attempting(file.id)
    tx.deliveries.checkpoint(file.id, "intent", {})
    tx.deliveries.quarantined(file.id, "no space")
    for row in rows:
        tx.documents.set_state(row.id, "held", "no space")
    withdraw(tx, rows[1].id, "wrong price")
    assert states(tx, rows) == ["held"] * 3
    reasons = [tx.documents.get(row.id).reason for row in rows]
    assert reasons[0].endswith("ask acme whether they received that file, and if not: d365edi release CIV-1")
    assert reasons[1] == "no space"


def test_what_is_delivered_stays_so_and_a_document_alone_has_nobody_with_it(tx: Tx, rows: list[Document]) -> None:
    gone, alone = put(tx, rows[:2]), put(tx, rows[2:])
    tx.deliveries.attempting(gone.id)
    tx.deliveries.delivered(gone.id, gone.name)
    for row in rows:
        withdraw(tx, row.id, "replayed by pat")
    assert [tx.deliveries.get(one.id).state for one in (gone, alone)] == ["delivered", "cancelled"]
    assert states(tx, rows) == ["delivering"] * 3


def test_what_is_being_sent_this_moment_cannot_be_taken_apart(tx: Tx, rows: list[Document]) -> None:
    tx.deliveries.attempting(put(tx, rows).id)
    with pytest.raises(JournalError, match="attempting and cannot become cancelled"):
        withdraw(tx, rows[1].id, "replayed by pat")


def test_one_that_was_decided_otherwise_is_left_as_it_is(tx: Tx, rows: list[Document]) -> None:
    put(tx, rows)
    tx.documents.set_state(rows[2].id, "rejected", "never mind")
    withdraw(tx, rows[1].id, "replayed by pat")
    assert states(tx, rows) == ["ready", "delivering", "rejected"]
