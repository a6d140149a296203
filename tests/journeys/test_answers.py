"""What we say to an order besides the invoice: an answer once it is confirmed, a ship notice once its goods are posted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from d365edi.sandbox import x12
from d365edi.sandbox.d365 import confirming
from tests.journeys.test_invoices import made_order, segments
from tests.journeys.world import World

RESPONSE = """
[partners.acme.send.855]
of    = "SalesOrderResponse"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "855_{{number}}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
"""
NOTICE = """
[partners.acme.send.856]
of    = "PackingSlip"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "856_{{number}}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
"""
GUARD = """
[partners.acme.send.810.guard]
before_notice = "hold"
"""
Set = list[list[str]]


def response(world: World) -> list[list[str]]:
    """The segments of the only 855 at the partner."""
    (name,) = [name for name in world.partner.received() if name.startswith("855_")]
    return segments(world, name)


@pytest.fixture
def answering(town: World) -> World:
    """The world's partner wants an 855 to each order."""
    town.extra = RESPONSE.format(root=town.prefix)
    return town


async def test_an_order_is_answered_once_it_is_confirmed_and_not_before(answering: World) -> None:
    number = await made_order(answering)
    await answering.once()
    assert answering.partner.received() == {}
    header = answering.simulator.state.store.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    assert header is not None
    answering.simulator.state.store.update(header, {"SalesOrderProcessingStatus": "Confirmed"})
    for _ in range(2):
        await answering.once()
    found = response(answering)
    (bak,) = [segment for segment in found if segment[0] == "BAK"]
    assert (bak[3], bak[4]) == ("4500123", "20261102")
    assert [segment[1] for segment in found if segment[0] == "ACK"] == ["IA", "IA"]
    assert [segment[1:4] for segment in found if segment[0] == "PO1"] == [["1", "12", "EA"], ["2", "3", "EA"]]


async def test_each_confirmation_is_an_answer_where_the_flow_names_them(answering: World) -> None:
    answering.extra = answering.extra.replace("SalesOrderResponse", "SalesOrderConfirmation")
    number = await made_order(answering)
    await answering.once()
    assert answering.partner.received() == {}
    confirming.confirm(answering.simulator.state, number)
    for _ in range(2):
        await answering.once()
    found = response(answering)
    (bak,) = [segment for segment in found if segment[0] == "BAK"]
    assert (bak[3], bak[4]) == ("4500123", "20261102")
    assert [segment[1:4] for segment in found if segment[0] == "PO1"] == [["1", "12", "EA"], ["2", "3", "EA"]]


@pytest.fixture
def shipping(town: World) -> World:
    """The world's partner wants an 856 for each shipment."""
    town.extra = NOTICE.format(root=town.prefix)
    return town


def sets(world: World, prefix: str) -> list[Set]:
    """The sets in the partner's files of that kind, read by the partner's own reader, in the order of their numbers."""
    found = []
    for name, data in world.partner.received().items():
        if name.startswith(f"{prefix}_"):
            ((group,),) = [x12.groups(interchange) for interchange in x12.split(data)]
            found += group.sets
    return found


def picked(found: Set, id: str, *places: int) -> list[tuple[str, ...]]:
    """Some elements of every segment of that id; "" where it ends before."""
    return [tuple((*segment, *[""] * 20)[place] for place in places) for segment in found if segment[0] == id]


async def test_posted_goods_are_reported_with_the_order_they_are_under_and_their_lines_echoed(shipping: World) -> None:
    number = await made_order(shipping)
    await shipping.once()
    assert shipping.partner.received() == {}
    slip = shipping.simulator.post_packing_slip(number, date=shipping.today(), tracking="1Z999AA10123456784")
    await shipping.once()
    ((found),) = sets(shipping, "856")
    assert picked(found, "BSN", 1, 2, 5) == [("00", slip, "0004")]
    assert picked(found, "HL", 1, 2, 3) == [("1", "", "S"), ("2", "1", "O"), ("3", "2", "I"), ("4", "2", "I")]
    assert ["REF", "CN", "1Z999AA10123456784"] in found
    assert ["DTM", "011", shipping.today().replace("-", "")] in found
    assert ["N1", "ST", "ACME DC 7", "92", "0007"] in found
    assert picked(found, "PRF", 1, 4) == [("4500123", "20261102")]
    assert [segment for segment in found if segment[:2] in (["REF", "DP"], ["REF", "IA"])] == [
        ["REF", "DP", "042"],
        ["REF", "IA", "778899"],
    ]
    assert [segment[1:] for segment in found if segment[0] == "LIN"] == [
        ["1", "UP", "614141000012", "BP", "ACME-4711"],
        ["2", "UP", "614141000029", "BP", "ACME-4712"],
    ]
    assert picked(found, "SN1", 2, 3, 5, 6) == [("12", "EA", "12", "EA"), ("3", "EA", "3", "EA")]
    assert picked(found, "CTT", 1, 2) == [("4", "15")]


async def test_a_notice_s_acknowledgment_is_matched_to_it(shipping: World) -> None:
    shipping.simulator.post_packing_slip(await made_order(shipping))
    await shipping.once()
    ((name, data),) = shipping.partner.received().items()
    ((group,),) = [x12.groups(interchange) for interchange in x12.split(data)]
    assert group.gs[1] == "SH"
    body = [["AK1", "SH", group.gs[6]], ["AK2", "856", "0001"], ["AK5", "A"], ["AK9", "A", "1", "1", "1"]]
    answer = x12.write(
        shipping.partner.profile.address,
        "FA",
        [("997", body)],
        interchange=9,
        group=9,
        at=datetime.now(UTC),
    )
    shipping.partner.drop("997_9.edi", answer)
    async with shipping.app() as app:
        await app.once()
        (delivery,) = await app.journal.read(lambda tx: tx.deliveries.search(name))
    assert (delivery.kind, delivery.ack) == ("856", "accepted")


async def test_parts_and_the_rest_are_notices_of_their_own_and_each_is_reported_once(shipping: World) -> None:
    number = await made_order(shipping)
    lots = [
        row["InventoryLotId"] for row in shipping.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=number)
    ]
    slips = [shipping.simulator.post_packing_slip(number, quantities={lots[0]: Decimal("4.5")})]
    await shipping.once()
    assert [picked(found, "BSN", 2) for found in sets(shipping, "856")] == [[(slips[0],)]]
    slips.append(shipping.simulator.post_packing_slip(number, quantities={lots[0]: Decimal("2.5")}))
    slips.append(shipping.simulator.post_packing_slip(number))
    for _ in range(2):
        await shipping.once()
    reported = {picked(found, "BSN", 2)[0][0]: found for found in sets(shipping, "856")}
    assert sorted(reported) == slips
    assert [picked(reported[slip], "PRF", 1) for slip in slips] == [[("4500123",)]] * 3
    assert [picked(reported[slip], "LIN", 1, 5) for slip in slips] == [
        [("1", "ACME-4711")],
        [("1", "ACME-4711")],
        [("1", "ACME-4711"), ("2", "ACME-4712")],
    ]
    assert [picked(reported[slip], "SN1", 2, 5) for slip in slips] == [
        [("4.5", "12")],
        [("2.5", "12")],
        [("5", "12"), ("3", "3")],
    ]


async def test_an_invoice_that_must_follow_its_goods_is_held_while_none_were_reported(shipping: World) -> None:
    shipping.extra += GUARD
    other = await made_order(shipping, "4500122")
    shipping.simulator.post_packing_slip(other)
    invoice = shipping.simulator.post_invoice(await made_order(shipping))
    async with shipping.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search(invoice))
    assert document.state == "held"
    assert "no ship notice for order 4500123 went out before it" in document.reason
    assert [len(sets(shipping, prefix)) for prefix in ("856", "810")] == [1, 0]


async def test_an_invoice_that_comes_before_its_goods_follows_their_notice_by_itself(shipping: World) -> None:
    shipping.extra += GUARD
    number = await made_order(shipping)
    shipping.simulator.post_packing_slip(number)
    invoice = shipping.simulator.post_invoice(number)
    async with shipping.app() as app:
        for flow in ("acme.send.810", "acme.send.856", "due"):
            await app.tick(flow)
        (document,) = await app.journal.read(lambda tx: tx.documents.search(invoice))
        audited = await app.journal.read(lambda tx: tx.audit.query(document=document.id))
    assert [line.action for line in audited if line.action in ("held", "ready", "rendered")] == [
        "held",
        "ready",
        "rendered",
    ]
    assert picked(sets(shipping, "810")[0], "BIG", 4) == [("4500123",)]


async def test_an_invoice_that_comes_after_the_notice_of_its_goods_is_not_held(shipping: World) -> None:
    shipping.extra += GUARD
    number = await made_order(shipping)
    shipping.simulator.post_packing_slip(number)
    await shipping.once()
    shipping.simulator.post_invoice(number)
    async with shipping.app() as app:
        assert "held" not in (await app.once()).counts
    assert picked(sets(shipping, "810")[0], "BIG", 4) == [("4500123",)]


async def test_a_partner_may_want_answer_notice_and_invoice_and_gets_each_once(shipping: World) -> None:
    shipping.extra += RESPONSE.format(root=shipping.prefix)
    number = await made_order(shipping)
    shipping.simulator.post_packing_slip(number)
    await shipping.once()
    shipping.simulator.post_invoice(number)
    for _ in range(2):
        await shipping.once()
    found = {prefix: sets(shipping, prefix) for prefix in ("855", "856", "810")}
    assert {prefix: len(each) for prefix, each in found.items()} == {"855": 1, "856": 1, "810": 1}
    named = [
        picked(found["855"][0], "BAK", 3),
        picked(found["856"][0], "PRF", 1),
        picked(found["810"][0], "BIG", 4),
    ]
    assert named == [[("4500123",)]] * 3
    assert [line for (line,) in picked(found["855"][0], "ACK", 1)] == ["IA", "IA"]
    for prefix, segment, item in (("855", "PO1", 7), ("856", "LIN", 3), ("810", "IT1", 7)):
        assert picked(found[prefix][0], segment, 1, item) == [("1", "614141000012"), ("2", "614141000029")]
    controls = [next(iter(x12.split(data))).isa[13] for data in shipping.partner.received().values()]
    assert len(set(controls)) == 3


async def test_cartons_of_a_warehouse_leave_with_their_numbers_and_a_correction_waits_for_a_person(town: World) -> None:
    town.extra = NOTICE.format(root=town.prefix).replace("PackingSlip", "ShipmentPackingSlip")
    town.extra += '\n[partners.acme.codes."carrier.id"]\nNRTF = "Northern freight"\n'
    number = await made_order(town)
    lots = [row["InventoryLotId"] for row in town.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=number)]
    plates = {lots[0]: "006141410000000012", lots[1]: "006141410000000029"}
    load = {"ProNumber": "PRO-77", "MasterBillOfLadingId": "MB-9", "TrailerNumber": "T53"}
    weights = {lots[0]: (Decimal("12.5"), "LB"), lots[1]: (Decimal(3), "lb")}
    header = town.simulator.state.store.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    assert header is not None
    fields = {"ShippingCarrierId": "Northern freight", "DefaultShippingWarehouseId": "11"}
    town.simulator.state.store.update(header, fields)
    town.simulator.post_shipment(number, plates=plates, load=load, weights=weights)
    await town.once()
    town.simulator.post_shipment(number, plates=plates, shipment="SH-000001")
    async with town.app() as app:
        await app.once()
        states = [each.state for each in await app.journal.read(lambda tx: tx.documents.search("SH-000001"))]
    assert sorted(states) == ["delivered", "held"]
    ((found),) = sets(town, "856")
    assert picked(found, "BSN", 2, 5) == [("SH-000001", "0001")]
    assert picked(found, "TD1", 1, 2, 6, 7, 8) == [("CTN", "2", "G", "15.5", "LB"), *[("CTN", "1", "", "", "")] * 2]
    assert picked(found, "TD5", 2, 3, 5) == [("2", "NRTF", "Northern freight")]
    assert ["REF", "MB", "MB-9"] in found
    assert "BM" not in [segment[1] for segment in found if segment[0] == "REF"]
    assert picked([segment for segment in found if segment[:2] == ["N1", "SF"]], "N1", 3, 4) == [("91", "11")]
    (data,) = town.partner.received().values()
    gs = x12.groups(next(iter(x12.split(data))))[0].gs
    ((day, time),) = picked(found, "BSN", 3, 4)
    moments = [datetime.strptime(text, "%Y%m%d%H%M") for text in (day + time, gs[4] + gs[5][:4])]  # noqa: DTZ007
    assert moments[1] - moments[0] <= timedelta(minutes=1)
    levels = ["S", "O", "P", "I", "P", "I"]
    assert picked(found, "HL", 2, 3) == list(zip(["", "1", "2", "3", "2", "5"], levels, strict=True))
    assert [(kind, text[-18:]) for kind, text in picked(found, "MAN", 1, 2)] == [
        ("GM", plate) for plate in plates.values()
    ]
    assert picked(found, "LIN", 1, 5) == [("1", "ACME-4711"), ("2", "ACME-4712")]
    assert picked(found, "SN1", 2, 3) == [("12", "EA"), ("3", "EA")]
    assert picked(found, "REF", 1, 2)[:2] == [("MB", "MB-9"), ("CN", "PRO-77")]
    assert picked(found, "TD3", 3) == [("T53",)]


async def test_plates_that_stand_on_others_are_on_pallets_and_the_warehouse_has_its_address(town: World) -> None:
    """Two cartons on one pallet, one carton on none."""
    town.extra = NOTICE.format(root=town.prefix).replace("PackingSlip", "ShipmentPackingSlip")
    town.extra += 'ship_from = "address"\npallets = true\n'
    town.partner.drop("PO-1.edi", town.order("4500123", lines=[(str(at), "2", "5", "ACME-4711") for at in (1, 2, 3)]))
    await town.once()
    number, state = str(town.simulator.state.one("SalesOrderHeadersV4")["SalesOrderNumber"]), town.simulator.state
    header = state.store.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    assert header is not None
    state.store.update(header, {"DefaultShippingWarehouseId": "11"})
    address = {"Street": "1 Dock Rd", "City": "Austin", "StateId": "TX", "ZipCode": "78701"}
    fields = {f"PrimaryAddress{name}": text for name, text in address.items()}
    state.add("Warehouses", dataAreaId="usmf", WarehouseId="11", WarehouseName="Main dock", **fields)
    lots = [row["InventoryLotId"] for row in state.rows("SalesOrderLinesV3", SalesOrderNumber=number)]
    cartons = ["006141410000000012", "006141410000000029", "006141410000000036"]
    pallet = "006141410000000043"
    town.simulator.post_shipment(
        number, plates=dict(zip(lots, cartons, strict=True)), pallets=dict.fromkeys(cartons[:2], pallet)
    )
    await town.once()
    ((found),) = sets(town, "856")
    levels = ["S", "O", "P", "I", "T", "P", "I", "P", "I"]
    assert picked(found, "HL", 2, 3) == list(zip(["", "1", "2", "3", "2", "5", "6", "5", "8"], levels, strict=True))
    marks = [text[-18:] for (text,) in picked(found, "MAN", 2)]
    assert marks == [cartons[2], pallet, *cartons[:2]]
    at = next(index for index, segment in enumerate(found) if segment[:2] == ["N1", "SF"])
    assert found[at : at + 3] == [
        ["N1", "SF", "Main dock", "91", "11"],
        ["N3", "1 Dock Rd"],
        ["N4", "Austin", "TX", "78701"],
    ]


async def test_pallets_and_addresses_that_may_not_be_read_are_left_out(town: World) -> None:
    town.extra = NOTICE.format(root=town.prefix).replace("PackingSlip", "ShipmentPackingSlip")
    town.extra += 'ship_from = "address"\npallets = true\n'
    number = await made_order(town)
    lots = [row["InventoryLotId"] for row in town.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=number)]
    town.simulator.state.hidden |= {"Warehouses", "LicensePlates"}
    town.simulator.post_shipment(number, plates={lots[0]: "006141410000000012"}, pallets={"006141410000000012": "P1"})
    await town.once()
    ((found),) = sets(town, "856")
    assert [level for (level,) in picked(found, "HL", 3)] == ["S", "O", "I", "P", "I"]
