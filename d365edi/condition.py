"""What is the matter with a running d365edi: each trouble with its name, since when, why, and what ends it.

    kind          what it means                                        who ends it
    journal       nothing can be stored; nothing is taken or sent      a person (room on the disk); then by itself
    broken        nothing is stored before the next start              a restart: the watchdog's, too
    held          nothing is sent to partners                          a person: the command that `remedy` names
    credentials   an endpoint lets nobody in                           a person
    place         one folder or table is missing or closed to us       a person
    unwritable    one folder takes no file: it is full, over quota     a person (room there); then by itself
    unreachable   an endpoint, or a place there, does not answer       by itself
    throttled     an endpoint asked for a pause                        by itself
    clock         the clock was set, or is doubted: nothing is emptied  by itself, a day later; or `remedy`
    flow          a flow fails whenever it runs                        a person, where it lasts
    listener      no file descriptor is left for callers               a person (a higher limit), where it lasts
    stuck         a flow does not end, or the schedule stands still    a restart: the watchdog's, too
    defect        one message or document fails by a mistake of ours   a person

A part of `alerts`. Knows: kinds and sentences. Does not know: who asks (status, /healthz, systemd, alerts).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from d365edi.endpoints.health import Health
from d365edi.journal import Journal
from d365edi.journal.counters import RELEASE

Kind = Literal[
    "journal", "broken", "held", "credentials", "place", "unwritable", "unreachable", "throttled", "clock", "flow",
    "listener", "stuck", "defect",
]  # fmt: skip
NEEDS_A_RESTART: frozenset[Kind] = frozenset({"broken", "stuck"})
WRITE = "make room on the disk, or check it and the rights to its folder; sending then continues by itself"
"""The remedy where the control numbers cannot be noted."""
RELEASE_RETENTION = "if the clock is right: d365edi release retention"
"""The remedy where payloads past their retention stay."""
PASSING: frozenset[Kind] = frozenset({"unreachable", "throttled", "clock"})
"""Kinds that end by themselves; all others need a person."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble. `name`: an endpoint, `endpoint:place`, a flow, "sending" or "journal". `since` and `until` (the next attempt)
    are epoch seconds, None where they are not known; `failures` counts the attempts in a row, where attempts are made."""

    kind: Kind
    name: str
    why: str
    remedy: str = ""
    since: float | None = None
    until: float | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """What the daemon knows now: its troubles, its endpoints, and the names of the flows that ran since it started."""

    troubles: Sequence[Trouble] = ()
    health: Sequence[Health] = ()
    ran: frozenset[str] = frozenset()


_SHOWN = (
    "kind", "name", "endpoint", "place", "use", "why", "reason", "remedy", "since", "until", "failures", "reached_at",
    "failing_since", "rests_until",
)  # fmt: skip
_MOMENTS = frozenset({"since", "until", "reached_at", "failing_since", "rests_until"})


def of_endpoints(known: Iterable[Health]) -> Iterator[Trouble]:
    """The troubles of endpoints and places that fail."""
    for health in known:
        if health.failing_since is not None:
            name = f"{health.endpoint}:{health.place}" if health.place else health.endpoint
            yield Trouble(
                health.kind or "unreachable",
                name,
                health.reason,
                health.remedy,
                health.failing_since,
                health.rests_until,
                health.failures,
            )


def of_journal(journal: Journal) -> Iterator[Trouble]:
    """Why the journal cannot store, and why nothing is sent."""
    if journal.trouble:
        kind: Kind = "broken" if journal.broken else "journal"
        yield Trouble(kind, "journal", journal.trouble, since=journal.failing_since)
    if journal.held:
        yield Trouble("held", "sending", journal.held, RELEASE)
    if journal.retention_held:
        why = f"payloads past their retention stay: {journal.retention_held}"
        yield Trouble("clock", "retention", why, RELEASE_RETENTION)
    if journal.behind:
        yield Trouble("held", "sending", journal.behind, WRITE, journal.behind_since)


def live(troubles: Sequence[Trouble]) -> bool:
    """Whether a restart would not help."""
    return not any(trouble.kind in NEEDS_A_RESTART for trouble in troubles)


def word(troubles: Sequence[Trouble]) -> str:
    """The one word for all of it, by /healthz and by `status`: "ok"; "degraded" (some work is not done); "stuck"."""
    return "stuck" if not live(troubles) else "degraded" if troubles else "ok"


def summary(troubles: Sequence[Trouble]) -> str:
    """The names by kind, for one line of `systemctl status`; "" where there is no trouble."""
    named: dict[Kind, list[str]] = {}
    for trouble in troubles:
        named.setdefault(trouble.kind, []).append(trouble.name)
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in named.items())


def rows(found: Sequence[Trouble | Health], zone: tzinfo) -> list[dict[str, Any]]:
    """Troubles, or what is known of endpoints, as JSON: moments are ISO 8601 with the zone's offset, None where there is none."""
    return [{name: _shown(each, name, zone) for name in _SHOWN if hasattr(each, name)} for each in found]


def _shown(of: Trouble | Health, name: str, zone: tzinfo) -> Any:
    value = getattr(of, name)
    if name == "rests_until" and getattr(of, "failing_since", None) is None:
        return None
    if name not in _MOMENTS:
        return value
    return datetime.fromtimestamp(value, zone).isoformat(timespec="seconds") if value else None
