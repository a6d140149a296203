"""Deliveries: what must reach the other side, the outbox.

    pending ─→ attempting ─→ delivered
       ↑           ├─→ waiting (until) ─→ attempting
       │           └─→ quarantined ─→ pending        (a person released it)
    pending, waiting, quarantined ─→ cancelled       (a person rejected it)
    waiting, quarantined ─→ delivered                (a lookup showed that it was delivered)

Beside it the acknowledgment: none | awaited → overdue → accepted, accepted_with_errors, partially, rejected.
Whether it was picked up is in `picked_up`.
Those with one order key go one after the other, in the order in which they were made; one that is quarantined does
not block the next one. The documents in a delivery are in `delivery_documents`.

Knows: states, order, progress. Does not know: endpoints, when to try again.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from io import BufferedRandom

from d365edi.errors import JournalError
from d365edi.journal.delivery import ACK_TRANSITIONS, ANSWERED, TRANSITIONS, Delivery, from_row, to_json
from d365edi.journal.delivery_documents import COUNTS, DeliveryDocuments, NumberedDocument
from d365edi.journal.payloads import Payloads
from d365edi.journal.states import AckState, DeliveryState
from d365edi.journal.table import (
    LIMIT,
    SEARCH_LIMIT,
    JournalTable,
    Unit,
    digest_range,
    insert,
    select,
    step,
)

_INSERT = insert(
    "deliveries",
    *("message", "parent", "partner", "flow", "endpoint", "path", "name", "kind", "digest", "order_key"),
    *("interchange", "functional_id", "group", "state", "ack", "ack_due", "created_at", "state_at", "progress"),
    *("extract", "picked_up_within"),
)
_OPEN = "deliveries.state IN ('pending', 'attempting', 'waiting')"
# The first of its order key among those that are open.
_FIRST = (
    "(deliveries.order_key = '' OR NOT EXISTS (SELECT 1 FROM deliveries AS earlier "
    "WHERE earlier.order_key = deliveries.order_key AND earlier.id < deliveries.id "
    "AND earlier.state IN ('pending', 'attempting', 'waiting')))"
)
_GET = select(Delivery, "deliveries", "WHERE id = ?")
# The planner would rather collect every open delivery by its state and sort; this index has them in order.
_IN_ORDER = f"INDEXED BY deliveries_open WHERE {_OPEN} AND {_FIRST}"
_RESTING = (
    "EXISTS (SELECT 1 FROM json_each(?) AS rest WHERE rest.value ->> 0 = deliveries.endpoint "
    "AND coalesce(rest.value ->> 1, deliveries.path) = deliveries.path)"
)
_DUE = select(Delivery, "deliveries", f"{_IN_ORDER} AND until <= ? AND NOT {_RESTING} ORDER BY until, id LIMIT ?")
_IS_NEXT = " ".join(("SELECT 1 FROM deliveries WHERE id = ? AND", _FIRST))
_BEHIND = "SELECT id FROM deliveries WHERE order_key = ? AND id > ? AND state = 'pending' ORDER BY id LIMIT 1"
_NEXT = " ".join(("SELECT until FROM deliveries", _IN_ORDER, "ORDER BY until LIMIT 1"))
# A document that is made in a mailbox is found by its id.
_CHECKPOINT = "UPDATE deliveries SET progress = ?1, stored_as = iif(?2 = '', stored_as, ?2) WHERE id = ?3"
# What was counted begins to be awaited when it is delivered.
_DELIVERED = (
    "UPDATE deliveries SET delivered_at = ?1, receipt = ?2, receipt_detail = ?3, ack_due = coalesce(?4, ack_due), "
    "picked_up = iif(extract > 0, 'awaited', picked_up), picked_up_due = iif(extract > 0, ?1 + picked_up_within, NULL) "
    "WHERE id = ?5"
)
# A person has answered the question that was asked at this step.
_SEND_AGAIN = (
    "UPDATE deliveries SET progress = json_set(progress, '$.step', iif(progress ->> 'step' = 'unseen', 'intent', 'again')) "
    "WHERE id = ? AND progress ->> 'step' IN ('unseen', 'asked')"
)
_AGREED = (
    "UPDATE deliveries SET progress = json_set(progress, '$.same', progress ->> 'theirs') "
    "WHERE id = ? AND state = 'quarantined' AND progress ->> 'theirs' IS NOT NULL"
)
_STATE = select(Delivery, "deliveries", "WHERE state = ? ORDER BY id LIMIT ?")
_STATE_OF = select(Delivery, "deliveries", "WHERE state = ? AND partner = ? ORDER BY id LIMIT ?")
_ACK = select(
    Delivery,
    "deliveries",
    " ".join(
        (
            "WHERE ack = ? AND (NOT EXISTS (SELECT 1 FROM delivery_documents WHERE delivery_documents.delivery = deliveries.id)",
            "OR EXISTS (SELECT 1 FROM delivery_documents WHERE delivery_documents.delivery = deliveries.id AND",
            COUNTS,
            ")) ORDER BY id LIMIT ?",
        )
    ),
)
_REFUSED_IN_PART = select(
    Delivery,
    "deliveries",
    " ".join(
        (
            "WHERE ack IN ('awaited', 'overdue') AND EXISTS (SELECT 1 FROM delivery_documents",
            "WHERE delivery_documents.delivery = deliveries.id AND delivery_documents.ack IN ('rejected', 'partially') AND",
            COUNTS,
            ") ORDER BY id LIMIT ?",
        )
    ),
)
_DOCUMENT = select(
    Delivery,
    "deliveries",
    "JOIN delivery_documents AS inside ON inside.delivery = deliveries.id WHERE inside.document = ? ORDER BY id",
)
_MESSAGE = select(Delivery, "deliveries", "WHERE message = ? ORDER BY id")
_GROUP = select(
    Delivery,
    "deliveries",
    "WHERE partner = ?1 AND id IN ("
    'SELECT id FROM deliveries WHERE partner = ?1 AND functional_id = ?2 AND "group" = ?3 '
    'UNION SELECT delivery FROM delivery_documents WHERE functional_id = ?2 AND "group" = ?3) ORDER BY id',
)
_INTERCHANGE = select(Delivery, "deliveries", "WHERE partner = ? AND interchange = ? ORDER BY id")
_OVERDUE = select(
    Delivery, "deliveries", "WHERE ack = 'awaited' AND ack_due <= ? AND state = 'delivered' ORDER BY ack_due LIMIT ?"
)
_SEARCH = select(
    Delivery,
    "deliveries",
    "WHERE name = ?1 COLLATE NOCASE OR (receipt <> '' AND receipt = ?1 COLLATE NOCASE) "
    'OR (interchange IS NOT NULL AND interchange = ?2) OR ("group" IS NOT NULL AND "group" = ?2) '
    'OR id IN (SELECT delivery FROM delivery_documents WHERE "group" = ?2) '
    "OR (stored_as <> '' AND stored_as = ?1) "
    "OR (receipt <> '' AND receipt = ?5 COLLATE NOCASE AND endpoint = ?4) "
    "ORDER BY id DESC LIMIT ?3",
)
_SEARCH_DIGEST = select(Delivery, "deliveries", "WHERE digest >= ? AND digest < ? ORDER BY id DESC LIMIT ?")


class Deliveries(JournalTable):
    """The deliveries of the journal."""

    __slots__ = ("_documents", "_payloads")

    def __init__(self, unit: Unit, payloads: Payloads, documents: DeliveryDocuments) -> None:
        super().__init__(unit)
        self._payloads = payloads
        self._documents = documents

    def add(
        self,
        *,
        partner: str,
        flow: str,
        endpoint: str,
        path: str,
        name: str,
        kind: str,
        payload: bytes | BufferedRandom,
        order_key: str,
        documents: Sequence[NumberedDocument] = (),
        message: int | None = None,
        parent: int | None = None,
        interchange: int | None = None,
        functional_id: str = "",
        group: int | None = None,
        ack: AckState = "none",
        ack_due: float | None = None,
        progress: Mapping[str, str] | None = None,
        extract: int = 0,
        picked_up_within: float | None = None,
    ) -> Delivery:
        """Put a delivery into the outbox: its exact bytes (or a file of them), and the `documents` in them. A replay of the
        same bytes names its `parent`.

        `progress` is what earlier deliveries of the same thing recorded: with it the endpoint looks up the state first.
        `extract` and `picked_up_within` (seconds) as `Delivery` has them.
        """
        digest = self._payloads.put(payload) if isinstance(payload, bytes) else self._payloads.put_file(payload)
        now = self._unit.now
        id = self._execute(
            _INSERT,
            (
                *(message, parent, partner, flow, endpoint, path, name, kind, digest, order_key),
                *(interchange, functional_id, group, "pending", ack, ack_due, now, now, to_json(progress or {})),
                *(extract, picked_up_within),
            ),
        ).lastrowid
        assert id is not None
        self._documents.add(id, documents, ack)
        return self.get(id)

    def get(self, id: int) -> Delivery:
        """The delivery; JournalError where there is none."""
        row = self._execute(_GET, (id,)).fetchone()
        if row is None:
            raise JournalError(f"there is no delivery {id}")
        return from_row(row)

    def due(
        self,
        now: float,
        limit: int = LIMIT,
        *,
        busy: Collection[int] = (),
        resting: Collection[tuple[str, str | None]] = (),
    ) -> list[Delivery]:
        """What can be tried now: pending, attempting (left by a crash), then what has waited longest.

        Of each order key only the first. `busy` are the ids that the caller works on at the moment; they are left out,
        and block those behind them. Those for a `resting` endpoint (with None), or a path there, are left out as well."""
        rows = self._execute(_DUE, (now, json.dumps(list(resting)), limit + len(busy)))
        return [from_row(row) for row in rows if row[0] not in busy][:limit]

    def is_next(self, id: int) -> bool:
        """Whether no open one of its order key comes before it."""
        return self._execute(_IS_NEXT, (id,)).fetchone() is not None

    def behind(self, delivery: Delivery) -> int | None:
        """The next one of its order key that was not attempted yet."""
        row = self._execute(_BEHIND, (delivery.order_key, delivery.id)).fetchone()
        return int(row[0]) if row else None

    def next_due(self, now: float) -> float | None:
        """When the next one can be tried: `now` when one is due, None when nothing is open."""
        row = self._execute(_NEXT).fetchone()
        return max(now, row[0]) if row else None

    def in_state(self, state: DeliveryState, partner: str | None = None, limit: int = LIMIT) -> list[Delivery]:
        """Deliveries in a state, oldest first."""
        if partner is None:
            return self._all(_STATE, state, limit)
        return self._all(_STATE_OF, state, partner, limit)

    def with_ack(self, state: AckState, limit: int = LIMIT) -> list[Delivery]:
        """Deliveries by the state of their acknowledgment, oldest first; not those whose documents were all sent again since,
        or closed by a person."""
        return self._all(_ACK, state, limit)

    def refused_in_part(self, limit: int = LIMIT) -> list[Delivery]:
        """Deliveries of which a document that counts was not accepted, while the answer to others is still awaited."""
        return self._all(_REFUSED_IN_PART, limit)

    def for_document(self, document: int) -> list[Delivery]:
        """The deliveries that contain a document, oldest first."""
        return self._all(_DOCUMENT, document)

    def for_message(self, message: int) -> list[Delivery]:
        """The deliveries that a message caused (its acknowledgments, its one document), oldest first."""
        return self._all(_MESSAGE, message)

    def attempting(self, id: int) -> Delivery:
        """An attempt begins; counted, and durable before anything is sent. Gives the row as it is now."""
        self._step(id, "attempting")
        self._execute("UPDATE deliveries SET attempts = attempts + 1 WHERE id = ?", (id,))
        return self.get(id)

    def checkpoint(self, id: int, step: str, facts: Mapping[str, str]) -> None:
        """Merge facts into the progress of the running attempt, `step` under "step"."""
        row = self._execute("SELECT progress FROM deliveries WHERE id = ? AND state = 'attempting'", (id,)).fetchone()
        if row is None:
            raise JournalError(f"delivery {id} is {self.get(id).state}: no attempt is running")
        progress = {**json.loads(row[0]), **facts, "step": step}
        stored_as = facts.get("document", "")
        self._execute(_CHECKPOINT, (to_json(progress), stored_as, id))

    def delivered(
        self, id: int, receipt_id: str, detail: Mapping[str, str] | None = None, *, ack_due: float | None = None
    ) -> None:
        """The other side has it. `ack_due` says from now on when its acknowledgment is late."""
        self._step(id, "delivered")
        self._execute(_DELIVERED, (self._unit.now, receipt_id, to_json(detail or {}), ack_due, id))

    def waiting(self, id: int, until: float, reason: str) -> None:
        """It failed and is tried again at `until`. The time of the first failure is kept: the retry budget counts from it."""
        self._step(id, "waiting", reason)
        sql = "UPDATE deliveries SET until = ?, first_failed_at = coalesce(first_failed_at, ?) WHERE id = ?"
        self._execute(sql, (until, self._unit.now, id))

    def rests(self, id: int, reason: str) -> None:
        """It waits until its endpoint or place can be used again. The attempt does not count, and its retry budget is whole
        again; it comes after those that were not tried yet."""
        self._step(id, "waiting", reason)
        sql = "UPDATE deliveries SET until = ?, first_failed_at = NULL, attempts = max(attempts - 1, 0) WHERE id = ?"
        self._execute(sql, (self._unit.now, id))

    def wait_no_longer(self, latest: float) -> None:
        """The wall clock was set: what waits for a later moment is due at `latest`, and every retry budget begins anew."""
        self._execute("UPDATE deliveries SET until = ? WHERE state = 'waiting' AND until > ?", (latest, latest))
        self._execute(
            "UPDATE deliveries SET first_failed_at = NULL WHERE state IN ('pending', 'attempting', 'waiting')"
        )

    def quarantined(self, id: int, reason: str) -> None:
        """A person decides."""
        self._step(id, "quarantined", reason)

    def released(self, id: int) -> None:
        """A person released it (or asked for it now, where it waits): tried at once, with a new budget; progress stays. What was
        set aside because it may have been taken unfinished, or with a question whether it is there, is sent again."""
        set_aside = self.get(id).state == "quarantined"
        self._step(id, "pending")
        if set_aside:
            self._execute(_SEND_AGAIN, (id,))
        self._execute("UPDATE deliveries SET first_failed_at = NULL WHERE id = ?", (id,))

    def agreed(self, id: int) -> None:
        """A person says that the record it was set aside for is the same: the next try of its document takes it as made of it,
        where its lines say so too."""
        self._execute(_AGREED, (id,))

    def cancelled(self, id: int, reason: str) -> None:
        """A person rejected it; its acknowledgment is no longer awaited."""
        self._step(id, "cancelled", reason)
        self._execute("UPDATE deliveries SET ack = 'none' WHERE id = ? AND ack IN ('awaited', 'overdue')", (id,))
        self._documents.answered_all(id, "none")

    def set_ack(self, id: int, state: AckState, detail: str = "") -> None:
        """Change the state of the acknowledgment; JournalError where that transition is not allowed.

        An answer is that of all documents in it which have none of their own yet."""
        row = self._execute("SELECT ack FROM deliveries WHERE id = ?", (id,)).fetchone()
        step(ACK_TRANSITIONS, "the acknowledgment of delivery", id, row and row[0], state)
        self._execute("UPDATE deliveries SET ack = ?, ack_detail = ? WHERE id = ?", (state, detail, id))
        if state in ANSWERED:
            self._documents.answered_all(id, state, detail)

    def sent_group(self, partner: str, functional_id: str, control: int) -> list[Delivery]:
        """What we sent that partner under this functional id and group control number, oldest first."""
        return self._all(_GROUP, partner, functional_id, control)

    def sent_interchange(self, partner: str, control: int) -> list[Delivery]:
        """What we sent that partner under this interchange control number, oldest first."""
        return self._all(_INTERCHANGE, partner, control)

    def overdue(self, now: float, limit: int = LIMIT) -> list[Delivery]:
        """Delivered, and the acknowledgment should be here by now."""
        return self._all(_OVERDUE, now, limit)

    def search(self, text: str) -> list[Delivery]:
        """By file name, receipt (a D365 key; the id of a message in a mailbox, as `id` or `endpoint:id`), the id of its document
        there, our control number or the beginning of the digest, newest first."""
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None
        endpoint, _, receipt = text.rpartition(":")
        found = self._all(_SEARCH, text, number, SEARCH_LIMIT, endpoint, receipt)
        if not found and (between := digest_range(text)):
            found = self._all(_SEARCH_DIGEST, *between, SEARCH_LIMIT)
        return found

    def _step(self, id: int, after: DeliveryState, reason: str = "") -> None:
        row = self._execute("SELECT state FROM deliveries WHERE id = ?", (id,)).fetchone()
        step(TRANSITIONS, "delivery", id, row and row[0], after)
        sql = "UPDATE deliveries SET state = ?, reason = ?, until = 0, state_at = ? WHERE id = ?"
        self._execute(sql, (after, reason, self._unit.now, id))

    def _all(self, sql: str, *values: object) -> list[Delivery]:
        return [from_row(row) for row in self._execute(sql, values)]
