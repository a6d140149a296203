"""Connections: aiosqlite's thread, used one whole transaction at a time.

Knows: aiosqlite, pragmas. Does not know: what runs in the thread.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite

from d365edi.errors import JournalError
from d365edi.journal import control_number_backup
from d365edi.journal.presence import PUT_BACK

T = TypeVar("T")

BUSY_SECONDS = 10.0
_BOTH = ("temp_store = MEMORY", "trusted_schema = OFF")
# FULL: one fsync for each commit. With NORMAL a power failure undoes commits that were reported as durable.
_WRITER = ("synchronous = FULL", "foreign_keys = ON", "journal_size_limit = 67108864", "cache_size = -8000", *_BOTH)
_READER = ("query_only = ON", "cache_size = -2000", *_BOTH)


async def connect_writer(path: Path) -> aiosqlite.Connection:
    """The one connection that writes and checkpoints; the file is created where it is missing, readable by its owner only."""
    connection = await _connect(_make(path))
    try:
        await hop(connection, _prepare_writer)
    except BaseException:
        await connection.close()
        raise
    return connection


async def connect_reader(path: Path) -> aiosqlite.Connection:
    """A connection that can only read; JournalError where there is no file."""
    connection = await _connect(_find(path))
    try:
        await hop(connection, lambda raw: _set(raw, _READER))
    except BaseException:
        await connection.close()
        raise
    return connection


async def hop(connection: aiosqlite.Connection, function: Callable[[sqlite3.Connection], T]) -> T:
    """Run a function in the thread that owns the connection, and give it that connection.

    aiosqlite's own methods go there and back for each statement (about 25 µs, and other tasks come between); `_execute`
    is what they are all made of, so that a whole transaction is one hop. The function runs to its end also when the
    caller is cancelled."""
    return await connection._execute(function, connection._conn)  # type: ignore[no-untyped-call, no-any-return]


async def _connect(uri: str) -> aiosqlite.Connection:
    # isolation_level=None: sqlite3 would open transactions of its own, deferred ones, which fail where IMMEDIATE waits.
    connection = aiosqlite.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, cached_statements=256)
    # A journal that nobody closed must not keep the interpreter from exiting; what is committed is safe in any case.
    connection._thread.daemon = True
    return await connection


def _make(path: Path) -> str:
    log = path.with_name(path.name + "-wal")
    if not path.exists() and log.exists() and log.stat().st_size:
        remedy = f"put {path.name} back, which is not whole without it; where it is lost: d365edi restore"
        raise JournalError(f"the journal is gone, but {log} is there", remedy=remedy)
    # SQLite would make it readable for all users; the files beside it take its mode.
    path.touch(mode=0o600)
    return _uri(path, "rw")


def _find(path: Path) -> str:
    if not path.is_file():
        if control_number_backup.was_there(path):
            raise JournalError("the journal is gone: one was here before", remedy=PUT_BACK)
        raise JournalError("there is no journal", remedy="d365edi run makes it")
    return _uri(path, "ro")


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


def _prepare_writer(connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise JournalError(f"SQLite keeps {mode} instead of a write-ahead log there", remedy="use a local file system")
    _set(connection, _WRITER)


def _set(connection: sqlite3.Connection, pragmas: tuple[str, ...]) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
