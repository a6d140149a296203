"""The lock file: one process writes a journal.

SQLite lets many processes write in turns, but only one may run deliveries and write the backup of the control numbers. The
kernel releases the lock when the process ends, however it ends; the file itself stays.

Knows: the lock. Does not know: what it protects.
"""

import contextlib
import errno
import fcntl
import os
from pathlib import Path

from d365edi.errors import JournalError

_REMEDIES = {errno.EROFS: "check the disk, and mount it writable", errno.ENOSPC: "make room on the disk"}


class Lock:
    """The lock of one journal, held until `release`."""

    def __init__(self, journal: Path) -> None:
        """Take it, or JournalError with the id of the process that holds it."""
        path = _path(journal)
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            remedy = _REMEDIES.get(error.errno or 0, "make the folder, and let d365edi own it")
            raise JournalError(f"cannot open {path}: {error.strerror}", remedy=remedy) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            message = f"the journal {journal} is in use by process {holder or '(just starting)'}"
            raise JournalError(message, remedy="ask that daemon, or stop it first") from error
        except OSError as error:
            os.close(self._descriptor)
            remedy = "keep the journal on a local file system"
            raise JournalError(f"cannot lock {path}: {error.strerror}", remedy=remedy) from error
        with contextlib.suppress(OSError):  # a full disk: it is only what the others say of us
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Release the lock; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def holder(journal: Path) -> str:
    """The id of the process that took the lock last; "" where none ever did."""
    try:
        return _path(journal).read_text("ascii", "replace").strip()
    except OSError:
        return ""


def _path(journal: Path) -> Path:
    return journal.with_name(journal.name + ".lock")
