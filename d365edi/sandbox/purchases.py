"""What is bought: items, the numbers that vendors have for them, purchase orders as a person enters them, lines and payments as a
partner writes them in X12.

Knows: rows of the tenant, places of PO1, IT1, RMR. Does not know: which partners there are, when anything happens.
"""

from datetime import date
from decimal import Decimal

from . import x12
from .d365.tenant import Tenant
from .profiles import COMPANY

ITEMS = {"BAG-1": ("NB-BAG", "COTTON BAG", "1.25"), "JAR-1": ("NB-JAR", "GLASS JAR", "0.8")}
"""What is bought: the vendors' number, ours, its name and its price."""
QUANTITIES = (80, 60)
TOTAL = Decimal(148)
"""What these quantities cost."""


def enter_items(tenant: Tenant) -> None:
    """Release the items that are bought, unless they are known."""
    for ours, name, price in ITEMS.values():
        key = {"dataAreaId": COMPANY, "ItemNumber": ours}
        if not tenant.rows("ReleasedProductsV2", **key):
            names = {"ProductNumber": ours, "SearchName": name, "ProductSearchName": name}
            units = {"SalesUnitSymbol": "ea", "InventoryUnitSymbol": "ea", "PurchaseUnitSymbol": "ea"}
            tenant.add("ReleasedProductsV2", **key, **names, **units, SalesPrice=Decimal(price) * 2)


def enter_numbers(tenant: Tenant, account: str) -> None:
    """Enter what a vendor calls them."""
    for theirs, (ours, _, _) in ITEMS.items():
        named = {"VendorAccountNumber": account, "VendorProductNumber": theirs}
        tenant.add("VendorProductDescriptionsV2", dataAreaId=COMPANY, ItemNumber=ours, **named)


def enter_order(tenant: Tenant, number: str, account: str, day: date) -> None:
    """Enter a purchase order of all items at a vendor; it is not confirmed."""
    key = {"dataAreaId": COMPANY, "PurchaseOrderNumber": number}
    accounts = {"OrderVendorAccountNumber": account, "InvoiceVendorAccountNumber": account}
    address = {
        "Name": "Northbay Warehouse",
        "Street": "1 HARBOR ROAD",
        "City": "AUSTIN",
        "StateId": "TX",
        "ZipCode": "78701",
    }
    tenant.add(
        "PurchaseOrderHeadersV2", **key, **accounts, CurrencyCode="USD", PurchaseOrderStatus="Backorder",
        AccountingDate=day.isoformat(), RequestedDeliveryDate=day.isoformat(), DeliveryAddressCountryRegionISOCode="US",
        **{f"DeliveryAddress{part}": text for part, text in address.items()},
    )  # fmt: skip
    for place, quantity, _, price, _, _, theirs in lines("VN"):
        ours, name, _ = ITEMS[theirs]
        tenant.add(
            "PurchaseOrderLinesV2", **key, LineNumber=int(place), ItemNumber=ours, LineDescription=name,
            OrderedPurchaseQuantity=int(quantity), PurchaseUnitSymbol="ea", PurchasePrice=Decimal(price),
            PurchasePriceQuantity=1, LineAmount=Decimal(price) * int(quantity),
        )  # fmt: skip


def lines(qualifier: str) -> list[list[str]]:
    """A line of each item, as PO1 and IT1 have it from their first element on."""
    return [
        [str(place), str(quantity), "EA", price, "", qualifier, theirs]
        for place, (quantity, (theirs, (_, _, price))) in enumerate(zip(QUANTITIES, ITEMS.items(), strict=True), 1)
    ]


def bill(invoice: str, order: str, day: date) -> list[x12.Segment]:
    """The body of an 810 for all that an order of ours has."""
    items = lines("VN")
    head = ["BIG", f"{day:%Y%m%d}", invoice, "", order]
    return [head, *(["IT1", *line] for line in items), ["TDS", f"{TOTAL * 100:f}"], ["CTT", str(len(items))]]


def remittance(payment: str, invoice: str, amount: str, day: date) -> list[x12.Segment]:
    """The body of an 820 that pays one invoice."""
    return [
        ["BPR", "I", amount, "C", "ACH", "CTX", *[""] * 10, f"{day:%Y%m%d}"],
        ["TRN", "1", payment, "1555550100"],
        ["CUR", "PR", "USD"],
        ["N1", "PR", "PAYER", "92", "1000"],
        ["N1", "PE", "PAYEE", "92", "4711"],
        ["ENT", "1"],
        ["RMR", "IV", invoice, "", amount],
    ]
