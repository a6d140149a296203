"""The stored orders that a document of ours answers: by the sales order that an order became, which the journal knows, and where
none of ours is it (a person entered it), by the customer's reference that D365 has.

The reference is the number of an order, or stands for the order of one store; which one is in the journal. The releases of an
order share a number; where the sales order is none of ours, and the record names no release, they cannot be distinguished.

Knows: where orders are stored. Does not know: how lines are matched, what is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from d365edi.documents import PurchaseOrder
from d365edi.journal import Document, Tx
from d365edi.matching import stores
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import OrderKey
from d365edi.matching.resolution import Resolution
from d365edi.odata.quoting import same_text


def known_orders(tx: Tx, partner: str, company: str, keys: Sequence[OrderKey]) -> KnownOrders:
    """The received orders that these name; D365 does not store all that must be echoed."""
    orders, answers, stores = dict[OrderKey, PurchaseOrder](), dict[OrderKey, Resolution](), dict[OrderKey, str]()
    units, customer, flow, problems, prices = dict[str, str](), None, "", list[str](), list[str]()
    for key in keys:
        rows = order_rows(tx, partner, company, key)
        if len(rows) > 1:
            problems.append(_unclear(key, rows))
        if len(rows) != 1 or not (row := whole_of(tx, rows[0])).body:
            continue
        orders[key] = PurchaseOrder.from_json(row.body)
        answers[key] = Resolution.from_json(rows[0].answers) if rows[0].answers else Resolution()
        prices += own_prices(tx, rows[0])
        if rows[0].store:
            stores[key] = rows[0].store
        units |= answers[key].units
        customer, flow = customer or answers[key].customer, flow or row.flow
    return KnownOrders(orders, answers, stores, units, customer, flow, tuple(problems), tuple(dict.fromkeys(prices)))


def own_prices(tx: Tx, order: Document) -> Iterator[str]:
    """The prices that D365 put on an order's lines when it was created, and in which order of ours."""
    for delivery in tx.deliveries.for_document(order.id):
        if said := delivery.receipt_detail.get("prices"):
            yield f"{delivery.receipt} has prices of its own in D365: {said}"


def order_rows(tx: Tx, partner: str, company: str, key: OrderKey) -> tuple[Document, ...]:
    """The order that a document of ours names, or the order for one store; several where it may be any of them."""
    made = tx.documents.made_as(partner, company, key.sales_order) if key.sales_order is not None else None
    if made is not None and (key.reference is None or same_text(key.reference, _reference(made))):
        return (made,)
    if key.reference is None:
        return ()
    found = dict[tuple[str, str], Document]()
    for row in (
        *tx.documents.referenced(partner, company, key.reference),
        *tx.documents.orders(partner, key.reference, company),
    ):
        found.setdefault((row.release, row.number), row)
    said = [row for (release, _), row in found.items() if release == key.release]
    rows = said if len(said) == 1 else [*found.values()]
    open = [row for row in rows if row.state != "rejected"]
    return tuple(rows if open and len(rows) > 1 else open)


def one_row(tx: Tx, partner: str, company: str, keys: Sequence[OrderKey]) -> Document | None:
    """The only order that a document of ours belongs to, or the order for one store; None for another number of them."""
    found = {row.id: row for key in keys for row in order_rows(tx, partner, company, key)}
    return next(iter(found.values())) if len(found) == 1 else None


def whole_of(tx: Tx, document: Document) -> Document:
    """The whole order that the order for one store was made of."""
    return next((each for each in tx.documents.of_set(document) if not each.store), document)


def _reference(row: Document) -> str:
    """The customer's reference that an order was given in D365."""
    return stores.reference(row.number, row.store) if row.store else row.number


def _unclear(key: OrderKey, rows: Sequence[Document]) -> str:
    releases = ", ".join(sorted({row.release or "without one" for row in rows}))
    which = f"sales order {key.sales_order}" if key.sales_order is not None else "what D365 has"
    return (
        f"{key.reference} is the number of several orders (releases: {releases}), and {which} was made of none of them; "
        "send it by hand and reject this one"
    )
