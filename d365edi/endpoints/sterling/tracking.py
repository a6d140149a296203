"""What became of a message that we put into a mailbox, by what the server says of its id now.

An id is one server's. Another server, one that was restored, or a mailbox that was created again says nothing of what was
delivered before: a message that is missing there was not fetched for all we know, and one that has its id is somebody else's.
So a receipt says which server and mailbox it was (`facts`), and which document.

Knows: receipts, messages, mailboxes. Does not know: requests, the journal.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from d365edi.endpoints.base import Fetched, Gone, Lost, PickedUp, Sent, Waiting
from d365edi.endpoints.sterling.mailboxes import Mailbox
from d365edi.endpoints.sterling.responses import Message

NOBODY = "nobody can know whether it was picked up: ask the partner"


@dataclass(frozen=True, slots=True)
class Where:
    """The mailbox that is asked, and the server's addresses: the one that is recorded first, then others it is known by."""

    servers: tuple[str, ...]
    mailbox: Mailbox

    @property
    def facts(self) -> Mapping[str, str]:
        """What a receipt says of it."""
        return {"server": self.servers[0], "mailbox": self.mailbox.id}


def elsewhere(sent: Sent, where: Where) -> Lost | None:
    """What was delivered to another server, where that is known: there is nothing to ask."""
    server = sent.detail.get("server")
    if not server or server in where.servers:
        return None
    return Lost(f"it was delivered to {server}, and the server is {where.servers[0]} now; {NOBODY}")


def became(message: Message | None, sent: Sent, where: Where, now: float) -> PickedUp:
    """What the message of its id (None: there is none) says. `now`: epoch seconds.

    A mailbox created again may have been given its messages back, and one that was looked up long ago may have had another id
    already when it was delivered to: there the message itself says it."""
    document, mailbox = sent.detail.get("document"), sent.detail.get("mailbox")
    if message and message.document and document and message.document != document:
        said = f"message {sent.id} is of document {message.document} there now and was of {document}"
        return Lost(f"{said}: the server was restored, or is another one; {NOBODY}")
    here = message is not None and message.path in ("", where.mailbox.path) and not message.closed
    if not here and mailbox and mailbox != where.mailbox.id:
        said = f"{where.mailbox.path} was mailbox {mailbox} when it was delivered and is {where.mailbox.id} now"
        return Lost(f"{said}, without this message; {NOBODY}")
    if message is None:
        return Gone()
    counted = sent.extract and message.count is not None and message.count < sent.extract
    return Waiting() if here and not counted and message.extractable(now) else Fetched()
