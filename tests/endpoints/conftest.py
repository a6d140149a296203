"""Grounds for the endpoints' tests: a folder, asyncssh's server and OpenSSH's sshd, each with a real directory behind it, and a
simulated Sterling with Basic and with OAuth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from d365edi.endpoints.base import DeliveryRequest, Endpoint, Place, Remote
from d365edi.endpoints.file_store import FileStore
from d365edi.endpoints.folder import FolderEndpoint
from d365edi.endpoints.sftp import SftpEndpoint
from d365edi.endpoints.sterling.auth import OAuthClient
from d365edi.endpoints.sterling.checks import Uses
from d365edi.endpoints.sterling.connection import SterlingConfig
from d365edi.endpoints.sterling.delivery import Rules
from d365edi.endpoints.sterling.endpoint import SterlingEndpoint
from d365edi.endpoints.tls import Trust
from d365edi.sandbox.sterling.mailboxes import Message
from d365edi.sandbox.sterling.simulator import SterlingSimulator
from d365edi.sandbox.sterling.switches import Switches
from tests.servers.asyncssh_server import AsyncsshServer, asyncssh_server
from tests.servers.openssh import OpenSsh, openssh


class Ground:
    """One kind of endpoint, and what a partner does at its other side. Paths of `put`, `take` and `tree` begin with a folder."""

    made: list[Any]

    def open(self, **options: Any) -> Endpoint:
        """An endpoint; closed when the test is over."""
        raise NotImplementedError

    def at(self, folder: str) -> str:
        """A folder as the endpoint spells it."""
        raise NotImplementedError

    def make(self, folder: str) -> None:
        """Make a folder where there is none."""
        raise NotImplementedError

    def put(self, path: str, data: bytes = b"ISA*00*~") -> object:
        """The partner leaves something there."""
        raise NotImplementedError

    def take(self, path: str) -> None:
        """The partner takes something away."""
        raise NotImplementedError

    def tree(self, folder: str = "") -> dict[str, bytes]:
        """Everything below a folder with its bytes."""
        raise NotImplementedError

    async def remote(self, folder: str, name: str) -> Remote:
        """Something as it is listed now."""
        lister = self.made[0] if self.made else self.open()
        listing = await lister.list(Place(self.at(folder)))
        found: Remote = next(remote for remote in listing.remotes if remote.name == name)
        return found

    def request(self, payload: bytes = b"ISA*810~", progress: Mapping[str, str] | None = None) -> DeliveryRequest:
        """An invoice to deliver into `inbound`, which is there."""
        self.make("inbound")
        return DeliveryRequest(7, self.at("inbound"), "810_7.edi", payload, progress or {}, extract=1)


@dataclass
class FileGround(Ground):
    """One kind of file store over `home`; `prefix` is the path of `home` as the endpoint spells it."""

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

    def make(self, folder: str) -> None:
        """Make a folder where there is none."""
        (self.home / folder).mkdir(parents=True, exist_ok=True)

    def put(self, path: str, data: bytes = b"ISA*00*~") -> Path:
        """A file of the partner's."""
        there = self.home / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(data)
        return there

    def take(self, path: str) -> None:
        """The partner takes a file away."""
        (self.home / path).unlink()

    def tree(self, folder: str = "") -> dict[str, bytes]:
        """Every file below a folder with its bytes."""
        start = self.home / folder
        return {str(p.relative_to(start)): p.read_bytes() for p in sorted(start.rglob("*")) if p.is_file()}


@dataclass
class MailboxGround(Ground):
    """Mailboxes of a simulated Sterling, all below one."""

    sterling: SterlingSimulator
    made: list[SterlingEndpoint] = field(default_factory=list)

    TOP = "/d365edi"

    def config(self, **changes: Any) -> SterlingConfig:
        """How to reach it, with the login that it wants."""
        sim, trust = self.sterling, Trust(self.sterling.ca_file)
        given: dict[str, Any] = {"username": sim.USERNAME, "password": sim.PASSWORD, "trust": trust}
        if sim.switches.bearer:
            given = {"oauth": OAuthClient(sim.token_url, sim.CLIENT_ID, sim.CLIENT_SECRET), "trust": trust}
        return SterlingConfig(**{"url": sim.url, "identity": trust, **given, **changes})

    def open(self, *, rules: Rules | None = None, folders: tuple[str, ...] = (), **changes: Any) -> SterlingEndpoint:
        """An endpoint; closed when the test is over. Where no reply came it waits for nothing and sends again."""
        rules = rules or Rules(unclear_for=0.0, absent="again")
        uses = Uses(delivered=dict.fromkeys(folders, ("acme.send.810",)))
        self.made.append(SterlingEndpoint("sbi", self.config(**changes), rules, uses=uses))
        return self.made[-1]

    def at(self, folder: str) -> str:
        """A mailbox by its path."""
        return f"{self.TOP}/{folder}"

    def make(self, folder: str) -> None:
        """Make a mailbox where there is none."""
        self.sterling.state.mailbox(self.at(folder))

    def put(self, path: str, data: bytes = b"ISA*00*~") -> Message:
        """A message of the partner's."""
        folder, _, name = path.rpartition("/")
        return self.sterling.state.put(self.at(folder), name, data)

    def take(self, path: str) -> None:
        """The partner fetches a message and deletes it, and the server's schedule clears away its document."""
        folder, _, name = path.rpartition("/")
        found = self.messages(folder)
        message = next(each for each in found if each.name == name)
        self.sterling.state.take(message)
        self.sterling.state.remove(message)
        self.sterling.state.purge()

    def messages(self, folder: str) -> list[Message]:
        """What lies in a mailbox, the oldest first."""
        mailbox = self.sterling.state.find(self.at(folder))
        return sorted(mailbox.messages.values(), key=lambda each: (each.created, each.id)) if mailbox else []

    def tree(self, folder: str = "") -> dict[str, bytes]:
        """Every message below a mailbox with its bytes."""
        start, state = self.at(folder).rstrip("/"), self.sterling.state
        found = {
            f"{mailbox.path.removeprefix(start)}/{message.name}".strip("/"): state.payload(message.document)
            for mailbox in state.mailboxes.values()
            if f"{mailbox.path}/".startswith(f"{start}/")
            for message in mailbox.messages.values()
        }
        return dict(sorted(found.items()))


BIG = bytes(range(256)) * 2500  # more than one block of any server


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


FILES = ("folder", "asyncssh", "openssh")
MAILBOXES = ("sterling", "sterling, OAuth")
KINDS = (*FILES, *MAILBOXES)


@pytest.fixture(params=KINDS)
async def ground(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Ground]:
    """Each kind of endpoint in turn."""
    async with grounded(request.param, request, home) as opened:
        yield opened


@pytest.fixture(params=FILES)
async def files(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[FileGround]:
    """Each kind of file store in turn."""
    async with file_grounded(request.param, request, home) as opened:
        yield opened


@asynccontextmanager
async def grounded(kind: str, request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Ground]:
    """The ground of one kind of endpoint; its endpoints are closed at the end."""
    if kind in MAILBOXES:
        async with mailboxes(*(["bearer"] if kind.endswith("OAuth") else [])) as mailbox_ground:
            yield mailbox_ground
        return
    async with file_grounded(kind, request, home) as file_ground:
        yield file_ground


@asynccontextmanager
async def mailboxes(*switches: str, **options: Any) -> AsyncIterator[MailboxGround]:
    """A simulated Sterling with these switches."""
    async with SterlingSimulator(switches=Switches.of(*switches), **options) as sterling:
        ground = MailboxGround(sterling)
        yield ground
        for endpoint in ground.made:
            await endpoint.close()


@asynccontextmanager
async def file_grounded(kind: str, request: pytest.FixtureRequest, home: Path) -> AsyncIterator[FileGround]:
    """The ground of one kind of file store; its endpoints are closed at the end."""
    async with AsyncExitStack() as stack:
        if kind == "folder":
            yield FileGround(home, "", lambda **options: FolderEndpoint("acme", home, **options))
            return
        if kind == "openssh":
            config, prefix = request.getfixturevalue("sshd").config(), str(home)
        else:
            config, prefix = (await stack.enter_async_context(asyncssh_server(home))).config(), ""
        ground = FileGround(home, prefix, lambda **options: SftpEndpoint("acme", config, **options))
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
