"""An order for several stores on its way to D365 and back: as lines, as an order a store; folded again, or store by store."""

from __future__ import annotations

from decimal import Decimal

import pytest

from d365edi.app import App
from d365edi.cli.history import look_up
from d365edi.cli.why import lines
from d365edi.journal import Document
from tests.journeys.retail import answering, confirm, drop, only, picked, receive, sets, written
from tests.journeys.test_edifact import orders
from tests.journeys.test_trouble import until_done
from tests.journeys.world import World

SDQ = (
    "PO1*1*30*EA*10.5*PE*BP*ACME-4711",
    "SDQ*EA*92*0001*10*0002*15*0003*5",
    "PO1*2*4*EA*99.99*PE*BP*ACME-4712",
    "SDQ*EA*92*0002*1*0003*3",
)
"""Thirty of one item for three stores, four of another for two of them."""
PLACES = '[partners.acme.locations]\n"0001" = "STORE-1"\n"0002" = "STORE-2"\n"0003" = "STORE-3"\n'


def build(world: World, place: str) -> None:
    """A store as an address of the customer in D365."""
    world.simulator.state.add(
        "CustomerPostalAddresses",
        dataAreaId="usmf",
        CustomerAccountNumber="US-003",
        CustomerLegalEntityId="usmf",
        AddressLocationId=place,
        AddressDescription=place,
        AddressStreet=f"{place} ROAD",
        AddressCity="AUSTIN",
        AddressZipCode="78701",
        AddressCountryRegionId="USA",
        Effective="2020-01-01",
        Expiration="2154-12-31",
    )


def close(world: World, place: str) -> None:
    """A store that D365 does not have any more."""
    row = world.simulator.state.store.one("CustomerPostalAddresses", AddressLocationId=place)
    assert row is not None
    world.simulator.state.store.delete(row)


COLUMNS = """
[partners.acme.pickup.columns]
from  = {{ endpoint = "acme", path = "{root}/outbound/columns/*.csv" }}
holds = "PurchaseOrderStores"
every = "1s"

[partners.acme.receive.PurchaseOrderStores]
create  = "SalesOrder"
company = "usmf"
stores  = "lines"
"""


@pytest.fixture
def stores(town: World) -> World:
    """The world's partner has three stores that are places of ours, and wants to be answered."""
    for place in ("STORE-1", "STORE-2", "STORE-3"):
        build(town, place)
    answering(town)
    town.extra += PLACES
    return town


async def rows(app: App, number: str = "4500123") -> list[Document]:
    found = await app.journal.read(lambda tx: tx.documents.search(number))
    return sorted((each for each in found if each.kind == "PurchaseOrder"), key=lambda each: each.store)


def numbers(world: World) -> dict[str, str]:
    """Our sales order for each reference of the customer's."""
    return {
        str(row["CustomersOrderReference"]): str(row["SalesOrderNumber"])
        for row in world.simulator.state.rows("SalesOrderHeadersV4")
    }


LINE = ("CustomersLineNumber", "ItemNumber", "OrderedSalesQuantity", "DeliveryAddressLocationId")


# -- one sales order ---------------------------------------------------------------------------------------------------
async def test_stores_become_lines_with_their_places_and_one_line_again_in_all_that_comes_back(stores: World) -> None:
    receive(stores, 'stores = "lines"')
    drop(stores, "4500123", *SDQ)
    await stores.once()
    assert written(stores, "4500123", *LINE) == [
        (1, "D0001", 10, "STORE-1"),
        (1, "D0001", 15, "STORE-2"),
        (1, "D0001", 5, "STORE-3"),
        (2, "D0002", 1, "STORE-2"),
        (2, "D0002", 3, "STORE-3"),
    ]
    confirm(stores)
    (number,) = numbers(stores).values()
    stores.simulator.post_packing_slip(number, date=stores.today())
    await stores.once()
    stores.simulator.post_invoice(number)
    await stores.once()
    answer, notice, invoice = only(stores, "855"), only(stores, "856"), only(stores, "810")
    assert picked(answer, "BAK", 3) == [("4500123",)]
    assert picked(answer, "PO1", 1, 2) == [("1", "30"), ("2", "4")]
    assert picked(answer, "ACK", 1, 2) == [("IA", "30"), ("IA", "4")]
    assert picked(notice, "PRF", 1) == [("4500123",)]
    assert picked(notice, "LIN", 1) == [("1",), ("2",)]
    assert picked(notice, "SN1", 2, 5) == [("30", "30"), ("4", "4")]
    assert picked(invoice, "BIG", 4) == [("4500123",)]
    assert picked(invoice, "IT1", 1, 2, 4) == [("1", "30", "10.5"), ("2", "4", "99.99")]
    assert picked(invoice, "TDS", 1) == [("71496",)]


async def test_why_says_which_store_a_line_is_for(stores: World) -> None:
    receive(stores, 'stores = "lines"')
    drop(stores, "4500123", *SDQ)
    async with stores.app() as app:
        await app.once()
        found = await app.journal.read(lambda tx: look_up(tx, "4500123"))
    said = "\n".join(line for history in found.histories for line in lines(history))
    assert (
        "    line 1 for store 0003 goes to location STORE-3\n    line 2 for store 0002 goes to location STORE-2" in said
    )


async def test_a_place_that_nobody_knows_holds_the_whole_order(stores: World) -> None:
    receive(stores, 'stores = "orders"')
    drop(stores, "4500123", *SDQ, "PO1*3*1*EA*10.5*PE*BP*ACME-4711", "SDQ*EA*92*0009*1")
    async with stores.app() as app:
        await app.once()
        (held,) = await rows(app)
    assert numbers(stores) == {}
    assert held.state == "held"
    assert '"0009"' in held.reason
    assert "[partners.acme.locations]" in held.reason


async def test_lines_of_stores_come_back_with_what_each_store_gets(stores: World) -> None:
    receive(stores, 'stores = "lines"\nback = "store"')
    drop(stores, "4500123", *SDQ)
    await stores.once()
    confirm(stores)
    (number,) = numbers(stores).values()
    stores.simulator.post_packing_slip(number, date=stores.today())
    await stores.once()
    stores.simulator.post_invoice(number)
    await stores.once()
    first = ["EA", "92", "0001", "10", "0002", "15", "0003", "5"]
    second = ["EA", "92", "0002", "1", "0003", "3"]
    for prefix, segment, quantity in (("855", "PO1", 2), ("856", "SN1", 2), ("810", "IT1", 2)):
        found = only(stores, prefix)
        assert picked(found, segment, quantity) == [("30",), ("4",)], prefix
        assert [part[1:] for part in found if part[0] == "SDQ"] == [first, second], prefix
    assert picked(only(stores, "810"), "TDS", 1) == [("71496",)]


async def test_a_line_that_was_sent_elsewhere_in_d365_holds_what_tells_its_store(stores: World) -> None:
    receive(stores, 'stores = "lines"\nback = "store"')
    drop(stores, "4500123", *SDQ)
    await stores.once()
    build(stores, "ELSEWHERE")
    line = stores.simulator.state.store.one("SalesOrderLinesV3", OrderedSalesQuantity=Decimal(15))
    assert line is not None
    stores.simulator.state.store.update(line, {"DeliveryAddressLocationId": "ELSEWHERE"})
    (number,) = numbers(stores).values()
    stores.simulator.post_invoice(number)
    async with stores.app() as app:
        await app.once()
        found = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    (held,) = [row for row in found if row.kind == "Invoice"]
    assert "delivery address ELSEWHERE, which is that of none of its stores" in held.reason
    assert 'back = "order"' in held.reason


# -- an order a store --------------------------------------------------------------------------------------------------
def as_orders(world: World, back: str = "order") -> None:
    receive(world, f'stores = "orders"\nback = "{back}"')


async def test_each_store_becomes_an_order_of_its_own(stores: World) -> None:
    as_orders(stores)
    drop(stores, "4500123", *SDQ, release="7")
    async with stores.app() as app:
        await app.once()
        found = await rows(app)
    assert [(row.number, row.release, row.store, row.state, row.claimed) for row in found] == [
        ("4500123", "7", store, "delivered", True) for store in ("", "0001", "0002", "0003")
    ]
    assert sorted(numbers(stores)) == ["4500123-0001", "4500123-0002", "4500123-0003"]
    assert written(stores, "4500123-0001", *LINE[:3]) == [(1, "D0001", 10)]
    assert written(stores, "4500123-0003", *LINE[:3]) == [(1, "D0001", 5), (2, "D0002", 3)]
    places = [row["DeliveryAddressLocationId"] for row in stores.simulator.state.rows("SalesOrderHeadersV4")]
    assert places == ["STORE-1", "STORE-2", "STORE-3"]
    drop(stores, "4500123", *SDQ, release="7")
    async with stores.app() as app:
        await app.once()
        again = [row for row in await rows(app) if row.state == "held"]
    assert [row.reason.partition(";")[0] for row in again] == [
        f"PO 4500123 was received before (message {found[0].message}, delivered)"
    ]
    assert len(numbers(stores)) == 3


async def posted(world: World) -> None:
    """Every store's order confirmed, shipped and billed."""
    confirm(world)
    for number in numbers(world).values():
        world.simulator.post_packing_slip(number, date=world.today())
    await world.once()
    for number in numbers(world).values():
        world.simulator.post_invoice(number)
    await world.once()


async def test_orders_of_stores_come_back_as_the_order_was(stores: World) -> None:
    as_orders(stores)
    drop(stores, "4500123", *SDQ)
    await stores.once()
    await posted(stores)
    answer = only(stores, "855")
    assert picked(answer, "BAK", 3) == [("4500123",)]
    assert picked(answer, "PO1", 1, 2) == [("1", "30"), ("2", "4")]
    assert picked(answer, "ACK", 1, 2) == [("IA", "30"), ("IA", "4")]
    notices, invoices = sets(stores, "856"), sets(stores, "810")
    assert [picked(each, "PRF", 1) for each in notices] == [[("4500123",)]] * 3
    assert [picked(each, "SN1", 2) for each in notices] == [[("10",)], [("15",), ("1",)], [("5",), ("3",)]]
    assert [picked(each, "BIG", 4) for each in invoices] == [[("4500123",)]] * 3
    assert [picked(each, "IT1", 1, 2) for each in invoices] == [
        [("1", "10")],
        [("1", "15"), ("2", "1")],
        [("1", "5"), ("2", "3")],
    ]
    assert [picked(each, "TDS", 1) for each in invoices] == [[("10500",)], [("25749",)], [("35247",)]]
    assert not any(segment[:2] == ["N1", "ST"] for each in (answer, *invoices) for segment in each)


async def test_orders_of_stores_come_back_store_by_store(stores: World) -> None:
    as_orders(stores, "store")
    drop(stores, "4500123", *SDQ)
    await stores.once()
    await posted(stores)
    for prefix, segment in (("855", "PO1"), ("856", "SN1"), ("810", "IT1")):
        found = sets(stores, prefix)
        assert [picked(each, segment, 2) for each in found] == [[("10",)], [("15",), ("1",)], [("5",), ("3",)]]
        parties = [[part[1:5] for part in each if part[:2] == ["N1", "ST"]] for each in found]
        assert [[party[-1] for party in each] for each in parties] == [["0001"], ["0002"], ["0003"]], prefix
    assert [picked(each, "BAK", 3) for each in sets(stores, "855")] == [[("4500123",)]] * 3
    assert [picked(each, "ACK", 1, 2)[0] for each in sets(stores, "855")] == [("IA", "10"), ("IA", "15"), ("IA", "5")]


async def test_an_invoice_over_orders_of_several_stores_holds_where_each_store_is_told_apart(stores: World) -> None:
    as_orders(stores, "store")
    drop(stores, "4500123", *SDQ)
    await stores.once()
    orders = numbers(stores)
    invoice = stores.simulator.post_summary_invoice([orders["4500123-0002"], orders["4500123-0003"]])
    async with stores.app() as app:
        await app.once()
        held = [
            row for row in await app.journal.read(lambda tx: tx.documents.in_state("held")) if row.kind == "Invoice"
        ]
    assert [row.reason for row in held] == [
        f"invoice {invoice}: it bills sales orders of several stores, and the partner wants each store's apart; post one invoice "
        'an order in D365, or write split = "order" under [partners.acme.send.810], or answer without stores: back = "order" of '
        "the receive flow"
    ]
    assert sets(stores, "810") == []


async def test_what_d365_refuses_for_one_store_leaves_what_is_made_and_is_written_alone_by_release(
    stores: World,
) -> None:
    as_orders(stores)
    close(stores, "STORE-2")
    drop(stores, "4500123", *SDQ)
    async with stores.app() as app:
        await app.once()
        found = await rows(app)
        assert [(row.store, row.state) for row in found] == [
            ("", "delivering"), ("0001", "delivered"), ("0002", "held"), ("0003", "held")
        ]  # fmt: skip
        assert "store 0002: " in found[2].reason
        assert "made: 0001 (SO-000001); held with it: 0003; release 4500123 writes what is missing" in found[2].reason
        assert found[3].reason == found[2].reason
        confirm(stores)
        await app.once()
        assert sets(stores, "855") == []
        build(stores, "STORE-2")
        assert sorted(await app.release("4500123", "pat")) == ["4500123 continues"] * 2
        await app.once()
        await app.once()
        assert [row.state for row in await rows(app)] == ["delivered"] * 4
    assert sorted(numbers(stores)) == ["4500123-0001", "4500123-0002", "4500123-0003"]
    confirm(stores)
    await stores.once()
    assert picked(only(stores, "855"), "ACK", 1, 2) == [("IA", "30"), ("IA", "4")]


async def test_a_store_that_a_person_rejects_is_less_in_the_answer(stores: World) -> None:
    as_orders(stores)
    close(stores, "STORE-3")
    drop(stores, "4500123", *SDQ)
    async with stores.app() as app:
        await app.once()
        await app.reject("4500123-0003", "the store is closed", "pat")
        assert [(row.store, row.state) for row in await rows(app)] == [
            ("", "delivered"), ("0001", "delivered"), ("0002", "delivered"), ("0003", "rejected")
        ]  # fmt: skip
        confirm(stores)
        await app.once()
        await app.once()
    assert picked(only(stores, "855"), "ACK", 1, 2) == [("IQ", "25"), ("IQ", "1")]


async def test_a_lost_reply_makes_no_store_twice(stores: World) -> None:
    as_orders(stores)
    stores.simulator.faults.drop(method="POST", path="/data/SalesOrderHeadersV4", times=2)
    drop(stores, "4500123", *SDQ)
    async with stores.app() as app:
        await app.once()
        await until_done(app)
        assert [row.state for row in await rows(app)] == ["delivered"] * 4
    assert sorted(numbers(stores)) == ["4500123-0001", "4500123-0002", "4500123-0003"]
    assert len(stores.simulator.state.rows("SalesOrderLinesV3")) == 5


async def test_an_order_that_came_before_without_stores_is_still_the_same_order(stores: World) -> None:
    drop(stores, "4500123", "PO1*1*30*EA*10.5*PE*BP*ACME-4711")
    await stores.once()
    as_orders(stores)
    drop(stores, "4500123", *SDQ)
    async with stores.app() as app:
        await app.once()
        states = [(row.store, row.state) for row in await rows(app)]
    assert sorted(states) == [("", "delivered"), ("", "held")]
    assert list(numbers(stores)) == ["4500123"]


async def test_a_reference_that_another_order_has_holds_the_order(stores: World) -> None:
    drop(stores, "4500123-0002", "PO1*1*30*EA*10.5*PE*BP*ACME-4711")
    await stores.once()
    as_orders(stores)
    drop(stores, "4500123", *SDQ)
    async with stores.app() as app:
        await app.once()
        (held,) = await rows(app)
    assert held.state == "held"
    assert "store 0002 would be 4500123-0002 in D365, as PO 4500123-0002" in held.reason
    assert list(numbers(stores)) == ["4500123-0002"]


async def test_an_answer_that_waits_says_for_what(stores: World) -> None:
    as_orders(stores)
    drop(stores, "4500123", *SDQ)
    await stores.once()
    confirm(stores, numbers(stores)["4500123-0001"])
    async with stores.app() as app:
        await app.once()
        found = await app.journal.read(lambda tx: tx.documents.search("4500123"))
    (answer,) = [row for row in found if row.kind == "OrderResponse"]
    assert (answer.state, answer.store) == ("ready", "0001")
    assert answer.reason == "it waits for the answer for store 0002, 0003"
    confirm(stores)
    await stores.once()
    await stores.once()
    assert picked(only(stores, "855"), "ACK", 1, 2) == [("IA", "30"), ("IA", "4")]


# -- EDIFACT -----------------------------------------------------------------------------------------------------------
SEND = """
[partners.acme.send.{set}]
of    = "{of}"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "{set}_{{number}}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
"""


def edifact(world: World, back: str, stores: str = "orders") -> None:
    """The partner orders by ORDERS with LOC+7, and wants ORDRSP, DESADV and INVOIC."""
    world.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    world.knobs["invoice"] = "INVOIC"
    world.extra = (
        PLACES
        + f"""
[partners.acme.receive.ORDERS]
create  = "SalesOrder"
company = "usmf"
stores  = "{stores}"
back    = "{back}"
"""
    )
    world.extra += SEND.format(set="ORDRSP", of="SalesOrderResponse", root=world.prefix)
    world.extra += SEND.format(set="DESADV", of="PackingSlip", root=world.prefix)
    text = orders("4500123").decode()
    split = "QTY+21:12:EA'PRI+AAA:10.5'LOC+7+0001::92'QTY+11:5:EA'LOC+7+0002::92'QTY+11:7:EA'"
    text = text.replace("QTY+21:12:EA'PRI+AAA:10.5'", split)
    text = text.replace("PRI+AAA:99.99'", "PRI+AAA:99.99'LOC+7+0002::92'QTY+11:3:EA'").replace("UNT+20+1", "UNT+26+1")
    text = text.replace("NAD+DP+4098765000027::9++ACME DC 7+700 DISTRIBUTION WAY+AUSTIN+TX+78701+US'", "")
    world.partner.drop("ORDERS.edi", text.replace("UNT+26+1", "UNT+25+1").encode())


def messages(world: World, prefix: str) -> list[list[str]]:
    """The segments of each message of a kind at the partner."""
    found = sorted(name for name in world.partner.received() if name.startswith(f"{prefix}_"))
    return [world.partner.received()[name].decode("latin-1").split("'") for name in found]


def said(message: list[str], *tags: str) -> list[str]:
    return [each for each in message if each.startswith(tags)]


async def test_orders_for_places_come_back_in_edifact_as_the_order_was(stores: World) -> None:
    edifact(stores, "order")
    await stores.once()
    assert sorted(numbers(stores)) == ["4500123-0001", "4500123-0002"]
    await posted(stores)
    (answer,) = messages(stores, "ORDRSP")
    assert said(answer, "RFF+ON") == ["RFF+ON:4500123"]
    assert said(answer, "LIN", "QTY+113") == [
        "LIN+1+5+614141000012:EN", "QTY+113:12:EA", "LIN+2+5+614141000029:EN", "QTY+113:3:EA"
    ]  # fmt: skip
    notices, bills = messages(stores, "DESADV"), messages(stores, "INVOIC")
    assert [said(each, "RFF+ON") for each in notices] == [["RFF+ON:4500123"]] * 2
    assert [said(each, "QTY+12") for each in notices] == [["QTY+12:5:EA"], ["QTY+12:7:EA", "QTY+12:3:EA"]]
    assert [said(each, "RFF+ON", "QTY+47") for each in bills] == [
        ["RFF+ON:4500123", "QTY+47:5:EA"],
        ["RFF+ON:4500123", "QTY+47:7:EA", "QTY+47:3:EA"],
    ]


async def test_lines_for_places_come_back_in_edifact_place_by_place(stores: World) -> None:
    edifact(stores, "store", "lines")
    await stores.once()
    assert list(numbers(stores)) == ["4500123"]
    await posted(stores)
    places = ["LOC+7+0001::92", "QTY+11:5", "LOC+7+0002::92", "QTY+11:7", "LOC+7+0002::92", "QTY+11:3"]
    for prefix in ("ORDRSP", "DESADV", "INVOIC"):
        (message,) = messages(stores, prefix)
        assert said(message, "LOC", "QTY+11:") == places, prefix
    (bill,) = messages(stores, "INVOIC")
    assert said(bill, "QTY+47") == ["QTY+47:12:EA", "QTY+47:3:EA"]


async def test_rows_of_a_csv_file_for_several_stores_are_sales_lines_for_each(stores: World) -> None:
    (stores.partner.outbound / "columns").mkdir()
    stores.extra += COLUMNS.format(root=stores.prefix)
    rows = ("1,12,EA,10.5,ACME-4711,0001", "1,18,EA,10.5,ACME-4711,0002", "2,4,EA,99.99,ACME-4712,0003")
    text = "PO Number,Line,Quantity,Unit,Price,Buyer Item,Store\r\n" + "".join(f"4500123,{row}\r\n" for row in rows)
    (stores.partner.outbound / "columns" / "orders.csv").write_bytes(text.encode())
    await stores.once()
    found = stores.sales_orders()["4500123"]
    told = [
        (row["OrderedSalesQuantity"], row["DeliveryAddressLocationId"], row["CustomersLineNumber"]) for row in found
    ]
    assert sorted(told) == [(4, "STORE-3", 2), (12, "STORE-1", 1), (18, "STORE-2", 1)]
