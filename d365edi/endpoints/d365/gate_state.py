"""When requests may go to D365, and how many at once: decided from what it answered, without a clock or a connection.

    429, or a pause with its length    closed for that long, or by the steps of `patience` where no length is given; half as
                                       many requests at once
    503 three times in a row           closed by the steps of `patience`
    20 good answers                    one request more at once, up to `concurrency`

A closing lasts until a request that was sent after it is answered well: what is turned away again before that belongs to
it, and takes the next step of `patience`. Requests that were on their way when it closed are not such requests; where one
of them names a longer pause, that is kept.

Knows: answers as numbers, times of one clock. Does not know: which clock, who waits, HTTP.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

GOOD = 20
"""Good answers after which one request more may run at once."""
IN_A_ROW = 3
"""Answers 503 in a row that close the gate."""
SHORTEST = 1.0
"""Seconds of the shortest closing: "at once" would be asked again and again."""


class Turn(IntEnum):
    """Who goes first at the gate: what a partner waits for, then look-ups, then single records, then lists."""

    WRITE = 0
    LOOKUP = 1
    READ = 2
    LIST = 3


@dataclass(frozen=True, slots=True)
class GateRules:
    """`patience`: seconds of one closing after the other where D365 does not say for how long; `longest`: seconds that are
    accepted, at least SHORTEST; `concurrency`: requests at once; `bulk`: those of lists among them."""

    patience: Sequence[float] = (10.0, 20.0, 40.0, 80.0, 160.0)
    longest: float = 900.0
    concurrency: int = 8
    bulk: int = 2


@dataclass(frozen=True, slots=True)
class GateState:
    """`limit`: requests at once now; `good`: good answers since it changed; `closed_at`: when it was closed last (None: it was
    answered well since); `closed_until`: when requests may go again; `steps`: of `patience` that are taken; `busy`: answers 503
    in a row."""

    limit: int
    good: int = 0
    closed_at: float | None = None
    closed_until: float = 0.0
    steps: int = 0
    busy: int = 0

    def closed(self, now: float) -> bool:
        """Whether nothing may be sent."""
        return self.closed_at is not None and now < self.closed_until

    def left(self, now: float) -> float:
        """Seconds until requests may go; 0 where they may."""
        return self.closed_until - now if self.closed(now) else 0.0


def turned_away(state: GateState, pause: float | None, sent_at: float, now: float, rules: GateRules) -> GateState:
    """The state after an answer 429, or another one that asks for a pause, to a request that was sent then. `pause`: its
    seconds, None where it does not say."""
    halved = replace(state, limit=max(1, state.limit // 2), good=0)
    return _close(halved, pause, sent_at, now, rules)


def unavailable(state: GateState, sent_at: float, now: float, rules: GateRules) -> GateState:
    """The state after an answer 503 that does not say for how long."""
    busy = state.busy + 1
    counted = replace(state, busy=busy, good=0)
    return _close(counted, None, sent_at, now, rules) if busy >= IN_A_ROW else counted


def _close(state: GateState, pause: float | None, sent_at: float, now: float, rules: GateRules) -> GateState:
    beside = state.closed_at is not None and sent_at < state.closed_at
    if beside and pause is None:
        return state
    steps = state.steps
    if pause is None:
        pause, steps = rules.patience[min(steps, len(rules.patience) - 1)], steps + 1
    until = now + min(max(pause, SHORTEST), rules.longest)
    if beside or state.closed(now):
        return replace(state, closed_until=max(state.closed_until, until), steps=steps)
    return replace(state, closed_at=now, closed_until=until, steps=steps)


def answered(state: GateState, sent_at: float, rules: GateRules) -> GateState:
    """The state after any other answer to a request that was sent then: it was let through."""
    good = state.good + 1
    more = good >= GOOD and state.limit < rules.concurrency
    grown = replace(state, limit=state.limit + 1 if more else state.limit, good=0 if more else good, busy=0)
    if state.closed_at is None or sent_at < state.closed_at:
        return grown
    return replace(grown, closed_at=None, closed_until=0.0, steps=0)


def admits(state: GateState, turn: Turn, running: Sequence[int], now: float, rules: GateRules) -> bool:
    """Whether one more request may go now. `running`: how many run, by turn."""
    if state.closed(now) or sum(running) >= state.limit:
        return False
    return turn != Turn.LIST or running[Turn.LIST] < rules.bulk
