"""The simulator as one object: the server with its mailboxes, its identity server, faults to plan and a log of requests.

    async with SterlingSimulator(folder) as sterling:
        sterling.state.put("/acme/out", "order.edi", data)
        sterling.url, sterling.ca_file, sterling.USERNAME, sterling.PASSWORD

Knows: how the parts are connected and served. Does not know: the client it is tested with, whose code it does not share.
"""

import ssl
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from .. import serve, tls
from ..faults import Faults
from .http_app import IdentityApp, MailboxApp
from .identity import TOKEN, Identity
from .ledger import Ledger
from .mailboxes import MailboxState
from .requests import ROOT
from .server import Server
from .switches import Switches
from .users import User, Users

LOGGED = 100_000
"""How many of its requests it remembers."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that came in. `collection`: the first part of its path below the root, `token` at the identity server.
    `status` is what it was answered; the answer may have been lost on the way. `cookie`: it brought one back, as each answer sets
    one."""

    method: str
    path: str
    query: str
    collection: str
    status: int
    cookie: bool = False


class SterlingSimulator:
    """One Sterling. `state` has the mailboxes, `switches` how it answers, `faults` what goes wrong, `ledger` every message that
    there ever was, `users` who may log in, `user` the one that the settings name, `identity` the identity server, `server` rules
    and names, `log` the last requests, `busiest` how many were under way at the same time at most.

    `folder`: what it holds is kept there, and the next simulator over it begins with that. `ports`: of the API and of the
    identity server, 0 for any free one; `api_port` and `identity_port` can be closed and opened again. `clock` gives epoch
    seconds. Without `async with`, `app` and `identity_app` can be called as they are."""

    USERNAME = "d365edi"
    PASSWORD = "sandbox-password"  # noqa: S105 (the simulator's own, on loopback)
    CLIENT_ID = "d365edi"
    CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 (the simulator's own, on loopback)

    def __init__(
        self,
        folder: Path | None = None,
        *,
        switches: Switches | None = None,
        clock: Callable[[], float] = time.time,
        ports: tuple[int, int] = (0, 0),
    ) -> None:
        self.folder = folder
        self.switches = switches or Switches()
        self.state = MailboxState(self.switches, clock, folder)
        self.ledger = Ledger(self.state)
        self.users = Users(clock)
        self.user = self.users.add(User(self.USERNAME, self.PASSWORD))
        clients, mapped = {self.CLIENT_ID: self.CLIENT_SECRET}, {self.CLIENT_ID: self.USERNAME}
        self.identity = Identity(self.switches, clock, clients, mapped)
        self.server = Server(self.state, self.switches, self.users)
        self.faults = Faults(f"{ROOT}*")
        self.log: deque[LoggedRequest] = deque(maxlen=LOGGED)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.under_way = self.busiest = 0
        self.app, self.identity_app = MailboxApp(self), IdentityApp(self)
        newest = ssl.TLSVersion.TLSv1_2
        self.api_port = serve.Listener(self.app, port=ports[0], newest=newest)
        self.identity_port = serve.Listener(self.identity_app, port=ports[1], newest=newest)
        self.ca_file = Path()
        self._stack = AsyncExitStack()
        self._go_on()

    def _go_on(self) -> None:
        """Take up what users and tokens were when the folder was left."""
        for kind, *values in self.state.others:
            if kind == "wrong" and values[0] in self.users.named:
                self.users.named[values[0]].wrong = values[1]
            elif kind == "token" and values[0]:
                self.identity.tokens[values[0]] = (values[1], values[2])
            elif kind == "token":
                self.identity.tokens.clear()
        self.users.noted = lambda name, wrong: self.state.note("wrong", name, wrong)
        self.identity.noted = lambda token, client, end: self.state.note("token", token, client, end)

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _open(self) -> None:
        self._stack.callback(self.state.close)
        if self.folder is None:
            place = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="d365edi-sterling-")))
        else:
            place = self.folder / "tls"
        files = tls.create(place) if self.folder is None else tls.kept(place)
        self.ca_file = files.authority
        for listener in (self.api_port, self.identity_port):
            self._stack.push_async_callback(listener.close)
            await listener.open(files)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def ports(self) -> tuple[int, int]:
        """Where the API and the identity server listen."""
        return self.api_port.port, self.identity_port.port

    @property
    def host(self) -> str:
        """Where the API answers, as "127.0.0.1:port"."""
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def url(self) -> str:
        """The address of the API, as the settings have it."""
        return f"https://{self.host}{ROOT}"

    @property
    def token_url(self) -> str:
        """The address that gives tokens."""
        return f"https://127.0.0.1:{self.ports[1]}{TOKEN}"

    def count(self, method: str, collection: str) -> int:
        """How many requests of this method for this collection came in; `token` for the identity server."""
        return self.counts[method, collection]

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count a request as under way."""
        self.under_way += 1
        self.busiest = max(self.busiest, self.under_way)
        try:
            yield
        finally:
            self.under_way -= 1

    def note(self, method: str, path: str, query: str, status: int, *, cookie: bool) -> None:
        """Write a request into the log."""
        collection = path.removeprefix(ROOT).partition("/")[0] if path.startswith(ROOT) else path.rpartition("/")[2]
        self.counts[method, collection] += 1
        self.log.append(LoggedRequest(method, path, query, collection, status, cookie))
