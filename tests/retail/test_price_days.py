"""Days with orders whose prices have conditions: allowances of lines and of the whole, prices for a hundred, a thousand, a dozen
or a piece of a case, prepacks. Each day is recomputed from the file in `orders`."""

from __future__ import annotations

import pytest

from tests.journeys.retail import receive
from tests.journeys.world import World
from tests.retail.day import Day

pytestmark = pytest.mark.usefixtures("calm")


async def test_allowances_and_early_payment_come_back_as_they_were_agreed(town: World) -> None:
    """120 at 12.50 (1,500.00) less 5 % (75.00) and 2 % (30.00), 48 at 7.25 (348.00) less 3 % (10.44) and 2 % (6.96): 1,725.60.
    1.25 % are settled otherwise. Who pays within 30 days keeps 2 % (34.51)."""
    receive(town, 'agreed = { C310 = "discount", F800 = "discount", I410 = "1.25%" }')
    town.knobs["dress"] = ', version = "005010", delimiters = "*:~^"'
    day = Day(town, "allowances.x12")
    assert await day.arrive() == {
        "7700105": [
            "US-003 to LOC-0014 ship 2026-11-18 arrive 2026-11-18",
            "1: 120 ea R900109 at 12.5 less 7%",
            "2: 48 ea R900110 at 7.25 less 5%",
        ]
    }
    [answer] = await day.confirm("2026-11-03", ships="2026-11-18")
    assert (answer.version, answer.one("BAK", 2, 3)) == ("005010", ("AD", "7700105"))
    assert answer.all("PO1", 1, 2, 4, 9) == [("1", "120", "12.5", "900109"), ("2", "48", "7.25", "900110")]
    assert answer.all("ACK", 1, 2, 4, 5) == [("IA", "120", "068", "20261118"), ("IA", "48", "068", "20261118")]
    [notice] = await day.ship("2026-11-18")
    assert notice.one("FOB", 1) == ("CC",)
    assert notice.all("SN1", 2, 5) == [("120", "120"), ("48", "48")]
    assert notice.all("N1", 1, 2, 3, 4) == [("ST", "ACME DC 14", "92", "0014")]
    [bill] = await day.bill("2026-11-18", due="2027-01-17", early=("34.51", 2, "2026-12-18"))
    assert (bill.version, bill.one("BIG", 1, 4)) == ("005010", ("20261118", "7700105"))
    assert bill.one("N1", 2, 3, 4, where="BT") == ("ACME ACCOUNTS PAYABLE", "92", "1001")
    assert bill.one("ITD", 1, 2, 3, 4, 5, 6, 7) == ("08", "3", "2", "20261218", "30", "20270117", "60")
    assert bill.all("IT1", 2, 4) == [("120", "12.5"), ("48", "7.25")]
    allowances = [[segment[:8] for segment in line] for line in bill.under("IT1", "SAC")]
    assert allowances[0] == [["SAC", "A", "F800", "", "", "7500", "6", "5"]]
    assert allowances[1] == [
        ["SAC", "A", "F800", "", "", "1044", "6", "3"],
        ["SAC", "A", "C310", "", "", "3696", "6", "2"],  # after TDS: of the whole
        ["SAC", "A", "I410", "", "", "", "6", "1.25"],
    ]
    assert [segment[1] for segment in bill.body if segment[0] in ("TDS", "SAC")] == ["A", "A", "172560", "A", "A"]
    assert bill.all("SAC", 2, 12) == [("F800", "02"), ("F800", "02"), ("C310", "02"), ("I410", "15")]
    assert bill.one("TDS", 1, 2, 3, 4) == ("172560", "172560", "169109", "3451")
    await day.end()


async def test_a_price_for_many_is_billed_as_it_was_ordered(town: World) -> None:
    """2,500 at 8.75 a hundred (218.75) less 4 % (8.75); 4,000 at 31.50 a thousand (126.00); 144 at 18.00 a dozen (216.00); 20
    cases of 24 at 1.15 each (552.00); 36 at 6.40 (230.40) less 0.15 each (5.40): 1,329.00."""
    receive(town, 'agreed = { C310 = "discount", F800 = "discount" }')
    day = Day(town, "per_hundred.x12")
    assert await day.arrive() == {
        "7700111": [
            "US-003 to LOC-0014 ship 2026-11-16 arrive 2026-11-16",
            "1: 2500 ea R900120 at 8.75 per 100 less 4%",
            "2: 4000 ea R900121 at 31.5 per 1000",
            "3: 144 ea R900122 at 18 per 12",
            "4: 20 cs R900123 at 27.6",
            "5: 36 ea R900124 at 6.4 less 0.15",
        ]
    }
    quantities = [("2500", "EA"), ("4000", "EA"), ("144", "EA"), ("20", "CA"), ("36", "EA")]
    prices = [("8.75", "HP"), ("31.5", "TP"), ("18", "PD"), ("1.15", "PE"), ("6.4", "PE")]
    [answer] = await day.confirm("2026-11-03")
    assert answer.one("BAK", 2) == ("AD",)
    assert answer.all("PO1", 2, 3) == quantities
    assert answer.all("PO1", 4, 5) == prices
    assert answer.all("ACK", 1, 2, 3) == [("IA", *each) for each in quantities]
    [notice] = await day.ship("2026-11-20")
    assert notice.all("SN1", 2, 3) == quantities
    assert notice.all("LIN", 2, 3)[3] == ("UK", "10614140001239")
    assert notice.one("CTT", 1, 2) == ("7", "6700")
    [bill] = await day.bill("2026-11-20")
    assert bill.all("IT1", 2, 3) == quantities
    assert bill.all("IT1", 4, 5) == [*prices[:3], ("27.6", "UM"), prices[4]]
    assert [[segment[2:8] for segment in line] for line in bill.under("IT1", "SAC")] == [
        [["C310", "", "", "875", "6", "4"]], [], [], [], [["F800", "", "", "540", "", ""]]
    ]  # fmt: skip
    assert bill.one("TDS", 1) == ("132900",)
    await day.end()


async def test_a_prepack_is_its_sizes_in_d365_and_a_prepack_to_the_partner(town: World) -> None:
    """10 prepacks of 6 shirts at 11.00 (660.00) less 3 % (19.80), 24 ties at 5.50 (132.00): 772.20."""
    town.extra = 'AS = "ea"\n'
    receive(town, 'agreed = { C310 = "discount" }', '"900200" = "components"')
    day = Day(town, "prepack.x12")
    assert await day.arrive() == {
        "7700107": [
            "US-003 to LOC-0012 ship 2026-11-17 arrive 2026-11-17",
            "1: 10 ea R900113 at 11 less 3%",
            "1: 20 ea R900114 at 11 less 3%",
            "1: 20 ea R900115 at 11 less 3%",
            "1: 10 ea R900116 at 11 less 3%",
            "2: 24 ea R900117 at 5.5",
        ]
    }
    [answer] = await day.confirm("2026-11-03")
    prepack, tie = ("1", "10", "AS", "66", "IN", "900200"), ("2", "24", "EA", "5.5", "UP", "614141001170")
    assert answer.all("PO1", 1, 2, 3, 4, 6, 7) == [prepack, tie]
    assert answer.all("ACK", 1, 2, 3) == [("IA", "10", "AS"), ("IA", "24", "EA")]
    lots = day.lots("7700107")
    most = dict(zip(lots, (8, 16, 16, 8, 24), strict=True))
    [first] = await day.ship("2026-11-17", most)
    assert first.all("LIN", 1, 2, 3) == [("1", "IN", "900200"), ("2", "UP", "614141001170")]
    assert first.all("SN1", 2, 3, 5, 6) == [("8", "AS", "10", "AS"), ("24", "EA", "24", "EA")]
    [second] = await day.ship("2026-11-18")
    assert second.all("SN1", 2, 3, 5) == [("2", "AS", "10")]
    [bill] = await day.bill("2026-11-18")
    assert bill.all("IT1", 1, 2, 3, 4, 6, 7) == [prepack, tie]
    assert [[segment[2:8] for segment in line] for line in bill.under("IT1", "SAC")] == [
        [["C310", "", "", "1980", "6", "3"]], []
    ]  # fmt: skip
    assert (bill.one("TDS", 1), bill.one("CTT", 1, 2)) == (("77220",), ("2", "34"))
    await day.end()
