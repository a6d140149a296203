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


def test_a_folder_that_is_missing_is_made_where_its_name_ends_with_a_slash_else_a_file_is_said_to_be_one(
    folder: Path, call: Call
) -> None:
    written(folder, lambda tx: tx.audit.append("received", partner="acme"), AT)
    said = call("backup", f"{folder}/new/", "--keep", "2")
    assert (said.code, [path.suffix for path in sorted((folder / "new").iterdir())]) == (0, [".db", ".numbers"])
    assert (folder / "new").stat().st_mode & 0o777 == 0o700
    said = call("backup", f"{folder}/other")
    assert (said.code, (folder / "other").is_file()) == (0, True)
    assert f"{folder}/other is a file, as there was no folder of that name; {folder}/other/ would have made" in said.out
    assert "is a file" not in call("backup", f"{folder}/copy.db").out
    said = call("backup", f"{folder}/other/")
    assert (said.code, f"the folder {folder}/other cannot be made" in said.err) == (2, True)
    said = call("backup", f"{folder}/none", "--keep", "2")
    assert (said.code, f"{folder}/none/ makes it" in " ".join(said.err.split()), (folder / "none").exists()) == (
        2,
        True,
        False,
    )


def test_a_folder_that_has_the_name_of_a_copy_is_said_before_anything_is_copied_or_deleted(
    folder: Path, call: Call
) -> None:
    written(folder, lambda tx: tx.audit.append("received", partner="acme"), AT)
    odd = folder / "copies" / "journal-20200101T000000Z.db"
    odd.mkdir(parents=True)
    said = call("backup", str(folder / "copies"), "--keep", "1")
    assert (said.code, list((folder / "copies").iterdir())) == (2, [odd])
    assert f"{odd} is a folder and has the name of a copy; move it away from {folder}/copies" in said.err
    assert "defect" not in said.err


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
