"""A whole day with a retailer: its 850 arrives, D365 gets sales orders, our people confirm, ship and bill, the partner gets
855, 856 and 810 and acknowledges them.

What D365 must have for it is derived from the order by `wire`, which shares nothing with the product. After every pass nobody
is needed: no document is held, no message is set aside, nothing waits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from d365edi.app import App
from d365edi.cli.status import picture
from d365edi.edi import reader
from d365edi.flows.context import Counters
from d365edi.sandbox import x12
from tests.edi import independent, see
from tests.journeys.retail import answering, confirm
from tests.journeys.world import World
from tests.retail import wire
from tests.retail.wire import Set

FOLDER = Path(__file__).parent / "orders"
BUYERS, CODES = ("IN", "BP", "SK"), ("UP", "UK", "EN")
"""Qualifiers of the customer's numbers for items, and of GTINs."""
DROPSHIP = "DS"


@dataclass
class Day:
    """A day in a world: `orders` is the file of the partner, `date` the day it is. Times are UTC."""

    world: World
    orders: str
    date: str = "2026-11-02"
    began: float = field(default_factory=time.time)
    answered: int = 0

    # -- the daemon ----------------------------------------------------------------------------------------------------
    def clock(self) -> float:
        """Noon of the day, and what has passed since this began."""
        noon = datetime.fromisoformat(f"{self.date}T12:00:00+00:00").timestamp()
        return noon + time.time() - self.began

    async def walk(self) -> Counters:
        """A pass of the daemon, after which nobody is needed."""
        self.world.simulator.state.clock = self.clock
        async with App.open(self.world.settings(), clock=self.clock) as app:
            counters = await app.once()
            seen = await app.journal.read(picture)
        assert (seen.needs_a_person, seen.waits, seen.sending_held) == ([], [], "")
        return counters

    # -- what happens --------------------------------------------------------------------------------------------------
    async def arrive(self) -> dict[str, list[str]]:
        """The order is taken and accepted; the sales orders that D365 has for it, see `sales_orders`."""
        answering(self.world)
        data = (FOLDER / self.orders).read_bytes()
        furnish(self.world, wire.sets(data))
        self.world.partner.drop(self.orders, data)
        await self.walk()
        accepted = [answer.verdict for answer in self.world.partner.acknowledgments()]
        assert accepted == ["A"] * len({each.control[0] for each in wire.sets(data)})
        return sales_orders(self.world)

    async def confirm(self, date: str, ships: str = "") -> list[Set]:
        """Our people confirm every sales order, each line to be shipped on a day; the 855s."""
        self.date = date
        if ships:
            for line in self.world.simulator.state.rows("SalesOrderLinesV3"):
                self.change(str(line["InventoryLotId"]), ConfirmedShippingDate=ships)
        confirm(self.world)
        return await self._sent("855")

    async def ship(self, date: str, lots: Mapping[str, int] | None = None, *orders: str, **fields: Any) -> list[Set]:
        """Goods of the sales orders leave, all or so many of a lot; the 856s."""
        self.date = date
        for number in orders or self.numbers:
            self.world.simulator.post_packing_slip(number, date=date, quantities=lots, **fields)
        return await self._sent("856")

    async def bill(self, date: str, lots: Mapping[str, int] | None = None, *orders: str, **fields: Any) -> list[Set]:
        """The sales orders are invoiced, all or so many of a lot; the 810s."""
        self.date = date
        for number in orders or self.numbers:
            self.world.simulator.post_invoice(number, date=date, quantities=lots, **fields)
        return await self._sent("810")

    async def end(self) -> None:
        """Each file that was sent is valid, strictly read by us and by another parser, and the partner acknowledged it."""
        files = self.world.partner.received()
        for name, data in files.items():
            report = reader.read(data, reader.ReadOptions(strictness="strict"))
            assert [str(finding) for finding in see.findings(report)] == [], name
        assert independent.judge(files) == dict.fromkeys(files, "")
        async with App.open(self.world.settings(), clock=self.clock) as app:
            states = await app.journal.read(lambda tx: [tx.deliveries.search(name) for name in files])
        assert [[each.ack for each in state] for state in states] == [["accepted"]] * len(files)

    # -- helpers -------------------------------------------------------------------------------------------------------
    @property
    def numbers(self) -> list[str]:
        """The numbers of the sales orders, in the order in which they were made."""
        return [str(row["SalesOrderNumber"]) for row in self.world.simulator.state.rows("SalesOrderHeadersV4")]

    def lots(self, reference: str) -> list[str]:
        """The lots of a sales order's lines."""
        return [str(line["InventoryLotId"]) for line in self.world.sales_orders()[reference]]

    def change(self, lot: str, **fields: object) -> None:
        """Our people change a sales line."""
        store = self.world.simulator.state.store
        row = store.one("SalesOrderLinesV3", InventoryLotId=lot)
        assert row is not None
        store.update(row, fields)

    async def _sent(self, kind: str) -> list[Set]:
        before = self.world.partner.received().keys()
        await self.walk()
        files = {name: data for name, data in self.world.partner.received().items() if name not in before}
        found = [each for data in files.values() for each in wire.sets(data)]
        assert {each.id for each in found} == {kind}
        for data in files.values():
            self._acknowledge(data)
        await self.walk()
        return found

    def _acknowledge(self, data: bytes) -> None:
        found = wire.sets(data)
        self.answered += 1
        body = [["AK1", found[0].group, found[0].control[0]]]
        for each in found:
            body += [["AK2", each.id, each.control[1]], ["AK5", "A"]]
        body += [["AK9", "A", *[str(len(found))] * 3]]
        address, at = self.world.partner.profile.address, datetime.fromtimestamp(self.clock(), UTC)
        control = 900 + self.answered
        answer = x12.write(address, "FA", [("997", body)], interchange=control, group=control, at=at)
        self.world.partner.drop(f"997_{control}.edi", answer)


# -- what D365 has -----------------------------------------------------------------------------------------------------
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
    """Each sales order by the customer's reference: where it goes and when, then its lines, as text."""
    found = {}
    for header in world.simulator.state.rows("SalesOrderHeadersV4"):
        lines = world.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=header["SalesOrderNumber"])
        head = f"{header['OrderingCustomerAccountNumber']}{_goes(header, 'DefaultShippingWarehouseId')}"
        found[str(header["CustomersOrderReference"])] = [head, *(_line(line, header) for line in lines)]
    return found


def _line(line: Mapping[str, Any], header: Mapping[str, Any]) -> str:
    per = "" if line["SalesPriceQuantity"] in (0, 1) else f" per {_number(line['SalesPriceQuantity'])}"
    less = f" less {_number(line['LineDiscountPercentage'])}%" if line["LineDiscountPercentage"] else ""
    less += f" less {_number(line['LineDiscountAmount'])}" if line["LineDiscountAmount"] else ""
    what = f"{_number(line['OrderedSalesQuantity'])} {line['SalesUnitSymbol']} {line['ItemNumber']}"
    whole = _goes(header, "DefaultShippingWarehouseId")
    goes = _goes(line, "ShippingWarehouseId")
    price = f"{_number(line['SalesPrice'])}{per}{less}"
    return f"{line['CustomersLineNumber']}: {what} at {price}{'' if goes == whole else goes}"


def _goes(row: Mapping[str, Any], warehouse: str) -> str:
    place = row["DeliveryAddressLocationId"]
    if row["IsDeliveryAddressOrderSpecific"] == "Yes":
        place = row["FormattedDelveryAddress"].replace("\n", ", ")
    parts = [f" to {place}" if place else "", f" from {row[warehouse]}" if row[warehouse] else ""]
    days = (("ship", "RequestedShippingDate"), ("arrive", "RequestedReceiptDate"))
    parts += [f" {what} {str(row[name])[:10]}" for what, name in days if str(row[name])[:4] > "1900"]
    return "".join(parts)


def _number(value: Any) -> str:
    return f"{Decimal(str(value)).normalize():f}"
