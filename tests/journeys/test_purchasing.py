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
    return furnished(town)


@pytest.fixture
def buying_both(both: World) -> World:
    """The same with each kind of SFTP server."""
    return furnished(both)


def furnished(town: World) -> World:
    """A world whose partner is a vendor of ours too, and is sent confirmed orders."""
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


def order(world: World, *lines: tuple[str, int, str, int], number: str = "", vendor: str = VENDOR) -> str:
    """A purchase order in D365, its lines as (item, quantity, price, price for how many)."""
    tenant = world.simulator.state
    number = number or f"PO-{tenant.number('usmf', 'PurchaseOrderNumber'):06}"
    key = {"dataAreaId": "usmf", "PurchaseOrderNumber": number}
    tenant.add(
        "PurchaseOrderHeadersV2",
        **key,
        OrderVendorAccountNumber=vendor,
        InvoiceVendorAccountNumber=vendor,
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


async def test_a_confirmed_order_reaches_the_vendor_once_in_the_vendors_numbers(buying_both: World) -> None:
    buying = buying_both
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


INVOICES = """
[partners.acme.send.{set}]
of    = "{of}"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "{set}_{{control:09}}.txt" }}
since = 2026-01-01
every = "1s"
"""


def bills(world: World, of: str, set: str = "810") -> None:
    """The partner is sent vendor invoices, in place of our invoices to a customer."""
    world.knobs["invoice"] = "INVOIC" if set != "INVOIC" else "810"
    world.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010" }'
    world.extra = INVOICES.format(set=set, of=of, root=world.prefix)


def pending(world: World, order: str, number: str = "V-77", *, vendor: str = VENDOR) -> str:
    """A vendor invoice in D365 that is not posted, for both lines of an order; its HeaderReference."""
    tenant = world.simulator.state
    reference = f"HR-{tenant.number('usmf', 'HeaderReference'):06}"
    key = {"dataAreaId": "usmf", "HeaderReference": reference}
    accounts = {"InvoiceAccount": vendor, "VendorAccount": vendor}
    tenant.add(
        "VendorInvoiceHeaders",
        **key,
        **accounts,
        InvoiceNumber=number,
        InvoiceDate="2026-11-10",
        DueDate="2026-12-10",
        Currency="USD",
        PurchaseOrderNumber=order,
    )
    for line in tenant.rows("PurchaseOrderLinesV2", PurchaseOrderNumber=order):
        tenant.add(
            "VendorInvoiceLines",
            **key,
            InvoiceLineNumber=line["LineNumber"],
            PurchaseOrder=order,
            PurchLineNumber=line["LineNumber"],
            ItemNumber=line["ItemNumber"],
            ReceiveNow=line["OrderedPurchaseQuantity"],
            Unit="ea",
            UnitPrice=line["PurchasePrice"],
            PriceUnit=line["PurchasePriceQuantity"],
            Amount=line["LineAmount"],
            Currency="USD",
            LineDescription="GOODS",
        )
    return reference


@pytest.mark.parametrize("set", ["810", "INVOIC", "Invoice"])
async def test_a_posted_vendor_invoice_goes_out_once_with_its_order_and_total(buying: World, set: str) -> None:
    bills(buying, "VendorInvoice", set)
    number = order(buying)
    reference = pending(buying, number)
    await buying.once()
    assert buying.partner.received() == {}
    purchasing.post_invoice(buying.simulator.state, reference)
    for _ in range(2):
        await buying.once()
    (data,) = buying.partner.received().values()
    text = data.decode()
    for said in ("V-77", number, "V-1"):
        assert said in text
    if set == "810":
        segments = [segment.split("*") for segment in text.split("~")]
        assert of(segments, "BIG")[0][1:5] == ["20261110", "V-77", "", number]
        assert of(segments, "TDS")[0][1] == "42597"
        assert [line[2:5] for line in of(segments, "IT1")] == [["12", "EA", "10.5"], ["3", "EA", "99.99"]]


async def test_invoices_of_one_day_go_out_with_their_own_lines_each(buying: World) -> None:
    bills(buying, "VendorInvoice")
    orders = {number: order(buying) for number in ("V-77", "V-78")}
    references = [pending(buying, each, number) for number, each in orders.items()]
    for reference in references:
        purchasing.post_invoice(buying.simulator.state, reference)
    await buying.once()
    found = [[s.split("*") for s in data.decode().split("~")] for data in buying.partner.received().values()]
    assert {of(each, "BIG")[0][2]: of(each, "BIG")[0][4] for each in found} == orders
    assert [len(of(each, "IT1")) for each in found] == [2, 2]


async def test_a_pending_vendor_invoice_goes_out_and_its_posting_is_no_news(buying: World) -> None:
    bills(buying, "PendingVendorInvoice")
    reference = pending(buying, order(buying))
    await buying.once()
    purchasing.post_invoice(buying.simulator.state, reference)
    await buying.once()
    (data,) = buying.partner.received().values()
    assert b"V-77" in data


@pytest.mark.parametrize("set", ["810", "InvoiceRecords"])
async def test_an_invoice_for_several_orders_names_each_where_there_is_room(buying: World, set: str) -> None:
    bills(buying, "VendorInvoice", set)
    first, second = order(buying), order(buying)
    reference = pending(buying, first)
    for line in buying.simulator.state.store.rows("VendorInvoiceLines", InvoiceLineNumber=2):
        buying.simulator.state.store.update(line, {"PurchaseOrder": second})
    purchasing.post_invoice(buying.simulator.state, reference)
    await buying.once()
    if set == "810":
        (data,) = buying.partner.received().values()
        segments = [segment.split("*") for segment in data.decode().split("~")]
        assert [segment[2] for segment in segments if segment[:2] == ["REF", "PO"]] == [first, second]
        assert of(segments, "BIG")[0][4:5] in ([], [""])
        return
    assert buying.partner.received() == {}
    async with buying.app() as app:
        (row,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert f"several purchase orders ({first}, {second}), and what is sent has room for one" in row.reason


async def test_charges_of_a_pending_invoice_are_told_and_in_its_total(buying: World) -> None:
    bills(buying, "PendingVendorInvoice")
    reference = pending(buying, order(buying))
    key = {"dataAreaId": "usmf", "HeaderReference": reference, "ChargeCategory": "Fixed", "FixedChargeAmount": 15}
    buying.simulator.state.add(
        "VendorInvoiceHeaderCharges",
        **key,
        ChargeLineNumber=1,
        VendInvoiceInfoTableDataAreaId="usmf",
        PurchaseChargeCode="FREIGHT",
    )
    await buying.once()
    (data,) = buying.partner.received().values()
    segments = [segment.split("*") for segment in data.decode().split("~")]
    assert of(segments, "TDS")[0][1] == "44097"
    (charge,) = of(segments, "SAC")
    assert (charge[1], charge[5]) == ("C", "1500")
