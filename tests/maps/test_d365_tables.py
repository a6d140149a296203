"""The D365 tables: every field they name exists there, and what a record says becomes the document."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from d365edi.documents import OrderResponse, PurchaseOrder, ShipNotice
from d365edi.endpoints.d365 import catalog
from d365edi.errors import DocumentError
from d365edi.maps.d365 import plans as d365
from d365edi.maps.d365.schema import Section, charges, header, joins, lines
from d365edi.maps.table import Language, load
from d365edi.matching.resolution import Resolution
from d365edi.sandbox.d365 import catalog as simulated

TABLES: list[tuple[Language, str]] = sorted(
    (language, each.name.removesuffix(".toml"))
    for language in get_args(Language)
    if language.startswith("d365/")
    for each in (files("d365edi.maps") / language).iterdir()
)
NAMES = pytest.mark.parametrize(("language", "name"), TABLES)


def sections(language: Language, name: str) -> list[Section]:
    table = load(language, name)
    return [header(table), *([lines(table)] if "lines" in table.tree else []), *joins(table)]


def asked(section: Section) -> set[str]:
    """The fields of its set that a section names."""
    tree = section.tree
    found = {entry.name for entry in section.rows} | set(section.key_fields) | set(tree.get("orderby", ()))
    found |= (
        {theirs for theirs, _ in section.on}
        | set(tree.get("only", {}))
        | set(tree.get("times", {}))
        | set(tree.get("moments", ()))
        | set(tree.get("header", {}))
    )
    return found | {tree[key] for key in ("account", "since") if key in tree}


@NAMES
def test_every_field_that_a_table_names_is_one_of_its_set(language: Language, name: str) -> None:
    unknown = []
    for section in sections(language, name):
        known = catalog.entity_set(section.set)
        assert known is not None
        unknown += [f"{section.set}.{field}" for field in sorted(asked(section) - set(known.fields))]
    assert unknown == []


@NAMES
def test_every_set_of_a_table_is_one_that_the_sandbox_has(language: Language, name: str) -> None:
    """Two tables were shipped whose sets it lacked: no journey could have met them."""
    table = load(language, name)
    named = {section.set for section in (*sections(language, name), *charges(table).values()) if section.set}
    assert named - simulated.load().sets.keys() == set()


@pytest.mark.parametrize("name", [name for language, name in TABLES if language == "d365/write"])
def test_a_natural_key_names_what_is_always_written_or_says_that_it_is_optional(name: str) -> None:
    """A part that is left out is D365's to fill in: what is looked up would not be what was written."""
    head = header(load("d365/write", name))
    company = [row.name for row in head.rows if row.sources == ("company",)]
    always, optional = {*company, *head.tree["needs"]}, set(head.tree.get("optional_key", ()))
    assert head.key_fields[0] == "dataAreaId"
    assert set(head.key_fields) - always == optional


@NAMES
def test_every_source_of_a_table_is_a_field_of_its_document(language: Language, name: str) -> None:
    table = load(language, name)
    d365.check(table)
    assert table.mode == language.removeprefix("d365/")


@NAMES
def test_the_members_that_choose_records_are_members_of_the_enum(language: Language, name: str) -> None:
    for row in header(load(language, name)).tree.get("only", {}).values():
        assert set(row["is"]) <= set(catalog.members(row["enum"]) or ())


READ = [name for language, name in TABLES if language == "d365/read"]


@pytest.mark.parametrize("name", [name for name in READ if "account" in load("d365/read", name).tree["header"]])
def test_lines_are_asked_for_by_all_that_their_table_joins_them_by(name: str) -> None:
    table = load("d365/read", name)
    plan = d365.read_plan(table, company="usmf", accounts=("US-003",), since=date(2026, 1, 5))
    (join,) = [join for join in plan.joins if join.name == "lines"]
    assert dict(join.on) == dict(lines(table).on)


def test_a_plan_asks_only_for_records_that_are_meant() -> None:
    plan = d365.read_plan(
        load("d365/read", "ShipmentPackingSlip"), company="usmf", accounts=("US-003",), since=date(2026, 1, 5)
    )
    assert plan.header.filters[-1] == "IsActive eq Microsoft.Dynamics.DataEntities.NoYes'Yes'"


@pytest.mark.parametrize(
    ("name", "zone", "term"),
    [
        ("PackingSlip", "America/Chicago", "CreatedOn ge 2026-01-05T06:00:00Z"),
        ("PackingSlip", "Europe/Copenhagen", "CreatedOn ge 2026-01-04T23:00:00Z"),
        ("SalesOrderResponse", "UTC", "OrderCreationDateTime ge 2026-01-05T00:00:00Z"),
        ("SalesInvoice", "America/Chicago", "InvoiceDate ge 2026-01-05T12:00:00Z"),
    ],
)
def test_points_in_time_are_asked_for_from_the_day_s_first_moment_and_days_by_their_noon(
    name: str, zone: str, term: str
) -> None:
    plan = d365.read_plan(
        load("d365/read", name), company="usmf", accounts=("US-003",), since=date(2026, 1, 5), zone=ZoneInfo(zone)
    )
    assert plan.header.filters[2] == term


def test_an_order_s_natural_key_names_the_company() -> None:
    key = header(load("d365/write", "SalesOrder")).key_fields
    assert key == (
        "dataAreaId",
        "OrderingCustomerAccountNumber",
        "CustomersOrderReference",
        "CustomerRequisitionNumber",
    )


SLIP: dict[str, Any] = {
    "header": {
        "dataAreaId": "usmf",
        "SourceDocumentHeader": 68719476736,
        "PackingSlipId": "PS-0007",
        "SalesId": "SO-000321",
        "OrderAccount": "US-003",
        "CustomerRef": "4500012345",
        "CreatedOn": "2026-01-12T14:05:11Z",
        "DeliveryDate": "2026-01-12T12:00:00Z",
        "BillOfLadingId": "06141410000012345",
        "BOLCarrierName": "",
        "DeliveryName": "EXAMPLE RETAIL DC 7",
    },
    "lines": [
        {"ItemId": "NB-100", "ExternalItemId": "900001", "Name": "Lamp", "Qty": Decimal(100), "Ordered": Decimal(120),
         "SalesUnit": "ea", "InventTransId": "L-1"},
        {"ItemId": "NB-200", "ExternalItemId": "", "Name": "Shade", "Qty": Decimal(40), "Ordered": Decimal(40),
         "SalesUnit": "ea", "InventTransId": "L-2"},
    ],
    "tracking": [{"TrackingNumber": "1Z1"}, {"TrackingNumber": "1Z2"}],
    "order_lines": [
        {"SalesOrderNumber": "SO-000321", "InventoryLotId": "L-2", "CustomersLineNumber": 20},
        {"SalesOrderNumber": "SO-000321", "InventoryLotId": "L-1", "CustomersLineNumber": 10},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day", "time"),
    [
        ("America/Chicago", date(2026, 1, 12), "0805"),
        ("Asia/Tokyo", date(2026, 1, 12), "2305"),
        ("Pacific/Auckland", date(2026, 1, 13), "0305"),
    ],
)
def test_when_a_slip_was_made_is_told_by_the_clock_here_and_its_days_are_not_shifted(
    zone: str, day: date, time: str
) -> None:
    notice = d365.read(load("d365/read", "PackingSlip"), SLIP, ZoneInfo(zone)).document
    assert isinstance(notice, ShipNotice)
    assert (notice.date, notice.time, notice.ship_date) == (day, time, date(2026, 1, 12))


def test_a_packing_slip_is_a_shipment_with_its_lines_under_the_order() -> None:
    reading = d365.read(load("d365/read", "PackingSlip"), SLIP)
    notice = reading.document
    assert isinstance(notice, ShipNotice)
    assert reading.findings == ()
    assert (notice.number, notice.date, notice.time, notice.tracking) == ("PS-0007", date(2026, 1, 12), "1405", "1Z1")
    [order] = notice.orders
    assert (order.number, order.sales_order) == ("4500012345", "SO-000321")
    assert [
        (line.item.own, line.quantity, line.ordered.quantity, line.ordered.unit, line.order_line)
        for line in order.lines
    ] == [
        ("NB-100", Decimal(100), Decimal(120), "ea", 10),
        ("NB-200", Decimal(40), Decimal(40), "ea", 20),
    ]


def plate(lot: str, number: str, quantity: int) -> dict[str, Any]:
    return {
        "InventoryLotId": lot,
        "LicensePlateNumber": number,
        "HandlingQuantity": Decimal(quantity),
        "HandlingUnitSymbol": "ea",
    }


def slipped(lot: str, item: str, order: str) -> dict[str, Any]:
    return {
        "InventoryLotId": lot,
        "ItemNumber": item,
        "ConsigneePurchaseOrderNumber": order,
        "ConsignerOrderNumber": f"SO-{order}",
        "OrderedQuantity": Decimal(10),
        "OrderedUnitSymbol": "ea",
        "ConsigneeLineNumber": 1,
    }


def test_license_plates_become_packs_and_one_that_is_missing_leaves_the_level_out() -> None:
    record = {
        "header": {"ShipmentId": "SHP-1", "DocumentDate": "2026-01-12T12:00:00Z", "LoadId": "", "dataAreaId": "usmf"},
        "lines": [plate("L-1", "A", 4), plate("L-2", "A", 3), plate("L-2", "B", 2), plate("L-3", "", 1)],
        "order_lines": [slipped("L-1", "NB-1", "PO1"), slipped("L-2", "NB-2", "PO1"), slipped("L-3", "NB-3", "PO2")],
        "load": [],
    }
    reading = d365.read(load("d365/read", "ShipmentPackingSlip"), record)
    first, second = reading.document.orders
    packs = [(pack.sscc, [(line.item.own, line.quantity) for line in pack.lines]) for pack in first.packs]
    assert packs == [("A", [("NB-1", 4), ("NB-2", 3)]), ("B", [("NB-2", 2)])]
    assert (second.number, second.packs, [line.item.own for line in second.lines]) == ("PO2", (), ["NB-3"])
    assert [line.item.own for line in reading.document.every_line()] == ["NB-1", "NB-2", "NB-2", "NB-3"]


def test_a_sales_order_is_an_answer_with_what_d365_confirms() -> None:
    record = {
        "header": {
            "SalesOrderNumber": "SO-000321",
            "CustomersOrderReference": "4500012345",
            "CustomerRequisitionNumber": "",
            "SalesOrderStatus": "Backorder",
            "ConfirmedShippingDate": "1900-01-01T12:00:00Z",
        },
        "lines": [
            {"ItemNumber": "NB-100", "OrderedSalesQuantity": Decimal(120), "SalesUnitSymbol": "ea", "SalesPrice": Decimal("12.5"),
             "ConfirmedShippingDate": "2026-01-12T12:00:00Z", "CustomersLineNumber": 1, "SalesOrderLineStatus": "Backorder"},
        ],
    }  # fmt: skip
    response = d365.read(load("d365/read", "SalesOrderResponse"), record).document
    assert isinstance(response, OrderResponse)
    assert (response.number, response.sales_order, response.purpose, response.ship_date) == (
        "4500012345",
        "SO-000321",
        "original",
        None,
    )
    [line] = response.lines
    assert (line.quantity, line.ship_date, line.order_line, line.state) == (
        Decimal(120),
        date(2026, 1, 12),
        1,
        "Backorder",
    )


def test_a_constant_is_for_what_an_order_leaves_out() -> None:
    """It lay over the units that lines said: three cases became three eaches."""
    table = load("d365/write", "SalesOrder", {"lines": {"constants": {"SalesUnitSymbol": "ea"}}})
    body: list[dict[str, Any]] = [{"quantity": Decimal(12)}, {"quantity": Decimal(3), "unit": "cs"}]
    order = PurchaseOrder.of({"number": "P1", "lines": body})
    answers = Resolution(customer="US-003", items={1: "D0001", 2: "D0002"})
    plan = d365.write_plan(table, order, answers, company="usmf")
    assert [line["SalesUnitSymbol"] for line in plan.lines] == ["ea", "cs"]
    with pytest.raises(DocumentError, match=r'SalesUnitSymbol = "..." under d365.lines.constants of the flow'):
        d365.write_plan(load("d365/write", "SalesOrder"), order, answers, company="usmf")


def test_a_constant_without_its_row_is_always_written() -> None:
    lines = {"fields": {"SalesUnitSymbol": False}, "constants": {"SalesUnitSymbol": "ea"}}
    table = load("d365/write", "SalesOrder", {"lines": lines})
    order = PurchaseOrder.of({"number": "P1", "lines": [{"quantity": Decimal(3), "unit": "cs"}]})
    plan = d365.write_plan(table, order, Resolution(customer="US-003", items={1: "D0001"}), company="usmf")
    assert plan.lines[0]["SalesUnitSymbol"] == "ea"
