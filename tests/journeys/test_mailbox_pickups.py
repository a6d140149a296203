"""What comes from a mailbox: known by its id alone, whole at once, since a day, of one partner or of several."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from d365edi.app import App
from d365edi.cli.history import look_up
from d365edi.cli.status import picture
from d365edi.endpoints.base import Check, PassedOver
from d365edi.endpoints.filenames import NO_ID
from d365edi.errors import Refused, Unavailable
from d365edi.flows.taken_since import taken_since
from d365edi.journal import BaselinePlace, Message, Tx
from tests.journal.rows import message
from tests.journeys.mailbox import Mailboxes, Stored, opened
from tests.journeys.world import World, world

FROM = "/outbound"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose server is not used."""
    async with world(tmp_path) as made:
        yield made


async def messages(app: App) -> list[Message]:
    """All that was claimed, oldest first."""
    sql = "SELECT id FROM messages WHERE direction = 'in' ORDER BY id"
    return await app.journal.read(
        lambda tx: [tx.messages.get(id) for (id,) in tx.unit.connection.execute(sql).fetchall()]
    )


async def test_messages_of_one_name_in_one_second_are_each_taken_once_oldest_first(here: World) -> None:
    here.knobs["after"] = '"delete"'
    box = Mailboxes()
    orders = [here.order(f"450012{digit}") for digit in range(3)]
    ids = [box.put(FROM, "in.edi", data, at=5.0) for data in orders]
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        await app.tick("acme.pickup.edi")
        found = await messages(app)
        for text in (f"acme:{ids[1]}", ids[1], f"host1:node1:{ids[1]}"):
            (history,) = (await app.journal.read(lambda tx, text=text: look_up(tx, text))).histories  # type: ignore[misc]
            assert history.message == found[1]
    assert box.fetched == box.settled == ids
    assert [(each.remote, each.name, each.state) for each in found] == [(id, "in.edi", "done") for id in ids]
    assert box.at(FROM) == []
    assert sorted(here.sales_orders()) == ["4500120", "4500121", "4500122"]


async def test_messages_are_claimed_in_the_order_in_which_they_came_however_long_a_fetch_takes(here: World) -> None:
    here.knobs["after"] = '"delete"'
    box = Mailboxes()
    ids = [box.put(FROM, f"{digit % 3}.edi", here.order(f"450012{digit}"), at=5.0) for digit in range(6)]
    box.slow = {ids[0]: 3000}
    box.failing = {ids[1]: Unavailable("it has 12 bytes, and 480 were listed", endpoint="acme")}
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        assert [each.remote for each in await messages(app)] == [ids[0], *ids[2:]]
    assert box.fetched == ids


async def test_one_id_is_one_message_whatever_pickup_lists_it_and_the_same_bytes_again_are_a_repeat(
    here: World, lines: list[str]
) -> None:
    here.knobs["after"] = '"leave"'
    here.extra = '[partners.acme.pickup.again]\nfrom = { endpoint = "acme", path = "/outbound/*.edi" }\nevery = "1s"\n'
    box, order = Mailboxes(), here.order("4500123")
    first = box.put(FROM, "in.edi", order)
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        await app.tick("acme.pickup.again")
        box.messages[first].path = "/elsewhere"  # where a rule moved it to
        second = box.put(FROM, "in.edi", order)
        await app.tick("acme.pickup.edi")
        await app.tick("acme.pickup.again")
        found = await messages(app)
    assert box.fetched == [first, second]
    assert [each.state for each in found] == ["done", "duplicate"]
    name = f"in.edi (message {second}) has the same bytes as in.edi (message {first}), which was received before"
    assert found[1].reason.startswith(name)
    assert list(here.sales_orders()) == ["4500123"]
    assert len([line for line in lines if "has the same bytes" in line]) == 1


DOCUMENTS = """
[partners.acme.pickup.doc]
from  = { endpoint = "acme", path = "/outbound/*.edi" }
every = "1s"
"""


@pytest.mark.parametrize(("since", "taken"), [('"now"', 0), ('"all"', 3), ("1970-01-02", 1)])
async def test_what_lay_there_before_the_first_poll_is_left_alone(
    here: World, lines: list[str], since: str, taken: int
) -> None:
    here.knobs["after"] = '"leave"'
    here.extra = DOCUMENTS + f"since = {since}\n"
    box = Mailboxes()
    for digit, at in enumerate((1.0, 2.0, 200_000.0)):
        box.put(FROM, "old.edi", here.order(f"450012{digit}"), at=at)
    box.before_listing = lambda number: number == 1 and box.put(FROM, "old.doc", b"comes while it is listed", at=3.0)
    async with opened(here, box) as app:
        for _ in range(2):
            await app.tick("acme.pickup.doc")
        assert [each.name for each in await messages(app)] == ["old.edi"] * taken
        assert box.listings == ["*.edi", "*", "*", "*.edi"]
        noted = await app.journal.read(lambda tx: tx.baselines.keys(BaselinePlace("acme", "", FROM, "1")))
        assert noted.keys() == {id for id, each in box.messages.items() if each.path == FROM}
        (place,) = (await app.journal.read(picture)).places
        box.put(FROM, "new.edi", here.order("4500129"), at=300_000.0)
        await app.tick("acme.pickup.doc")
        assert (await messages(app))[-1].name == "new.edi"
        known = await app.journal.read(lambda tx: look_up(tx, "old.edi"))
    said = [line for line in lines if "are left alone" in line]
    if taken == 3:
        assert (said, place["earlier"]) == ([], 0)
    else:
        assert len(said) == 1
        assert 'since = "all" in [partners.acme.pickup.doc] fetches them' in said[0]
        assert place["earlier"] == place["passed_over"] == 3 - taken
        assert len(known.earlier) == (3 - taken if since == '"now"' else 2)


async def test_what_comes_later_from_before_the_day_of_since_is_reported_once_and_found_by_why(
    here: World, lines: list[str]
) -> None:
    here.knobs |= {"after": '"leave"', "pickup": "since = 1970-01-02"}
    box = Mailboxes()
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        id = box.put(FROM, "moved.edi", here.order("4500120"), at=1.0)
        box.put(FROM, "new.edi", here.order("4500121"), at=200_000.0)
        for _ in range(3):
            await app.tick("acme.pickup.edi")
        assert [each.name for each in await messages(app)] == ["new.edi"]
        (place,) = (await app.journal.read(picture)).places
        assert place["earlier"] == place["passed_over"] == 1
        again(box, id, "moved.edi", here.order("4500122"))
        for _ in range(2):
            await app.tick("acme.pickup.edi")
        (found,) = (await app.journal.read(lambda tx: look_up(tx, "moved.edi"))).earlier
        assert found.row.remote == id
    said, once_more = [line for line in lines if "left alone" in line]
    assert said == once_more
    assert "1 more in /outbound are from before 1970-01-02 and are left alone (moved.edi)" in said


async def test_since_can_be_changed_later_and_a_renamed_or_emptied_mailbox_is_not_polled_anew(here: World) -> None:
    here.knobs |= {"after": '"leave"', "pickup": 'since = "now"'}
    box = Mailboxes(ids={FROM: "333"})
    box.put(FROM, "old.edi", here.order("4500120"))
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        assert await messages(app) == []
        box.ids[FROM] = "334"  # created again: an id of its own, and what lies there is new
        box.put(FROM, "new.edi", here.order("4500121"))
        await app.tick("acme.pickup.edi")
        assert [each.name for each in await messages(app)] == ["new.edi"]
    here.knobs["pickup"] = 'since = "all"'
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        assert [each.name for each in await messages(app)] == ["new.edi", "old.edi"]


async def test_a_mailbox_that_is_renamed_and_then_created_again_is_not_polled_anew(here: World) -> None:
    here.knobs |= {"after": '"leave"', "pickup": 'since = "now"'}
    here.extra = DOCUMENTS.replace("/outbound/*.edi", "/renamed/*") + 'since = "now"\n'
    box = Mailboxes(ids={FROM: "333", "/renamed": "333"})
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        await app.tick("acme.pickup.doc")
        box.ids["/renamed"] = "334"
        box.put("/renamed", "new.edi", here.order("4500121"))
        await app.tick("acme.pickup.doc")
        assert [each.name for each in await messages(app)] == ["new.edi"]


async def test_since_holds_for_files_too_and_a_file_that_is_overwritten_later_is_new(here: World) -> None:
    here.knobs |= {"after": '"leave"', "pickup": 'since = "now"'}
    here.partner.drop("old.edi", here.order("4500120"))
    here.partner.drop("same.edi", here.order("4500121"))
    await here.once()
    assert here.sales_orders() == {}
    here.partner.drop("same.edi", here.order("4500122", lines=[("1", "5", "10.5", "ACME-4711")]))
    here.partner.drop("new.edi", here.order("4500123"))
    await here.once()
    assert sorted(here.sales_orders()) == ["4500122", "4500123"]


async def test_since_set_where_files_were_fetched_before_leaves_none_of_them_alone(here: World) -> None:
    here.knobs["after"] = '"leave"'
    here.partner.drop("a.edi", here.order("4500120"))
    await here.once()
    here.knobs["pickup"] = 'since = "now"'
    here.partner.drop("b.edi", here.order("4500121"))
    await here.once()
    assert sorted(here.sales_orders()) == ["4500120", "4500121"]


async def test_a_damaged_message_is_tried_again_alone_and_stands_in_status_from_the_third_time_on(
    here: World, lines: list[str]
) -> None:
    box = Mailboxes()
    here.knobs["after"] = '"delete"'
    bad = box.put(FROM, "bad.edi", here.order("4500120"))
    box.put(FROM, "good.edi", here.order("4500121"))
    box.failing[bad] = Unavailable("bad.edi has 12 bytes, and 480 were listed", endpoint="acme")
    shown = []
    async with opened(here, box) as app:
        for _ in range(4):
            await app.tick("acme.pickup.edi")
            shown.append([row["name"] for row in (await app.journal.read(picture)).not_taken])
        assert shown == [[], [], ["bad.edi"], ["bad.edi"]]
        assert list(here.sales_orders()) == ["4500121"]
        assert len([line for line in lines if "12 bytes, and 480 were listed" in line]) == 2
        del box.failing[bad]
        await app.tick("acme.pickup.edi")
        assert (await app.journal.read(picture)).not_taken == []
    assert sorted(here.sales_orders()) == ["4500120", "4500121"]


async def test_a_fetch_that_used_up_the_count_is_made_again_and_said_once(here: World, lines: list[str]) -> None:
    """The daemon dies after the fetch and before the claim."""
    here.knobs["after"] = '"leave"'
    box = Mailboxes()
    id = box.put(FROM, "in.edi", here.order("4500123"))
    other = box.put(FROM, "taken.edi", here.order("4500124"), count=0)
    box.failing[id] = Refused("the server fell over", endpoint="acme")
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
    box.messages[id].count = 0
    del box.failing[id]
    async with opened(here, box) as app:
        sql = "UPDATE sightings SET verdict = ''"
        await app.journal.write(lambda tx: tx.unit.connection.execute(sql) and None)
        for _ in range(2):
            await app.tick("acme.pickup.edi")
        assert [each.remote for each in await messages(app)] == [id]
    assert box.fetched == [id, id]
    assert other not in box.fetched
    assert len([line for line in lines if "its extract count was used up after our fetch of it began" in line]) == 1


async def test_messages_of_one_name_that_a_crash_left_behind_are_worked_on_one_after_the_other(
    here: World, lines: list[str]
) -> None:
    async with here.app() as app:

        def claimed(tx: Tx) -> None:
            for digit in "123":
                payload = here.order(f"450012{digit}")
                ids = {"remote": f"7{digit}", "fetched_by": f"7{digit}:host1:node1:{digit}"}
                message(tx, flow="acme.pickup.edi", path=FROM, name="in.edi", payload=payload, **ids)

        await app.journal.write(claimed)
        await app.tick("due")
    told = [line.split()[1] for line in lines if line.startswith(("INFO in.edi", "INFO PO"))]
    assert told == ["in.edi", "PO"] * 3
    assert list(here.sales_orders()) == ["4500121", "4500122", "4500123"]


@pytest.mark.parametrize("reason", ["the server does not report its size", NO_ID])
async def test_what_the_server_does_not_say_is_not_asked_of_the_partner(
    here: World, lines: list[str], reason: str
) -> None:
    here.knobs["after"] = '"leave"'
    box = Mailboxes()
    box.passed = [PassedOver("in.edi", reason, "71")]
    async with opened(here, box) as app:
        for _ in range(2):
            await app.tick("acme.pickup.edi")
        assert [row["why"] for row in (await app.journal.read(picture)).not_taken] == [reason]
    (said,) = [line for line in lines if "cannot be taken" in line]
    assert f"{reason}; ask whoever runs the server why; the partner cannot help it" in said


async def test_a_mark_that_hides_nothing_is_reported_once(here: World, lines: list[str]) -> None:
    here.knobs["after"] = '"leave"'
    box = Mailboxes(marks=False)
    id = box.put(FROM, "in.edi", here.order("4500123"))
    async with opened(here, box) as app:
        pickup = app.ctx.partners["acme"].pickups["edi"]
        pickup.endpoint_settings.__dict__["after"] = "mark"
        for _ in range(5):
            await app.tick("acme.pickup.edi")
        (shown,) = (await app.journal.read(picture)).not_taken
    assert box.fetched == [id]
    assert box.settled == [id, id]
    assert "the server still offers it to others" in shown["why"]
    assert len([line for line in lines if "still offers it" in line]) == 1


BOLT = """
[partners.bolt]
customer = { usmf = "US-004" }
x12      = { us = "01:123456789", them = "08:7222250009" }
acks     = { send = "997", to = { endpoint = "acme", path = "/inbound/bolt" } }
[partners.bolt.receive.850]
create  = "SalesOrder"
company = "usmf"
ship_to = "order"
[partners.bolt.codes.unit]
EA = "ea"
[partners.bolt.items]
ACME-4711 = "D0001"
ACME-4712 = "D0002"
"""


def of_bolt(order: bytes) -> bytes:
    return order.replace(b"6111250008", b"7222250009")


async def shared(here: World, *files: bytes) -> dict[str, Message]:
    """Drop files into the shared folder, run once, and give what became of them."""
    here.knobs["pickup"] = "shared = true"
    for number, data in enumerate(files):
        here.partner.drop(f"{number}.edi", data)
    for _ in range(4):  # a file without a trailer is waited for
        await here.once()
    async with here.app() as app:
        return {each.name: each for each in await messages(app)}


async def test_in_a_shared_folder_a_message_belongs_to_whom_its_ids_name(here: World) -> None:
    here.extra = BOLT
    (here.partner.home / "inbound/bolt").mkdir()
    found = await shared(here, here.order("4500120"), of_bolt(here.order("4500121")))
    assert [(each.partner, each.flow, each.state) for each in found.values()] == [
        ("acme", "acme.pickup.edi", "done"),
        ("bolt", "acme.pickup.edi", "done"),
    ]
    headers = here.simulator.state.rows("SalesOrderHeadersV4")
    assert {row["CustomersOrderReference"]: row["OrderingCustomerAccountNumber"] for row in headers} == {
        "4500120": "US-003",
        "4500121": "US-004",
    }
    assert len(list((here.partner.home / "inbound/bolt").iterdir())) == 1
    async with here.app() as app:
        audited = await app.journal.read(lambda tx: tx.audit.query(message=found["1.edi"].id))
    assert {line.partner for line in audited} == {"bolt"}


async def test_what_is_nobodys_in_a_shared_folder_is_set_aside_with_its_reason(here: World) -> None:
    here.extra = BOLT
    one, two = here.order("4500120"), of_bolt(here.order("4500121"))
    found = await shared(here, b"ST*850*0001~SE*2*0001~", one.replace(b"6111250008", b"9999999999"), one + two)
    assert {each.state for each in found.values()} == {"quarantined"}
    assert "nobody can say whose it is" in found["0.edi"].reason
    assert "no partner has these ids" in found["1.edi"].reason
    assert "it has interchanges of acme and bolt; ask for a file for each of them" in found["2.edi"].reason
    for each in found.values():
        assert f'd365edi release {each.name}, or d365edi reject {each.name} --why "..."' in each.reason
    assert here.sales_orders() == {}


async def test_release_gives_a_message_to_the_partner_that_has_its_ids_now(here: World) -> None:
    order = of_bolt(here.order("4500121"))
    found = await shared(here, order)
    assert (found["0.edi"].partner, found["0.edi"].state) == ("acme", "quarantined")
    async with here.app() as app:
        (said,) = await app.release("0.edi", "ann")
    assert said.startswith("0.edi stays set aside: ")
    here.extra = BOLT
    await here.once()  # a poll never does that
    assert here.sales_orders() == {}
    async with here.app() as app:
        assert await app.release("0.edi", "ann") == ["0.edi is given to bolt and read"]
        await app.once()
        (after,) = await messages(app)
        assert (after.id, after.partner, after.state) == (found["0.edi"].id, "bolt", "done")
        counts = await app.journal.read(lambda tx: tx.counts()["messages"])
        assert await app.journal.read(lambda tx: tx.audit.verify()) is None
    assert {partner: {state: n for state, n in states.items() if n} for partner, states in counts.items()} == {
        "bolt": {"done": 1}
    }
    assert list(here.sales_orders()) == ["4500121"]
    found = await shared(here, *[b"x"] * 0, order)
    assert len(found) == 1


async def test_release_asks_whether_the_partner_sent_the_same_before(here: World) -> None:
    order = of_bolt(here.order("4500121"))
    found = await shared(here, order)
    here.extra = BOLT
    here.partner.drop("copy.edi", order)
    await here.once()
    async with here.app() as app:
        (said,) = await app.release("0.edi", "ann")
        after = {each.name: each for each in await messages(app)}
    assert said.startswith("0.edi is given to bolt: 0.edi has the same bytes as copy.edi")
    assert (after["0.edi"].id, after["0.edi"].state) == (found["0.edi"].id, "duplicate")
    assert list(here.sales_orders()) == ["4500121"]


def again(box: Mailboxes, id: str, name: str, data: bytes) -> None:
    """A server whose database was restored gives an id to another message."""
    box.messages[id] = Stored(FROM, name, 1.0, data, document="host1:node1:new")


@pytest.mark.parametrize("after", ["delete", "leave"])
async def test_an_id_that_a_restored_server_gives_again_is_another_message_and_is_read(
    here: World, lines: list[str], after: str
) -> None:
    here.knobs["after"] = f'"{after}"'
    box = Mailboxes()
    id = box.put(FROM, "a.edi", here.order("4500120"))
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        again(box, id, "b.edi", here.order("4500121"))
        box.failing[id] = Unavailable("it has 12 bytes, and 480 were listed", endpoint="acme")
        await app.tick("acme.pickup.edi")
        assert box.messages[id].name == "b.edi"
        del box.failing[id]
        for _ in range(3):
            await app.tick("acme.pickup.edi")
        assert [(each.name, each.fetched_by) for each in await messages(app)] == [
            ("a.edi", f"{id}:host1:node1:{id}"),
            ("b.edi", f"{id}:host1:node1:new"),
        ]
        assert [each.settled for each in await messages(app)] == [True, True]
    assert box.at(FROM) == ([] if after == "delete" else ["b.edi"])
    assert sorted(here.sales_orders()) == ["4500120", "4500121"]
    (said,) = [line for line in lines if "which a.edi had before" in line]
    assert f"b.edi in {FROM} has the id {id}" in said
    assert f"(host1:node1:new, not host1:node1:{id})" in said
    assert "see that url in [endpoints.acme] is right" in said


async def test_what_has_the_id_of_a_message_that_was_not_cleared_is_not_cleared_for_it(here: World) -> None:
    here.knobs["after"] = '"leave"'
    box = Mailboxes()
    id = box.put(FROM, "a.edi", here.order("4500120"))
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        await app.journal.write(
            lambda tx: (
                tx.unit.connection.execute("UPDATE messages SET settled_at = NULL WHERE direction = 'in'") and None
            )
        )
        again(box, id, "b.edi", here.order("4500121"))
        box.failing[id] = Refused("it may not be read", endpoint="acme")
        app.ctx.partners["acme"].pickups["edi"].endpoint_settings.__dict__["after"] = "delete"
        await app.tick("acme.pickup.edi")
        (first,) = await messages(app)
    assert (first.name, first.settled, box.settled) == ("a.edi", True, [])


async def test_an_id_from_before_the_first_poll_that_is_given_again_is_not_left_alone(here: World) -> None:
    here.knobs |= {"after": '"leave"', "pickup": 'since = "now"'}
    box = Mailboxes()
    id = box.put(FROM, "old.edi", here.order("4500120"))
    async with opened(here, box) as app:
        await app.tick("acme.pickup.edi")
        again(box, id, "new.edi", here.order("4500121"))
        await app.tick("acme.pickup.edi")
        assert [each.name for each in await messages(app)] == ["new.edi"]


@pytest.mark.parametrize(("after", "said"), [("delete", "are deleted there"), ("mark", "are marked there")])
async def test_after_a_restore_what_was_taken_since_is_said_to_be_out_of_reach(
    here: World, after: str, said: str
) -> None:
    here.knobs["after"] = '"delete"'
    async with opened(here, Mailboxes()) as app:
        app.ctx.partners["acme"].pickups["edi"].endpoint_settings.__dict__["after"] = after
        await app.journal.write(lambda tx: tx.audit.append("restored", newest=1.0))
        (sentence,) = await taken_since(app.ctx)
    assert sentence.startswith(f"{FROM} on acme: ")
    assert said in sentence


async def test_ping_says_how_much_is_from_before_since_and_notes_nothing(here: World) -> None:
    here.knobs["after"] = '"leave"'
    here.extra = DOCUMENTS + 'since = "now"\n'
    box = Mailboxes()
    box.checks = [Check(f"mailbox {FROM}", True, 1.0, "there")]
    for digit in range(2):
        box.put(FROM, "old.edi", here.order(f"450012{digit}"))
    async with opened(here, box) as app:
        before = (await app.ping("acme"))["acme"][-1]
        assert (before.what, before.ok) == ("since of acme.pickup.doc", True)
        assert before.sentence == (
            "2 messages are from before the first poll and are left alone, 0 are picked up; it was not polled yet"
        )
        assert not await app.journal.read(lambda tx: tx.baselines.known(BaselinePlace("acme", "", FROM, "1")))
        await app.tick("acme.pickup.doc")
        box.put(FROM, "new.edi", here.order("4500129"))
        after = (await app.ping("acme"))["acme"][-1]
        assert after.sentence == "2 messages are from before the first poll and are left alone, 1 are picked up"
        box.checks = [Check(f"mailbox {FROM}", False, 1.0, "closed")]
        assert len((await app.ping("acme"))["acme"]) == 1
