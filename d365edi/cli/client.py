"""How a command reaches the journal: one that writes by the socket of the running daemon, else by an app of its own.

One process at a time has the journal open for writing. So the daemon is asked first; only when none runs does the command
open the app itself, which locks the journal, and calls the same functions. What only shows something reads the file beside the
daemon; who may not read it asks the daemon by `read_socket`, for what he may see or decide.

Knows: the client side of the socket's protocol. Does not know: what the commands do.
"""

from __future__ import annotations

import contextvars
import getpass
import http.client
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import anyio

from d365edi import errors
from d365edi.cli.console import zone
from d365edi.errors import D365EdiError, JournalError, SettingsError
from d365edi.listener.protocol import DECISIONS, SETTINGS_HEADER

if TYPE_CHECKING:
    from d365edi.journal import Tx
    from d365edi.settings import Daemon, Settings
    from d365edi.settings.daemon_table import DaemonTable

T = TypeVar("T")

NOT_RELOADED = (
    "the settings were changed since the daemon read them, and it still goes by the old ones: "
    "systemctl reload d365edi, then repeat this"
)
OFFERED = "status, why, audit and explain, and to some release and reject"
PATIENCE = 600.0
"""Seconds to wait for a response of a daemon that answers otherwise: a replay asks the other side first."""
SILENCE = 10.0
"""Seconds without a response after which the daemon is asked for its status, to tell one that works from one that hangs."""
STATUS_PATIENCE = 5.0
"""Seconds to wait for the daemon's status, which it has at hand."""

DaemonState = Literal["runs", "hangs", "killed", "none"]
"""It answers; it has the socket and does not answer; it left its socket behind; there is none."""


class SilentError(JournalError):
    """The daemon took the connection and does not answer."""

    def __init__(self, seconds: float) -> None:
        remedy = (
            "see its log, and restart it: systemctl restart d365edi. It may still do what it was asked for: look with "
            "d365edi status before you repeat it"
        )
        super().__init__(f"the daemon does not answer within {seconds:.0f} s", remedy=remedy)


def actor() -> str:
    """The acting user as the environment says it: the one who called sudo where there is one; "" where nobody knows."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return ""


def acting(claimed: str) -> str:
    """The acting person for the audit, where this process does it itself."""
    from d365edi.listener.peer import person

    return person(os.getuid(), claimed)


def load(path: Path) -> Settings:
    """The settings. SettingsError where they are wrong or the file is missing."""
    from d365edi import log, secrets, settings  # imported only by commands that need settings

    read = settings.load(path, keyring=secrets.keyring(log.hide))
    zone.set(read.daemon.timezone)
    return read


def load_daemon(path: Path) -> Settings | DaemonTable:
    """The table [daemon] alone, where that is right; else all settings, or SettingsError with all that is wrong."""
    from d365edi.settings.daemon_table import load_daemon as read

    table = read(path)
    if table is None:
        return load(path)
    zone.set(table.daemon.timezone)
    return table


def perform(path: Path, verb: str, **arguments: Any) -> Any:
    """Run one of the socket's commands, by the daemon or in this process, and return its result."""
    settings = load(path)
    beyond = outside(settings.daemon)
    if beyond and verb not in DECISIONS:
        remedy = "run this as the daemon's user (sudo -u)"
        raise SettingsError(f"to you the daemon offers only {OFFERED}", key="daemon.socket", remedy=remedy)
    answered, answer = ask(place(settings.daemon), verb, arguments, settings.digest)
    if not answered and beyond:
        raise _nobody_there()
    return answer if answered else anyio.run(_in_process, settings, verb, arguments)


def outside(daemon: Daemon) -> bool:
    """Whether the journal is closed to this process, which then asks the daemon by `read_socket`."""
    try:
        daemon.journal.stat()
    except PermissionError:
        return True
    except OSError:  # there is none yet
        return False
    return not os.access(daemon.journal, os.R_OK)


def place(daemon: Daemon) -> Path:
    """The socket for this process. SettingsError where there is none that it may use."""
    if not outside(daemon):
        return daemon.socket
    if daemon.read_socket is None:
        remedy = 'set read_socket = "/run/d365edi/read.sock", or run this as the daemon\'s user (sudo -u)'
        raise SettingsError(f"no permission for the journal {daemon.journal}", key="daemon.read_socket", remedy=remedy)
    return daemon.read_socket


def _nobody_there() -> JournalError:
    return JournalError("no daemon runs, and the journal is closed to you", remedy="ask an administrator to start it")


def ask_view(settings: Settings | DaemonTable, name: str, **asked: Any) -> Any:
    """What the daemon shows to a process to which the journal is closed."""
    answered, answer = ask(place(settings.daemon), name, asked, settings.digest)
    if not answered:
        raise _nobody_there()
    return answer


def read(settings: Path | Settings | DaemonTable, work: Callable[[Tx], T]) -> T:
    """Read from the journal, with or without a running daemon. `work` gets a read-only `Tx`."""
    loaded = load(settings) if isinstance(settings, Path) else settings
    return anyio.run(_read, loaded.daemon.journal, work)


async def _read(place: Path, work: Callable[[Tx], T]) -> T:
    from d365edi.journal import Journal

    async with await Journal.open_readonly(place) as journal:
        here = (
            contextvars.copy_context()
        )  # `work` runs in a thread of the journal, and formats times in the daemon's zone
        return await journal.read(lambda tx: here.run(work, tx))


def ask(
    place: Path, verb: str, arguments: dict[str, Any], settings: str = "", patience: float = PATIENCE
) -> tuple[bool, Any]:
    """Ask the daemon. (False, None) when none runs; its errors are raised with the same class.

    Where it has not read the `settings` of this digest yet, that is said on standard error. SilentError where it does not
    answer within `patience` seconds, or meanwhile not even says how it is."""
    connection, began = _SocketConnection(place, min(patience, SILENCE)), time.monotonic()
    try:
        connection.request("POST", f"/{verb}", json.dumps(arguments), {"Content-Type": "application/json"})
        _await_answer(connection.sock, place, patience)
        response = connection.getresponse()
        body = response.read()
        used = response.getheader(SETTINGS_HEADER, "")
    except (FileNotFoundError, ConnectionRefusedError):
        return False, None
    except PermissionError as error:
        message = f"no permission for the daemon's socket {place}"
        remedy = (
            "run this as the daemon's user (sudo -u), or as a member of its group where `daemon.read_socket` is set"
        )
        raise SettingsError(message, key="daemon.socket", remedy=remedy) from error
    except TimeoutError as error:
        raise SilentError(time.monotonic() - began) from error
    except (OSError, http.client.HTTPException) as error:
        raise JournalError(f"the daemon closed the connection ({error}); see its log") from error
    finally:
        connection.close()
    if settings and used and used != settings:
        print(NOT_RELOADED, file=sys.stderr)
    return True, _answer(response.status, body)


def _await_answer(line: socket.socket, place: Path, patience: float) -> None:
    """Return when there is something to read. TimeoutError after `patience` seconds, or once the daemon hangs."""
    end, reading = time.monotonic() + patience, select.poll()
    reading.register(line, select.POLLIN)
    while (left := end - time.monotonic()) > 0:
        if reading.poll(min(left, SILENCE) * 1000):
            return
        if left > SILENCE and not _answers(place):
            break
    raise TimeoutError


def _answers(place: Path) -> bool:
    """Whether the daemon says how it is. One that stopped meanwhile closes the connection that is waited for."""
    try:
        ask(place, "status", {}, patience=STATUS_PATIENCE)
    except SilentError:
        return False
    except D365EdiError:
        pass
    return True


def daemon_state(settings: Settings | DaemonTable) -> tuple[DaemonState, dict[str, Any] | None]:
    """Whether a daemon runs on this journal, and what it answers when it is asked for its status."""
    at = place(settings.daemon)
    try:
        answered, status = ask(at, "status", {}, settings.digest, STATUS_PATIENCE)
    except SilentError:
        if outside(settings.daemon):  # there is nothing else to show
            raise
        return "hangs", None
    if answered:
        return "runs", status
    # A daemon that stops takes its socket away; one that is killed cannot.
    return ("killed" if at.exists() else "none"), None


def _answer(status: int, body: bytes) -> Any:
    try:
        reply = json.loads(body)
    except ValueError:
        reply = {}
    if status == 200 and "answer" in reply:
        return reply["answer"]
    kind = getattr(errors, str(reply.get("error", "")), D365EdiError)
    raise kind(reply.get("message", f"the daemon failed ({status}); see its log"))


async def _in_process(settings: Settings, verb: str, arguments: dict[str, Any]) -> Any:
    from d365edi import log  # only where no daemon runs
    from d365edi.app import App
    from d365edi.listener import commands

    log.setup(settings.log.level, settings.log.format, zone=settings.daemon.timezone)
    if "actor" in arguments:
        arguments["actor"] = acting(arguments["actor"])
    async with App.open(settings) as app:

        async def fire(name: str) -> None:
            await app.tick(name)

        return await commands.verbs(app, fire, dict)[verb](arguments)


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over the daemon's Unix socket."""

    def __init__(self, place: Path, patience: float) -> None:
        super().__init__("daemon", timeout=patience)
        self._place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._place))
