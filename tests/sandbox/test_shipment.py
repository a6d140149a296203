"""A posted shipment: header, lines, dimensions and load agree with each other and with the order; corrections are versions."""

from __future__ import annotations

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator

from .conftest import create_line, create_order

HEADERS, LINES, DIMENSIONS = (
    "ShipmentPackingSlipJournalHeaders",
    "ShipmentPackingSlipJournalLines",
    "ShipmentPackingSlipTransactionDimensions",
)
VERSION = "ShipmentPackingSlipVersionNumber"


@pytest.fixture
async def order(caller: httpx.AsyncClient) -> tuple[str, list[str]]:
    """An order of twelve and of five: its number, and the lots of its lines."""
    number = await create_order(caller, CustomersOrderReference="4500123", DeliveryAddressName="DC 7")
    first = await create_line(caller, number, OrderedSalesQuantity=12, CustomersLineNumber=10)
    second = await create_line(caller, number, "NB-200", OrderedSalesQuantity=5, CustomersLineNumber=20)
    return number, [str(line["InventoryLotId"]) for line in (first, second)]


async def test_a_shipment_names_order_lines_and_plates_under_one_version(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    number, lots = order
    version = simulator.post_shipment(number, plates={lots[1]: "006141410000000012"}, date="2026-01-13")
    head = simulator.state.one(HEADERS, IsActive="Yes")
    names = (VERSION, "ShipmentId", "ConsigneeAccountNumber", "ConsigneeReference", "ReceiverName", "LoadId")
    assert [head[name] for name in names] == [version, "SH-000001", "US-001", "4500123", "DC 7", ""]
    assert {head["DocumentDate"], head["DeliveryDate"]} == {"2026-01-13T12:00:00Z"}
    lines = [
        (row["InventoryLotId"], row["ItemNumber"], row["ConsigneeLineNumber"], row["ConsignerOrderNumber"])
        for row in simulator.state.rows(LINES, **{VERSION: version})
    ]
    assert lines == [(lots[0], "NB-100", 10, number), (lots[1], "NB-200", 20, number)]
    dimensions = [
        (row["InventoryLotId"], row["HandlingQuantity"], row["HandlingUnitSymbol"], row["LicensePlateNumber"])
        for row in simulator.state.rows(DIMENSIONS, **{VERSION: version})
    ]
    assert dimensions == [(lots[0], 12, "ea", ""), (lots[1], 5, "ea", "006141410000000012")]


async def test_a_correction_is_the_next_version_and_the_only_active_one(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    first = simulator.post_shipment(order[0])
    other = simulator.post_shipment(order[0])
    second = simulator.post_shipment(order[0], shipment="SH-000001")
    assert [first, other, second] == ["USMF-000001.1", "USMF-000002.1", "USMF-000001.2"]
    rows = simulator.state.rows(HEADERS)
    assert {row[VERSION]: row["IsActive"] for row in rows} == {first: "No", other: "Yes", second: "Yes"}
    assert [len(simulator.state.rows(LINES, **{VERSION: version})) for version in (first, second)] == [2, 2]


async def test_the_load_that_a_shipment_travels_with_is_a_row_of_its_own(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    simulator.post_shipment(order[0], load={"ProNumber": "PRO-77", "SealNumber": "S1"})
    load = simulator.state.one("OutboundLoadHeaders", LoadId=simulator.state.one(HEADERS)["LoadId"])
    assert (load["LoadId"], load["ProNumber"], load["SealNumber"]) == ("LD-000001", "PRO-77", "S1")


async def test_the_order_itself_is_left_alone_and_one_that_is_not_there_ships_nothing(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    before = simulator.state.one("SalesOrderHeadersV4", SalesOrderNumber=order[0])
    simulator.post_shipment(order[0])
    assert simulator.state.one("SalesOrderHeadersV4", SalesOrderNumber=order[0]) == before
    with pytest.raises(LookupError):
        simulator.post_shipment("SO-999999")
