"""Orders and an invoice that commit b0a5549 read and left open are answered, shipped and billed right by today's code.

`make_open_orders.py` says what is in the archive.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from d365edi.edi import reader
from tests.edi import independent
from tests.edi.edifact import independent as pydifact
from tests.journal.make_old_journal import sales_order
from tests.journal.make_open_orders import EXTRA
from tests.journal.resume import opened, resumed, unpacked
from tests.journeys.world import World

ARCHIVE = Path(__file__).parent / "b0a5549.tar.gz"
OPEN = ("4600100", "4600101", "4600200")
FOR = {"HP": 100, "TP": 1000}
"""How many units a price is for (data element 639)."""
Rows = list[list[str]]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The archive, unpacked."""
    return unpacked(ARCHIVE, tmp_path / "old")


@pytest.fixture
async def later(tmp_path: Path, old: Path) -> AsyncIterator[World]:
    """The world of that day an hour later."""
    async with resumed(tmp_path / "new", old, EXTRA, {}) as here:
        yield here


async def the_day_goes_on(here: World, old: Path) -> None:
    """Confirmed, shipped, invoiced; the invoice that waited for a person is released."""
    for number in OPEN:
        header = here.simulator.state.store.one("SalesOrderHeadersV4", CustomersOrderReference=number)
        assert header is not None
        here.simulator.state.store.update(header, {"SalesOrderProcessingStatus": "Confirmed"})
    async with opened(here, old) as app:
        await app.once()
        for number in OPEN:
            here.simulator.post_packing_slip(sales_order(here, number))
        await app.once()
        await app.release("CIV-000001", "pat")
        await app.release("CIV-000002", "pat")
        for number in OPEN:
            here.simulator.post_invoice(sales_order(here, number))
        await app.once()
        held = await app.journal.read(lambda tx: [document.reason for document in tx.documents.in_state("held")])
    assert held == []


def segments(data: bytes) -> Rows:
    """The segments of a file of ours."""
    text = data.decode("latin-1")
    end, between = ("~", "*") if text.startswith("ISA") else ("'", "+")
    return [segment.split(between) for segment in text.split(end) if segment]


def one(rows: Rows, id: str, *start: str) -> list[str]:
    """The only segment of an id that begins so."""
    (found,) = [row for row in rows if row[0] == id and row[1 : len(start) + 1] == [*start]]
    return found


def by_order(files: Mapping[str, bytes], kind: str) -> dict[str, Rows]:
    """The files of a kind, by the order that each names."""
    numbers = (*OPEN, "4600102", "4600201")
    found = {}
    for name, data in files.items():
        if name.startswith(f"{kind}_"):
            (number,) = [each for each in numbers if each.encode() in data]
            found[number] = segments(data)
    return found


async def test_an_open_order_is_answered_and_its_shipment_announced_in_the_orders_own_words(
    later: World, old: Path
) -> None:
    await the_day_goes_on(later, old)
    received = later.partner.received()
    answers, notices = by_order(received, "855"), by_order(received, "856")
    for number, lines in (
        ("4600100", (("1200", "1050", "HP"), ("3", "99.99", "PE"))),
        ("4600101", (("12", "10.5", "PE"), ("3", "99.99", "PE"))),
    ):
        answer, notice = answers[number], notices[number]
        assert one(answer, "BAK")[1:5] == ["00", "AD", number, "20261102"]
        assert one(notice, "PRF")[1:5] == [number, "", "", "20261102"]
        for place, (quantity, price, basis) in enumerate(lines, 1):
            assert one(answer, "PO1", f"{place}")[2:6] == [quantity, "EA", price, basis]
            assert one(notice, "LIN", f"{place}")[2] == "UP"
        assert [row[1:4] for row in answer if row[0] == "ACK"] == [["IA", line[0], "EA"] for line in lines]
        assert [row[2] for row in notice if row[0] == "SN1"] == [line[0] for line in lines]
    assert [one(rows["4600101"], "N1", "ST")[2] for rows in (answers, notices)] == ["PAT DOE"] * 2


def billed(rows: Rows) -> Decimal:
    """What the lines, charges and allowances of an 810 come to."""
    lines = [row for row in rows if row[0] == "IT1"]
    total = sum((Decimal(row[2]) * Decimal(row[4]) / FOR.get(row[5], 1) for row in lines), Decimal(0))
    for row in rows:
        if row[0] == "SAC":
            total += {"C": 1, "A": -1}[row[1]] * Decimal(row[5]) / 100
    return total


async def test_an_invoice_that_waited_leaves_with_its_charges_in_the_codes_of_its_standard(
    later: World, old: Path
) -> None:
    """At b0a5549 the INVOIC was held: "D240" has 4 characters, and 3 fit."""
    await the_day_goes_on(later, old)
    received = later.partner.received()
    bill, invoic = by_order(received, "810")["4600102"], by_order(received, "INVOIC")["4600201"]
    sacs = [row for row in bill if row[0] == "SAC"]
    assert [(row[1:3], row[5], row[12]) for row in sacs] == [
        (["A", "C310"], "1260", "02"),
        (["C", "D240"], "2500", "06"),
    ]
    assert Decimal(one(bill, "TDS")[1]) / 100 == billed(bill) == Decimal("438.37")
    alcs = {row[1]: row[3:6] for row in invoic if row[0] == "ALC"}
    assert alcs == {"A": ["2", "", "DI:::LINE DISCOUNT"], "C": ["6", "", "FC:::FREIGHT AND CHARGES"]}
    amounts = [row[1] for row in invoic if row[0] == "MOA"]
    assert amounts == ["8:25", "203:113.4", "8:12.6", "203:299.97", "77:438.37", "79:413.37", "131:25"]


async def test_what_was_ordered_per_hundred_is_billed_per_hundred(later: World, old: Path) -> None:
    """At b0a5549: IT1*1*1200*EA*10.5*HP, a hundredth of what TDS says."""
    await the_day_goes_on(later, old)
    for number, bill in by_order(later.partner.received(), "810").items():
        assert Decimal(one(bill, "TDS")[1]) / 100 == billed(bill), number
        if number == "4600100":
            assert one(bill, "IT1", "1")[2:6] == ["1200", "EA", "1050", "HP"]


async def test_the_terms_of_an_open_order_follow_from_what_d365_posts(later: World, old: Path) -> None:
    """At b0a5549: ITD*01*3*2**10*20261229*30, a discount that D365 does not give, and any days beside its due date."""
    await the_day_goes_on(later, old)
    for bill in by_order(later.partner.received(), "810").values():
        terms, dated = one(bill, "ITD"), date.fromisoformat(one(bill, "BIG")[1])
        due = date.fromisoformat(terms[6])
        assert (due - dated).days == int(terms[7])
        assert terms[2:6] == ["3", "", "", ""]


async def test_whatever_leaves_is_strictly_valid(later: World, old: Path) -> None:
    before = later.partner.received()
    await the_day_goes_on(later, old)
    found = {name: data for name, data in later.partner.received().items() if name not in before}
    kinds = sorted(name.partition("_")[0] for name in found)
    assert kinds == ["810"] * 3 + ["855"] * 2 + ["856"] * 2 + ["DESADV"] + ["INVOIC"] * 2 + ["ORDRSP"]
    for name, data in found.items():
        report = reader.read(data, reader.ReadOptions(strictness="strict"))
        sets = [one for each in report.interchanges for group in each.groups for one in group.sets]
        findings = [*report.findings, *(f for each in report.interchanges for f in each.findings)]
        assert [str(f) for f in (*findings, *(f for each in sets for f in each.findings))] == [], name
    x12 = {name: data for name, data in found.items() if name[0] == "8"}
    assert independent.judge(x12) == dict.fromkeys(x12, "")
    edifact = {name: data for name, data in found.items() if name not in x12}
    for name, rows in pydifact.read(edifact).items():
        counts = [int(str(row[1])) for row in rows if not isinstance(rows, str) and row[0] == "UNT"]
        assert counts == [len(rows) - 2], name  # all but UNB and UNZ
