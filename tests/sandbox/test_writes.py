"""Writing: what the server assigns, and that a wrong request fails as the real one does."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator

from .conftest import CROSS, ORDER, create_line, create_order, sentence

LINES = "/data/SalesOrderLinesV3"
HEADERS = "/data/SalesOrderHeadersV4"


def _header_key(number: str) -> str:
    return f"{HEADERS}(dataAreaId='usmf',SalesOrderNumber='{number}')"


def _line_key(line: dict[str, Any]) -> str:
    return f"{LINES}(dataAreaId='usmf',InventoryLotId='{line['InventoryLotId']}')"


async def test_a_header_comes_back_whole_with_its_number_and_the_customers_defaults(caller: httpx.AsyncClient) -> None:
    answer = await caller.post(HEADERS, params=CROSS, json={**ORDER, "CustomersOrderReference": "4500123"})
    row = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith("SalesOrderHeadersV4(dataAreaId='usmf',SalesOrderNumber='SO-000001')")
    names = (
        "SalesOrderNumber",
        "CurrencyCode",
        "LanguageId",
        "PaymentTermsName",
        "SalesOrderStatus",
        "RequestedShippingDate",
    )
    assert [row[n] for n in names] == ["SO-000001", "USD", "en-US", "Net30", "Backorder", "2026-01-05T12:00:00Z"]


async def test_numbers_are_counted_in_each_company_alone(caller: httpx.AsyncClient) -> None:
    numbers = [await create_order(caller, dataAreaId=company) for company in ("usmf", "demf", "USMF")]
    assert numbers == ["SO-000001", "SO-000001", "SO-000002"]


async def test_without_a_company_in_the_body_the_users_default_company_is_written_to(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    body = {name: value for name, value in ORDER.items() if name != "dataAreaId"}
    assert (await caller.post(HEADERS, json=body)).json()["dataAreaId"] == "dat"
    assert simulator.state.rows("SalesOrderHeadersV4", dataAreaId="usmf") == []


@pytest.mark.parametrize(
    "written", ["2026-07-23", "2026-07-23T00:00:00Z", "2026-07-23T12:00:00Z", "2026-07-23T23:30:00+02:00"]
)
async def test_a_date_is_kept_as_noon_utc_however_it_was_written(caller: httpx.AsyncClient, written: str) -> None:
    answer = await caller.post(HEADERS, params=CROSS, json={**ORDER, "RequestedShippingDate": written})
    assert answer.json()["RequestedShippingDate"] == "2026-07-23T12:00:00Z"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CustomerReference": "x"}, "The property 'CustomerReference' does not exist on type"),
        ({"SalesOrderStatus": "Invoiced"}, "'SalesOrderStatus' is read-only"),
        ({"dataAreaId": "frmf"}, "Company frmf does not exist"),
        (
            {"OrderingCustomerAccountNumber": "US-999"},
            "The value 'US-999' in field 'Customer account' is not found in the related",
        ),
        ({"OrderingCustomerAccountNumber": "DE-001"}, "is not found in the related table 'Customers'."),
        (
            {"InvoiceCustomerAccountNumber": "US-999"},
            "in field 'Invoice account' is not found in the related table 'Customers'.",
        ),
        ({"OrderingCustomerAccountNumber": ""}, "Field 'OrderingCustomerAccountNumber' must be filled in."),
        ({"InvoiceCustomerAccountNumber": None}, "Field 'InvoiceCustomerAccountNumber' must be filled in."),
        (
            {"CurrencyCode": "XTS"},
            "The value 'XTS' in field 'Currency' is not found in the related table 'Currencies'.",
        ),
        ({"SalesOrderOriginCode": "Fax"}, "in field 'Sales origin' is not found"),
        ({"DeliveryAddressCountryRegionId": "US"}, "The value 'US' in field 'Country/region' is not found"),
        ({"DeliveryAddressCountryRegionId": "USA", "DeliveryAddressStateId": "ZZ"}, "The value 'ZZ' in field 'State'"),
        ({"SalesOrderNumber": "MINE-1"}, "the number sequence does not allow manual numbers"),
        ({"IsExportSale": True}, "Cannot convert the literal 'True'"),
        ({"IsExportSale": "yes"}, "Cannot convert the literal 'yes'"),
        ({"IsExportSale": 1}, "Cannot convert the literal '1'"),
        ({"TotalDiscountPercentage": "2.5"}, "to the expected type 'Edm.Decimal'"),
        ({"RetailChannelTable": 1.5}, "to the expected type 'Edm.Int64'"),
        ({"RetailChannelTable": 2**63}, "to the expected type 'Edm.Int64'"),
        ({"CustomersOrderReference": 4500123}, "to the expected type 'Edm.String'"),
        ({"RequestedShippingDate": "23.07.2026"}, "to the expected type 'Edm.DateTimeOffset'"),
        ({"RequestedShippingDate": "2026-07-23T10:00:00"}, "to the expected type 'Edm.DateTimeOffset'"),
        ({"TransportationDocumentLineId": "no-guid"}, "to the expected type 'Edm.Guid'"),
    ],
)
async def test_a_wrong_header_is_400_with_the_sentence_that_f_and_o_says(
    simulator: Simulator, caller: httpx.AsyncClient, changes: dict[str, object], words: str
) -> None:
    answer = await caller.post(HEADERS, params=CROSS, json={**ORDER, **changes})
    assert answer.status_code == 400
    assert words in sentence(answer)
    assert simulator.state.rows("SalesOrderHeadersV4") == []


async def test_a_refused_reference_is_told_in_the_infolog_envelope(caller: httpx.AsyncClient) -> None:
    answer = await caller.post(HEADERS, params=CROSS, json={**ORDER, "OrderingCustomerAccountNumber": "US-999"})
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("", "An error has occurred.")
    assert error["innererror"]["message"] == (
        "Write failed for table row of type 'SalesOrderHeaderV4Entity'. Infolog: Warning: The value 'US-999' in field "
        "'Customer account' is not found in the related table 'Customers'.; Warning: validateField failed on field "
        "'SalesOrderHeaderV4Entity.OrderingCustomerAccountNumber'."
    )
    assert {"type", "stacktrace"} <= error["innererror"].keys()


async def test_manual_numbers_are_taken_once_where_the_sequence_allows_them(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.state.manual_numbers = True
    assert await create_order(caller, SalesOrderNumber="MINE-1") == "MINE-1"
    again = await caller.post(HEADERS, params=CROSS, json={**ORDER, "SalesOrderNumber": "mine-1"})
    assert again.status_code == 400
    assert sentence(again).endswith("The record already exists..")


async def test_a_line_gets_its_lot_sequence_and_defaults_from_the_server(caller: httpx.AsyncClient) -> None:
    number = await create_order(caller)
    lines = [await create_line(caller, number, CustomersLineNumber=3), await create_line(caller, number, "NB-200")]
    assert [line["InventoryLotId"] for line in lines] == ["USMF-000001", "USMF-000002"]
    names = (
        "LineNumber",
        "LineCreationSequenceNumber",
        "SalesUnitSymbol",
        "SalesPrice",
        "LineAmount",
        "LineDescription",
    )
    assert [lines[1][name] for name in names] == [2, 2, "ea", 7, 7, "Item NB-200"]
    assert lines[0]["CustomersLineNumber"] == 3


async def test_a_line_amount_is_quantity_times_price_less_discounts_to_the_cent(caller: httpx.AsyncClient) -> None:
    number = await create_order(caller)
    fields: dict[str, object] = {"OrderedSalesQuantity": 3, "SalesPrice": 10.005, "LineDiscountPercentage": 10}
    assert (await create_line(caller, number, "NB-100", **fields))["LineAmount"] == 27.01


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SalesOrderNumber": ""}, "Field 'SalesOrderNumber' must be filled in."),
        (
            {"SalesOrderNumber": "SO-999999"},
            "The value 'SO-999999' in field 'Sales order' is not found in the related table",
        ),
        ({"ItemNumber": ""}, "Field 'ItemNumber' must be filled in."),
        (
            {"ItemNumber": "NB-999"},
            "The value 'NB-999' in field 'Item number' is not found in the related table 'Items'.",
        ),
        ({"SalesUnitSymbol": "EACH"}, "The value 'EACH' in field 'Unit' is not found in the related table 'Units'."),
        ({"InventoryLotId": "mine"}, "'InventoryLotId' is read-only"),
        ({"CustomersLineNumber": "1"}, "to the expected type 'Edm.Int32'"),
        ({"CustomersLineNumber": 2**31}, "to the expected type 'Edm.Int32'"),
        ({"CustomerLineNum": 1}, "The property 'CustomerLineNum' does not exist"),
    ],
)
async def test_a_wrong_line_is_400_and_leaves_the_order_without_it(
    simulator: Simulator, caller: httpx.AsyncClient, changes: dict[str, object], words: str
) -> None:
    number = await create_order(caller)
    body = {"dataAreaId": "usmf", "SalesOrderNumber": number, "ItemNumber": "NB-100", **changes}
    answer = await caller.post(LINES, params=CROSS, json=body)
    assert answer.status_code == 400
    assert words in sentence(answer)
    assert simulator.state.rows("SalesOrderLinesV3") == []


async def test_blocked_items_and_a_missing_site_are_refused_in_f_and_os_words(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number = await create_order(caller)
    simulator.state.blocked, simulator.state.needs_site = {"NB-100"}, {"NB-200"}
    body = {"dataAreaId": "usmf", "SalesOrderNumber": number}
    answers = [
        await caller.post(LINES, params=CROSS, json={**body, "ItemNumber": item}) for item in ("NB-100", "NB-200")
    ]
    assert "Warning: Item 'NB-100' is blocked for 'Sales order'." in sentence(answers[0])
    assert "Inventory dimension Site is mandatory and must consequently be specified." in sentence(answers[1])
    assert (await create_line(caller, number, "NB-200", ShippingSiteId="1"))["ShippingSiteId"] == "1"


async def test_the_orders_customers_own_item_number_stands_on_the_line(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    named = {"CustomerAccountNumber": "US-001", "ItemNumber": "NB-100", "CustomerProductNumber": "4711"}
    simulator.state.add("CustomerProductDescriptionsV2", dataAreaId="usmf", **named)
    assert (await create_line(caller, await create_order(caller)))["ExternalItemNumber"] == "4711"


async def test_a_patch_changes_what_it_names_moves_the_etag_and_answers_204(caller: httpx.AsyncClient) -> None:
    key = _header_key(await create_order(caller))
    before = (await caller.get(key, params=CROSS)).json()
    answer = await caller.patch(key, params=CROSS, json={"dataAreaId": "usmf", "Email": "a@b.example"})
    after = (await caller.get(key, params=CROSS)).json()
    assert (answer.status_code, answer.content, after["Email"]) == (204, b"", "a@b.example")
    assert before["@odata.etag"] != after["@odata.etag"]


async def test_changing_a_lines_quantity_changes_its_amount(caller: httpx.AsyncClient) -> None:
    line = await create_line(caller, await create_order(caller))
    assert (await caller.patch(_line_key(line), params=CROSS, json={"OrderedSalesQuantity": 5})).status_code == 204
    assert (await caller.get(_line_key(line), params=CROSS)).json()["LineAmount"] == 60


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"SalesOrderNumber": "SO-000009"}, "cannot be changed"),
        ({"Nothing": 1}, "does not exist on type"),
        ({"CurrencyCode": "XTS"}, "is not found in the related table 'Currencies'."),
    ],
)
async def test_a_wrong_patch_is_400_and_changes_nothing(
    caller: httpx.AsyncClient, body: dict[str, object], words: str
) -> None:
    key = _header_key(await create_order(caller))
    before = (await caller.get(key, params=CROSS)).json()
    answer = await caller.patch(key, params=CROSS, json=body)
    assert (answer.status_code, words in sentence(answer)) == (400, True)
    assert (await caller.get(key, params=CROSS)).json() == before


async def test_another_companys_record_cannot_be_patched_without_cross_company(caller: httpx.AsyncClient) -> None:
    key = _header_key(await create_order(caller))
    assert (await caller.patch(key, json={"Email": "x"})).status_code == 404


async def test_if_match_is_honoured_when_it_is_sent(caller: httpx.AsyncClient) -> None:
    key = _header_key(await create_order(caller))
    etag = (await caller.get(key, params=CROSS)).json()["@odata.etag"]
    first = await caller.patch(key, params=CROSS, json={"Email": "1"}, headers={"If-Match": etag})
    second = await caller.patch(key, params=CROSS, json={"Email": "2"}, headers={"If-Match": etag})
    assert (first.status_code, second.status_code) == (204, 412)


async def test_deleting_an_order_takes_its_lines_with_it(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    number = await create_order(caller)
    kept = await create_line(caller, await create_order(caller))
    await create_line(caller, number)
    assert (await caller.delete(_header_key(number), params=CROSS)).status_code == 204
    assert [line["InventoryLotId"] for line in simulator.state.rows("SalesOrderLinesV3")] == [kept["InventoryLotId"]]


async def test_an_invoiced_order_can_neither_be_changed_extended_nor_deleted(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number = await create_order(caller)
    line = await create_line(caller, number)
    simulator.post_invoice(number)
    body = {"dataAreaId": "usmf", "SalesOrderNumber": number, "ItemNumber": "NB-100"}
    answers = [
        await caller.patch(_header_key(number), params=CROSS, json={"Email": "x"}),
        await caller.delete(_header_key(number), params=CROSS),
        await caller.post(LINES, params=CROSS, json=body),
        await caller.patch(_line_key(line), params=CROSS, json={"OrderedSalesQuantity": 9}),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4
    assert all("it is Invoiced" in sentence(answer) for answer in answers)


async def test_a_partly_invoiced_order_keeps_its_invoiced_lines_and_stays_open_for_others(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    number = await create_order(caller)
    first, second = await create_line(caller, number), await create_line(caller, number, "NB-200")
    simulator.post_invoice(number, quantities={str(first["InventoryLotId"]): 1})
    answers = [
        await caller.delete(_line_key(first), params=CROSS),
        await caller.patch(_line_key(first), params=CROSS, json={"SalesPrice": 1}),
        await caller.delete(_header_key(number), params=CROSS),
        await caller.delete(_line_key(second), params=CROSS),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 204]


@pytest.mark.parametrize("set", ["SalesInvoiceHeadersV4", "CustInvoiceTransBiEntities", "LegalEntities"])
async def test_a_set_that_can_only_be_read_refuses_a_write(caller: httpx.AsyncClient, set: str) -> None:
    answer = await caller.post(f"/data/{set}", params=CROSS, json={})
    assert (answer.status_code, "is read-only" in sentence(answer)) == (400, True)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    caller: httpx.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    answer = await caller.post(HEADERS, params=CROSS, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status


async def test_annotations_in_a_body_are_passed_over(caller: httpx.AsyncClient) -> None:
    body = {
        **ORDER,
        "@odata.type": "#Microsoft.Dynamics.DataEntities.SalesOrderHeaderV4",
        "Email@odata.type": "#String",
    }
    assert (await caller.post(HEADERS, params=CROSS, json=body)).status_code == 201
