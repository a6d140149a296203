"""The partner's orders that a document of ours answers, with what they were resolved to when they came in.

Knows: orders, resolutions. Does not know: where orders are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from d365edi.documents import PurchaseOrder
from d365edi.matching.resolution import Resolution


@dataclass(frozen=True, slots=True)
class KnownOrders:
    """Orders as they were read and their answers, by reference; those for one store (`stores`) are the whole order with the
    store's answers. Their units for D365's units, the customer account that ordered, the flow that they came in by."""

    orders: Mapping[str, PurchaseOrder]
    answers: Mapping[str, Resolution]
    stores: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
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
