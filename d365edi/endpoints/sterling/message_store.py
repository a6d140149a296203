"""What a delivery asks of Sterling, as requests: documents, messages of them, and both in one batch.

Knows: the collections and their fields. Does not know: in which order they are used, the journal.
"""

from collections.abc import Mapping

from d365edi.endpoints.sterling import lookup, responses
from d365edi.endpoints.sterling.classify import NotFound
from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.mailboxes import Mailboxes
from d365edi.endpoints.sterling.responses import Message
from d365edi.errors import PlaceRefused, Refused

_DOCUMENT = {"contentType": "application", "contentSubtype": "octet-stream"}


class SterlingMessageStore:
    """The documents and messages of one server, for a delivery to one mailbox, `place`; see `delivery.MessageStore`."""

    def __init__(self, client: Client, mailboxes: Mailboxes, place: str) -> None:
        self._client = client
        self._mailboxes = mailboxes
        self._place = place

    async def create_document(self, name: str, payload: bytes) -> str:
        """Make a document under both names that it can have, since processes of the server read either."""
        body = {"documentName": name, "bodyName": name, **_DOCUMENT}
        return await self._client.create("documents/", body, payload=payload)

    async def has_document(self, id: str) -> bool:
        """Whether a document is there."""
        rows = await self._client.list_all("documents/", {"documentId": id}, place=self._place, until=lambda _: True)
        return bool(rows)

    async def delete_document(self, id: str) -> None:
        """Delete a document; one that is gone already is fine."""
        await self._gone_is_fine(self._client.path("documents", id))

    async def create_message(self, document: str, path: str, name: str, extract: int) -> str:
        """Make a message of a document. PlaceRefused where the mailbox is not there any more."""
        body = {"documentId": document, "mailboxPath": path, "name": name, **extractable(extract)}
        try:
            return await self._client.create("mailboxmessages/", body, place=self._place)
        except PlaceRefused:
            raise
        except Refused:
            await self._still_there()
            raise

    async def message(self, id: str) -> Message | None:
        """A message, None where it is gone; see `lookup`."""
        return await lookup.message(self._client, id, self._place)

    async def messages(self, name: str) -> list[Message]:
        """The messages of a name, in all mailboxes; the server may show others, too."""
        rows = await self._client.list_all("mailboxmessages/", {"name": name}, place=self._place)
        return [responses.message(row) for row in rows]

    async def delete_message(self, id: str) -> None:
        """Delete a message; one that is gone already is fine."""
        await self._gone_is_fine(self._client.path("mailboxmessages", id))

    async def send_batch(self, path: str, name: str, payload: bytes) -> str:
        """Make document and message in one request, which may be fetched always until a count is put."""
        fields = {"mailboxName": path}
        try:
            return await self._client.upload("messagebatches/", fields, "upstream", name, payload, place=self._place)
        except PlaceRefused:
            raise
        except Refused:
            await self._still_there()
            raise

    async def put_count(self, id: str, extract: int) -> None:
        """Set how often a message may still be fetched; one that is gone already is fine."""
        try:
            await self._client.update(self._client.path("mailboxmessages", id), extractable(extract), place=self._place)
        except NotFound:
            return

    async def _still_there(self) -> None:
        """Raise PlaceRefused where something was refused because the mailbox is not there any more."""
        self._mailboxes.forget(self._place)
        await self._mailboxes.resolve(self._client, self._place)

    async def _gone_is_fine(self, path: str) -> None:
        try:
            await self._client.delete(path, place=self._place)
        except NotFound:
            return


def extractable(extract: int) -> Mapping[str, object]:
    """How often a message may be fetched, as the one field that says so; 0: always."""
    return {"extractableCount": extract} if extract else {"extractableAlways": True}
