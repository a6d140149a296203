"""`d365edi why`: the whole life of one thing on one screen; or why a file was not picked up.

Whatever name is given leads to messages, and from each message to all that came of it: what was in it, what was made of
it, what was sent and what the other side said, and the trail of who did what.

Knows: how the journal's tables hang together. Does not know: how the rows came there.
"""

from __future__ import annotations

import json as codec
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from d365edi.cli import PERSON, client
from d365edi.cli.audit import COLUMNS, row
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, clock, plain, say, table

if TYPE_CHECKING:
    from d365edi.journal import (
        Acknowledgment,
        AuditLine,
        Delivery,
        DeliveryDocument,
        Document,
        Message,
        PlaceStatus,
        ReceivedInterchange,
        SearchResult,
        Sighting,
        Tx,
    )


@dataclass(frozen=True, slots=True)
class Life:
    """One message and all that came of it. `carried` is what its deliveries bear, documents of other messages too.

    `answers` are the acknowledgments that it carried, or that came for its deliveries.
    """

    message: Message
    interchanges: list[ReceivedInterchange]
    documents: list[Document]
    deliveries: list[Delivery]
    carried: list[DeliveryDocument]
    answers: list[Acknowledgment]
    lines: list[AuditLine]


@dataclass(frozen=True, slots=True)
class Known:
    """What goes by a name: lives, names seen at a place and not (or not yet) taken, and where was looked at all."""

    lives: list[Life]
    looks: list[Sighting]
    places: list[PlaceStatus]


def why(
    what: Annotated[
        str, typer.Argument(help="A file, order, invoice or control number, a D365 key, a digest's beginning.")
    ],
    *,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Everything about one thing: where it came from, its envelope, what became of it, the answers, who decided what.

    For a file that was not picked up: where it was seen, and why it was left. Exit code 1 when nothing is known.
    """
    known = client.read(settings, lambda tx: look_up(tx, what))
    if json:
        as_json(_unpacked(asdict(known)))
    else:
        for life in known.lives:
            say(_told(life))
            table("Trail", [row(line) for line in life.lines], COLUMNS)
        say(_left(known))
        if not (known.lives or known.looks):
            say(_unknown(what, known.places))
    if not (known.lives or known.looks):
        raise typer.Exit(PERSON)


def look_up(tx: Tx, what: str) -> Known:
    """Everything that goes by this name, as lives of messages, oldest first."""
    found = tx.find(what)
    lives = [_life(tx, id) for id in sorted(_messages(tx, found))]
    return Known(lives, [look for look in found.sightings if look.message is None], tx.sightings.places())


def _messages(tx: Tx, found: SearchResult) -> set[int]:
    ids = {message.id for message in found.messages}
    ids |= {document.message for document in found.documents}
    ids |= {interchange.message for interchange in found.interchanges}
    ids |= {answer.message for answer in found.acknowledgments}
    for delivery in (*found.deliveries, *_answered(tx, found)):
        if delivery.message is not None:
            ids.add(delivery.message)
        ids |= {document.message for document in tx.documents.in_delivery(delivery.id)}
    return ids


def _answered(tx: Tx, found: SearchResult) -> Iterator[Delivery]:
    for answer in found.acknowledgments:
        if answer.delivery is not None:
            yield tx.deliveries.get(answer.delivery)


def _life(tx: Tx, id: int) -> Life:
    documents = tx.documents.for_message(id)
    deliveries = {delivery.id: delivery for delivery in tx.deliveries.for_message(id)}
    for document in documents:
        deliveries.update((delivery.id, delivery) for delivery in tx.deliveries.for_document(document.id))
    answers = {answer.id: answer for answer in tx.acknowledgments.for_message(id)}
    for delivery in deliveries.values():
        answers.update((answer.id, answer) for answer in tx.acknowledgments.for_delivery(delivery.id))
    lines = {line.id: line for line in tx.audit.query(message=id)}
    for document in documents:
        lines.update((line.id, line) for line in tx.audit.query(document=document.id))
    theirs = {None, *(document.id for document in documents)}  # not what was done with others in the same file
    for delivery in deliveries.values():
        lines.update((line.id, line) for line in tx.audit.query(delivery=delivery.id) if line.document in theirs)
    return Life(
        tx.messages.get(id),
        tx.interchanges.for_message(id),
        documents,
        [deliveries[key] for key in sorted(deliveries)],
        [carried for key in sorted(deliveries) for carried in tx.delivery_documents.of(key)],
        [answers[key] for key in sorted(answers)],
        [lines[key] for key in sorted(lines)],
    )


def _told(life: Life) -> Iterator[str]:
    """A life in sentences, the message first and what came of it below."""
    message = life.message
    origin = "from D365" if message.direction == "out" else f"from {message.partner}"
    yield f"\n{message.name}  {origin} ({message.endpoint}:{message.path}), {message.size} bytes, sha256:{message.digest}"
    went = f"; at the source: {message.settled_name or 'cleared'}" if message.settled else "; still at the source"
    yield f"  {message.state} since {clock(message.state_at)}, received {clock(message.received_at)}{went}"
    if message.reason:
        yield f"  why: {message.reason}"
    if message.parent is not None:
        yield f"  a replay of message {message.parent}"
    for interchange in life.interchanges:
        yield f"  interchange {interchange.control} {interchange.sender} → {interchange.receiver}, usage {interchange.usage}"
    for document in life.documents:
        yield from _document(document, life)
    bearing = {carried.delivery for carried in life.carried}
    for delivery in life.deliveries:
        if delivery.id not in bearing:
            yield from _delivery(delivery, "  ")
    for answer in life.answers:
        yield f"  their answer to group {plain(answer.control)}: {answer.verdict}, {answer.match} {answer.detail}".rstrip()


def _document(document: Document, life: Life) -> Iterator[str]:
    numbers = " ".join(part for part in (document.interchange, document.group, document.set) if part)
    place = f" (control numbers {numbers})" if numbers else ""
    yield f"  {document.kind} {document.number} of {document.company}{place}: {document.state}, map {document.map_digest[:12]}"
    if document.reason:
        yield f"    why: {document.reason}"
    for delivery in life.deliveries:
        carried = [one for one in life.carried if one.delivery == delivery.id]
        for one in carried:
            if one.document == document.id:
                yield from _delivery(delivery, "    ", one if len(carried) > 1 else None, len(carried))


def _delivery(
    delivery: Delivery, indent: str, carried: DeliveryDocument | None = None, count: int = 1
) -> Iterator[str]:
    """A delivery; with what it says of one of its documents where it bears several."""
    number = f", interchange {delivery.interchange:09d}" if delivery.interchange is not None else ""
    if carried is not None:
        number += f", group {plain(carried.group)} set {carried.set}, place {carried.place} of {count}"
    tries = f", {delivery.attempts} attempts" if delivery.attempts > 1 else ""
    receipt = f" as {delivery.receipt} at {clock(delivery.delivered_at)}" if delivery.receipt else ""
    yield f"{indent}→ {delivery.endpoint}:{delivery.path} {delivery.name}: {delivery.state}{receipt}{number}{tries}"
    if delivery.reason:
        yield f"{indent}  why: {delivery.reason}"
    if delivery.until:
        yield f"{indent}  again at {clock(delivery.until)}"
    if carried is not None and carried.ack not in ("none", "awaited"):
        yield f"{indent}  acknowledgment: {carried.ack.replace('_', ' ')} {carried.ack_detail}".rstrip()
    elif delivery.ack != "none":
        due = f", due {clock(delivery.ack_due)}" if delivery.ack in ("awaited", "overdue") else ""
        yield f"{indent}  acknowledgment: {delivery.ack.replace('_', ' ')}{due} {delivery.ack_detail}".rstrip()


def _left(known: Known) -> Iterator[str]:
    for look in known.looks:
        seen = f"seen {look.equal} times alike" if look.equal else "seen"
        verdict = look.verdict or "it is taken at the second look that shows it unchanged"
        yield f"\n{look.name}  at {look.endpoint}:{look.path}, {seen}, last {clock(look.last_at)}: not picked up: {verdict}"


def _unknown(what: str, places: list[PlaceStatus]) -> Iterator[str]:
    yield f"Nothing goes by the name {what}: it was never seen here."
    if not places:
        yield "No place was looked at yet: is the daemon running? d365edi status"
    for place in places:
        yield (
            f"  {place.endpoint}:{place.path} was looked at {clock(place.looked_at)}: "
            f"{place.offered} offered, {place.passed} passed over"
        )


def _unpacked(known: dict[str, Any]) -> dict[str, Any]:
    """The same with JSON texts opened, and payload-like bodies left out: `why` tells, it does not carry."""
    for life in known["lives"]:
        for document in life["documents"]:
            del document["body"], document["answers"]
        for line in life["lines"]:
            line["detail"] = codec.loads(line["detail"])
    return known
