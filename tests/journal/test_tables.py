"""Interchanges, acknowledgments, cursors, and what is asked over all tables."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from d365edi.errors import JournalError
from d365edi.journal import (
    Listed,
    SearchResult,
    Tx,
    acknowledgments,
    deliveries,
    delivery_documents,
    documents,
    interchanges,
    messages,
    sightings,
)
from d365edi.journal.tx import COUNTS
from tests.journal.rows import counted, delivery, document, message

GROUP: dict[str, Any] = {
    "partner": "acme",
    "functional_id": "PO",
    "group_control": "7",
    "interchange_control": "000000042",
    "digest": "d" * 64,
}


def interchange(tx: Tx, **particulars: Any) -> interchanges.ReceivedInterchange:
    usual: dict[str, Any] = {
        "partner": "acme",
        "standard": "X12",
        "sender": "08:6111250008",
        "receiver": "01:123456789",
        "control": "000000042",
        "usage": "P",
        "digest": "d" * 64,
    }
    return tx.interchanges.add(**{**usual, **particulars})


def test_interchanges_seen_before_are_told_by_all_that_makes_their_number_unique(tx: Tx) -> None:
    source = message(tx)
    first, again = interchange(tx, message=source.id), interchange(tx, message=source.id, digest="e" * 64)
    interchange(tx, message=source.id, usage="T")
    assert tx.interchanges.seen("acme", "08:6111250008", "01:123456789", "000000042", "P") == [first, again]
    assert tx.interchanges.seen("acme", "08:6111250008", "01:other", "000000042", "P") == []
    assert tx.interchanges.seen("bolt", "08:6111250008", "01:123456789", "000000042", "P") == []
    assert len(tx.interchanges.for_message(source.id)) == 3


@pytest.mark.parametrize("text", ["42", "000000042", "0042"])
def test_an_interchange_is_found_with_or_without_leading_zeros(tx: Tx, text: str) -> None:
    first = interchange(tx, message=message(tx).id)
    assert tx.interchanges.search(text) == [first]
    assert tx.interchanges.search("43") == []


def test_a_group_is_answered_once_unless_a_person_says_again(tx: Tx) -> None:
    source, answer = message(tx), delivery(tx, kind="997")
    first = tx.interchanges.answer(message=source.id, delivery=answer.id, **GROUP)
    assert tx.interchanges.answered(**GROUP) == [first]
    with pytest.raises(JournalError, match=f"group 7 of acme is answered by delivery {answer.id}"):
        tx.interchanges.answer(message=source.id, delivery=answer.id, **GROUP)
    replay = message(tx, parent=source.id)
    again = tx.interchanges.answer(message=replay.id, delivery=answer.id, again=True, **GROUP)
    assert (again.attempt, tx.interchanges.answered(**GROUP)) == (1, [first, again])
    assert tx.interchanges.answers(replay.id) == [again]


@pytest.mark.parametrize("difference", GROUP)
def test_groups_are_told_apart_by_every_part_of_their_name(tx: Tx, difference: str) -> None:
    source = message(tx)
    tx.interchanges.answer(message=source.id, **GROUP)
    other = {**GROUP, difference: "other"}
    assert tx.interchanges.answered(**other) == []
    assert tx.interchanges.answer(message=source.id, again=True, **other).attempt == 0


def test_acknowledgments_are_all_kept_also_those_that_match_nothing(tx: Tx) -> None:
    source, sent = message(tx), delivery(tx, interchange=42, functional_id="IN", group=7)
    usual: dict[str, Any] = {"message": source.id, "partner": "acme", "functional_id": "IN", "verdict": "A"}
    kept = [
        tx.acknowledgments.add(**usual, control=7, match="matched", delivery=sent.id),
        tx.acknowledgments.add(**usual, control=7, match="double", delivery=sent.id),
        tx.acknowledgments.add(**usual, control=8, match="unmatched"),
        tx.acknowledgments.add(**usual, control=None, match="unmatched"),
    ]
    assert tx.acknowledgments.for_message(source.id) == kept
    assert tx.acknowledgments.for_delivery(sent.id) == kept[:2]
    assert tx.acknowledgments.search("7") == [kept[1], kept[0]]
    assert tx.acknowledgments.search("seven") == []


def test_a_cursor_says_how_far_a_flow_has_read(tx: Tx) -> None:
    assert tx.cursors.get("acme.send.810") is None
    for value in ("2026-01-01", "2026-01-02"):
        tx.cursors.set("acme.send.810", value)
    assert tx.cursors.get("acme.send.810") == "2026-01-02"
    assert tx.cursors.get("bolt.send.810") is None


def test_counts_tell_by_partner_what_stands_where(tx: Tx) -> None:
    source = message(tx)
    message(tx, partner="bolt", state="quarantined")
    for state in ("held", "held", "ready"):
        document(tx, source, state=state)
    delivery(tx, ack="awaited")
    delivery(tx)
    assert tx.counts() == {
        "messages": {"acme": {"received": 1}, "bolt": {"quarantined": 1}},
        "documents": {"acme": {"held": 2, "ready": 1}},
        "deliveries": {"acme": {"pending": 2}},
        "acks": {"acme": {"awaited": 1}},
        "picked_up": {},
    }


def test_counts_follow_every_change_of_a_state_and_no_row_is_read_for_them(tx: Tx) -> None:
    source, other = message(tx), message(tx, partner="bolt", name="PO-78.edi")
    orders = [document(tx, source, state="held") for _ in range(3)]
    sent = [delivery(tx, ack=ack, extract=1) for ack in ("awaited", "awaited", "none")]
    tx.messages.set_state(source.id, "done")
    tx.messages.set_state(other.id, "quarantined", "why")
    tx.messages.set_state(other.id, "received")
    tx.documents.set_state(orders[0].id, "held", "for another reason")
    tx.documents.set_state(orders[1].id, "ready")
    tx.documents.set_state(orders[2].id, "rejected")
    for each in sent:
        tx.deliveries.attempting(each.id)
    tx.deliveries.waiting(sent[0].id, 2000.0, "acme is out of reach")
    tx.deliveries.cancelled(sent[0].id, "no")
    tx.deliveries.delivered(sent[1].id, "810_1.edi", ack_due=1500.0)
    tx.deliveries.set_ack(sent[1].id, "overdue")
    tx.picked_up.set_state(sent[1].id, "overdue")
    tx.messages.give(other.id, "acme", "quarantined", "whose is it")
    assert tx.counts() == counted(lambda sql: tx.unit.connection.execute(sql).fetchall())
    plan = [row[3] for row in tx.unit.connection.execute(f"EXPLAIN QUERY PLAN {COUNTS}")]
    assert plan == ["SCAN state_counts"]


def test_a_unit_that_fails_is_not_counted(tx: Tx) -> None:
    source = message(tx)
    tx.unit.connection.execute("SAVEPOINT unit")
    tx.messages.set_state(source.id, "done")
    tx.unit.connection.execute("ROLLBACK TO unit")
    assert tx.counts()["messages"] == {"acme": {"received": 1}}


def test_one_text_finds_all_that_goes_by_it(tx: Tx) -> None:
    source = message(tx, name="42")
    order, seen = document(tx, source, number="42"), interchange(tx, message=source.id)
    sent = delivery(tx, name="x", interchange=42)
    answer = tx.acknowledgments.add(
        message=source.id, partner="acme", functional_id="IN", control=42, verdict="A", match="unmatched"
    )
    (look,) = tx.sightings.record("acme", "/out", [Listed("42", 1, 1.0)])
    found = tx.find("42")
    assert found == SearchResult([source], [order], [sent], [seen], [answer], [look])
    assert found
    assert not tx.find("43")


def questions() -> Iterator[tuple[str, str]]:
    """Every question that the tables ask, by its name."""
    modules: tuple[ModuleType, ...] = (
        messages,
        documents,
        deliveries,
        delivery_documents,
        interchanges,
        acknowledgments,
        sightings,
    )
    for module in modules:
        for name, value in vars(module).items():
            if isinstance(value, str) and value.startswith("SELECT ") and name not in ("_PLACES",):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", value


@pytest.mark.parametrize(("name", "sql"), list(questions()), ids=[name for name, _ in questions()])
def test_every_question_is_answered_from_an_index(tx: Tx, name: str, sql: str) -> None:
    numbered = max((int(number) for number in re.findall(r"\?(\d)", sql)), default=0)
    values = [None] * (numbered or sql.count("?"))
    plan = [row[3] for row in tx.unit.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert [step for step in plan if re.search(r"^SCAN \w+$", step)] == []


def test_what_is_due_needs_no_sorting(tx: Tx) -> None:
    for sql in (deliveries._DUE, deliveries._NEXT, messages._STATE, documents._STATE):
        plan = [row[3] for row in tx.unit.connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
        assert [step for step in plan if "TEMP B-TREE" in step] == []


def test_control_numbers_too_long_for_the_database_find_nothing_and_break_nothing(tx: Tx) -> None:
    assert not tx.find("9" * 30)
    with pytest.raises((sqlite3.Error, OverflowError)):
        tx.unit.connection.execute("SELECT ?", (10**30,))
