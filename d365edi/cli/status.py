"""`d365edi status`: what runs, what waits, what needs a person, what is late.

Reads the journal, and asks the daemon where one runs.

Knows: which states need a person. Does not know: what is done about them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from d365edi.cli import FINE, PERSON, client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, Row, SettingsFile, as_json, clock, say, table

if TYPE_CHECKING:
    from d365edi.journal import Delivery, DeliveryDocument, Document, Message, Tx

SHOWN = 50
"""Rows of one kind; the counts above them are of all."""


@dataclass(slots=True)
class Picture:
    """The state of the journal at one moment, as rows to show."""

    counts: list[Row] = field(default_factory=list)
    needs_a_person: list[Row] = field(default_factory=list)
    waits: list[Row] = field(default_factory=list)
    places: list[Row] = field(default_factory=list)
    sending_held: str = ""


def status(settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Flows with their last and next run, what waits, what needs a person, overdue acknowledgments, polled places.

    Exit code 1 when something needs a person, 0 when nothing does; a daemon that does not run is reported and is no error.
    """
    loaded = client.load(settings)
    answered, daemon = client.ask(loaded.daemon.socket, "status", {}, loaded.digest)
    seen = client.read(settings, picture)
    if json:
        as_json({"daemon": daemon, **{name: getattr(seen, name) for name in Picture.__dataclass_fields__}})
    else:
        _show_daemon(daemon if answered else None)
        _show(seen)
    raise typer.Exit(PERSON if seen.needs_a_person or seen.sending_held else FINE)


def picture(tx: Tx) -> Picture:
    """Everything that `status` shows of the journal."""
    return Picture(
        counts=list(_counts(tx.counts())),
        needs_a_person=[*_held(tx), *_quarantined(tx), *_unanswered(tx)],
        waits=[
            {
                "partner": d.partner,
                "name": d.name,
                "to": d.endpoint,
                "until": "" if d.rests else clock(d.until),
                "reason": d.reason,
            }
            for d in tx.deliveries.in_state("waiting", limit=SHOWN)
        ],
        places=[
            {
                "place": f"{p.endpoint}:{p.path}",
                "looked_at": clock(p.looked_at),
                "offered": p.offered,
                "passed_over": p.passed,
            }
            for p in tx.sightings.places()
        ],
        sending_held=tx.counters.held(),
    )


def _counts(counts: dict[str, dict[str, dict[str, int]]]) -> Iterator[Row]:
    for partner in sorted({name for kinds in counts.values() for name in kinds}):
        states = {
            kind: counts.get(kind, {}).get(partner, {}) for kind in ("messages", "documents", "deliveries", "acks")
        }
        yield {"partner": partner, "messages": states["messages"], "documents": states["documents"],
               "deliveries": states["deliveries"], "acknowledgments": states["acks"]}  # fmt: skip


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
        why = _runnable(tx, delivery, delivery.name)
        yield _person(delivery.partner, "quarantined", delivery.name, why, delivery.state_at)


def _runnable(tx: Tx, row: Document | Message | Delivery, name: str) -> str:
    """Why a row waits for a person, with commands that work now."""
    if "d365edi re" not in row.reason:
        return row.reason
    from d365edi.flows.named import runnable  # a third of a second, only where a sentence has a command

    return runnable(tx, row.reason, row, name)


def _unanswered(tx: Tx) -> Iterator[Row]:
    for state in ("overdue", "rejected", "partially"):
        for delivery in tx.deliveries.with_ack(state, limit=SHOWN):
            if state != "overdue" and len(tx.delivery_documents.of(delivery.id)) > 1:
                yield from _refused(tx, delivery, tx.delivery_documents.counting(delivery.id))
                continue
            why = (
                delivery.ack_detail
                or f"no acknowledgment by {clock(delivery.ack_due)}; ask the partner whether they received it"
            )
            yield _person(delivery.partner, f"997 {state}", delivery.name, why, delivery.state_at)


def _refused(tx: Tx, delivery: Delivery, carried: list[DeliveryDocument]) -> Iterator[Row]:
    """Of several documents in a file those that were not accepted, by number; those of one set are told once."""
    said = set[tuple[str, int | None]]()
    for one in carried:
        if one.ack in ("rejected", "partially") and (one.set, one.group) not in said:
            said.add((one.set, one.group))
            why = f"in {delivery.name}: {one.ack_detail or 'no reason given'}"
            yield _person(
                delivery.partner, f"997 {one.ack}", tx.documents.get(one.document).number, why, delivery.state_at
            )


def _person(partner: str, state: str, name: str, why: str, since: float) -> Row:
    return {"partner": partner, "state": state, "name": name, "since": clock(since), "why": why}


def _show_daemon(daemon: dict[str, Any] | None) -> None:
    if daemon is None:
        say(["No daemon is running on this journal (d365edi run)."])
        return
    say(
        [
            f"The daemon runs as process {daemon['pid']} since {daemon['since']}, {'healthy' if daemon['healthy'] else 'STUCK'}."
        ]
    )
    columns = dict.fromkeys(("name", "last", "result", "next", "running"))
    table("Flows", daemon["flows"], columns, nothing="no flow is configured")


def _show(seen: Picture) -> None:
    table("Partners", seen.counts, dict.fromkeys(("partner", "messages", "documents", "deliveries", "acknowledgments")))
    if seen.sending_held:
        say([f"\nSending is held: {seen.sending_held}"])
    table("Needs a person", seen.needs_a_person, dict.fromkeys(("partner", "state", "name", "since", "why")))
    if seen.waits:
        table("Waits for a retry", seen.waits, dict.fromkeys(("partner", "name", "to", "until", "reason")))
    table("Polled places", seen.places, dict.fromkeys(("place", "looked_at", "offered", "passed_over")))
