"""The same bytes under the same name once more: a new row of the outbox, linked to its parent, with its parent's progress.

The progress says that we meant to put it there, and makes the endpoint look first: what still lies there counts as landed
and is not doubled; a file that was taken since is put there again, a record that exists is found by its key.

Knows: rows of the outbox. Does not know: why.
"""

from __future__ import annotations

from d365edi.journal import Delivery, NumberedDocument, Tx


def deliver_again(tx: Tx, delivery: Delivery) -> Delivery:
    """Put a delivery into the outbox again; history is never edited. An awaited acknowledgment is awaited anew."""
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
        progress={**delivery.progress, "step": "intent"} if delivery.progress else {},
    )
