"""A batch of segments while they are dealt out to sets: how each of them begins, and what it looks like without its digits.

Knows: raw segments, taken all at once because that costs a fraction of one by one. Does not know: guides, sets.
"""

from __future__ import annotations

from functools import cached_property
from operator import itemgetter

from d365edi.edi.tokenizer import Batch

_HEAD = itemgetter(slice(3))
NOUGHTS = bytes.maketrans(b"123456789", b"000000000")


class Sweep:
    """The segments of a batch. `heads` are their first three bytes, by which a walk goes; `text` is all of them as lines."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.segments = batch.segments
        self.heads = list(map(_HEAD, batch.segments))
        self.text = b"\n".join(batch.segments)
        self._told = 0

    @cached_property
    def forms(self) -> list[bytes]:
        """The segments with noughts for digits."""
        found = self.text.translate(NOUGHTS).split(b"\n")
        return found if len(found) == len(self.segments) else [raw.translate(NOUGHTS) for raw in self.segments]

    def end(self, at: int, trailer: bytes) -> int:
        """The place behind the next segment from `at` on that begins as a trailer does, 0 if there is none.

        Each is told once, so that a file of sets without trailers is not searched over and over.
        """
        if self._told > at:
            return 0
        try:
            self._told = self.heads.index(trailer, at) + 1
        except ValueError:
            self._told = len(self.heads) + 1
            return 0
        return self._told
