"""Messages of one name from one mailbox: what follows from them is done one after the other, in the order in which they came,
also after a crash. A later `order.edi` may change what the one before it ordered.

Knows: messages by their ids. Does not know: what follows from one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from d365edi.flows.context import FlowContext
from d365edi.journal import Tx


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to translate, by its id, and the series that it is in; "": it follows none."""

    id: int
    series: str = ""

    def __str__(self) -> str:
        return str(self.id)


def name_of(endpoint: str, path: str, name: str) -> str:
    """The series of what has this name in this mailbox."""
    return f"{endpoint}:{path}:{name}"


def in_turn(tx: Tx, ids: Sequence[int]) -> list[NewMessage]:
    """Messages that were claimed and wait, each in its series. A file is in none: its name is its key."""
    return [
        NewMessage(each.id, name_of(each.endpoint, each.path, each.name) if each.fetched_by else "")
        for each in map(tx.messages.get, sorted(ids))
    ]


def in_series(
    ctx: FlowContext, work: Callable[[int], Awaitable[None]]
) -> Callable[[NewMessage | int], Awaitable[None]]:
    """The work on a message, after that on those of its series that were begun before it."""

    async def one(new: NewMessage | int) -> None:
        if isinstance(new, int):
            await work(new)
            return
        async with ctx.alone(f"series:{new.series or new.id}"):  # which lets in whoever came first
            await work(new.id)

    return one
