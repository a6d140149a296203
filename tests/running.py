"""A daemon in the loop of a test: a stand-in for the app lets the test decide how long a flow runs and what is the matter;
`Systemd` is the receiving end of its notifications."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import anyio

from d365edi import daemon
from d365edi.app import App
from d365edi.build import FlowInfo
from d365edi.cli import client
from d365edi.clock import ClockWatch
from d365edi.condition import Trouble
from d365edi.endpoints.base import Check
from d365edi.endpoints.health import Health
from d365edi.errors import Unavailable
from d365edi.flows.named import Selection
from d365edi.settings import Settings, load
from d365edi.views import Known, Views

SETTINGS = """
[daemon]
timezone = "America/Chicago"
journal = "journal.db"
stop_within = "{stop_within}"
{more}
[d365]
host = "contoso.example"
tenant = "contoso"
client_id = "client"
client_secret = {{ secret = "d365" }}
companies = ["usmf"]
{events}
"""


@dataclass
class StandIn:
    """Flows that take as long as a test says."""

    infos: list[FlowInfo] = field(default_factory=list)
    takes: dict[str, float] = field(default_factory=dict)
    raises: dict[str, Exception] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    decided: list[tuple[object, ...]] = field(default_factory=list)
    opened: list[Settings] = field(default_factory=list)
    watches: list[ClockWatch] = field(default_factory=list)
    in_trouble: list[Trouble] = field(default_factory=list)
    refuses: Callable[[Settings], Exception | None] = lambda _: None
    closed: int = 0
    views: Views = field(default_factory=lambda: Views(Path(), Known(dict, None), {}))

    @asynccontextmanager
    async def open(self, settings: Settings, watch: ClockWatch) -> AsyncIterator[App]:
        if error := self.refuses(settings):
            raise error
        self.opened.append(settings)
        self.watches.append(watch)
        yield cast(App, self)
        self.closed += 1

    def flows(self) -> list[FlowInfo]:
        return self.infos

    async def tick(self, name: str) -> str:
        self.begun.append(name)
        if name in self.raises:
            raise self.raises[name]
        await anyio.sleep(self.takes.get(name, 0))
        self.ended.append(name)
        return "1 received"

    def troubles(self) -> list[Trouble]:
        return self.in_trouble

    def health(self) -> list[Health]:
        return [Health("d365", reached_at=1_750_000_000.0)]

    async def event(self, payload: dict[str, Any]) -> list[str]:
        return [info.name for info in self.infos if info.on_event == payload.get("BusinessEventId")]

    async def release(self, what: str | Selection, actor: str) -> list[str]:
        self.decided.append(("release", Selection.of(what), actor))
        return [f"{Selection.of(what).what} continues"]

    async def reject(self, what: str | Selection, why: str, actor: str) -> list[str]:
        raise Unavailable("not now")

    async def replay(self, what: str | Selection, stage: str, *, go: bool, acks: bool, actor: str) -> list[str]:
        self.decided.append(("replay", Selection.of(what), stage, go, acks, actor))
        return []

    async def reconcile(self, actor: str, *, go: bool, delivered: Sequence[str]) -> list[str]:
        self.decided.append(("reconcile", actor, go, *delivered))
        return ["d365edi release sending"]

    async def ping(self, name: str | None = None) -> dict[str, list[Check]]:
        return {"d365": [Check("token", True, 12.5, "granted")]}


@dataclass
class Running:
    """A daemon that runs in this loop, with its settings file."""

    folder: Path
    app: StandIn
    stop_within: str = "5s"
    more: str = ""
    stuck_after: float = daemon.STUCK_AFTER
    events: str = ""
    code: int | None = None

    @property
    def file(self) -> Path:
        return self.folder / "settings.toml"

    @property
    def socket(self) -> Path:
        return self.folder / "journal.sock"

    def write(self, **changes: str) -> None:
        values = {"stop_within": self.stop_within, "more": self.more, "events": self.events, **changes}
        self.file.write_text(SETTINGS.format(**values))

    def load(self) -> Settings:
        secrets = {"d365": "client-word", "events": "s3cret-of-the-test"}
        return load(self.file, {}, keyring=lambda *_: lambda name: secrets[name])

    async def ask(self, verb: str, **arguments: Any) -> Any:
        return await asyncio.to_thread(client.ask, self.socket, verb, arguments)


@asynccontextmanager
async def running(folder: Path, app: StandIn, **how: Any) -> AsyncIterator[Running]:
    """Start a daemon and wait until it is ready; on leaving send SIGTERM and wait for its exit code."""
    here = Running(folder, app, **how)
    here.write()

    async def serve() -> None:
        here.code = await daemon.run(here.load, open_app=app.open, stuck_after=here.stuck_after)

    async with anyio.create_task_group() as group:
        group.start_soon(serve)
        await until(here.socket.exists)
        yield here
        if here.code is None:
            os.kill(os.getpid(), signal.SIGTERM)


async def until(true: Callable[[], object], within: float = 5.0) -> None:
    """Wait for something to become true."""
    with anyio.fail_after(within):
        while not true():  # noqa: ASYNC110 - what is waited for knows no events
            await anyio.sleep(0.005)


@contextmanager
def no_descriptors() -> Iterator[None]:
    """While inside, this process can open nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    filling: list[int] = []
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    try:
        with suppress(OSError):
            while True:
                filling.append(os.open("/dev/null", os.O_RDONLY))
        yield
    finally:
        for each in filling:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def every(name: str, seconds: float, **more: Any) -> FlowInfo:
    return FlowInfo(name, every=timedelta(seconds=seconds), **more)


class Systemd:
    """The receiving end of the notification socket."""

    def __init__(self, place: str) -> None:
        self.heard: list[str] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind("\0" + place[1:] if place.startswith("@") else place)

    def words(self) -> list[str]:
        """The first word of every message so far."""
        while True:
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return [message.partition("=")[0] for message in self.heard]
