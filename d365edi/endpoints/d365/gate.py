"""The one gate before a D365 tenant: every request passes it, and while it is closed nothing is sent.

A request that is under way when it closes is let finish. Whoever comes waits here, in the order of `Turn`, at most for the
time that a whole request may take; who would have to wait longer hears at once how long, and nothing was sent. What the gate
knows is memory of this process: a new one begins open.

Knows: who waits, a clock. Does not know: what an answer means (that is the client), when to close (that is `gate_state`).
"""

import time
from bisect import insort
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import anyio

from d365edi.endpoints.d365 import gate_state
from d365edi.endpoints.d365.gate_state import GateRules, GateState, Turn
from d365edi.errors import Throttled, Unavailable

Closed = Callable[[Unavailable, float], None]
"""Told what was answered, and for how many seconds nothing is sent."""


@dataclass(order=True)
class _Waiting:
    turn: Turn
    number: int
    news: anyio.Event = field(compare=False)
    admitted: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Passage:
    """One request's way through: when it went (by the gate's clock), and whether it had to wait."""

    sent_at: float
    waited: bool


class Gate:
    """The gate of one tenant. `wait`: seconds for which a request waits while it is closed; `clock` is a monotonic one.

    `on_closed` and `on_open` are told when it closes and when a request is answered well after that."""

    def __init__(
        self, endpoint: str, rules: GateRules, *, wait: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._endpoint = endpoint
        self._rules = rules
        self._clock = clock
        self._state = GateState(rules.concurrency)
        self._running = [0] * len(Turn)
        self._waiting: list[_Waiting] = []
        self._numbers = count()
        self._words = ""
        self.wait = wait
        self.on_closed: Closed = lambda _error, _seconds: None
        self.on_open: Callable[[], None] = lambda: None

    @property
    def left(self) -> float:
        """Seconds until it opens; 0 where it is open."""
        return self._state.left(self._clock())

    @property
    def limit(self) -> int:
        """How many requests may run at once now."""
        return self._state.limit

    def now(self) -> float:
        """The time by its clock."""
        return self._clock()

    def deadline(self) -> float:
        """Until when one who comes now waits at a closed gate (by the gate's clock)."""
        return self._clock() + self.wait

    def opens_by(self, deadline: float) -> bool:
        """Whether it is open by then."""
        return self._clock() + self.left <= deadline

    @asynccontextmanager
    async def passage(self, turn: Turn, deadline: float) -> AsyncIterator[Passage]:
        """Wait for one's turn and hold it. Raises Throttled, with the seconds that are left, where it stays closed longer."""
        waited = await self._enter(turn, deadline)
        try:
            yield Passage(self._clock(), waited)
        finally:
            self._running[turn] -= 1
            self._admit()

    def refuses(self, error: Unavailable, sent_at: float) -> Throttled:
        """A request that was sent then was turned away, with this error. What to raise of it, with the seconds that are left."""
        self._changed(
            gate_state.turned_away(self._state, error.retry_after, sent_at, self._clock(), self._rules), error
        )
        return Throttled(
            error.bare, endpoint=error.endpoint, remedy=error.remedy, retry_after=self.left, unclear=error.unclear
        )

    def unavailable(self, error: Unavailable, sent_at: float) -> None:
        """A request that was sent then was answered 503."""
        self._changed(gate_state.unavailable(self._state, sent_at, self._clock(), self._rules), error)

    def answered(self, sent_at: float) -> None:
        """A request that was sent then was let through, whatever came of it."""
        before, self._state = self._state, gate_state.answered(self._state, sent_at, self._rules)
        if before.closed_at is not None and self._state.closed_at is None:
            self.on_open()

    def _changed(self, after: GateState, error: Unavailable) -> None:
        before, self._state = self._state, after
        if after.closed_until > before.closed_until and after.closed(self._clock()):
            self._words = error.bare
            self.on_closed(error, self.left)
            for each in self._waiting:  # who waited for a turn waits for the opening now
                each.news.set()

    async def _enter(self, turn: Turn, deadline: float) -> bool:
        """Whether one had to wait."""
        waiting = _Waiting(turn, next(self._numbers), anyio.Event())
        insort(self._waiting, waiting)
        self._admit()
        if waiting.admitted:
            return False
        try:
            while not waiting.admitted:
                await self._news(waiting, deadline)
        except BaseException:
            if waiting.admitted:
                self._running[turn] -= 1
                self._admit()
            else:
                self._waiting.remove(waiting)
            raise
        return True

    async def _news(self, waiting: _Waiting, deadline: float) -> None:
        """Wait until one may go, until it opens, or until it is known that it does not open in time."""
        left = self.left
        if left and self._clock() + left > deadline:
            raise Throttled(self._words, endpoint=self._endpoint, retry_after=left)
        with anyio.move_on_after(left or None):
            await waiting.news.wait()
        if not waiting.admitted:
            waiting.news = anyio.Event()
            self._admit()

    def _admit(self) -> None:
        """Let in whoever may go, in the order of their turns."""
        now = self._clock()
        for each in list(self._waiting):
            if gate_state.admits(self._state, each.turn, self._running, now, self._rules):
                self._waiting.remove(each)
                self._running[each.turn] += 1
                each.admitted = True
                each.news.set()
