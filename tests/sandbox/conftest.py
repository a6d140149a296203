"""A fresh simulated tenant and a caller that is let in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from d365edi.sandbox.d365 import CLIENT_ID, CLIENT_SECRET, TENANT, Simulator
from tests.clock import Clock

HOST = "https://d365.test"
CUSTOMER = {"CustomerGroupId": "10", "SalesCurrencyCode": "USD", "PaymentTerms": "Net30", "LanguageId": "en-us"}
ORDER = {"dataAreaId": "usmf", "OrderingCustomerAccountNumber": "US-001", "InvoiceCustomerAccountNumber": "US-001"}
CROSS = {"cross-company": "true"}


@pytest.fixture
def clock() -> Clock:
    """It starts at 2026-01-05 09:15 UTC."""
    return Clock(1767604500.0)


@pytest.fixture
def simulator(clock: Clock) -> Simulator:
    made = Simulator(clock=clock)
    for company in ("usmf", "demf", "dat"):
        made.state.add(
            "CustomersV3", dataAreaId=company, CustomerAccount="US-001", OrganizationName=company, **CUSTOMER
        )
        for item, price in (("NB-100", 12), ("NB-200", 7)):
            fields = {"ItemNumber": item, "ProductNumber": item, "SearchName": f"Item {item}", "SalesPrice": price}
            made.state.add("ReleasedProductsV2", dataAreaId=company, SalesUnitSymbol="ea", **fields)
    made.state.add("CustomersV3", dataAreaId="demf", CustomerAccount="DE-001", **CUSTOMER)
    for unit in ("ea", "cs"):
        made.state.add("UnitsOfMeasure", UnitSymbol=unit)
    return made


@pytest.fixture
async def caller(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=simulator.app), base_url=HOST) as client:
        client.headers["Authorization"] = f"Bearer {await token(client)}"
        yield client


async def ask_token(client: httpx.AsyncClient, tenant: str = TENANT, **changes: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return await client.post(f"/{tenant}/oauth2/v2.0/token", data={**form, "scope": f"{HOST}/.default", **changes})


async def token(client: httpx.AsyncClient) -> str:
    return str((await ask_token(client)).json()["access_token"])


async def create_order(client: httpx.AsyncClient, **fields: object) -> str:
    answer = await client.post("/data/SalesOrderHeadersV4", params=CROSS, json={**ORDER, **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["SalesOrderNumber"])


async def create_line(
    client: httpx.AsyncClient, number: str, item: str = "NB-100", **fields: object
) -> dict[str, object]:
    body = {"dataAreaId": "usmf", "SalesOrderNumber": number, "ItemNumber": item, **fields}
    answer = await client.post("/data/SalesOrderLinesV3", params=CROSS, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def sentence(answer: httpx.Response) -> str:
    """What an error body says in its innermost message."""
    error = answer.json()["error"]
    return str(error.get("innererror", error)["message"])
