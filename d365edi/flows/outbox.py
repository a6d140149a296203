"""Deliveries put into the outbox a second time, and documents taken out of deliveries that were not sent.

A repeated delivery is a new row, linked to its parent, with its parent's progress. The progress records our intent
to upload it, so the endpoint checks before it writes: a file that is still there counts as delivered and is not uploaded twice;
a file that was collected since is uploaded again; a record that exists is found by its key.

A document is withdrawn only by cancelling the whole delivery, because the bytes contain that document. The other
documents in it are sent again under new control numbers: at once where nothing was sent yet; where an attempt began, the
partner may have the file, so a person checks before they are sent a second time.

Knows: rows of the outbox, what happens to the other documents. Does not know: why, what happens to the document itself.
"""

from d365edi.journal import Delivery, Document, NumberedDocument, Tx

CLOSED = ("delivered", "cancelled")
"""States of a delivery that is finished."""


def progress_again(delivery: Delivery) -> dict[str, str]:
    """What a repeated delivery knows of the one before."""
    return {**delivery.progress, "step": "intent"} if delivery.progress else {}


def deliver_again(tx: Tx, delivery: Delivery) -> Delivery:
    """Add the same bytes under the same name to the outbox again. An awaited acknowledgment is awaited again, and whether it was
    picked up is asked of the new one."""
    tx.picked_up.end(delivery.id)
    return tx.deliveries.add(
        documents=[
            NumberedDocument(c.document, c.functional_id, c.group, c.set) for c in tx.delivery_documents.of(delivery.id)
        ],
        message=delivery.message,
        parent=delivery.id,
        partner=delivery.partner,
        flow=delivery.flow,
        endpoint=delivery.endpoint,
        path=delivery.path,
        name=delivery.name,
        kind=delivery.kind,
        payload=tx.payloads.get(delivery.digest),
        order_key=delivery.order_key,
        interchange=delivery.interchange,
        functional_id=delivery.functional_id,
        group=delivery.group,
        ack="none" if delivery.ack == "none" else "awaited",
        ack_due=delivery.ack_due,
        progress=progress_again(delivery),
        extract=delivery.extract,
        picked_up_within=delivery.picked_up_within,
    )


def withdraw(tx: Tx, document: int, reason: str) -> None:
    """Cancel every open delivery of this document, with this reason."""
    for delivery in tx.deliveries.for_document(document):
        if delivery.state not in CLOSED:
            tx.deliveries.cancelled(delivery.id, reason)
            for row in tx.documents.in_delivery(delivery.id):
                if row.id != document and row.state in ("delivering", "held"):
                    _send_again(tx, row, delivery, f"{tx.documents.get(document).number} was taken out of it, {reason}")


def _send_again(tx: Tx, row: Document, delivery: Delivery, why: str) -> None:
    """Send another document of the delivery again, or hold it where the partner may have the file."""
    sentence = f"{delivery.name} is not sent any more: {why}"
    if delivery.progress:
        sentence += f"; ask {row.partner} whether they received that file, and if not: d365edi release {row.number}"
    tx.documents.set_state(row.id, "held" if delivery.progress else "ready", sentence)
    tx.audit.append(
        "withdrawn", document=row.id, delivery=delivery.id, message=row.message, partner=row.partner, reason=sentence
    )
