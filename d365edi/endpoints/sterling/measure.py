"""What one server does where no document says it, measured by a message in a mailbox of our own: `partner probe`.

One document is made, and two messages of it where the server allows that; all of it is deleted at the end, and what could not
be is named. What a small mailbox cannot show is said to be not measured.

Knows: the questions, and how each is asked. Does not know: settings, deliveries.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from d365edi.endpoints.sterling import responses
from d365edi.endpoints.sterling.classify import NotFound
from d365edi.endpoints.sterling.client import Client, Dialect
from d365edi.endpoints.sterling.mailboxes import Mailboxes
from d365edi.endpoints.sterling.responses import Message, Record
from d365edi.errors import CredentialsRejected, EndpointError, Refused, Unavailable
from d365edi.odata import canonical

PAYLOAD = bytes(range(256)) * 2
"""Every byte, so that a payload that is re-encoded on its way differs."""
COUNT = 3
"""How often its messages may be fetched, at first."""

_NOT = "not measured"
_TIME = re.compile(r"\d\d:\d\d:\d\d(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Measured:
    """One question and what was found, in words. `setting` is the key of `dialect` that it decides, `value` what it has to be
    here, "" where none that we know works."""

    what: str
    found: str
    setting: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """All of it, in turn; `left` names what was created and could not be deleted, `error` is what broke it off."""

    found: tuple[Measured, ...]
    left: tuple[str, ...] = ()
    error: EndpointError | None = None


async def measure(client: Client, mailboxes: Mailboxes, path: str, move_to: str = "") -> Measurement:
    """Everything in turn, in the mailbox `path`; a message is moved to `move_to`, where one is given. Never raises: what breaks
    it off (the mailbox is not there, nothing can be created there, nobody is let in) is told. What was created is deleted."""
    found: list[Measured] = []
    try:
        mailbox, rows = await mailboxes.contents(client, path)
    except EndpointError as error:
        return Measurement((), error=error)
    run, broken = _Run(client, path, mailbox.id, move_to), None
    try:
        found.append(await _tried("an empty listing", lambda: run.empty(rows)))
        await run.create()
        found += await run.payload()
        for what, ask in run.questions:
            found.append(await _tried(what, ask))
        found.append(await run.delete())
    except EndpointError as error:
        broken = error
    return Measurement(tuple(found), tuple(await run.clear()), broken)


async def _tried(what: str, ask: Callable[[], Awaitable[str]]) -> Measured:
    try:
        return Measured(what, await ask())
    except CredentialsRejected:
        raise
    except EndpointError as error:
        return Measured(what, f"{_NOT}: {error.message}")


class _Run:
    """One measurement: what it has created, and the questions."""

    def __init__(self, client: Client, path: str, mailbox: str, move_to: str) -> None:
        self.client = client
        self.path, self.mailbox, self.move_to = path, mailbox, move_to
        self.name = f"d365edi_probe_{secrets.token_hex(6)}"
        self.document = ""
        self.messages: list[str] = []
        self.lost: dict[str, str] = {}  # names of what may have been made, and where
        self.questions: tuple[tuple[str, Callable[[], Awaitable[str]]], ...] = (
            ("two messages of one document", self.twice),
            ("?name= of mailboxmessages", self.filter),
            ("getpayload and the extract count", self.counted),
            ("dates", self.dates),
            ("order of a listing", self.order),
            ("rows of a page", self.page),
            ("extract count 0", self.mark),
            ("the id after a move", self.move),
        )

    async def create(self) -> None:
        """The document and the first message of it."""
        name = f"{self.name}_1.txt"
        names = {"documentName": name, "bodyName": name}
        with self._noting("document", f"a document {name}"):
            self.document = await self.client.create("documents/", names, payload=PAYLOAD, place=self.path)
        await self._message(name)

    async def _message(self, name: str) -> None:
        body = {"documentId": self.document, "mailboxPath": self.path, "name": name, "extractableCount": COUNT}
        with self._noting(name, f"a message {name} in {self.path}"):
            self.messages.append(await self.client.create("mailboxmessages/", body, place=self.path))

    @contextmanager
    def _noting(self, name: str, what: str) -> Iterator[None]:
        """Note what may have been made, where no reply came."""
        try:
            yield
        except Unavailable as error:
            if error.unclear:
                self.lost[name] = what
            raise

    # -- dialect ------------------------------------------------------------------------------------------------------------
    async def payload(self) -> list[Measured]:
        """Which forms of getpayload, and of a document's id in an address, bring the bytes back: every form with every other."""
        payloads: tuple[Literal["body", "query"], ...] = ("body", "query")
        colons: tuple[Literal["raw", "encoded"], ...] = ("raw", "encoded")
        works = [
            (payload, colon)
            for payload in payloads
            for colon in colons
            if await self._brings(replace(self.client.dialect, payload=payload, colon=colon))
        ]
        found = [self._settled("getpayload", "payload", list(dict.fromkeys(payload for payload, _ in works)))]
        if ":" not in self.document:
            return [*found, Measured("the colon of an id", f"{_NOT}: the id {self.document} has none")]
        return [*found, self._settled("the colon of an id", "colon", list(dict.fromkeys(colon for _, colon in works)))]

    async def _brings(self, dialect: Dialect) -> bool:
        client = self.client.speaking(dialect)
        try:
            return await client.payload(self.document, len(PAYLOAD), place=self.path) == PAYLOAD
        except CredentialsRejected:
            raise
        except EndpointError:
            return False

    async def delete(self) -> Measured:
        """Which body a DELETE may have: each is tried on an object of its own."""
        works: list[str] = []
        ways: tuple[Literal["bare", "empty"], ...] = ("bare", "empty")
        for way in ways:
            client = self.client.speaking(replace(self.client.dialect, delete=way))
            try:
                if self.messages:
                    await client.delete(client.path("mailboxmessages", self.messages[-1]), place=self.path)
                    self.messages.pop()
                else:
                    await client.delete(client.path("documents", self.document), place=self.path)
                    self.document = ""
            except Refused:
                continue
            works.append(way)
        return self._settled("DELETE", "delete", works)

    def _settled(self, what: str, setting: str, works: Sequence[str]) -> Measured:
        """What works, and from now on the client speaks so: as the settings say where that works."""
        configured = getattr(self.client.dialect, setting)
        value = configured if configured in works else works[0] if works else ""
        if value:
            spoken: dict[str, Any] = {setting: value}
            self.client = self.client.speaking(replace(self.client.dialect, **spoken))
        found = " and ".join(f'"{way}"' for way in works)
        return Measured(what, f"{found} works" if works else "no known form works", setting, value)

    # -- questions ----------------------------------------------------------------------------------------------------------
    async def empty(self, rows: Sequence[Record]) -> str:
        """How a listing without rows is answered."""
        if rows:
            return f"{_NOT}: {self.path} has {len(rows)} rows"
        answer = await self.client.peek("mailboxcontents/", self._query(0, 9), place=self.path)
        return "[]" if answer.content.strip() == b"[]" else self._said(answer.status_code, answer.content)

    async def twice(self) -> str:
        """Whether a document may have two messages."""
        try:
            await self._message(f"{self.name}_2.txt")
        except Refused as error:
            return f"refused: {error.message}"
        return "allowed"

    async def filter(self) -> str:
        """Whether a name must be whole to be found."""
        whole = f"{self.name}_1.txt"
        if not await self._finds(whole, whole):
            return "does not find a message by its name: a lost reply cannot be cleared up here"
        if await self._finds(self.name, whole):
            return "a part of the name is enough"
        return "exact, with % as wildcard" if await self._finds(f"{self.name}%", whole) else "exact"

    async def _finds(self, asked: str, name: str) -> bool:
        rows = await self.client.list_all("mailboxmessages/", {"name": asked}, place=self.path)
        return any(responses.message(row).name == name for row in rows)

    async def counted(self) -> str:
        """Whether the payloads that were fetched used up the count."""
        left = (await self._read(self.messages[0])).count
        if left is None:
            return f"{_NOT}: the message shows no count"
        return (
            "leaves it alone"
            if left == COUNT
            else f"uses it up ({left} of {COUNT} are left): a begun fetch is offered again"
        )

    async def dates(self) -> str:
        """Offset and resolution of creation dates."""
        texts = [await self._created(id) for id in self.messages]
        found = [_TIME.search(text) for text in texts]
        if not all(found):
            return f'"{texts[0]}", which cannot be read: messages are sorted by their ids alone'
        parts = {(each[1] or "", each[2] or "") for each in found if each}
        fine = any(digits.strip("0") for digits, _ in parts)
        offset = next(iter(parts))[1] or "no offset, so that dates cannot be compared"
        return f"{offset}; " + ("parts of a second" if fine else "whole seconds, as far as seen")

    async def _created(self, id: str) -> str:
        return responses.text(
            (await self.client.get(self.client.path("mailboxmessages", id), place=self.path)).get("creationDate")
        )

    async def order(self) -> str:
        """In which order the messages of the first page come."""
        messages = [responses.message(row) for row in await self._first_page() if not responses.is_mailbox(row)]
        if len(messages) < 3:
            return f"{_NOT}: {len(messages)} messages are too few; none is relied on"
        ids = [(len(message.id), message.id) for message in messages]
        dates = [message.created or 0.0 for message in messages]
        for what, values in (("by id", ids), ("by date", dates)):
            if len(set(values)) == 1:
                continue
            if values == sorted(values):
                return what
            if values == sorted(values, reverse=True):
                return f"{what}, the youngest first"
        return "neither by id nor by date"

    async def page(self) -> str:
        """How many rows the server gives at most."""
        first = await self._first_page()
        rows = await self.client.list_all("mailboxcontents/", self._query(), place=self.path)
        if len(first) < min(len(rows), self.client.page):
            return f"at most {len(first)}, of {self.client.page} that were asked for"
        return f"{_NOT}: {len(rows)} rows fit into one page"

    async def mark(self) -> str:
        """What the count 0 does to a listing."""
        id = self.messages[-1]
        await self.client.update(self.client.path("mailboxmessages", id), {"extractableCount": 0}, place=self.path)
        rows = await self.client.list_all("mailboxcontents/", self._query(), place=self.path)
        listed = [message for message in map(responses.message, rows) if message.id == id]
        if not listed:
            return "hides the message"
        if listed[0].extractable(0.0):
            return 'does nothing: after = "mark" cannot be used here'
        return "shows that the message is used up"

    async def move(self) -> str:
        """Whether a message that is moved keeps its id."""
        if not self.move_to:
            return f"{_NOT}: the endpoint has no move_to"
        id = self.messages[0]
        path = self.client.path("mailboxmessages", id)
        await self.client.run_action(path, "movemailboxmessage", {"path": self.move_to}, place=self.path)
        try:
            await self._read(id)
        except NotFound:
            del self.messages[0]
            self.lost[f"{self.name}_1.txt"] = f"a message {self.name}_1.txt in {self.move_to}"
            await self._unnamed()
            return "another one"
        return "the same"

    # -- requests -----------------------------------------------------------------------------------------------------------
    async def clear(self) -> list[str]:
        """Delete what was created; what is left, or may be."""
        with suppress(EndpointError):
            await self._unnamed()
        left = [f"perhaps {what}" for what in self.lost.values()]
        paths = [self.client.path("mailboxmessages", id) for id in self.messages]
        paths += [self.client.path("documents", self.document)] if self.document else []
        for path in paths:
            try:
                await self.client.delete(path, place=self.path)
            except NotFound:
                continue
            except EndpointError as error:
                left.append(f"{path} ({error.message})")
        return left

    async def _unnamed(self) -> None:
        """Find the messages whose ids are not known."""
        for name in [name for name in self.lost if name != "document"]:
            rows = await self.client.list_all("mailboxmessages/", {"name": name}, place=self.path)
            for message in map(responses.message, rows):
                if (message.document, message.name) == (self.document, name):
                    self.messages.append(message.id)
                    self.lost.pop(name, None)

    async def _read(self, id: str) -> Message:
        return responses.message(await self.client.get(self.client.path("mailboxmessages", id), place=self.path))

    async def _first_page(self) -> list[Record]:
        answer = await self.client.peek("mailboxcontents/", self._query(0, self.client.page - 1), place=self.path)
        try:
            return responses.rows(canonical.loads_bounded(answer.content))
        except (ValueError, RecursionError):
            raise Refused(self._said(answer.status_code, answer.content)) from None

    def _query(self, first: int | None = None, last: int = 0) -> dict[str, str]:
        query = {"parentMailboxId": self.mailbox, "detail": "true"}
        return query if first is None else {**query, "_range": f"{first}-{last}"}

    @staticmethod
    def _said(status: int, body: bytes | bytearray) -> str:
        return f"{status}: {responses.fault(body).sentence}"
