"""The stored orders that a document of ours answers: found by the customer's reference that D365 has for them.

The reference is the number of an order, or stands for the order of one store; which one is in the journal.

Knows: where orders are stored. Does not know: how lines are matched, what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from d365edi.documents import PurchaseOrder
from d365edi.journal import Document, Tx
from d365edi.matching.resolution import Resolution


@dataclass(frozen=True, slots=True)
class KnownOrders:
    """Orders as they were read and their answers, by reference; those for one store (`stores`) are the whole order with the
    store's answers. Their units for D365's units, the customer account that ordered, the flow that they came in by."""

    orders: Mapping[str, PurchaseOrder]
    answers: Mapping[str, Resolution]
    stores: Mapping[str, str]
    units: Mapping[str, str]
    customer: str | None = None
    flow: str = ""

    @property
    def pairs(self) -> list[tuple[PurchaseOrder, Resolution]]:
        """Each order with its answers."""
        return [(order, self.answers[reference]) for reference, order in self.orders.items()]

    @property
    def numbers(self) -> Mapping[str, str]:
        """The partner's order number for the reference of each order for one store."""
        return {reference: self.orders[reference].number for reference in self.stores}

    def as_one(self) -> KnownOrders:
        """The same where all of them are of one order: all references lead to the same value."""
        first = next(iter(self.orders.values()), None)
        return replace(self, orders=dict.fromkeys(self.orders, first)) if first is not None else self


def known_orders(tx: Tx, partner: str, company: str, references: Sequence[str]) -> KnownOrders:
    """The received orders with these references; D365 does not store all that must be echoed."""
    orders, answers, stores = dict[str, PurchaseOrder](), dict[str, Resolution](), dict[str, str]()
    units, customer, flow = dict[str, str](), None, ""
    for reference in references:
        own = tx.documents.referenced(partner, company, reference)
        row = whole_of(tx, own) if own is not None else tx.documents.order(partner, reference)
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
