"""Where the goods of an order go: codes of places, addresses of the customer, the address in the order, further accounts."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from d365edi.cli.history import look_up
from d365edi.cli.why import lines
from d365edi.journal import Document
from tests.journeys.test_answers import NOTICE, RESPONSE, Set, picked, sets
from tests.journeys.test_edifact import RECEIVE
from tests.journeys.world import PROFILE, World

DC7 = ("N1*ST*ACME DC 7*92*0007", "N3*700 DISTRIBUTION WAY", "N4*AUSTIN*TX*78701*US")
NOWHERE = ("N1*ST*ACME STORE*92*1234", "N3*9 FAR AWAY ROAD", "N4*NOME*AK*99762*US")
ADDRESSES = "/data/CustomerPostalAddresses"


def drop(world: World, number: str, *ship_to: str, line: tuple[str, ...] = (), type: str = "SA") -> None:
    """An 850 for a place at the partner's server; the second of its two lines may have a place of its own."""
    world.control += 1
    head = [f"BEG*00*{type}*{number}**20261102", "DTM*010*20261120", *ship_to]
    items = ["PO1*1*12*EA*10.5*PE*BP*ACME-4711", "PO1*2*3*EA*99.99*PE*BP*ACME-4712", *line]
    body = [*head, *items, "CTT*2"]
    segments = ["ST*850*0001", *body, f"SE*{len(body) + 2}*0001"]
    isa = (
        f"ISA*00*          *00*          *{PROFILE.them[0]}*{PROFILE.them[1]:<15}*{PROFILE.us[0]}*{PROFILE.us[1]:<15}"
        f"*261102*1200*U*00401*{world.control:09d}*0*P*>"
    )
    gs = f"GS*PO*{PROFILE.group_them}*{PROFILE.group_us}*20261102*1200*{world.control}*X*004010"
    ends = [f"GE*1*{world.control}", f"IEA*1*{world.control:09d}", ""]
    world.partner.drop(f"PO-{number}.edi", "~".join([isa, gs, *segments, *ends]).encode())


def listed(world: World, **rows: str) -> None:
    """Rows of the partner's table of places, by the code without its leading zeros."""
    world.extra += "\n[partners.acme.locations]\n" + "".join(f'"{code:0>4}" = {row}\n' for code, row in rows.items())


def header(world: World) -> dict[str, object]:
    return world.simulator.state.one("SalesOrderHeadersV4")


async def document(world: World, number: str) -> Document:
    async with world.app() as app:
        (found,) = await app.journal.read(lambda tx: tx.documents.search(number))
    return found


async def why(world: World, number: str) -> str:
    async with world.app() as app:
        (history, *_) = (await app.journal.read(lambda tx: look_up(tx, number))).histories
    return "\n".join(lines(history))


async def test_a_code_leads_to_the_customers_address_which_is_asked_for_once_and_shown_by_why(town: World) -> None:
    drop(town, "P1", *DC7)
    drop(town, "P2", *DC7)
    await town.once()
    rows = town.simulator.state.rows("SalesOrderHeadersV4")
    assert [row["DeliveryAddressLocationId"] for row in rows] == ["ACME-DC7", "ACME-DC7"]
    assert rows[0]["FormattedDelveryAddress"] == "700 DISTRIBUTION WAY\nAUSTIN TX 78701\nUSA"
    assert (
        town.simulator.count("GET", "CustomerPostalAddresses") <= 3
    )  # by location, then by description: for both orders
    assert "of customer US-003\n    it goes to location ACME-DC7" in await why(town, "P1")


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ('"ACME-DC8"', ("ACME-DC8", "", "")),
        ('{ site = "1", warehouse = "11" }', ("ACME-DC7", "1", "11")),
        ('{ location = "ACME-DC8", warehouse = "11" }', ("ACME-DC8", "", "11")),
    ],
)
async def test_the_partners_own_table_comes_first(town: World, row: str, place: tuple[str, str, str]) -> None:
    listed(town, **{"7": row})
    drop(town, "P1", *DC7)
    await town.once()
    fields = ("DeliveryAddressLocationId", "DefaultShippingSiteId", "DefaultShippingWarehouseId")
    assert tuple(header(town)[name] for name in fields) == place


async def test_an_order_for_no_address_of_the_customer_is_held_until_there_is_one(town: World) -> None:
    drop(town, "P1", *NOWHERE)
    await town.once()
    held = await document(town, "P1")
    assert (held.state, town.sales_orders()) == ("held", {})
    assert held.reason.startswith(
        'ship-to "1234" (N104, ACME STORE, 9 FAR AWAY ROAD, NOME AK 99762 US) is no address of customer'
    )
    address = {"AddressStreet": "9 Far-Away Rd.", "AddressZipCode": "99762-0001", "AddressLocationId": "LOC-9"}
    key = {"dataAreaId": "usmf", "CustomerAccountNumber": "US-003", "CustomerLegalEntityId": "usmf"}
    async with town.app() as app:
        await app.release("P1", "pat")
        await app.once()
        assert town.sales_orders() == {}
        town.simulator.state.add("CustomerPostalAddresses", **key, **address)
        await app.release("P1", "pat")  # what was not found a moment ago is asked for again
        await app.once()
    assert header(town)["DeliveryAddressLocationId"] == "LOC-9"


@pytest.mark.parametrize(("setting", "street", "own"), [("order", "9 FAR AWAY ROAD", "Yes"), ("default", "", "No")])
async def test_a_setting_sends_goods_to_the_address_in_the_order_or_to_the_default(
    town: World, setting: str, street: str, own: str
) -> None:
    town.knobs["receive"] = f'ship_to = "{setting}"'
    drop(town, "P1", *NOWHERE)
    await town.once()
    found = header(town)
    assert (found["DeliveryAddressStreet"], found["IsDeliveryAddressOrderSpecific"]) == (street, own)
    assert town.simulator.count("GET", "CustomerPostalAddresses") == 0


async def test_an_order_without_a_ship_to_goes_to_the_customers_default_address(town: World) -> None:
    drop(town, "P1")
    await town.once()
    assert (header(town)["DeliveryAddressLocationId"], header(town)["IsDeliveryAddressOrderSpecific"]) == ("", "No")


@pytest.mark.parametrize("type", ["DS", "NE"])
async def test_goods_for_a_consumer_go_to_the_address_in_the_order(town: World, type: str) -> None:
    drop(town, "P1", "N1*ST*JANE DOE", "N3*1 HIGH ST*APT 4", "N4*AUSTIN*TX*78701*US", type=type)
    await town.once()
    found = header(town)
    assert found["FormattedDelveryAddress"] == "1 HIGH ST\nAPT 4\nAUSTIN TX 78701\nUSA"
    assert (found["DeliveryAddressName"], found["IsDeliveryAddressOrderSpecific"]) == ("JANE DOE", "Yes")
    assert "it goes to the address in the order" in await why(town, "P1")


async def test_a_line_with_a_place_of_its_own_goes_there(town: World) -> None:
    listed(town, **{"8": '{ location = "ACME-DC8", site = "2" }'})
    drop(town, "P1", *DC7, line=("N1*ST*ACME STORE 8*92*0008",))
    await town.once()
    places = [
        (line["DeliveryAddressLocationId"], line["DeliveryAddressStreet"], line["ShippingSiteId"])
        for line in town.sales_orders()["P1"]
    ]
    assert places == [("ACME-DC7", "700 DISTRIBUTION WAY", ""), ("ACME-DC8", "800 DISTRIBUTION WAY", "2")]
    assert "line 2 goes to location ACME-DC8, site 2" in await why(town, "P1")


async def test_a_line_for_an_address_in_the_order_has_it(town: World) -> None:
    town.knobs["receive"] = 'ship_to = "order"'
    own = ("N1*ST*JANE DOE", "N3*1 HIGH ST", "N4*NOME*AK*99762*US")
    drop(town, "P1", *DC7, line=own)
    await town.once()
    streets = [line["DeliveryAddressStreet"] for line in town.sales_orders()["P1"]]
    assert streets == ["700 DISTRIBUTION WAY", "1 HIGH ST"]


async def test_a_line_for_no_address_of_the_customer_holds_the_order(town: World) -> None:
    drop(town, "P1", *DC7, line=("N1*ST*NOBODY KNOWS*92*9999",))
    await town.once()
    held = await document(town, "P1")
    assert (held.state, town.sales_orders()) == ("held", {})
    assert held.reason.startswith(
        'ship-to of line 2 "9999" (N104, NOBODY KNOWS) is no address of customer US-003; add "9999"'
    )


async def test_addresses_that_the_role_may_not_read_hold_and_ping_says_so_before(town: World) -> None:
    town.simulator.faults.answer(403, path=ADDRESSES, times=99)
    async with town.app() as app:
        checks = (await app.ping("d365"))["d365"]
        assert [(check.what, check.ok) for check in checks][-1] == ("addresses", False)
        assert checks[-1].sentence.startswith("CustomerPostalAddresses cannot be read: ")
        assert checks[-1].remedy.endswith('or set ship_to = "order" or "default" under [partners.acme.receive.850]')
        drop(town, "P1", *DC7)
        await app.once()
    held = await document(town, "P1")
    assert held.state == "held"
    assert "cannot be looked up, D365 does not let us read addresses of customers (" in held.reason
    assert 'or set ship_to = "order" under [partners.acme.receive.850], then: d365edi release P1' in held.reason
    town.knobs["receive"] = 'ship_to = "default"'
    async with town.app() as app:
        assert [check.what for check in (await app.ping("d365"))["d365"]] == [
            *("token", "role", "companies", "language", "dimensions", "delimiter")
        ]
        await app.release("P1", "pat")
        await app.once()
    assert list(town.sales_orders()) == ["P1"]


async def test_a_role_that_may_read_addresses_passes_the_ping(town: World) -> None:
    async with town.app() as app:
        check = (await app.ping("d365"))["d365"][-1]
    assert (check.what, check.ok, check.sentence) == ("addresses", True, "CustomerPostalAddresses can be read")


def further_account(world: World) -> None:
    """A place that another customer account of the company orders for, which has numbers of its own for the items."""
    listed(world, **{"7": '{ account = "US-004" }'})
    for item, theirs in (("D0003", "ACME-4711"), ("D0002", "ACME-4712")):
        key = {"dataAreaId": "usmf", "ItemNumber": item, "CustomerAccountNumber": "US-004"}
        world.simulator.state.add("CustomerProductDescriptionsV2", **key, CustomerProductNumber=theirs)


async def test_a_place_of_another_account_is_ordered_by_it_and_its_invoices_are_sent_with_its_numbers(
    town: World,
) -> None:
    further_account(town)
    drop(town, "P1", *DC7)
    await town.once()
    found = header(town)
    assert (found["OrderingCustomerAccountNumber"], found["InvoiceCustomerAccountNumber"]) == ("US-004", "US-004")
    assert [line["ItemNumber"] for line in town.sales_orders()["P1"]] == ["D0003", "D0002"]
    assert "of customer US-004" in await why(town, "P1")
    town.simulator.post_invoice(str(found["SalesOrderNumber"]))
    await town.once()
    (invoice,) = sets(town, "810")
    assert picked(invoice, "IT1", 6, 7) == [("BP", "ACME-4711"), ("BP", "ACME-4712")]
    assert [segment for segment in invoice if segment[:2] == ["N1", "ST"]] == [["N1", "ST", "ACME DC 7", "92", "0007"]]


async def test_what_was_posted_for_an_account_before_it_was_the_partners_is_not_sent(town: World) -> None:
    town.knobs["since"] = '"now"'
    await town.once()
    key, line = {"dataAreaId": "usmf", "SalesOrderNumber": "SO-9"}, {"ItemNumber": "D0001", "OrderedSalesQuantity": 1}
    customer = {"OrderingCustomerAccountNumber": "US-004", "InvoiceCustomerAccountNumber": "US-004"}
    town.simulator.state.add("SalesOrderHeadersV4", **key, **customer, SalesOrderStatus="Backorder", CurrencyCode="USD")
    town.simulator.state.add("SalesOrderLinesV3", **key, **line, InventoryLotId="L-9", SalesOrderLineStatus="Backorder")
    town.simulator.post_invoice("SO-9")
    further_account(town)
    for _ in range(2):
        await town.once()
    assert sets(town, "810") == []
    async with town.app() as app:
        baselines = [
            json.loads(line.detail) for line in await app.journal.read(lambda tx: tx.audit.query(action="baseline"))
        ]
    assert [(each["accounts"], each["known"]) for each in baselines] == [(["US-003"], 0), (["US-004"], 1)]


def ship_to(found: Set) -> list[list[str]]:
    return [segment for segment in found if segment[:2] == ["N1", "ST"]]


async def test_what_we_send_names_the_ship_to_as_the_order_did_wherever_the_table_sent_the_goods(town: World) -> None:
    listed(town, **{"7": '"ACME-DC8"'})
    town.extra += RESPONSE.format(root=town.prefix) + NOTICE.format(root=town.prefix)
    drop(town, "P1", *DC7)
    await town.once()
    number = str(header(town)["SalesOrderNumber"])
    record = town.simulator.state.store.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    assert record is not None
    town.simulator.state.store.update(record, {"SalesOrderProcessingStatus": "Confirmed"})
    await town.once()
    town.simulator.post_packing_slip(number, date=town.today())
    town.simulator.post_invoice(number)
    await town.once()
    for kind in ("855", "856", "810"):
        (found,) = sets(town, kind)
        assert ship_to(found) == [["N1", "ST", "ACME DC 7", "92", "0007"]]


@pytest.mark.parametrize(
    ("setting", "party", "address"),
    [
        ("match", "NAD+DP+4098765000027::9", "800 DISTRIBUTION WAY\nAUSTIN TX 78702\nUSA"),
        (
            "match",
            "NAD+ST+++ACME+800 Distribution Way+AUSTIN+TX+78702+US",
            "800 DISTRIBUTION WAY\nAUSTIN TX 78702\nUSA",
        ),
        ("order", "NAD+DP+++JANE DOE+1 HIGH ST:APT 4+NOME+AK+99762+US", "1 HIGH ST\nAPT 4\nNOME AK 99762\nUSA"),
    ],
)
async def test_it_is_the_same_in_edifact(town: World, setting: str, party: str, address: str) -> None:
    town.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    town.extra = f'{RECEIVE}ship_to = "{setting}"\n'
    body = ["UNH+1+ORDERS:D:96A:UN:EAN008", "BGM+220+E1+9", "DTM+137:20261102:102", "DTM+2:20261120:102", party]
    body += ["LIN+1", "PIA+1+ACME-4711:IN", "QTY+21:12:EA", "PRI+AAA:10.5", "UNS+S", "CNT+2:1"]
    ends = ["UNB+UNOC:3+4098765000010:14+4012345000009:14+261102:1200+77", *body, f"UNT+{len(body) + 1}+1", "UNZ+1+77"]
    town.partner.drop("E1.edi", "".join(f"{segment}'" for segment in ends).encode())
    await town.once()
    assert header(town)["FormattedDelveryAddress"] == address
    assert [Decimal(str(line["OrderedSalesQuantity"])) for line in town.sales_orders()["E1"]] == [Decimal(12)]
