"""Units of work: together to the disk, each for itself in what it does."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from d365edi import log
from d365edi.errors import CommitError, JournalError
from d365edi.journal import Journal, Listed, Tx
from tests.journal.rows import message


def put(flow: str, value: str = "1") -> Callable[[Tx], str]:
    """A small unit of work that gives its name."""

    def work(tx: Tx) -> str:
        tx.cursors.set(flow, value)
        return flow

    return work


async def test_units_that_wait_together_share_commits(journal: Journal) -> None:
    before = journal.commits
    names = await asyncio.gather(*(journal.write(put(f"flow{i}")) for i in range(200)))
    assert names == [f"flow{i}" for i in range(200)]
    assert journal.commits - before <= 3


async def test_units_that_come_one_after_the_other_are_each_durable_by_themselves(journal: Journal) -> None:
    before = journal.commits
    for i in range(5):
        await journal.write(put(f"flow{i}"))
    assert journal.commits - before == 5


async def test_a_unit_that_raises_takes_back_its_own_effects_and_no_others(journal: Journal) -> None:
    def fails(tx: Tx) -> None:
        tx.cursors.set("half", "done")
        raise ValueError("changed my mind")

    outcomes = await asyncio.gather(
        journal.write(put("before")),
        journal.write(fails),
        journal.write(put("after")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [str, ValueError, str]
    assert journal.commits == 2  # one of them when it was opened
    kept = await journal.read(lambda tx: [tx.cursors.get(name) for name in ("before", "half", "after")])
    assert kept == ["1", None, "1"]


async def test_what_sqlite_refuses_is_told_as_journal_error(journal: Journal) -> None:
    def takes(tx: Tx) -> None:
        tx.sightings.record("e", "/", [Listed("a", 1, 1.0)])
        tx.sightings.taken("e", "/", "a", 99)

    with pytest.raises(JournalError, match="FOREIGN KEY"):
        await journal.write(takes)
    assert await journal.read(lambda tx: tx.sightings.search("a")) == []
    assert await journal.write(put("next")) == "next"


async def test_an_exception_that_no_future_can_carry_reaches_its_caller_all_the_same(journal: Journal) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await journal.write(lambda tx: next(iter(())))
    with pytest.raises(RuntimeError, match="StopIteration"):
        await journal.read(lambda tx: next(iter(())))


async def test_even_a_system_exit_in_a_unit_harms_no_other(journal: Journal) -> None:
    def leaves(tx: Tx) -> None:
        raise SystemExit(3)

    outcomes = await asyncio.gather(journal.write(put("before")), _caught(journal, leaves), return_exceptions=True)
    assert list(outcomes) == ["before", 3]


async def _caught(journal: Journal, work: object) -> object:
    try:
        return await journal.write(work)  # type: ignore[arg-type]
    except SystemExit as exit:
        return exit.code


async def test_a_cancelled_caller_leaves_a_sound_journal_and_its_unit_is_carried_out(journal: Journal) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        tx.cursors.set("slow", "begun")
        started.set()
        go_on.wait(5)
        tx.cursors.set("slow", "done")

    running = asyncio.ensure_future(journal.write(slow))
    await asyncio.to_thread(started.wait, 5)
    queued = asyncio.ensure_future(journal.write(put("queued")))
    await asyncio.sleep(0)
    running.cancel()
    queued.cancel()
    outcomes = await asyncio.gather(running, queued, return_exceptions=True)
    go_on.set()
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError, asyncio.CancelledError]
    assert await journal.write(lambda tx: tx.cursors.get("slow")) == "done"
    assert await journal.read(lambda tx: tx.cursors.get("queued")) == "1"


async def test_what_is_told_while_everything_is_being_cancelled_is_kept(journal: Journal) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await journal.write(put("receipt"))
    assert scope.cancelled_caught
    assert await journal.write(lambda tx: tx.cursors.get("receipt")) == "1"


async def test_a_read_sees_every_write_that_returned_and_can_write_nothing(journal: Journal) -> None:
    for i in range(20):
        await journal.write(put("flow", str(i)))
        assert await journal.read(lambda tx: tx.cursors.get("flow")) == str(i)
    with pytest.raises(JournalError, match="readonly"):
        await journal.read(lambda tx: tx.cursors.set("flow", "x"))


async def test_a_read_is_one_unchanging_picture(journal: Journal) -> None:
    loop, seen = asyncio.get_running_loop(), []

    def twice(tx: Tx) -> None:
        seen.append(tx.cursors.get("flow"))
        asyncio.run_coroutine_threadsafe(journal.write(put("flow", "new")), loop).result(5)
        seen.append(tx.cursors.get("flow"))

    await journal.write(put("flow", "old"))
    await journal.read(twice)
    assert seen == ["old", "old"]
    assert await journal.read(lambda tx: tx.cursors.get("flow")) == "new"


async def test_every_unit_has_its_own_moment(journal: Journal) -> None:
    moments = iter([5.0, 6.0])
    journal._clock = lambda: next(moments)
    assert list(await asyncio.gather(*(journal.write(lambda tx: tx.now) for _ in range(2)))) == [5.0, 6.0]


async def test_close_carries_out_what_was_handed_over_and_may_be_called_twice(path: Path) -> None:
    journal = await Journal.open(path)
    writes = [asyncio.ensure_future(journal.write(put(f"flow{i}"))) for i in range(50)]
    await asyncio.sleep(0)
    await journal.close()
    await journal.close()
    assert await asyncio.gather(*writes) == [f"flow{i}" for i in range(50)]
    with pytest.raises(JournalError, match="closed"):
        await journal.write(put("late"))
    with pytest.raises(JournalError, match="closed"):
        await journal.read(lambda tx: tx.cursors.get("late"))
    async with await Journal.open_readonly(path) as again:
        assert await again.read(lambda tx: tx.cursors.get("flow49")) == "1"


async def test_a_long_read_does_not_hold_up_close(path: Path) -> None:
    journal = await Journal.open(path)
    started = threading.Event()

    def endless(tx: Tx) -> None:
        started.set()
        tx.unit.connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        ).fetchone()

    reading = asyncio.ensure_future(journal.read(endless))
    await asyncio.to_thread(started.wait, 5)
    await asyncio.sleep(0.05)
    with anyio.fail_after(5):
        await journal.close()
    with pytest.raises(JournalError, match="interrupted"):
        await reading


async def test_a_full_disk_is_told_to_every_caller_once_in_the_log_and_passes(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    log.setup()

    def pages(tx: Tx, more: int) -> None:
        (count,) = tx.unit.connection.execute("PRAGMA page_count").fetchone()
        tx.unit.connection.execute(f"PRAGMA max_page_count = {count + more}")

    await journal.write(lambda tx: pages(tx, 2))
    big = {"payload": b"x" * 100_000}
    outcomes = await asyncio.gather(
        journal.write(lambda tx: message(tx, name="a", **big)),
        journal.write(put("beside")),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], CommitError)
    assert "full" in str(outcomes[0])
    kept = await journal.read(lambda tx: (tx.messages.search("a"), tx.cursors.get("beside")))
    assert kept[0] == []
    assert (kept[1] == "1") == (outcomes[1] == "beside")
    assert ("full" in journal.trouble, journal.failing_since is not None) == (True, True)
    await asyncio.gather(
        *(journal.write(lambda tx: message(tx, name="a", **big)) for _ in range(3)), return_exceptions=True
    )
    await journal.write(lambda tx: pages(tx, 10_000))
    assert (await journal.write(lambda tx: message(tx, name="a", **big))).name == "a"
    assert (journal.trouble, journal.failing_since) == ("", None)
    said = capsys.readouterr().err
    assert (said.count("could not commit"), said.count("the journal commits again after")) == (1, 1)


async def test_another_program_that_holds_the_database_is_waited_for_then_told_and_passes(journal: Journal) -> None:
    await journal.write(lambda tx: tx.unit.connection.execute("PRAGMA busy_timeout = 50").fetchone())
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(journal.write(put("a")), journal.write(put("b")), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [CommitError, CommitError]
    assert "could not commit (database is locked)" in journal.trouble
    other.execute("ROLLBACK")
    other.close()
    assert await journal.write(put("c")) == "c"
    assert journal.trouble == ""
    assert await journal.read(lambda tx: [tx.cursors.get(name) for name in "abc"]) == [None, None, "1"]


async def test_a_commit_that_fails_leaves_no_transaction_open_and_nothing_of_it_is_kept(path: Path) -> None:
    def fails_at_commit(tx: Tx) -> None:
        tx.unit.connection.execute("PRAGMA defer_foreign_keys = ON")
        tx.sightings.record("e", "/", [Listed("a", 1, 1.0)])
        tx.sightings.taken("e", "/", "a", 99)

    journal = await Journal.open(path)
    outcomes = await asyncio.gather(
        journal.write(put("beside")), journal.write(fails_at_commit), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [CommitError, CommitError]
    assert journal._writing is not None
    assert not journal._writing[0].in_transaction
    await journal.close()
    async with await Journal.open(path) as again:
        kept = await again.read(lambda tx: (tx.cursors.get("beside"), tx.sightings.search("a")))
    assert kept == (None, [])
