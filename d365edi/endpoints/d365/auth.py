"""Tokens from Microsoft Entra ID.

Knows: who is asked for them. Does not know: how (that is `entra`), how long they are kept (that is `tokens`), D365.
"""

import time
from collections.abc import Callable

from d365edi.endpoints.d365.identity import ClientIdentity
from d365edi.endpoints.tokens import Tokens
from d365edi.endpoints.transport import HttpTransport


def entra_tokens(
    identity: ClientIdentity, transport: HttpTransport, *, clock: Callable[[], float] = time.time
) -> Tokens:
    """The tokens that Entra gives to this application."""

    async def ask(claims: str) -> tuple[str, float]:
        # azure-identity and what it brings take a fifth of a second to import: not while the daemon starts
        from d365edi.endpoints.d365 import entra  # noqa: PLC0415

        return await entra.request(identity, transport, claims, clock())

    return Tokens(ask, clock=clock)
