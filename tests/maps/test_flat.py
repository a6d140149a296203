"""Flat files become documents and documents flat files, by the same table in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.documents import Document, Invoice, PurchaseOrder
from d365edi.errors import DocumentError, SettingsError
from d365edi.maps.csv.reader import FlatReader
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.reader import Reading
from d365edi.maps.table import load
from tests.maps.drawn_flat import invoices, orders
from tests.maps.test_round_trip import compact

Override = Mapping[str, Any]


def sides(name: str, override: Override | None = None) -> tuple[FlatReader, FlatWriter]:
    """A reader and a writer of the shipped map with an override."""
    table = load("csv", name, override)
    return FlatReader(table), FlatWriter(table, partner="acme")


@cache
def plain(name: str, delimiter: str = "auto", decimal: str = ".") -> tuple[FlatReader, FlatWriter]:
    """Both sides of the shipped map, compiled once."""
    return sides(name, {"file": {"delimiter": delimiter, "decimal": decimal, "dates": "DD.MM.YYYY"}})


FIXED: dict[str, Any] = {
    "file": {"form": "fixed", "dates": "YYYYMMDD", "totals": False},
    "columns": {
        "PO Number": "1-40",
        "PO Date": "41-48",
        "Line": "49-52 right",
        "Buyer Item": "53-65",
        "Quantity": "66-76 zeros implied 2",
        "Price": "77-88 right decimal ,",
    },
    "fields": {"number": "PO Number", "date": "PO Date"},
    "lines": {"number": "Line", "quantity": "Quantity", "price": "Price", "item": {"buyer": "Buyer Item"}},
}


@cache
def fixed() -> tuple[FlatReader, FlatWriter]:
    """A map of fixed columns: what the shipped map names beside them is taken away."""
    shipped = load("csv", "PurchaseOrder").tree
    gone = dict.fromkeys(shipped["fields"], False)
    lines = {name: False for name in shipped["lines"] if name != "loop"}
    return sides(
        "PurchaseOrder",
        {**FIXED, "fields": {**gone, **FIXED["fields"]}, "lines": {**lines, **FIXED["lines"], "item": _item()}},
    )


def _item() -> Override:
    return {"gtin": False, "vendor": False, "buyer": "Buyer Item"}


def read(name: str, text: str, override: Override | None = None) -> list[Reading]:
    return list(sides(name, override)[0].read(text.encode()).readings)


def told(reading: Reading) -> list[tuple[str, str, int, str]]:
    return [(each.severity, each.rule, each.where.line, each.where.segment) for each in reading.findings]


def there_and_back(sides: tuple[FlatReader, FlatWriter], document: Document) -> object:
    reader, writer = sides
    found = reader.read(writer.write(document))
    assert [str(each) for each in found.findings if each.severity != "note"] == []
    own = [each for reading in found.readings for each in (*reading.findings, *reading.unmapped)]
    assert [str(each) for each in own if each.rule != "total"] == []  # a drawn order's total is any number
    assert len(found.readings) == 1
    return found.readings[0].document


@pytest.mark.parametrize(("delimiter", "decimal"), [("auto", "."), (";", ","), ("tab", "."), ("|", ",")])
@settings(deadline=None, max_examples=30)
@given(order=orders())
def test_an_order_comes_back_as_it_was_written(delimiter: str, decimal: str, order: PurchaseOrder) -> None:
    assert compact(there_and_back(plain("PurchaseOrder", delimiter, decimal), order)) == compact(order)


@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", ",")])
@settings(deadline=None, max_examples=30)
@given(invoice=invoices())
def test_an_invoice_comes_back_as_it_was_written(delimiter: str, decimal: str, invoice: Invoice) -> None:
    assert compact(there_and_back(plain("Invoice", delimiter, decimal), invoice)) == compact(invoice)


ORDER = (
    '{"number":"4500012345","date":"2026-01-05","lines":[{"number":"1","quantity":"120","price":"12.5",'
    '"item":{"buyer":"A-1"}},{"number":"2","quantity":"-0.25","item":{"buyer":"A-2"}}]}'
)


def test_fixed_columns_come_back_as_they_were_written() -> None:
    order = PurchaseOrder.from_json(ORDER)
    written = fixed()[1].write(order)
    assert written.decode().split("\r\n")[1] == f"{'4500012345':40}20260105   2{'A-2':13}-0000000025{' ' * 12}"
    assert there_and_back(fixed(), order) == order


def test_several_documents_share_a_file() -> None:
    each = [PurchaseOrder.from_json(ORDER).replace(number=number) for number in ("1", "2")]
    reader, writer = sides("PurchaseOrder")
    assert [reading.document for reading in reader.read(writer.write_all(each)).readings] == each


def test_the_sample_with_record_types_is_read_and_written_byte_by_byte(corpus: Path) -> None:
    data = (corpus / "flat_invoice_authored_HDT_pipe.txt").read_bytes()
    reader, writer = sides("InvoiceRecords")
    found = reader.read(data)
    (reading,) = found.readings
    assert [str(each) for each in (*found.findings, *reading.findings, *reading.unmapped)] == []
    invoice = reading.document
    assert (invoice.number, invoice.total, len(invoice.lines)) == ("INV000987", Decimal("2769.02"), 3)
    assert [(each.kind, each.code, each.amount) for each in invoice.charges] == [
        ("allowance", "discount", Decimal("54.98")),
        ("charge", "freight", Decimal("75.00")),
    ]
    assert writer.write(invoice) == data.replace(b"\n", b"\r\n")


RECORDS = "H|1|20260113|||||5.00|USD\nD|1||A|5|EA|1|5.00\nT|{}|{}\n"


@pytest.mark.parametrize(
    ("count", "total", "findings"),
    [
        ("1", "5.00", []),
        ("2", "5.00", [("error", "totals", 3, "2")]),
        ("1", "4.99", [("error", "totals", 3, "3")]),
        ("", "", []),
    ],
)
def test_a_trailer_must_say_what_the_records_come_to(
    count: str, total: str, findings: list[tuple[str, str, int, str]]
) -> None:
    (reading,) = read("InvoiceRecords", RECORDS.format(count, total))
    assert told(reading) == findings


# -- values -----------------------------------------------------------------------------------------------------------

HEAD = "PO,PO Date,SKU,UPC,Qty,UOM,Price\n"

FOUND = {
    "a right row": ("1,2026-01-05,A,614141000012,5,EA,1.5", []),
    "another spelling of the day": ("1,01/05/2026,A,,5,EA,1.5", []),
    "a day with a time": ("1,2026-01-05 00:00:00,A,,5,EA,1.5", []),
    "a grouped number": ('1,2026-01-05,A,,"1,200.50",EA,1.5', []),
    "a negative number in parentheses": ("1,2026-01-05,A,,(5),EA,1.5", []),
    "a day that was turned": ("1,5.1.2026,A,,5,EA,1.5", [("error", "value", 2, "PO Date")]),
    "a day that is a count": ("1,46027,A,,5,EA,1.5", [("error", "value", 2, "PO Date")]),
    "a number that is none": ("1,2026-01-05,A,,five,EA,1.5", [("error", "value", 2, "Quantity")]),
    "a number that could be two": ('1,2026-01-05,A,,"1,200",EA,1.5', [("error", "value", 2, "Quantity")]),
    "a decimal comma": ('1,2026-01-05,A,,5,EA,"1,5"', [("error", "value", 2, "Price")]),
    "a unit that nobody knows": ("1,2026-01-05,A,,5,XX,1.5", [("warning", "code", 2, "Unit")]),
    "a GTIN shown short": ("1,2026-01-05,A,6.14141E+11,5,EA,1.5", [("error", "spreadsheet", 2, "GTIN")]),
    "a GTIN without its zeros": ("1,2026-01-05,A,36000291452,5,EA,1.5", [("error", "spreadsheet", 2, "")]),
    "a GTIN of an odd length": ("1,2026-01-05,A,61414100001,5,EA,1.5", [("warning", "gtin", 2, "")]),
    "an item that became a day": ("1,2026-01-05,4-Mar,,5,EA,1.5", [("warning", "spreadsheet", 2, "Buyer Item")]),
}


@pytest.mark.parametrize("what", FOUND)
def test_a_wrong_value_is_told_with_its_line_and_column(what: str) -> None:
    row, findings = FOUND[what]
    (reading,) = read("PurchaseOrder", HEAD + row + "\n")
    assert told(reading) == findings
    assert [str(each) for each in reading.findings if not each.remedy] == []


def test_a_document_without_its_number_says_which_column_lacks_it() -> None:
    (reading,) = read(
        "PurchaseOrder", "PO Number,Contract,Qty\n7,,5\n", {"fields": {"number": "Contract", "contract": "PO Number"}}
    )
    assert reading.document is None
    assert [(each.where.line, str(each)) for each in reading.findings] == [
        (
            2,
            "number (Contract) of the purchase order is missing; "
            "ask the partner for a complete message, or correct the map's row",
        )
    ]


def test_an_invoice_echoes_the_order_it_answers() -> None:
    order = read("PurchaseOrder", "PO,PO Date,Line,SKU,Qty,UOM\n7,2026-01-05,10,A-1,5,EACH\n")[0].document
    invoice = Invoice.from_json('{"number":"I1","lines":[{"number":"1","quantity":"5","unit":"ea"}]}')
    written = sides("Invoice")[1].write(invoice, order=order, line_orders=order.lines).decode().split("\r\n")
    row = dict(zip(written[0].split(","), written[1].split(","), strict=True))
    assert {name: value for name, value in row.items() if value} == {
        "Invoice Number": "I1", "PO Number": "7", "PO Date": "2026-01-05", "Line": "10", "Buyer Item": "A-1",
        "Quantity": "5", "Unit": "EACH",
    }  # fmt: skip


def test_a_file_for_people_escapes_formulas_and_keeps_numbers() -> None:
    invoice = Invoice.from_json(
        '{"number":"=1+1","lines":[{"number":"1","description":"@A1","quantity":"-5","price":"-5.00","unit":"ea"}]}'
    )
    writer = FlatWriter(load("csv", "Invoice", {"file": {"formulas": "escape"}}))
    head, line, _ = writer.write(invoice).decode().split("\r\n")
    row = dict(zip(head.split(","), line.split(","), strict=True))
    assert (row["Invoice Number"], row["Description"], row["Quantity"], row["Price"]) == (
        "'=1+1", "'@A1", "-5", "-5.00",
    )  # fmt: skip


def test_a_partner_says_columns_and_words_of_its_own() -> None:
    override = {
        "file": {"group": "Bestellung", "decimal": ",", "dates": "DD.MM.YYYY"},
        "fields": {"number": "Bestellung", "date": "Datum"},
        "lines": {"quantity": "Menge", "unit": "Einheit"},
        "codes": {"unit": {"Stk": "pcs"}},
    }
    text = "Bestellung;Datum;Menge;Einheit\n7;05.01.2026;1.200,50;Stk\n"
    (reading,) = read("PurchaseOrder", text, override)
    assert (told(reading), str(reading.document.date)) == ([], "2026-01-05")
    assert (reading.document.lines[0].quantity, reading.document.lines[0].unit) == (Decimal("1200.50"), "pcs")


def test_columns_go_by_position_without_a_header_row() -> None:
    override = {
        "file": {"header": "no", "group": "1", "totals": False},
        "fields": dict.fromkeys(load("csv", "PurchaseOrder").tree["fields"], False) | {"number": "1"},
        "lines": {name: False for name in load("csv", "PurchaseOrder").tree["lines"] if name not in ("loop", "item")}
        | {"item": {"gtin": False, "vendor": False, "buyer": "3"}, "quantity": "2"},
    }
    readings = read("PurchaseOrder", "7,5,A\n7,6,B\n8,1,C\n", override)
    assert [told(each) for each in readings] == [[], []]
    assert [(each.document.number, [line.item.buyer for line in each.document.lines]) for each in readings] == [
        ("7", ["A", "B"]),
        ("8", ["C"]),
    ]


def test_a_described_column_that_no_row_reads_is_told() -> None:
    (reading,) = read("PurchaseOrder", "PO,Colour,Qty\n1,,5\n1,red,6\n", {"columns": {"Colour": "text"}})
    assert [(each.rule, each.where.line, str(each)) for each in reading.unmapped] == [
        ("unmapped", 3, 'the column "Colour" is read by no row of the map')
    ]


CELLS = st.sampled_from(
    ("", "7", "-1,5", "1.2.3", "01/02/2026", "6.1E+11", '="7"', '"', "EA", "Total", "H", "D", "#N/A", "é")
)


@settings(deadline=None, max_examples=100)
@given(
    rows=st.lists(st.lists(CELLS, max_size=9), max_size=6), name=st.sampled_from(("PurchaseOrder", "InvoiceRecords"))
)
def test_no_cells_are_too_odd_to_become_findings(rows: list[list[str]], name: str) -> None:
    delimiter = "," if name == "PurchaseOrder" else "|"
    text = HEAD + "\n".join(delimiter.join(row) for row in rows)
    found = plain_side(name).read(text.encode())
    for each in (*found.findings, *(finding for reading in found.readings for finding in reading.findings)):
        assert each.severity != "error" or (each.remedy and str(each))
    assert all(reading.document is not None or reading.findings for reading in found.readings)


@cache
def plain_side(name: str) -> FlatReader:
    """A reader of the shipped map, compiled once."""
    return sides(name)[0]


# -- mistakes at start ------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, Override, str]] = {
    "a field that there is not": (
        "PurchaseOrder", {"fields": {"numbr": "X"}}, 'PurchaseOrder has no field "numbr"; did you mean "number"',
    ),
    "a column named twice": (
        "PurchaseOrder", {"fields": {"contract": "Department X", "department": "Department X"}}, "belongs to",
    ),
    "a column of the order and of its lines": (
        "PurchaseOrder", {"lines": {"price": "PO Number"}}, "named by a row of the document and by one of its lines",
    ),
    "a group without its column": ("PurchaseOrder", {"file": {"group": "PO Numbr"}}, 'no column "PO Numbr".*"PO Number"'),
    "a word that [file] does not have": ("PurchaseOrder", {"file": {"delimeter": ";"}}, 'did you mean "delimiter"'),
    "an odd delimiter": ("PurchaseOrder", {"file": {"delimiter": "ab"}}, '"ab" is no delimiter'),
    "an odd form": ("PurchaseOrder", {"file": {"form": "wide"}}, 'form = "wide" is none of separated, fixed'),
    "an odd encoding": ("PurchaseOrder", {"file": {"encoding": "utf-9"}}, '"utf-9" is no encoding'),
    "an odd spelling of days": ("PurchaseOrder", {"file": {"dates": "YYYY"}}, '"YYYY" spells no day'),
    "a type without what opens": ("PurchaseOrder", {"file": {"type": "1"}}, '"type" and "opens" go together'),
    "a fixed column without its place": ("PurchaseOrder", {"file": {"form": "fixed"}}, "in .columns."),
    "a column of odd words": ("PurchaseOrder", {"columns": {"Price": "decimals ,"}}, 'did you mean "decimal"'),
    "a name where columns go by position": ("InvoiceRecords", {"fields": {"release": "H:Release"}}, "Release"),
    "odd formulas": ("Invoice", {"file": {"formulas": "yes"}}, 'formulas = "yes" is none of keep, escape'),
    "formulas in a file that is received": ("Invoice", {"file": {"formulas": "escape"}}, "is for files that are written"),
    "formulas in fixed columns": (
        "Invoice", {"file": {"form": "fixed", "formulas": "escape"}}, "a file with fixed columns is read by a program",
    ),
    "formulas in records": ("InvoiceRecords", {"file": {"formulas": "escape"}}, "with record types is read by a program"),
    "a day in a text": ("Invoice", {"lines": {"references": "X"}}, "no single value|is no"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_row_is_told_at_start(what: str) -> None:
    name, override, sentence = WRONG[what]
    with pytest.raises(SettingsError, match=sentence):
        sides(name, override)


@pytest.mark.parametrize("what", ["a value too long", "more decimals than are implied"])
def test_what_does_not_fit_names_document_field_and_partner(what: str) -> None:
    order = PurchaseOrder.from_json(ORDER)
    change: dict[str, Any] = {"number": "4" * 41}
    if what != "a value too long":
        change = {"lines": (order.lines[0].replace(quantity=Decimal("0.125")),)}
    with pytest.raises(DocumentError, match=r"PurchaseOrder 4+\d* for acme: .*(40 fit|has more than 2 decimals)"):
        fixed()[1].write(order.replace(**change))
