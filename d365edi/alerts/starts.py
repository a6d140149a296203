"""Starts of the daemon that no orderly stop ended: a process that systemd starts again and again does not say so by itself.

systemd gives up, and starts `d365edi alert dead`, only when it fails ten times within five minutes.

Knows: moments of starts. Does not know: why a process ended (its log does).
"""

import json
from collections.abc import Sequence

from d365edi.alerts.incidents import Finding

CURSOR = "alerts.starts"
"""The cursor in the journal with those moments."""
MANY = 3
"""So many of them are told ..."""
WITHIN = 3600.0
"""... within so many seconds."""
KEPT = 20
"""How many are remembered."""


def begun(starts: Sequence[float], now: float) -> tuple[float, ...]:
    """The starts with this one, which is the last."""
    return (*starts, now)[-KEPT:]


def found(starts: Sequence[float], now: float) -> list[Finding]:
    """What there is to tell: the last start is the running process."""
    ended = [at for at in starts[:-1] if 0.0 <= now - at <= WITHIN]
    if len(ended) < MANY:
        return []
    what = f"d365edi ended {len(ended)} times within an hour although nobody stopped it, and was started again"
    remedy = "nothing is lost; why: journalctl -u d365edi --since -1h"
    return [Finding("restarts d365edi", "restarts", "d365edi", what, remedy, min(ended), 0.0)]


def to_json(starts: Sequence[float]) -> str:
    """As they are stored."""
    return json.dumps([round(at, 3) for at in starts])


def from_json(text: str | None) -> tuple[float, ...]:
    """As they were stored; none where nothing was."""
    return tuple(json.loads(text)) if text else ()
