"""How long the other side asks to wait: the header Retry-After, in seconds or as a date, often absent.

Knows: the header. Does not know: who waits.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

ABSURD = 365 * 86_400.0
"""Seconds that nobody can mean: a longer pause is told as this one."""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, None where the header cannot be read. `now` is epoch seconds; the server's own `Date` is
    preferred to it, so that a clock that is off does not matter. Never negative, and at most ABSURD."""
    text = (headers.get("retry-after") or headers.get("Retry-After") or "").strip(" \t")
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return min(float(text), ABSURD)
    until = _moment(text)
    if until is None:
        return None
    pause = until - (_moment(headers.get("date") or headers.get("Date") or "") or now)
    return min(max(0.0, pause), ABSURD)


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
