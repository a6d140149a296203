"""Orders and an invoice that commit b0a5549 read and left open are answered, shipped and billed right by today's code.

`make_open_orders.py` says what is in the archive.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.journal.make_old_journal import sales_order
from tests.journal.make_open_orders import EXTRA
from tests.journal.resume import opened, resumed, unpacked
from tests.journeys.world import World

ARCHIVE = Path(__file__).parent / "b0a5549.tar.gz"
OPEN = ("4600100", "4600101", "4600200")
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
        for number in OPEN:
            here.simulator.post_invoice(sales_order(here, number))
        await app.once()


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
