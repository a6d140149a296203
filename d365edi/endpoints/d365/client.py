"""OData as F&O speaks it, for any entity: reads with paging, single writes, one changeset per batch, errors as
sentences.

Every request passes the tenant's gate. Nothing is tried again here but two things: a request that was answered 401 goes out
once more with a new token, and one that was answered 429 when the gate opens, where that is soon enough. What
an answer means otherwise is one table (`judge`): 429 was turned away before it ran; 5xx, an HTML page or no answer at
all may, for a write, have come after it ran (`unclear`); 500 inside a batch is how D365 spells a refused row; the
rest is a refusal. A bare 403 is said to an application that is not registered, and perhaps where a right is missing: what
everybody may read tells which.

Knows: HTTP and OData. Does not know: any entity but that one, partners, documents.
"""

import re
import time
from base64 import b64decode, urlsafe_b64decode
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from itertools import chain
from typing import Any, Self
from urllib.parse import unquote, urljoin, urlsplit

from d365edi.endpoints.d365.gate import Gate
from d365edi.endpoints.d365.gate_state import Turn
from d365edi.endpoints.d365.remedies import BY_STATUS, REGISTER, unmark
from d365edi.endpoints.retry_after import retry_after
from d365edi.endpoints.tokens import Tokens
from d365edi.endpoints.transport import SAFE_METHODS, HttpAnswer, HttpTransport
from d365edi.errors import (
    CredentialsRejected,
    EndpointError,
    PlaceRefused,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
)
from d365edi.odata import batch, canonical, errors, quoting
from d365edi.odata.plan import ETAG, NO_SET, Query

Record = dict[str, Any]

MOST_PAGES = 1000
MOST_BYTES = 512 << 20
"""What one query may find: pages (of up to 10,000 rows), and the memory that all its rows may take (`canonical.weight`)."""

_HEADERS = {"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0", "User-Agent": "d365edi"}
_JSON = "application/json;odata.metadata=minimal;charset=utf-8"
_CLAIMS = re.compile(r'claims="([A-Za-z0-9+/=_-]+)"')
_BUSY = frozenset({408, 429, 502, 503, 504})


class _NotFound(Refused):
    """404."""


class NoSuchSet(Refused):
    """The whole entity set is not there, for this user at least. It is said to all who ask for it, whatever they ask."""


class Client:
    """Requests against one D365 host (`base_url` without `/data` and without a slash at the end). `anything` is what everybody
    may ask who is let in."""

    def __init__(
        self,
        base_url: str,
        transport: HttpTransport,
        tokens: Tokens,
        gate: Gate,
        anything: Query,
        *,
        clock: Callable[[], float] = time.time,
        slash_keys: str = "refuse",
        most_pages: int = MOST_PAGES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.root = f"{base_url.rstrip('/')}/data/"
        self._base = base_url.rstrip("/")
        self._transport = transport
        self._tokens = tokens
        self.gate = gate
        self._anything = anything
        self._turn = Turn.LOOKUP
        self._waits, self._past_gate = True, False
        self._clock, self._slash_keys = clock, slash_keys
        self._most_pages, self._most_bytes = most_pages, most_bytes

    def at(self, turn: Turn, *, waits: bool = True) -> Self:
        """The same client, whose requests have this turn at the gate, and wait there while it is closed or do not."""
        other = copy(self)
        other._turn, other._waits = turn, waits
        return other

    def within(self, most_bytes: int) -> Self:
        """The same client, whose queries find rows of at most so many bytes."""
        other = copy(self)
        other._most_bytes = most_bytes
        return other

    @asynccontextmanager
    async def admitted(self, deadline: float) -> AsyncIterator[tuple[Self, bool]]:
        """The same client past the gate, for one request that is sent at once, and whether it had to wait: what is recorded of
        that request in between has the right time. Raises Throttled as the gate does."""
        async with self.gate.passage(self._turn, deadline) as passage:
            other = copy(self)
            other._past_gate = True
            yield other, passage.waited

    async def rows(self, query: Query, *, tagged: bool = False) -> list[Record]:
        """All rows that a query finds, page after page, `@odata.*` taken out, numbers with a point as Decimal; `tagged`: with
        their etags."""
        found: list[Record] = []
        async for page in self.pages(query, tagged=tagged):
            found.extend(page)
            if query.top is not None and len(found) >= query.top:
                return found[: query.top]
        return found

    async def pages(self, query: Query, *, tagged: bool = False) -> AsyncIterator[list[Record]]:
        """The same, a page at a time. The next page is always asked of our own host, below `/data/` (see `_next`)."""
        try:
            url = self.root + quoting.address(query)
        except ValueError as error:
            raise Refused(f"{query.set} cannot be asked: {error}", endpoint=self._transport.endpoint) from None
        seen, size = set[str](), 0
        while url:
            if url in seen:
                raise self._unavailable(f"the pages of {query.set} repeat in a circle", "GET")
            seen.add(url)
            answer = await self._read(url, query.set)
            size += canonical.weight(answer.content)
            if len(seen) > self._most_pages or size > self._most_bytes:
                raise self._endless(query.set)
            content = self._record(answer, "GET")
            rows = content.get("value")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise self._unavailable(f"the answer about {query.set} holds no list of rows", "GET")
            yield [_bare(row, ETAG if tagged else "") for row in rows]
            url = self._next(content.get("@odata.nextLink"), query.set, url)

    async def create(self, entity_set: str, record: Mapping[str, Any]) -> Record:
        """POST one record; the record as D365 made it. Raises Unavailable(unclear=True) where it is not known whether
        it was made."""
        url = f"{self.root}{entity_set}?cross-company=true"
        return _bare(await self._json("POST", url, canonical.compact(record)))

    async def act(self, entity_set: str, action: str, given: Mapping[str, Any]) -> object:
        """What an action of a set that changes nothing returns."""
        url = f"{self.root}{entity_set}/Microsoft.Dynamics.DataEntities.{action}"
        return (await self._json("POST", url, canonical.compact(given))).get("value")

    async def metadata(self) -> bytes:
        """The service's description of itself, which is XML and very large."""
        return bytes((await self._send("GET", f"{self.root}$metadata", accept="application/xml")).content)

    async def remove(self, entity_set: str, key: Mapping[str, quoting.Value]) -> None:
        """DELETE one record by its whole key. Refused, and nothing sent, for one with a slash where `slash_keys` says so."""
        if self._slash_keys == "refuse" and any("/" in str(part) for part in key.values()):
            message = 'its key has a slash, which D365 may not take (slash_keys = "encode" under [d365] tries it)'
            raise Refused(message, endpoint=self._transport.endpoint)
        await self._send("DELETE", f"{self.root}{quoting.key(entity_set, key)}?cross-company=true")

    async def create_together(
        self,
        entity_set: str,
        records: Iterable[Mapping[str, Any]],
        token: str,
        further: Sequence[tuple[str, Mapping[str, Any]]] = (),
        *,
        keep: frozenset[str] = frozenset(),
    ) -> list[Record]:
        """POST records in one changeset: all of them or none, with `further` ones of other sets behind them. The `keep` fields of
        each as D365 created it, in their order; empty where the answer does not show all of them.

        Refused names the record by its place ("line 3 of 12"), a further one by its set. Unavailable as in `create`; 429 on
        any of them is Unavailable and not unclear, since the changeset was undone. `token` (letters and digits) makes the
        boundaries. Of `records` one at a time is taken, so that they need not all be in memory beside the answer.
        """
        posted = chain(((entity_set, record) for record in records), further)
        operations = (batch.Operation("POST", f"{self.root}{name}?cross-company=true", body) for name, body in posted)
        count, content_type, body = batch.write(operations, token)
        sent_at = self.gate.now()
        answer = await self._send("POST", f"{self.root}$batch", body, content_type, accept=batch.ACCEPT)
        failed, answered, made = list[batch.BatchPart](), list[int](), dict[int, Record]()
        try:
            for part in batch.parse(answer.headers.get("content-type", ""), answer.content):
                answered.append(part.content_id)
                if not 200 <= part.status < 300:
                    failed.append(part)
                elif keep and (row := batch.created(part, keep)) is not None:
                    made[part.content_id] = row
        except ValueError as error:
            raise self._unavailable(f"{error}", "POST") from None
        try:
            self._all_made(failed, answered, count - len(further), [name for name, _ in further])
        except Throttled as error:
            raise self.gate.refuses(error, sent_at) from None
        numbers = range(1, count + 1)
        return [made[number] for number in numbers] if made.keys() == set(numbers) else []

    def _all_made(
        self, failed: Sequence[batch.BatchPart], answered: Sequence[int], lines: int, further: Sequence[str] = ()
    ) -> None:
        """`answered` are the numbers of the operations that were answered, 0 where an answer has none."""
        failed = [part for part in failed if part.status != batch.DEPENDENT] or failed
        verdicts = [self.judge(part.status, part.headers, part.body, "POST", inner=True) for part in failed]
        passing = [verdict for verdict in verdicts if isinstance(verdict, Unavailable)]
        if passing:
            raise passing[0]
        if failed:
            number = failed[0].content_id
            place = f"line {number} of {lines}: " if number else ""
            place = f"{further[number - lines - 1]}: " if lines < number <= lines + len(further) else place
            raise Refused(place + verdicts[0].message, endpoint=self._transport.endpoint, remedy=verdicts[0].remedy)
        asked, numbers = lines + len(further), [number for number in answered if number]
        if len(answered) != asked or len(set(numbers)) < len(numbers) or max(numbers, default=0) > asked:
            known = len(set(numbers).intersection(range(1, asked + 1))) or len(answered)
            raise self._unavailable(f"of {asked} lines {known} were answered", "POST")

    def judge(
        self, status: int, headers: Mapping[str, str], body: bytes | bytearray, method: str, *, inner: bool = False
    ) -> EndpointError:
        """What an answer that is no success means. `inner`: it stood inside a batch, whose changeset is undone as a
        whole."""
        fault = errors.read(body)
        words = f"{self._transport.peer} answered {status}: {fault.sentence}"
        unclear = method not in SAFE_METHODS and status != 429 and not inner
        if status in _BUSY or fault.conflict:
            wait = retry_after(headers, self._clock())
            kind = Throttled if status == 429 or wait is not None else Unavailable if fault.conflict else Unreachable
            doubt = unclear and not fault.conflict
            return kind(words, endpoint=self._transport.endpoint, retry_after=wait, unclear=doubt)
        if status >= 500 and not (inner and fault.infolog):
            return self._unavailable(words, method, unclear=unclear)
        if status < 400:
            words = f"{self._transport.peer} answered {status} with another address, which is not followed"
            return Refused(words, endpoint=self._transport.endpoint, remedy="check host under [d365]")
        said = fault.sentence if fault.infolog else words
        remedy = unmark(*fault.marked_by) if fault.marked_by else BY_STATUS.get(status, "")
        if status == 403 and method == "POST" and not fault.infolog:
            return PlaceRefused(said, endpoint=self._transport.endpoint, remedy=remedy)
        kind_of_refusal = _NotFound if status == 404 else Refused
        return kind_of_refusal(said, endpoint=self._transport.endpoint, remedy=remedy)

    async def _json(self, method: str, url: str, content: bytes | None = None) -> Record:
        return self._record(await self._send(method, url, content, _JSON), method)

    async def _read(self, url: str, entity_set: str) -> HttpAnswer:
        """A page of a set. Raises NoSuchSet for a 404, since no single record is asked for by its key."""
        try:
            return await self._send("GET", url)
        except _NotFound as error:
            message = f"{self._transport.peer} {NO_SET} {entity_set} that we may see (404)"
            raise NoSuchSet(message, endpoint=self._transport.endpoint, remedy=error.remedy) from None

    def _endless(self, entity_set: str) -> Refused:
        message = (
            f"{entity_set} has more than {self._most_pages} pages of what was asked for, or rows that take more than "
            f"{self._most_bytes >> 20} MB of memory"
        )
        return Refused(message, endpoint=self._transport.endpoint, remedy="ask for less: a later day, fewer accounts")

    def _record(self, answer: HttpAnswer, method: str) -> Record:
        try:
            read = canonical.loads_bounded(answer.content)
        except canonical.TooHeavyError as error:
            message = f"the answer of {self._transport.peer} {error}; it was not read"
            if method in SAFE_METHODS:
                remedy = "ask for less, or find out what answers there"
                raise Refused(message, endpoint=self._transport.endpoint, remedy=remedy) from None
            raise self._unavailable(message, method) from None
        except (ValueError, RecursionError):
            raise self._unavailable(errors.read(answer.content).sentence, method) from None
        if not isinstance(read, dict):
            raise self._unavailable("the answer is JSON but no record", method)
        return read

    async def _send(
        self, method: str, url: str, content: bytes | None = None, content_type: str = "", *, accept: str = ""
    ) -> HttpAnswer:
        """One request with a token, and once more with a new one when the first was refused."""
        headers = {**_HEADERS, **({"Content-Type": content_type} if content is not None else {})}
        headers |= {"Accept": accept} if accept else {}
        answer, token = await self._pass(method, url, headers, content)
        if answer.status_code == 401:
            claims = _challenge(answer.headers.get("www-authenticate", ""))
            answer, _ = await self._pass(method, url, headers, content, bad=token, claims=claims)
            if answer.status_code == 401:
                message = f"{self._transport.peer} refuses the application's token, also a new one"
                remedy = f"{REGISTER}; check audience under [d365]"
                raise CredentialsRejected(message, endpoint=self._transport.endpoint, remedy=remedy)
        if answer.status_code == 403 and await self._shut_out(answer, headers):
            message = f"{self._transport.peer} does not let the application in (403)"
            raise CredentialsRejected(message, endpoint=self._transport.endpoint, remedy=REGISTER)
        if not 200 <= answer.status_code < 300:
            raise self.judge(answer.status_code, answer.headers, answer.content, method)
        return answer

    async def _pass(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        bad: str = "",
        claims: str = "",
    ) -> tuple[HttpAnswer, str]:
        """One request through the gate, and again when it was turned away and the gate opens soon enough; with the token that it
        had (never the `bad` one). Raises what `judge` makes of an answer that closes the gate."""
        deadline = self.gate.deadline() if self._waits else self.gate.now()
        while True:
            async with self._admission(deadline):
                sent_at = self.gate.now()
                try:
                    token = await self._tokens.get(bad=bad, claims=claims)
                    answer = await self._transport.send(method, url, headers=_with(headers, token), content=content)
                    self._heard(answer, method, sent_at)
                except Throttled as error:
                    closed = self.gate.refuses(error, sent_at)
                else:
                    return answer, token
            if self._past_gate or closed.unclear or not self.gate.opens_by(deadline):
                raise closed

    @asynccontextmanager
    async def _admission(self, deadline: float) -> AsyncIterator[None]:
        if self._past_gate:
            yield
            return
        async with self.gate.passage(self._turn, deadline):
            yield

    def _heard(self, answer: HttpAnswer, method: str, sent_at: float) -> None:
        """Tell the gate of an answer. Raises Throttled where it asks for a pause."""
        if answer.status_code not in _BUSY:
            self.gate.answered(sent_at)
            return
        verdict = self.judge(answer.status_code, answer.headers, answer.content, method)
        if isinstance(verdict, Throttled):
            raise verdict
        if answer.status_code == 503 and isinstance(verdict, Unavailable):
            self.gate.unavailable(verdict, sent_at)

    async def _shut_out(self, answer: HttpAnswer, headers: Mapping[str, str]) -> bool:
        """Whether a 403 means that nothing may be read at all."""
        if errors.read(answer.content).readable:
            return False
        other, _ = await self._pass("GET", self.root + quoting.address(self._anything), headers, None)
        return other.status_code == 403 and not errors.read(other.content).readable

    def _next(self, link: object, what: str, asked: str) -> str:
        """The address of the next page; "" where there is none. A relative link is resolved against the page that was asked for,
        of an absolute one the part from `/data/` on counts (a gateway names its own host)."""
        if not link:
            return ""
        text = str(link)
        if urlsplit(text).scheme:
            parts = urlsplit(text)
            place = parts.path.find("/data/")
            url = f"{self._base}{parts.path[place:]}" + (f"?{parts.query}" if parts.query else "") if place >= 0 else ""
        else:
            url = urljoin(asked, text)
        climbs = any(unquote(step) in (".", "..") for step in urlsplit(url).path.split("/"))
        if not url.startswith(self.root) or climbs:
            raise Refused(f"the next page of {what} lies outside /data/", endpoint=self._transport.endpoint)
        return url

    def _unavailable(self, words: str, method: str, *, unclear: bool | None = None) -> Unavailable:
        doubt = method not in SAFE_METHODS if unclear is None else unclear
        return Unavailable(words, endpoint=self._transport.endpoint, unclear=doubt)


def _with(headers: Mapping[str, str], token: str) -> dict[str, str]:
    return {**headers, "Authorization": f"Bearer {token}"}


def _bare(row: Mapping[str, Any], kept: str = "") -> Record:
    """A record without OData's own remarks (`@odata.etag`, `Field@odata.type`), but the one that is kept."""
    return {name: value for name, value in row.items() if "@odata." not in name or name == kept}


def _challenge(header: str) -> str:
    """The claims that a 401 asks for, as JSON text; empty where there are none or they cannot be read."""
    found = _CLAIMS.search(header)
    if not found:
        return ""
    text = found.group(1)
    padded = text + "=" * (-len(text) % 4)
    try:
        decoded = urlsafe_b64decode(padded) if set("-_") & set(text) else b64decode(padded)
        return decoded.decode() if isinstance(canonical.loads(decoded), dict) else ""
    except ValueError:
        return ""
