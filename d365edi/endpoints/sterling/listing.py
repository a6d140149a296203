"""What of a mailbox is offered, and what is passed over and why. Pure.

A message is whole as soon as it is listed. It is offered in the order in which messages came, by creation date and id; what has a
name that cannot be shown, is a mailbox itself, does not match or may not be fetched any more is passed over.

Knows: rows. Does not know: requests, what is done with a message.
"""

from collections.abc import Sequence

from d365edi.endpoints.base import Listing, PassedOver, Place, Remote
from d365edi.endpoints.filenames import NO_ID, DirectoryEntry, NameFilter, NameRules, printable
from d365edi.endpoints.sterling import responses
from d365edi.endpoints.sterling.delivery_protocol import age
from d365edi.endpoints.sterling.responses import Message, Record

USED_UP = "it may not be fetched any more"
RULES = NameRules(temporary=(), paths=True)
"""Nothing is ever written under the name of a message, so that it may be a path; no name says that a message is unfinished."""


def listing(place: Place, mailbox: str, rows: Sequence[Record], now: float) -> Listing:
    """The listing of a place, from all rows of `mailboxcontents`. `mailbox` is its id, `now` in epoch seconds."""
    names, passed, offered = NameFilter(place.pattern, RULES), list[PassedOver](), list[tuple[Message, bool]]()
    for row in rows:
        message = responses.message(row)
        inside = responses.is_mailbox(row)
        name = message.name.encode("utf-8", "surrogatepass")
        entry = DirectoryEntry(name, "folder" if inside else "file", message.size, message.created)
        reason = names.reason(entry, ())
        fresh = message.extractable(now)
        if not reason and not (message.id and message.document):
            reason = NO_ID
        known = message.id in place.begun or _fetched_by(message) in place.unsettled
        if not reason and not fresh and not known:
            reason = USED_UP
        if reason:
            key = f"mailbox {message.id}" if inside else message.id
            passed.append(PassedOver(printable(name), reason, key, _fetched_by(message) if message.document else ""))
        else:
            offered.append((message, fresh))
    offered.sort(key=lambda each: age(each[0]))
    return Listing(
        tuple(remote(place.path, message, fresh=fresh) for message, fresh in offered), tuple(passed), mailbox=mailbox
    )


def remote(path: str, message: Message, *, fresh: bool = True) -> Remote:
    """A message as it is offered. Its key is its id; to fetch it, its document's id is needed as well."""
    id = _fetched_by(message)
    return Remote(path, message.name, message.size or 0, message.created, id=id, key=message.id, extractable=fresh)


def _fetched_by(message: Message) -> str:
    return f"{message.id}:{message.document}"


def document_of(remote: Remote) -> str:
    """The id of the document of what is offered."""
    return remote.id.partition(":")[2]
