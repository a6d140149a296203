"""When a business event starts its flow: the first at once, what follows within EVERY seconds together at their end.

A thousand invoices that are posted in one run are a thousand events, and one poll finds all of them. An event that comes while a
start is planned says nothing new; one that comes after a start may, since the poll may have looked already.

A part of `daemon`. Knows: events as they came, names of flows, times of one clock. Does not know: what a flow does.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from d365edi import log

EVERY = 10.0
"""Seconds between two starts of a flow by events, at least."""


class EventPace:
    """What is planned for each flow. `clock` is a monotonic one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, every: float = EVERY) -> None:
        self._clock = clock
        self._every = every
        self._starts: dict[str, float] = {}

    def wait(self, name: str) -> float | None:
        """Seconds after which an event that came now is to start the flow of this name; None where it need not: a start is
        planned already."""
        now, last = self._clock(), self._starts.get(name)
        if last is not None and last > now:
            return None
        start = now if last is None else max(now, last + self._every)
        self._starts[name] = start
        return start - now


class EventStarts:
    """Starts flows by events. `flows` are those that wait for an event, `fire` starts one, `later` runs a function beside."""

    def __init__(
        self,
        flows: Callable[[dict[str, Any]], Awaitable[list[str]]],
        fire: Callable[[str], Awaitable[None]],
        later: Callable[..., object],
        pace: EventPace | None = None,
    ) -> None:
        self._flows = flows
        self._fire = fire
        self._later = later
        self._pace = pace or EventPace()

    async def take(self, payload: dict[str, Any]) -> None:
        """An event came: plan what it starts and return. One line of the log for each start, and where nobody waits for it."""
        id = str(payload.get("BusinessEventId", "?"))[:80]
        flows = await self._flows(payload)
        waits = {name: wait for name in flows if (wait := self._pace.wait(name)) is not None}
        for name, wait in waits.items():
            self._later(self._start, name, wait)
        if waits or not flows:
            started = f"starts {', '.join(waits)}" if flows else "no flow waits for it"
            log.say("INFO", "daemon", "event", f"{id}: {started}")

    async def _start(self, name: str, wait: float) -> None:
        await anyio.sleep(wait)
        await self._fire(name)
