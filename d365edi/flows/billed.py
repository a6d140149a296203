"""What other invoices have of the orders that an invoice is for: asked of D365, and of the journal for what is on its way there.

Two invoices for one order are planned one after the other, each with what the other one takes: before the second is planned, the
first is in the journal.

Knows: where it is asked. Does not know: what is too much (`matching.billed`), entity names.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from d365edi.documents import Invoice
from d365edi.errors import PlaceRefused, Refused
from d365edi.flows.context import FlowContext
from d365edi.flows.partner import ReceiveFlow
from d365edi.journal import DeliveryState, Document, Tx
from d365edi.maps.d365.schema import QUANTITY
from d365edi.maps.table import Table
from d365edi.matching import billed, order_match
from d365edi.matching.billed import BilledBefore, InvoiceSets, ThisInvoice
from d365edi.odata.plan import WritePlan

UNDER_WAY: tuple[DeliveryState, ...] = ("pending", "attempting", "waiting", "quarantined")
"""States of a delivery that may still be written."""


@dataclass(frozen=True, slots=True)
class Billed:
    """What others have of the orders, those that are on their way apart; `unasked`: why posted ones are not among them."""

    found: tuple[BilledBefore, ...] = ()
    on_their_way: tuple[BilledBefore, ...] = ()
    unasked: str = ""

    @property
    def all(self) -> tuple[BilledBefore, ...]:
        """What all of them have."""
        return (*self.found, *self.on_their_way)


@asynccontextmanager
async def alone(ctx: FlowContext, receive: ReceiveFlow, document: Document) -> AsyncIterator[None]:
    """Nobody else plans an invoice for the orders of this one; nothing where it is no invoice."""
    keys = set[str]()
    if receive.settings.create == "VendorInvoice":
        invoice = Invoice.from_json(document.body)
        numbers = (order_match.named_order(line, invoice) for line in invoice.lines)
        keys = {f"{receive.settings.company}:billed:{each.rstrip(' ')}".casefold() for each in numbers if each}
    async with AsyncExitStack() as stack:
        for key in sorted(keys):
            await stack.enter_async_context(ctx.alone(key))
        yield


def sets_of(table: Table) -> InvoiceSets:
    """The sets that a table writes invoices to."""
    lines = table.tree["lines"]
    return InvoiceSets(table.tree["header"]["set"], lines["set"], lines.get(QUANTITY, "ReceiveNow"))


async def known(
    ctx: FlowContext, document: Document, receive: ReceiveFlow, sets: InvoiceSets, orders: Iterable[str]
) -> Billed:
    """What others have of these orders. Raises as `ctx.d365.ask` for pending invoices."""
    numbers = tuple(orders)
    if not numbers:
        return Billed()
    pending, posted = billed.queries(numbers, receive.settings.company, sets)
    found, unasked = [*billed.pending(await ctx.d365.ask(pending), sets)], ""
    try:
        found += billed.posted(await ctx.d365.ask(posted))
    except (Refused, PlaceRefused) as error:
        unasked = f"what posted invoices have of its orders may not be asked ({error.message})"
    return Billed(tuple(found), await ctx.journal.read(lambda tx: _on_their_way(tx, document, receive, sets)), unasked)


async def told_apart(
    ctx: FlowContext, known: Billed, company: str, sets: InvoiceSets, own: ThisInvoice
) -> tuple[BilledBefore, ...]:
    """What invoices have that are not this one, each once, under their numbers."""
    query = billed.headers(known.found, company, sets)
    rows = await ctx.d365.ask(query) if query is not None else []
    others = billed.of_others(known.found, rows, own, [each.invoice for each in known.on_their_way])
    return (*others, *known.on_their_way)


def _on_their_way(tx: Tx, document: Document, receive: ReceiveFlow, sets: InvoiceSets) -> tuple[BilledBefore, ...]:
    """What the partner's invoices have of which a plan is in the journal that is not carried out yet."""
    found = list[BilledBefore]()
    for state in UNDER_WAY:
        for delivery in tx.deliveries.in_state(state, document.partner):
            if delivery.kind != receive.settings.create or delivery.path != receive.settings.company:
                continue
            if all(each.id != document.id for each in tx.documents.in_delivery(delivery.id)):
                found += billed.planned(WritePlan.from_bytes(tx.payloads.get(delivery.digest)), sets)
    return tuple(found)
