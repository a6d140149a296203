"""A person names one thing, and nothing else is decided, sent again or shown for it."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import pytest

from d365edi import log
from d365edi.app import App
from d365edi.cli.console import table
from d365edi.cli.history import look_up
from d365edi.cli.status import picture
from d365edi.errors import AmbiguousError, D365EdiError, JournalError
from d365edi.flows import named
from d365edi.flows.named import Selection
from d365edi.journal import Document, Message, NumberedDocument, Tx
from tests.journal import rows
from tests.journal.conftest import fresh_tx
from tests.journal.make_named_records import INVOICE, copy, posted
from tests.journeys.world import World, world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world of one partner; what others have is put into its journal."""
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """The tables alone."""
    with fresh_tx(tmp_path / "tables.db") as tables:
        yield tables


def acknowledgment(tx: Tx, partner: str, state: str = "quarantined") -> int:
    """The first 997 for a partner: each partner's is named alike."""
    name = "997_000000001.edi"
    found = rows.delivery(
        tx, partner=partner, flow=f"{partner}.997", endpoint=partner, name=name, kind="997", payload=partner.encode()
    )
    tx.deliveries.attempting(found.id)
    if state == "quarantined":
        tx.deliveries.quarantined(found.id, "the folder is missing")
    else:
        tx.deliveries.delivered(found.id, name)
    return found.id


def order(tx: Tx, partner: str, number: str = "4500123") -> Document:
    """A held order of a partner."""
    message = rows.message(
        tx, partner=partner, name=f"{partner}-{number}.edi", payload=partner.encode() + number.encode()
    )
    found = rows.document(tx, message, flow=f"{partner}.receive.850", number=number)
    tx.documents.set_state(found.id, "held", "an item is unknown")
    return found


@asynccontextmanager
async def filled(here: World) -> AsyncIterator[App]:
    """The app, with three first 997s that nobody could take and an order that two partners number alike."""

    def fill(tx: Tx) -> None:
        for partner in ("acme", "bolt", "cara"):
            acknowledgment(tx, partner)
        for partner in ("acme", "bolt"):
            order(tx, partner)

    async with here.app() as app:
        await app.journal.write(fill)
        yield app


async def states(app: App) -> list[str]:
    """The states of the deliveries, then of the documents."""

    def read(tx: Tx) -> list[str]:
        return [tx.deliveries.get(id).state for id in (1, 2, 3)] + [tx.documents.get(id).state for id in (1, 2)]

    return await app.journal.read(read)


UNTOUCHED = ["quarantined"] * 3 + ["held"] * 2


async def test_a_name_of_several_things_is_answered_by_a_list_and_nothing_is_done(here: World) -> None:
    async with filled(here) as app:
        for what, ids in (
            ("997_000000001.edi", ("delivery-1", "delivery-2", "delivery-3")),
            ("4500123", ("document-1", "document-2")),
        ):
            with pytest.raises(AmbiguousError) as caught:
                await app.reject(what, "by hand", "pat")
            text = str(caught.value)
            assert f"{what} stands for {len(ids)} things, and nothing was done" in text
            assert sorted(re.findall(r"(?m)^  (\w+-\d+)  (?:acme|bolt|cara)  ", text)) == sorted(ids)
            assert f'd365edi reject {what} --all --why "..."' in text
            with pytest.raises(AmbiguousError, match=f"d365edi release {what} --all"):
                await app.release(what, "pat")
        assert await states(app) == UNTOUCHED


@pytest.mark.parametrize("selection", [Selection("997_000000001.edi", partner="bolt"), Selection(id="delivery-2")])
async def test_a_partner_or_an_id_says_which_one_is_meant(selection: Selection, here: World) -> None:
    async with filled(here) as app:
        assert await app.reject(selection, "by hand", "pat") == ["997_000000001.edi is not delivered"]
        assert await states(app) == ["quarantined", "cancelled", "quarantined", "held", "held"]


async def test_all_of_them_are_decided_where_that_is_said(here: World) -> None:
    async with filled(here) as app:
        assert len(await app.reject(Selection("997_000000001.edi", many=True), "by hand", "pat")) == 3
        assert await states(app) == ["cancelled"] * 3 + ["held"] * 2


@pytest.mark.parametrize(
    ("id", "error", "says"),
    [
        ("12", D365EdiError, "12 is no id; write it as"),
        ("delivery-99", JournalError, "there is no delivery 99"),
        ("message-1", D365EdiError, "nothing named message-1 waits for a decision; see `d365edi why --id message-1`"),
    ],
)
async def test_an_id_of_nothing_that_waits_is_refused(id: str, error: type[Exception], says: str, here: World) -> None:
    async with filled(here) as app:
        with pytest.raises(error, match=re.escape(says)):
            await app.release(Selection(id=id), "pat")
        assert await states(app) == UNTOUCHED


async def test_what_was_sent_to_one_partner_is_not_sent_again_to_another(here: World) -> None:
    of_acme = Selection("997_000000001.edi", partner="acme")
    async with here.app() as app:
        for partner in ("acme", "bolt"):
            await app.journal.write(lambda tx, partner=partner: acknowledgment(tx, partner, "delivered"))  # type: ignore[misc]
        with pytest.raises(AmbiguousError, match="d365edi replay --id delivery-1 --from deliver --go"):
            await app.replay("997_000000001.edi", "deliver", go=True, acks=False, actor="pat")
        assert len(await app.journal.read(lambda tx: tx.deliveries.in_state("pending"))) == 0
        lines = await app.replay(of_acme, "deliver", go=True, acks=False, actor="pat")
        assert lines[-1] == "997_000000001.edi is delivered again"
        (again,) = await app.journal.read(lambda tx: tx.deliveries.in_state("pending"))
        assert (again.partner, again.parent) == ("acme", 1)
        # What was delivered again has its name, too, and is one thing with it.
        lines = await app.replay(of_acme, "deliver", go=False, acks=False, actor="pat")
        assert len([line for line in lines if "the same bytes" in line]) == 1


async def test_why_is_told_by_partner_and_by_id(here: World) -> None:
    async with filled(here) as app:
        both = await app.journal.read(lambda tx: look_up(tx, "4500123"))
        one = await app.journal.read(lambda tx: look_up(tx, "4500123", partner="bolt"))
        same = await app.journal.read(lambda tx: look_up(tx, "", id="document-2"))
    assert [history.message.partner for history in both.histories] == ["acme", "bolt"]
    assert [history.message.partner for history in one.histories] == ["bolt"]
    assert same.histories == one.histories


async def test_a_second_invoice_of_a_number_is_sent_by_the_command_that_its_sentence_has(here: World) -> None:
    number = await posted(here, "4500123")
    await here.once()
    copy(here, INVOICE, number, {"LedgerVoucher": "V-TWICE"})
    here.extra = '[partners.acme.send.810.guard]\nover_invoiced = "warn"\n'
    async with here.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        sentence = await app.journal.read(lambda tx: named.runnable(tx, held.reason, held, number))
        commands = re.findall(r"d365edi (release --id \S+|reject \S+ --why \"...\")", sentence)
        assert commands == [f'reject {number} --why "..."', f"release --id document-{held.id}"]
        (said,) = await app.release(number, "pat")
        assert f"{number} stays held" in said
        assert f"d365edi release --id document-{held.id}" in said
        await app.release(Selection(id=f"document-{held.id}"), "pat")
        await app.tick("due")
        assert (await app.journal.read(lambda tx: tx.documents.get(held.id))).state == "delivered"
    assert len(here.partner.received()) == 2


def test_a_sentence_has_the_command_that_works(tx: Tx) -> None:
    first = order(tx, "acme")
    sentence = "it is unlike; d365edi release 4500123 creates it, d365edi reject 4500123 closes it"
    assert named.runnable(tx, sentence, first, "4500123") == (
        'it is unlike; d365edi release 4500123 creates it, d365edi reject 4500123 --why "..." closes it'
    )
    order(tx, "bolt")
    said = named.runnable(tx, sentence, first, "4500123")
    assert said == (
        'it is unlike; d365edi release --id document-1 creates it, d365edi reject --id document-1 --why "..." closes it'
    )
    assert named.runnable(tx, said, first, "4500123") == said


def test_a_sentence_that_does_not_know_the_name_gets_whole_commands(tx: Tx) -> None:
    first = order(tx, "acme")
    sentence = "reject this document if it is; else change the reference in D365 and release this one"
    assert named.runnable(tx, sentence, first, "4500123") == (
        'd365edi reject 4500123 --why "..." if it is; else change the reference in D365 and d365edi release 4500123'
    )


@pytest.mark.parametrize("name", ["PO 77 (copy).edi", "-rf", "a'b.edi", "$(x).edi"])
def test_a_name_that_a_shell_would_take_apart_is_named_by_its_id(name: str, tx: Tx) -> None:
    message = rows.message(tx, name=name)
    tx.messages.set_state(message.id, "quarantined", "it is no EDI")
    said = named.runnable(tx, f"it is no EDI; d365edi release {name} takes it", message, name)
    assert said == "it is no EDI; d365edi release --id message-1 takes it"
    assert shlex.split(said.partition("; ")[2])[:4] == ["d365edi", "release", "--id", "message-1"]


HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
LIKE_OTHERS = [f"{HASH}.edi", f"{HASH[:32]}.edi", f"x-{HASH[:40]}", "sig=a1b2.edi", "sending", "retention"]
"""Names that a line would shorten or mask, or that `release` takes for something else."""


@pytest.mark.parametrize("name", LIKE_OTHERS)
def test_a_name_that_a_line_would_alter_or_that_means_something_else_is_named_by_its_id(name: str, tx: Tx) -> None:
    message = rows.message(tx, name=name)
    tx.messages.set_state(message.id, "quarantined", f"no EDI; d365edi release {name}, d365edi reject {name} closes it")
    reason = tx.messages.get(message.id).reason
    said = 'no EDI; d365edi release --id message-1, d365edi reject --id message-1 --why "..." closes it'
    assert named.runnable(tx, reason, message, name) == said
    (row,) = picture(tx).needs_a_person
    assert (row["name"], row["why"]) == (name, said)


async def set_aside(here: World, app: App, name: str) -> None:
    """A file whose control number was used before, as message 2."""
    here.partner.drop("first.edi", here.order("4500200", control=1))
    await app.once()
    here.partner.drop(name, here.order("4500201", control=1))
    await app.once()


@pytest.mark.parametrize("name", LIKE_OTHERS)
async def test_a_file_of_such_a_name_is_received_with_a_command_that_works(
    name: str, here: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with here.app() as app:
        log.setup(zone=UTC)
        await set_aside(here, app, name)
        assert "d365edi release --id message-2" in capsys.readouterr().err
        table("Needs a person", (await app.journal.read(picture)).needs_a_person, {"name": None, "why": None})
        assert name in capsys.readouterr().out
        what = Selection(id="message-2") if name in named.RESERVED else name
        assert await app.release(what, "pat") == [f"{name} is parsed again"]


@pytest.mark.parametrize("name", sorted(named.RESERVED))
async def test_a_reserved_name_never_acts_on_a_file_and_says_how_that_is_named(name: str, here: World) -> None:
    async with here.app() as app:
        await set_aside(here, app, name)
        for what in (name, Selection(name, partner="acme")):
            with pytest.raises(D365EdiError, match="has an id: d365edi release --id message-2"):
                await app.release(what, "pat")
        await app.journal.write(lambda tx: tx.retention.hold("the clock was set"))
        await app.journal.write(lambda tx: tx.counters.hold("it was restored"))
        await app.release(name, "pat")
        assert (await app.journal.read(lambda tx: tx.messages.get(2))).state == "quarantined"


def test_a_file_that_was_withdrawn_is_one_thing_with_the_documents_it_left_behind(tx: Tx) -> None:
    message: Message = rows.message(tx, direction="out", name="x")
    documents = [rows.document(tx, message, kind="Invoice", number=f"CIV-{at}") for at in range(2)]
    sent = rows.delivery(tx, documents=[NumberedDocument(each.id) for each in documents])
    tx.deliveries.cancelled(sent.id, "one was taken out")
    for each in documents:
        tx.documents.set_state(each.id, "held", "ask them")
    (found,) = named.waiting(tx, Selection("810_1.edi"))
    assert (found.id, [row.number for row in found.documents]) == ("delivery-1", ["CIV-0", "CIV-1"])
    assert [each.id for each in named.waiting(tx, Selection(id="document-1"))] == ["document-1"]
