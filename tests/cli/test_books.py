"""The verbs that read the journal: status, why and audit, over a journal that holds a little of everything."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import anyio
import pytest

from d365edi.cli import client
from d365edi.errors import JournalError
from d365edi.journal import Journal, Listed, NumberedDocument, Passed, Tx
from tests.cli.conftest import Call, words, written

AT = 1_750_000_000.0
HELD = 'item "ACME-999" (line 3, PO1*3, BP) is no item of usmf; add it, then: d365edi release 4500124'


def fill(tx: Tx) -> None:
    """A file with two orders (one delivered, one held), a file that is quarantined, and an invoice that nobody answered."""
    message = tx.messages.add(
        direction="in", partner="acme", flow="acme.pickup.edi", endpoint="acme", path="/outbound", name="PO-77.edi",
        size=812, modified=AT, payload=b"ISA...",
    )  # fmt: skip
    tx.audit.append("received", message=message.id, partner="acme", name="PO-77.edi")
    tx.interchanges.add(
        message=message.id, partner="acme", standard="X12", sender="08:6111250008", receiver="01:123456789",
        control="000000042", usage="P", digest="ab" * 32,
    )  # fmt: skip
    for number in ("4500123", "4500124"):
        document = tx.documents.add(
            message=message.id, partner="acme", flow="acme.receive.850", kind="PurchaseOrder", number=number,
            company="usmf", body="{}", map_digest="cd" * 32, interchange="000000042", group="7", set="0001",
        )  # fmt: skip
        if number == "4500124":
            tx.documents.set_state(document.id, "held", HELD)
            tx.audit.append("held", document=document.id, partner="acme", reason=HELD)
        else:
            deliver(tx, "SalesOrder", "SO-000123", document=document.id)
            tx.documents.set_state(document.id, "delivering")
            tx.documents.set_state(document.id, "delivered")
    deliver(tx, "997", "997_000000042.edi", message=message.id)
    tx.messages.settled(message.id, "/outbound/processed/PO-77.edi")
    tx.messages.set_state(message.id, "done")
    bad = tx.messages.add(
        direction="in", partner="acme", flow="acme.pickup.edi", endpoint="acme", path="/outbound", name="x.edi",
        size=3, modified=AT, payload=b"???",
    )  # fmt: skip
    tx.messages.set_state(bad.id, "quarantined", "it is no X12 interchange")
    invoice = deliver(tx, "810", "810_1.edi", message=bad.id, ack="awaited")
    tx.deliveries.set_ack(invoice, "overdue")
    waiting = tx.deliveries.add(
        partner="acme", flow="acme.send.810", endpoint="acme", path="/inbound", name="810_2.edi", kind="810",
        payload=b"810", order_key="",
    )  # fmt: skip
    tx.deliveries.waiting(waiting.id, AT + 60, "acme is out of reach")
    tx.sightings.record(
        "acme", "/outbound/*", [Listed("growing.edi", 10, AT)], [Passed("a.tmp", "it has a temporary name")]
    )


def deliver(
    tx: Tx, kind: str, receipt: str, *, document: int | None = None, message: int | None = None, ack: str = "none"
) -> int:
    delivery = tx.deliveries.add(
        partner="acme", flow=f"acme.{kind}", endpoint="acme", path="/inbound", name=receipt, kind=kind,
        payload=kind.encode(), order_key="", documents=[NumberedDocument(document)] if document else [],
        message=message, interchange=42, functional_id="IN",
        group=42, ack=ack,  # type: ignore[arg-type]
    )  # fmt: skip
    tx.deliveries.attempting(delivery.id)
    tx.deliveries.delivered(delivery.id, receipt, ack_due=AT + 86400 if ack == "awaited" else None)
    tx.audit.append("delivered", delivery=delivery.id, partner="acme", actor="kim", name=receipt)
    return delivery.id


@pytest.fixture
def book(folder: Path) -> Path:
    """The journal of the settings, filled."""

    written(folder, fill, AT)
    return folder


def test_status_names_what_needs_a_person_and_says_so_in_its_exit_code(call: Call, book: Path) -> None:
    said = call("status")
    shown = words(said)
    assert said.code == 1
    assert "No daemon is running on this journal" in shown
    assert "How endpoints and flows stand only a running daemon knows" in shown
    assert HELD in shown
    assert "it is no X12 interchange" in shown
    assert "810_1.edi acme 997 overdue" in shown
    assert "acme is out of reach" in shown
    assert "done 1, quarantined 1" in shown


def test_status_reads_the_journal_without_partners_maps_or_flows(book: Path) -> None:
    """They are two thirds of what a command costs that needs all settings; no row here has a command in its sentence."""
    written(book, lambda tx: tx.documents.set_state(2, "held", "its item is not known"), AT)
    script = "import sys; from d365edi.cli import main; main(['status']); print(*sys.modules, sep='\\n')"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.splitlines())
    assert "d365edi.settings.daemon" in loaded
    assert {"d365edi.settings.tree", "d365edi.settings.partners", "d365edi.flows", "d365edi.maps"} & loaded == set()


def test_status_in_json_has_the_same_rows(call: Call, book: Path) -> None:
    said = call("status", "--json")
    status = json.loads(said.out)
    assert [(row["state"], row["name"]) for row in status["needs_a_person"]] == [
        ("held", "4500124"),
        ("quarantined", "x.edi"),
        ("997 overdue", "810_1.edi"),
    ]
    assert (status["daemon"], status["sending_held"], len(status["waits"]), said.code) == (None, "", 1, 1)
    assert status["unknown"] == ["endpoints", "flows"]
    [place] = status["places"]
    assert (place["place"], place["offered"], place["passed_over"]) == ("acme:/outbound/*", 1, 1)


def test_status_shows_times_in_the_zone_of_the_daemon(call: Call, book: Path) -> None:
    file = book / "settings.toml"
    file.write_text(re.sub(r'timezone *= *"[^"]*"', 'timezone = "Asia/Tokyo"', file.read_text()))
    status = json.loads(call("status", "--json").out)
    tokyo = datetime.fromtimestamp(AT, ZoneInfo("Asia/Tokyo")).isoformat(timespec="seconds")
    assert {status["places"][0]["looked_at"], status["needs_a_person"][0]["since"]} == {tokyo}
    assert tokyo.endswith("+09:00")
    shown = tokyo.replace("T", " ")
    assert f"received {shown}" in words(call("why", "x.edi"))
    assert shown in words(call("status"))
    [life] = json.loads(call("why", "x.edi", "--json").out)["histories"]
    [line] = [json.loads(each) for each in call("audit", "--json", "--action", "received").out.splitlines()]
    assert {life["message"]["received_at"], life["message"]["modified"], line["at"]} == {tokyo}


def test_status_of_an_empty_journal_is_fine(call: Call, folder: Path) -> None:
    async def make() -> None:
        await (await Journal.open(folder / "journal.db")).close()

    anyio.run(make)
    said = call("status")
    assert (said.code, "Needs a person nothing" in words(said)) == (0, True)


def test_why_says_nothing_of_the_source_of_a_record_that_stays_in_d365(call: Call, folder: Path) -> None:
    def collect(tx: Tx) -> None:
        message = tx.messages.add(
            direction="out", partner="acme", flow="acme.send.810", endpoint="d365", path="usmf", name="CIV-1",
            size=9, modified=AT, payload=b"{}",
        )  # fmt: skip
        tx.messages.settled(message.id, "")

    written(folder, collect, AT)
    shown = words(call("why", "CIV-1"))
    assert "CIV-1 from D365 (d365:usmf)" in shown
    assert "at the source" not in shown


@pytest.mark.parametrize("what", ["4500123", "PO-77.edi", "po-77.EDI", "SO-000123", "997_000000042.edi", "000000042"])
def test_why_finds_the_same_life_by_every_name_it_goes_by(call: Call, book: Path, what: str) -> None:
    said = call("why", what)
    shown = words(said)
    assert said.code == 0
    assert "PO-77.edi from acme (acme:/outbound), 812 bytes, sha256:" in shown
    assert "at the source: /outbound/processed/PO-77.edi" in shown
    assert "interchange 000000042 08:6111250008 → 01:123456789, usage P" in shown
    assert "PurchaseOrder 4500123 of usmf (control numbers 000000042 7 0001): delivered, map cdcdcdcdcdcd" in shown
    assert "→ acme:/inbound SO-000123: delivered as SO-000123 at" in shown
    assert (
        f"PurchaseOrder 4500124 of usmf (control numbers 000000042 7 0001): held, map cdcdcdcdcdcd why: {HELD}" in shown
    )
    assert "→ acme:/inbound 997_000000042.edi: delivered" in shown


def test_why_shows_the_trail_in_the_order_it_was_written(call: Call, book: Path) -> None:
    [life] = json.loads(call("why", "4500124", "--json").out)["histories"]
    assert [line["action"] for line in life["lines"]] == ["received", "delivered", "held", "delivered"]
    assert {"body", "answers"} & life["documents"][0].keys() == set()


def test_why_says_what_waits_and_until_when(call: Call, book: Path) -> None:
    shown = words(call("why", "810_1.edi"))
    assert "acknowledgment: overdue, due 2025-06-16 10:06:40" in shown


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("growing.edi", "growing.edi at acme:/outbound/*, seen 1 times unchanged, last"),
        ("a.tmp", "not picked up: it has a temporary name"),
    ],
)
def test_why_says_why_a_file_was_not_picked_up(call: Call, book: Path, what: str, said: str) -> None:
    answer = call("why", what)
    assert (answer.code, said in words(answer)) == (0, True)


def test_why_says_where_was_looked_when_nothing_is_known(call: Call, book: Path) -> None:
    said = call("why", "never-seen.edi")
    assert said.code == 1
    assert "Nothing is known by the name never-seen.edi." in said.out
    assert "acme:/outbound/* was polled" in said.out


def test_audit_shows_every_line_with_who_and_what(call: Call, book: Path) -> None:
    shown = words(call("audit"))
    assert re.search(r"1 \S+ \S+ received acme d365edi acme:PO-77.edi:\w{6} name PO-77.edi", shown)
    assert re.search(r"\d+ \S+ \S+ delivered acme kim name SO-000123", shown)


@pytest.mark.parametrize(
    ("filters", "actions"),
    [
        ([], ["received", "delivered", "held", "delivered", "delivered"]),
        (["--action", "held"], ["held"]),
        (["--actor", "kim"], ["delivered"] * 3),
        (["--partner", "other"], []),
        (["--limit", "2"], ["delivered"] * 2),
        (["--of", "4500124"], ["held"]),
        (["--of", "PO-77.edi"], ["received"]),
        (["--since", "2025-06-15T10:07"], []),
        (["--since", "2025-06-15T10:06:40"], ["received", "delivered", "held", "delivered", "delivered"]),
        (["--until", "2025-06-15T15:06:40+00:00"], []),
        (["--until", "2025-06-15T00:00"], []),
        (["--since", "2025-06-14", "--until", "2025-06-17", "--action", "received"], ["received"]),
    ],
)
def test_audit_is_narrowed_by_every_filter(call: Call, book: Path, filters: list[str], actions: list[str]) -> None:
    said = call("audit", *filters, "--json")
    assert [json.loads(line)["action"] for line in said.out.splitlines()] == actions


def test_audit_refuses_what_is_no_moment(call: Call, book: Path) -> None:
    said = call("audit", "--since", "yesterday")
    assert (said.code, said.err) == (
        2,
        "d365edi: 'yesterday' is not a date or time; write 2025-01-31 or 2025-01-31T12:00\n",
    )


def test_audit_verify_proves_the_chain_and_finds_a_change(call: Call, book: Path) -> None:
    good = call("audit", "verify", "--json")
    assert (good.code, json.loads(good.out)["holds"], json.loads(good.out)["lines"]) == (0, True, 5)
    with sqlite3.connect(book / "journal.db") as damaged:
        damaged.execute("DROP TRIGGER audit_keeps_lines")
        damaged.execute("UPDATE audit SET actor = 'nobody' WHERE id = 3")
    damaged.close()
    bad = call("audit", "verify")
    assert (bad.code, bad.out.startswith("The chain is broken at line 3: ")) == (1, True)


def test_reading_needs_no_lock(book: Path) -> None:
    """Every reading verb works beside a daemon that holds the journal."""

    async def both() -> int:
        async with await Journal.open(book / "journal.db", clock=lambda: AT):
            lines = await anyio.to_thread.run_sync(
                lambda: client.read(book / "settings.toml", lambda tx: tx.audit.tail())
            )
        return len(lines)

    assert anyio.run(both) == 5


def test_a_journal_that_is_not_there_is_said(call: Call, folder: Path) -> None:
    said = call("status")
    assert (said.code, said.err) == (2, f"d365edi: {folder}/journal.db: there is no journal; d365edi run makes it\n")
    with pytest.raises(JournalError):
        client.read(folder / "settings.toml", lambda tx: tx.now)


def test_a_name_of_several_partners_is_answered_by_a_list_with_ids(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "s3cret")

    def fill(tx: Tx) -> None:
        for partner in ("acme", "bolt"):
            message = tx.messages.add(
                direction="in", partner=partner, flow=f"{partner}.pickup.edi", endpoint=partner, path="/outbound",
                name="in.edi", size=3, modified=AT, payload=partner.encode(),
            )  # fmt: skip
            tx.messages.set_state(message.id, "quarantined", "it is no EDI")

    written(folder, fill, AT)
    asked = call("why", "in.edi")
    assert asked.code == 1
    assert "in.edi is a name that several partners use: message-1 acme in.edi quarantined" in words(asked)
    assert "sha256:" in words(call("why", "--id", "message-2"))
    assert "from bolt" in words(call("why", "in.edi", "--partner", "bolt"))
    refused = call("reject", "in.edi", "--why", "no EDI")
    assert refused.code == 1, refused.err
    assert "message-1  acme  in.edi  quarantined: it is no EDI" in refused.err
    assert call("reject", "--id", "message-2", "--why", "no EDI").code == 0
    assert call("reject", "in.edi", "--why", "no EDI").code == 0
    assert call("reject", "in.edi", "--id", "message-1", "--why", "no EDI").code == 2
