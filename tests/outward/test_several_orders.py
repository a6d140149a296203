"""An invoice of several sales orders bills lines of the same number of each: each goes out as its own order's, or none does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.outward import path, reader, records
from tests.outward.bills import Bill, Billed
from tests.outward.deals import POSTED, Bought, Deal, Sold, Standard

NOTHING = Decimal(0)


def deal(number: str, standard: Standard) -> Deal:
    """Ten pieces of one item."""
    unit, symbol = {"X12": ("EA", "ea"), "EDIFACT": ("PCE", "pcs")}[standard]
    ordered = Bought("1", 1, "D0001", "B-1", "", unit, symbol, Decimal(10), Decimal(12), 1, "", None)
    sold = Sold(1, "L-1", "D0001", symbol, Decimal(10), Decimal(12), 1, None, None)
    return Deal(number, f"SO-{number}", None, None, (ordered,), (sold,))


def summary(*deals: Deal) -> dict[str, object]:
    """One invoice of what was sold of all of them, under the first one's reference."""
    bill = Bill("CIV-1", POSTED, (), NOTHING, NOTHING, NOTHING)
    made, *others = (
        records.invoice(each, replace(bill, lines=(Billed(each.sold[0], Decimal(10), NOTHING, NOTHING),)))
        for each in deals
    )
    made["header"] = {**made["header"], "SalesOrderNumber": "", "TotalInvoiceAmount": Decimal(120) * len(deals)}
    made["orders"] = [
        {**records.COMPANY, "SalesOrderNumber": each.sales_order, "CustomersOrderReference": each.number}
        for each in deals
    ]
    for place, other in enumerate(others, 2):
        for rows in ("lines", "items", "order_lines"):
            made[rows] = [*made[rows], *({**row, "LineCreationSequenceNumber": place} for row in other[rows])]
        made["places"] = [*made["places"], *other["places"]]
    return made


def numbers(data: bytes, standard: Standard) -> list[tuple[str, str]]:
    """The line and the number of each reference to an order, as they stand in the bytes; line "" is the head."""
    found, line = [], ""
    for segment in reader.x12(data) if standard == "X12" else reader.edifact(data):
        if segment.id in ("IT1", "LIN"):
            line = segment[1]
        elif segment.id == "BIG" and segment[4]:
            found.append(("", segment[4]))
        elif segment.id == "REF" and segment[1] == "PO":
            found.append((line, segment[2]))
        elif segment.id == "RFF" and segment[1, 1] == "ON":
            found.append((line, segment[1, 2]))
    return found


@pytest.mark.parametrize("standard", ["X12", "EDIFACT"])
def test_an_invoice_of_two_orders_names_the_order_at_each_line(standard: Standard) -> None:
    one, other = deal("4500001", standard), deal("4500002", standard)
    data = path.sent("SalesInvoice", summary(one, other), [one, other], standard)
    assert [number for line, number in numbers(data, standard) if line] == ["4500001", "4500002"]
    assert [number for line, number in numbers(data, standard) if not line] == []


@pytest.mark.parametrize("standard", ["X12", "EDIFACT"])
def test_an_invoice_of_an_order_and_of_what_was_sold_to_somebody_is_held(standard: Standard) -> None:
    """It went out with line 1 of the order twice."""
    one, other = deal("4500001", standard), deal("", standard)
    with pytest.raises(path.Held, match="sales order SO- was made of none of theirs and has no reference"):
        path.sent("SalesInvoice", summary(one, other), [one], standard)
