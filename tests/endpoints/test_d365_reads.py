"""D365 as a source: what is new as messages, and what a ping reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from d365edi.endpoints.base import After, Place, Remote, Settlement
from d365edi.endpoints.d365 import catalog
from d365edi.errors import CredentialsRejected, Refused, Unreachable
from d365edi.odata import canonical
from d365edi.odata.plan import Join, Query, ReadPlan
from d365edi.odata.quoting import compare, eq
from d365edi.sandbox.d365.simulator import CLIENT_ID
from tests.endpoints.d365_scene import HOST, Scene, order

LIMIT = 1_000_000
JOURNAL = Join(
    "journal",
    "CustInvoiceTransBiEntities",
    {"dataAreaId": "dataAreaId", "InvoiceId": "InvoiceNumber", "InvoiceDate": "InvoiceDate"},
    select=("InventTransId", "ItemId"),
    optional=True,
)
LINES = Join(
    "lines",
    "SalesInvoiceV4Lines",
    {"dataAreaId": "dataAreaId", "InvoiceNumber": "InvoiceNumber", "InvoiceDate": "InvoiceDate"},
    select=("LineCreationSequenceNumber", "ProductNumber", "InvoicedQuantity", "SalesPrice"),
    orderby=("LineCreationSequenceNumber",),
)
PLAN = ReadPlan(
    what="SalesInvoice",
    header=Query(
        "SalesInvoiceHeadersV4",
        (
            eq("dataAreaId", "usmf"),
            eq("InvoiceCustomerAccountNumber", "US-003"),
            compare("InvoiceDate", "ge", date(2026, 1, 1)),
        ),
        ("InvoiceNumber", "InvoiceDate", "SalesOrderNumber", "TotalInvoiceAmount", "LedgerVoucher", "dataAreaId"),
    ),
    key=("dataAreaId", "InvoiceNumber", "InvoiceDate", "LedgerVoucher"),
    name_fields=("InvoiceNumber", "InvoiceDate"),
    joins=(LINES, JOURNAL),
)
PLACE = Place("SalesInvoice", query=PLAN)


@pytest.fixture
async def scene() -> Scene:
    """Two orders, both invoiced, one of them before the plan's date."""
    scene = Scene()
    for number, day in (("PO-1", "2026-03-01"), ("PO-2", "2025-12-31")):
        scene.progress.clear()
        receipt = await scene.deliver(order(number))
        scene.sim.post_invoice(receipt.id, date=day)
    return scene


async def fetched(scene: Scene, place: Place = PLACE) -> dict[str, Any]:
    listing = await scene.endpoint.list(place)
    read: dict[str, Any] = canonical.loads(await scene.endpoint.fetch(listing.remotes[0], LIMIT))
    return read


async def test_what_was_posted_since_the_date_is_listed_by_name(scene: Scene) -> None:
    listing = await scene.endpoint.list(PLACE)
    assert [(remote.path, remote.name) for remote in listing.remotes] == [("SalesInvoice", "CIV-000001-2026-03-01")]
    assert (listing.remotes[0].size > 0, listing.remotes[0].modified, listing.passed_over) == (True, None, ())
    assert await scene.endpoint.list(PLACE) == listing


async def test_a_message_is_the_record_with_its_joins_as_canonical_json(scene: Scene) -> None:
    message = await fetched(scene)
    assert sorted(message) == ["header", "journal", "lines"]
    assert (message["header"]["InvoiceNumber"], len(message["journal"])) == ("CIV-000001", 2)
    assert [line["LineCreationSequenceNumber"] for line in message["lines"]] == [1, 2]
    remote = (await scene.endpoint.list(PLACE)).remotes[0]
    data = await scene.endpoint.fetch(remote, LIMIT)
    assert (data, await scene.endpoint.fetch(remote, LIMIT)) == (canonical.dumps(message), data)
    assert b"@odata" not in data


async def test_a_remote_can_be_fetched_by_another_process(scene: Scene) -> None:
    remote = (await scene.endpoint.list(PLACE)).remotes[0]
    assert await scene.open().fetch(remote, LIMIT) == await scene.endpoint.fetch(remote, LIMIT)


async def test_an_optional_set_that_may_not_be_read_is_empty_and_says_why(scene: Scene) -> None:
    scene.sim.faults.answer(403, path="/data/CustInvoiceTransBiEntities")
    message = await fetched(scene)
    assert (message["journal"], list(message["_missing"]), len(message["lines"])) == ([], ["journal"], 2)
    assert message["_missing"]["journal"].startswith(f"D365 at {HOST} answered 403")


@pytest.mark.parametrize("entity_set", ["SalesInvoiceV4Lines", "SalesInvoiceHeadersV4"])
async def test_a_set_that_is_needed_and_may_not_be_read_is_named_with_what_was_wanted(
    scene: Scene, entity_set: str
) -> None:
    remote = (await scene.endpoint.list(PLACE)).remotes[0]
    scene.sim.faults.answer(403, path=f"/data/{entity_set}")
    message = canonical.loads(await scene.endpoint.fetch(remote, LIMIT))
    assert (list(message["_refused"]), message["_wanted"]) == ([entity_set], remote.id)
    assert message["_refused"][entity_set].startswith(f"D365 at {HOST} answered 403")
    assert message.get("lines", []) == []


@pytest.mark.parametrize(("status", "times"), [(503, 1), (401, 2)])
async def test_an_optional_set_is_not_given_up_for_a_moments_trouble_or_a_bad_token(
    scene: Scene, status: int, times: int
) -> None:
    scene.sim.faults.answer(status, path="/data/CustInvoiceTransBiEntities", times=times)
    with pytest.raises(Unreachable if status == 503 else CredentialsRejected):
        await fetched(scene)


async def test_nothing_is_asked_by_an_empty_value(scene: Scene) -> None:
    join = Join("orders", "SalesOrderHeadersV4", {"SalesOrderName": "DeliveryTermsCode", "dataAreaId": "dataAreaId"})
    before = scene.sim.count("GET", "SalesOrderHeadersV4")
    message = await fetched(scene, Place("x", query=replace(PLAN, joins=(join,))))
    assert (message["header"]["DeliveryTermsCode"], message["orders"]) == ("", [])
    assert scene.sim.count("GET", "SalesOrderHeadersV4") == before


async def test_a_record_that_is_gone_is_refused(scene: Scene) -> None:
    remote = (await scene.endpoint.list(PLACE)).remotes[0]
    for record in scene.sim.state.store.rows("SalesInvoiceHeadersV4"):
        scene.sim.state.store.delete(record)
    with pytest.raises(Refused, match="is not there any more in SalesInvoiceHeadersV4"):
        await scene.endpoint.fetch(remote, LIMIT)


async def test_more_bytes_than_allowed_are_refused(scene: Scene) -> None:
    remote = (await scene.endpoint.list(PLACE)).remotes[0]
    with pytest.raises(Refused, match="bytes; 10 are allowed"):
        await scene.endpoint.fetch(remote, 10)


@pytest.mark.parametrize("id", ["", "{}", "[]", '{"joins": 3}', '{"joins": [{"a": 1}]}'])
async def test_a_remote_that_does_not_say_what_to_fetch_is_refused(scene: Scene, id: str) -> None:
    with pytest.raises(Refused, match="list anew"):
        await scene.endpoint.fetch(Remote("SalesInvoice", "x", 1, None, id), LIMIT)


async def test_a_set_that_cannot_be_named_is_refused(scene: Scene) -> None:
    with pytest.raises(Refused, match="cannot be asked"):
        await scene.endpoint.ask(Query("No Set"))


async def test_settling_does_nothing_here(scene: Scene) -> None:
    remote = (await scene.endpoint.list(PLACE)).remotes[0]
    before = len(scene.sim.log)
    assert await scene.endpoint.settle(remote, After("leave"), "00") == Settlement("settled", remote.name)
    assert len(scene.sim.log) == before


async def test_a_place_without_a_plan_is_refused(scene: Scene) -> None:
    with pytest.raises(Refused, match="by a plan"):
        await scene.endpoint.list(Place("/inbound"))


async def test_names_hold_no_path_and_a_row_without_its_key_is_passed_over(scene: Scene) -> None:
    state = scene.sim.state
    for number in ("A/1..", ""):
        fields = {"InvoiceCustomerAccountNumber": "US-003", "InvoiceDate": "2026-02-01", "LedgerVoucher": "V"}
        state.add("SalesInvoiceHeadersV4", dataAreaId="usmf", InvoiceNumber=number, **fields)
    listing = await scene.endpoint.list(PLACE)
    assert [remote.name for remote in listing.remotes] == ["A%2F1..-2026-02-01", "CIV-000001-2026-03-01"]
    assert [passed.name for passed in listing.passed_over] == ["-2026-02-01"]


async def test_a_record_is_known_by_its_whole_key_whatever_its_name(scene: Scene) -> None:
    fields = {"InvoiceCustomerAccountNumber": "US-003", "InvoiceDate": "2026-03-01", "LedgerVoucher": "V-2"}
    scene.sim.state.add("SalesInvoiceHeadersV4", dataAreaId="usmf", InvoiceNumber="CIV-000001", **fields)
    listing = await scene.endpoint.list(PLACE)
    assert len({remote.name for remote in listing.remotes}) == 1
    keys = [canonical.loads(remote.key) for remote in listing.remotes]
    assert all(list(key) == sorted(PLAN.key) and key["dataAreaId"] == "usmf" for key in keys)
    assert len({key["LedgerVoucher"] for key in keys}) == 2


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (
            replace(PLAN, key=("dataAreaId", "TotalInvoiceAmount")),
            "TotalInvoiceAmount of its key (dataAreaId, Tot",
        ),
        (
            replace(PLAN, key=("dataAreaId", "SalesOrderNumber")),
            "SalesOrderNumber of its key (dataAreaId, Sa",
        ),
        (
            replace(PLAN, key=("dataAreaId", "CurrencyCode")),
            "has 3 rows with its key (dataAreaId usmf, CurrencyCode USD)",
        ),
    ],
)
async def test_what_cannot_be_distinguished_from_another_record_is_passed_over_and_says_why(
    plan: ReadPlan, reason: str, scene: Scene
) -> None:
    fields = {"InvoiceCustomerAccountNumber": "US-003", "InvoiceDate": "2026-03-01", "CurrencyCode": "USD"}
    for voucher in ("V-2", "V-3"):
        scene.sim.state.add(
            "SalesInvoiceHeadersV4", dataAreaId="usmf", InvoiceNumber="CIV-000001", LedgerVoucher=voucher, **fields
        )
    listing = await scene.endpoint.list(Place("SalesInvoice", query=plan))
    assert reason in listing.passed_over[0].reason
    assert len(listing.remotes) == (0 if "CurrencyCode" in plan.key else 1)


async def test_closing_twice_is_fine(scene: Scene) -> None:
    await scene.endpoint.close()
    await scene.endpoint.close()


async def test_a_ping_reports_token_role_and_companies() -> None:
    scene = Scene()
    checks = await scene.endpoint.ping()
    assert [(check.what, check.ok, check.sentence) for check in checks] == [
        ("token", True, f"a token for application {CLIENT_ID}, valid for 60 min"),
        ("role", True, "D365 knows the application as user d365edi"),
        ("companies", True, "3 companies visible, among them usmf"),
        ("language", True, "D365 answers in English"),
    ]
    assert {seen.method for seen in scene.sim.log if seen.set != "token"} == {"GET"}


async def test_a_company_that_cannot_be_seen_is_named_with_a_remedy() -> None:
    scene = Scene()
    check = (await scene.open(companies=("USMF", "gbsi", "frrt")).ping())[-1]
    assert (check.what, check.ok, check.sentence) == (
        "companies",
        False,
        "of the companies in the settings, gbsi, frrt cannot be seen",
    )
    assert "give the application's user a role" in check.remedy


@pytest.mark.parametrize(
    ("faults", "what", "remedy"),
    [
        ([("POST", "*/oauth2/*", 503)], "token", ""),
        ([("GET", "/data/SysAADClients", 401), ("GET", "/data/SysAADClients", 401)], "role", "Entra ID applications"),
        ([("GET", "/data/SysAADClients", 403), ("GET", "/data/LegalEntities", 403)], "role", "Entra ID applications"),
        ([("GET", "/data/LegalEntities", 503)], "companies", ""),
    ],
)
async def test_the_first_knock_that_fails_is_the_last_and_nothing_is_raised(
    faults: list[tuple[str, str, int]], what: str, remedy: str
) -> None:
    scene = Scene()
    for method, path, status in faults:
        scene.sim.faults.answer(status, method=method, path=path)
    checks = await scene.endpoint.ping()
    assert (checks[-1].what, [check.ok for check in checks][-1], remedy in checks[-1].remedy) == (what, False, True)
    assert all(check.ok for check in checks[:-1])


async def test_a_ping_asks_entra_and_says_one_thing_of_the_token() -> None:
    """A token that is good for an hour yet, and a secret that is refused meanwhile."""
    scene = Scene()
    assert all(check.ok for check in await scene.endpoint.ping())
    scene.sim.entra.clients[CLIENT_ID] = "another one"
    scene.sim.entra.revoke()
    (check,) = await scene.endpoint.ping()
    assert (check.what, check.ok, "the client secret is wrong" in check.sentence) == ("token", False, True)


async def test_a_role_that_may_not_see_the_registration_is_still_a_role() -> None:
    scene = Scene()
    scene.sim.faults.answer(403, path="/data/SysAADClients")
    checks = await scene.endpoint.ping()
    assert [(check.what, check.ok) for check in checks] == [
        *(("token", True), ("role", True), ("companies", True), ("language", True))
    ]


async def test_a_ping_warns_where_d365_does_not_answer_in_english() -> None:
    scene = Scene()
    scene.sim.state.language = "de"
    check = (await scene.endpoint.ping())[-1]
    assert (check.what, check.ok) == ("language", True)
    assert check.sentence.startswith("warning: D365 does not answer in English")


@pytest.mark.parametrize(
    ("entity_set", "field", "value", "term"),
    [
        ("SalesOrderHeadersV4", "SalesOrderNumber", "SO-1", "SalesOrderNumber eq 'SO-1'"),
        (
            "SalesOrderHeadersV4",
            "RequestedShippingDate",
            "2026-01-01T12:00:00Z",
            "RequestedShippingDate eq 2026-01-01T12:00:00Z",
        ),
        ("SalesOrderHeadersV4", "RequestedShippingDate", "2026-01-01", "RequestedShippingDate eq 2026-01-01T12:00:00Z"),
        (
            "SalesOrderHeadersV4",
            "SalesOrderStatus",
            "Backorder",
            "SalesOrderStatus eq Microsoft.Dynamics.DataEntities.SalesStatus'Backorder'",
        ),
        ("SalesInvoiceV4Lines", "LineCreationSequenceNumber", 3, "LineCreationSequenceNumber eq 3"),
        ("SalesOrderHeadersV4", "CustomerRequisitionNumber", None, "CustomerRequisitionNumber eq ''"),
        ("OwnSet", "OwnDate", "2026-01-01T12:00:00Z", "OwnDate eq 2026-01-01T12:00:00Z"),
        ("OwnSet", "OwnText", "2026-01-01", "OwnText eq '2026-01-01'"),
        ("CustomersV3", "OwnText", "x", "OwnText eq 'x'"),
    ],
)
def test_a_value_gets_the_literal_of_its_fields_type(entity_set: str, field: str, value: Any, term: str) -> None:
    assert catalog.condition(entity_set, field, value) == term


def test_the_catalog_holds_the_sets_of_edi_with_keys_that_are_fields_and_types_that_exist() -> None:
    edm = {"String", "Decimal", "DateTimeOffset", "Int32", "Int64", "Guid", "Binary", "Boolean"}
    found = [catalog.entity_set(name) for name in catalog.names()]
    assert len(found) == 115
    for entity in found:
        assert entity is not None
        assert set(entity.keys) <= set(entity.fields)
        assert [kind for kind in entity.fields.values() if kind not in edm and catalog.members(kind) is None] == []
    assert catalog.keys("SalesOrderLinesV3") == ("dataAreaId", "InventoryLotId")
    assert (catalog.entity_set("Nothing"), catalog.keys("Nothing"), catalog.members("Nothing")) == (None, (), None)
    assert catalog.members("SalesStatus") == {"None": 0, "Backorder": 1, "Delivered": 2, "Invoiced": 3, "Canceled": 4}


async def test_a_set_may_be_asked_for_what_the_lines_have_only(scene: Scene) -> None:
    """And for nothing where they have no value."""
    for plate, above in (("D0001", "P1"), ("D0002", "P2")):
        key = {"dataAreaId": "usmf", "LicensePlateNumber": plate}
        scene.sim.state.add("LicensePlates", **key, ParentLicensePlateNumber=above)
    plates = Join(
        "plates", "LicensePlates", {"dataAreaId": "dataAreaId"}, among={"LicensePlateNumber": "ProductNumber"}
    )
    none = replace(plates, name="none", among={"LicensePlateNumber": "Missing"})
    place = Place("SalesInvoice", query=replace(PLAN, joins=(LINES, plates, none)))
    (remote,) = (await scene.endpoint.list(place)).remotes
    message = canonical.loads(await scene.endpoint.fetch(remote, LIMIT))
    assert [row["ParentLicensePlateNumber"] for row in message["plates"]] == ["P1"]
    assert message["none"] == []
    assert scene.sim.count("GET", "LicensePlates") == 1
