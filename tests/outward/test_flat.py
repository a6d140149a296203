"""Flat files say what D365 has, too: their cells are read by the standard library, and held against the facts of a deal."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from io import StringIO

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.outward import path, records, x12_truth
from tests.outward.bills import NOTHING, Bill, Billed, bills
from tests.outward.deals import ORDERED, POSTED, UNITS, Allowance, Bought, Deal, Sold, deals, slips
from tests.outward.reader import number

FEW = settings(deadline=None, max_examples=25, database=None)


def rows(data: bytes) -> list[dict[str, str]]:
    """The rows of a file with their columns' names."""
    return list(csv.DictReader(StringIO(data.decode())))


def named(line: Bought, sold: Sold, row: dict[str, str]) -> None:
    """The item is named as it was ordered, another one by our number."""
    same = sold.item == line.item
    told = (row["GTIN"], row["Buyer Item"], row["Vendor Item"])
    assert told == ((line.gtin, line.buyer, "") if same else ("", "", sold.item))


def billed(bill: Bill, deal: Deal, line: Billed, cells: Sequence[str]) -> None:
    """Number, quantity, unit, price and amount of a billed line."""
    place, quantity, unit, price, amount = cells
    ordered = deal.lines[line.sold.line - 1]
    assert (place, number(quantity)) == (ordered.number, line.quantity)
    assert UNITS["X12"][unit] == line.sold.symbol
    assert abs(Fraction(quantity) * Fraction(price) - line.exact) < Fraction(1, 10**6)
    assert number(amount) == line.amount


@FEW
@given(st.data())
def test_an_invoice_in_columns(data: st.DataObject) -> None:
    deal = data.draw(deals("X12"))
    bill = data.draw(bills(deal).filter(bool))
    assert bill is not None
    found = rows(path.sent_flat("SalesInvoice", records.invoice(deal, bill), [deal], "X12", "Invoice"))
    assert len(found) == len(bill.lines)
    for line, row in zip(bill.lines, found, strict=True):
        billed(bill, deal, line, [row[name] for name in ("Line", "Quantity", "Unit", "Price", "Line Amount")])
        named(deal.lines[line.sold.line - 1], line.sold, row)
        assert (row["PO Number"], row["PO Date"], row["Invoice Number"]) == (deal.number, f"{ORDERED}", bill.number)
        assert (number(row["Invoice Total"]), row["Due Date"]) == (bill.total, f"{bill.due}")


@FEW
@given(st.data())
def test_an_invoice_in_records(data: st.DataObject) -> None:
    deal = data.draw(deals("X12"))
    bill = data.draw(bills(deal).filter(bool))
    assert bill is not None
    text = path.sent_flat("SalesInvoice", records.invoice(deal, bill), [deal], "X12", "InvoiceRecords").decode()
    found = [line.split("|") for line in text.splitlines()]
    (head,), lines = [each for each in found if each[0] == "H"], [each for each in found if each[0] == "D"]
    assert head[1:5] == [bill.number, f"{POSTED:%Y%m%d}", deal.number, f"{ORDERED:%Y%m%d}"]
    for line, cells in zip(bill.lines, lines, strict=True):
        billed(bill, deal, line, [cells[1], *cells[4:8]])
    assert sum(number(each[2]) for each in found if each[0] == "A") == bill.charge - bill.discount
    assert (found[-1][:2], number(found[-1][2])) == (["T", f"{len(bill.lines)}"], bill.total)
    assert number(head[7]) == bill.total


@FEW
@given(st.data())
def test_a_ship_notice_in_columns(data: st.DataObject) -> None:
    (deal,), boxes = data.draw(slips("X12").filter(lambda drawn: drawn[1]))
    found = rows(path.sent_flat("PackingSlip", records.packing_slip(deal, boxes), [deal], "X12", "ShipNotice"))
    told = Counter[tuple[str, str]]()
    for row in found:
        told[row["Line"], UNITS["X12"][row["Unit"]]] += number(row["Quantity"])  # type: ignore[assignment]
        place, line = next((at, each) for at, each in enumerate(deal.lines, 1) if each.number == row["Line"])
        named(line, deal.ours(place)[0], row)
        assert (number(row["Quantity Ordered"]), row["Unit Ordered"]) == (line.quantity, line.unit)
        assert (row["PO Number"], row["Ship Date"]) == (deal.number, f"{POSTED}")
    wanted = Counter[tuple[str, str]]()
    for box in boxes:
        wanted[deal.lines[box.sold.line - 1].number, box.sold.symbol] += box.quantity  # type: ignore[assignment]
    assert told == wanted


@FEW
@given(st.data())
def test_an_answer_in_columns(data: st.DataObject) -> None:
    deal = data.draw(deals("X12"))
    found = rows(path.sent_flat("SalesOrderResponse", records.sales_order(deal), [deal], "X12", "OrderResponse"))
    said = {"accepted": "ACCEPTED", "quantity": "QUANTITY CHANGED", "price": "PRICE CHANGED", "day": "RESCHEDULED",
            "several": "CHANGED", "item": "SUBSTITUTED"}  # fmt: skip
    for place, line in enumerate(deal.lines, 1):
        ours, answers = deal.ours(place), [row for row in found if row["Line"] == line.number]
        wanted = [(said[x12_truth.outcome(deal, line, each, ours)], each.quantity) for each in ours]
        told = [(row["Status"], number(row["Confirmed Quantity"])) for row in answers]
        assert told == (wanted or [("REJECTED", NOTHING)])
        assert {(number(row["Quantity"]), row["Unit"]) for row in answers} == {(line.quantity, line.unit)}
        (price,) = x12_truth.priced(line, ours) or {line.each}
        assert all(abs(Fraction(row["Price"]) - price) < Fraction(1, 10**11) for row in answers)


def test_what_only_informs_is_not_taken_off_in_a_flat_file() -> None:
    """Records have no place for how an allowance is handled: an expected one stood there as if it were off the total."""
    ordered = Bought("1", 1, "D0001", "B-1", "", "EA", "ea", Decimal(10), Decimal(12), 1, "", None)
    sold = Sold(1, "L-1", "D0001", "ea", Decimal(10), Decimal(12), 1, None, None)
    expected = Allowance("C310", "12.50", amount=Decimal("12.50"))
    deal = Deal("4500012345", "SO-12345", None, None, (ordered,), (sold,), expected)
    bill = Bill("CIV-1", POSTED, (Billed(sold, Decimal(10), NOTHING, NOTHING),), NOTHING, NOTHING, NOTHING)
    text = path.sent_flat("SalesInvoice", records.invoice(deal, bill), [deal], "X12", "InvoiceRecords").decode()
    assert [line for line in text.splitlines() if line.startswith("A")] == []
