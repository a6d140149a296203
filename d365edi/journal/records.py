"""Records of D365 among the messages: known by their flow, their company and their whole key.

Journals of earlier versions knew a record by its flow and its name alone. Their rows have no key until one is given to them; up
to which message that holds is kept for each company of a flow, until its first poll by key is over.

Knows: keys as texts. Does not know: parts of a key, payloads, when a poll is over.
"""

from d365edi.journal.messages import Message
from d365edi.journal.table import JournalTable, select

_RECORD = "WHERE direction = 'out' AND parent IS NULL AND"
_KNOWN = select(Message, "messages", f"{_RECORD} remote <> '' AND flow = ? AND path = ? COLLATE NOCASE AND remote = ?")
_NAMED = select(
    Message, "messages", f"{_RECORD} name = ? COLLATE NOCASE AND partner = ? AND name = ? AND flow = ? ORDER BY id"
)


class Records(JournalTable):
    """The records of D365 that the journal knows."""

    __slots__ = ()

    def known(self, flow: str, company: str, key: str) -> Message | None:
        """The message that a flow made of the record with this key."""
        row = self._execute(_KNOWN, (flow, company, key)).fetchone()
        return Message(*row) if row else None

    def named(self, partner: str, flow: str, name: str) -> bool:
        """Whether the flow has a record of this name, whichever."""
        return bool(self._named(partner, flow, name))

    def without_key(self, partner: str, flow: str, company: str, name: str) -> list[Message]:
        """The messages of this name that were made before keys were kept and have none yet, oldest first."""
        return [
            message
            for message in self._named(partner, flow, name)
            if not message.remote and message.path.lower() == company.lower()
        ]

    def elsewhere(self, partner: str, flow: str, company: str, name: str, last: int) -> Message | None:
        """A message of this name that the flow made in another company while names were what counted (up to `last`)."""
        found = (
            message
            for message in self._named(partner, flow, name)
            if message.id <= last and message.path.lower() != company.lower()
        )
        return next(found, None)

    def give_key(self, id: int, key: str) -> None:
        """Say which record a message was made of; nothing happens where another message has that key."""
        self._execute("UPDATE OR IGNORE messages SET remote = ? WHERE id = ?", (key, id))

    def last_by_name(self, flow: str, company: str) -> int:
        """The last message of the flow that was known by name, until its first poll by key in this company is over: then 0."""
        sql = "SELECT last FROM known_by_name WHERE flow = ? AND company = ?"
        row = self._execute(sql, (flow, company)).fetchone()
        return row[0] if row else 0

    def by_key_from_now(self, flow: str, company: str) -> None:
        """The first poll by key of a flow in this company is over."""
        self._execute("DELETE FROM known_by_name WHERE flow = ? AND company = ?", (flow, company))

    def _named(self, partner: str, flow: str, name: str) -> list[Message]:
        return [Message(*row) for row in self._execute(_NAMED, (name, partner, name, flow))]
