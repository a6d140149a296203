"""The stored orders that a document of ours answers: found by the customer's reference that D365 has for them.

The reference is the number of an order, or stands for the order of one store; which one is in the journal.

Knows: where orders are stored. Does not know: how lines are matched, what is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from d365edi.documents import PurchaseOrder
from d365edi.journal import Document, Tx
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.resolution import Resolution


def known_orders(tx: Tx, partner: str, company: str, references: Sequence[str]) -> KnownOrders:
    """The received orders with these references; D365 does not store all that must be echoed."""
    orders, answers, stores = dict[str, PurchaseOrder](), dict[str, Resolution](), dict[str, str]()
    units, customer, flow = dict[str, str](), None, ""
    for reference in references:
        own = tx.documents.referenced(partner, company, reference)
        row = whole_of(tx, own) if own is not None else tx.documents.order(partner, reference, company)
        if row is None or not row.body:
            continue
        orders[reference] = PurchaseOrder.from_json(row.body)
        said = (own or row).answers
        answers[reference] = Resolution.from_json(said) if said else Resolution()
        if own is not None:
            stores[reference] = own.store
        units |= answers[reference].units
        customer, flow = customer or answers[reference].customer, flow or row.flow
    return KnownOrders(orders, answers, stores, units, customer, flow)


def whole_of(tx: Tx, document: Document) -> Document:
    """The whole order that the order for one store was made of."""
    return next((each for each in tx.documents.of_set(document) if not each.store), document)
