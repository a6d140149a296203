"""When a flow fires: triggers that a wall clock which is set can neither stop nor make spin.

APScheduler computes the next firing from the last one, each missed one in between too: after a step of 400 days forward a
flow of every two seconds would take seventeen million steps. These compute it from now where the last one is past. A step back
leaves firings far in the future; `recompute` brings them back.

A part of `daemon`. Knows: triggers, moments. Does not know: what a flow does, when the clock was set.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from d365edi.build import FlowInfo
from d365edi.errors import SettingsError

EVENT_ONLY_EVERY = 3600.0
"""Seconds between two runs of a flow that only an event fires: an event can be lost."""


class Interval(IntervalTrigger):  # type: ignore[misc]
    """Every so often; what was missed is one firing."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> Any:
        """The firing after `previous_fire_time`, and none that was missed."""
        if previous_fire_time and (now - previous_fire_time).total_seconds() >= self.interval_length:
            previous_fire_time = now
        return super().get_next_fire_time(previous_fire_time, now)


class Cron(CronTrigger):  # type: ignore[misc]
    """By a cron line; what was missed is one firing."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> Any:
        """The firing after `previous_fire_time`, and none that was missed."""
        missed = previous_fire_time is not None and previous_fire_time < now
        return super().get_next_fire_time(None if missed else previous_fire_time, now)


def trigger(flow: FlowInfo, zone: ZoneInfo) -> Any:
    """The clock of a flow, in the daemon's zone. SettingsError when its cron line cannot be followed."""
    jitter = int(flow.jitter.total_seconds()) if flow.jitter else None
    if flow.cron is None:
        seconds = flow.every.total_seconds() if flow.every else EVENT_ONLY_EVERY
        return Interval(seconds=seconds, timezone=zone, jitter=jitter)
    try:
        made = Cron.from_crontab(flow.cron, timezone=zone)
    except ValueError as error:
        remedy = 'write minute, hour, day, month and weekday, e.g. "*/10 6-20 * * mon-fri"'
        raise SettingsError(f'cron = "{flow.cron}": {error}', key=f"partners.{flow.name}", remedy=remedy) from error
    made.jitter = jitter
    return made


def recompute(scheduler: BaseScheduler, now: datetime) -> None:
    """The wall clock was set: no flow waits longer than it would if it had just run. What is past fires by itself."""
    for job in scheduler.get_jobs():
        by_interval = isinstance(job.trigger, Interval)
        following = job.trigger.get_next_fire_time(now if by_interval else None, now)
        if job.next_run_time is not None and job.next_run_time > following:
            job.modify(next_run_time=following)
