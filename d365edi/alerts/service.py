"""Looks at what is the matter every few seconds, stores what is to be told, and sends it.

Incidents and the messages about them are stored in one transaction before anything is sent, and each message that was sent in
another. A process that is killed between the two sends that message again, under the same id; nothing is lost. While the journal
cannot store, messages go from memory: that is what they are about.

Knows: the order of looking, storing and sending. Does not know: when an incident begins or ends (`incidents`), any wire.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import anyio

from d365edi import log
from d365edi.alerts import channels, dead, digests, expiry, findings, starts
from d365edi.alerts import message as messages
from d365edi.alerts.channels import Channel
from d365edi.alerts.findings import CHANNEL, Delays
from d365edi.alerts.incidents import Finding, Rules, look
from d365edi.alerts.message import Message
from d365edi.alerts.store import AlertStore
from d365edi.condition import Observation, Trouble, of_endpoints
from d365edi.endpoints.filenames import NEVER_TAKEN
from d365edi.endpoints.health import Health
from d365edi.errors import D365EdiError, JournalGoneError, of_the_disk
from d365edi.failpoints import reach
from d365edi.journal import Incident, Journal, Tx
from d365edi.recurring import Recurring

if TYPE_CHECKING:
    from d365edi.settings import Alerts, Settings

T = TypeVar("T")

LOOK_EVERY = 10.0
"""Seconds between two looks, at most."""
UNPROVEN_FOR = 86_400.0
"""Seconds after the start for which an endpoint or flow that was not tried yet says nothing about an incident of before."""
_OF_ENDPOINTS = frozenset({"unreachable", "credentials", "place", "unwritable", "throttled"})


class AlertService:
    """Made with the settings, the journal, the channels `by` which is told, and what observes the daemon. `run` does all."""

    def __init__(
        self,
        settings: Settings,
        alerts: Alerts,
        journal: Journal,
        by: Sequence[Channel],
        observe: Callable[[], Observation],
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._channels = list(by)
        self._observe = observe
        self._wall, self._monotonic = wall, monotonic
        self._delays = Delays(alerts.delay.total_seconds(), alerts.unreachable.total_seconds())
        self._rules = Rules(alerts.settled.total_seconds(), alerts.every.total_seconds())
        self._within, self._digest = alerts.expires.total_seconds(), alerts.digest
        self._ends = expiry.of(settings, settings.secret)
        self._host = socket.gethostname()
        self._store = AlertStore(journal, [channel.name for channel in by])
        self._started = monotonic()
        self._looked_at: float | None = None
        self._failing = Recurring()

    @property
    def interval(self) -> float:
        """Seconds between two looks: short delays are kept to a tenth."""
        shortest = min(self._delays.general, self._delays.unreachable, self._rules.settled)
        return min(LOOK_EVERY, max(0.2, shortest / 10))

    def health(self) -> list[Health]:
        """What is known of the channels."""
        return [channel.health() for channel in self._channels]

    def troubles(self) -> list[Trouble]:
        """The channels that fail."""
        return list(of_endpoints(self.health()))

    def ends(self) -> list[dict[str, str]]:
        """What ends soon or has ended, as it is told: `name`, and `why` with what replaces it."""
        ending = findings.of_ends(self._ends, self._wall(), self._within, self._local)
        return [{"name": each.name, "why": f"{each.what}; {each.remedy}"} for each in ending]

    async def run(self) -> None:
        """Look for ever. JournalGoneError where the journal was moved, replaced or deleted; no other failure ends it."""
        try:
            while True:
                await self.turn()
                await anyio.sleep(self.interval)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Note in the journal that this process ends in order."""
        if self._looked_at is not None:
            with anyio.CancelScope(shield=True), suppress(D365EdiError):
                self._journal.check_presence()
                await self._store.stopped()

    async def turn(self) -> None:
        """Look, store and send once. A failure is logged, once while it repeats: documents go on without alerts."""
        try:
            await self._turn()
        except JournalGoneError:
            raise
        except Exception as error:
            if (lasts := self._failing.failed(f"{type(error).__name__}: {error}")) is not None:
                log.defect("alerts", f"what is the matter cannot be told{lasts}", error)
        else:
            if (lasted := self._failing.ended()) is not None:
                log.say("INFO", "alerts", "runs", f"it can be told again what is the matter, after {lasted}")

    async def _turn(self) -> None:
        self._journal.check_presence()
        now = self._wall()
        if self._looked_at is None:
            await self._load(now)
        elapsed = self._elapsed()
        seen, rows = self._observe(), await self._rows()
        found = [*self._found(seen, now), *starts.found(self._store.starts, now), *(rows or ())]
        store = self._store
        board, report = look(
            store.board, found, elapsed, self._rules, lambda each: self._judged(each, seen, rows is not None)
        )
        if report is not None:
            self._tell(messages.of_incidents(report, self._host, now, self._local), now)
        store.board = board  # told only with the message that tells it
        await self._tell_digest(now)
        if await store.save():
            reach("alert.stored")
            dead.forget(self._settings.daemon.journal)
        await self._send()

    async def _load(self, now: float) -> None:
        """What was told before, and that the daemon was dead where that was told meanwhile."""
        store = self._store
        await store.load(now, self._local(now), self._digest)
        if died := dead.told(self._settings.daemon.journal, now):
            store.board = replace(store.board, incidents={died.key: died, **store.board.incidents})

    def _elapsed(self) -> float:
        now = self._monotonic()
        before, self._looked_at = self._looked_at, now
        return 0.0 if before is None else now - before

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self._settings.daemon.timezone)

    # -- what is there ------------------------------------------------------------------------------------------------
    def _found(self, seen: Observation, now: float) -> Iterator[Finding]:
        """Our own channels are told of where there is another one to tell it."""
        told = [each for each in seen.troubles if not each.name.startswith(CHANNEL) or len(self._channels) > 1]
        yield from findings.of_troubles(told, self._delays, self._settings.daemon.journal, now)
        if not _in_doubt(seen):
            yield from findings.of_ends(self._ends, now, self._within, self._local)

    async def _rows(self) -> list[Finding] | None:
        """What needs a person; None where the journal could not be read."""
        delay, never = self._delays.general, sorted(NEVER_TAKEN)
        return await self._read(lambda tx: list(findings.of_rows(tx, never, delay)))

    async def _read(self, work: Callable[[Tx], T]) -> T | None:
        try:
            return await self._journal.read(work)
        except Exception as error:
            if isinstance(error, D365EdiError) or of_the_disk(error):
                return None
            raise

    def _judged(self, incident: Incident, seen: Observation, rows: bool) -> bool:
        """Whether it is known that what is not found is not there any more."""
        kind = incident.kind
        if kind == "ends":
            return not _in_doubt(seen)
        if kind in findings.OF_ROWS:
            return rows
        if self._monotonic() - self._started > UNPROVEN_FOR:
            return True
        if kind == "flow":
            return incident.name in seen.ran
        if kind not in _OF_ENDPOINTS or incident.name.startswith(CHANNEL):
            return True
        return _proven(incident.name, seen.health)

    # -- what is told -------------------------------------------------------------------------------------------------
    def _tell(self, message: Message, now: float) -> None:
        id = self._store.queue(message, now)
        to = ", ".join(channel.name for channel in self._channels)
        counts = {"begun": len(message.begun), "over": len(message.ended)}
        log.say("INFO", "alerts", "queued", f"{_what(message)}, to be sent by {to}", id=id, **counts)

    async def _tell_digest(self, now: float) -> None:
        store, local = self._store, self._local(now)
        day = digests.due(store.digested, local, self._digest)
        totals = await self._read(digests.totals) if day else None
        if day is None or totals is None:
            return
        incidents = list(store.board.incidents.values())
        self._tell(messages.digest(incidents, totals, store.digested.totals, self._host, now, self._local), now)
        store.digested = digests.Digested(day, totals)

    async def _send(self) -> None:
        """Send what waits, oldest first; a channel that fails rests with all that is behind, and says so in the log once."""
        for channel in self._channels:
            for alert in self._store.waiting(channel.name):
                if channel.rests():
                    break
                with anyio.CancelScope(shield=True):  # what was sent is recorded
                    message = Message.from_json(alert.content)
                    error = await channel.try_to_send(alert.id, message)
                    if error is None:
                        reach("alert.sent")
                        log.say("INFO", f"{CHANNEL}{channel.name}", "delivered", _what(message), id=alert.id)
                    self._store.settle(alert, "waiting" if error else "sent")
                    await self._store.save()
                    reach("alert.recorded")
                if error:
                    break


def _what(message: Message) -> str:
    return "the daily digest" if message.kind == "digest" else "what is the matter"


def _in_doubt(seen: Observation) -> bool:
    """Whether the clock is in doubt: what ends by it is not judged then."""
    return any(each.kind == "clock" for each in seen.troubles)


def _proven(name: str, known: Sequence[Health]) -> bool:
    """Whether an endpoint, or `endpoint:place`, was tried since the start, or is in the settings no more."""
    endpoint, _, place = name.partition(":")
    own = [each for each in known if each.endpoint == endpoint]
    tried = [each for each in own if each.place == place]
    return not own or any(each.reached_at is not None or each.failing_since is not None for each in tried)


def of(settings: Settings, alerts: Alerts, journal: Journal, observe: Callable[[], Observation]) -> AlertService:
    """The service that these settings ask for. SettingsError where a channel cannot be used."""
    return AlertService(settings, alerts, journal, channels.of(alerts, settings.secret), observe)
