"""Which map a flat file fits is found by its columns: each of the shipped ones knows its own, and `check` reads it by that."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from d365edi.cli.flatfile import recognised
from d365edi.cli.inspect_file import inspect_file
from d365edi.cli.summary import NAMES, summarise
from d365edi.documents import KINDS
from d365edi.maps.table import load

AT = datetime(2026, 1, 5, 9, 15, tzinfo=UTC)
FILES = {
    "PurchaseOrder": "PO Number,PO Date,Line,Item,Quantity,Unit,Price\n7,2026-01-05,1,A-1,5,EA,1.5\n",
    "PurchaseOrderStores": "PO Number,Line,Item,Store,Quantity,Unit,Price\n7,1,A-1,0007,5,EA,1.5\n7,1,A-1,0008,2,EA,1.5\n",
    "OrderChange": "PO Number,Change Number,Purpose,Line,Item,Quantity,Change\n7,2,CHANGE,1,A-1,5,PRICE\n",
    "OrderResponse": "PO Number,Line,Item,Quantity,Status,Confirmed Quantity\n7,1,A-1,5,ACCEPTED,5\n",
    "OrderChangeResponse": "PO Number,Line,Item,Quantity,Change,Status,Confirmed Date\n7,1,A-1,5,PRICE,ACCEPTED,2026-01-05\n",
    "ShipNotice": "Shipment,PO,SSCC,UPC,Qty\nS1,7,006141410000000018,614141000012,120\nS1,7,006141410000000025,614141000029,5\n",
    "ShipNoticeRecords": "H|S1|20260113\nO|4500012345|20260105\nC|006141410000000018\nD|1|614141000012|A-1|NB-100|1|EA\n",
    "Invoice": "Invoice Number,Invoice Date,PO Number,Line,Item,Quantity,Price\nCIV-1,2026-01-05,7,1,A-1,5,1.5\n",
    "InvoiceRecords": "H|CIV-1|20260113|7|20260105|0078123|0007|5.00|USD\nD|1|614141000012|NB-100|1|EA|5.00|5.00\nT|1|5.00\n",
    "Remittance": "Check Number;Check Date;Check Amount;Invoice;Gross;Discount;Paid\n77;2026-01-05;95;CIV-1;100;5;95\n",
    "ApplicationAdvice": "Advice Number,Document Type,Document Number,Status,Error\n9,INVOICE,CIV-1,REJECTED,unknown item\n",
    "Vendor": "Vendor Account,Name,Currency,City\nV-1,Fabrikam,USD,Austin\n",
    "Item": "Item Number,Your Item,GTIN,Sales Price\nD0001,ACME-1,614141000012,10.5\n",
    "JournalEntry": "Journal,Line,Date,Account,Debit,Credit\n00001,1,2026-11-02,600100,5,\n00001,2,2026-11-02,110180,,5\n",
}


def test_every_shipped_map_of_columns_is_tried_here() -> None:
    shipped = {
        each.name.removesuffix(".toml")
        for each in (files("d365edi.maps") / "csv").iterdir()
        if each.name.endswith(".toml")
    }
    assert shipped == set(FILES)
    assert {load("csv", name).document for name in FILES} == set(KINDS)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_by_the_map_that_knows_its_columns(name: str) -> None:
    found = inspect_file(FILES[name].encode(), AT)
    assert (found.what, found.good) == (f"flat file ({name})", name != "PurchaseOrderStores")  # stores hold by default
    assert [part.remarks for part in found.parts if any(each.severity != "note" for each in part.remarks)] == []


def test_a_column_of_several_lists_is_explained_by_the_shortest_way() -> None:
    known = recognised(FILES["ShipNotice"].encode())
    assert known is not None
    assert [known.fields["", name] for name in ("sscc", "upc", "po")] == [
        "packs.sscc",
        "lines.item.gtin",
        "orders.number",
    ]


def test_rows_that_no_map_knows_are_nobody_s() -> None:
    assert recognised(b"Name,Street,City\nA,B,C\n") is None


def test_a_file_whose_totals_are_wrong_is_still_known_and_reported() -> None:
    found = inspect_file(f"{FILES['Remittance']}TOTAL;;;;;;96\n".encode(), AT)
    assert (found.what, found.good) == ("flat file (Remittance)", False)
    assert ["the rows come to 95" in remark.sentence for remark in found.remarks if remark.severity == "error"] == [
        True
    ]


def test_every_document_is_said_in_business_words() -> None:
    assert set(NAMES) == set(KINDS.values())
    for name in ("Vendor", "Item", "JournalEntry"):
        found = recognised(FILES[name].encode())
        assert found is not None
        [reading] = found.reader.read(FILES[name].encode()).readings
        assert reading.document is not None
        assert summarise(reading.document).title.endswith(reading.document.plain()["number"])
