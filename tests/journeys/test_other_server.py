"""Another server under the name of an endpoint: its mailboxes are not those that were polled, and its ids are its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from d365edi.sandbox.sterling.simulator import SterlingSimulator
from tests.journeys.mailbox_world import OUT, TO, MailboxWorld, mailbox_world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[MailboxWorld]:
    """A world with mailboxes, of which what lies there at first is left alone."""
    async with mailbox_world(tmp_path) as made:
        made.since = '"now"'
        yield made


async def test_a_changed_url_is_a_first_poll_unless_the_settings_say_that_it_is_the_same_server(
    here: MailboxWorld, lines: list[str]
) -> None:
    first = here.sterling.url
    async with here.app() as app:
        await app.once()
    async with SterlingSimulator() as production:
        production.state.mailbox(TO)
        for digit in range(3):
            production.state.put(OUT, f"old{digit}.edi", here.order(f"{digit}"), by="x")
        here.sterling = production
        for _ in range(2):
            async with here.app() as app:
                await app.once()
        assert here.sales_orders() == {}
        (said,) = [line for line in lines if "was polled at" in line]
        assert f"{OUT} was polled at {first} before and is polled at {production.url} for the first time" in said
        assert f'write formerly = "{first}" in [endpoints.acme]' in said
        assert len([line for line in lines if "3 messages in /outbound are from before the first poll" in line]) == 1
        here.formerly = first
        async with here.app() as app:
            await app.once()
        assert sorted(here.sales_orders()) == ["0", "1", "2"]


async def test_an_order_with_an_id_that_another_server_gave_before_is_read_before_it_is_deleted(
    here: MailboxWorld, lines: list[str]
) -> None:
    here.since = '"all"'
    first = here.sterling.state.put(OUT, "a.edi", here.order("1"), by="x")
    async with here.app() as app:
        await app.once()
    async with SterlingSimulator() as production:
        for path in (OUT, TO):
            production.state.mailbox(path)
        while (put := production.state.put(OUT, "b.edi", here.order("2"), by="x")).id < first.id:
            production.state.remove(put)
        assert put.id == first.id
        here.sterling = production
        async with here.app() as app:
            await app.once()
        assert not production.state.mailbox(OUT).messages
    assert sorted(here.sales_orders()) == ["1", "2"]
    assert len([line for line in lines if "which a.edi had before" in line]) == 1
