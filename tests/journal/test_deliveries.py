"""Deliveries: their ladder, their order, their progress and what the partner says to them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from d365edi.errors import JournalError
from d365edi.journal import Delivery, DeliveryDocument, Tx
from tests.journal.rows import delivery, document, message

MOVES = {
    "pending": "attempting waiting quarantined cancelled",
    "attempting": "attempting delivered waiting quarantined",
    "waiting": "attempting waiting pending delivered quarantined cancelled",
    "quarantined": "quarantined pending delivered cancelled",
    "delivered": "",
    "cancelled": "",
}
GO: dict[str, Callable[[Tx, int], object]] = {
    "pending": lambda tx, id: tx.deliveries.released(id),
    "attempting": lambda tx, id: tx.deliveries.attempting(id),
    "waiting": lambda tx, id: tx.deliveries.waiting(id, 5000.0, "no answer"),
    "quarantined": lambda tx, id: tx.deliveries.quarantined(id, "refused"),
    "delivered": lambda tx, id: tx.deliveries.delivered(id, "SO-000123", {"lines": "12"}),
    "cancelled": lambda tx, id: tx.deliveries.cancelled(id, "not wanted"),
}
ACK_MOVES = {
    "none": "",
    "awaited": "awaited overdue accepted accepted_with_errors partially rejected",
    "overdue": "accepted accepted_with_errors partially rejected",
    "accepted": "accepted accepted_with_errors partially rejected",
    "accepted_with_errors": "accepted_with_errors partially rejected",
    "partially": "partially rejected",
    "rejected": "rejected",
}


def put(tx: Tx, state: str, **particulars: Any) -> int:
    """A delivery that stands in this state."""
    id = delivery(tx, **particulars).id
    tx.unit.connection.execute("UPDATE deliveries SET state = ? WHERE id = ?", (state, id))
    return id


def ids(found: list[Delivery]) -> list[int]:
    return [one.id for one in found]


def test_a_delivery_is_kept_with_its_exact_bytes(tx: Tx) -> None:
    source = message(tx)
    order = document(tx, source)
    kept = delivery(
        tx, document=order.id, message=source.id, interchange=42, functional_id="IN", group=7, set="0001", ack="awaited"
    )
    assert tx.deliveries.get(kept.id) == kept
    assert tx.payloads.get(kept.digest) == b"ISA*810"
    assert (kept.interchange, kept.functional_id, kept.group, kept.ack) == (42, "IN", 7, "awaited")
    assert tx.delivery_documents.of(kept.id) == [DeliveryDocument(kept.id, 1, order.id, "IN", 7, "0001", "awaited", "")]
    assert (kept.state, kept.attempts, kept.first_failed_at, kept.until, kept.progress) == ("pending", 0, None, 0.0, {})
    again = delivery(tx, parent=kept.id, interchange=42)
    assert (again.parent, again.digest, again.id) == (kept.id, kept.digest, kept.id + 1)
    assert (tx.deliveries.for_document(order.id), tx.deliveries.for_message(source.id)) == ([kept], [kept])
    with pytest.raises(JournalError, match="there is no delivery 9"):
        tx.deliveries.get(9)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(MOVES, MOVES)))
def test_only_the_steps_of_the_ladder_can_be_gone(tx: Tx, before: str, after: str) -> None:
    id = put(tx, before)
    if after in MOVES[before].split():
        GO[after](tx, id)
        assert tx.deliveries.get(id).state == after
    else:
        with pytest.raises(JournalError, match=f"delivery 1 is {before} and cannot become {after}"):
            GO[after](tx, id)
        assert tx.deliveries.get(id).state == before


@pytest.mark.parametrize(("before", "after"), list(itertools.product(ACK_MOVES, ACK_MOVES)))
def test_the_acknowledgment_has_a_ladder_of_its_own(tx: Tx, before: str, after: str) -> None:
    id = delivery(tx, ack=before).id
    if after in ACK_MOVES[before].split():
        tx.deliveries.set_ack(id, after, "AK5*R")  # type: ignore[arg-type]
        assert (tx.deliveries.get(id).ack, tx.deliveries.get(id).ack_detail) == (after, "AK5*R")
    else:
        with pytest.raises(JournalError, match=f"delivery 1 is {before} and cannot become {after}"):
            tx.deliveries.set_ack(id, after)  # type: ignore[arg-type]


def test_a_life_with_failures_keeps_its_first_failure_its_attempts_and_its_progress(tx: Tx) -> None:
    id = delivery(tx).id
    assert tx.deliveries.attempting(id).attempts == 1
    tx.deliveries.checkpoint(id, "uploading", {"temp": ".810_1.tmp", "size": "7"})
    tx.deliveries.checkpoint(id, "uploaded", {"size": "8"})
    tx.deliveries.waiting(id, 1060.0, "connection lost")
    tx.unit.now = 1060.0
    second = tx.deliveries.attempting(id)
    assert second.progress == {"temp": ".810_1.tmp", "size": "8", "step": "uploaded"}
    tx.deliveries.waiting(id, 1200.0, "connection lost again")
    waiting = tx.deliveries.get(id)
    assert (waiting.first_failed_at, waiting.until, waiting.reason, waiting.attempts) == (
        1000.0,
        1200.0,
        "connection lost again",
        2,
    )
    tx.deliveries.quarantined(id, "six hours are over")
    tx.deliveries.released(id)
    released = tx.deliveries.get(id)
    assert (released.first_failed_at, released.until, released.attempts) == (None, 0.0, 2)
    assert released.progress == second.progress
    tx.deliveries.attempting(id)
    tx.unit.now = 1300.0
    tx.deliveries.delivered(id, "810_1.edi", {"size": "8"}, ack_due=9000.0)
    done = tx.deliveries.get(id)
    assert (done.delivered_at, done.receipt, done.receipt_detail, done.ack_due) == (
        1300.0,
        "810_1.edi",
        {"size": "8"},
        9000.0,
    )


@pytest.mark.parametrize("state", [state for state in MOVES if state != "attempting"])
def test_progress_is_marked_only_while_an_attempt_runs(tx: Tx, state: str) -> None:
    id = put(tx, state)
    with pytest.raises(JournalError, match=f"delivery 1 is {state}: no attempt is running"):
        tx.deliveries.checkpoint(id, "uploaded", {})


def test_what_is_due_is_what_is_open_and_waited_long_enough(tx: Tx) -> None:
    every = {state: put(tx, state) for state in MOVES}
    later = put(tx, "pending")
    tx.deliveries.waiting(later, 1500.0, "busy")
    tx.deliveries.waiting(every["waiting"], 1400.0, "busy")
    assert ids(tx.deliveries.due(1399.0)) == [every["pending"], every["attempting"]]
    assert ids(tx.deliveries.due(1500.0)) == [every["pending"], every["attempting"], every["waiting"], later]
    assert ids(tx.deliveries.due(1500.0, limit=1)) == [every["pending"]]
    assert ids(tx.deliveries.due(1500.0, limit=2, busy={every["attempting"]})) == [every["pending"], every["waiting"]]


def test_deliveries_of_one_order_go_one_after_the_other(tx: Tx) -> None:
    first, second, third = (delivery(tx, order_key="usmf:4500123").id for _ in range(3))
    other, free = delivery(tx, order_key="usmf:4500124").id, delivery(tx).id
    assert ids(tx.deliveries.due(1000.0)) == [first, other, free]
    tx.deliveries.waiting(first, 2000.0, "no answer")
    assert ids(tx.deliveries.due(1000.0)) == [other, free]
    tx.deliveries.attempting(first)
    assert ids(tx.deliveries.due(1000.0, busy={first})) == [other, free]
    tx.deliveries.delivered(first, "SO-1")
    assert ids(tx.deliveries.due(1000.0)) == [second, other, free]
    tx.deliveries.quarantined(second, "refused")
    assert ids(tx.deliveries.due(1000.0)) == [third, other, free]


def test_the_next_moment_to_try_looks_past_those_that_must_let_others_go_first(tx: Tx) -> None:
    assert tx.deliveries.next_due(1000.0) is None
    first = delivery(tx, order_key="k").id
    delivery(tx, order_key="k")
    assert tx.deliveries.next_due(1000.0) == 1000.0
    tx.deliveries.waiting(first, 1700.0, "no answer")
    assert tx.deliveries.next_due(1000.0) == 1700.0
    assert tx.deliveries.next_due(1800.0) == 1800.0


def test_an_acknowledgment_is_late_once_its_delivery_arrived_and_its_time_is_over(tx: Tx) -> None:
    sent, waiting, answered = (delivery(tx, ack="awaited", ack_due=2000.0).id for _ in range(3))
    for id in (sent, answered):
        tx.deliveries.attempting(id)
        tx.deliveries.delivered(id, "there")
    tx.deliveries.set_ack(answered, "accepted")
    assert ids(tx.deliveries.overdue(1999.0)) == []
    assert ids(tx.deliveries.overdue(2000.0)) == [sent]
    tx.deliveries.set_ack(sent, "overdue")
    assert ids(tx.deliveries.overdue(3000.0)) == []
    assert ids(tx.deliveries.with_ack("overdue")) == [sent]
    assert ids(tx.deliveries.with_ack("awaited")) == [waiting]


def test_what_is_cancelled_is_not_awaited_any_more(tx: Tx) -> None:
    id = delivery(tx, ack="awaited").id
    tx.deliveries.cancelled(id, "rejected by a person")
    assert (tx.deliveries.get(id).ack, tx.deliveries.get(id).reason) == ("none", "rejected by a person")


def test_deliveries_are_found_by_what_the_partner_names(tx: Tx) -> None:
    first = delivery(tx, interchange=42, functional_id="IN", group=7).id
    again = delivery(tx, interchange=42, functional_id="IN", group=7, parent=first).id
    other = delivery(tx, name="997_7.edi", payload=b"997", interchange=43, functional_id="FA", group=7).id
    tx.deliveries.attempting(other)
    tx.deliveries.delivered(other, "SO-000123")
    assert ids(tx.deliveries.sent_group("acme", "IN", 7)) == [first, again]
    assert ids(tx.deliveries.sent_group("bolt", "IN", 7)) == []
    assert ids(tx.deliveries.sent_interchange("acme", 43)) == [other]
    expected = {
        "810_1.EDI": [again, first],
        "so-000123": [other],
        "000000042": [again, first],
        "7": [other, again, first],
        tx.deliveries.get(other).digest[:8]: [other],
        "": [],
        "²": [],
    }
    assert {text: ids(tx.deliveries.search(text)) for text in expected} == expected
    assert ids(tx.deliveries.in_state("pending")) == [first, again]
    assert ids(tx.deliveries.in_state("pending", "bolt")) == []


@pytest.mark.parametrize(
    ("state", "before", "step"),
    [
        ("quarantined", "unseen", "intent"),
        ("quarantined", "asked", "again"),
        ("quarantined", "uploaded", "uploaded"),
        ("waiting", "unseen", "unseen"),
        ("waiting", "asked", "asked"),
    ],
)
def test_what_a_person_was_asked_about_is_sent_again_once_they_released_it(
    tx: Tx, state: str, before: str, step: str
) -> None:
    id = delivery(tx).id
    tx.deliveries.attempting(id)
    tx.deliveries.checkpoint(id, before, {"temp": "x"})
    if state == "waiting":
        tx.deliveries.waiting(id, 2000.0, "a drill")
    else:
        tx.deliveries.quarantined(id, "a drill")
    tx.deliveries.released(id)
    assert tx.deliveries.get(id).progress == {"temp": "x", "step": step}
