"""Orders for stores that name a ship-to of their own, as retailers' orders do: what comes back names the store, too.

The ship-to may be a distribution centre that is none of the stores, or one of them. Every file must be valid by our guide, and an
X12 one by another grammar as well."""

from __future__ import annotations

import pytest

from tests.edi import independent
from tests.journeys.retail import confirm, drop, only, picked, receive, sets
from tests.journeys.test_credits import assert_strict
from tests.journeys.test_stores import as_orders, messages, numbers, posted, said
from tests.journeys.test_stores import edifact as by_edifact
from tests.journeys.test_stores import stores as stores  # noqa: PLC0414 - a fixture
from tests.journeys.world import World

LINE = ("PO1*1*12*EA*10.5*PE*BP*ACME-4711", "SDQ*EA*92*0001*5*0002*7")
DC = "N1*ST*ACME DC 7*92*0007"
BUYER = "N1*BY*ACME STORES*92*1000"


def assert_valid(world: World) -> None:
    received = world.partner.received()
    assert len(received) >= 3
    x12 = {name: data for name, data in received.items() if data.startswith(b"ISA")}
    assert independent.judge(x12) == dict.fromkeys(x12, "")
    for data in received.values():
        assert_strict(data)


async def test_stores_with_orders_of_their_own_are_named_besides_the_ship_to(stores: World) -> None:
    as_orders(stores, "store")
    drop(stores, "4500123", *LINE, head=(DC,))
    await stores.once()
    await posted(stores)
    for prefix in ("855", "856", "810"):
        found = sets(stores, prefix)
        for role, expected in (("ST", ["0007", "0007"]), ("BY", ["0001", "0002"]), ("Z7", ["0001", "0002"])):
            parties = [[part[3:5] for part in each if part[:2] == ["N1", role]] for each in found]
            assert parties == [[["92", code]] for code in expected], (prefix, role)
    assert not any(
        part[0] == "SDQ" for prefix in ("855", "856", "810") for each in sets(stores, prefix) for part in each
    )
    assert_valid(stores)


async def test_the_buyer_that_the_order_names_stays_the_buyer(stores: World) -> None:
    as_orders(stores, "store")
    drop(stores, "4500123", *LINE, head=(BUYER, DC))
    await stores.once()
    await posted(stores)
    for prefix in ("855", "856", "810"):
        parties = [
            [part[4] for part in each if part[:2] in (["N1", "BY"], ["N1", "Z7"])] for each in sets(stores, prefix)
        ]
        assert [sorted(each) for each in parties] == [["0001", "1000"], ["0002", "1000"]], prefix
    assert_valid(stores)


@pytest.mark.parametrize("head", ["0001", "0002", "0007"])
async def test_lines_for_stores_are_told_apart_whatever_the_ship_to_is(head: str, stores: World) -> None:
    receive(stores, 'stores = "lines"\nback = "store"')
    drop(stores, "4500123", *LINE, head=(f"N1*ST*SHIP-TO*92*{head}",))
    await stores.once()
    await posted(stores)
    for prefix, segment, quantity in (("855", "PO1", 2), ("856", "SN1", 2), ("810", "IT1", 2)):
        found = only(stores, prefix)
        assert picked(found, segment, quantity) == [("12",)], prefix
        assert [part[1:] for part in found if part[0] == "SDQ"] == [["EA", "92", "0001", "5", "0002", "7"]], prefix
        assert picked(found, "N1", 1, 4).count(("ST", head)) == 1, prefix
    assert_valid(stores)


async def test_stores_whose_place_was_left_to_d365_hold_what_tells_them_apart(stores: World) -> None:
    receive(stores, 'stores = "lines"\nback = "store"\nship_to = "default"')
    stores.extra = stores.extra.replace('"0002" = "STORE-2"\n', "")
    drop(stores, "4500123", *LINE)
    await stores.once()
    line = stores.simulator.state.store.one("SalesOrderLinesV3", OrderedSalesQuantity=7)
    assert line is not None
    stores.simulator.state.store.update(line, {"DeliveryAddressLocationId": "ACME-DC7"})
    confirm(stores)
    async with stores.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert "the address of 0002 was left to D365; list the stores under locations of the partner" in held.reason


DELIVERED = "NAD+DP+{}::92++SHIP-TO+1 ROAD+AUSTIN+TX+78701+US'"


def with_ship_to(world: World, head: str) -> None:
    """The ORDERS at the partner names this place as the one of the order."""
    (name,) = [path.name for path in world.partner.outbound.iterdir() if path.name == "ORDERS.edi"]
    text = (world.partner.outbound / name).read_text().replace("CUX+2", f"{DELIVERED.format(head)}CUX+2")
    (world.partner.outbound / name).write_text(text.replace("UNT+25+1", "UNT+26+1"))


@pytest.mark.parametrize("head", ["0001", "4098765000027"])
async def test_orders_for_places_name_them_in_edifact_besides_the_delivery_party(head: str, stores: World) -> None:
    by_edifact(stores, "store")
    with_ship_to(stores, head)
    await stores.once()
    assert sorted(numbers(stores)) == ["4500123-0001", "4500123-0002"]
    await posted(stores)
    for prefix in ("ORDRSP", "DESADV", "INVOIC"):
        found = [said(each, "NAD+BY", "NAD+UC") for each in messages(stores, prefix)]
        buyer = ["NAD+BY+4098765000010::9"]
        assert [sorted(each) for each in found] == [[*buyer, "NAD+UC+0001::92"], [*buyer, "NAD+UC+0002::92"]], prefix
        assert [said(each, f"NAD+DP+{head}::92") != [] for each in messages(stores, prefix)] == [True, True], prefix
    assert_valid(stores)


@pytest.mark.parametrize("head", ["0002", "4098765000027"])
async def test_lines_for_places_are_told_apart_in_edifact_whatever_the_delivery_party_is(
    head: str, stores: World
) -> None:
    by_edifact(stores, "store", "lines")
    with_ship_to(stores, head)
    await stores.once()
    await posted(stores)
    places = ["LOC+7+0001::92", "QTY+11:5", "LOC+7+0002::92", "QTY+11:7", "LOC+7+0002::92", "QTY+11:3"]
    for prefix in ("ORDRSP", "DESADV", "INVOIC"):
        (message,) = messages(stores, prefix)
        assert said(message, "LOC", "QTY+11:") == places, prefix
    assert_valid(stores)
