"""The partner's orders that a document of ours answers, with what they were resolved to when they came in.

Knows: orders, resolutions. Does not know: where orders are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from d365edi.documents import PurchaseOrder
from d365edi.matching.lines import OrderKey
from d365edi.matching.resolution import Resolution


@dataclass(frozen=True, slots=True)
class KnownOrders:
    """Orders as they were read and their answers, by how a document names them; those for one store (`stores`) are the whole
    order with the store's answers. Their units for D365's units, the customer account that ordered, the flow that they came in
    by. `problems`: why it cannot be said which order is answered. `prices`: of which D365 has prices of its own."""

    orders: Mapping[OrderKey, PurchaseOrder]
    answers: Mapping[OrderKey, Resolution]
    stores: Mapping[OrderKey, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    customer: str | None = None
    flow: str = ""
    problems: tuple[str, ...] = ()
    prices: tuple[str, ...] = ()

    @property
    def pairs(self) -> list[tuple[PurchaseOrder, Resolution]]:
        """Each order with its answers."""
        return [(order, self.answers[key]) for key, order in self.orders.items()]

    @property
    def numbers(self) -> Mapping[str, str]:
        """The partner's order number for the reference of each order for one store."""
        return {key.reference: self.orders[key].number for key in self.stores if key.reference is not None}

    @property
    def of_stores(self) -> set[int]:
        """The identities of the orders that are not for one store: their lines may be for several."""
        return {id(order) for key, order in self.orders.items() if key not in self.stores}

    @property
    def apart(self) -> list[PurchaseOrder]:
        """One order of each number and release."""
        return list({(order.number, order.release): order for order in self.orders.values()}.values())

    def as_one(self) -> KnownOrders:
        """The same where several may be of one order: keys of one number and release lead to the same value."""
        whole = {(order.number, order.release): order for order in reversed([*self.orders.values()])}
        return replace(self, orders={key: whole[order.number, order.release] for key, order in self.orders.items()})
