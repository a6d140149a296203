"""Sterling's REST API for any collection: listings page by page, single objects, actions, payloads.

Collections have a slash at their end, objects are below them, JSON is asked for by a header (without it comes XML). Nothing is
sent a second time but what a bearer token was refused for, once, with a new one. What an answer means is a table (`classify`);
where one that is no result may have come after the work, the error is `unclear`.

Knows: HTTP, `_range`, dialects. Does not know: mailboxes, messages, deliveries.
"""

import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

from d365edi.endpoints.retry_after import retry_after
from d365edi.endpoints.sterling import responses
from d365edi.endpoints.sterling.auth import Login, LoginAttempts
from d365edi.endpoints.sterling.classify import NotFound, classify, error_of
from d365edi.endpoints.sterling.responses import Fault, Record
from d365edi.endpoints.transport import SAFE_METHODS, HttpAnswer, HttpTransport
from d365edi.errors import CredentialsRejected, EndpointError, Refused, Throttled, Unavailable, Unreachable
from d365edi.odata import canonical

MOST_PAGES = 1000
MOST_BYTES = 512 << 20
"""What one listing may have: pages, and the memory that all its rows may take (`canonical.weight`)."""

_IN_BETWEEN = "something in front of Sterling may refuse this request (its log tells)"
_HEADERS = {"Accept": "application/json", "User-Agent": "d365edi"}
_JSON = "application/json"
_PIECE = 1 << 18
_SHORT = 4096
"""An answer of so few bytes may be an error in place of a payload."""

Content = bytes | Callable[[], AsyncIterator[bytes]] | None


@dataclass(frozen=True, slots=True)
class Dialect:
    """What no document says of this server (`d365edi partner probe` measures it): how a payload is asked for (a body, or the
    query), the colon of an id in an address, the body of a DELETE."""

    payload: Literal["body", "query"] = "body"
    colon: Literal["raw", "encoded"] = "raw"
    delete: Literal["bare", "empty"] = "bare"


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer and what it holds, as read from JSON; None where it holds nothing or was not read."""

    answer: HttpAnswer
    content: object


class Client:
    """Requests to one server; `url` is that of the API, with a slash at its end. `page`: rows per page; `headers`: further ones
    of each request. `place` of a method names the mailbox that it concerns, "" where it concerns no single one."""

    def __init__(
        self,
        url: str,
        http: HttpTransport,
        login: Login,
        attempts: LoginAttempts,
        *,
        dialect: Dialect | None = None,
        page: int = 1000,
        headers: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url = url
        self.dialect = dialect or Dialect()
        self.page = page
        self._http, self._login, self._attempts = http, login, attempts
        self._headers = {**_HEADERS, **(headers or {})}
        self._clock = clock
        self._longest = dict[str, int]()  # the longest page that each collection has given: one for all copies
        self._begun: int | None = None

    def begin(self) -> Self:
        """The same client for one verb: whatever it has not sent is stopped once anybody's login is refused."""
        other = copy(self)
        other._begun = self._attempts.refusals
        return other

    def speaking(self, dialect: Dialect) -> Self:
        """The same client in another dialect."""
        other = copy(self)
        other.dialect = dialect
        return other

    def path(self, collection: str, id: str) -> str:
        """The path of one object of a collection ("documents", without slash)."""
        return f"{collection}/{quote(id, safe=':' if self.dialect.colon == 'raw' else '')}"

    # -- reading ------------------------------------------------------------------------------------------------------------
    async def list_all(
        self,
        collection: str,
        query: Mapping[str, str],
        *,
        place: str = "",
        until: Callable[[Record], bool] | None = None,
    ) -> list[Record]:
        """All rows of a collection ("mailboxcontents/"), each once, in the order in which they came; empty also where the server
        says with an error that there are none, which a wrong id may cause as well.

        It ends with an empty page, with one that brings nothing new, or with one shorter than the longest page of this
        collection that the server has given: a server's own limit, which may differ for each, hides nothing; and with the page
        of a row that is asked for alone (`until`). Raises Refused where there are too many."""
        found, size, first = dict[str, Record](), 0, 0
        for _ in range(MOST_PAGES):
            page, weight = await self._page(collection, {**query, "_range": f"{first}-{first + self.page - 1}"}, place)
            known, size = len(found), size + weight
            for row in page:
                found.setdefault(responses.identity(row), row)
            longest = self._longest[collection] = max(self._longest.get(collection, 0), len(page))
            if len(found) == known or len(page) < longest or (until is not None and any(map(until, page))):
                return list(found.values())
            if size > MOST_BYTES:
                break
            first += len(page)
        message = f"{_about(place)}{collection} has more than {MOST_PAGES} pages, or rows of {MOST_BYTES >> 20} MB"
        raise Refused(
            message, endpoint=self._http.endpoint, remedy="clear it: nothing else makes such a listing shorter"
        )

    async def get(self, path: str, *, place: str = "") -> Record:
        """One object. Raises NotFound."""
        reply = await self._send("GET", self._address(path), None, place=place)
        try:
            found = responses.record(reply.content)
        except ValueError as error:
            raise self._unreadable(f"{_about(place)}{path}: {error}", safe=True) from None
        if found is None:
            raise NotFound(f"{_about(place)}there is no {path}", endpoint=self._http.endpoint)
        return found

    async def payload(self, document_id: str, limit: int, *, place: str = "") -> bytes:
        """The bytes of a document, decoded; it changes nothing there. Raises Refused where it is longer than `limit` bytes allow,
        NotFound, Unavailable where it arrives damaged."""
        address = self._address(f"{self.path('documents', document_id)}/actions/getpayload")
        body, query = (b"{}", "") if self.dialect.payload == "body" else (None, "?isPlainText=false")
        most = limit * 3 // 2 + 65_536  # Base64 with line breaks, and these escaped
        with self._dialect_named():
            reply = await self._send("POST", address + query, body, place=place, safe=True, limit=most, raw=True)
        try:
            read = responses.payload(reply.answer.content)
        except ValueError as error:
            raise self._unreadable(f"{_about(place)}document {document_id}: {error}", safe=True) from None
        if len(read) > limit:
            message = f"{_about(place)}document {document_id} has {len(read)} bytes, and {limit} are allowed"
            raise Refused(message, endpoint=self._http.endpoint, remedy="raise max_message")
        return read

    async def peek(
        self, path: str, query: Mapping[str, str] | None = None, *, place: str = "", limit: int | None = None
    ) -> HttpAnswer:
        """A GET whose answer, of at most so many bytes, is wanted as it comes, an error too. Raises where nobody is let in, or
        nobody answers."""
        reply = await self._send("GET", self._address(path, query), None, place=place, limit=limit, as_it_comes=True)
        return reply.answer

    # -- writing ------------------------------------------------------------------------------------------------------------
    async def create(
        self, collection: str, body: Mapping[str, Any], *, payload: bytes | None = None, place: str = ""
    ) -> str:
        """POST an object, with the bytes of a `payload` in Base64 where it has one; its id. Raises Unavailable(unclear=True)
        where it is not known whether it was made."""
        content = canonical.compact(dict(body))
        if payload is not None:
            between = b'",' if body else b'"'
            content = b"".join((b'{"payload":"', b64encode(payload), between, memoryview(content)[1:]))
        return self._created(await self._send("POST", self._address(collection), content, place=place), place)

    async def upload(
        self, collection: str, fields: Mapping[str, str], name: str, file: str, payload: bytes, *, place: str = ""
    ) -> str:
        """POST a form with a file in the field `name`, in pieces and without Base64 (multipart/form-data, RFC 7578); the id of
        what it made. Raises as `create` does."""
        boundary = f"d365edi-{token_hex(16)}"
        head, tail = _form(boundary, fields, name, file)

        async def pieces() -> AsyncIterator[bytes]:
            yield head
            for start in range(0, len(payload), _PIECE):
                yield payload[start : start + _PIECE]
            yield tail

        size = len(head) + len(payload) + len(tail)
        more = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(size)}
        reply = await self._send("POST", self._address(collection), pieces, more=more, place=place)
        return self._created(reply, place)

    async def update(self, path: str, body: Mapping[str, Any], *, place: str = "") -> None:
        """PUT what changes of an object. Raises NotFound."""
        await self._changed("PUT", path, canonical.compact(dict(body)), place)

    async def delete(self, path: str, *, place: str = "") -> None:
        """DELETE an object. Raises NotFound where it is gone already."""
        with self._dialect_named():
            await self._changed("DELETE", path, b"{}" if self.dialect.delete == "empty" else None, place)

    async def run_action(self, path: str, action: str, body: Mapping[str, Any], *, place: str = "") -> str:
        """POST an action of an object; what it responds with. Raises NotFound."""
        address = self._address(f"{path}/actions/{action}")
        reply = await self._send("POST", address, canonical.compact(dict(body)), place=place)
        return responses.text(reply.content.get("response")) if isinstance(reply.content, dict) else ""

    # -- one request --------------------------------------------------------------------------------------------------------
    async def _page(self, collection: str, query: Mapping[str, str], place: str) -> tuple[list[Record], int]:
        """The rows of one page, and the memory that they take at most."""
        reply = await self._send("GET", self._address(collection, query), None, place=place, lists=True)
        try:
            rows = responses.rows(reply.content)
        except ValueError as error:
            raise self._unreadable(f"{_about(place)}{collection}: {error}", safe=True) from None
        if len(rows) > self.page:
            raise self._unreadable(f"{_about(place)}{collection}: {len(rows)} rows came of {self.page}", safe=True)
        return rows, canonical.weight(reply.answer.content)

    async def _changed(self, method: str, path: str, content: bytes | None, place: str) -> None:
        reply = await self._send(method, self._address(path), content, place=place)
        if not responses.affected(reply.content):
            raise NotFound(f"{_about(place)}no {path} was there to be changed", endpoint=self._http.endpoint)

    def _created(self, reply: _Reply, place: str) -> str:
        id = responses.created(reply.content, reply.answer.headers.get("location", ""))
        if not id:
            raise self._unreadable(f"{_about(place)}the answer does not name what was created", safe=False)
        return id

    async def _send(
        self,
        method: str,
        address: str,
        content: Content,
        *,
        place: str,
        more: Mapping[str, str] | None = None,
        safe: bool | None = None,
        limit: int | None = None,
        lists: bool = False,
        raw: bool = False,
        as_it_comes: bool = False,
    ) -> _Reply:
        """One request and its result; no rows where it `lists` and the server says that there is nothing; not read where it is
        wanted `raw`; any answer where it is wanted `as_it_comes`, but that of a refused login. What it says of our login is told
        to those who wait."""
        begun = self._attempts.refusals if self._begun is None else self._begun
        reads = method in SAFE_METHODS if safe is None else safe
        headers = {**self._headers, "Content-Type": _JSON, **(more or {})}
        async with self._attempts.turn(begun):
            sent, held = self._attempts.refusals, self._attempts.held
            try:
                answer = await self._authorized(method, address, headers, content, limit, reads)
                reply = self._reply(answer, place, safe=reads, lists=lists, raw=raw, as_it_comes=as_it_comes, held=held)
            except CredentialsRejected as error:
                self._attempts.refused(error)
                raise
            except (Unreachable, Throttled):
                self._attempts.unknown()
                raise
            except EndpointError:
                self._attempts.holds(sent)
                raise
            self._attempts.holds(sent)
            return reply

    async def _authorized(
        self, method: str, address: str, headers: dict[str, str], content: Content, limit: int | None, safe: bool
    ) -> HttpAnswer:
        """One request with our login, and once more with a new token where a bearer token was refused."""

        async def send(login: str) -> HttpAnswer:
            body = content() if callable(content) else content
            sent = {**headers, "Authorization": login}
            return await self._http.send(method, address, headers=sent, content=body, limit=limit, safe=safe)

        login = await self._login.header()
        answer = await send(login)
        return (
            await send(await self._login.header(login)) if answer.status_code == 401 and self._login.renews else answer
        )

    def _reply(
        self, answer: HttpAnswer, place: str, *, safe: bool, lists: bool, raw: bool, as_it_comes: bool, held: bool
    ) -> _Reply:
        content, status, fault = _read(answer, raw=raw)
        meaning = classify(status, fault)
        if meaning == "done" or (as_it_comes and meaning not in ("login", "credentials", "denied")):
            return _Reply(answer, content)
        if lists and meaning in ("absent", "none"):
            return _Reply(answer, [])
        sentence = fault.sentence if fault else "nothing"
        words = f"{_about(place)}{self._http.peer} answered {answer.status_code}: {sentence}"
        remedy = self._login.remedy
        if meaning == "denied" and not place and held:
            words = f"{words}, though it has let {self._login.who} in before"
            remedy = f"{_IN_BETWEEN}; or the user may do this no longer: {remedy}"
        elif meaning == "credentials" or (meaning == "denied" and not place):
            words = f"{self._http.peer} does not let {self._login.who} in (it answered {answer.status_code})"
        wait = retry_after(answer.headers, self._clock())
        raise error_of(
            meaning,
            words,
            status=status,
            endpoint=self._http.endpoint,
            place=place,
            remedy=remedy,
            unclear=not safe,
            wait=wait,
        )

    @contextmanager
    def _dialect_named(self) -> Iterator[None]:
        """Let the refusal of a request, whose form no document tells, name what measures that form."""
        try:
            yield
        except Refused as error:
            if not isinstance(error, NotFound) and not error.remedy:
                error.remedy = self.probe
            raise

    @property
    def probe(self) -> str:
        """What to do where the server may want to be asked in another form."""
        name = self._http.endpoint
        command = f"d365edi partner probe {name} --at MAILBOX, a mailbox of your own,"
        return f"{command} tells whether [endpoints.{name}.dialect] is right"

    def _address(self, path: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self.url}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")

    def _unreadable(self, words: str, *, safe: bool) -> Unavailable:
        return Unavailable(words, endpoint=self._http.endpoint, unclear=not safe)


def _about(place: str) -> str:
    return f"{place}: " if place else ""


def _read(answer: HttpAnswer, *, raw: bool) -> tuple[object, int, Fault | None]:
    """The result of an answer, the status that counts, and what it says where it is no result. Some errors have a status of
    success outside and their own inside."""
    status, body = answer.status_code, answer.content
    if not 200 <= status < 300:
        return None, status, responses.fault(body)
    if not body or (raw and body[:64].lstrip().startswith(b"{") and len(body) > _SHORT):
        return None, status, None
    try:
        content = canonical.loads_bounded(body)
    except (ValueError, RecursionError):
        return None, status, responses.fault(body)
    if inside := responses.error_status(content):
        return None, inside, responses.fault(body)
    return content, status, None


def _form(boundary: str, fields: Mapping[str, str], name: str, file: str) -> tuple[bytes, bytes]:
    """What stands before the bytes of a file in a form, and after them."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    plain = file.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    disposition = f'Content-Disposition: form-data; name="{name}"; filename="{plain}"'
    parts.append(f"--{boundary}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n")
    return "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()
