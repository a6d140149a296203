"""Where the figures of mailboxes are taken: Sterling's and D365's simulators in one process, the daemon's app in another.

    python -m tests.bench.mailbox_ground FOLDER WAIT      serves until its standard input closes; prints one line of JSON when it
                                                          stands, then answers each line of its input by one

A line is JSON: `put` a message (path, name, file), `counts` requests by method and collection, `told` what there is. Both servers
answer after `WAIT` seconds and what they work.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from starlette.types import ASGIApp, Receive, Scope, Send

from d365edi.sandbox import serve, tls, x12
from d365edi.sandbox.d365 import CLIENT_SECRET, Simulator
from d365edi.sandbox.sterling import SterlingSimulator
from tests.crash import traffic
from tests.journeys.world import PROFILE

OUT, TO = "/acme/out", "/acme/to"
"""Mailboxes of the partner: of its orders, and of our acknowledgments."""
SPAN = 30.0
"""Seconds between the creation of two messages that lie there at first."""

_STERLING = """
[endpoints.sbi]
kind        = "sterling"
url         = "{url}"
username    = "{user}"
password    = {{ secret = "sbi" }}
ca_file     = "{ca}"
after       = "{after}"
batch_above = {batch}

[endpoints.disk]
kind = "folder"
path = "{folder}/disk"
"""
_ACME = """
[partners.acme]
customer = {{ usmf = "US-003" }}
x12      = {{ us = "{us}", them = "{them}" }}
acks     = {{ send = "997", to = {{ endpoint = "sbi", path = "/acme/to" }}, expect_within = "24h" }}

[partners.acme.pickup.edi]
from  = {{ endpoint = "sbi", path = "/acme/out/*" }}
every = "{every}"
since = "all"

[partners.acme.receive.850]
create  = "SalesOrder"
company = "usmf"

[partners.acme.codes.unit]
EA = "ea"
"""
_POLLED = """
[partners.p{number:03}]
x12 = {{ us = "01:123456789", them = "ZZ:P{number:03}" }}

[partners.p{number:03}.pickup.edi]
from  = {{ endpoint = "sbi", path = "{path}/*" }}
every = "{every}"
since = "{since}"
"""


def mailbox(number: int) -> str:
    """The path of one of many mailboxes."""
    return f"/p{number:03}/out"


def order(number: int) -> bytes:
    """An 850 of two lines."""
    sets = [("850", traffic.order(f"45{number:08}"))]
    control = number + 1
    return x12.write(PROFILE.address, "PO", sets, interchange=control, group=control, at=traffic.DAY)


@dataclass
class MailboxGround:
    """What stands. `ask` sends one line to the servers' process and gives its answer; `told` is what it said of itself."""

    folder: Path
    told: dict[str, Any]
    process: subprocess.Popen[bytes]

    def ask(self, **line: Any) -> Any:
        """One line there, its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    @property
    def environ(self) -> dict[str, str]:
        """The secrets that the settings name."""
        return {"D365EDI_SECRET_D365": CLIENT_SECRET, "D365EDI_SECRET_SBI": SterlingSimulator.PASSWORD}

    def settings(
        self, *, polled: int = 0, since: str = "now", after: str = "delete", every: str = "1h", batch: str = "false"
    ) -> Path:
        """A settings file: the partner that orders, and `polled` further ones with a mailbox each, from which nothing is
        cleared."""
        given = {"folder": self.folder, "user": SterlingSimulator.USERNAME, "after": after, "batch": batch, **self.told}
        text = traffic.head(self.folder, self.told["d365"], Path(self.told["authority"])) + _STERLING.format(**given)
        text += _ACME.format(us=":".join(PROFILE.us), them=":".join(PROFILE.them), every=every)
        for number in range(polled):
            text += _POLLED.format(number=number, path=mailbox(number), every=every, since=since)
        file = self.folder / "settings.toml"
        file.write_text(text)
        return file

    def counts(self) -> dict[str, int]:
        """Requests at Sterling so far, by "METHOD collection"."""
        return dict(self.ask(do="counts"))

    def put(self, path: str, name: str, data: bytes) -> None:
        """A message of the partner's."""
        file = self.folder / "message"
        file.write_bytes(data)
        self.ask(do="put", path=path, name=name, file=str(file))


@contextlib.contextmanager
def ground(
    folder: Path, *, wait: float = 0.0, mailboxes: int = 0, left: int = 0, more: int = 0
) -> Iterator[MailboxGround]:
    """Start both servers and stop them at the end. There are so many `mailboxes` with so many messages `left` in each; the first
    has `more`."""
    for name in ("var", "disk/to"):
        (folder / name).mkdir(parents=True)
    given = [str(each) for each in (folder, wait, mailboxes, left, more)]
    command = [sys.executable, "-m", "tests.bench.mailbox_ground", *given]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield MailboxGround(folder, json.loads(process.stdout.readline()), process)
        finally:
            process.stdin.close()
            process.wait(20)


def _slow(app: ASGIApp, seconds: float) -> ASGIApp:
    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(seconds)
        await app(scope, receive, send)

    return called


def _fill(sterling: SterlingSimulator, mailboxes: int, left: int, more: int) -> None:
    now = time.time() - SPAN * max(left, more)
    for number in range(mailboxes):
        for at in range(left if number else more):
            name = f"ORDERS-{number:03}-{at:02}.edi"
            sterling.state.put(mailbox(number), name, f"message {number} {at}".encode() * 20, created=now + SPAN * at)


def _answer(sterling: SterlingSimulator, d365: Simulator, line: dict[str, Any]) -> Any:
    if line["do"] == "put":
        sterling.state.put(line["path"], line["name"], Path(line["file"]).read_bytes())
        return True
    if line["do"] == "counts":
        return {f"{method} {collection}": count for (method, collection), count in sterling.counts.items()}
    ours = sterling.ledger.messages(by=sterling.USERNAME)
    extractable = [each for each in sterling.state.messages.values() if not each.gone and each.path == OUT]
    return {
        "orders": len(d365.state.rows("SalesOrderHeadersV4")),
        "placed": len(ours),
        "sizes": sorted({each.size for each in ours}),
        "waiting": len(extractable),
    }


async def _serve(folder: Path, wait: float, mailboxes: int, left: int, more: int) -> None:
    d365 = Simulator(companies=("usmf",), default_company="usmf")
    traffic.seed(d365)
    identity = tls.create(folder / "tls")
    sterling = SterlingSimulator()
    _fill(sterling, mailboxes, left, more)
    for path in (OUT, TO):
        sterling.state.mailbox(path)
    if wait:
        sterling.api_port = serve.Listener(_slow(sterling.app, wait))
    async with sterling, serve.serve(_slow(d365.app, wait) if wait else d365.app, identity) as port:
        told = {"d365": port, "authority": str(identity.authority), "url": sterling.url, "ca": str(sterling.ca_file)}
        _say(told)
        while said := await anyio.to_thread.run_sync(sys.stdin.readline):
            _say(_answer(sterling, d365, json.loads(said)))


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    anyio.run(_serve, Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
