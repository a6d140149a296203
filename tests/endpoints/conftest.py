"""Grounds for the endpoints' tests: a folder, asyncssh's server and OpenSSH's sshd, each with a real directory behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from d365edi.endpoints.base import DeliveryRequest, Place, Remote
from d365edi.endpoints.file_store import FileStore
from d365edi.endpoints.folder import FolderEndpoint
from d365edi.endpoints.sftp import SftpEndpoint
from tests.servers.asyncssh_server import AsyncsshServer, asyncssh_server
from tests.servers.openssh import OpenSsh, openssh


@dataclass
class Ground:
    """One kind of endpoint over `home`; `prefix` is the path of `home` as the endpoint spells it."""

    home: Path
    prefix: str
    build: Callable[..., FileStore]
    made: list[FileStore] = field(default_factory=list)

    def open(self, **options: Any) -> FileStore:
        """An endpoint; closed when the test is over."""
        self.made.append(self.build(**options))
        return self.made[-1]

    def at(self, folder: str) -> str:
        """A folder as the endpoint spells it."""
        return f"{self.prefix}/{folder}"

    def put(self, path: str, data: bytes = b"ISA*00*~") -> Path:
        """A file of the partner's."""
        there = self.home / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(data)
        return there

    def tree(self, folder: str = "") -> dict[str, bytes]:
        """Every file below a folder with its bytes."""
        start = self.home / folder
        return {str(p.relative_to(start)): p.read_bytes() for p in sorted(start.rglob("*")) if p.is_file()}

    async def remote(self, folder: str, name: str) -> Remote:
        """A file as it is listed now."""
        lister = self.made[0] if self.made else self.open()
        listing = await lister.list(Place(self.at(folder)))
        return next(remote for remote in listing.remotes if remote.name == name)

    def request(self, payload: bytes = b"ISA*810~", progress: Mapping[str, str] | None = None) -> DeliveryRequest:
        """An invoice to deliver into `inbound`, which is there."""
        (self.home / "inbound").mkdir(exist_ok=True)
        return DeliveryRequest(7, self.at("inbound"), "810_7.edi", payload, progress or {})


class Checkpoints:
    """The journal's part in a delivery: keeps what is marked, and may die right after a step was."""

    def __init__(self, die_after: str = "", watch: Callable[[str], None] | None = None) -> None:
        self.progress: dict[str, str] = {}
        self.steps: list[str] = []
        self.die_after = die_after
        self.watch = watch

    async def __call__(self, step: str, facts: Mapping[str, str]) -> None:
        self.progress |= {**facts, "step": step}
        self.steps.append(step)
        if self.watch:
            self.watch(step)
        if step == self.die_after:
            raise Killed


class Killed(Exception):
    """The process died here."""


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    """OpenSSH's server, shared: tests keep to folders of their own."""
    with openssh(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty directory."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
async def server(home: Path) -> AsyncIterator[AsyncsshServer]:
    """asyncssh's server over a fresh home folder."""
    async with asyncssh_server(home) as running:
        yield running


KINDS = ("folder", "asyncssh", "openssh")


@pytest.fixture(params=KINDS)
async def ground(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Ground]:
    """Each kind of file store in turn."""
    async with grounded(request.param, request, home) as opened:
        yield opened


@asynccontextmanager
async def grounded(kind: str, request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Ground]:
    """The ground of one kind of file store; its endpoints are closed at the end."""
    async with AsyncExitStack() as stack:
        if kind == "folder":
            yield Ground(home, "", lambda **options: FolderEndpoint("acme", home, **options))
            return
        if kind == "openssh":
            config, prefix = request.getfixturevalue("sshd").config(), str(home)
        else:
            config, prefix = (await stack.enter_async_context(asyncssh_server(home))).config(), ""
        ground = Ground(home, prefix, lambda **options: SftpEndpoint("acme", config, **options))
        yield ground
        for endpoint in ground.made:
            await endpoint.close()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the log reports."""
    reported: list[str] = []
    sink = logger.add(lambda line: reported.append(str(line).strip("\n")), format="{level} {message}", level="INFO")
    yield reported
    logger.remove(sink)
