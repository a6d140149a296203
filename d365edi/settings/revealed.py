"""What reveals secrets by name, and remembers by a digest what each was when it was revealed first.

Knows: names, digests. Does not know: where secrets are stored.
"""

import hashlib
import os
from collections.abc import Callable


class RevealedSecrets:
    """Reveals as `reveal` does. No value is kept: what was revealed is known by a digest with a salt of its own."""

    def __init__(self, reveal: Callable[[str], str]) -> None:
        self._reveal = reveal
        self._salt = os.urandom(16)
        self._used: dict[str, bytes] = {}

    def __call__(self, name: str) -> str:
        """The secret of this name, as it is stored now. SecretError where it is not."""
        found = self._reveal(name)
        self._used.setdefault(name, self._digest(found))
        return found

    def stored_anew(self, name: str) -> bool:
        """Whether a secret that was revealed is another one now. SecretError where it is not stored any more."""
        return name in self._used and self._digest(self._reveal(name)) != self._used[name]

    def _digest(self, secret: str) -> bytes:
        return hashlib.blake2b(secret.encode(), key=self._salt).digest()
