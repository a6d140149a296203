"""What D365 has before and after an order, by facts that the order itself has: items, addresses, sales orders as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.journeys.world import World
from tests.retail.wire import Segment, Set

BUYERS, CODES, OURS = ("IN", "BP", "SK"), ("UP", "UK", "EN"), ("VN", "VP", "VA", "MG")
"""Qualifiers of the customer's numbers for items, of GTINs, and of our own numbers: MG is the manufacturer's, who we are."""
CASE_CODE = "UA"
"""A GTIN of a case without its check digit."""
CASES = ("CA", "CT")
DROPSHIP = "DS"


@dataclass(frozen=True, slots=True)
class Item:
    """An item as an order names it: our number, theirs, its GTIN, and the unit that we sell it in; "" where there is none."""

    ours: str
    buyer: str
    gtin: str
    unit: str


def item_of(segment: Segment, first: int = 0) -> Item:
    """The item of a PO1 or SLN: ours is the number that the order says is ours, else R and theirs. `first` is where the first
    qualifier stands, if not where the standard has it."""
    first = first or {"PO1": 6, "SLN": 9}[segment[0]]
    pairs = {kind: id for kind, id in zip(segment[first::2], segment[first + 1 :: 2], strict=True) if id}
    ours, buyer, gtin = (next((pairs[kind] for kind in kinds if kind in pairs), "") for kinds in (OURS, BUYERS, CODES))
    if CASE_CODE in pairs:
        gtin = pairs[CASE_CODE] + check_digit(pairs[CASE_CODE])
    return Item(ours or f"R{buyer or gtin}", buyer, gtin, "cs" if segment[3] in CASES else "ea")


def check_digit(text: str) -> str:
    """GS1's: from the right the digits count three times and once by turns."""
    return str(-sum(int(digit) * (1 if at % 2 else 3) for at, digit in enumerate(reversed(text))) % 10)


def furnish(world: World, orders: list[Set], first: int = 0) -> None:
    """The items and the customer's addresses that these orders name, and no others: our item R900101 is their 900101, and where
    their code of a place is 0101, D365 has the address LOC-0101."""
    addressed = [order for order in orders if order.one("BEG", 2) != (DROPSHIP,)]
    for address in dict.fromkeys(each for order in addressed for each in places(order)):
        _address(world, *address)
    segments = [each for order in orders for each in order.body if each[0] in ("PO1", "SLN")]
    for each in dict.fromkeys(item_of(segment, first) for segment in segments):
        item(world, each.ours, each.buyer, each.gtin, each.unit)


def clear(world: World) -> None:
    """Take the items and addresses away that every world begins with."""
    store = world.simulator.state.store
    for name in ("ReleasedProductsV2", "CustomerProductDescriptionsV2", "ProductBarcodesV3", "CustomerPostalAddresses"):
        for row in [*store.rows(name)]:
            store.delete(row)


def places(order: Set) -> list[tuple[str, ...]]:
    """Code, street, city, state and zip of each place: those of SDQ, and those of N1*ST."""
    stores = [code for segment in order.body if segment[0] == "SDQ" for code in segment[3::2]]
    found: list[tuple[str, ...]] = [(code, f"{code} STORE ROAD", "AUSTIN", "TX", "78701") for code in stores]
    for at, segment in enumerate(order.body):
        if segment[:2] == ["N1", "ST"]:
            street, city = order.body[at + 1 : at + 3]
            told = street[0] == "N3" and city[0] == "N4"
            code = segment[4] if len(segment) > 4 else segment[2]
            address = (street[1], *city[1:4]) if told else (f"{code} DEPOT ROAD", "AUSTIN", "TX", "78702")
            found.append((code, *address))
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
    if theirs:
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
