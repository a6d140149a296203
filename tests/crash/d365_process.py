"""The D365 simulator in a process of its own, which may be killed: what it has done is on disk before the answer leaves.

Started again it goes on where it was, with the tokens that it gave: Entra ID does not fall with D365. It bills orders by
itself, as people in D365 do, some time after they are complete.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio
from starlette.types import Message, Receive, Scope, Send

from d365edi.sandbox import serve
from d365edi.sandbox.d365 import Simulator
from d365edi.sandbox.d365.entra import Token
from d365edi.sandbox.tls import TlsFiles

LINES = 2
"""Each order of the drill has so many lines; one with fewer is still being written."""
LATEST = 0.02
"""Seconds that an answer waits at most after what it says is durable."""


class Kept:
    """A simulator over a file of rows and one of tokens, as an application."""

    def __init__(self, file: Path, seed: Callable[[Simulator], None]) -> None:
        self.simulator = Simulator(companies=("usmf",), default_company="usmf")
        seed(self.simulator)
        self.simulator.keep(file)
        self._tokens = file.with_suffix(".tokens")
        if self._tokens.exists():
            kept = json.loads(self._tokens.read_text())
            self.simulator.entra.tokens.update({text: Token(**token) for text, token in kept.items()})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer when all is durable, and a moment later: as much of an answer is lost on its way as of a request."""
        issued = self.simulator.entra.issued

        async def durable(message: Message) -> None:
            if message["type"] == "http.response.start":
                if self.simulator.entra.issued > issued:
                    self._keep_tokens()
                await anyio.sleep(random.uniform(0, LATEST))
            await send(message)

        await self.simulator.app(scope, receive, durable)

    async def bill(self) -> None:
        """Post the invoice of a complete order now and then, for as long as the process lives."""
        while True:
            await anyio.sleep(random.uniform(0.02, 0.2))
            lines = self.simulator.state.rows("SalesOrderLinesV3", SalesOrderLineStatus="Backorder")
            orders = sorted({line["SalesOrderNumber"] for line in lines})
            complete = [order for order in orders if sum(line["SalesOrderNumber"] == order for line in lines) == LINES]
            if complete:
                self.simulator.post_invoice(random.choice(complete))
                self.simulator.flush()

    def _keep_tokens(self) -> None:
        fresh = self._tokens.with_suffix(".new")
        with fresh.open("w") as file:
            json.dump({text: asdict(token) for text, token in self.simulator.entra.tokens.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._tokens)


def sales(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """What is in D365, by its file (see `sandbox/d365/row_log`), while the process lives or not: headers, lines, invoices."""
    rows = dict[int, tuple[str, dict[str, Any]]]()
    *lines, _ = file.read_bytes().split(b"\n") if file.exists() else [b""]
    for kind, *rest in (change for line in lines for change in json.loads(line)):
        if kind == "put":
            rows[rest[1]] = rest[0], rest[3]
        elif kind == "take":
            del rows[rest[1]]
    sets = ("SalesOrderHeadersV4", "SalesOrderLinesV3", "SalesInvoiceHeadersV4")
    headers, items, invoices = ([row for entity, row in rows.values() if entity == each] for each in sets)
    return headers, items, invoices


async def run(file: Path, identity: TlsFiles, port: int, seed: Callable[[Simulator], None]) -> None:
    """Serve at this port until the process is killed."""
    kept = Kept(file, seed)
    async with serve.serve(kept, identity, port=port):
        await kept.bill()
