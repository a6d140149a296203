"""A journal on a real disk, and a clock that the test sets."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from d365edi.journal import Journal, Tx, migrations
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path, clock: Clock) -> AsyncIterator[Journal]:
    opened = await Journal.open(path, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """The tables alone, in one long unit of work."""
    with fresh_tx(tmp_path / "tables.db") as tx:
        yield tx


@contextmanager
def fresh_tx(path: Path) -> Iterator[Tx]:
    """The tables of a new database, at second 1000."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = OFF")
        migrations.migrate(connection, migrations.shipped(), 0.0)
        connection.execute("BEGIN")
        tx = Tx(connection)
        tx.unit.now = 1000.0
        yield tx
    finally:
        connection.close()
