"""Opening and closing: locks, migrations, files of others, processes that die."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from d365edi.errors import JournalError
from d365edi.journal import Journal, migrations
from d365edi.journal.migrations import Migration
from tests.journal.rows import message


def start(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    """A process of its own, running this script."""
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_new_journal_is_for_its_owner_only_and_has_its_migration_on_record(path: Path) -> None:
    asyncio.run(_make(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.with_name("journal.db.numbers").stat().st_mode) == 0o600
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT number, name FROM migrations").fetchall() == [
            (1, "0001_journal"),
            (2, "0002_mentions"),
            (3, "0003_carried"),
            (4, "0004_sightings"),
            (5, "0005_keys"),
            (6, "0006_state_counts"),
            (7, "0007_number_key"),
            (8, "0008_alerts"),
            (9, "0009_snapshots"),
            (10, "0010_mailboxes"),
        ]
    raw.close()


async def _make(path: Path) -> None:
    await (await Journal.open(path)).close()


async def test_every_table_is_strict(journal: Journal) -> None:
    loose = await journal.read(
        lambda tx: tx.unit.connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    )
    assert loose == []


async def test_the_writer_waits_for_the_disk_at_each_commit(journal: Journal) -> None:
    def pragmas(tx: object) -> list[int | str]:
        names = ("journal_mode", "synchronous", "foreign_keys", "query_only")
        return [tx.unit.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]  # type: ignore[attr-defined]

    assert await journal.write(pragmas) == ["wal", 2, 1, 0]
    assert (await journal.read(pragmas))[3] == 1


async def test_a_second_process_is_refused_and_told_who_holds_the_journal(path: Path) -> None:
    script = """
        import asyncio, sys, pathlib
        from d365edi.journal import Journal
        async def main():
            async with await Journal.open(pathlib.Path(sys.argv[1])):
                print("open", flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """
    with start(script, path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(JournalError, match=f"in use by process {holder.pid};"):
            await Journal.open(path)
        async with await Journal.open_readonly(path) as beside:
            assert await beside.read(lambda tx: tx.counts()["messages"]) == {}
        holder.kill()
        holder.communicate()
    await (await Journal.open(path)).close()


async def test_the_same_process_cannot_open_it_twice_either(journal: Journal, path: Path) -> None:
    with pytest.raises(JournalError, match=f"in use by process {os.getpid()};"):
        await Journal.open(path)


@pytest.mark.parametrize("leave", ["", "return", "raise SystemExit(0)"])
def test_a_journal_that_nobody_closed_does_not_keep_the_process_alive(path: Path, leave: str) -> None:
    script = f"""
        import asyncio, sys, pathlib
        from d365edi.journal import Journal
        async def main():
            global kept
            kept = await Journal.open(pathlib.Path(sys.argv[1]))
            await kept.write(lambda tx: tx.cursors.set("flow", "1"))
            {leave}
        asyncio.run(main())
    """
    process = start(script, path)
    process.communicate(timeout=20)
    assert process.returncode == 0


async def test_a_loop_that_stops_tells_those_who_wait(path: Path) -> None:
    journal = await Journal.open(path)
    write = asyncio.ensure_future(journal.write(lambda tx: time.sleep(0.2)))
    await asyncio.sleep(0.05)
    leader = journal._writer._leader
    assert leader is not None
    leader.cancel()
    with pytest.raises(JournalError, match="stopped before the journal answered"):
        await write
    assert await journal.write(lambda tx: tx.now) > 0
    await journal.close()


def test_nothing_that_was_acknowledged_is_lost_to_kill_9(path: Path) -> None:
    script = """
        import asyncio, os, sys, pathlib
        from d365edi.journal import Journal
        async def main():
            journal = await Journal.open(pathlib.Path(sys.argv[1]))
            async def task():
                while True:
                    def unit(tx):
                        return tx.audit.append("kept"), tx.counters.take("acme", "ISA")
                    line, number = await journal.write(unit)
                    os.write(1, b"%d %d\\n" % (line, number))
            await asyncio.gather(*(task() for _ in range(20)))
        asyncio.run(main())
    """
    chance, highest = random.Random(7), 0
    for _ in range(10):
        process = start(script, path)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        output = first + process.communicate()[0]
        lines = [tuple(map(int, line.split())) for line in output.split(b"\n")[:-1]]
        numbers = [number for _, number in lines]
        assert len(set(numbers)) == len(numbers)
        assert min(numbers) > highest
        highest = max(numbers)
        last, broken, taken, held = asyncio.run(_after_a_crash(path))
        assert last >= max(line for line, _ in lines)
        assert (broken, held) == (None, "")
        assert taken >= highest


async def _after_a_crash(path: Path) -> tuple[int, object, int, str]:
    async with await Journal.open(path) as journal:
        last, _ = await journal.read(lambda tx: tx.audit.head())
        broken = await journal.read(lambda tx: tx.audit.verify())
        return last, broken, (await journal.read(lambda tx: tx.counters.taken()))["acme"]["ISA"], journal.sending_held


def test_a_commit_that_the_disk_refuses_is_told_to_every_caller_and_nothing_is_written_after_it(path: Path) -> None:
    script = """
        import asyncio, resource, signal, sys, pathlib
        from d365edi.errors import CommitError, JournalError
        from d365edi.journal import Journal
        async def main():
            path = pathlib.Path(sys.argv[1])
            journal = await Journal.open(path)
            await journal.write(lambda tx: tx.cursors.set("before", "1"))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            size = path.with_name(path.name + "-wal").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
            writes = [journal.write(lambda tx, i=i: tx.cursors.set(f"flow{i}", "1")) for i in range(5)]
            outcomes = await asyncio.gather(*writes, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [CommitError] * 5, outcomes
            assert "could not commit (disk I/O error)" in journal.trouble, journal.trouble
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            try:
                await journal.write(lambda tx: tx.cursors.set("after", "1"))
            except JournalError as error:
                assert "start d365edi again" in str(error), error
                print("refused")
            await journal.close()
        asyncio.run(main())
    """
    process = start(script, path)
    output, errors = process.communicate(timeout=30)
    assert output == b"refused\n"
    assert errors.decode().count("could not commit (disk I/O error)") == 1
    assert asyncio.run(_cursors(path)) == ["1", None, None]


async def _cursors(path: Path) -> list[str | None]:
    async with await Journal.open(path) as journal:
        await journal.write(lambda tx: tx.cursors.set("works", "again"))
        return await journal.read(lambda tx: [tx.cursors.get(name) for name in ("before", "flow0", "after")])


async def test_a_journal_of_a_newer_version_is_refused_in_words(path: Path) -> None:
    await (await Journal.open(path)).close()
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO migrations VALUES (99, '0099_later', 0)")
    raw.close()
    knows = migrations.shipped()[-1].number
    with pytest.raises(JournalError, match=f"version 99 and this d365edi knows up to {knows}; run the newer d365edi"):
        await Journal.open(path)
    with pytest.raises(JournalError, match=f"version 99, this d365edi reads {knows}"):
        await Journal.open_readonly(path)


def test_each_migration_is_one_transaction_with_its_record(tmp_path: Path) -> None:
    steps = [
        Migration(1, "0001_one", "CREATE TABLE one (x INTEGER) STRICT;\n-- a; comment\nINSERT INTO one VALUES (1);\n"),
        Migration(2, "0002_two", "CREATE TABLE two (y) STRICT;\n"),
    ]
    raw = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    with pytest.raises(JournalError, match="migration 0002_two failed"):
        migrations.migrate(raw, steps, 5.0)
    assert migrations.version(raw) == 1
    corrected = Migration(2, "0002_two", "INSERT INTO one VALUES (2);\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(JournalError, match="nowhere"):
        migrations.migrate(raw, [steps[0], corrected], 6.0)
    assert raw.execute("SELECT x FROM one").fetchall() == [(1,)]
    assert migrations.migrate(raw, [steps[0], Migration(2, "0002_two", "DROP TABLE one;\n")], 7.0) == ["0002_two"]
    assert raw.execute("SELECT number, migrated_at FROM migrations").fetchall() == [(1, 5.0), (2, 7.0)]
    raw.close()


def test_shipped_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.number for migration in migrations.shipped()] == list(range(1, len(migrations.shipped()) + 1))


async def test_a_database_of_something_else_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as raw:
        raw.execute("CREATE TABLE theirs (x)")
    raw.close()
    (tmp_path / "text.db").write_bytes(b"not a database at all, " * 100)
    with pytest.raises(JournalError, match="database of something else"):
        await Journal.open(tmp_path / "other.db")
    with pytest.raises(JournalError, match="not a database"):
        await Journal.open(tmp_path / "text.db")
    with pytest.raises(JournalError, match=r"cannot open .*lock: No such file"):
        await Journal.open(tmp_path / "nowhere" / "journal.db")
    with pytest.raises(JournalError, match="there is no journal; d365edi run makes it"):
        await Journal.open_readonly(tmp_path / "missing.db")


async def test_a_journal_that_was_opened_for_reading_refuses_to_write(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.write(message)
    async with await Journal.open_readonly(path) as reading:
        assert (await reading.read(lambda tx: tx.messages.get(1))).name == "PO-77.edi"
        with pytest.raises(JournalError, match="for reading only"):
            await reading.write(message)
    await (await Journal.open(path)).close()
