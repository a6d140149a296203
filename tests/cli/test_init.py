"""`init` writes a settings file that passes `check`, with or without a person at the terminal, and never over another."""

from __future__ import annotations

import os
import pty
import subprocess
import time
from pathlib import Path

import asyncssh
import pytest

from d365edi.settings import load, starter
from tests.cli.conftest import Call
from tests.rehearsal import d365edi, environment


def test_it_writes_the_starter_file_where_nobody_is_asked(tmp_path: Path, call: Call) -> None:
    file = tmp_path / "settings.toml"
    said = call("init", "--settings", str(file))
    assert (said.code, said.err, file.read_text()) == (0, "", starter.text())
    assert file.stat().st_mode & 0o777 == 0o640
    assert f"d365edi secrets set d365 --new-key --settings {file}" in said.out
    assert "as in the example: our user name there: contoso" in said.out


def test_the_commands_that_it_names_lead_to_a_check_that_passes(tmp_path: Path, call: Call) -> None:
    option = ("--settings", str(tmp_path / "settings.toml"))
    said = call("init", "--partner", "globex", "--login", "password", "--yes", *option)
    lines = [line.strip() for line in said.out.partition("Next:")[2].splitlines() if line]
    commands = [line.split() for line in lines if not line.startswith("#")]
    assert not any("#" in word for command in commands for word in command), "a comment that is wrapped is no command"
    assert [command[1] for command in commands] == ["secrets", "secrets", "check", "ping"]
    for command in commands[:-1]:
        said = call(*command[1:], stdin="secret\n")
        assert said.code == 0, said.err


def test_the_shipped_file_passes_check(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.toml").write_text(starter.text())
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    monkeypatch.setenv("D365EDI_SECRET_D365", "x")
    monkeypatch.setenv("D365EDI_SECRET_ACME_SSH_KEY", key)
    assert call("check", "--settings", str(tmp_path / "settings.toml")).code == 0


def test_it_never_writes_over_a_file(tmp_path: Path, call: Call) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("mine")
    said = call("init", "--yes", "--settings", str(file))
    assert (said.code, f"{file} exists" in said.err, file.read_text()) == (2, True, "mine")


def test_a_client_id_is_one_of_entra(tmp_path: Path, call: Call) -> None:
    said = call("init", "--yes", "--client-id", "not-a-guid", "--settings", str(tmp_path / "settings.toml"))
    assert (said.code, '"not-a-guid" cannot be the client-id' in said.err) == (2, True)
    given = "6f0c1dd7-52D4-4a9e-9b1e-0123456789ab"
    assert call("init", "--yes", "--client-id", given, "--settings", str(tmp_path / "settings.toml")).code == 0
    assert f'client_id     = "{given}"' in (tmp_path / "settings.toml").read_text()


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--us", "12", '[partners.acme.x12.us] "12" is not qualifier:id; write qualifier and id'),
        ("--partner", "Acme & Co", '"Acme & Co" cannot be the partner; use small letters, digits and dashes'),
        ("--partner", "d365", '"d365" cannot be the partner; use small letters, digits and dashes, as acme (d365'),
        ("--company", "us mf", '"us mf" cannot be the company'),
        ("--sftp-port", "ssh", '[endpoints.acme.port] "ssh" must be a whole number'),
        ("--host", "https://x", '[d365.host] "https://x" is not a host'),
        ("--timezone", "America/Chigaco", 'did you mean "America/Chicago"?'),
    ],
)
def test_a_wrong_value_is_said_and_nothing_is_written(
    option: str, value: str, sentence: str, tmp_path: Path, call: Call
) -> None:
    said = call("init", option, value, "--settings", str(tmp_path / "settings.toml"))
    assert (said.code, sentence in said.err, list(tmp_path.iterdir())) == (2, True, []), said.err


def test_a_folder_that_is_missing_is_said_with_its_command(tmp_path: Path, call: Call) -> None:
    said = call("init", "--settings", str(tmp_path / "none" / "settings.toml"))
    assert (said.code, f"mkdir -p {tmp_path}/none" in said.err) == (2, True)


def test_a_missing_file_is_answered_by_this_command(tmp_path: Path, call: Call) -> None:
    file = tmp_path / "settings.toml"
    said = call("check", "--settings", str(file))
    assert (said.code, f"make it: d365edi init --settings {file}" in said.err) == (2, True)


def test_a_person_is_asked_and_a_wrong_answer_is_asked_for_again(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = d365edi("init", "--settings", "settings.toml", "--company", "demf")
    process = subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, env=environment())
    os.close(theirs)
    for answer in ("", "", "", "globex", "", "12", "14:4012345000009", "", "sftp.globex.example", "", "", ""):
        os.write(ours, f"{answer}\n".encode())
    shown = _shown(ours)
    assert process.wait(20) == 0, shown
    assert '"12" is not qualifier:id' in shown
    assert "d365edi secrets set globex-ssh-key --settings settings.toml" in shown
    settings = load(tmp_path / "settings.toml", {})
    partner = settings.partners["globex"]
    assert partner.x12 is not None
    assert (partner.x12.us.id, dict(partner.customer)) == ("4012345000009", {"demf": "US-003"})


def _shown(terminal: int) -> str:
    """All that a process writes to its terminal until it ends."""
    shown, end = b"", time.monotonic() + 30
    while time.monotonic() < end:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # Linux: nobody has it open any more
            break
        shown += more
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n")
