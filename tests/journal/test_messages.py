"""Messages: claimed once, walked along their ladder, found again."""

from __future__ import annotations

import itertools
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from d365edi.errors import JournalError
from d365edi.journal import Message, Tx, payloads
from tests.journal.rows import document, message

MOVES = {
    "received": "received translated done duplicate quarantined",
    "translated": "done quarantined",
    "done": "",
    "duplicate": "duplicate received",
    "quarantined": "quarantined received translated done duplicate",
}


def test_a_message_is_kept_as_it_came(tx: Tx) -> None:
    kept = message(tx, modified=12.5)
    digest = "2bf5281c3d96f56761c3941158a4353c00c647e1535c6300716a55b6bd3b89e5"
    assert kept == Message(
        id=1,
        direction="in",
        partner="acme",
        flow="acme.pickup.edi",
        endpoint="acme",
        path="/outbound",
        name="PO-77.edi",
        remote="",
        size=4,
        modified=12.5,
        digest=digest,
        state="received",
        reason="",
        parent=None,
        received_at=1000.0,
        state_at=1000.0,
        settled_at=None,
        settled_name="",
    )
    assert tx.messages.get(1) == kept
    assert tx.payloads.get(kept.digest) == b"ISA*"
    assert kept.run == "acme:PO-77.edi:2bf528"


def test_the_same_file_of_a_partner_is_one_row(tx: Tx) -> None:
    first = message(tx)
    with pytest.raises(JournalError, match=r"PO-77.edi of acme with these bytes is held already as message 1"):
        message(tx)
    assert tx.messages.same("acme", "PO-77.edi", first.digest) == first
    others = [message(tx, payload=b"other"), message(tx, name="PO-78.edi"), message(tx, partner="bolt")]
    assert [other.id for other in others] == [2, 3, 4]


def test_what_has_one_name_and_several_keys_is_several_rows(tx: Tx) -> None:
    first, second, file = message(tx, remote="1"), message(tx, remote="2"), message(tx)
    assert (first.name, first.digest, first.key) == (second.name, second.digest, "1")
    assert (file.remote, file.key) == ("", "PO-77.edi")
    assert tx.messages.keyed("acme", {"1": "", "2": "", "3": ""}) == {"1": first.id, "2": second.id}
    assert tx.messages.same("acme", "PO-77.edi", first.digest) == file
    assert tx.messages.named("acme", "PO-77.edi") == [file]


def test_one_key_at_an_endpoint_is_one_message_whatever_else_it_has(tx: Tx) -> None:
    message(tx, remote="1")
    other = {"partner": "bolt", "flow": "bolt.pickup.edi", "path": "/b", "name": "x", "payload": b"other"}
    with pytest.raises(sqlite3.IntegrityError):
        message(tx, remote="1", **other)
    elsewhere = message(tx, remote="1", endpoint="sbi", **other)
    assert tx.messages.keyed("sbi", {"1": ""}) == {"1": elsewhere.id}


def test_an_id_with_another_document_is_another_message(tx: Tx) -> None:
    first, second = (message(tx, remote="1", fetched_by=f"1:host1:node1:{digit}", name="x") for digit in "ab")
    with pytest.raises(sqlite3.IntegrityError):
        message(tx, remote="1", fetched_by="1:host1:node1:b", name="y")
    assert tx.messages.keyed("acme", {"1": "1:host1:node1:a"}) == {"1": first.id}
    assert tx.messages.keyed("acme", {"1": "1:host1:node1:b"}) == {"1": second.id}
    assert tx.messages.keyed("acme", {"1": "1:host1:node1:c"}) == {}
    assert tx.messages.with_remote("acme", "1") == [second, first]


def test_a_message_of_a_mailbox_is_found_by_its_id_and_by_that_of_its_document(tx: Tx) -> None:
    kept = message(tx, endpoint="sbi", remote="78", fetched_by="78:host1:node1:170d8cdabf4:17")
    message(tx, name="PO-78.edi", payload=b"other")
    for text in ("sbi:78", "78", "host1:node1:170d8cdabf4:17", kept.run):
        assert tx.messages.search(text) == [kept]
    assert tx.messages.search("acme:78") == []


def test_a_record_is_one_row_of_its_flow_and_company_whatever_its_name_and_bytes(tx: Tx) -> None:
    record: dict[str, Any] = {
        "direction": "out",
        "flow": "acme.send.810",
        "endpoint": "d365",
        "name": "CIV-1",
        "settled": True,
    }
    first = message(tx, **record, path="usmf", remote='{"a":1}')
    for path, flow, key in (
        ("demf", "acme.send.810", '{"a":1}'),
        ("usmf", "acme.send.856", '{"a":1}'),
        ("usmf", "acme.send.810", "2"),
    ):
        message(tx, **{**record, "path": path, "flow": flow, "remote": key})
    assert tx.records.known("acme.send.810", "USMF", '{"a":1}') == first
    with pytest.raises(sqlite3.IntegrityError):
        message(tx, **record, path="usmf", remote='{"a":1}', payload=b"changed")


def test_a_replay_is_a_child_of_the_message_it_repeats(tx: Tx) -> None:
    first = message(tx)
    replays = [message(tx, parent=first.id, settled=True) for _ in range(2)]
    assert tx.messages.children(first.id) == replays
    assert tx.messages.same("acme", "PO-77.edi", first.digest) == first
    assert [replay.settled for replay in replays] == [True, True]
    assert replays[0].settled_at == 1000.0
    with pytest.raises(Exception, match="FOREIGN KEY"):
        message(tx, parent=99)


def test_the_four_questions_about_duplicates_have_their_rows(tx: Tx) -> None:
    first, changed, renamed = message(tx), message(tx, payload=b"new"), message(tx, name="copy.edi")
    message(tx, partner="bolt")
    assert tx.messages.same("acme", "PO-77.edi", first.digest) == first
    assert tx.messages.same("acme", "po-77.edi", first.digest) is None
    assert tx.messages.named("acme", "PO-77.edi") == [first, changed]
    assert tx.messages.with_digest("acme", first.digest) == [first, renamed]


@pytest.mark.parametrize(("before", "after"), list(itertools.product(MOVES, [*MOVES, "lost"])))
def test_only_the_steps_of_the_ladder_can_be_gone(tx: Tx, before: str, after: str) -> None:
    id = message(tx, state=before, reason="why it came so").id
    tx.unit.now = 2000.0
    if after in MOVES[before].split():
        tx.messages.set_state(id, after, "because")  # type: ignore[arg-type]
        moved = tx.messages.get(id)
        assert (moved.state, moved.reason, moved.state_at) == (after, "because", 2000.0)
    else:
        with pytest.raises(JournalError, match=rf"message 1 .*cannot become '?{after}"):
            tx.messages.set_state(id, after)  # type: ignore[arg-type]
        assert tx.messages.get(id).state == before


def test_settling_is_beside_the_ladder(tx: Tx) -> None:
    first, second = message(tx), message(tx, name="b", state="quarantined")
    message(tx, name="c", path="/elsewhere")
    assert tx.messages.unsettled("acme", "/outbound") == [first, second]
    tx.messages.settled(second.id, "/outbound/processed/b")
    assert tx.messages.unsettled("acme", "/outbound") == [first]
    settled = tx.messages.get(second.id)
    assert (settled.settled, settled.settled_name, settled.state) == (True, "/outbound/processed/b", "quarantined")


def test_waiting_messages_are_listed_oldest_first_for_all_or_one_partner(tx: Tx) -> None:
    ids = [message(tx, name=f"{i}", partner="acme" if i % 2 else "bolt").id for i in range(6)]
    tx.messages.set_state(ids[1], "done")
    assert [m.id for m in tx.messages.in_state("received")] == [1, 3, 4, 5, 6]
    assert [m.id for m in tx.messages.in_state("received", "acme")] == [4, 6]
    assert [m.id for m in tx.messages.in_state("received", limit=2)] == [1, 3]


def test_a_message_is_found_by_name_run_and_digest(tx: Tx) -> None:
    first = message(tx)
    second = message(tx, payload=b"new")
    for text in ("PO-77.edi", "po-77.EDI"):
        assert tx.messages.search(text) == [second, first]
    for text in (first.digest, first.digest[:6], f"sha256:{first.digest[:6]}…", first.digest[:9].upper(), first.run):
        assert tx.messages.search(text) == [first]
    for text in ("PO-77", first.digest[:5], "acme:PO-77.edi:000000", "", "sha256:"):
        assert tx.messages.search(text) == []


@pytest.mark.parametrize("what", ["get", "settled", "set_state"])
def test_a_message_that_is_not_there_is_said_so(tx: Tx, what: str) -> None:
    arguments = {"get": (7,), "settled": (7, ""), "set_state": (7, "done")}[what]
    with pytest.raises(JournalError, match="there is no message 7"):
        getattr(tx.messages, what)(*arguments)


def test_bytes_are_kept_once_and_pruned_only_when_nothing_open_needs_them(tx: Tx) -> None:
    names = ("open", "unsettled", "held", "done")
    rows = {name: message(tx, name=name, payload=name.encode(), settled=name != "unsettled") for name in names}
    for name in names[1:]:
        tx.messages.set_state(rows[name].id, "done")
    document(tx, rows["held"], state="held")
    assert tx.payloads.prune(before=1000.0) == 0
    assert tx.payloads.prune(before=1001.0) == 1
    for name in names[:3]:
        assert tx.payloads.get(rows[name].digest) == name.encode()
    with pytest.raises(JournalError, match=r"were pruned; their retention is over"):
        tx.payloads.get(rows["done"].digest)
    assert tx.messages.get(rows["done"].id).digest == rows["done"].digest
    assert tx.payloads.put(b"done") == rows["done"].digest
    assert tx.payloads.get(rows["done"].digest) == b"done"
    with pytest.raises(JournalError, match="no bytes with the digest abc"):
        tx.payloads.get("abc")


@pytest.mark.parametrize("size", [0, 1, payloads.PIECE, 2 * payloads.PIECE + 7])
def test_a_file_is_stored_as_its_bytes_are_and_its_pieces_go_with_them(tx: Tx, size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    for _ in range(2):  # the second time its bytes were pruned
        with path.open("r+b") as file:
            digest = tx.payloads.put_file(file)
            assert tx.payloads.put_file(file) == digest == sha256(content).hexdigest()
        assert tx.payloads.get(digest) == content
        assert tx.payloads.prune(2000.0) == 1
        assert tx.unit.connection.execute("SELECT count(*) FROM payload_pieces").fetchone() == (0,)


def test_pruning_goes_in_pieces(tx: Tx) -> None:
    for i in range(7):
        tx.payloads.put(b"%d" % i)
    assert [tx.payloads.prune(2000.0, limit=3) for _ in range(4)] == [3, 3, 1, 0]
