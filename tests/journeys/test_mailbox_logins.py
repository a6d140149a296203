"""The daemon at a Sterling that lets nobody in: one attempt is made, and what waits leaves by itself once that is mended."""

from __future__ import annotations

from pathlib import Path

import anyio

from d365edi.app import App
from d365edi.cli.status import picture
from d365edi.journal import Delivery, Tx
from d365edi.journal.states import DeliveryState
from d365edi.sandbox.sterling.switches import Switches
from tests.journeys.mailbox_trade import STORE, Trade, reload, serving, trade
from tests.running import until

PATIENCE = 30.0
ORDERS = [f"450012{digit}" for digit in range(5)]


async def ordered(here: Trade) -> None:
    """The store's orders are in D365, acknowledged."""
    for number in ORDERS:
        here.partners[STORE].drop("order.edi", here.ordered(number))
    await until(lambda: len(here.sales_orders()) == len(sent(here)) == len(ORDERS), PATIENCE)


def sent(here: Trade) -> list[str]:
    """The names of what we put into mailboxes."""
    return [each.name for each in here.sterling.ledger.messages(by=here.sterling.USERNAME)]


def waiting(tx: Tx) -> list[Delivery]:
    """What has not left."""
    states: tuple[DeliveryState, ...] = ("pending", "attempting", "waiting")
    return [each for state in states for each in tx.deliveries.in_state(state) if each.endpoint == "sbi"]


async def become(app: App, count: int) -> list[Delivery]:
    """Wait until so many wait."""
    with anyio.fail_after(PATIENCE):
        while len(found := await app.journal.read(waiting)) != count:  # noqa: ASYNC110 - the journal knows no events
            await anyio.sleep(0.05)
    return found


async def two_wait(here: Trade, apps: list[App], numbers: list[str]) -> list[Delivery]:
    """Two invoices, one after the other, wait for a Sterling that lets nobody in; their deliveries."""
    before = len(sent(here))
    for count, number in enumerate(numbers, 1):
        invoice(here, number)
        found = await become(apps[-1], count)
    assert (await apps[-1].journal.read(picture)).needs_a_person == []
    assert len(sent(here)) == before
    return found


async def all_leave(here: Trade, apps: list[App], count: int) -> None:
    """Wait until so many messages are there, each once, and none waits."""
    await until(lambda: len(sent(here)) == count, PATIENCE)
    assert await become(apps[-1], 0) == []
    assert here.sterling.ledger.doubled() == []


def invoice(here: Trade, number: str) -> None:
    """Post the invoice of an order of the store."""
    rows = here.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference=number)
    here.simulator.post_invoice(str(rows[0]["SalesOrderNumber"]))


async def test_a_changed_password_and_a_locked_user_are_tried_once_and_what_waits_leaves_after_a_reload(
    tmp_path: Path,
) -> None:
    async with trade(tmp_path, endpoint="requests = 1") as here, serving(here, every="0.5s") as apps:
        await ordered(here)
        users, user = here.sterling.users, here.sterling.user
        user.password = "another"
        found = await two_wait(here, apps, ORDERS[:2])
        assert [each.first_failed_at for each in found] == [None] * 2  # none is charged with a failure
        assert len(users.rejected) == 1
        here.secrets["D365EDI_SECRET_SBI"] = user.password
        await reload(apps)
        await all_leave(here, apps, len(ORDERS) + 2)
        users.lock(user.name)
        await two_wait(here, apps, ORDERS[2:4])
        assert len(users.rejected) == 2
        users.unlock(user.name)
        await reload(apps)
        await all_leave(here, apps, len(ORDERS) + 4)
        assert len(users.rejected) == 2


async def test_an_identity_server_that_is_away_is_waited_for_without_a_reload(tmp_path: Path) -> None:
    async with trade(tmp_path, switches=Switches(bearer=True)) as here, serving(here, every="0.5s") as apps:
        await ordered(here)
        identity, port = here.sterling.identity, here.sterling.identity_port
        await port.close()
        identity.revoke()
        await two_wait(here, apps, ORDERS[:2])
        await port.open()
        await all_leave(here, apps, len(ORDERS) + 2)
        identity.revoke()  # one new token is enough
        invoice(here, ORDERS[2])
        await all_leave(here, apps, len(ORDERS) + 3)
        assert (identity.refused, len(apps)) == ([], 1)
