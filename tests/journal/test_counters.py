"""Control numbers: once each, whatever fails, dies or is restored."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from d365edi.errors import JournalError
from d365edi.journal import Journal, Tx, control_number_backup


def copy_of(path: Path, to: Path) -> None:
    """What a backup would keep."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def put_back(copy: Path, path: Path) -> None:
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    shutil.copy(copy, path)


def test_each_partner_and_level_counts_for_itself(tx: Tx) -> None:
    taken = [tx.counters.take(*key) for key in (("acme", "ISA"), ("acme", "ISA"), ("acme", "GS"), ("bolt", "ISA"))]
    assert taken == [1, 2, 1, 1]
    assert [tx.counters.peek("acme", "ISA"), tx.counters.peek("new", "ISA")] == [3, 1]
    assert tx.counters.taken() == {"acme": {"GS": 1, "ISA": 2}, "bolt": {"ISA": 1}}


def test_after_the_last_number_of_nine_digits_comes_one(tx: Tx) -> None:
    tx.counters.raise_to("acme", "ISA", 999_999_998)
    assert [tx.counters.take("acme", "ISA") for _ in range(3)] == [999_999_999, 1, 2]
    assert tx.counters.peek("acme", "ISA") == 3
    tx.counters.raise_to("acme", "ISA", 10)
    assert tx.counters.take("acme", "ISA") == 11


@pytest.mark.parametrize("value", [-1, 4, 1_000_000_000])
def test_a_counter_is_only_raised_and_only_to_nine_digits(tx: Tx, value: int) -> None:
    tx.counters.raise_to("acme", "ISA", 5)
    tx.counters.raise_to("acme", "ISA", 5)
    with pytest.raises(JournalError, match=f"ISA of acme is at 5 and cannot go to {value}"):
        tx.counters.raise_to("acme", "ISA", value)
    assert tx.counters.take("acme", "ISA") == 6


async def test_numbers_never_repeat_among_many_at_once_and_a_failed_unit_takes_none(journal: Journal) -> None:
    def fails(tx: Tx) -> int:
        tx.counters.take("acme", "ISA")
        raise ValueError

    units = [journal.write(fails if i % 3 == 0 else _take) for i in range(300)]
    outcomes = await asyncio.gather(*units, return_exceptions=True)
    kept = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert kept == list(range(1, 201))


def _take(tx: Tx) -> int:
    return tx.counters.take("acme", "ISA")


async def test_nobody_hears_of_a_number_before_it_stands_in_the_file(journal: Journal, path: Path) -> None:
    for expected in (1, 2, 3):
        assert await journal.write(_take) == expected
        assert json.loads(path.with_name("journal.db.numbers").read_bytes()) == {"acme": {"ISA": expected}}
    before = path.with_name("journal.db.numbers").stat().st_mtime_ns
    await journal.write(lambda tx: tx.cursors.set("flow", "1"))
    assert path.with_name("journal.db.numbers").stat().st_mtime_ns == before


async def test_an_older_copy_jumps_ahead_and_holds_sending_until_a_person_says_go(path: Path) -> None:
    async with await Journal.open(path) as journal:
        first = [await journal.write(_take) for _ in range(3)]
        await journal.write(lambda tx: tx.counters.take("bolt", "GS"))
        copy_of(path, path.with_name("backup"))
        later = [await journal.write(_take) for _ in range(4)]
    put_back(path.with_name("backup"), path)
    async with await Journal.open(path) as journal:
        assert journal.sending_held == (
            "the journal is an older copy of itself: control numbers jumped ahead (acme ISA from 3 to 7)"
        )
        anew = await journal.write(_take)
        assert (first, later, anew) == ([1, 2, 3], [4, 5, 6, 7], 8)
    async with await Journal.open(path) as journal:
        assert "jumped ahead" in journal.sending_held
        async with await Journal.open_readonly(path) as reading:
            assert reading.sending_held == journal.sending_held
        assert "jumped ahead" in await journal.write(lambda tx: tx.counters.go())
        assert journal.sending_held == ""
        actions = [line.action for line in await journal.read(lambda tx: tx.audit.tail())]
        assert actions == ["sending held"]
        assert await journal.read(lambda tx: tx.audit.verify()) is None
    async with await Journal.open(path) as journal:
        assert (journal.sending_held, await journal.write(lambda tx: tx.counters.go())) == ("", "")


async def test_a_go_that_fails_with_its_unit_leaves_sending_held(journal: Journal) -> None:
    def fails(tx: Tx) -> None:
        tx.counters.go()
        raise ValueError

    await journal.write(lambda tx: tx.counters.hold("a drill"))
    await journal.write(lambda tx: tx.counters.hold("a second drill"))
    await journal.write(lambda tx: tx.counters.hold("a drill"))
    with pytest.raises(ValueError):
        await journal.write(fails)
    assert journal.sending_held == "a drill; a second drill"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (None, "journal.db.numbers is missing: it is not known"),
        (b"", "journal.db.numbers cannot be read"),
        (b"[1]", "journal.db.numbers cannot be read (it does not hold counts)"),
        (b'{"acme": {"ISA": "9"}}', "cannot be read (it does not hold counts)"),
        (b'{"acme": {"ISA": 99999999999999999999999}}', "cannot be read (it does not hold counts)"),
    ],
)
async def test_without_a_sound_file_nobody_can_tell_and_sending_is_held(
    path: Path, damage: bytes | None, reason: str
) -> None:
    async with await Journal.open(path) as journal:
        await journal.write(_take)
    file = control_number_backup.path_of(path)
    file.unlink() if damage is None else file.write_bytes(damage)
    async with await Journal.open(path) as journal:
        assert reason in journal.sending_held
        assert await journal.write(_take) == 2
    assert control_number_backup.read(file) == {"acme": {"ISA": 2}}


async def test_a_file_that_lags_behind_is_no_reason_to_hold(path: Path) -> None:
    async with await Journal.open(path) as journal:
        for _ in range(3):
            await journal.write(_take)
    control_number_backup.write(control_number_backup.path_of(path), {"acme": {"ISA": 1}})
    async with await Journal.open(path) as journal:
        assert (journal.sending_held, await journal.write(_take)) == ("", 4)


async def test_numbers_that_cannot_be_noted_hold_sending_until_they_can(journal: Journal, path: Path) -> None:
    control_number_backup.path_of(path).unlink()
    control_number_backup.path_of(path).mkdir()
    assert await journal.write(_take) == 1
    assert "journal.db.numbers cannot be written" in journal.sending_held
    control_number_backup.path_of(path).rmdir()
    await journal.write(lambda tx: tx.cursors.set("flow", "1"))
    assert journal.sending_held == ""
    assert control_number_backup.read(control_number_backup.path_of(path)) == {"acme": {"ISA": 1}}


def moved_away(path: Path, to: Path) -> None:
    """`mv journal.* there`."""
    to.mkdir()
    for file in path.parent.glob("journal.*"):
        file.rename(to / file.name)


async def test_a_new_journal_where_one_was_before_takes_no_number_again_and_holds_sending(
    path: Path, tmp_path: Path
) -> None:
    async with await Journal.open(path) as journal:
        for _ in range(3):
            await journal.write(_take)
        await journal.write(lambda tx: tx.counters.raise_to("acme", "ISA", 250))
        await journal.write(_take)
        moved_away(path, tmp_path / "old")
    with pytest.raises(JournalError, match=r"the journal is gone: one was here before; put back what was taken away"):
        await Journal.open_readonly(path)
    async with await Journal.open(path) as journal:
        assert (
            "the journal that was here is gone, and this one is new: control numbers jumped ahead"
            in journal.sending_held
        )
        assert await journal.write(_take) > 251


async def test_a_journal_that_is_put_back_goes_on_as_if_nothing_was(path: Path, tmp_path: Path) -> None:
    async with await Journal.open(path) as journal:
        assert await journal.write(_take) == 1
    moved_away(path, tmp_path / "old")
    for file in (tmp_path / "old").iterdir():
        file.rename(path.parent / file.name)
    async with await Journal.open(path) as journal:
        assert (journal.sending_held, await journal.write(_take)) == ("", 2)


async def test_what_left_a_trace_and_took_no_number_is_no_reason_to_hold(path: Path, tmp_path: Path) -> None:
    async with await Journal.open(path):
        pass
    moved_away(path, tmp_path / "old")
    with pytest.raises(JournalError, match="the journal is gone"):
        await Journal.open_readonly(path)
    async with await Journal.open(path) as journal:
        assert journal.sending_held == ""


async def test_an_older_copy_without_the_file_beside_it_goes_on_beyond_the_trace(path: Path, tmp_path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.write(_take)
    copy_of(path, tmp_path / "copy.db")
    async with await Journal.open(path) as journal:
        await journal.write(lambda tx: tx.counters.raise_to("acme", "ISA", 500))
    put_back(tmp_path / "copy.db", path)
    path.with_name("journal.db.numbers").unlink()
    async with await Journal.open(path) as journal:
        assert "older copy of itself" in journal.sending_held
        assert await journal.write(_take) == 500 + control_number_backup.AHEAD + 1


@pytest.mark.parametrize(
    ("traced", "counts", "due"),
    [
        (None, {}, True),
        ({}, {}, False),
        ({}, {"acme": {"ISA": 1}}, True),
        ({"acme": {"ISA": 1}}, {"acme": {"ISA": 100}}, False),
        ({"acme": {"ISA": 1}}, {"acme": {"ISA": 101}}, True),
        ({"acme": {"ISA": 1}}, {"acme": {"ISA": 1, "GS": 1}}, True),
    ],
)
def test_the_trace_is_written_again_for_a_new_counter_and_after_many_numbers(
    traced: dict[str, dict[str, int]] | None, counts: dict[str, dict[str, int]], due: bool
) -> None:
    assert control_number_backup.outdated(traced, counts) is due
