"""A delivery that was begun at a server whose place another one has by now: a question that says so, or made anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from d365edi.endpoints.base import DeliveryRequest
from d365edi.endpoints.sterling.delivery import MailboxDelivery
from d365edi.endpoints.sterling.delivery_protocol import Next, Progress, other_server
from d365edi.endpoints.sterling.mailboxes import Mailbox
from d365edi.endpoints.sterling.tracking import Where
from d365edi.errors import Disputed
from tests.endpoints.test_sterling_delivery import NAME, PATH, PAYLOAD, Exchange, Store

OLD, NEW = "https://test/svc/", "https://production/svc/"


class Moving(Exchange):
    """A delivery to a server that has an address."""

    where = Where((OLD,), Mailbox("4", PATH))

    def _delivery(self) -> MailboxDelivery:
        request = DeliveryRequest(7, PATH, NAME, PAYLOAD, dict(self.progress), extract=1)
        return MailboxDelivery(Store(self.server), request, self.rules, "sbi", lambda: self.server.now).at(self.where)


@pytest.mark.parametrize("ways", [("ok", "killed after"), ("ok", "lost")])
def test_a_message_that_may_have_been_made_at_the_former_server_is_asked_about_naming_both(
    ways: tuple[str, ...],
) -> None:
    exchange = Moving()
    assert exchange.attempt(*ways) is not None
    document = exchange.progress["document"]
    exchange.server, exchange.where = type(exchange.server)(), replace(exchange.where, servers=(NEW,))
    for _ in range(2):  # until a person has answered
        asked = exchange.attempt()
        assert isinstance(asked, Disputed)
        assert f"it was sent to {OLD} (document {document})" in asked.message
        assert f"the server is {NEW} now" in asked.message
    assert exchange.server.calls == 0
    exchange.release()
    assert exchange.attempt() is None
    assert (exchange.receipt and exchange.receipt.detail["server"], len(exchange.server.messages)) == (NEW, 1)
    assert exchange.reported == [
        f"left: {NAME} in {PATH}: document {document} stays at {OLD}: a rule may still read it"
    ]
    exchange.close()


def test_a_document_that_waits_for_its_message_at_the_former_server_is_made_anew() -> None:
    exchange = Moving()
    assert exchange.attempt("ok", "unsent") is not None
    assert exchange.progress["step"] == "document"
    exchange.server, exchange.where = type(exchange.server)(), replace(exchange.where, servers=(NEW,))
    assert exchange.attempt() is None
    assert len(exchange.server.messages) == 1
    exchange.close()


@pytest.mark.parametrize(
    ("progress", "todo"),
    [
        (Progress("intent"), None),
        (Progress("document", "d"), "renew"),
        (Progress("withdrawing", "d"), "renew"),
        (Progress("intent", "d", "7"), "renew"),  # a replay
        (Progress("intent", batch=True), "ask"),
        (Progress("not_done", batch=True), "renew"),
        (Progress("sending", "d"), "ask"),
        (Progress("unclear", "d"), "ask"),
        (Progress("asked", "d"), "ask"),
        (Progress("again", "d"), "renew"),
        (Progress("message", "d", "7"), "ask"),
    ],
)
def test_only_what_may_have_been_carried_out_is_asked_about(progress: Progress, todo: Next | None) -> None:
    assert other_server(replace(progress, server=OLD), (NEW,)) == todo
    assert other_server(replace(progress, server=OLD), (NEW, OLD)) is None
    assert other_server(progress, (NEW,)) is None
