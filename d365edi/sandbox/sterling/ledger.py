"""Every message that there ever was, with what became of it: what a journal is compared with.

Knows: which messages are one message. Does not know: who compares.
"""

from collections import Counter

from .mailboxes import Document, MailboxState, Message


class Ledger:
    """The ledger of one server. A message that got another id by a move stands in it once, as it is now."""

    def __init__(self, state: MailboxState) -> None:
        self._state = state

    def messages(self, *, path: str = "", by: str = "") -> list[Message]:
        """All that were created in the mailbox `path`, by the user `by`; in the order in which they were made."""
        moved = {message.was for message in self._state.messages.values()}
        return [
            message
            for message in self._state.messages.values()
            if message.id not in moved and path in ("", message.path) and by in ("", message.by)
        ]

    def doubled(self, *, path: str = "", by: str = "") -> list[str]:
        """Names that were put more than once into one mailbox with the same bytes."""
        put = Counter((each.path, each.name, each.digest) for each in self.messages(path=path, by=by))
        return sorted(name for (_, name, _), times in put.items() if times > 1)

    def unused(self, *, by: str = "") -> list[Document]:
        """Documents that are there and that no message ever carried."""
        carried = {message.document for message in self._state.messages.values()}
        return [each for each in self._state.documents.values() if each.id not in carried and by in ("", each.by)]
