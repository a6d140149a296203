"""Purchase orders of ours reach the vendor as they were confirmed, once, and a later version never by surprise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.sandbox.d365 import purchasing
from tests.journeys.world import World

VENDOR = "US-101"
SEND = """
[partners.acme.send.850]
of    = "{of}"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "850_{{number}}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
{more}
"""


@pytest.fixture
def buying(town: World) -> World:
    """The town, whose partner is a vendor of ours too, and is sent confirmed orders."""
    tenant = town.simulator.state
    tenant.add("VendorsV3", dataAreaId="usmf", VendorAccountNumber=VENDOR, CurrencyCode="USD", LanguageId="en-US")
    tenant.add(
        "VendorProductDescriptionsV2",
        dataAreaId="usmf",
        ItemNumber="D0001",
        VendorAccountNumber=VENDOR,
        VendorProductNumber="V-1",
    )
    town.partner_extra = f'vendor = {{ usmf = "{VENDOR}" }}'
    wants(town, "PurchaseOrderConfirmation")
    return town


def wants(world: World, of: str, more: str = "") -> None:
    world.extra = SEND.format(of=of, root=world.prefix, more=more)


def order(world: World, *lines: tuple[str, int, str, int], number: str = "") -> str:
    """A purchase order in D365, its lines as (item, quantity, price, price for how many)."""
    tenant = world.simulator.state
    number = number or f"PO-{tenant.number('usmf', 'PurchaseOrderNumber'):06}"
    key = {"dataAreaId": "usmf", "PurchaseOrderNumber": number}
    tenant.add(
        "PurchaseOrderHeadersV2",
        **key,
        OrderVendorAccountNumber=VENDOR,
        InvoiceVendorAccountNumber=VENDOR,
        CurrencyCode="USD",
        AccountingDate="2026-11-02",
        RequestedDeliveryDate="2026-11-20",
        DeliveryAddressName="Contoso Warehouse",
        DeliveryAddressStreet="1 HARBOR ROAD",
        DeliveryAddressCity="AUSTIN",
        DeliveryAddressStateId="TX",
        DeliveryAddressZipCode="78701",
        DeliveryAddressCountryRegionISOCode="US",
    )
    for place, (item, quantity, price, per) in enumerate(
        lines or (("D0001", 12, "10.5", 1), ("D0002", 3, "99.99", 1)), 1
    ):
        amount = (Decimal(price) * quantity / per).quantize(Decimal("0.01"))
        tenant.add(
            "PurchaseOrderLinesV2",
            **key,
            LineNumber=place,
            ItemNumber=item,
            OrderedPurchaseQuantity=quantity,
            PurchaseUnitSymbol="ea",
            PurchasePrice=Decimal(price),
            PurchasePriceQuantity=per,
            LineAmount=amount,
            LineDescription="GOODS",
        )
    return number


def sent(world: World) -> dict[str, list[list[str]]]:
    """The 850s at the partner, by file name: their segments."""
    found = {name: data for name, data in world.partner.received().items() if name.startswith("850_")}
    return {name: [s.split("*") for s in data.decode().split("~")] for name, data in found.items()}


def only(world: World) -> list[list[str]]:
    (segments,) = sent(world).values()
    return segments


def of(segments: list[list[str]], id: str) -> list[list[str]]:
    return [segment for segment in segments if segment[0] == id]


async def test_a_confirmed_order_reaches_the_vendor_once_in_the_vendors_numbers(buying: World) -> None:
    number = order(buying)
    await buying.once()
    assert sent(buying) == {}  # not confirmed yet
    purchasing.confirm(buying.simulator.state, number)
    for _ in range(3):
        await buying.once()
    segments = only(buying)
    assert of(segments, "BEG")[0][1:4] == ["00", "SA", number]
    first, second = of(segments, "PO1")
    assert first[1:5] == ["1", "12", "EA", "10.5"]
    assert first[first.index("VN") + 1] == "V-1"
    assert first[first.index("IN") + 1] == "D0001"
    assert "VN" not in second
    assert ["N3", "1 HARBOR ROAD"] in segments
    assert of(segments, "GS")[0][1] == "PO"


async def test_an_order_confirmed_again_is_held_and_a_release_sends_it_as_a_replacement(buying: World) -> None:
    number = order(buying)
    tenant = buying.simulator.state
    purchasing.confirm(tenant, number)
    await buying.once()
    tenant.add("PurchaseOrderLinesV2", dataAreaId="usmf", PurchaseOrderNumber=number, LineNumber=1, LineDescription="X")
    purchasing.confirm(tenant, number)
    await buying.once()
    assert len(sent(buying)) == 1
    async with buying.app() as app:
        (row,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        assert "confirmed again" in row.reason
        await app.release(number, "pat")
        await app.once()
    purposes = sorted(of(segments, "BEG")[0][1] for segments in sent(buying).values())
    assert purposes == ["00", "05"]


async def test_with_changed_send_each_version_goes_out_by_itself(buying: World) -> None:
    wants(buying, "PurchaseOrderConfirmation", 'changed = "send"')
    number = order(buying)
    for _ in range(2):
        purchasing.confirm(buying.simulator.state, number)
        await buying.once()
    assert sorted(of(segments, "BEG")[0][1] for segments in sent(buying).values()) == ["00", "05"]


async def test_an_order_as_it_stands_goes_out_once_it_is_confirmed(buying: World) -> None:
    wants(buying, "PurchaseOrder")
    number = order(buying)
    await buying.once()
    assert sent(buying) == {}
    purchasing.confirm(buying.simulator.state, number)
    await buying.once()
    assert of(only(buying), "BEG")[0][3] == number


async def test_a_price_for_a_hundred_is_stated_so_that_the_amount_is_right(buying: World) -> None:
    number = order(buying, ("D0001", 200, "12.5", 100))
    purchasing.confirm(buying.simulator.state, number)
    await buying.once()
    (line,) = of(only(buying), "PO1")
    per = {"HP": 100}.get(line[5], 1)
    assert Decimal(line[2]) * Decimal(line[4]) / per == 25


async def test_a_discount_that_cannot_be_stated_holds_the_order(buying: World) -> None:
    number = order(buying, ("D0001", 10, "10", 1))
    buying.simulator.state.add(
        "PurchaseOrderLinesV2", dataAreaId="usmf", PurchaseOrderNumber=number, LineNumber=1, LineAmount=90
    )
    purchasing.confirm(buying.simulator.state, number)
    await buying.once()
    assert sent(buying) == {}
    async with buying.app() as app:
        (row,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert "90" in row.reason
    assert "100" in row.reason


async def test_an_order_of_ours_is_none_of_theirs_although_it_has_the_same_number(buying: World) -> None:
    purchasing.confirm(buying.simulator.state, order(buying, number="4500123"))
    buying.partner.drop("PO-4500123.edi", buying.order("4500123"))
    await buying.once()
    await buying.once()
    assert list(buying.sales_orders()) == ["4500123"]
    assert of(only(buying), "BEG")[0][3] == "4500123"
    async with buying.app() as app:
        held: list[Any] = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert held == []
