"""Mailboxes that change under us, replies that are lost and rules that are quicker: how each ends."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from d365edi.endpoints.base import After, DeliveryRequest, Fetched, Gone, Place, Receipt, Sent, Waiting
from d365edi.endpoints.sterling.delivery import Rules
from d365edi.endpoints.sterling.endpoint import CROWDED, SterlingEndpoint
from d365edi.errors import CredentialsRejected, Disputed, EndpointError, PlaceRefused, Refused, Unavailable
from d365edi.sandbox.sterling.routing import run
from d365edi.sandbox.sterling.server import Rule
from tests.endpoints.conftest import Checkpoints, MailboxGround, mailboxes

DIGEST = "0" * 64


@pytest.fixture
async def ground() -> AsyncIterator[MailboxGround]:
    """A Sterling."""
    async with mailboxes() as opened:
        yield opened


async def deliver(ground: MailboxGround, endpoint: SterlingEndpoint, *, tries: int = 4) -> tuple[Receipt, Checkpoints]:
    """Deliver until it is delivered, as flows do; a question is raised."""
    checkpoints = Checkpoints()
    for _ in range(tries):
        try:
            return await endpoint.deliver(ground.request(progress=checkpoints.progress), checkpoints), checkpoints
        except Unavailable:
            continue
    raise AssertionError(f"not delivered after {tries} tries")


def documents(ground: MailboxGround) -> int:
    """Documents of ours that no message ever carried."""
    return len(ground.sterling.ledger.unused(by="d365edi"))


# -- listing --------------------------------------------------------------------------------------------------------------
async def test_names_repeat_have_slashes_are_long_or_have_line_breaks(ground: MailboxGround) -> None:
    state, path = ground.sterling.state, ground.at("from")
    names = ["order.edi", "order.edi", "a/b\\c.edi", "x" * 251 + ".edi", "two\nlines.edi", "..", "po.tmp"]
    keys = [str(state.put(path, name, b"12345", created=1_700_000_000.0).id) for name in names]
    listing = await ground.open().list(Place(path))
    assert [(each.key, each.name) for each in listing.remotes] == [
        (key, name) for key, name in zip(keys, names, strict=True) if name not in ("two\nlines.edi", "..")
    ]
    assert {(each.key, each.name, each.reason) for each in listing.passed_over} == {
        (keys[4], "two\\nlines.edi", "its name holds control characters"),
        (keys[5], "..", "its name is a path"),
    }
    assert listing.mailbox == str(state.mailbox(path).id)


async def test_what_was_begun_is_offered_whatever_its_count_says_also_where_it_is_hidden() -> None:
    for switches in ([], ["marked=hidden"]):
        async with mailboxes(*switches) as ground:
            keys = [str(ground.sterling.state.put(ground.at("from"), "a.edi", b"1", count=0).id) for _ in range(2)]
            ground.make("elsewhere")
            other = str(ground.sterling.state.put(ground.at("elsewhere"), "a.edi", b"1", count=0).id)
            begun = frozenset({keys[1], other, "1"})
            (remote,) = (await ground.open().list(Place(ground.at("from"), begun=begun))).remotes
            assert (remote.key, remote.extractable) == (keys[1], False)


async def test_what_was_begun_and_moved_where_we_may_not_look_concerns_that_message_alone(
    ground: MailboxGround,
) -> None:
    state = ground.sterling.state
    moved, other = (ground.put(f"from/{name}.edi") for name in "ab")
    state.move(moved, hidden(ground))
    listing = await ground.open().list(Place(ground.at("from"), begun=frozenset({str(moved.id)})))
    assert [each.key for each in listing.remotes] == [str(other.id)]


async def test_a_fetch_of_what_was_moved_where_we_may_not_look_says_that_it_is_gone(ground: MailboxGround) -> None:
    message = ground.put("from/a.edi")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    ground.sterling.state.move(message, hidden(ground))
    ground.sterling.faults.answer(404, path="*/getpayload", body=b'{"errorCode":404,"errorDescription":"gone"}')
    with pytest.raises(Refused, match="is not there any more"):
        await endpoint.fetch(remote, 100)


async def test_none_is_missed_or_listed_twice_when_pages_shift(ground: MailboxGround) -> None:
    state, path = ground.sterling.state, ground.at("from")
    made = [state.put(path, f"{number}.edi", b"1") for number in range(25)]
    gone = iter(sorted(state.mailbox(path).messages.values(), key=lambda each: each.id * 2654435761 & 0xFFFFFFFF)[:2])
    ground.sterling.faults.happen(lambda _: state.remove(next(gone)), path="*/mailboxcontents/", times=2)
    endpoint = ground.open(page=10)
    found: set[str] = set()
    for _ in range(3):  # what slipped to an earlier page is there at the next poll
        listing = await endpoint.list(Place(path))
        assert len({each.key for each in listing.remotes}) == len(listing.remotes)
        found |= {each.key for each in listing.remotes}
    assert {str(each.id) for each in made if not each.gone} <= found


async def test_a_servers_own_page_cap_hides_nothing_and_a_full_mailbox_is_reported_once(lines: list[str]) -> None:
    async with mailboxes("page_cap=700") as ground:
        for number in range(CROWDED):
            ground.put(f"from/{number:05}.edi", b"1")
        endpoint = ground.open()
        for _ in range(2):
            assert len((await endpoint.list(Place(ground.at("from")))).remotes) == CROWDED
    assert len([line for line in lines if "let it be cleared" in line]) == 1


async def test_an_empty_mailbox_is_told_apart_from_one_that_is_renamed_or_created_again(ground: MailboxGround) -> None:
    state, path, endpoint = ground.sterling.state, ground.at("from"), ground.open()
    ground.make("from")
    first = await endpoint.list(Place(path))
    assert first.remotes == ()
    state.rename(path, ground.at("other"))
    for _ in range(2):
        with pytest.raises(PlaceRefused, match=path):
            await endpoint.list(Place(path))
    ground.put("from/a.edi")
    second = await endpoint.list(Place(path))
    assert (len(second.remotes), second.mailbox == first.mailbox) == (1, False)
    state.create_again(path)
    with pytest.raises(PlaceRefused, match="no mailbox has that any more"):
        await endpoint.list(Place(path))
    assert (await endpoint.list(Place(path))).remotes == ()


async def test_a_path_is_exact_and_another_case_counts_only_where_it_is_unambiguous(ground: MailboxGround) -> None:
    state = ground.sterling.state
    for path in ("/Acme/From", "/acme/from", "/acme/fromage"):
        state.put(path, f"in {path[1:]}.edi".replace("/", " "), b"1")
    endpoint = ground.open()
    assert [each.name for each in (await endpoint.list(Place("/acme/from"))).remotes] == ["in acme from.edi"]
    assert [each.name for each in (await endpoint.list(Place("/acme/fromage"))).remotes] == ["in acme fromage.edi"]
    with pytest.raises(PlaceRefused, match="no mailbox has this path"):
        await endpoint.list(Place("/acme/fro"))


async def test_a_withdrawn_right_concerns_that_mailbox_alone(ground: MailboxGround) -> None:
    ground.put("a/1.edi")
    ground.put("b/1.edi")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("a")))).remotes
    ground.sterling.user.rights[ground.at("a")] = frozenset({"write"})
    with pytest.raises(PlaceRefused) as refused:
        await endpoint.list(Place(ground.at("a")))
    assert "view" in refused.value.remedy
    for verb in (endpoint.fetch(remote, 100), endpoint.settle(remote, After("delete"), DIGEST)):
        with pytest.raises(Refused):  # about this message: the endpoint is not at fault
            await verb
    assert len((await endpoint.list(Place(ground.at("b")))).remotes) == 1


# -- fetching and settling ------------------------------------------------------------------------------------------------
async def test_two_requests_are_made_for_a_new_message(ground: MailboxGround) -> None:
    ground.put("from/a.edi", b"12345")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    before = len(ground.sterling.log)
    await endpoint.fetch(remote, 100)
    await endpoint.settle(remote, After("delete"), DIGEST)
    assert len(ground.sterling.log) - before == 2


@pytest.mark.parametrize(
    ("payload", "said"),
    [(b64encode(b"1234").decode(), "5 bytes are listed, and 4 came"), ("MTIzND=", "payload"), ("M?Iz", "payload")],
)
async def test_a_payload_of_another_length_or_damaged_concerns_that_message_alone(
    ground: MailboxGround, payload: str, said: str
) -> None:
    ground.put("from/a.edi", b"12345")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    body = json.dumps({"response": payload}).encode()
    ground.sterling.faults.answer(200, path="*/getpayload", body=body)
    with pytest.raises(Unavailable, match=said) as damaged:
        await endpoint.fetch(remote, 100)
    assert type(damaged.value) is Unavailable
    assert await endpoint.fetch(remote, 100) == b"12345"


async def test_a_message_whose_payload_differs_and_that_is_gone_is_refused(ground: MailboxGround) -> None:
    message = ground.put("from/a.edi", b"12345")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    ground.sterling.state.remove(message)
    ground.sterling.faults.answer(200, path="*/getpayload", body=b'{"response":""}')
    with pytest.raises(Refused, match="is not there any more"):
        await endpoint.fetch(remote, 100)


async def test_a_message_without_its_document_is_refused(ground: MailboxGround) -> None:
    message = ground.put("from/a.edi")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    ground.sterling.state.delete_document(message.document)
    with pytest.raises(Refused, match="the server has no document"):
        await endpoint.fetch(remote, 100)


@pytest.mark.parametrize("move", ["keeps", "new"])
async def test_a_move_whose_reply_was_lost_is_found_in_the_other_mailbox(move: str) -> None:
    async with mailboxes(f"move={move}") as ground:
        ground.put("from/a.edi")
        ground.make("done")
        endpoint = ground.open()
        (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
        ground.sterling.faults.drop(path="*/movemailboxmessage")
        with pytest.raises(Unavailable):
            await endpoint.settle(remote, After("move", ground.at("done")), DIGEST)
        settled = await endpoint.settle(remote, After("move", ground.at("done")), DIGEST)
        assert (settled.outcome, settled.name) == ("settled", ground.at("done/a.edi"))
        assert list(ground.tree()) == ["done/a.edi"]


async def test_a_move_into_a_mailbox_that_is_not_there_is_refused_and_none_is_created(ground: MailboxGround) -> None:
    ground.put("from/a.edi")
    ground.make("done")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    with pytest.raises(Refused, match="no mailbox has this path"):
        await endpoint.settle(remote, After("move", ground.at("nowhere")), DIGEST)
    assert await endpoint.settle(remote, After("move", ground.at("done")), DIGEST)
    ground.put("from/b.edi")
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    ground.sterling.state.drop(ground.at("done"))
    with pytest.raises(Refused, match="no mailbox has this path"):
        await endpoint.settle(remote, After("move", ground.at("done")), DIGEST)
    assert list(ground.tree()) == ["from/b.edi"]


async def test_a_message_that_a_rule_took_first_is_gone(ground: MailboxGround) -> None:
    message = ground.put("from/a.edi")
    ground.make("done")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    ground.sterling.state.remove(message)
    for after in (After("delete"), After("mark"), After("move", ground.at("done"))):
        assert (await endpoint.settle(remote, after, DIGEST)).outcome == "gone"


# -- delivering -----------------------------------------------------------------------------------------------------------
DOCUMENT, MESSAGE, BATCH = "*/documents/", "*/mailboxmessages/", "*/messagebatches/"


async def test_a_delivery_makes_three_requests_once_its_mailbox_is_known(ground: MailboxGround) -> None:
    endpoint = ground.open()
    await deliver(ground, endpoint)
    before = len(ground.sterling.log)
    await deliver(ground, endpoint)
    assert len(ground.sterling.log) - before == 3


LOSSES = [([DOCUMENT], 1), ([MESSAGE], 0), ([DOCUMENT, MESSAGE], 1), ([DOCUMENT, DOCUMENT, MESSAGE], 2)]


@pytest.mark.parametrize(
    ("fault", "path", "left"),
    [
        *((fault, path, left) for fault in ("drop", "504", "half") for path, left in LOSSES),
        ("silence", [DOCUMENT, MESSAGE], 1),
    ],
)
async def test_a_reply_that_is_lost_after_the_work_ends_in_one_message(
    ground: MailboxGround, fault: str, path: list[str], left: int, lines: list[str]
) -> None:
    faults = ground.sterling.faults
    for each in path:
        if fault == "504":
            faults.answer(504, method="POST", path=each, html=True, after_work=True)
        elif fault == "silence":
            faults.silence(2.5, method="POST", path=each)
        else:
            getattr(faults, fault)(method="POST", path=each)
    endpoint = ground.open(read_timeout=1.0 if fault == "silence" else 30.0, rules=Rules(unclear_for=0.0))
    receipt, _ = await deliver(ground, endpoint)
    assert list(ground.tree()) == ["inbound/810_7.edi"]
    assert (documents(ground), len([line for line in lines if "unseen" in line])) == (left, left)
    assert receipt.picked_up is False
    assert faults.waiting == []


async def test_what_was_refused_leaves_no_document_behind(ground: MailboxGround) -> None:
    ground.make("inbound")
    checkpoints, endpoint = Checkpoints(), ground.open()
    ground.sterling.faults.answer(400, method="POST", path=MESSAGE)
    with pytest.raises(Refused, match="Planned by the sandbox") as refused:
        await endpoint.deliver(ground.request(), checkpoints)
    assert "release this one" in refused.value.remedy
    assert (checkpoints.progress["step"], documents(ground), ground.tree()) == ("intent", 0, {})
    await endpoint.deliver(ground.request(progress=checkpoints.progress), checkpoints)
    assert list(ground.tree()) == ["inbound/810_7.edi"]


async def test_a_mailbox_that_vanished_keeps_the_document_for_later(ground: MailboxGround) -> None:
    endpoint = ground.open()
    await deliver(ground, endpoint)
    ground.sterling.state.drop(ground.at("inbound"))
    checkpoints = Checkpoints()
    request = DeliveryRequest(8, ground.at("inbound"), "810_8.edi", b"8", extract=1)
    with pytest.raises(PlaceRefused, match="no mailbox has this path"):
        await endpoint.deliver(request, checkpoints)
    assert (checkpoints.progress["step"], documents(ground)) == ("document", 1)
    ground.make("inbound")
    again = DeliveryRequest(8, ground.at("inbound"), "810_8.edi", b"8", checkpoints.progress, extract=1)
    await endpoint.deliver(again, checkpoints)
    assert (ground.tree("inbound"), documents(ground)) == ({"810_8.edi": b"8"}, 0)


@pytest.mark.parametrize("absent", ["ask", "again"])
async def test_a_message_that_a_rule_deleted_before_it_was_looked_up_is_asked_about_or_sent_again(
    ground: MailboxGround, absent: Any, lines: list[str]
) -> None:
    ground.make("inbound")
    ground.sterling.server.rules.append(Rule("rule", ground.at("inbound"), "delete"))
    ground.sterling.faults.drop(method="POST", path=MESSAGE)
    checkpoints, endpoint = Checkpoints(), ground.open(rules=Rules(unclear_for=0.0, absent=absent))
    with pytest.raises(Unavailable):
        await endpoint.deliver(ground.request(), checkpoints)
    run(ground.sterling.server)
    request = ground.request(progress=checkpoints.progress)
    if absent == "again":
        receipt = await endpoint.deliver(request, checkpoints)
        assert receipt.detail["second"] == "possible"
        assert any("may get it twice" in line for line in lines)
    else:
        with pytest.raises(Disputed) as asked:
            await endpoint.deliver(request, checkpoints)
        for word in (ground.at("inbound"), "810_7.edi", checkpoints.progress["document"]):
            assert word in asked.value.message
        assert "d365edi release 810_7.edi" in asked.value.remedy
        assert 'd365edi reject 810_7.edi --why "..."' in asked.value.remedy
    made = ground.sterling.ledger.messages(by="d365edi")
    assert len(made) == (2 if absent == "again" else 1)
    assert documents(ground) == 0


async def test_a_rule_that_moved_what_it_took_shows_that_it_was_delivered(ground: MailboxGround) -> None:
    ground.make("inbound")
    ground.make("rule")
    state = ground.sterling.state
    ground.sterling.faults.drop(method="POST", path=MESSAGE)
    checkpoints, endpoint = Checkpoints(), ground.open(rules=Rules(unclear_for=0.0))
    with pytest.raises(Unavailable):
        await endpoint.deliver(ground.request(), checkpoints)
    (message,) = state.mailbox(ground.at("inbound")).messages.values()
    state.move(message, state.mailbox(ground.at("rule")))
    receipt = await endpoint.deliver(ground.request(progress=checkpoints.progress), checkpoints)
    assert (receipt.id, receipt.picked_up) == (str(message.id), True)


def hidden(ground: MailboxGround) -> Any:
    """A mailbox that is closed to us."""
    made = ground.sterling.state.mailbox(ground.at("partner only"))
    ground.sterling.user.rights[made.path] = frozenset()
    return made


async def test_a_rule_that_moved_it_where_we_may_not_look_shows_that_it_was_delivered(ground: MailboxGround) -> None:
    ground.make("inbound")
    state, elsewhere = ground.sterling.state, hidden(ground)

    def move(_: str) -> None:
        for each in list(state.mailbox(ground.at("inbound")).messages.values()):
            state.move(each, elsewhere)

    ground.sterling.faults.happen(move, method="GET", path="*/mailboxmessages/*")
    receipt, _ = await deliver(ground, ground.open(), tries=1)
    assert receipt.picked_up


async def test_a_rule_that_moves_a_batch_where_we_may_not_look_before_its_count_is_put(ground: MailboxGround) -> None:
    ground.make("inbound")
    state, elsewhere = ground.sterling.state, hidden(ground)

    def move(_: str) -> None:
        for each in list(state.mailbox(ground.at("inbound")).messages.values()):
            state.move(each, elsewhere)

    ground.sterling.faults.happen(move, method="PUT", path="*/mailboxmessages/*")
    endpoint = ground.open(rules=Rules(0.0, "ask", 4))
    await endpoint.deliver(ground.request(b"12345678"), Checkpoints())
    assert len(ground.sterling.ledger.messages(by="d365edi")) == 1


@pytest.mark.parametrize("fault", [None, "drop", "half"])
async def test_a_large_file_goes_as_a_batch_with_its_count(ground: MailboxGround, fault: str | None) -> None:
    payload = bytes(range(256)) * 160_000  # 40 MB
    ground.put("inbound/810_7.edi", b"of another sender, under this name")
    if fault:
        getattr(ground.sterling.faults, fault)(method="POST", path=BATCH)
        getattr(ground.sterling.faults, fault)(method="PUT", path="*/mailboxmessages/*")
    endpoint, checkpoints = ground.open(rules=Rules(0.0, "ask", 8_000_000)), Checkpoints()
    for _ in range(3 if fault else 1):
        try:
            receipt = await endpoint.deliver(ground.request(payload, checkpoints.progress), checkpoints)
        except Unavailable:
            continue
    (made,) = ground.sterling.ledger.messages(by="d365edi")
    assert (str(made.id), made.size, made.count, made.always) == (receipt.id, len(payload), 1, False)


async def test_deliveries_after_a_wrong_password_make_one_login(ground: MailboxGround) -> None:
    ground.make("inbound")
    endpoint = ground.open(password="wrong")
    for _ in range(2):
        with pytest.raises(CredentialsRejected):
            await endpoint.deliver(ground.request(), checkpoints := Checkpoints())
        assert checkpoints.steps == []
    assert len(ground.sterling.users.rejected) == 2  # one each: the breaker lets the second one rest


@pytest.mark.parametrize("status", [401, 302])
async def test_a_login_that_is_refused_between_document_and_message_makes_no_question(
    ground: MailboxGround, status: int
) -> None:
    ground.make("inbound")
    checkpoints, endpoint = Checkpoints(), ground.open(rules=Rules(unclear_for=0.0))
    ground.sterling.faults.answer(status, method="POST", path=MESSAGE, html=True)
    with pytest.raises(CredentialsRejected):
        await endpoint.deliver(ground.request(), checkpoints)
    assert checkpoints.progress["step"] == "document"
    await endpoint.deliver(ground.request(progress=checkpoints.progress), checkpoints)
    assert (list(ground.tree()), documents(ground)) == (["inbound/810_7.edi"], 0)


async def test_a_token_that_is_revoked_in_the_middle_is_replaced_once() -> None:
    async with mailboxes("bearer") as ground:
        ground.sterling.faults.revoke(method="POST", path=MESSAGE)
        await deliver(ground, ground.open(), tries=1)
        assert list(ground.tree()) == ["inbound/810_7.edi"]


# -- what was picked up ---------------------------------------------------------------------------------------------------
async def test_what_cannot_be_asked_about_is_left_out_and_a_missing_mailbox_is_refused(ground: MailboxGround) -> None:
    endpoint = ground.open()
    receipt, _ = await deliver(ground, endpoint)
    gone = ground.put("inbound/b.edi")
    ground.sterling.state.remove(gone)
    asked = {1: Sent(receipt.id, 1), 2: Sent(str(gone.id), 1)}
    ground.sterling.faults.answer(500, path=f"*/mailboxmessages/{gone.id}")
    assert await endpoint.picked_up(ground.at("inbound"), asked) == {1: Waiting()}
    assert await endpoint.picked_up(ground.at("inbound"), asked) == {1: Waiting(), 2: Gone()}
    ground.sterling.state.drop(ground.at("inbound"))
    with pytest.raises(EndpointError, match=ground.at("inbound")):
        await endpoint.picked_up(ground.at("inbound"), asked)


async def test_what_was_moved_where_we_may_not_look_was_fetched_and_the_others_are_asked_about(
    ground: MailboxGround,
) -> None:
    moved, other = (ground.put(f"inbound/{name}.edi") for name in "ab")
    ground.sterling.state.move(moved, hidden(ground))
    asked = {1: Sent(str(moved.id), 1), 2: Sent(str(other.id), 1)}
    found = await ground.open().picked_up(ground.at("inbound"), asked)
    assert found == {1: Fetched(), 2: Waiting()}


async def test_a_refused_lookup_concerns_that_message_and_a_refused_listing_that_mailbox(
    ground: MailboxGround, lines: list[str]
) -> None:
    gone, other = (ground.put(f"inbound/{name}.edi") for name in "ab")
    state, faults, endpoint = ground.sterling.state, ground.sterling.faults, ground.open()
    state.remove(gone)
    asked = {1: Sent(str(gone.id), 1), 2: Sent(str(other.id), 1)}
    said = b'{"errorCode":400,"errorDescription":"No valid session was found"}'
    faults.answer(400, path=f"*/mailboxmessages/{gone.id}", body=said, times=2)
    for _ in range(2):
        assert await endpoint.picked_up(ground.at("inbound"), asked) == {2: Waiting()}
    assert len([line for line in lines if f"message {gone.id} was picked up cannot be found out" in line]) == 1
    faults.answer(400, path="*/mailboxcontents/", body=said)
    with pytest.raises(PlaceRefused, match="No valid session"):
        await endpoint.picked_up(ground.at("inbound"), asked)


async def test_a_move_that_is_refused_of_a_message_that_is_there_is_no_message_that_is_gone(
    ground: MailboxGround,
) -> None:
    ground.put("from/a.edi")
    ground.make("done")
    endpoint = ground.open()
    (remote,) = (await endpoint.list(Place(ground.at("from")))).remotes
    said = b'{"errorCode":400,"errorDescription":"Mailbox /d365edi/done does not exist"}'
    ground.sterling.faults.answer(400, path="*/movemailboxmessage", body=said)
    with pytest.raises(Refused, match="does not exist"):
        await endpoint.settle(remote, After("move", ground.at("done")), DIGEST)
