"""Rows that are all alike hold orders, cartons and lines: sorted by what they say, and written so that they can be again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.documents import Document, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.errors import SettingsError
from d365edi.maps.csv.columns import flat
from d365edi.maps.reader import Reading
from d365edi.maps.table import load
from tests.maps import drawn_groups as drawn
from tests.maps.test_flat import plain, sides, there_and_back, told
from tests.maps.test_round_trip import compact

DRAWN: dict[str, Callable[[], st.SearchStrategy[Document]]] = {
    "OrderChange": drawn.changes,
    "OrderResponse": drawn.responses,
    "OrderChangeResponse": drawn.change_responses,
    "ShipNotice": drawn.described,
    "ShipNoticeRecords": drawn.shipments,
    "Remittance": drawn.remittances,
    "ApplicationAdvice": drawn.advices,
}


@pytest.mark.parametrize(("delimiter", "decimal"), [("auto", "."), (";", ",")])
@pytest.mark.parametrize("name", DRAWN)
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_a_document_comes_back_as_it_was_written(name: str, delimiter: str, decimal: str, data: st.DataObject) -> None:
    document = data.draw(DRAWN[name]())
    delimiter = "|" if name.endswith("Records") else delimiter
    assert compact(there_and_back(plain(name, delimiter, decimal), document)) == compact(document)


STORES = """\
PO Number,Line,SKU,Store,Qty,UOM,Price
7001,1,A-1,0007,5,EA,10.50
7001,1,A-1,0008,7,EA,10.50
7001,2,A-2,0007,3,EA,1
"""


@pytest.mark.parametrize(("old", "new"), [("", ""), (",Qty,UOM", ",Qty,Line Quantity,UOM")])
def test_rows_of_one_line_are_what_its_stores_get(old: str, new: str) -> None:
    text = STORES.replace(old, new).replace(",5,EA", ",5,12,EA").replace(",7,EA", ",7,12,EA") if new else STORES
    found = read("PurchaseOrderStores", text.replace(",3,EA", ",3,3,EA") if new else text)
    assert (found.findings, found.unmapped) == ((), ())
    assert isinstance(found.document, PurchaseOrder)
    lines = [(line.number, line.quantity, line.unit, line.price) for line in found.document.lines]
    assert lines == [("1", Decimal(12), "ea", Decimal("10.5")), ("2", Decimal(3), "ea", Decimal(1))]
    stores = [[(each.store, each.quantity) for each in line.stores] for line in found.document.lines]
    assert stores == [[("0007", Decimal(5)), ("0008", Decimal(7))], [("0007", Decimal(3))]]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("0008", "0007", 'Quantity is "7" in line 3 and "5" in line 2'),
        ("0008,7", "0007,5", "line 3 says nothing that line 2 does not say"),
        ("0008", "", "lines.stores.store (Store) of the purchase order is missing"),
        ("7,EA,10.50", "7,EA,10.60", "Price is"),
    ],
)
def test_a_store_of_a_line_that_comes_twice_or_is_not_named_is_an_error(old: str, new: str, sentence: str) -> None:
    found = read("PurchaseOrderStores", STORES.replace(old, new, 1))
    assert sentence in " ".join(each.message for each in found.findings if each.severity == "error")


SHIPPED = (
    "Shipment,Ship Date,PO,Pallet,SSCC,UPC,SKU,Qty,UOM\n"
    "S1,2026-01-12,7,,00006141410000000018,614141000012,A-1,120,EA\n"
    "S1,2026-01-12,7,,00006141410000000018,614141000029,A-2,40,EA\n"
    "S1,2026-01-12,8,,00006141410000000025,614141000012,A-1,5,EA\n"
    "S1,2026-01-12,7,,,614141000036,A-3,1,CS\n"
    "S1,2026-01-12,7,PAL-1,00006141410000000032,614141000012,A-1,2,EA\n"
    "S1,2026-01-12,,,,614141000043,A-4,3,EA\n"
)


def read(name: str, text: str, override: Mapping[str, Any] | None = None) -> Reading:
    (reading,) = sides(name, override)[0].read(text.encode()).readings
    return reading


def shown(level: Any) -> Any:
    """The levels of a shipment, short: what each holds, by the name of its list."""
    found: dict[str, Any] = {"lines": [line.item.buyer for line in level.lines]}
    for name in ("packs", "pallets", "orders"):
        found[name] = {getattr(each, "sscc", None) or each.number: shown(each) for each in getattr(level, name, ())}
    return {name: value for name, value in found.items() if value}


def test_rows_go_to_their_orders_pallets_and_cartons() -> None:
    reading = read("ShipNotice", SHIPPED)
    assert told(reading) == []
    assert shown(reading.document) == {
        "lines": ["A-4"],
        "orders": {
            "7": {
                "lines": ["A-3"],
                "packs": {"00006141410000000018": {"lines": ["A-1", "A-2"]}},
                "pallets": {"PAL-1": {"packs": {"00006141410000000032": {"lines": ["A-1"]}}}},
            },
            "8": {"packs": {"00006141410000000025": {"lines": ["A-1"]}}},
        },
    }


def test_rows_of_an_order_need_not_stand_together() -> None:
    rows = SHIPPED.splitlines(keepends=True)
    again = read("ShipNotice", "".join([rows[0], *reversed(rows[1:])])).document
    assert {order.number: len(order.packs) for order in again.orders} == {"7": 1, "8": 1}


def test_several_shipments_share_a_file() -> None:
    each = [read("ShipNotice", SHIPPED).document.replace(number=number) for number in ("S1", "S2")]
    reader, writer = sides("ShipNotice")
    found = reader.read(writer.write_all(each))
    assert [reading.document for reading in found.readings] == each


def test_what_differs_is_told_with_the_line_of_the_same_carton() -> None:
    rows = "Shipment,SSCC,Carton Weight,SKU\nS1,C-1,5,A\nS1,C-2,5,A\nS1,C-2,6,B\n"
    (finding,) = read("ShipNotice", rows).findings
    assert finding.message == 'Carton Weight is "6" in line 4 and "5" in line 3 of the same document'


LINES = "PO Number,Line,SKU,Qty,Status,Confirmed Qty\n7,1,A-1,12,ACCEPTED,10\n"
PAID = "Check Number,Check Amount,Store,Invoice,Paid\n77,95.00,0007,CIV-1,95.00\n"
ROWS = {
    "some of a line comes later": ("OrderResponse", f"{LINES}7,1,A-1,12,BACKORDERED,2\n", []),
    "a line is said in its first row only": ("OrderResponse", f"{LINES}7,1,A-1,,BACKORDERED,2\n", []),
    "a line ordered in two quantities": (
        "OrderResponse", f"{LINES}7,1,A-1,13,BACKORDERED,2\n", [("error", "differs", 3, "Quantity")],
    ),
    "a line repeated": (
        "OrderResponse", "PO Number,Line,SKU,Qty\n7,1,A-1,12\n7,1,A-1,12\n", [("error", "twice", 3, "")],
    ),
    "an empty carton": ("ShipNotice", "Shipment,PO,SSCC\nS1,7,00006141410000000018\n", []),
    "an empty carton repeated": (
        "ShipNotice", "Shipment,PO,SSCC\nS1,7,C-1\nS1,7,C-1\n", [("error", "twice", 3, "")],
    ),
    "a carton for two orders": ("ShipNotice", "Shipment,PO,SSCC,SKU\nS1,7,C-1,A\nS1,8,C-1,A\n", []),
    "an order of two days": (
        "ShipNotice", "Shipment,PO,PO Date,SKU\nS1,7,2026-01-05,A\nS1,7,2026-01-06,B\n", [("error", "differs", 3, "PO Date")],
    ),
    "a GTIN without its zeros in a carton": (
        "ShipNotice", "Shipment,SSCC,UPC\nS1,C-1,36000291452\n", [("error", "spreadsheet", 2, "")],
    ),
    "a wrong number in a carton": ("ShipNotice", "Shipment,SSCC,Qty\nS1,C-1,x\n", [("error", "value", 2, "Quantity")]),
    "an invoice that is paid twice": ("Remittance", f"{PAID}77,95.00,0007,CIV-1,95.00\n", []),
    "payments for stores and for none": ("Remittance", f"{PAID}77,95.00,,CIV-2,5.00\n", []),
    "a payment of two amounts": (
        "Remittance", f"{PAID}77,96.00,,CIV-2,5.00\n", [("error", "differs", 3, "Payment Amount")],
    ),
    "a word that nobody knows": (
        "OrderResponse", LINES.replace("ACCEPTED", "MAYBE"), [("error", "code", 2, "Status")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ROWS)
def test_what_rows_say_of_the_same_item_must_agree(what: str) -> None:
    name, text, findings = ROWS[what]
    reading = read(name, text)
    assert told(reading) == findings
    assert [str(each) for each in reading.findings if each.severity == "error" and not each.remedy] == []


def test_a_value_without_a_place_in_any_list_is_told() -> None:
    gone = {"packs": False, "pallets": False, "orders": {"packs": False, "pallets": False}}
    override = {**gone, "packs": {"like": False, "loop": "SSCC", "sscc": "SSCC"}}
    reading = read("ShipNotice", "Shipment,PO,SSCC,SKU\nS1,7,C-1,A-1\n", override)
    assert [(rule, column) for _, rule, _, column in told(reading)] == [("lists", "SSCC")]
    assert [order.number for order in reading.document.orders] == ["7"]


def test_a_payment_s_rows_are_its_items() -> None:
    payment = read("Remittance", f"{PAID}77,95.00,,CIV-2,5.00\n").document
    assert [(each.id, [(line.number, str(line.paid)) for line in each.lines]) for each in payment.entities] == [
        ("0007", [("CIV-1", "95.00")]),
        (None, [("CIV-2", "5.00")]),
    ]


def written(name: str, document: Document, **answered: Any) -> list[dict[str, str]]:
    """The rows of a document by the names of their columns, without what is empty."""
    header, *rows = sides(name)[1].write(document, **answered).decode().removesuffix("\r\n").split("\r\n")
    return [
        {name: value for name, value in zip(header.split(","), row.split(","), strict=True) if value} for row in rows
    ]


ORDER = PurchaseOrder.from_json(
    '{"number":"7","date":"2026-01-05","department":"42","parties":{"ship_to":{"id":"0007"}},'
    '"lines":[{"kept":{"unit":"EACH"},"number":"10","quantity":"12","unit":"ea","item":{"buyer":"A-1"}}]}'
)


def test_an_answer_echoes_the_order_on_each_row() -> None:
    answer = OrderResponse.from_json(
        '{"number":"7","acknowledgment":"changed","lines":[{"answers":[{"outcome":"accepted","quantity":"10","unit":"ea"},'
        '{"outcome":"backordered","quantity":"2","date_kind":"068","date":"2026-02-01"}]}]}'
    )
    same = {
        "PO Number": "7", "PO Date": "2026-01-05", "Department": "42", "Ship To ID": "0007", "Order Status": "CHANGED",
        "Line": "10", "Buyer Item": "A-1", "Quantity": "12", "Unit": "EACH",
    }  # fmt: skip
    assert written("OrderResponse", answer, order=ORDER, line_orders=ORDER.lines) == [
        {**same, "Status": "ACCEPTED", "Confirmed Quantity": "10", "Confirmed Unit": "EACH"},
        {
            **same,
            "Status": "BACKORDERED",
            "Confirmed Quantity": "2",
            "Confirmed Date": "2026-02-01",
            "Confirmed Date Kind": "SHIPS",
        },
    ]


def test_a_ship_notice_echoes_each_of_its_orders() -> None:
    notice = ShipNotice.from_json(
        '{"number":"S1","orders":[{"number":"7","packs":[{"sscc":"C-1","lines":[{"quantity":"12","unit":"ea"}]}]},'
        '{"number":"8","lines":[{"number":"1","quantity":"3","unit":"cs"}]}]}'
    )
    rows = written("ShipNotice", notice, order=ORDER, orders=[ORDER, None], line_orders=[*ORDER.lines, None])
    assert rows == [
        {
            "Shipment Number": "S1", "Ship To ID": "0007", "PO Number": "7", "PO Date": "2026-01-05", "Department": "42",
            "SSCC": "C-1", "Line": "10", "Buyer Item": "A-1", "Quantity": "12", "Unit": "EACH",
            "Quantity Ordered": "12", "Unit Ordered": "EACH",
        },
        {"Shipment Number": "S1", "Ship To ID": "0007", "PO Number": "8", "Line": "1", "Quantity": "3", "Unit": "CA"},
    ]  # fmt: skip


def test_levels_in_fixed_columns_come_back_as_they_were_written() -> None:
    columns = flat(load("csv", "ShipNotice")).layout.columns
    places = {column.name: f"{at * 24 + 1}-{at * 24 + 24}" for at, column in enumerate(columns)}
    both = sides("ShipNotice", {"file": {"form": "fixed"}, "columns": places})
    document = read("ShipNotice", SHIPPED).document
    assert there_and_back(both, document) == document


WRONG: dict[str, tuple[str, Mapping[str, Any], str]] = {
    "a list told by a column that there is not": ("ShipNotice", {"orders": {"loop": "PO Numbr"}}, 'did you mean "PO Number"'),
    "a list told by another list's column": (
        "ShipNotice", {"orders": {"loop": "SSCC"}}, '"SSCC" is named by no row of "orders"',
    ),
    "a list of rows with another inside": (
        "ShipNotice", {"orders": {"loop": "row"}}, '"orders" cannot stand in rows that are all alike',
    ),
    "several words for what tells a list": (
        "ShipNotice", {"orders": {"loop": ["PO Number", "Line"]}}, 'as in loop = "SSCC" or "Line|GTIN"',
    ),
    "a column of an order and of its lines": (
        "ShipNotice", {"orders": {"lines": {"batch": "Department"}}}, "named by a row of orders and by one of its lines",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_list_is_told_at_start(what: str) -> None:
    name, override, sentence = WRONG[what]
    with pytest.raises(SettingsError, match=sentence):
        sides(name, override)


HEADS = {
    "ShipNotice": "Shipment,PO,PO Date,Pallet,SSCC,SKU,Qty\n",
    "OrderResponse": "PO Number,Line,SKU,Qty,Status,Confirmed Qty,Confirmed Date\n",
    "Remittance": "Check Number,Store,Type,Invoice,Discount,Paid,Check Amount\n",
    "ApplicationAdvice": "Advice Number,Type,Document,Status,Error Code,Error,Value\n",
}
CELLS = st.sampled_from(
    ("", "", "7", "7", "8", "-1,5", "01/02/2026", "6.1E+11", '="7"', '"', "EA", "Total", "#N/A", "é", "IV")
)


@pytest.mark.parametrize("name", HEADS)
@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.lists(CELLS, max_size=8), max_size=7))
def test_no_rows_are_too_odd_to_become_findings_and_each_error_says_what_to_do(
    name: str, rows: list[list[str]]
) -> None:
    text = HEADS[name] + "\n".join(",".join(row) for row in rows)
    found = plain(name)[0].read(text.encode())
    findings = [*found.findings, *(finding for reading in found.readings for finding in reading.findings)]
    assert [str(each) for each in findings if each.severity == "error" and not each.remedy] == []
    assert all(reading.document is not None or reading.findings for reading in found.readings)


@settings(deadline=None, max_examples=60)
@given(records=st.lists(st.tuples(st.sampled_from("HHOPCDDTX"), st.lists(CELLS, max_size=5)), max_size=9))
def test_no_records_are_too_odd_to_become_findings(records: list[tuple[str, list[str]]]) -> None:
    text = "".join("|".join((kind, *cells)) + "\n" for kind, cells in records)
    found = plain("ShipNoticeRecords")[0].read(text.encode())
    opened = sum(kind == "H" for kind, _ in records)
    assert len(found.readings) <= opened
    assert all(reading.document is not None or reading.findings for reading in found.readings)
