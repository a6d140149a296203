"""The journal as a whole: one writing connection in one process, one reading connection beside it.

`write` hands a unit of work to a leader, which takes all that wait, has them carried out together in the thread that
owns the connection (`group.py`), and tells each caller its outcome once it is durable. A unit that was handed over is
carried out, also when its caller is cancelled meanwhile: a caller that learned something of the outside world may die
while telling it.

Exactly one connection writes and checkpoints. SQLite before 3.51.3 can damage a journal otherwise
(https://sqlite.org/wal.html#walresetbug), and tasks that share a connection statement by statement commit each other's
halves.

Knows: aiosqlite, pragmas, files beside the database. Does not know: what is in the tables.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import anyio

from d365edi.errors import JournalError
from d365edi.journal import migrations, numbers
from d365edi.journal.group import Outcome, Work, commit, look
from d365edi.journal.lock import Lock
from d365edi.journal.tx import Tx

T = TypeVar("T")
Clock = Callable[[], float]

BUSY_SECONDS = 10.0
_WRITER = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "journal_size_limit = 67108864")
_BOTH = ("cache_size = -8000", "temp_store = MEMORY", "trusted_schema = OFF")
_PASSING = frozenset({"SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_NOMEM"})


class Journal:
    """Open one with `Journal.open`; close it, or use it as `async with await Journal.open(path)`.

    `trouble` says what went wrong when something did, "" while all is well. `commits` and `units` count what was
    carried out.
    """

    def __init__(self, path: Path, clock: Clock, lock: Lock | None) -> None:
        self.path = path
        self.trouble = ""
        self.commits = 0
        self.units = 0
        self._clock = clock
        self._lock = lock
        self._writer: aiosqlite.Connection | None = None
        self._writer_tx: Tx | None = None
        self._reader: aiosqlite.Connection | None = None
        self._reader_tx: Tx | None = None
        self._queue: list[tuple[Work, asyncio.Future[Outcome]]] = []
        self._leader: asyncio.Task[None] | None = None
        self._refusal = ""
        self._held = ""
        self._numbers_behind = ""

    @classmethod
    async def open(cls, path: Path, *, clock: Clock = time.time) -> Journal:
        """Open the journal for writing, make it where it is missing, bring it up to this version.

        JournalError where another process holds it, where it is no journal, damaged or of a newer version.
        """
        path = Path(path)
        if not path.parent.is_dir():
            raise JournalError(f"there is no folder {path.parent} for the journal", remedy="make it first")
        journal = cls(path, clock, Lock(path))
        try:
            await journal._open_writer()
            await journal._open_reader()
        except BaseException as error:
            await journal.close()
            raise _opening(path, error) from error
        return journal

    @classmethod
    async def open_readonly(cls, path: Path, *, clock: Clock = time.time) -> Journal:
        """Open the journal for reading only, beside a daemon or without one.

        JournalError where it is missing or of another version.
        """
        path = Path(path)
        if not path.is_file():
            raise JournalError(f"there is no journal {path}", remedy="d365edi run makes it")
        journal = cls(path, clock, None)
        journal._refusal = "the journal is open for reading only"
        try:
            await journal._open_reader()
        except BaseException as error:
            await journal.close()
            raise _opening(path, error) from error
        return journal

    @property
    def sending_held(self) -> str:
        """Why nothing may be sent until a person says go (`tx.counters.go()`); "" where all may go."""
        return "; ".join(reason for reason in (self._held, self._numbers_behind) if reason)

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Carry out a unit of work as a transaction of its own; what it returns, once it is durable.

        What it raises is raised here, and only its own effects are undone. It runs in the writing thread and holds up
        every other unit: no wire, no waiting, no heavy computing in it.
        """
        if self._refusal:
            raise JournalError(self._refusal)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._queue.append((work, future))
        if self._leader is None:
            self._leader = loop.create_task(self._lead())
        value, error = await future
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Carry out a unit that only asks, on one unchanging picture of the journal.

        It sees every write that returned before.
        """
        if self._reader is None or self._reader_tx is None:
            raise JournalError("the journal is closed")
        value, error = await _hop(self._reader, partial(look, self._reader_tx, work, self._clock))
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Carry out what was handed over, then close. Safe to call twice."""
        with anyio.CancelScope(shield=True):
            self._refusal = self._refusal or "the journal is closed"
            while self._leader is not None:
                await asyncio.wait({self._leader})
            # The writer goes last: the last connection to close checkpoints.
            readers, self._reader = self._reader, None
            writer, self._writer = self._writer, None
            for connection in (readers, writer):
                if connection is not None:
                    await connection.close()
            if self._lock is not None:
                self._lock.release()

    async def __aenter__(self) -> Journal:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _lead(self) -> None:
        try:
            while self._queue:
                group, self._queue = self._queue, []
                outcomes = await self._outcomes([work for work, _ in group])
                for (_, future), outcome in zip(group, outcomes, strict=True):
                    if not future.done():
                        future.set_result(outcome)
        finally:
            self._leader = None

    async def _outcomes(self, works: list[Work]) -> list[Outcome]:
        assert self._writer is not None
        if self._refusal and self.trouble:
            return [(None, JournalError(self._refusal)) for _ in works]
        try:
            outcomes = await _hop(self._writer, partial(self._commit, works))
        except Exception as error:
            self._note_trouble(error)
            return [(None, _lost(error)) for _ in works]
        self.trouble = ""
        self.commits += 1
        self.units += len(works)
        return outcomes

    def _commit(self, works: list[Work]) -> list[Outcome]:
        """In the writing thread: commit, then what must stand before anyone hears of it."""
        tx = self._writer_tx
        assert tx is not None
        outcomes = commit(tx, works, self._clock)
        if tx.unit.hold_changed:
            self._held = tx.counters.held()
        if tx.unit.numbers_taken or self._numbers_behind:
            self._write_numbers(tx)
        return outcomes

    def _write_numbers(self, tx: Tx) -> None:
        path = numbers.path_of(self.path)
        try:
            numbers.write(path, tx.counters.taken())
        except OSError as error:
            # The units are durable and must hear so; what they rendered must not leave while a restore could repeat
            # its numbers.
            self._numbers_behind = f"{path} cannot be written: {error.strerror}"
        else:
            self._numbers_behind = ""

    def _note_trouble(self, error: Exception) -> None:
        name = getattr(error, "sqlite_errorname", "")
        self.trouble = f"the journal could not commit: {error}"
        if name.removesuffix("_SNAPSHOT") not in _PASSING:
            # After a failed write or fsync nobody knows what the disk holds; opening anew finds out.
            self._refusal = f"{self.trouble}; nothing is written any more until d365edi is started again"

    async def _open_writer(self) -> None:
        self._make_file()
        self._writer = await _connect(str(self.path))
        self._writer_tx = await _hop(self._writer, partial(self._prepare, self._writer))

    def _make_file(self) -> None:
        # SQLite would make it readable for everybody; the files beside it take its mode.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))

    def _prepare(self, connection: aiosqlite.Connection) -> Tx:
        raw = connection._conn
        for pragma in (*_WRITER, *_BOTH):
            raw.execute(f"PRAGMA {pragma}")
        ran = migrations.migrate(raw, migrations.shipped(), self._clock())
        tx = Tx(raw)
        [(_, error)] = commit(
            tx,
            [partial(_catch_up, path=numbers.path_of(self.path), new=bool(ran and ran[0][:4] == "0001"))],
            self._clock,
        )
        if error is not None:
            raise error
        self._held = tx.counters.held()
        self._write_numbers(tx)
        return tx

    async def _open_reader(self) -> None:
        self._reader = await _connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
        self._reader_tx = await _hop(self._reader, partial(_prepare_reader, self._reader))
        self._held = await self.read(lambda tx: tx.counters.held())


async def _connect(database: str, **options: Any) -> aiosqlite.Connection:
    connection = aiosqlite.connect(
        database, isolation_level=None, timeout=BUSY_SECONDS, cached_statements=256, **options
    )
    # A journal that nobody closed must not keep the interpreter from exiting; what is committed is safe in any case.
    connection._thread.daemon = True
    return await connection


async def _hop(connection: aiosqlite.Connection, function: Callable[[], T]) -> T:
    """Run a function in the thread that owns the connection.

    aiosqlite's own methods go there and back for each statement (about 25 µs, and other tasks come between);
    `_execute` is what they are all made of, so that a whole transaction is one hop. The function runs to its end
    whatever becomes of the caller.
    """
    return await connection._execute(function)  # type: ignore[no-untyped-call, no-any-return]


def _prepare_reader(connection: aiosqlite.Connection) -> Tx:
    raw = connection._conn
    for pragma in ("query_only = ON", *_BOTH):
        raw.execute(f"PRAGMA {pragma}")
    stands, knows = migrations.version(raw), migrations.shipped()[-1].number
    if stands != knows:
        raise JournalError(
            f"the journal is of version {stands}, this d365edi reads {knows}",
            remedy="run the same version as the daemon",
        )
    return Tx(raw)


def _catch_up(tx: Tx, path: Path, new: bool) -> None:
    """Compare with the high-water file; jump ahead and hold sending where an older copy came back."""
    try:
        counts = numbers.read(path)
    except numbers.UnreadableError as error:
        reason = f"{path} cannot be read ({error}): nobody can tell whether the journal is an older copy"
        counts = {}
    else:
        reason = ""
    jumped = tx.counters.jump(counts or {})
    if jumped:
        reason = f"the journal is an older copy of itself: control numbers jumped ahead ({', '.join(jumped)})"
    elif counts is None and not new and tx.counters.taken():
        reason = f"{path} is missing: nobody can tell whether the journal is an older copy"
    if reason:
        tx.counters.hold(reason)
        tx.audit.append("numbers.held", reason=reason)


def _lost(error: Exception) -> JournalError:
    lost = JournalError(f"nothing was kept, the journal could not commit: {error}", remedy="check the disk")
    lost.__cause__ = error
    return lost


def _opening(path: Path, error: BaseException) -> BaseException:
    if isinstance(error, sqlite3.Error):
        return JournalError(f"cannot open the journal {path}: {error}", remedy="check the file, its owner and the disk")
    if isinstance(error, JournalError):
        return JournalError(f"{path}: {error.message}", remedy=error.remedy)
    return error
