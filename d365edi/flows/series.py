"""Messages of one name that lay in one mailbox at once: what follows from them is done one after the other, in the order in which
they came. A later `order.edi` may change what the one before it ordered.

Knows: messages by their ids. Does not know: what follows from one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from d365edi.flows.context import FlowContext


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to translate, by its id, and the series that it is in; "": it follows none."""

    id: int
    series: str = ""

    def __str__(self) -> str:
        return str(self.id)


def in_series(ctx: FlowContext, work: Callable[[int], Awaitable[None]]) -> Callable[[NewMessage], Awaitable[None]]:
    """The work on a message, after that on those of its series that were begun before it."""

    async def one(new: NewMessage) -> None:
        async with ctx.alone(f"series:{new.series or new.id}"):  # which lets in whoever came first
            await work(new.id)

    return one
