"""uvicorn in the daemon's loop: one ASGI app on one bound socket.

Knows: uvicorn. Does not know: the applications, where the sockets come from.
"""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial

import anyio
import uvicorn
from starlette.applications import Starlette


class _Server(uvicorn.Server):
    """uvicorn in our loop: signals stay the daemon's, and an idle listener sleeps instead of waking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.open = anyio.Event()
        self.stop = anyio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.open.set()

    async def main_loop(self) -> None:
        await self.stop.wait()


def _given(context: ssl.SSLContext, *_: object) -> ssl.SSLContext:
    return context


@dataclass(frozen=True, slots=True)
class Listener:
    """An ASGI app, the bound socket it is served on, and TLS where there is any."""

    app: Starlette
    bound: socket.socket
    tls: ssl.SSLContext | None = None


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
        limit_concurrency=100,
        ssl_context_factory=partial(_given, listener.tls) if listener.tls else None,
    )
    server = _Server(config)

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
