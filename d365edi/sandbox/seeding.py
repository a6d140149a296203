"""What the sandbox's D365 contains before the day begins: customers with their addresses, units, and an item for every line
that will be ordered.

A vendor's number on an order (VN, VP ...) is our own item number; a buyer's (IN, BP, SK ...) becomes an external item
number of that customer; a GTIN becomes a barcode.

Knows: orders and the tenant. Does not know: how the daemon looks items up.
"""

from collections.abc import Iterable

from . import orders
from .d365.delivery_address import NEVER
from .d365.tenant import COUNTRIES, Tenant
from .drops import Drop
from .partner import PartnerProfile

OURS = ("VN", "VP", "VC", "VA")
GTINS = ("UP", "UK", "UA", "EN")
BARE = ("UA",)
"""Qualifiers of numbers without their check digit."""
THEIRS = ("IN", "BP", "SK", "CB", "MG")
DROPSHIP = "DS"
"""BEG02 of an order whose goods go to a consumer: that address is on no customer."""
UNITS = {"EA": "ea", "CA": "cs", "KI": "kit"}


def seed(
    tenant: Tenant, company: str, profiles: Iterable[PartnerProfile], drops: Iterable[Drop], *, unknown: str
) -> None:
    """Fill a fresh tenant so that every line of these files can be ordered, but for the buyer's item `unknown`."""
    accounts = {}
    for profile in profiles:
        accounts[profile.name] = profile.account
        if profile.account:
            add_customer(tenant, company, profile.account, profile.title)
        if profile.vendor:
            add_vendor(tenant, company, profile.vendor, profile.title)
    for symbol in UNITS.values():
        tenant.add("UnitsOfMeasure", UnitSymbol=symbol, UnitDescription=symbol)
    for drop in drops:
        for order in orders.read(drop.data):
            if order.type != DROPSHIP:
                add_address(tenant, company, accounts[drop.partner], order.ship_to)
            for line in order.lines:
                if unknown not in line.ids.values():
                    add_item(tenant, company, accounts[drop.partner], line)


def add_customer(tenant: Tenant, company: str, account: str, name: str) -> None:
    """A customer of the company with the defaults that an order takes over."""
    terms = {"SalesCurrencyCode": "USD", "PaymentTerms": "Net30", "LanguageId": "en-US", "DeliveryMode": "Ground"}
    key = {"dataAreaId": company, "CustomerAccount": account}
    tenant.add("CustomersV3", **key, OrganizationName=name, CustomerGroupId="10", **terms)


def add_vendor(tenant: Tenant, company: str, account: str, name: str) -> None:
    """A vendor of the company with the defaults that an order takes over."""
    key = {"dataAreaId": company, "VendorAccountNumber": account}
    tenant.add("VendorsV3", **key, VendorOrganizationName=name, CurrencyCode="USD", LanguageId="en-US")


def add_address(tenant: Tenant, company: str, account: str, place: orders.ShipTo) -> str:
    """Enter the place in D365 as an address of the customer, unless it is one, and return the number of its location.

    The partner's code of the place is the address's description; "" for a place without code and street."""
    key = {"dataAreaId": company, "CustomerAccountNumber": account}
    known = {"AddressDescription": place.code} if place.code else {"AddressStreet": place.street}
    if not any(known.values()):
        return ""
    for row in tenant.rows("CustomerPostalAddresses", **key, **known):
        return str(row["AddressLocationId"])
    location, country = f"{tenant.number('', 'location'):09}", COUNTRIES[place.country or "US"]
    address = {"AddressStreet": place.street, "AddressCity": place.city, "AddressZipCode": place.zip}
    address |= {"AddressState": place.state, "AddressCountryRegionId": country}
    tenant.add(
        "CustomerPostalAddresses", **key, CustomerLegalEntityId=company, AddressLocationId=location,
        AddressDescription=place.code or place.name, AddressCountryRegionISOCode=place.country or "US",
        Effective="2020-01-01", Expiration=NEVER, IsRoleDelivery="Yes", **address,
    )  # fmt: skip
    return location


def add_item(tenant: Tenant, company: str, account: str, line: orders.SentLine) -> str:
    """Release the item that this line orders, unless it is known, and return its number."""
    number = known(tenant, company, account, line)
    if number:
        return number
    ours = [line.ids[qualifier] for qualifier in OURS if line.ids.get(qualifier, "UNKNOWN") != "UNKNOWN"]
    number = ours[0] if ours else f"D{tenant.number(company, 'item'):04}"
    unit = UNITS[line.unit]
    key, name = {"dataAreaId": company, "ItemNumber": number}, line.description or number
    names = {"ProductNumber": number, "SearchName": name, "ProductSearchName": name}
    units = {"SalesUnitSymbol": unit, "InventoryUnitSymbol": unit}
    tenant.add("ReleasedProductsV2", **key, **names, **units, SalesPrice=line.price)
    for qualifier, value in line.ids.items():
        if qualifier in THEIRS:
            add_external_number(tenant, company, account, number, value)
        if qualifier in GTINS:
            barcode = {
                "Barcode": barcode_of(qualifier, value),
                "BarcodeSetupId": "GTIN",
                "ProductQuantityUnitSymbol": unit,
            }
            tenant.add("ProductBarcodesV3", **key, **barcode)
    return number


def barcode_of(qualifier: str, value: str) -> str:
    """A GTIN as it stands on the goods: with the check digit of GS1 that some are sent without."""
    if qualifier not in BARE:
        return value
    weighed = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(value)))
    return f"{value}{-weighed % 10}"


def add_external_number(tenant: Tenant, company: str, account: str, number: str, theirs: str) -> None:
    """A customer's own number for one of our items."""
    key = {"dataAreaId": company, "CustomerAccountNumber": account, "ItemNumber": number}
    tenant.add("CustomerProductDescriptionsV2", **key, CustomerProductNumber=theirs)


def known(tenant: Tenant, company: str, account: str, line: orders.SentLine) -> str:
    """The number of the item that this line orders, "" when nothing in the tenant leads to one."""
    for qualifier, value in line.ids.items():
        if qualifier in THEIRS:
            equal = {"CustomerProductNumber": value, "CustomerAccountNumber": account}
            rows = tenant.rows("CustomerProductDescriptionsV2", dataAreaId=company, **equal)
        elif qualifier in GTINS:
            rows = tenant.rows("ProductBarcodesV3", dataAreaId=company, Barcode=barcode_of(qualifier, value))
        elif qualifier in OURS:
            rows = tenant.rows("ReleasedProductsV2", dataAreaId=company, ItemNumber=value)
        else:
            continue
        if rows:
            return str(rows[0]["ItemNumber"])
    return ""
