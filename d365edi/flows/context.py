"""What every flow works with: journal, endpoints, partners, clock, and the locks between tasks.

All state here may be lost at any instant: the busy set, the key locks and what rests only keep two tasks of one process
from doing the same work at once. The journal alone is authoritative.

Knows: how work is run concurrently. Does not know: what the work is.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, TypeVar

import anyio

from d365edi import log
from d365edi.edi.interchange import Party
from d365edi.endpoints.breaker import Breaker, D365Breaker
from d365edi.endpoints.health import Health, Use
from d365edi.errors import CommitError, of_the_disk
from d365edi.flows import policy, routing
from d365edi.flows.latency import Latencies
from d365edi.flows.partner import TradingPartner
from d365edi.journal import Journal
from d365edi.odata.plan import Query
from d365edi.recurring import Recurring

T = TypeVar("T")
FORGOTTEN = 60.0
"""Seconds after which what failed on the disk counts no more; it would have been tried again."""


@dataclass(slots=True)
class Counters:
    """What one tick did, for the log and for tests: counts by verb (`received`, `created`, `held`, ...), and why something that
    waits was not tried (`skipped`, an ordered set of sentences)."""

    counts: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, None] = field(default_factory=dict)

    def add(self, word: str, by: int = 1) -> None:
        """Count one thing."""
        self.counts[word] = self.counts.get(word, 0) + by

    def skip(self, why: str) -> None:
        """Something waits and was not tried."""
        self.skipped[why] = None

    def include(self, other: "Counters") -> None:
        """Add what another tick did."""
        for word, count in other.counts.items():
            self.add(word, count)
        self.skipped |= other.skipped

    def __str__(self) -> str:
        return ", ".join([*(f"{n} {word}" for word, n in self.counts.items()), *self.skipped]) or "nothing to do"


@dataclass(slots=True)
class FlowContext:
    """The parts a flow needs. `clock` returns epoch seconds, `sleep` waits; both are passed in so that tests control time."""

    journal: Journal
    endpoints: Mapping[str, Breaker]
    d365: D365Breaker
    partners: Mapping[str, TradingPartner]
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    jitter: Callable[[], float]
    zone: tzinfo
    concurrency: int = 8
    first_wait: float = policy.FIRST_WAIT
    busy: set[str] = field(default_factory=set)
    answers: dict[Query, tuple[float, list[Mapping[str, Any]]]] = field(default_factory=dict)
    crowded: set[str] = field(default_factory=set)
    defects: dict[str, Recurring] = field(default_factory=dict)
    disk: Recurring = field(default_factory=Recurring)
    failing: dict[str, float] = field(default_factory=dict)
    latencies: Latencies = field(default_factory=Latencies)
    locks: dict[str, tuple[anyio.Lock, int]] = field(default_factory=dict)
    d365_name: str = "d365"

    def local(self, at: float) -> datetime:
        """A moment (epoch seconds) in the daemon's time zone, as envelopes and file names are dated."""
        return datetime.fromtimestamp(at, self.zone)

    def route(self, sender: Party, receiver: Party) -> TradingPartner | None:
        """The partner that sent this interchange: both ids and both qualifiers must match. None where no partner does."""
        return routing.owner(self.partners.values(), sender, receiver)

    @asynccontextmanager
    async def alone(self, key: str) -> AsyncIterator[None]:
        """Lock `key`: work on one order or file never runs concurrently."""
        lock, waiting = self.locks.get(key, (anyio.Lock(), 0))
        self.locks[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self.locks[key]
            if waiting == 1:
                del self.locks[key]
            else:
                self.locks[key] = (lock, waiting - 1)

    def under_way(self, key: str) -> bool:
        """Whether a task has locked `key`, or waits for it."""
        return key in self.locks

    async def each(
        self, kind: str, ids: Iterable[T], work: Callable[[T], Awaitable[None]], counters: Counters, limit: int = 0
    ) -> None:
        """Run `work` for the ids as `pool` does; ends when all are done."""
        async with self.pool(kind, work, counters, limit) as start:
            for id in ids:
                start(id)

    @asynccontextmanager
    async def pool(
        self,
        kind: str,
        work: Callable[[T], Awaitable[None]],
        counters: Counters,
        limit: int = 0,
        *,
        turn: Callable[[T], AbstractAsyncContextManager[None]] = lambda _: nullcontext(),
    ) -> AsyncIterator[Callable[[T], object]]:
        """Gives a function that starts `work` for an id: concurrently, at most `limit` at once (0: `concurrency`),
        skipping ids that another task handles. What waits for its `turn` takes no place meanwhile. The block ends when all of it
        is done.

        An unexpected failure is counted, is logged with its traceback (as a state: not at every attempt) and does not stop
        the others. What the journal could not commit is reported by the journal."""
        limiter = anyio.Semaphore(limit or self.concurrency)

        async def one(id: T) -> None:
            key = f"{kind}:{id}"
            async with turn(id), limiter:
                if key in self.busy:
                    return
                self.busy.add(key)
                try:
                    await work(id)
                    self.defects.pop(key, None)
                    self._disk_works(key)
                except CommitError as error:
                    counters.skip(error.message)
                except Exception as error:
                    if of_the_disk(error):
                        counters.skip(str(error))
                        self._disk_fails(key, str(error))
                        return
                    counters.add("failed")
                    self._defect(key, f"{kind} {id}", error)
                finally:
                    self.busy.discard(key)

        failure: Exception | None = None
        async with anyio.create_task_group() as group:
            try:
                yield lambda id: group.start_soon(one, id)
            except Exception as error:  # what was started may finish; raised below, as a task group would wrap it
                failure = error
        if failure is not None:
            raise failure

    def _disk_works(self, key: str) -> None:
        """It works again when all that failed on it has succeeded, or is not tried any more."""
        if self.disk.failures:
            now = self.disk.clock()
            self.failing = {each: at for each, at in self.failing.items() if each != key and now < at + FORGOTTEN}
            if not self.failing and (lasted := self.disk.ended()) is not None:
                log.say("INFO", "flows", "works", f"the disk works again after {lasted}")

    def _disk_fails(self, key: str, sentence: str) -> None:
        self.failing[key] = self.disk.clock()
        if (lasts := self.disk.failed(sentence)) is not None:
            log.say("ERROR", "flows", "waits", f"{sentence}{lasts}; what waits is tried again every few seconds")

    def _defect(self, key: str, what: str, error: Exception) -> None:
        state = self.defects.setdefault(key, Recurring())
        if (lasts := state.failed(f"{type(error).__name__}: {error}")) is not None:
            log.defect("flows", f"{what}{lasts}", error)

    def rests(self, endpoint: str, use: Use = "", path: str = "") -> bool:
        """Whether an endpoint, or this place there, must not be asked now (see `endpoints.health`)."""
        return self.endpoints[endpoint].rests(use, path)

    def resting(self) -> list[tuple[str, str | None]]:
        """Where nothing can be delivered now: endpoints with None for all of it, or with a path."""
        return [each for endpoint in self.endpoints.values() for each in endpoint.resting()]

    def health(self) -> list[Health]:
        """What is known of every endpoint and of each place there that was used."""
        return [each for endpoint in self.endpoints.values() for each in endpoint.health()]
