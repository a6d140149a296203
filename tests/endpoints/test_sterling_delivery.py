"""Any order of creates, lost replies, lookups, crashes and rules that take messages ends in one message or in a question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from loguru import logger

from d365edi.endpoints.base import Delivered, DeliveryRequest, NotDelivered, Receipt, Unclear
from d365edi.endpoints.sterling.delivery import MailboxDelivery, Rules
from d365edi.endpoints.sterling.delivery_protocol import Absent
from d365edi.endpoints.sterling.responses import Message
from d365edi.errors import Disputed, EndpointError, Refused, Unavailable
from tests.endpoints.conftest import Killed

PATH, NAME, PAYLOAD = "/acme/to", "810_7.edi", b"ISA*810~"
UNCLEAR = 120.0

WRITES = ("ok", "lost", "late", "never", "unsent", "refused", "killed before", "killed after", "killed late")
READS = ("ok", "unsent", "killed before")


@dataclass
class Server:
    """A server whose replies get lost. `ways` says what happens to the next requests, one after the other; then all go well.
    `late` are requests that it carries out later, each until some time."""

    now: float = 1_000_000.0
    ways: list[str] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    late: list[tuple[float, Callable[[], Any]]] = field(default_factory=list)
    calls: int = 0

    def write(self, work: Callable[[], Any]) -> Any:
        self.calls += 1
        way = self.ways.pop(0) if self.ways else "ok"
        if way == "refused":
            raise Refused("no")
        if way == "unsent":
            raise Unavailable("not sent")
        if way == "killed before":
            raise Killed
        if way in ("late", "killed late"):
            self.late.append((self.now + UNCLEAR, work))
        result = work() if way in ("ok", "lost", "killed after") else None
        if way.startswith("killed"):
            raise Killed
        if way != "ok":
            raise Unavailable("no reply", unclear=True)
        return result

    def read(self) -> None:
        self.calls += 1
        way = self.ways.pop(0) if self.ways else "ok"
        if way.startswith("killed"):
            raise Killed
        if way != "ok":
            raise Unavailable("not read")

    async def create_document(self, name: str, payload: bytes) -> str:
        return str(self.write(lambda: self._document(payload)))

    async def has_document(self, id: str) -> bool:
        self.read()
        return id in self.documents

    async def delete_document(self, id: str) -> None:
        self.write(lambda: self.documents.pop(id, None))

    async def create_message(self, document: str, path: str, name: str, extract: int) -> str:
        assert document in self.documents
        return str(self.write(lambda: self._message(document, path, name, extract)))

    async def message(self, id: str) -> Message | None:
        self.read()
        return self.messages.get(id)

    async def messages_named(self, name: str) -> Sequence[Message]:
        self.read()
        return [each for each in self.messages.values() if each.name == name]

    async def delete_message(self, id: str) -> None:
        self.write(lambda: self.messages.pop(id, None))

    async def send_batch(self, path: str, name: str, payload: bytes) -> str:
        return str(self.write(lambda: self._message(self._document(payload), path, name, None)))

    async def put_count(self, id: str, extract: int) -> None:
        def put() -> None:
            if id in self.messages:
                self.messages[id] = replace(self.messages[id], count=extract, always=False)

        self.write(put)

    def _document(self, payload: bytes) -> str:
        id = f"h:n:{len(self.documents) + len(self.made) + self.calls}"
        self.documents[id] = payload
        return id

    def _message(self, document: str, path: str, name: str, extract: int | None) -> str:
        id = str(78 + 7 * len(self.made))
        self.made.append(id)
        self.used.add(document)
        size = len(self.documents.get(document, b""))
        self.messages[id] = Message(id, name, document, size, path=path, always=extract is None, count=extract)
        return id


class Store:
    """The server, as a delivery sees it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, "messages_named" if name == "messages" else name)


class Exchange:
    """One delivery with the journal's part of it: what is recorded, what a person decides, what was reported."""

    def __init__(self, absent: Absent = "ask", batch_above: int | None = None) -> None:
        self.server = Server()
        self.rules = Rules(UNCLEAR, absent, batch_above)
        self.progress: dict[str, str] = {}
        self.steps: list[str] = []
        self.reported: list[str] = []
        self.released = 0
        self.asked = ""
        self.receipt: Receipt | None = None
        self._sink = logger.add(
            lambda line: self.reported.append(str(line).strip()), format="{extra[verb]}: {message}", level="INFO"
        )

    def close(self) -> None:
        logger.remove(self._sink)

    async def checkpoint(self, step: str, facts: Mapping[str, str]) -> None:
        self.progress |= {**facts, "step": step}
        self.steps.append(step)

    def _delivery(self) -> MailboxDelivery:
        request = DeliveryRequest(7, PATH, NAME, PAYLOAD, dict(self.progress), extract=1)
        return MailboxDelivery(Store(self.server), request, self.rules, "sbi", lambda: self.server.now)

    def attempt(self, *ways: str) -> EndpointError | Killed | None:
        """Try it once, with this happening to its requests. None once it is delivered."""
        self.server.ways, self.asked = list(ways), ""
        try:
            self.receipt = asyncio.run(self._delivery().run(self.checkpoint))
        except (EndpointError, Killed) as error:
            self.asked = str(error) if isinstance(error, Refused) else ""
            return error
        finally:
            self.server.ways = []
        return None

    def probe(self) -> Delivered | NotDelivered | Unclear:
        return asyncio.run(self._delivery().probe())

    def release(self) -> None:
        """A person releases what was asked about, as the journal records it."""
        if self.progress["step"] == "asked":
            self.progress["step"] = "again"
            self.released += 1
        self.asked = ""

    def replay(self) -> None:
        """It is put into the outbox once more, with what is known of it."""
        self.progress |= {"step": "intent"}
        self.receipt = None

    def count(self, verb: str) -> int:
        return sum(line.startswith(f"{verb}: ") for line in self.reported)

    def unseen(self) -> int:
        """Documents that are there and never had a message, but for the one that the delivery knows."""
        known = {self.progress.get("document", "")} | self.server.used
        return len(self.server.documents.keys() - known)


@pytest.fixture
def exchange() -> Any:
    opened = Exchange()
    yield opened
    opened.close()


def test_a_delivery_is_three_requests_and_its_receipt_names_message_and_document(exchange: Exchange) -> None:
    assert exchange.attempt() is None
    assert exchange.steps == ["intent", "document", "sending", "message"]
    assert exchange.server.calls == 3
    assert exchange.receipt == Receipt("78", {"document": "h:n:1", "size": "8", "outcome": "there"}, picked_up=False)


def test_a_lost_reply_about_the_message_is_looked_up_and_nothing_is_made_twice(exchange: Exchange) -> None:
    assert isinstance(exchange.attempt("ok", "lost"), Unavailable)
    assert exchange.attempt() is None
    assert exchange.server.made == ["78"]


def test_a_lost_reply_about_the_document_leaves_one_unseen_that_is_reported(exchange: Exchange) -> None:
    exchange.attempt("lost")
    assert exchange.attempt() is None
    assert (exchange.server.made, exchange.unseen(), exchange.count("left")) == (["78"], 1, 1)


def test_what_was_never_sent_is_sent_without_a_wait_and_its_document_is_used(exchange: Exchange) -> None:
    exchange.attempt("ok", "unsent")
    assert exchange.progress["step"] == "document"
    assert exchange.attempt() is None
    assert (exchange.server.made, len(exchange.server.documents)) == (["78"], 1)


def test_a_refused_message_takes_its_document_with_it(exchange: Exchange) -> None:
    assert isinstance(exchange.attempt("ok", "refused"), Refused)
    assert (exchange.server.documents, exchange.progress["step"], exchange.progress["document"]) == ({}, "intent", "")
    exchange.release()
    assert exchange.attempt() is None
    assert exchange.reported == []


def test_the_time_of_a_request_whose_sender_died_runs_from_when_that_is_found(exchange: Exchange) -> None:
    assert isinstance(exchange.attempt("ok", "killed late"), Killed)
    exchange.server.now += 500.0  # it may still be carried out, by a server that is slow
    waits = exchange.attempt()
    assert isinstance(waits, Unavailable)
    assert waits.retry_after == UNCLEAR
    exchange.server.late.pop()[1]()
    assert exchange.attempt() is None
    assert exchange.server.made == ["78"]


def test_a_message_that_a_rule_picked_up_and_deleted_unseen_is_a_question_and_released_once(exchange: Exchange) -> None:
    exchange.attempt("ok", "lost")
    exchange.server.messages.clear()
    exchange.server.now += UNCLEAR
    asked = exchange.attempt()
    assert isinstance(asked, Disputed)
    assert "document h:n:1" in asked.message
    assert f"d365edi release {NAME}" in asked.remedy
    assert exchange.probe() == Unclear(asked.message)
    assert isinstance(exchange.attempt(), Disputed)  # nobody has decided yet
    exchange.release()
    assert exchange.attempt() is None
    assert (exchange.server.made, len(exchange.server.documents)) == (["78", "85"], 1)


def test_released_after_its_document_is_gone_both_are_made_anew(exchange: Exchange) -> None:
    exchange.attempt("ok", "never")
    exchange.server.documents.clear()
    exchange.server.now += UNCLEAR
    assert isinstance(exchange.attempt(), Disputed)
    exchange.release()
    assert exchange.attempt() is None
    assert (exchange.server.made, len(exchange.server.documents)) == (["78"], 1)


def test_made_again_unasked_it_is_reported_as_possibly_the_second() -> None:
    exchange = Exchange(absent="again")
    exchange.attempt("ok", "never")
    exchange.server.now += UNCLEAR
    assert exchange.attempt() is None
    exchange.close()
    assert exchange.receipt is not None
    assert (exchange.server.made, exchange.receipt.detail["second"]) == (["78"], "possible")
    assert exchange.count("sent again") == 1


def test_of_two_messages_of_our_document_the_younger_is_taken_away_while_nobody_has_it(exchange: Exchange) -> None:
    exchange.attempt("ok", "lost")
    exchange.server._message("h:n:1", PATH, NAME, 1)
    assert exchange.attempt() is None
    assert (list(exchange.server.messages), exchange.count("doubled")) == (["78"], 1)


@pytest.mark.parametrize("change", [{"name": "810"}, {"size": 7}])
def test_what_was_made_otherwise_than_it_was_sent_is_asked_about_and_left(
    exchange: Exchange, change: dict[str, Any]
) -> None:
    exchange.attempt("ok", "ok", "unsent")
    exchange.server.messages["78"] = replace(exchange.server.messages["78"], **change)
    for _ in range(2):
        assert isinstance(asked := exchange.attempt(), Disputed)
        assert "there and" in asked.message
    assert list(exchange.server.messages) == ["78"]
    exchange.release()
    assert exchange.attempt() is None
    assert exchange.receipt is not None
    assert exchange.receipt.id == "85"


@pytest.mark.parametrize(
    ("took", "picked_up"), [("moved", True), ("closed", True), ("counted", True), ("deleted", False)]
)
def test_what_a_rule_took_before_it_was_read_back_is_delivered_and_picked_up_where_that_is_certain(
    exchange: Exchange, took: str, picked_up: bool
) -> None:
    """A message that is only not seen may be there for all that, on a server that shows it a moment later."""
    exchange.attempt("ok", "ok", "unsent")
    take(exchange.server, "78", took)
    assert exchange.attempt() is None
    assert exchange.receipt is not None
    assert (exchange.receipt.id, exchange.receipt.picked_up) == ("78", picked_up)


@pytest.mark.parametrize(("took", "made"), [("", ["78"]), ("counted", ["78", "85"]), ("deleted", ["78", "85"])])
def test_a_replay_puts_there_again_what_is_not_there_to_be_fetched(
    exchange: Exchange, took: str, made: list[str]
) -> None:
    exchange.attempt()
    take(exchange.server, "78", took)
    exchange.replay()
    assert exchange.attempt() is None
    assert exchange.server.made == made


@pytest.mark.parametrize("lost", ["lost", "killed after"])
def test_a_batch_is_known_by_what_was_not_there_before_and_its_count_is_put_until_it_is_read_back(lost: str) -> None:
    exchange = Exchange(batch_above=4)
    exchange.server._message("another", PATH, NAME, 1)
    exchange.attempt("ok", lost)  # the lookup before it, the batch
    exchange.attempt("ok", "ok", "lost")  # the search, the message, its count
    assert exchange.attempt() is None
    exchange.close()
    assert exchange.receipt is not None
    assert (exchange.receipt.id, exchange.server.made) == ("85", ["78", "85"])
    assert exchange.server.messages["85"].count == 1


def test_a_count_that_went_down_is_not_put_again() -> None:
    exchange = Exchange(batch_above=4)
    exchange.attempt("ok", "ok", "ok", "killed after")
    take(exchange.server, "78", "counted")
    assert exchange.attempt() is None
    exchange.close()
    assert exchange.server.messages["78"].count == 0
    assert exchange.receipt is not None
    assert exchange.receipt.picked_up


def take(server: Server, id: str, took: str) -> None:
    """What a partner or a rule does with a message."""
    message = server.messages[id]
    if took == "deleted":
        del server.messages[id]
    elif took == "moved":
        server.messages[id] = replace(message, path="/acme/rule")
    elif took == "closed":
        server.messages[id] = Message(id, "", "", closed=True)
    elif took == "counted":
        server.messages[id] = replace(message, always=False, count=0)


class Deliveries(RuleBasedStateMachine):
    """One delivery among everything that can happen to it."""

    @initialize(absent=st.sampled_from(["ask", "again"]), batch=st.booleans())
    def begin(self, absent: Absent, batch: bool) -> None:
        self.exchange = Exchange(absent, 4 if batch else None)

    @property
    def server(self) -> Server:
        return self.exchange.server

    @precondition(lambda self: self.exchange.receipt is None and not self.exchange.asked)
    @rule(ways=st.lists(st.sampled_from(WRITES), max_size=4))
    def attempt(self, ways: list[str]) -> None:
        self.exchange.attempt(*ways)

    @precondition(lambda self: bool(self.server.late))
    @rule()
    def late(self) -> None:
        self.server.late.pop(0)[1]()

    @rule(seconds=st.sampled_from([1.0, 60.0, 119.0, 120.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.server.now += seconds
        self.server.late = [each for each in self.server.late if each[0] > self.server.now]

    @precondition(lambda self: bool(self.server.messages))
    @rule(data=st.data(), took=st.sampled_from(["deleted", "moved", "counted"]))
    def taken(self, data: st.DataObject, took: str) -> None:
        take(self.server, data.draw(st.sampled_from(sorted(self.server.messages))), took)

    @precondition(lambda self: bool(self.exchange.asked))
    @rule()
    def released(self) -> None:
        self.exchange.release()

    @rule()
    def probed(self) -> None:
        before = (dict(self.server.messages), dict(self.server.documents), dict(self.exchange.progress))
        self.exchange.probe()
        assert before == (self.server.messages, self.server.documents, self.exchange.progress)

    @invariant()
    def nothing_is_there_twice_unasked(self) -> None:
        if hasattr(self, "exchange"):
            allowed = 1 + self.exchange.released + self.exchange.count("sent again")
            assert len(self.server.made) <= allowed

    @invariant()
    def no_document_is_left_without_a_word(self) -> None:
        if hasattr(self, "exchange") and self.exchange.receipt is not None and not self.server.late:
            assert self.exchange.unseen() <= self.exchange.count("left")

    def teardown(self) -> None:
        """Everything goes well from now on: it ends in a message or in a question."""
        if not hasattr(self, "exchange"):
            return
        exchange = self.exchange
        for _ in range(6):
            if exchange.receipt is not None or exchange.asked:
                break
            self.server.now += UNCLEAR
            self.server.late.clear()
            exchange.attempt()
        exchange.close()
        assert exchange.receipt is not None or exchange.asked
        if exchange.receipt is not None:
            assert exchange.receipt.id in self.server.made


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
