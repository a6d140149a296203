"""`d365edi backup`, as a person and the timer call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from d365edi.journal import Tx
from tests.cli.conftest import Call, written

AT = 1_750_000_000.0


def test_copies_into_a_folder_say_what_is_in_them_and_older_ones_go(folder: Path, call: Call) -> None:
    written(folder, lambda tx: tx.audit.append("received", partner="acme"), AT)
    (folder / "copies").mkdir()
    said = call("backup", str(folder / "copies"), "--json")
    copy = json.loads(said.out)
    assert (said.code, copy["rows"]["audit"], copy["newest"]) == (0, 1, "2025-06-15T10:06:40-05:00")
    assert Path(copy["path"]).stat().st_size == copy["size"]
    older = folder / "copies" / "journal-20200101T000000Z.db"
    older.write_bytes(b"")
    Path(copy["path"]).rename(folder / "copies" / "journal-20200102T000000Z.db")
    said = call("backup", str(folder / "copies"), "--keep", "2")
    assert (said.code, older.exists()) == (0, False)
    assert f"deleted {older}" in said.out
    assert "0 messages, 0 documents, 0 deliveries, as of 2025-06-15 10:06:40-05:00; verified" in said.out


def test_a_copy_that_is_not_made_is_a_failure_with_a_sentence(folder: Path, call: Call) -> None:
    said = call("backup", str(folder / "copy.db"))
    assert (said.code, "there is no file" in said.err) == (2, True)
    written(folder, lambda tx: tx.audit.append("received", partner="acme"), AT)
    assert call("backup", str(folder / "copy.db")).code == 0
    said = call("backup", str(folder / "copy.db"))
    assert (said.code, "is there already; name a new file, or a folder" in said.err) == (2, True)


def test_a_restored_journal_says_what_became_of_it_and_is_not_put_over_a_newer_one(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(tx: Tx) -> None:
        tx.counters.take("acme", "ISA")
        tx.audit.append("received", partner="acme")
        tx.deliveries.add(
            partner="acme", flow="acme.send.810", endpoint="acme", path="/inbound", name="810_1.edi", kind="810",
            payload=b"810", order_key="",
        )  # fmt: skip

    written(folder, fill, AT)
    assert call("backup", str(folder / "copy.db")).code == 0
    written(folder, fill, AT + 60)
    said = call("restore", str(folder / "copy.db"))
    assert (said.code, "is newer than" in said.err, "--force" in said.err) == (2, True, True)
    said = call("restore", str(folder / "copy.db"), "--force")
    assert said.code == 0
    assert "is the copy" in said.out
    assert "as of 2025-06-15 10:06:40-05:00\nwhat stood there is" in said.out
    assert "control numbers jumped ahead: acme ISA from 1 to 2" in said.out
    assert "nothing is sent to partners: 1 deliveries were open then" in said.out
    status = call("status", "--json")
    assert (status.code, "restored from" in json.loads(status.out)["sending_held"]) == (1, True)
    screen = call("status").out
    assert (0 < screen.index("d365edi reconcile") < screen.index("then d365edi release sending")) is True
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    said = call("reconcile", "--go")
    assert said.out.splitlines() == [
        "delivery-1  acme  810_1.edi: not compared: the settings have no endpoint acme",
        "what a partner has all the same is not sent again after: d365edi reconcile --delivered delivery-1",
        "d365edi release sending sends the 1 that are left",
    ]
    said = call("reconcile", "--delivered", "delivery-1")
    assert said.out.splitlines() == [
        "delivery-1  acme  810_1.edi: recorded as delivered",
        "d365edi release sending",
    ]
    assert call("release", "sending").code == 0
    said = call("reconcile")
    assert (said.code, "sending is not held; there is nothing to reconcile" in said.err) == (2, True)
