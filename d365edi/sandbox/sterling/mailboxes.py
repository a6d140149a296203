"""Mailboxes, messages and documents of the simulator, and all that may be done to them; kept in a folder where one is given.

A message is never forgotten: once it is `gone` it lies in no mailbox, and stays for the ledger. Ids of mailboxes and messages
come from one sequence with gaps and are never used again. What changes is written down before the call returns.

Knows: what Sterling keeps. Does not know: HTTP, users, who asks.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .change_log import Change, ChangeLog, Payloads
from .switches import Switches


@dataclass(slots=True)
class Document:
    """What a message carries. `place`, `size`: of its bytes. `said`: names and kinds as they were given. `life_span`:
    minutes, None where none was given. `workflow`: of whoever made it."""

    id: str
    place: int
    size: int
    created: float
    by: str
    said: dict[str, Any]
    life_span: int | None = None
    there: bool = True


@dataclass(slots=True)
class Message:
    """A document in a mailbox. `count`: how often it may still be fetched, None where it is not counted; `always`; `until`
    (epoch seconds). `path`: where it was created, `by` whom. `taken`: how often somebody fetched it. `gone`: why it lies
    nowhere any more, "" while it does. `was`: its id before a move gave it another. `routable`: no rule has seen it yet."""

    id: int
    name: str
    mailbox: int
    document: str
    size: int
    created: float
    path: str
    by: str
    digest: str
    always: bool = False
    count: int | None = None
    until: float | None = None
    taken: int = 0
    gone: str = ""
    was: int = 0
    routable: bool = True

    def extractable(self, now: float) -> bool:
        """Whether it may be fetched."""
        if self.until is not None:
            return self.until > now
        return self.always or (self.count or 0) > 0


@dataclass(slots=True)
class Mailbox:
    """One mailbox. `messages`: those that lie in it, by id. `pages`: answers of listings, until something changes."""

    id: int
    path: str
    description: str = ""
    messages: dict[int, Message] = field(default_factory=dict)
    pages: dict[Any, bytes] = field(default_factory=dict)


MESSAGE = tuple(Message.__dataclass_fields__)
DOCUMENT = tuple(Document.__dataclass_fields__)


class MailboxState:
    """All of it. `clock` gives epoch seconds, to which the switch `skew` is added."""

    def __init__(self, switches: Switches, clock: Callable[[], float], folder: Path | None = None) -> None:
        self.switches = switches
        self.mailboxes: dict[int, Mailbox] = {}
        self.messages: dict[int, Message] = {}
        self.documents: dict[str, Document] = {}
        self._clock = clock
        self._paths: dict[str, Mailbox] = {}
        self._of_document: dict[str, list[int]] = {}
        self.others: list[Change] = []
        self._next = 301
        self._log = ChangeLog(folder and folder / "changes")
        self._payloads = Payloads(folder and folder / "payloads")
        for change in self._log.read():
            self._apply(*change)

    def close(self) -> None:
        """Let go of the folder."""
        self._log.close()
        self._payloads.close()

    def now(self) -> float:
        """The server's clock, epoch seconds."""
        return self._clock() + self.switches.skew

    # ---------------------------------------------------------------------------------------------------- mailboxes
    def mailbox(self, path: str) -> Mailbox:
        """The mailbox of this path; it is made, with those above it, where there is none."""
        if path not in self._paths:
            parent = path.rpartition("/")[0]
            if parent:
                self.mailbox(parent)
            self._commit(["mailbox", self._id(), path, f"Mailbox {path}"])
        return self._paths[path]

    def find(self, path: str) -> Mailbox | None:
        """The mailbox of this path, exactly as it is written, or None."""
        return self._paths.get(path)

    def children(self, mailbox: Mailbox) -> list[Mailbox]:
        """The mailboxes directly below one."""
        return [each for each in self.mailboxes.values() if each.path.rpartition("/")[0] == mailbox.path]

    def rename(self, path: str, other: str) -> None:
        """Give a mailbox another path, and those below it with it; ids and messages stay."""
        moved = [each for each in self.mailboxes.values() if f"{each.path}/".startswith(f"{path}/")]
        self._commit(*(["mailbox", each.id, other + each.path[len(path) :], each.description] for each in moved))

    def drop(self, path: str) -> None:
        """Delete a mailbox with its messages."""
        mailbox = self._paths[path]
        lost = [self._changed(message, gone="mailbox deleted") for message in mailbox.messages.values()]
        self._commit(*lost, ["mailbox", mailbox.id, None, ""])

    def create_again(self, path: str, *, keep: bool = False) -> Mailbox:
        """Delete a mailbox and create it anew under another id: empty, or with the messages that it had."""
        if not keep:
            self.drop(path)
            return self.mailbox(path)
        old = self._paths[path]
        kept = list(old.messages.values())
        self._commit(["mailbox", old.id, None, ""])
        fresh = self.mailbox(path)
        self._commit(*(self._changed(message, mailbox=fresh.id) for message in kept))
        return fresh

    # ---------------------------------------------------------------------------------------------------- documents
    def add_document(self, data: bytes, *, by: str = "partner", **said: Any) -> Document:
        """Keep a document that no message carries yet."""
        now, life_span = self.now(), said.pop("lifeSpan", None)
        id = f"sandbox:node1:{int(now * 1000):x}:{self._id()}"
        place = self._payloads.add(data)
        self._commit(["document", id, place, len(data), now, by, said, life_span, True])
        return self.documents[id]

    def payload(self, document: str) -> bytes:
        """The bytes of a document. KeyError when there is none."""
        found = self.documents[document]
        return self._payloads.get(found.place, found.size)

    def delete_document(self, document: str) -> None:
        """Delete a document; messages that carry it stay, without payload."""
        found = self.documents[document]
        self._commit(["document", *(getattr(found, name) for name in DOCUMENT[:-1]), False])

    def of_document(self, document: str) -> list[Message]:
        """The messages that lie somewhere and carry this document."""
        return [message for message in self.carried(document) if not message.gone]

    def carried(self, document: str) -> list[Message]:
        """The messages that carry or carried this document."""
        return [self.messages[id] for id in self._of_document.get(document, ())]

    def purge(self) -> list[str]:
        """Delete the documents that no message carries any more, as the server's own schedule does; those that none ever
        carried only once their life span is over. The ids."""
        now = self.now()
        ended = [
            document.id
            for document in self.documents.values()
            if not self.of_document(document.id)
            and (
                document.id in self._of_document
                or (document.life_span is not None and document.created + 60 * document.life_span < now)
            )
        ]
        for id in ended:
            self.delete_document(id)
        return ended

    # ----------------------------------------------------------------------------------------------------- messages
    def put(
        self,
        path: str,
        name: str,
        data: bytes,
        *,
        by: str = "partner",
        always: bool = False,
        count: int | None = 1,
        created: float | None = None,
    ) -> Message:
        """Put a message into a mailbox, as a partner does: a count of 1, another, or `always`. `created`: epoch seconds."""
        document = self.add_document(data, by=by, documentName=name, bodyName=name)
        policy = {"always": True} if always else {"count": count}
        return self.add_message(document.id, self.mailbox(path), name, by=by, created=created, **policy)

    def add_message(
        self, document: str, mailbox: Mailbox, name: str, *, by: str, created: float | None = None, **policy: Any
    ) -> Message:
        """Put a document into a mailbox; in a global mailbox it overwrites what has its name, in any case."""
        digest = hashlib.sha256(self.payload(document)).hexdigest()
        size = self.documents[document].size
        lost = []
        if self.switches.mailbox == "global":
            same = [each for each in mailbox.messages.values() if each.name.casefold() == name.casefold()]
            lost = [self._changed(each, gone="overwritten") for each in same]
        made = Message(
            self._id(), name, mailbox.id, document, size, self.now() if created is None else created, mailbox.path, by,
            digest, **policy,
        )  # fmt: skip
        self._commit(*lost, self._changed(made))
        return self.messages[made.id]

    def change(self, message: Message, **values: Any) -> None:
        """Change fields of a message."""
        self._commit(self._changed(message, **values))

    def take(self, message: Message) -> bytes:
        """Fetch a message as a partner does: its count goes down. Its bytes."""
        self.change(message, taken=message.taken + 1, count=message.count and message.count - 1)
        return self.payload(message.document)

    def remove(self, message: Message, why: str = "deleted") -> None:
        """Take a message away; its document stays."""
        self.change(message, gone=why)

    def move(self, message: Message, mailbox: Mailbox) -> Message:
        """Move a message; with the switch `move=new` it is another one afterwards."""
        if self.switches.move == "keeps":
            self.change(message, mailbox=mailbox.id)
            return message
        values = {name: getattr(message, name) for name in MESSAGE}
        fresh = Message(**{**values, "id": self._id(), "mailbox": mailbox.id, "was": message.id})
        self._commit(self._changed(message, gone="moved"), self._changed(fresh))
        return self.messages[fresh.id]

    # ------------------------------------------------------------------------------------------------ how it is kept
    def note(self, *change: Any) -> None:
        """Write down a change of somebody else's; `others` has those of earlier runs."""
        self._log.write(["other", *change])

    def _id(self) -> int:
        self._next += 1 + self._next * 7 % 5
        return self._next

    @staticmethod
    def _changed(message: Message, **values: Any) -> Change:
        return ["message", *(values.get(name, getattr(message, name)) for name in MESSAGE)]

    def _commit(self, *changes: Change) -> None:
        self._log.write(*changes)
        for change in changes:
            self._apply(*change)

    def _apply(self, kind: str, *values: Any) -> None:
        if kind == "mailbox":
            self._set_mailbox(*values)
        elif kind == "document":
            self._set_document(Document(*values))
        elif kind == "message":
            self._set_message(Message(*values))
        else:
            self.others.append(list(values))

    def _set_mailbox(self, id: int, path: str | None, description: str) -> None:
        self._next = max(self._next, id)
        old = self.mailboxes.pop(id, None)
        for changed in (old.path if old else None, path):
            self._forget_pages(changed)
        if old is not None:
            del self._paths[old.path]
        if path is not None:
            mailbox = Mailbox(id, path, description, old.messages if old else {})
            self.mailboxes[id] = self._paths[path] = mailbox

    def _forget_pages(self, path: str | None) -> None:
        parent = self._paths.get((path or "").rpartition("/")[0])
        if parent is not None:
            parent.pages.clear()

    def _set_document(self, document: Document) -> None:
        self._next = max(self._next, int(document.id.rpartition(":")[2]))
        if document.there:
            self.documents[document.id] = document
        else:
            self.documents.pop(document.id, None)

    def _set_message(self, fresh: Message) -> None:
        self._next = max(self._next, fresh.id)
        message = self.messages.get(fresh.id)
        if message is None:
            message = self.messages[fresh.id] = fresh
            self._of_document.setdefault(fresh.document, []).append(fresh.id)
        else:
            self._lift(message)
            for name in MESSAGE:
                setattr(message, name, getattr(fresh, name))
        mailbox = self.mailboxes.get(message.mailbox)
        if mailbox is not None:
            mailbox.pages.clear()
            if not message.gone:
                mailbox.messages[message.id] = message

    def _lift(self, message: Message) -> None:
        mailbox = self.mailboxes.get(message.mailbox)
        if mailbox is not None:
            mailbox.pages.clear()
            mailbox.messages.pop(message.id, None)
