"""Which lines of our orders a vendor's invoice is for, and what holds it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import Charge, ItemId, ItemIds, Reference
from d365edi.matching import order_match, posted
from d365edi.matching.order_match import OrderedLine, PlacedOrder, fitting, match, named_order
from d365edi.matching.resolution import Resolution, Variant
from d365edi.matching.vendor_invoices import InvoicePolicy

LINES = (
    OrderedLine(1, "D0001", "ea", Decimal(12), Decimal("10.5"), Decimal(1), "0614141000012"),
    OrderedLine(2, "D0002", "ea", Decimal(3), Decimal(100), Decimal(10), ""),
    OrderedLine(3, "D0003", "ea", Decimal(1), Decimal(1), Decimal(0), ""),
    OrderedLine(4, "D0003", "ea", Decimal(1), Decimal(1), Decimal(0), ""),
)
ORDER = PlacedOrder("PO-1", ("US-101", "US-109"), "Backorder", "USD", LINES)
VENDOR = {"vendor": "US-101", "invoice_vendor": "US-109", "vendor_currency": "CAD"}
POLICY = InvoicePolicy()
ALLOWED = "(0.5% is allowed: match.price under [partners.NAME.receive.SET])"


def line(number: str | None = None, quantity: str = "1", price: str | None = None, **more: Any) -> InvoiceLine:
    stated = Decimal(price) if price is not None else None
    return InvoiceLine(number=number, quantity=Decimal(quantity), price=stated, **more)


def invoice(*lines: InvoiceLine, **more: Any) -> Invoice:
    return Invoice(number="INV-1", order_number=more.pop("order_number", "po-1 "), lines=lines, **more)


def found(*lines: InvoiceLine, items: dict[int, str] | None = None, **more: Any) -> order_match.Matched:
    policy, order = more.pop("policy", POLICY), more.pop("order", ORDER)
    resolution = Resolution(items=items or {}, units={"EA": "ea", "CA": "cs"}, more=VENDOR)
    return match(invoice(*lines, **more), (order,), resolution, policy)


def changed(**values: Any) -> dict[str, Any]:
    """The order with another first line."""
    return {"order": replace(ORDER, lines=(replace(LINES[0], **values), *LINES[1:]))}


@pytest.mark.parametrize(
    ("number", "item", "gtin", "fits"),
    [
        ("1", None, None, [1]),
        ("001", "d0001", None, [1]),
        ("1", "D0002", None, [2]),  # the number is theirs: the item is another one
        (None, "D0002", None, [2]),
        (None, "D0003", None, [3, 4]),
        ("4", "D0003", None, [4]),
        (None, None, "614141000012", [1]),
        ("9", None, None, []),
        ("1A", None, None, []),
        (None, None, None, []),
    ],
)
def test_a_line_is_found_by_number_item_or_barcode(
    number: str | None, item: str | None, gtin: str | None, fits: list[int]
) -> None:
    assert [each.number for each in fitting(line(number, item=ItemIds(gtin=gtin)), item, LINES)] == fits


def test_lines_of_one_item_are_told_apart_by_its_variant() -> None:
    colors = [
        replace(LINES[0], number=number, variant=Variant(color=each)) for number, each in ((1, "RED"), (2, "BLUE"))
    ]
    assert [each.number for each in fitting(line(), "D0001", colors)] == [1, 2]
    assert [each.number for each in fitting(line(), "D0001", colors, Variant(color="blue", size="M"))] == [2]


def test_a_line_is_written_as_the_order_has_it() -> None:
    made = found(line("1", price="10.5", unit="EA"), line("2", price="10"), items={2: "D0002"})
    assert made.problems == ()
    written = [(each.sales_order, each.order_line, each.item.own, each.unit) for each in made.invoice.lines]
    assert written == [("PO-1", 1, "D0001", "ea"), ("PO-1", 2, "D0002", "ea")]
    assert (made.invoice.sales_order, made.invoice.currency) == ("PO-1", "USD")


@pytest.mark.parametrize(
    ("lines", "more", "said"),
    [
        ([line("1")], {"order_number": "PO-9"}, "order PO-9 is no purchase order of ours"),
        ([line("1")], {"order": replace(ORDER, vendors=("US-1", ""))}, "order PO-1 is of vendor US-1, and not of US-101"),
        ([line("1")], {"order": replace(ORDER, status="Invoiced")}, "order PO-1 is Invoiced"),
        ([line("1")], {"currency": "EUR"}, "it is in EUR, and order PO-1 in USD"),
        ([line("9")], {}, "line 9 fits no line of order PO-1"),
        ([line()], {"items": {1: "D0003"}}, "line 1 (D0003) fits several lines of order PO-1: 3, 4"),
        ([line("1", unit="CA")], {}, "line 1: unit cs, but ordered in ea"),
        ([line("1", price="10.56")], {}, f"line 1: price 10.56, but ordered at 10.5 {ALLOWED}"),
        ([line("2", price="10.06")], {}, f"line 2: price 10.06, but ordered at 10 {ALLOWED}"),
        ([line("1", "2", amount=Decimal(22))], {}, "line 1: price 11, but ordered at 10.5"),
        ([InvoiceLine(number="1")], {}, "line 1: it says no quantity, but 12 ea are ordered"),
        ([line("1", "13")], {}, "line 1 of order PO-1: 13 ea billed, but 12 ea ordered"),
        ([line("1", "7"), line("1", "6")], {}, "line 1 of order PO-1: 13 ea billed, but 12 ea ordered"),
        ([line("1", "-13")], {}, "line 1 of order PO-1: 13 ea billed, but 12 ea ordered"),
        ([line("1", price="10.5")], changed(ended="Canceled"), "line 1: line 1 of order PO-1 is Canceled"),
        ([line("1", price="10.5")], changed(percent=Decimal(10)),
         f"line 1: price 10.5, but ordered at 9.45, which is 10.5 less its discounts {ALLOWED}"),
        ([line("1", price="10.5")], changed(off=Decimal(1)), "line 1: price 10.5, but ordered at 9.5, which is 10.5 less"),
        ([line("1", item=ItemIds(vendor="V-9"))], {},
         "line 1: V-9 is no item that is known, and line 1 of order PO-1 is D0001: if it is the same, add it under "
         "[partners.NAME.items], or as the vendor's item number in D365"),
        ([line("1", item=ItemIds(gtin="0614141999996"))], {}, "line 1: 0614141999996 is no item that is known"),
        ([line("1", item=ItemIds(others=(ItemId(qualifier="MG", id="M-9"),)))], {}, "line 1: M-9 is no item that is known"),
    ],
)  # fmt: skip
def test_what_differs_holds_it_with_both_values(lines: list[InvoiceLine], more: dict[str, Any], said: str) -> None:
    [problem] = found(*lines, **more).problems
    assert said in problem


OTHER_NUMBER = ItemIds(others=(ItemId(qualifier="PO", id="PO-1"), ItemId(qualifier="LT", id="L1")))
DISCOUNTED = changed(percent=Decimal(10), off=Decimal("0.5"))  # 9.00
ALLOWANCE = Charge(kind="allowance", code="C310", amount=Decimal(3))


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        ([line("1", price="10.55")], {}),
        ([line("1", price="10.45")], {}),
        ([line("1", "12")], {}),
        ([line("1", "-12", price="10.5")], {}),
        ([line("2", price="10")], {}),
        ([line("1", "12"), line("1", "-2")], {}),  # what is left is billed
        ([line("1", "14"), line("1", "-2")], {}),
        ([line("1", price="9")], DISCOUNTED),
        ([line("1", "2", price="10.5", charges=(ALLOWANCE,))], DISCOUNTED),  # 21.00 less 3.00 is 18.00
        ([line("1", item=OTHER_NUMBER)], {}),
        ([line("1", item=ItemIds(vendor="V-1"))], changed(theirs="v-1")),
        ([line("1", item=ItemIds(vendor="d0001"))], {}),
        ([line("1", item=ItemIds(vendor="V-9", gtin="614141000012"))], {}),
        ([line("1", item=ItemIds(vendor="V-9"))], {"items": {1: "D0001"}}),
    ],
)
def test_what_is_within_the_tolerance_is_written(lines: list[InvoiceLine], more: dict[str, Any]) -> None:
    assert found(*lines, **more).problems == ()


def test_it_is_said_of_each_line_which_line_of_an_order_it_is_for_and_by_what() -> None:
    made = found(
        line("1", item=ItemIds(vendor="V-9")),
        line("7"),
        line("8", item=ItemIds(gtin="614141000012")),
        items={2: "D0002"},
    )
    assert dict(made.sources) == {
        "line 1 (V-9) = line 1 of order PO-1 (D0001)": "its line number",
        "line 7 = line 2 of order PO-1 (D0002)": "its item",
        "line 8 (614141000012) = line 1 of order PO-1 (D0001)": "its barcode",
    }


def test_an_item_that_nobody_knows_is_a_warning_where_that_is_agreed() -> None:
    made = found(line("1", item=ItemIds(vendor="V-9")), policy=replace(POLICY, item="warn"))
    assert (made.problems, made.invoice.lines[0].item.own) == ((), "D0001")
    [said] = made.warnings
    assert said.startswith("line 1: V-9 is no item that is known")


def test_an_order_line_says_whether_it_is_open_and_what_is_taken_off() -> None:
    row = {
        "PurchaseOrderNumber": "PO-1",
        "LineNumber": 1,
        "PurchasePrice": Decimal(100),
        "PurchasePriceQuantity": Decimal(10),
    }
    off = {"LineDiscountAmount": Decimal(4), "MultilineDiscountAmount": Decimal(1)}
    percent = {"LineDiscountPercentage": Decimal(10), "MultilineDiscountPercentage": Decimal(20)}
    states = [{"PurchaseOrderLineStatus": each} for each in ("Backorder", "Received", "Invoiced", "Canceled")]
    states += [{"IsDeleted": "Yes"}, {"IsLineStopped": "Yes"}, {"IsDeleted": "No"}]
    [order] = order_match.orders(
        [{"PurchaseOrderNumber": "PO-1"}], [{**row, **off, **percent, **each} for each in states]
    )
    assert [each.ended for each in order.lines] == ["", "", "Invoiced", "Canceled", "deleted", "stopped", ""]
    assert {(each.gross, each.net) for each in order.lines} == {
        (Fraction(10), Fraction(684, 100))
    }  # 95 less 10 % less 20 %


def test_more_than_was_ordered_is_a_warning_where_that_is_agreed() -> None:
    made = found(line("1", "13"), policy=replace(POLICY, quantity="warn"))
    assert made.problems == ()
    assert made.warnings == ("line 1 of order PO-1: 13 ea billed, but 12 ea ordered",)


def test_an_invoice_without_an_order_takes_its_currency_from_the_vendor() -> None:
    made = found(line("1", unit="EA"), items={1: "D0001"}, order_number=None)
    assert (made.problems, made.invoice.currency, made.invoice.sales_order) == ((), "CAD", None)
    assert (made.invoice.lines[0].order_line, made.invoice.lines[0].item.own) == (None, "D0001")


def test_lines_may_name_orders_of_their_own() -> None:
    other = PlacedOrder("PO-2", ("US-101",), "Backorder", "USD", LINES)
    lines = (
        line("1", references=(Reference(qualifier="PO", value="PO-2"),)),
        line("1", item=ItemIds(others=(ItemId(qualifier="PO", id="PO-1"),))),
    )
    whole = invoice(*lines, order_number=None)
    assert [named_order(each, whole) for each in lines] == ["PO-2", "PO-1"]
    queries = order_match.queries(whole, "usmf")
    assert queries is not None
    assert queries[0].choice == ("PurchaseOrderNumber", ("PO-2", "PO-1"))
    made = match(whole, (ORDER, other), Resolution(more=VENDOR), POLICY)
    assert (made.problems, made.invoice.sales_order) == ((), None)
    assert [each.sales_order for each in made.invoice.lines] == ["PO-2", "PO-1"]


def test_orders_are_read_from_the_rows_of_both_queries() -> None:
    heads = [{"PurchaseOrderNumber": "PO-1", "OrderVendorAccountNumber": "US-101", "CurrencyCode": "USD"}]
    lines: list[dict[str, Any]] = [
        {"PurchaseOrderNumber": "po-1", "LineNumber": 1, "ItemNumber": "D0001", "PurchasePrice": Decimal(2)},
        {"PurchaseOrderNumber": "PO-2", "LineNumber": 1, "ItemNumber": "D0002"},
    ]
    [order] = order_match.orders(heads, lines)
    assert (order.vendors, order.status, order.currency) == (("US-101", ""), "", "USD")
    assert [(each.number, each.item, each.price, each.quantity) for each in order.lines] == [
        (1, "D0001", Decimal(2), Decimal(0))
    ]


def test_a_line_that_names_an_order_is_not_said_to_name_none() -> None:
    whole = found(line("9"), items={1: "D0009"}).invoice
    assert order_match.stocked_query(whole, "usmf") is None
    assert order_match.stocked(whole, [{"ItemNumber": "D0009", "ProductType": "Item"}]) == ()
    assert order_match.unmakeable(whole, ()) == ()


def test_a_stocked_item_without_an_order_is_held_in_the_words_of_d365() -> None:
    whole = found(line("1"), line(), items={1: "D0001", 2: "D0003"}, order_number=None).invoice
    query = order_match.stocked_query(whole, "usmf")
    assert query is not None
    assert query.choice == ("ItemNumber", ("D0001", "D0003"))
    rows = [{"ItemNumber": "d0001", "ProductType": "Item"}, {"ItemNumber": "D0003", "ProductType": "Service"}]
    [said] = order_match.stocked(whole, rows)
    assert said == (
        "line 1: D0001 is a stocked item and names no order. The item's inventory model policy must be not stocked."
    )
    assert order_match.stocked_query(found(line("1")).invoice, "usmf") is None


@pytest.mark.parametrize(
    ("number", "date", "year", "said"),
    [
        ("inv-1 ", "2026-11-02T12:00:00Z", "", "it was posted before: voucher V-1 of 2026-11-02"),
        ("INV-1", "2026-11-02T12:00:00Z", "2026", "it was posted before: voucher V-1 of 2026-11-02"),
        ("INV-1", "2026-11-02T12:00:00Z", "2025", ""),
        ("INV-10", "2026-11-02T12:00:00Z", "", ""),
    ],
)
def test_an_invoice_is_found_posted_by_its_number_and_year(number: str, date: str, year: str, said: str) -> None:
    rows = [{"InvoiceAccount": "us-101", "InvoiceId": number, "InvoiceDate": date, "LedgerVoucher": "V-1"}]
    assert posted.found(rows, "US-101", "INV-1", year) == said
    assert posted.found(rows, "US-1*", "INV-1", year) == ""
