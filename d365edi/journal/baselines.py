"""What lay in a mailbox or folder before its first poll: a baseline, so that `since` can pass it over.

A baseline is of a place, not of a pickup's pattern, and is found by the path or by the id of the mailbox: one that is renamed, or
created again under its path, is not polled for the first time.

Knows: keys. Does not know: `since`, listings.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from d365edi.journal.table import SEARCH_LIMIT, JournalTable, insert, select


@dataclass(frozen=True, slots=True)
class Earlier:
    """One thing that lay at a place before its first poll. `mailbox` is the id of the mailbox, "" of a folder."""

    endpoint: str
    path: str
    mailbox: str
    remote: str
    name: str


_OF_PATH = "FROM baselines WHERE endpoint = ?1 AND path = ?2"
_OF_MAILBOX = "FROM baselines WHERE endpoint = ?1 AND mailbox = ?3 AND mailbox <> '' AND path <> ?2"
_KNOWN = f"SELECT EXISTS (SELECT 1 {_OF_PATH} AND remote = '') OR EXISTS (SELECT 1 {_OF_MAILBOX} AND remote = '')"
_NOTED = "SELECT EXISTS (SELECT 1 FROM baselines WHERE endpoint = ? AND path = ? AND mailbox = ? AND remote = '')"
_KEYS = f"SELECT remote {_OF_PATH} AND remote <> '' UNION ALL SELECT remote {_OF_MAILBOX} AND remote <> ''"
_ADD = insert("baselines", *Earlier.__dataclass_fields__).replace("INSERT", "INSERT OR IGNORE", 1)
_SEARCH_NAME = select(
    Earlier, "baselines", "WHERE remote <> '' AND name = ? COLLATE NOCASE ORDER BY endpoint, path LIMIT ?"
)
_SEARCH_KEY = select(
    Earlier,
    "baselines",
    "WHERE remote <> '' AND mailbox <> '' AND remote = ?1 AND (?2 = '' OR endpoint = ?2) ORDER BY endpoint, path LIMIT ?3",
)
_POLLED = "SELECT EXISTS (SELECT 1 FROM places WHERE endpoint = ? AND substr(path, 1, ?) = ? AND instr(substr(path, ?), '/') = 0)"


class Baselines(JournalTable):
    """The baselines of the journal."""

    __slots__ = ()

    def known(self, endpoint: str, path: str, mailbox: str) -> bool:
        """Whether the path or the mailbox has a baseline at this endpoint."""
        return bool(self._execute(_KNOWN, (endpoint, path, mailbox)).fetchone()[0])

    def noted(self, endpoint: str, path: str, mailbox: str) -> bool:
        """Whether this mailbox under this path has a row of its own."""
        return bool(self._execute(_NOTED, (endpoint, path, mailbox)).fetchone()[0])

    def note(self, endpoint: str, path: str, mailbox: str, there: Iterable[tuple[str, str]] = ()) -> None:
        """The place has a baseline from now on: key and name of what is there. What was noted before stays."""
        place = (endpoint, path, mailbox)
        self._execute(_ADD, (*place, "", ""))
        self._unit.connection.executemany(_ADD, [(*place, key, name) for key, name in there])

    def keys(self, endpoint: str, path: str, mailbox: str) -> frozenset[str]:
        """The keys of what lay there."""
        return frozenset(key for (key,) in self._execute(_KEYS, (endpoint, path, mailbox)))

    def polled(self, endpoint: str, path: str) -> bool:
        """Whether a folder was polled before, with whatever pattern."""
        folder = f"{path.rstrip('/')}/"
        values = (endpoint, len(folder), folder, len(folder) + 1)
        return bool(self._execute(_POLLED, values).fetchone()[0])

    def search(self, text: str) -> list[Earlier]:
        """By name (in any case), or by an id as `id` or `endpoint:id`."""
        endpoint, _, key = text.partition(":")
        rows = [Earlier(*row) for row in self._execute(_SEARCH_NAME, (text, SEARCH_LIMIT))]
        return rows or [
            Earlier(*row) for row in self._execute(_SEARCH_KEY, (key or text, endpoint if key else "", SEARCH_LIMIT))
        ]
