"""`d365edi why`: the whole history of a file, order or invoice on one screen; or why a file was not picked up.

A name leads to messages, and each message to everything about it: its contents, what was created, what was sent, the
acknowledgments, and the audit lines.

Knows: the relations of the journal's tables. Does not know: how the rows are written.
"""

from __future__ import annotations

import json as codec
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from d365edi.cli import PERSON, client
from d365edi.cli.audit import COLUMNS, row
from d365edi.cli.console import (
    DEFAULT_SETTINGS,
    AsJson,
    Id,
    Many,
    OfPartner,
    SettingsFile,
    as_json,
    clock,
    plain,
    say,
    selection,
    table,
    timed,
)
from d365edi.cli.history import SHOWN, FoundByName, History, PassedEarlier, id_of
from d365edi.cli.waiting import D365, Matter
from d365edi.matching.resolution import MOST_SOURCES, Resolution

if TYPE_CHECKING:
    from pathlib import Path

    from d365edi.cli.inspect_file import Remark
    from d365edi.journal import (
        Delivery,
        DeliveryDocument,
        Document,
        Message,
        PlaceStatus,
    )


def why(
    what: Annotated[
        str, typer.Argument(help="A file, order, invoice or control number, a D365 key, a digest's beginning.")
    ] = "",
    *,
    partner: OfPartner = "",
    id: Id = "",
    many: Many = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Everything about one name: origin, envelope, documents, deliveries, acknowledgments, and decisions.

    For a file that was not picked up: where it was seen, and why it was not fetched. Exit code 1 when nothing is found. A name
    that several partners use is answered by a list, each with its id.
    """
    named = selection(what, partner, id, many)
    from d365edi.cli import views

    known = views.history(settings, what, partner, id)
    if not json and not many and len({history.message.partner for history in known.histories}) > 1:
        say(_several(named["what"], known.histories))
        raise typer.Exit(PERSON)
    if json:
        as_json(timed(_unpacked(asdict(known))))
    else:
        matter = _matter(settings) if any(map(_goes_on, known.histories)) else None
        for history in known.histories:
            say(lines(history, matter))
            table("Audit", [row(line) for line in history.lines], COLUMNS)
        say(_left(known))
        if not (known.histories or known.sightings or known.earlier):
            say(_unknown(what or id, known.places))
    if not (known.histories or known.sightings or known.earlier):
        raise typer.Exit(PERSON)


def _goes_on(history: History) -> bool:
    """Whether something of it waits for the daemon, and for nobody's decision."""
    return any(document.state == "ready" for document in history.documents) or any(map(_is_due, history.deliveries))


def _is_due(delivery: Delivery) -> bool:
    return delivery.state in ("pending", "waiting")


def _matter(settings: Path) -> Matter:
    state, daemon = client.daemon_state(client.load_daemon(settings))
    return Matter(state, daemon["troubles"] if daemon else ())


def _several(what: str, histories: Sequence[History]) -> Iterator[str]:
    yield f"{what} is a name that several partners use:"
    for history in histories:
        message = history.message
        yield f"  {id_of(message)}  {message.partner}  {message.name}  {message.state}  received {clock(message.received_at)}"
    first = histories[0].message
    yield f"one of them: d365edi why --id {id_of(first)}, or d365edi why {what} --partner {first.partner}"


def lines(history: History, matter: Matter | None = None) -> Iterator[str]:
    """A history as text, the message first; what waits with the reason, where it is known what is the matter."""
    message = history.message
    origin = "from D365" if message.direction == "out" else f"from {message.partner}"
    place = f"{message.endpoint}:{message.path}{_in_mailbox(message)}"
    yield f"\n{message.name}  {origin} ({place}), {message.size} bytes, sha256:{message.digest}"
    source = "" if message.direction == "out" else f"; {_source(message)}"
    received = f"received {clock(message.received_at)}{source}"
    yield f"  {message.state} since {clock(message.state_at)}, {received} ({id_of(message)})"
    if message.reason:
        yield f"  why: {message.reason}"
    if history.quote:
        yield f"  of what was not read: ...{history.quote}..."
    if message.parent is not None:
        yield f"  a replay of message {message.parent}"
    for interchange in history.interchanges:
        yield f"  interchange {interchange.control} {interchange.sender} → {interchange.receiver}, usage {interchange.usage}"
    for document in history.documents:
        yield from _document(document, history, matter)
    carrying = {carried.delivery for carried in history.carried}
    for delivery in history.deliveries:
        if delivery.id not in carrying:
            yield from _delivery(delivery, "  ", matter=matter)
    for answer in history.answers:
        yield f"  answer to group {plain(answer.control)}: {answer.verdict}, {answer.match} {answer.detail}".rstrip()


def _in_mailbox(message: Message) -> str:
    """The ids that a message and its document have in a mailbox, where names repeat."""
    document = message.fetched_by.partition(":")[2]
    return f", message {message.remote}, document {document}" if document else ""


def _source(message: Message) -> str:
    """What became of a received file at its endpoint. A record of D365 stays where it is."""
    return f"at the source: {message.settled_name or 'deleted'}" if message.settled else "still at the source"


def _document(document: Document, history: History, matter: Matter | None) -> Iterator[str]:
    from d365edi.flows.messages import of_order  # with the journal, which is imported by now

    numbers = " ".join(part for part in (document.interchange, document.group, document.set) if part)
    place = f" (control numbers {numbers})" if numbers else ""
    store = f", store {document.store}" if document.store else ""
    name = f"{document.kind} {document.number}{store}{of_order(document)} of {document.company}"
    yield f"  {id_of(document)} {name}{place}: {document.state}, map {document.map_digest[:12]}"
    if document.reason:
        yield f"    why: {document.reason}"
    if matter is not None and document.state == "ready":
        yield from (f"    {sentence}" for sentence in matter.of(D365))
    yield from _places(document)
    yield from _notes(history.notes.get(document.id, ()))
    for delivery in history.deliveries:
        carried = [one for one in history.carried if one.delivery == delivery.id]
        for one in carried:
            if one.document == document.id:
                yield from _delivery(delivery, "    ", one if len(carried) > 1 else None, len(carried), matter)


def _notes(found: Sequence[Remark]) -> Iterator[str]:
    for remark in found[:SHOWN]:
        again = f" (and {remark.times - 1} more like it)" if remark.times > 1 else ""
        yield f"    {remark.severity}: {remark.place}: {remark.sentence}{again}"
    if len(found) > SHOWN:
        yield f"    and {len(found) - SHOWN} more; see them with: d365edi explain FILE"


def _places(document: Document) -> Iterator[str]:
    """Which account an order is of and where its goods go, and by what each reference was resolved."""
    answers = Resolution.from_json(document.answers) if document.answers else Resolution()
    if answers.customer:
        yield f"    of customer {answers.customer}"
    for line, place in sorted(answers.places.items()):
        yield f"    {_line(line, answers) if line else 'it'} goes {place}"
    yield from (f"    {answer} by {source}" for answer, source in answers.sources.items())
    if len(answers.sources) >= MOST_SOURCES:
        yield "    and so on"


def _line(number: int, answers: Resolution) -> str:
    """A sales line by the line of the order that it was made of, and its store."""
    if not answers.parts:
        return f"line {number}"
    part = answers.parts[number - 1]
    return f"line {part.line}" + (f" for store {part.store}" if part.store else "")


def _delivery(
    delivery: Delivery,
    indent: str,
    carried: DeliveryDocument | None = None,
    count: int = 1,
    matter: Matter | None = None,
) -> Iterator[str]:
    """A delivery; with the state of one of its documents where it has several."""
    number = f", interchange {delivery.interchange:09d}" if delivery.interchange is not None else ""
    if carried is not None:
        number += f", group {plain(carried.group)} set {carried.set}, place {carried.place} of {count}"
    tries = f", {delivery.attempts} attempts" if delivery.attempts > 1 else ""
    receipt = f" as {delivery.receipt} at {clock(delivery.delivered_at)}" if delivery.receipt else ""
    yield f"{indent}→ {delivery.endpoint}:{delivery.path} {delivery.name}: {delivery.state}{receipt}{number}{tries}"
    if delivery.reason:
        yield f"{indent}  why: {delivery.reason}"
    if delivery.rests:
        yield f"{indent}  again as soon as {delivery.endpoint} can be used"
    elif delivery.until:
        yield f"{indent}  again at {clock(delivery.until)}"
    if matter is not None and _is_due(delivery):
        yield from (f"{indent}  {sentence}" for sentence in matter.of(delivery.endpoint))
    yield from (f"{indent}  {sentence}" for sentence in _picked_up(delivery))
    if carried is not None and carried.ack not in ("none", "awaited"):
        yield f"{indent}  acknowledgment: {carried.ack.replace('_', ' ')} {carried.ack_detail}".rstrip()
    elif delivery.ack != "none":
        due = f", due {clock(delivery.ack_due)}" if delivery.ack in ("awaited", "overdue") else ""
        yield f"{indent}  acknowledgment: {delivery.ack.replace('_', ' ')}{due} {delivery.ack_detail}".rstrip()


def _picked_up(delivery: Delivery) -> Iterator[str]:
    """Whether the other side fetched it, where that is asked."""
    if delivery.picked_up == "none":
        return
    by = f" by {clock(delivery.picked_up_due)}" if delivery.picked_up_due is not None else ""
    due = by if delivery.picked_up in ("awaited", "overdue") else ""
    at = f" at {clock(delivery.picked_up_at)}" if delivery.picked_up == "fetched" else ""
    sure = f", {delivery.picked_up_detail}" if delivery.picked_up_detail else ""
    yield f"picked up: {delivery.picked_up}{due}{at}{sure}"


def _left(known: FoundByName) -> Iterator[str]:
    if known.beyond:
        yield f"{known.beyond} more files that a person has to look at, or closed, were not searched for it: d365edi status"
    for sighting in known.sightings:
        seen = f"seen {sighting.equal} times unchanged" if sighting.equal else "seen"
        reason = sighting.verdict or "it is fetched at the second sighting without a change"
        last = clock(sighting.last_at)
        yield f"\n{sighting.name}  at {sighting.endpoint}:{sighting.path}, {seen}, last {last}: not picked up: {reason}"

    for earlier in known.earlier:
        yield from _earlier(earlier)


def _earlier(found: PassedEarlier) -> Iterator[str]:
    """What lay at a place before its first poll, and which setting fetches it."""
    row = found.row
    number = f" (message {row.remote})" if row.mailbox else ""
    left = {name: since for name, since in found.pickups.items() if since != "all"}
    tables = " or ".join(f"[partners.{name}]" for name in left or found.pickups)
    how = f'; since = "all" in {tables} fetches it' if left else "; the next poll fetches it" if found.pickups else ""
    there = f"{row.endpoint}:{row.path}" + (f" of {row.server}" if row.server and not found.pickups else "")
    yield f"\n{row.name}{number}  at {there}: it lay there before the first poll and is left alone{how}"


def _unknown(what: str, places: list[PlaceStatus]) -> Iterator[str]:
    yield f"Nothing is known by the name {what}."
    if not places:
        yield "No place was polled yet: is the daemon running? d365edi status"
    for place in places:
        yield (
            f"  {place.endpoint}:{place.path} was polled {clock(place.looked_at)}: "
            f"{place.offered} offered, {place.passed} passed over"
        )


def _unpacked(known: dict[str, Any]) -> dict[str, Any]:
    """The same with JSON texts parsed, and without the bodies of documents."""
    for history in known["histories"]:
        for document in history["documents"]:
            del document["body"], document["answers"]
        for line in history["lines"]:
            line["detail"] = codec.loads(line["detail"])
    return known
