"""A deal as D365 tells of it: the records of posted documents, each with the rows of the sets that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tests.outward.bills import Bill, Billed
from tests.outward.deals import POSTED, Box, Deal, Sold

Record = dict[str, Any]
NEVER = "1900-01-01T12:00:00Z"
COMPANY = {"dataAreaId": "usmf"}
OURS, THEIRS = "DE111111125", "DE222222222"
"""The tax registration numbers of both."""


def day(value: date | None) -> str:
    """A day as D365 tells it."""
    return f"{value}T12:00:00Z" if value else NEVER


def sales_order(deal: Deal) -> Record:
    """The sales order itself, once it is confirmed."""
    lines = [
        {
            "ItemNumber": each.item,
            "ExternalItemNumber": deal.lines[each.line - 1].buyer if _same(deal, each) else "",
            "LineDescription": "GOODS",
            "OrderedSalesQuantity": each.quantity,
            "SalesUnitSymbol": each.symbol,
            "SalesPrice": each.price,
            "SalesPriceQuantity": Decimal(each.per),
            "ConfirmedShippingDate": day(each.ships),
            "ConfirmedReceiptDate": day(each.arrives),
            "CustomersLineNumber": deal.lines[each.line - 1].ordinal,
            "InventoryLotId": each.lot,
            "SalesOrderLineStatus": "Canceled" if each.cancelled else "Backorder",
            "DeliveryAddressLocationId": each.place,
        }
        for each in deal.sold
    ]
    head = {
        "SalesOrderStatus": "Backorder",
        "ConfirmedShippingDate": NEVER,
        "ConfirmedReceiptDate": NEVER,
        **_head(deal),
    }
    return {"header": head, "lines": lines}


def confirmation(deal: Deal) -> Record:
    """A posted confirmation, with the lines of the sales order beside it."""
    lines = [
        {
            "ItemNumber": each.item,
            "ExternalItemNumber": deal.lines[each.line - 1].buyer if _same(deal, each) else "",
            "LineDescription": "GOODS",
            "ConfirmedSalesQuantity": each.quantity,
            "SalesUnitSymbol": each.symbol,
            "SalesPrice": each.price,
            "SalesPriceQuantity": Decimal(each.per),
            "ConfirmedShippingDate": day(each.ships),
            "SalesOrderLineInventoryLotId": each.lot,
        }
        for each in deal.sold
    ]
    beside = [
        {
            "InventoryLotId": each.lot,
            "CustomersLineNumber": deal.lines[each.line - 1].ordinal,
            "ConfirmedReceiptDate": day(each.arrives),
            "SalesOrderLineStatus": "Canceled" if each.cancelled else "Backorder",
            "DeliveryAddressLocationId": each.place,
        }
        for each in deal.sold
    ]
    head = {"ConfirmationDate": day(POSTED), "ConfirmationNumber": "OC-1", **_head(deal)}
    return {"header": head, "lines": lines, "order_lines": beside}


def _head(deal: Deal) -> Record:
    return {
        **COMPANY,
        "SalesOrderNumber": deal.sales_order,
        "CustomersOrderReference": deal.number,
        "CustomerRequisitionNumber": "",
        "OrderingCustomerAccountNumber": "US-003",
        "CurrencyCode": "USD",
    }


def _same(deal: Deal, each: Sold) -> bool:
    return each.item == deal.lines[each.line - 1].item


def invoice(deal: Deal, bill: Bill) -> Record:
    """A posted invoice with its business document and the lines that name the order's. A credit note has a minus everywhere."""
    sign = -1 if bill.credits else 1
    key = {**COMPANY, "InvoiceNumber": bill.number, "InvoiceDate": day(POSTED), "LedgerVoucher": "V-1"}
    other = {**COMPANY, "InvoiceId": bill.number, "InvoiceDate": day(POSTED), "LedgerVoucher": "V-1"}
    head = {
        **key,
        "CustomersOrderReference": deal.number,
        "SalesOrderNumber": deal.sales_order,
        "CurrencyCode": "USD",
        "InvoiceCustomerAccountNumber": "US-003",
        "TotalInvoiceAmount": sign * bill.total,
        "CashDiscount": Decimal(0),
        "TotalChargeAmount": sign * bill.charges,
        "EndDiscount": sign * bill.discount,
        "TotalTaxAmount": sign * bill.tax,
    }
    lines, items, beside = [], [], []
    for place, line in enumerate(bill.lines, 1):
        ordered, at = deal.lines[line.sold.line - 1], {"LineCreationSequenceNumber": place}
        lines.append({**key, **at, **_posted(line, sign)})
        buyer = ordered.buyer if _same(deal, line.sold) else ""
        price = {"PriceUnit": Decimal(line.sold.per), "OrigSalesId": deal.sales_order}
        items.append({**other, **at, **price, "ItemId": line.sold.item, "ExternalItemId": buyer, "ItemBarCode": ""})
        beside.append({**other, **at, "CustomerLineNum": ordered.ordinal, "InventTransId": line.sold.lot})
    company = {"CompanyName": "NORTHBAY GOODS", "InvoiceAccountName": "EXAMPLE RETAIL CO"}
    numbers = {"CompanyTaxRegNumber": OURS, "VATNum": THEIRS}
    document = [{**other, "DueDate": day(bill.due), **company, **numbers}]
    places = [
        {
            **COMPANY,
            "SalesOrderNumber": deal.sales_order,
            "InventoryLotId": each.lot,
            "DeliveryAddressLocationId": each.place,
        }
        for each in deal.sold
    ]
    sets = {"document": document, "journal": [], "items": items, "order_lines": beside, "places": places}
    return {"header": head, "lines": lines, **sets}


def _posted(line: Billed, sign: int) -> Record:
    return {
        "ProductNumber": line.sold.item,
        "ProductName": "GOODS",
        "InvoicedQuantity": sign * line.quantity,
        "SalesUnitSymbol": line.sold.symbol,
        "SalesPrice": line.sold.price,
        "LineAmount": sign * line.amount,
        "LineTotalDiscountAmount": sign * line.discount,
        "LineTotalChargeAmount": sign * line.charge,
        "LineTotalTaxAmount": sign * line.tax,
        "ConfirmedShippingDate": day(line.sold.ships),
    }


def packing_slip(deal: Deal, boxes: Sequence[Box]) -> Record:
    """A posted packing slip of a sales order."""
    head = {
        **COMPANY,
        "PackingSlipId": "PS-0007",
        "SalesId": deal.sales_order,
        "OrderAccount": "US-003",
        "CustomerRef": deal.number,
        "CreatedOn": f"{POSTED}T14:05:11Z",
        "DeliveryDate": day(POSTED),
        "BillOfLadingId": "06141410000012345",
        "BOLCarrierName": "ABC FREIGHT",
        "DeliveryName": "EXAMPLE DC 7",
    }
    lines = []
    for each in boxes:
        ordered = deal.lines[each.sold.line - 1]
        lines.append(
            {
                "ItemId": each.sold.item,
                "ExternalItemId": ordered.buyer if _same(deal, each.sold) else "",
                "Name": "GOODS",
                "Qty": each.quantity,
                "Ordered": each.sold.quantity,
                "SalesUnit": each.sold.symbol,
                "InventTransId": each.sold.lot,
                "OrigSalesId": deal.sales_order,
            }
        )
    beside = [
        {
            **COMPANY,
            "SalesOrderNumber": deal.sales_order,
            "InventoryLotId": each.lot,
            "CustomersLineNumber": deal.lines[each.line - 1].ordinal,
            "DeliveryAddressLocationId": each.place,
        }
        for each in deal.sold
    ]
    return {"header": head, "lines": lines, "tracking": [{"TrackingNumber": "1Z1"}], "order_lines": beside}


def warehouse_slip(deals: Sequence[Deal], boxes: Sequence[Box]) -> Record:
    """A packing slip of the warehouse for several orders; packages have their license plates."""
    head = {
        **COMPANY,
        "ShipmentId": "SHP-000123",
        "ShipmentPackingSlipNumber": "PS-0008",
        "ConsigneeAccountNumber": "US-003",
        "DocumentDate": f"{POSTED}T14:05:00Z",
        "DeliveryDate": day(POSTED),
        "LoadId": "LOAD-1",
        "ShippingCarrierId": "ABC FREIGHT",
        "ReceiverName": "EXAMPLE DC 7",
        "IsActive": "Yes",
    }
    lines, beside = [], dict[str, Record]()
    for each in boxes:
        deal = next(deal for deal in deals if any(sold is each.sold for sold in deal.sold))
        ordered, lot = deal.lines[each.sold.line - 1], f"{deal.number}-{each.sold.lot}"
        lines.append(
            {
                "HandlingQuantity": each.quantity,
                "HandlingUnitSymbol": each.sold.symbol,
                "InventoryLotId": lot,
                "LicensePlateNumber": each.sscc,
                "ItemBatchNumber": "",
            }
        )
        beside[lot] = {
            "InventoryLotId": lot,
            "ItemNumber": each.sold.item,
            "OrderedQuantity": each.sold.quantity,
            "OrderedUnitSymbol": each.sold.symbol,
            "ConsigneeLineNumber": ordered.ordinal,
            "ConsigneePurchaseOrderNumber": deal.number,
            "ConsignerOrderNumber": deal.sales_order,
        }
    load = [{"LoadId": "LOAD-1", "ProNumber": "PRO-1", "MasterBillOfLadingId": "MBL-1", "TrailerNumber": "T1"}]
    return {"header": head, "lines": lines, "order_lines": list(beside.values()), "load": load}
