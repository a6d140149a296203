"""`d365edi run` as a process of its own, as systemd starts it: ready, refused, reloaded, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from d365edi.cli import client
from tests.cli.conftest import Call, written
from tests.journal.rows import message

PATIENCE = 20.0


class Daemon:
    """A daemon's process; its log is a file, so that nobody has to read it while it runs."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / f"log-{time.monotonic_ns()}"
        environment = {**os.environ, "D365EDI_SECRET_D365": "of-the-test"}
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "d365edi", "run"]
            self.process = subprocess.Popen(command, stderr=log, stdout=log, env=environment)

    def said(self, words: str) -> bool:
        return words in self.log.read_text()

    def until(self, words: str) -> float:
        """Seconds until these words stand in the log."""
        began = time.monotonic()
        while not self.said(words):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < PATIENCE, self.log.read_text()
            time.sleep(0.01)
        return time.monotonic() - began

    def stop(self, *signals: signal.Signals) -> int:
        for number in signals:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def daemon(folder: Path) -> Iterator[Daemon]:
    """A daemon that is ready."""
    running = Daemon(folder)
    try:
        running.until(" ready ")
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_it_says_that_it_is_ready_and_sigterm_ends_it_with_0(folder: Path) -> None:
    running = Daemon(folder)
    running.until(" ready ")
    assert running.stop(signal.SIGTERM) == 0
    assert running.said(" stopping ")


def test_a_second_daemon_on_the_same_journal_is_refused_with_the_first_one_s_process(folder: Path) -> None:
    with daemon(folder) as first:
        second = Daemon(folder)
        assert second.process.wait(PATIENCE) == 2
        assert second.said(str(first.process.pid))
        assert first.process.poll() is None


def test_after_kill_9_the_next_start_takes_over_lock_and_socket(folder: Path) -> None:
    with daemon(folder) as killed:
        killed.stop(signal.SIGKILL)
    with daemon(folder) as running:
        _, status = client.ask(folder / "journal.sock", "status", {})
        assert status["pid"] == running.process.pid


def test_status_says_that_the_daemon_hangs_or_was_killed_and_answers_from_the_journal(folder: Path, call: Call) -> None:
    with daemon(folder) as running:
        running.process.send_signal(signal.SIGSTOP)
        hangs = call("status")
        running.process.send_signal(signal.SIGCONT)
        running.stop(signal.SIGKILL)
        killed = call("status")
    assert (hangs.code, f"(process {running.process.pid}) does not answer within 5 s" in hangs.out) == (1, True)
    assert (killed.code, "The daemon was killed" in killed.out) == (1, True)
    assert ("Needs a person" in hangs.out, "Needs a person" in killed.out) == (True, True)


def test_sighup_reads_the_settings_again(folder: Path) -> None:
    file = folder / "settings.toml"
    with daemon(folder) as running:
        file.write_text(file.read_text() + '[log]\nlevel = "LOUD"\n')
        running.process.send_signal(signal.SIGHUP)
        running.until(" unchanged ")
        assert running.said('"LOUD"')
        file.write_text(file.read_text().replace("LOUD", "DEBUG"))
        running.process.send_signal(signal.SIGHUP)
        running.until(" reloading ")
        assert running.stop(signal.SIGTERM) == 0


def test_a_reload_is_checked_by_the_daemon_and_each_fault_is_a_line(folder: Path, call: Call) -> None:
    file, right = folder / "settings.toml", (folder / "settings.toml").read_text()
    with daemon(folder) as running:
        well = call("check", "--running")
        file.write_text(right.replace('client_id = "client"', 'client_id = "client"\nlisten = 1\ncompany = 2'))
        wrong = call("check", "--running")
        file.write_text(right.replace('secret = "d365"', 'secret = "not-stored"'))
        missing = call("check", "--running")
        file.write_text(right.replace('client_id = "client"', 'client_id = "client"\nlisten = 1\ncompany = 2'))
        running.process.send_signal(signal.SIGHUP)
        running.until("the old ones stay")
        running.until("[d365.company]")
        faults = [line for line in running.log.read_text().splitlines() if line.split()[3:5] == ["daemon", "settings"]]
    assert (well.code, "secrets are referred to, and all are stored" in well.out) == (0, True)
    assert (wrong.code, len(wrong.err.splitlines())) == (2, 2)
    assert (missing.code, "not-stored" in missing.err) == (2, True)
    assert [("ERROR" in line, "[d365." in line) for line in faults] == [(True, True)] * 2
    file.write_text(right)
    assert call("check", "--running").code == 2


def test_verbs_go_through_the_daemon_and_answer_in_words(folder: Path, call: Call) -> None:
    with daemon(folder):
        released = call("release", "4500124")
        status = call("status")
    assert (released.code, released.err) == (
        2,
        "d365edi: nothing named 4500124 waits for a decision; see `d365edi why 4500124` and `d365edi status`\n",
    )
    assert (status.code, "The daemon runs as process" in status.out) == (0, True)


def test_without_a_daemon_a_verb_does_it_itself(folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    said = call("reject", "4500124", "--why", "no")
    assert (said.code, "nothing named 4500124 waits for a decision" in said.err) == (2, True)
    assert (folder / "journal.db").exists()


def test_once_walks_everything_and_leaves(folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    said = call("run", "--once")
    assert (said.code, "nothing to do" in said.err) == (0, True)


def test_once_says_by_its_exit_code_that_something_needs_a_person_also_from_before(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    written(folder, lambda tx: message(tx, state="quarantined", reason="it has no interchange"), time.time())
    assert [call(*words).code for words in (("run", "--once"), ("status",))] == [1, 1]
    reject = call("reject", "PO-77.edi", "--why", "not ours")
    assert [reject.code, *(call(*words).code for words in (("run", "--once"), ("status",)))] == [0, 0, 0]


def test_wrong_settings_end_it_with_2_and_a_sentence(folder: Path) -> None:
    (folder / "settings.toml").write_text("[daemon]\n")
    running = Daemon(folder)
    assert running.process.wait(PATIENCE) == 2
    assert running.said('lacks "timezone"')
    assert not running.said("Traceback")
