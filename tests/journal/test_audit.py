"""The audit trail: a chain that shows where somebody touched it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from d365edi.journal import Broken, Journal, Tx
from tests.journal.rows import document, message

LINES = 8


def write_lines(tx: Tx) -> None:
    for number in range(1, LINES + 1):
        tx.unit.now = 1000.0 + number / 3
        tx.audit.append(f"action {number}", partner="acme", number=number, note="Grüße")


def touch(tx: Tx, sql: str, *values: object) -> None:
    """What somebody does who has the file and knows SQL."""
    for trigger in ("audit_keeps_lines", "audit_loses_nothing"):
        tx.unit.connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    tx.unit.connection.execute(sql, values)


def test_a_line_says_who_did_what_to_what(tx: Tx) -> None:
    source = message(tx)
    order = document(tx, source)
    tx.unit.now = 1234.5
    number = tx.audit.append(
        "translated",
        message=source.id,
        document=order.id,
        partner="acme",
        actor="eva",
        total=Decimal("1.50"),
        lines=[1, 2],
    )
    (line,) = tx.audit.tail()
    assert (line.id, line.at, line.action, line.actor, line.run) == (number, 1234.5, "translated", "eva", source.run)
    assert (line.message, line.document, line.delivery, line.partner) == (source.id, order.id, None, "acme")
    assert json.loads(line.detail) == {"lines": [1, 2], "total": "1.50"}
    assert tx.audit.head() == (number, line.digest)


def test_an_untouched_chain_holds_and_an_empty_one_too(tx: Tx) -> None:
    assert tx.audit.verify() is None
    write_lines(tx)
    assert tx.audit.verify() is None
    assert len({line.digest for line in tx.audit.tail(LINES)}) == LINES


CHANGES: dict[str, object] = {
    "at": 1.0,
    "action": "nothing",
    "message": 3,
    "document": 3,
    "delivery": 3,
    "partner": "bolt",
    "actor": "nobody",
    "run": "x:y:z",
    "detail": "{}",
    "digest": "0" * 64,
}


@pytest.mark.parametrize("column", CHANGES)
def test_every_changed_value_of_every_line_is_named(tx: Tx, column: str) -> None:
    write_lines(tx)
    for number in range(1, LINES + 1):
        tx.unit.connection.execute("SAVEPOINT before")
        touch(tx, f"UPDATE audit SET {column} = ? WHERE id = ?", CHANGES[column], number)
        assert tx.audit.verify() == Broken(number, f"line {number} is not as it was written")
        tx.unit.connection.execute("ROLLBACK TO before")
    assert tx.audit.verify() is None


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_every_missing_line_is_named_also_the_last(tx: Tx, number: int) -> None:
    write_lines(tx)
    touch(tx, "DELETE FROM audit WHERE id = ?", number)
    broken = tx.audit.verify()
    assert broken is not None
    assert (broken.line, broken.reason.startswith(f"line {number} is missing")) == (number, True)


def test_a_line_missing_at_the_end_is_missed_also_when_others_follow(tx: Tx) -> None:
    write_lines(tx)
    touch(tx, "DELETE FROM audit WHERE id = ?", LINES)
    tx.audit.append("later")
    assert tx.audit.verify() == Broken(LINES, f"line {LINES} is missing")


ALL = "at, action, message, document, delivery, partner, actor, run, detail, digest"
FORGERIES: dict[str, tuple[tuple[str, ...], int]] = {
    "a line too many": ((f"INSERT INTO audit SELECT 9, {ALL} FROM audit WHERE id = 8",), 9),
    "a line before the first": (("UPDATE audit SET id = 0 WHERE id = 1",), 1),
    "two lines in each other's place": (
        (
            "UPDATE audit SET id = 99 WHERE id = 3",
            "UPDATE audit SET id = 3 WHERE id = 4",
            "UPDATE audit SET id = 4 WHERE id = 99",
        ),
        3,
    ),
    "all lines gone": (("DELETE FROM audit",), 1),
    "the head gone": (("DELETE FROM audit_head",), 1),
    "another head": (("UPDATE audit_head SET digest = 'x'",), LINES),
    "an earlier head": (("UPDATE audit_head SET id = 5, digest = (SELECT digest FROM audit WHERE id = 5)",), 6),
}


@pytest.mark.parametrize(("forgery", "line"), FORGERIES.values(), ids=FORGERIES)
def test_forgeries_are_named_by_their_first_line(tx: Tx, forgery: tuple[str, ...], line: int) -> None:
    write_lines(tx)
    for sql in forgery:
        touch(tx, sql)
    broken = tx.audit.verify()
    assert broken is not None
    assert broken.line == line


def test_the_database_itself_refuses_to_change_or_lose_a_line(tx: Tx) -> None:
    write_lines(tx)
    for sql in ("UPDATE audit SET actor = 'x' WHERE id = 1", "DELETE FROM audit WHERE id = 1"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            tx.unit.connection.execute(sql)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    action=st.text(st.characters(codec="utf-8")),
    detail=st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))),
    at=st.floats(0, 1e11),
)
def test_any_words_at_any_moment_make_a_chain_that_holds(
    tx: Tx, action: str, detail: dict[str, str], at: float
) -> None:
    tx.unit.now = at
    reserved = {"self", "action", "message", "document", "delivery", "partner", "actor"}
    words: dict[str, Any] = {key: value for key, value in detail.items() if key not in reserved}
    tx.audit.append(action, **words)
    assert tx.audit.verify() is None


def test_actions_of_earlier_versions_are_shown_and_found_by_their_name_of_today(tx: Tx) -> None:
    for action in (
        "seen again",
        "duplicate",
        "kept",
        "recorded",
        "cut",
        "known",
        "guarded",
        "warned",
        "aborted",
        "ignored",
    ):
        tx.audit.append(action)
    shown = [(line.action, line.verb) for line in tx.audit.tail()]
    assert shown == [
        ("seen again", "duplicate"),
        ("duplicate", "duplicate"),
        ("kept", "recorded"),
        ("recorded", "recorded"),
        ("cut", "aborted"),
        ("known", "ignored"),
        ("guarded", "warned"),
        ("warned", "warned"),
        ("aborted", "aborted"),
        ("ignored", "ignored"),
    ]
    for asked, lines in (("duplicate", [1, 2]), ("seen again", [1, 2]), ("recorded", [3, 4]), ("guarded", [7, 8])):
        assert [line.id for line in tx.audit.query(action=asked)] == lines
    assert tx.audit.verify() is None


async def test_many_at_once_make_one_chain_and_a_failed_unit_leaves_no_gap(journal: Journal) -> None:
    def fails(tx: Tx) -> None:
        tx.audit.append("never happened")
        raise ValueError

    units = [journal.write(fails if i % 5 == 0 else lambda tx: tx.audit.append("x")) for i in range(100)]
    outcomes = await asyncio.gather(*units, return_exceptions=True)
    kept = [outcome for outcome in outcomes if not isinstance(outcome, ValueError)]
    assert kept == list(range(1, 81))
    assert await journal.read(lambda tx: tx.audit.verify()) is None


def test_lines_are_asked_for_by_what_they_are_about(tx: Tx) -> None:
    source = message(tx)
    for number in range(6):
        tx.unit.now = 1000.0 + number
        tx.audit.append(
            "odd" if number % 2 else "even",
            message=source.id if number < 3 else None,
            delivery=number,
            partner="acme" if number < 4 else "bolt",
            actor="eva" if number == 5 else "d365edi",
        )

    def found(**asked: object) -> list[int]:
        return [line.id for line in tx.audit.query(**asked)]  # type: ignore[arg-type]

    assert found() == [1, 2, 3, 4, 5, 6]
    assert found(limit=2) == [5, 6]
    assert found(message=source.id, action="even") == [1, 3]
    assert found(partner="bolt") == [5, 6]
    assert found(actor="eva", delivery=5) == [6]
    assert found(since=1001.0, until=1003.0) == [2, 3]
    assert found(document=1) == []
    assert [line.id for line in tx.audit.after(4)] == [5, 6]
    assert [line.id for line in tx.audit.after(0, limit=2)] == [1, 2]
