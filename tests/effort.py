"""How much work something is, counted in calls and not timed: the same on any machine, however busy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

SEARCHES = frozenset({"find", "rfind", "index", "rindex"})


def work(do: Callable[[], object]) -> int:
    """The calls that it makes, and how much the searches among them have before them at most."""
    done = 0

    def count(_: FrameType, event: str, called: Any) -> None:
        nonlocal done
        if event == "call":
            done += 1
        elif event == "c_call":
            whole = getattr(called, "__self__", None)
            searches = called.__name__ in SEARCHES and isinstance(whole, bytes | str)
            done += len(whole) if searches and whole is not None else 1

    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(None)
    return done
