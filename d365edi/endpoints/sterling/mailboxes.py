"""Mailboxes by their paths: the id of each, and what lies in it.

A path is resolved once, and its id is kept. A mailbox that is renamed keeps its id, and one that is created again at the path has
another: a listing by the id shows neither. So each path is resolved anew from time to time, and where a listing is empty, which
one of a mailbox that is not there may be as well, the mailbox is asked for by its id.

Knows: paths, ids, rows. Does not know: what is done with a message.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

from d365edi import log
from d365edi.endpoints.sterling import responses
from d365edi.endpoints.sterling.classify import NotFound
from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.responses import Record
from d365edi.errors import PlaceRefused

KEPT = 900.0
"""Seconds after which a path is resolved anew: as long as a place rests that is not there. Polls every minute then
make one request more in 15."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox as the server has it: its id, and its path as it is spelt there."""

    id: str
    path: str


class Mailboxes:
    """The mailboxes of one server. What is asked goes through the client that is given; `clock` tells seconds and never goes
    back."""

    def __init__(self, endpoint: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._known: dict[str, Mailbox] = {}
        self._kept_until: dict[str, float] = {}

    async def resolve(self, client: Client, path: str) -> Mailbox:
        """The mailbox of a path. PlaceRefused where there is none, or where several differ in case alone and none is exact."""
        if path not in self._known:
            self._known[path] = await self._ask(client, path)
            # Many are resolved at once after a start; their next turns are spread over half of the time.
            self._kept_until[path] = self._clock() + KEPT * (0.5 + crc32(path.encode()) / 2**33)
        return self._known[path]

    async def _resolve_anew(self, client: Client, path: str) -> Mailbox:
        """As `resolve`, and once more where that was long ago. Another id than before is reported."""
        before = await self.resolve(client, path)
        if self._clock() < self._kept_until[path]:
            return before
        try:
            now = self._known[path] = await self._ask(client, path)
        except PlaceRefused:
            self.forget(path)
            raise
        self._kept_until[path] = self._clock() + KEPT
        if now.id != before.id:
            sentence = (
                f"{path} is mailbox {now.id} now and was {before.id}: it was renamed, or created again; what is left in the "
                "former one is not looked at any more: move it into the new one where it is wanted"
            )
            log.say("WARNING", self._endpoint, "changed", sentence)
        return now

    async def _ask(self, client: Client, path: str) -> Mailbox:
        rows = await client.list_all(
            "mailboxes/", {"path": path}, place=path, until=lambda row: _mailbox(row).path == path
        )
        return self._chosen(path, [_mailbox(row) for row in rows])

    def forget(self, path: str) -> None:
        """Resolve this path anew when it is used next."""
        self._known.pop(path, None)

    async def contents(self, client: Client, path: str) -> tuple[Mailbox, list[Record]]:
        """The mailbox of a path, and the rows of all that lies in it directly. PlaceRefused where it is not there."""
        mailbox = await self._resolve_anew(client, path)
        query = {"parentMailboxId": mailbox.id, "detail": "true"}
        rows = await client.list_all("mailboxcontents/", query, place=path)
        if rows:
            return mailbox, rows
        return await self._checked(client, path, mailbox), rows

    async def _checked(self, client: Client, path: str, mailbox: Mailbox) -> Mailbox:
        """The mailbox of an empty listing, once it is certain that it is there."""
        try:
            row = await client.get(f"mailboxes/{mailbox.id}", place=path)
        except NotFound as error:
            self.forget(path)
            raise self._not_there(path, f"its id was {mailbox.id}, and no mailbox has that any more") from error
        if (now := _mailbox(row)).path and now.path != mailbox.path:
            self.forget(path)
            raise self._not_there(path, f"mailbox {mailbox.id} is {now.path} now")
        return mailbox

    def _chosen(self, path: str, found: list[Mailbox]) -> Mailbox:
        exact = [each for each in found if each.path == path]
        alike = exact or [each for each in found if each.path.casefold() == path.casefold()]
        if not alike:
            raise self._not_there(path, "no mailbox has this path")
        if len({each.id for each in alike}) > 1:
            spelt = ", ".join(sorted(f"{each.path} ({each.id})" for each in alike))
            raise self._not_there(path, f"several mailboxes could be meant: {spelt}")
        return alike[0]

    def _not_there(self, path: str, why: str) -> PlaceRefused:
        remedy = "write the path as Sterling shows it, and give our user rights on that mailbox; we create none"
        return PlaceRefused(f"{path} on {self._endpoint}: {why}", endpoint=self._endpoint, remedy=remedy)


def _mailbox(row: Record) -> Mailbox:
    return Mailbox(responses.identity(row), responses.text(row.get("path")).rstrip("/") or "/")
