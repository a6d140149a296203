"""A partner whose envelopes Sterling writes and takes off: bare sets both ways, no acknowledgment, no number used up."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from d365edi.cli.annotate import annotate
from d365edi.cli.inspect_file import inspect_file
from d365edi.edi import reader
from d365edi.errors import SettingsError
from d365edi.flows.contents import complete
from d365edi.journal import Message, Tx
from d365edi.sandbox.sterling import SterlingSimulator
from d365edi.sandbox.sterling.routing import run
from d365edi.sandbox.sterling.server import Rule
from d365edi.sandbox.x12 import X12Address
from tests.journeys.test_edifact import orders
from tests.journeys.world import World

SETTINGS = """
[endpoints.box]
kind     = "folder"
path     = "{folder}/box"
complete = {{ looks = 1 }}
after    = "delete"

[partners.store]
customer = {{ usmf = "US-004" }}
x12      = {{ us = "01:123456789", them = "ZZ:STORE", envelope = "sterling" }}
edifact  = {{ us = "14:4012345000009", them = "STORE", envelope = "sterling" }}
acks     = {{ to = {{ endpoint = "box", path = "acks" }} }}
[partners.store.pickup.edi]
from  = {{ endpoint = "box", path = "from/*" }}
every = "1s"
[partners.store.receive.850]
create  = "SalesOrder"
company = "usmf"
ship_to = "order"
[partners.store.receive.ORDERS]
create  = "SalesOrder"
company = "usmf"
ship_to = "order"
[partners.store.send.{set}]
of    = "SalesInvoice"
to    = {{ endpoint = "box", path = "to", file = "{set}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
[partners.store.codes.unit]
EA = "ea"
"""

MAILBOXES = """
[endpoints.sbi]
kind     = "sterling"
url      = "{url}"
username = "{user}"
password = {{ secret = "sbi" }}
ca_file  = "{ca}"
"""

STORE_2 = """
[partners.other]
customer = { usmf = "US-005" }
x12      = { us = "01:123456789", them = "ZZ:OTHER", envelope = "sterling" }
[partners.other.receive.850]
company = "usmf"
"""


@pytest.fixture
def box(town: World, request: pytest.FixtureRequest) -> World:
    """A world with the partner, who trades by folders as he would by mailboxes."""
    for name in ("from", "to", "acks"):
        (town.folder / "box" / name).mkdir(parents=True)
    for item, (theirs, _) in {"D0001": ("ACME-4711", ""), "D0002": ("ACME-4712", "")}.items():
        town.simulator.state.add(
            "CustomerProductDescriptionsV2", dataAreaId="usmf", ItemNumber=item, CustomerAccountNumber="US-004",
            CustomerProductNumber=theirs,
        )  # fmt: skip
    town.extra = SETTINGS.format(folder=town.folder, set=getattr(request, "param", "810"))
    return town


def bare(data: bytes) -> bytes:
    """A file without the segments of its envelopes."""
    sign = b"'" if data.startswith(b"UN") else b"~"
    segments = [each for each in data.split(sign) if each[:3] not in (b"ISA", b"GS*", b"GE*", b"IEA", b"UNB", b"UNZ")]
    return sign.join(segments)


def drop(world: World, name: str, data: bytes) -> None:
    path = world.folder / "box" / "from" / name
    path.write_bytes(data)
    os.utime(path, (1, 1))


def sent(world: World, folder: str = "to") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((world.folder / "box" / folder).iterdir())}


def _named(tx: Tx, name: str) -> list[Message]:
    return tx.messages.search(name)


async def test_an_order_comes_and_its_invoice_goes_without_envelope(box: World) -> None:
    drop(box, "a.edi", bare(box.order("4500123")))
    drop(box, "b.edi", bare(box.order("4500124")))
    await box.once()
    assert sorted(box.sales_orders()) == ["4500123", "4500124"]
    assert sent(box, "acks") == {}
    for header in box.simulator.state.rows("SalesOrderHeadersV4"):
        box.simulator.post_invoice(str(header["SalesOrderNumber"]))
    await box.once()
    await box.once()
    (one, two) = sent(box).values()
    assert sorted(sent(box)) == ["810_000000001.edi", "810_000000002.edi"]
    assert [data.split(b"~")[0] for data in (one, two)] == [b"ST*810*0001", b"ST*810*0002"]
    assert [data.split(b"~")[-2].split(b"*")[::2] for data in (one, two)] == [[b"SE", b"0001"], [b"SE", b"0002"]]
    assert {data.split(b"~")[1].split(b"*")[4] for data in (one, two)} == {b"4500123", b"4500124"}
    async with box.app() as app:
        counters = await app.journal.read(lambda tx: tx.counters.taken())
        deliveries = await app.journal.read(lambda tx: tx.deliveries.in_state("delivered"))
    assert counters["store"] == {"file": 2}
    assert {each.ack for each in deliveries if each.endpoint == "box"} == {"none"}


@pytest.mark.parametrize("box", ["INVOIC"], indirect=True)
async def test_edifact_messages_go_both_ways_without_envelope(box: World) -> None:
    drop(box, "a.edi", bare(orders("4500123", una="UNA:+.? '")))
    await box.once()
    (header,) = box.simulator.state.rows("SalesOrderHeadersV4")
    assert header["CustomersOrderReference"] == "4500123"
    box.simulator.post_invoice(str(header["SalesOrderNumber"]))
    await box.once()
    ((name, data),) = sent(box).items()
    assert name == "INVOIC_000000001.edi"
    assert data.startswith(b"UNH+1+INVOIC:D:96A:UN'")
    assert data.split(b"'")[-2].startswith(b"UNT+")
    assert sent(box, "acks") == {}


async def test_the_same_again_is_known_by_name_digest_and_number(box: World) -> None:
    data = bare(box.order("4500123"))
    drop(box, "a.edi", data)
    await box.once()
    drop(box, "a.edi", data)
    drop(box, "b.edi", data)
    drop(box, "c.edi", data.replace(b"DTM*010*20261120", b"DTM*010*20261121"))
    await box.once()
    assert sorted(box.sales_orders()) == ["4500123"]
    async with box.app() as app:
        rows = [await app.journal.read(partial(_named, name=name)) for name in ("a.edi", "b.edi", "c.edi")]
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert [[each.state for each in found] for found in rows] == [["done"], ["duplicate"], ["done"]]
    assert ["was received before" in each.reason for each in held] == [True]


async def test_several_sets_of_one_number_in_a_file_are_orders_of_their_own(box: World) -> None:
    drop(box, "two.edi", bare(box.order("4500123")) + bare(box.order("4500124")) + b"ZZZ*1~")
    for _ in range(4):  # what stands behind the last set hides that it is the last: patience as with a file that grows
        await box.once()
    assert sorted(box.sales_orders()) == ["4500123", "4500124"]
    async with box.app() as app:
        (message,) = await app.journal.read(lambda tx: tx.messages.search("two.edi"))
        documents = await app.journal.read(lambda tx: tx.documents.for_message(message.id))
    assert [(each.interchange, each.group, each.set) for each in documents] == [("", "1", "0001"), ("", "2", "0001")]
    assert message.state == "quarantined"
    assert "ZZZ" in message.reason


async def test_a_held_bare_order_is_read_again_from_its_bytes(box: World) -> None:
    data = bare(box.order("4500123")).replace(b"ACME-4711", b"UNKNOWN").replace(b"614141000012", b"614141000999")
    drop(box, "a.edi", bare(box.order("4500124")) + data)
    await box.once()
    assert sorted(box.sales_orders()) == ["4500124"]
    box.extra += '[partners.store.items]\nUNKNOWN = "D0003"\n'
    async with box.app() as app:
        (document,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        await app.release(document.number, "pat")
    await box.once()
    assert [line["ItemNumber"] for line in box.sales_orders()["4500123"]] == ["D0003", "D0002"]


async def test_what_comes_bare_unagreed_is_set_aside_with_the_setting_that_reads_it(box: World) -> None:
    agreed, box.extra = (
        box.extra,
        box.extra.replace(', them = "ZZ:STORE", envelope = "sterling"', ', them = "ZZ:STORE"'),
    )
    drop(box, "a.edi", bare(box.order("4500123")))
    for _ in range(4):  # it may still grow: nothing says that its end is there
        await box.once()
    async with box.app() as app:
        (message,) = await app.journal.read(lambda tx: tx.messages.search("a.edi"))
    assert message.state == "quarantined"
    assert 'write envelope = "sterling" under [partners.store] x12, and: d365edi release a.edi' in message.reason
    box.extra = agreed
    async with box.app() as app:
        await app.release("a.edi", "pat")
    await box.once()
    assert sorted(box.sales_orders()) == ["4500123"]


async def test_sterling_takes_envelopes_off_and_writes_them_between_us_and_the_partner(box: World) -> None:
    async with SterlingSimulator() as sterling:
        state, ours = sterling.state, X12Address(("01", "123456789"), ("ZZ", "STORE"), "123456789", "STORE")
        sterling.server.rules += [
            Rule("off", "/store/raw", "deenvelope", to="/store/from"),
            Rule("on", "/store/to", "envelope", to="/store/out", address=ours),
        ]
        for path in ("/store/from", "/store/to", "/acks"):
            state.mailbox(path)
        box.secrets["D365EDI_SECRET_SBI"] = sterling.PASSWORD
        box.extra = MAILBOXES.format(url=sterling.url, user=sterling.USERNAME, ca=sterling.ca_file) + (
            box.extra.replace('"box", path = "from/*" }', '"sbi", path = "/store/from/*" }\nsince = "all"')
            .replace('"box", path = "to"', '"sbi", path = "/store/to"')
            .replace('"box", path = "acks"', '"sbi", path = "/acks"')
        )
        state.put("/store/raw", "order.edi", box.order("4500123"))
        state.put("/store/raw", "order.edi", box.order("4500124"))
        run(sterling.server)
        await box.once()
        assert sorted(box.sales_orders()) == ["4500123", "4500124"]
        for header in box.simulator.state.rows("SalesOrderHeadersV4"):
            box.simulator.post_invoice(str(header["SalesOrderNumber"]))
        await box.once()
        run(sterling.server)
        there = {path: state.find(path) for path in ("/store/from", "/store/to", "/store/out", "/acks")}
        messages = {path: len(found.messages) if found else 0 for path, found in there.items()}
        assert messages == {"/store/from": 0, "/store/to": 0, "/store/out": 2, "/acks": 0}
        out = there["/store/out"]
        assert out is not None
        read = [reader.read(state.payload(each.document)).interchanges[0] for each in out.messages.values()]
        assert [(str(each.sender), each.verdict, each.groups[0].sets[0].verdict) for each in read] == [
            ("01:123456789", "A", "A")
        ] * 2
        assert sorted(each.control for each in read) == ["000000001", "000000002"]


async def test_check_and_explain_say_what_the_daemon_would_do(box: World, tmp_path: Path) -> None:
    data, at = bare(box.order("4500123")), datetime.now(UTC)
    async with box.app() as app:
        partners = list(app.ctx.partners.values())
        assert complete(app.ctx.partners["store"], data)
        assert not complete(app.ctx.partners["acme"], data)
    found = inspect_file(data, at, partners)
    assert (found.what, found.good, found.answers) == ("X12 sets without an envelope", True, [])
    assert found.parts[0].title == "that was agreed from ZZ:STORE to 01:123456789, usage P, partner store"
    assert found.parts[1].document is not None
    assert found.parts[1].document["number"] == "4500123"
    assert annotate(data, partners).summaries[0].title == "Purchase order 4500123"
    foreign = inspect_file(data, at, partners, "acme")
    assert (foreign.what, foreign.good) == ("EDI without an envelope", False)
    box.extra += STORE_2
    async with box.app() as app:
        partners = list(app.ctx.partners.values())
    doubtful = inspect_file(data, at, partners)
    assert not doubtful.good
    assert doubtful.remarks[0].sentence == (
        "Nothing in it says whose it is, and several partners send sets without an envelope: store, other; "
        "name the one in whose pickup it lies, as --partner store"
    )
    assert inspect_file(data, at, partners, "store").good
    with pytest.raises(SettingsError, match='the settings have no partner "nobody"; known are: acme, store, other'):
        inspect_file(data, at, partners, "nobody")
