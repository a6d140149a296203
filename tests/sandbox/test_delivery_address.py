"""Where goods go in the simulator: customers' addresses, and what an order and its lines take of them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.conftest import CROSS, ORDER, create_order

ADDRESSES, LINES = "/data/CustomerPostalAddresses", "/data/SalesOrderLinesV3"
DC7: dict[str, Any] = {
    "dataAreaId": "usmf",
    "CustomerAccountNumber": "US-001",
    "AddressDescription": "DC 7",
    "AddressStreet": "700 DISTRIBUTION WAY",
    "AddressCity": "AUSTIN",
    "AddressState": "TX",
    "AddressZipCode": "78701",
    "AddressCountryRegionId": "USA",
}


async def create_address(caller: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await caller.post(ADDRESSES, params=CROSS, json={**DC7, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def create_line(caller: httpx.AsyncClient, order: str, **fields: Any) -> dict[str, Any]:
    body = {"dataAreaId": "usmf", "SalesOrderNumber": order, "ItemNumber": "NB-100", **fields}
    answer = await caller.post(LINES, params=CROSS, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def header(caller: httpx.AsyncClient, order: str) -> dict[str, Any]:
    answer = await caller.get(f"/data/SalesOrderHeadersV4(dataAreaId='usmf',SalesOrderNumber='{order}')", params=CROSS)
    return dict(answer.json())


async def test_a_new_address_gets_a_location_and_is_valid_from_now_on(caller: httpx.AsyncClient) -> None:
    first, second = await create_address(caller), await create_address(caller, AddressLocationId="DC-8")
    assert (first["AddressLocationId"], second["AddressLocationId"]) == ("000000001", "DC-8")
    assert (first["CustomerLegalEntityId"], first["AddressCountryRegionISOCode"]) == ("usmf", "US")
    assert (first["Effective"], first["Expiration"]) == ("2026-01-05T09:15:00Z", "2154-12-31T23:59:59Z")
    key = "dataAreaId='usmf',CustomerAccountNumber='US-001',CustomerLegalEntityId='usmf',AddressLocationId='DC-8'"
    answer = await caller.get(f"{ADDRESSES}({key},Effective=2026-01-05T09:15:00Z)", params=CROSS)
    assert (answer.status_code, answer.json()["AddressStreet"]) == (200, "700 DISTRIBUTION WAY")


async def test_an_address_of_a_customer_or_country_that_does_not_exist_is_refused(caller: httpx.AsyncClient) -> None:
    for changes in ({"CustomerAccountNumber": "US-999"}, {"AddressCountryRegionId": "US"}):
        answer = await caller.post(ADDRESSES, params=CROSS, json={**DC7, **changes})
        assert (answer.status_code, "is not found" in answer.text) == (400, True)


async def test_an_order_takes_its_address_from_the_location_and_a_line_from_its_order_or_its_own(
    caller: httpx.AsyncClient,
) -> None:
    await create_address(caller, AddressLocationId="DC-7")
    await create_address(caller, AddressLocationId="DC-8", AddressStreet="800 DISTRIBUTION WAY")
    order = await create_order(caller, DeliveryAddressLocationId="DC-7")
    made = await header(caller, order)
    assert made["FormattedDelveryAddress"] == "700 DISTRIBUTION WAY\nAUSTIN TX 78701\nUSA"
    assert (made["DeliveryAddressName"], made["DeliveryAddressCountryRegionISOCode"]) == ("DC 7", "US")
    inherited = await create_line(caller, order)
    own = await create_line(caller, order, DeliveryAddressLocationId="DC-8")
    places = [(line["DeliveryAddressLocationId"], line["DeliveryAddressStreet"]) for line in (inherited, own)]
    assert places == [("DC-7", "700 DISTRIBUTION WAY"), ("DC-8", "800 DISTRIBUTION WAY")]


async def test_a_location_that_does_not_exist_is_refused_on_header_and_line(caller: httpx.AsyncClient) -> None:
    header = {"OrderingCustomerAccountNumber": "US-001", "InvoiceCustomerAccountNumber": "US-001"}
    line = {"SalesOrderNumber": await create_order(caller), "ItemNumber": "NB-100"}
    for path, body in (("/data/SalesOrderHeadersV4", header), (LINES, line)):
        place = {"dataAreaId": "usmf", "DeliveryAddressLocationId": "DC-9"}
        answer = await caller.post(path, params=CROSS, json={**body, **place})
        assert answer.status_code == 400
        assert "The value 'DC-9' in field 'Location ID' is not found in the related table 'Locations'" in answer.text


async def test_an_address_of_the_orders_own_needs_its_country(caller: httpx.AsyncClient) -> None:
    own = {**ORDER, "IsDeliveryAddressOrderSpecific": "Yes", "DeliveryAddressStreet": "1 HIGH ST"}
    answer = await caller.post("/data/SalesOrderHeadersV4", params=CROSS, json=own)
    assert (answer.status_code, "'DeliveryAddressCountryRegionId' must be filled in" in answer.text) == (400, True)
    assert await create_order(caller, **own, DeliveryAddressCountryRegionISOCode="US")
