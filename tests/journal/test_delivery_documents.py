"""What deliveries carry: several documents in one, each with its numbers and its answer; and one document in several."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from d365edi.errors import JournalError
from d365edi.journal import Delivery, DeliveryDocument, Document, NumberedDocument, Tx, migrations
from tests.journal.rows import delivery, document, message


@pytest.fixture
def rows(tx: Tx) -> list[Document]:
    source = message(tx)
    return [document(tx, source, number=f"CIV-{n}", kind="Invoice") for n in (1, 2, 3)]


def put(tx: Tx, rows: list[Document], **particulars: object) -> Delivery:
    """A file with a ship notice's group and an invoices' group."""
    numbers = (("SH", 6, "0001"), ("IN", 7, "0001"), ("IN", 7, "0002"))
    numbered = [NumberedDocument(row.id, *number) for row, number in zip(rows, numbers, strict=True)]
    usual = {"documents": numbered, "interchange": 42, "functional_id": "SH", "group": 6, "ack": "awaited"}
    return delivery(tx, **{**usual, **particulars})  # type: ignore[arg-type]


def acks(tx: Tx, of: Delivery) -> list[tuple[str, str]]:
    return [(one.ack, one.ack_detail) for one in tx.delivery_documents.of(of.id)]


def test_a_delivery_leads_to_its_documents_in_their_order_and_each_of_them_back(tx: Tx, rows: list[Document]) -> None:
    file, other = put(tx, rows), delivery(tx, document=rows[0].id, name="810_2.edi")
    assert tx.delivery_documents.of(file.id) == [
        DeliveryDocument(file.id, 1, rows[0].id, "SH", 6, "0001", "awaited", ""),
        DeliveryDocument(file.id, 2, rows[1].id, "IN", 7, "0001", "awaited", ""),
        DeliveryDocument(file.id, 3, rows[2].id, "IN", 7, "0002", "awaited", ""),
    ]
    assert tx.documents.in_delivery(file.id) == rows
    assert tx.deliveries.for_document(rows[0].id) == [file, other]
    assert [one.delivery for one in tx.delivery_documents.for_document(rows[0].id)] == [file.id, other.id]
    assert tx.deliveries.for_document(rows[2].id) == [file]
    assert tx.delivery_documents.of(delivery(tx, kind="997").id) == []


def test_a_document_stands_in_a_file_once(tx: Tx, rows: list[Document]) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        delivery(tx, documents=[NumberedDocument(rows[0].id), NumberedDocument(rows[0].id)])


def test_every_group_of_a_file_leads_to_it(tx: Tx, rows: list[Document]) -> None:
    file = put(tx, rows)
    for functional_id, control, found in (("SH", 6, [file]), ("IN", 7, [file]), ("IN", 6, []), ("SH", 7, [])):
        assert tx.deliveries.sent_group("acme", functional_id, control) == found
    assert tx.deliveries.sent_group("bolt", "IN", 7) == []
    assert [tx.deliveries.search(text) for text in ("6", "7", "42", "8")] == [[file], [file], [file], []]


def test_each_document_is_answered_once_and_the_delivery_s_answer_is_that_of_the_rest(
    tx: Tx, rows: list[Document]
) -> None:
    file = put(tx, rows)
    tx.delivery_documents.answered(file.id, rows[1].id, "rejected", "wrong total")
    with pytest.raises(JournalError, match=f"document {rows[1].id} in delivery {file.id} cannot be accepted after"):
        tx.delivery_documents.answered(file.id, rows[1].id, "accepted")
    tx.deliveries.set_ack(file.id, "overdue")
    assert acks(tx, file) == [("awaited", ""), ("rejected", "wrong total"), ("awaited", "")]
    tx.deliveries.set_ack(file.id, "partially", "CIV-2")
    assert acks(tx, file) == [("partially", "CIV-2"), ("rejected", "wrong total"), ("partially", "CIV-2")]


def test_where_no_answer_is_awaited_or_it_was_cancelled_none_can_come(tx: Tx, rows: list[Document]) -> None:
    silent, cancelled = put(tx, rows, ack="none"), put(tx, rows)
    tx.deliveries.cancelled(cancelled.id, "no")
    for file in (silent, cancelled):
        assert acks(tx, file) == [("none", "")] * 3
        with pytest.raises(JournalError, match="cannot be accepted after what was said of it"):
            tx.delivery_documents.answered(file.id, rows[0].id, "accepted")


def test_deliveries_of_a_journal_from_before_carry_the_document_that_they_had(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    before, after = migrations.shipped()[:2], migrations.shipped()
    migrations.migrate(connection, before, 0.0)
    connection.execute("INSERT INTO payloads VALUES ('d', 1, x'00', 0.0)")
    connection.execute(
        "INSERT INTO messages (id, direction, partner, flow, endpoint, path, name, size, digest, state, reason, "
        "received_at, state_at) VALUES (1, 'out', 'acme', 'f', 'd365', 'usmf', 'CIV-1', 1, 'd', 'done', '', 0, 0)"
    )
    connection.execute(
        "INSERT INTO documents VALUES (1, 1, 'acme', 'f', 'Invoice', 'CIV-1', 'usmf', '', '', '{}', '', '', '', '', "
        "'delivered', '', '', 0, 0, 0)"
    )
    for id, of, ack, detail in ((1, 1, "rejected", "wrong total"), (2, 1, "overdue", ""), (3, None, "none", "")):
        connection.execute(
            "INSERT INTO deliveries (id, document, message, partner, flow, endpoint, path, name, kind, digest, order_key, "
            'interchange, functional_id, "group", "set", state, ack, ack_detail, created_at, state_at) VALUES '
            "(?, ?, 1, 'acme', 'f', 'acme', '/in', 'n', '810', 'd', '', 42, 'IN', 7, '0001', 'delivered', ?, ?, 0, 0)",
            (id, of, ack, detail),
        )
    assert migrations.migrate(connection, after, 1.0) == [each.name for each in after[2:]]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    tx = Tx(connection)
    assert tx.deliveries.for_document(1) == [tx.deliveries.get(1), tx.deliveries.get(2)]
    assert (tx.deliveries.get(2).ack, tx.deliveries.get(3).group) == ("overdue", 7)
    assert [tx.delivery_documents.of(id) for id in (1, 2, 3)] == [
        [DeliveryDocument(1, 1, 1, "IN", 7, "0001", "rejected", "wrong total")],
        [DeliveryDocument(2, 1, 1, "IN", 7, "0001", "awaited", "")],
        [],
    ]
    connection.close()
