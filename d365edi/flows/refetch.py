"""A record that D365 did not show whole is fetched again when a person releases its document.

Knows: which messages lack something, where they came from. Does not know: what is released, how a record becomes a document.
"""

from functools import partial

from d365edi.endpoints.base import Remote
from d365edi.failpoints import reach
from d365edi.flows import named
from d365edi.flows.context import FlowContext
from d365edi.flows.named import Selection
from d365edi.flows.poll_d365 import FETCH_LIMIT
from d365edi.journal import Document, Message, Tx
from d365edi.odata import canonical
from d365edi.odata.plan import REFUSED, WANTED


async def refetch(ctx: FlowContext, selection: Selection) -> None:
    """Fetch the records of the held documents that are named and were not shown whole; what came replaces what was stored.

    What D365 still does not show stays as it was. Raises Unavailable where D365 cannot be asked now, Refused where a record is
    gone."""
    for message, wanted in await ctx.journal.read(lambda tx: _lacking(tx, _named(tx, selection))):
        remote = Remote(message.path, message.name, message.size, None, wanted, message.remote)
        payload = await ctx.d365.fetch(remote, FETCH_LIMIT)
        reach("receive.fetched")
        await ctx.journal.write(partial(_replace, id=message.id, payload=payload))


def _named(tx: Tx, selection: Selection) -> list[Document]:
    """The documents that a release of what is named continues: none where the name stands for several things."""
    candidates = named.waiting(tx, selection)
    return [row for each in candidates for row in each.documents] if len(candidates) == 1 or selection.many else []


def _lacking(tx: Tx, documents: list[Document]) -> list[tuple[Message, str]]:
    """The messages of held documents that lack something, each with what is to be fetched."""
    held = {document.message for document in documents if document.state == "held"}
    found = []
    for message in (tx.messages.get(id) for id in sorted(held)):
        if message.direction == "out":
            content = canonical.loads(tx.payloads.get(message.digest))
            if REFUSED in content:
                found.append((message, str(content[WANTED])))
    return found


def _replace(tx: Tx, id: int, payload: bytes) -> None:
    message = tx.messages.refetched(id, payload)
    tx.audit.append(
        "collected", message=id, partner=message.partner, name=message.name, key=message.remote, digest=message.digest
    )
