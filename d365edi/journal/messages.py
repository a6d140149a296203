"""Messages: bytes with a name, as they came in, claimed once.

    received ─→ translated ─→ done
        │            │
        ├─→ done     └─→ quarantined ─→ received | translated | done | duplicate
        ├─→ duplicate ─→ received           (a person decides)
        └─→ quarantined

Beside it `settled`: the source knows that we hold it.

Knows: names, digests, states. Does not know: EDI, endpoints.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from d365edi.errors import JournalError
from d365edi.journal.payloads import Payloads
from d365edi.journal.states import MessageState
from d365edi.journal.table import (
    LIMIT,
    SEARCH_LIMIT,
    JournalTable,
    Transitions,
    Unit,
    digest_range,
    insert,
    select,
    step,
)

Direction = Literal["in", "out"]

TRANSITIONS: Transitions = {
    "received": frozenset({"received", "translated", "done", "duplicate", "quarantined"}),
    "translated": frozenset({"done", "quarantined"}),
    "done": frozenset(),
    "duplicate": frozenset({"duplicate", "received"}),
    "quarantined": frozenset({"quarantined", "received", "translated", "done", "duplicate"}),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Times in seconds since the epoch, `modified` as the server reported it; `digest` sha256 in hex.

    `remote` distinguishes it from all else at its place: the id of a message in a mailbox, a record's whole key ("" for a record
    that was collected before keys were kept, see `records`); "" for a file, which is known by its name and its bytes.
    `fetched_by` is what it was fetched by in a mailbox: message and document id."""

    id: int
    direction: Direction
    partner: str
    flow: str
    endpoint: str
    path: str
    name: str
    remote: str
    size: int
    modified: float | None
    digest: str
    state: MessageState
    reason: str
    parent: int | None
    received_at: float
    state_at: float
    settled_at: float | None
    settled_name: str
    fetched_by: str = ""

    @property
    def key(self) -> str:
        """What distinguishes it from all else at its place: of a file its name."""
        return self.remote or self.name

    @property
    def settled(self) -> bool:
        """The source knows that we hold it."""
        return self.settled_at is not None

    @property
    def run(self) -> str:
        """The id of its pass through a flow: endpoint, name and the beginning of the digest, never a clock."""
        return f"{self.endpoint}:{self.name}:{self.digest[:6]}"


_INSERT = insert("messages", *(name for name in Message.__dataclass_fields__ if name != "id"))
_GET = select(Message, "messages", "WHERE id = ?")
_SAME = select(
    Message,
    "messages",
    "WHERE direction = 'in' AND partner = ? AND name = ? AND digest = ? AND remote = '' AND parent IS NULL",
)
_NAMED = select(
    Message,
    "messages",
    "WHERE direction = 'in' AND parent IS NULL AND partner = ? AND name = ? AND remote = '' ORDER BY id",
)
_OF_KEYS = (
    "SELECT remote, fetched_by, id FROM messages WHERE direction = 'in' AND remote <> '' AND parent IS NULL AND endpoint = ? "
    "AND remote IN (SELECT value FROM json_each(?))"
)
_GIVE = "UPDATE messages SET partner = ?, state = ?, reason = ?, state_at = ? WHERE id = ?"
_SEARCH_KEY = select(
    Message,
    "messages",
    "WHERE direction = 'in' AND remote = ?1 AND remote <> '' AND (?2 = '' OR endpoint = ?2) ORDER BY id DESC LIMIT ?3",
)
_SEARCH_DOCUMENT = select(
    Message,
    "messages",
    "WHERE fetched_by <> '' AND substr(fetched_by, instr(fetched_by, ':') + 1) = ? ORDER BY id DESC LIMIT ?",
)
_DIGEST = select(Message, "messages", "WHERE digest = ? AND partner = ? ORDER BY id")
_CHILDREN = select(Message, "messages", "WHERE parent = ? ORDER BY id")
_STATE = select(Message, "messages", "WHERE state = ? ORDER BY id LIMIT ?")
_STATE_OF = select(Message, "messages", "WHERE state = ? AND partner = ? ORDER BY id LIMIT ?")
# Of each name the last that have documents, or will have: each of them waited for those before it.
_OPEN_BEFORE = """
WITH earlier AS (
    SELECT id, state FROM messages AS m INDEXED BY messages_name
    WHERE name = ?1 COLLATE NOCASE AND partner = ?2 AND id < ?3 AND name = ?1 AND endpoint = ?4 AND path = ?5
    AND direction = 'in' AND parent IS NULL
    AND (state = 'received' OR EXISTS (SELECT 1 FROM documents WHERE documents.message = m.id))
    ORDER BY id DESC LIMIT 50)
SELECT id, NULL FROM earlier WHERE state = 'received'
UNION ALL SELECT earlier.id, documents.id FROM earlier JOIN documents ON documents.message = earlier.id
WHERE documents.state IN ('ready', 'delivering')
"""
_UNSETTLED = select(Message, "messages", "WHERE settled_at IS NULL AND endpoint = ? AND path = ? ORDER BY id")
_SETTLED_SINCE = "SELECT settled_name FROM messages WHERE endpoint = ? AND settled_at >= ? AND settled_name <> ''"
_SIZES = "SELECT DISTINCT size FROM messages WHERE endpoint = ? AND settled_at >= 0 AND settled_name <> ''"
_SEARCH_NAME = select(Message, "messages", "WHERE name = ? COLLATE NOCASE ORDER BY id DESC LIMIT ?")
_SEARCH_DIGEST = select(Message, "messages", "WHERE digest >= ? AND digest < ? ORDER BY id DESC LIMIT ?")


class Messages(JournalTable):
    """The messages of the journal."""

    __slots__ = ("_payloads",)

    def __init__(self, unit: Unit, payloads: Payloads) -> None:
        super().__init__(unit)
        self._payloads = payloads

    def add(
        self,
        *,
        direction: Direction,
        partner: str,
        flow: str,
        endpoint: str,
        path: str,
        name: str,
        size: int,
        modified: float | None,
        payload: bytes,
        remote: str = "",
        fetched_by: str = "",
        state: MessageState = "received",
        reason: str = "",
        parent: int | None = None,
        settled: bool = False,
    ) -> Message:
        """Claim a message: its bytes are kept and its row stands.

        `remote` is its key at its place, left out: that of a record is its name, a file has none. JournalError where a file of
        that partner with the same name and digest stands already (ask `same` first), a message of that endpoint with the same
        key (`keyed`), or a record of that flow and company with the same key (`records.known`); a replay names its `parent` and
        may repeat them. `settled` where there is no source to clear."""
        digest, now = self._payloads.put(payload), self._unit.now
        settled_at = now if settled else None
        values = (
            *(
                direction,
                partner,
                flow,
                endpoint,
                path,
                name,
                remote or (name if direction == "out" else ""),
                size,
                modified,
                digest,
                state,
                reason,
                parent,
            ),
            *(now, now, settled_at, "", fetched_by),
        )
        try:
            id = self._execute(_INSERT, values).lastrowid
        except sqlite3.IntegrityError as error:
            if (same := self.same(partner, name, digest)) is None or parent is not None or remote:
                raise
            raise JournalError(f"{name} of {partner} with these bytes is held already as message {same.id}") from error
        assert id is not None
        return Message(id, *values)

    def refetched(self, id: int, payload: bytes) -> Message:
        """Other bytes of the same record of ours, in place of those that D365 did not show whole. Gives the row as it is now."""
        digest = self._payloads.put(payload)
        self._execute("UPDATE messages SET digest = ?, size = ? WHERE id = ?", (digest, len(payload), id))
        return self.get(id)

    def get(self, id: int) -> Message:
        """The message; JournalError where there is none."""
        row = self._execute(_GET, (id,)).fetchone()
        if row is None:
            raise JournalError(f"there is no message {id}")
        return Message(*row)

    def same(self, partner: str, name: str, digest: str) -> Message | None:
        """The file of that partner with that name and those bytes (replays left out)."""
        row = self._execute(_SAME, (partner, name, digest)).fetchone()
        return Message(*row) if row else None

    def keyed(self, endpoint: str, keys: Mapping[str, str]) -> dict[str, int]:
        """The messages of mailboxes of an endpoint by their ids there, whatever partner, flow, path or name they have.

        `keys` has for each id what it is fetched by, "" where that is not known: with another document it is another message."""
        rows = self._execute(_OF_KEYS, (endpoint, json.dumps(list(keys))))
        return {remote: id for remote, by, id in rows if not (by and keys[remote]) or by == keys[remote]}

    def with_remote(self, endpoint: str, remote: str) -> list[Message]:
        """The messages of mailboxes of an endpoint that have this id there, last first: of one server there is one at most."""
        return self._all(_SEARCH_KEY, remote, endpoint, SEARCH_LIMIT)

    def give(self, id: int, partner: str, state: MessageState, reason: str) -> None:
        """It belongs to another partner than was thought, and continues there. JournalError where it may not be in that state."""
        row = self._execute("SELECT state FROM messages WHERE id = ?", (id,)).fetchone()
        step(TRANSITIONS, "message", id, row and row[0], state)
        self._execute(_GIVE, (partner, state, reason, self._unit.now, id))

    def named(self, partner: str, name: str) -> list[Message]:
        """The files of that partner with that name (replays left out), oldest first."""
        return self._all(_NAMED, partner, name)

    def with_digest(self, partner: str, digest: str) -> list[Message]:
        """All messages of that partner with those bytes, oldest first."""
        return self._all(_DIGEST, digest, partner)

    def children(self, id: int) -> list[Message]:
        """The replays of a message, oldest first."""
        return self._all(_CHILDREN, id)

    def in_state(self, state: MessageState, partner: str | None = None, limit: int = LIMIT) -> list[Message]:
        """Messages in a state, oldest first."""
        if partner is None:
            return self._all(_STATE, state, limit)
        return self._all(_STATE_OF, state, partner, limit)

    def open_before(self, message: Message) -> list[tuple[int, int | None]]:
        """Of the messages of its partner, name and place that came before this one, those that are not finished: id, and the id
        of the document that is ready or on its way, None where it is not translated yet."""
        key = (message.name, message.partner, message.id, message.endpoint, message.path)
        return self._execute(_OPEN_BEFORE, key).fetchall()

    def set_state(self, id: int, state: MessageState, reason: str = "") -> None:
        """Change the state; JournalError where that transition is not allowed."""
        row = self._execute("SELECT state FROM messages WHERE id = ?", (id,)).fetchone()
        step(TRANSITIONS, "message", id, row and row[0], state)
        self._execute(
            "UPDATE messages SET state = ?, reason = ?, state_at = ? WHERE id = ?", (state, reason, self._unit.now, id)
        )

    def explain(self, id: int, reason: str) -> None:
        """Say of a message what a person decided about it."""
        self._execute("UPDATE messages SET reason = ? WHERE id = ?", (reason, id))

    def settled(self, id: int, name: str) -> None:
        """The source knows that we hold it; `name` is where it went ("" where it was deleted, left or gone)."""
        changed = self._execute(
            "UPDATE messages SET settled_at = ?, settled_name = ? WHERE id = ?", (self._unit.now, name, id)
        )
        if changed.rowcount != 1:
            raise JournalError(f"there is no message {id}")

    def settled_since(self, endpoint: str, at: float) -> set[str]:
        """The paths to which sources at an endpoint were moved from that moment on (epoch seconds)."""
        rows = self._execute(_SETTLED_SINCE, (endpoint, at))
        return {name for (name,) in rows}

    def sizes(self, endpoint: str) -> set[int]:
        """The lengths in bytes of what came from an endpoint and was cleared there."""
        return {size for (size,) in self._execute(_SIZES, (endpoint,))}

    def unsettled(self, endpoint: str, path: str) -> list[Message]:
        """Messages whose source at that place does not know yet that we hold them, oldest first."""
        return self._all(_UNSETTLED, endpoint, path)

    def search(self, text: str) -> list[Message]:
        """By file name (in any case), by the id of a message in a mailbox (`id` or `endpoint:id`) or of its document, by run,
        or by the beginning of the digest (from six characters), newest first."""
        found = self._all(_SEARCH_NAME, text, SEARCH_LIMIT)
        if not found:
            endpoint, _, key = text.rpartition(":")
            found = self._all(_SEARCH_KEY, key, endpoint, SEARCH_LIMIT)
            found = found or self._all(_SEARCH_DOCUMENT, text, SEARCH_LIMIT)
        if not found and text.count(":") >= 2:
            name = text.partition(":")[2].rpartition(":")[0]
            found = [message for message in self._all(_SEARCH_NAME, name, SEARCH_LIMIT) if message.run == text]
        if not found and (between := digest_range(text)):
            found = self._all(_SEARCH_DIGEST, *between, SEARCH_LIMIT)
        return found

    def _all(self, sql: str, *values: object) -> list[Message]:
        return [Message(*row) for row in self._execute(sql, values)]
