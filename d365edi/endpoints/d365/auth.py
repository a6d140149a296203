"""Tokens from Microsoft Entra ID by client credentials, and Entra's refusals in words.

azure-identity signs and asks (secret or certificate); the wire below it is this project's own, so that trust, time
limits and errors are the same as everywhere. What azure-identity does not do is done here: one request however many
callers wait, a refresh five minutes before expiry that may fail as long as the old token is good, and a forced refresh
for a token that D365 refused. Each request uses a fresh credential object: it is cheap, and its own cache cannot hand
out a token that is known to be bad.

Knows: azure-identity, the token's life. Does not know: D365. No message of this module carries a secret or a token.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

import anyio
from azure.core.exceptions import AzureError, DecodeError
from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport
from azure.identity.aio import CertificateCredential, ClientSecretCredential

from d365edi.endpoints.d365.waiting import retry_after
from d365edi.endpoints.d365.wire import Wire
from d365edi.errors import EndpointError, Refused, Unavailable

EARLY = 300.0
"""Seconds before its end from which a token is refreshed."""
AGAIN = 30.0
"""Seconds between two tries of a refresh that is not urgent yet."""

_CODE = re.compile(r"AADSTS(\d+)")
_TAIL = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp|To mitigate|Content):.*", re.DOTALL)

_RENEWAL = "make a new one under the registration's Certificates & secrets, then: d365edi secrets set"
_APPLICATION = "check client_id and tenant under [d365]"
_AUDIENCE = "check host and audience under [d365]: https:// and a host, without a slash at the end"
_CERTIFICATE = "upload the certificate to the app registration, or check that it has not expired"
_ADMINISTRATOR = "let an administrator of the tenant allow it"
_WORDS: dict[str, tuple[str, str]] = {
    "7000215": ("the client secret is wrong", f"store the secret's value, not its id; or {_RENEWAL}"),
    "7000222": ("the client secret has expired", _RENEWAL),
    "7000218": ("a client secret or certificate is needed", "name client_secret or certificate under [d365]"),
    "7000216": ("a client secret or certificate is needed", "name client_secret or certificate under [d365]"),
    "700016": ("the tenant does not know this application", _APPLICATION),
    "7000229": ("the tenant has no service principal of this application", _ADMINISTRATOR),
    "7000112": ("the application is disabled in the tenant", _ADMINISTRATOR),
    "90002": ("there is no such tenant", "check tenant and authority under [d365]"),
    "900023": ("the tenant is neither a name nor an id", "check tenant under [d365]"),
    "500011": ("the tenant does not know the audience", _AUDIENCE),
    "70011": ("the audience is not in a form that Entra takes", _AUDIENCE),
    "1002012": ("the audience is not in a form that Entra takes", _AUDIENCE),
    "700027": ("the certificate is not one of the application's", _CERTIFICATE),
    "700030": ("the certificate is not one of the application's", _CERTIFICATE),
    "53003": ("a conditional access policy forbids it", _ADMINISTRATOR),
}
_PASSING = frozenset({"90025", "90033", "90012", "50196"})
"""Entra's own "busy, try again" codes, which come with status 400 or 401 as well."""


class Unauthorized(Refused):
    """The door of D365 stays shut: it refused a token that Entra had issued a moment ago."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to Entra. One of `client_secret` and `certificate` (PEM with key and certificate, or PFX) is
    given."""

    tenant: str
    client_id: str
    authority: str
    audience: str
    client_secret: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    certificate_password: str = field(default="", repr=False)


class Tokens:
    """The current access token of one identity, for one audience."""

    def __init__(self, identity: Identity, wire: Wire, *, clock: Callable[[], float] = time.time) -> None:
        self._identity = identity
        self._wire = wire
        self._clock = clock
        self._lock = anyio.Lock()
        self._token = ""
        self._ends = 0.0
        self._renew = 0.0

    @property
    def left(self) -> float:
        """Seconds that the current token is still good for; 0 where there is none."""
        return max(0.0, self._ends - self._clock()) if self._token else 0.0

    async def get(self, *, bad: str = "", claims: str = "") -> str:
        """A token to send. `bad` is one that D365 refused, `claims` the challenge it gave with that, if any.

        Any number of callers at once cause one request. Raises Unavailable (Entra is out of reach or busy) or
        Refused.
        """
        if self._token and self._token != bad:
            now = self._clock()
            if now < self._renew or (now < self._ends and self._lock.statistics().locked):
                return self._token
        async with self._lock:
            if self._token and self._token != bad and self._clock() < self._renew:
                return self._token
            return await self._renewed(bad, claims)

    async def _renewed(self, bad: str, claims: str) -> str:
        try:
            token, life = await self._request(claims)
        except Unavailable:
            now = self._clock()
            if self._token and self._token != bad and now < self._ends:
                self._renew = now + AGAIN
                return self._token
            raise
        now = self._clock()
        self._token, self._ends, self._renew = token, now + life, now + life - min(EARLY, life / 2)
        return token

    async def _request(self, claims: str) -> tuple[str, float]:
        """One request to Entra: the token and the seconds it lives."""
        transport = _Transport(self._wire)
        try:
            credential = self._credential(transport)
            answer = await credential.get_token(f"{self._identity.audience}/.default", claims=claims or None)
        except Unavailable as error:  # nothing was asked of D365 yet, so nothing there is unclear
            raise Unavailable(error.message, endpoint=error.endpoint, remedy=error.remedy) from None
        except (AzureError, ValueError, TypeError) as error:
            raise self._verdict(error, transport) from None
        if not re.fullmatch(r"[\x21-\x7e]+", answer.token):
            raise self._unavailable("the answer holds no token that could be sent")
        return answer.token, answer.expires_on - time.time()

    def _credential(self, transport: _Transport) -> ClientSecretCredential | CertificateCredential:
        who = self._identity
        options: dict[str, Any] = {
            "authority": who.authority,
            "transport": transport,
            "disable_instance_discovery": True,
            "retry_total": 0,  # when to try again is decided by flows, not by a library that sleeps
        }
        if who.certificate:
            password = who.certificate_password or None
            return CertificateCredential(
                who.tenant, who.client_id, certificate_data=who.certificate, password=password, **options
            )
        return ClientSecretCredential(who.tenant, who.client_id, who.client_secret, **options)

    def _verdict(self, error: Exception, transport: _Transport) -> EndpointError:
        """A failure of azure-identity in words; busy and unreadable is Unavailable, what Entra says no to is
        Refused."""
        if isinstance(error, ValueError | TypeError):
            return self._refused(str(error), "check tenant, authority, client_id and the certificate under [d365]")
        codes = _CODE.findall(str(error))
        status = transport.status
        if not 400 <= status < 500 or status == 429 or isinstance(error, DecodeError) or _PASSING.intersection(codes):
            return self._unavailable(f"it answered {status}", retry_after(transport.headers, self._clock()))
        for code in codes:
            if code in _WORDS:
                words, remedy = _WORDS[code]
                return self._refused(f"{words} (AADSTS{code})", remedy)
        said = _TAIL.sub("", str(error)).strip(" \n")
        return self._refused(" ".join(said.split())[:300], "check tenant, client_id and audience under [d365]")

    def _refused(self, words: str, remedy: str) -> Refused:
        who = self._identity
        return Refused(
            f"Entra refused a token for application {who.client_id} of tenant {who.tenant}: {words}",
            endpoint=self._wire.endpoint,
            remedy=remedy,
        )

    def _unavailable(self, words: str, wait: float | None = None) -> Unavailable:
        return Unavailable(
            f"Entra at {self._identity.authority} gave no token: {words}",
            endpoint=self._wire.endpoint,
            retry_after=wait,
        )


class _Answer(AsyncHttpResponse):
    """An answer of the wire in the shape that azure-core reads."""

    def __init__(self, request: Any, response: Any) -> None:
        super().__init__(request, response)
        self.status_code = response.status_code
        self.reason = response.reason_phrase
        self.headers = response.headers
        self.content_type = response.headers.get("content-type", "")

    def body(self) -> bytes:
        """The whole body; it is here already."""
        content: bytes = self.internal_response.content
        return content

    async def load_body(self) -> None:
        """Nothing is left to load."""


class _Transport(AsyncHttpTransport[Any, Any]):
    """azure-core's way to the wire. It owns nothing: the wire is closed by whoever made it.

    `status` and `headers` are the last answer's: the errors of azure-identity do not always carry them.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.status = 0
        self.headers: Mapping[str, str] = {}

    async def send(self, request: Any, **_options: Any) -> _Answer:
        """Send one request; time limits are the wire's, what goes wrong is already Unavailable or Refused."""
        headers, content = dict(request.headers), request.data
        if isinstance(content, dict):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = urlencode(content)
        body = content.encode() if isinstance(content, str) else content
        response = await self._wire.send(request.method, request.url, headers=headers, content=body)
        self.status, self.headers = response.status_code, response.headers
        return _Answer(request, response)

    async def open(self) -> None:
        """The wire opens by itself."""

    async def close(self) -> None:
        """The wire is closed by its owner."""

    async def __aenter__(self) -> _Transport:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        return None
