"""Documents that are ready at the same time are sent in one interchange, up to the limit of their flow.

No document waits for others: what one pass finds ready is sent together. Each document is resolved, mapped and
test-written alone, so that one that is held, waits for D365 or cannot be written does not affect the others.

Knows: which documents are sent together. Does not know: how an interchange is written, connections.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from d365edi.documents import ShipNotice
from d365edi.failpoints import reach
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.envelope import assemble
from d365edi.flows.interchange import check_writable
from d365edi.flows.partner import SendFlow, TradingPartner
from d365edi.flows.prepare import prepare, split
from d365edi.flows.prepared import Held, Prepared, Waits
from d365edi.flows.render import hold, report_warnings, tried
from d365edi.journal import Document, Tx


@dataclass(frozen=True, slots=True)
class SendBatch:
    """Send flows of one partner that share their interchanges. `key` is locked while a batch is written."""

    partner: TradingPartner
    flows: Mapping[str, SendFlow]

    @property
    def key(self) -> str:
        """Its lock, unique among batches."""
        return f"batch:{min(self.flows)}"

    @property
    def most(self) -> int:
        """The maximum number of documents in one interchange."""
        return next(iter(self.flows.values())).settings.batch


def batch_of(partner: TradingPartner, send: SendFlow) -> SendBatch:
    """The flow with the flows that share its interchanges."""
    return SendBatch(partner, {each.name: each for each in partner.sends.values() if send.shares_with(each)})


def batches(partners: Iterable[TradingPartner]) -> list[SendBatch]:
    """Every batch of these partners."""
    found = [
        batch_of(partner, send) for partner in partners for send in partner.sends.values() if send.settings.batch > 1
    ]
    return list({batch.key: batch for batch in found}.values())


async def render_ready(ctx: FlowContext, batch: SendBatch, counters: Counters) -> list[int]:
    """Write what is ready in these flows. Returns ids of deliveries. The caller has locked the batch's key."""
    if ctx.rests(ctx.d365_name):
        return []
    partner, flows = batch.partner, batch.flows
    await _split(ctx, batch, counters)
    ready = await ctx.journal.read(lambda tx: _ready(tx, batch))
    prepared: list[Prepared] = []

    async def one(document: Document) -> None:
        made = await tried(
            ctx, document, lambda: _prepare(ctx, partner, flows[document.flow], document, counters), counters
        )
        if made is not None:
            prepared.append(made)

    await ctx.each("document", ready, one, counters)
    prepared.sort(key=_sort_key)
    deliveries = []
    for start in range(0, len(prepared), batch.most):
        delivery = await _assemble(ctx, partner, prepared[start : start + batch.most], counters)
        if delivery is not None:
            deliveries.append(delivery)
    return deliveries


async def _split(ctx: FlowContext, batch: SendBatch, counters: Counters) -> None:
    """Make documents of the parts of what is sent order by order."""
    for document in await ctx.journal.read(lambda tx: _ready(tx, batch)):
        flow = batch.flows[document.flow]
        await tried(ctx, document, partial(split, ctx, batch.partner, flow, document), counters)


def _ready(tx: Tx, batch: SendBatch) -> list[Document]:
    ready = tx.documents.in_state("ready", batch.partner.name)
    return [document for document in ready if document.flow in batch.flows]


async def _prepare(
    ctx: FlowContext, partner: TradingPartner, flow: SendFlow, document: Document, counters: Counters
) -> Prepared | Held | Waits | None:
    made = await prepare(ctx, partner, flow, document, counters)
    if isinstance(made, Prepared):
        assert flow.envelope is not None
        assert not isinstance(made.body, bytes)
        check_writable(flow.envelope, (flow.set, made.body), ctx.local(ctx.clock()))
    return made


def _sort_key(prepared: Prepared) -> tuple[bool, int, str, int]:
    """Sort key: by document number, ship notices before invoices, because the guard checks whether one was sent."""
    document = prepared.document
    return document.kind != ShipNotice.__name__, len(document.number), document.number, document.id


async def _assemble(
    ctx: FlowContext, partner: TradingPartner, prepared: list[Prepared], counters: Counters
) -> int | None:
    """One interchange, one transaction. Returns the id of its delivery, None where the guard holds all of them."""
    assembled = await ctx.journal.write(lambda tx: assemble(tx, ctx, partner, prepared))
    if assembled.delivery is not None:
        reach("translate.rendered")
    report_warnings(assembled, counters)
    for document, held in assembled.held:
        await hold(ctx, document, held, counters)
    return assembled.delivery
