"""Days with orders for several stores (SDQ): as lines of one sales order, as a sales order a store; told of the whole, or store
by store. Each day is recomputed from the file in `orders`."""

from __future__ import annotations

import pytest

from tests.journeys.retail import receive
from tests.journeys.world import World
from tests.retail.day import Day

pytestmark = pytest.mark.usefixtures("calm")

LINE = {"0201": 6, "0202": 12, "0203": 6, "0204": 6, "0205": 18, "0206": 6, "0207": 12, "0208": 6, "0209": 6}
LAMPS = {**LINE, "0210": 12, "0211": 6, "0212": 24}
SHADES = {"0201": 10, "0212": 20}
"""What direct_to_store.x12 orders for each store: 120 lamps, 30 shades."""


async def test_cross_docked_goods_of_three_stores_are_one_line_again(town: World) -> None:
    """60 at 12.50 less 4 % (750.00 - 30.00), 18 at 39.95 (719.10): 1,439.10."""
    receive(town, 'stores = "lines"\nagreed = { C310 = "discount" }')
    day = Day(town, "crossdock.x12")
    days = "ship 2026-11-16 arrive 2026-11-16"
    assert await day.arrive() == {
        "7700101": [
            f"US-003 to LOC-0012 {days}",
            "1: 24 ea R900101 at 12.5 less 4% to LOC-0101",
            "1: 24 ea R900101 at 12.5 less 4% to LOC-0102",
            "1: 12 ea R900101 at 12.5 less 4% to LOC-0103",
            "2: 6 ea R900102 at 39.95 to LOC-0101",
            "2: 12 ea R900102 at 39.95 to LOC-0103",
        ]
    }
    [answer] = await day.confirm("2026-11-03", ships="2026-11-17")
    assert answer.one("BAK", 1, 2, 3, 4, 8, 9) == ("00", "AD", "7700101", "20261102", "SO-000001", "20261103")
    assert answer.all("REF", 1, 2) == [("IA", "778899"), ("DP", "0042")]
    assert answer.all("N1", 1, 2, 3, 4) == [("BY", "ACME STORES", "92", "1000"), ("ST", "ACME DC 12", "92", "0012")]
    ids = [("UP", "614141001019", "IN", "900101"), ("UP", "614141001026", "IN", "900102")]
    assert answer.all("PO1", 1, 2, 3, 4, 5) == [("1", "60", "EA", "12.5", "WE"), ("2", "18", "EA", "39.95", "WE")]
    assert answer.all("PO1", 6, 7, 8, 9) == ids
    assert answer.all("ACK", 1, 2, 3, 4, 5) == [
        ("IA", "60", "EA", "068", "20261117"),
        ("IA", "18", "EA", "068", "20261117"),
    ]
    [notice] = await day.ship("2026-11-17", tracking="PRO-5512")
    assert notice.one("BSN", 1, 2, 3, 5) == ("00", "PS-000001", "20261117", "0004")
    assert notice.all("HL", 1, 2, 3) == [("1", "", "S"), ("2", "1", "O"), ("3", "2", "I"), ("4", "2", "I")]
    assert notice.one("DTM", 2, where="011") == ("20261117",)
    assert notice.one("REF", 2, where="CN") == ("PRO-5512",)
    assert notice.one("PRF", 1, 4) == ("7700101", "20261102")
    assert notice.all("LIN", 2, 3, 4, 5) == ids
    assert notice.all("SN1", 2, 3, 5, 6) == [("60", "EA", "60", "EA"), ("18", "EA", "18", "EA")]
    [bill] = await day.bill("2026-11-17", due="2026-12-17")
    assert bill.one("BIG", 1, 2, 3, 4) == ("20261117", "CIV-000001", "20261102", "7700101")
    assert bill.all("IT1", 2, 3, 4, 5, 7) == [
        ("60", "EA", "12.5", "WE", "614141001019"),
        ("18", "EA", "39.95", "WE", "614141001026"),
    ]
    assert bill.under("IT1", "SAC") == [
        [["SAC", "A", "C310", "", "", "3000", "6", "4", "", "", "", "", "02", "", "", "NEW STORE ALLOWANCE"]],
        [],
    ]
    assert bill.one("ITD", 1, 2, 6, 7) == ("01", "3", "20261217", "30")
    assert bill.one("TDS", 1) == ("143910",)
    assert set(bill.all("DTM", 1, 2)) == {("011", "20261117")}
    assert bill.one("CTT", 1, 2) == ("2", "78")
    await day.end()


async def test_goods_sent_to_twelve_stores_are_told_store_by_store_and_one_store_is_late(town: World) -> None:
    """Store 0205 waits for its 18 lamps: 102 lamps at 4.25 (433.50) and 30 shades at 8.10 (243.00), then 18 lamps (76.50)."""
    receive(town, 'stores = "lines"\nback = "store"')
    day = Day(town, "direct_to_store.x12")
    days = "ship 2026-11-18 arrive 2026-11-18"
    made = await day.arrive()
    assert made == {
        "7700102": [
            f"US-003 {days}",
            *[f"1: {many} ea R900103 at 4.25 to LOC-{store}" for store, many in LAMPS.items()],
            *[f"2: {many} ea R900104 at 8.1 to LOC-{store}" for store, many in SHADES.items()],
        ]
    }
    [answer] = await day.confirm("2026-11-03")
    assert answer.one("BAK", 2, 3, 5) == ("AD", "7700102", "0003")
    assert answer.all("PO1", 1, 2) == [("001", "120"), ("002", "30")]
    assert stores(answer.under("PO1", "SDQ")) == [LAMPS, SHADES]
    assert [len(each) for each in answer.under("PO1", "SDQ")] == [2, 1]
    lots = day.lots("7700102")
    late = lots[[*LAMPS].index("0205")]
    quantities = dict(zip(lots, [*LAMPS.values(), *SHADES.values()], strict=True))
    most = {lot: many for lot, many in quantities.items() if lot != late}
    rest = {store: many for store, many in LAMPS.items() if store != "0205"}
    [first] = await day.ship("2026-11-18", most)
    assert first.all("SN1", 2, 5) == [("102", "120"), ("30", "30")]
    assert stores(first.under("LIN", "SDQ")) == [rest, SHADES]
    assert first.one("PRF", 1, 2) == ("7700102", "0003")
    [bill] = await day.bill("2026-11-18", most)
    assert bill.all("IT1", 1, 2, 4) == [("001", "102", "4.25"), ("002", "30", "8.1")]
    assert stores(bill.under("IT1", "SDQ")) == [rest, SHADES]
    assert (bill.one("BIG", 4, 5), bill.one("TDS", 1)) == (("7700102", "0003"), ("67650",))
    [second] = await day.ship("2026-11-20", {late: 18})
    assert second.all("SN1", 2, 5) == [("18", "120")]
    assert stores(second.under("LIN", "SDQ")) == [{"0205": 18}]
    [last] = await day.bill("2026-11-20", {late: 18})
    assert last.all("IT1", 1, 2) == [("001", "18")]
    assert stores(last.under("IT1", "SDQ")) == [{"0205": 18}]
    assert last.one("TDS", 1) == ("7650",)
    assert {bill.one("BIG", 2), last.one("BIG", 2)} == {("CIV-000001",), ("CIV-000002",)}
    await day.end()


def stores(found: list[list[list[str]]]) -> list[dict[str, int]]:
    """Store and quantity of each line, from its SDQ segments."""
    said = []
    for line in found:
        assert [segment[1:3] for segment in line] == [["EA", "92"]] * len(line)
        pairs = [pair for segment in line for pair in zip(segment[3::2], segment[4::2], strict=True)]
        said.append({store: int(many) for store, many in pairs})
    return said


async def test_each_store_s_own_sales_order_is_answered_shipped_and_billed_by_itself(town: World) -> None:
    """2.5 % of 169.20 + 159.20 is 4.23 + 3.98; of 112.80 it is 2.82; of 56.40 + 238.80 it is 1.41 + 5.97."""
    receive(town, 'stores = "orders"\nback = "store"\nagreed = { C310 = "discount" }')
    day = Day(town, "store_orders.x12")
    days = "ship 2026-11-02 arrive 2026-11-24"
    assert await day.arrive() == {
        "7700103-0301": [
            f"US-003 to LOC-0301 {days}",
            "1: 72 ea R900105 at 2.35 less 2.5%",
            "2: 8 ea R900106 at 19.9 less 2.5%",
        ],
        "7700103-0302": [f"US-003 to LOC-0302 {days}", "1: 48 ea R900105 at 2.35 less 2.5%"],
        "7700103-0303": [
            f"US-003 to LOC-0303 {days}",
            "1: 24 ea R900105 at 2.35 less 2.5%",
            "2: 12 ea R900106 at 19.9 less 2.5%",
        ],
    }
    answers = {each.one("N1", 4, where="ST")[0]: each for each in await day.confirm("2026-11-03")}
    assert {store: each.all("PO1", 1, 2) for store, each in answers.items()} == {
        "0301": [("1", "72"), ("2", "8")],
        "0302": [("1", "48")],
        "0303": [("1", "24"), ("2", "12")],
    }
    assert {each.one("BAK", 2, 3, 4) for each in answers.values()} == {("AD", "7700103", "20261102")}
    notices = {each.one("N1", 4, where="ST")[0]: each for each in await day.ship("2026-11-20")}
    assert {store: each.all("SN1", 2, 5) for store, each in notices.items()} == {
        "0301": [("72", "72"), ("8", "8")],
        "0302": [("48", "48")],
        "0303": [("24", "24"), ("12", "12")],
    }
    assert {each.one("PRF", 1) for each in notices.values()} == {("7700103",)}
    bills = {each.one("N1", 4, where="ST")[0]: each for each in await day.bill("2026-11-20", due="2027-01-04")}
    assert {store: (*each.one("SAC", 1, 2, 5, 7), *each.one("TDS", 1)) for store, each in bills.items()} == {
        "0301": ("A", "C310", "821", "2.5", "32019"),
        "0302": ("A", "C310", "282", "2.5", "10998"),
        "0303": ("A", "C310", "738", "2.5", "28782"),
    }
    assert {each.one("BIG", 4) for each in bills.values()} == {("7700103",)}
    assert {each.one("ITD", 1, 6, 7) for each in bills.values()} == {("01", "20270104", "45")}
    assert {each.one("REF", 2, where="DP") for each in bills.values()} == {("0117",)}
    await day.end()


async def test_orders_of_stores_are_answered_together_one_of_them_cancelled(town: World) -> None:
    """We cannot deliver to store 0402: 30 of 50 and 20 of 30 are left. 1.5 % are expected, and settled otherwise."""
    receive(town, 'stores = "orders"\nagreed = { F800 = "1.5%" }')
    day = Day(town, "store_orders_folded.x12")
    days = "ship 2026-11-16 arrive 2026-11-16"
    assert await day.arrive() == {
        f"7700104-{store}": [f"US-003 to LOC-{store} {days}", f"10: {many} ea R900107 at 14", "20: 10 ea R900108 at 10"]
        for store, many in (("0401", 20), ("0402", 20), ("0403", 10))
    }
    for lot in day.lots("7700104-0402"):
        day.change(lot, SalesOrderLineStatus="Canceled")
    [answer] = await day.confirm("2026-11-03")
    assert answer.one("BAK", 2, 3) == ("AC", "7700104")
    assert answer.all("PO1", 1, 2, 4) == [("10", "50", "14"), ("20", "30", "10")]
    assert answer.all("ACK", 1, 2, 3) == [("IQ", "30", "EA"), ("IQ", "20", "EA")]
    left = [town.sales_orders()[f"7700104-{store}"][0]["SalesOrderNumber"] for store in ("0401", "0403")]
    orders = [str(number) for number in left]
    notices = await day.ship("2026-11-16", None, *orders)
    assert [each.one("PRF", 1) for each in notices] == [("7700104",)] * 2
    assert [each.all("SN1", 2) for each in notices] == [[("20",), ("10",)], [("10",), ("10",)]]
    bills = await day.bill("2026-11-16", None, *orders)
    assert [each.one("BIG", 4) for each in bills] == [("7700104",)] * 2
    assert [each.all("IT1", 1, 2) for each in bills] == [[("10", "20"), ("20", "10")], [("10", "10"), ("20", "10")]]
    assert [each.one("TDS", 1) for each in bills] == [("38000",), ("24000",)]
    assert [each.one("SAC", 1, 2, 5, 6, 7, 12) for each in bills] == [("A", "F800", "", "Z", "1.5", "15")] * 2
    await day.end()
