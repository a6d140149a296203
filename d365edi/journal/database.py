"""The journal as a whole: one writing connection in one process, one reading connection beside it.

Exactly one connection writes and checkpoints. SQLite before 3.51.3 can damage a journal otherwise
(https://sqlite.org/wal.html#walresetbug), and tasks that share a connection statement by statement would commit each other's
half-done work.

Knows: what is opened and closed in which order, the files beside the database. Does not know: what is in the tables.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite
import anyio

from d365edi import log
from d365edi.errors import JournalError, JournalGoneError
from d365edi.journal import control_number_backup, migrations
from d365edi.journal.connection import connect_reader, connect_writer, hop
from d365edi.journal.group import Outcome, Work, commit, read
from d365edi.journal.lock import Lock
from d365edi.journal.presence import Presence
from d365edi.journal.room import has_room
from d365edi.journal.tx import Tx
from d365edi.journal.writer import GroupWriter
from d365edi.recurring import Recurring

T = TypeVar("T")
Clock = Callable[[], float]


class Journal:
    """Open one with `Journal.open`; close it, or use it as `async with await Journal.open(path)`."""

    def __init__(self, path: Path, clock: Clock, lock: Lock | None) -> None:
        self.path = path
        self._clock = clock
        self._lock = lock
        self._writer = GroupWriter(self._commit, self._has_room)
        self._writing: tuple[aiosqlite.Connection, Tx] | None = None
        self._reading: tuple[aiosqlite.Connection, Tx] | None = None
        self._refusal = "" if lock else "the journal is open for reading only"
        self._held = ""
        self._behind = ""
        self._traced: control_number_backup.Counts | None = None
        self._noting = Recurring()
        self._presence: Presence | None = None
        self._doubt = ""

    @classmethod
    async def open(cls, path: Path, *, clock: Clock = time.time) -> Journal:
        """Open the journal for writing, create it where it is missing, migrate it to this version.

        JournalError where another process has it open, where it is not a journal, damaged or of a newer version."""
        journal = cls(path, clock, Lock(path))
        await journal._opened(journal._open_writer, journal._open_reader)
        return journal

    @classmethod
    async def open_readonly(cls, path: Path, *, clock: Clock = time.time) -> Journal:
        """Open the journal for reading only, beside a daemon or without one.

        JournalError where it is missing or of another version."""
        journal = cls(path, clock, None)
        await journal._opened(journal._open_reader)
        return journal

    @property
    def sending_held(self) -> str:
        """Why nothing may be sent; "" where all may go. A person releases it by `tx.counters.go()`."""
        return "; ".join(reason for reason in (self._held, self._behind) if reason)

    @property
    def held(self) -> str:
        """Why sending is held until a person releases it; "" where it is not."""
        return self._held

    @property
    def behind(self) -> str:
        """Why nothing is sent until the backup of the control numbers can be written; "" where it can."""
        return self._behind

    @property
    def behind_since(self) -> float | None:
        """Since when the backup of the control numbers cannot be written, in epoch seconds; None where it can."""
        return self._noting.since_epoch()

    async def note_numbers(self) -> None:
        """Try again to write the backup of the control numbers, where it could not be written. Nothing else may come to be
        committed while sending waits for it."""
        if self._behind and not self._refusal:
            with contextlib.suppress(JournalError):
                await self.write(lambda _: None)

    @property
    def retention_held(self) -> str:
        """Why no payload is emptied although its time may be over; "" where retention is not held."""
        return self._doubt

    @property
    def trouble(self) -> str:
        """Why the last commit failed and what to do; "" when it succeeded."""
        return self._writer.trouble

    @property
    def failing_since(self) -> float | None:
        """Since when no commit succeeds, in epoch seconds; None when the last one did."""
        return self._writer.state.since_epoch()

    @property
    def broken(self) -> bool:
        """Whether nothing more is written until the journal is opened again."""
        return self._writer.broken

    @property
    def commits(self) -> int:
        """How many transactions were committed; many units share one."""
        return self._writer.commits

    @property
    def units(self) -> int:
        """How many units of work were carried out."""
        return self._writer.units

    def check_presence(self) -> None:
        """JournalGoneError where the files that were opened do not stand there any more: this process has to end then."""
        if self._presence is not None:
            self._presence.check()

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Carry out a unit of work as a transaction of its own; what it returns, once it is durable.

        What it raises is raised here, and only its own effects are undone. It runs in the writing thread and blocks
        every other unit: no network, no waiting, no heavy computing in it. Once queued it is carried out, also when the
        caller is cancelled."""
        if self._refusal:
            raise JournalError(self._refusal)
        return await self._writer.write(work)  # type: ignore[no-any-return]

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Carry out a unit that only reads, on one consistent snapshot of the journal.

        It sees every write that returned before."""
        if self._reading is None:
            raise JournalError("the journal is closed")
        connection, tx = self._reading
        value, error = await hop(connection, lambda _: read(tx, work, self._clock))
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Carry out what is queued, interrupt reads, close. Safe to call twice."""
        with anyio.CancelScope(shield=True):
            self._refusal = self._refusal or "the journal is closed"
            await self._writer.drain()
            reading, self._reading = self._reading, None
            writing, self._writing = self._writing, None
            try:
                if reading is not None:
                    await reading[0].interrupt()
                    await reading[0].close()
                # The writer goes last: the last connection to close checkpoints.
                if writing is not None:
                    await self._kept_whole(writing[0])
                    await writing[0].close()
            finally:
                if self._lock is not None:
                    self._lock.release()

    async def _kept_whole(self, connection: aiosqlite.Connection) -> None:
        """SQLite does not checkpoint a file that was moved; its log would be lost to it with the next start at the old place."""
        try:
            self.check_presence()
        except JournalGoneError:
            with contextlib.suppress(sqlite3.Error):
                await hop(connection, lambda raw: raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    async def __aenter__(self) -> Journal:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _opened(self, *steps: Callable[[], object]) -> None:
        try:
            for step in steps:
                await step()  # type: ignore[misc]
        except BaseException as error:
            await self.close()
            if isinstance(error, JournalError):
                raise JournalError(f"{self.path}: {error.message}", remedy=error.remedy) from error
            if isinstance(error, (sqlite3.Error, OSError)):
                full = self._lock is not None and not has_room(self.path)
                remedy = "make room on the disk" if full else "check the file, its owner and the disk"
                raise JournalError(f"cannot open the journal {self.path}: {error}", remedy=remedy) from error
            raise

    async def _open_writer(self) -> None:
        connection = await connect_writer(self.path)
        self._writing = connection, await hop(connection, Tx)
        await hop(connection, partial(migrations.migrate, migrations=migrations.shipped(), now=self._clock()))
        await self.write(lambda tx: _catch_up(tx, self.path))
        self._presence = Presence(self.path)

    async def _open_reader(self) -> None:
        connection = await connect_reader(self.path)
        self._reading = connection, await hop(connection, Tx)
        await hop(connection, migrations.check)
        self._held, self._doubt = await self.read(lambda tx: (tx.counters.held(), tx.retention.held()))

    async def _commit(self, works: list[Work]) -> list[Outcome]:
        assert self._writing is not None
        connection, tx = self._writing
        outcomes = await hop(connection, lambda _: self._commit_here(tx, works))
        if self._behind and (lasts := self._noting.failed(self._behind)) is not None:
            log.say("ERROR", "journal", "waits", f"{self._behind}; nothing is sent to partners until it can{lasts}")
        if not self._behind and (lasted := self._noting.ended()) is not None:
            log.say(
                "INFO", "journal", "noted", f"the control numbers are noted again after {lasted}; sending continues"
            )
        return outcomes

    async def _has_room(self) -> bool:
        assert self._writing is not None
        return await hop(self._writing[0], lambda _: has_room(self.path))

    def _commit_here(self, tx: Tx, works: list[Work]) -> list[Outcome]:
        """In the writing thread: commit, then write what must be on disk before the commit is reported."""
        self.check_presence()
        outcomes = commit(tx, works, self._clock)
        self.check_presence()
        if tx.unit.hold_changed:
            self._held, self._doubt = tx.counters.held(), tx.retention.held()
        if tx.unit.numbers_taken or self._behind:
            self._write_numbers(tx)
        return outcomes

    def _write_numbers(self, tx: Tx) -> None:
        path = control_number_backup.path_of(self.path)
        try:
            counts = tx.counters.taken()
            control_number_backup.write(path, counts)
            if control_number_backup.outdated(self._traced, counts):
                path = control_number_backup.trace_of(self.path)
                control_number_backup.write(path, counts)
                self._traced = counts
        except (OSError, sqlite3.Error) as error:
            # The units are durable and reported as such; but what they rendered must not be sent while a restore
            # could repeat its numbers.
            self._behind = f"{path} cannot be written: {error}"
        else:
            self._behind = ""


def _catch_up(tx: Tx, journal: Path) -> None:
    """Compare with the backup of the control numbers; advance and hold sending where an older copy was restored, or where a
    journal was before and this one is new.

    Before that, and before anything else is written, the clock is compared with the newest entry."""
    tx.retention.look()
    path, reason, counts, ours = control_number_backup.path_of(journal), "", None, tx.counters.taken()
    try:
        counts = control_number_backup.read(path)
        if counts is None and ours:
            reason = f"{path} is missing: it is not known whether the journal is an older copy"
        if counts is None:
            path = control_number_backup.trace_of(journal)
            counts = _traced(ours, control_number_backup.read(path) or {})
    except control_number_backup.UnreadableError as error:
        reason = f"{path} cannot be read ({error}): it is not known whether the journal is an older copy"
    if jumped := tx.counters.jump(counts or {}):
        what = (
            "the journal is an older copy of itself"
            if ours
            else "the journal that was here is gone, and this one is new"
        )
        reason = f"{what}: control numbers jumped ahead ({', '.join(jumped)})"
    if reason:
        tx.counters.hold(reason)
    # The file is written after this unit, so that from now on its absence means something.
    tx.unit.numbers_taken = True


def _traced(ours: control_number_backup.Counts, traced: control_number_backup.Counts) -> control_number_backup.Counts:
    """How far to go on by the trace alone: beyond it, where it shows more than the journal has."""
    behind = any(
        taken > ours.get(partner, {}).get(level, 0)
        for partner, levels in traced.items()
        for level, taken in levels.items()
    )
    return control_number_backup.further(traced) if behind else {}
