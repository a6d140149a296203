"""Whether payloads may be emptied: the journal's newest entry, and a hold where the clock is far ahead of it.

The hold is a row, written before anything else is when the journal is opened: entries that a wrong clock dates would look like
a confirmation of it at the next start.

Knows: the newest entry, the hold. Does not know: how long anything is kept, for how long the clock is steady.
"""

from datetime import UTC, datetime

from d365edi import clock
from d365edi.journal.audit import Audit
from d365edi.journal.table import JournalTable, Unit

RETENTION = "retention"
_NEWEST = """
SELECT max(at) FROM (SELECT at FROM (SELECT at FROM audit ORDER BY id DESC LIMIT 1)
UNION ALL SELECT looked_at FROM places WHERE looked_at <= ?)
"""


class Retention(JournalTable):
    """The hold on retention, and what it is compared with."""

    __slots__ = ("_audit",)

    def __init__(self, unit: Unit, audit: Audit) -> None:
        super().__init__(unit)
        self._audit = audit

    def newest(self) -> float | None:
        """When the last line of the audit was written or the last place was listed, in epoch seconds; None in a new journal."""
        [(at,)] = self._execute(_NEWEST, (self._unit.now,))
        return None if at is None else float(at)

    def held(self) -> str:
        """Why retention waits; "" where it does not."""
        row = self._execute("SELECT reason FROM holds WHERE what = ?", (RETENTION,)).fetchone()
        return row[0] if row else ""

    def look(self) -> None:
        """Hold retention where the clock is too far ahead of the newest entry. To be called before anything is written."""
        newest = self.newest()
        if newest is not None and clock.ahead(self._unit.now, newest):
            self.hold(f"the clock says {_day(self._unit.now)} and the newest entry of the journal {_day(newest)}")

    def hold(self, reason: str) -> None:
        """Hold retention, for this reason; an earlier one stays."""
        if not self.held():
            self._execute("INSERT INTO holds VALUES (?, ?, ?)", (RETENTION, reason, self._unit.now))
            self._audit.append("retention held", reason=reason)
        self._unit.hold_changed = True

    def go(self, actor: str) -> str:
        """End the hold: `actor` released it, or found the clock steady. The reason that it had, "" where there was none."""
        reason = self.held()
        if reason:
            self._execute("DELETE FROM holds WHERE what = ?", (RETENTION,))
            self._audit.append("retention released", actor=actor, reason=reason)
        self._unit.hold_changed = True
        return reason


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M+00:00")
