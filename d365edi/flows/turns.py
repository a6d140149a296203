"""Turns: tasks that run side by side take one step in the order in which they began.

Messages of a mailbox are fetched several at a time and claimed in the order of the listing, the oldest first. A task that ends
without its step, or with an error, holds nobody up.

Knows: tasks. Does not know: what the step is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import anyio


class Turn:
    """The turn of one task: `await turn.come()`, then `turn.over()` and at once the step; the next task's is then behind it."""

    def __init__(self, before: Sequence[anyio.Event]) -> None:
        self._before = before
        self.done = anyio.Event()

    async def come(self) -> None:
        """Wait until every task that began earlier has had its turn, or ended."""
        for each in self._before:
            await each.wait()

    def over(self) -> None:
        """Let the next one go. Safe to call twice."""
        self.done.set()


class Turns:
    """The order in which tasks begin."""

    def __init__(self) -> None:
        self._open: list[anyio.Event] = []

    @contextmanager
    def begin(self) -> Iterator[Turn]:
        """The turn of a task that begins now; over at the latest when the block ends."""
        self._open = [each for each in self._open if not each.is_set()]
        turn = Turn(tuple(self._open))
        self._open.append(turn.done)
        try:
            yield turn
        finally:
            turn.over()
