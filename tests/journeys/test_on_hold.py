"""A customer on hold in D365: for all it holds the order, for invoices or payments it is a warning."""

from __future__ import annotations

import pytest

from tests.journeys.world import World


def put_on_hold(world: World, member: str) -> None:
    world.simulator.state.add("CustomersV3", dataAreaId="usmf", CustomerAccount="US-003", OnHoldStatus=member)


async def test_an_order_of_a_customer_on_hold_waits_until_the_hold_is_taken_away(town: World) -> None:
    """It was written, and D365 refused it only when it was to be delivered."""
    put_on_hold(town, "All")
    town.partner.drop("PO-1.edi", town.order("4500123"))
    async with town.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        assert "customer US-003 is on hold in D365 (OnHoldStatus All)" in held.reason
        assert town.sales_orders() == {}
        put_on_hold(town, "No")
        await app.release("4500123", "pat")
        await app.once()
    assert len(town.sales_orders()) == 1


@pytest.mark.parametrize(
    ("member", "warned"), [("Invoice", True), ("Payment", True), ("Requisition", True), ("No", False), ("Never", False)]
)
async def test_another_hold_is_a_warning_or_nothing(town: World, lines: list[str], member: str, warned: bool) -> None:
    put_on_hold(town, member)
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    assert len(town.sales_orders()) == 1
    said = [line for line in lines if "on hold" in line]
    assert [line.startswith("WARNING") for line in said] == ([True] if warned else [])
    assert all(f"customer US-003 is on hold in D365 for {member} (OnHoldStatus)" in line for line in said)
