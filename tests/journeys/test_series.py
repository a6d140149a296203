"""Messages of one name in one mailbox become orders in the order in which they were claimed, whichever pass creates them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from d365edi.app import DUE, App
from d365edi.endpoints.health import Rests
from d365edi.flows.context import Counters
from d365edi.flows.receive import receive
from d365edi.flows.render import render
from d365edi.flows.translate import translate
from d365edi.journal import Tx
from tests.journeys.mailbox import Mailboxes, opened
from tests.journeys.world import World, world

FROM, PICKUP = "/outbound", "acme.pickup.edi"
HEADERS = "/data/SalesOrderHeadersV4*"
NUMBERS = ["4500123", "4500124", "4500125"]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world that tries again soon."""
    async with world(tmp_path) as made:
        made.knobs["after"] = '"delete"'
        made.waits = {"first_wait": 0.2, "rests": Rests(first=0.2)}
        yield made


async def until_created(app: App, here: World, count: int) -> list[str]:
    """Tick what is due until there are so many sales orders; their customers' numbers, oldest first."""
    with anyio.fail_after(30):
        while len(here.sales_orders()) < count:
            await app.tick(DUE)
            await anyio.sleep(0.05)
    return list(here.sales_orders())


async def claim(app: App, name: str = "order.edi") -> int:
    """Claim what lies there as a pickup does that is killed right after it; the id of the last message of that name."""
    await receive(app.ctx, app.ctx.partners["acme"].pickups["edi"], Counters(), lambda new: None)
    return await app.journal.read(lambda tx: tx.messages.search(name)[0].id)


@pytest.mark.parametrize("fault", ["answer", "reply"])
async def test_the_older_one_whose_reply_is_lost_stays_the_first(fault: str, here: World) -> None:
    box = Mailboxes()
    for number in NUMBERS:
        box.put(FROM, "order.edi", here.order(number), at=5.0)
    here.simulator.faults.drop(method="POST", path=HEADERS, after_work=fault == "reply")
    async with opened(here, box) as app:
        await app.tick(PICKUP)
        assert await until_created(app, here, 3) == NUMBERS


async def test_what_a_crash_left_comes_before_what_came_later(here: World) -> None:
    """One claimed and one translated before the crash; the third comes with the first poll after it."""
    box = Mailboxes()
    async with opened(here, box) as app:
        box.put(FROM, "order.edi", here.order(NUMBERS[0]), at=5.0)
        await translate(app.ctx, await claim(app), Counters())
        box.put(FROM, "order.edi", here.order(NUMBERS[1]), at=6.0)
        await claim(app)
        box.put(FROM, "order.edi", here.order(NUMBERS[2]), at=7.0)
        box.put(FROM, "other.edi", here.order("4500199"), at=7.0)
        await app.tick(PICKUP)
        assert list(here.sales_orders()) == ["4500199"]
        assert await until_created(app, here, 4) == ["4500199", *NUMBERS]


async def test_the_younger_one_says_for_whom_it_waits(here: World, lines: list[str]) -> None:
    box = Mailboxes()
    async with opened(here, box) as app:
        ids = []
        for number in NUMBERS[:2]:
            box.put(FROM, "order.edi", here.order(number), at=5.0)
            await translate(app.ctx, (id := await claim(app)), Counters())
            ids.append(id)
        ((older,), (younger,)) = await app.journal.read(lambda tx: [tx.documents.for_message(id) for id in ids])
        assert await render(app.ctx, younger.id, Counters()) is None
        why = (await app.journal.read(lambda tx: tx.documents.get(younger.id))).reason
        assert why == f"it is created after message-{ids[0]}, the order.edi before it, which is not created yet"
        assert [line for line in lines if why in line] == [f"INFO PO 4500124: {why}\n"]
        app.ctx.defects[f"document:{older.id}"] = app.ctx.disk  # one that fails by a defect keeps nobody waiting
        assert await render(app.ctx, younger.id, Counters()) is not None


async def test_one_that_is_held_or_set_aside_keeps_nobody_waiting(here: World) -> None:
    box = Mailboxes()
    box.put(FROM, "order.edi", here.order(NUMBERS[0], [("1", "1", "1", "ACME-9999")]), at=5.0)
    box.put(FROM, "order.edi", b"no interchange", at=5.0)
    box.put(FROM, "order.edi", here.order(NUMBERS[2]), at=5.0)

    def waiting(tx: Tx) -> tuple[list[str], int]:
        return [row.number for row in tx.documents.in_state("held")], len(tx.messages.in_state("quarantined"))

    async with opened(here, box) as app:
        await app.tick(PICKUP)
        assert list(here.sales_orders()) == [NUMBERS[2]]
        assert await app.journal.read(waiting) == ([NUMBERS[0]], 1)
