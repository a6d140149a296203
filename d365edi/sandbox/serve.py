"""An ASGI application on a TLS port of loopback, in the caller's own event loop.

Knows: uvicorn. Does not know: what it serves. Signals stay with the process; the port is bound before anything starts.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .tls import TlsFiles


class _Server(uvicorn.Server):
    """Leaves signals alone and sets an event when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class _Protocol(H11Protocol):
    """Hands each request the means to break its connection, for faults that do."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app = _abortable(self.app, transport)


def _abortable(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app({**scope, "sandbox.abort": transport.abort, "sandbox.close": transport.close}, receive, send)
        except ConnectionResetError:
            if not transport.is_closing():
                raise
            while (await receive())["type"] != "http.disconnect":
                pass  # meant to be broken: the server has nothing to report

    return called


def _listening(port: int) -> socket.socket:
    """A listening socket that says it is TCP: asyncio switches Nagle's algorithm off only where that is said, and with
    it each answer on a kept connection waits 40 ms for the client's delayed acknowledgment."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


class Listener:
    """An application at a port that can be closed and opened again. `port`: 0 until it is open for the first time, where any
    was free."""

    def __init__(
        self, app: ASGIApp, *, port: int = 0, newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
    ) -> None:
        self.port = port
        self._app, self._newest = app, newest
        self._identity: TlsFiles | None = None
        self._open = AsyncExitStack()

    async def open(self, identity: TlsFiles | None = None) -> None:
        """Listen, with this certificate or the one of last time. OSError when the port is taken."""
        self._identity = identity or self._identity
        if self._identity is None:
            raise ValueError("a port is opened for the first time with a certificate")
        served = serve(self._app, self._identity, port=self.port, newest=self._newest)
        self.port = await self._open.enter_async_context(served)

    async def close(self) -> None:
        """Break off what is under way and listen no more."""
        await self._open.aclose()


@asynccontextmanager
async def serve(
    app: ASGIApp, identity: TlsFiles, *, port: int = 0, newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
) -> AsyncIterator[int]:
    """Serve until the block ends, with no newer TLS than `newest`; gives the port. OSError when a port that was asked for
    is taken."""
    listening = _listening(port)
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        ssl_certfile=identity.certificate,
        ssl_keyfile=identity.key,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )
    config.load()
    if config.ssl is not None:
        config.ssl.maximum_version = newest
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await server.ready.wait()
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listening.close()
