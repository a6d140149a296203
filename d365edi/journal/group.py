"""Group commit: units of work that wait together share one transaction and one fsync, each in its own savepoint.

Runs in the thread that owns the connection, from BEGIN to COMMIT without interruption, so that no other unit can run in
between. A unit that raises undoes its own effects only. A transaction that fails as a whole fails for all its units: no
unit is reported as durable before the COMMIT returned.

Knows: SQLite's transactions. Does not know: the event loop, who waits.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from d365edi.errors import CommitError, JournalError, StorageError
from d365edi.journal.tx import Tx

ROOM = "make room on the disk"
_DISK = ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_FULL")
Work = Callable[[Tx], Any]
Outcome = tuple[Any, BaseException | None]
"""What a unit returned, or what it raised. A pair, because a future cannot hold StopIteration."""


def commit(tx: Tx, works: Sequence[Work], clock: Callable[[], float]) -> list[Outcome]:
    """Carry out these units; their outcomes, in order, once all that succeeded are durable.

    Raises sqlite3.Error where the transaction as a whole failed; nothing of it is kept then."""
    connection, unit = tx.unit.connection, tx.unit
    execute = connection.execute
    unit.numbers_taken = unit.hold_changed = False
    try:
        execute("BEGIN IMMEDIATE")
        outcomes = []
        for work in works:
            unit.now = clock()
            outcomes.append(_carry_out(tx, work))
        execute("COMMIT")
    finally:
        if connection.in_transaction:
            execute("ROLLBACK")
    return outcomes


def read(tx: Tx, work: Work, clock: Callable[[], float]) -> Outcome:
    """Carry out a unit that only reads, on one consistent snapshot of the journal."""
    connection = tx.unit.connection
    tx.unit.now = clock()
    try:
        connection.execute("BEGIN")
        return work(tx), None
    except BaseException as error:
        return None, as_journal_error(error)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def as_journal_error(error: BaseException) -> BaseException:
    """The error that a caller gets: a JournalError for what SQLite refused, everything else as it was raised."""
    if not isinstance(error, sqlite3.Error):
        return error
    if getattr(error, "sqlite_errorname", "").startswith(_DISK):
        refused: JournalError = StorageError(f"the journal cannot be read: {error}", remedy="check the disk")
    else:
        refused = JournalError(f"the journal refused: {error}")
    refused.__cause__ = error
    return refused


def _carry_out(tx: Tx, work: Work) -> Outcome:
    connection = tx.unit.connection
    execute = connection.execute
    execute("SAVEPOINT unit")
    try:
        value = work(tx)
    except BaseException as error:
        if not connection.in_transaction:
            # A full disk or a failed read ends the whole transaction at once, and with it what the units before did.
            raise
        execute("ROLLBACK TO unit")
        execute("RELEASE unit")
        return None, _no_room(error) or as_journal_error(error)
    execute("RELEASE unit")
    return value, None


def _no_room(error: BaseException) -> CommitError | None:
    """A full disk that ended one unit and not the whole transaction."""
    if getattr(error, "sqlite_errorname", "") != "SQLITE_FULL":
        return None
    full = CommitError(f"the journal could not commit ({error}); nothing of it was kept", remedy=ROOM)
    full.__cause__ = error
    return full
