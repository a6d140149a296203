"""Acknowledgments received for what we sent: all are recorded, also the late, the second and the unmatched.

Knows: verdicts as words. Does not know: 997, 999 or CONTRL; the state of a delivery is set in `deliveries`.
"""

from dataclasses import dataclass
from typing import Literal

from d365edi.journal.table import SEARCH_LIMIT, JournalTable, insert, select

Match = Literal["matched", "late", "double", "unmatched"]


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """One answer of a partner to one of our groups; `delivery` is None where nothing matched."""

    id: int
    message: int
    partner: str
    functional_id: str
    control: int | None
    verdict: str
    match: Match
    detail: str
    delivery: int | None
    received_at: float


_INSERT = insert("acknowledgments", *(name for name in Acknowledgment.__dataclass_fields__ if name != "id"))
_DELIVERY = select(Acknowledgment, "acknowledgments", "WHERE delivery = ? ORDER BY id")
_MESSAGE = select(Acknowledgment, "acknowledgments", "WHERE message = ? ORDER BY id")
_SEARCH = select(Acknowledgment, "acknowledgments", "WHERE control = ? ORDER BY id DESC LIMIT ?")


class Acknowledgments(JournalTable):
    """The acknowledgments of the journal."""

    __slots__ = ()

    def add(
        self,
        *,
        message: int,
        partner: str,
        functional_id: str,
        control: int | None,
        verdict: str,
        match: Match,
        detail: str = "",
        delivery: int | None = None,
    ) -> Acknowledgment:
        """Record what a message said about one of our groups. `control` is None where theirs is not a number."""
        values = (message, partner, functional_id, control, verdict, match, detail, delivery, self._unit.now)
        id = self._execute(_INSERT, values).lastrowid
        assert id is not None
        return Acknowledgment(id, *values)

    def for_delivery(self, delivery: int) -> list[Acknowledgment]:
        """What was said about a delivery, oldest first."""
        return self._all(_DELIVERY, delivery)

    def for_message(self, message: int) -> list[Acknowledgment]:
        """What a message said."""
        return self._all(_MESSAGE, message)

    def search(self, text: str) -> list[Acknowledgment]:
        """By our group control number, newest first."""
        return (
            self._all(_SEARCH, int(text), SEARCH_LIMIT) if text.isascii() and text.isdigit() and len(text) < 15 else []
        )

    def _all(self, sql: str, *values: object) -> list[Acknowledgment]:
        return [Acknowledgment(*row) for row in self._execute(sql, values)]
