"""Killed while an order comes out of a mailbox, its acknowledgment and its invoice go into one: each is there once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from d365edi.failpoints import NAMES
from d365edi.journal import Journal, Tx
from tests.crash import drill
from tests.journeys.mailbox_world import TO, MailboxWorld, mailbox_world

README = Path(__file__).with_name("README.md")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[MailboxWorld]:
    """A world with mailboxes on which no rule deletes."""
    async with mailbox_world(tmp_path) as made:
        made.absent = "again"
        made.write_settings()
        yield made


def test_the_table_has_every_place_that_is_killed_at_and_every_place_of_sterling() -> None:
    text = README.read_text().partition("come out of a mailbox of Sterling")[2].partition("A copy of the journal")[0]
    shown = set(re.findall(r"(?m)^\| `([\w.]+)(?::\d)?`[^|]*\|[^|]*\|$", text))
    assert shown == {name.partition(":")[0] for name in drill.MAILBOX}
    assert {name for name in NAMES if name.startswith("sterling.")} == set(drill.STERLING) <= shown


@pytest.mark.parametrize("failpoint", drill.MAILBOX)
async def test_orders_of_one_name_are_answered_once_each(failpoint: str, here: MailboxWorld) -> None:
    for number in ("4500123", "4500124"):
        here.partner.drop("order.edi", here.order(number))
    if failpoint == "sterling.picked_up":
        await drill.settle(here)
        here.fetch()
    assert await drill.run(here, failpoint) == -9
    said = await settled(here)
    here.fetch()
    await drill.run(here)
    assert {number: len(lines) for number, lines in here.sales_orders().items()} == {"4500123": 2, "4500124": 2}
    assert here.placed() == [(TO, f"acme_997_{number:09}.edi") for number in (1, 2)]
    assert (here.partner.waiting(), await problems(here, said)) == ([], [])


async def test_a_fetch_that_used_up_the_count_is_made_again_also_where_the_server_hides_it(here: MailboxWorld) -> None:
    for switch in ("getpayload_counts", "marked=hidden"):
        here.sterling.switches.set(switch)
    here.partner.drop("order.edi", here.order("4500123"))
    assert await drill.run(here, "receive.fetched") == -9
    assert here.partner.waiting() == []
    await drill.settle(here)
    assert list(here.sales_orders()) == ["4500123"]
    assert here.placed() == [(TO, "acme_997_000000001.edi")]


async def settled(here: MailboxWorld) -> str:
    """Start again until nothing is open; what all these runs said."""
    said = ""
    for _ in range(8):
        try:
            await drill.settle(here, most=1)
        except AssertionError:
            said += (here.folder / "said.txt").read_text()
            continue
        break
    return said + (here.folder / "said.txt").read_text()


async def problems(here: MailboxWorld, said: str) -> list[str]:
    """What the journal holds that it should not, documents that nobody was told of among it."""
    unseen = len(here.sterling.ledger.unused(by=here.sterling.USERNAME))
    told = said.count("unseen")
    journal = await Journal.open_readonly(here.folder / "var" / "journal.db")
    try:
        damage = await journal.read(_damage)
    finally:
        await journal.close()
    return damage + ([f"{unseen} documents without a message, {told} reported"] if unseen > told else [])


def _damage(tx: Tx) -> list[str]:
    found = tx.audit.verify()
    broken = [f"the audit chain breaks at line {found.line}"] if found else []
    sent = [each for each in tx.deliveries.in_state("delivered") if each.endpoint == "acme"]
    return broken + [f"{each.name} is {each.picked_up}" for each in sent if each.picked_up != "fetched"]
