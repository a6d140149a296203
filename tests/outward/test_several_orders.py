"""An invoice of several sales orders bills lines of the same number of each: none of it goes out as one order's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.outward import path, records
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
    first, *others = (
        records.invoice(each, replace(bill, lines=(Billed(each.sold[0], Decimal(10), NOTHING, NOTHING),)))
        for each in deals
    )
    total = Decimal(120) * len(deals)
    made = {**first, "header": {**first["header"], "SalesOrderNumber": "", "TotalInvoiceAmount": total}}
    for place, other in enumerate(others, 2):
        for rows in ("lines", "items", "order_lines"):
            made[rows] = [*made[rows], *({**row, "LineCreationSequenceNumber": place} for row in other[rows])]
    return made


@pytest.mark.parametrize("standard", ["X12", "EDIFACT"])
def test_an_invoice_of_two_orders_is_held(standard: Standard) -> None:
    one, other = deal("4500001", standard), deal("4500002", standard)
    with pytest.raises(path.Held, match=r"several orders \(4500001, 4500002\); post one invoice an order"):
        path.sent("SalesInvoice", summary(one, other), [one, other], standard)


@pytest.mark.parametrize("standard", ["X12", "EDIFACT"])
def test_an_invoice_of_an_order_and_of_what_was_sold_to_somebody_is_held(standard: Standard) -> None:
    """It went out with line 1 of the order twice."""
    one, other = deal("4500001", standard), deal("4500002", standard)
    with pytest.raises(path.Held, match="order 4500001 and sales order SO-4500002, which was made of none of theirs"):
        path.sent("SalesInvoice", summary(one, other), [one], standard)
