"""Reading: company scope, keys, options, paging, the shape of rows."""

from __future__ import annotations

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator

from .conftest import CROSS, create_line, create_order, sentence


async def _numbers(caller: httpx.AsyncClient, path: str, **options: str) -> list[str]:
    answer = await caller.get(path, params=options)
    assert answer.status_code == 200, answer.text
    return [row["CustomerAccount"] for row in answer.json()["value"]]


async def test_without_cross_company_only_the_default_company_is_seen(caller: httpx.AsyncClient) -> None:
    rows = (await caller.get("/data/CustomersV3")).json()["value"]
    assert [row["dataAreaId"] for row in rows] == ["dat"]


async def test_another_companys_rows_are_an_empty_list_and_its_key_is_404_without_cross_company(
    caller: httpx.AsyncClient,
) -> None:
    listed = await caller.get("/data/CustomersV3", params={"$filter": "dataAreaId eq 'usmf'"})
    one = await caller.get("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')")
    assert (listed.status_code, listed.json()["value"], one.status_code) == (200, [], 404)


async def test_with_cross_company_a_filter_on_any_spelling_of_the_company_finds_its_rows(
    caller: httpx.AsyncClient,
) -> None:
    assert await _numbers(caller, "/data/CustomersV3", **CROSS, **{"$filter": "dataAreaId eq 'DEMF'"}) == [
        "US-001",
        "DE-001",
    ]


async def test_a_company_that_the_user_may_not_see_stays_unseen(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.state.companies.remove("demf")
    rows = (await caller.get("/data/CustomersV3", params=CROSS)).json()["value"]
    assert {row["dataAreaId"] for row in rows} == {"usmf", "dat"}


async def test_sets_without_a_company_need_no_cross_company(caller: httpx.AsyncClient) -> None:
    rows = (await caller.get("/data/LegalEntities", params={"$select": "LegalEntityId"})).json()["value"]
    assert [row["LegalEntityId"] for row in rows] == ["usmf", "demf", "dat"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')", 200),
        ("/data/CustomersV3(CustomerAccount='us-001',dataAreaId='USMF')", 200),
        ("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='US%2D001')", 200),
        ("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='nobody')", 404),
        ("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='a%2Fb')", 404),
        ("/data/CustomersV3(dataAreaId='usmf')", 400),
        ("/data/CustomersV3(dataAreaId=usmf,CustomerAccount='US-001')", 400),
        ("/data/CustomersV3('US-001')", 400),
        ("/data/UnitsOfMeasure('ea')", 200),
        ("/data/UnitsOfMeasure(UnitSymbol='ea')", 200),
        ("/data/DimensionParameters(Key=0)", 200),
        ("/data/DimensionParameters(Key='0')", 400),
        ("/data/customersv3", 404),
        ("/data/PurchaseOrderHeaders", 404),
        ("/data/CustomersV3/$count", 200),
        ("/elsewhere", 404),
    ],
)
async def test_a_path_is_answered_as_its_spelling_deserves(caller: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await caller.get(path, params=CROSS)).status_code == status


async def test_an_enum_key_is_asked_for_by_its_qualified_literal(caller: httpx.AsyncClient) -> None:
    kind = "Microsoft.Dynamics.DataEntities.DimensionHierarchyType'DataEntityDefaultDimensionFormat'"
    answer = await caller.get(
        f"/data/DimensionIntegrationFormats(DimensionFormatName='Default format',DimensionFormatType={kind})"
    )
    assert (answer.status_code, answer.json()["IsActive"]) == (200, "Yes")


async def test_rows_carry_etag_context_and_only_the_selected_columns(caller: httpx.AsyncClient) -> None:
    answer = await caller.get("/data/CustomersV3", params={"$select": "CustomerAccount,dataAreaId", "$count": "true"})
    body = answer.json()
    assert body["@odata.context"] == "https://d365.test/data/$metadata#CustomersV3(CustomerAccount,dataAreaId)"
    assert body["@odata.count"] == 1
    assert list(body["value"][0]) == ["@odata.etag", "CustomerAccount", "dataAreaId"]
    assert body["value"][0]["@odata.etag"].startswith('W/"')


async def test_unset_fields_read_as_f_and_o_spells_nothing(caller: httpx.AsyncClient) -> None:
    number = await create_order(caller)
    row = (
        await caller.get(f"/data/SalesOrderHeadersV4(dataAreaId='usmf',SalesOrderNumber='{number}')", params=CROSS)
    ).json()
    names = ("Email", "ConfirmedShippingDate", "TotalDiscountPercentage", "IsExportSale", "DeliveryAddressTimeZone")
    assert [row[name] for name in names] == ["", "1900-01-01T12:00:00Z", 0, "No", None]
    assert row["TransportationDocumentLineId"] == "00000000-0000-0000-0000-000000000000"
    assert row["OrderCreationDateTime"] == "2026-01-05T09:15:00Z"


async def test_decimals_are_plain_json_numbers_without_padding(caller: httpx.AsyncClient) -> None:
    number = await create_order(caller)
    await create_line(caller, number, OrderedSalesQuantity=12, SalesPrice=7.225)
    text = (await caller.get("/data/SalesOrderLinesV3", params=CROSS)).text
    assert '"SalesPrice":7.225,' in text
    assert '"LineAmount":86.7,' in text


async def test_count_alone_is_plain_text_and_honours_the_filter(caller: httpx.AsyncClient) -> None:
    answer = await caller.get("/data/CustomersV3/$count", params={**CROSS, "$filter": "CustomerAccount eq 'DE*'"})
    assert (answer.text, answer.headers["content-type"].partition(";")[0]) == ("1", "text/plain")


async def test_order_top_and_skip_cut_the_list_as_asked(caller: httpx.AsyncClient) -> None:
    options = {"$orderby": "CustomerAccount desc,dataAreaId asc", "$select": "dataAreaId,CustomerAccount", **CROSS}
    answer = await caller.get("/data/CustomersV3", params={**options, "$top": "2", "$skip": "1"})
    assert [(r["CustomerAccount"], r["dataAreaId"]) for r in answer.json()["value"]] == [
        ("US-001", "demf"),
        ("US-001", "usmf"),
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"$top": "-1"},
        {"$top": "many"},
        {"$skip": "1.5"},
        {"$orderby": "Nothing"},
        {"$orderby": "CustomerAccount sideways"},
        {"$select": "CustomerName"},
        {"$expand": "DimensionSet"},
        {"$search": "x"},
        {"$fitler": "CustomerAccount eq 'x'"},
    ],
)
async def test_options_that_f_and_o_does_not_take_are_400(caller: httpx.AsyncClient, options: dict[str, str]) -> None:
    answer = await caller.get("/data/CustomersV3", params=options)
    assert answer.status_code == 400
    assert sentence(answer)


async def test_an_option_given_twice_is_400(caller: httpx.AsyncClient) -> None:
    assert (await caller.get("/data/CustomersV3?$top=1&$top=2")).status_code == 400


async def test_pages_follow_each_other_by_skip_until_all_rows_were_seen(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.state.page = 2
    seen, url = [], "/data/CustomersV3?cross-company=true&$select=CustomerAccount&$filter=CustomerAccount ne 'x'"
    pages = []
    while url:
        body = (await caller.get(url)).json()
        pages.append(len(body["value"]))
        seen += [row["CustomerAccount"] for row in body["value"]]
        url = body.get("@odata.nextLink", "")
    assert (pages, seen) == ([2, 2], ["US-001", "US-001", "US-001", "DE-001"])


async def test_a_next_link_repeats_the_question_and_keeps_what_top_has_left(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.state.page = 2
    body = (await caller.get("/data/CustomersV3", params={**CROSS, "$top": "3"})).json()
    assert body["@odata.nextLink"] == "https://d365.test/data/CustomersV3?cross-company=true&$skip=2&$top=1"
    rest = (await caller.get(body["@odata.nextLink"])).json()
    assert (len(rest["value"]), "@odata.nextLink" in rest) == (1, False)


async def test_ten_thousand_rows_are_a_page(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    for number in range(10_001):
        simulator.state.store.insert("UnitsOfMeasure", {"UnitSymbol": f"u{number}"})
    body = (await caller.get("/data/UnitsOfMeasure", params={"$select": "UnitSymbol"})).json()
    assert (len(body["value"]), body["@odata.nextLink"].endswith("$skip=10000")) == (10_000, True)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_set_takes_no_such_method(caller: httpx.AsyncClient, method: str) -> None:
    assert (await caller.request(method, "/data/CustomersV3", json={})).status_code == 405
