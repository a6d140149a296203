"""A posted packing slip: its rows agree with each other and lead back to the order's lines; the order follows its lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator

from .conftest import CROSS, create_line, create_order, sentence

JOURNAL, LINES, TRACKING = (
    "CustPackingSlipJourBiEntities",
    "CustPackingSlipTransBiEntities",
    "PackingSlipTrackingInformation",
)


@pytest.fixture
async def order(caller: httpx.AsyncClient) -> tuple[str, list[str]]:
    """An order of twelve and of five: its number, and the lots of its lines."""
    number = await create_order(caller, CustomersOrderReference="4500123", DeliveryAddressName="DC 7")
    first = await create_line(caller, number, OrderedSalesQuantity=12, SalesPrice=7.225)
    second = await create_line(caller, number, "NB-200", OrderedSalesQuantity=5, SalesPrice=3)
    return number, [str(line["InventoryLotId"]) for line in (first, second)]


def status(simulator: Simulator, number: str) -> tuple[str, str, list[str]]:
    """An order's status, how far its processing is, and its lines' statuses."""
    header = simulator.state.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    lines = simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=number)
    reached = [line["SalesOrderLineStatus"] for line in lines]
    return header["SalesOrderStatus"], header["SalesOrderProcessingStatus"], reached


def pairs(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


async def test_a_slip_of_everything_is_one_journal_row_and_a_row_for_each_line_that_names_its_lot(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    number, lots = order
    slip = simulator.post_packing_slip(number, date="2026-01-13")
    head = simulator.state.one(JOURNAL, PackingSlipId=slip)
    lines = simulator.state.rows(LINES, PackingSlipId=slip)
    names = ("SalesId", "CustomerRef", "OrderAccount", "DeliveryName", "Qty", "DeliveryDate", "CreatedOn")
    assert [head[name] for name in names] == [
        number,
        "4500123",
        "US-001",
        "DC 7",
        17,
        "2026-01-13T12:00:00Z",
        "2026-01-05T09:15:00Z",
    ]
    assert pairs(lines, "SalesId", "InventTransId", "ItemId", "Ordered", "Qty", "Remain", "SalesUnit") == [
        (number, lots[0], "NB-100", 12, 12, 0, "ea"),
        (number, lots[1], "NB-200", 5, 5, 0, "ea"),
    ]
    assert {row["DeliveryDate"] for row in lines} == {head["DeliveryDate"]}
    assert status(simulator, number) == ("Delivered", "Delivered", ["Delivered", "Delivered"])


async def test_a_slip_without_a_date_is_todays(simulator: Simulator, order: tuple[str, list[str]]) -> None:
    simulator.post_packing_slip(order[0])
    assert [row["DeliveryDate"] for row in simulator.state.rows(JOURNAL)] == ["2026-01-05T12:00:00Z"]


async def test_a_part_goes_and_the_next_slip_takes_what_remains(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    number, lots = order
    first = simulator.post_packing_slip(number, quantities={lots[0]: 4})
    assert status(simulator, number) == ("Backorder", "PartiallyDelivered", ["Backorder", "Backorder"])
    second = simulator.post_packing_slip(number, quantities={lots[0]: 8})
    assert status(simulator, number) == ("Backorder", "PartiallyDelivered", ["Delivered", "Backorder"])
    third = simulator.post_packing_slip(number)
    assert status(simulator, number) == ("Delivered", "Delivered", ["Delivered", "Delivered"])
    assert pairs(simulator.state.rows(LINES), "PackingSlipId", "InventTransId", "Ordered", "Qty", "Remain") == [
        (first, lots[0], 12, 4, 8),
        (second, lots[0], 12, 8, 0),
        (third, lots[1], 5, 5, 0),
    ]
    assert pairs(simulator.state.rows(JOURNAL), "PackingSlipId", "Qty") == [(first, 4), (second, 8), (third, 5)]
    assert len({row["SourceDocumentHeader"] for row in simulator.state.rows(JOURNAL)}) == 3


async def test_what_was_delivered_can_be_invoiced_and_the_order_says_how_far_each_part_is(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    number, lots = order
    simulator.post_packing_slip(number)
    simulator.post_invoice(number, quantities={lots[0]: 12})
    assert status(simulator, number) == ("Delivered", "DeliveredPartiallyInvoiced", ["Invoiced", "Delivered"])
    simulator.post_invoice(number)
    assert status(simulator, number) == ("Invoiced", "Invoiced", ["Invoiced", "Invoiced"])


async def test_a_line_that_was_invoiced_or_canceled_has_nothing_left_to_deliver(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    number, lots = order
    simulator.post_invoice(number, quantities={lots[0]: 12})
    simulator.state.add("SalesOrderLinesV3", dataAreaId="usmf", InventoryLotId=lots[1], SalesOrderLineStatus="Canceled")
    with pytest.raises(ValueError, match="nothing that remains to deliver"):
        simulator.post_packing_slip(number)


@pytest.mark.parametrize("quantity", [13, -1, Decimal("12.5")])
async def test_no_more_goes_than_remains(
    simulator: Simulator, order: tuple[str, list[str]], quantity: Decimal | int
) -> None:
    number, lots = order
    with pytest.raises(ValueError, match=f"has 12 left to deliver of {lots[0]}"):
        simulator.post_packing_slip(number, quantities={lots[0]: quantity})
    assert simulator.state.rows(JOURNAL) == []
    with pytest.raises(LookupError):
        simulator.post_packing_slip("SO-999999")


async def test_a_carriers_number_is_a_row_of_its_own_that_names_slip_and_order(
    simulator: Simulator, order: tuple[str, list[str]]
) -> None:
    number, lots = order
    simulator.post_packing_slip(number, quantities={lots[0]: 1})
    slip = simulator.post_packing_slip(number, date="2026-01-13", tracking="1Z999AA10123456784")
    names = ("SalesOrderNumber", "PackingSlipNumber", "DeliveryDate", "TrackingNumber")
    assert pairs(simulator.state.rows(TRACKING), *names) == [
        (number, slip, "2026-01-13T12:00:00Z", "1Z999AA10123456784")
    ]


async def test_slips_are_read_over_the_wire_by_when_they_were_made_and_written_by_nobody(
    simulator: Simulator, caller: httpx.AsyncClient, order: tuple[str, list[str]]
) -> None:
    slip = simulator.post_packing_slip(order[0])
    for day, found in (("2026-01-05T09:15:00Z", [slip]), ("2026-01-05T09:15:01Z", [])):
        asked = {**CROSS, "$filter": f"dataAreaId eq 'usmf' and CreatedOn ge {day}"}
        answer = await caller.get(f"/data/{JOURNAL}", params=asked)
        assert [row["PackingSlipId"] for row in answer.json()["value"]] == found
    refused = await caller.post(f"/data/{JOURNAL}", params=CROSS, json={"dataAreaId": "usmf"})
    assert (refused.status_code, "is read-only" in sentence(refused)) == (400, True)


async def test_a_summary_slip_is_the_first_order_s_and_each_line_has_its_own_order_beside(
    simulator: Simulator, caller: httpx.AsyncClient, order: tuple[str, list[str]]
) -> None:
    number, _ = order
    other = await create_order(caller, CustomersOrderReference="4500124")
    await create_line(caller, other, OrderedSalesQuantity=2, SalesPrice=7.225)
    slip = simulator.post_summary_slip([other, number], tracking="1Z9")
    assert pairs(simulator.state.rows(JOURNAL), "PackingSlipId", "SalesId", "CustomerRef", "Qty") == [
        (slip, other, "4500124", 19)
    ]
    assert pairs(simulator.state.rows(LINES), "SalesId", "OrigSalesId", "LineNum", "Qty") == [
        (other, other, 1, 2),
        (other, number, 2, 12),
        (other, number, 3, 5),
    ]
    assert [status(simulator, each)[0] for each in (number, other)] == ["Delivered", "Delivered"]
    with pytest.raises(ValueError, match=f"order {number} has nothing that remains to deliver"):
        simulator.post_summary_slip([number])


async def test_only_orders_of_one_customer_are_posted_together(
    simulator: Simulator, caller: httpx.AsyncClient, order: tuple[str, list[str]]
) -> None:
    other = await create_order(caller)
    await create_line(caller, other, OrderedSalesQuantity=2, SalesPrice=7.225)
    record = simulator.state.store.one("SalesOrderHeadersV4", SalesOrderNumber=other)
    assert record is not None
    simulator.state.store.update(record, {"InvoiceCustomerAccountNumber": "US-002"})
    with pytest.raises(ValueError, match="a posting is of one customer, not of US-001, US-002"):
        simulator.post_summary_slip([order[0], other])
