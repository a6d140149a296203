"""Rows to begin with: each with every particular that a test does not care about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from d365edi.journal import Delivery, Document, Message, NumberedDocument, Tx


def message(tx: Tx, **particulars: Any) -> Message:
    """A purchase order file from acme."""
    usual: dict[str, Any] = {
        "direction": "in",
        "partner": "acme",
        "flow": "acme.pickup.edi",
        "endpoint": "acme",
        "path": "/outbound",
        "name": "PO-77.edi",
        "size": 4,
        "modified": 1000.0,
        "payload": b"ISA*",
    }
    return tx.messages.add(**{**usual, **particulars})


def document(tx: Tx, of: Message, **particulars: Any) -> Document:
    """The purchase order in it."""
    usual: dict[str, Any] = {
        "message": of.id,
        "partner": of.partner,
        "flow": "acme.receive.850",
        "kind": "PurchaseOrder",
        "number": "4500123",
        "company": "usmf",
        "body": '{"number":"4500123"}',
        "map_digest": "m" * 64,
    }
    return tx.documents.add(**{**usual, **particulars})


def delivery(tx: Tx, *, document: int | None = None, set: str = "", **particulars: Any) -> Delivery:
    """An invoice file for acme; with the `document` in it, which is the `set` of that number."""
    if document is not None:
        numbers = (particulars.get("functional_id", ""), particulars.get("group"))
        particulars["documents"] = [NumberedDocument(document, *numbers, set)]
    usual: dict[str, Any] = {
        "partner": "acme",
        "flow": "acme.send.810",
        "endpoint": "acme",
        "path": "/inbound",
        "name": "810_1.edi",
        "kind": "810",
        "payload": b"ISA*810",
        "order_key": "",
    }
    return tx.deliveries.add(**{**usual, **particulars})


def counted(ask: Callable[[str], list[tuple[Any, ...]]]) -> dict[str, dict[str, dict[str, int]]]:
    """What `Tx.counts` gives, by counting the rows themselves."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for what, column, table in (
        ("messages", "state", "messages"),
        ("documents", "state", "documents"),
        ("deliveries", "state", "deliveries"),
        ("acks", "ack", "deliveries"),
        ("picked_up", "picked_up", "deliveries"),
    ):
        counts[what] = {}
        for partner, state, count in ask(f"SELECT partner, {column}, count(*) FROM {table} GROUP BY 1, 2"):
            if (what, state) not in (("acks", "none"), ("picked_up", "none")):
                counts[what].setdefault(partner, {})[state] = count
    return counts
