"""What D365 has before and after an order, by facts that the order itself has: items, addresses, sales orders as text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.journeys.world import World
from tests.retail.wire import Set

BUYERS, CODES = ("IN", "BP", "SK"), ("UP", "UK", "EN")
"""Qualifiers of the customer's numbers for items, and of GTINs."""
DROPSHIP = "DS"


def furnish(world: World, orders: list[Set]) -> None:
    """The items and the customer's addresses that these orders name: our item R900101 is their 900101, and where their code
    of a place is 0101, D365 has the address LOC-0101."""
    known: set[str] = set()
    for order in orders:
        if order.one("BEG", 2) != (DROPSHIP,):
            for code, *address in places(order):
                if code not in known:
                    known.add(code)
                    _address(world, code, *address)
        for segment in [each for each in order.body if each[0] in ("PO1", "SLN")]:
            pairs = dict(zip(segment[6::2], segment[7::2], strict=True)) if segment[0] == "PO1" else _pairs(segment)
            buyer = next(pairs[kind] for kind in BUYERS if kind in pairs)
            gtin = next((pairs[kind] for kind in CODES if kind in pairs), "")
            if buyer not in known:
                known.add(buyer)
                item(world, f"R{buyer}", buyer, gtin, "cs" if "UK" in pairs else "ea")


def _pairs(segment: list[str]) -> dict[str, str]:
    return dict(zip(segment[9::2], segment[10::2], strict=True))


def places(order: Set) -> list[tuple[str, ...]]:
    """Code, street, city, state and zip of each place: those of SDQ, and those of N1*ST."""
    stores = [code for segment in order.body if segment[0] == "SDQ" for code in segment[3::2]]
    found: list[tuple[str, ...]] = [(code, f"{code} STORE ROAD", "AUSTIN", "TX", "78701") for code in stores]
    for at, segment in enumerate(order.body):
        if segment[:2] == ["N1", "ST"] and len(segment) > 4:
            street, city = order.body[at + 1 : at + 3]
            told = street[0] == "N3" and city[0] == "N4"
            address = (street[1], *city[1:4]) if told else (f"{segment[4]} DEPOT ROAD", "AUSTIN", "TX", "78702")
            found.append((segment[4], *address))
    return found


def _address(world: World, code: str, street: str, city: str, state: str, zip: str) -> None:
    world.simulator.state.add(
        "CustomerPostalAddresses",
        dataAreaId="usmf",
        CustomerAccountNumber="US-003",
        CustomerLegalEntityId="usmf",
        AddressLocationId=f"LOC-{code}",
        AddressDescription=code,
        AddressStreet=street,
        AddressCity=city,
        AddressState=state,
        AddressZipCode=zip,
        AddressCountryRegionId="USA",
        AddressCountryRegionISOCode="US",
        IsRoleDelivery="Yes",
    )


def item(world: World, ours: str, theirs: str, gtin: str = "", unit: str = "ea", account: str = "US-003") -> None:
    """An item with the customer's number for it and its barcode."""
    state, key = world.simulator.state, {"dataAreaId": "usmf", "ItemNumber": ours}
    state.add("ReleasedProductsV2", **key, ProductNumber=ours, SalesUnitSymbol=unit)
    numbers = {"CustomerAccountNumber": account, "CustomerProductNumber": theirs}
    state.add("CustomerProductDescriptionsV2", **key, **numbers)
    if gtin:
        barcode = {"BarcodeSetupId": "UPC", "Barcode": gtin, "ProductQuantityUnitSymbol": unit}
        state.add("ProductBarcodesV3", **key, **barcode)


def sales_orders(world: World) -> dict[str, list[str]]:
    """Each sales order by the customer's reference, as text: its account, where it goes and when, then its lines, with what of
    these is another for a line."""
    found = {}
    for header in world.simulator.state.rows("SalesOrderHeadersV4"):
        lines = world.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=header["SalesOrderNumber"])
        head = [str(header["OrderingCustomerAccountNumber"]), *_goes(header, "DefaultShippingWarehouseId")]
        found[str(header["CustomersOrderReference"])] = ["".join(head), *(_line(line, header) for line in lines)]
    return found


def _line(line: Mapping[str, Any], header: Mapping[str, Any]) -> str:
    per = "" if line["SalesPriceQuantity"] in (0, 1) else f" per {_number(line['SalesPriceQuantity'])}"
    less = f" less {_number(line['LineDiscountPercentage'])}%" if line["LineDiscountPercentage"] else ""
    less += f" less {_number(line['LineDiscountAmount'])}" if line["LineDiscountAmount"] else ""
    what = f"{_number(line['OrderedSalesQuantity'])} {line['SalesUnitSymbol']} {line['ItemNumber']}"
    whole = _goes(header, "DefaultShippingWarehouseId")
    other = [part for part in _goes(line, "ShippingWarehouseId") if part not in whole]
    return "".join([f"{line['CustomersLineNumber']}: {what} at {_number(line['SalesPrice'])}{per}{less}", *other])


def _goes(row: Mapping[str, Any], warehouse: str) -> list[str]:
    place = row["DeliveryAddressLocationId"]
    if row["IsDeliveryAddressOrderSpecific"] == "Yes":
        place = row["FormattedDelveryAddress"].replace("\n", ", ")
    parts = [f" to {place}" if place else "", f" from {row[warehouse]}" if row[warehouse] else ""]
    days = (("ship", "RequestedShippingDate"), ("arrive", "RequestedReceiptDate"))
    parts += [f" {what} {str(row[name])[:10]}" for what, name in days if str(row[name])[:4] > "1900"]
    return parts


def _number(value: Any) -> str:
    return f"{Decimal(str(value)).normalize():f}"
