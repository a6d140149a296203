"""A record that D365 did not show whole is fetched again when a person releases its document.

Knows: which messages lack something, where they came from. Does not know: what is released, how a record becomes a document.
"""

from functools import partial

from d365edi.endpoints.base import Remote
from d365edi.failpoints import reach
from d365edi.flows.context import FlowContext
from d365edi.flows.poll_d365 import FETCH_LIMIT
from d365edi.journal import Document, Message, Tx
from d365edi.odata import canonical
from d365edi.odata.plan import REFUSED, WANTED


async def refetch(ctx: FlowContext, what: str) -> None:
    """Fetch the records of held documents of this name that were not shown whole; what came replaces what was stored.

    What D365 still does not show stays as it was. Raises Unavailable where D365 cannot be asked now, Refused where a record is
    gone."""
    for message, wanted in await ctx.journal.read(lambda tx: _lacking(tx, tx.documents.search(what))):
        remote = Remote(message.path, message.name, message.size, None, wanted, message.remote)
        payload = await ctx.d365.fetch(remote, FETCH_LIMIT)
        reach("receive.fetched")
        await ctx.journal.write(partial(_replace, id=message.id, payload=payload))


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
