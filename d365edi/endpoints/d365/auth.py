"""Tokens from Microsoft Entra ID and their lifetime. One request however many callers wait, a refresh five minutes before expiry
that may fail as long as the old token is good, and a forced refresh for a token that D365 refused.

Knows: the token's lifetime. Does not know: how one is asked for (that is `entra`), D365. No message carries a secret or a token.
"""

import time
from collections.abc import Callable

import anyio

from d365edi.endpoints.d365.identity import ClientIdentity
from d365edi.endpoints.d365.transport import HttpTransport
from d365edi.errors import Unavailable

EARLY = 300.0
"""Seconds before its end from which a token is refreshed."""
RETRY_AFTER = 30.0
"""Seconds between two tries of a refresh that is not urgent yet."""


class Tokens:
    """The current access token of one identity, for one audience."""

    def __init__(
        self, identity: ClientIdentity, transport: HttpTransport, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._identity = identity
        self._transport = transport
        self._clock = clock
        self._lock = anyio.Lock()
        self._token = ""
        self._ends = 0.0
        self._renew = 0.0

    @property
    def left(self) -> float:
        """Seconds for which the current token is still valid; 0 where there is none."""
        return max(0.0, self._ends - self._clock()) if self._token else 0.0

    async def get(self, *, bad: str = "", claims: str = "") -> str:
        """A token to send. `bad` is one that D365 refused, `claims` the challenge it gave with that, if any.

        Any number of callers at once cause one request. Raises CredentialsRejected, Unreachable or Throttled.
        """
        if self._token and self._token != bad:
            now = self._clock()
            if now < self._renew or (now < self._ends and self._lock.statistics().locked):
                return self._token
        async with self._lock:
            if self._token and self._token != bad and self._clock() < self._renew:
                return self._token
            return await self._renewed(bad, claims)

    async def anew(self) -> str:
        """A token that Entra gives now, however long the current one is still good; that one stays where Entra refuses. Raises
        as `get` does."""
        async with self._lock:
            return await self._renewed(self._token, "")

    async def _renewed(self, bad: str, claims: str) -> str:
        try:
            token, life = await self._request(claims)
        except Unavailable:
            now = self._clock()
            if self._token and self._token != bad and now < self._ends:
                self._renew = now + RETRY_AFTER
                return self._token
            raise
        now = self._clock()
        self._token, self._ends, self._renew = token, now + life, now + life - min(EARLY, life / 2)
        return token

    async def _request(self, claims: str) -> tuple[str, float]:
        # azure-identity and what it brings take a fifth of a second to import: not while the daemon starts
        from d365edi.endpoints.d365 import entra  # noqa: PLC0415

        return await entra.request(self._identity, self._transport, claims, self._clock())
