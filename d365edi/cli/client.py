"""How a verb that writes reaches the journal: by the running daemon's socket or, where none runs, by an app of its own.

One process holds the journal. So the daemon is asked first; only when nobody answers does the verb open the app itself,
which takes the journal's lock, and does the same with the same functions.

Knows: the socket's protocol from the caller's side. Does not know: what the verbs do.
"""

from __future__ import annotations

import getpass
import http.client
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from d365edi import errors
from d365edi.cli.console import zone
from d365edi.errors import D365EdiError, JournalError, SettingsError

if TYPE_CHECKING:
    from d365edi.journal import Tx
    from d365edi.settings import Settings

T = TypeVar("T")

PATIENCE = 600.0
"""Seconds for an answer: a replay looks things up at the other side first."""


def actor() -> str:
    """Who does this, for the audit: the person behind sudo where there is one."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def load(path: Path) -> Settings:
    """The settings. SettingsError in words, also when the file is not there."""
    from d365edi import log, secrets, settings  # a verb that needs no settings does not pay for reading them

    read = settings.load(path, keyring=secrets.keyring(log.hide))
    zone.set(read.daemon.timezone)
    return read


def perform(path: Path, verb: str, **arguments: Any) -> Any:
    """Do one of the socket's verbs, wherever it can be done, and return its answer."""
    settings = load(path)
    answered, answer = ask(settings.daemon.socket, verb, arguments)
    return answer if answered else anyio.run(_alone, settings, verb, arguments)


def read(path: Path, work: Callable[[Tx], T]) -> T:
    """Ask the journal, beside a running daemon or without one. `work` is handed the journal's `Tx` and only reads."""
    return anyio.run(_read, load(path).daemon.journal, work)


async def _read(place: Path, work: Callable[[Tx], T]) -> T:
    from d365edi.journal import Journal

    async with await Journal.open_readonly(place) as journal:
        return await journal.read(work)


def ask(place: Path, verb: str, arguments: dict[str, Any]) -> tuple[bool, Any]:
    """Ask the daemon. (False, None) when none listens; what it refuses is raised as the same kind of error."""
    line = _Line(place)
    try:
        line.request("POST", f"/{verb}", json.dumps(arguments), {"Content-Type": "application/json"})
        response = line.getresponse()
        body = response.read()
    except (FileNotFoundError, ConnectionRefusedError):
        return False, None
    except PermissionError as error:
        raise SettingsError(
            f"the daemon's socket {place} is not yours",
            key="daemon.socket",
            remedy="run this as the daemon's user (sudo -u)",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise JournalError(f"the daemon broke off ({error}); see its log") from error
    finally:
        line.close()
    return True, _answer(response.status, body)


def _answer(status: int, body: bytes) -> Any:
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    if status == 200 and "answer" in said:
        return said["answer"]
    kind = getattr(errors, str(said.get("error", "")), D365EdiError)
    raise kind(said.get("message", f"the daemon failed ({status}); see its log"))


async def _alone(settings: Settings, verb: str, arguments: dict[str, Any]) -> Any:
    from d365edi import listener, log  # only where no daemon runs
    from d365edi.app import App

    log.setup(settings.log.level, settings.log.format, zone=settings.daemon.timezone)
    async with App.open(settings) as app:

        async def fire(name: str) -> None:
            await app.tick(name)

        return await listener.verbs(app, fire, dict)[verb](arguments)


class _Line(http.client.HTTPConnection):
    """HTTP over the daemon's Unix socket."""

    def __init__(self, place: Path) -> None:
        super().__init__("daemon", timeout=PATIENCE)
        self._place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._place))
