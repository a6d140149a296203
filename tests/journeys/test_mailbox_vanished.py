"""Messages of a mailbox that somebody else takes away before we have them: each is told once, and `status` forgets it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from d365edi.app import App
from d365edi.cli.status import picture
from d365edi.endpoints.health import Rests
from tests.journeys.mailbox_world import OUT, MailboxWorld, mailbox_world

DAMAGED = b'{"response":"####"}'


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[MailboxWorld]:
    async with mailbox_world(tmp_path) as made:
        made.waits = {"rests": Rests(person=0.05, first=0.05, longest=0.05), "first_wait": 0.05}
        yield made


def delete(here: MailboxWorld) -> None:
    state = here.sterling.state
    for each in list(state.mailbox(OUT).messages.values()):
        state.remove(each)


def move(here: MailboxWorld) -> None:
    state = here.sterling.state
    for each in list(state.mailbox(OUT).messages.values()):
        state.move(each, state.mailbox("/trash"))


def hide(here: MailboxWorld) -> None:
    here.sterling.state.mailbox("/trash")
    here.sterling.user.rights["/trash"] = frozenset()
    move(here)


async def told(app: App, lines: list[str]) -> tuple[int, int, list[str]]:
    """How many lines of the log and of the audit trail tell of what vanished, and what `status` shows as not to be taken."""
    audited = await app.journal.read(lambda tx: tx.audit.query(action="vanished"))
    shown = [row["name"] for row in (await app.journal.read(picture)).not_taken]
    return len([line for line in lines if "is not in /outbound any more" in line]), len(audited), shown


@pytest.mark.parametrize("take", [delete, move, hide])
async def test_a_message_whose_fetch_began_and_that_is_taken_away_is_told_once_and_others_go_on(
    here: MailboxWorld, lines: list[str], take: Callable[[MailboxWorld], None]
) -> None:
    here.partner.drop("a.edi", here.order("1"))
    here.sterling.faults.answer(200, path="*/getpayload", method="POST", times=3, body=DAMAGED)
    async with here.app() as app:
        for _ in range(3):
            await app.tick("acme.pickup.edi")
        assert await told(app, lines) == (0, 0, ["a.edi"])
        take(here)
        here.partner.drop("b.edi", here.order("2"))
        for _ in range(2):
            await app.tick("acme.pickup.edi")
            assert await told(app, lines) == (1, 1, [])
        await app.once()
        assert list(here.sales_orders()) == ["2"]
        assert await app.journal.read(lambda tx: tx.audit.verify()) is None


async def test_a_message_that_is_gone_when_it_is_fetched_is_told_once(here: MailboxWorld, lines: list[str]) -> None:
    here.partner.drop("a.edi", here.order("1"))
    state = here.sterling.state

    def clear(_: str) -> None:
        for each in list(state.mailbox(OUT).messages.values()):
            state.remove(each)
            state.delete_document(each.document)

    here.sterling.faults.happen(clear, path="*/getpayload", method="POST")
    async with here.app() as app:
        await app.tick("acme.pickup.edi")
        assert (await told(app, lines))[:2] == (1, 1)
        for _ in range(2):
            await app.tick("acme.pickup.edi")
            assert await told(app, lines) == (1, 1, [])


async def test_a_message_that_another_pickup_of_ours_took_is_not_told(here: MailboxWorld, lines: list[str]) -> None:
    here.extra = """[partners.acme.pickup.again]
from = { endpoint = "acme", path = "/outbound/a*" }
every = "1s"
since = "all"
"""
    here.partner.drop("a.edi", here.order("1"))
    here.sterling.faults.answer(200, path="*/getpayload", method="POST", body=DAMAGED)
    async with here.app() as app:
        for flow in ("acme.pickup.edi", "acme.pickup.again", "acme.pickup.edi"):
            await app.tick(flow)
        assert await told(app, lines) == (0, 0, [])
        assert list(here.sales_orders()) == ["1"]
