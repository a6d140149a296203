"""The stand-alone sandbox with a Sterling, and d365edi on its settings: every switch and fault, a refused login."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from anyio.to_thread import run_sync

from d365edi.app import App
from d365edi.cli import client, main
from d365edi.cli.demo_stage import store_secrets
from d365edi.cli.status import Picture, picture
from d365edi.endpoints.health import Rests
from d365edi.sandbox.stand_alone import Choice, StandAlone, opened
from d365edi.sandbox.sterling.switches import CHOICES
from d365edi.sandbox.sterling_faults import FAULTS
from d365edi.sandbox.sterling_side import SterlingSide

PATIENCE = 120.0
SHORT = (('read = "10s"', 'read = "1s"'), ('unclear_for = "5s"', 'unclear_for = "1s"'))
LASTING = {
    "sterling-down",
    "identity-down",
    "credentials",
    "user-locked",
    "not-picked-up",
    "mailbox-renamed",
    "login-page",
}
"""Faults that somebody ends, or after which a login rests until somebody pings."""


@dataclass
class Seen:
    """What was found once there was nothing more to do."""

    picture: Picture
    unsound: object
    fetched: int


class Bench:
    """A sandbox with its settings in a file, with waits for what does not answer as short as `waits` says."""

    def __init__(self, here: StandAlone, waits: Sequence[tuple[str, str]] = ()) -> None:
        self.here, self.settings = here, here.folder / "settings.toml"
        store_secrets(here.folder, here.sandbox.secrets)
        text = here.settings
        for usual, short in waits:
            assert usual in text
            text = text.replace(usual, short)
        self.settings.write_text(text)

    @property
    def side(self) -> SterlingSide:
        assert self.here.sandbox.sterling is not None
        return self.here.sandbox.sterling

    async def d365edi(self, *words: str) -> int:
        """A command as a person runs it; its exit code."""
        return await run_sync(lambda: main([*words, "--settings", str(self.settings)]))

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """What `run --once` has, with short waits."""
        rests = Rests(person=900.0, first=0.05, longest=0.1)
        async with App.open(client.load(self.settings), rests=rests, first_wait=0.05) as app:
            yield app

    async def until_nothing_is_left(self, rounds: int = 1000) -> Seen:
        """As `run --once` again and again, until it finds nothing to do and nothing waits; at most so many `rounds`."""
        with anyio.fail_after(PATIENCE):
            for _ in range(rounds):
                async with self.app() as app:
                    said = await app.once()
                    shown = await app.journal.read(picture)
                    pending = await app.journal.read(lambda tx: len(tx.deliveries.in_state("pending")))
                if not (said.counts or shown.waits or pending):
                    break
                await anyio.sleep(0.1)
        async with self.app() as app:
            unsound = await app.journal.read(lambda tx: tx.audit.verify())
            sql = "SELECT count(*) FROM messages WHERE direction = 'in' AND remote <> ''"
            fetched = await app.journal.read(lambda tx: tx.unit.connection.execute(sql).fetchone()[0])
            return Seen(await app.journal.read(picture), unsound, fetched)

    def orders(self) -> list[str]:
        """The partner's numbers of the sales orders in D365, in the order in which they were created."""
        rows = self.here.sandbox.d365.state.rows("SalesOrderHeadersV4")
        return [row["CustomersOrderReference"] for row in sorted(rows, key=lambda row: str(row["SalesOrderNumber"]))]

    def sent(self) -> list[str]:
        """The names of our messages."""
        return [message.name for message in self.side.simulator.ledger.messages(by=self.side.simulator.USERNAME)]


@asynccontextmanager
async def bench(folder: Path, *switches: str, faults: Sequence[str] = ()) -> AsyncIterator[Bench]:
    choice = Choice(port=0, sterling=True, switches=switches, faults=tuple(faults))
    async with opened(folder, choice, kept=False) as here:
        yield Bench(here, SHORT if faults else ())


ORDERS = ["4501123", "4501124", "4501125"]
"""Left under the names order.edi, order.edi and order-3.edi within one second."""
TOGETHER = (
    "empty=[]", "location=%3A", "coded=everywhere", "rows=int", "base64=wrapped", "offset=-0500", "resolution=milliseconds",
    "name_filter=%", "spelling=errorDiscription", "accounts=refused", "payload=query", "colon=encoded", "delete=empty",
    "client_auth=form", "skew=-3600", "page_cap=2", "documents_once", "bearer", "doc",
)  # fmt: skip
SINGLE = [f"{name}={value}" for name, values in CHOICES.items() for value in values[1:]]
SINGLE += ["skew=3600", "page_cap=1", "getpayload_counts", "documents_once", "bearer", "doc"]


@pytest.mark.parametrize(
    "switches", [TOGETHER, *(pytest.param((each,), id=each, marks=pytest.mark.slow) for each in SINGLE)]
)
async def test_every_server_gives_the_same_orders_and_messages(tmp_path: Path, switches: tuple[str, ...]) -> None:
    lost = 1 if "mailbox=global" in switches else 0  # overwritten by the server itself
    async with bench(tmp_path, *switches) as here:
        assert await here.d365edi("run", "--once") == 0
        seen = await here.until_nothing_is_left()
        assert await here.d365edi("ping", "sbi") == 0
        assert await here.d365edi("status") == 0
        orders = here.orders()
        assert sorted(orders) == ORDERS[lost:]
        assert lost or orders.index(ORDERS[0]) < orders.index(ORDERS[1])  # of one name and second, the older first
        assert sorted(here.sent()) == [f"grocer_997_{number:09}.edi" for number in range(1, 4 - lost)]
        assert (seen.fetched, seen.unsound) == (3 - lost, None)
        assert here.side.simulator.ledger.doubled() == []
        assert here.side.simulator.users.rejected == []


async def test_a_refused_login_is_tried_once_by_ping_and_once_by_all_runs(tmp_path: Path) -> None:
    async with bench(tmp_path, faults=["credentials"]) as here:
        rejected = here.side.simulator.users.rejected
        for words, logins in ((("ping", "sbi"), 1), (("run", "--once"), 2), (("run", "--once"), 2)):
            assert await here.d365edi(*words) == 3
            assert len(rejected) == logins
        async with here.app() as app:
            shown = await app.journal.read(picture)
        assert (shown.needs_a_person, [row["endpoint"] for row in shown.logins_refused]) == ([], ["sbi"])
        assert await here.d365edi("status") == 1
        await here.here.commands.fault("credentials", end=True)
        assert await here.d365edi("run", "--once") == 3
        assert await here.d365edi("ping", "sbi") == 0
        assert await here.d365edi("run", "--once") == 0
        assert (len(rejected), sorted(here.orders())) == (2, ORDERS)
        assert await here.d365edi("status") == 0


ALWAYS = ("lost-answers",)


@pytest.mark.parametrize(
    "fault", [each if each in ALWAYS else pytest.param(each, marks=pytest.mark.slow) for each in FAULTS]
)
async def test_every_fault_ends_in_one_message_and_one_order_or_a_line_of_status(tmp_path: Path, fault: str) -> None:
    switches = ("bearer",) if fault in ("token-revoked", "identity-down") else ()
    async with bench(tmp_path, *switches, faults=[fault]) as here:
        if fault in LASTING:
            await here.until_nothing_is_left(rounds=3)
            await here.here.commands.fault(fault, end=True)
            assert await here.d365edi("ping", "sbi") == 0
        seen = await here.until_nothing_is_left()
        told = [*seen.picture.needs_a_person, *seen.picture.not_taken]
        removed = 1 if fault == "message-deleted" else 0
        orders = here.orders()
        assert len(set(orders)) == len(orders)
        assert len(orders) == seen.fetched == 3 - removed - len(seen.picture.not_taken)
        assert here.side.simulator.ledger.doubled() == []
        assert len(here.sent()) == len(set(here.sent()))
        assert len(orders) + len(here.sent()) + len(told) >= 2 * (3 - removed)
        assert seen.unsound is None
