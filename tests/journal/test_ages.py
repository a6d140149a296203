"""The oldest of what waits, and what it costs to find it."""

from __future__ import annotations

from d365edi.journal import Tx
from d365edi.journal.ages import LOOKED_AT, WAITING
from tests.journal.rows import delivery, document, message


def oldest(tx: Tx) -> dict[tuple[str, str, str], float]:
    return {(one.what, one.partner, one.state): one.since for one in tx.ages.oldest()}


def test_the_oldest_of_each_state_that_is_not_final_by_partner(tx: Tx) -> None:
    first = message(tx)
    tx.unit.now = 1100.0
    message(tx, name="PO-78.edi", payload=b"ISA*2")
    message(tx, name="PO-79.edi", partner="globex", payload=b"ISA*3")
    held = document(tx, first, state="held")
    tx.unit.now = 1200.0
    document(tx, first, number="4500124", state="held")
    sent = delivery(tx, document=held.id, ack="awaited")
    assert oldest(tx) == {
        ("messages", "acme", "received"): 1000.0,
        ("messages", "globex", "received"): 1100.0,
        ("documents", "acme", "held"): 1100.0,
        ("deliveries", "acme", "pending"): 1200.0,
        ("acknowledgments", "acme", "awaited"): 1200.0,
    }
    tx.unit.now = 1300.0
    tx.messages.set_state(first.id, "done")
    tx.deliveries.attempting(sent.id)
    tx.deliveries.delivered(sent.id, "810.edi")
    found = oldest(tx)
    assert (found["messages", "acme", "received"], found["acknowledgments", "acme", "awaited"]) == (1100.0, 1300.0)
    assert ("deliveries", "acme", "pending") not in found


def test_final_states_are_not_looked_at_and_no_more_than_so_many_rows(tx: Tx) -> None:
    """Every plan is one range of an index that has state and partner, and no table is scanned for it."""
    assert {state for _, state in WAITING} & {
        "done",
        "duplicate",
        "delivered",
        "rejected",
        "cancelled",
        "accepted",
    } == set()
    seen: list[str] = []
    tx.unit.connection.set_trace_callback(seen.append)
    list(tx.ages.oldest())
    tx.unit.connection.set_trace_callback(None)
    assert len(seen) == len(WAITING)
    for sql in seen:
        plan = [row[3] for row in tx.unit.connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert any("USING COVERING INDEX" in line for line in plan), plan
        assert not any(line.startswith(("SCAN messages", "SCAN documents", "SCAN deliveries")) for line in plan), plan
        assert str(LOOKED_AT) in sql
