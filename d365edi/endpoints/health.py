"""What is known of an endpoint, and of each of its places: reached, failing since when and why, resting until when.

    unreachable   no connection or no answer: tried again after 5 s, then ever later, at least once a minute
    credentials   nobody is let in: one attempt every 15 min
    place         a folder or table is missing or closed to us: one attempt every 15 min, and only that place rests
    unwritable    a folder is full, or its server stores nothing: only that place rests, as one that is unreachable
    throttled     the other side asked for a pause: exactly so long, at most 15 min

A failure counts here when it says something about the endpoint or the place. What says something about one document
(a refused order, a file that still grows) does not.

Knows: errors, times as numbers of one clock. Does not know: which clock, who asks, any protocol.
"""

from dataclasses import dataclass, replace
from typing import Literal

from d365edi.endpoints.retry_after import ABSURD
from d365edi.errors import (
    CredentialsRejected,
    EndpointError,
    NotWritable,
    PlaceRefused,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
)
from d365edi.recurring import SAID_AGAIN, likeness, span

Kind = Literal["", "unreachable", "credentials", "place", "unwritable", "throttled"]
Use = Literal["", "pickup", "delivery", "lookup"]


@dataclass(frozen=True, slots=True)
class Rests:
    """Seconds between two attempts: where a `person` must change something first, which is also the longest pause that is
    granted; and the `first` and the `longest` at an endpoint that does not answer."""

    person: float = 900.0
    first: float = 5.0
    longest: float = 60.0


RESTS = Rests()
_ERRORS: dict[Kind, type[Unavailable]] = {
    "unreachable": Unreachable,
    "credentials": CredentialsRejected,
    "unwritable": NotWritable,
    "place": PlaceRefused,
    "throttled": Throttled,
}
OF_PLACES: frozenset[Kind] = frozenset({"place", "unwritable"})
"""What the server answers about one place, so that the endpoint itself is reached."""
_UNCHARGED = OF_PLACES | {"credentials"}


@dataclass(frozen=True, slots=True)
class Health:
    """The state of an endpoint (`place` and `use` are empty) or of a place there. Times are seconds, of one clock.

    `reached_at`: the last success. While it fails: `kind`, `reason`, `remedy`, since when, how many `failures`, the last at
    `failed_at`; it is not asked before `rests_until`. `asked_for` is the pause that it asked for (None: it did not say).
    `rested_until`: the end of the last rest that no document is charged with. `said_at`: when it was last reported."""

    endpoint: str
    place: str = ""
    use: Use = ""
    reached_at: float | None = None
    kind: Kind = ""
    reason: str = ""
    remedy: str = ""
    failing_since: float | None = None
    failed_at: float = 0.0
    failures: int = 0
    rests_until: float = 0.0
    asked_for: float | None = None
    rested_until: float | None = None
    said_at: float = 0.0

    def rests(self, now: float) -> bool:
        """Whether it must not be asked now."""
        return self.failing_since is not None and now < self.rests_until

    def shifted(self, by: float) -> "Health":
        """The same with its times by another clock, which is `by` seconds ahead of this one."""
        return replace(
            self,
            reached_at=_shifted(self.reached_at, by),
            failing_since=_shifted(self.failing_since, by),
            failed_at=self.failed_at + by,
            rests_until=self.rests_until + by,
            rested_until=_shifted(self.rested_until, by),
            said_at=self.said_at + by,
        )


def _shifted(at: float | None, by: float) -> float | None:
    return None if at is None else at + by


def kind_of(error: EndpointError) -> Kind:
    """What an error says about an endpoint or a place; empty where it is about one document only."""
    return next((kind for kind, each in _ERRORS.items() if isinstance(error, each)), "")


def kind_of_place(error: EndpointError, use: Use) -> Kind:
    """What an error says about the place that was used. Whatever fails while a place is listed concerns it, and a table where
    look-ups fail; that one look-up is refused concerns the document."""
    if isinstance(error, NotWritable):
        return "unwritable"
    if isinstance(error, PlaceRefused) or (use == "pickup" and isinstance(error, Refused)):
        return "place"
    return "unreachable" if use in ("pickup", "lookup") and type(error) is Unavailable else ""


def failed(health: Health, error: EndpointError, kind: Kind, began: float, now: float, rests: Rests = RESTS) -> Health:
    """The state after an attempt, begun then, failed with that kind. Attempts that ran side by side make one rest."""
    beside = health.failing_since is not None and began < health.failed_at
    asked_for = error.retry_after if isinstance(error, Unavailable) else None
    until = now + _rest(kind, asked_for, health.failures + 1, rests)
    if beside:
        until = max(health.rests_until, until) if kind == "throttled" else health.rests_until
    return _failing(health, error, kind, until, now)


def closed(health: Health, error: Unavailable, kind: Kind, seconds: float, now: float) -> Health:
    """The state once D365's gate is closed for so long, because of that answer."""
    return _failing(health, error, kind, now + seconds, now)


def _failing(health: Health, error: EndpointError, kind: Kind, until: float, now: float) -> Health:
    """The state after one more failure, at rest until then."""
    return replace(
        health,
        kind=kind,
        reason=error.bare,
        remedy=error.remedy,
        failing_since=now if health.failing_since is None else health.failing_since,
        failed_at=now,
        failures=health.failures + 1,
        rests_until=until,
        asked_for=error.retry_after if isinstance(error, Unavailable) else None,
        rested_until=now if health.kind in _UNCHARGED else health.rested_until,
    )


def _rest(kind: Kind, asked_for: float | None, failures: int, rests: Rests) -> float:
    if kind in _UNCHARGED and kind != "unwritable":
        return rests.person
    if asked_for is not None:
        return min(max(asked_for, 0.0), rests.person)
    return min(rests.first * 2.0 ** min(failures - 1, 16), max(rests.first, rests.longest))


def reached(health: Health, began: float, now: float) -> Health:
    """The state after a success. One that was begun before the last failure says nothing about the time since."""
    if health.failing_since is not None and began < health.failed_at:
        return health
    rested = now if health.kind in _UNCHARGED else health.rested_until
    return Health(health.endpoint, health.place, health.use, reached_at=now, rested_until=rested)


def resting(health: Health, now: float) -> Unavailable:
    """The error for whoever asks while it rests: that of the last failure, with the seconds that are left."""
    error = _ERRORS[health.kind or "unreachable"]
    left = max(0.0, health.rests_until - now)
    return error(health.reason, endpoint=health.endpoint, remedy=health.remedy, retry_after=left)


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the log."""

    level: Literal["INFO", "WARNING"]
    verb: str
    sentence: str


def notice(before: Health, after: Health, now: float, *, ping: bool = True) -> Notice | None:
    """What to report of a change: its begin, another reason, once an hour that it lasts, and its end. None otherwise.

    `ping`: whether `d365edi ping` tries it."""
    where = f"{after.place}: " if after.place else ""
    if after.failing_since is None:
        if before.failing_since is None:
            return None
        lasted = f"{span(now - before.failing_since)}, {before.failures} failure{'s' if before.failures > 1 else ''}"
        return Notice("INFO", "reachable", f"{where}reachable again after {lasted}")
    changed = _cause(before) != _cause(after)
    if before.failing_since is not None and not changed and now - after.said_at < SAID_AGAIN:
        return None
    remedy = f"; {after.remedy}" if after.remedy else ""
    lasts = f" (for {span(now - after.failing_since)}, {after.failures} failures)" if after.failures > 1 else ""
    verb = {"unreachable": "waits", "throttled": "throttled"}.get(after.kind, "refused")
    return Notice("WARNING", verb, f"{where}{after.reason}{remedy}{lasts}; {_next(after, now, ping=ping)}")


def _cause(health: Health) -> tuple[Kind, str]:
    """What makes two failures the same: the sentence about a place names the file that was tried, too."""
    return health.kind, health.remedy if health.kind == "place" else likeness(health.reason)


def _cut(health: Health) -> bool:
    """Whether the pause is shorter than the one that was asked for."""
    return (health.asked_for or 0.0) > health.rests_until - health.failed_at + 1.0


def _next(health: Health, now: float, *, ping: bool) -> str:
    left = span(health.rests_until - now)
    if health.kind in _UNCHARGED:
        or_pinged = f" (a new secret needs one) or when `d365edi ping {health.endpoint}` succeeds" if ping else ""
        return f"it is tried again in {left}, at once after a reload{or_pinged}; what waits for it then goes by itself"
    if health.kind == "throttled" and _cut(health):
        asked = health.asked_for or 0.0
        pause = span(asked) if asked < ABSURD else "a year or more, an absurd value,"
        return f"it asks for a pause of {pause} and is asked again in {left}"
    return f"everything for it waits {left}" if health.kind == "throttled" else f"tried again in {left}"
