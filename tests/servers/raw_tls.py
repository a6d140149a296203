"""A TLS server that answers each HTTP request with the very bytes that a test planned, and keeps what arrived."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from d365edi.sandbox.tls import TlsFiles


@dataclass
class RawTls:
    """`answers`: what is sent to each request in turn, the last to all further ones; the connection is closed after each.
    `connected` counts handshakes that the client ended well; `requests` have head and body of each request."""

    identity: TlsFiles
    port: int = 0
    answers: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connected: int = 0
    clients: list[str] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/B2BAPIs/svc/"

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        shown = writer.get_extra_info("peercert")
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            self.connected += 1
            head = await reader.readuntil(b"\r\n\r\n")
            found = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(found[0].partition(b":")[2])) if found else b""
            if shown:
                self.clients.append(dict(pair[0] for pair in shown["subject"])["commonName"])
            self.requests.append(head + body)
            writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
            await writer.drain()
            writer.close()


def http(
    body: bytes, status: int = 200, *, type: str = "application/json", headers: str = "", length: int | None = None
) -> bytes:
    """An answer, with a length that may be a lie."""
    size = len(body) if length is None else length
    head = (
        f"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\nContent-Length: {size}\r\nConnection: close\r\n{headers}\r\n"
    )
    return head.encode() + body


@contextlib.asynccontextmanager
async def raw_tls(identity: TlsFiles, *answers: bytes, clients: str = "") -> AsyncIterator[RawTls]:
    """Serve on a port of loopback until the block ends. `clients`: the PEM of those whose certificates are asked for."""
    server = RawTls(identity, answers=list(answers))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    if clients:
        context.load_verify_locations(cadata=clients)
        context.verify_mode = ssl.CERT_REQUIRED
    listener = await asyncio.start_server(server.visit, "127.0.0.1", 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await asyncio.gather(*server.tasks, return_exceptions=True)
