"""Display values in the simulated tenant: parted by the active format, refused with the application's sentences."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator
from d365edi.sandbox.d365.dimensions import by_name
from d365edi.sandbox.d365.tenant import Tenant

from .conftest import CROSS, sentence

URL = "/data/SalesOrderHeadersV4"


def settled(tenant: Tenant, delimiter: str = "Hyphen", text: str = "BusinessUnit-CostCenter-Department") -> Tenant:
    tenant.add("DimensionParameters", Key=0, DimensionSegmentDelimiter=delimiter)
    key = {"DimensionFormatName": "Default format", "DimensionFormatType": "DataEntityDefaultDimensionFormat"}
    tenant.add("DimensionIntegrationFormats", **key, FinancialDimensionFormat=text)
    return tenant


READ = [
    ("Hyphen", "A-B-C", "1-2-3", {"A": "1", "B": "2", "C": "3"}),
    ("Hyphen", "A-B-C", "1--3", {"A": "1", "B": "", "C": "3"}),
    ("Hyphen", "A-B-C", "1", {"A": "1", "B": "", "C": ""}),
    ("Hyphen", "A-B", "1-2-3", {"A": "1", "B": "2"}),
    ("Hyphen", "A-B", "1\\-2-3", {"A": "1-2", "B": "3"}),
    ("DoubleTilde", "A~~B", "1~2~~3", {"A": "1~2", "B": "3"}),
]


@pytest.mark.parametrize(("delimiter", "text", "display", "values"), READ)
def test_segments_stand_in_the_order_of_the_format(
    simulator: Simulator, delimiter: str, text: str, display: str, values: dict[str, str]
) -> None:
    assert by_name(settled(simulator.state, delimiter, text), "Default", display) == values


async def post(caller: httpx.AsyncClient, display: str) -> httpx.Response:
    body: dict[str, Any] = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-001",
        "InvoiceCustomerAccountNumber": "US-001",
        "DefaultLedgerDimensionDisplayValue": display,
    }
    return await caller.post(URL, params=CROSS, json=body)


async def test_without_an_active_format_every_display_value_is_refused(
    caller: httpx.AsyncClient, simulator: Simulator
) -> None:
    for row in simulator.state.rows("DimensionIntegrationFormats"):
        simulator.state.add("DimensionIntegrationFormats", **{**row, "IsActive": "No"})
    assert "No active format for data entities has been set up." in sentence(await post(caller, "001"))
    assert (await post(caller, "")).status_code == 201


async def test_a_dimension_that_is_not_activated_is_refused(caller: httpx.AsyncClient, simulator: Simulator) -> None:
    simulator.state.inactive_dimensions.add("CostCenter")
    assert "Only active dimensions can be used" in sentence(await post(caller, "001"))


async def test_a_value_in_the_wrong_place_is_refused(caller: httpx.AsyncClient, simulator: Simulator) -> None:
    simulator.state.dimension_values["Department"] = {"022"}
    assert "The value 7 is not valid for dimension Department." in sentence(await post(caller, "001--7"))
    assert (await post(caller, "001--022")).status_code == 201
