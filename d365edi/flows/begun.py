"""Two payments of one number in journals of one name: which waits while the other is begun in D365 and not decided.

A journal whose lines were not written yet does not say whose it is. So the second payment is not looked up beside it: one that
is tried again comes first by its `order_key`, and for one that a person decides about the other waits as a document. One that is
begun itself never waits, so that no two wait for each other.

Knows: what deliveries recorded about writing (`endpoints/d365/writer.py`). Does not know: connections, what a payment says.
"""

from collections.abc import Mapping

from d365edi.journal import Delivery, Document, Tx

KINDS = frozenset({"VendorPayment", "CustomerPayment"})
"""What is created in journals that others write to as well."""
UNDECIDED = frozenset({"ready", "held", "delivering"})
NOTES = frozenset({"step", "beside", "theirs", "same"})
"""What progress says without a request of ours being outstanding, or a header of ours being there."""


def elsewhere(tx: Tx, document: Document, order_key: str, name: str) -> str:
    """For which other payment of this name (in any case) this one waits, as a sentence; "" where it need not."""
    if _begun(carried_over(tx, document)):
        return ""
    for delivery in tx.deliveries.search(name):
        if delivery.order_key == order_key and delivery.name.casefold() == name.casefold():
            for row in tx.documents.in_delivery(delivery.id):
                other = row.id != document.id and row.state in UNDECIDED
                if other and _begun(carried_over(tx, row)):
                    return (
                        f"{delivery.name} of {row.partner} is begun under the same number; this one is written after it"
                    )
    return ""


def carried_over(tx: Tx, document: Document) -> dict[str, str]:
    """The progress of the last delivery of this document that was begun: with our intent recorded, a record found in D365 counts
    as ours."""
    marked = [delivery.progress for delivery in tx.deliveries.for_document(document.id) if "step" in delivery.progress]
    return dict(marked[-1]) if marked else {}


def stands_back(tx: Tx, delivery: Delivery) -> bool:
    """Whether a delivery must wait for another payment; its document is then ready again, and waits."""
    if delivery.kind not in KINDS:
        return False
    for document in tx.documents.in_delivery(delivery.id):
        if document.state == "delivering" and (why := elsewhere(tx, document, delivery.order_key, delivery.name)):
            tx.deliveries.cancelled(delivery.id, why)
            tx.documents.set_state(document.id, "ready")
            return True
    return False


def _begun(progress: Mapping[str, str]) -> bool:
    return any(value for name, value in progress.items() if name not in NOTES)
