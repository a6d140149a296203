"""Documents that are ready at the same time leave in one interchange, up to the limit of their flow.

Nothing waits for others to come: what one pass finds ready goes together. Each document is resolved, mapped and written
once for a trial by itself, so that one that is held, that waits for D365 or that cannot be written leaves the others alone.

Knows: which documents meet. Does not know: what an interchange looks like, wires.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from d365edi.documents import ShipNotice
from d365edi.failpoints import reach
from d365edi.flows.context import Context, Counters
from d365edi.flows.envelope import assemble
from d365edi.flows.interchange import check_writable
from d365edi.flows.partner import SendFlow, TradingPartner
from d365edi.flows.prepare import Held, Prepared, prepare
from d365edi.flows.render import hold, report_warnings, tried
from d365edi.journal import Document, Tx


@dataclass(frozen=True, slots=True)
class Batch:
    """Flows of one partner that put their documents into the same interchanges. `key` is held alone while that is done."""

    partner: TradingPartner
    flows: Mapping[str, SendFlow]

    @property
    def key(self) -> str:
        """What tells it from others."""
        return f"batch:{min(self.flows)}"

    @property
    def most(self) -> int:
        """How many documents one interchange has at most."""
        return next(iter(self.flows.values())).settings.batch


def batch_of(partner: TradingPartner, send: SendFlow) -> Batch:
    """The flow with those that share its interchanges."""
    return Batch(partner, {each.name: each for each in partner.sends.values() if send.shares_with(each)})


def batches(partners: Iterable[TradingPartner]) -> list[Batch]:
    """Every batch that there is."""
    found = [
        batch_of(partner, send) for partner in partners for send in partner.sends.values() if send.settings.batch > 1
    ]
    return list({batch.key: batch for batch in found}.values())


async def render_ready(ctx: Context, batch: Batch, counters: Counters) -> list[int]:
    """Render whatever is ready in these flows. Returns ids of deliveries. The caller holds the batch's key alone."""
    if ctx.is_paused(ctx.d365_name):
        return []
    partner, flows = batch.partner, batch.flows
    ready = await ctx.journal.read(lambda tx: _ready(tx, batch))
    prepared: list[Prepared] = []

    async def one(document: Document) -> None:
        made = await tried(
            ctx, document, lambda: _prepare(ctx, partner, flows[document.flow], document, counters), counters
        )
        if made is not None:
            prepared.append(made)

    await ctx.each("document", ready, one)
    prepared.sort(key=_place)
    deliveries = []
    for start in range(0, len(prepared), batch.most):
        delivery = await _seal(ctx, partner, prepared[start : start + batch.most], counters)
        if delivery is not None:
            deliveries.append(delivery)
    return deliveries


def _ready(tx: Tx, batch: Batch) -> list[Document]:
    ready = tx.documents.in_state("ready", batch.partner.name)
    return [document for document in ready if document.flow in batch.flows]


async def _prepare(
    ctx: Context, partner: TradingPartner, flow: SendFlow, document: Document, counters: Counters
) -> Prepared | Held | None:
    made = await prepare(ctx, partner, flow, document, counters)
    if isinstance(made, Prepared):
        assert flow.envelope is not None
        assert not isinstance(made.body, bytes)
        check_writable(flow.envelope, (flow.set, made.body), ctx.local(ctx.clock()))
    return made


def _place(prepared: Prepared) -> tuple[bool, int, str, int]:
    """In the order of their numbers, and goods before what bills them: the guard asks whether they were told."""
    document = prepared.document
    return document.kind != ShipNotice.__name__, len(document.number), document.number, document.id


async def _seal(ctx: Context, partner: TradingPartner, prepared: list[Prepared], counters: Counters) -> int | None:
    """One interchange, one transaction. Returns the id of its delivery, None where none of them may go."""
    assembled = await ctx.journal.write(lambda tx: assemble(tx, ctx, partner, prepared))
    if assembled.delivery is not None:
        reach("translate.rendered")
    report_warnings(assembled, counters)
    for document, held in assembled.held:
        await hold(ctx, document, held, counters)
    return assembled.delivery
