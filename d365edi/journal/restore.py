"""A copy of the journal takes its place again; whatever stood there is kept beside it.

What was sent after the copy was made is not in it. So its control numbers jump ahead (to those that are noted beside the
journal, else by a margin), and sending is held until a person has compared and releases it. Killed at any moment there is
either the journal of before or the restored one. The numbers are noted first: a daemon that is started where a restore was killed
and no journal is makes one that holds all sending.

Knows: files and counters. Does not know: what partners and D365 have (that is `flows/reconcile`).
"""

import itertools
import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from d365edi.errors import JournalError
from d365edi.failpoints import reach
from d365edi.journal import control_number_backup, migrations
from d365edi.journal.backup import Copy, clear, highest, inspect, opened, sync, taken
from d365edi.journal.control_number_backup import Counts
from d365edi.journal.group import commit
from d365edi.journal.lock import Lock
from d365edi.journal.tx import Tx


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place: the copy, where the journal of before is (None where there was none), which numbers jumped."""

    copy: Copy
    before: Path | None
    jumped: list[str]


def restore(copy: Path, journal: Path, *, force: bool = False, actor: str = "d365edi") -> Restored:
    """Put a copy in the place of the journal, hold sending, and note it in the audit trail.

    JournalError where the journal is in use, the copy is damaged or of a newer version, or, without `force`, where the journal
    there is newer than the copy or cannot be read."""
    lock = Lock(journal)
    made = journal.with_name(journal.name + ".restoring")
    try:
        found = inspect(copy)
        standing = None if force else _refused(journal, found)
        counts = _counts(copy, journal)
        control_number_backup.write(control_number_backup.path_of(journal), counts)
        reach("restore.numbered")
        jumped = _prepare(copy, made, found, counts, actor)
        reach("restore.prepared")
        before = _set_aside(journal)
        reach("restore.aside")
        _owned(made, control_number_backup.path_of(journal), journal.with_name(journal.name + ".lock"))
        made.replace(journal)
        reach("restore.replaced")
        sync(journal.parent)
        if standing is not None and before is not None and not standing.rows["audit"]:
            before.unlink()  # it was empty
            before = None
    except (sqlite3.Error, OSError) as error:
        raise JournalError(
            f"{copy} cannot be restored to {journal}: {error}", remedy="see the folder and its disk"
        ) from error
    finally:
        clear(made)
        lock.release()
    return Restored(found, before, jumped)


def _refused(journal: Path, copy: Copy) -> Copy | None:
    """What stands there, where it is not newer than the copy; JournalError where it is, or where nobody can say."""
    if not journal.exists() or not journal.stat().st_size:
        return None
    anyway = "where it is to be replaced all the same: --force"
    try:
        standing = inspect(journal)
    except JournalError as error:
        raise JournalError(f"nobody can say how old the journal is: {error.message}", remedy=anyway) from error
    if standing.rows["audit"] > copy.rows["audit"] or (standing.newest or 0) > (copy.newest or 0):
        lines = f"its audit trail has {standing.rows['audit']} lines and that of the copy {copy.rows['audit']}"
        raise JournalError(f"the journal {journal} is newer than {copy.path}: {lines}", remedy=anyway)
    return standing


def _counts(copy: Path, journal: Path) -> Counts:
    """Where the numbers go on: at the highest that are known, where these are those that were taken last. The journal's own file
    says so, where it is nowhere behind the copy; else by a margin beyond them."""
    ours = taken(copy)
    noted = _noted(journal)
    traced = _read(control_number_backup.trace_of(journal))
    if noted and highest(noted, ours, traced) == noted:
        return highest(noted, _noted(copy))
    return control_number_backup.further(highest(noted, _noted(copy), ours, traced))


def _noted(journal: Path) -> Counts:
    return _read(control_number_backup.path_of(journal))


def _read(path: Path) -> Counts:
    try:
        return control_number_backup.read(path) or {}
    except control_number_backup.UnreadableError:
        return {}


def _prepare(copy: Path, made: Path, found: Copy, counts: Counts, actor: str) -> list[str]:
    """The copy beside the journal, of this version, with its numbers ahead and sending held; durable when this returns."""
    clear(made)  # what an attempt that was killed left
    shutil.copyfile(copy, made)
    made.chmod(0o600)
    with opened(made, "rw") as connection:
        migrations.migrate(connection, migrations.shipped(), time.time())
        [(jumped, error)] = commit(Tx(connection), [lambda tx: _hold(tx, found, counts, actor)], time.time)
        if error is not None:
            raise error
        connection.execute("PRAGMA journal_mode = DELETE")
    sync(made)
    return list(jumped)


def _hold(tx: Tx, found: Copy, counts: Counts, actor: str) -> list[str]:
    jumped = tx.counters.jump(counts)
    tx.counters.hold(f"the journal was restored from {found.path}, and what was sent since is not in it")
    tx.audit.append("restored", actor=actor, copy=found.path, newest=found.newest, numbers=jumped)
    return jumped


def _set_aside(journal: Path) -> Path | None:
    """Keep what stands there under a name with the time; the journal's own name stays until the copy takes it."""
    stamp = f"{journal.name}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    names = (
        journal.with_name(stamp + ending) for ending in itertools.chain([""], map("-{}".format, itertools.count(2)))
    )
    aside = next(name for name in names if not name.exists())
    try:
        with opened(journal, "rw") as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except (sqlite3.Error, JournalError):  # damaged, or not there: its log is kept as it is
        pass
    for ending in ("-wal", "-shm"):
        beside = journal.with_name(journal.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    if not journal.exists():
        return None
    os.link(journal, aside)
    return aside


def _owned(*paths: Path) -> None:
    """Where root restores, the files are the daemon's as the folder is."""
    if os.geteuid() == 0:
        for path in paths:
            folder = path.parent.stat()
            os.chown(path, folder.st_uid, folder.st_gid)
