"""A trading partner whose mailboxes are at Sterling: fetches what we deliver as partners do, and leaves its own messages there.

What it fetches lies in its home, as with a partner on SFTP, and is read in the same way: orders and invoices are compared with
what it sent, and answered by 997.

Knows: its two mailboxes. Does not know: the API (its own way to Sterling is another), who is at the other end.
"""

from pathlib import Path

from .partner import PartnerProfile, SimulatedPartner
from .sterling.mailboxes import MailboxState, Message
from .x12 import Unreadable, groups, split


class MailboxPartner(SimulatedPartner):
    """One partner. `leaves`: the mailbox for its messages to us; `fetches`: the mailbox that we deliver to.

    `deletes`: it deletes what it has fetched; others leave it, with its count used up."""

    def __init__(
        self,
        profile: PartnerProfile,
        home: Path,
        state: MailboxState,
        *,
        leaves: str,
        fetches: str,
        deletes: bool = False,
        control: int = 900000001,
        kept: bool = False,
    ) -> None:
        self.state = state
        self.leaves, self.fetches, self.deletes = leaves, fetches, deletes
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
        found = self._extractable(self.fetches)
        for message in found:
            if not broken:  # on its disk before the server knows that it has it
                data = self.state.payload(message.document)
                folder = self.inbound / "acks" if _answers(data) else self.inbound
                (folder / _file(message)).write_bytes(data)
            self.state.take(message)
            if self.deletes and not broken:
                self.state.remove(message, f"deleted by {self.profile.name}")
        return [message.name for message in found]

    def _extractable(self, path: str) -> list[Message]:
        mailbox, now = self.state.find(path), self.state.now()
        there = mailbox.messages.values() if mailbox else ()
        found = [message for message in there if message.extractable(now) and not (message.always and message.taken)]
        return sorted(found, key=lambda message: (message.created, message.id))


def _file(message: Message) -> str:
    """The name of a file for a message: names repeat in a mailbox."""
    return f"{message.id}_{_plain(message.name)}"


def _plain(name: str) -> str:
    """A name that a file of the partner can have."""
    return "".join(each if each.isalnum() or each in ".-_" else "_" for each in name)[-100:]


def _answers(data: bytes) -> bool:
    """Whether all groups of a file are acknowledgments."""
    try:
        found = [group.gs[1] for interchange in split(data) for group in groups(interchange)]
    except Unreadable:
        return False
    return set(found) == {"FA"}
