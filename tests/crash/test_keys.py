"""Killed where several files or records have one name: what is known is known by its key, and each is taken once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crash import drill
from tests.journal.make_named_records import INVOICE, copy, posted
from tests.journeys.test_keys import names_twice
from tests.journeys.world import World, world

RECORDS = ("poll.sorted", "receive.fetched", "receive.fetched:2", "receive.claimed", "receive.claimed:2")
FILES = (
    "receive.claimed",
    "receive.settling",
    "receive.compared",
    "receive.settled",
    "receive.fetched:2",
    "receive.claimed:2",
)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world with asyncssh's server, whose listings can be changed."""
    async with world(tmp_path) as made:
        yield made


@pytest.mark.parametrize("failpoint", RECORDS)
async def test_invoices_of_two_companies_that_number_alike_leave_once_each(failpoint: str, here: World) -> None:
    here.extra = '[partners.acme.send.810.guard]\nduplicate = "warn"\n'
    here.simulator.state.companies.append("demf")
    number = await posted(here, "4500123")
    copy(here, INVOICE, number, {"dataAreaId": "demf"})
    assert await drill.run(here, failpoint) == -9
    for _ in range(2):
        await drill.settle(here)
    assert len(here.partner.received()) == 2
    async with here.app() as app:
        documents = await app.journal.read(lambda tx: tx.documents.search(number))
        found = await app.journal.read(lambda tx: [tx.messages.get(each.message) for each in documents])
    assert len({message.remote for message in found}) == len({message.name for message in found}) == 2
    assert sorted(each.company for each in documents) == ["demf", "usmf"]


@pytest.mark.parametrize("failpoint", FILES)
async def test_two_files_of_one_name_are_taken_once_each(failpoint: str, here: World) -> None:
    # Killed between the two, the second file is alone in the next listing: a name that is used again.
    here.partner_extra = 'duplicates = { same_name_new_bytes = "take" }'
    here.write_settings()
    older, newer = here.order("4500123"), here.order("4500124", lines=[("1", "5", "10.5", "ACME-4711")])
    names_twice(here, older, newer)
    assert await drill.run(here, failpoint) == -9
    for _ in range(2):
        await drill.settle(here)
    assert {number: len(lines) for number, lines in here.sales_orders().items()} == {"4500123": 2, "4500124": 1}
    assert (len(here.partner.acknowledgments()), here.partner.waiting()) == (2, [])
