"""Sentences in `status` end with commands that work as they are typed, now and after the next message."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from d365edi.flows.vendor_invoices import remedy
from tests.cli.conftest import Call, words, written
from tests.journal.rows import document, message


@pytest.mark.parametrize(
    ("reason", "command"),
    [
        ("D365 refused it; correct what was refused, then release this document", "d365edi release 4500123"),
        ("take the hold away in D365, then release the document; or reject it", "d365edi release 4500123"),
        ("look at it there, then release it", "d365edi release 4500123"),
    ],
)
def test_what_says_release_names_the_command(folder: Path, call: Call, reason: str, command: str) -> None:
    written(folder, lambda tx: document(tx, message(tx, state="done"), state="held", reason=reason), time.time())
    said = words(call("status"))
    assert f"then {command}" in said
    assert "or reject it" not in said


def test_a_message_of_a_mailbox_is_named_by_its_id_as_another_may_have_its_name(folder: Path, call: Call) -> None:
    reason = 'it has no interchange; d365edi release order.edi, or d365edi reject order.edi --why "..."'
    of_mailbox = {"name": "order.edi", "endpoint": "sbi", "remote": "78", "fetched_by": "78:1"}
    written(folder, lambda tx: message(tx, state="quarantined", reason=reason, **of_mailbox), time.time())
    said = words(call("status"))
    assert 'd365edi release --id message-1, or d365edi reject --id message-1 --why "..."' in said


@pytest.mark.parametrize(
    ("problems", "said"),
    [
        (["no vendor, then: d365edi release INV-1"], 'or close it: d365edi reject INV-1 --why "..."'),
        (
            ["no vendor, then: d365edi release INV-1", "line 1: another price"],
            'correct the order or the settings, then: d365edi release INV-1; or close it: d365edi reject INV-1 --why "..."',
        ),
    ],
)
def test_a_release_is_said_once_where_each_problem_says_it(problems: list[str], said: str) -> None:
    assert remedy("INV-1", problems) == said
