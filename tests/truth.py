"""A daemon over a whole world, and what its faces say of it: `status`, its exit code, /healthz and the log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import pytest

from d365edi import daemon, log, secrets, settings
from d365edi.app import App
from d365edi.cli import main
from d365edi.clock import ClockWatch
from d365edi.listener.events import REQUESTS
from d365edi.sandbox.tls import TlsFiles
from d365edi.settings import Settings
from tests.journeys.world import World
from tests.scrapes import Scrape, parsed
from tests.servers.asyncssh_server import AsyncsshServer
from tests.servers.openssh import free_port
from tests.servers.webhooks import Receiver, receiver

PATIENCE = 30.0
ASKED = 4
"""Requests to the listener for all faces once."""
FIRST, SECOND = "4500001", "4500002"
"""The order that came in before the disturbance, and the one that comes while it lasts."""

ALERTS = """
[alerts]
delay = "0.3s"
unreachable = "0.3s"
settled = "0.3s"
every = "0s"
digest = "off"
[alerts.webhook]
url = {{ secret = "url" }}
key = {{ secret = "key" }}
ca_file = "{authority}"
"""


@dataclass(frozen=True)
class Faces:
    """What is said at one moment: the exit code and the JSON of `status`, its screen, and of /healthz, /healthz/live and
    /healthz/ready the status and the word; what /metrics has."""

    code: int
    status: dict[str, Any]
    screen: str
    health: tuple[tuple[int, str], ...]
    figures: Scrape

    @property
    def kinds(self) -> set[str]:
        """The kinds of trouble."""
        return {trouble["kind"] for trouble in (self.status["daemon"] or {"troubles": ()})["troubles"]}


@dataclass
class Scene:
    """A world with its daemon, the app that is open in it, and what the log has said so far."""

    world: World
    capsys: pytest.CaptureFixture[str]
    place: str
    receiver: Receiver
    said: str = ""
    printed: str = ""
    apps: list[App] = field(default_factory=list)
    code: int | None = None
    kept: str = ""
    set_by: float = 0.0
    passed: float = 0.0

    def wall(self) -> float:
        """The daemon's wall clock: `set_by` seconds from the right one, after `passed` further seconds."""
        return time.time() + self.set_by + self.passed

    def monotonic(self) -> float:
        """Its monotonic clock."""
        return time.monotonic() + self.passed

    @property
    def server(self) -> AsyncsshServer:
        """The partner's server."""
        assert isinstance(self.world.server, AsyncsshServer)
        return self.world.server

    @property
    def app(self) -> App:
        """The app that is open."""
        return self.apps[-1]

    def log(self) -> str:
        """All that was logged so far."""
        read = self.capsys.readouterr()
        self.said += read.err
        self.printed += read.out
        return self.said

    async def command(self, *words: str) -> tuple[int, str]:
        """A command line, as a person calls it: its exit code and what it printed."""
        self.log()
        before = len(self.printed)
        code = await asyncio.get_running_loop().run_in_executor(None, main, words)  # in a context of its own
        self.log()
        return code, self.printed[before:]

    async def faces(self) -> Faces:
        """What all of them say now."""
        code, text = await self.command("status", "--json")
        assert text, self.said
        _, screen = await self.command("status")
        async with httpx.AsyncClient(base_url=f"http://{self.place}") as client:
            answers = [await client.get(f"/healthz{what}") for what in ("", "/live", "/ready")]
            scrape = await client.get("/metrics")
        health = tuple((answer.status_code, answer.json()["status"]) for answer in answers)
        return Faces(code, json.loads(text), screen, health, parsed(scrape.text))

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something is true."""
        with anyio.move_on_after(PATIENCE):
            while not true():  # noqa: ASYNC110 - what is waited for knows no events
                await anyio.sleep(0.02)
        assert true(), self.log()

    async def until_faces(self, true: Callable[[Faces], object]) -> Faces:
        """Wait until something is said; what is said then."""
        seen = await self.faces()
        with anyio.move_on_after(PATIENCE):
            while not true(seen):
                await anyio.sleep(ASKED / REQUESTS)  # more often, and the listener answers 429
                seen = await self.faces()
        assert true(seen), (seen, self.log())
        return seen

    async def until_why(self, what: str, true: Callable[[str], object]) -> None:
        """Wait until `why` says something of this name."""
        said = ""
        with anyio.move_on_after(PATIENCE):
            while not true(said):
                await anyio.sleep(0.2)
                said = re.sub(r"\s+", " ", (await self.command("why", what))[1])
        assert true(said), (said, self.log())

    # -- alerts -------------------------------------------------------------------------------------------------------
    def begun(self) -> list[str]:
        """Kind and name of each incident whose begin was told."""
        return [f"{row['kind']} {row['name']}" for _, body in self.receiver.arrived for row in body["begun"]]

    def over(self) -> list[str]:
        """The same of each whose end was told."""
        return [f"{row['kind']} {row['name']}" for _, body in self.receiver.arrived for row in body["ended"]]

    # -- both ledgers ---------------------------------------------------------------------------------------------------
    def orders(self) -> dict[str, int]:
        """Sales orders in D365 with their lines."""
        return {number: len(lines) for number, lines in self.world.sales_orders().items()}

    def answered(self) -> list[str]:
        """The verdicts of our 997s at the partner."""
        return sorted(answer.verdict for answer in self.world.partner.acknowledgments())

    def invoices(self) -> int:
        """How many invoices the partner has."""
        return len(self.world.partner.received())


@contextlib.asynccontextmanager
async def scene(world: World, capsys: pytest.CaptureFixture[str], **changes: str) -> AsyncIterator[Scene]:
    """The world with a place for /healthz and somebody who is told; `changes` replace texts of the settings."""
    place = f"127.0.0.1:{free_port()}"
    world.knobs["listen"] = f'listen = "{place}"'
    file = world.write_settings()
    for old, new in changes.items():
        file.write_text(file.read_text().replace(f'{old} = "24h"', f'{old} = "{new}"'))
    folder = world.folder / "tls"
    file.write_text(file.read_text() + ALERTS.format(authority=folder / "ca.pem"))
    async with receiver(TlsFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")) as told:
        world.secrets |= {"D365EDI_SECRET_URL": told.url, "D365EDI_SECRET_KEY": "webhook-word"}
        yield Scene(world, capsys, place, told)


@contextlib.asynccontextmanager
async def serving(here: Scene) -> AsyncIterator[None]:
    """The daemon runs inside; on leaving it is stopped by SIGTERM."""

    watch = ClockWatch(here.wall, here.monotonic)

    @contextlib.asynccontextmanager
    async def opened(loaded: Settings, _: ClockWatch) -> AsyncIterator[App]:
        async with App.open(loaded, watch, clock=here.wall, **here.world.waits) as app:
            here.apps.append(app)
            yield app

    def load() -> Settings:
        return settings.load(here.world.settings_file, here.world.environ, keyring=secrets.keyring(log.hide))

    async def serve() -> None:
        here.code = await daemon.run(load, open_app=opened)

    here.code = None
    socket = here.world.folder / "var" / "journal.sock"
    async with anyio.create_task_group() as group:
        group.start_soon(serve)
        await here.until(socket.exists)
        yield
        if here.code is None:
            os.kill(os.getpid(), signal.SIGTERM)
