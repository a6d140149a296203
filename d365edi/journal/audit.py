"""The audit trail: append-only lines, each chained to the line before it by a digest.

The digest of a line is sha256 over the digest of the line before and the canonical JSON of the line: an array of its
values in the order of `AuditLine`, no blanks, not escaped. The last line stands a second time in `audit_head`, so that
lines missing at the end are seen too. One writer appends, so there is one chain.

A line is never rewritten. Actions that had another name in earlier versions stay as they were written, and are shown and
found by their name of today (`RENAMED`).

Knows: lines, and names of actions. Does not know: what an action means.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from d365edi.journal.table import JournalTable, select, sha256

RENAMED: Mapping[str, str] = {
    "seen again": "duplicate",
    "known": "ignored",
    "kept": "recorded",
    "cut": "aborted",
    "guarded": "warned",
}
"""Actions as earlier versions wrote them, and the name that each has today."""


def current(action: str) -> str:
    """The name of today of an action, however it was written."""
    return RENAMED.get(action, action)


def spellings(action: str) -> tuple[str, ...]:
    """All names that an action has or had; `action` is any of them."""
    today = current(action)
    return (today, *(old for old, new in RENAMED.items() if new == today))


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line. `action` is as it was written, `verb` as it is shown; `detail` is a JSON object as text; `digest` chains the
    line to the line before."""

    id: int
    at: float
    action: str
    message: int | None
    document: int | None
    delivery: int | None
    partner: str
    actor: str
    run: str
    detail: str
    digest: str

    @property
    def verb(self) -> str:
        """The name of today of the action."""
        return current(self.action)


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain breaks first: the number of the line and what is wrong with it."""

    line: int
    reason: str


_INSERT = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ALL = select(AuditLine, "audit", "ORDER BY id")
_AFTER = select(AuditLine, "audit", "WHERE id > ? ORDER BY id LIMIT ?")


class Audit(JournalTable):
    """The lines of the journal's audit trail."""

    __slots__ = ()

    def append(
        self,
        action: str,
        *,
        message: int | None = None,
        document: int | None = None,
        delivery: int | None = None,
        partner: str = "",
        actor: str = "d365edi",
        **detail: Any,
    ) -> int:
        """Append a line; its number. The run is that of the message; details are what JSON can hold, else text."""
        run = self._run(message) if message is not None else ""
        text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)
        last, before = self._execute("SELECT id, digest FROM audit_head").fetchone()
        values = (last + 1, self._unit.now, action, message, document, delivery, partner, actor, run, text)
        digest = _chain(before, values)
        self._execute(_INSERT, (*values, digest))
        self._execute("UPDATE audit_head SET id = ?, digest = ? WHERE one = 1", (last + 1, digest))
        return int(last + 1)

    def verify(self) -> Broken | None:
        """Walk the whole chain: None when it holds, else the first line that is changed, missing or too many."""
        expected, before = 1, ""
        for row in self._execute(_ALL):
            if row[0] != expected:
                return Broken(expected, f"line {expected} is missing")
            if _chain(before, row[:-1]) != row[-1]:
                return Broken(expected, f"line {expected} is not as it was written")
            expected, before = expected + 1, row[-1]
        head = self._execute("SELECT id, digest FROM audit_head").fetchone()
        if head is None or head[0] < expected - 1:
            return Broken((head[0] if head else 0) + 1, "the trail has a line that the journal never wrote")
        if head[0] > expected - 1:
            return Broken(expected, f"line {expected} is missing, with all up to {head[0]}")
        return None if head[1] == before else Broken(expected - 1, f"line {expected - 1} is not as it was written")

    def head(self) -> tuple[int, str]:
        """Number and digest of the last line: kept elsewhere, they prove the trail up to here."""
        last, digest = self._execute("SELECT id, digest FROM audit_head").fetchone()
        return last, digest

    def query(
        self,
        *,
        message: int | None = None,
        document: int | None = None,
        delivery: int | None = None,
        partner: str | None = None,
        action: str | None = None,
        actor: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
    ) -> list[AuditLine]:
        """The newest lines for which everything named is true, in the order they were written. `until` is exclusive.

        An `action` is found under all its spellings, an `actor` by the name before the user's number: `kim (uid 1001)`."""
        asked: dict[str, object] = {
            "message = ?": message,
            "document = ?": document,
            "delivery = ?": delivery,
            "partner = ?": partner,
            "instr(actor || ' ', ? || ' ') = 1": actor,
            "at >= ?": since,
            "at < ?": until,
        }
        terms = [term for term, value in asked.items() if value is not None]
        values = [value for value in asked.values() if value is not None]
        if action is not None:
            actions = spellings(action)
            terms.append(f"action IN ({', '.join('?' * len(actions))})")
            values += actions
        where = " ".join(("WHERE", " AND ".join(terms))) if terms else ""
        newest = self._all(select(AuditLine, "audit", " ".join((where, "ORDER BY id DESC LIMIT ?"))), [*values, limit])
        return newest[::-1]

    def tail(self, limit: int = 20) -> list[AuditLine]:
        """The last lines, in the order they were written."""
        return self.query(limit=limit)

    def after(self, line: int, limit: int = 1000) -> list[AuditLine]:
        """The lines after that one, oldest first: how an export walks the trail."""
        return self._all(_AFTER, [line, limit])

    def _run(self, message: int) -> str:
        row = self._execute("SELECT endpoint, name, digest FROM messages WHERE id = ?", (message,)).fetchone()
        return f"{row[0]}:{row[1]}:{row[2][:6]}" if row else ""

    def _all(self, sql: str, values: Sequence[Any]) -> list[AuditLine]:
        return [AuditLine(*row) for row in self._execute(sql, values)]


def _chain(before: str, values: Sequence[Any]) -> str:
    return sha256(f"{before}\n{json.dumps(values, ensure_ascii=False, separators=(',', ':'))}".encode())
