"""The documents in deliveries, each with its control numbers and with what the partner said of it alone.

A sales order has one, an interchange one or several, an acknowledgment none. A document that was sent again is in several
deliveries; the last one counts. Its acknowledgment changes from awaited → accepted → accepted_with_errors →
partially (they did not say which) → rejected, in this direction only, over any of them. That it is late is a state of the
delivery.

Knows: rows and that transition. Does not know: which acknowledgment belongs to which.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from d365edi.errors import JournalError
from d365edi.journal.states import ANSWERS, AckState
from d365edi.journal.table import JournalTable, insert, select


@dataclass(frozen=True, slots=True)
class NumberedDocument:
    """A document and the numbers it is given: functional id and control number of its group, control number of its set."""

    document: int
    functional_id: str = ""
    group: int | None = None
    set: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryDocument:
    """One document in one delivery. `place` counts from 1 in the order of the file; `ack` is never "overdue"."""

    delivery: int
    place: int
    document: int
    functional_id: str
    group: int | None
    set: str
    ack: AckState
    ack_detail: str


COUNTS = (
    "NOT EXISTS (SELECT 1 FROM delivery_documents AS later JOIN deliveries AS next ON next.id = later.delivery "
    "WHERE later.document = delivery_documents.document AND later.delivery > delivery_documents.delivery "
    "AND next.state <> 'cancelled') "
    "AND (SELECT state FROM documents WHERE documents.id = delivery_documents.document) <> 'rejected'"
)
"""A document in a delivery counts: it was not sent again since, and no person closed it."""

_INSERT = insert("delivery_documents", *DeliveryDocument.__dataclass_fields__)
_SENT_AS = 'UPDATE deliveries SET name = ?, digest = ?, interchange = ?, functional_id = ?, "group" = ? WHERE id = ?'
_OF = select(DeliveryDocument, "delivery_documents", "WHERE delivery = ? ORDER BY place")
_COUNTING = select(DeliveryDocument, "delivery_documents", f"WHERE delivery = ? AND {COUNTS} ORDER BY place")
_OF_DOCUMENT = select(DeliveryDocument, "delivery_documents", "WHERE document = ? ORDER BY delivery")


class DeliveryDocuments(JournalTable):
    """The documents in the deliveries of the journal."""

    __slots__ = ()

    def add(self, delivery: int, documents: Sequence[NumberedDocument], ack: AckState) -> None:
        """Store the documents of a new delivery, in its order."""
        for place, one in enumerate(documents, 1):
            values = (delivery, place, one.document, one.functional_id, one.group, one.set, ack, "")
            self._execute(_INSERT, values)

    def sent_as(
        self,
        delivery: int,
        *,
        name: str,
        digest: str,
        interchange: int | None,
        functional_id: str,
        group: int | None,
        documents: Sequence[NumberedDocument],
    ) -> None:
        """The delivery left as another file than the one that was made for it: that one's name, stored bytes and numbers."""
        self._execute(_SENT_AS, (name, digest, interchange, functional_id, group, delivery))
        sql = 'UPDATE delivery_documents SET functional_id = ?, "group" = ?, "set" = ? WHERE delivery = ? AND document = ?'
        for one in documents:
            self._execute(sql, (one.functional_id, one.group, one.set, delivery, one.document))

    def of(self, delivery: int) -> list[DeliveryDocument]:
        """The documents of a delivery, in its order."""
        return [DeliveryDocument(*row) for row in self._execute(_OF, (delivery,))]

    def counting(self, delivery: int) -> list[DeliveryDocument]:
        """The same without what was sent again since, or closed by a person."""
        return [DeliveryDocument(*row) for row in self._execute(_COUNTING, (delivery,))]

    def for_document(self, document: int) -> list[DeliveryDocument]:
        """The deliveries that a document is or was in, the newest last."""
        return [DeliveryDocument(*row) for row in self._execute(_OF_DOCUMENT, (document,))]

    def answered(self, delivery: int, document: int, state: AckState, detail: str = "") -> None:
        """Record what the partner said of one document; JournalError where it is not awaited, and not worse than before."""
        before = ("awaited", *ANSWERS[: ANSWERS.index(state)]) if state in ANSWERS else ("awaited",)
        changed = self._execute(
            "UPDATE delivery_documents SET ack = ?, ack_detail = ? WHERE delivery = ? AND document = ? "
            "AND ack IN (SELECT value FROM json_each(?))",
            (state, detail, delivery, document, json.dumps(before)),
        )
        if changed.rowcount != 1:
            raise JournalError(
                f"document {document} in delivery {delivery} cannot be {state} after what was said of it"
            )

    def answered_all(self, delivery: int, state: AckState, detail: str = "") -> None:
        """The same for all in a delivery that were not answered yet."""
        sql = "UPDATE delivery_documents SET ack = ?, ack_detail = ? WHERE delivery = ? AND ack = 'awaited'"
        self._execute(sql, (state, detail, delivery))
