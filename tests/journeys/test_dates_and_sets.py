"""Lines at several dates and sets on their way to D365 and back: what is written, and what the partner is told of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.journeys.retail import answering, confirm, drop, only, picked, receive, sets, written
from tests.journeys.test_credits import assert_strict
from tests.journeys.test_edifact import orders
from tests.journeys.test_stores import edifact as by_edifact
from tests.journeys.test_stores import messages, said
from tests.journeys.world import World

SCHEDULED = ("PO1*10*12*EA*10.5*PE*BP*ACME-4711", "SCH*6*EA***002*20261120", "SCH*6*EA***002*20261127")
KIT = ("PO1*1*3*EA*41.50*PE*BP*KIT-1", "SLN*1**I*2*EA*10.5*PE**BP*ACME-4711", "SLN*2**I*1*EA*20.5*PE**BP*ACME-4712")


async def test_a_line_at_two_dates_is_two_sales_lines_and_one_line_again_in_all_that_comes_back(town: World) -> None:
    receive(town, 'schedules = "lines"')
    answering(town)
    drop(town, "4500123", *SCHEDULED)
    await town.once()
    fields = ("CustomersLineNumber", "OrderedSalesQuantity", "SalesPrice", "RequestedReceiptDate")
    found = [(*numbers, str(day)[:10]) for *numbers, day in written(town, "4500123", *fields)]
    assert found == [(10, 6, Decimal("10.5"), "2026-11-20"), (10, 6, Decimal("10.5"), "2026-11-27")]
    (header,) = town.simulator.state.rows("SalesOrderHeadersV4")
    for line in town.simulator.state.rows("SalesOrderLinesV3"):
        row = town.simulator.state.store.one("SalesOrderLinesV3", InventoryLotId=line["InventoryLotId"])
        assert row is not None
        town.simulator.state.store.update(row, {"ConfirmedReceiptDate": line["RequestedReceiptDate"]})
    confirm(town)
    number = str(header["SalesOrderNumber"])
    town.simulator.post_packing_slip(number, date=town.today())
    await town.once()
    town.simulator.post_invoice(number)
    await town.once()
    answer, notice, invoice = only(town, "855"), only(town, "856"), only(town, "810")
    assert picked(answer, "PO1", 1, 2) == [("10", "12")]
    assert picked(answer, "ACK", 1, 2, 4, 5) == [("IA", "6", "067", "20261120"), ("IA", "6", "067", "20261127")]
    assert picked(notice, "LIN", 1) == [("10",)]
    assert picked(notice, "SN1", 2, 5) == [("12", "12")]
    assert picked(invoice, "IT1", 1, 2, 4) == [("10", "12", "10.5")]
    assert picked(invoice, "TDS", 1) == [("12600",)]


async def test_a_kit_is_its_components_in_d365_and_a_kit_again_in_all_that_comes_back(town: World) -> None:
    receive(town, "", '"KIT-1" = "components"')
    answering(town)
    drop(town, "4500123", *KIT)
    await town.once()
    fields = ("CustomersLineNumber", "ItemNumber", "OrderedSalesQuantity", "SalesPrice")
    assert written(town, "4500123", *fields) == [
        (1, "D0001", 6, Decimal("10.5")),
        (1, "D0002", 3, Decimal("20.5")),
    ]
    confirm(town)
    (header,) = town.simulator.state.rows("SalesOrderHeadersV4")
    number = str(header["SalesOrderNumber"])
    town.simulator.post_packing_slip(number, date=town.today())
    await town.once()
    town.simulator.post_invoice(number)
    await town.once()
    answer, notice, invoice = only(town, "855"), only(town, "856"), only(town, "810")
    assert picked(answer, "PO1", 1, 2, 4, 7) == [("1", "3", "41.5", "KIT-1")]
    assert picked(answer, "ACK", 1, 2, 3) == [("IA", "3", "EA")]
    assert picked(notice, "LIN", 1, 3) == [("1", "KIT-1")]
    assert picked(notice, "SN1", 2, 5) == [("3", "3")]
    assert picked(invoice, "IT1", 1, 2, 4, 7) == [("1", "3", "41.5", "KIT-1")]
    assert picked(invoice, "TDS", 1) == [("12450",)]


async def test_a_known_set_is_one_line_of_our_item(town: World) -> None:
    receive(town, "", '"KIT-1" = "D0003"')
    drop(town, "4500123", *KIT)
    await town.once()
    assert written(town, "4500123", "ItemNumber", "OrderedSalesQuantity", "SalesPrice") == [
        ("D0003", 3, Decimal("41.5"))
    ]


async def test_both_are_held_by_default_and_go_on_once_the_settings_say_how(town: World) -> None:
    drop(town, "1", *SCHEDULED)
    drop(town, "2", *KIT)
    await town.once()
    assert town.sales_orders() == {}
    receive(town, 'schedules = "lines"', '"KIT-1" = "components"')
    async with town.app() as app:
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        said = {document.number: document.reason for document in held}
        assert 'schedules = "lines"' in said["1"]
        assert "[partners.acme.sets]" in said["2"]
        for number in ("1", "2"):
            await app.release(number, "pat")
        await app.once()
    assert sorted(town.sales_orders()) == ["1", "2"]
    assert sets(town, "855") == []


SUB_LINES = (
    "LIN+1++KIT-2:IN'QTY+21:2:EA'PRI+AAA:41.5'",
    "LIN+2++614141000012:EN+1:1'QTY+21:4:EA'PRI+AAA:10.5'",
    "LIN+3++614141000029:EN+1:1'QTY+21:2:EA'PRI+AAA:20.5'",
)


@pytest.mark.parametrize("ours", ["components", "D0003"])
async def test_a_kit_of_sub_lines_is_a_kit_again_in_all_that_comes_back(ours: str, town: World) -> None:
    by_edifact(town, "order")
    town.extra += f'\n[partners.acme.sets]\n"KIT-2" = "{ours}"\n'
    text = orders("4500123").decode()
    lines = text[text.index("LIN+1") : text.index("UNS+S")]
    made = text.replace(lines, "".join(SUB_LINES)).replace("CNT+2:2", "CNT+2:3").replace("UNT+20", "UNT+20")
    town.partner.drop("ORDERS.edi", made.encode())
    await town.once()
    items = [row[:2] for row in written(town, "4500123", "ItemNumber", "OrderedSalesQuantity")]
    assert items == ([("D0001", 4), ("D0002", 2)] if ours == "components" else [("D0003", 2)])
    confirm(town)
    (header,) = town.simulator.state.rows("SalesOrderHeadersV4")
    town.simulator.post_packing_slip(str(header["SalesOrderNumber"]), date=town.today())
    await town.once()
    town.simulator.post_invoice(str(header["SalesOrderNumber"]))
    await town.once()
    answer, notice, bill = (messages(town, prefix)[0] for prefix in ("ORDRSP", "DESADV", "INVOIC"))
    assert said(answer, "LIN", "QTY+113", "PRI") == ["LIN+1+5", "QTY+113:2:EA", "PRI+AAA:41.5"]
    assert [each.split("+")[3] for each in said(answer, "BGM")] == ["29"]
    assert said(notice, "LIN", "QTY") == ["LIN+1", "QTY+21:2:EA", "QTY+12:2:EA"]
    assert said(bill, "LIN", "QTY", "MOA+203", "MOA+77") == ["LIN+1", "QTY+47:2:EA", "MOA+203:83", "MOA+77:83"]
    for message in (answer, notice, bill):
        assert said(message, "PIA") == ["PIA+1+KIT-2:IN"]
    for data in town.partner.received().values():
        assert_strict(data)
