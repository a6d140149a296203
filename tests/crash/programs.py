"""The processes of the drill at random: each in one of its own, killed and started again."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from d365edi import daemon
from d365edi.app import App
from d365edi.cli import client, main
from d365edi.endpoints.health import Rests
from d365edi.errors import JournalError
from d365edi.journal import backup
from d365edi.sandbox.tls import TlsFiles
from tests.crash import d365_process, sftp_process, sterling_process
from tests.crash.traffic import seed

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["d365edi.build", "tests.crash.programs"])
"""Processes are forked from one that has imported everything and opened nothing: importing takes longer than a kill."""


def run_daemon(settings_file: Path, environ: Mapping[str, str], log: str) -> None:
    """What `d365edi run` runs; it waits less than usual before it tries again an endpoint that does not answer."""
    _say_into(log)
    os.environ.update(environ)
    open_app = partial(App.open, rests=Rests(first=0.3, longest=1.0), first_wait=0.3)
    sys.exit(anyio.run(partial(daemon.run, lambda: client.load(settings_file), open_app=open_app)))


def run_d365(file: Path, identity: TlsFiles, port: int, log: str) -> None:
    """The D365 simulator."""
    _say_into(log)
    anyio.run(d365_process.run, file, identity, port, seed)


def run_sftp(home: Path, port: int, host_key: str, client_key: str, log: str) -> None:
    """The partners' server."""
    _say_into(log)
    anyio.run(sftp_process.run, home, port, host_key, client_key)


def run_sterling(folder: Path, home: Path, ports: tuple[int, int], log: str) -> None:
    """Sterling and the partners whose mailboxes are there."""
    _say_into(log)
    anyio.run(sterling_process.run, folder, home, ports)


def run_release(settings_file: Path, environ: Mapping[str, str], id: str, log: str) -> None:
    """What a person types who answers a question."""
    _say_into(log)
    os.environ.update(environ)
    sys.exit(main(["release", "--id", id, "--settings", str(settings_file)]))


def run_backup(journal: Path, folder: Path) -> None:
    """What the timer's service does. Two within one second have one name, and the second is refused."""
    with contextlib.suppress(JournalError):
        backup.backup(journal, folder)


def _say_into(log: str) -> None:
    with open(log, "a") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)


@dataclass
class Program:
    """One of the processes; started again `back_at` (monotonic seconds) after it was killed."""

    target: Callable[..., None]
    args: tuple[Any, ...]
    process: multiprocessing.process.BaseProcess | None = None
    back_at: float = 0.0
    kills: int = 0
    ended: list[int] = field(default_factory=list)

    def keep_up(self) -> None:
        """Start it when its time has come; note the exit code of one that ended by itself."""
        if self.process is not None and not self.process.is_alive():
            self.ended.append(self.process.exitcode or 0)
            self.process = None
        if self.process is None and time.monotonic() >= self.back_at:
            self.process = FORKED.Process(target=self.target, args=self.args, daemon=True)
            self.process.start()

    def kill(self, back_in: float) -> bool:
        """SIGKILL, if it runs."""
        if self.process is None or self.process.pid is None or not self.process.is_alive():
            return False
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.process, self.back_at = None, time.monotonic() + back_in
        self.kills += 1
        return True
