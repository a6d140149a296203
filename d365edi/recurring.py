"""A state that lasts is reported once when it begins, once when its cause changes, once an hour, and once when it ends.

Causes that differ only in identifiers and numbers (an activity id, a time) are one cause.

A part of `log`. Knows: causes and the monotonic clock. Does not know: whose state it is, what is logged.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

SAID_AGAIN = 3600.0
"""Seconds after which a state that lasts is reported once more."""
_VARIES = re.compile(
    r"(\banswered \d{3}\b)|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{12,}\b|\d+", re.IGNORECASE
)


def likeness(cause: str) -> str:
    """The cause with GUIDs, hexadecimal words of 12 digits or more and numbers masked; an HTTP status ("answered 503") stays."""
    return _VARIES.sub(lambda found: found[1] or "#", cause)


@dataclass(slots=True)
class Recurring:
    """One state. `cause` is "" while all is well; `since` is the monotonic time of the first of `failures` in a row."""

    clock: Callable[[], float] = time.monotonic
    cause: str = ""
    since: float = 0.0
    failures: int = 0
    said_at: float = 0.0

    def failed(self, cause: str) -> str | None:
        """It failed, for that cause. What to put behind the sentence that is logged now (`" (for 12 min, 14 failures)"`, "" at
        the first failure); None where nothing is to be logged."""
        now = self.clock()
        if not self.failures:
            self.since = now
        self.failures += 1
        before, self.cause = self.cause, cause
        if self.failures > 1 and likeness(before) == likeness(cause) and now - self.said_at < SAID_AGAIN:
            return None
        self.said_at = now
        return f" (for {span(now - self.since)}, {self.failures} failures)" if self.failures > 1 else ""

    def ended(self) -> str | None:
        """It succeeded. How long it had failed (`"12 min, 14 failures"`); None where it had not."""
        if not self.failures:
            return None
        failures = f"{self.failures} failure{'s' if self.failures > 1 else ''}"
        lasted = f"{span(self.clock() - self.since)}, {failures}"
        self.cause, self.failures = "", 0
        return lasted

    def since_epoch(self) -> float | None:
        """When it began to fail, in epoch seconds; None while all is well."""
        return time.time() - (self.clock() - self.since) if self.failures else None


def span(seconds: float) -> str:
    """A time in words: `42 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
