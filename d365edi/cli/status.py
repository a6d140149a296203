"""`d365edi status`: what runs, what is the matter, what waits, what needs a person, what is late.

Reads the journal, and asks the daemon where one runs; endpoints are known to the daemon alone. A daemon that hangs is waited
for five seconds.

Knows: which states need a person. Does not know: what is done about them.
"""

from __future__ import annotations

import json as json_module
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from d365edi.cli import FINE, PERSON, UNREACHABLE, client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, Row, SettingsFile, as_json, clock, say, table, timed
from d365edi.endpoints.filenames import NEVER_TAKEN

if TYPE_CHECKING:
    from d365edi.journal import Delivery, DeliveryDocument, Document, Message, Tx
    from d365edi.settings import Settings
    from d365edi.settings.daemon_table import DaemonTable

PASSING = frozenset({"unreachable", "throttled", "clock"})
"""Kinds of trouble that end by themselves (`condition.PASSING`, which takes a quarter of a second to import)."""
NOT_STORED = "How endpoints and flows stand only a running daemon knows; d365edi ping tries the endpoints."
SHOWN = 50
"""Rows of one kind; the counts above them are of all."""


@dataclass(slots=True)
class Picture:
    """The state of the journal at one moment, as rows to show."""

    counts: list[Row] = field(default_factory=list)
    needs_a_person: list[Row] = field(default_factory=list)
    waits: list[Row] = field(default_factory=list)
    places: list[Row] = field(default_factory=list)
    not_taken: list[Row] = field(default_factory=list)
    logins_refused: list[Row] = field(default_factory=list)
    sending_held: str = ""
    retention_held: str = ""

    @property
    def person(self) -> bool:
        """Whether something needs a person."""
        return bool(self.needs_a_person or self.not_taken or self.sending_held)


def status(settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """What is the matter, flows with their last and next run, endpoints, what waits, what needs a person, polled places.

    Exit code 1 when something needs a person (a daemon that hangs or was killed, too), 3 when all there is will pass by itself
    (an endpoint that does not answer), else 0; that no daemon was started is reported and is no error.
    """
    loaded = client.load_daemon(settings)
    state, daemon = client.daemon_state(loaded)
    here = not client.outside(loaded.daemon)
    seen = client.read(loaded, picture) if here else Picture(**client.ask_view(loaded, "picture"))
    if json:
        rows = {name: getattr(seen, name) for name in Picture.__dataclass_fields__}
        unknown = [] if daemon else ["endpoints", "flows"]
        as_json(timed({"state": state, "daemon": daemon, "unknown": unknown, **rows}))
    else:
        _show_daemon(loaded, state, daemon)
        if daemon is None and seen.sending_held:
            say([f"\nSending is held: {seen.sending_held}; {_release()}"])
        if daemon is None and seen.logins_refused:
            _table("Nobody is let in", seen.logins_refused, "endpoint", "since", "why")
        if daemon is None and seen.retention_held:
            remedy = "if the clock is right: d365edi release retention"
            say([f"\nPayloads past their retention stay: {seen.retention_held}; {remedy}"])
        _show(seen)
    raise typer.Exit(_exit_code(state, daemon, seen))


def _exit_code(state: client.DaemonState, daemon: dict[str, Any] | None, seen: Picture) -> int:
    kinds = {trouble["kind"] for trouble in daemon["troubles"]} if daemon else set()
    refused = daemon is None and bool(seen.logins_refused)
    if seen.person or refused or state in ("hangs", "killed") or kinds - PASSING:
        return PERSON
    return UNREACHABLE if kinds else FINE


def picture(tx: Tx) -> Picture:
    """Everything that `status` shows of the journal."""
    return Picture(
        counts=list(_counts(tx.counts())),
        needs_a_person=[*_held(tx), *_quarantined(tx), *_unanswered(tx), *_not_picked_up(tx)],
        waits=[
            {
                "partner": d.partner,
                "name": d.name,
                "to": d.endpoint,
                "until": None if d.rests else d.until,
                "reason": d.reason,
            }
            for d in tx.deliveries.in_state("waiting", limit=SHOWN)
        ],
        places=[
            {
                "place": f"{p.endpoint}:{p.path}",
                "looked_at": p.looked_at,
                "offered": p.offered,
                "passed_over": p.passed,
                "earlier": p.earlier,
            }
            for p in tx.sightings.places()
        ],
        not_taken=list(_not_taken(tx)),
        logins_refused=list(_logins_refused(tx)),
        sending_held=tx.counters.held(),
        retention_held=tx.retention.held(),
    )


def _counts(counts: dict[str, dict[str, dict[str, int]]]) -> Iterator[Row]:
    for partner in sorted({name for kinds in counts.values() for name in kinds}):
        kinds = ("messages", "documents", "deliveries", "acks", "picked_up")
        states = {kind: counts.get(kind, {}).get(partner, {}) for kind in kinds}
        yield {"partner": partner, "messages": states["messages"], "documents": states["documents"],
               "deliveries": states["deliveries"], "acknowledgments": states["acks"],
               "picked_up": states["picked_up"]}  # fmt: skip


def _not_taken(tx: Tx) -> Iterator[Row]:
    """What is at a place and stays there."""
    for sighting in tx.sightings.stuck(NEVER_TAKEN, SHOWN):
        why = f"{'stored, and not cleared: ' if sighting.message else ''}{sighting.verdict}"
        place = f"{sighting.endpoint}:{sighting.path}"
        yield {"place": place, "name": sighting.name, "since": sighting.first_at, "why": why}


def _logins_refused(tx: Tx) -> Iterator[Row]:
    """Endpoints that `run --once` leaves alone, because they let nobody in a short while ago."""
    from d365edi.endpoints.health import RESTS
    from d365edi.journal.cursors import REFUSED_LOGINS  # the journal was read by now

    for endpoint, said in json_module.loads(tx.cursors.get(REFUSED_LOGINS) or "{}").items():
        if tx.now < said["at"] + RESTS.person:
            yield {"endpoint": endpoint, "since": said["at"], "why": f"{said['reason']}; {said['remedy']}"}


def _held(tx: Tx) -> Iterator[Row]:
    said = set[tuple[str, str, str]]()  # orders for stores that are held together have one sentence
    for document in tx.documents.in_state("held", limit=SHOWN):
        sentence = (document.partner, document.number, document.reason)
        if document.store and sentence in said:
            continue
        said.add(sentence)
        why = _runnable(tx, document, document.number)
        yield _person(document.partner, "held", document.number, why, document.state_at)


def _quarantined(tx: Tx) -> Iterator[Row]:
    for message in tx.messages.in_state("quarantined", limit=SHOWN):
        why = _runnable(tx, message, message.name)
        yield _person(message.partner, "quarantined", message.name, why, message.state_at)
    for delivery in tx.deliveries.in_state("quarantined", limit=SHOWN):
        if any(document.state == "held" for document in tx.documents.in_delivery(delivery.id)):
            continue  # each is in the list by itself
        why = _runnable(tx, delivery, delivery.name)
        yield _person(delivery.partner, "quarantined", delivery.name, why, delivery.state_at)


def _runnable(tx: Tx, row: Document | Message | Delivery, name: str) -> str:
    """Why a row waits for a person, with commands that work now."""
    if not any(word in row.reason for word in ("release ", "reject ")):
        return row.reason
    from d365edi.flows.named import runnable  # a third of a second, only where a sentence has a command

    return runnable(tx, row.reason, row, name)


def _unanswered(tx: Tx) -> Iterator[Row]:
    for state in ("overdue", "rejected", "partially"):
        for delivery in tx.deliveries.with_ack(state, limit=SHOWN):
            if state != "overdue" and len(tx.delivery_documents.of(delivery.id)) > 1:
                yield from _refused(tx, delivery, tx.delivery_documents.counting(delivery.id))
                continue
            if state == "overdue":
                late = f"no acknowledgment by {clock(delivery.ack_due)}; ask the partner whether they received it"
                why = delivery.ack_detail or late
            else:
                why = _not_accepted(delivery.ack_detail, delivery.name)
            yield _person(delivery.partner, f"997 {state}", delivery.name, why, delivery.state_at)
    for delivery in tx.deliveries.refused_in_part(limit=SHOWN):
        yield from _refused(tx, delivery, tx.delivery_documents.counting(delivery.id))


def _not_picked_up(tx: Tx) -> Iterator[Row]:
    """What lies in a mailbox beyond the time within which it should be fetched."""
    from d365edi.journal.states import NOT_FETCHED  # the journal was read by now

    for delivery in tx.picked_up.overdue(SHOWN):
        late = (
            f"not picked up from {delivery.endpoint}:{delivery.path} by {clock(delivery.picked_up_due)}; {NOT_FETCHED}"
        )
        yield _person(
            delivery.partner, "not picked up", delivery.name, late, delivery.picked_up_due or delivery.state_at
        )


def _refused(tx: Tx, delivery: Delivery, carried: list[DeliveryDocument]) -> Iterator[Row]:
    """Of several documents in a file those that were not accepted, by number; those of one set are reported once."""
    said = set[tuple[str, int | None]]()
    for one in carried:
        if one.ack in ("rejected", "partially") and (one.set, one.group) not in said:
            said.add((one.set, one.group))
            number = tx.documents.get(one.document).number
            why = f"in {delivery.name}: {_not_accepted(one.ack_detail, number)}"
            yield _person(delivery.partner, f"997 {one.ack}", number, why, delivery.state_at)


def _not_accepted(why: str, name: str) -> str:
    from d365edi.journal.states import SEND_AGAIN  # the journal was read by now

    return f"{why or 'no reason given'}; {SEND_AGAIN.format(shlex.quote(name))}"


def _person(partner: str, state: str, name: str, why: str, since: float) -> Row:
    return {"partner": partner, "state": state, "name": name, "since": since, "why": why}


TIMES = {"since": clock, "next_attempt": clock, "last": clock, "next": clock, "looked_at": clock, "reached_at": clock}


def _attempts(rows: Sequence[Row]) -> list[Row]:
    """The same with `until` under the name that says what happens then."""
    return [{**row, "next_attempt": row["until"]} for row in rows]


def _table(title: str, rows: Sequence[Row], *names: str, nothing: str = "nothing") -> None:
    table(title, rows, {name: TIMES.get(name) for name in names}, nothing=nothing)


def _show_daemon(settings: Settings | DaemonTable, state: client.DaemonState, daemon: dict[str, Any] | None) -> None:
    if daemon is None:
        say([_absent(settings, state), NOT_STORED])
        return
    reloaded = "" if daemon["settings_since"] == daemon["since"] else f", settings of {clock(daemon['settings_since'])}"
    say(
        [f"The daemon runs as process {daemon['pid']} since {clock(daemon['since'])}{reloaded}: {daemon['condition']}."]
    )
    if daemon["troubles"]:
        rows = [{**row, "why": "; ".join(filter(None, (row["why"], row["remedy"])))} for row in daemon["troubles"]]
        _table("Trouble", _attempts(rows), "kind", "name", "since", "next_attempt", "failures", "why")
    if daemon["ends"]:
        _table("Ends soon", daemon["ends"], "name", "why")
    _table("Flows", daemon["flows"], "name", "last", "result", "next", "running", nothing="no flow is configured")
    _table("Endpoints", list(_endpoints(daemon["endpoints"])), "endpoint", "state", "reached_at")


def _earlier(places: Sequence[Row]) -> tuple[str, ...]:
    """The column of what lay at places before `since`, where that is anything."""
    return ("earlier",) if any(row["earlier"] for row in places) else ()


def _release() -> str:
    from d365edi.journal.counters import RELEASE  # the journal was read by now

    return RELEASE


def _absent(settings: Settings | DaemonTable, state: client.DaemonState) -> str:
    from d365edi.journal.lock import holder

    if state == "hangs":
        process = holder(settings.daemon.journal)
        return (
            f"The daemon (process {process}) does not answer within {client.STATUS_PATIENCE:.0f} s; see its log, and restart it. "
            "What follows is from the journal."
        )
    if state == "killed":
        return "The daemon was killed, as its socket is still there: start it again. What follows is from the journal."
    return "No daemon is running on this journal (d365edi run)."


def _endpoints(known: list[dict[str, Any]]) -> Iterator[Row]:
    """Every endpoint, and the places that fail."""
    for row in known:
        if not row["place"] or row["kind"]:
            name = f"{row['endpoint']}:{row['place']}" if row["place"] else row["endpoint"]
            state = row["kind"] or ("reached" if row["reached_at"] else "not asked yet")
            if row["kind"] == "throttled" and row["rests_until"]:
                state += f" until {clock(row['rests_until'])}"
            yield {"endpoint": name, "state": state, "reached_at": row["reached_at"]}


def _show(seen: Picture) -> None:
    tracked = ("picked_up",) if any(row["picked_up"] for row in seen.counts) else ()
    _table("Partners", seen.counts, "partner", "messages", "documents", "deliveries", "acknowledgments", *tracked)
    _table("Needs a person", seen.needs_a_person, "name", "partner", "state", "since", "why")
    if seen.waits:
        _table("Waits for a retry", _attempts(seen.waits), "name", "partner", "to", "next_attempt", "reason")
    if seen.not_taken:
        _table("Cannot be taken", seen.not_taken, "name", "place", "since", "why")
    _table("Polled places", seen.places, "place", "looked_at", "offered", "passed_over", *_earlier(seen.places))
    if _earlier(seen.places):
        say(['What is there from before `since` is left alone; since = "all" in the table of its pickup fetches it.'])
