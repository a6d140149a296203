"""Sightings of files in folders: size and time, how often in a row they were the same, and why a file was not picked up.

A file is taken after two equal sightings (key, size and time as the server reports them). Rows are written only where
something changed: a folder whose files stay is polled for ever without growing the journal.

Knows: keys, names, sizes, times. Does not know: endpoints, patterns, policies.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from d365edi.errors import JournalError
from d365edi.journal.table import SEARCH_LIMIT, JournalTable, insert, select

GONE = "was not there any more at the last look"
UNFINISHED = "its trailer (IEA or UNZ) is not there yet"
"""Why a file is granted a further listing."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing at a place, by its key (`remote`; that of a file is its name). `equal` listings in a row showed this size and
    time (0: passed over, or gone); `waits` counts the further listings granted to a file without its trailer; `verdict` says
    why it was not taken; `message` is what it became. `begun`: 1 where its fetch may have begun (of a mailbox only)."""

    endpoint: str
    path: str
    remote: str
    name: str
    size: int
    modified: float | None
    equal: int
    first_at: float
    last_at: float
    waits: int
    verdict: str
    message: int | None
    begun: int = 0


class Listed(NamedTuple):
    """One line of a listing: what a place offers. Without a `key` its name is its key. `known` is the message that it is, where
    that was claimed; `begun`: 1 where it is fetched as soon as it is recorded, and that has to be known."""

    name: str
    size: int
    modified: float | None
    key: str = ""
    known: int | None = None
    begun: int = 0


class Passed(NamedTuple):
    """One line of a listing that was passed over, and why."""

    name: str
    reason: str
    key: str = ""


class Part(NamedTuple):
    """A listing that is not whole: how many names there are in all, offered and passed over; and whether stored files are
    `left` where they are, or else are cleared and need no sighting any more."""

    offered: int
    passed: int
    left: bool = False


@dataclass(frozen=True, slots=True)
class PlaceStatus:
    """When a place was listed last, how many names it offered and how many were passed over, `earlier` of them because they lay
    there before `since`."""

    endpoint: str
    path: str
    looked_at: float
    offered: int
    passed: int
    earlier: int = 0


_PLACE = select(Sighting, "sightings", "WHERE endpoint = ? AND path = ?")
_LISTED = select(
    Sighting, "sightings", "WHERE endpoint = ? AND path = ? AND remote IN (SELECT value FROM json_each(?))"
)
_CLEARED = (
    "DELETE FROM sightings WHERE endpoint = ? AND path = ? AND message IS NOT NULL "
    "AND remote NOT IN (SELECT value FROM json_each(?)) AND ? "
    "AND EXISTS (SELECT 1 FROM messages WHERE messages.id = sightings.message AND messages.settled_at IS NOT NULL)"
)
_STORED_HERE = "FROM sightings WHERE endpoint = ? AND path = ? AND message IS NOT NULL"
_STORED = " ".join(("SELECT name, size, modified", _STORED_HERE))
_COUNT_STORED = " ".join(("SELECT count(*)", _STORED_HERE))
# The planner would rather read all that is known of the place, which may be 200,000 files that stay there.
_FAILING = (
    "SELECT name, size, modified FROM sightings INDEXED BY sightings_stuck "
    "WHERE endpoint = ? AND path = ? AND verdict <> '' AND verdict NOT IN (?, ?) AND equal > 0"
)
_BEGUN = "SELECT remote FROM sightings WHERE endpoint = ? AND path = ? AND begun = 1 AND message IS NULL AND equal > 0"
_FORGET = "DELETE FROM sightings WHERE endpoint = ? AND path = ? AND remote = ?"
_FORGET_TAKEN = (
    "DELETE FROM sightings WHERE endpoint = ? AND path = ? AND message IS NOT NULL "
    "AND remote IN (SELECT value FROM json_each(?))"
)
_PUT = insert("sightings", *Sighting.__dataclass_fields__).replace("INSERT", "INSERT OR REPLACE", 1)
_SEARCH = select(Sighting, "sightings", "WHERE name = ? COLLATE NOCASE ORDER BY last_at DESC LIMIT ?")
_SEARCH_KEY = select(
    Sighting, "sightings", "WHERE remote = ?1 AND (?2 = '' OR endpoint = ?2) ORDER BY last_at DESC LIMIT ?3"
)
_STUCK = select(
    Sighting,
    "sightings",
    "WHERE verdict <> '' AND verdict NOT IN (?, ?) AND (equal > 0 OR verdict IN (SELECT value FROM json_each(?))) "
    "ORDER BY first_at LIMIT ?",
)
_PLACES = select(PlaceStatus, "places", "ORDER BY endpoint, path")


class Sightings(JournalTable):
    """The sightings of the journal."""

    __slots__ = ()

    def record(
        self,
        endpoint: str,
        path: str,
        remotes: Sequence[Listed],
        passed: Sequence[Passed] = (),
        *,
        part: Part | None = None,
        earlier: int = 0,
    ) -> list[Sighting]:
        """Record one listing of a place: what it offers, each key once, and what was passed over.

        Returns the sightings of what it offers, in that order. `path` names one view of a folder, its pattern included:
        two patterns over one folder are two places, or each would take the files of the other for gone. Of a `part` what is
        not in it is not gone. `earlier` is how many more were passed over because they lay there before `since`."""
        now = self._unit.now
        if part is None:
            rows = self._execute(_PLACE, (endpoint, path))
        else:
            there = [each.key or each.name for each in remotes] + [each.key or each.name for each in passed]
            keys = json.dumps(there)
            self._execute(_CLEARED, (endpoint, path, keys, not part.left))
            rows = self._execute(_LISTED, (endpoint, path, keys))
        before = {row[2]: Sighting(*row) for row in rows}
        after, changed = [], []
        for listed in remotes:
            old = before.pop(listed.key or listed.name, None)
            sighting = _seen(old, (endpoint, path, listed.key or listed.name, listed.name), listed, now)
            after.append(sighting)
            if sighting is not old:
                changed.append(sighting)
        changed += self._newly_passed(before, (endpoint, path), passed)
        self._write(changed, _newly_gone(before) if part is None else ())
        offered, aside = (len(remotes), len(passed)) if part is None else (part.offered, part.passed)
        values = (endpoint, path, now, offered, aside + earlier, earlier)
        self._execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?)", values)
        return after

    def stored(self, endpoint: str, path: str) -> Iterator[tuple[str, int, float | None]]:
        """Name, size and time of the files of a place that are stored."""
        yield from self._execute(_STORED, (endpoint, path))

    def count_stored(self, endpoint: str, path: str) -> int:
        """How many files of a place are stored."""
        return int(self._execute(_COUNT_STORED, (endpoint, path)).fetchone()[0])

    def begun(self, endpoint: str, path: str) -> frozenset[str]:
        """The keys of what may have been fetched from a place, is not claimed, and was there at the last look."""
        return frozenset(key for (key,) in self._execute(_BEGUN, (endpoint, path)))

    def of(self, endpoint: str, path: str, remotes: Iterable[str]) -> list[Sighting]:
        """The sightings of these keys at a place, by key."""
        rows = self._execute(_LISTED, (endpoint, path, json.dumps(sorted(remotes))))
        return sorted((Sighting(*row) for row in rows), key=lambda sighting: sighting.remote)

    def vanished(self, endpoint: str, path: str, remote: str, text: str) -> None:
        """Record that what was listed was not there to be fetched, and why; that it is gone is known by that."""
        self._change("verdict = ?, begun = 0", endpoint, path, remote, text)

    def failing(self, endpoint: str, path: str) -> Iterator[tuple[str, int, float | None]]:
        """Name, size and time of the files of a place that could not be fetched, or not be cleared."""
        yield from self._execute(_FAILING, (endpoint, path, GONE, UNFINISHED))

    def forget(self, endpoint: str, path: str, remotes: Iterable[str]) -> None:
        """These stored files are not there any more; their messages have the rest."""
        self._unit.connection.executemany(_FORGET, [(endpoint, path, remote) for remote in remotes])

    def forget_taken(self, endpoint: str, path: str, remotes: Collection[str]) -> None:
        """What is there under these keys is not what was stored under them."""
        if remotes:
            self._execute(_FORGET_TAKEN, (endpoint, path, json.dumps(sorted(remotes))))

    def record_passed(self, endpoint: str, path: str, passed: Sequence[Passed]) -> list[Sighting]:
        """Record what was passed over at a place where nothing else is recorded; what was not there, or had another
        reason, at the last look."""
        before = {row[2]: Sighting(*row) for row in self._execute(_PLACE, (endpoint, path))}
        new = self._newly_passed(before, (endpoint, path), passed)
        self._write(new, _newly_gone(before))
        return new

    def passed(self, endpoint: str, path: str) -> list[Passed]:
        """What was passed over at a place at the last look."""
        rows = [Sighting(*row) for row in self._execute(_PLACE, (endpoint, path))]
        return [Passed(row.name, row.verdict, row.remote) for row in rows if not row.equal and row.verdict != GONE]

    def passed_since(self, endpoint: str, path: str, reason: str) -> dict[str, float]:
        """Since when what is passed over at a place for this reason is so, by its key."""
        rows = (Sighting(*row) for row in self._execute(_PLACE, (endpoint, path)))
        return {row.remote: row.last_at for row in rows if row.verdict == reason}

    def stuck(self, never: Iterable[str], limit: int) -> list[Sighting]:
        """What is there and stays: what is passed over for one of the `never` reasons, what could not be fetched, and what is
        stored (`message`) and could not be cleared at the source."""
        rows = self._execute(_STUCK, (GONE, UNFINISHED, json.dumps(sorted(never)), limit))
        return [Sighting(*row) for row in rows]

    def verdict(self, endpoint: str, path: str, remote: str, text: str, *, waits: int = 0) -> None:
        """Record why a file was not taken; `waits=1` counts that it was granted a further listing."""
        self._change("verdict = ?, waits = waits + ?", endpoint, path, remote, text, waits)

    def taken(self, endpoint: str, path: str, remote: str, message: int) -> None:
        """This file, as last seen, is stored as this message; unchanged and left there it keeps the message."""
        self._change("verdict = '', message = ?", endpoint, path, remote, message)

    def not_taken(self, endpoint: str, path: str, remote: str) -> None:
        """What is there is not what was stored, though it looks the same: it is taken as if seen for the first time."""
        self._change("verdict = '', message = NULL, equal = 1, waits = 0", endpoint, path, remote)

    def places(self) -> list[PlaceStatus]:
        """The places that were listed."""
        return [PlaceStatus(*row) for row in self._execute(_PLACES)]

    def search(self, text: str) -> list[Sighting]:
        """By file name (in any case), last seen first; or by the id of a message in a mailbox, as `id` or `endpoint:id`."""
        rows = self._execute(_SEARCH, (text, SEARCH_LIMIT)).fetchall()
        if not rows:
            endpoint, _, key = text.rpartition(":")
            rows = self._execute(_SEARCH_KEY, (key, endpoint, SEARCH_LIMIT)).fetchall()
        return [Sighting(*row) for row in rows]

    def _write(self, changed: Sequence[Sighting], gone: Sequence[Sighting]) -> None:
        self._unit.connection.executemany(_PUT, [_values(sighting) for sighting in changed])
        for sighting in gone:
            if sighting.message is not None:
                # The message has the rest; a row for every file ever taken would be read at every listing.
                self._execute(_FORGET, (sighting.endpoint, sighting.path, sighting.remote))
            else:
                self._execute(_PUT, _values(replace(sighting, equal=0, verdict=GONE)))

    def _newly_passed(
        self, before: dict[str, Sighting], place: tuple[str, str], passed: Sequence[Passed]
    ) -> list[Sighting]:
        """Sightings of what was not passed over for the same reason at the last look; all are taken out of `before`."""
        now, found = self._unit.now, []
        for each in passed:
            key = each.key or each.name
            old = before.pop(key, None)
            if old is None or old.verdict != each.reason or old.equal:
                first_at = old.first_at if old else now
                found.append(Sighting(*place, key, each.name, 0, None, 0, first_at, now, 0, each.reason, None))
        return found

    def _change(self, what: str, endpoint: str, path: str, remote: str, *values: object) -> None:
        sql = " ".join(("UPDATE sightings SET", what, "WHERE endpoint = ? AND path = ? AND remote = ?"))
        if self._execute(sql, (*values, endpoint, path, remote)).rowcount != 1:
            raise JournalError(f"{remote} was never seen in {path} of {endpoint}")


def _newly_gone(before: dict[str, Sighting]) -> list[Sighting]:
    return [sighting for sighting in before.values() if sighting.verdict != GONE or sighting.equal or sighting.message]


def _seen(old: Sighting | None, key: tuple[str, str, str, str], listed: Listed, now: float) -> Sighting:
    if old is None or (old.size, old.modified) != (listed.size, listed.modified) or old.equal == 0:
        first_at = old.first_at if old else now
        return Sighting(*key, listed.size, listed.modified, 1, first_at, now, 0, "", listed.known, listed.begun)
    if old.message is not None:
        return old
    if listed.known is not None:
        return replace(old, verdict="", message=listed.known, last_at=now)
    return replace(old, equal=old.equal + 1, last_at=now)


def _values(sighting: Sighting) -> tuple[Any, ...]:
    return tuple(getattr(sighting, name) for name in Sighting.__dataclass_fields__)
