"""Releases of one order, beside each other and beside a plain order of the same number: all that we say is of the right one."""

from __future__ import annotations

import pytest

from d365edi.journal import Document
from tests.journeys.retail import answering, confirm, drop, picked, sets
from tests.journeys.test_credits import assert_strict
from tests.journeys.test_edifact import orders
from tests.journeys.test_stores import PLACES, SEND, as_orders, build, messages, said
from tests.journeys.world import World


@pytest.fixture
def releases(town: World) -> World:
    """A plain order of twelve, and two releases of the same number: seven and three."""
    answering(town)
    for release, quantity in (("", 12), ("1", 7), ("2", 3)):
        drop(town, "4500123", f"PO1*1*{quantity}*EA*10.5*PE*BP*ACME-4711", release=release)
    return town


def by_release(world: World) -> dict[str, str]:
    """Our sales order for each release."""
    return {
        str(row["CustomerRequisitionNumber"] or ""): str(row["SalesOrderNumber"])
        for row in world.simulator.state.rows("SalesOrderHeadersV4")
    }


async def held(world: World) -> list[Document]:
    async with world.app() as app:
        await app.once()
        return await app.journal.read(lambda tx: tx.documents.in_state("held"))


async def test_each_release_is_answered_shipped_and_billed_as_itself(releases: World) -> None:
    await releases.once()
    numbers = by_release(releases)
    assert sorted(numbers) == ["", "1", "2"]
    confirm(releases)
    for number in numbers.values():
        releases.simulator.post_packing_slip(number, date=releases.today())
        releases.simulator.post_invoice(number)
    assert await held(releases) == []
    ours = [("", "12"), ("1", "7"), ("2", "3")]
    for prefix, head, place, line, quantity in (
        ("855", "BAK", 5, "PO1", 2), ("856", "PRF", 2, "SN1", 2), ("810", "BIG", 5, "IT1", 2)
    ):  # fmt: skip
        found = sets(releases, prefix)
        said = [(*picked(each, head, place)[0], *picked(each, line, quantity)[0]) for each in found]
        assert sorted(said) == ours, prefix
    answers = {picked(each, "BAK", 5)[0][0]: picked(each, "BAK", 8)[0][0] for each in sets(releases, "855")}
    assert answers == numbers
    assert [picked(each, "BAK", 2) for each in sets(releases, "855")] == [[("AD",)]] * 3
    assert {picked(each, "SN1", 5)[0][0] for each in sets(releases, "856")} == {"12", "7", "3"}


async def test_a_release_that_was_not_shipped_waits_for_its_own_notice(releases: World) -> None:
    releases.extra += '\n[partners.acme.send.810.guard]\nbefore_notice = "hold"\n'
    await releases.once()
    numbers = by_release(releases)
    releases.simulator.post_packing_slip(numbers["1"], date=releases.today())
    await releases.once()
    releases.simulator.post_invoice(numbers["2"])
    (waiting,) = await held(releases)
    assert "[before_notice]" in waiting.reason


async def test_a_release_is_overbilled_by_its_own_invoices_alone(releases: World) -> None:
    await releases.once()
    number = by_release(releases)["2"]
    lot = str(releases.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=number)[0]["InventoryLotId"])
    releases.simulator.post_invoice(by_release(releases)["1"])
    releases.simulator.post_invoice(number, quantities={lot: 2})
    await releases.once()
    line = releases.simulator.state.store.one("SalesOrderLinesV3", InventoryLotId=lot)
    assert line is not None
    releases.simulator.state.store.update(line, {"SalesOrderLineStatus": "Backorder"})
    releases.simulator.post_invoice(number, quantities={lot: 2})
    (twice,) = await held(releases)
    assert "4 billed with" in twice.reason
    assert "but 3 ordered [over_invoiced]" in twice.reason


async def test_a_sales_order_that_none_of_the_releases_became_holds_what_it_bills(releases: World) -> None:
    await releases.once()
    for line in releases.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=by_release(releases)["2"]):
        releases.simulator.state.add(
            "SalesOrderLinesV3", **{**line, "SalesOrderNumber": "HAND-1", "InventoryLotId": "HAND-L"}
        )
    (header,) = releases.simulator.state.rows("SalesOrderHeadersV4", SalesOrderNumber=by_release(releases)["2"])
    by_hand = {**header, "SalesOrderNumber": "HAND-1", "CustomerRequisitionNumber": ""}
    releases.simulator.state.add("SalesOrderHeadersV4", **by_hand)
    releases.simulator.post_invoice("HAND-1")
    (unclear,) = await held(releases)
    assert "4500123 is the number of several orders (releases: 1, 2, without one)" in unclear.reason
    assert "sales order HAND-1 was made of none of them" in unclear.reason


async def test_a_credit_of_a_release_names_its_invoice_and_the_release(releases: World) -> None:
    await releases.once()
    numbers = by_release(releases)
    for number in numbers.values():
        releases.simulator.post_invoice(number)
    await releases.once()
    lot = releases.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=numbers["1"])[0]["InventoryLotId"]
    releases.simulator.post_credit(numbers["1"], {str(lot): 2})
    found = await held(releases)
    assert found == []
    (credit,) = [each for each in sets(releases, "810") if picked(each, "BIG", 7) == [("CR",)]]
    assert picked(credit, "BIG", 4, 5) == [("4500123", "1")]


async def test_stores_of_two_releases_are_orders_of_their_own(town: World) -> None:
    for place in ("STORE-1", "STORE-2", "STORE-3"):
        build(town, place)
    answering(town)
    town.extra += PLACES
    as_orders(town)
    drop(town, "4500123", "PO1*1*12*EA*10.5*PE*BP*ACME-4711", "SDQ*EA*92*0001*5*0002*7", release="1")
    drop(town, "4500123", "PO1*1*9*EA*10.5*PE*BP*ACME-4711", "SDQ*EA*92*0001*4*0002*5", release="2")
    await town.once()
    assert len(town.simulator.state.rows("SalesOrderHeadersV4")) == 4
    confirm(town)
    for row in town.simulator.state.rows("SalesOrderHeadersV4"):
        town.simulator.post_invoice(str(row["SalesOrderNumber"]))
    assert await held(town) == []
    answers, bills = sets(town, "855"), sets(town, "810")
    assert sorted((*picked(each, "BAK", 5)[0], *picked(each, "ACK", 2)[0]) for each in answers) == [
        ("1", "12"),
        ("2", "9"),
    ]
    assert sorted((*picked(each, "BIG", 4, 5)[0], *picked(each, "IT1", 2)[0]) for each in bills) == [
        ("4500123", "1", "5"), ("4500123", "1", "7"), ("4500123", "2", "4"), ("4500123", "2", "5")
    ]  # fmt: skip


async def test_releases_in_edifact_are_answered_shipped_and_billed_as_themselves(town: World) -> None:
    town.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    town.knobs["invoice"] = "INVOIC"
    town.extra = '\n[partners.acme.receive.ORDERS]\ncreate  = "SalesOrder"\ncompany = "usmf"\n'
    for set, of in (("ORDRSP", "SalesOrderResponse"), ("DESADV", "PackingSlip")):
        town.extra += SEND.format(set=set, of=of, root=town.prefix)
    for release, quantity in (("1", 7), ("2", 5)):
        text = orders("4500123", release).decode().replace("QTY+21:12:", f"QTY+21:{quantity}:")
        text = text.replace("DTM+2:20261120:102'", f"DTM+2:20261120:102'RFF+RE:{release}'").replace("UNT+20", "UNT+21")
        town.partner.drop(f"ORDERS-{release}.edi", text.encode())
    await town.once()
    assert sorted(by_release(town)) == ["1", "2"]
    confirm(town)
    for number in by_release(town).values():
        town.simulator.post_packing_slip(number, date=town.today())
        town.simulator.post_invoice(number)
    assert await held(town) == []
    for prefix, tag in (("ORDRSP", "QTY+113"), ("DESADV", "QTY+12"), ("INVOIC", "QTY+47")):
        found = [said(each, "RFF+ON", tag) for each in messages(town, prefix)]
        assert sorted(found) == [["RFF+ON:4500123", f"{tag}:{first}:EA", f"{tag}:3:EA"] for first in (5, 7)], prefix
        releases = [(said(each, "RFF+RE"), said(each, tag)[0]) for each in messages(town, prefix)]
        assert sorted(releases) == [(["RFF+RE:1"], f"{tag}:7:EA"), (["RFF+RE:2"], f"{tag}:5:EA")], prefix
    for data in town.partner.received().values():
        assert_strict(data)
