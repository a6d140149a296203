"""Messages of one name from one mailbox: what follows from them is done one after the other, in the order in which they were
claimed, now and in later passes. A later `order.edi` may change what the one before it ordered.

One waits until each before it is created or closed. One that is held or set aside for a person, or fails by a defect, keeps
nobody waiting; nor does one wait that is begun in D365 itself, or two might wait for each other.

Knows: messages, documents and their states. Does not know: what follows from them.
"""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from d365edi.flows.context import Counters, FlowContext
from d365edi.journal import Document, Message, Tx

AFTER = "it is created after"
"""How the sentence begins that says for whom one waits."""


@dataclass(frozen=True, slots=True)
class Member:
    """A message or a document, by its id, and the series that it is in; "": it follows none."""

    id: int
    series: str = ""

    def __str__(self) -> str:
        return str(self.id)


def series_of(message: Message) -> str:
    """The series of a message. A file is in none, its name is its key; nor is a record of ours, or a replay, for which a person
    asked."""
    if message.direction == "out" or message.parent is not None or not message.remote:
        return ""
    return f"series:{message.partner}:{message.endpoint}:{message.path}:{message.name}"


def in_turn(
    ctx: FlowContext, kind: str, work: Callable[[int], Awaitable[None]], counters: Counters
) -> AbstractAsyncContextManager[Callable[[Member], object]]:
    """Gives a function that starts the work as that of `FlowContext.pool` does; in a series it is the turn of each when the work
    on those that were started before it is over."""

    async def one(member: Member) -> None:
        await work(member.id)

    def turn(member: Member) -> AbstractAsyncContextManager[None]:
        return ctx.alone(member.series) if member.series else nullcontext()

    return ctx.pool(kind, one, counters, turn=turn)


async def each_in_turn(
    ctx: FlowContext,
    kind: str,
    members: Iterable[Member],
    work: Callable[[int], Awaitable[None]],
    counters: Counters,
) -> None:
    """The work on what a crash or a failure left behind, as `FlowContext.each`, and in each series in this order. A series that
    is under way is left for the next time, so that nobody waits for it."""
    left = [member for member in members if not member.series or not ctx.under_way(member.series)]
    async with in_turn(ctx, kind, work, counters) as start:
        for member in left:
            start(member)


def untranslated(tx: Tx, limit: int) -> list[Member]:
    """The messages that were not translated yet, oldest first."""
    return [Member(message.id, series_of(message)) for message in tx.messages.in_state("received", limit=limit)]


def ready(tx: Tx, limit: int) -> list[Member]:
    """The documents that are ready, those of a series in the order of their messages."""
    found = sorted(tx.documents.ready_of_messages(limit))
    return [Member(id, series_of(tx.messages.get(message))) for message, id in found]


def untranslated_before(tx: Tx, ctx: FlowContext, message: Message) -> bool:
    """Whether a message of its series that came before it was not translated yet."""
    if not series_of(message):
        return False
    before = tx.messages.open_before(message)
    return any(document is None and f"message:{id}" not in ctx.defects for id, document in before)


def waits_for(tx: Tx, ctx: FlowContext, document: Document) -> str:
    """After which message of its series a document is created, as a sentence; "" where nothing is before it."""
    message = tx.messages.get(document.message)
    if not series_of(message) or tx.deliveries.for_document(document.id):
        return ""
    for id, before in tx.messages.open_before(message):
        if f"message:{id}" not in ctx.defects if before is None else _goes_on(tx, ctx, tx.documents.get(before)):
            return f"{AFTER} message-{id}, the {message.name} before it, which is not created yet"
    return ""


def _goes_on(tx: Tx, ctx: FlowContext, document: Document) -> bool:
    """Whether an open document gets ahead by itself: it neither fails by a defect nor waits for something else."""
    if document.state == "ready" and document.reason and not document.reason.startswith(AFTER):
        return False
    failing = [f"document:{document.id}", *(f"delivery:{each.id}" for each in tx.deliveries.for_document(document.id))]
    return not any(key in ctx.defects for key in failing)
