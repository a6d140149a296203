"""A trading partner with a folder on its SFTP server: leaves orders, reads invoices strictly, answers each with a 997.

    outbound/             what it leaves for us            inbound/        our invoices
    outbound/processed/   what we took                     inbound/acks/   our acknowledgments

It remembers the orders it left and checks every invoice against them; kept, it does so from one run to the next.

Knows: its own folder and its own X12. Does not know: SFTP (`sftp` serves the folder), or who is at the other end.
"""

import asyncio
import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from . import invoices, orders, x12
from .sftp import SftpAddress

Answering = Literal["accept", "reject", "silent"]


@dataclass(frozen=True, slots=True)
class PartnerProfile:
    """A partner's identity: its name in the settings, both sides' X12 identities, what it speaks, our customer account or vendor
    account for it ("" where it is none).

    Where it differs from all others is listed in `rows` (fields of a line and where its orders have them, "" nowhere),
    `ignore` (segments of its orders that are passed over) and `notes` (rules that it may break): a settings file says them
    in one line each. `flows`: sections of the settings file in place of those of a customer that orders by 850; `{every}` in them
    is how often a flow runs. `columns`: the kind of document in the CSV files that it leaves in csv/."""

    name: str
    title: str
    them: tuple[str, str]
    us: tuple[str, str]
    group_them: str
    group_us: str
    version: str = "004010"
    usage: str = "P"
    account: str = ""
    vendor: str = ""
    flows: str = ""
    columns: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    ignore: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def address(self) -> x12.X12Address:
        """From them to us."""
        return x12.X12Address(self.them, self.us, self.group_them, self.group_us)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What one of our 997s said of one of their groups: its functional id and control number, AK901 and the AK5 codes
    by set."""

    functional: str
    group: int
    verdict: str
    sets: dict[str, str]


class SimulatedPartner:
    """One partner. `answering`: whether invoices are answered by what was found, always rejected, or never answered.

    `kept`: copies of what it left stay beside its folder, and it knows them again (see `notice`)."""

    def __init__(self, profile: PartnerProfile, home: Path, *, control: int = 900000001, kept: bool = False) -> None:
        self.profile = profile
        self.home = home
        self.place: SftpAddress | None = None
        self.answering: Answering = "accept"
        self.orders: dict[str, orders.SentOrder] = {}
        self.verdicts: list[invoices.InvoiceVerdict] = []
        self._answered: set[str] = set()
        self._noticed: set[Path] = set()
        self._copies = home.with_name(f"{home.name}.sent") if kept else None
        self._control = control
        folders = ("outbound/processed", "inbound/acks", *(("csv",) if profile.columns else ()))
        for folder in folders:
            (home / folder).mkdir(parents=True, exist_ok=True)
        if self._copies is not None:
            self._copies.mkdir(exist_ok=True)
            self.notice()

    @property
    def port(self) -> int:
        """The port of the server that serves its folder."""
        return self._placed().port

    @property
    def host_key(self) -> str:
        """That server's public key, one line."""
        return self._placed().host_key

    @property
    def client_key(self) -> str:
        """The private key that opens the folder to us, PEM."""
        return self._placed().client_key

    def _placed(self) -> SftpAddress:
        if self.place is None:
            raise LookupError(f"no server serves the folder of {self.profile.name}")
        return self.place

    @property
    def outbound(self) -> Path:
        """Where it leaves files for us."""
        return self.home / "outbound"

    @property
    def inbound(self) -> Path:
        """Where we put invoices."""
        return self.home / "inbound"

    def drop(self, name: str, data: bytes) -> None:
        """Leave a file, whole at once, and remember the orders in it (if it is sound)."""
        hidden = self.outbound / f".{name}.writing"
        hidden.write_bytes(data)
        if self._copies is not None:
            (self._copies / name).write_bytes(data)
        os.replace(hidden, self.outbound / name)
        self._remember(data)

    def notice(self) -> None:
        """Remember what stands in files that it does not know yet: copies of an earlier run, or what a person put into its
        folder. Orders are known again, and which invoices were answered."""
        folders = [folder for folder in (self.outbound, self.outbound / "processed", self._copies) if folder]
        fresh = {path for folder in folders for path in folder.iterdir() if path.is_file()} - self._noticed
        self._noticed |= fresh
        groups: set[tuple[str, str]] = set()
        for path in fresh:
            with contextlib.suppress(FileNotFoundError):  # we have taken it away meanwhile
                data = path.read_bytes()
                self._remember(data)
                groups |= self._own_answers(data)
        for name, data in self.received().items() if groups else ():
            if name not in self._answered:
                self._answered_before(name, data, groups)

    def _answered_before(self, name: str, data: bytes, answered: set[tuple[str, str]]) -> None:
        """Take a file for answered where all its groups were, and see again what it was found to be."""
        try:
            groups = [group for found in x12.split(data) for group in x12.groups(found)]
        except x12.Unreadable:
            return
        if {(group.gs[1], group.gs[6]) for group in groups} <= answered:
            self._answered.add(name)
            invoiced = [each for group in groups for each in group.sets if each[0][1] == "810"]
            self.verdicts += [invoices.judge(each, self.orders) for each in invoiced]

    def _own_answers(self, data: bytes) -> set[tuple[str, str]]:
        """Our groups that a file of this partner acknowledges; none where it is no 997."""
        try:
            interchanges = x12.split(data)
            answers = [one for found in interchanges for group in x12.groups(found) for one in group.sets]
        except x12.Unreadable:
            return set()
        answers = [one for one in answers if one[0][1] == "997"]
        if answers:
            self._control = max(self._control, *(int(found.isa[13]) + 1 for found in interchanges))
        return {(segment[1], segment[2]) for one in answers for segment in one if segment[0] == "AK1"}

    async def drop_slowly(self, name: str, data: bytes, *, pieces: int = 4, pause: float = 1.0) -> None:
        """Write a file under its own name piece by piece, `pause` seconds between pieces, as careless senders do."""
        size = -(-len(data) // pieces)
        with (self.outbound / name).open("wb", buffering=0) as file:
            for at in range(0, len(data), size):
                if at:
                    await asyncio.sleep(pause)
                file.write(data[at : at + size])
        self._remember(data)

    def waiting(self) -> list[str]:
        """Names of the files that lie in outbound/ and were not taken yet."""
        return sorted(entry.name for entry in self.outbound.iterdir() if entry.is_file())

    def received(self) -> dict[str, bytes]:
        """Our invoices: name to bytes, temporary names left out."""
        return _files(self.inbound)

    def acknowledgments(self) -> list[Acknowledged]:
        """What our 997s said, in the order of their names; Unreadable when one is not sound."""
        return [answer for data in _files(self.inbound / "acks").values() for answer in _acknowledged(data)]

    def answer_invoices(self, at: datetime | None = None) -> list[invoices.InvoiceVerdict]:
        """Read every invoice that was not answered yet and leave a 997 for each file; returns what was found in them.

        A file that is no sound X12 for this partner gets no answer and is reported as an InvoiceVerdict without a number. A
        vendor has sent no orders: invoices that it gets are those of vendors, and sound ones are accepted.
        """
        fresh: list[invoices.InvoiceVerdict] = []
        for name, data in self.received().items():
            if name not in self._answered:
                self._answered.add(name)
                fresh += self._answer(data, at or datetime.now(UTC))
        self.verdicts += fresh
        return fresh

    def _answer(self, data: bytes, at: datetime) -> list[invoices.InvoiceVerdict]:
        found: list[invoices.InvoiceVerdict] = []
        try:
            for interchange in x12.split(data):
                self._addressed(interchange)
                for group in x12.groups(interchange):
                    verdicts = {
                        transaction[0][2]: invoices.judge(transaction, self.orders)
                        for transaction in group.sets
                        if transaction[0][1] == "810" and not self.profile.vendor
                    }
                    found += verdicts.values()
                    self._leave_answer(group, verdicts, interchange.isa[15], at)
        except x12.Unreadable as reason:
            found.append(invoices.InvoiceVerdict("", "", "", Decimal(0), (str(reason),)))
        return found

    def _addressed(self, interchange: x12.X12Interchange) -> None:
        isa, profile = interchange.isa, self.profile
        sender, receiver = (isa[5], isa[6].rstrip(" ")), (isa[7], isa[8].rstrip(" "))
        if (sender, receiver) != (profile.us, profile.them):
            raise x12.Unreadable(f"it is from {sender} to {receiver}, not from {profile.us} to {profile.them}")

    def _leave_answer(
        self, group: x12.X12Group, verdicts: dict[str, invoices.InvoiceVerdict], usage: str, at: datetime
    ) -> None:
        """A 997 for a group: invoices are accepted as their verdicts say, by the set's control number, all else as it is."""
        if self.answering == "silent":
            return
        if (group.gs[1] == "IN") != bool(verdicts) and not self.profile.vendor:
            raise x12.Unreadable(f"group {group.gs[6]} of {group.gs[1]} is not invoices")
        good = []
        body: list[x12.Segment] = [["AK1", group.gs[1], group.gs[6]]]
        for st, *_ in group.sets:
            judged = verdicts.get(st[2])
            good.append(self.answering == "accept" and not (judged and judged.complaints))
            body += [["AK2", st[1], st[2]], ["AK5", "A"] if good[-1] else ["AK5", "R", "5"]]
        verdict = "A" if all(good) else "P" if any(good) else "R"
        body.append(["AK9", verdict, str(len(good)), str(len(good)), str(sum(good))])
        control, self._control = self._control, self._control + 1
        ours, sets, version = self.profile.address, [("997", body)], group.gs[8]
        data = x12.write(ours, "FA", sets, interchange=control, group=control, at=at, version=version, usage=usage)
        self.drop(f"997_{control}.edi", data)

    def _remember(self, data: bytes) -> None:
        try:
            for order in orders.read(data):
                self.orders[order.number] = order
        except x12.Unreadable:
            return


def temporary(file: Path) -> bool:
    """Whether a file is one that is still written, by its name."""
    return file.name.startswith(".") or file.suffix in (".tmp", ".part")


def _files(folder: Path) -> dict[str, bytes]:
    entries = sorted(entry for entry in folder.iterdir() if entry.is_file() and not temporary(entry))
    return {entry.name: entry.read_bytes() for entry in entries}


def _acknowledged(data: bytes) -> list[Acknowledged]:
    found = []
    for interchange in x12.split(data):
        for group in x12.groups(interchange):
            for transaction in group.sets:
                ak1 = next(segment for segment in transaction if segment[0] == "AK1")
                ak9 = next(segment for segment in transaction if segment[0] == "AK9")
                names = [segment[2] for segment in transaction if segment[0] == "AK2"]
                codes = [segment[1] for segment in transaction if segment[0] == "AK5"]
                found.append(Acknowledged(ak1[1], int(ak1[2]), ak9[1], dict(zip(names, codes, strict=True))))
    return found
