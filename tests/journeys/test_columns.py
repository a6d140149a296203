"""Documents in columns: CSV orders become sales orders, answers, ship notices and invoices leave as CSV, others are reported."""

from __future__ import annotations

import csv
import io
from importlib.resources import files

import pytest

from d365edi.cli import main
from d365edi.errors import SettingsError
from d365edi.maps.table import load
from d365edi.partners import compiled
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
    counters = await columns.once()
    lines = {number: len(found) for number, found in columns.sales_orders().items()}
    assert lines == {"4500123": 2, "4500124": 1}
    assert counters.counts["created"] == 2
    assert not (columns.partner.inbound / "acks").exists() or columns.partner.acknowledgments() == []


async def test_a_wrong_row_holds_its_order_and_names_line_and_column(columns: World) -> None:
    drop(columns, FILE.replace("3,EA,99.99", "many,EA,99.99"))
    async with columns.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert list(columns.sales_orders()) == ["4500124"]
    assert "line 3" in held.reason
    assert "Quantity" in held.reason


async def test_for_people_formulas_are_escaped_in_the_flow_that_sends_and_refused_where_it_receives(
    columns: World,
) -> None:
    columns.simulator.post_invoice(await made_order(columns, "=1+1"))
    before = columns.extra
    columns.extra += '[partners.acme.send.Invoice.map.file]\nformulas = "escape"\n'
    await columns.once()
    (data,) = columns.partner.received().values()
    (first, *_) = csv.DictReader(io.StringIO(data.decode()))
    assert first["PO Number"] == "'=1+1"
    columns.extra = before + '[partners.acme.receive.PurchaseOrder.map.file]\nformulas = "escape"\n'
    with pytest.raises(
        SettingsError, match=r"is for files that are written; .* leave formulas out where the flow receives"
    ):
        compiled(columns.settings())


async def test_a_posted_invoice_leaves_as_columns(columns: World) -> None:
    columns.simulator.post_invoice(await made_order(columns))
    await columns.once()
    (data,) = columns.partner.received().values()
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert {row["PO Number"] for row in rows} == {"4500123"}


def going_out(world: World, name: str, of: str) -> None:
    """Let the partner have each record of this kind as a file of columns."""
    world.extra += (
        f'\n[partners.acme.send.{name}]\nof = "{of}"\nsince = 2026-01-01\nevery = "1s"\n'
        f'to = {{ endpoint = "acme", path = "{world.prefix}/inbound", file = "{{set}}_{{number}}.csv" }}\n'
    )


def received(world: World, name: str) -> list[dict[str, str]]:
    """The rows of the partner's only file of that name, without what is empty."""
    (data,) = [data for file, data in world.partner.received().items() if file.startswith(f"{name}_")]
    rows = csv.DictReader(io.StringIO(data.decode()))
    return [{column: value for column, value in row.items() if value} for row in rows]


async def test_an_order_of_columns_is_answered_in_columns_once_it_is_confirmed(columns: World) -> None:
    going_out(columns, "OrderResponse", "SalesOrderResponse")
    drop(columns, FILE)
    await columns.once()
    state = columns.simulator.state
    header = state.store.one("SalesOrderHeadersV4", CustomersOrderReference="4500123")
    assert header is not None
    state.store.update(header, {"SalesOrderProcessingStatus": "Confirmed"})
    for _ in range(2):
        await columns.once()
    rows = received(columns, "OrderResponse")
    said = (
        "PO Number",
        "PO Date",
        "Order Status",
        "Line",
        "Buyer Item",
        "Quantity",
        "Unit",
        "Status",
        "Confirmed Quantity",
    )
    assert [[row.get(name) for name in said] for row in rows] == [
        ["4500123", "2026-11-02", "ACCEPTED", "1", "ACME-4711", "12", "EA", "ACCEPTED", "12"],
        ["4500123", "2026-11-02", "ACCEPTED", "2", "ACME-4712", "3", "EA", "ACCEPTED", "3"],
    ]
    assert rows[0]["Sales Order"] == header.values["SalesOrderNumber"]


async def test_posted_goods_leave_as_columns_with_the_lines_of_the_order(columns: World) -> None:
    going_out(columns, "ShipNotice", "PackingSlip")
    slip = columns.simulator.post_packing_slip(await made_order(columns), date=columns.today(), tracking="1Z999")
    await columns.once()
    rows = received(columns, "ShipNotice")
    said = (
        "Shipment Number",
        "Tracking Number",
        "Ship To ID",
        "PO Number",
        "Department",
        "Line",
        "GTIN",
        "Quantity",
        "Unit",
    )
    assert [[row.get(name) for name in said] for row in rows] == [
        [slip, "1Z999", "0007", "4500123", "042", "1", "614141000012", "12", "EA"],
        [slip, "1Z999", "0007", "4500123", "042", "2", "614141000029", "3", "EA"],
    ]


THEIRS = {
    "Remittance": (
        "Check Number,Check Date,Check Amount,Invoice,Gross,Discount,Paid\r\n"
        "PAY-77,2026-11-20,1505.98,CIV-000001,1510.98,5.00,1505.98\r\n",
        "PAY-77",
        "remittance PAY-77: 1505.98 for 1 item; handle it by hand, then: d365edi release PAY-77",
    ),
    "OrderChange": (
        "PO Number,Change Number,Purpose,Line,Item,Quantity,Change\r\n4500123,2,CHANGE,1,ACME-4711,6,QUANTITY DECREASED\r\n",
        "4500123",
        "change of PO 4500123: changes it; lines 1; handle it by hand, then: d365edi release 4500123",
    ),
    "ApplicationAdvice": (
        "Advice Number,Document Type,Document Number,Status,Error\r\nADV-1,INVOICE,CIV-000001,REJECTED,UNKNOWN ITEM\r\n",
        "ADV-1",
        "advice ADV-1: CIV-000001: rejected (UNKNOWN ITEM); handle it by hand, then: d365edi release ADV-1",
    ),
}


@pytest.mark.parametrize("name", THEIRS)
async def test_what_columns_say_besides_orders_is_reported_and_held_until_released(name: str, town: World) -> None:
    text, number, reported = THEIRS[name]
    (town.partner.outbound / "columns").mkdir()
    pickup = COLUMNS.partition("[partners.acme.receive")[0].replace("PurchaseOrder", name)
    town.extra = f'{pickup.format(root=town.prefix)}\n[partners.acme.receive.{name}]\ncompany = "usmf"\n'
    drop(town, text)
    async with town.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        assert (document.kind, document.state, document.reason) == (name, "held", reported)
        await app.release(number, "pat")
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
    assert document.state == "delivered"


async def test_cartons_of_a_warehouse_leave_as_columns_with_their_numbers(columns: World) -> None:
    going_out(columns, "ShipNotice", "ShipmentPackingSlip")
    number = await made_order(columns)
    lots = [row["InventoryLotId"] for row in columns.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=number)]
    plates = {lots[0]: "006141410000000012", lots[1]: "006141410000000029"}
    columns.simulator.post_shipment(number, plates=plates, load={"ProNumber": "PRO-77", "TrailerNumber": "T53"})
    await columns.once()
    said = ("Tracking Number", "Trailer", "PO Number", "SSCC", "Line", "Buyer Item", "Quantity")
    assert [[row.get(name) for name in said] for row in received(columns, "ShipNotice")] == [
        ["PRO-77", "T53", "4500123", "006141410000000012", "1", "ACME-4711", "12"],
        ["PRO-77", "T53", "4500123", "006141410000000029", "2", "ACME-4712", "3"],
    ]


async def test_a_partner_may_leave_and_have_every_document_in_columns(town: World) -> None:
    shelf = (each.name for each in (files("d365edi.maps") / "csv").iterdir())
    names = [name.removesuffix(".toml") for name in shelf if name.endswith(".toml")]
    town.extra = "".join(
        f'\n[partners.acme.receive.{name}]\ncompany = "usmf"\n[partners.acme.pickup.{name.lower()}]\nholds = "{name}"\n'
        f'from = {{ endpoint = "acme", path = "/{name.lower()}/*.csv" }}\nevery = "1h"\n'
        for name in sorted(names)
    )
    for name, of in (("OrderResponse", "SalesOrderConfirmation"), ("ShipNoticeRecords", "PackingSlip")):
        going_out(town, name, of)
    partner = compiled(town.settings())["acme"]
    assert {name for name, flow in partner.receives.items() if flow.flat is not None} == set(names)
    assert {name for name, flow in partner.sends.items() if flow.envelope is None} == {
        "OrderResponse",
        "ShipNoticeRecords",
    }


async def test_a_file_of_all_open_orders_brings_only_what_is_new_or_changed(columns: World) -> None:
    drop(columns, FILE)
    await columns.once()
    again = FILE.replace('"1",EA', '"2",EA')
    drop(columns, again + "4500125,2026-11-02,1,5,EA,10.5,ACME-4711,614141000012\r\n", "later.csv")
    async with columns.app() as app:
        counters = await app.once()
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        closed = await app.journal.read(lambda tx: tx.documents.in_state("rejected"))
    assert {number: len(lines) for number, lines in columns.sales_orders().items()} == {
        "4500123": 2,
        "4500124": 1,
        "4500125": 1,
    }
    assert [(each.number, each.reason) for each in closed] == [("4500123", "unchanged since message 1")]
    assert [each.number for each in held] == ["4500124"]
    assert counters.counts["ignored"] == 1


def by_position() -> str:
    """The rows of a map for files without a header: number, date, quantity, unit, price and their item, in this order."""
    tree = load("csv", "PurchaseOrder").tree
    table = "\n[partners.acme.receive.PurchaseOrder.map"
    fields = dict.fromkeys(tree["fields"], "false") | {"number": '"1"', "date": '"2"'}
    lines = {name: "false" for name in tree["lines"] if name not in ("loop", "item")}
    lines |= {"quantity": '"3"', "unit": '"4"', "price": '"5"'}
    items = dict.fromkeys(tree["lines"]["item"], "false") | {"buyer": '"6"'}
    parts = {
        ".file": {"header": '"no"', "group": '"1"', "totals": "false"},
        ".fields": fields,
        ".lines": lines,
        ".lines.item": items,
    }
    return "".join(
        f"{table}{name}]\n" + "".join(f'"{key}" = {value}\n' for key, value in rows.items())
        for name, rows in parts.items()
    )


async def test_a_row_without_a_header_that_has_not_the_map_s_columns_holds_its_order(
    columns: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A comma in a text shifted what stood behind it, and what was left out was taken as empty; `check` names the column."""
    columns.extra += by_position()
    rows = [
        "4500123,2026-11-02,12,EA,10.5,ACME-4711",
        "4500124,2026-11-02,3,EA,99.99,ACME-4712,AND MORE",
        "4500125,2026-11-02,3,EA,99.99",
    ]
    drop(columns, "\r\n".join(rows))
    async with columns.app() as app:
        await app.once()
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    said = {
        "4500124": 'column 7 in line 2 says "AND MORE", and the map has 6 columns',
        "4500125": "line 3 has 5 values, and the map reads column 6",
    }
    assert {each.number: said[each.number] in each.reason for each in held} == dict.fromkeys(said, True)
    assert list(columns.sales_orders()) == ["4500123"]
    file = columns.partner.outbound / "again.csv"
    file.write_text("\r\n".join(rows))
    main(["check", str(file), "--settings", str(columns.settings_file)])
    printed = capsys.readouterr().out
    assert [text in printed for text in said.values()] == [True, True]
