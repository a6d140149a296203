"""Orders and invoices in columns: a CSV file becomes sales orders, a posted invoice leaves as one; nothing is answered."""

from __future__ import annotations

import csv
import io

import pytest

from tests.journeys.test_invoices import made_order
from tests.journeys.world import World

COLUMNS = """
[partners.acme.pickup.columns]
from  = {{ endpoint = "acme", path = "{root}/outbound/columns/*.csv" }}
holds = "PurchaseOrder"
every = "1s"

[partners.acme.receive.PurchaseOrder]
create  = "SalesOrder"
company = "usmf"
"""
FILE = (
    "PO Number,PO Date,Line,Quantity,Unit,Price,Buyer Item,GTIN\r\n"
    "4500123,2026-11-02,1,12,EA,10.5,ACME-4711,614141000012\r\n"
    "4500123,2026-11-02,2,3,EA,99.99,ACME-4712,614141000029\r\n"
    '4500124,2026-11-02,1,"1",EA,10.5,ACME-4711,614141000012\r\n'
)


@pytest.fixture
def columns(town: World) -> World:
    """The world's partner trades in columns too."""
    (town.partner.outbound / "columns").mkdir()
    town.knobs["invoice"] = "Invoice"
    town.extra = COLUMNS.format(root=town.prefix)
    return town


def drop(world: World, text: str, name: str = "orders.csv") -> None:
    (world.partner.outbound / "columns" / name).write_bytes(text.encode("utf-8-sig"))


async def test_each_order_of_a_csv_file_becomes_a_sales_order(columns: World) -> None:
    drop(columns, FILE)
    tally = await columns.once()
    lines = {number: len(found) for number, found in columns.sales_orders().items()}
    assert lines == {"4500123": 2, "4500124": 1}
    assert tally.counts["created"] == 2
    assert not (columns.partner.inbound / "acks").exists() or columns.partner.acknowledgments() == []


async def test_a_wrong_row_holds_its_order_and_names_line_and_column(columns: World) -> None:
    drop(columns, FILE.replace("3,EA,99.99", "many,EA,99.99"))
    async with columns.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert list(columns.sales_orders()) == ["4500124"]
    assert "line 3" in held.reason
    assert "Quantity" in held.reason


async def test_a_posted_invoice_leaves_as_columns(columns: World) -> None:
    columns.simulator.post_invoice(await made_order(columns))
    await columns.once()
    (data,) = columns.partner.received().values()
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert {row["PO Number"] for row in rows} == {"4500123"}
