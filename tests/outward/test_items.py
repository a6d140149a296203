"""What is shipped and billed is named as what it is: 856, 810, DESADV, INVOIC named the ordered item for another."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.outward import path, reader, records
from tests.outward.bills import Bill, Billed
from tests.outward.deals import POSTED, Bought, Box, Deal, Sold, Standard
from tests.outward.reader import only

NOTHING = Decimal(0)
UNITS: dict[Standard, str] = {"X12": "EA", "EDIFACT": "PCE"}


def deal(standard: Standard, item: str) -> Deal:
    """An order of an item for which D365 has one."""
    unit = UNITS[standard]
    symbol = {"EA": "ea", "PCE": "pcs"}[unit]
    ordered = Bought("1", 1, "D0001", "B-1", "4012345000016", unit, symbol, Decimal(10), Decimal(12), 1, "", None)
    sold = Sold(1, "L-1", item, symbol, Decimal(10), Decimal(12), 1, None, None)
    return Deal("4500012345", "SO-12345", None, None, (ordered,), (sold,))


@pytest.mark.parametrize(
    ("item", "named"),
    [("D0001", {"EN": "4012345000016", "BP": "B-1"}), ("S0001", {"VN": "S0001"})],
    ids=["same", "other"],
)
def test_x12_names_what_is_in_the_carton(item: str, named: dict[str, str]) -> None:
    made = deal("X12", item)
    assert only(reader.x12(billed(made, "X12")), "IT1").pairs(6) == named
    assert only(reader.x12(shipped(made, "X12")), "LIN").pairs(2) == named


@pytest.mark.parametrize(
    ("item", "named"),
    [("D0001", ("4012345000016", "B-1", "IN")), ("S0001", ("", "S0001", "SA"))],
    ids=["same", "other"],
)
def test_edifact_names_what_is_in_the_carton(item: str, named: tuple[str, str, str]) -> None:
    made = deal("EDIFACT", item)
    for data in (billed(made, "EDIFACT"), shipped(made, "EDIFACT")):
        body = reader.edifact(data)
        pia = only(body, "PIA", "1")
        assert (only(body, "LIN")[3, 1], pia[2, 1], pia[2, 2]) == named


def billed(made: Deal, standard: Standard) -> bytes:
    line = Billed(made.sold[0], Decimal(10), NOTHING, NOTHING)
    bill = Bill("CIV-1", POSTED, (line,), NOTHING, NOTHING, NOTHING)
    return path.sent("SalesInvoice", records.invoice(made, bill), [made], standard)


def shipped(made: Deal, standard: Standard) -> bytes:
    slip = records.packing_slip(made, [Box("", made.sold[0], Decimal(10))])
    return path.sent("PackingSlip", slip, [made], standard)
