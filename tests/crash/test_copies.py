"""Killed while the journal is copied or put back: no half file is a backup, and a restored journal sends nothing unasked."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from d365edi.journal import Journal, backup, control_number_backup
from d365edi.journal.control_number_backup import AHEAD
from tests.crash import drill
from tests.journeys.world import World, world


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    """An order came in."""
    async with world(tmp_path) as made:
        made.write_settings()
        made.partner.drop("PO-1.edi", made.order("4500123"))
        await drill.settle(made)
        yield made


async def kept(here: World) -> tuple[list[str], str]:
    """What is in the audit trail, and why sending is held."""
    async with await Journal.open_readonly(here.folder / "var" / "journal.db") as journal:
        assert await journal.read(lambda tx: tx.audit.verify()) is None
        return [line.action for line in await journal.read(lambda tx: tx.audit.tail(1000))], journal.sending_held


def billed(here: World) -> None:
    order = here.simulator.state.rows("SalesOrderHeadersV4")[0]
    here.simulator.post_invoice(str(order["SalesOrderNumber"]))


async def sent_after_release(here: World) -> None:
    """A person compares and lets go: nothing was lost, nothing comes twice."""
    async with here.app() as app:
        await app.once()
        await app.reconcile("kim", go=True, delivered=[])
        await app.release("sending", "kim")
    await drill.settle(here)
    assert await drill.invariants(here, {"4500123": 2}, 1) == []


def test_the_second_table_has_every_place_of_a_copy() -> None:
    rows = re.findall(
        r"(?m)^\| `((?:backup|restore)\.\w+)`[^|]*\|[^|]*\|$", Path(__file__).with_name("README.md").read_text()
    )
    assert tuple(rows) == (*drill.BACKUP, *drill.RESTORE)


@pytest.mark.parametrize("failpoint", drill.BACKUP)
async def test_no_half_file_counts_as_a_backup(failpoint: str, town: World) -> None:
    folder = town.folder / "copies"
    folder.mkdir()
    assert await drill.run(town, failpoint, ("backup", str(folder))) == -9
    copies = list(folder.glob("*.db"))
    assert len(copies) == (failpoint == "backup.named")
    for copy in copies:  # made long ago, so that the next one has a name of its own
        backup.inspect(copy)
        for each in (copy, control_number_backup.path_of(copy)):
            each.rename(each.with_name(each.name.replace(copy.stem, "journal-20200101T000000Z")))
    assert await drill.run(town, words=("backup", str(folder))) == 0
    assert {each.suffix for each in folder.iterdir()} == {".db", ".numbers"}
    assert len(list(folder.iterdir())) == 2 * (len(copies) + 1)
    for copy in folder.glob("*.db"):
        assert (backup.inspect(copy).rows["documents"], control_number_backup.path_of(copy).exists()) == (1, True)


@pytest.mark.parametrize("failpoint", drill.RESTORE)
async def test_there_is_the_journal_of_before_or_the_restored_one_which_holds_sending(
    failpoint: str, town: World
) -> None:
    assert await drill.run(town, words=("backup", str(town.folder / "copy.db"))) == 0
    billed(town)
    await drill.settle(town)
    before, received = await kept(town), town.partner.received()
    put_back = ("restore", str(town.folder / "copy.db"), "--force")
    assert await drill.run(town, failpoint, put_back) == -9
    actions, held = await kept(town)
    if failpoint == "restore.replaced":
        assert ("restored" in actions, "restored from" in held) == (True, True)
    else:
        assert (actions, held) == before
    await drill.run(town)
    assert (sorted(town.sales_orders()), town.partner.received()) == (["4500123"], received)
    assert await drill.run(town, words=put_back) == 0
    assert "restored from" in (await kept(town))[1]
    await drill.run(town)
    assert town.partner.received() == received
    await sent_after_release(town)


@pytest.mark.parametrize("failpoint", ["restore.numbered", "restore.replaced"])
async def test_on_an_empty_box_nothing_is_sent_by_whoever_starts_there(failpoint: str, town: World) -> None:
    assert await drill.run(town, words=("backup", str(town.folder / "copy.db"))) == 0
    billed(town)
    await drill.settle(town)
    received = town.partner.received()
    var = town.folder / "var"
    shutil.rmtree(var)
    var.mkdir()
    assert await drill.run(town, failpoint, ("restore", str(town.folder / "copy.db"))) == -9
    await drill.run(town)
    assert (await kept(town))[1] != ""
    assert (sorted(town.sales_orders()), town.partner.received()) == (["4500123"], received)
    assert await drill.run(town, words=("restore", str(town.folder / "copy.db"), "--force")) == 0
    before, after = backup.taken(town.folder / "copy.db")["acme"], backup.taken(var / "journal.db")["acme"]
    assert {level: after[level] - count >= AHEAD for level, count in before.items()} == dict.fromkeys(before, True)
    await drill.run(town)
    assert town.partner.received() == received
    await sent_after_release(town)
