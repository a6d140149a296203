"""A backup while orders flow, restored on an empty box: nothing that was in it is lost, nothing is sent twice or unasked."""

from __future__ import annotations

import shutil
from functools import partial
from hashlib import sha256
from pathlib import Path

import anyio
import pytest

from d365edi.app import DUE, App
from d365edi.cli.status import picture
from d365edi.errors import D365EdiError
from d365edi.journal import Tx, backup
from d365edi.journal.backup import Copy
from d365edi.journal.restore import restore
from tests.journeys.world import World
from tests.running import until

FILES, ORDERS = 10, 20


async def worked_off(app: App) -> None:
    """Every flow, then what is due until D365 has it all."""
    await app.once()
    with anyio.fail_after(120):
        while await app.journal.read(open_orders):
            await app.tick(DUE)
            await anyio.sleep(0.1)


def open_orders(tx: Tx) -> bool:
    waiting = [each for each in tx.deliveries.due(float("inf")) if each.endpoint == "d365"]
    return bool(waiting or tx.documents.in_state("ready") or tx.messages.in_state("received"))


async def copied_midway(world: World, app: App) -> Copy:
    """All orders go through; the copy was made while they did."""
    copies: list[Copy] = []

    async def copy() -> None:
        await until(lambda: len(world.simulator.state.rows("SalesOrderHeadersV4")) >= FILES * ORDERS // 3, 60)
        make = partial(backup.backup, world.settings().daemon.journal, world.folder / "copy.db")
        copies.append(await anyio.to_thread.run_sync(make))

    async with anyio.create_task_group() as group:
        group.start_soon(copy)
        await worked_off(app)
    return copies[0]


def new_box(world: World, copy: Path) -> None:
    journal = world.settings().daemon.journal
    shutil.rmtree(journal.parent)
    journal.parent.mkdir()
    restore(copy, journal, actor="kim")


async def test_what_was_sent_since_the_backup_is_found_at_the_partner_and_not_sent_again(town: World) -> None:
    for file in range(FILES):
        town.partner.drop(f"PO-{file}.edi", town.order(f"45{file:02d}", copies=ORDERS))
    async with town.app() as app:
        copy = await copied_midway(town, app)
        headers = town.simulator.state.rows("SalesOrderHeadersV4")
        numbers = [town.simulator.post_invoice(str(row["SalesOrderNumber"])) for row in headers[:3]]
        await app.once()
    orders, received = sorted(town.sales_orders()), town.partner.received()
    answers = [(each.group, each.verdict) for each in town.partner.acknowledgments()]
    assert (len(orders), len(received), len(answers)) == (FILES * ORDERS, len(numbers), FILES)
    assert not any("(again)" in order for order in orders)

    new_box(town, copy.path)
    async with town.app() as app:
        held = await app.journal.read(lambda tx: [row.number for row in tx.documents.in_state("held")])
        known = await app.journal.read(
            lambda tx: tx.unit.connection.execute("SELECT count(*) FROM documents").fetchone()[0]
        )
        assert (known, held) == (copy.rows["documents"], [])
        assert await app.journal.read(open_orders)  # which D365 has by now
        await worked_off(app)
        assert "restored from" in app.journal.sending_held
        assert (sorted(town.sales_orders()), town.partner.received()) == (orders, received)
        with pytest.raises(D365EdiError, match="was compared with what the partners have; first: d365edi reconcile"):
            await app.release("sending", "kim")
        said = await app.reconcile("kim", go=False, delivered=[])
        assert sum("is there already, as " in sentence for sentence in said) >= len(numbers)
        assert not [sentence for sentence in said if "does not lie in" in sentence or "not compared" in sentence]
        said = await app.reconcile("kim", go=True, delivered=[])
        assert (said[-1], "recorded as delivered" in said[0]) == ("d365edi release sending", True)
        await app.release("sending", "kim")
        await worked_off(app)
        open_ = await app.journal.read(lambda tx: tx.deliveries.due(float("inf")))
        actors = await app.journal.read(
            lambda tx: {line.actor for line in tx.audit.tail(1000) if line.action == "reconciled"}
        )
        assert (open_, actors, await app.journal.read(lambda tx: tx.audit.verify())) == ([], {"kim"}, None)
    assert (sorted(town.sales_orders()), town.partner.received()) == (orders, received)
    assert [(each.group, each.verdict) for each in town.partner.acknowledgments()] == answers


async def test_what_the_partner_has_taken_goes_again_only_when_nobody_says_that_it_arrived(town: World) -> None:
    town.partner.drop("PO-77.edi", town.order("4500123"))
    await town.once()
    await anyio.to_thread.run_sync(backup.backup, town.settings().daemon.journal, town.folder / "copy.db")
    order = str(town.simulator.state.one("SalesOrderHeadersV4")["SalesOrderNumber"])
    town.simulator.post_invoice(order)
    town.partner.drop("PO-78.edi", town.order("4500124"))
    await town.once()
    for name in town.partner.received():
        (town.partner.inbound / name).unlink()
    new_box(town, town.folder / "copy.db")
    async with town.app() as app:
        await app.once()
        [first, *others] = await app.reconcile("kim", go=True, delivered=[])
        assert "does not lie in" in first
        processed = f"{town.prefix}/outbound/processed"
        lost = (
            f"{processed}/PO-78.edi was taken since and is not in the journal; put it back into {town.prefix}/outbound"
        )
        assert [sentence for sentence in others if "was taken since" in sentence] == [lost]
        (town.partner.outbound / "processed" / "PO-78.edi").rename(town.partner.outbound / "PO-78.edi")
        await app.once()
        assert list(town.sales_orders()) == ["4500123", "4500124"]
        again = await app.reconcile("kim", go=True, delivered=[])
        assert not [sentence for sentence in again if "was taken since" in sentence]
        with pytest.raises(D365EdiError, match="delivery-99 is no open delivery to a partner, and nothing was done"):
            await app.reconcile("kim", go=False, delivered=[first.split()[0], "delivery-99"])
        [first, *_] = await app.reconcile("kim", go=False, delivered=[first.split()[0]])
        assert first.endswith("recorded as delivered")
        await app.release("sending", "kim")
        await app.once()
        assert town.partner.received() == {}
        with pytest.raises(D365EdiError, match="sending is not held"):
            await app.reconcile("kim", go=True, delivered=[])


async def restored_without(town: World, number: str) -> None:
    """A box restored from a copy that was made before this order came; its file is put back."""
    await anyio.to_thread.run_sync(backup.backup, town.settings().daemon.journal, town.folder / "copy.db")
    town.partner.drop("PO-79.edi", town.order(number))
    await town.once()
    new_box(town, town.folder / "copy.db")
    (town.partner.outbound / "processed" / "PO-79.edi").rename(town.partner.outbound / "PO-79.edi")


async def test_an_order_made_since_the_backup_is_found_again_by_its_invoice_once_a_person_says_yes(town: World) -> None:
    await town.once()
    await restored_without(town, "4500123")
    made = str(town.simulator.state.one("SalesOrderHeadersV4")["SalesOrderNumber"])
    async with town.app() as app:
        await app.once()
        [row] = (await app.journal.read(picture)).needs_a_person
        assert (row["name"], row["state"]) == ("4500123", "held")
        assert f"d365edi release 4500123 if it is, and {made} counts as made of it" in row["why"]
        await app.once()
        assert len((await app.journal.read(picture)).needs_a_person) == 1  # while no person decides nothing changes
        assert await app.release("4500123", "kim") == ["4500123 continues"]
        await app.once()
        receipts = await app.journal.read(
            lambda tx: [row.receipt for row in tx.deliveries.in_state("delivered") if row.endpoint == "d365"]
        )
        assert (receipts, list(town.sales_orders())) == ([made], ["4500123"])
        await app.reconcile("kim", go=True, delivered=[])
        await app.release("sending", "kim")
        town.simulator.post_invoice(made)
        await app.once()
        assert (await app.journal.read(picture)).needs_a_person == []
    assert any(b"4500123" in body for name, body in town.partner.received().items() if name.startswith("810"))


async def test_an_order_that_was_changed_since_is_not_taken_as_the_same(town: World) -> None:
    await town.once()
    await restored_without(town, "4500123")
    made = str(town.simulator.state.one("SalesOrderHeadersV4")["SalesOrderNumber"])
    [first, _] = town.simulator.state.rows("SalesOrderLinesV3")
    first["OrderedSalesQuantity"] = 11
    async with town.app() as app:
        await app.once()
        await app.release("4500123", "kim")
        await app.once()
        [row] = (await app.journal.read(picture)).needs_a_person
        assert (
            f"{made} of usmf carries PO 4500123 already, and is not taken as the same: it has other lines" in row["why"]
        )
        first["OrderedSalesQuantity"] = 12
        await app.release("4500123", "kim")
        await app.once()
        assert (await app.journal.read(picture)).needs_a_person == []
    assert list(town.sales_orders()) == ["4500123"]


async def test_an_order_that_was_made_of_another_document_is_not_taken_as_the_same(town: World) -> None:
    """To D365 the two numbers are equal."""
    town.partner.drop("PO-80.edi", town.order("45a"))
    await town.once()
    town.partner.drop("PO-81.edi", town.order("45A"))
    async with town.app() as app:
        await app.once()
        await app.release("45A", "kim")
        await app.once()
        [row] = (await app.journal.read(picture)).needs_a_person
        assert (row["name"], "is it the same?" in row["why"]) == ("45A", True)
    assert list(town.sales_orders()) == ["45a"]


async def test_their_acknowledgment_finds_what_was_sent_before_the_restore(town: World) -> None:
    """Made again, the invoices have other control numbers than the files that the partner has and answers."""
    town.partner.drop("PO-77.edi", town.order("4500123", copies=2))
    await town.once()
    await anyio.to_thread.run_sync(backup.backup, town.settings().daemon.journal, town.folder / "copy.db")
    for row in town.simulator.state.rows("SalesOrderHeadersV4"):
        town.simulator.post_invoice(str(row["SalesOrderNumber"]))
    await town.once()
    sent = town.partner.received()
    (town.folder / "copy.db.numbers").unlink(missing_ok=True)
    new_box(town, town.folder / "copy.db")
    async with town.app() as app:
        await app.once()
        waiting = await app.journal.read(lambda tx: [row.name for row in tx.deliveries.in_state("pending")])
        assert not set(waiting) & set(sent)
        await app.reconcile("kim", go=True, delivered=[])
        await app.release("sending", "kim")
        done = await app.journal.read(
            lambda tx: [row for row in tx.deliveries.in_state("delivered") if row.kind == "810"]
        )
        assert sorted(row.name for row in done) == sorted(sent)
        assert {row.digest for row in done} == {sha256(data).hexdigest() for data in sent.values()}
        town.partner.answer_invoices()
        await app.once()
        done = await app.journal.read(
            lambda tx: [row for row in tx.deliveries.in_state("delivered") if row.kind == "810"]
        )
        assert [row.ack for row in done] == ["accepted"] * len(sent)
    assert town.partner.received() == sent


async def test_what_the_journal_has_is_not_to_be_put_back_and_an_answer_is_there_for_each_that_repeats_it(
    town: World,
) -> None:
    town.partner.drop("PO-77.edi", town.order("4500123"))
    await town.once()
    await anyio.to_thread.run_sync(backup.backup, town.settings().daemon.journal, town.folder / "copy.db")
    new_box(town, town.folder / "copy.db")
    processed = town.partner.outbound / "processed"
    body = (processed / "PO-77.edi").read_bytes()
    (processed / "PO-77.edi").rename(processed / "PO-77-57fc42d7.edi")
    for name in ("PO-77-b.edi", "PO-77-c.edi"):
        town.partner.drop(name, body)
    async with town.app() as app:
        await app.once()
        said = await app.reconcile("kim", go=False, delivered=[])
        assert not [sentence for sentence in said if "was taken since" in sentence or "does not lie in" in sentence]
        assert len([sentence for sentence in said if "is there already" in sentence]) == 2


async def test_an_invoice_that_was_sent_after_the_copy_is_found_at_the_partner_and_not_sent_again(town: World) -> None:
    order = await an_order(town)
    journal = town.settings().daemon.journal
    await anyio.to_thread.run_sync(backup.backup, journal, town.folder / "copy.db")
    town.simulator.post_invoice(order)
    await town.once()
    before = dict(town.partner.received())
    assert len(before) == 1
    new_box(town, town.folder / "copy.db")
    town.simulator.faults.answer(503, times=1000)
    async with town.app() as app:
        said = await app.reconcile("kim", go=True, delivered=[])
        assert "not compared: acme.send.810" in said[-1]
        with pytest.raises(D365EdiError, match="not all that may have been sent"):
            await app.release("sending", "kim")
    town.simulator.faults.waiting.clear()
    async with town.app() as app:
        said = await app.reconcile("kim", go=True, delivered=[])
        assert (said[-1], "recorded as delivered" in said[0]) == ("d365edi release sending", True)
        await app.release("sending", "kim")
        await app.once()
    assert town.partner.received() == before


async def an_order(town: World) -> str:
    """An order in D365, answered; its sales order number."""
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    (header,) = town.simulator.state.rows("SalesOrderHeadersV4")
    return str(header["SalesOrderNumber"])
