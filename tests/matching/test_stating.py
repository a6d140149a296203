"""A price there and back: what an order says becomes D365's line amount, and the 810 or INVOIC of it comes to the same.

The documents are read again from their bytes by the few lines here, which know the standards' codes and none of our maps.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.documents import Invoice, OrderResponse, PurchaseOrder
from d365edi.guard.case import Case
from d365edi.guard.compare import price_differs
from d365edi.guard.invoice import total_wrong
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.d365 import plans as d365
from d365edi.maps.table import load
from d365edi.matching import intake
from d365edi.matching.lines import LineMatch
from d365edi.matching.resolution import Resolution
from d365edi.matching.response import respond
from d365edi.matching.stating import stated
from tests.maps import wire, wire_edifact

CENT = Decimal("0.01")
FOR = {
    "": 1, "UM": 1, "CT": 1, "PE": 1, "WE": 1, "TE": 1, "LE": 1, "QE": 1, "PN": 10, "PD": 12, "TD": 12, "LD": 12, "WD": 12,
    "HP": 100, "LC": 100, "TC": 100, "TP": 1000, "LM": 1000, "TM": 1000, "TT": 10_000, "HT": 100_000,
}  # fmt: skip
"""For how many a price is, by data element 639."""
ANSWERS = Resolution(customer="US-003", invoice_customer="US-003", items={1: "D0001"})


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def x12_order(*lines: str) -> PurchaseOrder:
    report = wire.report("850", ["BEG*00*SA*P1**20261102", *lines, "CTT*1"])
    order: PurchaseOrder = wire.plain("850", "004010")[0].read(report).document
    return order


def edifact_order(quantity: str, price: str) -> PurchaseOrder:
    lines = [
        "BGM+220+P1+9", "DTM+137:20261102:102", "LIN+1++ACME-4711:IN", f"QTY+21:{quantity}", f"PRI+{price}", "UNS+S",
    ]  # fmt: skip
    order: PurchaseOrder = wire_edifact.plain("ORDERS", "D96A")[0].read(wire_edifact.report("ORDERS", lines)).document
    return order


def in_d365(order: PurchaseOrder) -> dict[str, Any]:
    """The line that D365 is given, with the line amount that it computes."""
    for_d365, findings = intake.take(order, intake.IntakePolicy())
    assert findings == ()
    line = dict(d365.write_plan(load("d365/write", "SalesOrder"), for_d365, ANSWERS, company="usmf").lines[0])
    each = Decimal(line["SalesPrice"]) / Decimal(line.get("SalesPriceQuantity", 1))
    return {**line, "amount": cents(each * Decimal(line["OrderedSalesQuantity"]))}


def posted(line: dict[str, Any], *, price: Decimal | None = None, per: Decimal | None = None) -> Invoice:
    """The invoice of that line as D365 posts it; `price` and `per` where somebody changed the price there."""
    key = {"dataAreaId": "usmf", "InvoiceNumber": "I1", "InvoiceDate": "2026-11-20T12:00:00Z", "LedgerVoucher": "V1"}
    price = Decimal(line["SalesPrice"]) if price is None else price
    per = Decimal(line.get("SalesPriceQuantity", 1)) if per is None else per
    quantity = Decimal(line["OrderedSalesQuantity"])
    record = {
        "header": {**key, "CustomersOrderReference": "P1", "TotalInvoiceAmount": cents(quantity * price / per)},
        "lines": [
            {
                **key, "LineCreationSequenceNumber": 1, "ProductNumber": "D0001", "InvoicedQuantity": quantity,
                "SalesUnitSymbol": line["SalesUnitSymbol"], "SalesPrice": price,
            }
        ],
        "document": [{}],
        "items": [{**key, "InvoiceId": "I1", "LineCreationSequenceNumber": 1, "PriceUnit": per}],
    }  # fmt: skip
    invoice: Invoice = d365.read(load("d365/read", "SalesInvoice"), record).document
    return invoice


def out(order: PurchaseOrder, invoice: Invoice, writer: Any) -> tuple[Invoice, tuple[Any, ...]]:
    made, repeated = stated(invoice, order, (order.lines[0],), writer.places)
    assert list(price_differs(Case(made, order, order.lines))) == []
    assert list(total_wrong(Case(made, order, order.lines))) == []
    return made, repeated


def of_810(order: PurchaseOrder, invoice: Invoice) -> tuple[list[str], Decimal, Decimal]:
    """IT1 of the 810, the amount that it comes to, and TDS01."""
    writer = wire.plain("810", "004010")[1]
    made, repeated = out(order, invoice, writer)
    rows = [wire.text(each).split("*") for each in writer.write(made, order=order, line_orders=repeated)]
    line, total = next(row for row in rows if row[0] == "IT1"), next(row for row in rows if row[0] == "TDS")
    line += [""] * (6 - len(line))
    return line, cents(Decimal(line[2]) * Decimal(line[4]) / FOR[line[5]]), Decimal(total[1]) / 100


quantities = st.integers(1, 99_999).map(Decimal) | st.decimals("0.25", "999", places=2)
prices = st.decimals("0.0001", "9999", places=4)


@settings(max_examples=60, deadline=None)
@given(
    quantities,
    prices,
    st.sampled_from(sorted(FOR)),
    st.sampled_from(["EA", "PC", "CA", "DZ", "LB"]),
    st.integers(1, 48),
)
def test_an_810_comes_to_what_d365_billed(quantity: Decimal, price: Decimal, code: str, unit: str, pack: int) -> None:
    """The price of one stood beside the order's code for a hundred: 100 times too low."""
    lines = [f"PO1*1*{quantity:f}*{unit}*{price:f}*{code}*BP*ACME-4711", f"PO4*{pack}"]
    order = x12_order(*lines)
    line = in_d365(order)
    row, amount, total = of_810(order, posted(line))
    assert abs(amount - line["amount"]) <= (CENT if unit in ("CA", "DZ") else 0)
    assert total == line["amount"]
    if unit in ("EA", "PC", "LB"):
        assert (Decimal(row[4]), row[5]) == (price.normalize(), code), "as it was ordered"
        assert line["amount"] == cents(quantity * price / FOR[code])


@settings(max_examples=60, deadline=None)
@given(
    quantities, prices, st.sampled_from(["", "1", "10", "12", "100", "1000", "250"]), st.sampled_from(["", "PCE", "EA"])
)
def test_an_invoic_comes_to_what_d365_billed(quantity: Decimal, price: Decimal, per: str, unit: str) -> None:
    order = edifact_order(f"{quantity:f}:EA", f"AAA:{price:f}:CT:NTP:{per}:{unit}".rstrip(":"))
    line = in_d365(order)
    assert line["amount"] == cents(quantity * price / Decimal(per or 1))
    writer = wire_edifact.plain("INVOIC", "D96A")[1]
    made, repeated = out(order, posted(line), writer)
    rows = [each for each in writer.write(made, order=order, line_orders=repeated) if each[0] in ("PRI", "QTY")]
    billed, stands = (next(row[1] for row in rows if row[0] == id) for id in ("QTY", "PRI"))
    basis = Decimal(stands[4] or 1) if len(stands) > 4 else Decimal(1)
    assert cents(Decimal(billed[1]) * Decimal(stands[1]) / basis) == line["amount"]
    assert (stands[2], stands[3]) == ("CT", "NTP")


CHANGED = [
    ("HP", "130", "100", ["130", "HP"]),
    ("HP", "1.30", "1", ["130", "HP"]),
    ("PD", "35", "12", ["35", "PD"]),
    ("PE", "35", "12", ["2.91666666666667", "PE"]),
    ("", "35", "100", ["0.35", ""]),
]


@pytest.mark.parametrize(("code", "price", "per", "expected"), CHANGED)
def test_another_price_of_d365_is_stated_as_the_order_was(code: str, price: str, per: str, expected: list[str]) -> None:
    order = x12_order(f"PO1*1*1200*EA*125*{code}*BP*ACME-4711")
    invoice = posted(in_d365(order), price=Decimal(price), per=Decimal(per))
    writer = wire.plain("810", "004010")[1]
    made, repeated = stated(invoice, order, order.lines, writer.places)
    row = next(each for each in writer.write(made, order=order, line_orders=repeated) if each[0] == "IT1")
    assert [row[4], row[5]] == expected
    assert list(total_wrong(Case(made, order, order.lines))) == []
    assert [*price_differs(Case(made, order, order.lines))] != []


def test_a_set_that_has_no_place_for_what_a_price_is_for_gets_the_price_of_one() -> None:
    order = edifact_order("500:EA", "AAA:30:CT:NTP:250:EA")
    assert of_810(order, posted(in_d365(order)))[0][4:6] == ["0.12", ""]
    hundred = edifact_order("500:EA", "AAA:125:CT:NTP:100:EA")
    assert of_810(hundred, posted(in_d365(hundred)))[0][4:6] == ["125", "HP"]
    thousand = x12_order("PO1*1*500*EA*125*TP*BP*ACME-4711")
    writer = FlatWriter(load("csv", "Invoice"))
    made, repeated = out(thousand, posted(in_d365(thousand)), writer)
    row = writer.write(made, order=thousand, line_orders=repeated).decode().splitlines()
    assert dict(zip(row[0].split(","), row[1].split(","), strict=True))["Price"] == "0.125"


def test_a_price_per_piece_of_a_case_is_billed_per_case_and_says_so() -> None:
    order = x12_order("PO1*1*5*CA*.5*PE*BP*ACME-4711", "PO4*12*1*EA")
    line, amount, total = of_810(order, posted(in_d365(order)))
    assert (line[3:6], amount, total) == (["CA", "6", "UM"], Decimal("30.00"), Decimal("30.00"))


@pytest.mark.parametrize(
    ("price", "per", "outcome", "said"),
    [("125", "100", "accepted", "125"), ("1.25", "1", "accepted", "125"), ("125", "1", "price changed", "12500")],
)
def test_an_answer_compares_prices_of_the_same_quantity_and_says_them_as_the_order_did(
    price: str, per: str, outcome: str, said: str
) -> None:
    """The sales line has its price per hundred, and was compared with that of one."""
    order = x12_order("PO1*1*500*EA*125*HP*BP*ACME-4711")
    key = {"dataAreaId": "usmf", "SalesOrderNumber": "SO-1"}
    line = {
        **key,
        "ItemNumber": "D0001",
        "OrderedSalesQuantity": 500,
        "SalesUnitSymbol": "ea",
        "CustomersLineNumber": 1,
    }
    record = {
        "header": {**key, "CustomersOrderReference": "P1"},
        "lines": [{**line, "SalesPrice": Decimal(price), "SalesPriceQuantity": Decimal(per)}],
    }
    answer: OrderResponse = d365.read(load("d365/read", "SalesOrderResponse"), record).document
    made, match = respond(answer, LineMatch(order.lines, (), order))
    assert [each.outcome for each in made.lines[0].answers] == [outcome]
    writer = wire.plain("855", "004010")[1]
    made, repeated = stated(made, order, match.lines, writer.places)
    row = next(each for each in writer.write(made, order=order, line_orders=repeated) if each[0] == "PO1")
    assert row[4:6] == [said, "HP"]
