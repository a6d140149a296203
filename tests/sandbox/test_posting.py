"""A posted invoice: the rows in every set agree with each other and lead back to the order's lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator, events

from .conftest import create_line, create_order

KEY = ("dataAreaId", "InvoiceId", "InvoiceDate", "LineCreationSequenceNumber")


async def _order(caller: httpx.AsyncClient) -> tuple[str, list[dict[str, Any]]]:
    number = await create_order(caller, CustomersOrderReference="4500123", SalesOrderOriginCode="EDI")
    first = await create_line(caller, number, OrderedSalesQuantity=12, SalesPrice=7.225, CustomersLineNumber=10)
    second = await create_line(caller, number, "NB-200", OrderedSalesQuantity=5, SalesPrice=3, CustomersLineNumber=20)
    return number, [first, second]


async def test_totals_agree_in_all_header_sets(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    number, _ = await _order(caller)
    invoice = simulator.post_invoice(
        number, date="2026-01-13", due="2026-02-12", tax_percent=10, charges=Decimal("7.5")
    )
    header = simulator.state.one("SalesInvoiceHeadersV4", InvoiceNumber=invoice)
    base = simulator.state.one("BusinessDocumentSalesInvoiceBases", InvoiceId=invoice)
    journal = simulator.state.one("CustInvoiceJourBiEntities", InvoiceId=invoice)
    totals = [header["TotalInvoiceAmount"], base["InvoiceAmount"], journal["InvoiceAmount"]]
    assert totals == [Decimal("119.37")] * 3  # 86.70 + 15.00 + 10.17 tax + 7.50 charges
    assert [header["TotalTaxAmount"], base["SumTax"], journal["SumTax"]] == [Decimal("10.17")] * 3
    assert [header["CustomersOrderReference"], journal["PurchaseOrder"], base["SalesId"]] == [
        "4500123",
        "4500123",
        number,
    ]
    assert {row["InvoiceDate"] for row in (header, base, journal)} == {"2026-01-13T12:00:00Z"}
    assert {row["DueDate"] for row in (base, journal)} == {"2026-02-12T12:00:00Z"}
    assert {row["LedgerVoucher"] for row in (header, base, journal)} == {"ARIV-000001"}


async def test_each_invoice_line_is_one_row_of_the_same_key_in_three_sets_and_names_its_lot(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number, lines = await _order(caller)
    simulator.post_invoice(number)
    items = simulator.state.rows("BusinessDocumentSalesInvoiceLineItems")
    trans = simulator.state.rows("CustInvoiceTransBiEntities")
    v4 = simulator.state.rows("SalesInvoiceV4Lines")
    assert [[row[k] for k in KEY] for row in items] == [[row[k] for k in KEY] for row in trans]
    assert [row["LineCreationSequenceNumber"] for row in v4] == [1, 2]
    assert [row["InventTransId"] for row in trans] == [line["InventoryLotId"] for line in lines]
    assert [row["CustomerLineNum"] for row in trans] == [10, 20]
    assert [row["LineAmount"] for row in v4] == [row["LineAmount"] for row in items] == [Decimal("86.7"), Decimal(15)]
    assert [(row["ItemId"], row["Qty"], row["SalesUnit"], row["OrigSalesId"]) for row in items] == [
        ("NB-100", 12, "ea", number),
        ("NB-200", 5, "ea", number),
    ]


async def test_a_line_item_carries_the_customers_number_and_the_barcode(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    fields = {"dataAreaId": "usmf", "ItemNumber": "NB-100"}
    simulator.state.add(
        "CustomerProductDescriptionsV2", **fields, CustomerAccountNumber="US-001", CustomerProductNumber="4711"
    )
    simulator.state.add("ProductBarcodesV3", **fields, Barcode="614141000012", ProductQuantityUnitSymbol="ea")
    number, _ = await _order(caller)
    simulator.post_invoice(number)
    items = simulator.state.rows("BusinessDocumentSalesInvoiceLineItems")
    assert [(row["ExternalItemId"], row["ItemBarCode"]) for row in items] == [("4711", "614141000012"), ("", "")]


async def test_an_invoice_is_due_by_the_orders_terms_of_payment(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number, _ = await _order(caller)
    simulator.post_invoice(number, date="2026-01-13")
    assert simulator.state.rows("BusinessDocumentSalesInvoiceBases")[0]["DueDate"] == "2026-02-12T12:00:00Z"


async def test_a_line_discount_is_told_beside_the_net_amount(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    number = await create_order(caller)
    await create_line(caller, number, OrderedSalesQuantity=4, SalesPrice=25, LineDiscountPercentage=10)
    simulator.post_invoice(number)
    (line,) = simulator.state.rows("SalesInvoiceV4Lines")
    header = simulator.state.one("SalesInvoiceHeadersV4", SalesOrderNumber=number)
    assert (line["LineAmount"], line["LineTotalDiscountAmount"]) == (90, 10)
    assert (header["TotalInvoiceAmount"], header["TotalLineDiscount"]) == (90, 10)


async def test_part_of_an_order_can_be_invoiced_and_the_rest_later(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number, lines = await _order(caller)
    first = simulator.post_invoice(number, quantities={lines[0]["InventoryLotId"]: 4})
    order = simulator.state.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    assert (order["SalesOrderStatus"], order["SalesOrderProcessingStatus"]) == ("Backorder", "PartiallyInvoiced")
    assert simulator.state.one("SalesInvoiceV4Lines", InvoiceNumber=first)["LineAmount"] == Decimal("28.9")
    second = simulator.post_invoice(number)
    order = simulator.state.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    assert (order["SalesOrderStatus"], first != second) == ("Invoiced", True)


async def test_a_tenant_may_keep_the_bi_sets_to_itself(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    number, _ = await _order(caller)
    simulator.post_invoice(number, journal=False)
    sets = ("CustInvoiceTransBiEntities", "CustInvoiceJourBiEntities", "SalesInvoiceV4Lines")
    assert [len(simulator.state.rows(set)) for set in sets] == [0, 0, 2]


async def test_what_is_not_there_or_not_open_cannot_be_invoiced(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number, _ = await _order(caller)
    with pytest.raises(LookupError):
        simulator.post_invoice("SO-999999")
    simulator.post_invoice(number)
    with pytest.raises(ValueError, match="has no open line"):
        simulator.post_invoice(number)


async def test_the_posted_event_names_the_invoice_and_is_not_the_invoice(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number, _ = await _order(caller)
    invoice = simulator.post_invoice(number, date="2026-01-13")
    event = events.invoice_posted(simulator.state, invoice, "usmf")
    assert event["BusinessEventId"] == "SalesInvoicePostedBusinessEvent"
    assert (event["InvoiceId"], event["SalesOrderId"], event["LegalEntity"]) == (invoice, number, "usmf")
    assert event["InvoiceDate"] == "/Date(1768305600000)/"
    assert event["EventTime"] == "/Date(1767604500000)/"
    assert event["ControlNumber"] < events.invoice_posted(simulator.state, invoice, "usmf")["ControlNumber"]
