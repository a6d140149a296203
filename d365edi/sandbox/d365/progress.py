"""How far an order has come: its lines reach a status when goods or invoices are posted, and the order follows them.

Knows: the statuses of lines and orders; which field of a posting is copied from where (`postings.toml`).
Does not know: which rows a posting writes, HTTP.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from typing import Any

from .tenant import Tenant

Row = dict[str, Any]
_FILLED = tomllib.loads(files(__package__).joinpath("postings.toml").read_text(encoding="utf-8"))


def filled(set: str, **sources: Mapping[str, Any]) -> Row:
    """The fields of a row in a set that are copied from the order, its lines and what the posting worked out."""
    places = ((field, *place.split(".")) for field, place in _FILLED[set].items())
    return {field: sources[source][name] for field, source, name in places}


def lines(tenant: Tenant, order: Row) -> list[Row]:
    """The order's lines as they are now."""
    key = {name: order[name] for name in ("dataAreaId", "SalesOrderNumber")}
    return tenant.rows("SalesOrderLinesV3", **key)


def of_one_customer(orders: Sequence[Row]) -> None:
    """Raise ValueError unless orders are of one invoice account: only those D365 posts together."""
    accounts = {order["InvoiceCustomerAccountNumber"] for order in orders}
    if len(accounts) != 1:
        raise ValueError(f"a posting is of one customer, not of {', '.join(sorted(accounts)) or 'none'}")


def advance(tenant: Tenant, order: Row, lots: Collection[str], status: str) -> None:
    """Give the lines of these lots a status (`Delivered`, `Invoiced`), and the order what follows from all its lines.

    No lots: part of a line has gone, and nothing is through yet."""
    for lot in lots:
        _update(tenant, "SalesOrderLinesV3", order, "InventoryLotId", lot, SalesOrderLineStatus=status)
    reached = {line["SalesOrderLineStatus"] for line in lines(tenant, order)} - {"Canceled"}
    if "Backorder" in reached:
        state = ("Backorder", "PartiallyInvoiced" if "Invoiced" in reached else "PartiallyDelivered")
    elif "Delivered" in reached:
        state = ("Delivered", "DeliveredPartiallyInvoiced" if "Invoiced" in reached else "Delivered")
    else:
        state = ("Invoiced", "Invoiced")
    fields = {"SalesOrderStatus": state[0], "SalesOrderProcessingStatus": state[1]}
    _update(tenant, "SalesOrderHeadersV4", order, "SalesOrderNumber", order["SalesOrderNumber"], **fields)


def _update(tenant: Tenant, set: str, order: Row, key: str, value: str, **fields: Any) -> None:
    record = tenant.store.one(set, dataAreaId=order["dataAreaId"], **{key: value})
    assert record is not None
    tenant.store.update(record, fields)
