"""uvicorn in the daemon's loop: one ASGI app on one bound socket, with a time for everything that a caller does.

    a TLS handshake       `Times.handshake`
    a request, whole      `Times.request`, from the connection or from the answer before
    its answer, read      `Times.answer`; on the command socket as long as the command takes

On a Unix socket the state of each request has its `peer`.

Knows: uvicorn. Does not know: the applications, where the sockets come from.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from d365edi.listener.admission import Acceptor, Admission, Place
from d365edi.listener.peer import Peer, peer_of
from d365edi.recurring import Recurring

HEAD_LIMIT = 16 * 1024
"""Bytes of a request's head."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds after which a connection is closed. D365 sends its kilobyte at once and gives up after ten."""

    handshake: float = 5.0
    request: float = 10.0
    answer: float | None = 30.0
    """For the answer to be made and taken; None for as long as it takes."""
    goodbye: float = 1.0
    """For the other side to close TLS as well, and for a request that has begun where the server stops."""


@dataclass(frozen=True, slots=True)
class Listener:
    """An ASGI app, the bound socket it is served on, and TLS where there is any. `exhausted` is shared by all that accept: they
    fail and recover together."""

    app: Starlette
    bound: socket.socket
    tls: ssl.SSLContext | None = None
    times: Times = Times()
    exhausted: Recurring = field(default_factory=Recurring)
    admission: Admission = field(default_factory=Admission)


class _Connection(H11Protocol):
    """One connection, with a time for the caller's part and for ours.

    What strangers send that is no HTTP is not logged: there would be no end of it."""

    def __init__(self, config: uvicorn.Config, server: "_Server", place: Place, peer: Peer | None) -> None:
        super().__init__(
            config, server.server_state, {"peer": peer} if peer else {}
        )  # the state of each request's scope
        self.logger = logging.getLogger("uvicorn.error.connection")
        self.logger.setLevel(logging.ERROR)
        self.admission = server.listener.admission
        self.times = server.listener.times
        self.place = place
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.place.leave = transport.abort
        self._within(self.times.request)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._within(None)
        self.admission.left(self.place)

    def hurry(self) -> None:
        """The server stops: what is left of a request has to come soon."""
        if self.place.waiting:
            self._within(self.times.goodbye)

    def _look(self) -> None:
        waiting = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if waiting != self.place.waiting:
            self.place.waiting = waiting
            self._within(self.times.request if waiting else self.times.answer)

    def _within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self.transport.abort) if seconds else None


class _Server(uvicorn.Server):
    """uvicorn in our loop: signals stay the daemon's, connections are accepted by us, and an idle listener sleeps instead of
    waking ten times a second."""

    def __init__(self, config: uvicorn.Config, listener: Listener) -> None:
        super().__init__(config)
        self.listener = listener
        self.open = anyio.Event()
        self.stop = anyio.Event()
        self.arriving: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        listening = sockets[0] if sockets else self.listener.bound
        self.servers = []
        self.acceptor = Acceptor(listening, self.listener.admission, self.listener.exhausted, self._serve_one)
        self.acceptor.start()
        self.started = True
        self.open.set()

    async def main_loop(self) -> None:
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.acceptor.stop()
        for task in self.arriving:
            task.cancel()
        for connection in self.server_state.connections:
            if isinstance(connection, _Connection):
                connection.hurry()
        await super().shutdown(sockets)

    def _serve_one(self, accepted: socket.socket, address: str, wait: float) -> None:
        place = Place(address)
        peer = peer_of(accepted) if accepted.family == socket.AF_UNIX else None
        connection = _Connection(self.config, self, place, peer)

        def arrived(task: asyncio.Task[None]) -> None:
            self.arriving.discard(task)
            if connection.transport is None:
                accepted.close()
                self.listener.admission.left(place)

        task = asyncio.get_running_loop().create_task(self._arrive(accepted, connection, wait))
        place.leave = task.cancel
        self.listener.admission.enter(place)
        self.arriving.add(task)
        task.add_done_callback(arrived)

    async def _arrive(self, accepted: socket.socket, connection: _Connection, wait: float) -> None:
        tls: dict[str, Any] = {}
        if self.listener.tls:
            times = self.listener.times
            tls = {
                "ssl": self.listener.tls,
                "ssl_handshake_timeout": times.handshake,
                "ssl_shutdown_timeout": times.goodbye,
            }
        with contextlib.suppress(OSError):  # gone, no TLS, or too slow
            await asyncio.sleep(wait)
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, accepted, **tls)


@contextlib.asynccontextmanager
async def serving(listener: Listener, *, grace: int = 5) -> AsyncIterator[None]:
    """Serve on a copy of the listener's socket; on leaving, requests in flight get `grace` seconds to finish.

    The caller keeps `bound`: while it stays open, callers who come between two servings wait instead of being refused.
    """
    config = uvicorn.Config(
        listener.app,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,  # it would need the tick that main_loop leaves out
        timeout_graceful_shutdown=grace,
        h11_max_incomplete_event_size=HEAD_LIMIT,
    )
    server = _Server(config, listener)

    async def serve() -> None:
        with anyio.CancelScope(shield=True):  # a cancelled daemon still closes its listeners in order, within `grace`
            await server.serve([listener.bound.dup()])

    async with anyio.create_task_group() as group:
        group.start_soon(serve)
        await server.open.wait()
        try:
            yield
        finally:
            server.stop.set()
