"""The history of a file, order or invoice: what `why` finds.

A name leads to messages, and each message to everything about it: its contents, what was created, what was sent, the
acknowledgments, and the audit lines.

Knows: the relations of the journal's tables. Does not know: how the rows are written, how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from d365edi.cli.inside import FoundInside, search

if TYPE_CHECKING:
    from d365edi.cli.inspect_file import Remark
    from d365edi.flows.partner import TradingPartner
    from d365edi.journal import (
        Acknowledgment,
        AuditLine,
        Delivery,
        DeliveryDocument,
        Document,
        Earlier,
        Message,
        PlaceStatus,
        ReceivedInterchange,
        SearchResult,
        Sighting,
        Tx,
    )

R = TypeVar("R", "Document", "Message")

SHOWN = 20
"""Notes of a document, and documents of a file, that are shown where more are not asked for."""


@dataclass(frozen=True, slots=True)
class History:
    """One message and everything about it. `carried` are the documents in its deliveries, those of other messages too.

    `answers` are the acknowledgments in it, or for its deliveries."""

    message: Message
    interchanges: list[ReceivedInterchange]
    documents: list[Document]
    deliveries: list[Delivery]
    carried: list[DeliveryDocument]
    answers: list[Acknowledgment]
    lines: list[AuditLine]
    notes: dict[int, tuple[Remark, ...]] = field(default_factory=dict)
    """What no row of the map reads of its documents, by their id, and what is odd in them."""
    quote: str = ""
    """The text around the name, where it stands in bytes of which nothing was read."""


@dataclass(frozen=True, slots=True)
class PassedEarlier:
    """A message or file that lay at a place before its first poll and was not fetched, and the pickups that read the place, each
    with its `since`."""

    row: Earlier
    pickups: dict[str, str]


@dataclass(frozen=True, slots=True)
class FoundByName:
    """What has a name: histories of messages, sightings of files that were not (or not yet) fetched, and all polled places."""

    histories: list[History]
    sightings: list[Sighting]
    places: list[PlaceStatus]
    earlier: list[PassedEarlier] = field(default_factory=list)
    beyond: int = 0
    """Files with something unread that were not searched, because there are too many bytes in all."""


def look_up(
    tx: Tx,
    what: str,
    partners: Mapping[str, TradingPartner] | None = None,
    *,
    partner: str = "",
    id: str = "",
) -> FoundByName:
    """Everything with this name (of this partner) or this id, as histories of messages, oldest first. With `partners` received
    documents are read again, for what no row of a map reads."""
    found = _by_id(tx, id) if id else tx.find(what)
    ids = _messages(tx, found, "" if id else what)
    inside = search(tx, what, partner, ids) if what and not id else FoundInside()
    histories = [_history(tx, id, inside.quotes.get(id, "")) for id in sorted(ids | inside.quotes.keys())]
    histories = [history for history in histories if partner in ("", history.message.partner)]
    if partners:
        from d365edi.cli.notes import notes

        for history in histories:
            named = [document for document in history.documents if document.number == what and not document.store]
            for document in named or history.documents[:SHOWN]:
                history.notes[document.id] = notes(tx, partners, document)
    return FoundByName(
        histories,
        [sighting for sighting in found.sightings if sighting.message is None],
        tx.sightings.places(),
        [] if id else _earlier(tx, found, partners or {}),
        inside.beyond,
    )


def _earlier(tx: Tx, found: SearchResult, partners: Mapping[str, TradingPartner]) -> list[PassedEarlier]:
    pickups = [pickup for partner in partners.values() for pickup in partner.pickups.values()]
    return [
        PassedEarlier(
            row,
            {
                each.name: str(each.settings.since)
                for each in pickups
                if (each.endpoint, each.place.path) == (row.endpoint, row.path) and row.server in ("", each.server)
            },
        )
        for row in found.earlier
        if not (row.mailbox and tx.messages.keyed(row.endpoint, {row.remote: row.fetched_by}))
    ]


def id_of(row: Document | Message) -> str:
    """The id of a row for the command line."""
    from d365edi.flows.named import identify  # with the journal, which is imported by now

    return identify(row)


def _with_commands(tx: Tx, row: R, name: str) -> R:
    """The row with commands in its reason that work now, where it waits for a person."""
    if row.state not in ("held", "quarantined", "duplicate"):
        return row
    from d365edi.flows.named import runnable

    return replace(row, reason=runnable(tx, row.reason, row, name))


def _by_id(tx: Tx, id: str) -> SearchResult:
    from d365edi.flows.named import row_of
    from d365edi.journal import Delivery, Document, Message, SearchResult

    row = row_of(tx, id)
    messages = [row] if isinstance(row, Message) else []
    documents = [row] if isinstance(row, Document) else []
    return SearchResult(messages, documents, [row] if isinstance(row, Delivery) else [], [], [], [])


def _messages(tx: Tx, found: SearchResult, number: str) -> set[int]:
    ids = {message.id for message in found.messages} | (tx.snapshots.messages(number) if number else set())
    ids |= {document.message for document in (*found.documents, *(tx.documents.naming(number) if number else ()))}
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


def _history(tx: Tx, id: int, quote: str = "") -> History:
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
    own = {None, *(document.id for document in documents)}  # not the actions on other documents in the same file
    for delivery in deliveries.values():
        lines.update((line.id, line) for line in tx.audit.query(delivery=delivery.id) if line.document in own)
    message = tx.messages.get(id)
    return History(
        _with_commands(tx, message, message.name),
        tx.interchanges.for_message(id),
        [_with_commands(tx, document, document.number) for document in documents],
        [deliveries[key] for key in sorted(deliveries)],
        [carried for key in sorted(deliveries) for carried in tx.delivery_documents.of(key)],
        [answers[key] for key in sorted(answers)],
        [lines[key] for key in sorted(lines)],
        quote=quote,
    )
