"""Files as partners really send them: in any delimiters, with any line breaks, wrong, cut, empty, twice. Nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest

from d365edi.app import App
from d365edi.journal import Message
from d365edi.sandbox import x12
from tests.journeys.world import World


@dataclass(frozen=True)
class Ending:
    """What became of a file: the state of its message, words of its sentence, the orders made, the answers given."""

    state: str
    says: str = ""
    orders: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    receipts: tuple[str, ...] = field(default=())


async def send(world: World, data: bytes, passes: int = 1) -> tuple[Message | None, str]:
    """Drop a file, pass over it, and return the message (None when it was not taken) and why not when it was not."""
    world.partner.drop("in.edi", data)
    for _ in range(passes):
        await world.once()
    async with world.app() as app:
        messages = await app.journal.read(lambda tx: tx.messages.search("in.edi"))
        looks = await app.journal.read(lambda tx: tx.sightings.search("in.edi"))
    return (messages[0] if messages else None), (looks[0].verdict if looks else "")


def ta1s(world: World) -> tuple[str, ...]:
    """TA104 and TA105 of every TA1 we sent, as the partner reads them."""
    files = sorted((world.partner.inbound / "acks").iterdir())
    interchanges = [interchange for path in files for interchange in x12.split(path.read_bytes())]
    return tuple(ta1[4] + ta1[5] for interchange in interchanges for ta1 in x12.receipts(interchange))


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new)


def delimited(data: bytes, element: bytes, component: bytes, terminator: bytes) -> bytes:
    return data.replace(b"*P*>~", b"*P*" + component + b"~").replace(b"*", element).replace(b"~", terminator)


ACCEPTED = Ending("done", orders=("4500123",), verdicts=("A",))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: delimited(d, b"|", b":", b"\n"), id="pipe, LF ends"),
        pytest.param(lambda d: delimited(d, b"*", b">", b"\x85"), id="0x85 ends"),
        pytest.param(lambda d: delimited(d, b"\x07", b"}", b"\x15"), id="BEL and 0x15"),
        pytest.param(lambda d: delimited(d, b"*", b":", b"\x1c"), id="0x1C ends"),
        pytest.param(lambda d: delimited(d, b"^", b"<", b"\r"), id="CR ends"),
        pytest.param(lambda d: delimited(d, b"*", b">", b"\r\n"), id="CRLF ends"),
        pytest.param(swap(b"~", b"~\r\n"), id="CRLF after each segment"),
        pytest.param(swap(b"~", b"~\n"), id="LF after each segment"),
        pytest.param(lambda d: b"\xef\xbb\xbf" + d, id="BOM"),
        pytest.param(lambda d: d + b"  \r\n\x1a\x00\x00", id="trailing blanks, Ctrl-Z and NULs"),
        pytest.param(lambda d: b"\r\n\r\n" + d, id="leading blank lines"),
        pytest.param(lambda d: d[:-1], id="no final terminator"),
    ],
)
async def test_a_sound_order_is_accepted_in_any_dress(change: Callable[[bytes], bytes], town: World) -> None:
    message, _ = await send(town, change(town.order("4500123")))
    assert message is not None
    assert (message.state, message.reason) == ("done", "")
    assert tuple(town.sales_orders()) == ("4500123",)
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]


INVOICE = (
    b"ISA*00*          *00*          *08*6111250008     *01*123456789      *261102*1200*U*00401*000000077*0*P*>~"
    b"GS*IN*6111250008*123456789*20261102*1200*77*X*004010~ST*810*0001~BIG*20261101*INV-1*20261001*4500123~"
    b"N1*RI*CARRIER INC*92*C1~IT1*1*1*EA*10**VN*FREIGHT~TDS*1000~CTT*1~SE*7*0001~GE*1*77~IEA*1*000000077~"
)


@pytest.mark.parametrize("strange", [False, True], ids=["as usual", "pipe, LF ends, BOM"])
async def test_a_set_without_a_route_is_answered_and_quarantined_with_the_line_to_add(
    strange: bool, town: World
) -> None:
    data = b"\xef\xbb\xbf" + delimited(INVOICE, b"|", b":", b"\n") if strange else INVOICE
    message, _ = await send(town, data)
    assert message is not None
    assert message.state == "quarantined"
    assert "add [partners.acme.receive.810]" in message.reason
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]


@pytest.mark.parametrize(
    ("change", "ending"),
    [
        pytest.param(swap(b"SE*14*", b"SE*13*"), Ending("quarantined", "SE01", verdicts=("R",)), id="SE count"),
        pytest.param(
            swap(b"SE*14*0001", b"SE*14*0002"), Ending("quarantined", "ST02", verdicts=("R",)), id="SE control"
        ),
        pytest.param(swap(b"GE*1*1~", b"GE*1*2~"), Ending("quarantined", "GE02", verdicts=("R",)), id="GE control"),
        pytest.param(
            swap(b"IEA*1*000000001", b"IEA*1*000000002"),
            Ending("quarantined", "IEA02", receipts=("R001",)),
            id="IEA control",
        ),
        pytest.param(
            swap(b"BEG*00*SA*4500123**20261102", b"BEG*00*SA***20261102"),
            Ending("quarantined", "BEG03", verdicts=("R",)),
            id="no PO number",
        ),
    ],
)
async def test_a_wrong_order_is_answered_and_quarantined_with_its_sentence(
    change: Callable[[bytes], bytes], ending: Ending, town: World
) -> None:
    message, _ = await send(town, change(town.order("4500123")))
    assert message is not None
    assert message.state == ending.state
    assert ending.says in message.reason
    assert tuple(town.sales_orders()) == ending.orders
    assert ta1s(town) == ending.receipts
    if not ending.receipts:
        assert tuple(answer.verdict for answer in town.partner.acknowledgments()) == ending.verdicts


@pytest.mark.parametrize("wrong", [swap(b"GE*1*1~", b"GE*2*1~"), swap(b"IEA*1*", b"IEA*2*")])
async def test_a_wrong_count_of_groups_or_sets_is_reported_and_the_order_is_made(
    wrong: Callable[[bytes], bytes], town: World
) -> None:
    message, _ = await send(town, wrong(town.order("4500123")))
    assert message is not None
    assert tuple(town.sales_orders()) == ("4500123",)
    assert len(town.partner.acknowledgments()) == 1


async def test_a_file_without_its_trailer_waits_and_is_then_answered_and_quarantined(town: World) -> None:
    whole = town.order("4500123")
    cut = whole[: whole.index(b"IEA")]
    message, verdict = await send(town, cut, passes=2)
    assert message is None
    assert "trailer" in verdict
    for _ in range(3):
        await town.once()
    async with town.app() as app:
        (taken,) = await app.journal.read(lambda tx: tx.messages.search("in.edi"))
    assert taken.state == "quarantined"
    assert "IEA" in taken.reason
    assert ta1s(town) == ("R023",)
    assert town.sales_orders() == {}


async def test_a_file_cut_in_the_middle_is_held_whole_and_quarantined(town: World) -> None:
    cut = town.order("4500123")[:300]
    await send(town, cut, passes=5)
    async with town.app() as app:
        (taken,) = await app.journal.read(lambda tx: tx.messages.search("in.edi"))
        payload = await app.journal.read(lambda tx: tx.payloads.get(taken.digest))
    assert taken.state == "quarantined"
    assert payload == cut
    assert town.sales_orders() == {}


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"\x00" * 400, "only blanks"), (b"hello, this is no EDI\n" * 20, "ISA"), (b" \r\n \r\n", "only blanks")],
)
async def test_what_is_no_edi_is_quarantined_with_a_sentence(data: bytes, says: str, town: World) -> None:
    await send(town, data, passes=5)
    async with town.app() as app:
        (taken,) = await app.journal.read(lambda tx: tx.messages.search("in.edi"))
    assert taken.state == "quarantined"
    assert says in taken.reason


async def test_an_empty_file_is_passed_over_and_said_why(town: World) -> None:
    message, verdict = await send(town, b"")
    assert message is None
    assert "empty" in verdict


async def test_nul_bytes_in_an_order_are_reported_and_nothing_is_lost(town: World) -> None:
    await send(town, town.order("4500123").replace(b"GOODS", b"GO\x00DS"))
    async with town.app() as app:
        (taken,) = await app.journal.read(lambda tx: tx.messages.search("in.edi"))
    assert len(town.partner.acknowledgments()) == 1
    assert taken.state == "quarantined" or tuple(town.sales_orders()) == ("4500123",)


async def test_several_interchanges_in_one_file_are_answered_one_by_one(town: World) -> None:
    first = town.order("4500123")
    second = delimited(town.order("4500124"), b"|", b":", b"\n")
    message, _ = await send(town, first + b"\r\n" + second)
    assert message is not None
    assert message.state == "done"
    assert sorted(town.sales_orders()) == ["4500123", "4500124"]
    assert [answer.group for answer in town.partner.acknowledgments()] == [1, 2]


async def test_one_bad_set_does_not_block_its_siblings(town: World) -> None:
    data = town.order("45", copies=3).replace(b"BEG*00*SA*45-2*", b"BEG*00*SA**")
    message, _ = await send(town, data)
    assert message is not None
    assert message.state == "quarantined"
    assert sorted(town.sales_orders()) == ["45-1", "45-3"]
    (answer,) = town.partner.acknowledgments()
    assert (answer.verdict, answer.sets.get("0002")) == ("P", "R")


async def test_the_same_bytes_again_get_the_stored_answer_again_and_make_nothing(town: World) -> None:
    data = town.order("4500123")
    town.partner.drop("PO-1.edi", data)
    await town.once()
    (ack,) = (town.partner.inbound / "acks").iterdir()
    first = ack.read_bytes()
    ack.unlink()
    town.partner.drop("PO-1-again.edi", data)
    counters = await town.once()
    assert counters.counts["duplicate"] == 1
    (again,) = (town.partner.inbound / "acks").iterdir()
    assert (again.name, again.read_bytes()) == (ack.name, first)
    assert tuple(town.sales_orders()) == ("4500123",)


async def test_a_known_name_with_other_bytes_is_held(town: World) -> None:
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    town.partner.drop("PO-1.edi", town.order("4500124"))
    counters = await town.once()
    assert counters.counts == {"quarantined": 1}
    assert tuple(town.sales_orders()) == ("4500123",)
    async with town.app() as app:
        assert await app.release("PO-1.edi", "pat") == ["PO-1.edi is parsed again"]
        await app.once()
    assert sorted(town.sales_orders()) == ["4500123", "4500124"]


async def test_a_control_number_used_before_is_held(town: World) -> None:
    town.partner.drop("PO-1.edi", town.order("4500123", control=7))
    await town.once()
    town.partner.drop("PO-2.edi", town.order("4500124", control=7))
    await town.once()
    assert tuple(town.sales_orders()) == ("4500123",)
    assert len(town.partner.acknowledgments()) == 1
    async with town.app() as app:
        (held,) = await app.journal.read(lambda tx: tx.messages.search("PO-2.edi"))
        assert held.state == "quarantined"
        assert "000000007" in held.reason
        await app.release("PO-2.edi", "pat")
        await app.once()
    assert sorted(town.sales_orders()) == ["4500123", "4500124"]


@pytest.mark.parametrize(
    ("days", "sure", "orders"),
    [(399, True, ["4500123"]), (401, True, ["4500123", "4500124"]), (401, False, ["4500123"])],
)
async def test_a_control_number_last_used_long_ago_is_taken_by_setting(
    days: int, sure: bool, orders: list[str], town: World
) -> None:
    """Partners start their numbers anew; 400 days are what the setting allows here; none is over by a clock in doubt."""
    town.partner_extra = 'duplicates = { reused_after = "400d" }'
    for number, later in (("4500123", 0), ("4500124", days)):
        town.partner.drop(f"PO-{number}.edi", town.order(number, control=7))
        moved = partial(_later, by=86_400 * later)
        async with App.open(town.settings(), clock=moved) as app:
            if later and sure:
                await app.release("retention", "pat")
            await app.once()
    assert list(town.sales_orders()) == orders


def _later(*, by: float) -> float:
    return time.time() + by


async def test_a_control_number_used_before_is_rejected_by_setting(town: World) -> None:
    town.partner_extra = 'duplicates = { same_interchange = "reject" }'
    town.partner.drop("PO-1.edi", town.order("4500123", control=7))
    town.partner.drop("PO-2.edi", town.order("4500124", control=7))
    await town.once()
    assert len(town.sales_orders()) == 1
    assert ta1s(town) == ("R025",)
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]


async def test_the_same_order_in_other_bytes_is_held(town: World) -> None:
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    town.partner.drop("PO-2.edi", town.order("4500123"))
    counters = await town.once()
    assert counters.counts["held"] == 1
    assert tuple(town.sales_orders()) == ("4500123",)
    async with town.app() as app:
        (sentence,) = await app.release("4500123", "pat")
        assert "stays held" in sentence


@pytest.mark.parametrize("purpose", ["01", "05", "07"])
async def test_a_change_or_a_copy_is_held(purpose: str, town: World) -> None:
    town.partner.drop("PO-1.edi", town.order("4500123", purpose=purpose))
    counters = await town.once()
    assert counters.counts["held"] == 1
    assert town.sales_orders() == {}
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]


async def test_an_unknown_item_holds_one_order_and_release_continues_once_it_is_corrected(town: World) -> None:
    good = town.order("4500123")
    town.partner.drop("PO-1.edi", good)
    town.partner.drop("PO-2.edi", town.order("4500124", [("1", "5", "2", "ACME-4711"), ("3", "1", "2", "ACME-999")]))
    counters = await town.once()
    assert (counters.counts["created"], counters.counts["held"]) == (1, 1)
    async with town.app() as app:
        (held,) = await app.journal.read(lambda tx: tx.documents.search("4500124"))
        for word in ("ACME-999", "PO1*3", "usmf", "partners.acme.items", "d365edi release 4500124"):
            assert word in held.reason
        town.simulator.state.add(
            "CustomerProductDescriptionsV2",
            dataAreaId="usmf",
            ItemNumber="D0003",
            CustomerAccountNumber="US-003",
            CustomerProductNumber="ACME-999",
        )
        assert await app.release("4500124", "pat") == ["4500124 continues"]
        await app.once()
    assert sorted(town.sales_orders()) == ["4500123", "4500124"]


async def test_an_interchange_of_somebody_else_is_quarantined_with_both_ids(town: World) -> None:
    message, _ = await send(town, town.order("4500123").replace(b"*08*6111250008", b"*01*6111250008"))
    assert message is not None
    assert message.state == "quarantined"
    for word in ("01:6111250008", "08:6111250008", "another qualifier"):
        assert word in message.reason
    assert town.partner.acknowledgments() == []


async def test_payloads_past_their_retention_are_emptied_and_what_was_seen_stays_known(town: World) -> None:
    data, now = town.order("4500123"), [time.time()]
    town.partner.drop("in.edi", data)
    town.knobs["retain"] = 'retain = { payloads = "30d" }'
    async with App.open(town.settings(), clock=lambda: now[0], monotonic=lambda: now[0]) as app:
        await app.once()
        (message,) = await app.journal.read(lambda tx: tx.messages.search("in.edi"))
        now[0] += 31 * 86_400
        await app.once()  # lists the place: an entry of today
        assert not await app.journal.read(lambda tx: tx.payloads.kept(message.digest))
        town.partner.drop("in.edi", data)
        counters = await app.once()
    assert counters.counts == {"ignored": 1}
    assert tuple(town.sales_orders()) == ("4500123",)


async def test_a_file_that_was_taken_away_before_it_was_settled_is_not_waited_for(town: World) -> None:
    town.partner.drop("in.edi", town.order("4500123"))
    (town.partner.home / "blocked").write_bytes(b"a file where a folder should be")
    town.knobs["after"] = f'{{ move_to = "{town.prefix}/blocked/done" }}'
    async with town.app() as app:
        await app.once()
        (message,) = await app.journal.read(lambda tx: tx.messages.search("in.edi"))
        assert not message.settled
        (town.partner.outbound / "in.edi").unlink()
        await app.once()
        assert (await app.journal.read(lambda tx: tx.messages.get(message.id))).settled


@pytest.mark.parametrize(
    ("setting", "name", "level"),
    [
        ('same_name_same_bytes = "skip"', "in.edi", "INFO"),
        ('same_name_same_bytes = "warn"', "in.edi", "WARNING"),
        ('new_name_same_bytes = "skip"', "twin.edi", "INFO"),
        ('new_name_same_bytes = "warn"', "twin.edi", "WARNING"),
    ],
)
async def test_what_was_seen_before_is_reported_as_the_partner_is_set(
    setting: str, name: str, level: str, town: World, lines: list[str]
) -> None:
    town.partner_extra = f"duplicates = {{ {setting} }}"
    data = town.order("4500123")
    town.partner.drop("in.edi", data)
    async with town.app() as app:
        await app.once()
        lines.clear()
        town.partner.drop(name, data)
        await app.once()
    assert [line.split()[0] for line in lines if "received before" in line] == [level]


@pytest.mark.parametrize(("form", "end"), [("997", "AK5"), ("999", "IK5")])
async def test_a_partner_who_wants_it_is_told_of_every_set_that_is_accepted(form: str, end: str, town: World) -> None:
    town.knobs["acks"] = f'send = "{form}", loop = "all"'
    town.partner.drop("in.edi", town.order("4500123", copies=2))
    await town.once()
    (path,) = (town.partner.inbound / "acks").iterdir()
    ((group,),) = [x12.groups(interchange) for interchange in x12.split(path.read_bytes())]
    ((head, *body, _),) = group.sets
    assert (group.gs[1], head[1]) == ("FA", form)
    assert ["*".join(segment) for segment in body[1:]] == [
        "AK2*850*0001", f"{end}*A", "AK2*850*0002", f"{end}*A", "AK9*A*2*2*2",
    ]  # fmt: skip
    assert set(town.sales_orders()) == {"4500123-1", "4500123-2"}
