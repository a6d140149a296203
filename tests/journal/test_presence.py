"""A journal whose files are taken away takes no further commit, and says so once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from d365edi.errors import CommitError, JournalError, JournalGoneError
from d365edi.journal import Journal, Tx


def _moved(path: Path, to: Path) -> None:
    path.rename(to)


def _replaced(path: Path) -> None:
    shutil.copy(path, path.with_name("other"))
    path.with_name("other").replace(path)


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "moved": (lambda path: path.rename(path.with_name("old.db")), "moved or deleted"),
    "deleted": (lambda path: path.unlink(), "moved or deleted"),
    "replaced": (_replaced, "replaced"),
    "folder moved": (lambda path: path.parent.rename(path.parent.with_name("old")), "moved or deleted"),
    "log deleted": (lambda path: path.with_name("journal.db-wal").unlink(), "journal.db-wal is gone"),
    "lock deleted": (lambda path: path.with_name("journal.db.lock").unlink(), "journal.db.lock is gone"),
}


@pytest.mark.parametrize(("act", "words"), CASES.values(), ids=CASES)
async def test_nothing_is_stored_in_a_journal_that_no_start_will_find(
    tmp_path: Path, act: Callable[[Path], object], words: str
) -> None:
    (tmp_path / "state").mkdir()
    path = tmp_path / "state" / "journal.db"
    async with await Journal.open(path) as journal:
        await journal.write(lambda tx: tx.cursors.set("flow", "1"))
        act(path)
        with pytest.raises(CommitError, match=words):
            await journal.write(lambda tx: tx.cursors.set("flow", "2"))
        with pytest.raises(JournalGoneError, match=words):
            journal.check_presence()
        assert (journal.broken, words in journal.trouble) == (True, True)


async def test_a_journal_that_is_taken_away_during_a_commit_is_not_said_to_hold_it(path: Path) -> None:
    def taken_away(tx: Tx) -> None:
        tx.cursors.set("flow", "1")
        path.rename(path.with_name("old.db"))

    async with await Journal.open(path) as journal:
        with pytest.raises(CommitError, match="moved or deleted"):
            await journal.write(taken_away)


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal"])
async def test_a_journal_is_whole_wherever_it_was_moved_to(path: Path, name: str) -> None:
    old = path.with_name("old.db")
    async with await Journal.open(path) as journal:
        await journal.write(lambda tx: tx.cursors.set("flow", "1"))
        _moved(path, old) if name == path.name else path.with_name(name).unlink()
    if name != path.name:
        _moved(path, old)
    async with await Journal.open_readonly(old) as moved:
        assert await moved.read(lambda tx: tx.cursors.get("flow")) == "1"


async def test_no_journal_is_made_beside_the_log_of_another_one(path: Path) -> None:
    path.with_name("journal.db-wal").write_bytes(b"what was committed last")
    with pytest.raises(
        JournalError, match=r"the journal is gone, but .*journal\.db-wal is there; put journal\.db back"
    ):
        await Journal.open(path)
    assert path.with_name("journal.db-wal").read_bytes() == b"what was committed last"
