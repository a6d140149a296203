"""What lay in a mailbox or folder before its first poll: a baseline, so that `since` can pass it over.

A baseline is of a place, not of a pickup's pattern, and is found by the path or by the id of the mailbox: one that is renamed, or
created again under its path, is not polled for the first time. It is of one server: at another one the path is another mailbox.

Knows: keys. Does not know: `since`, listings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from d365edi.journal.table import SEARCH_LIMIT, JournalTable, insert, select


class BaselinePlace(NamedTuple):
    """A place that may have a baseline: an endpoint, the address of its server, a path and the id of the mailbox; server and id
    are "" of a folder."""

    endpoint: str
    server: str
    path: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """One thing that lay at a place before its first poll. `server` is its address, `mailbox` the id of the mailbox and
    `fetched_by` message and document id, where the listing said them; all are "" of a folder."""

    endpoint: str
    server: str
    path: str
    mailbox: str
    remote: str
    fetched_by: str
    name: str


_OF_PATH = "FROM baselines WHERE endpoint = ?1 AND server = ?2 AND path = ?3"
_OF_MAILBOX = "FROM baselines WHERE endpoint = ?1 AND server = ?2 AND mailbox = ?4 AND mailbox <> '' AND path <> ?3"
_KNOWN = f"SELECT EXISTS (SELECT 1 {_OF_PATH} AND remote = '') OR EXISTS (SELECT 1 {_OF_MAILBOX} AND remote = '')"
_NOTED = "SELECT EXISTS (SELECT 1 FROM baselines WHERE endpoint = ? AND server = ? AND path = ? AND mailbox = ? AND remote = '')"
_SERVERS = "SELECT DISTINCT server FROM baselines WHERE endpoint = ? AND path = ? AND remote = '' AND server > '' ORDER BY server"
_WHAT = "SELECT remote, fetched_by"
_KEYS = f"{_WHAT} {_OF_PATH} AND remote <> '' UNION ALL {_WHAT} {_OF_MAILBOX} AND remote <> ''"
_ADD = " ".join(
    (
        insert("baselines", *Earlier.__dataclass_fields__),
        "ON CONFLICT DO UPDATE SET fetched_by = excluded.fetched_by, name = excluded.name",
    )
)
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

    def known(self, place: BaselinePlace) -> bool:
        """Whether the path or the mailbox has a baseline at this server."""
        return bool(self._execute(_KNOWN, place).fetchone()[0])

    def noted(self, place: BaselinePlace) -> bool:
        """Whether this mailbox under this path has a row of its own."""
        return bool(self._execute(_NOTED, place).fetchone()[0])

    def servers(self, endpoint: str, path: str) -> list[str]:
        """The servers at which this path has a baseline as a mailbox."""
        return [server for (server,) in self._execute(_SERVERS, (endpoint, path))]

    def note(self, place: BaselinePlace, there: Iterable[tuple[str, str, str]] = ()) -> None:
        """The place has a baseline from now on: key, `fetched_by` and name of what is there. What was noted before stays;
        a key that has another document since has that."""
        self._execute(_ADD, (*place, "", "", ""))
        self._unit.connection.executemany(_ADD, [(*place, *each) for each in there])

    def keys(self, place: BaselinePlace) -> dict[str, str]:
        """The keys of what lay there, each with what it would have been fetched by."""
        return dict(self._execute(_KEYS, place).fetchall())

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
