"""Picking up a message: fetch its payload, and clear it once it is durable here.

The payload belongs to the document, and reading it leaves the count of the message alone (`partner probe` measures that); the
action that extracts a message is never used, since a lost reply would use up the count. An id is never given to another message,
so that nothing has to be compared before one is cleared.

Knows: one message. Does not know: listings, the journal.
"""

from collections.abc import Awaitable, Callable

from d365edi.endpoints.base import After, Remote, Settlement
from d365edi.endpoints.sterling import lookup, responses
from d365edi.endpoints.sterling.classify import NotFound
from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.listing import document_of
from d365edi.endpoints.sterling.mailboxes import Mailboxes
from d365edi.errors import PlaceRefused, Refused, Unavailable, Vanished
from d365edi.failpoints import reach


class Pickup:
    """Fetching and clearing messages of one server, through a client that was begun for it."""

    def __init__(self, client: Client, mailboxes: Mailboxes, endpoint: str) -> None:
        self._client = client
        self._mailboxes = mailboxes
        self._endpoint = endpoint

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """The payload, of the length that was listed. Vanished where the message is gone, Refused where it is longer than `limit`
        bytes, or closed to us; Unavailable where it comes in another length, or damaged: it alone is tried again."""
        if remote.size > limit:
            message = f"{_said(remote)} has {remote.size} bytes, more than the {limit} that are allowed"
            raise self._refused(message, "ask the partner what it is, or raise max_message")
        try:
            data = await self._client.payload(document_of(remote), limit, place=remote.path)
        except NotFound as error:
            if await self._message(remote) is None:
                raise self._gone(remote) from error
            message = f"{_said(remote)}: the server has no document {document_of(remote)}"
            remedy = f"ask Sterling's administrator: the message is there without its bytes; or {self._client.probe}"
            raise self._refused(message, remedy) from error
        except PlaceRefused as error:
            raise self._refused(f"{_said(remote)}: {error.message}", error.remedy) from error
        if len(data) == remote.size:
            return data
        if await self._message(remote) is None:
            raise self._gone(remote)
        sizes = f"{remote.size} bytes are listed, and {len(data)} came"
        raise Unavailable(f"{_said(remote)}: {sizes}", endpoint=self._endpoint)

    async def settle(self, remote: Remote, after: After) -> Settlement:
        """Delete, move, mark or leave it. May be repeated after a lost reply. Refused where Sterling says no."""
        here = _at(remote.path, remote.name)
        if after.action == "leave":
            return Settlement("settled", here)
        acts: dict[str, Callable[[], Awaitable[Settlement]]] = {
            "delete": lambda: self._delete(remote),
            "mark": lambda: self._mark(remote),
            "move": lambda: self._move(remote, after.to),
        }
        try:
            settled = await acts[after.action]()
        except PlaceRefused as error:
            raise self._refused(error.message, error.remedy) from error
        reach("sterling.settled")
        return settled

    async def _delete(self, remote: Remote) -> Settlement:
        try:
            await self._client.delete(self._path(remote), place=remote.path)
        except NotFound:
            return Settlement("gone")
        return Settlement("settled")

    async def _mark(self, remote: Remote) -> Settlement:
        """Let nobody fetch it any more."""
        try:
            await self._client.update(self._path(remote), {"extractableCount": 0}, place=remote.path)
        except NotFound:
            return Settlement("gone")
        return Settlement("settled", _at(remote.path, remote.name))

    async def _move(self, remote: Remote, to: str) -> Settlement:
        """Move it into a mailbox that is there. It may have been moved before, and may have got another id by that."""
        target = (await self._mailboxes.resolve(self._client, to)).path
        moved = Settlement("settled", _at(target, remote.name))
        if (await self._mailboxes.resolve(self._client, remote.path)).path == target:
            return moved
        try:
            await self._client.run_action(self._path(remote), "movemailboxmessage", {"path": target}, place=to)
        except Refused as error:
            if await self._is_in(remote, target):
                return moved
            self._mailboxes.forget(to)
            await self._mailboxes.resolve(self._client, to)
            if not isinstance(error, NotFound) or await self._message(remote) is not None:
                raise
            return Settlement("gone")
        return moved

    async def _is_in(self, remote: Remote, path: str) -> bool:
        """Whether the message, by its id or its document, is in that mailbox."""
        now = await self._message(remote)
        if now is not None:
            return now.path == path
        rows = await self._client.list_all("mailboxmessages/", {"name": remote.name}, place=path)
        found = (responses.message(row) for row in rows)
        return any((each.path, each.document) == (path, document_of(remote)) for each in found)

    async def _message(self, remote: Remote) -> responses.Message | None:
        """The message as it is now, None where it is gone or in a mailbox that is closed to us."""
        now = await lookup.message(self._client, remote.key, remote.path)
        return None if now is not None and now.closed else now

    def _path(self, remote: Remote) -> str:
        return self._client.path("mailboxmessages", remote.key)

    def _gone(self, remote: Remote) -> Vanished:
        message = f"{_said(remote)} is not there any more"
        return Vanished(message, endpoint=self._endpoint, remedy="somebody else fetched or deleted it: ask who")

    def _refused(self, message: str, remedy: str) -> Refused:
        return Refused(message, endpoint=self._endpoint, remedy=remedy)


def _said(remote: Remote) -> str:
    return f'"{remote.name}" (message {remote.key}) in {remote.path}'


def _at(path: str, name: str) -> str:
    return f"{path.rstrip('/')}/{name}"
