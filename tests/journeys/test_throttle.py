"""D365 throttles: one gate for all flows, nothing is sent while it is closed, and everything arrives once."""

from __future__ import annotations

import time

import anyio
import pytest

from d365edi.app import App
from d365edi.cli.status import _endpoints
from d365edi.condition import rows
from d365edi.sandbox.d365.throttle import Throttle
from tests.journeys.test_invoices import made_order
from tests.journeys.world import World

ORDERS = 12


async def all_made(app: App, world: World, count: int) -> None:
    """Tick as the daemon does until so many orders stand in D365."""
    with anyio.fail_after(60):
        while len(world.sales_orders()) < count or await app.next_due() is not None:
            await app.tick("due")
            await anyio.sleep(0.1)


@pytest.mark.parametrize("named", [True, False])
async def test_orders_through_a_bucket_arrive_once_and_nobody_pushes(
    town: World, lines: list[str], named: bool
) -> None:
    """Once with a length, once without one: the closing is then as long as the first step of `patience`."""
    town.partner.drop("PO-1.edi", town.order("PO", copies=ORDERS))
    bucket = Throttle(time.time, burst=10, rate=20, retry_after=1 if named else None, unsaid=1, on_the_way=0.3)
    async with town.app() as app:
        town.simulator.throttle = bucket
        await app.tick("acme.pickup.edi")
        await all_made(app, town, ORDERS)
    assert {len(lines) for lines in town.sales_orders().values()} == {2}
    assert not [number for number in town.sales_orders() if "(again)" in number]
    assert (bucket.closings > 0, bucket.pushed) == (True, 0)
    warnings = [line for line in lines if line.startswith("WARNING") and "429" in line]
    assert 0 < len(warnings) <= bucket.closings
    posted = [seen for seen in town.simulator.log if seen.method == "POST" and seen.set == "SalesOrderHeadersV4"]
    assert len([seen for seen in posted if seen.status == 201]) == ORDERS


async def test_while_it_is_closed_no_flow_begins_and_run_once_returns(town: World, lines: list[str]) -> None:
    invoice = town.simulator.post_invoice(await made_order(town))
    town.simulator.faults.answer(429, path="/data/*", times=10_000, retry_after=600)
    town.partner.drop("PO-2.edi", town.order("PO-2", copies=20))
    async with town.app() as app:
        began = time.monotonic()
        counters = await app.once()
        assert time.monotonic() - began < 30
        turned_away = [seen for seen in town.simulator.log if seen.status == 429]
        assert 0 < len(turned_away) <= app.ctx.concurrency
        del lines[:]
        for _ in range(3):
            counters = await app.once()
            await app.tick("acme.send.810")
        assert [seen for seen in town.simulator.log if seen.status == 429] == turned_away
        assert "d365 rests" in counters.skipped
        assert [line for line in lines if line.startswith("WARNING")] == []
        ready = await app.journal.read(lambda tx: tx.documents.in_state("ready"))
        assert len(ready) == 20
        shown = list(_endpoints(rows(app.health(), app.ctx.zone)))
        [state] = [row["state"] for row in shown if row["endpoint"] == "d365"]
        assert state.startswith("throttled until ")
    town.simulator.faults.waiting.clear()
    async with town.app() as app:
        await app.once()
        await all_made(app, town, 21)
        [document] = await app.journal.read(lambda tx: tx.documents.search(invoice))
        assert document.state == "delivered"


async def test_a_write_that_is_begun_waits_for_a_short_closing_and_is_made_in_the_same_run(both: World) -> None:
    for method, path in (("POST", "/data/SalesOrderHeadersV4"), ("POST", "/data/$batch")):
        both.simulator.faults.answer(429, method=method, path=path, retry_after=1)
    both.partner.drop("PO-3.edi", both.order("PO-3"))
    async with both.app() as app:
        counters = await app.tick("acme.pickup.edi")
        assert (counters.counts["created"], "waiting" in counters.counts) == (1, False)
    assert [len(lines) for lines in both.sales_orders().values()] == [2]
