"""Control numbers: taken inside the transaction that renders the bytes, never twice.

What is stored is how many were ever taken, which only grows; the number itself wraps from 999999999 to 1, as GS06 and
ISA13 allow nine digits. A number that is taken in a unit which fails was never taken.

A database that was restored from an older copy would give the same numbers again. So the highest ones are kept in a small
file beside it too (`control_number_backup.py`); a database behind that file jumps ahead, and sending is held until a
person releases it.

Knows: partners and levels as words. Does not know: the file, X12.
"""

from collections.abc import Mapping

from d365edi.errors import JournalError
from d365edi.journal.audit import Audit
from d365edi.journal.table import JournalTable, Unit

LAST = 999_999_999
SENDING = "sending"
RELEASE = "d365edi reconcile, which compares what waits with the partners' folders; then d365edi release sending"
"""What ends a hold on sending."""

_TAKE = """
INSERT INTO counters VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET taken = taken + 1 RETURNING taken
"""
_RAISE = """
INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET taken = max(taken, excluded.taken)
"""


class ControlNumbers(JournalTable):
    """The control numbers of the journal, per partner and level ("ISA", "GS", "ST", ...)."""

    __slots__ = ("_audit",)

    def __init__(self, unit: Unit, audit: Audit) -> None:
        super().__init__(unit)
        self._audit = audit

    def take(self, partner: str, level: str) -> int:
        """The next number, from 1 to 999999999."""
        [(taken,)] = self._execute(_TAKE, (partner, level))
        self._unit.numbers_taken = True
        return _number(taken)

    def peek(self, partner: str, level: str) -> int:
        """The number that `take` would give now."""
        return _number(self._taken(partner, level) + 1)

    def raise_to(self, partner: str, level: str, value: int) -> None:
        """Continue after this number. JournalError where it is out of range or lower than now: numbers would come twice."""
        taken = self._taken(partner, level)
        last = _number(taken) if taken else 0
        if not last <= value <= LAST:
            message = f"{level} of {partner} is at {last} and cannot go to {value}"
            raise JournalError(message, remedy=f"name one up to {LAST}")
        self._execute(_RAISE, (partner, level, taken + value - last))
        self._unit.numbers_taken = True

    def taken(self) -> dict[str, dict[str, int]]:
        """How many were ever taken: partner -> level -> count."""
        counts: dict[str, dict[str, int]] = {}
        for partner, level, taken in self._execute(
            "SELECT partner, level, taken FROM counters ORDER BY partner, level"
        ):
            counts.setdefault(partner, {})[level] = taken
        return counts

    def jump(self, counts: Mapping[str, Mapping[str, int]]) -> list[str]:
        """Advance to these counts where ours are lower; what was advanced, in words."""
        ours, jumped = self.taken(), []
        for partner, levels in counts.items():
            for level, taken in levels.items():
                stood = ours.get(partner, {}).get(level, 0)
                if stood < taken:
                    self._execute(_RAISE, (partner, level, taken))
                    jumped.append(f"{partner} {level} from {_number(stood) if stood else 0} to {_number(taken)}")
        return jumped

    def held(self) -> str:
        """Why sending is held; "" where it is not."""
        row = self._execute("SELECT reason FROM holds WHERE what = ?", (SENDING,)).fetchone()
        return row[0] if row else ""

    def hold(self, reason: str) -> None:
        """Hold sending until a person releases it; an earlier reason is kept beside the new one."""
        earlier = self.held()
        if reason not in earlier:
            text = f"{earlier}; {reason}" if earlier else reason
            self._execute("INSERT OR REPLACE INTO holds VALUES (?, ?, ?)", (SENDING, text, self._unit.now))
            self._audit.append("sending held", reason=reason)
        self._unit.hold_changed = True

    def go(self) -> str:
        """A person releases sending (the caller's audit line records who): the reason for the hold, "" without one."""
        reason = self.held()
        self._execute("DELETE FROM holds WHERE what = ?", (SENDING,))
        self._unit.hold_changed = True
        return reason

    def _taken(self, partner: str, level: str) -> int:
        row = self._execute("SELECT taken FROM counters WHERE partner = ? AND level = ?", (partner, level)).fetchone()
        return row[0] if row else 0


def _number(taken: int) -> int:
    return (taken - 1) % LAST + 1
