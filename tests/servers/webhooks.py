"""A real HTTPS receiver of webhooks, which verifies each signature by itself (Standard Webhooks), and its faults."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from d365edi.sandbox.serve import serve
from d365edi.sandbox.tls import TlsFiles


@dataclass
class Receiver:
    """What arrived, as (id, body); `answers` are given first, then 204. `signed`: whether the last signature was right.

    `lose`: how many more requests are taken and not answered."""

    key: bytes
    port: int = 0
    arrived: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    signed: bool | None = None
    lose: int = 0

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/hooks/d365edi?sig=letmein"

    @property
    def subjects(self) -> list[str]:
        return [body["subject"] for _, body in self.arrived]

    async def take(self, request: Request) -> Response:
        body = await request.body()
        headers = request.headers
        signature = headers.get("webhook-signature")
        self.signed = (
            None
            if signature is None
            else signature
            == "v1," + _hmac(self.key, f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body)
        )
        if self.answers:
            status, more = self.answers.pop(0)
            return Response(status_code=status, headers=more)
        self.arrived.append((headers["webhook-id"], json.loads(body)))
        if self.lose:
            self.lose -= 1
            request.scope["sandbox.abort"]()
        return Response(status_code=204)


def _hmac(key: bytes, data: bytes) -> str:
    """HMAC-SHA256 as RFC 2104 writes it, without the module that the client uses."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + data).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()
    return base64.b64encode(outer).decode()


@contextlib.asynccontextmanager
async def receiver(identity: TlsFiles, key: bytes = b"webhook-word", port: int = 0) -> AsyncIterator[Receiver]:
    """Receive on a TLS port of loopback until the block ends."""
    made = Receiver(key)
    app = Starlette(routes=[Route("/hooks/d365edi", made.take, methods=["POST"])])
    async with serve(app, identity, port=port) as made.port:
        yield made
