"""A quantity stands beside the unit that it is counted in: the order's word where D365 has the same, else a word for D365's."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from d365edi.documents import Invoice, PurchaseOrder, ShipNotice
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.table import load
from tests.outward import path, reader, records
from tests.outward.bills import Bill, Billed
from tests.outward.deals import POSTED, Bought, Box, Deal, Sold
from tests.outward.reader import only

NOTHING = Decimal(0)


def deal(symbol: str, quantity: int, price: str) -> Deal:
    """Ten cases of an order, which D365 sells in some unit."""
    ordered = Bought("1", 1, "D0001", "B-1", "", "CS", "cs", Decimal(10), Decimal("12"), 1, "", None)
    sold = Sold(1, "L-1", "D0001", symbol, Decimal(quantity), Decimal(price), 1, None, None)
    return Deal("4500012345", "SO-12345", None, None, (ordered,), (sold,))


@pytest.mark.parametrize(
    ("symbol", "quantity", "price", "word"), [("cs", 10, "12", "CS"), ("ea", 120, "1", "EA")], ids=["same", "other"]
)
def test_edifact_says_pieces_where_d365_has_pieces(symbol: str, quantity: int, price: str, word: str) -> None:
    """INVOIC and DESADV put the order's unit beside a quantity in another one: 120 pieces were 120 cases."""
    made = deal(symbol, quantity, price)
    line = Billed(made.sold[0], Decimal(quantity), NOTHING, NOTHING)
    bill = Bill("CIV-1", POSTED, (line,), NOTHING, NOTHING, NOTHING)
    invoic = reader.edifact(path.sent("SalesInvoice", records.invoice(made, bill), [made], "EDIFACT"))
    assert only(invoic, "QTY", "47").elements == (("47", str(quantity), word),)
    slip = records.packing_slip(made, [Box("", made.sold[0], Decimal(quantity))])
    desadv = reader.edifact(path.sent("PackingSlip", slip, [made], "EDIFACT"))
    assert only(desadv, "QTY", "12").elements == (("12", str(quantity), word),)


def test_a_desadv_repeats_what_was_ordered_in_the_order_s_words() -> None:
    """QTY+21 had D365's quantity of the sales line, and the map's first word for its unit (CT for CS)."""
    made = deal("cs", 8, "12")
    slip = records.packing_slip(made, [Box("", made.sold[0], Decimal(8))])
    desadv = reader.edifact(path.sent("PackingSlip", slip, [made], "EDIFACT"))
    assert only(desadv, "QTY", "21").elements == (("21", "10", "CS"),)


@pytest.mark.parametrize("unit", ["cs", "ea"])
@pytest.mark.parametrize("table", ["Invoice", "ShipNotice", "ShipNoticeRecords"])
def test_a_column_of_units_is_of_the_quantity_beside_it(table: str, unit: str) -> None:
    """Flat files had the order's unit beside a quantity in another one."""
    line = {"item": {"own": "D0001"}, "quantity": Decimal(120), "unit": unit}
    order = PurchaseOrder.of(
        {
            "number": "4500012345",
            "lines": ({"number": "1", "quantity": Decimal(10), "unit": "cs", "kept": {"unit": "CS"}},),
        }
    )
    if table == "Invoice":
        sent: Invoice | ShipNotice = Invoice.of({"number": "CIV-1", "date": POSTED, "lines": (line,)})
    else:
        sent = ShipNotice.of(
            {"number": "PS-1", "date": POSTED, "orders": ({"number": "4500012345", "lines": (line,)},)}
        )
    data = FlatWriter(load("csv", table), partner="acme").write(
        sent, order=order, line_orders=order.lines, orders=(order,)
    )
    word = {"cs": b"CS", "ea": b"EA"}[unit]
    cells = re.split(rb"[,|]", data.splitlines()[-1])
    assert {b"120", word} <= {*cells}
