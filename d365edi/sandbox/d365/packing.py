"""Posting the packing slip of an order: goods leave the warehouse, all at once or in parts.

A slip leaves a journal row, a row for each line that goes, and the carrier's number where there is one. A line may go in
several parts; what remains of it is what earlier slips have not taken.

Knows: how these rows belong together, by PackingSlipId and SalesId, and that `InventTransId` is the order line's lot.
Does not know: invoices, cartons (a tenant without advanced warehousing has none), HTTP.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from . import progress, values
from .store import FIRST_RECORD
from .tenant import Tenant

Row = dict[str, Any]


def post(
    tenant: Tenant,
    order_number: str,
    *,
    company: str = "usmf",
    quantities: Mapping[str, Decimal | int] | None = None,
    date: str | None = None,
    tracking: str = "",
) -> str:
    """Post a packing slip for an order and return its number.

    `quantities`: lot to the quantity that goes, all that remains of every line when None. `date`: `YYYY-MM-DD`, today
    when None. `tracking`: the carrier's number for the whole shipment. LookupError when there is no such order,
    ValueError when nothing remains to deliver, or less than is wanted."""
    order = tenant.one("SalesOrderHeadersV4", dataAreaId=company, SalesOrderNumber=order_number)
    remains = {line["InventoryLotId"]: _remain(tenant, line) for line in progress.lines(tenant, order)}
    wanted = remains if quantities is None else quantities
    going = {lot: Decimal(quantity) for lot, quantity in wanted.items() if quantity}
    if not going:
        raise ValueError(f"order {order_number} has nothing that remains to deliver")
    for lot, quantity in going.items():
        if not 0 < quantity <= remains.get(lot, 0):
            raise ValueError(f"order {order_number} has {remains.get(lot, 0)} left to deliver of {lot}, not {quantity}")
    head = _head(tenant, order, date)
    lines = [line for line in progress.lines(tenant, order) if line["InventoryLotId"] in going]
    _journal_row(tenant, order, head, sum(going.values(), Decimal(0)))
    for number, line in enumerate(lines, 1):
        lot = line["InventoryLotId"]
        _line_row(tenant, order, head, line, number, going[lot], remains[lot] - going[lot])
    if tracking:
        _tracking_row(tenant, order, head, tracking)
    done = [lot for lot, quantity in going.items() if quantity == remains[lot]]
    progress.advance(tenant, order, done, "Delivered")
    return str(head["PackingSlipId"])


def post_summary(
    tenant: Tenant, order_numbers: Sequence[str], *, company: str = "usmf", date: str | None = None, tracking: str = ""
) -> str:
    """Post one packing slip for all that remains of several orders (summary update) and return its number.

    Its journal row is of the first order, and speaks for that one alone; each line has that order in `SalesId` and its own in
    `OrigSalesId`. LookupError when there is no such order, ValueError when nothing remains of one, or another customer's is
    among them."""
    orders = [tenant.one("SalesOrderHeadersV4", dataAreaId=company, SalesOrderNumber=each) for each in order_numbers]
    progress.of_one_customer(orders)
    going = [(order, line, left) for order in orders for line in progress.lines(tenant, order)
             if (left := _remain(tenant, line))]  # fmt: skip
    for order in orders:
        if all(of is not order for of, _, _ in going):
            raise ValueError(f"order {order['SalesOrderNumber']} has nothing that remains to deliver")
    head = _head(tenant, orders[0], date)
    _journal_row(tenant, orders[0], head, sum((left for _, _, left in going), Decimal(0)))
    for number, (order, line, left) in enumerate(going, 1):
        _line_row(tenant, order, head, line, number, left, Decimal(0))
    if tracking:
        _tracking_row(tenant, orders[0], head, tracking)
    for order in orders:
        progress.advance(tenant, order, [line["InventoryLotId"] for of, line, _ in going if of is order], "Delivered")
    return str(head["PackingSlipId"])


def _remain(tenant: Tenant, line: Row) -> Decimal:
    """How much of a line is still to go; nothing of one that was invoiced or canceled."""
    if line["SalesOrderLineStatus"] != "Backorder":
        return Decimal(0)
    key = {"dataAreaId": line["dataAreaId"], "InventTransId": line["InventoryLotId"]}
    gone = tenant.rows("CustPackingSlipTransBiEntities", **key)
    ordered: Decimal = line["OrderedSalesQuantity"]
    return ordered - sum((row["Qty"] for row in gone), Decimal(0))


def _head(tenant: Tenant, order: Row, date: str | None) -> Row:
    """What every row of the slip says."""
    company = order["dataAreaId"]
    return {
        "dataAreaId": company,
        "SysDataAreaId": company,
        "PackingSlipId": f"PS-{tenant.number(company, 'packing slip'):06}",
        "SalesId": order["SalesOrderNumber"],
        "DeliveryDate": values.date_value(date) if date else tenant.today(),
        "DlvTerm": order["DeliveryTermsCode"],
        "CreatedOn": tenant.now(),
    }


def _record(tenant: Tenant, head: Row) -> int:
    return FIRST_RECORD + tenant.number(head["dataAreaId"], "packing slip record")


def _journal_row(tenant: Tenant, order: Row, head: Row, quantity: Decimal) -> None:
    record = _record(tenant, head)
    fields = {
        **head,
        **progress.filled("CustPackingSlipJourBiEntities", order=order),
        "SourceDocumentHeader": record,
        "SourceKey": record,
        "LedgerVoucher": head["PackingSlipId"].replace("PS-", "PSV-"),
        "DocumentDate": head["DeliveryDate"],
        "SalesType": "Sales",
        "RefNum": "SalesOrder",
        "Qty": quantity,
    }
    tenant.store.insert("CustPackingSlipJourBiEntities", fields)


def _line_row(
    tenant: Tenant, order: Row, head: Row, line: Row, number: int, quantity: Decimal, remain: Decimal
) -> None:
    record = _record(tenant, head)
    fields = {
        **head,
        **progress.filled("CustPackingSlipTransBiEntities", order=order, line=line),
        "SourceDocumentLine": record,
        "SourceKey": record,
        "LineNum": Decimal(number),
        "Qty": quantity,
        "inventQty": quantity,
        "Remain": remain,
        "RemainInvent": remain,
        "StockedProduct": "Yes",
    }
    tenant.store.insert("CustPackingSlipTransBiEntities", fields)


def _tracking_row(tenant: Tenant, order: Row, head: Row, tracking: str) -> None:
    fields = {
        "dataAreaId": head["dataAreaId"],
        "SalesOrderNumber": order["SalesOrderNumber"],
        "PackingSlipNumber": head["PackingSlipId"],
        "DeliveryDate": head["DeliveryDate"],
        "TrackingNumber": tracking,
    }
    tenant.store.insert("PackingSlipTrackingInformation", fields)
