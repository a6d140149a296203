"""When an incident begins and ends for the people who are told, as a pure function.

    seen     it is there, and has not lasted for its delay
    due      it has, and the next message tells its begin
    told     its begin was told
    ended    it was told and is over: the next message tells its end
    missed   it was due and is over: the next message tells that it was

All times are sums of the monotonic clock's: a wall clock that is set begins and ends nothing. What cannot be judged (an endpoint
that nothing was asked of since the start) stays as it is.

Knows: findings, seconds. Does not know: clocks, what is found, how anybody is told.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from d365edi.journal.alerts import Incident, IncidentState

_AGAIN: Mapping[IncidentState, IncidentState] = {"ended": "told", "missed": "due"}
"""What is there again before its end was told has not ended."""
_OVER: Mapping[IncidentState, IncidentState] = {"told": "ended", "due": "missed"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is the matter now. `delay`: the seconds that it must last before it is told; `since` is in epoch seconds."""

    key: str
    kind: str
    name: str
    what: str
    remedy: str
    since: float
    delay: float


@dataclass(frozen=True, slots=True)
class Rules:
    """`settled`: for how many seconds it must be gone to be over; `every`: the seconds between two messages, at least."""

    settled: float
    every: float


@dataclass(frozen=True, slots=True)
class Board:
    """Every incident by its key, and how many seconds ago the last message was made."""

    incidents: Mapping[str, Incident] = field(default_factory=dict)
    waited: float = float("inf")


@dataclass(frozen=True, slots=True)
class Report:
    """What one message tells: incidents that begin, and that are over, oldest first."""

    begun: tuple[Incident, ...]
    ended: tuple[Incident, ...]


def look(
    board: Board,
    found: Iterable[Finding],
    elapsed: float,
    rules: Rules,
    judged: Callable[[Incident], bool] = lambda _: True,
) -> tuple[Board, Report | None]:
    """The board after a look, `elapsed` seconds after the one before, and what is to be told now; None where nothing is."""
    findings = {each.key: each for each in found}
    after: dict[str, Incident] = {}
    for key in {**board.incidents, **findings}:
        incident = _next(board.incidents.get(key), findings.get(key), elapsed, rules, judged)
        if incident is not None:
            after[key] = incident
    waited = board.waited + elapsed
    report = _report(after.values()) if waited >= rules.every else None
    return (Board(after, waited), None) if report is None else (_told(after), report)


def _next(
    before: Incident | None,
    finding: Finding | None,
    elapsed: float,
    rules: Rules,
    judged: Callable[[Incident], bool],
) -> Incident | None:
    if finding is not None:
        return _there(before, finding, elapsed)
    assert before is not None
    if before.state in ("ended", "missed") or not judged(before):
        return before
    quiet = before.quiet + elapsed
    if quiet < rules.settled:
        return replace(before, quiet=quiet)
    over = _OVER.get(before.state)
    return replace(before, quiet=quiet, state=over) if over else None


def _there(before: Incident | None, finding: Finding, elapsed: float) -> Incident:
    lasted = 0.0 if before is None else before.lasted + elapsed
    state = "seen" if before is None else _AGAIN.get(before.state, before.state)
    if state == "seen" and lasted >= finding.delay:
        state = "due"
    since = finding.since if before is None else before.since
    return Incident(
        finding.key, finding.kind, finding.name, finding.what, finding.remedy, state, since, lasted, quiet=0.0
    )


def _report(incidents: Iterable[Incident]) -> Report | None:
    listed = sorted(incidents, key=lambda each: (each.since, each.key))
    begun = tuple(each for each in listed if each.state == "due")
    ended = tuple(each for each in listed if each.state in ("ended", "missed"))
    return Report(begun, ended) if begun or ended else None


def _told(incidents: Mapping[str, Incident]) -> Board:
    left = {
        key: replace(each, state="told") if each.state == "due" else each
        for key, each in incidents.items()
        if each.state not in ("ended", "missed")
    }
    return Board(left, waited=0.0)
