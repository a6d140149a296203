"""Since when the oldest of what waits is there, by kind, partner and state.

At most LOOKED_AT rows of a state are looked at, the oldest first, all in an index: it costs the same in a journal of a million.

Knows: the states that are not final. Does not know: why anything waits, who asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from d365edi.journal.table import JournalTable

LOOKED_AT = 10_000
"""Rows of one state: whose oldest lies beyond has no age."""
_OLDEST = (
    ("messages", ("received", "quarantined"), "messages", "state", "received_at"),
    ("documents", ("ready", "held", "delivering"), "documents", "state", "created_at"),
    ("deliveries", ("pending", "attempting", "waiting", "quarantined"), "deliveries", "state", "created_at"),
    ("acknowledgments", ("awaited", "overdue"), "deliveries", "ack", "coalesce(delivered_at, created_at)"),
)
_FIRST = """
SELECT first.partner, {at} FROM {table} JOIN (
    SELECT partner, min(id) AS id FROM (SELECT partner, id FROM {table} WHERE {column} = ? ORDER BY id LIMIT ?)
    GROUP BY partner) AS first ON first.id = {table}.id
"""
WAITING = tuple((what, state) for what, states, *_ in _OLDEST for state in states)
"""What is looked at: "messages", "documents", "deliveries" or "acknowledgments", and a state."""


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest of one kind, partner and state: since when it is there, in epoch seconds."""

    what: str
    partner: str
    state: str
    since: float


class Ages(JournalTable):
    """The ages of what waits."""

    __slots__ = ()

    def oldest(self) -> Iterator[Oldest]:
        """The oldest of each kind, partner and state of WAITING, where there is any."""
        for what, states, table, column, at in _OLDEST:
            sql = _FIRST.format(table=table, column=column, at=at)
            for state in states:
                for partner, since in self._execute(sql, (state, LOOKED_AT)):
                    yield Oldest(what, partner, state, since)
