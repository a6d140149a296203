"""[endpoints.NAME] with kind = "sterling": the mailboxes of an IBM Sterling B2B Integrator, over its REST API.

Where no document of IBM says how a server behaves, the behaviour is a key here with a default.

Knows: one server, how to log in there, what its dialect is. Does not know: requests, mailboxes by name, partners.
"""

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from .d365 import Certificate
from .endpoints import Completeness, Move, word_or_table
from .section import Secret, SettingsSection, exactly_one
from .values import Duration, Existing, Size, Text, Whole, invalid, size_in_bytes


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _web(value: str) -> str:
    """An address of a server, https unless it is this machine's."""
    try:
        parts = urlsplit(value)
        host = parts.hostname if parts.scheme in ("http", "https") and parts.port != 0 else None
    except ValueError:  # a port that is no number, a bracket without its other half
        host = None
    if not host or re.search(r"[\s?#@]", value):
        raise invalid("is not an address", "write it as https://HOST:PORT/PATH, without user, query or blanks")
    if parts.scheme == "http" and not _loopback(host):
        raise invalid("is not encrypted", 'write it with "https:"')
    return value


def _api(value: str) -> str:
    if not value.endswith("/svc/"):
        remedy = "write the whole path of the API, with a slash at its end, as settings.example.toml does"
        raise invalid("does not end in /svc/", remedy)
    return _web(value)


def _pin(value: str) -> str:
    digits = value.removeprefix("sha256:").replace(":", "").lower()
    if not value.startswith("sha256:") or not re.fullmatch(r"[0-9a-f]{64}", digits):
        remedy = (
            'write "sha256:" and the 64 hexadecimal digits of the certificate\'s SHA-256, as `d365edi ping` shows them'
        )
        raise invalid("is not a pin", remedy)
    return f"sha256:{digits}"


def _username(value: str) -> str:
    if ":" in value:
        sentence = 'has ":", which HTTP Basic cannot send in a user name (RFC 7617)'
        raise invalid(sentence, "let Sterling have a user of another name for us")
    return value


_OURS = frozenset(
    ("accept", "authorization", "connection", "content-length", "content-type", "cookie", "host", "transfer-encoding")
)
"""Headers that each request has from us."""


def _header(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise invalid("is not the name of a header", 'write it as "X-Client-Id"')
    if value.lower() in _OURS:
        raise invalid("is a header that we write ourselves", "leave it out")
    return value


def _batch_above(value: object) -> object:
    return 0 if value is False or value == "false" else size_in_bytes(value)


class OAuth(SettingsSection):
    """How a bearer token is asked for (RFC 6749, 4.4), of Sterling 6.2.2 and later."""

    token_url: Annotated[Text, AfterValidator(_web)]
    """Where tokens are asked for, the whole address."""
    client_id: Text
    """Our client id."""
    client_secret: Secret
    """Its secret."""
    scope: str = ""
    """The scope that is asked for; left out: none."""
    client_auth: Literal["basic", "form"] = "basic"
    """Where id and secret stand: in a header (basic), or in the form."""


class Dialect(SettingsSection):
    """How this server wants to be asked where IBM documents nothing, or two ways: `d365edi partner probe` measures it."""

    payload: Literal["body", "query"] = "body"
    """How a payload is asked for: with {} as body, or with ?isPlainText=false."""
    colon: Literal["raw", "encoded"] = "raw"
    """The colon of a document's id in an address: as it is, or as %3A."""
    delete: Literal["bare", "empty"] = "bare"
    """The body of a DELETE: none, or {}."""


class SterlingTimeouts(SettingsSection):
    """How long Sterling may take."""

    connect: Duration = timedelta(seconds=10)
    """To be connected."""
    read: Duration = timedelta(seconds=180)
    """To answer one request."""


After = Annotated[
    Annotated[Literal["delete", "mark", "leave"], Tag("word")] | Annotated[Move, Tag("table")],
    Discriminator(word_or_table),
]
"""What happens to a message once it is stored here: "delete", "mark" (extract count 0), "leave" or { move_to = "..." }."""

_OF_FILES = {
    "complete": "a message of a mailbox is whole as soon as it is listed",
    "temp_suffixes": "a message of a mailbox is whole as soon as it is listed",
    "deliver": "a mailbox takes a message in one step",
}
"""Keys of endpoints that hold files, and why a mailbox has them not."""


class Sterling(SettingsSection):
    """The mailboxes of an IBM Sterling B2B Integrator."""

    kind: Literal["sterling"]
    """The kind of endpoint."""
    url: Annotated[Text, AfterValidator(_api)]
    """The address of the API: the customer's host, its port and the path up to /svc/. The port differs between releases."""
    formerly: Annotated[Text, AfterValidator(_api)] | None = None
    """The address in `url` when its mailboxes were polled first, where the server was given another one since: what is known of
    them stays known. Left out: under another address it is another server, whose mailboxes are polled for the first time."""
    username: Annotated[Text, AfterValidator(_username)] | None = None
    """Our user (HTTP Basic): one of its own with APIUser and rights on these mailboxes."""
    password: Secret | None = None
    """Its password."""
    oauth: OAuth | None = None
    """In place of user and password: a server of 6.2.2 and later has one of the two."""
    ca_file: Existing | None = None
    """Further certificate authorities, PEM."""
    pins: tuple[Annotated[Text, AfterValidator(_pin)], ...] = ()
    """SHA-256 of the server's own certificate, where it is self-signed; several during a rotation."""
    client_certificate: Certificate | None = None
    """Our certificate, where a gateway in front of the server asks for one."""
    headers: Mapping[Annotated[Text, AfterValidator(_header)], Secret] = Field(default_factory=dict)
    """Further headers of each request, for a gateway; their values are secrets."""
    after: After = "delete"
    """What happens to a message once it is stored here: "delete", "mark" (extract count 0), "leave" or { move_to = "..." }."""
    timeouts: SterlingTimeouts = SterlingTimeouts()
    """How long it may take."""
    requests: Annotated[Whole, Field(ge=1, le=64)] = 4
    """Requests at the same time, of all partners together."""
    max_message: Size = 64_000_000
    """A larger message is not fetched."""
    in_flight: Annotated[Whole, Field(ge=1, le=64)] = 4
    """Messages of a pickup handled at the same time."""
    page: Annotated[Whole, Field(ge=1, le=10_000)] = 1000
    """Rows of one page of a listing."""
    unclear_for: Duration = timedelta(minutes=2)
    """A request without a response may still be carried out for this long."""
    absent: Literal["ask", "again"] = "ask"
    """The request for a message got no response and the message is not there: a person decides, so that none is there twice; or
    it is created again, for mailboxes on which no rule deletes."""
    batch_above: Annotated[int, BeforeValidator(_batch_above)] = 0
    """Larger payloads go without Base64, by /messagebatches/; false (0): none. Until the count of such a message is put, a
    partner may fetch it once more."""
    dialect: Dialect = Dialect()
    """How this server wants to be asked."""

    @model_validator(mode="before")
    @classmethod
    def _no_files(cls, values: Any) -> Any:
        for key, why in _OF_FILES.items():
            if isinstance(values, Mapping) and key in values:
                raise invalid(f"is for files: {why}", "leave it out", inside=(key,))
        return values

    @model_validator(mode="after")
    def _let_in(self) -> Self:
        remedy = 'write username and password = { secret = "sterling" }, or oauth = { ... }: settings.example.toml explains both'
        exactly_one({"username": self.username, "oauth": self.oauth}, remedy)
        if self.username is not None and self.password is None:
            raise invalid("has a username and no password", 'write password = { secret = "sterling" }')
        if self.username is None and self.password is not None:
            raise invalid("has a password and no username", "leave it out beside oauth")
        return self

    @property
    def server(self) -> str:
        """The address by which it is told apart from other servers."""
        return self.servers[0]

    @property
    def servers(self) -> tuple[str, ...]:
        """All addresses by which it is: the one that is recorded, and `url` where it has another one by now."""
        return tuple(dict.fromkeys(_address(each) for each in (self.formerly or self.url, self.url)))

    @property
    def complete(self) -> Completeness:
        """When a message is whole: in its first listing."""
        return Completeness(looks=1, apart=timedelta(0))


def _address(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, 443 if parts.scheme == "https" else 80) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path}"
