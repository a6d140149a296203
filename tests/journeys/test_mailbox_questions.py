"""A reply about a message is lost and a rule is quicker than our lookup: a question, and what a person makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from d365edi.app import App
from d365edi.cli.status import picture
from d365edi.endpoints.health import Rests
from d365edi.journal import Delivery
from d365edi.sandbox.sterling.routing import run
from d365edi.sandbox.sterling.server import Rule
from tests.journeys.mailbox_world import TO, MailboxWorld, mailbox_world

ACK = "acme_997_000000001.edi"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[MailboxWorld]:
    """A world with mailboxes."""
    async with mailbox_world(tmp_path) as made:
        made.waits = {"rests": Rests(first=0.05, longest=0.1), "first_wait": 0.05}
        yield made


async def asked(here: MailboxWorld, app: App) -> Delivery:
    """A 997 whose message was made, its reply lost, and which a rule deleted before it was looked up: the delivery."""
    here.partner.drop("order.edi", here.order("4500123"))
    here.sterling.server.rules.append(Rule("rule", TO, "delete"))
    here.sterling.faults.drop(method="POST", path="*/mailboxmessages/")
    here.sterling.faults.happen(lambda _: routed(here), method="GET", path="*/mailboxmessages/*")
    await app.once()
    with anyio.fail_after(30):
        while not (waiting := await app.journal.read(lambda tx: tx.deliveries.in_state("quarantined"))):
            await app.tick("due")
            await anyio.sleep(0.05)
    here.sterling.server.rules.clear()
    assert here.placed() == [(TO, ACK)]
    return waiting[0]


def routed(here: MailboxWorld) -> None:
    """The server's rules run."""
    run(here.sterling.server)


async def test_a_release_puts_it_there_once_more_and_asks_no_second_time(here: MailboxWorld) -> None:
    async with here.app() as app:
        delivery = await asked(here, app)
        assert f"d365edi release {ACK}" in delivery.reason
        assert f'd365edi reject {ACK} --why "..."' in delivery.reason
        assert await app.release(ACK, "pat") == [f"{ACK} is delivered again"]
        await app.tick("due")
        done = await app.journal.read(lambda tx: tx.deliveries.get(delivery.id))
    assert (done.state, here.placed(), here.fetch()) == ("delivered", [(TO, ACK)] * 2, [ACK])
    assert done.progress["document"] == delivery.progress["document"]


async def test_a_rejection_closes_it_and_its_document_stays(here: MailboxWorld) -> None:
    async with here.app() as app:
        delivery = await asked(here, app)
        await app.reject(ACK, "they have it", "pat")
        await app.tick("due")
        done = await app.journal.read(lambda tx: tx.deliveries.get(delivery.id))
    assert (done.state, here.placed()) == ("cancelled", [(TO, ACK)])
    assert delivery.progress["document"] in here.sterling.state.documents


async def test_a_replay_sends_again_only_what_is_not_there_to_be_fetched(here: MailboxWorld) -> None:
    here.partner.drop("order.edi", here.order("4500123"))
    async with here.app() as app:
        await app.once()
        for copies in (1, 2):
            await app.replay(ACK, "deliver", go=True, acks=False, actor="pat")
            await app.tick("due")
            assert here.placed() == [(TO, ACK)] * copies
            assert here.fetch() == [ACK]
        found = await app.journal.read(lambda tx: [each.receipt for each in tx.deliveries.search(ACK)])
    assert (len(found), len(set(found))) == (3, 2)


async def test_a_replay_says_whether_a_new_message_is_made(here: MailboxWorld) -> None:
    here.partner.drop("order.edi", here.order("4500123"))
    async with here.app() as app:
        await app.once()
        (first,) = await app.journal.read(lambda tx: tx.deliveries.search(ACK))
        lies = f"message {first.receipt} lies in {TO}"
        preview = await app.replay(ACK, "deliver", go=False, acks=False, actor="pat")
        assert preview[1:] == [f"{lies} and can be fetched: no new one is made while it does"]
        done = await app.replay(ACK, "deliver", go=True, acks=False, actor="pat")
        assert done[-1] == f"{ACK} is looked up again; while {lies} no new one is made"
        await app.tick("due")
        assert here.fetch() == [ACK]
        done = await app.replay(ACK, "deliver", go=True, acks=False, actor="pat")
        made = f"message {first.receipt} of it cannot be fetched from {TO}: a new message is made"
        assert done[1:] == [made, f"{ACK} is delivered again"]
        await app.tick("due")
    assert here.placed() == [(TO, ACK)] * 2


async def test_what_sterling_refused_names_the_commands_that_settle_it(here: MailboxWorld, lines: list[str]) -> None:
    here.partner.drop("order.edi", here.order("4500123"))
    here.sterling.faults.answer(400, method="POST", path="*/mailboxmessages/")
    async with here.app() as app:
        await app.once()
        (row,) = (await app.journal.read(picture)).needs_a_person
        for said in (row["why"], next(line for line in lines if "Planned by the sandbox" in line)):
            assert f"d365edi release {ACK}" in said
            assert f'd365edi reject {ACK} --why "..."' in said
        await app.release(ACK, "pat")
        await app.tick("due")
    assert here.fetch() == [ACK]
