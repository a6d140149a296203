"""A trading partner whose mailboxes are at Sterling: fetches what we deliver as partners do, and leaves its own messages there.

What it fetches lies in its home, as with a partner on SFTP, and is read in the same way: orders and invoices are compared with
what it sent, and answered by 997. EDIFACT is read and answered too, by CONTRL; the profile's ids are then those of UNB.

Knows: its two mailboxes. Does not know: the API (its own way to Sterling is another), who is at the other end.
"""

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from . import edifact, edifact_documents, orders, purchases, x12
from .invoices import InvoiceVerdict
from .partner import PartnerProfile, SimulatedPartner
from .sterling.mailboxes import MailboxState, Message
from .x12 import Unreadable, groups, split

BILL = "invoice.edi"
"""The name of a supplier's invoices."""
BILLED_AS = "INV-"
"""How the number of a supplier's invoice begins."""
PAYMENT, PAID_AS = "payment.edi", "PAY-"
"""The name of what it says of payments, and how their numbers begin."""


class MailboxPartner(SimulatedPartner):
    """One partner. `leaves`: the mailbox for its messages to us; `fetches`: the mailbox that we deliver to.

    `deletes`: it deletes what it has fetched; others leave it, with its count used up. `shared`: others fetch from that mailbox
    too, so it fetches only what is addressed to it."""

    def __init__(
        self,
        profile: PartnerProfile,
        home: Path,
        state: MailboxState,
        *,
        leaves: str,
        fetches: str,
        deletes: bool = False,
        shared: bool = False,
        control: int = 900000001,
        kept: bool = False,
    ) -> None:
        self.state = state
        self.leaves, self.fetches, self.deletes, self.shared = leaves, fetches, deletes, shared
        for path in (leaves, fetches):
            state.mailbox(path)
        super().__init__(profile, home, control=control, kept=kept)

    def drop(self, name: str, data: bytes) -> None:
        """Leave a message, and remember the orders in it (if it is sound)."""
        if self._copies is not None:  # before anybody can answer it
            (self._copies / f"{sum(1 for _ in self._copies.iterdir()):06}_{_plain(name)}").write_bytes(data)
        self.state.put(self.leaves, name, data, by=self.profile.name)
        self._remember(data)

    def waiting(self) -> list[str]:
        """Names of its messages that we did not pick up yet."""
        return sorted(message.name for message in self._extractable(self.leaves))

    def fetch(self, *, broken: bool = False) -> list[str]:
        """Fetch what waits for it, oldest first: each count goes down. `broken`: the downloads break off, and what they used
        up is lost to it. The names of the messages."""
        there = self._extractable(self.fetches)
        found = [each for each in there if not self.shared or self._receives(self.state.payload(each.document))]
        for message in found:
            if not broken:  # on its disk before the server knows that it has it
                data = self.state.payload(message.document)
                folder = self.inbound / "acks" if _answers(data) else self.inbound
                (folder / _file(message)).write_bytes(data)
            self.state.take(message)
            if self.deletes and not broken:
                self.state.remove(message, f"deleted by {self.profile.name}")
        return [message.name for message in found]

    def _receives(self, data: bytes) -> bool:
        """Whether a file is addressed to this partner; one that is not sound is nobody's."""
        try:
            if edifact.is_edifact(data):
                receivers = {each.receiver for each in edifact.split(data)}
            else:
                receivers = {(each.isa[7], each.isa[8].rstrip(" ")) for each in split(data)}
        except Unreadable:
            return False
        return receivers == {self.profile.them}

    def _answer(self, data: bytes, at: datetime) -> list[InvoiceVerdict]:
        if not edifact.is_edifact(data):
            return super()._answer(data, at)
        found: list[InvoiceVerdict] = []
        try:
            for interchange in edifact.split(data):
                self._answer_interchange(interchange, at, found)
        except Unreadable as reason:
            found.append(InvoiceVerdict("", "", "", Decimal(0), (str(reason),)))
        return found

    def _answer_interchange(self, interchange: edifact.Interchange, at: datetime, found: list[InvoiceVerdict]) -> None:
        """Judge its invoices, and leave a CONTRL: 7 takes the whole interchange, 4 rejects it."""
        us, them = self.profile.us, self.profile.them
        parties = (interchange.sender, interchange.receiver)
        if parties != (us, them):
            raise Unreadable(f"it is from {parties[0]} to {parties[1]}, not from {us} to {them}")
        invoices = [each for each in interchange.messages if each.type == "INVOIC" and not self.profile.vendor]
        verdicts = [edifact_documents.judge(each, self.orders) for each in invoices]
        found += verdicts
        if self.answering == "silent":
            return
        good = self.answering == "accept" and not any(each.complaints for each in verdicts)
        control, self._control = self._control, self._control + 1
        sender, receiver = (f"{id}:{qualifier}" for qualifier, id in parties)
        body = [f"UCI+{interchange.reference}+{sender}+{receiver}+{7 if good else 4}"]
        data = edifact.write(them, us, str(control), [("CONTRL:D:3:UN", body)], at)
        self.drop(f"CONTRL_{control}.edi", data)

    def _remember(self, data: bytes) -> None:
        if not edifact.is_edifact(data):
            super()._remember(data)
            return
        try:
            self.orders |= {order.number: order for order in edifact_documents.orders(data)}
        except Unreadable:
            return

    def _extractable(self, path: str) -> list[Message]:
        mailbox, now = self.state.find(path), self.state.now()
        there = mailbox.messages.values() if mailbox else ()
        found = [message for message in there if message.extractable(now) and not (message.always and message.taken)]
        return sorted(found, key=lambda message: (message.created, message.id))


class MailboxSupplier(MailboxPartner):
    """A partner that sells to us: each order of ours that it reads is acknowledged and billed by an 810, whose number is that of
    the order behind `BILLED_AS`."""

    def _answer(self, data: bytes, at: datetime) -> list[InvoiceVerdict]:
        found = super()._answer(data, at)
        with contextlib.suppress(Unreadable):  # which was said
            for order in orders.read(data):
                self._bill(order.number, at)
        return found

    def _bill(self, order: str, at: datetime) -> None:
        self._leave(BILL, "IN", "810", purchases.bill(f"{BILLED_AS}{order}", order, at.date()), at)

    def report_payment(self, invoice: str, amount: str) -> str:
        """Leave an 820 that an invoice of it is paid; the number of the payment."""
        number, at = f"{PAID_AS}{invoice}", datetime.now(UTC)
        self._leave(PAYMENT, "RA", "820", purchases.remittance(number, invoice, amount, at.date()), at)
        return number

    def _leave(self, name: str, functional: str, set: str, body: list[x12.Segment], at: datetime) -> None:
        control, self._control = self._control, self._control + 1
        data = x12.write(
            self.profile.address, functional, [(set, body)], interchange=control, group=control, at=at,
            version=self.profile.version, usage=self.profile.usage,
        )  # fmt: skip
        self.drop(name, data)


def _file(message: Message) -> str:
    """The name of a file for a message: names repeat in a mailbox."""
    return f"{message.id}_{_plain(message.name)}"


def _plain(name: str) -> str:
    """A name that a file of the partner can have."""
    return "".join(each if each.isalnum() or each in ".-_" else "_" for each in name)[-100:]


def _answers(data: bytes) -> bool:
    """Whether all groups of a file, or all its messages, are acknowledgments."""
    try:
        if edifact.is_edifact(data):
            return {message.type for each in edifact.split(data) for message in each.messages} == {"CONTRL"}
        found = [group.gs[1] for interchange in split(data) for group in groups(interchange)]
    except Unreadable:
        return False
    return set(found) == {"FA"}
