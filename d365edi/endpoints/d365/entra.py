"""One token from Microsoft Entra ID by client credentials, and Entra's refusals as sentences.

azure-identity signs and asks (secret or certificate); the transport below it is this project's own, so that trust, time
limits and errors are the same as everywhere. Each request uses a fresh credential object: it is cheap, and its own cache
cannot hand out a token that is known to be bad.

Knows: azure-identity. Does not know: how long a token is kept, D365. No message of this module carries a secret or a token.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport
from azure.identity.aio import CertificateCredential, ClientSecretCredential

from d365edi.endpoints.d365.identity import ClientIdentity
from d365edi.endpoints.retry_after import retry_after
from d365edi.endpoints.transport import HttpTransport
from d365edi.errors import CredentialsRejected, EndpointError, Throttled, Unavailable, Unreachable
from d365edi.odata import canonical

_CODE = re.compile(r"AADSTS(\d+)")
_TAIL = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp|To mitigate|Content):.*", re.DOTALL)

_RENEWAL = (
    "make a new one under the registration's Certificates & secrets, then: d365edi secrets set NAME, and systemctl "
    "reload d365edi"
)
_APPLICATION = "check client_id and tenant under [d365]"
_AUDIENCE = "check host and audience under [d365]: https:// and a host, without a slash at the end"
_CERTIFICATE = "upload the certificate to the app registration, or check that it has not expired"
_ADMINISTRATOR = "let an administrator of the tenant allow it"
_SENTENCES: dict[str, tuple[str, str]] = {
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


async def request(identity: ClientIdentity, http: HttpTransport, claims: str, now: float) -> tuple[str, float]:
    """One request to Entra: the token and the seconds it lives. `claims` is a challenge of D365's, `now` epoch seconds.

    Raises CredentialsRejected (also where the request cannot be sent as it is), Throttled or Unreachable."""
    transport = _Transport(http)
    try:
        credential = _credential(identity, transport)
        answer = await credential.get_token(f"{identity.audience}/.default", claims=claims or None)
    except Unavailable as error:  # nothing was asked of D365 yet, so nothing there is unclear
        raise Unreachable(error.message, endpoint=error.endpoint, remedy=error.remedy) from None
    except (
        EndpointError
    ) as error:  # the address of Entra cannot be asked, or answers without an end: no document's fault
        raise CredentialsRejected(error.message, endpoint=error.endpoint, remedy=error.remedy) from None
    except Exception as error:  # the library reads an answer that is no token in ways of its own
        raise _verdict(error, transport, identity, http, now) from None
    if not isinstance(answer.token, str) or not re.fullmatch(r"[\x21-\x7e]+", answer.token):
        raise _unavailable(identity, http, "the answer holds no token that could be sent")
    return answer.token, answer.expires_on - time.time()


def _credential(identity: ClientIdentity, transport: _Transport) -> ClientSecretCredential | CertificateCredential:
    options: dict[str, Any] = {
        "authority": identity.authority,
        "transport": transport,
        "disable_instance_discovery": True,
        "retry_total": 0,  # when to try again is decided by flows, not by a library that sleeps
    }
    if identity.certificate:
        password = identity.certificate_password or None
        return CertificateCredential(
            identity.tenant, identity.client_id, certificate_data=identity.certificate, password=password, **options
        )
    return ClientSecretCredential(identity.tenant, identity.client_id, identity.client_secret, **options)


def _verdict(
    error: Exception, transport: _Transport, identity: ClientIdentity, http: HttpTransport, now: float
) -> EndpointError:
    """A failure of azure-identity as a sentence; busy and unreadable will pass, what Entra denies is for a person."""
    if not isinstance(error, AzureError) and transport.status:
        return _unavailable(identity, http, f"it answered {transport.status}, and not with a token")
    if not isinstance(error, AzureError):
        return _refused(
            identity, http, str(error), "check tenant, authority, client_id and the certificate under [d365]"
        )
    codes = _CODE.findall(str(error))
    status = transport.status
    passing = status == 429 or not transport.readable or _PASSING.intersection(codes)
    if passing or not 400 <= status < 500:
        wait = retry_after(transport.headers, now)
        return _unavailable(identity, http, f"it answered {status}", wait, throttled=status == 429)
    for code in codes:
        if code in _SENTENCES:
            words, remedy = _SENTENCES[code]
            return _refused(identity, http, f"{words} (AADSTS{code})", remedy)
    said = _TAIL.sub("", str(error)).strip(" \n")
    secret = "certificate" if identity.certificate else "client_secret (the secret's value, not its id)"
    remedy = f"check {secret}, client_id, tenant and audience under [d365]"
    return _refused(identity, http, " ".join(said.split())[:300], remedy)


def _refused(identity: ClientIdentity, http: HttpTransport, words: str, remedy: str) -> CredentialsRejected:
    message = f"Entra refused a token for application {identity.client_id} of tenant {identity.tenant}: {words}"
    named = remedy.replace("secrets set NAME", f"secrets set {identity.stored_as}")
    return CredentialsRejected(message, endpoint=http.endpoint, remedy=named)


def _unavailable(
    identity: ClientIdentity, http: HttpTransport, words: str, wait: float | None = None, *, throttled: bool = False
) -> Unavailable:
    message = f"Entra at {identity.authority} gave no token: {words}"
    kind = Throttled if throttled or wait is not None else Unreachable
    return kind(message, endpoint=http.endpoint, retry_after=wait)


def _is_object(content: bytes | bytearray) -> bool:
    try:
        return isinstance(canonical.loads_bounded(content), dict)
    except (ValueError, RecursionError):
        return False


class _Answer(AsyncHttpResponse):
    """An answer of the transport in the shape that azure-core reads."""

    def __init__(self, request: Any, response: Any) -> None:
        super().__init__(request, response)
        self.status_code = response.status_code
        self.reason = response.reason_phrase
        self.headers = response.headers
        self.content_type = response.headers.get("content-type", "")

    def body(self) -> bytes:
        """The whole body; it is here already."""
        return bytes(self.internal_response.content)

    async def load_body(self) -> None:
        """Nothing is left to load."""


class _Transport(AsyncHttpTransport[Any, Any]):
    """azure-core's interface to the transport. It owns nothing: the transport is closed by its owner.

    `status` and `headers` are the last answer's: the errors of azure-identity do not always carry them. `readable`: it was a
    JSON object."""

    def __init__(self, http: HttpTransport) -> None:
        self._http = http
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.readable = False

    async def send(self, request: Any, **_options: Any) -> _Answer:
        """Send one request; time limits are the transport's, failures are already Unavailable or Refused."""
        headers, content = dict(request.headers), request.data
        if isinstance(content, dict):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = urlencode(content)
        body = content.encode() if isinstance(content, str) else content
        response = await self._http.send(request.method, request.url, headers=headers, content=body)
        self.status, self.headers = response.status_code, response.headers
        self.readable = _is_object(response.content)
        if 300 <= response.status_code < 400:
            message = f"{self._http.peer} answered {response.status_code} with another address, which is not followed"
            raise Unreachable(message, endpoint=self._http.endpoint, remedy="check authority under [d365]")
        return _Answer(request, response)

    async def open(self) -> None:
        """The transport opens by itself."""

    async def close(self) -> None:
        """The transport is closed by its owner."""

    async def __aenter__(self) -> _Transport:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        return None
