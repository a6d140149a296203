"""Posting the sales invoice of an order: the rows that a posted invoice leaves in every set, agreeing with each other.

Knows: how header, lines, business document and BI rows of one invoice belong together, by InvoiceId, InvoiceDate and
LineCreationSequenceNumber, and that `InventTransId` is the order line's lot. Does not know: HTTP.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import progress, values
from .tenant import Tenant

Row = dict[str, Any]
_CENT = Decimal("0.01")
_OPEN = ("Backorder", "Delivered")


def post(
    tenant: Tenant,
    order_number: str,
    *,
    company: str = "usmf",
    quantities: Mapping[str, Decimal | int] | None = None,
    date: str | None = None,
    due: str | None = None,
    tax_percent: Decimal | int = 0,
    charges: Decimal | int = 0,
    journal: bool = True,
) -> str:
    """Post an invoice for an open order and return its number.

    `quantities`: lot to invoiced quantity, all lines in full when None. `date`, `due`: `YYYY-MM-DD`; when None today
    and what the terms of payment say; an invoice can be back-dated. `journal`: whether the BI sets get their rows (a
    tenant may keep those from us). LookupError when there is no such order, ValueError when nothing is open."""
    order = tenant.one("SalesOrderHeadersV4", dataAreaId=company, SalesOrderNumber=order_number)
    lines = [line for line in progress.lines(tenant, order) if line["SalesOrderLineStatus"] in _OPEN]
    wanted = (
        {line["InventoryLotId"]: line["OrderedSalesQuantity"] for line in lines} if quantities is None else quantities
    )
    chosen = [line for line in lines if line["InventoryLotId"] in wanted]
    if not chosen:
        raise ValueError(f"order {order_number} has no open line to invoice")
    head = _head(tenant, order, date, due)
    items = []
    for sequence, line in enumerate(chosen, 1):
        quantity = Decimal(wanted[line["InventoryLotId"]])
        items.append({"sequence": sequence, **_item(tenant, order, line, quantity, Decimal(tax_percent))})
    totals = _totals(items, Decimal(charges))
    _invoice_rows(tenant, order, head, items, totals)
    _document_rows(tenant, order, head, items, totals)
    if journal:
        _journal_rows(tenant, order, head, items, totals)
    lots = [line["InventoryLotId"] for line in chosen]
    progress.advance(tenant, order, lots, "Invoiced")
    return str(head["number"])


def _totals(items: list[Row], charges: Decimal) -> Row:
    sums = {name: sum((item[name] for item in items), Decimal(0)) for name in ("amount", "tax", "discount")}
    total = sums["amount"] + sums["tax"] + charges
    return {
        "lines": sums["amount"],
        "tax": sums["tax"],
        "discount": sums["discount"],
        "charges": charges,
        "invoice": total,
    }


def _head(tenant: Tenant, order: Row, date: str | None, due: str | None) -> Row:
    company = order["dataAreaId"]
    invoiced = values.date_value(date) if date else tenant.today()
    number = tenant.number(company, "invoice")
    return {
        "company": company,
        "number": f"CIV-{number:06}",
        "voucher": f"ARIV-{number:06}",
        "date": invoiced,
        "due": values.date_value(due) if due else _due(tenant, order, invoiced),
    }


def _due(tenant: Tenant, order: Row, invoiced: str) -> str:
    days = timedelta(days=tenant.payment_terms.get(order["PaymentTermsName"], 0))
    return values.date_value(f"{datetime.fromisoformat(invoiced) + days:%Y-%m-%d}")


def _item(tenant: Tenant, order: Row, line: Row, quantity: Decimal, tax_percent: Decimal) -> Row:
    share = quantity / line["OrderedSalesQuantity"]
    amount = (line["LineAmount"] * share).quantize(_CENT, ROUND_HALF_UP)
    barcodes = tenant.rows("ProductBarcodesV3", dataAreaId=order["dataAreaId"], ItemNumber=line["ItemNumber"])
    gross = quantity * line["SalesPrice"] / (line["SalesPriceQuantity"] or 1)
    return {
        "line": line,
        "discount": (gross - amount).quantize(_CENT, ROUND_HALF_UP),
        "quantity": quantity,
        "amount": amount,
        "tax": (amount * tax_percent / 100).quantize(_CENT, ROUND_HALF_UP),
        "rate": tax_percent,
        "barcode": barcodes[0]["Barcode"] if barcodes else "",
    }


def _insert(tenant: Tenant, set: str, **fields: Any) -> None:
    tenant.store.insert(set, fields)


def _invoice_rows(tenant: Tenant, order: Row, head: Row, items: list[Row], totals: Row) -> None:
    common = {"dataAreaId": head["company"], "InvoiceNumber": head["number"], "InvoiceDate": head["date"]}
    common |= {"LedgerVoucher": head["voucher"], "CurrencyCode": order["CurrencyCode"]}
    _insert(
        tenant,
        "SalesInvoiceHeadersV4",
        **common,
        InvoiceCustomerAccountNumber=order["InvoiceCustomerAccountNumber"],
        SalesOrderNumber=order["SalesOrderNumber"],
        CustomersOrderReference=order["CustomersOrderReference"],
        SalesOrderOriginCode=order["SalesOrderOriginCode"],
        PaymentTermsName=order["PaymentTermsName"],
        DeliveryTermsCode=order["DeliveryTermsCode"],
        DeliveryModeCode=order["DeliveryModeCode"],
        TotalInvoiceAmount=totals["invoice"],
        TotalTaxAmount=totals["tax"],
        TotalChargeAmount=totals["charges"],
        TotalLineDiscount=totals["discount"],
    )
    for item in items:
        line = item["line"]
        _insert(
            tenant,
            "SalesInvoiceV4Lines",
            **common,
            LineCreationSequenceNumber=item["sequence"],
            ProductNumber=line["ItemNumber"],
            ProductName=line["LineDescription"],
            ProductDescription=line["LineDescription"],
            InvoicedQuantity=item["quantity"],
            SalesUnitSymbol=line["SalesUnitSymbol"],
            SalesPrice=line["SalesPrice"],
            LineAmount=item["amount"],
            LineTotalTaxAmount=item["tax"],
            LineTotalDiscountAmount=item["discount"],
            ConfirmedShippingDate=head["date"],
        )


def _document_rows(tenant: Tenant, order: Row, head: Row, items: list[Row], totals: Row) -> None:
    common = {"dataAreaId": head["company"], "InvoiceId": head["number"], "InvoiceDate": head["date"]}
    common |= {"LedgerVoucher": head["voucher"], "DataArea": head["company"]}
    _insert(
        tenant,
        "BusinessDocumentSalesInvoiceBases",
        **common,
        SalesId=order["SalesOrderNumber"],
        CustomerAccountNum=order["InvoiceCustomerAccountNumber"],
        CustomerOrderAccountNum=order["OrderingCustomerAccountNumber"],
        InvoiceAccountName=order["SalesOrderName"],
        CurrencyCode=order["CurrencyCode"],
        CurrencyCodeISO=order["CurrencyCode"],
        **_company(tenant, head["company"]),
        SumLineDiscount=totals["discount"],
        DueDate=head["due"],
        InvoiceAmount=totals["invoice"],
        InvoiceAmountMST=totals["invoice"],
        SumTax=totals["tax"],
        Street=order["DeliveryAddressStreet"],
        City=order["DeliveryAddressCity"],
        State=order["DeliveryAddressStateId"],
        ZipCode=order["DeliveryAddressZipCode"],
        CountryRegionId=order["DeliveryAddressCountryRegionId"],
    )
    for item in items:
        line = item["line"]
        _insert(
            tenant,
            "BusinessDocumentSalesInvoiceLineItems",
            **common,
            LineCreationSequenceNumber=item["sequence"],
            InvoiceAccount=order["InvoiceCustomerAccountNumber"],
            OrigSalesId=order["SalesOrderNumber"],
            ItemId=line["ItemNumber"],
            ItemName=line["LineDescription"],
            Name=line["LineDescription"],
            ExternalItemId=line["ExternalItemNumber"],
            ItemBarCode=item["barcode"],
            Qty=item["quantity"],
            SalesUnit=line["SalesUnitSymbol"],
            SalesPrice=line["SalesPrice"],
            PriceUnit=line["SalesPriceQuantity"],
            LineAmount=item["amount"],
            LineAmountMST=item["amount"],
            LineAmountTax=item["tax"],
            LineAmountTaxMST=item["tax"],
            SumLineDisc=item["discount"],
            TaxRate=item["rate"],
        )


def _company(tenant: Tenant, company: str) -> Row:
    entity = tenant.one("LegalEntities", LegalEntityId=company)
    parts = {
        "Street": "Street",
        "City": "City",
        "State": "State",
        "ZipCode": "ZipCode",
        "CountryISOCode": "CountryRegionISOCode",
    }
    return {
        "CompanyName": entity["Name"],
        **{f"Company{theirs}": entity[f"Address{ours}"] for theirs, ours in parts.items()},
    }


def _journal_rows(tenant: Tenant, order: Row, head: Row, items: list[Row], totals: Row) -> None:
    moments = {"CreatedOn": tenant.now(), "SysModifiedDateTime": tenant.now(), "SysDataAreaId": head["company"]}
    common = {"dataAreaId": head["company"], "InvoiceId": head["number"], "InvoiceDate": head["date"], **moments}
    common |= {"SalesId": order["SalesOrderNumber"], "CurrencyCode": order["CurrencyCode"]}
    _insert(
        tenant,
        "CustInvoiceJourBiEntities",
        **common,
        SourceKey=5637144576 + tenant.number(head["company"], "journal"),
        LedgerVoucher=head["voucher"],
        InvoiceAccount=order["InvoiceCustomerAccountNumber"],
        OrderAccount=order["OrderingCustomerAccountNumber"],
        CustomerRef=order["CustomersOrderReference"],
        PurchaseOrder=order["CustomersOrderReference"],
        DueDate=head["due"],
        DocumentDate=head["date"],
        InvoiceAmount=totals["invoice"],
        SalesBalance=totals["lines"],
        SumTax=totals["tax"],
        SumMarkup=totals["charges"],
        Payment=order["PaymentTermsName"],
        Qty=sum((item["quantity"] for item in items), Decimal(0)),
    )
    for item in items:
        line = item["line"]
        _insert(
            tenant,
            "CustInvoiceTransBiEntities",
            **common,
            LineCreationSequenceNumber=item["sequence"],
            LineNum=Decimal(item["sequence"]),
            OrigSalesId=order["SalesOrderNumber"],
            InventTransId=line["InventoryLotId"],
            CustomerLineNum=line["CustomersLineNumber"],
            ItemId=line["ItemNumber"],
            Name=line["LineDescription"],
            ExternalItemId=line["ExternalItemNumber"],
            Qty=item["quantity"],
            SalesUnit=line["SalesUnitSymbol"],
            SalesPrice=line["SalesPrice"],
            PriceUnit=line["SalesPriceQuantity"],
            LineAmount=item["amount"],
            LineAmountTax=item["tax"],
            TaxAmount=item["tax"],
        )
