"""The two ledgers of the drill at random: what the partners sent and got, and what D365 has. They must be equal."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from d365edi.errors import JournalError
from d365edi.journal import DeliveryState, Journal, Tx, backup, control_number_backup
from tests.crash import d365_process
from tests.crash.traffic import Trade


@dataclass(frozen=True)
class Difference:
    """What is not as it must be, and the number or name whose history tells why."""

    sentence: str
    about: str = ""


@dataclass(frozen=True)
class Books:
    """Where everything is kept."""

    folder: Path
    trades: Sequence[Trade]

    @property
    def journal(self) -> Path:
        """The daemon's journal."""
        return self.folder / "var" / "journal.db"

    @property
    def copies(self) -> Path:
        """The folder of the backups."""
        return self.folder / "copies"

    def differences(self) -> list[Difference]:
        """Every difference between the ledgers, and whatever is still open, held or broken."""
        return [
            *self._orders(),
            *self._answers(),
            *self._invoices(),
            *self._left_over(),
            *asyncio.run(self._read()),
            *_copies(self.copies),
            *_log(self.folder / "daemon.log"),
        ]

    def settled(self) -> bool:
        """Whether all has arrived and nothing is open; cheap enough to ask often."""
        for trade in self.trades:
            trade.billed()
        if any(trade.partner.waiting() for trade in self.trades):
            return False
        return not (self._first(self._orders()) or self._first(self._invoices()) or asyncio.run(self._read()))

    @staticmethod
    def _first(found: Iterator[Difference]) -> Difference | None:
        return next(found, None)

    def counts(self) -> dict[str, int]:
        """How much went each way."""
        headers, _, invoices = d365_process.sales(self.folder / "d365.rows")
        copies = len(list(self.copies.glob("*.db")))
        files = sum(len(trade.groups) for trade in self.trades)
        return {"files": files, "orders": len(headers), "invoices": len(invoices), "backups": copies}

    def _orders(self) -> Iterator[Difference]:
        headers, lines, _ = d365_process.sales(self.folder / "d365.rows")
        found = Counter((row["CustomersOrderReference"], row["OrderingCustomerAccountNumber"]) for row in headers)
        sent = Counter((number, trade.partner.profile.account) for trade in self.trades for number in trade.orders)
        yield from _unequal("order {} of {}", sent, found, "sales orders")
        have = Counter(row["SalesOrderNumber"] for row in lines)
        for row in headers:
            if (count := have[row["SalesOrderNumber"]]) != d365_process.LINES:
                number = row["CustomersOrderReference"]
                yield Difference(f"order {number} has {count} lines in {row['SalesOrderNumber']}", number)

    def _answers(self) -> Iterator[Difference]:
        for trade in self.trades:
            answers = trade.answers()
            for group in sorted({*trade.groups, *answers}):
                if answers[group] != 1:
                    name, partner = trade.groups.get(group, "?"), trade.partner.profile.name
                    yield Difference(f"{partner}'s group {group} in {name} has {answers[group]} answers", name)

    def _invoices(self) -> Iterator[Difference]:
        posted = Counter(
            (row["InvoiceNumber"], row["InvoiceCustomerAccountNumber"])
            for row in d365_process.sales(self.folder / "d365.rows")[2]
        )
        arrived = Counter[tuple[str, str]]()
        for trade in self.trades:
            arrived.update({(each, trade.partner.profile.account): n for each, n in trade.billed().items()})
            for verdict in trade.partner.verdicts:
                if verdict.complaints:
                    yield Difference(f"invoice {verdict.number} arrived unsound: {verdict.complaints}", verdict.number)
        yield from _unequal("invoice {} of {}", posted, arrived, "files at the partner")

    def _left_over(self) -> Iterator[Difference]:
        for trade in self.trades:
            for name in trade.partner.waiting():
                yield Difference(f"{trade.partner.profile.name}'s file {name} was not taken", name)
            for path in trade.partner.home.rglob("*"):
                if path.is_file() and (path.name.startswith(".") or path.suffix in (".part", ".tmp")):
                    yield Difference(f"{path} was left half-written", path.name)

    async def _read(self) -> list[Difference]:
        journal = await Journal.open_readonly(self.journal)
        try:
            return await journal.read(lambda tx: list(_in_journal(tx)))
        finally:
            await journal.close()


def _unequal(
    what: str, wanted: Mapping[tuple[str, str], int], found: Mapping[tuple[str, str], int], where: str
) -> Iterator[Difference]:
    for key in sorted({*wanted, *found}):
        if (count := found.get(key, 0)) != (due := wanted.get(key, 0)):
            yield Difference(f"{what.format(*key)}: {count} {where}, not {due}", key[0])


def _in_journal(tx: Tx) -> Iterator[Difference]:
    for message in (m for state in ("received", "quarantined") for m in tx.messages.in_state(state)):
        yield Difference(
            f"message {message.name} of {message.partner} is {message.state}: {message.reason}", message.name
        )
    for document in (d for state in ("ready", "delivering", "held") for d in tx.documents.in_state(state)):
        yield Difference(f"document {document.number} is {document.state}: {document.reason}", document.number)
    deliveries = [each for state in get_args(DeliveryState) for each in tx.deliveries.in_state(state)]
    for delivery in deliveries:
        if delivery.state not in ("delivered", "cancelled"):
            yield Difference(
                f"delivery {delivery.name} is {delivery.state}: {delivery.reason}", f"delivery-{delivery.id}"
            )
        elif delivery.kind == "810" and delivery.parent is None and delivery.ack != "accepted":
            yield Difference(f"the acknowledgment of {delivery.name} is {delivery.ack}", f"delivery-{delivery.id}")
    numbers = Counter((d.partner, d.interchange) for d in deliveries if d.interchange is not None and d.parent is None)
    for (partner, number), count in numbers.items():
        if count > 1:
            yield Difference(f"control number {number} was used {count} times for {partner}")
    if held := tx.counters.held():
        yield Difference(f"sending is held: {held}")
    if damage := tx.audit.verify():
        yield Difference(f"the audit chain breaks at line {damage.line}: {damage.reason}")


def _copies(folder: Path) -> Iterator[Difference]:
    """Whatever has the name of a backup is one."""
    for copy in folder.glob("*.db"):
        try:
            backup.inspect(copy)
            if control_number_backup.read(control_number_backup.path_of(copy)) is None:
                yield Difference(f"the backup {copy.name} has no control numbers beside it")
        except JournalError as error:
            yield Difference(f"the backup {copy.name} is none: {error}")


def _log(file: Path) -> Iterator[Difference]:
    for line in file.read_text().splitlines():
        if "Traceback" in line or "defect" in line:
            yield Difference(f"the log has: {line}")


def history(settings: Path, about: str, environ: Mapping[str, str]) -> str:
    """What `d365edi why` says of a number, a name or an id."""
    named = ["--id"] if about.startswith(("message-", "delivery-")) else []
    line = [sys.executable, "-m", "d365edi", "why", *named, about, "--settings", str(settings)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env={**os.environ, **environ})
    return done.stdout + done.stderr
