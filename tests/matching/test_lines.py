"""What goes out names our items and units as the partner does, and finds the order's line that it answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import Invoice, PurchaseOrder, ShipNotice
from d365edi.matching.lines import OrderKey, line_numbers, match_lines, one_release, order_keys
from d365edi.matching.lookup import Profile, References
from d365edi.matching.references import find_references, resolve
from d365edi.matching.resolution import ResolvedReference
from d365edi.matching.their_numbers import complete
from tests.maps.wire import plain, report, written


def line(number: str | None = None, **more: Any) -> dict[str, Any]:
    return {"number": number, **more}


def order(*lines: dict[str, Any]) -> PurchaseOrder:
    return PurchaseOrder.of({"number": "4500", "lines": lines})


def invoice(*lines: dict[str, Any]) -> Invoice:
    return Invoice.of({"number": "INV1", "order_number": "4500", "lines": lines})


NUMBERS = [
    (["1", "2"], (1, 2)),
    (["010", "020"], (10, 20)),
    (["001A", "002A"], (1, 2)),
    ([None, None], (1, 2)),
    (["5", "5"], (1, 2)),
    (["0", "1"], (1, 2)),
    (["1", "2147483648"], (1, 2)),
]


@pytest.mark.parametrize(("numbers", "kept"), NUMBERS)
def test_d365_keeps_the_buyer_s_numbers_where_all_are_whole_and_different(
    numbers: list[str | None], kept: tuple[int, ...]
) -> None:
    assert line_numbers(numbers) == kept


ORDER = order(
    line("A", item={"buyer": "9001"}, unit="ea", price=Decimal(5), quantity=Decimal(10)),
    line("B", item={"buyer": "9001"}, unit="cs", price=Decimal(60), quantity=Decimal(2)),
    line("C", item={"gtin": "614141000012"}, unit="pcs", quantity=Decimal(4)),
    line("D", item={"vendor": "NB-9"}, unit="ea", price=Decimal(7), quantity=Decimal(1)),
    line("E", item={"vendor": "NB-9"}, unit="ea", price=Decimal(7), quantity=Decimal(3)),
)
FOUND = [
    ("by its number in our order", {"order_line": 2, "item": {"own": "X"}}, "B"),
    ("by item and unit", {"item": {"buyer": "9001"}, "unit": "cs"}, "B"),
    (
        "by barcode with other zeros, whatever the case of its unit",
        {"item": {"gtin": "00614141000012"}, "unit": "Pcs"},
        "C",
    ),
    (
        "by price and quantity",
        {"item": {"own": "NB-9"}, "unit": "ea", "price": Decimal(7), "quantity": Decimal(3)},
        "E",
    ),
]


@pytest.mark.parametrize(("ours", "number"), [each[1:] for each in FOUND], ids=[each[0] for each in FOUND])
def test_the_order_s_line_is_found(ours: dict[str, Any], number: str) -> None:
    [found] = match_lines(invoice(ours), {OrderKey("4500"): ORDER}).lines
    assert found is not None
    assert found.number == number


def test_two_lines_that_nothing_tells_apart_hold_the_document() -> None:
    ours = {"item": {"own": "NB-9"}, "unit": "ea", "price": Decimal(7), "quantity": Decimal(2)}
    [finding] = match_lines(invoice(ours), {OrderKey("4500"): ORDER}).findings
    assert (finding.severity, finding.message) == (
        "error",
        "line 1 (NB-9) could answer several lines of order 4500: D, E",
    )


def shipped(*lines: dict[str, Any]) -> ShipNotice:
    return ShipNotice.of({"number": "PS", "orders": [{"number": "4500", "packs": [{"lines": lines}]}]})


def asked(document: Invoice | ShipNotice, **more: Any) -> References:
    return find_references(document, Profile("acme", "usmf", "US-003", **more))


def test_what_goes_out_gets_the_partner_s_numbers_from_their_table_and_from_d365_also_inside_packs() -> None:
    ours = shipped({"item": {"own": "NB-1"}, "unit": "ea"}, {"item": {"own": "NB-2"}, "unit": "ea"})
    found = asked(ours, items={"9001": "NB-1"})
    reported = {(reference.kind, reference.subject, reference.lines) for reference in found.unresolved}
    assert reported == {("gtin", "NB-1", (1,)), ("gtin", "NB-2", (2,)), ("buyer", "NB-2", (2,))}
    barcode = next(reference for reference in found.unresolved if reference.kind == "gtin")
    answer = resolve(barcode, [[{"ItemNumber": "NB-1", "Barcode": "614141000012"}]])
    assert isinstance(answer, ResolvedReference)
    whole = complete(ours, found.resolution.plus(answer))
    assert [(each.item.buyer, each.item.gtin) for each in whole.every_line()] == [
        ("9001", "614141000012"),
        (None, None),
    ]


def test_d365_s_word_for_a_unit_goes_out_as_the_order_s() -> None:
    ours = shipped({"item": {"own": "NB-1"}, "unit": "Box", "ordered": {"quantity": Decimal(1), "unit": "box"}})
    whole = complete(ours, asked(ours).resolution, {"cs": "Box"})
    [each] = whole.every_line()
    assert (each.unit, each.ordered.unit) == ("cs", "cs")


def test_a_unit_that_d365_writes_with_another_case_goes_out_as_the_partner_s_word() -> None:
    sold = line(quantity=Decimal(4), unit="Pcs", price=Decimal(2), item={"gtin": "614141000012"})
    ours = invoice(sold).replace(date=date(2026, 1, 12), total=Decimal(8))
    body = written(plain("810", "004010")[1].write(ours))
    assert [each for each in body if each.startswith("IT1")] == ["IT1**4*PC*2**UP*614141000012"]


def test_a_shipment_without_orders_answers_the_only_order_that_is_known() -> None:
    notice = ShipNotice.of({"number": "PS", "lines": [{"item": {"buyer": "9001"}, "unit": "ea"}]})
    found = match_lines(notice, {OrderKey("4500"): ORDER})
    assert [each and each.number for each in found.lines] == ["A"]
    assert found.order is ORDER


def test_an_850_read_again_is_found_by_what_it_said() -> None:
    read = plain("850", "004010")[0].read(
        report("850", ["BEG*00*SA*4500**20260105", "PO1*001A*4*PC*2**UP*614141000012"])
    )
    [found] = match_lines(
        invoice({"item": {"gtin": "614141000012"}, "unit": "pcs"}), {OrderKey("4500"): read.document}
    ).lines
    assert found is not None
    assert found.spelling("item.gtin") == "UP"


def test_a_shipment_of_two_releases_finds_each_by_our_sales_order() -> None:
    first, second = (ORDER.replace(release=release) for release in ("1", "2"))
    made = {"quantity": Decimal(10), "unit": "ea", "item": {"buyer": "9001"}}
    levels = [{"number": "4500", "sales_order": number, "lines": [made]} for number in ("SO-2", "SO-1", "SO-9")]
    notice = ShipNotice.of({"number": "PS", "orders": levels})
    found = match_lines(notice, {OrderKey("4500", "SO-1"): first, OrderKey("4500", "SO-2"): second})
    assert [order and order.release for order in found.orders] == ["2", "1", None]
    assert [line is not None for line in found.lines] == [True, True, False]
    assert found.order is second
    whole = one_release(found).order
    assert whole is not None
    assert (whole.number, whole.release) == ("4500", None)
    alone = match_lines(notice.replace(orders=notice.orders[:1]), {OrderKey("4500", "SO-2"): second})
    assert one_release(alone).order is second


def test_an_invoice_names_the_order_of_its_head_and_those_of_its_lines() -> None:
    whole = invoice({}, {"sales_order": "SO-2"}, {"sales_order": "SO-1"}).replace(sales_order="SO-1")
    assert order_keys(whole) == (OrderKey("4500", "SO-1"), OrderKey(None, "SO-2"))
    one = invoice({"sales_order": "SO-2"}, {"sales_order": "SO-2"})
    assert order_keys(one) == (OrderKey("4500", "SO-2"),)
