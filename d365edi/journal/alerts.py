"""Incidents and the alerts about them, stored before they are sent.

Knows: rows. Does not know: what an incident is, when anybody is told, mail or HTTP.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from d365edi.journal.table import JournalTable, insert, select

IncidentState = Literal["seen", "due", "told", "ended", "missed"]
"""Within its delay; to be told; told; told and over, its end is to be told; over before it could be told."""
AlertState = Literal["waiting", "sent", "dropped"]
KEPT = 1000
"""How many alerts that are settled stay in the journal."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that is the matter. `what` is a sentence, `remedy` what to do; `since` is in epoch seconds, `lasted` and `quiet`
    (for how long it was seen, and is gone) are seconds by the monotonic clock."""

    key: str
    kind: str
    name: str
    what: str
    remedy: str
    state: IncidentState
    since: float
    lasted: float = 0.0
    quiet: float = 0.0


@dataclass(frozen=True, slots=True)
class Alert:
    """A message on one channel. `id` is the same on all channels and in every attempt; `content` is JSON."""

    id: str
    channel: str
    content: str
    made_at: float
    state: AlertState = "waiting"
    attempts: int = 0


_INCIDENTS = select(Incident, "incidents", "ORDER BY since, key")
_PUT_INCIDENT = insert("incidents", *Incident.__dataclass_fields__).replace("INSERT", "INSERT OR REPLACE", 1)
_REMOVE = "DELETE FROM incidents WHERE key = ?"
_WAITING = select(Alert, "alerts", "WHERE state = 'waiting' ORDER BY number")
_PUT_ALERT = " ".join(
    (
        insert("alerts", *Alert.__dataclass_fields__),
        "ON CONFLICT (id, channel) DO UPDATE SET state = excluded.state, attempts = excluded.attempts",
    )
)
_LAST = "SELECT made_at FROM alerts ORDER BY number DESC LIMIT 1"
_PRUNE = "DELETE FROM alerts WHERE number <= (SELECT max(number) FROM alerts) - ? AND state <> 'waiting'"


class Alerts(JournalTable):
    """The incidents and alerts of the journal."""

    __slots__ = ()

    def incidents(self) -> list[Incident]:
        """Every incident whose end was not told yet, oldest first."""
        return [Incident(*row) for row in self._execute(_INCIDENTS)]

    def waiting(self) -> list[Alert]:
        """Alerts that are to be sent, oldest first."""
        return [Alert(*row) for row in self._execute(_WAITING)]

    def last_made_at(self) -> float | None:
        """When the last alert was made, in epoch seconds; None where there was none."""
        row = self._execute(_LAST).fetchone()
        return row[0] if row else None

    def save(self, incidents: Iterable[Incident], gone: Iterable[str], alerts: Iterable[Alert]) -> None:
        """Store incidents, take those with the keys `gone` away, and store alerts with their state."""
        many = self._unit.connection.executemany
        many(_PUT_INCIDENT, [_values(each) for each in incidents])
        many(_REMOVE, [(key,) for key in gone])
        many(_PUT_ALERT, [_values(each) for each in alerts])
        self._execute(_PRUNE, (KEPT,))


def _values(row: Incident | Alert) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in type(row).__dataclass_fields__)
