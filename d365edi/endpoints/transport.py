"""One long-lived HTTP client for one host, and the table from what its library raises to errors of ours.

Why these limits: a pool of connections that meets cancelled requests can lose connections for good; it does not
when no more requests are let in than there are connections and when time runs out by the client's own timeouts or by
anyio's scopes. So there is a semaphore in front, asyncio's own timeouts are not used, and should a pool ever starve
it is replaced: requests that are still on the old one end there. The read timeout counts from one chunk to the next,
so every request has an overall deadline as well. An answer is unpacked while it is read, and never beyond a limit.
HTTP/1.1 only, no proxies from the environment, no redirects, no cookies, no retries, no event hooks (they would see the
token).

Knows: httpx. Does not know: OData, tokens, what a status means.
"""

import ssl
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field

import anyio
import httpx

from d365edi.endpoints.inflate import Body, TooLargeError
from d365edi.endpoints.tls import PinError, pin_remedy
from d365edi.errors import CredentialsRejected, EndpointError, Refused, Unavailable, Unreachable

SAFE_METHODS = frozenset({"GET", "HEAD"})

_NEVER_SENT = (httpx.ConnectTimeout, httpx.ConnectError, httpx.PoolTimeout, httpx.ProxyError)
_NEVER_RIGHT = (
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
    httpx.TooManyRedirects,
    httpx.CookieConflict,
    httpx.StreamError,
)
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive"}
_QUIET = (httpx.LocalProtocolError, UnicodeError)
"""Their text may quote a header, and a header may be the token."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for each phase and for a whole request; `connections` is how many requests run at once, `answer` how many bytes
    an answer may have when it is unpacked (a batch of 5,000 lines is answered with 23 MB).

    `read` is long because the first call after a restart of D365 builds its metadata. A single request may be given a limit of
    its own in place of `answer`."""

    connections: int = 8
    connect: float = 10.0
    read: float = 120.0
    write: float = 30.0
    overall: float = 300.0
    answer: int = 64 << 20


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. `content` is not copied again: the answer to a large batch has 23 MB."""

    status_code: int
    reason_phrase: str
    headers: Mapping[str, str]
    content: bytes | bytearray


@dataclass(slots=True)
class _Pool:
    connections: httpx.AsyncBaseTransport
    busy: int = 0
    retired: bool = field(default=False)


class HttpTransport:
    """Sends requests to one host. Opens nothing before the first; `close` may be called twice and a later request opens
    anew. `advice` is the remedy where there is no connection."""

    def __init__(
        self,
        endpoint: str,
        peer: str,
        limits: Limits,
        *,
        verify: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        advice: str = "check host and network",
    ) -> None:
        self.endpoint = endpoint
        self._advice = advice
        self.peer = peer
        self._limits = limits
        self._verify = verify
        self._transport = transport
        self._slots = anyio.Semaphore(limits.connections)
        self._pool: _Pool | None = None
        timeout = httpx.Timeout(limits.read, connect=limits.connect, write=limits.write, pool=limits.connect)
        self._extensions = {"timeout": timeout.as_dict()}

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | AsyncIterable[bytes] | None = None,
        limit: int | None = None,
        safe: bool | None = None,
    ) -> HttpAnswer:
        """One request and its whole answer, whatever its status. `content` may come in pieces, once; `limit`: the bytes that this
        answer may have, unpacked; `safe`: whether the request changes nothing there, where its method does not tell. Raises
        Unreachable (`unclear` where it may have been carried out), CredentialsRejected (another certificate than the pinned one)
        or Refused for everything that happens instead of an answer."""
        most, reads = self._limits.answer if limit is None else limit, method in SAFE_METHODS if safe is None else safe
        async with self._slots:
            pool = self._ready()
            pool.busy += 1
            try:
                with anyio.fail_after(self._limits.overall):
                    request = httpx.Request(method, url, headers=headers, content=content, extensions=self._extensions)
                    return await _exchange(pool, request, most)
            except Exception as error:
                if isinstance(error, httpx.PoolTimeout):
                    self._retire(pool)
                raise self.verdict(error, safe=reads) from None
            finally:
                pool.busy -= 1
                if pool.retired and not pool.busy:
                    await _shut(pool)

    def verdict(self, error: Exception, *, safe: bool) -> EndpointError:
        """What an exception of the library (or of a layer below it) means to a caller. `safe`: the request changes nothing there.
        Never contains a header's text."""
        what = "" if isinstance(error, _QUIET) else str(error)
        reason = f"{type(error).__name__}: {what}" if what else type(error).__name__
        if isinstance(error, _NEVER_RIGHT):
            message = f"the request to {self.peer} cannot be sent as it is ({reason})"
            return Refused(message, endpoint=self.endpoint, remedy="check host, authority and the like in the settings")
        if isinstance(error, TooLargeError):
            message = f"the answer of {self.peer} has {error}, and was not read to its end"
            if safe:
                return Refused(message, endpoint=self.endpoint, remedy="ask for less, or find out what answers there")
            return Unavailable(message, endpoint=self.endpoint, unclear=True)
        if pin := _pin_error(error):
            message = f"{self.peer} is not trusted: it shows a certificate that is none of pins"
            return CredentialsRejected(message, endpoint=self.endpoint, remedy=pin_remedy(pin))
        if isinstance(error, _NEVER_SENT):
            remedy = "check ca_file and the server's certificate" if "CERTIFICATE" in what else self._advice
            return Unreachable(f"{self.peer} cannot be reached ({reason})", endpoint=self.endpoint, remedy=remedy)
        return Unreachable(f"no answer from {self.peer} ({reason})", endpoint=self.endpoint, unclear=not safe)

    async def close(self) -> None:
        """Close all connections; requests that still run end by themselves."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.retired = True
            if not pool.busy:
                await _shut(pool)

    def _ready(self) -> _Pool:
        if self._pool is None:
            self._pool = _Pool(self._connections())
        return self._pool

    def _retire(self, pool: _Pool) -> None:
        pool.retired = True
        if self._pool is pool:
            self._pool = None

    def _connections(self) -> httpx.AsyncBaseTransport:
        if self._transport is not None:
            return self._transport
        if self._verify is None:
            self._verify = ssl.create_default_context()
        most = self._limits.connections
        limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
        return httpx.AsyncHTTPTransport(verify=self._verify, trust_env=False, limits=limits)


async def _exchange(pool: _Pool, request: httpx.Request, limit: int) -> HttpAnswer:
    """Send a request and read its answer: what httpx.AsyncClient does, without what is not wanted here (redirects,
    cookies, authentication, hooks), which took half of the time of a call."""
    for name, value in _HEADERS.items():
        request.headers.setdefault(name, value)
    response = await pool.connections.handle_async_request(request)
    try:
        response.request = request
        body = Body(response.headers.get("content-encoding", ""), limit)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for piece in response.stream:
            body.feed(piece)
        body.end()
    finally:
        await response.aclose()
    return HttpAnswer(response.status_code, response.reason_phrase, response.headers, body.content)


def _pin_error(error: BaseException | None) -> str:
    """The pin of what a server shows and no pin names, where that is what is below an error; else ""."""
    while error is not None:
        if isinstance(error, PinError):
            return error.shown
        error = error.__cause__ or error.__context__
    return ""


async def _shut(pool: _Pool) -> None:
    with anyio.move_on_after(5, shield=True):
        await pool.connections.aclose()
