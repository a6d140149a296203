"""A copy of the journal that can be restored: one file, whole, and the backup of the control numbers beside it.

A journal in use is three files, and what was committed last stands in its write-ahead log: copying the first file alone gives
an older journal, or an empty one. SQLite's backup API (https://sqlite.org/backup.html) copies one consistent state, while the
daemon goes on writing.

Knows: SQLite, names of the copies. Does not know: when a copy is made, how it is put back (`restore`).
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from d365edi.errors import JournalError
from d365edi.failpoints import reach
from d365edi.journal import control_number_backup, migrations
from d365edi.journal.control_number_backup import Counts

COUNTED = ("messages", "documents", "deliveries", "audit")
"""The tables whose rows are counted to compare a copy with its journal."""
_COUNTS = (
    "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM documents), (SELECT count(*) FROM deliveries), "
    "(SELECT count(*) FROM audit)"
)
_PARTIAL = ".partial"
_TAKEN = "SELECT partner, level, taken FROM counters"


@dataclass(frozen=True, slots=True)
class Copy:
    """A verified copy of a journal: where, its bytes, how many rows of `COUNTED` it has, and the time of its newest audit line
    in epoch seconds (None where it has none)."""

    path: Path
    size: int
    rows: dict[str, int]
    newest: float | None


def backup(journal: Path, to: Path, *, now: float | None = None) -> Copy:
    """Copy the journal, in use or not, to a new file, or into a folder under a name with the time in UTC.

    Beside it stands NAME.numbers with the control numbers. The copy has its name only once it is verified and durable; what is
    left of copies in that folder whose making was ended goes. JournalError where there is no journal, the file is there already
    or being made, or the copy differs."""
    target = to / _name(journal, time.time() if now is None else now) if to.is_dir() else to
    if target.exists():
        raise JournalError(f"{target} is there already", remedy="name a new file, or a folder")
    try:
        _clear_left(target.parent, journal)
        with _making(target) as partial:
            copied = _copied(journal, partial)
            reach("backup.copied")
            if copied.rows != (found := inspect(partial).rows):
                raise JournalError(
                    f"the copy {partial} has {found} and the journal had {copied.rows}", remedy="see the disk"
                )
            control_number_backup.write(control_number_backup.path_of(target), _numbers(journal, partial))
            reach("backup.numbered")
            partial.replace(target)
        reach("backup.named")
        sync(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise JournalError(
            f"{journal} cannot be copied to {target}: {error}", remedy="see the folder and its disk"
        ) from error
    return Copy(target, copied.size, copied.rows, copied.newest)


def inspect(copy: Path) -> Copy:
    """Read a copy through: SQLite's integrity check, this program's tables. JournalError where it is damaged, no journal or of a
    newer version; an older one is migrated when it is opened for writing."""
    try:
        with opened(copy, "ro") as connection:
            stands, knows = migrations.version(connection), migrations.shipped()[-1].number
            if not 0 < stands <= knows:
                raise JournalError(f"{copy} is of version {stands}, this d365edi reads 1 to {knows}")
            [(verdict,), *_] = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if verdict != "ok":
                raise JournalError(f"{copy} is damaged: {verdict}", remedy="take another copy")
            return _described(connection, copy)
    except sqlite3.Error as error:
        raise JournalError(f"{copy} is damaged or no journal: {error}", remedy="take another copy") from error


def taken(path: Path) -> Counts:
    """How many control numbers a journal or copy has taken: partner -> level -> count."""
    counts: dict[str, dict[str, int]] = {}
    with opened(path, "ro") as connection:
        for partner, level, number in connection.execute(_TAKEN):
            counts.setdefault(partner, {})[level] = number
    return counts


def highest(*of: Counts) -> Counts:
    """The higher count of each partner and level."""
    counts: dict[str, dict[str, int]] = {}
    for each in of:
        for partner, levels in each.items():
            ours = counts.setdefault(partner, {})
            for level, number in levels.items():
                ours[level] = max(ours.get(level, 0), number)
    return counts


def make_folder(folder: Path) -> None:
    """Make a folder for copies, which others cannot read, where it is missing. JournalError where that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder {folder} cannot be made: {error.strerror}"
        raise JournalError(message, remedy="name another one, or one that exists") from error


def copies_in(folder: Path, journal: Path) -> list[Path]:
    """The copies of a journal in a folder, oldest first. JournalError where something else has the name of one."""
    found = sorted(folder.glob(_pattern(journal)))
    for each in found:
        if each.is_dir() and not each.is_symlink():
            raise JournalError(f"{each} is a folder and has the name of a copy", remedy=f"move it away from {folder}")
    return found


def kept(folder: Path, journal: Path, number: int) -> list[Path]:
    """Delete all but the newest `number` copies of a journal in a folder, with their `.numbers`. Returns what was deleted.
    JournalError where one cannot be."""
    surplus = copies_in(folder, journal)[:-number]
    try:
        for copy in surplus:
            copy.unlink(missing_ok=True)
            control_number_backup.path_of(copy).unlink(missing_ok=True)
    except OSError as error:
        message = f"an older copy in {folder} cannot be deleted: {error}"
        raise JournalError(message, remedy="the new copy is made; see the folder and its rights") from error
    return surplus


@contextmanager
def opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """A connection in SQLite's `mode` (`ro`, `rw`), which is closed at the end. JournalError where there is no file."""
    if not path.is_file():
        raise JournalError(f"there is no file {path}")
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0)) as connection:
        yield connection


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear(database: Path) -> None:
    """Delete a database with the files that SQLite keeps beside it."""
    for ending in ("", "-journal", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


@contextmanager
def _making(target: Path) -> Iterator[Path]:
    """The file that the copy is made in, locked meanwhile; at the end it has the copy's name or is gone."""
    partial = target.with_name(target.name + _PARTIAL)
    if not _clear_unlocked(partial):
        raise JournalError(f"{target} is being made by another process", remedy="wait for it")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        reach("backup.begun")
        yield partial
    finally:
        clear(partial)
        os.close(descriptor)


def _clear_left(folder: Path, journal: Path) -> None:
    """Delete what processes that were killed left of copies of this journal."""
    for partial in folder.glob(_pattern(journal) + _PARTIAL):
        with suppress(PermissionError):
            _clear_unlocked(partial)


def _clear_unlocked(partial: Path) -> bool:
    """Delete a half copy, and the numbers of a copy that has not got its name; False where a process is making it."""
    try:
        descriptor = os.open(partial, os.O_WRONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        target = partial.with_name(partial.name.removesuffix(_PARTIAL))
        if not target.exists():
            control_number_backup.path_of(target).unlink(missing_ok=True)
        clear(partial)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _copied(journal: Path, to: Path) -> Copy:
    """Copy one consistent state; what was counted in the journal in the same transaction."""
    with opened(journal, "ro") as source, opened(to, "rw") as target:
        source.execute("BEGIN")
        found = _described(source, to)
        source.backup(target)
        source.execute("COMMIT")
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without a write-ahead log of its own
    sync(to)
    return Copy(to, to.stat().st_size, found.rows, found.newest)


def _described(connection: sqlite3.Connection, path: Path) -> Copy:
    rows = dict(zip(COUNTED, connection.execute(_COUNTS).fetchone(), strict=True))
    (newest,) = connection.execute("SELECT max(at) FROM audit").fetchone()
    return Copy(path, path.stat().st_size, rows, newest)


def _numbers(journal: Path, copy: Path) -> Counts:
    """The numbers of the copy, or the journal's own backup of them where that is ahead: it is read after the copy was made."""
    try:
        noted = control_number_backup.read(control_number_backup.path_of(journal))
    except control_number_backup.UnreadableError:
        noted = None
    return highest(taken(copy), noted or {})


def _name(journal: Path, now: float) -> str:
    return f"{journal.stem}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}{journal.suffix}"


def _pattern(journal: Path) -> str:
    """What the names of its copies match."""
    return f"{journal.stem}-{'[0-9]' * 8}T{'[0-9]' * 6}Z{journal.suffix}"
