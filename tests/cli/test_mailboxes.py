"""Mailboxes on the command line: what was left alone and which setting fetches it, and what nobody picked up."""

from __future__ import annotations

import json
from pathlib import Path

from d365edi.journal import BaselinePlace, Listed, Tx
from tests.cli.conftest import Call, words, written
from tests.journal.rows import delivery, message

AT = 1_790_000_000.0
MAILBOXES = """
[endpoints.sbi]
kind     = "sterling"
url      = "https://b2bi.example:5075/B2BAPIs/svc/"
username = "d365edi"
password = { secret = "sbi" }

[partners.acme]
customer = { usmf = "US-003" }
x12      = { us = "01:123456789", them = "08:6111250008" }
acks     = { send = "none" }

[partners.acme.pickup.edi]
from  = { endpoint = "sbi", path = "/acme/from/*" }
every = "1m"
"""


def fill(tx: Tx) -> None:
    """A mailbox with two old messages, of which one came since; and one message of ours that nobody fetches."""
    place = BaselinePlace("sbi", "https://b2bi.example:5075/B2BAPIs/svc/", "/acme/from", "333")
    tx.baselines.note(place, [("71", "", "order.edi"), ("72", "", "order.edi")])
    tx.sightings.record("sbi", "/acme/from/*", [Listed("new.edi", 4, AT, "73")], earlier=2)
    source = message(tx, endpoint="sbi", remote="73", fetched_by="73:host1:node1:1:9", name="new.edi", state="done")
    sent = delivery(
        tx, message=source.id, endpoint="sbi", path="/acme/to", name="997_1.edi", extract=1, picked_up_within=60.0
    )
    tx.deliveries.attempting(sent.id)
    tx.deliveries.delivered(sent.id, "78")
    tx.picked_up.set_state(sent.id, "overdue")


def test_status_and_why_say_what_was_left_alone_and_which_setting_fetches_it(call: Call, folder: Path) -> None:
    (folder / "settings.toml").write_text((folder / "settings.toml").read_text() + MAILBOXES)
    written(folder, fill, AT)
    shown = words(call("status"))
    assert "looked at offered passed over earlier sbi:/acme/from/*" in shown
    assert 'since = "all" in the table of its pickup fetches it' in shown
    left = (
        'it lay there before the first poll and is left alone; since = "all" in [partners.acme.pickup.edi] fetches it'
    )
    for text, ids in (("order.edi", ("71", "72")), ("sbi:72", ("72",)), ("71", ("71",))):
        said = call("why", text)
        assert said.code == 0
        for id in ids:
            assert f"order.edi (message {id}) at sbi:/acme/from: {left}" in words(said)
    (folder / "settings.toml").write_text((folder / "settings.toml").read_text() + 'since = "all"\n')
    assert "is left alone; the next poll fetches it" in words(call("why", "sbi:71"))
    assert call("why", "sbi:74").code == 1
    text = (folder / "settings.toml").read_text()
    (folder / "settings.toml").write_text(text.replace("b2bi.example", "production.example"))
    old = words(call("why", "sbi:71"))
    assert "at sbi:/acme/from of https://b2bi.example:5075/B2BAPIs/svc/: it lay there before the first poll" in old
    assert "fetches it" not in old
    (folder / "settings.toml").write_text(text)
    assert json.loads(call("why", "sbi:72", "--json").out)["earlier"][0]["row"]["remote"] == "72"


def test_what_nobody_picked_up_needs_a_person_until_it_is_closed(call: Call, folder: Path) -> None:
    (folder / "settings.toml").write_text((folder / "settings.toml").read_text() + MAILBOXES)
    written(folder, fill, AT)
    said = call("status")
    assert said.code == 1
    assert "997_1.edi acme not picked up" in words(said)
    assert "not picked up from sbi:/acme/to by 2026-09-21" in words(said)
    for text in ("sbi:78", "78", "sbi:73", "host1:node1:1:9"):
        shown = words(call("why", text))
        assert "→ sbi:/acme/to 997_1.edi: delivered as 78" in shown
        assert "picked up: overdue by 2026-09-21" in shown
        assert "message 73, document host1:node1:1:9), " in shown
    written(folder, lambda tx: tx.picked_up.set_state(1, "fetched"), AT + 90.0)
    assert call("status").code == 0
    assert "picked up: fetched at 2026-09-21" in words(call("why", "sbi:78"))
