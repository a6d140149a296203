"""Documents: what the business means, one row each, and the business key that is claimed once.

    ready ⇄ held          a person or reference data is missing
      └─→ delivering ─→ delivered ─→ delivering | ready   (replayed: the same bytes, or rendered again)
              └─→ held | ready
    every one but delivered ─→ rejected          (a person rejected it; its key is free again)

Knows: states and keys. Does not know: what is in a body.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from d365edi.errors import JournalError
from d365edi.journal.states import DocumentState
from d365edi.journal.table import LIMIT, SEARCH_LIMIT, JournalTable, Transitions, insert, select, step

TRANSITIONS: Transitions = {
    "ready": frozenset({"ready", "held", "delivering", "delivered", "rejected"}),  # delivered: nothing is made of it
    "held": frozenset({"held", "ready", "delivering", "rejected"}),
    "delivering": frozenset({"delivering", "delivered", "held", "ready", "rejected"}),
    "delivered": frozenset({"delivering", "ready"}),
    "rejected": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `body` and `answers` are JSON texts; interchange, group and set are control numbers as received."""

    id: int
    message: int
    partner: str
    flow: str
    kind: str
    number: str
    company: str
    release: str
    store: str
    body: str
    map_digest: str
    interchange: str
    group: str
    set: str
    state: DocumentState
    reason: str
    answers: str
    created_at: float
    state_at: float
    claimed_at: float | None

    @property
    def claimed(self) -> bool:
        """It holds its business key."""
        return self.claimed_at is not None


_INSERT = insert("documents", *(name for name in Document.__dataclass_fields__ if name != "id"))
_GET = select(Document, "documents", "WHERE id = ?")
_STATE = select(Document, "documents", "WHERE state = ? ORDER BY id LIMIT ?")
_STATE_OF = select(Document, "documents", "WHERE state = ? AND partner = ? ORDER BY id LIMIT ?")
_READY = "SELECT message, id FROM documents WHERE state = 'ready' ORDER BY reason <> '', id LIMIT ?"
_MESSAGE = select(Document, "documents", "WHERE message = ? ORDER BY id")
_DELIVERY = select(
    Document,
    "documents",
    "JOIN delivery_documents AS inside ON inside.document = documents.id WHERE inside.delivery = ? ORDER BY inside.place",
)
# Blanks around a number are none of it, and several inside are one (the index is in schema/0007_number_key.sql). Of several
# documents that claimed before numbers were compared so, the one with exactly this number comes first.
_SPACED = (
    "trim(replace(replace(replace(replace(replace({0}, char(9), ' '), char(160), ' '), ' ', ' ' || char(1)), "
    "char(1) || ' ', ''), char(1), ''))"
)
_HOLDER = select(
    Document,
    "documents",
    f"WHERE {_SPACED.format('number')} = {_SPACED.format('?4')} AND partner = ?1 AND company = ?2 AND kind = ?3 "
    "AND release = ?5 AND store = ?6 AND claimed_at IS NOT NULL AND instr(flow, '.send.') = instr(?7, '.send.') "
    "ORDER BY number <> ?4, id LIMIT 1",
)
# A document that holds its key was taken for an order; one that does not may be a repetition of it. An order that became one for
# each store is the whole one, whose row has no store.
_ORDERS = select(
    Document,
    "documents",
    "WHERE number = ? COLLATE NOCASE AND partner = ? AND kind = 'PurchaseOrder' AND number = ? AND store = '' "
    "AND instr(flow, '.send.') = 0 "
    "ORDER BY state = 'rejected', company <> ? COLLATE NOCASE, claimed_at IS NULL, id DESC",
)
_MADE = select(
    Document,
    "documents",
    "JOIN delivery_documents AS inside ON inside.document = documents.id JOIN deliveries AS made ON made.id = inside.delivery "
    "WHERE made.receipt = ? COLLATE NOCASE AND made.receipt <> '' AND documents.kind = 'PurchaseOrder' "
    "AND documents.partner = ? AND documents.company = ? COLLATE NOCASE AND documents.state <> 'rejected' "
    "ORDER BY documents.id DESC LIMIT 1",
)
_MENTIONING = select(
    Document,
    "documents",
    "JOIN mentions ON mentions.document = documents.id "
    "WHERE mentions.value = ? AND mentions.what = ? AND documents.kind = ? AND documents.id <> ? "
    "AND documents.state <> 'rejected' ORDER BY documents.id DESC LIMIT ?",
)
# "named" is said of what is held too, "order" only of what went out: journals of earlier versions have no other.
_NAMING = select(
    Document,
    "documents",
    "WHERE id IN (SELECT document FROM mentions WHERE value = ? AND what IN ('named', 'order')) ORDER BY id DESC LIMIT ?",
)
_OF_SET = select(
    Document, "documents", 'WHERE message = ? AND interchange = ? AND "group" = ? AND "set" = ? ORDER BY id'
)
_REFERENCED = select(
    Document,
    "documents",
    "JOIN mentions ON mentions.document = documents.id WHERE mentions.value = ? AND mentions.what = 'reference' "
    "AND documents.partner = ? AND documents.company = ? COLLATE NOCASE ORDER BY documents.state = 'rejected', documents.id DESC",
)
_ANSWERS = select(
    Document,
    "documents",
    "WHERE number = ? COLLATE NOCASE AND partner = ? AND kind = ? AND number = ? AND store <> '' ORDER BY id",
)
_SEARCH = select(
    Document,
    "documents",
    "WHERE number = ?1 COLLATE NOCASE OR id IN (SELECT document FROM mentions WHERE value = ?1 AND what = 'reference') "
    "ORDER BY store <> '', id DESC LIMIT ?2",
)


class Documents(JournalTable):
    """The documents of the journal."""

    __slots__ = ()

    def add(
        self,
        *,
        message: int,
        partner: str,
        flow: str,
        kind: str,
        number: str,
        company: str,
        body: str,
        map_digest: str,
        release: str = "",
        store: str = "",
        interchange: str = "",
        group: str = "",
        set: str = "",
        state: DocumentState = "ready",
        reason: str = "",
    ) -> Document:
        """Store a document that a message contained. It holds no key until `claim_key`."""
        now = self._unit.now
        values = (
            *(message, partner, flow, kind, number, company, release, store, body, map_digest, interchange, group, set),
            *(state, reason, "", now, now, None),
        )
        id = self._execute(_INSERT, values).lastrowid
        assert id is not None
        return Document(id, *values)

    def get(self, id: int) -> Document:
        """The document; JournalError where there is none."""
        row = self._execute(_GET, (id,)).fetchone()
        if row is None:
            raise JournalError(f"there is no document {id}")
        return Document(*row)

    def in_state(self, state: DocumentState, partner: str | None = None, limit: int = LIMIT) -> list[Document]:
        """Documents in a state, oldest first."""
        if partner is None:
            return self._all(_STATE, state, limit)
        return self._all(_STATE_OF, state, partner, limit)

    def ready(self, limit: int = LIMIT) -> list[int]:
        """The ids of what is ready, oldest first; what says for what it waits (`explain`) comes after all others."""
        return [id for _, id in self.ready_of_messages(limit)]

    def ready_of_messages(self, limit: int = LIMIT) -> list[tuple[int, int]]:
        """The same, each behind the id of its message."""
        return self._execute(_READY, (limit,)).fetchall()

    def for_message(self, message: int) -> list[Document]:
        """What a message contained, in its order."""
        return self._all(_MESSAGE, message)

    def set_state(self, id: int, state: DocumentState, reason: str = "") -> None:
        """Change the state; JournalError where that transition is not allowed.

        A rejected document gives up its business key: the corrected one may come under the same number."""
        row = self._execute("SELECT state FROM documents WHERE id = ?", (id,)).fetchone()
        step(TRANSITIONS, "document", id, row and row[0], state)
        self._execute(
            "UPDATE documents SET state = ?1, reason = ?2, state_at = ?3, "
            "claimed_at = CASE WHEN ?1 = 'rejected' THEN NULL ELSE claimed_at END WHERE id = ?4",
            (state, reason, self._unit.now, id),
        )

    def amend(self, id: int, *, answers: str | None = None, body: str | None = None) -> None:
        """Store what was resolved, or a corrected body; only while it is ready or held."""
        changed = self._execute(
            "UPDATE documents SET answers = coalesce(?, answers), body = coalesce(?, body) "
            "WHERE id = ? AND state IN ('ready', 'held')",
            (answers, body, id),
        )
        if changed.rowcount != 1:
            raise JournalError(f"document {id} is {self.get(id).state} and cannot be amended")

    def explain(self, id: int, reason: str) -> None:
        """Say of a document that is ready for what it waits."""
        self._execute("UPDATE documents SET reason = ? WHERE id = ? AND state = 'ready'", (reason, id))

    def claim_key(self, id: int) -> Document | None:
        """Claim partner, company, kind, number (whatever its blanks), release and store for this document.

        None when the key is now this document's (also when it was before), else the document that holds it."""
        document = self.get(id)
        if document.state == "rejected":
            raise JournalError(f"document {id} is rejected and claims no key")
        holder = self.holder(document, document.release)
        if holder is None:
            self._execute("UPDATE documents SET claimed_at = ? WHERE id = ?", (self._unit.now, id))
            return None
        return None if holder.id == id else holder

    def holder(self, document: Document, release: str) -> Document | None:
        """The document that holds the key of this one with that release."""
        key = (
            document.partner,
            document.company,
            document.kind,
            document.number,
            release,
            document.store,
            document.flow,
        )
        row = self._execute(_HOLDER, key).fetchone()
        return Document(*row) if row else None

    def in_delivery(self, delivery: int) -> list[Document]:
        """The documents in a delivery, in its order."""
        return self._all(_DELIVERY, delivery)

    def orders(self, partner: str, number: str, company: str = "") -> list[Document]:
        """The purchase orders of that number, of every release: rejected ones last; before that those of the company, those that
        hold their key, the newest."""
        return self._all(_ORDERS, number, partner, number, company)

    def made_as(self, partner: str, company: str, sales_order: str) -> Document | None:
        """The order, or the order for one store, that was written to D365 as this sales order. Rejected ones are left out."""
        row = self._execute(_MADE, (sales_order, partner, company)).fetchone()
        return Document(*row) if row else None

    def mention(self, id: int, mentions: Iterable[tuple[str, str]]) -> None:
        """Store what an outgoing document names (a word for what it is, and the value), replacing what it named before."""
        self._execute("DELETE FROM mentions WHERE document = ?", (id,))
        for what, value in mentions:
            self._execute("INSERT OR IGNORE INTO mentions VALUES (?, ?, ?)", (id, what, value))

    def mentioning(self, what: str, value: str, kind: str, *, but: int) -> list[Document]:
        """Documents of a kind that went out and name this, newest first, without the one with the id `but`."""
        return self._all(_MENTIONING, value, what, kind, but, LIMIT)

    def naming(self, number: str) -> list[Document]:
        """The documents that say that they are for an order of this number, newest first."""
        return self._all(_NAMING, number, SEARCH_LIMIT)

    def referenced(self, partner: str, company: str, reference: str) -> list[Document]:
        """The orders for one store that have this customer's reference in D365, newest first, rejected ones last: each release of
        an order has one. None where no such order was made of another."""
        return self._all(_REFERENCED, reference, partner, company)

    def of_set(self, document: Document) -> list[Document]:
        """What was made of the same transaction set: the whole order first, then those for its stores."""
        return self._all(_OF_SET, document.message, document.interchange, document.group, document.set)

    def for_stores(self, partner: str, kind: str, number: str) -> list[Document]:
        """The documents of a kind and number that are for single stores, oldest first."""
        return self._all(_ANSWERS, number, partner, kind, number)

    def search(self, text: str) -> list[Document]:
        """By the number of the order or invoice (in any case), newest first, or the reference of an order for one store; those
        for single stores stand behind the others."""
        return self._all(_SEARCH, text, SEARCH_LIMIT)

    def _all(self, sql: str, *values: object) -> list[Document]:
        return [Document(*row) for row in self._execute(sql, values)]
