"""Counts of durations by upper bounds, as Prometheus' histograms have them.

A part of `log`. Knows: seconds. Does not know: what took so long, who reads it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram at one moment: `bounds` in seconds, `counts` of what took at most that long and, last, of all; their `total` in
    seconds."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


class Histogram:
    """Durations since it was made."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration; less than nothing (the wall clock was set back meanwhile) counts as nothing."""
        seconds = max(seconds, 0.0)
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds

    def now(self) -> Distribution:
        """What was counted so far."""
        return Distribution(self._bounds, tuple(accumulate(self._counts)), self._total)
