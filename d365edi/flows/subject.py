"""What a log line is about: the run of its message, and the numbers of the orders that its document or delivery belongs to.

The fields `run` and `po` of a line, from `received` through to `created` and `delivered`.

Knows: rows and documents. Does not know: what is said of them.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from d365edi import log
from d365edi.documents import KINDS, Document, Invoice, OrderResponse, ShipNotice
from d365edi.flows import named as selected
from d365edi.flows.named import Selection
from d365edi.journal import Delivery, Message, Tx
from d365edi.journal import Document as Row
from d365edi.matching.lines import order_keys

SHOWN = 5
"""Orders that are named in one line; of more the count follows."""
NAMED = "named"
"""What a mention is called by which `why` finds what is for an order."""
ORDERS = frozenset({"PurchaseOrder", "OrderChange", "OrderResponse", "OrderChangeResponse"})
"""Kinds whose own number is the order's."""

Subject = dict[str, str]


def about(subject: Subject) -> AbstractContextManager[None]:
    """While inside, every line has these fields."""
    return log.about(**subject)


def of_document(tx: Tx, row: Row) -> Subject:
    """The subject of lines about a document."""
    return _fields([tx.messages.get(row.message).run], _orders(row))


def of_delivery(tx: Tx, delivery: Delivery) -> Subject:
    """The subject of lines about a delivery: its message's run, or that of its documents where they came in one message."""
    rows = tx.documents.in_delivery(delivery.id)
    messages = {row.message for row in rows} or {delivery.message} - {None}
    runs = [tx.messages.get(id).run for id in messages if id is not None]
    return _fields(runs, [order for row in rows for order in _orders(row)])


def of_waiting(tx: Tx, selection: Selection) -> Subject:
    """The subject of a decision: that of the one thing that is named; of several it is in their sentences."""
    found = selected.waiting(tx, selection)
    if len(found) != 1:
        return {}
    [candidate] = found
    row = candidate.documents[0] if candidate.documents else candidate.row
    if isinstance(row, Message):
        return {"run": row.run}
    return of_delivery(tx, row) if isinstance(row, Delivery) else of_document(tx, row)


def named(read: Document | None) -> set[tuple[str, str]]:
    """What a document says that it is for, as it is mentioned in the journal: the numbers of orders, theirs and ours."""
    if not isinstance(read, Invoice | OrderResponse | ShipNotice):
        return set()
    return {(NAMED, number) for key in order_keys(read) for number in (key.reference, key.sales_order) if number}


def orders(read: Iterable[Document | None]) -> str:
    """The orders that documents belong to, as the field `po` names them."""
    return _named(order for each in read for order in _orders_of(each))


def _orders(row: Row) -> Iterable[str]:
    if row.kind in ORDERS:
        return [row.number]
    kind = KINDS.get(row.kind)
    return _orders_of(kind.if_readable(row.body)) if kind is not None and row.body else []


def _orders_of(read: Document | None) -> list[str]:
    if isinstance(read, Invoice | OrderResponse | ShipNotice):
        return [key.reference for key in order_keys(read) if key.reference]
    number = getattr(read, "number", None)
    return [str(number)] if number and type(read).__name__ in ORDERS else []


def _fields(runs: Iterable[str], found: Iterable[str]) -> Subject:
    run, po = list(runs), _named(found)
    return ({"run": run[0]} if len(run) == 1 else {}) | ({"po": po} if po else {})


def _named(found: Iterable[str]) -> str:
    numbers = list(dict.fromkeys(found))
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return ", ".join(numbers[:SHOWN]) + more
