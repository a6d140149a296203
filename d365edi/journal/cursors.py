"""Cursors: how far a flow has read a source that is queried for what is newer.

Knows: flows by name. Does not know: what a value means.
"""

from d365edi.journal.table import JournalTable

REFUSED_LOGINS = "logins refused"
"""In place of a flow: who let nobody in, by endpoint (JSON, see `flows/logins`)."""


class Cursors(JournalTable):
    """One text per flow."""

    __slots__ = ()

    def get(self, flow: str) -> str | None:
        """How far the flow has read; None where it never did."""
        row = self._execute("SELECT value FROM cursors WHERE flow = ?", (flow,)).fetchone()
        return row[0] if row else None

    def set(self, flow: str, value: str) -> None:
        """Remember how far the flow has read."""
        self._execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", (flow, value, self._unit.now))
