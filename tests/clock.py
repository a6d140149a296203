"""A clock that the test moves."""

from __future__ import annotations


class Clock:
    """Seconds, as set; it stands until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
