"""What the application does with a write before it is stored: references, defaults, and what may no longer be changed.

One entry for each writable set that has rules of its own; the others store what they are given.

Knows: customers, items, units, orders and how they depend on each other. Does not know: OData, HTTP.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import delivery_address, masters, payments, purchase_orders
from .refusals import bad_reference, infolog, invalid, must_be_filled
from .store import Record, fold
from .tenant import Tenant

Values = dict[str, Any]
_CENT = Decimal("0.01")
_OPEN = ("None", "Backorder")


@dataclass(frozen=True, slots=True)
class WriteRule:
    """Rules of a set. `insert(tenant, row, given)` completes a new row (`given`: the fields the body named);
    `update` does so for a changed one; `delete` empties what depends on it. `server` fields are never the client's."""

    insert: Callable[[Tenant, Values, frozenset[str]], None] = lambda *_: None
    update: Callable[[Tenant, Record, Values], None] = lambda *_: None
    delete: Callable[[Tenant, Record], None] = lambda *_: None
    server: frozenset[str] = frozenset()
    references: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)
    """Field to (related set, its field, the field's label, the related table's label)."""
    number: str = ""
    """The field that the company's number sequence fills, as `sequence` spells it."""
    sequence: str = "SO-{:06}"


def check_references(tenant: Tenant, entity: str, rule: WriteRule, row: Values, names: frozenset[str]) -> None:
    """Refuse a value that its related table does not have, in the order of the body's fields."""
    for name in sorted(names):
        value = row[name]
        if value in ("", None):
            continue
        listed = tenant.permitted(name)
        if listed is not None and fold(value) not in {fold(entry) for entry in listed[2]}:
            raise bad_reference(entity, name, value, listed[0], listed[1])
        if name in rule.references:
            related, key, label, title = rule.references[name]
            found = tenant.store.rows(related, **{key: value})
            if not any(not r.set.of_company or fold(r.values["dataAreaId"]) == fold(row["dataAreaId"]) for r in found):
                raise bad_reference(entity, name, value, label, title)


def _insert_header(tenant: Tenant, row: Values, given: frozenset[str]) -> None:
    for name in ("OrderingCustomerAccountNumber", "InvoiceCustomerAccountNumber"):
        if not row[name]:
            raise must_be_filled("SalesOrderHeaderV4Entity", name)
    customer = tenant.one(
        "CustomersV3", dataAreaId=row["dataAreaId"], CustomerAccount=row["OrderingCustomerAccountNumber"]
    )
    defaults = {
        "CurrencyCode": customer["SalesCurrencyCode"],
        "LanguageId": customer["LanguageId"] or "en-US",
        "PaymentTermsName": customer["PaymentTerms"],
        "DeliveryTermsCode": customer["DeliveryTerms"],
        "DeliveryModeCode": customer["DeliveryMode"],
        "SalesOrderName": customer["OrganizationName"],
        "RequestedShippingDate": tenant.today(),
        "RequestedReceiptDate": row["RequestedShippingDate"] if "RequestedShippingDate" in given else tenant.today(),
    }
    row.update({name: value for name, value in defaults.items() if name not in given})
    row["LanguageId"] = _language(row["LanguageId"])
    row["SalesOrderStatus"], row["SalesOrderProcessingStatus"] = "Backorder", "Active"
    row["OrderCreationDateTime"] = tenant.now()
    delivery_address.complete(tenant, "SalesOrderHeaderV4Entity", row, given, delivery_address.of_customer(customer))


def _language(text: str) -> str:
    language, dash, country = text.partition("-")
    return f"{language.lower()}{dash}{country.upper()}"


def _update_header(_: Tenant, record: Record, row: Values) -> None:
    _refuse_closed(record.set.entity, record.values)
    delivery_address.formatted(record.set.entity, row, frozenset(row))


def _delete_header(tenant: Tenant, record: Record) -> None:
    _refuse_closed(record.set.entity, record.values)
    if record.values["SalesOrderProcessingStatus"] != "Active":
        raise infolog(record.set.entity, "Error: The order has been posted and cannot be deleted", verb="Delete")
    key = {name: record.values[name] for name in ("dataAreaId", "SalesOrderNumber")}
    for set in ("SalesOrderLinesV3", "SalesOrderHeaderChargesV2", "SalesOrderLineChargesV2"):
        for row in tenant.store.rows(set, **key):
            tenant.store.delete(row)


def _refuse_closed(entity: str, order: Values) -> None:
    if order["SalesOrderStatus"] not in _OPEN:
        raise infolog(
            entity,
            f"Error: Sales order {order['SalesOrderNumber']} cannot be changed: it is {order['SalesOrderStatus']}.",
            "Error: Update has been canceled.",
        )


def _insert_line(tenant: Tenant, row: Values, given: frozenset[str]) -> None:
    entity = "SalesOrderLineV3Entity"
    for name in ("SalesOrderNumber", "ItemNumber"):
        if not row[name]:
            raise must_be_filled(entity, name)
    company = row["dataAreaId"]
    header = tenant.one("SalesOrderHeadersV4", dataAreaId=company, SalesOrderNumber=row["SalesOrderNumber"])
    _refuse_closed(entity, header)
    item = tenant.one("ReleasedProductsV2", dataAreaId=company, ItemNumber=row["ItemNumber"])
    _refuse_item(tenant, entity, row, item)
    masters.refuse_master(tenant, entity, row, item)
    last = tenant.store.newest("SalesOrderLinesV3", dataAreaId=company, SalesOrderNumber=row["SalesOrderNumber"])
    sequence = last.values["LineCreationSequenceNumber"] + 1 if last is not None else 1
    defaults = {
        "OrderedSalesQuantity": Decimal(1),
        "SalesUnitSymbol": item["SalesUnitSymbol"] or item["InventoryUnitSymbol"],
        "SalesPrice": item["SalesPrice"],
        "SalesPriceQuantity": Decimal(1),
        "LineDescription": item["SearchName"],
        "ExternalItemNumber": _external(tenant, row, header),
        "CurrencyCode": header["CurrencyCode"],
        "RequestedShippingDate": header["RequestedShippingDate"],
        "RequestedReceiptDate": header["RequestedReceiptDate"],
        "LineNumber": Decimal(sequence),
        "CalculateLineAmount": "Yes",
    }
    row.update({name: value for name, value in defaults.items() if name not in given})
    if row["ItemNumber"] in tenant.own_prices and row["IsPriceLocked"] != "Yes":
        row["SalesPrice"] = tenant.own_prices[row["ItemNumber"]]
    if row["ItemNumber"] in tenant.own_discounts and row["IsPriceLocked"] != "Yes":
        row["LineDiscountPercentage"] = tenant.own_discounts[row["ItemNumber"]]
    row["LineCreationSequenceNumber"] = sequence
    row["InventoryLotId"] = f"{company.upper()}-{tenant.number(company, 'lot'):06}"
    row["SalesOrderLineStatus"] = "Backorder"
    delivery_address.complete(tenant, entity, row, given, delivery_address.of_order(header))
    if "LineAmount" not in given:
        row["LineAmount"] = _amount(row)


def _refuse_item(tenant: Tenant, entity: str, row: Values, item: Values) -> None:
    number = item["ItemNumber"]
    if number in tenant.blocked:
        message = f"Warning: Item '{number}' is blocked for 'Sales order'."
        raise infolog(entity, message, "Warning: validateWrite failed on data source 'SalesLine (SalesLine)'")
    if number in tenant.needs_site and not row["ShippingSiteId"]:
        message = "Error: Inventory dimension Site is mandatory and must consequently be specified."
        raise infolog(entity, message, "Error: Update has been canceled.")


def _external(tenant: Tenant, row: Values, header: Values) -> str:
    found = tenant.rows(
        "CustomerProductDescriptionsV2",
        CustomerAccountNumber=header["OrderingCustomerAccountNumber"],
        ItemNumber=row["ItemNumber"],
        dataAreaId=row["dataAreaId"],
    )
    return found[0]["CustomerProductNumber"] if found else ""


def _amount(row: Values) -> Decimal:
    price = row["SalesPrice"] / (row["SalesPriceQuantity"] or 1)
    gross = (price - row["LineDiscountAmount"]) * row["OrderedSalesQuantity"] + row["FixedPriceCharges"]
    net: Decimal = gross * (100 - row["LineDiscountPercentage"]) / 100
    return net.quantize(_CENT, ROUND_HALF_UP)


def _update_line(tenant: Tenant, record: Record, row: Values) -> None:
    key = {name: record.values[name] for name in ("dataAreaId", "SalesOrderNumber")}
    _refuse_closed(record.set.entity, tenant.one("SalesOrderHeadersV4", **key))
    if record.values["SalesOrderLineStatus"] not in _OPEN:
        raise infolog(record.set.entity, "Error: The line has been invoiced and cannot be changed")
    if row["SalesOrderNumber"] != record.values["SalesOrderNumber"]:
        raise invalid("The property 'SalesOrderNumber' cannot be changed.")
    if row["LineAmount"] == record.values["LineAmount"]:
        row["LineAmount"] = _amount(row)


def _delete_line(_: Tenant, record: Record) -> None:
    if record.values["SalesOrderLineStatus"] not in _OPEN:
        raise infolog(record.set.entity, "Error: The line has been invoiced and cannot be deleted", verb="Delete")


_CUSTOMER = ("CustomersV3", "CustomerAccount")
_ITEM = ("ReleasedProductsV2", "ItemNumber", "Item number", "Items")
_VENDOR = ("VendorsV3", "VendorAccountNumber")
_PURCHASE = ("PurchaseOrderHeadersV2", "PurchaseOrderNumber", "Purchase order", "Purchase orders")
_ORDER = ("SalesOrderHeadersV4", "SalesOrderNumber", "Sales order", "Sales orders")
_UNIT = ("UnitsOfMeasure", "UnitSymbol", "Unit", "Units")
_LOCATION = ("CustomerPostalAddresses", "AddressLocationId", "Location ID", "Locations")
_HEADER_SERVER = frozenset({
    "SalesOrderStatus", "SalesOrderProcessingStatus", "OrderCreationDateTime", "FormattedDelveryAddress", "OrderTotalAmount",
    "OrderTotalChargesAmount", "OrderTotalDiscountAmount", "OrderTotalTaxAmount", "OrderHeaderTaxAmount",
})  # fmt: skip
_LINE_SERVER = frozenset(
    {"InventoryLotId", "LineCreationSequenceNumber", "SalesOrderLineStatus", "FormattedDelveryAddress"}
)


def _journal_rules(journal: payments.PaymentJournal) -> dict[str, WriteRule]:
    number = (journal.headers, "JournalBatchNumber", "Journal batch number", "Ledger journals")
    return {
        journal.headers: WriteRule(
            insert=journal.insert_header,
            delete=journal.delete_header,
            number="JournalBatchNumber",
            sequence="{:05}",
            server=frozenset({"IsPosted"}),
        ),
        journal.lines: WriteRule(insert=journal.insert_line, references={"JournalBatchNumber": number}),
    }


RULES: dict[str, WriteRule] = {
    "SalesOrderHeadersV4": WriteRule(
        insert=_insert_header,
        update=_update_header,
        delete=_delete_header,
        number="SalesOrderNumber",
        server=_HEADER_SERVER,
        references={
            "OrderingCustomerAccountNumber": (*_CUSTOMER, "Customer account", "Customers"),
            "InvoiceCustomerAccountNumber": (*_CUSTOMER, "Invoice account", "Customers"),
            "DeliveryAddressLocationId": _LOCATION,
        },
    ),
    "SalesOrderLinesV3": WriteRule(
        insert=_insert_line,
        update=_update_line,
        delete=_delete_line,
        server=_LINE_SERVER,
        references={
            "SalesOrderNumber": _ORDER,
            "ItemNumber": _ITEM,
            "SalesUnitSymbol": _UNIT,
            "DeliveryAddressLocationId": _LOCATION,
        },
    ),
    "CustomerProductDescriptionsV2": WriteRule(
        references={"ItemNumber": _ITEM, "CustomerAccountNumber": (*_CUSTOMER, "Customer account", "Customers")}
    ),
    "CustomerPostalAddresses": WriteRule(
        insert=delivery_address.insert,
        server=frozenset({"FormattedAddress"}),
        references={"CustomerAccountNumber": (*_CUSTOMER, "Customer account", "Customers")},
    ),
    "PurchaseOrderHeadersV2": WriteRule(
        insert=purchase_orders.insert_header,
        update=purchase_orders.update_header,
        delete=purchase_orders.delete_header,
        number="PurchaseOrderNumber",
        sequence="PO-{:06}",
        server=frozenset({"PurchaseOrderStatus", "DocumentApprovalStatus"}),
        references={
            "OrderVendorAccountNumber": (*_VENDOR, "Vendor account", "Vendors"),
            "InvoiceVendorAccountNumber": (*_VENDOR, "Invoice account", "Vendors"),
        },
    ),
    "PurchaseOrderLinesV2": WriteRule(
        insert=purchase_orders.insert_line,
        server=frozenset({"PurchaseOrderLineStatus"}),
        references={"PurchaseOrderNumber": _PURCHASE, "ItemNumber": _ITEM, "PurchaseUnitSymbol": _UNIT},
    ),
    "VendorInvoiceHeaders": WriteRule(
        insert=purchase_orders.insert_invoice,
        delete=purchase_orders.delete_invoice,
        server=frozenset({"VendorInvoiceReviewStatus"}),
        references={"InvoiceAccount": (*_VENDOR, "Invoice account", "Vendors"), "PurchaseOrderNumber": _PURCHASE},
    ),
    "VendorInvoiceLines": WriteRule(
        insert=purchase_orders.insert_invoice_line,
        references={
            "HeaderReference": ("VendorInvoiceHeaders", "HeaderReference", "Header reference", "Vendor invoices"),
            "ItemNumber": _ITEM,
            "Unit": _UNIT,
        },
    ),
    "VendorProductDescriptionsV2": WriteRule(
        references={"ItemNumber": _ITEM, "VendorAccountNumber": (*_VENDOR, "Vendor account", "Vendors")}
    ),
    "SalesOrderHeaderChargesV2": WriteRule(references={"SalesOrderNumber": _ORDER}),
    "SalesOrderLineChargesV2": WriteRule(
        references={
            "SalesOrderNumber": _ORDER,
            "SalesOrderLineInventoryLotId": ("SalesOrderLinesV3", "InventoryLotId", "Lot ID", "Sales order lines"),
        }
    ),
    "ProductBarcodesV3": WriteRule(references={"ItemNumber": _ITEM, "ProductQuantityUnitSymbol": _UNIT}),
    **_journal_rules(payments.VENDOR),
    **_journal_rules(payments.CUSTOMER),
}
