"""How we log in at Sterling, by HTTP Basic or a bearer token, and that a wrong login is tried once.

Sterling locks users after a few wrong logins. So as long as it is not known that the login holds, one request goes alone and
the others wait for its answer; a login that is refused stops every request that has not been sent, and those that belong to
something begun before. What begins later is sent: when that is, others decide (the circuit breaker, a reload, a person who
pings).

Knows: Basic (RFC 7617), client credentials (RFC 6749, 4.4), who waits. Does not know: mailboxes, what an answer means. No message
carries a password, a secret or a token.
"""

import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import quote_plus, urlencode

import anyio

from d365edi.endpoints.retry_after import retry_after
from d365edi.endpoints.tokens import Tokens
from d365edi.endpoints.transport import HttpTransport
from d365edi.errors import CredentialsRejected, EndpointError, Throttled, Unavailable, Unreachable
from d365edi.odata import canonical
from d365edi.odata.errors import cut, page_sentence, tidy

LIFE = 300.0
"""Seconds that a token lives where the answer does not say it: the default of IBM's identity service."""

_TOKEN = re.compile(r"[\x21-\x7e]+")
_OAUTH_ERROR = re.compile(r"[a-z_]{1,60}")


class Login(Protocol):
    """What is sent with each request so that we are let in. `who` names us in sentences, `remedy` is for a refusal; `renews`:
    after a refusal another may be given."""

    who: str
    remedy: str
    renews: bool

    async def header(self, refused: str = "") -> str:
        """The value of Authorization; `refused` is one that must not be given again. Raises Unavailable."""


class Basic:
    """User and password, in every request (RFC 7617: UTF-8)."""

    renews = False

    def __init__(self, username: str, password: str, *, stored_as: str = "NAME") -> None:
        self.who, self.username = f"user {username}", username
        self.remedy = (
            f"check username and password (d365edi secrets set {stored_as}, then systemctl reload d365edi), that the user is not "
            "locked and has the permission APIUser; a server of 6.2.2 or later with legacyApisAuthType = oauth wants oauth in "
            "place of both"
        )
        self._header = "Basic " + b64encode(f"{username}:{password}".encode()).decode()

    async def header(self, refused: str = "") -> str:  # noqa: ARG002
        """Always the same: there is no other."""
        return self._header


class Bearer:
    """A token of an identity server."""

    renews = True

    remedy = (
        "check client_id and scope under oauth, and that Sterling knows the client as a user with the permission APIUser; a "
        "server before 6.2.2, or one with legacyApisAuthType = basic, wants username and password in place of oauth"
    )

    def __init__(self, tokens: Tokens, client_id: str) -> None:
        self.who = f"client {client_id}"
        self.tokens = tokens

    async def header(self, refused: str = "") -> str:
        """The current token, or a new one in place of a refused one."""
        return f"Bearer {await self.tokens.get(bad=refused.removeprefix('Bearer '))}"


# -- the identity server ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Our registration at the identity server. `client_auth`: where id and secret stand, in a header (basic) or in the form;
    `stored_as`: under which name the secret is stored, for remedies."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    client_auth: Literal["basic", "form"] = "basic"
    stored_as: str = "NAME"


def oauth_tokens(client: OAuthClient, http: HttpTransport, *, clock: Callable[[], float] = time.time) -> Tokens:
    """The tokens that the identity server gives to this client. `clock`: epoch seconds."""

    async def ask(_claims: str) -> tuple[str, float]:
        return await _request(client, http, clock())

    return Tokens(ask, clock=clock)


async def _request(client: OAuthClient, http: HttpTransport, now: float) -> tuple[str, float]:
    """One request for a token (RFC 6749, 4.4.2): it, and the seconds it lives. Raises CredentialsRejected, Throttled or
    Unreachable; nothing was asked of Sterling yet, so nothing there is unclear."""
    form = {"grant_type": "client_credentials"} | ({"scope": client.scope} if client.scope else {})
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": "d365edi",
    }
    if client.client_auth == "basic":
        # RFC 6749, 2.3.1: both are form-encoded before they become user and password
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
        headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    try:
        answer = await http.send("POST", client.token_url, headers=headers, content=urlencode(form).encode())
    except CredentialsRejected:
        raise
    except EndpointError as error:
        raise Unreachable(error.message, endpoint=http.endpoint, remedy=error.remedy) from None
    content = _object(answer.content)
    if answer.status_code == 200 and (token := _token(content)):
        return token
    raise _verdict(client, http, answer.status_code, content, answer.content, retry_after(answer.headers, now))


def _object(body: bytes | bytearray) -> Mapping[str, Any]:
    try:
        read = canonical.loads_bounded(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _token(content: Mapping[str, Any]) -> tuple[str, float] | None:
    """Token and life of an answer (RFC 6749, 5.1); None where it holds no token that could be sent."""
    token, kind, life = content.get("access_token"), content.get("token_type", "bearer"), content.get("expires_in")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or str(kind).casefold() != "bearer":
        return None
    told = re.fullmatch(r"([1-9][0-9]{0,9})(?:\.[0-9]+)?", str(life))
    return token, float(told[1]) if told else LIFE


def _verdict(
    client: OAuthClient,
    http: HttpTransport,
    status: int,
    content: Mapping[str, Any],
    body: bytes | bytearray,
    wait: float | None,
) -> Unavailable:
    """What an answer without a token means: an error by the book (RFC 6749, 5.2) is for a person, all else passes."""
    error = str(content.get("error", ""))
    said = tidy(str(content.get("error_description", "")))
    if status == 429 or wait is not None:
        return Throttled(f"{http.peer} gave no token: it answered {status}", endpoint=http.endpoint, retry_after=wait)
    by_the_book = 400 <= status < 500 and _OAUTH_ERROR.fullmatch(error) and error != "temporarily_unavailable"
    if by_the_book or status in (401, 403) or 300 <= status < 400:
        words = cut(f"{error}: {said}" if said else error) if by_the_book else f"it answered {status}"
        remedy = _REMEDIES.get(error, "check token_url, client_id and client_secret under oauth")
        message = f"{http.peer} refused a token for client {client.client_id}: {words}"
        return CredentialsRejected(message, endpoint=http.endpoint, remedy=remedy.replace("NAME", client.stored_as))
    what = "a body without a token that could be sent" if content else page_sentence(body)
    message = f"{http.peer} gave no token: it answered {status} with {what}"
    return Unreachable(
        message, endpoint=http.endpoint, remedy="check token_url under oauth, and that the identity server runs"
    )


_CLIENT = (
    "check client_id and client_secret under oauth (d365edi secrets set NAME, then systemctl reload d365edi), and try the other "
    "client_auth"
)
_REMEDIES = {
    "invalid_client": _CLIENT,
    "unauthorized_client": "let the identity server's administrator allow the grant client_credentials to this client",
    "unsupported_grant_type": "let the identity server's administrator allow the grant client_credentials",
    "invalid_scope": "write scope under oauth as the identity server's administrator names it",
    "invalid_request": _CLIENT,
    "invalid_grant": _CLIENT,
    "access_denied": "let the identity server's administrator allow it",
}


# -- one attempt ------------------------------------------------------------------------------------------------------------
class LoginAttempts:
    """Who may send a request, `requests` at the same time, so that a wrong login is tried once."""

    def __init__(self, requests: int) -> None:
        self._slots = anyio.Semaphore(requests)
        self._alone = anyio.Lock()
        self._holds = False
        self._refusal: CredentialsRejected | None = None
        self.refusals = 0
        """How often a login was refused: what begins notes it, and is stopped once it has changed."""

    @asynccontextmanager
    async def turn(self, begun: int) -> AsyncIterator[None]:
        """Wait for a turn to send one request, of something that began at so many `refusals`. Raises CredentialsRejected, and
        nothing may be sent, where the login was refused since."""
        async with self._slots, AsyncExitStack() as first:
            self._stop(begun)
            if not self._holds:
                await first.enter_async_context(self._alone)
                self._stop(begun)
                if self._holds:
                    await first.aclose()
            yield

    @property
    def held(self) -> bool:
        """Whether the last answer that says it, said that the login holds."""
        return self._holds

    def holds(self, sent: int) -> None:
        """A request that was sent at so many `refusals` was let in."""
        self._holds = self._holds or sent == self.refusals

    def unknown(self) -> None:
        """Nobody answers: whoever asks next goes alone."""
        self._holds = False

    def refused(self, error: CredentialsRejected) -> None:
        """A login was refused."""
        self._refusal, self._holds = error, False
        self.refusals += 1

    def _stop(self, begun: int) -> None:
        if self._refusal is not None and begun != self.refusals:
            raise self._refusal.named(self._refusal.message)
