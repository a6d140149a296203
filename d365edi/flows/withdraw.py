"""A document is taken out of a delivery that has not gone: the delivery is closed, for its bytes bear that document.

The others in it leave anew, under new numbers. Where nothing was sent yet they are ready at once; where an attempt began
the other side may have the file all the same, and a person looks before they are sent a second time.

Knows: what becomes of the others. Does not know: what becomes of the document itself.
"""

from __future__ import annotations

from d365edi.journal import Delivery, Document, Tx

CLOSED = ("delivered", "cancelled")
"""States of a delivery that is over."""


def withdraw(tx: Tx, document: int, reason: str) -> None:
    """Close every delivery of this document that is still open, for this reason."""
    for delivery in tx.deliveries.for_document(document):
        if delivery.state not in CLOSED:
            tx.deliveries.cancelled(delivery.id, reason)
            for row in tx.documents.in_delivery(delivery.id):
                if row.id != document and row.state in ("delivering", "held"):
                    _left(tx, row, delivery, f"{tx.documents.get(document).number} was taken out of it, {reason}")


def _left(tx: Tx, row: Document, delivery: Delivery, why: str) -> None:
    """One of the others in the delivery."""
    told = f"{delivery.name} is not sent any more: {why}"
    if delivery.progress:
        told += f"; ask {row.partner} whether they have that file, and if not: d365edi release {row.number}"
    tx.documents.set_state(row.id, "held" if delivery.progress else "ready", told)
    tx.audit.append(
        "withdrawn", document=row.id, delivery=delivery.id, message=row.message, partner=row.partner, reason=told
    )
