"""Confirming a sales order: each confirmation is a document of its own, with the lines as they are at that moment.

Knows: which rows a confirmation writes. Does not know: what a client may write, HTTP.
"""

from decimal import Decimal
from typing import Any

from . import values
from .catalog import load
from .tenant import Tenant

Row = dict[str, Any]
_HEADERS, _LINES = "SalesOrderConfirmationHeaders", "SalesOrderConfirmationLines"


def confirm(tenant: Tenant, number: str, *, company: str = "usmf", date: str | None = None) -> str:
    """Confirm a sales order as it stands and return the number of the confirmation. `date`: `YYYY-MM-DD`, today when None.

    LookupError when there is no such order, ValueError when it has no lines."""
    key = {"dataAreaId": company, "SalesOrderNumber": number}
    order, lines = tenant.one("SalesOrderHeadersV4", **key), tenant.rows("SalesOrderLinesV3", **key)
    if not lines:
        raise ValueError(f"sales order {number} has no lines to confirm")
    head = {
        "ConfirmationNumber": f"{number}-{len(tenant.rows(_HEADERS, **key)) + 1}",
        "ConfirmationDate": values.date_value(date) if date else tenant.today(),
    }
    total = sum((line["LineAmount"] for line in lines), Decimal(0))
    tenant.store.insert(_HEADERS, _taken(_HEADERS, order) | head | {"TotalConfirmedAmount": total})
    for place, line in enumerate(lines, 1):
        own = {
            "LineNumber": Decimal(place),
            "ConfirmedSalesQuantity": line["OrderedSalesQuantity"],
            "SalesOrderLineInventoryLotId": line["InventoryLotId"],
        }
        tenant.store.insert(_LINES, _taken(_LINES, line) | head | own)
    record = tenant.store.one("SalesOrderHeadersV4", **key)
    assert record is not None
    tenant.store.update(record, {"SalesOrderProcessingStatus": "Confirmed"})
    return str(head["ConfirmationNumber"])


def _taken(set: str, source: Row) -> Row:
    """What a row takes over: the fields that its source calls the same."""
    fields = load().sets[set].fields
    return {name: value for name, value in source.items() if name in fields}
