"""Interchanges received, and which of their groups were answered: a group is answered once.

Knows: control numbers as received, digests. Does not know: EDI.
"""

import sqlite3
from dataclasses import dataclass

from d365edi.errors import JournalError
from d365edi.journal.table import SEARCH_LIMIT, JournalTable, insert, select


@dataclass(frozen=True, slots=True)
class ReceivedInterchange:
    """One interchange inside a message; `digest` of its own bytes (sha256, hex)."""

    id: int
    message: int
    partner: str
    standard: str
    sender: str
    receiver: str
    control: str
    usage: str
    digest: str
    seen_at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """One group that was answered, and by which delivery. `attempt` is 0; more where a person asked for it again."""

    id: int
    message: int
    partner: str
    functional_id: str
    group_control: str
    interchange_control: str
    digest: str
    delivery: int | None
    attempt: int
    answered_at: float


_INSERT = insert("interchanges", *(name for name in ReceivedInterchange.__dataclass_fields__ if name != "id"))
_SEEN = select(
    ReceivedInterchange,
    "interchanges",
    "WHERE partner = ? AND control = ? AND sender = ? AND receiver = ? AND usage = ? ORDER BY id",
)
_MESSAGE = select(ReceivedInterchange, "interchanges", "WHERE message = ? ORDER BY id")
_SEARCH = select(ReceivedInterchange, "interchanges", "WHERE control IN (?, ?, ?) ORDER BY id DESC LIMIT ?")
_ANSWER = insert("answers", *(name for name in Answered.__dataclass_fields__ if name != "id"))
_ANSWERED = select(
    Answered,
    "answers",
    "WHERE partner = ? AND functional_id = ? AND group_control = ? AND interchange_control = ? AND digest = ? "
    "ORDER BY attempt",
)
_ANSWERS = select(Answered, "answers", "WHERE message = ? ORDER BY id")


class Interchanges(JournalTable):
    """Received interchanges and answered groups."""

    __slots__ = ()

    def add(
        self,
        *,
        message: int,
        partner: str,
        standard: str,
        sender: str,
        receiver: str,
        control: str,
        usage: str,
        digest: str,
    ) -> ReceivedInterchange:
        """Record that this interchange was received in this message."""
        values = (message, partner, standard, sender, receiver, control, usage, digest, self._unit.now)
        id = self._execute(_INSERT, values).lastrowid
        assert id is not None
        return ReceivedInterchange(id, *values)

    def seen(self, partner: str, sender: str, receiver: str, control: str, usage: str) -> list[ReceivedInterchange]:
        """All interchanges of that partner under this control number between these two, oldest first."""
        return self._interchanges(_SEEN, partner, control, sender, receiver, usage)

    def for_message(self, message: int) -> list[ReceivedInterchange]:
        """The interchanges of a message, in their order."""
        return self._interchanges(_MESSAGE, message)

    def search(self, text: str) -> list[ReceivedInterchange]:
        """By control number, with or without leading zeros, newest first."""
        short = text.lstrip("0") or text
        return self._interchanges(_SEARCH, text, short, short.zfill(9), SEARCH_LIMIT)

    def answer(
        self,
        *,
        message: int,
        partner: str,
        functional_id: str,
        group_control: str,
        interchange_control: str,
        digest: str,
        delivery: int | None = None,
        again: bool = False,
    ) -> Answered:
        """Record that this group is answered by this delivery. JournalError where it was before, unless a person asked
        for it `again`.

        `digest` is of the interchange: other bytes under the same numbers are another group."""
        before = self.answered(partner, functional_id, group_control, interchange_control, digest)
        attempt = before[-1].attempt + 1 if before and again else 0
        values = (
            *(message, partner, functional_id, group_control, interchange_control, digest, delivery),
            *(attempt, self._unit.now),
        )
        try:
            id = self._execute(_ANSWER, values).lastrowid
        except sqlite3.IntegrityError as error:
            if not before:
                raise
            raise JournalError(
                f"group {group_control} of {partner} is answered by delivery {before[0].delivery}"
            ) from error
        assert id is not None
        return Answered(id, *values)

    def answered(
        self, partner: str, functional_id: str, group_control: str, interchange_control: str, digest: str
    ) -> list[Answered]:
        """How this group was answered, oldest first; empty where it was not."""
        return self._answers(_ANSWERED, partner, functional_id, group_control, interchange_control, digest)

    def answers(self, message: int) -> list[Answered]:
        """The groups of a message that were answered."""
        return self._answers(_ANSWERS, message)

    def _interchanges(self, sql: str, *values: object) -> list[ReceivedInterchange]:
        return [ReceivedInterchange(*row) for row in self._execute(sql, values)]

    def _answers(self, sql: str, *values: object) -> list[Answered]:
        return [Answered(*row) for row in self._execute(sql, values)]
