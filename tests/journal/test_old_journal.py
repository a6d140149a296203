"""A journal that commit d60af4b kept goes on with today's code: nothing is lost, taken twice or sent twice.

`make_old_journal.py` says what happened on the day that is in the archive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from d365edi.errors import JournalError
from d365edi.journal import AuditLine, Journal, Tx
from d365edi.journal.migrations import shipped
from d365edi.sandbox import x12
from tests.journal.make_old_journal import EXTRA, KNOBS, answer, sales_order
from tests.journal.resume import opened, resumed, unpacked
from tests.journal.rows import counted
from tests.journeys.retail import drop
from tests.journeys.world import World

ARCHIVE = Path(__file__).parent / "d60af4b.tar.gz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The archive, unpacked."""
    return unpacked(ARCHIVE, tmp_path / "old")


@pytest.fixture
async def later(tmp_path: Path, old: Path) -> AsyncIterator[World]:
    """The world of that day an hour later."""
    async with resumed(tmp_path / "new", old, EXTRA, KNOBS) as here:
        yield here


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a database answers."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


RENAMED = {"looks": "sightings", "carried": "delivery_documents"}


async def test_every_row_is_there_after_the_migration_and_no_audit_line_is_rewritten(old: Path) -> None:
    path = old / "journal.db"
    names = [name for (name,) in rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")]
    before = {name: rows(path, f"SELECT * FROM {name}") for name in names if name != "migrations"}
    with pytest.raises(JournalError, match=f"the journal is of version 3, this d365edi reads {shipped()[-1].number}"):
        await Journal.open_readonly(path)
    async with await Journal.open(path) as journal:
        assert await journal.read(lambda tx: tx.audit.verify()) is None
        assert journal.sending_held == ""
    after = {RENAMED.get(name, name): found for name, found in before.items()}
    keyed = {name: _without_keys(path, name) for name in ADDED}
    assert {name: keyed.get(name) or rows(path, f"SELECT * FROM {name}") for name in after} == after
    assert rows(path, "SELECT DISTINCT direction, remote = name FROM messages ORDER BY 1") == [("in", 0), ("out", 0)]
    assert rows(path, "SELECT count(*) FROM messages WHERE remote <> ''") == [(0,)]
    assert rows(path, "SELECT DISTINCT picked_up, extract FROM deliveries") == [("none", 0)]
    assert rows(path, "SELECT count(*) FROM sightings WHERE remote <> name") == [(0,)]
    indexes = {name for (name,) in rows(path, "SELECT name FROM sqlite_schema WHERE type = 'index'")}
    assert {"sightings_name", "delivery_documents_document", "delivery_documents_group"} <= indexes
    assert not [name for name in indexes if name.startswith(("looks", "carried"))]


async def test_what_stands_where_is_counted_once_when_an_old_journal_is_opened(old: Path) -> None:
    path = old / "journal.db"
    async with await Journal.open(path) as journal:
        counts = await journal.read(lambda tx: tx.counts())
    assert counts["messages"]
    assert counted(lambda sql: rows(path, sql)) == counts


ADDED = {
    "messages": {"remote", "fetched_by"},
    "sightings": {"remote", "begun"},
    "places": {"earlier"},
    "deliveries": {
        *("extract", "picked_up_within", "picked_up", "picked_up_due", "picked_up_at", "picked_up_detail", "stored_as")
    },
}


def _without_keys(path: Path, table: str) -> list[tuple[Any, ...]]:
    """Rows of a table without the columns that it got since."""
    names = [name for _, name, *_ in rows(path, f"PRAGMA table_info({table})") if name not in ADDED[table]]
    columns = ", ".join(f'"{name}"' for name in names)
    return rows(path, f"SELECT {columns} FROM {table}")


def _asked(tx: Tx, actions: tuple[str, ...]) -> list[list[AuditLine]]:
    return [tx.audit.query(action=action) for action in actions]


async def test_old_and_new_verbs_are_asked_for_alike_and_the_chain_holds_over_both(old: Path) -> None:
    async with await Journal.open(old / "journal.db") as journal:
        before = await journal.read(lambda tx: [line.action for line in tx.audit.query(limit=10_000)])
        assert {"seen again", "kept", "guarded", "duplicate"} <= set(before)
        await journal.write(lambda tx: [tx.audit.append(verb) for verb in ("duplicate", "recorded", "warned")])
        for old_verb, verb, count in (
            ("seen again", "duplicate", 3),
            ("kept", "recorded", 2),
            ("guarded", "warned", 2),
        ):
            both = await journal.read(partial(_asked, actions=(old_verb, verb)))
            found = both[0]
            assert both[1] == found
            assert [line.verb for line in found] == [verb] * count
        assert await journal.read(lambda tx: tx.audit.verify()) is None
    assert [action for (action,) in rows(old / "journal.db", "SELECT action FROM audit ORDER BY id")][
        : len(before)
    ] == before


async def test_a_migrated_journal_has_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    for path in (old / "journal.db", tmp_path / "fresh.db"):
        await (await Journal.open(path)).close()
    schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    assert rows(old / "journal.db", schema) == rows(tmp_path / "fresh.db", schema)


async def test_passes_over_the_same_places_finish_what_waits_and_repeat_nothing(later: World, old: Path) -> None:
    sent, acks = later.partner.received(), later.partner.acknowledgments()
    orders = {number: len(lines) for number, lines in later.sales_orders().items()}
    assert len(sent) == 7
    assert sorted(orders) == ["4500100", "4500101", "4500102", "4500104", "4500105"]
    async with opened(later, old) as app:
        tally = await app.once()
        assert tally.counts.get("received", 0) == tally.counts.get("collected", 0) == 0
        await app.once()
        assert await app.journal.read(lambda tx: tx.audit.verify()) is None
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        assert held.number == "4500103"
    assert later.partner.received() == sent
    assert later.partner.acknowledgments() == acks
    assert {number: len(lines) for number, lines in later.sales_orders().items()} == {**orders, "4500106": 2}


async def test_files_that_come_again_are_known(later: World, old: Path) -> None:
    orders = sorted(later.sales_orders())
    processed = later.partner.outbound / "processed"
    again = [path for path in processed.iterdir() if path.name.startswith("PO-") and "-again" not in path.name]
    names = {path.name.removeprefix("PO-").removesuffix(".edi")[:7] for path in again}
    assert len(names) == 7
    for path in again:
        later.partner.drop(path.name, path.read_bytes())
        later.partner.drop(f"again-{path.name}", path.read_bytes())
    async with opened(later, old) as app:
        await app.once()
        documents = await app.journal.read(lambda tx: [tx.documents.search(number) for number in names])
    assert [len([one for one in found if one.kind == "PurchaseOrder"]) for found in documents] == [1] * 7
    assert sorted(later.sales_orders()) == [*orders, "4500106"]
    assert later.partner.waiting() == ["PO-4500107.edi.tmp", "notes.edi"]


async def test_an_order_of_then_that_comes_with_stores_now_is_a_repeat(later: World, old: Path) -> None:
    made = sorted(later.sales_orders())
    later.knobs["receive"] = 'stores = "orders"'
    later.control = 990
    drop(later, "4500105", "PO1*1*30*EA*10.5*PE*BP*ACME-4711", "SDQ*EA*92*0001*10*0002*20")
    async with opened(later, old) as app:
        await app.once()
        found = await app.journal.read(lambda tx: tx.documents.search("4500105"))
    (held,) = [row for row in found if row.kind == "PurchaseOrder" and row.state == "held"]
    assert "PO 4500105 was received before" in held.reason
    assert sorted(later.sales_orders()) == sorted({*made, "4500106"})


async def test_what_was_sent_then_is_acknowledged_now_and_an_open_order_is_invoiced(later: World, old: Path) -> None:
    number = later.simulator.post_invoice(sales_order(later, "4500105"))
    before = later.partner.received()
    for control, name in enumerate((name for name in before if name.startswith(("810_", "855_", "856_"))), 900):
        for group in x12.groups(x12.split(before[name])[0]):
            answer(later, group, control)
    async with opened(later, old) as app:
        await app.once()
        awaited, accepted = await app.journal.read(
            lambda tx: [[d.name for d in tx.deliveries.with_ack(state)] for state in ("awaited", "accepted")]
        )
        assert sorted(accepted) == sorted(before)
        (name,) = set(later.partner.received()) - set(before) - {n for n in awaited if n.startswith("855_")}
        assert sorted({*awaited}) == sorted(set(later.partner.received()) - set(before))
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        assert document.state == "delivered"
        assert await app.journal.read(lambda tx: tx.audit.verify()) is None
    assert name.startswith("810_")
    ((group,),) = [x12.groups(found) for found in x12.split(later.partner.received()[name])]
    (big,) = [segment for segment in group.sets[0] if segment[0] == "BIG"]
    assert (big[2], big[4]) == (number, "4500105")
    taken = [int(x12.groups(x12.split(data)[0])[0].gs[6]) for data in before.values()]
    assert int(group.gs[6]) > max(taken)
