"""Whether deliveries were picked up by the other side, where it can be asked.

    none ─→ awaited ─→ fetched            (`Deliveries.delivered` begins it)
               ├─→ overdue ─→ fetched | gone
               └─→ gone                   (we removed it, or server or mailbox is another one: nobody can know)

Knows: rows, that order. Does not know: endpoints, who asks when.
"""

from d365edi.journal.delivery import PICKED_UP_TRANSITIONS, Delivery, from_row
from d365edi.journal.delivery_documents import COUNTS
from d365edi.journal.states import PickedUpState
from d365edi.journal.table import LIMIT, JournalTable, select, step

_PLACES = (
    "SELECT DISTINCT endpoint, path FROM deliveries WHERE picked_up IN ('awaited', 'overdue') ORDER BY endpoint, path"
)
_AWAITED = select(
    Delivery,
    "deliveries",
    "INDEXED BY deliveries_tracked WHERE endpoint = ? AND path = ? AND picked_up IN ('awaited', 'overdue') ORDER BY id",
)
_LATE = select(
    Delivery, "deliveries", "WHERE picked_up = 'awaited' AND picked_up_due <= ? ORDER BY picked_up_due LIMIT ?"
)
_OVERDUE = select(
    Delivery,
    "deliveries",
    " ".join(
        (
            "WHERE picked_up = 'overdue'",
            "AND (NOT EXISTS (SELECT 1 FROM delivery_documents WHERE delivery_documents.delivery = deliveries.id)",
            "OR EXISTS (SELECT 1 FROM delivery_documents WHERE delivery_documents.delivery = deliveries.id AND",
            COUNTS,
            ")) ORDER BY id LIMIT ?",
        )
    ),
)
_SET = (
    "UPDATE deliveries SET picked_up = ?1, picked_up_detail = ?2, "
    "picked_up_at = iif(?1 = 'fetched', ?3, picked_up_at) WHERE id = ?4"
)


class PickedUp(JournalTable):
    """What is known of it, of all deliveries of the journal."""

    __slots__ = ()

    def places(self) -> list[tuple[str, str]]:
        """Endpoint and path of each mailbox in which something is awaited."""
        return [(endpoint, path) for endpoint, path in self._execute(_PLACES)]

    def awaited(self, endpoint: str, path: str) -> list[Delivery]:
        """What lies in a mailbox and is to be asked for, late ones too, oldest first."""
        return [from_row(row) for row in self._execute(_AWAITED, (endpoint, path))]

    def late(self, now: float, limit: int = LIMIT) -> list[Delivery]:
        """What should be picked up by now and was not said to be overdue."""
        return [from_row(row) for row in self._execute(_LATE, (now, limit))]

    def overdue(self, limit: int = LIMIT) -> list[Delivery]:
        """What was not picked up in time, oldest first; not those whose documents were all sent again since, or closed by a
        person."""
        return [from_row(row) for row in self._execute(_OVERDUE, (limit,))]

    def set_state(self, id: int, state: PickedUpState, detail: str = "") -> None:
        """Change the state, with how sure that is; JournalError where the transition is not allowed."""
        row = self._execute("SELECT picked_up FROM deliveries WHERE id = ?", (id,)).fetchone()
        step(PICKED_UP_TRANSITIONS, "the pick-up of delivery", id, row and row[0], state)
        self._execute(_SET, (state, detail, self._unit.now, id))

    def end(self, id: int) -> None:
        """It is not asked any more: the same bytes are sent again, and those are."""
        self._execute(
            "UPDATE deliveries SET picked_up = 'none' WHERE id = ? AND picked_up IN ('awaited', 'overdue')", (id,)
        )
