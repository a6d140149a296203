"""Lets the flows read a file without endpoints: a journal on disk, acme's settings, and what became of each file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, cast

import anyio

from d365edi import partners
from d365edi.edi.syntax import Standard
from d365edi.flows import translate
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.messages import LogLine
from d365edi.flows.partner import TradingPartner
from d365edi.journal import Delivery, Document, Journal, Message
from d365edi.settings import load
from tests.settings.conftest import RIGHT

US: dict[Standard, str] = {"X12": "01:123456789", "EDIFACT": "14:4012345000009"}
THEM: dict[Standard, str] = {"X12": "08:6111250008", "EDIFACT": "14:4098765000010"}
SETTINGS = (
    RIGHT
    + f"""
[partners.acme.edifact]
us   = "{US["EDIFACT"]}"
them = "{THEM["EDIFACT"]}"

[partners.acme.receive.ORDERS]
create = "SalesOrder"
company = "usmf"
"""
)


@dataclass(frozen=True)
class Read:
    """What became of a file: its message, the documents and deliveries, the acknowledgments as text, the log."""

    message: Message
    documents: list[Document]
    deliveries: list[Delivery]
    answers: list[str]
    lines: list[LogLine]

    def said(self, verb: str) -> list[str]:
        """The sentences of the log with this verb."""
        return [sentence for _, found, sentence, *_ in self.lines if found == verb]


class Desk:
    """Reads one file after the other into one journal."""

    def __init__(self, ctx: FlowContext) -> None:
        self.ctx, self.number = ctx, 0

    async def read(self, payload: bytes, name: str = "") -> Read:
        """Claim the bytes as a file of acme and translate it."""
        self.number += 1
        name = name or f"in_{self.number}.edi"
        about: dict[str, Any] = {"direction": "in", "partner": "acme", "flow": "acme.pickup.edi", "endpoint": "acme"}
        journal = self.ctx.journal
        message = await journal.write(
            lambda tx: tx.messages.add(
                **about, path="/outbound", name=name, size=len(payload), modified=1.0, payload=payload
            )
        )
        outcome = await translate.translate(self.ctx, message.id, Counters())

        def look(tx: Any) -> Read:
            deliveries = tx.deliveries.for_message(message.id)
            answers = [tx.payloads.get(delivery.digest).decode("latin-1") for delivery in deliveries]
            documents = tx.documents.for_message(message.id)
            return Read(tx.messages.get(message.id), documents, deliveries, answers, list(outcome.lines))

        return await journal.read(look)


COMPILED: dict[str, dict[str, TradingPartner]] = {}
"""Partners by their settings: compiling them takes longer than reading a file."""


@asynccontextmanager
async def desk(folder: Path, *changes: tuple[str, str]) -> AsyncIterator[Desk]:
    """A desk with acme's settings, each `old` in them replaced by its `new`."""
    text = SETTINGS
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "settings.toml"
    path.write_text(text)
    if text not in COMPILED:
        COMPILED[text] = partners.compiled(load(path, {}))
    journal = await Journal.open(folder / "journal.db")
    try:
        compiled = COMPILED[text]
        yield Desk(FlowContext(journal, {}, cast("Any", None), compiled, lambda: 1000.0, anyio.sleep, lambda: 0.5, UTC))
    finally:
        await journal.close()
