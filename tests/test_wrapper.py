"""`systemd/d365edi` for administrators: which commands run as the service does, and with what of its unit.

systemd itself is stood in for by programs of its name that write down how they were called; the shell is real.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import ROOT

WRITES_DOWN = """#!{python}
import json, sys, pathlib
print(json.dumps([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]))
"""
DROP_IN = """
# /etc/systemd/system/d365edi.service.d/secrets.conf
[Service]
LoadCredential=
LoadCredential=d365edi-vault-key:/run/keys/vault
LoadCredentialEncrypted=acme-ssh-key:/etc/d365edi/acme.cred
Environment=D365EDI_LOG__LEVEL=DEBUG
"""

AS_THE_SERVICE = {
    "User", "Group", "SupplementaryGroups", "UMask", "StateDirectory", "StateDirectoryMode", "Environment", "EnvironmentFile",
    "LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted",
}  # fmt: skip
"""What of the unit decides as whom, with which secrets and which file modes a command runs."""


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A folder with the wrapper, and with programs in place of systemd's, of `id` and of d365edi."""
    unit = (ROOT / "systemd" / "d365edi.service").read_text() + DROP_IN
    (tmp_path / "unit").write_text(unit)
    _program(tmp_path / "systemd-run", WRITES_DOWN.format(python=sys.executable))
    _program(tmp_path / "program", WRITES_DOWN.format(python=sys.executable))
    _program(tmp_path / "systemctl", f'#!/bin/sh\n[ "$1 $2" = "cat d365edi.service" ] && cat {tmp_path}/unit\n')
    wrapper = (ROOT / "systemd" / "d365edi").read_text()
    assert "program=/opt/d365edi/bin/d365edi\n" in wrapper
    _program(tmp_path / "d365edi", wrapper.replace("/opt/d365edi/bin/d365edi", str(tmp_path / "program"), 1))
    return tmp_path


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def run(places: Path, *words: str, uid: int = 0, **environ: str) -> list[str]:
    """How the program or systemd was called at last."""
    _program(places / "id", f'#!/bin/sh\n[ "$1" = -u ] && echo {uid} || echo somebody\n')
    env = {"PATH": f"{places}:{os.environ['PATH']}"} | environ
    said = subprocess.run(["sh", str(places / "d365edi"), *words], env=env, capture_output=True, text=True, check=True)
    assert said.stderr == ""
    called: list[str] = json.loads(said.stdout)
    return called


@pytest.mark.parametrize(
    "words",
    [
        ("secrets", "set", "d365"),
        ("check",),
        ("check", "--settings", "/etc/d365edi/settings.toml", "--json"),
        ("--debug", "ping", "acme"),
        ("restore", "/var/lib/d365edi-backup/a copy.db"),
        ("status",),
        ("explain", "PO-77.edi"),  # no file: the name of one in the journal
        ("reject", "4500123", "--why", "a 'quoted' reason"),
    ],
)
def test_root_runs_a_command_as_the_service_runs(places: Path, words: Sequence[str]) -> None:
    called = run(places, *words, SUDO_USER="jane")
    at = called.index(str(places / "program"))
    assert called[0] == "systemd-run"
    assert called[at + 1 :] == list(words)
    options = called[1:at]
    assert {"--pty", "--pipe", "--wait", "--collect", "--quiet"} <= set(options)
    assert "--setenv=SUDO_USER=jane" in options
    properties = [option.removeprefix("--property=") for option in options if option.startswith("--property=")]
    unit = (places / "unit").read_text().splitlines()
    assert properties == [line for line in unit if line.partition("=")[0] in AS_THE_SERVICE]
    assert {"User=d365edi", "UMask=0077", "LoadCredentialEncrypted=acme-ssh-key:/etc/d365edi/acme.cred"} <= {
        *properties
    }


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--help",),
        ("status", "--help"),
        ("init", "--yes"),
        ("demo",),
        ("sandbox", "post", "4500123"),
        ("explain", __file__),
        ("check", "PO.edi"),
        ("check", "--settings", "/etc/d365edi/settings.toml", "PO.edi"),
    ],
)
def test_what_touches_nothing_of_the_service_runs_as_it_is(places: Path, words: Sequence[str]) -> None:
    assert run(places, *words) == ["program", *words]


def test_anybody_else_runs_it_as_they_are(places: Path) -> None:
    assert run(places, "status", uid=1000) == ["program", "status"]


def test_a_shell_that_completes_does_not_wait_for_a_unit(places: Path) -> None:
    assert run(places, _D365EDI_COMPLETE="complete_bash") == ["program"]


def test_what_concerns_the_screen_goes_with_it(places: Path) -> None:
    called = run(places, "status", NO_COLOR="1", D365EDI_SETTINGS="/srv/settings.toml", HOME="/root")
    told = [option for option in called if option.startswith("--setenv=")]
    assert sorted(told) == [
        "--setenv=D365EDI_SETTINGS=/srv/settings.toml",
        "--setenv=NO_COLOR=1",
        "--setenv=SUDO_USER=somebody",
    ]


def test_without_the_unit_it_says_so_and_runs_nothing(places: Path) -> None:
    _program(places / "systemctl", "#!/bin/sh\necho 'No files found for d365edi.service.' >&2\nexit 1\n")
    _program(places / "id", "#!/bin/sh\necho 0\n")
    env = {"PATH": f"{places}:{os.environ['PATH']}"}
    said = subprocess.run(
        ["sh", str(places / "d365edi"), "status"], env=env, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout, "No files found" in said.stderr) == (2, "", True)


@pytest.mark.parametrize(("code", "said"), [(0, ""), (1, ""), (203, "status 203, see systemd.exec(5)")])
def test_the_exit_code_is_the_command_s_and_one_of_systemd_is_explained(places: Path, code: int, said: str) -> None:
    _program(places / "systemd-run", f"#!/bin/sh\nexit {code}\n")
    _program(places / "id", "#!/bin/sh\necho 0\n")
    env = {"PATH": f"{places}:{os.environ['PATH']}"}
    ended = subprocess.run(
        ["sh", str(places / "d365edi"), "status"], env=env, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, said in ended.stderr, bool(ended.stderr)) == (code, True, bool(said))


def test_it_can_be_run_as_it_is_shipped() -> None:
    assert (ROOT / "systemd" / "d365edi").stat().st_mode & stat.S_IXUSR
    subprocess.run(["sh", "-n", str(ROOT / "systemd" / "d365edi")], check=True)
