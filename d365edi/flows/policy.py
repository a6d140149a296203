"""Decisions of the flows as pure functions: when to retry, when to stop, what counts as a duplicate.

Retries have a time budget, not a count, and exponential waits with jitter from seconds to a quarter of an hour. What the
other side understood and refused is never retried. There are four kinds of duplicate, each with a setting of the partner.

Knows: errors, times as numbers, values of settings. Does not know: the clock, the journal, any protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from d365edi.errors import CredentialsRejected, Disputed, PlaceRefused, Refused, Throttled, Unavailable
from d365edi.settings.partners import Duplicates

FIRST_WAIT = 5.0
LONGEST_WAIT = 900.0
RELEASED = "released"
"""The reason of a message that a person released although its control number, its name or its number was used before."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Retry at this time (epoch seconds)."""

    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Stop and let a person decide, with the sentence they read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rest:
    """Retry when the endpoint or the place can be used again: this failure is not the delivery's."""

    reason: str


def after_failure(
    error: Exception,
    attempt: int,
    first_failed_at: float,
    now: float,
    *,
    budget: float,
    jitter: float = 0.5,
    first_wait: float = FIRST_WAIT,
) -> RetryAt | Quarantine | Rest:
    """Decide about a failed attempt (1 is the first). `jitter` in [0, 1) spreads the wait over 75 to 125 %; `budget` and
    `first_wait`, after the first attempt, are seconds.

    A wait that the error names is obeyed even beyond the longest wait, but not past the end of the budget."""
    if isinstance(error, Disputed | Refused):
        return Quarantine(str(error))
    if isinstance(error, CredentialsRejected | Throttled | PlaceRefused):
        return Rest(str(error))
    if not isinstance(error, Unavailable):
        return Quarantine(
            f"unexpected {type(error).__name__}: {error}; this is a defect of d365edi, its log has the trace"
        )
    deadline = first_failed_at + budget
    if now >= deadline:
        return Quarantine(f"{error}; tried {attempt} times over {(now - first_failed_at) / 3600:.1f} h")
    wait = min(first_wait * 2.0 ** min(attempt - 1, 16), LONGEST_WAIT) * (0.75 + 0.5 * jitter)
    if error.retry_after is not None:
        wait = max(error.retry_after, 0.0)
    return RetryAt(min(now + wait, deadline), str(error))


ClaimState = Literal["received", "duplicate", "quarantined"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What happens to a new file: the state of its message, and the reason when it is not simply received."""

    state: ClaimState
    reason: str = ""


def claim(name: str, named: Sequence[str], twins: Sequence[str], duplicates: Duplicates) -> Claim:
    """Decide two of the four kinds of duplicate. `named`: earlier digests under this name; `twins`: earlier names of these bytes.

    (The same name with the same bytes is no new message; a repeated control number is found when the bytes are parsed.)
    """
    if twins and duplicates.new_name_same_bytes in ("warn", "skip"):
        return Claim("duplicate", f"{name} has the same bytes as {twins[0]}, which was received before; skipped")
    if twins and duplicates.new_name_same_bytes == "hold":
        before = f"{name} has the same bytes as {twins[0]}, which was received before"
        return Claim(
            "quarantined",
            f'{before}; d365edi release {name} processes it anyway, d365edi reject {name} --why "..." closes it',
        )
    if named and duplicates.same_name_new_bytes == "hold":
        before = f"{name} was received before with other bytes ({named[0][:6]}…)"
        ask = f'ask the partner whether it replaces the first, then: d365edi release {name}, or d365edi reject {name} --why "..."'
        return Claim("quarantined", f"{before}; {ask}")
    return Claim("received")


def reusable(last_used: float, now: float, after: timedelta | None) -> bool:
    """Whether a control number, last used then, may be used again now (epoch seconds); with `after` None never."""
    return after is not None and now - last_used > after.total_seconds()


AckClass = Literal["matched", "late", "double", "unmatched"]


def ack_class(state: str | None, due: float | None, now: float) -> AckClass:
    """Class of an acknowledgment for a delivery in this state (None: we sent no such group). Times are epoch seconds."""
    if state is None:
        return "unmatched"
    if state not in ("awaited", "overdue"):
        return "double"
    return "late" if state == "overdue" or (due is not None and now > due) else "matched"


AckState = Literal["accepted", "accepted_with_errors", "partially", "rejected"]
ACK_STATES: Mapping[str, AckState] = {"A": "accepted", "E": "accepted_with_errors", "P": "partially", "R": "rejected"}
"""AK901 (data element 715) = acknowledgment state; M, W and X (security) count as rejected."""


def counts(before: str, said: str) -> bool:
    """Whether what is said of a document counts, `before` being its state: for the first time, or worse than that."""
    order: list[str] = list(ACK_STATES.values())
    return before == "awaited" or (before in order and order.index(before) < order.index(said))


def complete_enough(*, complete: bool, waits: int, patience: int = 3) -> bool:
    """Whether to take a file: without its trailer only after `patience` sightings (it is then answered and quarantined)."""
    return complete or waits >= patience
