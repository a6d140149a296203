"""Incidents and messages in memory, and the journal's copy of them.

Memory is what counts while the process runs: a journal that cannot store does not silence the alert about it. What is in memory
and not in the journal is stored with the next change that can be. A message is tried only when that was attempted.

Knows: rows and what of them changed. Does not know: what an incident is, any wire.
"""

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, time
from typing import Literal

from d365edi import log
from d365edi.alerts import digests, starts
from d365edi.alerts.digests import Digested
from d365edi.alerts.findings import CHANNEL
from d365edi.alerts.incidents import Board
from d365edi.alerts.message import Message
from d365edi.errors import D365EdiError, JournalGoneError
from d365edi.journal import Alert, Incident, Journal, Tx
from d365edi.journal.alerts import AlertState

STORED_EVERY = 60.0
"""Seconds by which the times of an incident in the journal may be behind those in memory."""
SHOWN_EVERY = 3600.0
"""The same once its begin was told."""
MOST_WAITING = 50
"""Messages that wait on one channel; the oldest is dropped for one more."""


class AlertStore:
    """`board`, `digested`, `starts` (the last is this process') and the messages, loaded once and saved where they changed."""

    def __init__(self, journal: Journal, channels: Collection[str]) -> None:
        self._journal = journal
        self._channels = tuple(channels)
        self.board = Board()
        self.digested = Digested()
        self._alerts: list[Alert] = []
        self._unsaved: dict[tuple[str, str], Alert] = {}
        self._incidents: dict[str, Incident] = {}
        self.starts: tuple[float, ...] = ()
        self._cursors_stored: dict[str, str] = {}

    async def load(self, now: float, local: datetime, digest_at: time | Literal["off"]) -> None:
        """Read all from the journal. What waits for a channel that the settings name no more is dropped."""
        incidents, waiting, last, kept, begun, totals = await self._journal.read(
            lambda tx: (
                tx.alerts.incidents(),
                tx.alerts.waiting(),
                tx.alerts.last_made_at(),
                tx.cursors.get(digests.CURSOR),
                tx.cursors.get(starts.CURSOR),
                digests.totals(tx),
            )
        )
        self._incidents = {each.key: each for each in incidents}
        self.board = Board(dict(self._incidents), float("inf") if last is None else max(0.0, now - last))
        self.digested = Digested.from_json(kept) if kept else digests.first(local, digest_at, totals)
        self.starts = starts.begun(starts.from_json(begun), now)
        self._alerts = waiting
        for alert in [each for each in waiting if each.channel not in self._channels]:
            self._drop(alert, f"the settings have no [alerts.{alert.channel}] any more")

    def queue(self, message: Message, now: float) -> str:
        """Add a message for every channel. Returns its id."""
        id = f"{int(now)}-{uuid.uuid4().hex[:16]}"
        for channel in self._channels:
            self._put(Alert(id, channel, message.to_json(), now))
            waiting = self.waiting(channel)
            if len(waiting) > MOST_WAITING:
                self._drop(waiting[0], f"more than {MOST_WAITING} wait; what is the matter: d365edi status")
        return id

    def waiting(self, channel: str) -> list[Alert]:
        """What is to be sent on a channel, oldest first."""
        return [each for each in self._alerts if each.channel == channel]

    def settle(self, alert: Alert, state: AlertState) -> None:
        """An attempt ended: `sent`, or it still is `waiting`."""
        self._put(replace(alert, state=state, attempts=alert.attempts + 1))

    async def save(self) -> bool:
        """Store what changed. False where the journal cannot, which it reports itself."""
        board = self.board.incidents
        changed = [each for each in board.values() if _differs(self._incidents.get(each.key), each)]
        gone = [key for key in self._incidents if key not in board]
        alerts = list(self._unsaved.values())
        cursors = {digests.CURSOR: self.digested.to_json(), starts.CURSOR: starts.to_json(self.starts)}
        if not (changed or gone or alerts or cursors != self._cursors_stored):
            return True

        def work(tx: Tx) -> None:
            tx.alerts.save(changed, gone, alerts)
            for name, text in cursors.items():
                tx.cursors.set(name, text)

        try:
            await self._journal.write(work)
        except JournalGoneError:
            raise
        except D365EdiError:
            return False
        self._unsaved, self._cursors_stored = {}, cursors
        self._incidents = {key: each for key, each in self._incidents.items() if key not in gone}
        self._incidents.update((each.key, each) for each in changed)
        return True

    async def stopped(self) -> None:
        """This process ends in order."""
        self.starts = self.starts[:-1]
        await self.save()

    def _drop(self, alert: Alert, why: str) -> None:
        self._put(replace(alert, state="dropped"))
        log.say("WARNING", f"{CHANNEL}{alert.channel}", "dropped", f"a message is not sent: {why}")

    def _put(self, alert: Alert) -> None:
        self._unsaved[alert.id, alert.channel] = alert
        others = [each for each in self._alerts if (each.id, each.channel) != (alert.id, alert.channel)]
        self._alerts = sorted([*others, alert], key=_order) if alert.state == "waiting" else others


def _order(alert: Alert) -> tuple[float, str]:
    return alert.made_at, alert.id


def _differs(stored: Incident | None, now: Incident) -> bool:
    """Whether the journal's row is so old that a restart would tell something else. Once it is told, how long it lasts is only
    shown."""
    if stored is None or replace(stored, lasted=now.lasted, quiet=now.quiet) != now:
        return True
    lasted = abs(now.lasted - stored.lasted) >= (STORED_EVERY if now.state == "seen" else SHOWN_EVERY)
    return lasted or abs(now.quiet - stored.quiet) >= STORED_EVERY
