"""A TCP proxy in front of a server: resets newcomers, holds bytes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on with 0 seconds: close sends RST


@dataclass
class Proxy:
    """`reset`: how many newcomers are reset at once. `delay`: seconds that every piece is held back, each way."""

    target: int
    port: int = 0
    reset: int = 0
    delay: float = 0.0
    visitors: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.visitors += 1
        if self.reset > 0:
            self.reset -= 1
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        ways = [asyncio.create_task(self._pump(reader, there_writer))]
        ways.append(asyncio.create_task(self._pump(there_reader, writer)))
        self.tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, there_writer):
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(1 << 18):
                await asyncio.sleep(self.delay)
                writer.write(piece)
                await writer.drain()


@contextlib.asynccontextmanager
async def proxy(target: int) -> AsyncIterator[Proxy]:
    """Stand before the port `target`."""
    gate = Proxy(target)
    listener = await asyncio.start_server(gate.visit, "127.0.0.1", 0)
    gate.port = listener.sockets[0].getsockname()[1]
    try:
        yield gate
    finally:
        listener.close()
        for task in gate.tasks:
            task.cancel()
        await asyncio.gather(*gate.tasks, return_exceptions=True)
