"""The two ledgers of the drill with mailboxes: every message that Sterling ever had, and what the journal knows of them.

Sterling's is read from a copy of its files, while its process lives or not.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from d365edi.sandbox import orders, x12
from d365edi.sandbox.partner import PartnerProfile
from d365edi.sandbox.sterling import SterlingSimulator, Switches
from d365edi.sandbox.sterling.ledger import Ledger
from d365edi.sandbox.sterling.mailboxes import MailboxState, Message
from tests.crash.ledgers import Books, Difference
from tests.crash.sterling_process import open_partner
from tests.crash.traffic import PROFILES, Trade

US = SterlingSimulator.USERNAME
UNSEEN = "may be there unseen"
"""Words of the line that reports a document of which no message was made."""

_CLAIMED = "SELECT remote FROM messages WHERE direction = 'in' AND endpoint = 'sbi' AND remote <> '' AND parent IS NULL"
_RECEIPTS = "SELECT receipt FROM deliveries WHERE endpoint = 'sbi' AND state = 'delivered'"


@dataclass(frozen=True)
class MailboxBooks(Books):
    """Where everything is kept, and what Sterling holds of it."""

    state: MailboxState

    def differences(self) -> list[Difference]:
        """Those of orders, answers and invoices, and every message that is not once in both ledgers."""
        return [*super().differences(), *self._messages()]

    def counts(self) -> dict[str, int]:
        """How much went each way."""
        ledger = Ledger(self.state)
        ours, all_there = len(ledger.messages(by=US)), len(ledger.messages())
        more = {"messages in": all_there - ours, "messages out": ours, "unseen documents": len(ledger.unused(by=US))}
        return super().counts() | more

    def _messages(self) -> Iterator[Difference]:
        ledger = Ledger(self.state)
        sent = [each for profile in PROFILES for each in ledger.messages(by=profile.name)]
        ours = ledger.messages(by=US)
        with contextlib.closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)) as journal:
            claimed, receipts = (Counter(id for (id,) in journal.execute(sql)) for sql in (_CLAIMED, _RECEIPTS))
        yield from _unlike("a partner's message", sent, claimed, "claimed")
        yield from _unlike("our message", ours, receipts, "delivered")
        for (path, name), count in Counter((each.path, each.name) for each in ours).items():
            if count > 1:
                yield Difference(f"{name} was put into {path} {count} times", name)
        yield from self._unreported(ledger)

    def _unreported(self, ledger: Ledger) -> Iterator[Difference]:
        """Documents without a message that no line tells of."""
        said = (self.folder / "daemon.log").read_text().splitlines()
        for name, count in Counter(str(each.said["documentName"]) for each in ledger.unused(by=US)).items():
            told = sum(name in line and UNSEEN in line for line in said)
            if told < count:
                yield Difference(f"{count} documents of {name} have no message, and {told} were reported", name)


def _unlike(what: str, there: Sequence[Message], here: Counter[str], done: str) -> Iterator[Difference]:
    names = {str(each.was or each.id): each.name for each in there}  # a move may have given it another id
    for id in sorted(names.keys() | here.keys()):
        if (id in names, here[id]) != (True, 1):
            state = "is" if id in names else "is not"
            yield Difference(f"{what} {id} {names.get(id, '')} {state} there and was {done} {here[id]} times", id)


def read(folder: Path) -> MailboxBooks:
    """The ledgers of a drill below this folder, as they are now: of copies, which are made anew each time."""
    copies = folder / "read"
    shutil.rmtree(copies, ignore_errors=True)
    (copies / "sterling").mkdir(parents=True)
    for file in ("changes", "payloads"):  # in this order: the bytes that a change names are there before it
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(folder / "sterling" / file, copies / "sterling")
    state = MailboxState(Switches(), time.time, copies / "sterling")
    try:
        trades = [_trade(profile, folder / "home", copies / profile.name, state) for profile in PROFILES]
    finally:
        state.close()
    return MailboxBooks(folder, trades, state)


def _trade(profile: PartnerProfile, homes: Path, copy: Path, state: MailboxState) -> Trade:
    """A partner as Sterling shows it; it answers nothing here."""
    if (homes / profile.name / "inbound").exists():
        shutil.copytree(homes / profile.name / "inbound", copy / "inbound")
    partner = open_partner(profile, copy, state)
    partner.answering = "silent"
    trade = Trade(partner)
    for message in [each for each in state.messages.values() if each.by == profile.name]:
        data = state.payload(message.document)
        if numbers := [order.number for order in orders.read(data)]:
            trade.orders.update(dict.fromkeys(numbers, message.name))
            groups = [group for interchange in x12.split(data) for group in x12.groups(interchange)]
            trade.groups.update({int(group.gs[6]): message.name for group in groups})
    return trade
