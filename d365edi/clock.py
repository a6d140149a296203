"""How far the wall clock can be trusted: its steps, and whether retention may follow it.

A wall clock is set by people, by a hypervisor, by a time server. What it says alone deletes nothing: payloads are emptied only
where both the clock and the newest entries of the journal say that their time is over.

A part of `log`. Knows: seconds of both clocks. Does not know: the journal, schedules, who acts on a step.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

STEP = 60.0
"""Seconds by which the wall clock must part from the monotonic one to count as set."""
AHEAD = 48 * 3600.0
"""Seconds by which the clock may be ahead of the journal's newest entry before retention doubts it."""
STEADY = 24 * 3600.0
"""Seconds without a step after which a clock that was doubted is believed."""


@dataclass(slots=True)
class ClockWatch:
    """Compares the wall clock (epoch seconds) with the monotonic one, as long as the process runs. `steady_since` is the
    monotonic time of the last step, or of the first look; `last` that step, 0 where there was none; `unstored` what of the steps
    the journal does not have yet."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    steady_since: float = field(init=False)
    last: float = field(init=False, default=0.0)
    unstored: float = field(init=False, default=0.0)
    _apart: float = field(init=False)

    def __post_init__(self) -> None:
        self.steady_since = self.monotonic()
        self._apart = self.wall() - self.steady_since

    def step(self) -> float:
        """By how many seconds the wall clock was set since the last step, + forward; 0 where it was not."""
        now = self.monotonic()
        by = self.wall() - now - self._apart
        if abs(by) <= STEP:
            return 0.0
        self._apart += by
        self.steady_since = now
        self.last = by
        self.unstored += by
        return by

    def steady_for(self) -> float:
        """For how many seconds the clock was not set."""
        return self.monotonic() - self.steady_since


def ahead(now: float, newest: float | None) -> bool:
    """Whether a clock is so far ahead of the journal's newest entry (None: there is none) that it may be wrong."""
    return newest is not None and now - newest > AHEAD


def retire_before(now: float, newest: float | None, retain: float) -> float | None:
    """The moment before which payloads are past their retention of `retain` seconds, by the clock and by the newest entry
    both; None where there is no entry."""
    return None if newest is None else min(now, newest) - retain


def in_words(by: float) -> str:
    """A step: `forward by 401.0 days`, `back by 60 min`."""
    size = abs(by)
    said = f"{size / 86_400:.1f} days" if size >= 172_800 else f"{size / 60:.0f} min"
    return f"{'forward' if by > 0 else 'back'} by {said}"
