"""What a partner would charge for is found before it is sent: reported, or held until a person releases it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.journeys.test_invoices import made_order, segments
from tests.journeys.world import World

GUARD = "\n[partners.acme.send.810.guard]\n"


async def dearer_invoice(world: World, price: str = "11") -> str:
    """An order that came in at 10.50, whose price was changed in D365 before it was invoiced. The invoice's number."""
    order = await made_order(world)
    state = world.simulator.state
    row = next(r for r in state.rows("SalesOrderLinesV3", SalesOrderNumber=order) if r["SalesPrice"] == Decimal("10.5"))
    amount = Decimal(price) * row["OrderedSalesQuantity"]
    key = {"dataAreaId": "usmf", "InventoryLotId": row["InventoryLotId"]}
    state.add("SalesOrderLinesV3", **key, SalesPrice=Decimal(price), LineAmount=amount)
    return str(world.simulator.post_invoice(order))


async def test_a_price_that_is_not_the_order_s_is_held_with_its_sentence_and_leaves_after_release(town: World) -> None:
    town.extra = f'{GUARD}price_differs = "hold"\n'
    number = await dearer_invoice(town)
    async with town.app() as app:
        assert (await app.once()).counts["held"] == 1
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        assert (document.state, document.reason) == (
            "held",
            f"invoice {number}: line 1 (ACME-4711): price 11, but ordered at 10.5 [price_differs], typically the difference "
            f'is deducted; correct it and d365edi reject this one --why "...", or send it as it is: d365edi release {number}',
        )
        assert town.partner.received() == {}
        assert await app.release(number, "pat") == [f"{number} continues"]
        await app.tick("due")
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        audited = await app.journal.read(lambda tx: tx.audit.query(document=document.id))
    assert document.state == "delivered"
    assert [line.action for line in audited if line.action in ("held", "released", "warned", "rendered")] == [
        "held",
        "released",
        "warned",
        "rendered",
    ]
    (name,) = town.partner.received()
    assert [line[4] for line in segments(town, name) if line[0] == "IT1"] == ["11", "99.99"]


async def test_a_release_lets_go_what_was_read_and_nothing_that_came_after(town: World) -> None:
    town.extra = f'{GUARD}price_differs = "hold"\n'
    number = await dearer_invoice(town)
    await town.once()
    town.extra = f'{GUARD}price_differs = "hold"\ndemands = ["REF[MR]02"]\n'
    async with town.app() as app:
        await app.release(number, "pat")
        await app.tick("due")
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        assert document.state == "held"
        assert document.reason.startswith(f"invoice {number}: REF[MR]02 is empty, and this partner demands it")


async def test_a_warning_is_reported_and_kept_and_the_invoice_goes(town: World, lines: list[str]) -> None:
    number = await dearer_invoice(town)
    await town.once()
    assert len(town.partner.received()) == 1
    (reported,) = [line for line in lines if "price 11, but ordered at 10.5" in line]
    assert reported.startswith("WARNING ")
    async with town.app() as app:
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        found = await app.journal.read(lambda tx: tx.audit.query(document=document.id, action="warned"))
    assert ["price 11" in line.detail for line in found if "price_differs" in line.detail] == [True]


async def test_a_check_that_is_off_says_nothing(town: World, lines: list[str]) -> None:
    town.extra = f'{GUARD}price_differs = "off"\n'
    await dearer_invoice(town)
    await town.once()
    assert len(town.partner.received()) == 1
    assert [line for line in lines if "price 11" in line] == []


async def test_a_second_invoice_that_bills_more_than_is_left_is_held_also_in_the_same_run(town: World) -> None:
    order = await made_order(town)
    lots = town.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=order)
    first = next(row for row in lots if row["OrderedSalesQuantity"] == 12)
    numbers = []
    for quantity in (8, 7):
        key = {"dataAreaId": "usmf", "InventoryLotId": first["InventoryLotId"]}
        town.simulator.state.add("SalesOrderLinesV3", **key, SalesOrderLineStatus="Backorder")
        numbers.append(town.simulator.post_invoice(order, quantities={first["InventoryLotId"]: quantity}))
    async with town.app() as app:
        await app.once()
        found = await app.journal.read(lambda tx: [d for number in numbers for d in tx.documents.search(number)])
    states = {document.state: document.reason for document in found}
    assert set(states) == {"delivered", "held"}
    assert "line 1 of the order (ACME-4711): 15 billed with" in states["held"]
    assert len(town.partner.received()) == 1


@pytest.mark.parametrize(("usage", "leaves"), [("P", 1), ("T", 0)])
async def test_a_test_order_is_not_billed_in_production(town: World, usage: str, leaves: int) -> None:
    town.extra = '[partners.acme.receive.850.unlike]\ntest = "create"\n'
    data = town.order("4500123").replace(b"*0*P*>", f"*0*{usage}*>".encode())
    town.partner.drop("PO-4500123.edi", data)
    await town.once()
    (header,) = town.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference="4500123")
    town.simulator.post_invoice(str(header["SalesOrderNumber"]))
    await town.once()
    assert len(town.partner.received()) == leaves
