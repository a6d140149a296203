"""Several invoices leave in one interchange by a setting, and each of them is held, answered and sent again by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import anyio
import pytest

from d365edi.app import App
from d365edi.cli.history import look_up
from d365edi.cli.status import picture
from d365edi.errors import CredentialsRejected, D365EdiError
from d365edi.flows.interchange import LEVELS
from d365edi.journal import Delivery, Document
from d365edi.sandbox import x12
from tests.journeys.test_answers import picked
from tests.journeys.test_edifact import RECEIVE, orders
from tests.journeys.world import World, rest

NOTICE = """
[partners.acme.send.{set}]
of    = "PackingSlip"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "{bill}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
batch = 5
"""
AWAY = CredentialsRejected("not let in")
FOLLOWS = '\n[partners.acme.send.810.guard]\nbefore_notice = "hold"\n'
INVOICE_KEY = ("dataAreaId", "InvoiceNumber", "InvoiceDate", "LedgerVoucher")


@pytest.fixture
def batching(town: World) -> World:
    """The world's partner gets up to five invoices in one file."""
    town.knobs |= {"file": "{control:09}", "on_event": "batch = 5"}
    return town


async def invoiced(world: World, *numbers: str, shipped: bool = False, dearer: str = "") -> list[str]:
    """Invoices posted for orders that came in (and were `shipped` first), none of them sent yet.

    The price of the order `dearer` was changed before.
    """
    for number in numbers:
        world.partner.drop(f"PO-{number}.edi", world.order(number))
    async with world.app() as app:
        await app.tick("acme.pickup.edi")
    rows = world.simulator.state.rows("SalesOrderHeadersV4")
    made = {str(row["CustomersOrderReference"]): str(row["SalesOrderNumber"]) for row in rows}
    for row in world.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=made[dearer]) if dearer else ():
        key = {name: row[name] for name in ("dataAreaId", "InventoryLotId")}
        if row["SalesPrice"] == Decimal("10.5"):
            world.simulator.state.add("SalesOrderLinesV3", **key, SalesPrice=Decimal(11), LineAmount=Decimal(132))
    for number in numbers if shipped else ():
        world.simulator.post_packing_slip(made[number])
    return [world.simulator.post_invoice(made[number]) for number in numbers]


def groups(world: World) -> list[list[x12.X12Group]]:
    """The groups of each file at the partner, in the order of the files' names."""
    return [x12.groups(found) for _, data in sorted(world.partner.received().items()) for found in x12.split(data)]


def answered(world: World, group: x12.X12Group, verdicts: Sequence[str], verdict: str, control: int = 9) -> None:
    """Their 997 for a group of ours: AK5 of each set ("" for none), and AK9."""
    body = [["AK1", group.gs[1], group.gs[6]]]
    for found, said in zip(group.sets, verdicts, strict=True):
        if said:
            body += [["AK2", "810", found[0][2]], ["AK5", said, *(["5"] if said == "R" else [])]]
    count = len(group.sets)
    accepted = count - list(verdicts).count("R") if verdict != "R" else 0
    body.append(["AK9", verdict, str(count), str(count), str(accepted)])
    address = world.partner.profile.address
    data = x12.write(address, "FA", [("997", body)], interchange=control, group=control, at=datetime.now(UTC))
    world.partner.drop(f"997_{control}.edi", data)


async def sent(app: App, name: str) -> tuple[Delivery, list[Document]]:
    """The delivery of that name and the documents in it."""
    (delivery,) = await app.journal.read(lambda tx: tx.deliveries.search(name))
    documents = await app.journal.read(
        lambda tx: [tx.documents.get(carried.document) for carried in tx.delivery_documents.of(delivery.id)]
    )
    return delivery, documents


async def named(app: App, numbers: Sequence[str]) -> list[Document]:
    """The documents of these numbers."""
    return await app.journal.read(lambda tx: [tx.documents.search(number)[0] for number in numbers])


async def test_invoices_that_are_ready_together_leave_in_one_interchange(batching: World, lines: list[str]) -> None:
    numbers = await invoiced(batching, "4500123", "4500124", "4500125")
    assert batching.partner.received() == {}
    await batching.once()
    ((name, _),) = batching.partner.received().items()
    assert name == "810_000000004.edi"
    ((group,),) = groups(batching)
    assert [(found[0][1], found[0][2]) for found in group.sets] == [("810", f"{n:04d}") for n in (1, 2, 3)]
    assert [picked(found, "BIG", 2)[0][0] for found in group.sets] == numbers
    assert [verdict.complaints for verdict in batching.partner.answer_invoices()] == [()] * 3
    assert sum(f"{name} (3 documents) → " in line for line in lines) == 1
    assert [sum(f"invoice {number} in {name}" in line for line in lines) for number in numbers] == [1, 1, 1]
    async with batching.app() as app:
        delivery, documents = await sent(app, name)
        assert [document.state for document in documents] == ["delivered"] * 3
        known = await app.journal.read(lambda tx: [look_up(tx, text) for text in (name, numbers[1], "4")])
        for found in known:
            assert delivery in [one for life in found.histories for one in life.deliveries]
        assert (await app.once()).counts.get("delivered") is None
    assert list(batching.partner.received()) == [name]


async def test_of_three_invoices_the_one_that_they_reject_is_reported_by_name_and_sent_anew_alone(
    batching: World, lines: list[str]
) -> None:
    numbers = await invoiced(batching, "4500123", "4500124", "4500125")
    await batching.once()
    ((first,),) = groups(batching)
    answered(batching, first, ["", "R", ""], "P")
    async with batching.app() as app:
        await app.once()
        (name,) = batching.partner.received()
        delivery, _ = await sent(app, name)
        acks = [one.ack for one in await app.journal.read(lambda tx: tx.delivery_documents.of(delivery.id))]
        assert (delivery.ack, acks) == ("partially", ["accepted", "rejected", "accepted"])
        rows = (await app.journal.read(picture)).needs_a_person
        assert [(row["state"], row["name"]) for row in rows] == [("997 rejected", numbers[1])]
        rejected = [line for line in lines if line.startswith("WARNING") and numbers[1] in line]
        assert len(rejected) == 1
        assert f"invoice {numbers[1]} in {name} is rejected by acme" in rejected[0]
        assert f"d365edi replay {numbers[1]} --from render --go" in rejected[0]
        assert [sum(f"invoice {n} in {name} is accepted by acme" in line for line in lines) for n in numbers] == [
            1,
            0,
            1,
        ]
        assert any(f"{name} is partially accepted by acme: 1 of 3 documents not accepted" in line for line in lines)
        await app.replay(numbers[1], "render", go=True, acks=False, actor="pat")
        await app.tick("due")
    _, (second,) = groups(batching)
    assert [picked(found, "BIG", 2) for found in second.sets] == [[(numbers[1],)]]
    assert second.gs[6] != first.gs[6]
    answered(batching, second, ["A"], "A", 10)
    answered(batching, first, ["A", "R", "A"], "P", 11)
    async with batching.app() as app:
        await app.once()
        again = sorted(batching.partner.received())[1]
        delivery, documents = await sent(app, again)
        answers = await app.journal.read(
            lambda tx: [tx.acknowledgments.search(str(int(g.gs[6]))) for g in (first, second)]
        )
    assert (delivery.ack, [document.number for document in documents]) == ("accepted", [numbers[1]])
    assert [[answer.match for answer in of] for of in answers] == [["double", "matched"], ["matched"]]


@pytest.mark.parametrize(("verdict", "state"), [("A", "accepted"), ("R", "rejected"), ("E", "accepted_with_errors")])
async def test_an_answer_to_the_group_counts_for_all_in_it(verdict: str, state: str, batching: World) -> None:
    await invoiced(batching, "4500123", "4500124")
    await batching.once()
    ((group,),) = groups(batching)
    answered(batching, group, ["", ""], verdict)
    async with batching.app() as app:
        await app.once()
        (name,) = batching.partner.received()
        delivery, _ = await sent(app, name)
        carried = await app.journal.read(lambda tx: tx.delivery_documents.of(delivery.id))
    assert [delivery.ack, *[one.ack for one in carried]] == [state] * 3


async def test_one_that_is_held_and_one_that_cannot_be_written_leave_the_others_alone(batching: World) -> None:
    batching.extra = '\n[partners.acme.send.810.guard]\nprice_differs = "hold"\n'
    numbers = await invoiced(batching, "4500123", "4500124", "4500125", "4500126", dearer="4500124")
    state = batching.simulator.state
    (row,) = state.rows("SalesInvoiceHeadersV4", InvoiceNumber=numbers[2])
    record = state.store.one("SalesInvoiceHeadersV4", **{key: row[key] for key in INVOICE_KEY})
    assert record is not None
    state.store.update(record, {"CurrencyCode": "U*D"})
    async with batching.app() as app:
        await app.once()
        found = await named(app, numbers)
        assert [document.state for document in found] == ["delivered", "held", "held", "delivered"]
        assert "price 11, but ordered at 10.5 [price_differs]" in found[1].reason
        assert "U*D" in found[2].reason
        ((group,),) = groups(batching)
        assert [picked(each, "BIG", 2)[0][0] for each in group.sets] == [numbers[0], numbers[3]]
        await app.release(numbers[1], "pat")
        await app.tick("due")
    _, (second,) = groups(batching)
    assert [picked(each, "BIG", 2) for each in second.sets] == [[(numbers[1],)]]
    assert int(second.gs[6]) == int(group.gs[6]) + 1


async def test_of_two_invoices_for_the_same_goods_in_one_pass_the_second_is_held(batching: World) -> None:
    (first,) = await invoiced(batching, "4500123")
    rows = batching.simulator.state.rows("SalesOrderLinesV3")
    for row in rows:
        key = {name: row[name] for name in ("dataAreaId", "InventoryLotId")}
        batching.simulator.state.add("SalesOrderLinesV3", **key, SalesOrderLineStatus="Delivered")
    second = batching.simulator.post_invoice(str(rows[0]["SalesOrderNumber"]))
    async with batching.app() as app:
        await app.once()
        found = await named(app, [first, second])
    assert [document.state for document in found] == ["delivered", "held"]
    assert f"billed with {first}, but 12 ordered" in found[1].reason
    assert [len(group.sets) for (group,) in groups(batching)] == [1]


async def test_no_more_than_the_limit_go_in_one_interchange_and_numbers_follow_each_other(batching: World) -> None:
    batching.knobs["on_event"] = "batch = 2"
    numbers = await invoiced(batching, "4500123", "4500124", "4500125")
    await batching.once()
    found = [group for (group,) in groups(batching)]
    assert [[picked(each, "BIG", 2)[0][0] for each in group.sets] for group in found] == [numbers[:2], numbers[2:]]
    assert int(found[1].gs[6]) == int(found[0].gs[6]) + 1


async def test_flows_with_the_same_file_and_batch_share_an_interchange_a_group_each(batching: World) -> None:
    batching.extra = FOLLOWS + NOTICE.format(root=batching.prefix, set="856", bill="810")
    numbers = await invoiced(batching, "4500123", "4500124", shipped=True)
    async with batching.app() as app:
        await app.tick("acme.send.810")
    ((goods, bills),) = groups(batching)
    assert [(group.gs[1], len(group.sets)) for group in (goods, bills)] == [("SH", 2), ("IN", 2)]
    answered(batching, bills, ["A", "R"], "P")
    (name,) = batching.partner.received()
    async with batching.app() as app:
        await app.once()
        delivery, documents = await sent(app, name)
        carried = await app.journal.read(lambda tx: tx.delivery_documents.of(delivery.id))
        assert (delivery.kind, delivery.ack) == ("856+810", "awaited")
        assert [one.ack for one in carried] == ["awaited", "awaited", "accepted", "rejected"]
        assert documents[3].number == numbers[1]
        answered(batching, goods, ["A", "A"], "A", 10)
        await app.once()
        delivery, _ = await sent(app, name)
    assert delivery.ack == "partially"


async def test_looks_and_what_is_due_side_by_side_make_one_file_and_each_document_once(batching: World) -> None:
    batching.extra = NOTICE.format(root=batching.prefix, set="856", bill="810")
    await invoiced(batching, "4500123", "4500124", shipped=True)
    async with batching.app() as app:
        async with anyio.create_task_group() as group:
            for name in ("acme.send.856", "due", "acme.send.810", "due", "acme.send.856"):
                group.start_soon(app.tick, name)
        await app.once()
    assert [[(one.gs[1], len(one.sets)) for one in found] for found in groups(batching)] == [[("SH", 2), ("IN", 2)]]


async def test_what_is_ready_while_d365_cannot_be_asked_leaves_when_it_can(batching: World) -> None:
    batching.extra = '\n[partners.acme.send.810.guard]\nprice_differs = "hold"\n'
    (number,) = await invoiced(batching, "4500123", dearer="4500123")
    async with batching.app() as app:
        await app.tick("acme.send.810")
        await app.release(number, "pat")
        await rest(app, "d365", AWAY)
        await app.tick("due")
        assert [document.state for document in await named(app, [number])] == ["ready"]
        await app.ping("d365")
        await app.tick("due")
    assert len(groups(batching)) == 1


async def test_one_taken_out_of_a_file_that_has_not_gone_lets_the_others_leave_anew(batching: World) -> None:
    numbers = await invoiced(batching, "4500123", "4500124", "4500125")
    async with batching.app() as app:
        await rest(app, "acme", AWAY)
        await app.tick("acme.send.810")
        (waiting,) = await app.journal.read(lambda tx: tx.deliveries.in_state("pending"))
        await app.replay(numbers[1], "render", go=True, acks=False, actor="pat")
        assert [document.state for document in await named(app, numbers)] == ["ready"] * 3
        assert (await app.journal.read(lambda tx: tx.deliveries.get(waiting.id))).state == "cancelled"
        await app.ping("acme")
        await app.tick("due")
    ((group,),) = groups(batching)
    assert int(group.gs[6]) > (waiting.group or 0)
    assert sorted(picked(found, "BIG", 2)[0][0] for found in group.sets) == numbers


async def refused(world: World, app: App) -> Delivery:
    """What is ready was sent, and something else was in its place."""
    control = await app.journal.read(lambda tx: tx.counters.peek("acme", LEVELS["X12"]))
    taken = world.partner.inbound / f"810_{control:09}.edi"
    taken.write_bytes(b"not ours")
    await app.tick("acme.send.810")
    taken.unlink()
    (delivery,) = await app.journal.read(lambda tx: tx.deliveries.in_state("quarantined"))
    return delivery


@pytest.mark.parametrize("by", ["file", "number"])
async def test_a_file_that_is_refused_holds_its_documents_and_goes_as_it_is_after_a_release(
    by: str, batching: World, lines: list[str]
) -> None:
    numbers = await invoiced(batching, "4500123", "4500124")
    async with batching.app() as app:
        file = await refused(batching, app)
        assert [document.state for document in await named(app, numbers)] == ["held"] * 2
        assert sum(file.name in line and "(2 documents)" in line for line in lines) == 1
        await app.release(file.name if by == "file" else numbers[0], "pat")
        await app.tick("due")
        assert [document.state for document in await named(app, numbers)] == ["delivered"] * 2
    assert list(batching.partner.received()) == [file.name]


async def test_one_that_is_rejected_here_leaves_its_file_and_the_others_go_once_a_person_has_looked(
    batching: World,
) -> None:
    numbers = await invoiced(batching, "4500123", "4500124", "4500125")
    async with batching.app() as app:
        file = await refused(batching, app)
        assert await app.reject(numbers[1], "wrong price", "pat") == [f"{numbers[1]} is closed"]
        assert [document.state for document in await named(app, numbers)] == ["held", "rejected", "held"]
        assert await app.release(file.name, "pat") == [f"{numbers[0]} continues", f"{numbers[2]} continues"]
        await app.tick("due")
        assert [document.state for document in await named(app, numbers)] == ["delivered", "rejected", "delivered"]
    ((group,),) = groups(batching)
    assert [picked(found, "BIG", 2)[0][0] for found in group.sets] == [numbers[0], numbers[2]]
    assert file.name not in batching.partner.received()


async def test_a_file_that_is_rejected_here_closes_all_in_it(batching: World) -> None:
    numbers = await invoiced(batching, "4500123", "4500124")
    async with batching.app() as app:
        file = await refused(batching, app)
        said = await app.reject(file.name, "not wanted", "pat")
        assert said == [f"{file.name} is not delivered, and its 2 documents are closed"]
        assert [document.state for document in await named(app, numbers)] == ["rejected"] * 2
        for stage in ("deliver", "render"):
            with pytest.raises(D365EdiError, match=rf"invoice {numbers[0]}, .* were rejected \(not wanted\)"):
                await app.replay(file.name, stage, go=True, acks=False, actor="pat")


async def test_the_same_bytes_again_are_the_whole_file_and_rendering_anew_by_its_name_is_all_of_it(
    batching: World,
) -> None:
    numbers = await invoiced(batching, "4500123", "4500124")
    await batching.once()
    ((name, data),) = batching.partner.received().items()
    (batching.partner.inbound / name).unlink()
    async with batching.app() as app:
        preview = await app.replay(numbers[0], "deliver", go=True, acks=False, actor="pat")
        assert any(", 2 documents) to acme" in line for line in preview)
        await app.tick("due")
        assert batching.partner.received() == {name: data}
        preview = await app.replay(name, "render", go=True, acks=False, actor="pat")
        assert sum("acme has it" in line for line in preview) == 1
        await app.tick("due")
        assert [document.state for document in await named(app, numbers)] == ["delivered"] * 2
    (first,), (second,) = groups(batching)
    assert [found[1:] for found in second.sets] == [found[1:] for found in first.sets]
    assert second.gs[6] != first.gs[6]


async def test_messages_in_an_edifact_interchange_are_answered_each_by_itself(town: World) -> None:
    town.knobs |= {
        "edifact": 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }',
        "invoice": "INVOIC",
        "file": "{control:09}",
        "on_event": "batch = 5",
    }
    town.extra = RECEIVE + NOTICE.format(root=town.prefix, set="DESADV", bill="INVOIC")
    for reference, number in (("77", "4500123"), ("78", "4500124")):
        town.partner.drop(f"ORDERS-{reference}.edi", orders(number, reference))
    async with town.app() as app:
        await app.tick("acme.pickup.edi")
        for row in town.simulator.state.rows("SalesOrderHeadersV4"):
            town.simulator.post_packing_slip(str(row["SalesOrderNumber"]))
            town.simulator.post_invoice(str(row["SalesOrderNumber"]))
        await app.once()
        ((name, data),) = town.partner.received().items()
        found = [segment.split("+") for segment in data.decode().split("'")]
        messages = [(segment[1], segment[2].partition(":")[0]) for segment in found if segment[0] == "UNH"]
        assert messages == [("1", "DESADV"), ("2", "DESADV"), ("3", "INVOIC"), ("4", "INVOIC")]
        reference = next(segment[5] for segment in found if segment[0] == "UNB")
        assert ["UNZ", "4", reference] in found
        town.partner.drop(
            "CONTRL-1.edi",
            (
                "UNB+UNOC:3+4098765000010:14+4012345000009:14+261103:0900+901'UNH+1+CONTRL:D:3:UN'"
                f"UCI+{reference}+4012345000009:14+4098765000010:14+7'UCM+4+INVOIC:D:96A:UN:EAN008+4+13'"
                "UNT+4+1'UNZ+1+901'"
            ).encode(),
        )
        await app.once()
        delivery, _ = await sent(app, name)
        carried = await app.journal.read(lambda tx: tx.delivery_documents.of(delivery.id))
    assert (delivery.kind, delivery.ack) == ("DESADV+INVOIC", "partially")
    assert [one.ack for one in carried] == ["accepted", "accepted", "accepted", "rejected"]
