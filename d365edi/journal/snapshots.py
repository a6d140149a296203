"""Snapshots of lists: which version of each record the partner has, and what is seen while a list is read.

    seen        same → due           what is joined with it changed, or another row of its document
                due ──┬→ written     the snapshot gets its version when the delivery is stored
                      ├→ aside       not written, for a reason; it is due again in the next pass
                      └→ gone        it is no more; the snapshot forgets it

What a list is joined with has a list of its own, whose keys say all that is read of a joined row.

Knows: keys and digests. Does not know: D365, what a record says.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from d365edi.journal.table import SEARCH_LIMIT, JournalTable

PORTION = 5_000
SeenState = Literal["same", "due", "written", "aside", "gone"]

_SEE = """
INSERT OR IGNORE INTO seen
SELECT ?1, ?2, ?3, CASE WHEN ?4 AND EXISTS
    (SELECT 1 FROM snapshots WHERE list = ?1 AND key = ?2 AND digest = ?3) THEN 'same' ELSE 'due' END
"""
_MISSING = """
SELECT key FROM snapshots WHERE list = ?1 AND key > ?2
AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.list = ?1 AND seen.key = snapshots.key) ORDER BY key LIMIT ?3
"""
_MOVE = """
INSERT INTO snapshots SELECT list, key, digest, coalesce(key ->> ?3, ''), ?4 FROM seen
WHERE list = ?1 AND state IN ('written', ?2) AND key > ?5 AND key <= ?6
ON CONFLICT (list, key) DO UPDATE SET digest = excluded.digest, message = excluded.message
"""
# What was not written all the same is due again, also where only what is joined with it changed.
_ASIDE = """
UPDATE snapshots SET digest = x'' WHERE list = ?1 AND key IN (SELECT key FROM seen WHERE list = ?1 AND state = 'aside')
"""
_NOT_SENT = """
UPDATE snapshots SET digest = x'' WHERE (list, key) IN
    (SELECT list, key FROM snapshots WHERE message = ? AND digest <> x'' LIMIT ?)
"""
_GONE = """
INSERT INTO seen SELECT list, key, digest, 'gone' FROM snapshots WHERE list = ?1
AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.list = ?1 AND seen.key = snapshots.key)
"""
_FORGET = """
DELETE FROM snapshots WHERE list = ?1 AND key IN (SELECT key FROM seen WHERE list = ?1 AND state = 'gone')
"""


class Snapshots(JournalTable):
    """The lists, their snapshots, and what was seen of a list that is being read."""

    __slots__ = ()

    def of(self, flow: str, company: str, entity_set: str) -> tuple[int, bool]:
        """The id of a list, and whether it has a snapshot."""
        self._execute(
            'INSERT OR IGNORE INTO lists (flow, company, "set") VALUES (?, ?, ?)', (flow, company, entity_set)
        )
        sql = 'SELECT id, taken_at IS NOT NULL FROM lists WHERE flow = ? AND company = ? AND "set" = ?'
        id, taken = self._execute(sql, (flow, company, entity_set)).fetchone()
        return id, bool(taken)

    def unsee_some(self, list: int) -> int:
        """Forget what was seen of a list, a portion at once; how many. A statement has all that it deletes in memory."""
        sql = "DELETE FROM seen WHERE list = ?1 AND key IN (SELECT key FROM seen WHERE list = ?1 LIMIT ?2)"
        return self._execute(sql, (list, PORTION)).rowcount

    def see(self, list: int, versions: Mapping[str, str], *, compared: bool) -> None:
        """These records are in the list, each with its version. `compared`: one that the snapshot has in this version is the
        same; without, all are due. What was seen before stays as it is: rows that shift come twice."""
        rows = [(list, key, digest(version), compared) for key, version in versions.items()]
        self._unit.connection.executemany(_SEE, rows)

    def mark(self, list: int, versions: Mapping[str, str], state: SeenState) -> None:
        """Give these records a state, with the versions that it is about."""
        sql = "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)"
        self._unit.connection.executemany(
            sql, [(list, key, digest(version), state) for key, version in versions.items()]
        )

    def unsee(self, list: int, keys: Iterable[str]) -> None:
        """These are not in the list after all."""
        self._unit.connection.executemany("DELETE FROM seen WHERE list = ? AND key = ?", [(list, key) for key in keys])

    def due(self, list: int, after: str, limit: int) -> list[str]:
        """Keys of records that are to be written, in their order, behind `after`."""
        sql = "SELECT key FROM seen WHERE list = ? AND state = 'due' AND key > ? ORDER BY key LIMIT ?"
        return [key for (key,) in self._execute(sql, (list, after, limit))]

    def due_among(self, list: int, keys: Sequence[str]) -> set[str]:
        """Which of these are to be written."""
        sql = "SELECT key FROM seen WHERE list = ? AND key IN (SELECT value FROM json_each(?)) AND state = 'due'"
        return {key for (key,) in self._execute(sql, (list, json.dumps(keys)))}

    def unseen(self, list: int, keys: Sequence[str]) -> set[str]:
        """Which of these were not seen yet."""
        sql = "SELECT key FROM seen WHERE list = ? AND key IN (SELECT value FROM json_each(?))"
        return {*keys} - {key for (key,) in self._execute(sql, (list, json.dumps(keys)))}

    def count(self, list: int, state: SeenState) -> int:
        """How many of the list are in a state."""
        (count,) = self._execute("SELECT count(*) FROM seen WHERE list = ? AND state = ?", (list, state)).fetchone()
        return int(count)

    def missing(self, list: int, after: str, limit: int) -> list[str]:
        """Keys in the snapshot that were not seen, in their order, behind `after`."""
        return [key for (key,) in self._execute(_MISSING, (list, after, limit))]

    def move(self, list: int, number: str, message: int | None, *, baseline: bool = False) -> None:
        """Move the snapshot to what was written with a message, and forget what is gone. `number` is the part of the key that
        people know a record by. `baseline`: to what is due, which is not written. A portion at once: SQLite has in memory what
        a statement changes."""
        last = ""
        while (to := self._end(list, last)) is not None:
            self._execute(_MOVE, (list, "due" if baseline else "written", f'$."{number}"', message, last, to))
            last = to
        self._execute(_ASIDE, (list,))
        self._execute(_FORGET, (list,))
        self._execute("UPDATE lists SET taken_at = ? WHERE id = ?", (self._unit.now, list))

    def not_sent(self, message: int) -> None:
        """The file of this message is not sent: what was in it is due again. It is not forgotten, since the partner may have an
        earlier version. A portion at once, as `move` does it."""
        while self._execute(_NOT_SENT, (message, PORTION)).rowcount:
            pass

    def complete(self, list: int, whole: Sequence[str]) -> None:
        """What says the same in these parts of the key is due together: with one record all of them are."""
        self._due_by(list, list, [(part, part) for part in whole], "'due'")

    def follow(self, list: int, other: int, on: Sequence[tuple[str, str]]) -> None:
        """Records of `list` are due with which the list `other` belongs (by parts of their keys: theirs, ours) where something
        in that one is new or gone; what is gone there is forgotten by its next move."""
        self._execute(_GONE, (other,))
        self._due_by(list, other, on, "'due', 'gone'")

    def _due_by(self, list: int, other: int, on: Sequence[tuple[str, str]], states: str) -> None:
        """`states` is SQL. Text is compared as D365 does, of other letters than ASCII with their case."""
        parts = f"json_array({', '.join('lower(rtrim(key ->> ?))' for _ in on)})"
        same = ("UPDATE seen SET state = 'due' WHERE list = ? AND state = 'same' AND", parts)
        sql = " ".join((*same, "IN (SELECT", parts, "FROM seen WHERE list = ? AND state IN (", states, "))"))
        ours, theirs = ([f'$."{pair[side]}"' for pair in on] for side in (1, 0))
        self._execute(sql, (list, *ours, *theirs, other))

    def _end(self, list: int, after: str) -> str | None:
        """The last key of the portion behind `after` of what was seen; None where nothing is behind it."""
        sql = "SELECT max(key) FROM (SELECT key FROM seen WHERE list = ? AND key > ? ORDER BY key LIMIT ?)"
        (key,) = self._execute(sql, (list, after, PORTION)).fetchone()
        return key if key is None else str(key)

    def messages(self, number: str) -> set[int]:
        """The messages of the files that records of this number (in any case) were last in."""
        sql = "SELECT DISTINCT message FROM snapshots WHERE number = ? AND message IS NOT NULL LIMIT ?"
        return {message for (message,) in self._execute(sql, (number, SEARCH_LIMIT))}


def digest(version: str) -> bytes:
    """A version as it is kept: sixteen bytes of its SHA-256."""
    return hashlib.sha256(version.encode()).digest()[:16]
