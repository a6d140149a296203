"""D365's service protection: so many requests at once, then 429 with `Retry-After` until the time it names is over.

Knows: a bucket that empties with requests and fills with time. Does not know: HTTP, who asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Throttle:
    """`burst`: requests that are answered one after the other; `rate`: how many more each second gives back; `retry_after`:
    seconds for which everything is refused once the bucket is empty, as the answer says; None: it does not say, and refuses
    for `unsaid` seconds. `at_most`: it counts as empty after so many answers, however fast they came; 0: it does not.

    `refused` counts what came while it was closed; what came in the first `on_the_way` seconds, and was sent before the answer
    that closed it was there, is in `beside` (as that answer is), all else in `pushed`."""

    clock: Callable[[], float]
    burst: float = 20
    rate: float = 1
    retry_after: int | None = 15
    unsaid: float = 10
    on_the_way: float = 0.5
    at_most: int = 0
    refused: int = 0
    beside: int = 0
    pushed: int = 0
    closings: int = 0
    _left: float = field(init=False)
    _seen: float = field(init=False)
    _closed_at: float = 0
    _answered: int = 0
    _closed_until: float = 0

    def __post_init__(self) -> None:
        self._left, self._seen = self.burst, self.clock()

    def take(self) -> int:
        """Take one request: 0 where it is answered, else the seconds after which to come again."""
        now = self.clock()
        self._left = min(self.burst, self._left + (now - self._seen) * self.rate)
        self._seen = now
        empty = self._left < 1 or 0 < self.at_most <= self._answered
        if now >= self._closed_until and not empty:
            self._left -= 1
            self._answered += 1
            return 0
        if now >= self._closed_until:
            self._closed_at, self._answered = now, 0
            self._closed_until = now + (self.unsaid if self.retry_after is None else self.retry_after)
            self.closings += 1
        self.refused += 1
        if now - self._closed_at <= self.on_the_way:
            self.beside += 1
        else:
            self.pushed += 1
        return max(1, round(self._closed_until - now))
