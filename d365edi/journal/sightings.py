"""Sightings of files in folders: size and time, how often in a row they were the same, and why a file was not picked up.

A file is taken after two equal sightings (name, size and time as the server reports them). Rows are written only where
something changed: a folder whose files stay is polled for ever without growing the journal.

Knows: names, sizes, times. Does not know: endpoints, patterns, policies.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from d365edi.errors import JournalError
from d365edi.journal.table import SEARCH_LIMIT, JournalTable, insert, select

GONE = "was not there any more at the last look"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One name at a place. `equal` listings in a row showed this size and time (0: passed over, or gone); `waits` counts
    the further listings granted to a file without its trailer; `verdict` says why it was not taken; `message` is what it
    became."""

    endpoint: str
    path: str
    name: str
    size: int
    modified: float | None
    equal: int
    first_at: float
    last_at: float
    waits: int
    verdict: str
    message: int | None


@dataclass(frozen=True, slots=True)
class PlaceStatus:
    """When a place was listed last, how many names it offered and how many were passed over."""

    endpoint: str
    path: str
    looked_at: float
    offered: int
    passed: int


_PLACE = select(Sighting, "sightings", "WHERE endpoint = ? AND path = ?")
_PUT = insert("sightings", *Sighting.__dataclass_fields__).replace("INSERT", "INSERT OR REPLACE", 1)
_SEARCH = select(Sighting, "sightings", "WHERE name = ? COLLATE NOCASE ORDER BY last_at DESC LIMIT ?")
_PLACES = select(PlaceStatus, "places", "ORDER BY endpoint, path")


class Sightings(JournalTable):
    """The sightings of the journal."""

    __slots__ = ()

    def record(
        self,
        endpoint: str,
        path: str,
        remotes: Sequence[tuple[str, int, float | None]],
        passed: Sequence[tuple[str, str]] = (),
    ) -> list[Sighting]:
        """Record one listing of a place: (name, size, modified) of what it offers, (name, reason) of what was passed over.

        Returns the sightings of what it offers, in that order. `path` names one view of a folder, its pattern included:
        two patterns over one folder are two places, or each would take the files of the other for gone."""
        now = self._unit.now
        before = {row[2]: Sighting(*row) for row in self._execute(_PLACE, (endpoint, path))}
        after, changed = [], []
        for name, size, modified in remotes:
            old = before.pop(name, None)
            sighting = _seen(old, (endpoint, path, name), size, modified, now)
            after.append(sighting)
            if sighting is not old:
                changed.append(sighting)
        for name, reason in passed:
            old = before.pop(name, None)
            if old is None or old.verdict != reason or old.equal:
                changed.append(
                    Sighting(endpoint, path, name, 0, None, 0, old.first_at if old else now, now, 0, reason, None)
                )
        gone = [
            sighting for sighting in before.values() if sighting.verdict != GONE or sighting.equal or sighting.message
        ]
        self._write(changed, gone)
        self._execute(
            "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?)", (endpoint, path, now, len(remotes), len(passed))
        )
        return after

    def verdict(self, endpoint: str, path: str, name: str, text: str, *, waits: int = 0) -> None:
        """Record why a file was not taken; `waits=1` counts that it was granted a further listing."""
        self._change("verdict = ?, waits = waits + ?", endpoint, path, name, text, waits)

    def taken(self, endpoint: str, path: str, name: str, message: int) -> None:
        """This file, as last seen, is stored as this message; unchanged and left there it keeps the message."""
        self._change("verdict = '', message = ?", endpoint, path, name, message)

    def places(self) -> list[PlaceStatus]:
        """The places that were listed."""
        return [PlaceStatus(*row) for row in self._execute(_PLACES)]

    def search(self, text: str) -> list[Sighting]:
        """By file name (in any case), last seen first."""
        return [Sighting(*row) for row in self._execute(_SEARCH, (text, SEARCH_LIMIT))]

    def _write(self, changed: Sequence[Sighting], gone: Sequence[Sighting]) -> None:
        self._unit.connection.executemany(_PUT, [_values(sighting) for sighting in changed])
        for sighting in gone:
            if sighting.message is not None:
                # The message has the rest; a row for every file ever taken would be read at every listing.
                sql = "DELETE FROM sightings WHERE endpoint = ? AND path = ? AND name = ?"
                self._execute(sql, (sighting.endpoint, sighting.path, sighting.name))
            else:
                self._execute(_PUT, _values(replace(sighting, equal=0, verdict=GONE)))

    def _change(self, what: str, endpoint: str, path: str, name: str, *values: object) -> None:
        sql = " ".join(("UPDATE sightings SET", what, "WHERE endpoint = ? AND path = ? AND name = ?"))
        if self._execute(sql, (*values, endpoint, path, name)).rowcount != 1:
            raise JournalError(f"{name} was never seen in {path} of {endpoint}")


def _seen(old: Sighting | None, key: tuple[str, str, str], size: int, modified: float | None, now: float) -> Sighting:
    if old is None or (old.size, old.modified) != (size, modified) or old.equal == 0:
        return Sighting(*key, size, modified, 1, old.first_at if old else now, now, 0, "", None)
    if old.message is not None:
        return old
    return replace(old, equal=old.equal + 1, last_at=now)


def _values(sighting: Sighting) -> tuple[Any, ...]:
    return tuple(getattr(sighting, name) for name in Sighting.__dataclass_fields__)
