"""Purchase orders and pending vendor invoices, as the application takes them: vendors, defaults, what may no longer be changed.

Knows: vendors, items, purchase orders and invoices that are not posted, and how they depend on each other. Does not know:
OData, HTTP, what a posting leaves (`purchasing`).
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import masters
from .dimensions import check_account
from .refusals import infolog, must_be_filled
from .store import Record, fold
from .tenant import Tenant

Values = dict[str, Any]
HEADER = "PurchPurchaseOrderHeaderV2Entity"
LINE = "PurchPurchaseOrderLineV2Entity"
INVOICE = "VendorInvoiceHeaderEntity"
INVOICE_LINE = "VendorInvoiceLineEntity"
_CENT = Decimal("0.01")
_OPEN = ("None", "Backorder", "Received")
NOT_STOCKED = "Error: The item's inventory model policy must be not stocked."


def insert_header(tenant: Tenant, row: Values, given: frozenset[str]) -> None:
    """A new order: the least that a tenant asks for, and what it takes from the vendor."""
    for name in ("OrderVendorAccountNumber", "InvoiceVendorAccountNumber", "CurrencyCode", "LanguageId"):
        if not row[name]:
            raise must_be_filled(HEADER, name)
    vendor = vendor_of(tenant, HEADER, row, "OrderVendorAccountNumber", held_by=("All", "PurchOrder"))
    defaults = {
        "PurchaseOrderName": vendor["VendorOrganizationName"],
        "PaymentTermsName": vendor["DefaultPaymentTermsName"],
        "DeliveryModeId": vendor["DefaultDeliveryModeId"],
        "DeliveryTermsId": vendor["DefaultDeliveryTermsCode"],
        "AccountingDate": tenant.today(),
        "RequestedDeliveryDate": tenant.today(),
    }
    row.update({name: value for name, value in defaults.items() if name not in given})
    row["PurchaseOrderStatus"], row["DocumentApprovalStatus"] = "None", "Approved"


def update_header(_: Tenant, record: Record, __: Values) -> None:
    """A changed order: an open one."""
    refuse_closed(record.set.entity, record.values)


def delete_header(tenant: Tenant, record: Record) -> None:
    """A deleted order: one that was never confirmed, with its lines and charges."""
    refuse_closed(record.set.entity, record.values)
    key = {name: record.values[name] for name in ("dataAreaId", "PurchaseOrderNumber")}
    if tenant.rows("PurchaseOrderConfirmationHeaders", **key):
        raise infolog(HEADER, "Error: The order has been confirmed and cannot be deleted", verb="Delete")
    for name in ("PurchaseOrderLinesV2", "PurchaseOrderHeaderCharges"):
        for line in tenant.store.rows(name, **key):
            tenant.store.delete(line)


def refuse_closed(entity: str, order: Values) -> None:
    """Refuse what is written to an order that is invoiced or canceled."""
    if order["PurchaseOrderStatus"] not in _OPEN:
        number, status = order["PurchaseOrderNumber"], order["PurchaseOrderStatus"]
        raise infolog(entity, f"Error: Purchase order {number} cannot be changed: it is {status}.")


def insert_line(tenant: Tenant, row: Values, given: frozenset[str]) -> None:
    """A new line of an open order: with the item's unit and price where the body names none."""
    for name in ("PurchaseOrderNumber", "ItemNumber"):
        if not row[name]:
            raise must_be_filled(LINE, name)
    company = row["dataAreaId"]
    key = {"dataAreaId": company, "PurchaseOrderNumber": row["PurchaseOrderNumber"]}
    header = tenant.store.one("PurchaseOrderHeadersV2", **key)
    assert header is not None  # a reference, checked before
    refuse_closed(LINE, header.values)
    item = tenant.one("ReleasedProductsV2", dataAreaId=company, ItemNumber=row["ItemNumber"])
    if item["ItemNumber"] in tenant.blocked:
        message = f"Warning: Item '{item['ItemNumber']}' is blocked for 'Purchase order'."
        raise infolog(LINE, message, "Warning: validateWrite failed on data source 'PurchLine (PurchLine)'")
    masters.refuse_master(tenant, LINE, row, item)
    defaults = {
        "OrderedPurchaseQuantity": Decimal(1),
        "PurchaseUnitSymbol": item["PurchaseUnitSymbol"] or item["InventoryUnitSymbol"],
        "PurchasePrice": item["PurchasePrice"],
        "PurchasePriceQuantity": Decimal(1),
        "LineDescription": item["SearchName"],
        "RequestedDeliveryDate": header.values["RequestedDeliveryDate"],
        "CalculateLineAmount": "Yes",
    }
    row.update({name: value for name, value in defaults.items() if name not in given})
    row["PurchasePrice"] = tenant.own_prices.get(row["ItemNumber"], row["PurchasePrice"])
    row["PurchaseOrderLineStatus"] = "Backorder"
    if "LineAmount" not in given:
        row["LineAmount"] = amount(row)
    tenant.store.update(header, {"PurchaseOrderStatus": "Backorder"})


def amount(line: Values) -> Decimal:
    """What a line comes to: price for its quantity, less its discounts."""
    price = line["PurchasePrice"] / (line["PurchasePriceQuantity"] or 1)
    gross = (price - line["LineDiscountAmount"]) * line["OrderedPurchaseQuantity"] + line["FixedPriceCharges"]
    net: Decimal = gross * (100 - line["LineDiscountPercentage"]) / 100
    return net.quantize(_CENT, ROUND_HALF_UP)


def vendor_of(tenant: Tenant, entity: str, row: Values, field: str, *, held_by: tuple[str, ...]) -> Values:
    """The vendor that a field names; refused where its `OnHoldStatus` is one of `held_by`."""
    vendor = tenant.one("VendorsV3", dataAreaId=row["dataAreaId"], VendorAccountNumber=row[field])
    if vendor["OnHoldStatus"] in held_by:
        raise infolog(entity, f"Error: Vendor account {row[field]} is on hold for {vendor['OnHoldStatus']}.")
    return vendor


# -- vendor invoices that are not posted ----------------------------------------------------------------------------------
def insert_invoice(tenant: Tenant, row: Values, given: frozenset[str]) -> None:
    """A new pending invoice: its number is the vendor's, and may be used once where the parameter says so."""
    for name in ("InvoiceAccount", "InvoiceNumber"):
        if not row[name]:
            raise must_be_filled(INVOICE, name)
    vendor = vendor_of(tenant, INVOICE, row, "InvoiceAccount", held_by=("All", "Invoice"))
    _refuse_used_number(tenant, row)
    order = _order_of(tenant, row)
    if order is not None and "Currency" in given and fold(row["Currency"]) != fold(order["CurrencyCode"]):
        raise infolog(INVOICE, f"Error: The currency of purchase order {order['PurchaseOrderNumber']} is used.")
    defaults = {
        "VendorAccount": row["InvoiceAccount"],
        "VendorName": vendor["VendorOrganizationName"],
        "Currency": order["CurrencyCode"] if order is not None else vendor["CurrencyCode"],
        "Date": tenant.today(),
        "InvoiceDate": tenant.today(),
        "InvoiceReceivedDate": tenant.today(),
        "TermsOfPayment": vendor["DefaultPaymentTermsName"],
    }
    row.update({name: value for name, value in defaults.items() if name not in given})
    row["VendorInvoiceReviewStatus"] = "Draft"
    if not row["HeaderReference"]:
        row["HeaderReference"] = f"HR-{tenant.number(row['dataAreaId'], 'HeaderReference'):06}"
    elif not tenant.own_references:
        raise infolog(INVOICE, "Warning: HeaderReference is assigned by the server")


def _refuse_used_number(tenant: Tenant, row: Values) -> None:
    company, account, number = row["dataAreaId"], row["InvoiceAccount"], row["InvoiceNumber"]
    posted = tenant.rows("VendInvoiceJourBiEntities", dataAreaId=company, InvoiceAccount=account, InvoiceId=number)
    pending = tenant.rows("VendorInvoiceHeaders", dataAreaId=company, InvoiceAccount=account, InvoiceNumber=number)
    if tenant.refuses_used_invoice_numbers and (posted or pending):
        raise infolog(INVOICE, f"Error: Invoice number {number} is already used for vendor {account}.")


def _order_of(tenant: Tenant, row: Values) -> Values | None:
    number = row["PurchaseOrderNumber"]
    if not number:
        return None
    order = tenant.one("PurchaseOrderHeadersV2", dataAreaId=row["dataAreaId"], PurchaseOrderNumber=number)
    _refuse_foreign(INVOICE, order, row["InvoiceAccount"])
    return order


def _refuse_foreign(entity: str, order: Values, account: str) -> None:
    vendors = {fold(order["OrderVendorAccountNumber"]), fold(order["InvoiceVendorAccountNumber"])}
    if fold(account) not in vendors:
        number = order["PurchaseOrderNumber"]
        raise infolog(entity, f"Error: Purchase order {number} belongs to another vendor than {account}.")
    if order["PurchaseOrderStatus"] in ("Invoiced", "Canceled"):
        raise infolog(
            entity, f"Error: Purchase order {order['PurchaseOrderNumber']} is {order['PurchaseOrderStatus']}."
        )


def insert_invoice_line(tenant: Tenant, row: Values, given: frozenset[str]) -> None:
    """A line of a pending invoice: of a purchase order's line, or of what is not stocked."""
    for name in ("HeaderReference", "Currency"):
        if not row[name]:
            raise must_be_filled(INVOICE_LINE, name)
    company = row["dataAreaId"]
    header = tenant.one("VendorInvoiceHeaders", dataAreaId=company, HeaderReference=row["HeaderReference"])
    line = _ordered(tenant, row, header)
    if line is None and row["ItemNumber"]:
        item = tenant.one("ReleasedProductsV2", dataAreaId=company, ItemNumber=row["ItemNumber"])
        if item["ProductType"] == "Item":
            raise infolog(INVOICE_LINE, NOT_STOCKED)
        masters.refuse_master(tenant, INVOICE_LINE, row, item)
    if line is None and row["MainAccountDisplayValue"]:
        check_account(tenant, INVOICE_LINE, row["MainAccountDisplayValue"])
    if line is not None:
        defaults = {
            "ItemNumber": line["ItemNumber"],
            "Unit": line["PurchaseUnitSymbol"],
            "UnitPrice": line["PurchasePrice"],
            "PriceUnit": line["PurchasePriceQuantity"],
            "LineDescription": line["LineDescription"],
        }
        row.update({name: value for name, value in defaults.items() if name not in given})
    if "InvoiceLineNumber" not in given:
        last = tenant.store.newest("VendorInvoiceLines", dataAreaId=company, HeaderReference=row["HeaderReference"])
        row["InvoiceLineNumber"] = (last.values["InvoiceLineNumber"] if last is not None else Decimal(0)) + 1
    if "Amount" not in given:
        row["Amount"] = (row["ReceiveNow"] * row["UnitPrice"] / (row["PriceUnit"] or 1)).quantize(_CENT, ROUND_HALF_UP)
    row["InvoiceAccount"], row["VendorAccount"] = header["InvoiceAccount"], header["VendorAccount"]


def _ordered(tenant: Tenant, row: Values, header: Values) -> Values | None:
    """The line of the purchase order that an invoice's line is for, None for a line without one."""
    number, company = row["PurchaseOrder"], row["dataAreaId"]
    if not number:
        return None
    order = tenant.store.one("PurchaseOrderHeadersV2", dataAreaId=company, PurchaseOrderNumber=number)
    if order is None:
        raise infolog(INVOICE_LINE, f"Error: Purchase order {number} does not exist.")
    _refuse_foreign(INVOICE_LINE, order.values, header["InvoiceAccount"])
    key = {"dataAreaId": company, "PurchaseOrderNumber": number, "LineNumber": row["PurchLineNumber"]}
    line = tenant.store.one("PurchaseOrderLinesV2", **key)
    if line is None:
        raise infolog(INVOICE_LINE, f"Error: Purchase order {number} has no line {row['PurchLineNumber']}.")
    return line.values


def delete_invoice(tenant: Tenant, record: Record) -> None:
    """A deleted pending invoice, with its lines and charges."""
    key = {name: record.values[name] for name in ("dataAreaId", "HeaderReference")}
    for name in ("VendorInvoiceLines", "VendorInvoiceLineCharges", "VendorInvoiceHeaderCharges"):
        for line in tenant.store.rows(name, **key):
            tenant.store.delete(line)
