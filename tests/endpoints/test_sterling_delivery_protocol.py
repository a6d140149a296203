"""The table by which a delivery to a mailbox goes on, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from d365edi.endpoints.sterling.delivery_protocol import (
    Absent,
    Found,
    Next,
    Progress,
    Wanted,
    decide,
    ours,
    question,
    remedy,
)
from d365edi.endpoints.sterling.responses import Message

WANTED = Wanted("/acme/to", "810_7.edi", 100)


def message(id: str = "78", path: str = "/acme/to", name: str = "810_7.edi", **other: object) -> Message:
    given: dict[str, object] = {"document": "h:n:1", "size": 100, "count": 1, **other}
    return Message(id, name, path=path, **given)  # type: ignore[arg-type]


def after(facts: Mapping[str, str], found: Found, wait: float = 0.0, absent: Absent = "ask") -> Next:
    return decide(Progress.of(facts), WANTED, found, wait=wait, absent=absent)


NOTHING = Found(())
KNOWN = {"document": "h:n:1"}


@pytest.mark.parametrize(
    ("facts", "found", "wait", "absent", "todo"),
    [
        ({}, Found(), 0, "ask", "document"),
        ({"step": "intent"}, Found(), 0, "ask", "document"),
        ({"step": "document", **KNOWN}, Found(), 0, "ask", "message"),
        ({"step": "sending", **KNOWN}, Found(), 120, "ask", "search"),
        ({"step": "sending", **KNOWN}, Found((message(),)), 120, "ask", "take"),
        ({"step": "sending", **KNOWN}, Found((message(), message("91"))), 120, "ask", "trim"),
        ({"step": "sending", **KNOWN}, Found((message(path="/rule/took/it"),)), 0, "ask", "picked_up"),
        ({"step": "sending", **KNOWN}, Found((message(path="/copy"), message("91"))), 0, "ask", "take"),
        ({"step": "sending", **KNOWN}, NOTHING, 120, "again", "wait"),
        ({"step": "unclear", **KNOWN}, NOTHING, 0, "ask", "look"),
        ({"step": "unclear", **KNOWN}, Found((), document=True), 0, "ask", "ask"),
        ({"step": "unclear", **KNOWN}, Found((), document=True), 0, "again", "again"),
        ({"step": "unclear", **KNOWN}, Found((), document=False), 0, "again", "ask"),
        ({"step": "message", **KNOWN, "message": "78"}, Found(), 0, "ask", "read"),
        ({"step": "message", **KNOWN, "message": "78"}, Found((message(),)), 0, "ask", "there"),
        ({"step": "message", **KNOWN, "message": "78"}, Found((message(size=None),)), 0, "ask", "there"),
        ({"step": "message", **KNOWN, "message": "78"}, Found((message(count=0),)), 0, "ask", "there"),
        ({"step": "message", **KNOWN, "message": "78"}, NOTHING, 0, "ask", "picked_up"),
        ({"step": "message", **KNOWN, "message": "78"}, Found((message(path="/rule"),)), 0, "ask", "picked_up"),
        ({"step": "message", **KNOWN, "message": "78"}, Found((message(size=99),)), 0, "again", "ask"),
        ({"step": "message", **KNOWN, "message": "78"}, Found((message(name="810"),)), 0, "again", "ask"),
        ({"step": "asked", **KNOWN}, Found(), 0, "ask", "search"),
        ({"step": "asked", **KNOWN}, Found((message(),)), 0, "ask", "take"),
        ({"step": "asked", **KNOWN}, Found((), document=True), 0, "ask", "ask"),
        ({"step": "asked", **KNOWN, "message": "78"}, Found(), 0, "ask", "read"),
        ({"step": "asked", **KNOWN, "message": "78"}, Found((message(size=99),)), 0, "ask", "ask"),
        ({"step": "again", **KNOWN}, Found(), 0, "ask", "search"),
        ({"step": "again", **KNOWN}, Found((message(),)), 0, "ask", "take"),
        ({"step": "again", **KNOWN}, NOTHING, 0, "ask", "look"),
        ({"step": "again", **KNOWN}, Found((), document=True), 0, "ask", "message"),
        ({"step": "again", **KNOWN}, Found((), document=False), 0, "ask", "renew"),
        ({"step": "again", **KNOWN, "message": "78"}, Found(), 0, "ask", "renew"),
        ({"step": "intent", **KNOWN}, Found(), 0, "ask", "search"),
        ({"step": "intent", **KNOWN, "message": "78"}, Found(), 0, "ask", "read"),
        ({"step": "intent", **KNOWN, "message": "78"}, Found((message(),)), 0, "ask", "there"),
        ({"step": "intent", **KNOWN, "message": "78"}, Found((message(count=0),)), 0, "ask", "renew"),
        ({"step": "intent", **KNOWN, "message": "78"}, Found((message(path="/rule"),)), 0, "ask", "renew"),
        ({"step": "intent", **KNOWN}, NOTHING, 0, "ask", "renew"),
        ({"step": "intent", **KNOWN}, NOTHING, 60, "ask", "wait"),
        ({"step": "withdrawing", **KNOWN}, Found(), 0, "ask", "withdraw"),
    ],
)
def test_a_delivery_goes_on_by_its_step_and_by_what_is_found(
    facts: Mapping[str, str], found: Found, wait: float, absent: Absent, todo: Next
) -> None:
    assert after(facts, found, wait, absent) == todo


BATCH = {"batch": "1", "before": "12 13"}


@pytest.mark.parametrize(
    ("facts", "found", "wait", "absent", "todo"),
    [
        (BATCH, Found(), 0, "ask", "batch"),
        ({"step": "not_done", **BATCH}, Found(), 0, "ask", "batch"),
        ({"step": "intent", **BATCH}, Found(), 0, "ask", "search"),
        ({"step": "intent", **BATCH}, Found((message(),)), 120, "ask", "take"),
        ({"step": "intent", **BATCH}, Found((message(), message("91"))), 0, "again", "ask"),
        ({"step": "intent", **BATCH}, NOTHING, 120, "again", "wait"),
        ({"step": "unclear", **BATCH}, NOTHING, 0, "ask", "ask"),
        ({"step": "unclear", **BATCH}, NOTHING, 0, "again", "batch"),
        ({"step": "again", **BATCH}, NOTHING, 0, "ask", "batch"),
        ({"step": "again", **BATCH}, Found((message(), message("91"))), 0, "ask", "batch"),
        ({"step": "again", **BATCH, "message": "78"}, Found(), 0, "ask", "renew"),
        ({"step": "asked", **BATCH, "message": "78"}, Found(), 0, "ask", "read"),
        ({"step": "intent", **BATCH, "message": "78"}, Found(), 0, "ask", "read"),
        ({"step": "intent", **BATCH, "message": "78"}, Found((message(),)), 0, "ask", "there"),
        ({"step": "intent", **BATCH, "message": "78"}, NOTHING, 0, "ask", "renew"),
        ({"step": "message", **BATCH, "message": "78"}, Found((message(),)), 0, "ask", "there"),
    ],
)
def test_a_batch_goes_on_by_what_was_not_there_before(
    facts: Mapping[str, str], found: Found, wait: float, absent: Absent, todo: Next
) -> None:
    assert after(facts, found, wait, absent) == todo


@pytest.mark.parametrize(
    ("facts", "messages", "ids"),
    [
        (KNOWN, [message("91"), message("9"), message("78", document="h:n:2")], ["9", "91"]),
        (KNOWN, [message("91", created=5.0), message("9", created=6.0)], ["91", "9"]),
        (KNOWN, [message("78", path="/elsewhere"), message("79", name="810_70.edi")], ["78"]),
        ({}, [message("78", document="")], []),
        (BATCH, [message("12"), message("78"), message("79", path="/b"), message("80", size=99)], ["78"]),
        (BATCH, [message("78", document="other", size=None)], ["78"]),
    ],
)
def test_a_message_is_ours_by_its_document_and_a_batch_by_what_was_noted(
    facts: Mapping[str, str], messages: Sequence[Message], ids: Sequence[str]
) -> None:
    assert [each.id for each in ours(Progress.of(facts), WANTED, messages)] == ids


@pytest.mark.parametrize(
    ("facts", "now", "left"),
    [
        ({"step": "document"}, 1000.0, 0.0),
        ({"step": "sending", "at": "1000"}, 1900.0, 120.0),  # its end is not known
        ({"step": "unclear", "at": "1000"}, 1030.0, 90.0),
        ({"step": "unclear", "at": "1000"}, 1120.0, 0.0),
        ({"step": "unclear", "at": "9000"}, 1000.0, 120.0),  # our clock went back
        ({"step": "intent", "batch": "1"}, 1000.0, 120.0),
        ({"step": "intent", "batch": "1", "message": "78"}, 1000.0, 0.0),
        ({"step": "intent", "document": "h:n:1", "at": "1000"}, 1030.0, 90.0),
    ],
)
def test_a_request_may_be_carried_out_for_so_long_after_its_end(
    facts: Mapping[str, str], now: float, left: float
) -> None:
    assert Progress.of(facts).left(now, 120.0) == left


def test_a_question_names_mailbox_file_and_document_and_both_commands() -> None:
    unclear = Progress.of({"step": "unclear", **KNOWN})
    assert question(unclear, WANTED, Found((), document=True)) == (
        '"810_7.edi" in /acme/to: no clear answer came about its message (document h:n:1), and no such message is there, '
        "though its document is: was it never made, or was it picked up and deleted meanwhile?"
    )
    assert question(unclear, WANTED, Found((), document=False)).endswith(
        "no such message is there, nor its document: was it picked up, or cleared away?"
    )
    made = Progress.of({"step": "message", **KNOWN, "message": "78"})
    assert question(made, WANTED, Found((message(size=99),))) == (
        '"810_7.edi" in /acme/to: message 78 (document h:n:1) was made, but it has 99 bytes there and 100 here'
    )
    batch = Progress.of({"step": "intent", **BATCH})
    assert question(batch, WANTED, Found((message(), message("91")))).endswith(
        "messages 78, 91 are there since it was sent as a batch; which of them is it?"
    )
    assert remedy(WANTED) == (
        "ask the partner whether they have it: d365edi release 810_7.edi puts it there once more, "
        'd365edi reject 810_7.edi --why "..." if they have it'
    )
