"""Records of D365 that commit d60af4b knew by name alone are known by key: nothing is sent twice, and nothing unseen.

`make_named_records.py` says what happened on the day that is in the archive: of the packing slips of the baseline one has a name
of its own, one shares it with another slip of usmf, one with a slip of demf; two invoices of usmf were sent, and afterwards an
invoice of demf and another one of usmf got their numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.app import App
from d365edi.flows.named import Selection
from d365edi.flows.records import assign
from d365edi.journal import Message
from d365edi.sandbox import x12
from tests.crash import drill
from tests.journal.make_named_records import EXTRA, INVOICE, SLIP, copy, posted, two_companies
from tests.journal.resume import HOUR, resumed, unpacked
from tests.journeys.world import World

ARCHIVE = Path(__file__).parent / "d60af4b_names.tar.gz"
ALIKE = """
[partners.acme.send.810.guard]
duplicate = "warn"
"""
"""The partner takes numbers of two companies that are alike."""
HELD = [
    ("acme.send.810", "usmf", "CIV-000002", "V-TWICE"),
    ("acme.send.856", "demf", "PS-000003-SO-000003", '"demf"'),
    ("acme.send.856", "usmf", "PS-000002-SO-000002", "2020-02-02"),
    ("acme.send.856", "usmf", "PS-000002-SO-000002", ""),
]
"""Flow, company and name of what a person decides about, and a part of its key. The name is followed by company and day, since
the flow has it already."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The archive, unpacked."""
    return unpacked(ARCHIVE, tmp_path / "old")


@pytest.fixture
async def later(tmp_path: Path, old: Path) -> AsyncIterator[World]:
    """The world of that day an hour later."""
    async with resumed(tmp_path / "new", old, EXTRA + ALIKE, {}) as here:
        here.simulator.state.companies.append("demf")
        shipped_on_another_day(here)
        yield here


def shipped_on_another_day(here: World) -> None:
    """Of the two slips of one number the second is of another day: else they were one and the same."""
    store = here.simulator.state.store
    (second,) = store.rows(SLIP[0], SourceDocumentHeader=99_000_001)
    store.update(second, {"DeliveryDate": "2020-02-02T12:00:00Z"})
    for line in store.rows(SLIP[1], PackingSlipId=second.values["PackingSlipId"]):
        copied = {**line.values, "DeliveryDate": "2020-02-02T12:00:00Z", "SourceDocumentLine": line.recid + 7_000_000}
        here.simulator.state.add(SLIP[1], **copied)


@asynccontextmanager
async def opened(here: World, old: Path) -> AsyncIterator[App]:
    """Today's app an hour after that day."""
    async with two_companies(here, float((old / "made_at").read_text()) + HOUR) as app:
        yield app


async def quarantined(app: App) -> list[Message]:
    """What a person decides about, by flow, company and name."""
    found = await app.journal.read(lambda tx: tx.messages.in_state("quarantined"))
    return sorted(
        found, key=lambda message: (message.flow, message.path, message.name[:19], "2020" not in message.remote)
    )


def names(messages: list[Message]) -> list[tuple[str, str, str]]:
    """Flow, company and name as D365 has it."""
    assert all(message.name.count(f"-{message.path}-20") == 1 for message in messages)
    return [(message.flow, message.path, message.name.partition(f"-{message.path}-")[0]) for message in messages]


def sent(here: World) -> list[str]:
    """The numbers of invoices and slips at the partner."""
    found = []
    for name, data in here.partner.received().items():
        for group in x12.groups(x12.split(data)[0]):
            found += [f"{name[:3]} {segment[2]}" for segment in group.sets[0] if segment[0] in ("BIG", "BSN")]
    return sorted(found)


async def test_the_first_poll_sends_what_was_never_sent_and_holds_what_cannot_be_told(later: World, old: Path) -> None:
    assert sent(later) == ["810 CIV-000001", "810 CIV-000002"]
    async with opened(later, old) as app:
        counts = (await app.once()).counts
        assert (bool(counts["collected"]), counts["quarantined"]) == (True, 4)
        held = await quarantined(app)
        assert names(held) == [each[:3] for each in HELD]
        for message, (_, _, _, part) in zip(held, HELD, strict=True):
            assert part in message.remote
            assert f"d365edi release --id message-{message.id}, " in message.reason
            assert f'd365edi reject --id message-{message.id} --why "..."' in message.reason
        for _ in range(2):
            counts = (await app.once()).counts
            assert not {"collected", "quarantined"} & set(counts)
        assert await quarantined(app) == held
        (demf,) = await app.journal.read(
            lambda tx: [one for one in tx.documents.search("CIV-000001") if one.company == "demf"]
        )
        assert demf.state == "delivered"
        assert await app.journal.read(lambda tx: tx.audit.verify()) is None
    assert sent(later) == ["810 CIV-000001", "810 CIV-000001", "810 CIV-000002"]


async def test_what_stands_alone_gets_its_key_and_the_first_poll_is_over(later: World, old: Path) -> None:
    async with opened(later, old) as app:
        await app.once()
        await app.once()
        known = await app.journal.read(lambda tx: [tx.messages.get(id) for id in (4, 9, 10)])
        assert [message.remote[:16] for message in known] == [
            '{"DeliveryDate":',
            '{"InvoiceDate":"',
            '{"InvoiceDate":"',
        ]
        left = await app.journal.read(
            lambda tx: [
                tx.records.last_by_name(flow, c)
                for flow in ("acme.send.810", "acme.send.856")
                for c in ("usmf", "DEMF")
            ]
        )
    assert left == [0, 0, 0, 0]


async def test_the_recommended_command_sends_what_was_held(later: World, old: Path) -> None:
    async with opened(later, old) as app:
        await app.once()
        (invoice, slip) = (await quarantined(app))[:2]
        for message in (invoice, slip):
            await app.release(Selection(id=f"message-{message.id}"), "pat")
        await app.tick("due")
        # The guard finds that the order is billed twice with it; that its number was sent before was decided.
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        assert "[over_invoiced]" in held.reason
        await app.release(held.number, "pat")
        await app.tick("due")
        documents = await app.journal.read(
            lambda tx: [tx.documents.for_message(message.id)[0] for message in (invoice, slip)]
        )
        assert [document.state for document in documents] == ["delivered", "delivered"], documents
        await app.once()
    assert sent(later) == [
        "810 CIV-000001",
        "810 CIV-000001",
        "810 CIV-000002",
        "810 CIV-000002",
        "856 PS-000003",
    ]


async def test_after_the_first_poll_a_number_counts_in_its_company_and_with_its_whole_key(
    later: World, old: Path
) -> None:
    async with opened(later, old) as app:
        await app.once()
    number = await posted(later, "4500120")
    copy(later, INVOICE, number, {"dataAreaId": "demf"})
    async with opened(later, old) as app:
        await app.once()
        assert "collected" not in (await app.once()).counts
    assert sent(later).count(f"810 {number}") == 2


PLACES = [
    "poll.sorted",
    "receive.fetched",
    "receive.claimed",
    "receive.claimed:2",
    "receive.claimed:3",
    "receive.claimed:4",
]


@pytest.mark.parametrize("place", PLACES)
async def test_a_kill_in_the_first_poll_changes_nothing(place: str, later: World, old: Path) -> None:
    async with opened(later, old):
        pass  # the settings are written
    assert await drill.run(later, place) == -9
    await drill.run(later)
    await drill.run(later)
    async with opened(later, old) as app:
        held = await quarantined(app)
        assert names(held) == [each[:3] for each in HELD]
        await app.tick("due")
    assert sent(later) == ["810 CIV-000001", "810 CIV-000001", "810 CIV-000002"]


@pytest.mark.parametrize(
    ("messages", "listed", "first", "keys", "left"),
    [
        ({1: "a"}, ["a"], True, {1: "a"}, ()),
        ({1: "a"}, ["a", "b"], True, {1: "a"}, ("b",)),
        ({1: "a"}, ["b"], False, {1: "a"}, ("b",)),
        ({1: ""}, ["a"], True, {1: "a"}, ()),
        ({1: ""}, ["a"], False, {}, ("a",)),
        ({1: ""}, ["a", "b"], True, {}, ("a", "b")),
        ({1: "a", 2: ""}, ["a", "b"], True, {1: "a", 2: "b"}, ()),
        ({1: "a", 2: "b"}, ["b"], False, {1: "a", 2: "b"}, ()),
    ],
)
def test_a_message_stands_for_the_record_whose_key_it_has(
    messages: dict[int, str], listed: list[str], first: bool, keys: dict[int, str], left: tuple[str, ...]
) -> None:
    assert assign(messages, listed, first=first) == (keys, left)


@given(
    st.dictionaries(st.integers(1, 5), st.sampled_from(["", "a", "b", "c"])),
    st.lists(st.sampled_from("abcd"), unique=True),
    st.booleans(),
)
def test_no_record_is_lost_between_messages_and_what_remains(
    messages: dict[int, str], listed: list[str], first: bool
) -> None:
    keys, left = assign(messages, listed, first=first)
    assert set(listed) == (set(listed) & set(keys.values())) | set(left)
    assert not set(left) & set(keys.values())
    assert first or all(messages[id] == key for id, key in keys.items())


def test_the_archive_is_of_before(old: Path) -> None:
    database = sqlite3.connect(old / "journal.db")
    try:
        assert database.execute("SELECT max(number) FROM migrations").fetchone() == (3,)
        days = {value for (value,) in database.execute("SELECT value FROM cursors")}
    finally:
        database.close()
    assert len(days) == 1
    assert date.fromisoformat(days.pop())
