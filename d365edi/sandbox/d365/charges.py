"""Charge lines of sales orders: what an invoice takes of them. An amount is invoiced once, with the first invoice of its order
or of its line; a percentage is of what each invoice comes to.

Knows: the sets of charge lines. Does not know: how an invoice is posted.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .tenant import Tenant

Row = dict[str, Any]
ZERO, _CENT = Decimal(0), Decimal("0.01")
_LOT = "SalesOrderLineInventoryLotId"


def of_order(tenant: Tenant, order: Row, amount: Decimal) -> Decimal:
    """What the order's own charge lines come to on an invoice of this amount."""
    return sum((_due(tenant, row, amount) for row in _rows(tenant, "SalesOrderHeaderChargesV2", order)), ZERO)


def of_lines(tenant: Tenant, order: Row, amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The same of lines, by lot; `amounts` are what is invoiced of each."""
    due = dict.fromkeys(amounts, ZERO)
    for row in _rows(tenant, "SalesOrderLineChargesV2", order):
        if row[_LOT] in due:
            due[row[_LOT]] += _due(tenant, row, amounts[row[_LOT]])
    return due


def _rows(tenant: Tenant, set: str, order: Row) -> list[Row]:
    return tenant.rows(set, dataAreaId=order["dataAreaId"], SalesOrderNumber=order["SalesOrderNumber"])


def _due(tenant: Tenant, row: Row, amount: Decimal) -> Decimal:
    if row["ChargeCategory"] == "Percent":
        percent: Decimal = row["ChargePercentage"]
        return (amount * percent / 100).quantize(_CENT, ROUND_HALF_UP)
    key = (row["dataAreaId"], row["SalesOrderNumber"], row.get(_LOT, ""), str(row["ChargeLineNumber"]))
    if key in tenant.invoiced_charges:
        return ZERO
    tenant.invoiced_charges.add(key)
    fixed: Decimal = row["FixedChargeAmount"]
    return fixed
