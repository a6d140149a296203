"""Copies of the journal: whole while it is written to, and never an older one in silence."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import anyio
import pytest

from d365edi.errors import JournalError
from d365edi.journal import Journal, Tx, backup, control_number_backup


def _record(tx: Tx) -> int:
    number = tx.counters.take("acme", "ISA")
    tx.audit.append("received", partner="acme", number=number)
    return number


async def test_a_copy_made_while_the_journal_is_written_to_is_one_state_of_it(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    async with await Journal.open(path) as journal, anyio.create_task_group() as group:

        async def writes() -> None:
            for _ in range(300):
                await journal.write(_record)

        await journal.write(_record)
        group.start_soon(writes)
        copies = []
        for second in range(5):
            copies.append(await anyio.to_thread.run_sync(partial(backup.backup, path, folder, now=float(second))))
            await anyio.sleep(0.01)
    for copy in copies:
        assert backup.inspect(copy.path) == copy
        assert backup.taken(copy.path) == {"acme": {"ISA": copy.rows["audit"]}}
        noted = control_number_backup.read(control_number_backup.path_of(copy.path))
        assert noted is not None
        assert noted["acme"]["ISA"] >= copy.rows["audit"] > 0
        assert (copy.path.stat().st_mode & 0o777, copy.path.parent) == (0o600, folder)
    assert copies[0].path.name == "journal-19700101T000000Z.db"
    assert copies[0].rows["audit"] < copies[-1].rows["audit"]
    assert {file.suffix for file in folder.iterdir()} == {".db", ".numbers"}


async def test_only_so_many_copies_of_this_journal_stay(path: Path, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    other = tmp_path / "copies" / "journal-of-old.db"
    other.write_bytes(b"")
    async with await Journal.open(path):
        copies = [backup.backup(path, other.parent, now=float(at)).path for at in range(4)]
    assert backup.kept(other.parent, path, 2) == copies[:2]
    left = sorted(file.name for file in other.parent.iterdir() if file.suffix == ".db")
    assert left == [copies[2].name, copies[3].name, other.name]


@pytest.mark.parametrize("what", ["there", "missing", "folder"])
async def test_what_cannot_be_copied_leaves_nothing_behind(path: Path, tmp_path: Path, what: str) -> None:
    to = tmp_path / "nowhere" / "copy.db" if what == "folder" else tmp_path / "copy.db"
    if what != "missing":
        async with await Journal.open(path):
            pass
    if what == "there":
        to.write_bytes(b"mine")
    with pytest.raises(JournalError, match={"there": "there already", "missing": "no file", "folder": "No such"}[what]):
        backup.backup(path, to)
    assert not to.with_name("copy.db.partial").exists()
    assert not to.exists() or to.read_bytes() == b"mine"


async def test_a_damaged_copy_is_refused(path: Path, tmp_path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.write(_record)
        copy = backup.backup(path, tmp_path / "copy.db").path
    data = bytearray(copy.read_bytes())
    data[4096 * 3 : 4096 * 20] = b"\xff" * (4096 * 17)
    copy.write_bytes(data)
    with pytest.raises(JournalError, match="damaged"):
        backup.inspect(copy)


async def test_the_first_file_alone_of_a_journal_in_use_is_no_copy_and_holds_sending(
    path: Path, tmp_path: Path
) -> None:
    """`cp` of the live file: what was committed stands in the write-ahead log that it leaves behind."""
    async with await Journal.open(path) as journal:
        numbers = [await journal.write(_record) for _ in range(3)]
        shutil.copy(path, tmp_path / "cp.db")
    control_number_backup.path_of(path).rename(control_number_backup.path_of(tmp_path / "cp.db"))
    async with await Journal.open(tmp_path / "cp.db") as journal:
        assert "control numbers jumped ahead (acme ISA from 0 to 3)" in journal.sending_held
        assert (numbers, await journal.write(_record)) == ([1, 2, 3], 4)
    assert json.loads(control_number_backup.path_of(tmp_path / "cp.db").read_bytes()) == {"acme": {"ISA": 4}}
