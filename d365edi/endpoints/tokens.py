"""Access tokens and their lifetime. One request however many callers wait, a refresh five minutes before the end (in a short life
at its half) that may fail as long as the old token is good, and a forced refresh for a token that was refused.

Knows: a token's lifetime. Does not know: how one is asked for (that is a function), who wants it. No message carries a token.
"""

import time
from collections.abc import Awaitable, Callable

import anyio

from d365edi.errors import CredentialsRejected, Unavailable

EARLY = 300.0
"""Seconds before its end from which a token is refreshed."""
RETRY_AFTER = 30.0
"""Seconds between two tries of a refresh that is not urgent yet."""
REST_AFTER = 900.0
"""Seconds in which nobody asks again where a refresh was refused while the old token was good: whoever refuses us may lock us out
after some attempts, so the refusal is told once that token has ended, and no second one is caused."""

Ask = Callable[[str], Awaitable[tuple[str, float]]]
"""`await ask(claims)`: a token, and the seconds that it lives. `claims` is the challenge that came with the refusal of the last
one, "" where there was none. Raises Unavailable."""


class Tokens:
    """The current access token of one identity, for one audience."""

    def __init__(self, ask: Ask, *, clock: Callable[[], float] = time.time) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = anyio.Lock()
        self._token = ""
        self._ends = 0.0
        self._renew = 0.0
        self._failure: Unavailable | None = None
        self._asked_from = 0.0

    @property
    def left(self) -> float:
        """Seconds for which the current token is still valid; 0 where there is none."""
        return max(0.0, self._ends - self._clock()) if self._token else 0.0

    async def get(self, *, bad: str = "", claims: str = "") -> str:
        """A token to send. `bad` is one that was refused, `claims` the challenge it gave with that, if any.

        Any number of callers at once cause one request, and have one outcome. Raises CredentialsRejected, Unreachable or
        Throttled.
        """
        if self._token and self._token != bad:
            now = self._clock()
            if now < self._renew or (now < self._ends and self._lock.statistics().locked):
                return self._token
        known = self._failure
        async with self._lock:
            now = self._clock()
            if self._token and self._token != bad and now < self._renew:
                return self._token
            if self._failure is not None and (self._failure is not known or now < self._asked_from):
                raise self._failure.named(self._failure.message)
            return await self._renewed(bad, claims)

    async def anew(self) -> str:
        """A token that is given now, however long the current one is still good; that one stays where none is given. Raises as
        `get` does."""
        async with self._lock:
            return await self._renewed(self._token, "")

    async def _renewed(self, bad: str, claims: str) -> str:
        try:
            token, life = await self._ask(claims)
        except Unavailable as error:
            self._failure, now = error, self._clock()
            if self._token and self._token != bad and now < self._ends:
                rejected = isinstance(error, CredentialsRejected)
                self._renew = self._ends if rejected else now + RETRY_AFTER
                self._asked_from = self._ends + REST_AFTER if rejected else 0.0
                return self._token
            raise
        now = self._clock()
        self._token, self._ends, self._renew = token, now + life, now + life - min(EARLY, life / 2)
        self._failure, self._asked_from = None, 0.0
        return token
