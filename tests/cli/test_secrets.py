"""The vault's verbs: values come from standard input or the terminal, and never go anywhere else."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from d365edi.secrets import KeySource, Vault
from tests.certificates import self_signed
from tests.cli.conftest import Call

VALUE = "hunter2-of-the-test"


@pytest.fixture
def vault(folder: Path) -> Vault:
    """The vault of the settings, with a key and nothing in it."""
    source = KeySource(folder / "vault.key")
    source.create()
    return Vault(folder / "vault", source)


def test_a_value_from_standard_input_is_kept_without_its_last_newline(call: Call, folder: Path, vault: Vault) -> None:
    said = call("secrets", "set", "d365", stdin="line 1\nline 2\n")
    assert (said.code, said.out, said.err) == (0, f"d365 is stored in {folder}/vault, with its 2 lines\n", "")
    assert vault.get("d365") == "line 1\nline 2"


@pytest.mark.usefixtures("vault")
def test_a_name_that_no_key_of_the_settings_has_is_stored_and_pointed_out(call: Call) -> None:
    said = call("secrets", "set", "nosuchname", stdin="x")
    assert "no key of the settings refers to it yet; they refer to: d365\n" in said.out
    assert said.code == 0


def test_a_value_from_the_terminal_is_asked_for_without_echo(folder: Path, vault: Vault) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "d365edi", "secrets", "set", "d365"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as asking:
        os.close(theirs)
        shown = until(ours, b"d365: ")
        os.write(ours, f"{VALUE}\n".encode())
        shown += until(ours, b"is stored in")
        assert asking.wait() == 0
    os.close(ours)
    assert (vault.get("d365"), VALUE.encode() in shown) == (VALUE, False)


@pytest.mark.parametrize("ends", ["\n", "\r\n", ""])
def test_a_line_end_after_a_password_is_none_of_it(call: Call, folder: Path, vault: Vault, ends: str) -> None:
    (folder / "given").write_bytes(f"{VALUE}{ends}".encode())
    assert call("secrets", "set", "d365", "--file", str(folder / "given")).code == 0
    assert call("secrets", "set", "other", stdin=f"{VALUE}{ends}").code == 0
    assert (vault.get("d365"), vault.get("other")) == (VALUE, VALUE)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_key_from_a_file_keeps_its_lines(call: Call, folder: Path, vault: Vault, ends: str) -> None:
    pem = self_signed()[1]
    (folder / "key.pem").write_bytes(pem.replace("\n", ends).encode())
    said = call("secrets", "set", "tls-key", "--file", str(folder / "key.pem"))
    assert (said.code, vault.get("tls-key")) == (0, pem)
    assert pem.splitlines()[1] not in said.out + said.err


def test_a_key_is_pasted_at_the_prompt_as_a_whole_and_not_shown(folder: Path, vault: Vault) -> None:
    certificate, key = self_signed()
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "d365edi", "secrets", "set", "client"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as asking:
        os.close(theirs)
        shown = until(ours, b"client: ")
        os.write(ours, f"{key}\n{certificate}rm -rf what-follows\n".encode())
        shown += until(ours, b"lines")
        assert asking.wait() == 0
    os.close(ours)
    assert vault.get("client") == key + certificate
    assert key.splitlines()[1].encode() not in shown


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x30\x82\x00\xff\xfe", "is no text; turn it into PEM: openssl pkcs12 -in FILE -out PEM"),
        (VALUE.encode("utf-16"), "is no text"),
        (b"x" * 65537, "holds more than 64 kB"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(
    call: Call, folder: Path, vault: Vault, data: bytes | None, words: str
) -> None:
    if data is not None:
        (folder / "given").write_bytes(data)
    said = call("secrets", "set", "d365", "--file", str(folder / "given"))
    assert (said.code, vault.names()) == (2, [])
    assert words in said.err


def until(terminal: int, words: bytes) -> bytes:
    """What a terminal shows up to these words; all that it shows where they do not come."""
    shown = b""
    while words not in shown:
        try:
            shown += os.read(terminal, 1024)
        except OSError:  # it was closed on the other side
            break
    return shown


def test_a_value_is_no_argument(call: Call, vault: Vault) -> None:
    said = call("secrets", "set", "d365", VALUE)
    assert (said.code, vault.names()) == (2, [])


def test_the_first_secret_makes_the_key_when_asked_to(call: Call, folder: Path) -> None:
    refused = call("secrets", "set", "d365", stdin=VALUE)
    assert (refused.code, "--new-key" in refused.err, VALUE in refused.out + refused.err) == (2, True, False)
    said = call("secrets", "set", "d365", "--new-key", stdin=VALUE)
    assert (said.code, stat.S_IMODE((folder / "vault.key").stat().st_mode)) == (0, 0o400)
    assert Vault(folder / "vault", KeySource(folder / "vault.key")).get("d365") == VALUE


def test_list_shows_what_is_missing_and_what_is_unused(call: Call, folder: Path, vault: Vault) -> None:
    missing = call("secrets", "list", "--json")
    where = f"{folder}/settings.toml:12"
    row = {"name": "d365", "state": "missing", "key": "d365.client_secret", "where": where}
    assert (missing.code, json.loads(missing.out)) == (1, [row])
    vault.set("d365", VALUE)
    vault.set("old", VALUE)
    there = call("secrets", "list", "--json")
    rows = [{**row, "state": "stored"}, {"name": "old", "state": "unused", "key": "", "where": ""}]
    assert (there.code, json.loads(there.out)) == (0, rows)


def test_list_shows_no_value(call: Call, vault: Vault) -> None:
    vault.set("d365", VALUE)
    said = call("secrets", "list")
    assert (said.code, "d365.client_secret" in said.out, VALUE in said.out + said.err) == (0, True, False)


def test_rotate_seals_everything_with_a_new_key(call: Call, folder: Path, vault: Vault) -> None:
    vault.set("d365", VALUE)
    before = (folder / "vault.key").read_text()
    said = call("secrets", "rotate")
    assert (said.code, said.out) == (0, f"1 secrets in {folder}/vault are encrypted with a new key\n")
    assert ((folder / "vault.key").read_text() != before, vault.get("d365")) == (True, VALUE)


def test_remove_takes_out_what_is_there_and_says_when_it_is_not(call: Call, vault: Vault) -> None:
    vault.set("old", VALUE)
    first, second = call("secrets", "remove", "old"), call("secrets", "remove", "old")
    assert (first.code, second.code, vault.names()) == (0, 2, [])
    assert 'there is no secret "old"' in second.err


def test_without_a_vault_the_remedy_is_said(call: Call, folder: Path) -> None:
    file = folder / "settings.toml"
    file.write_text(file.read_text().replace('vault = "vault"\n', "").replace('key_file = "vault.key"\n', ""))
    said = call("secrets", "set", "d365", stdin=VALUE)
    assert (said.code, said.err) == (
        2,
        'd365edi: [secrets] there is no vault; configure one: [secrets] vault = "/var/lib/d365edi/vault"\n',
    )
