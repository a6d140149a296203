"""Posting what is bought: an order is confirmed, version by version, and a pending vendor invoice becomes a posted one.

A confirmation copies order and lines as they are at that moment, under `NUMBER-1`, `NUMBER-2` …; a posted invoice leaves the set
of pending ones and stands in the journal's BI sets.

Knows: which rows a posting writes. Does not know: what a client may write (`purchase_orders`), HTTP.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from . import values
from .catalog import load
from .store import FIRST_RECORD
from .tenant import Tenant

Row = dict[str, Any]


def confirm(tenant: Tenant, number: str, *, company: str = "usmf", date: str | None = None) -> str:
    """Confirm an order as it stands and return the number of the confirmation. `date`: `YYYY-MM-DD`, today when None.

    LookupError when there is no such order, ValueError when it has no lines."""
    order = tenant.one("PurchaseOrderHeadersV2", dataAreaId=company, PurchaseOrderNumber=number)
    lines = _lines(tenant, order)
    if not lines:
        raise ValueError(f"purchase order {number} has no lines to confirm")
    earlier = tenant.rows("PurchaseOrderConfirmationHeaders", dataAreaId=company, PurchaseOrderNumber=number)
    head = {
        "ConfirmationNumber": f"{number}-{len(earlier) + 1}",
        "ConfirmationDate": values.date_value(date) if date else tenant.today(),
    }
    charges = tenant.rows("PurchaseOrderHeaderCharges", dataAreaId=company, PurchaseOrderNumber=number)
    charged = sum((row["FixedChargeAmount"] for row in charges), Decimal(0))
    total = sum((line["LineAmount"] for line in lines), Decimal(0))
    totals = {"SubTotalAmount": total, "TotalChargeAmount": charged, "TotalConfirmedAmount": total + charged}
    _insert(tenant, "PurchaseOrderConfirmationHeaders", order, {**head, **totals})
    for line in lines:
        _insert(tenant, "PurchaseOrderConfirmationLines", line, head)
    _set(tenant, "PurchaseOrderHeadersV2", order, DocumentApprovalStatus="Confirmed", PurchaseOrderStatus="Backorder")
    return str(head["ConfirmationNumber"])


def cancel(tenant: Tenant, number: str, *, company: str = "usmf") -> None:
    """Cancel an order."""
    order = tenant.one("PurchaseOrderHeadersV2", dataAreaId=company, PurchaseOrderNumber=number)
    _set(tenant, "PurchaseOrderHeadersV2", order, PurchaseOrderStatus="Canceled")


def post_invoice(
    tenant: Tenant, reference: str, *, company: str = "usmf", tax_percent: Decimal | int = 0, orders: bool = True
) -> str:
    """Post the pending invoice with this HeaderReference and return its voucher: the pending rows go, rows of the BI sets come.

    `tax_percent`: of all lines. `orders`: whether the purchase orders are invoiced by it. LookupError when there is no such
    invoice, ValueError when it has no lines."""
    pending = tenant.one("VendorInvoiceHeaders", dataAreaId=company, HeaderReference=reference)
    lines = tenant.rows("VendorInvoiceLines", dataAreaId=company, HeaderReference=reference)
    if not lines:
        raise ValueError(f"pending invoice {reference} has no lines to post")
    charges = tenant.rows("VendorInvoiceHeaderCharges", dataAreaId=company, HeaderReference=reference)
    charged = sum((row["FixedChargeAmount"] for row in charges), Decimal(0))
    amount = sum((line["Amount"] for line in lines), Decimal(0))
    tax = (amount * tax_percent / 100).quantize(Decimal("0.01"))
    voucher = f"APIV-{tenant.number(company, 'vendor invoice'):06}"
    internal = f"VIN-{tenant.number(company, 'internal invoice'):06}"
    tenant.store.insert(
        "VendInvoiceJourBiEntities",
        {
            "SourceKey": _record(tenant),
            "dataAreaId": pending["dataAreaId"],
            "SysDataAreaId": pending["dataAreaId"],
            "InvoiceId": pending["InvoiceNumber"],
            "InternalInvoiceId": internal,
            "InvoiceDate": pending["InvoiceDate"],
            "DocumentDate": pending["InvoiceDate"],
            "DueDate": pending["DueDate"],
            "InvoiceAccount": pending["InvoiceAccount"],
            "OrderAccount": pending["VendorAccount"],
            "PurchId": pending["PurchaseOrderNumber"],
            "CurrencyCode": pending["Currency"],
            "LedgerVoucher": voucher,
            "InvoiceAmount": amount + charged + tax,
            "SalesBalance": amount,
            "SumTax": tax,
            "SumMarkup": charged,
            "Qty": sum((line["ReceiveNow"] for line in lines), Decimal(0)),
            "Payment": pending["TermsOfPayment"],
            "CreatedOn": tenant.now(),
            "SysModifiedDateTime": tenant.now(),
        },
    )
    for number, line in enumerate(lines, 1):
        _posted_line(tenant, pending, line, number, internal)
    for set in ("VendorInvoiceLines", "VendorInvoiceLineCharges", "VendorInvoiceHeaderCharges", "VendorInvoiceHeaders"):
        for record in tenant.store.rows(set, dataAreaId=company, HeaderReference=reference):
            tenant.store.delete(record)
    if orders:
        for order in {line["PurchaseOrder"] for line in lines if line["PurchaseOrder"]}:
            header = tenant.one("PurchaseOrderHeadersV2", dataAreaId=company, PurchaseOrderNumber=order)
            _set(tenant, "PurchaseOrderHeadersV2", header, PurchaseOrderStatus="Invoiced")
    return voucher


def _posted_line(tenant: Tenant, pending: Row, line: Row, number: int, internal: str) -> None:
    ordered = tenant.rows(
        "PurchaseOrderLinesV2",
        dataAreaId=pending["dataAreaId"],
        PurchaseOrderNumber=line["PurchaseOrder"],
        LineNumber=line["PurchLineNumber"],
    )
    tenant.store.insert(
        "VendInvoiceTransBiEntities",
        {
            "SourceKey": _record(tenant),
            "dataAreaId": pending["dataAreaId"],
            "SysDataAreaId": pending["dataAreaId"],
            "InvoiceId": pending["InvoiceNumber"],
            "InternalInvoiceId": internal,
            "InvoiceDate": pending["InvoiceDate"],
            "LineNum": Decimal(number),
            "ItemId": line["ItemNumber"],
            "ExternalItemId": ordered[0]["ExternalItemNumber"] if ordered else "",
            "Name": line["LineDescription"],
            "Qty": line["ReceiveNow"],
            "PurchUnit": line["Unit"],
            "PurchPrice": line["UnitPrice"],
            "PriceUnit": line["PriceUnit"],
            "LineAmount": line["Amount"],
            "CurrencyCode": line["Currency"],
            "PurchID": line["PurchaseOrder"],
            "OrigPurchId": line["PurchaseOrder"],
            "PurchaseLineLineNumber": line["PurchLineNumber"],
        },
    )


def _record(tenant: Tenant) -> int:
    return FIRST_RECORD + tenant.number("", "vendor journal")


def _lines(tenant: Tenant, order: Row) -> list[Row]:
    key = {name: order[name] for name in ("dataAreaId", "PurchaseOrderNumber")}
    return tenant.rows("PurchaseOrderLinesV2", **key)


def _insert(tenant: Tenant, set: str, source: Row, more: Mapping[str, Any]) -> None:
    """A row that has what its source calls the same."""
    fields = load().sets[set].fields
    tenant.store.insert(set, {**{name: value for name, value in source.items() if name in fields}, **more})


def _set(tenant: Tenant, set: str, row: Row, **fields: Any) -> None:
    record = tenant.store.one(set, **{name: row[name] for name in load().sets[set].keys})
    assert record is not None
    tenant.store.update(record, fields)
