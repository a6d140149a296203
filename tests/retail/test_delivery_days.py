"""Days with orders whose goods go to several days or places: schedules, consumers, distribution centers and another account of
the same company. Each day is recomputed from the file in `orders`."""

from __future__ import annotations

import pytest

from tests.journeys.retail import receive
from tests.journeys.world import World
from tests.retail.day import Day
from tests.retail.tenant import item

pytestmark = pytest.mark.usefixtures("calm")


async def test_a_line_at_three_days_is_shipped_and_billed_day_by_day(town: World) -> None:
    """Chairs at 21.40 less 10 %: 40 on the 20th (856.00 - 85.60), 30 on the 27th (642.00 - 64.20) with 25 tables at 48.00
    (1,200.00), 20 on December 7th in place of the 4th (428.00 - 42.80)."""
    receive(town, 'schedules = "lines"\nagreed = { C310 = "discount" }')
    day = Day(town, "schedules.x12")
    chairs = {"2026-11-20": 40, "2026-11-27": 30, "2026-12-04": 20}
    assert await day.arrive() == {
        "7700106": [
            "US-003 to LOC-0012 ship 2026-11-02 arrive 2026-11-02",
            *[f"1: {many} ea R900111 at 21.4 less 10% arrive {date}" for date, many in chairs.items()],
            "2: 25 ea R900112 at 48 arrive 2026-11-27",
        ]
    }
    lots = day.lots("7700106")
    arrives = ["2026-11-20", "2026-11-27", "2026-12-07", "2026-11-27"]
    for lot, date in zip(lots, arrives, strict=True):
        day.change(lot, ConfirmedReceiptDate=date)
    [answer] = await day.confirm("2026-11-03")
    assert answer.one("BAK", 2, 3) == ("AC", "7700106")
    assert answer.all("PO1", 1, 2, 4) == [("1", "90", "21.4"), ("2", "25", "48")]
    assert [[segment[1:6] for segment in line] for line in answer.under("PO1", "ACK")] == [
        [
            ["IA", "40", "EA", "067", "20261120"],
            ["IA", "30", "EA", "067", "20261127"],
            ["DR", "20", "EA", "067", "20261207"],
        ],
        [["IA", "25", "EA", "067", "20261127"]],
    ]
    parts = (
        ("2026-11-19", {lots[0]: 40}, [("1", "40", "90")], "77040", "8560"),
        ("2026-11-26", {lots[1]: 30, lots[3]: 25}, [("1", "30", "90"), ("2", "25", "25")], "177780", "6420"),
        ("2026-12-04", {lots[2]: 20}, [("1", "20", "90")], "38520", "4280"),
    )
    for date, some, lines, total, allowance in parts:
        [notice] = await day.ship(date, some)
        numbers = [(*each, *told) for each, told in zip(notice.all("LIN", 1), notice.all("SN1", 2, 5), strict=True)]
        assert numbers == lines
        assert notice.one("DTM", 2, where="011") == (date.replace("-", ""),)
        [bill] = await day.bill(date, some)
        assert bill.all("IT1", 1, 2) == [line[:2] for line in lines]
        assert bill.all("SAC", 2, 5, 7) == [("C310", allowance, "10")]
        assert (bill.one("BIG", 4), bill.one("TDS", 1)) == (("7700106",), (total,))
    await day.end()


async def test_three_consumers_get_their_goods_at_home(town: World) -> None:
    """Each order is 129.00; the 3.50 for handling are settled otherwise."""
    receive(town, 'agreed = { H750 = "+3.50" }')
    day = Day(town, "dropship.x12")
    days = "ship 2026-11-03 arrive 2026-11-03"
    assert await day.arrive() == {
        "7700108": [f"US-003 to 12 SAMPLE LANE, APT 4, BOISE ID 83702, USA {days}", "1: 1 ea R900118 at 129"],
        "7700109": [f"US-003 to 7 TEST COURT, TULSA OK 74103, USA {days}", "1: 2 ea R900119 at 64.5"],
        "7700110": [f"US-003 to 900 SPECIMEN AVENUE, UNIT 31, MACON GA 31201, USA {days}", "1: 1 ea R900118 at 129"],
    }
    people = {"7700108": ("PAT EXAMPLE", "W100201"), "7700109": ("KIM EXAMPLE", "W100202")}
    people |= {"7700110": ("LEE EXAMPLE", "W100203")}
    quantities = {"7700108": [("1",)], "7700109": [("2",)], "7700110": [("1",)]}
    answers = {each.one("BAK", 3)[0]: each for each in await day.confirm("2026-11-02", ships="2026-11-03")}
    notices = {each.one("PRF", 1)[0]: each for each in await day.ship("2026-11-03", tracking="1Z999AA10123456784")}
    bills = {each.one("BIG", 4)[0]: each for each in await day.bill("2026-11-03")}
    for found, segment in ((answers, "PO1"), (notices, "SN1"), (bills, "IT1")):
        assert {number: each.all(segment, 2) for number, each in found.items()} == quantities
        told = {n: (*each.one("N1", 2, where="ST"), *each.one("REF", 2, where="CO")) for n, each in found.items()}
        assert told == people
    assert {each.one("ACK", 1, 4, 5) for each in answers.values()} == {("IA", "068", "20261103")}
    assert {each.one("REF", 2, where="CN") for each in notices.values()} == {("1Z999AA10123456784",)}
    assert {each.one("TDS", 1) for each in bills.values()} == {("12900",)}
    assert {each.one("SAC", 1, 2, 5, 12) for each in bills.values()} == {("C", "H750", "350", "15")}
    await day.end()


async def test_three_distribution_centers_one_of_another_account_are_billed_in_one_file(town: World) -> None:
    """Less 2 % each: 240 at 3.20 and 120 at 5.75 (1,458.00 - 29.16), 96 at 3.20 (307.20 - 6.14), 60 at 5.75 and 12 at 44.00
    (873.00 - 17.46)."""
    receive(town, 'agreed = { C310 = "discount" }')
    town.extra += '[partners.acme.locations]\n"0015" = { location = "LOC-0015", warehouse = "24" }\n'
    town.extra += '"0016" = { account = "US-004" }\n'
    town.knobs |= {"file": "{control:09}", "on_event": "batch = 10"}
    for ours, theirs in (("R900126", "900126"), ("R900127", "900127")):
        item(town, ours, theirs, account="US-004")
    day = Day(town, "replenishment.x12")
    days = "ship 2026-11-02 arrive 2026-11-23"
    assert await day.arrive() == {
        "7700112": [
            f"US-003 to LOC-0012 {days}",
            "1: 240 ea R900125 at 3.2 less 2%",
            "2: 120 ea R900126 at 5.75 less 2%",
        ],
        "7700113": [f"US-003 to LOC-0015 from 24 {days}", "1: 96 ea R900125 at 3.2 less 2%"],
        "7700114": [f"US-004 {days}", "1: 60 ea R900126 at 5.75 less 2%", "2: 12 ea R900127 at 44 less 2%"],
    }
    places = {"7700112": "0012", "7700113": "0015", "7700114": "0016"}
    quantities = {"7700112": [("240",), ("120",)], "7700113": [("96",)], "7700114": [("60",), ("12",)]}
    answers = {each.one("BAK", 3)[0]: each for each in await day.confirm("2026-11-03", ships="2026-11-20")}
    notices = {each.one("PRF", 1)[0]: each for each in await day.ship("2026-11-20")}
    billed = await day.bill("2026-11-20")
    bills = {each.one("BIG", 4)[0]: each for each in billed}
    for found, segment in ((answers, "PO1"), (notices, "SN1"), (bills, "IT1")):
        assert {number: each.all(segment, 2) for number, each in found.items()} == quantities
        assert {number: each.one("N1", 4, where="ST")[0] for number, each in found.items()} == places
    assert {each.one("REF", 2, where="DP")[0] for each in billed} == {"0042", "0117"}
    assert {n: (*each.one("TDS", 1), *each.one("SAC", 5)) for n, each in bills.items()} == {
        "7700112": ("142884", "2916"),
        "7700113": ("30106", "614"),
        "7700114": ("85554", "1746"),
    }
    assert len({each.control[0] for each in billed}) == 1
    assert sorted(each.control[1] for each in billed) == ["0001", "0002", "0003"]
    await day.end()
