"""What an endpoint did since the start, in figures: how long its operations took, how they failed, how long it was throttled.

Knows: durations, kinds of failure, times of one clock. Does not know: which clock, any protocol, who reads the figures.
"""

from dataclasses import dataclass, field

from d365edi.endpoints.health import Health, Kind
from d365edi.histogram import Distribution, Histogram

BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Seconds, from one answer of a near server to a great file over a slow line."""


@dataclass(frozen=True, slots=True)
class EndpointFigures:
    """The figures at one moment. `operations`: how long each verb took, failed or not; `failures` by kind, "document" where they
    say nothing about the endpoint; `throttled` in seconds."""

    operations: dict[str, Distribution] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    throttled: float = 0.0


class Figures:
    """The figures of one endpoint."""

    def __init__(self) -> None:
        self._operations: dict[str, Histogram] = {}
        self._failures: dict[str, int] = {}
        self._throttled = 0.0
        self._counted_until = 0.0

    def took(self, operation: str, seconds: float) -> None:
        """An operation ended."""
        self._operations.setdefault(operation, Histogram(BOUNDS)).observe(seconds)

    def failed(self, kind: Kind) -> None:
        """An operation failed; "" where that is about one document."""
        name = kind or "document"
        self._failures[name] = self._failures.get(name, 0) + 1

    def throttled(self, state: Health, now: float) -> None:
        """The state in which the endpoint was until now. To be called before the state changes."""
        if state.kind == "throttled" and state.failing_since is not None:
            began = max(state.failing_since, self._counted_until)
            self._throttled += max(0.0, min(now, state.rests_until) - began)
        self._counted_until = now

    def now(self, state: Health, now: float) -> EndpointFigures:
        """The figures so far."""
        self.throttled(state, now)
        operations = {name: histogram.now() for name, histogram in self._operations.items()}
        return EndpointFigures(operations, dict(self._failures), self._throttled)
