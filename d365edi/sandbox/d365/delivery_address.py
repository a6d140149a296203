"""Where the goods of an order or a line go: an address of a customer by its location, an address of its own, or an inherited one.

Knows: how the fields of an address are called on customers' addresses and on orders. Does not know: HTTP, other rules.
"""

from typing import Any

from .refusals import bad_reference, must_be_filled
from .tenant import COUNTRIES, US_STATES, Tenant

Values = dict[str, Any]
NEVER = "2154-12-31T23:59:59Z"
"""The end of an address that has none."""
_FROM_LOCATION = {
    "DeliveryAddressName": "AddressDescription",
    "DeliveryAddressStreet": "AddressStreet",
    "DeliveryAddressCity": "AddressCity",
    "DeliveryAddressStateId": "AddressState",
    "DeliveryAddressZipCode": "AddressZipCode",
    "DeliveryAddressCountryRegionId": "AddressCountryRegionId",
}
FIELDS = ("DeliveryAddressLocationId", *_FROM_LOCATION)
"""The fields of an order or a line that say where its goods go."""


def complete(tenant: Tenant, entity: str, row: Values, given: frozenset[str], inherited: Values) -> None:
    """Fill the delivery address of a new order or line: from its location, else `inherited` where the body has no address."""
    if row["DeliveryAddressLocationId"] and "DeliveryAddressLocationId" in given:
        (place, *_) = tenant.rows(
            "CustomerPostalAddresses", dataAreaId=row["dataAreaId"], AddressLocationId=row["DeliveryAddressLocationId"]
        )
        row.update({ours: place[theirs] for ours, theirs in _FROM_LOCATION.items() if ours not in given})
    elif not any(name.startswith("DeliveryAddress") for name in given):
        row.update(inherited)
    elif row["IsDeliveryAddressOrderSpecific"] == "Yes" and not row["DeliveryAddressLocationId"]:
        countries = ("DeliveryAddressCountryRegionId", "DeliveryAddressCountryRegionISOCode")
        if not any(row[name] for name in countries):
            raise must_be_filled(entity, countries[0])
    formatted(entity, row, given)


def of_customer(customer: Values) -> Values:
    """The delivery address that a customer's orders have by default."""
    return {name: customer[name] or "" for name in FIELDS if name in customer} | {
        "DeliveryAddressStateId": customer["DeliveryAddressState"]
    }


def of_order(header: Values) -> Values:
    """The delivery address that an order's lines have by default."""
    return {name: header[name] for name in FIELDS}


def formatted(entity: str, row: Values, names: frozenset[str]) -> None:
    """Complete the country by its other code, refuse a state that does not exist, and write the address as one text."""
    iso, country = row["DeliveryAddressCountryRegionISOCode"], row["DeliveryAddressCountryRegionId"]
    if "DeliveryAddressCountryRegionISOCode" in names and iso and not country:
        row["DeliveryAddressCountryRegionId"] = country = COUNTRIES[iso.upper()]
    if country and not iso:
        row["DeliveryAddressCountryRegionISOCode"] = iso_code(country)
    state = row["DeliveryAddressStateId"]
    if state and country.casefold() == "usa" and state.upper() not in US_STATES:
        raise bad_reference(entity, "DeliveryAddressStateId", state, "State", "Address states")
    place = " ".join(part for part in (row["DeliveryAddressCity"], state, row["DeliveryAddressZipCode"]) if part)
    parts = (row["DeliveryAddressStreet"], place, country)
    row["FormattedDelveryAddress"] = "\n".join(part for part in parts if part)


def iso_code(country: str) -> str:
    """The ISO code of a country, "" for an unknown one."""
    return next((iso for iso, known in COUNTRIES.items() if known.casefold() == country.casefold()), "")


def insert(tenant: Tenant, row: Values, given: frozenset[str]) -> None:
    """Complete a new address of a customer: its location's number, the company of the customer, and when it is valid."""
    row["AddressLocationId"] = row["AddressLocationId"] or f"{tenant.number('', 'location'):09}"
    row["CustomerLegalEntityId"] = row["CustomerLegalEntityId"] or row["dataAreaId"]
    if "Effective" not in given:
        row["Effective"] = tenant.now()
    if "Expiration" not in given:
        row["Expiration"] = NEVER
    row["AddressCountryRegionISOCode"] = row["AddressCountryRegionISOCode"] or iso_code(row["AddressCountryRegionId"])
