"""A copy that takes the journal's place: nothing that was in it is lost, no number comes twice, nothing is sent unasked."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from d365edi.errors import JournalError
from d365edi.journal import Journal, Tx, backup, control_number_backup
from d365edi.journal.control_number_backup import AHEAD
from d365edi.journal.restore import Restored, restore


def _record(tx: Tx) -> int:
    tx.audit.append("received", partner="acme")
    return tx.counters.take("acme", "ISA")


async def _made(path: Path, before: int, after: int = 0) -> Path:
    """A journal that took numbers before and after a copy was made; the copy."""
    async with await Journal.open(path) as journal:
        for _ in range(before):
            await journal.write(_record)
        copy = backup.backup(path, path.with_name("copy.db")).path
        for _ in range(after):
            await journal.write(_record)
    return copy


async def _opened(path: Path) -> tuple[int, str, list[str], object]:
    async with await Journal.open(path) as journal:
        actions = [line.action for line in await journal.read(lambda tx: tx.audit.tail())]
        broken = await journal.read(lambda tx: tx.audit.verify())
        return await journal.write(_record), journal.sending_held, actions, broken


async def test_on_an_empty_box_numbers_jump_by_a_margin_and_sending_is_held(path: Path, tmp_path: Path) -> None:
    copy = await _made(path, 3, 2)
    there = tmp_path / "other" / "journal.db"
    there.parent.mkdir()
    done = restore(copy, there, actor="kim")
    assert (done.before, done.jumped) == (None, [f"acme ISA from 3 to {3 + AHEAD}"])
    number, held, actions, broken = await _opened(there)
    assert (number, sorted(actions), broken) == (
        4 + AHEAD,
        ["received", "received", "received", "restored", "sending held"],
        None,
    )
    assert held == f"the journal was restored from {copy}, and what was sent since is not in it"
    assert (there.stat().st_mode & 0o777, there.with_name("journal.db.restoring").exists()) == (0o600, False)


async def test_beside_the_numbers_of_the_journal_they_go_on_where_it_was(path: Path) -> None:
    copy = await _made(path, 3, 2)
    with pytest.raises(
        JournalError, match=r"is newer than .*copy\.db: its audit trail has 5 lines and that of the copy 3; .* --force"
    ):
        restore(copy, path)
    done = restore(copy, path, force=True)
    assert done.jumped == ["acme ISA from 3 to 5"]
    assert done.before is not None
    assert backup.inspect(done.before).rows["audit"] == 5
    assert (await _opened(path))[0] == 6


async def test_numbers_that_a_fresh_start_took_say_nothing_about_those_that_were_lost(path: Path) -> None:
    copy = await _made(path, 3, 2)
    for each in (path, control_number_backup.path_of(path), control_number_backup.trace_of(path)):
        each.unlink()
    async with await Journal.open(path) as journal:
        await journal.write(lambda tx: tx.counters.take("acme", "ISA"))
    restore(copy, path, force=True)
    assert (await _opened(path))[0] == 4 + AHEAD


async def test_an_empty_journal_and_an_older_one_give_way_without_force(path: Path, tmp_path: Path) -> None:
    copy = await _made(path, 3)
    empty = tmp_path / "empty.db"
    async with await Journal.open(empty):
        pass
    assert restore(copy, empty).before is None
    assert restore(copy, path).before is not None


@pytest.mark.parametrize("what", ["damaged copy", "damaged journal", "no copy"])
def test_what_is_refused_leaves_everything_as_it_was(path: Path, what: str) -> None:
    copy = asyncio.run(_made(path, 3))
    if what == "damaged copy":
        copy.write_bytes(copy.read_bytes()[:5000])
    if what == "damaged journal":
        path.write_bytes(b"x" * 9000)
    if what == "no copy":
        copy.unlink()
    before = path.read_bytes()
    with pytest.raises(JournalError, match={"no copy": "no file"}.get(what, "damaged")):
        restore(copy, path)
    assert (path.read_bytes(), path.with_name("journal.db.restoring").exists()) == (before, False)
    if what == "damaged journal":
        assert restore(copy, path, force=True).before is not None
        assert asyncio.run(_opened(path))[0] == 4


async def test_a_journal_in_use_stays(path: Path) -> None:
    copy = await _made(path, 3)
    async with await Journal.open(path) as journal:
        with pytest.raises(JournalError, match="in use by process"):
            restore(copy, path)
        assert await journal.write(_record) == 4


async def test_the_log_of_a_journal_that_is_gone_does_not_get_into_the_restored_one(path: Path, tmp_path: Path) -> None:
    copy = await _made(path, 3)
    async with await Journal.open(path) as journal:
        await journal.write(_record)
        shutil.copy(path.with_name("journal.db-wal"), tmp_path / "kept")
    os.unlink(path)
    shutil.copy(tmp_path / "kept", path.with_name("journal.db-wal"))
    assert restore(copy, path).before is None
    number, held, actions, broken = await _opened(path)
    assert (number, actions.count("received"), broken) == (5, 3, None)
    assert held


@pytest.mark.parametrize("at", ["copyfile", "link", "replace"])
def test_killed_at_any_step_there_is_the_journal_of_before_or_the_restored_one(path: Path, at: str) -> None:
    copy = asyncio.run(_made(path, 3, 2))
    child = os.fork()
    if child == 0:
        _dies(at)
        restore(copy, path, force=True)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    number, held, actions, broken = asyncio.run(_opened(path))
    assert (number, held, actions.count("received"), broken) == (6, "", 5, None)
    done: Restored = restore(copy, path, force=True)
    assert (done.jumped, asyncio.run(_opened(path))[0]) == (["acme ISA from 3 to 6"], 7)


def _dies(at: str) -> None:
    """This process ends instead of the step."""

    def end(*_: object, **__: object) -> Any:
        os._exit(9)

    def replace(path: Path, to: Path) -> Any:
        return end() if path.suffix == ".restoring" else os.rename(path, to)

    if at == "copyfile":
        shutil.copyfile = end
    elif at == "link":
        os.link = end
    else:
        Path.replace = replace  # type: ignore[method-assign, assignment]


async def test_a_restore_where_the_journal_is_gone_goes_on_beyond_the_trace(path: Path) -> None:
    copy = await _made(path, 3, 2)
    async with await Journal.open(path) as journal:
        await journal.write(lambda tx: tx.counters.raise_to("acme", "ISA", 5000))
    for each in (path, control_number_backup.path_of(path)):
        each.unlink()
    restore(copy, path)
    assert (await _opened(path))[0] == 5000 + AHEAD + 1
