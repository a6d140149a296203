"""What was delivered to a server, mailbox or message that is another one now: nobody can know whether it was picked up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from d365edi.app import TRACK
from d365edi.cli.history import look_up
from d365edi.cli.why import lines as told
from d365edi.flows.picked_up import UNCOUNTED
from d365edi.journal import Delivery
from d365edi.sandbox.sterling.simulator import SterlingSimulator
from tests.journeys.mailbox_world import OUT, TO, MailboxWorld, mailbox_world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[MailboxWorld]:
    """A world with mailboxes, in which our acknowledgment of an order lies and waits."""
    async with mailbox_world(tmp_path) as made:
        made.sterling.state.put(OUT, "a.edi", made.order("1"), by="x")
        async with made.app() as app:
            await app.once()
        yield made


async def tracked(here: MailboxWorld) -> Delivery:
    """Our acknowledgment, once it was asked about with the settings as they are now, twice."""
    async with here.app() as app:
        for _ in range(2):
            await app.tick(TRACK)
        (made,) = await app.journal.read(
            lambda tx: [each for each in tx.deliveries.in_state("delivered") if each.extract]
        )
        if made.picked_up == "gone":
            found = await app.journal.read(lambda tx: look_up(tx, made.name))
            assert any(f"picked up: gone, {made.picked_up_detail}" in line for line in told(found.histories[0]))
    return made


async def test_another_server_says_nothing_of_what_was_delivered_to_the_former_one(
    here: MailboxWorld, lines: list[str]
) -> None:
    first = here.sterling.url
    (ours,) = here.sterling.state.mailbox(TO).messages.values()
    async with SterlingSimulator() as production:
        for path in (OUT, TO):
            production.state.mailbox(path)
        while (put := production.state.put(TO, "theirs.edi", b"x", by="x", count=0)).id < ours.id:
            production.state.remove(put)
        assert put.id == ours.id
        here.sterling = production
        made = await tracked(here)
        assert made.picked_up == "gone"
        assert f"it was delivered to {first}, and the server is {production.url} now" in made.picked_up_detail
    assert len([line for line in lines if made.picked_up_detail in line and "WARN" in line]) == 1


async def test_the_same_server_under_another_address_is_asked(here: MailboxWorld) -> None:
    here.formerly = here.sterling.url
    assert (await tracked(here)).picked_up == "awaited"
    (ours,) = here.sterling.state.mailbox(TO).messages.values()
    here.sterling.state.take(ours)
    here.formerly = here.sterling.url.replace("https://", "https://former.")
    made = await tracked(here)
    assert (made.picked_up, made.picked_up_detail) == ("fetched", "")


async def test_a_message_that_is_gone_was_fetched_unless_its_mailbox_was_created_again(here: MailboxWorld) -> None:
    state = here.sterling.state
    state.create_again(TO, keep=True)
    assert (await tracked(here)).picked_up == "awaited"
    before = (await tracked(here)).receipt_detail["mailbox"]
    now = state.create_again(TO)
    made = await tracked(here)
    assert made.picked_up == "gone"
    assert f"{TO} was mailbox {before} when it was delivered and is {now.id} now" in made.picked_up_detail


async def test_a_message_that_is_gone_from_its_mailbox_was_fetched_as_far_as_is_known(here: MailboxWorld) -> None:
    (ours,) = here.sterling.state.mailbox(TO).messages.values()
    here.sterling.state.remove(ours)
    made = await tracked(here)
    assert (made.picked_up, made.picked_up_detail) == ("fetched", UNCOUNTED)
