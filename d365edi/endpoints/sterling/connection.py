"""One server of Sterling's as the settings describe it: its client, its login, whom it trusts.

Knows: which part needs which setting. Does not know: settings, requests.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from d365edi.endpoints.sterling.auth import Basic, Bearer, Login, LoginAttempts, OAuthClient, oauth_tokens
from d365edi.endpoints.sterling.client import Client, Dialect
from d365edi.endpoints.tls import Trust
from d365edi.endpoints.transport import HttpTransport, Limits

OVERALL = 900.0
"""Seconds after which a request ends whatever still comes: a payload of the largest size on a slow line."""
_PORTS = (
    "check url, network and firewall: Sterling's REST server listens at the base port + 74 (http) and + 75 (https) in 5.2.6 and "
    "from 6.2.2 on, at + 83 and + 84 in 6.1 to 6.2.1, at 443 behind a route"
)


@dataclass(frozen=True, slots=True)
class SterlingConfig:
    """How to reach one server and to log in there: `oauth`, or user and password. Times in seconds; `identity` is whom we trust
    to be the identity server, `trust` to be Sterling; `headers` are further ones of each request to Sterling. `servers` are the
    addresses by which it is told apart from other servers, the one that is recorded first; left out, that is `url`."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    stored_as: str = "NAME"
    oauth: OAuthClient | None = None
    trust: Trust | None = field(default=None, repr=False)
    identity: Trust | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    dialect: Dialect = field(default_factory=Dialect)
    page: int = 1000
    requests: int = 4
    connect_timeout: float = 10.0
    read_timeout: float = 180.0
    servers: tuple[str, ...] = ()


class Connection:
    """The parts that one server is asked with. Nothing is opened before the first request.

    `client` sends them; `login` is how; `trust` has seen the last handshake with Sterling. `transport` stands in for the network,
    `clock` gives epoch seconds."""

    def __init__(
        self,
        name: str,
        config: SterlingConfig,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.trust = config.trust or Trust()
        self._transport = transport
        self._http = HttpTransport(
            name,
            f"Sterling at {_origin(config.url)}",
            Limits(config.requests, config.connect_timeout, config.read_timeout, config.read_timeout, OVERALL),
            verify=self.trust.context,
            transport=transport,
            advice=_PORTS,
        )
        self._identity: HttpTransport | None = None
        self.login = self._login(name, config, clock)
        self.client = Client(
            config.url,
            self._http,
            self.login,
            LoginAttempts(config.requests),
            dialect=config.dialect,
            page=config.page,
            headers=config.headers,
            clock=clock,
        )

    def _login(self, name: str, config: SterlingConfig, clock: Callable[[], float]) -> Login:
        oauth = config.oauth
        if oauth is None:
            return Basic(config.username, config.password, stored_as=config.stored_as)
        few = Limits(connections=2, connect=config.connect_timeout, read=30.0, overall=60.0, answer=1 << 20)
        trust = config.identity or Trust()
        peer = f"the identity server at {_origin(oauth.token_url)}"
        advice = "check token_url under oauth, network and firewall, and that the identity server runs"
        self._identity = HttpTransport(name, peer, few, verify=trust.context, transport=self._transport, advice=advice)
        return Bearer(oauth_tokens(oauth, self._identity, clock=clock), oauth.client_id)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()
        if self._identity is not None:
            await self._identity.close()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
