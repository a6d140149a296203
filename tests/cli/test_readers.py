"""People who may look and people who may decide, without root and without the journal: real users, a real daemon, real sockets.

As root the daemon is a user of its own, and each person another one, in the groups that the test says. Without root all of them
are the user who runs the tests; what is asked then goes by the readers' socket all the same, and the kernel still says who asks.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from d365edi.cli import client, main
from d365edi.errors import D365EdiError
from d365edi.journal import Tx
from d365edi.listener.commands import refusal
from d365edi.listener.peer import Peer, peer_of
from tests.cli.conftest import Said, written
from tests.cli.test_books import AT, fill
from tests.conftest import ROOT

Line = tuple[str, ...]
PATIENCE = 30.0
PRIVILEGED = os.geteuid() == 0
SERVICE = 61001 if PRIVILEGED else os.geteuid()
"""The daemon's user and group, as `useradd --system d365edi` would make them."""
KIM = next(each for each in pwd.getpwall() if each.pw_uid) if PRIVILEGED else pwd.getpwuid(os.geteuid())
DECIDE = next(each for each in grp.getgrall() if each.gr_gid not in (0, KIM.pw_gid))
SAMPLE = ROOT / "tests" / "samples" / "x12_850_golden-4010.x12"

SETTINGS = """
[daemon]
timezone = "America/Chicago"
journal = "{folder}/var/journal.db"
read_socket = "{folder}/run/read.sock"
decide_group = "{group}"
[d365]
host = "contoso.example"
tenant = "contoso"
client_id = "client"
client_secret = {{ secret = "d365" }}
companies = ["usmf"]
"""


def fill_more(tx: Tx) -> None:
    fill(tx)
    tx.messages.add(
        direction="in", partner="acme", flow="acme.pickup.edi", endpoint="acme", path="/outbound", name="PO-golden.edi",
        size=SAMPLE.stat().st_size, modified=AT, payload=SAMPLE.read_bytes(), state="quarantined", reason="a trial",
    )  # fmt: skip


@dataclass
class Box:
    """A machine with d365edi as a service. Settings are the group's, the journal is the service's alone."""

    folder: Path
    log: Path
    daemon: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> Path:
        return self.folder / "etc" / "settings.toml"

    @property
    def process(self) -> int:
        assert self.daemon is not None
        return self.daemon.pid

    @property
    def readers(self) -> Path:
        return self.folder / "run" / "read.sock"

    def command(self, uid: int, groups: list[int], *words: str) -> list[str]:
        return [sys.executable, "-m", "tests.as_user", str(uid), ",".join(map(str, groups)), *words]

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.daemon = subprocess.Popen(
                self.command(SERVICE, [SERVICE], "run", "--settings", str(self.settings)),
                stderr=log, stdout=log, cwd=ROOT, env={**os.environ, "D365EDI_SECRET_D365": "of-the-test"},
            )  # fmt: skip
        began = time.monotonic()
        while " ready " not in self.log.read_text():
            assert self.daemon.poll() is None, self.log.read_text()
            assert time.monotonic() - began < PATIENCE, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        if self.daemon is not None:
            self.daemon.send_signal(signal.SIGTERM)
            assert self.daemon.wait(PATIENCE) == 0, self.log.read_text()
            self.daemon = None

    def by(self, groups: list[int], *lines: Line, uid: int = KIM.pw_uid, sudo_user: str = "") -> list[Said]:
        """Command lines of one person, who is in these groups besides the own one."""
        own = {0: 0, SERVICE: SERVICE}.get(uid, KIM.pw_gid)
        run = subprocess.run(
            self.command(uid, [own, *groups]), input=json.dumps(lines), capture_output=True, text=True, cwd=ROOT, check=True,
            timeout=PATIENCE, env={**os.environ, "D365EDI_SETTINGS": str(self.settings), "SUDO_USER": sudo_user},
        )  # fmt: skip
        return [Said(*each) for each in json.loads(run.stdout)]

    def asked(self, verb: str, **arguments: Any) -> Any:
        """The daemon's own answer by the readers' socket, asked by this process."""
        answered, answer = client.ask(self.readers, verb, arguments)
        assert answered
        return answer


@pytest.fixture
def box() -> Iterator[Box]:
    folder = Path(tempfile.mkdtemp(prefix="d365edi-"))  # pytest's own folders are closed to other users
    folder.chmod(0o755)
    for name, mode in (("etc", 0o750), ("var", 0o700), ("run", 0o750)):
        (folder / name).mkdir(mode=mode)
    here = Box(folder, folder / "log")
    here.settings.write_text(SETTINGS.format(folder=folder, group=DECIDE.gr_name))
    here.settings.chmod(0o640)
    written(folder / "var", fill_more, AT)
    if PRIVILEGED:
        for place in (folder / "var", *(folder / "var").iterdir(), folder / "run"):
            os.chown(place, SERVICE, SERVICE)
        for place in (folder / "etc", here.settings):
            os.chown(place, 0, SERVICE)
    try:
        here.start()
        yield here
    finally:
        if here.daemon is not None:
            here.daemon.kill()
            here.daemon.wait()
        shutil.rmtree(folder)


LOOKS: tuple[Line, ...] = (
    ("why", "4500123"), ("why", "--json", "4500124"), ("why", "PO-77.edi"), ("why", "growing.edi"), ("why", "nothing.edi"),
    ("audit",), ("audit", "--json", "--actor", "d365edi", "--limit", "3"), ("audit", "--of", "4500124"), ("audit", "verify"),
    ("explain", "PO-golden.edi"), ("explain", "--id", "message-3", "--json"), ("explain", "x.edi", "--partner", "acme"),
)  # fmt: skip


def test_members_of_the_group_are_shown_what_the_daemon_s_own_user_is_shown(box: Box) -> None:
    """The way through the socket adds nothing and loses nothing."""
    theirs, ours = box.by([SERVICE], *LOOKS), box.by([], *LOOKS, uid=SERVICE)
    assert theirs == ours
    by_line = dict(zip(LOOKS, theirs, strict=True))
    assert {line for line, said in by_line.items() if said.code} == {
        ("why", "nothing.edi"),
        ("explain", "x.edi", "--partner", "acme"),
    }
    assert "document-2 PurchaseOrder 4500124 of usmf" in by_line["why", "PO-77.edi"].out
    assert "not picked up" in by_line["why", "growing.edi"].out
    assert "The chain holds" in by_line["audit", "verify"].out
    assert "BEG" in by_line["explain", "PO-golden.edi"].out


def test_members_of_the_group_see_the_status_of_daemon_and_journal(box: Box) -> None:
    as_json, screen = box.by([SERVICE], ("status", "--json"), ("status",))
    shown = json.loads(as_json.out)
    assert (as_json.code, shown["state"], shown["daemon"]["pid"]) == (1, "runs", box.process)
    assert {"4500124", "x.edi", "PO-golden.edi"} <= {row["name"] for row in shown["needs_a_person"]}
    assert (screen.code, f": {shown['daemon']['condition']}." in screen.out, "4500124" in screen.out) == (1, True, True)


def test_only_the_second_group_decides_and_the_audit_names_the_person(box: Box) -> None:
    line = ("reject", "4500124", "--why", "typed in by hand")
    if PRIVILEGED:
        (refused,) = box.by([SERVICE], line)
        assert (refused.code, "you may look, and not reject" in refused.err) == (2, True), refused
    (decided,) = box.by([SERVICE, DECIDE.gr_gid], line, sudo_user="mallory" if PRIVILEGED else "")
    assert decided == Said(0, "4500124 is closed\n", "")
    (audited,) = box.asked("audit", filters={"action": "rejected"}, limit=1)
    assert audited["actor"] == f"{KIM.pw_name} (uid {KIM.pw_uid})"
    assert f"actor={KIM.pw_name} (uid {KIM.pw_uid})" in box.log.read_text()
    (named,) = box.by([SERVICE], ("audit", "--json", "--actor", KIM.pw_name))
    assert [json.loads(each)["action"] for each in named.out.splitlines()] == ["rejected"]


def test_who_acts_by_sudo_is_named_with_the_user_that_he_acts_as(box: Box) -> None:
    uid = os.geteuid()
    (said,) = box.by([], ("reject", "x.edi", "--why", "no order"), uid=uid, sudo_user="mira")
    (audited,) = box.asked("audit", filters={"action": "rejected"}, limit=1)
    assert (said.code, audited["actor"]) == (0, f"mira as {pwd.getpwuid(uid).pw_name} (uid {uid})")


def test_nothing_else_is_to_be_had_by_the_readers_socket(box: Box) -> None:
    for verb in ("replay", "reconcile", "tick", "ping", "check", "stop"):
        with pytest.raises(D365EdiError, match="no such verb"):
            box.asked(verb, what="4500124", stage="read", go=True, acks=False, actor="kim")
    with pytest.raises(D365EdiError, match="more than 10000 lines at a time; ask for parts: --since, --until"):
        box.asked("audit", limit=10_001)
    assert stat.S_IMODE(box.readers.stat().st_mode) == 0o660
    if PRIVILEGED:
        for said in box.by([SERVICE], ("replay", "4500124"), ("ping",), ("reconcile",)):
            assert (said.code, "to you the daemon offers only status, why, audit and explain" in said.err) == (2, True)


def test_who_is_not_in_the_group_gets_nowhere(box: Box) -> None:
    """Not to the settings; and where they are open, not to the socket."""
    if PRIVILEGED:
        (closed,) = box.by([], ("status",))
        box.settings.parent.chmod(0o755)
        box.settings.chmod(0o644)
        (strange,) = box.by([], ("status",))
        assert (closed.code, str(box.settings) in closed.err) == (2, True), closed
        assert (strange.code, f"no permission for the daemon's socket {box.readers}" in strange.err) == (2, True), (
            strange
        )
    assert stat.S_IMODE(box.readers.parent.stat().st_mode) == 0o750


def test_without_a_daemon_a_reader_is_told_so(box: Box) -> None:
    box.stop()
    assert not box.readers.exists()
    if PRIVILEGED:
        sentence = "d365edi: no daemon runs, and the journal is closed to you; ask an administrator to start it\n"
        said = box.by([SERVICE], ("status",), ("why", "4500124"), ("release", "4500124"))
        assert [(each.code, each.err) for each in said] == [(2, sentence)] * 3


def test_a_daemon_that_hangs_is_named_to_a_reader(box: Box) -> None:
    assert box.daemon is not None
    box.daemon.send_signal(signal.SIGSTOP)
    (said,) = box.by([SERVICE], ("status",))
    box.daemon.send_signal(signal.SIGCONT)
    assert "does not answer within 5 s" in said.err + said.out


def test_the_peer_is_who_the_kernel_says() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        peer = peer_of(ours)
    assert (peer.uid, peer.groups) == (os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


@pytest.mark.parametrize(
    ("uid", "groups", "may"),
    [(0, [], True), (os.geteuid(), [], True), (61002, [7], False), (61002, [7, 9], True), (61002, [], False)],
)
def test_a_restricted_verb_is_for_its_groups_root_and_the_daemon_s_own_user(
    uid: int, groups: list[int], may: bool
) -> None:
    peer = Peer(uid, frozenset(groups))
    assert [refusal(name, peer, {"reject": [9]}) == "" for name in ("reject", "status")] == [may, True]


def test_who_is_not_known_may_nothing_that_is_restricted() -> None:
    assert refusal("reject", None, {"reject": [9]}) == "you may look, and not reject"


def test_a_group_that_the_machine_does_not_know_is_said_by_check_and_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("var", "run"):
        (tmp_path / name).mkdir()
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS.format(folder=tmp_path, group="no-group-of-this-name"))
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    for line in (["check"], ["run"]):
        assert main([*line, "--settings", str(file)]) == 2
        assert "there is no group no-group-of-this-name; make it: groupadd --system" in capsys.readouterr().err
