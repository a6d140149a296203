"""Mailboxes by their paths: the id of each, and what lies in it.

A path is resolved once. Its id is kept until the server does not know it any more: a mailbox that is renamed, or created again,
has another one. An empty listing looks like one of a mailbox that is not there, so that the mailbox is then asked for by its id.

Knows: paths, ids, rows. Does not know: what is done with a message.
"""

from dataclasses import dataclass

from d365edi.endpoints.sterling import responses
from d365edi.endpoints.sterling.classify import NotFound
from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.responses import Record
from d365edi.errors import PlaceRefused


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox as the server has it: its id, and its path as it is spelt there."""

    id: str
    path: str


class Mailboxes:
    """The mailboxes of one server. What is asked goes through the client that is given."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._known: dict[str, Mailbox] = {}

    async def resolve(self, client: Client, path: str) -> Mailbox:
        """The mailbox of a path. PlaceRefused where there is none, or where several differ in case alone and none is exact."""
        if path not in self._known:
            asked = {"path": path}
            rows = await client.list_all("mailboxes/", asked, place=path, until=lambda row: _mailbox(row).path == path)
            self._known[path] = self._chosen(path, [_mailbox(row) for row in rows])
        return self._known[path]

    def forget(self, path: str) -> None:
        """Resolve this path anew when it is used next."""
        self._known.pop(path, None)

    async def contents(self, client: Client, path: str) -> tuple[Mailbox, list[Record]]:
        """The mailbox of a path, and the rows of all that lies in it directly. PlaceRefused where it is not there."""
        mailbox = await self.resolve(client, path)
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
