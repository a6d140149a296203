"""The bytes of a delivery, in memory or read piece by piece while they are sent.

Knows: sizes, digests, pieces. Does not know: where the pieces are kept, or how they are sent.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from d365edi.errors import JournalError


@dataclass(frozen=True, slots=True)
class LargePayload:
    """Bytes that are not held in memory: how many, their SHA-256 (hex), and what reads piece 0, 1, 2 … of them."""

    size: int
    digest: str
    read: Callable[[int], Awaitable[bytes]]

    async def pieces(self) -> AsyncIterator[bytes]:
        """One piece after the other. Raises JournalError where they come to fewer bytes than they should."""
        came = place = 0
        while came < self.size:
            if not (piece := await self.read(place)):
                raise JournalError(f"the bytes of {self.digest} are not whole: {came} of {self.size}")
            came, place = came + len(piece), place + 1
            yield piece


@dataclass(frozen=True, slots=True)
class SmallPayload:
    """The same in memory."""

    whole: bytes

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self.whole)

    @property
    def digest(self) -> str:
        """Their SHA-256 in hex."""
        return hashlib.sha256(self.whole).hexdigest()

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of them."""
        yield self.whole


Payload = LargePayload | SmallPayload
