"""D365's service protection: so many requests at once, then 429 with `Retry-After` until the time it names is over.

Knows: a bucket that empties with requests and fills with time. Does not know: HTTP, who asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Throttle:
    """`burst`: requests that are answered one after the other; `rate`: how many more each second gives back; `retry_after`:
    seconds for which everything is refused once the bucket is empty. `refused` counts what came meanwhile."""

    clock: Callable[[], float]
    burst: float = 20
    rate: float = 1
    retry_after: int = 15
    refused: int = 0
    _left: float = field(init=False)
    _seen: float = field(init=False)
    _closed_until: float = 0

    def __post_init__(self) -> None:
        self._left, self._seen = self.burst, self.clock()

    def take(self) -> int:
        """Take one request: 0 where it is answered, else the seconds after which to come again."""
        now = self.clock()
        self._left = min(self.burst, self._left + (now - self._seen) * self.rate)
        self._seen = now
        if now >= self._closed_until and self._left >= 1:
            self._left -= 1
            return 0
        if now >= self._closed_until:
            self._closed_until = now + self.retry_after
        self.refused += 1
        return max(1, round(self._closed_until - now))
