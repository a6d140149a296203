"""The drill at random with mailboxes: the daemon, D365 and Sterling are killed again and again, and answers of Sterling are lost.

No rule deletes. Where a request for a message got no answer and the message is not there, `absent` says what follows: it is
made again, or a person is asked. The questions stay open until nobody is killed any more; then each is answered by `release`.
"""

from __future__ import annotations

import contextlib
import random
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from d365edi.sandbox import tls
from d365edi.sandbox.d365 import CLIENT_SECRET
from d365edi.sandbox.sterling import SterlingSimulator
from d365edi.sandbox.sterling.ledger import Ledger
from d365edi.sandbox.sterling.requests import ROOT
from tests.crash import mailbox_ledgers
from tests.crash.ledgers import Difference
from tests.crash.mailbox_ledgers import MailboxBooks
from tests.crash.programs import FORKED, Program, run_d365, run_daemon, run_release, run_sterling
from tests.crash.random import Drill
from tests.crash.sterling_process import ENOUGH
from tests.crash.traffic import head, partners

WEIGHTS = {"daemon": 5, "d365": 1, "sterling": 4}
PATIENCE = 400.0
"""Seconds: a delivery that failed ten times waits for two minutes and a half, and each lost answer is a failure."""
QUESTION = "no clear answer came about its message"
_ASKED = "SELECT id, path, name, reason FROM deliveries WHERE state = 'quarantined'"

_STERLING = """
[endpoints.sbi]
kind        = "sterling"
url         = "https://127.0.0.1:{port}{root}"
username    = "{user}"
password    = {{ secret = "sbi" }}
ca_file     = "{authority}"
after       = "delete"
absent      = "{absent}"
unclear_for = "1s"
timeouts    = {{ read = "3s" }}
"""


@dataclass
class MailboxDrill(Drill):
    """Everything of one run. Partners trade by themselves, in Sterling's process."""

    asked: set[int] = field(default_factory=set)

    @property
    def books(self) -> MailboxBooks:
        """The ledgers, read anew."""
        return mailbox_ledgers.read(self.folder)

    def trade(self) -> None:
        """Now and then a copy of the journal."""
        self.copy()

    def settled(self) -> bool:
        """Whether all has arrived and no question is open. Ends the orders, and answers questions."""
        (self.folder / "sterling" / ENOUGH).touch()
        books = self.books
        for id, path, name in self._questions(books):
            self._answer(id, (path, name), books)
        return books.settled()

    def _questions(self, books: MailboxBooks) -> list[tuple[int, str, str]]:
        if not books.journal.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{books.journal}?mode=ro", uri=True)) as journal:
            found = journal.execute(_ASKED).fetchall()
        return [(id, path, name) for id, path, name, reason in found if QUESTION in reason]

    def _answer(self, id: int, wanted: tuple[str, str], books: MailboxBooks) -> None:
        """Release what was asked for, whose message must not be there."""
        self.noted["questions"] = self.noted.get("questions", 0) + 1
        placed = Ledger(books.state).messages(by=SterlingSimulator.USERNAME)
        if wanted in {(each.path, each.name) for each in placed}:
            self.differences.append(Difference(f"it was asked for {wanted}, which is there", f"delivery-{id}"))
        said = str(self.folder / "release.log")
        process = FORKED.Process(
            target=run_release, args=(self.folder / "settings.toml", self.environ, f"delivery-{id}", said)
        )
        process.start()
        process.join()


@contextlib.contextmanager
def drill(folder: Path, seed: int, pace: float, *, absent: Literal["ask", "again"]) -> Iterator[MailboxDrill]:
    """Set everything up; nothing runs yet."""
    for name in ("var", "copies", "home", "sterling"):
        (folder / name).mkdir(parents=True)
    identity, served = tls.create(folder / "tls"), tls.kept(folder / "sterling" / "tls")
    d365, *two = _ports(3)
    ports = two[0], two[1]
    endpoint = _STERLING.format(
        port=ports[0], root=ROOT, user=SterlingSimulator.USERNAME, authority=served.authority, absent=absent
    )
    file = folder / "settings.toml"
    trading = partners("sbi", "out/*", "to", "to", 'since = "all"')
    file.write_text(head(folder, d365, identity.authority) + endpoint + trading)
    environ = {"D365EDI_SECRET_D365": CLIENT_SECRET, "D365EDI_SECRET_SBI": SterlingSimulator.PASSWORD}
    logs = {name: str(folder / f"{name}.log") for name in WEIGHTS}
    programs = {
        "d365": Program(run_d365, (folder / "d365.rows", identity, d365, logs["d365"])),
        "sterling": Program(run_sterling, (folder / "sterling", folder / "home", ports, logs["sterling"])),
        "daemon": Program(run_daemon, (file, environ, logs["daemon"])),
    }
    made = MailboxDrill(folder, random.Random(seed), pace, [], programs, environ, WEIGHTS, patience=PATIENCE)
    try:
        yield made
    finally:
        made.stop()


def _ports(count: int) -> list[int]:
    """Ports that nobody listens at, and that no connection gets for its own end while their server is down: the system takes
    those from 32768 on (ip(7): ip_local_port_range)."""
    found = list[int]()
    while len(found) < count:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found
