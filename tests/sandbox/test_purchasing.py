"""Buying in the simulated tenant: orders, confirmations, pending and posted vendor invoices, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator, purchasing
from d365edi.sandbox.d365.tenant import Tenant

from .conftest import CROSS, sentence

HEADERS, LINES = "/data/PurchaseOrderHeadersV2", "/data/PurchaseOrderLinesV2"
INVOICES, INVOICE_LINES = "/data/VendorInvoiceHeaders", "/data/VendorInvoiceLines"
ORDER = {
    "dataAreaId": "usmf",
    "OrderVendorAccountNumber": "US-101",
    "InvoiceVendorAccountNumber": "US-101",
    "CurrencyCode": "USD",
    "LanguageId": "en-US",
}
KEY = {"dataAreaId": "usmf"}
INVOICE = {"dataAreaId": "usmf", "InvoiceAccount": "US-101", "InvoiceNumber": "V-1"}


@pytest.fixture(autouse=True)
def tenant(simulator: Simulator) -> Tenant:
    tenant = simulator.state
    for account in ("US-101", "US-102"):
        tenant.add(
            "VendorsV3",
            dataAreaId="usmf",
            VendorAccountNumber=account,
            VendorOrganizationName=account,
            CurrencyCode="USD",
            DefaultPaymentTermsName="Net30",
        )
    return tenant


async def ordered(caller: httpx.AsyncClient, **fields: Any) -> str:
    answer = await caller.post(HEADERS, params=CROSS, json={**ORDER, **fields})
    assert answer.status_code == 201, answer.text
    number = str(answer.json()["PurchaseOrderNumber"])
    for place, (item, quantity, price) in enumerate((("NB-100", 10, 11.5), ("NB-200", 3, 7)), 1):
        line: dict[str, Any] = {**KEY, "PurchaseOrderNumber": number, "LineNumber": place, "ItemNumber": item}
        line |= {"OrderedPurchaseQuantity": quantity, "PurchaseUnitSymbol": "ea", "PurchasePrice": price}
        assert (await caller.post(LINES, params=CROSS, json=line)).status_code == 201
    return number


async def pending(caller: httpx.AsyncClient, order: str, **fields: Any) -> str:
    answer = await caller.post(INVOICES, params=CROSS, json={**INVOICE, **fields})
    assert answer.status_code == 201, answer.text
    reference = str(answer.json()["HeaderReference"])
    line: dict[str, Any] = {**KEY, "HeaderReference": reference, "Currency": "USD", "PurchaseOrder": order}
    line |= {"PurchLineNumber": 1, "ReceiveNow": 10, "UnitPrice": 11.5}
    assert (await caller.post(INVOICE_LINES, params=CROSS, json=line)).status_code == 201
    return reference


async def test_an_order_takes_what_the_vendor_says_and_is_backorder_with_its_first_line(
    caller: httpx.AsyncClient, tenant: Tenant
) -> None:
    number = await ordered(caller)
    order = tenant.one("PurchaseOrderHeadersV2", PurchaseOrderNumber=number)
    names = ("PurchaseOrderNumber", "PaymentTermsName", "PurchaseOrderStatus", "DocumentApprovalStatus")
    assert [order[name] for name in names] == ["PO-000001", "Net30", "Backorder", "Approved"]
    assert [row["LineAmount"] for row in tenant.rows("PurchaseOrderLinesV2")] == [Decimal("115.00"), Decimal("21.00")]


async def test_each_confirmation_is_a_version_with_the_lines_as_they_were(
    caller: httpx.AsyncClient, tenant: Tenant
) -> None:
    number = await ordered(caller)
    assert purchasing.confirm(tenant, number) == f"{number}-1"
    line = {"dataAreaId": "usmf", "PurchaseOrderNumber": number, "LineNumber": 3, "ItemNumber": "NB-100"}
    assert (await caller.post(LINES, params=CROSS, json=line)).status_code == 201
    assert purchasing.confirm(tenant, number, date="2026-01-07") == f"{number}-2"
    first, second = tenant.rows("PurchaseOrderConfirmationHeaders")
    assert (first["TotalConfirmedAmount"], second["ConfirmationDate"]) == (Decimal("136.00"), "2026-01-07T12:00:00Z")
    counts = [
        len(tenant.rows("PurchaseOrderConfirmationLines", ConfirmationNumber=f"{number}-{version}"))
        for version in (1, 2)
    ]
    assert counts == [2, 3]


@pytest.mark.parametrize("left_out", ["OrderVendorAccountNumber", "InvoiceVendorAccountNumber", "LanguageId"])
async def test_an_order_lacks_nothing_that_a_tenant_asks_for(caller: httpx.AsyncClient, left_out: str) -> None:
    body = {name: value for name, value in ORDER.items() if name != left_out}
    assert left_out in sentence(await caller.post(HEADERS, params=CROSS, json=body))


async def test_a_line_number_is_taken_once(caller: httpx.AsyncClient) -> None:
    number = await ordered(caller)
    line = {"dataAreaId": "usmf", "PurchaseOrderNumber": number, "LineNumber": 1, "ItemNumber": "NB-100"}
    assert "The record already exists." in sentence(await caller.post(LINES, params=CROSS, json=line))


@pytest.mark.parametrize(("status", "refused"), [("All", True), ("PurchOrder", True), ("Invoice", False)])
async def test_a_vendor_on_hold_is_ordered_from_only_where_that_is_not_on_hold(
    caller: httpx.AsyncClient, tenant: Tenant, status: str, refused: bool
) -> None:
    tenant.add("VendorsV3", dataAreaId="usmf", VendorAccountNumber="US-101", OnHoldStatus=status)
    assert (await caller.post(HEADERS, params=CROSS, json=ORDER)).status_code == (400 if refused else 201)


async def test_a_pending_invoice_leaves_its_set_when_it_is_posted(caller: httpx.AsyncClient, tenant: Tenant) -> None:
    order = await ordered(caller)
    reference = await pending(caller, order, PurchaseOrderNumber=order, DueDate="2026-02-04")
    voucher = purchasing.post_invoice(tenant, reference, tax_percent=10)
    assert [tenant.rows(name) for name in ("VendorInvoiceHeaders", "VendorInvoiceLines")] == [[], []]
    posted, line = tenant.one("VendInvoiceJourBiEntities"), tenant.one("VendInvoiceTransBiEntities")
    assert (posted["LedgerVoucher"], posted["InvoiceAmount"]) == (voucher, Decimal("126.50"))
    assert (line["InternalInvoiceId"], line["OrigPurchId"]) == (posted["InternalInvoiceId"], order)
    assert tenant.one("PurchaseOrderHeadersV2")["PurchaseOrderStatus"] == "Invoiced"


async def test_an_invoice_number_is_used_once_where_the_parameter_says_so(
    caller: httpx.AsyncClient, tenant: Tenant
) -> None:
    await pending(caller, await ordered(caller))
    assert "already used" in sentence(await caller.post(INVOICES, params=CROSS, json=INVOICE))
    tenant.refuses_used_invoice_numbers = False
    assert (await caller.post(INVOICES, params=CROSS, json=INVOICE)).status_code == 201


async def test_an_invoice_names_orders_of_its_vendor_that_are_open_and_in_their_currency(
    caller: httpx.AsyncClient, tenant: Tenant
) -> None:
    order = await ordered(caller)
    body = {**INVOICE, "PurchaseOrderNumber": order}
    other = await caller.post(INVOICES, params=CROSS, json={**body, "InvoiceAccount": "US-102"})
    assert "another vendor" in sentence(other)
    currency = await caller.post(INVOICES, params=CROSS, json={**body, "Currency": "EUR"})
    assert "currency" in sentence(currency)
    purchasing.cancel(tenant, order)
    assert "Canceled" in sentence(await caller.post(INVOICES, params=CROSS, json=body))


async def test_a_stocked_item_needs_an_order_line_and_a_reference_is_the_servers(
    caller: httpx.AsyncClient, tenant: Tenant
) -> None:
    reference = (await caller.post(INVOICES, params=CROSS, json=INVOICE)).json()["HeaderReference"]
    line = {"dataAreaId": "usmf", "HeaderReference": reference, "Currency": "USD", "ItemNumber": "NB-100"}
    assert "must be not stocked" in sentence(await caller.post(INVOICE_LINES, params=CROSS, json=line))
    tenant.add("ReleasedProductsV2", dataAreaId="usmf", ItemNumber="NB-100", ProductType="Service")
    assert (await caller.post(INVOICE_LINES, params=CROSS, json=line)).status_code == 201
    ours = {**INVOICE, "InvoiceNumber": "V-2", "HeaderReference": "OURS-1"}
    assert "assigned by the server" in sentence(await caller.post(INVOICES, params=CROSS, json=ours))
    tenant.own_references = True
    assert (await caller.post(INVOICES, params=CROSS, json=ours)).json()["HeaderReference"] == "OURS-1"
