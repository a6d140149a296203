"""What goes wrong at a Sterling ends in the daemon as one message and one order, or as a line of status; all else goes on."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import pytest

from d365edi.app import App
from d365edi.cli.status import Picture, picture
from d365edi.journal import Tx
from d365edi.sandbox.sterling.mailboxes import Message
from tests.journeys.mailbox_trade import FREIGHT, STORE, SUPPLIER, Trade, trade

FROM = "/store/from"
PAYLOAD, DOCUMENT, MESSAGE = "*/getpayload", "*/documents/", "*/mailboxmessages/"
DAY = 1_790_000_000.0


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Trade]:
    """A world whose Sterling is given up on soon."""
    async with trade(tmp_path, endpoint='timeouts = { read = "1s" }\npage = 20') as made:
        yield made


def put(here: Trade, name: str, number: str) -> Message:
    """The store's order, created in the same second as all others."""
    return here.sterling.state.put(FROM, name, here.ordered(number), created=DAY)


async def look(app: App) -> Picture:
    return await app.journal.read(picture)


async def until_it_is_done(app: App, done: Callable[[], object]) -> None:
    """Run once again and again, as a timer does."""
    with anyio.fail_after(30):
        while not done():
            await app.once()
            await anyio.sleep(0.1)


def taken(tx: Tx) -> Counter[str]:
    """How often each message that came from a mailbox was taken, in the order in which they were."""
    sql = "SELECT remote FROM messages WHERE direction = 'in' AND endpoint = 'sbi' ORDER BY id"
    return Counter(remote for (remote,) in tx.unit.connection.execute(sql))


async def test_any_name_is_taken_in_order_but_one_that_no_log_could_show(here: Trade) -> None:
    names = ["order.edi", "order.edi", "a/b\\c.edi", "x" * 251 + ".edi", "two\nlines.edi"]
    made = [put(here, name, f"450012{digit}") for digit, name in enumerate(names)]
    async with here.app() as app:
        await app.once()
        await app.once()
        found = await app.journal.read(taken)
        passed_over = {each["place"]: each["passed_over"] for each in (await look(app)).places}
    assert list(found.items()) == [(str(each.id), 1) for each in made[:4]]
    orders = list(here.sales_orders())
    assert sorted(orders) == [f"450012{digit}" for digit in range(4)]
    assert orders.index("4500120") < orders.index("4500121")
    assert (passed_over["sbi:/store/from/*"], made[4].gone) == (1, "")


async def test_what_happens_between_list_and_fetch_concerns_that_message_alone(here: Trade) -> None:
    state, faults = here.sterling.state, here.sterling.faults
    deleted, extracted, short, damaged, _ = made = [put(here, f"{n}.edi", f"450012{n}") for n in range(5)]

    def of(message: Message) -> str:
        return f"*/{message.document}/actions/getpayload"

    faults.happen(lambda _: remove(here, deleted), path=of(deleted))
    faults.happen(lambda _: state.change(extracted, count=0, taken=1), path=of(extracted))
    for message, payload in ((short, b64encode(b"ISA").decode()), (damaged, "M?Iz")):
        faults.answer(200, path=of(message), body=json.dumps({"response": payload}).encode(), times=3)
    async with here.app() as app:
        for _ in range(3):
            await app.once()
        shown = {row["name"]: row["why"] for row in (await look(app)).not_taken}
        assert (sorted(shown), sorted(here.sales_orders())) == (["2.edi", "3.edi"], ["4500121", "4500124"])
        assert "3 came" in shown["2.edi"]
        await app.once()
        assert (await look(app)).not_taken == []
        assert await app.journal.read(taken) == Counter(str(each.id) for each in made[1:])
        assert (await look(app)).needs_a_person == []
    assert sorted(here.sales_orders()) == [f"450012{digit}" for digit in range(1, 5)]


def remove(here: Trade, message: Message) -> None:
    """Somebody deletes it, with what it carried."""
    here.sterling.state.remove(message)
    here.sterling.state.delete_document(message.document)


async def test_a_mailbox_that_is_closed_or_renamed_is_told_and_the_others_go_on(here: Trade, lines: list[str]) -> None:
    state, rights = here.sterling.state, here.sterling.user.rights
    state.put("/STORE/from", "order.edi", here.ordered("4500199"))  # another mailbox, where case counts
    state.rename("/supplier/from", "/supplier/old")
    rights["/freight/from"] = frozenset()
    put(here, "order.edi", "4500123")
    async with here.app() as app:
        for _ in range(3):
            await app.once()
        assert list(here.sales_orders()) == ["4500123"]
        troubled = {each.place for each in app.health() if each.place and each.failing_since is not None}
        assert troubled == {f"/{name}/from" for name in (SUPPLIER, FREIGHT)}
        for name in (SUPPLIER, FREIGHT):
            assert len([line for line in lines if line.startswith("WARNING") and f"/{name}/from" in line]) == 1
    state.rename("/supplier/old", "/supplier/from")
    del rights["/freight/from"]
    for name in (SUPPLIER, FREIGHT):
        here.partners[name].drop("997.edi", b"nothing that can be read")
    async with here.app() as app:
        await app.once()
        assert sum((await app.journal.read(taken)).values()) == 3


@pytest.mark.parametrize("fault", ["silence", "504", "clock", "batch"])
async def test_what_is_unclear_is_delivered_once(here: Trade, fault: str, lines: list[str]) -> None:
    faults = here.sterling.faults
    if fault == "clock":
        faults.happen(lambda _: back(here), method="POST", path=DOCUMENT)
        faults.drop(method="POST", path=MESSAGE)
    if fault == "batch":
        here.endpoint += '\nbatch_above = "10B"'
        faults.drop(method="POST", path="*/messagebatches/")
        faults.drop(method="PUT", path="*/mailboxmessages/*")
    for path in (DOCUMENT, MESSAGE):
        if fault == "silence":
            faults.silence(1.5, method="POST", path=path)
        elif fault == "504":
            faults.answer(504, method="POST", path=path, html=True, after_work=True)
    put(here, "order.edi", "4500123")
    async with here.app() as app:
        await until_it_is_done(app, lambda: _fetched(here))
        await until_it_is_done(app, lambda: not faults.waiting)
        await until_it_is_done(
            app, lambda: not any(each.always for each in sent(here))
        )  # a batch is, until its count is put
        assert ((await look(app)).needs_a_person, [each.name for each in sent(here)]) == (
            [],
            ["store_997_000000001.edi"],
        )
    unseen = len(here.sterling.ledger.unused(by=here.sterling.USERNAME))
    assert (len(here.partners[STORE].acknowledgments()), unseen) == (1, len([x for x in lines if "unseen" in x]))


def sent(here: Trade) -> list[Message]:
    """What we ever put into mailboxes."""
    return here.sterling.ledger.messages(by=here.sterling.USERNAME)


def back(here: Trade) -> None:
    """Sterling's clock is set back by an hour."""
    here.sterling.switches.skew -= 3600


def _fetched(here: Trade) -> bool:
    here.partners[STORE].fetch()
    return bool(here.partners[STORE].acknowledgments())


async def test_in_a_global_mailbox_what_was_seen_is_not_lost_to_the_next_of_its_name(here: Trade) -> None:
    here.sterling.switches.set("mailbox=global")
    seen = put(here, "order.edi", "4500123")
    here.sterling.faults.happen(lambda _: overwrite(here), path=PAYLOAD)
    async with here.app() as app:
        for _ in range(2):
            await app.once()
        assert sorted(here.sales_orders()) == ["4500123", "4500124"]
        assert ((await look(app)).needs_a_person, (await look(app)).not_taken, seen.gone) == ([], [], "overwritten")


def overwrite(here: Trade) -> None:
    """The next of that name comes."""
    put(here, "order.edi", "4500124")


@pytest.mark.parametrize("count", [70, pytest.param(3000, marks=pytest.mark.slow)])
async def test_a_page_that_shifts_hides_no_message_and_shows_none_twice(here: Trade, count: int) -> None:
    state = here.sterling.state
    data = here.ordered("4500123")
    made = [state.put(FROM, "order.edi", data) for _ in range(count)]
    gone = iter(sorted(made, key=lambda each: each.id * 2654435761 & 0xFFFFFFFF)[:2])
    here.sterling.faults.happen(lambda _: remove(here, next(gone)), path="*/mailboxcontents/", times=2)
    async with here.app() as app:
        for _ in range(3):
            await app.tick("store.pickup.edi")
        with anyio.move_on_after(60):  # on a busy machine an answer may come too late, and the endpoint rests
            while len(found := await app.journal.read(taken)) < count - 2:
                await anyio.sleep(0.2)
                await app.tick("store.pickup.edi")
    assert found == Counter(str(each.id) for each in made if each.gone != "deleted")
    assert list(here.sales_orders()) == ["4500123"]


@pytest.mark.slow
async def test_a_mailbox_of_20_000_old_messages_is_told_once_and_what_is_new_is_taken(
    here: Trade, lines: list[str]
) -> None:
    here.since, here.endpoint = "now", ""
    data = here.ordered("4500123")
    for _ in range(20_000):
        here.sterling.state.put(FROM, "order.edi", data)
    async with here.app() as app:
        await app.once()
        new = put(here, "order.edi", "4500124")
        await app.once()
        assert await app.journal.read(taken) == Counter([str(new.id)])
    assert list(here.sales_orders()) == ["4500124"]
    assert len([line for line in lines if "let it be cleared" in line]) == 1
