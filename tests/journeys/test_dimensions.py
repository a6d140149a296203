"""Financial dimensions by name, in what we create in D365: in the order and with the delimiter of the tenant, or held before any
write."""

from __future__ import annotations

from typing import Any

import pytest

from d365edi.sandbox.d365.dimensions import by_name
from tests.journeys import bills, test_payments, test_purchase_orders_in
from tests.journeys.world import World

FORMATS, PARAMETERS = "DimensionIntegrationFormats", "DimensionParameters"
NAMED = """
[partners.acme.receive.{set}.dimensions]
Department   = "022"
BusinessUnit = "001"
"""
CONSTANT = """
[partners.acme.receive.850.d365.header.constants]
DefaultLedgerDimensionDisplayValue = "{text}"
"""
buying = test_purchase_orders_in.buying
paying = test_payments.paying


def activate(world: World, kind: str = "Default", text: str = "", *, active: str = "Yes", delimiter: str = "") -> None:
    """The tenant's format of a kind, and its delimiter."""
    tenant = world.simulator.state
    key = {"DimensionFormatName": f"{kind} format", "DimensionFormatType": f"DataEntity{kind}DimensionFormat"}
    tenant.add(FORMATS, **key, **({"FinancialDimensionFormat": text} if text else {}), IsActive=active)
    if delimiter:
        tenant.add(PARAMETERS, Key=0, DimensionSegmentDelimiter=delimiter)


def asked(world: World, set: str) -> int:
    return sum(1 for each in world.simulator.log if each.set == set)


def drop(world: World, number: str = "4500777") -> None:
    world.partner.drop(f"{number}.edi", test_purchase_orders_in.order(world, number))


def displayed(world: World) -> str:
    ((header, _),) = test_purchase_orders_in.made(world)
    return str(header["DefaultLedgerDimensionDisplayValue"])


async def why(world: World) -> str:
    """Everything walked once; why the only held document is held. Nothing was written."""
    async with world.app() as app:
        await app.once()
        (row,) = await test_purchase_orders_in.held(app)
    assert not [each for each in world.simulator.log if each.method == "POST" and each.path.startswith("/data/")]
    return row.reason


async def test_a_purchase_order_has_its_dimensions_in_the_order_of_the_format(buying: World) -> None:
    buying.extra = NAMED.format(set="850")
    for number in ("4500777", "4500778"):
        drop(buying, number)
    await buying.once()
    headers = [header for header, _ in test_purchase_orders_in.made(buying)]
    assert [header["DefaultLedgerDimensionDisplayValue"] for header in headers] == ["001--022", "001--022"]
    assert (asked(buying, FORMATS), asked(buying, PARAMETERS)) == (1, 1)


@pytest.mark.parametrize(
    ("delimiter", "text", "display"),
    [
        ("Tilde", "Department~BusinessUnit", "022~001"),
        ("DoubleBar", "CostCenter||Department||BusinessUnit", "||022||001"),
        ("Hyphen", "BusinessUnit-Department-CostCenter", "001-022"),
    ],
)
async def test_another_format_and_delimiter_are_followed(
    buying: World, delimiter: str, text: str, display: str
) -> None:
    activate(buying, text=text, delimiter=delimiter)
    buying.extra = NAMED.format(set="850")
    drop(buying)
    await buying.once()
    assert displayed(buying) == display
    assert by_name(buying.simulator.state, "Default", display)["Department"] == "022"


async def test_a_sales_order_has_its_dimensions(town: World) -> None:
    town.extra = NAMED.format(set="850")
    town.partner.drop("po.edi", town.order("4500777"))
    await town.once()
    (header,) = town.simulator.state.rows("SalesOrderHeadersV4")
    assert header["DefaultLedgerDimensionDisplayValue"] == "001--022"


async def test_a_vendor_invoice_has_its_dimensions(town: World) -> None:
    bills.receives(town)
    town.extra += NAMED.format(set="810")
    town.partner.drop("bill.edi", bills.bill())
    await town.once()
    (header,) = town.simulator.state.rows("VendorInvoiceHeaders")
    assert header["DimensionDisplayValue"] == "001--022"


async def test_a_payment_has_its_dimensions_on_each_line(paying: World) -> None:
    paying.extra += NAMED.format(set="820")
    test_payments.drop(paying, test_payments.x12(paying))
    await paying.once()
    lines = paying.simulator.state.rows("VendorPaymentJournalLines")
    assert [line["DefaultDimensionsForAccountDisplayValue"] for line in lines] == ["001--022", "001--022"]


@pytest.mark.parametrize(("delimiter", "display"), [("Tilde", "US-101"), ("Period", "US-101"), ("Hyphen", "US\\-101")])
async def test_an_account_is_escaped_for_the_tenants_delimiter_alone(
    paying: World, delimiter: str, display: str
) -> None:
    paying.simulator.state.add(PARAMETERS, Key=0, DimensionSegmentDelimiter=delimiter)
    test_payments.drop(paying, test_payments.x12(paying))
    await paying.once()
    lines = paying.simulator.state.rows("VendorPaymentJournalLines")
    assert {line["AccountDisplayValue"] for line in lines} == {display}
    assert asked(paying, FORMATS) == 0


async def test_without_dimensions_nothing_is_asked(buying: World) -> None:
    drop(buying)
    await buying.once()
    assert displayed(buying) == ""
    assert (asked(buying, FORMATS), asked(buying, PARAMETERS)) == (0, 0)


async def test_what_the_settings_say_is_not_asked(buying: World) -> None:
    buying.knobs["events"] = 'dimensions = { default = ["Department", "BusinessUnit"], delimiter = "-" }'
    activate(buying, text="Department-BusinessUnit")
    for set in (FORMATS, PARAMETERS):
        buying.simulator.faults.answer(403, path=f"/data/{set}", times=9)
    buying.extra = NAMED.format(set="850")
    drop(buying)
    await buying.once()
    assert displayed(buying) == "022-001"


HELD: list[tuple[dict[str, Any], str, str]] = [
    ({"active": "No"}, NAMED.format(set="850"), "no default dimension format is active in D365"),
    ({"text": "CostCenter-Department"}, NAMED.format(set="850"), '"BusinessUnit" under [partners.acme.receive.850.dim'),
    ({}, NAMED.format(set="850").replace("022", "x" * 31), "has 31 characters, and D365 takes 30"),
    ({}, CONSTANT.format(text="1-2-3-4"), "has 4 segments, and the active default format has 3"),
    ({"active": "No"}, CONSTANT.format(text="1-2"), "no default dimension format is active in D365"),
]


@pytest.mark.parametrize(("format", "settings", "said"), HELD)
async def test_what_d365_would_not_take_is_held_before_any_write(
    buying: World, format: dict[str, Any], settings: str, said: str
) -> None:
    activate(buying, **format)
    buying.extra = settings
    drop(buying)
    assert said in await why(buying)


@pytest.mark.parametrize("set", [FORMATS, PARAMETERS])
@pytest.mark.parametrize("status", [403, 404])
async def test_what_may_not_be_read_is_held_with_the_key_to_write(buying: World, set: str, status: int) -> None:
    buying.simulator.faults.answer(status, path=f"/data/{set}", times=9)
    buying.extra = NAMED.format(set="850")
    drop(buying)
    key = "default = [" if set == FORMATS else 'delimiter = "-"'
    reason = await why(buying)
    assert "cannot be read" in reason
    assert f"or write dimensions = {{ {key}" in reason


async def test_a_format_that_is_corrected_is_read_again_by_release(buying: World) -> None:
    activate(buying, text="CostCenter-Department")
    buying.extra = NAMED.format(set="850")
    drop(buying)
    async with buying.app() as app:
        await app.once()
        activate(buying, text="BusinessUnit-Department")
        await app.release("4500777", "pat")
        await app.once()
    assert displayed(buying) == "001-022"


async def test_a_constant_of_the_users_own_goes_out_as_it_is(buying: World) -> None:
    buying.extra = CONSTANT.format(text="001--022")
    drop(buying)
    await buying.once()
    assert displayed(buying) == "001--022"


async def test_ping_shows_formats_and_delimiter(buying: World) -> None:
    activate(buying, text="Department~BusinessUnit", delimiter="Tilde")
    async with buying.app() as app:
        checks = {check.what: check for check in (await app.ping("d365"))["d365"]}
    assert checks["dimensions"].ok
    assert checks["dimensions"].sentence.startswith(
        "active formats: default Department~BusinessUnit, ledger MainAccount"
    )
    assert checks["delimiter"].sentence == 'segments are parted by "~"'


@pytest.mark.parametrize(("settings", "ok"), [("", True), (NAMED.format(set="850"), False)])
async def test_ping_fails_only_where_a_flow_needs_them(buying: World, settings: str, ok: bool) -> None:
    buying.extra = settings
    for set in (FORMATS, PARAMETERS):
        buying.simulator.faults.answer(403, path=f"/data/{set}", times=9)
    async with buying.app() as app:
        checks = {check.what: check for check in (await app.ping("d365"))["d365"]}
    assert [checks[what].ok for what in ("dimensions", "delimiter")] == [ok, ok]
    assert ok or "or write dimensions = { default = [" in checks["dimensions"].remedy


ACTION = "/data/DimensionSets/Microsoft.Dynamics.DataEntities.getSetDisplayValue"


async def test_d365_may_build_the_text(buying: World) -> None:
    activate(buying, text="Department~CostCenter~BusinessUnit", delimiter="Tilde")
    buying.knobs["events"], buying.extra = 'dimensions = "d365"', NAMED.format(set="850").replace("022", "0~2")
    drop(buying)
    await buying.once()
    assert displayed(buying) == "0\\~2~~001"
    assert sum(1 for each in buying.simulator.log if each.path == ACTION) == 1


async def test_a_name_that_d365_would_leave_out_is_held_before_it_is_asked(buying: World) -> None:
    activate(buying, text="CostCenter-Department")
    buying.knobs["events"], buying.extra = 'dimensions = "d365"', NAMED.format(set="850")
    drop(buying)
    assert "is no dimension of the active format" in await why(buying)


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_what_d365_does_not_build_is_held(buying: World, status: int) -> None:
    buying.simulator.faults.answer(status, method="POST", path=ACTION, times=9)
    buying.knobs["events"], buying.extra = 'dimensions = "d365"', NAMED.format(set="850")
    drop(buying)
    async with buying.app() as app:
        await app.once()
        (row,) = await test_purchase_orders_in.held(app)
    assert "D365 does not build the dimensions under [partners.acme.receive.850.dimensions]" in row.reason
    assert test_purchase_orders_in.made(buying) == []
