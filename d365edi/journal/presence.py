"""Whether the files that were opened are still those that stand under the journal's name.

A journal that is moved, replaced or deleted under a running process goes on to take commits which no later start will find. So
what was opened (device and inode) is compared with what stands there, before a commit and before it is reported.

Knows: files. Does not know: SQL, who stops.
"""

from pathlib import Path

from d365edi.errors import JournalGoneError

PUT_BACK = "put back what was taken away, then start d365edi again; where it is lost: d365edi restore"


class Presence:
    """The files of an open journal: the database, its write-ahead log, its lock file."""

    def __init__(self, journal: Path) -> None:
        """Remember what stands there now; OSError where one of them is missing."""
        self._opened = {path: _identity(path) for path in (journal, *(_beside(journal, e) for e in ("-wal", ".lock")))}

    def check(self) -> None:
        """JournalGoneError where one of the files is not what was opened, or cannot be seen."""
        for path, opened in self._opened.items():
            try:
                there = _identity(path)
            except OSError as error:
                why = f"the journal was moved or deleted while it was in use: {path} is gone ({error.strerror})"
                raise JournalGoneError(why, remedy=PUT_BACK) from error
            if there != opened:
                why = (
                    f"the journal was replaced while it was in use: {path} is another file than the one that was opened"
                )
                raise JournalGoneError(why, remedy=PUT_BACK)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _beside(journal: Path, ending: str) -> Path:
    return journal.with_name(journal.name + ending)
