"""The schedule: triggers fire flows, signals stop and reload, systemd is notified. The only user of apscheduler.

    start      settings → app → listeners → triggers → READY; every flow without a cron runs once right away
    running    a firing only starts work in a task group; a flow never runs beside itself; `due` every few seconds
    SIGHUP     new settings are checked first: bad ones are reported and the old ones stay; good ones reopen the app
    SIGTERM    no new work; what runs may finish within `stop_within`; exit 0. A second signal exits at once
    journal    moved, replaced or deleted: what runs is aborted; exit 2, after which systemd does not start it again
    watchdog   notified while the loop runs, the scheduler fires, no flow runs past STUCK_AFTER and the journal can be written
               to without a restart; its status line names what is in trouble

Exiting at once, or being killed, is safe at any instruction: the next start continues from the journal.

Knows: that time passes. Does not know: what a flow does (that is `app`), protocols.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import anyio.abc
from anyio import to_thread
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from d365edi import condition, log, schedule, snapshot, systemd
from d365edi.app import DUE, TRACK, App
from d365edi.clock import ClockWatch
from d365edi.condition import Observation, Trouble
from d365edi.errors import CommitError, D365EdiError, JournalGoneError, SettingsError, of_the_disk, sole
from d365edi.event_starts import EventStarts
from d365edi.listener import commands, listeners
from d365edi.listener.health import Condition
from d365edi.listener.server import Listener, serving
from d365edi.listener.sockets import BoundSockets
from d365edi.recurring import Recurring, span
from d365edi.settings import Settings
from d365edi.verify import reread, verify

if TYPE_CHECKING:
    from d365edi.alerts.service import AlertService

DUE_EVERY = 2.0
"""Seconds between two checks of what waits in the journal (one indexed read when nothing does)."""
TRACK_EVERY = 300.0
"""Seconds between two questions whether what lies in mailboxes was picked up."""
STUCK_AFTER = 3600.0
"""Seconds after which a flow that still runs counts as no progress. A slow partner's thousand files take less."""

Load = Callable[[], Settings]
Open = Callable[[Settings, ClockWatch], AbstractAsyncContextManager[App]]


async def run(load: Load, *, open_app: Open = App.open, stuck_after: float = STUCK_AFTER) -> int:
    """Serve until a signal stops it; returns the exit code 0. SettingsError and JournalError when it cannot begin,
    JournalGoneError when the journal is moved, replaced or deleted meanwhile.

    `load` reads the settings anew each time it is called: once now and once for every SIGHUP. A flow that runs for
    `stuck_after` seconds is stuck."""
    asyncio.get_running_loop().set_exception_handler(_unawaited)
    settings = load()
    requests = SignalRequests()
    failure: D365EdiError | None = None
    async with anyio.create_task_group() as group:
        await group.start(_signals, requests)
        try:
            await _serve(settings, load, open_app, requests, stuck_after)
        except D365EdiError as error:
            failure = error  # raised below: a task group would wrap it
        except BaseExceptionGroup as errors:
            failure = sole(errors, JournalGoneError)
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return 0


@dataclass(slots=True)
class SignalRequests:
    """What the signals asked for and is not done yet; `news` wakes the serving task."""

    stop: bool = False
    reload: bool = False
    news: anyio.Event = field(default_factory=anyio.Event)


async def _signals(requests: SignalRequests, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as received:
        task_status.started()
        async for number in received:
            if number == signal.SIGHUP:
                requests.reload = True
            elif requests.stop:
                sentence = "at once, as asked twice; what was under way continues at the next start"
                log.say("WARNING", "daemon", "stopped", sentence)
                os._exit(1)
            else:
                requests.stop = True
            requests.news.set()


async def _serve(settings: Settings, load: Load, open_app: Open, requests: SignalRequests, stuck_after: float) -> None:
    """One period after the other; settings that cannot be opened are replaced by those of the period before."""
    with contextlib.closing(BoundSockets()) as sockets:
        proven, begun, watch = None, None, ClockWatch()
        while True:
            try:
                log.setup(settings.log.level, settings.log.format, zone=settings.daemon.timezone)
                async with (
                    open_app(settings, watch) as app,
                    ServicePeriod(app, settings, sockets, load, stuck_after=stuck_after, begun=begun).open() as period,
                ):
                    proven, begun = settings, period.begun
                    following = await period.until(requests)
            except SettingsError as error:
                if proven is None or proven is settings:
                    raise
                _report_refused(error)
                settings = proven
                continue
            if following is None or requests.stop:
                return
            settings = following


def _report_refused(error: SettingsError) -> None:
    log.say("ERROR", "daemon", "unchanged", "the new settings are wrong and the old ones stay")
    for fault in str(error).splitlines():
        log.say("ERROR", "daemon", "settings", fault)


class ServicePeriod:
    """One period of serving with one set of settings and one open app."""

    def __init__(
        self,
        app: App,
        settings: Settings,
        sockets: BoundSockets,
        load: Load,
        wall: Callable[[], float] = time.time,
        stuck_after: float = STUCK_AFTER,
        begun: datetime | None = None,
    ) -> None:
        self.stuck_after = stuck_after
        self.app = app
        self.wall = wall
        self.settings = settings
        self.sockets = sockets
        self.load = load
        self.running: dict[str, float] = {}
        self.again: set[str] = set()
        self.events = EventStarts(app.event, self.fire, self._beside)
        self.last: dict[str, tuple[datetime, str]] = {}
        self.failing: dict[str, Recurring] = {}
        self.stuck, self.exhausted = Recurring(), Recurring()
        self.fired = time.monotonic()
        self.closing = False
        self.idle = anyio.Event()
        self.alerts: AlertService | None = None
        self.zone = settings.daemon.timezone
        self.since = datetime.now(self.zone)
        self.begun = begun or self.since
        self.scheduler = AsyncIOScheduler(
            timezone=self.zone, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for flow in app.flows():
            first = {} if flow.cron else {"next_run_time": self.since}
            self.scheduler.add_job(
                self.clock, schedule.trigger(flow, self.zone), id=flow.name, args=[flow.name], **first
            )
        for name, seconds in ((DUE, DUE_EVERY), (TRACK, TRACK_EVERY)):
            often = schedule.Interval(seconds=seconds, timezone=self.zone)
            self.scheduler.add_job(self.clock, often, args=[name], next_run_time=self.since)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[ServicePeriod]:
        """Listeners and triggers open on entering; on leaving nothing is started any more, what runs may finish within
        `stop_within`, and then they close.

        SettingsError when a listener cannot be opened or a channel of alerts not be used; nothing has begun then."""
        if self.settings.alerts is not None:
            from d365edi.alerts import service  # noqa: PLC0415 - nobody needs it without [alerts]

            self.alerts = service.of(self.settings, self.settings.alerts, self.app.journal, self._observe)
        with contextlib.ExitStack() as bound:
            opened = self._bind(bound)
            async with anyio.create_task_group() as self.group:
                async with contextlib.AsyncExitStack() as stack:
                    for each in opened:
                        await stack.enter_async_context(serving(each))
                    self.scheduler.start()
                    stack.callback(self.scheduler.shutdown, wait=False)
                    self.group.start_soon(self._watchdog)
                    self.group.start_soon(self._watch_clock)
                    if self.alerts is not None:
                        self.group.start_soon(self.alerts.run)
                    flows = len(self.app.flows())
                    systemd.notify(f"READY=1\nSTATUS={flows} {'flow' if flows == 1 else 'flows'}")
                    log.say("INFO", "daemon", "ready", f"{flows} flows; {self._where()}")
                    yield self
                    self.closing = True
                    await self._drain()  # the listeners answer meanwhile: a flow may take as long as `stop_within`
                self.group.cancel_scope.cancel()

    async def until(self, requests: SignalRequests) -> Settings | None:
        """Wait for a signal. Returns the settings of the next period, or None to stop."""
        while True:
            await requests.news.wait()
            requests.news = anyio.Event()
            if requests.stop:
                systemd.notify(f"STOPPING=1\nSTATUS=finishing {len(self.running)} flows")
                waits = f"waits for {', '.join(sorted(self.running))}" if self.running else "no flow is running"
                log.say("INFO", "daemon", "stopping", waits)
                return None
            requests.reload = False
            systemd.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
            try:
                new = reread(self.load, self.settings)
            except SettingsError as error:
                _report_refused(error)
                systemd.notify("READY=1")
                continue
            log.say("INFO", "daemon", "reloading", "the settings were read again")
            return new

    # ---------------------------------------------------------------------------------------------------- flows
    async def clock(self, name: str) -> None:
        """A trigger fired: start the flow and return. One that runs already is left alone."""
        self.fired = time.monotonic()
        if name not in self.running and not self.closing:
            self.running[name] = self.fired
            self.group.start_soon(self._work, name)

    def _beside(self, work: Callable[..., Any], *given: Any) -> None:
        self.group.start_soon(work, *given)

    async def fire(self, name: str) -> None:
        """Something is new: start the flow and return. One that runs already runs once more when it is done."""
        if name in self.running:
            self.again.add(name)
        await self.clock(name)

    async def _work(self, name: str) -> None:
        try:
            said = str(await self.app.tick(name))
            self._ran(name)
        except JournalGoneError:  # which ends the daemon: nothing could be stored
            raise
        except Exception as error:  # which never stops the other flows
            said = self._failed(name, error)
        finally:
            del self.running[name]
            if self.closing and not self.running:
                self.idle.set()
        self.last[name] = (datetime.now(self.zone), said)
        if name in self.again:
            self.again.discard(name)
            await self.fire(name)

    def _ran(self, name: str) -> None:
        if (state := self.failing.pop(name, None)) and (lasted := state.ended()) is not None:
            log.say("INFO", name, "runs", f"runs again after {lasted}")

    def _failed(self, name: str, error: Exception) -> str:
        """Report it, once while it repeats. Returns the sentence for `status`."""
        if isinstance(error, CommitError):  # reported by the journal
            return str(error)
        defect = not (isinstance(error, D365EdiError) or of_the_disk(error))
        sentence = f"failed by a defect ({type(error).__name__}: {error}); see the log" if defect else str(error)
        lasts = self.failing.setdefault(name, Recurring()).failed(sentence)
        if lasts is not None and defect:
            log.defect(name, f"the run{lasts}", error)
        elif lasts is not None:
            log.say("WARNING", name, "waits", f"{sentence}{lasts}")
        return sentence

    async def _drain(self) -> None:
        """Wait for what runs, at most `stop_within`; what is aborted then continues at the next start."""
        limit = self.settings.daemon.stop_within.total_seconds()
        with anyio.move_on_after(limit) as deadline:
            if self.running:
                await self.idle.wait()
        if deadline.cancelled_caught:
            names = ", ".join(sorted(self.running))
            sentence = f"{names} did not finish within {limit:.0f} s; the next start continues there"
            log.say("WARNING", "daemon", "aborted", sentence)

    # --------------------------------------------------------------------------------------------------- health
    def troubles(self) -> list[Trouble]:
        """What is the matter: the app's troubles, and flows that fail or do not end. Empty where all the work is done."""
        found, now, today = list(self.app.troubles()), time.monotonic(), time.time()
        found += self.alerts.troubles() if self.alerts else ()
        for name, state in self.failing.items():
            found.append(Trouble("flow", name, state.cause, since=state.since_epoch(), failures=state.failures))
        for name, began in self.running.items():
            if now - began >= self.stuck_after:
                lasts = f"it runs for {span(now - began)}"
                found.append(Trouble("stuck", name, lasts, "restart d365edi", today - now + began))
        if not self.closing and now - self.fired >= 5 * DUE_EVERY:
            why = f"no flow was started for {span(now - self.fired)}"
            found.append(Trouble("stuck", "schedule", why, "restart d365edi", today - now + self.fired))
        if self.exhausted.failures:
            remedy = "raise LimitNOFILE of the service, and see what holds files open: ls -l /proc/PID/fd"
            since, failures = self.exhausted.since_epoch(), self.exhausted.failures
            found.append(Trouble("listener", "connections", self.exhausted.cause, remedy, since, None, failures))
        return found

    def health(self) -> Condition:
        """What /healthz says."""
        troubles = self.troubles()
        return Condition(condition.live(troubles), tuple(sorted({trouble.kind for trouble in troubles})))

    async def _metrics(self) -> str:
        """What /metrics says."""
        from d365edi import metrics  # noqa: PLC0415 - several megabytes that only a scrape needs

        return metrics.text(await snapshot.take(self.app, self.troubles(), self.last, self.failing))

    def _observe(self) -> Observation:
        """What alerts are made of."""
        return Observation(self.troubles(), self.app.health(), frozenset(self.last))

    async def _watch_clock(self) -> None:
        """Compute the schedules anew when the wall clock was set. What it means for stored times is the tick `due`'s affair."""
        watch = ClockWatch(self.wall)
        while True:
            await anyio.sleep(DUE_EVERY)
            if watch.step():
                schedule.recompute(self.scheduler, datetime.now(self.zone))

    async def _watchdog(self) -> None:
        every = systemd.watchdog_interval()
        while every is not None:
            troubles = self.troubles()
            summary = condition.summary(troubles)
            if condition.live(troubles):
                state = f"{len(self.app.flows())} flows, {len(self.running)} running"
                systemd.notify(f"WATCHDOG=1\nSTATUS={'; '.join(filter(None, (state, summary)))}")
                self.stuck.ended()
            elif (lasts := self.stuck.failed(summary)) is not None:
                log.say("ERROR", "daemon", "stuck", f"no progress: {summary}{lasts}; systemd restarts it")
            await anyio.sleep(every)

    # ------------------------------------------------------------------------------------------------ listeners
    def _bind(self, bound: contextlib.ExitStack) -> list[Listener]:
        """Every listener of these settings."""
        known = {**commands.verbs(self.app, self.fire, self.status), "check": self._check}
        views = self.app.views.verbs()
        served = listeners.Served(known, views, self.events.take, self.health, self.exhausted, self._metrics)
        return listeners.bound_listeners(self.settings, served, self.sockets, bound)

    async def _check(self, _: dict[str, Any]) -> list[str]:
        """Whether the settings, as their files are now, could be served: before a reload, which cannot fail any more."""
        trial = listeners.trial(self.sockets)
        return await to_thread.run_sync(lambda: verify(reread(self.load, self.settings), schedule.trigger, trial))

    def _where(self) -> str:
        address = self.settings.daemon.listen
        events = f"business events on {address}" if address else "no listener for business events"
        return f"{events}; health on {health}" if (health := self.settings.daemon.health) else events

    def status(self) -> dict[str, Any]:
        """What only the running daemon knows: its process, what is the matter, endpoints, each flow's last and next run. Moments
        are ISO 8601 with offset."""
        flows = []
        for flow in self.app.flows():
            at, said = self.last.get(flow.name, (None, ""))
            following = self.scheduler.get_job(flow.name).next_run_time
            row = {"name": flow.name, "running": flow.name in self.running, "last": _iso(at), "result": said}
            flows.append({**row, "next": _iso(following)})
        troubles = self.troubles()
        return {
            "pid": os.getpid(),
            "since": _iso(self.begun.astimezone(self.zone)),
            "settings_since": _iso(self.since),
            "condition": condition.word(troubles),
            "troubles": condition.rows(troubles, self.zone),
            "endpoints": condition.rows(
                [*self.app.health(), *(self.alerts.health() if self.alerts else ())], self.zone
            ),
            "flows": flows,
            "ends": self.alerts.ends() if self.alerts else [],
        }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _unawaited(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception that no task awaited: log it once with its trace, and continue."""
    log.defect("daemon", str(context.get("message", "stray exception")), context.get("exception"))
