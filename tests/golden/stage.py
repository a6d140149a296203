"""Where a golden pair is played: the sandbox and the app in one event loop, on a day that never passes.

Each pair has a sandbox of its own, with one partner that is customer and vendor, so that no pair depends on another one. One
request at a time goes to D365: their order is what the flows ask for. Ports, batch boundaries and tokens are not recorded.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from d365edi import log, secrets
from d365edi.app import App
from d365edi.odata import canonical
from d365edi.sandbox.environment import Environment
from d365edi.sandbox.partner import PartnerProfile
from d365edi.settings import Settings, load
from tests.golden.pairs import FOLDER, LISTS, Pair

NOW = 1_793_620_800.0
"""2026-11-02 12:00 UTC."""
NAME = "harbor"
PARTNER = PartnerProfile(
    name=NAME,
    title="Harbor Stores",
    them=("ZZ", "HARBORSTORES"),
    us=("ZZ", "NORTHBAYGOODS"),
    group_them="HARBORSTORES",
    group_us="NORTHBAYGOODS",
    account="US-010",
    vendor="US-101",
)
ALWAYS = """
[partners.harbor.edifact]
us   = "14:4012345000009"
them = "14:4098765000010"
newline = true

[partners.harbor.codes.charge]
D240 = "FREIGHT"
"""
SEND = """
[partners.harbor.send.{language}]
of    = "{word}"
to    = {{ endpoint = "harbor", path = "/inbound", file = "sent_{{control:09}}" }}
every = "1h"
"""
RECEIVE = """
[partners.harbor.receive.{language}]
create  = "{word}"
company = "usmf"
"""
TERMS = """
[partners.harbor.send.ORDERS.map.defaults]
"PAT[1|3]02-1" = "ZZZ"
"""
"""A code for terms of payment that are said in words; 4277 has none that holds between all."""
DIMENSIONS = """
[partners.harbor.receive.{language}.dimensions]
CostCenter = "022"
"""
JOURNAL = """
[partners.harbor.receive.{language}.d365.header.constants]
JournalName = "{journal}"
[partners.harbor.receive.{language}.d365.lines.constants]
PaymentMethodName = "EFT"
"""
JOURNALS = {"VendorPayment": "VendPay", "CustomerPayment": "CustPay"}
BOUNDARY = re.compile(r"\b(batch|changeset)_[0-9A-Za-z]+")


PLACES = {"edi": "outbound", "csv": "csv"}


async def play(pair: Pair, folder: Path) -> bytes:
    """What comes of the left side of a pair: the calls to D365, or the partner's file."""
    columns = pair.language if pair.columns and pair.direction == "in" else ""
    profile = replace(PARTNER, flows=_flows(pair), columns=columns)
    sandbox = Environment(folder / "sandbox", profiles=(profile,), samples=False, clock=_now)
    sandbox.app = calls = Calls(sandbox.app)
    for known in (FOLDER / "d365.json", pair.folder / "d365.json"):
        if known.exists():
            enter(sandbox, known)
    async with sandbox, App.open(_settings(sandbox, folder), clock=_now) as app:
        if pair.direction == "out":
            await _before(pair, sandbox, app)
            await app.tick(f"{NAME}.send.{pair.language}")
        else:
            del calls.text[:]
            await _leave(pair.left, sandbox, app)
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        assert [document.reason for document in held] == []
        return _only_file(sandbox) if pair.direction == "out" else "\n".join(calls.text).encode()


def enter(sandbox: Environment, rows: Path) -> None:
    """Put the rows of a file into D365, by set."""
    for set, found in canonical.loads(rows.read_bytes()).items():
        for row in found:
            sandbox.d365.state.add(set, **{"dataAreaId": "usmf"} | row)


async def _before(pair: Pair, sandbox: Environment, app: App) -> None:
    """The partner's order, where the rows answer one, and the rows."""
    if pair.order.exists():
        await _leave(pair.order, sandbox, app)
    enter(sandbox, pair.left)


async def _leave(file: Path, sandbox: Environment, app: App) -> None:
    """The partner leaves this file, and it is taken."""
    kind = file.suffix.removeprefix(".")
    shutil.copyfile(file, sandbox.partner.home / PLACES[kind] / file.name)
    await app.tick(f"{NAME}.pickup.{'columns' if kind == 'csv' else kind}")


def _only_file(sandbox: Environment) -> bytes:
    (sent,) = sandbox.partner.received().values()
    return sent


def _now() -> float:
    return NOW


# -------------------------------------------------------------------------------------------------------- the settings
def _settings(sandbox: Environment, folder: Path) -> Settings:
    text = sandbox.settings(folder, every="1h", apart="10ms")
    for table, more in (("[d365]", "concurrency = 1"), (f"[partners.{NAME}.x12]", "newline = true")):
        assert table in text
        text = text.replace(f"{table}\n", f"{table}\n{more}\n")
    file = folder / "settings.toml"
    file.write_text(text)
    environ = {f"D365EDI_SECRET_{name.replace('-', '_').upper()}": value for name, value in sandbox.secrets.items()}
    return load(file, environ=environ, keyring=secrets.keyring(log.hide))


def _flows(pair: Pair) -> str:
    named = {"language": pair.language, "word": pair.word}
    if pair.direction == "out":
        more = 'company = "usmf"\n' if pair.word in LISTS else "since = 2026-01-01\n"
        answered = RECEIVE.format(language="850", word="SalesOrder") if pair.order.exists() else ""
        return ALWAYS + answered + SEND.format(**named) + more + (TERMS if pair.language == "ORDERS" else "")
    journal = JOURNAL.format(**named, journal=JOURNALS[pair.word]) if pair.word in JOURNALS else ""
    return ALWAYS + RECEIVE.format(**named) + DIMENSIONS.format(**named) + journal


# ------------------------------------------------------------------------------------------------------ the calls
class Calls:
    """What answers at D365's port, writing down as text what it is asked and told: method, address and body."""

    def __init__(self, app: ASGIApp) -> None:
        self.text: list[str] = []
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, once its whole body is here."""
        body, more = b"", True
        while more:
            piece = await receive()
            body, more = body + piece.get("body", b""), piece.get("more_body", False)
        if scope["path"].startswith("/data/"):
            self.text.append(_written(scope, body))

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


def _written(scope: Scope, body: bytes) -> str:
    """A request as text: its address and the headers of a batch decoded, its JSON on lines of its own."""
    address = unquote(scope["raw_path"].decode().partition("?")[0])
    asked = unquote(scope["query_string"].decode())
    host = dict(scope["headers"])[b"host"].decode()
    lines = [f"{scope['method']} {address}{'?' if asked else ''}{asked}"]
    for line in body.decode().replace(f"https://{host}", "").splitlines():
        lines += _indented(line) if line.startswith("{") else [BOUNDARY.sub(r"\1", line)]
    return "\n".join([*lines, ""])


def _indented(line: str) -> list[str]:
    """An object with a field on each line, in the order in which it was sent and with its numbers as they were written."""
    fields = json.loads(line, parse_float=Decimal, parse_int=Decimal)
    return ["{", *(f"  {json.dumps(name)}: {_shown(value)}" for name, value in fields.items()), "}"]


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
