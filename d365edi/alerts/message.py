"""What a message says: a subject of one line, plain text, and the same as data for receivers that read JSON.

Knows: incidents, counts, words. Does not know: mail, HTTP, when anything is sent.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from d365edi.alerts.incidents import Report
from d365edi.journal.alerts import Incident
from d365edi.recurring import span

Kind = Literal["incidents", "digest", "test", "dead"]
Local = Callable[[float], datetime]
"""Epoch seconds as time in the daemon's zone."""
Totals = Mapping[str, Mapping[str, int]]
"""Of each partner how many messages were received and deliveries made, since the journal began."""

MOST = 20
"""Incidents that are written out; behind them their number."""
MOST_DATA = 100
"""Incidents that are sent as data."""
SUBJECT = 120
"""Characters of a subject."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `at` is ISO 8601 with offset; `begun` and `ended` are incidents as data."""

    kind: Kind
    host: str
    at: str
    subject: str
    text: str
    begun: tuple[Mapping[str, Any], ...] = ()
    ended: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> str:
        """The message as it is stored."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Message":
        """The message that was stored."""
        tree = json.loads(text)
        return cls(**{**tree, "begun": tuple(tree["begun"]), "ended": tuple(tree["ended"])})


def of_incidents(report: Report, host: str, now: float, local: Local) -> Message:
    """What begins and what is over."""
    parts = [
        *_part("What begins", [_begun(each, local) for each in report.begun]),
        *_part("What is over", [_ended(each, local) for each in report.ended]),
    ]
    return Message(
        "incidents",
        host,
        _iso(local(now)),
        _subject(_summary(report), host),
        _text(parts),
        tuple(_data(each, local) for each in report.begun[:MOST_DATA]),
        tuple(_data(each, local) for each in report.ended[:MOST_DATA]),
    )


def digest(
    incidents: Sequence[Incident], totals: Totals, before: Totals, host: str, now: float, local: Local
) -> Message:
    """The daily digest: what is the matter, and what was received and sent since the one `before`."""
    told = sorted((each for each in incidents if each.state == "told"), key=lambda each: each.since)
    what = f"{len(told)} things are the matter" if len(told) > 1 else "one thing is the matter"
    head = what if told else "all is well"
    parts = [
        *_part("What is the matter", [_begun(each, local) for each in told]),
        *_part("Since the last digest", list(_traffic(totals, before))),
    ]
    data = tuple(_data(each, local) for each in told[:MOST_DATA])
    return Message("digest", host, _iso(local(now)), _subject(f"daily digest: {head}", host), _text(parts), data)


def test(host: str, now: float, local: Local) -> Message:
    """What `d365edi alert test` sends."""
    text = "This is a test, and nothing is the matter. Alerts of d365edi arrive here.\n"
    return Message("test", host, _iso(local(now)), _subject("test of the alerts", host), text)


def dead(unit: str, result: str, host: str, now: float, local: Local) -> Message:
    """What is told of a unit of systemd that failed; `result` is systemd's word for it, "" where that is not known."""
    name, how = unit.removesuffix(".service"), f" ({result})" if result else ""
    if name == "d365edi":
        what = f"d365edi has stopped{how} and systemd does not start it again: nothing is taken or sent"
        remedy = f"why: journalctl -u {name} -n 50; then: systemctl reset-failed {name}; systemctl start {name}"
    else:
        what = f"{name} has failed{how}"
        remedy = f"why: journalctl -u {name} -n 50; then: systemctl start {name}"
    at = _iso(local(now))
    row = {"kind": "dead", "name": name, "what": what, "remedy": remedy, "since": at}
    return Message(
        "dead", host, at, _subject(f"{name} has stopped", host), _text(_part("What begins", [(what, remedy)])), (row,)
    )


# -- text -------------------------------------------------------------------------------------------------------------
Item = tuple[str, ...]


def _begun(incident: Incident, local: Local) -> Item:
    return f"{incident.what} (since {_shown(local(incident.since))})", incident.remedy


def _ended(incident: Incident, local: Local) -> Item:
    return (f"over: {incident.what} (from {_shown(local(incident.since))}, for about {span(incident.lasted)})",)


def _part(title: str, items: Sequence[Item]) -> Iterator[str]:
    if items:
        yield f"{title}:"
        for what, *remedy in items[:MOST]:
            yield "\n".join((f"* {what}", *(f"  {line}" for line in remedy if line)))
        if len(items) > MOST:
            yield f"and {len(items) - MOST} more: d365edi status"


def _text(parts: Iterable[str]) -> str:
    return "\n\n".join((*parts, "All that is the matter: d365edi status")) + "\n"


def _summary(report: Report) -> str:
    begun, ended = len(report.begun), len(report.ended)
    if begun + ended == 1:
        return report.begun[0].what if begun else f"over: {report.ended[0].what}"
    counts = [f"{begun} {'begin' if begun > 1 else 'begins'}"] if begun else []
    counts += [f"{ended} {'are' if ended > 1 else 'is'} over"] if ended else []
    first = (*report.begun, *report.ended)[0]
    return f"{', '.join(counts)}: {first.what} ..."


def _subject(what: str, host: str) -> str:
    line = f"[d365edi {host}] {what}"
    return line if len(line) <= SUBJECT else f"{line[: SUBJECT - 3]}..."


def _traffic(totals: Totals, before: Totals) -> Iterator[Item]:
    for partner in sorted(totals):
        counts = {word: count - before.get(partner, {}).get(word, 0) for word, count in totals[partner].items()}
        yield (f"{partner}: {', '.join(f'{max(count, 0)} {word}' for word, count in counts.items())}",)


def _data(incident: Incident, local: Local) -> Mapping[str, Any]:
    return {
        "kind": incident.kind,
        "name": incident.name,
        "what": incident.what,
        "remedy": incident.remedy,
        "since": _iso(local(incident.since)),
        "seconds": round(incident.lasted),
    }


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _shown(at: datetime) -> str:
    return at.isoformat(" ", "seconds")
