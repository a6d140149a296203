"""A disk at fault is no defect of ours: no trace, one line while it lasts, and everything goes on by itself."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from d365edi.errors import JournalError, StorageError, of_the_disk
from d365edi.flows.context import Counters
from d365edi.journal.group import as_journal_error
from tests.flows.translating import desk


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []
    sink = logger.add(lambda line: found.append(str(line)), format="{level} {message}", level="INFO")
    yield found
    logger.remove(sink)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EFBIG])
async def test_what_the_disk_refuses_is_one_line_without_a_trace(number: int, tmp_path: Path, lines: list[str]) -> None:
    async with desk(tmp_path) as here:
        ctx, counters, done = here.ctx, Counters(), list[int]()

        async def fails(id: int) -> None:
            raise OSError(number, "a drill")

        async def works(id: int) -> None:
            done.append(id)

        for _ in range(3):
            await ctx.each("message", [1, 2], fails, counters)
            await ctx.each("message", [3], works, counters)  # what the disk takes is not what it refused
        assert (counters.counts, ctx.defects) == ({}, {})
        await ctx.each("message", [1, 2], works, counters)
    said = [line for line in lines if "a drill" in line or "disk" in line]
    assert (len(said), sorted(done)) == (2, [1, 2, 3, 3, 3])
    assert said[0].startswith("ERROR")
    assert "the disk works again after" in said[1]
    assert "Traceback" not in "".join(lines)


@pytest.mark.parametrize(
    ("name", "disk"), [("SQLITE_IOERR_READ", True), ("SQLITE_READONLY_DBMOVED", True), ("SQLITE_CONSTRAINT", False)]
)
def test_what_sqlite_cannot_read_is_of_the_disk(name: str, disk: bool) -> None:
    error = sqlite3.OperationalError("a drill")
    error.sqlite_errorname = name
    found = as_journal_error(error)
    assert (isinstance(found, JournalError), isinstance(found, StorageError), of_the_disk(found)) == (True, disk, disk)
