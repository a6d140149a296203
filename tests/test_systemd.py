"""The unit file: what systemd makes of it, how closed it is, and that it agrees with the daemon."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from d365edi.alerts.channels import DEADLINE
from d365edi.alerts.dead import ATTEMPTS, PAUSE
from d365edi.cli import VERBS, alert
from d365edi.cli.console import DEFAULT_SETTINGS
from d365edi.secrets import KEY_CREDENTIAL
from d365edi.settings import Daemon
from tests.conftest import ROOT

EXAMPLE = tomllib.loads((ROOT / "settings.example.toml").read_text())
UNIT = ROOT / "systemd" / "d365edi.service"
ALERT = "d365edi-alert.service"
INSTALLED = "/opt/d365edi/bin/d365edi"
EXPOSURE = 15
"""Tenths: systemd's own scale runs from 0 (closed) to 100 (a bare unit is 96)."""


def directives() -> dict[str, list[str]]:
    """Every directive of the unit with its values, whatever section it stands in."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            found[match[1]].append(match[2])
    return found


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as it would be on a machine where d365edi is installed in this interpreter's environment."""
    return installed(tmp_path, UNIT.name, ALERT)[0]


def installed(folder: Path, *names: str) -> list[Path]:
    """These units as they would be on a machine where d365edi is installed in this interpreter's environment."""
    for name in names:
        text = (UNIT.parent / name).read_text()
        (folder / name).write_text(text.replace(INSTALLED, str(Path(sys.executable).parent / "d365edi")))
    return [folder / name for name in names]


def test_systemd_has_nothing_to_say_about_the_unit(unit: Path) -> None:
    """`verify` exits 0 on a directive that it does not know and only mutters: silence is the test."""
    if shutil.which("systemd-analyze"):
        said = analyze("verify", "--man=no", str(unit))
        assert (said.returncode, said.stderr) == (0, "")
    else:
        assert {"Type", "ExecStart", "ExecReload", "WatchdogSec"} <= directives().keys()


def test_the_unit_is_closed(unit: Path) -> None:
    if shutil.which("systemd-analyze"):
        said = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(unit))
        assert said.returncode == 0, said.stdout[-200:]
    else:
        closed = {"NoNewPrivileges": ["yes"], "ProtectSystem": ["strict"], "CapabilityBoundingSet": [""]}
        assert {key: directives()[key] for key in closed} == closed


@pytest.mark.parametrize(
    ("directive", "values"),
    [
        ("Type", ["notify"]),  # notify-reload is not known to Debian 12
        ("NotifyAccess", ["main"]),
        ("ExecStart", [f"{INSTALLED} run --settings {DEFAULT_SETTINGS}"]),
        (
            "ExecReload",
            [f"{INSTALLED} check --running --settings {DEFAULT_SETTINGS}", "/bin/kill -HUP $MAINPID"],
        ),
        ("KillMode", ["mixed"]),
        ("Restart", ["on-failure"]),
        ("RestartPreventExitStatus", ["2"]),
        ("LoadCredential", [f"{KEY_CREDENTIAL}:/etc/d365edi/vault-key"]),
        ("UMask", ["0077"]),
        ("OnFailure", [ALERT]),
        ("RuntimeDirectory", ["d365edi"]),
        ("RuntimeDirectoryMode", ["0750"]),  # the group may enter, for daemon.read_socket
    ],
)
def test_the_unit_says_what_the_daemon_does(directive: str, values: list[str]) -> None:
    assert directives()[directive] == values


def test_the_unit_shows_the_daemon_the_users_of_the_machine() -> None:
    """In a user namespace of its own every peer of a socket would be nobody (user_namespaces(7))."""
    assert "PrivateUsers" not in directives()
    assert Path(EXAMPLE["daemon"]["read_socket"]).parent == Path("/run") / directives()["RuntimeDirectory"][0]


def test_systemd_waits_longer_than_the_daemon_for_what_runs() -> None:
    stop_within = Daemon.model_fields["stop_within"].default
    assert int(directives()["TimeoutStopSec"][0]) > stop_within.total_seconds()


def test_the_timer_starts_a_backup_with_a_command_that_exists(tmp_path: Path) -> None:
    names = ("d365edi-backup.service", "d365edi-backup.timer")
    texts = [(UNIT.parent / name).read_text() for name in names]
    if shutil.which("systemd-analyze"):
        said = analyze("verify", "--man=no", *map(str, installed(tmp_path, *names, ALERT)))
        assert (said.returncode, said.stderr) == (0, "")
    [line] = re.findall(rf"^ExecStart={INSTALLED} (.*)$", texts[0], re.MULTILINE)
    command, folder, *options = line.split()
    assert (command in VERBS, options) == (True, ["--keep", "48", "--settings", str(DEFAULT_SETTINGS)])
    assert Path(folder).name in re.findall(r"^StateDirectory=(.*)$", texts[0], re.MULTILINE)[0].split()
    assert f"OnFailure={ALERT}\n" in texts[0]


def test_the_unit_of_the_alert_is_closed_and_calls_a_command_that_exists_for_as_long_as_it_tries(
    tmp_path: Path,
) -> None:
    text = (UNIT.parent / ALERT).read_text()
    [line] = re.findall(rf"^ExecStart={INSTALLED} (.*)$", text, re.MULTILINE)
    assert line.split() == ["alert", "dead", "--settings", str(DEFAULT_SETTINGS)]
    assert {command.name for command in alert.app.registered_commands} >= {"dead"}
    assert float(re.findall(r"^TimeoutStartSec=(\d+)$", text, re.MULTILINE)[0]) > ATTEMPTS * (DEADLINE + PAUSE)
    given = "LoadCredential", "StateDirectory", "User", "UMask", "CapabilityBoundingSet", "ProtectSystem"
    for directive in given:
        assert f"\n{directive}={directives()[directive][0]}\n" in text
    if shutil.which("systemd-analyze"):
        [path] = installed(tmp_path, ALERT)
        assert analyze("verify", "--man=no", str(path)).stderr == ""
        said = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(path))
        assert said.returncode == 0, said.stdout[-200:]
