"""Orders that become purchase orders of ours: 850, ORDERS and columns; vendor, warehouse, items; what holds them."""

from __future__ import annotations

from typing import Any

import pytest

from d365edi.app import App
from d365edi.journal import Document
from tests.journeys.world import World

VENDOR = "US-101"
CSV = """
[partners.acme.pickup.columns]
from  = {{ endpoint = "acme", path = "{root}/outbound/csv/*.csv" }}
every = "1s"
holds = "PurchaseOrder"

[partners.acme.receive.PurchaseOrder]
create  = "PurchaseOrder"
company = "usmf"
"""


@pytest.fixture
def buying(town: World) -> World:
    """The town, whose partner's orders become purchase orders at one vendor."""
    tenant = town.simulator.state
    for account in (VENDOR, "US-102"):
        tenant.add(
            "VendorsV3",
            dataAreaId="usmf",
            VendorAccountNumber=account,
            InvoiceVendorAccountNumber="US-102",
            VendorOrganizationName=account,
            CurrencyCode="USD",
            LanguageId="en-US",
        )
    for item, theirs in (("D0001", "V-1"), ("D0002", "V-2")):
        tenant.add(
            "VendorProductDescriptionsV2",
            dataAreaId="usmf",
            ItemNumber=item,
            VendorAccountNumber=VENDOR,
            VendorProductNumber=theirs,
        )
    tenant.add("Warehouses", dataAreaId="usmf", WarehouseId="11", OperationalSiteId="1")
    town.partner_extra = f'vendor = {{ usmf = "{VENDOR}" }}'
    town.knobs["create"] = "PurchaseOrder"
    return town


def order(
    world: World, number: str = "4500777", *, ship_to: str = "11", vendor: str = "", item: str = "VN*V-1"
) -> bytes:
    """An 850 of two lines: one by a vendor's number, one by our own."""
    text = world.order(number).decode()
    segments = [s for s in text.split("~") if s[:3] not in ("N1*", "N3*", "N4*", "PO1", "PID", "CTT", "SE*")]
    at = next(i for i, s in enumerate(segments) if s.startswith("DTM*"))
    body = [f"N1*ST*OURS*92*{ship_to}", *([f"N1*SU*THEM*92*{vendor}"] if vendor else [])]
    body += [f"PO1*1*12*EA*10.5**{item}", "PO1*2*3*EA*99.99**BP*D0002", "CTT*2"]
    segments[at + 1 : at + 1] = body
    end = next(i for i, s in enumerate(segments) if s.startswith("GE*"))
    start = next(i for i, s in enumerate(segments) if s.startswith("ST*"))
    segments.insert(end, f"SE*{end - start + 1}*0001")
    return "~".join(segments).encode()


def made(world: World) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    tenant = world.simulator.state
    return [
        (header, tenant.rows("PurchaseOrderLinesV2", PurchaseOrderNumber=header["PurchaseOrderNumber"]))
        for header in tenant.rows("PurchaseOrderHeadersV2")
    ]


async def held(app: App) -> list[Document]:
    return await app.journal.read(lambda tx: tx.documents.in_state("held"))


async def test_an_850_becomes_one_purchase_order_with_vendor_items_and_warehouse(buying: World) -> None:
    buying.partner.drop("po.edi", order(buying))
    for _ in range(2):
        await buying.once()
    ((header, lines),) = made(buying)
    names = (
        "OrderVendorAccountNumber",
        "InvoiceVendorAccountNumber",
        "VendorOrderReference",
        "CurrencyCode",
        "LanguageId",
    )
    assert [header[name] for name in names] == [VENDOR, "US-102", "4500777", "USD", "en-US"]
    assert (header["DefaultReceivingSiteId"], header["DefaultReceivingWarehouseId"]) == ("1", "11")
    assert [(line["LineNumber"], line["ItemNumber"], int(line["OrderedPurchaseQuantity"])) for line in lines] == [
        (1, "D0001", 12),
        (2, "D0002", 3),
    ]
    assert {each.method for each in buying.simulator.log if each.path.startswith("/data/")} <= {"GET", "POST"}


async def test_the_same_order_again_makes_no_second_one(buying: World) -> None:
    buying.partner.drop("po.edi", order(buying))
    await buying.once()
    buying.partner.drop("again.edi", order(buying))
    async with buying.app() as app:
        await app.once()
        (row,) = await held(app)
    assert "received before" in row.reason
    assert len(made(buying)) == 1


async def test_a_lost_answer_makes_no_second_order(buying: World) -> None:
    buying.simulator.faults.drop(method="POST", path="/data/PurchaseOrderHeadersV2")
    buying.partner.drop("po.edi", order(buying))
    for _ in range(4):
        await buying.once()
    assert len(made(buying)) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ship_to": "99"}, 'ship-to "99" is no warehouse of usmf'),
        ({"item": "VN*V-9"}, 'item "V-9"'),
    ],
)
async def test_what_is_not_ours_holds_the_order(buying: World, change: dict[str, str], said: str) -> None:
    buying.partner.drop("po.edi", order(buying, **change))
    async with buying.app() as app:
        await app.once()
        (row,) = await held(app)
    assert said in row.reason
    assert made(buying) == []


@pytest.mark.parametrize(("status", "count"), [("All", 0), ("PurchOrder", 0), ("Invoice", 1), ("No", 1)])
async def test_a_vendor_on_hold_holds_the_order(buying: World, status: str, count: int) -> None:
    buying.simulator.state.add("VendorsV3", dataAreaId="usmf", VendorAccountNumber=VENDOR, OnHoldStatus=status)
    buying.partner.drop("po.edi", order(buying))
    await buying.once()
    assert len(made(buying)) == count


async def test_the_order_names_one_of_several_vendors(buying: World) -> None:
    buying.extra = '[partners.acme.vendors]\n"4711" = "US-102"\n'
    buying.partner.drop("a.edi", order(buying, "A1", vendor="4711", item="BP*D0001"))
    buying.partner.drop("b.edi", order(buying, "B1", vendor="9999", item="BP*D0001"))
    async with buying.app() as app:
        await app.once()
        (row,) = await held(app)
    assert '"9999" is none of those of [partners.acme.vendors]' in row.reason
    ((header, _),) = made(buying)
    assert header["OrderVendorAccountNumber"] == "US-102"


async def test_items_are_those_of_the_vendor_that_the_order_names(buying: World) -> None:
    """V-1 is the partner's own number for one item, and the other vendor's for another one."""
    buying.extra = '[partners.acme.vendors]\n"4711" = "US-102"\n'
    buying.simulator.state.add(
        "VendorProductDescriptionsV2",
        dataAreaId="usmf",
        ItemNumber="D0003",
        VendorAccountNumber="US-102",
        VendorProductNumber="V-1",
    )
    buying.partner.drop("a.edi", order(buying, vendor="4711"))
    buying.partner.drop("b.edi", order(buying, "4500778"))
    await buying.once()
    found = {header["OrderVendorAccountNumber"]: lines[0]["ItemNumber"] for header, lines in made(buying)}
    assert found == {"US-102": "D0003", VENDOR: "D0001"}


async def test_columns_become_a_purchase_order(buying: World) -> None:
    buying.extra = CSV.format(root=buying.prefix)
    folder = buying.partner.home / "outbound" / "csv"
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        "PO Number,Line,Quantity,Unit,Price,Vendor Item,Ship To ID\nC-1,1,12,EA,10.5,V-1,11\nC-1,2,3,EA,99.99,V-2,11\n"
    )
    (folder / "orders.csv").write_text(text)
    for _ in range(2):
        await buying.once()
    ((header, lines),) = made(buying)
    assert (header["VendorOrderReference"], len(lines)) == ("C-1", 2)
