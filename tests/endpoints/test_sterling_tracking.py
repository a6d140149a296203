"""What became of a message in a mailbox, by what the server says of its id."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from d365edi.endpoints.base import Fetched, Gone, Lost, Sent, Waiting
from d365edi.endpoints.sterling.mailboxes import Mailbox
from d365edi.endpoints.sterling.responses import Message
from d365edi.endpoints.sterling.tracking import Where, became, elsewhere

HERE = Where(("https://a/svc/", "https://b/svc/"), Mailbox("4", "/in"))
OURS: Mapping[str, str] = {"server": "https://a/svc/", "mailbox": "4", "document": "d1"}
MOVED: Mapping[str, str] = {**OURS, "mailbox": "3"}


@pytest.mark.parametrize(
    ("message", "detail", "kind"),
    [
        (Message("7", "a", "d1", count=2), OURS, Waiting),
        (Message("7", "a", "d1", count=1), OURS, Fetched),
        (Message("7", "a", "d1", count=2, path="/done"), OURS, Fetched),
        (Message("7", "", "", closed=True), OURS, Fetched),
        (None, OURS, Gone),
        (None, {}, Gone),  # delivered before this was recorded
        (Message("7", "a", "d2", count=2), {}, Waiting),
        (Message("7", "a", "d2", count=2), OURS, Lost),
        (Message("7", "a", "d2", count=0), OURS, Lost),
        (None, MOVED, Lost),
        (Message("7", "a", "d1", count=2, path="/former"), MOVED, Lost),
        (Message("7", "", "", closed=True), MOVED, Lost),
        (
            Message("7", "a", "d1", count=2, path="/in"),
            MOVED,
            Waiting,
        ),  # put back into a mailbox that was created again
        (Message("7", "a", "d1", count=1, path="/in"), MOVED, Fetched),
    ],
)
def test_only_the_same_message_says_whether_it_was_fetched(
    message: Message | None, detail: Mapping[str, str], kind: type
) -> None:
    assert type(became(message, Sent("7", 2, detail), HERE, 0.0)) is kind


@pytest.mark.parametrize(
    ("server", "asked"), [("", True), ("https://a/svc/", True), ("https://b/svc/", True), ("x", False)]
)
def test_another_server_is_not_asked(server: str, asked: bool) -> None:
    assert (elsewhere(Sent("7", 1, {"server": server}), HERE) is None) == asked
