"""A received document that is ready becomes the delivery of the plan that writes it to D365, in one transaction.

How a plan is made is a matter of the kind of record: each has its planner. Orders, which may become several records, are planned
in `render`, and stored here as all others are.

Knows: which planner makes which record. Does not know: what a plan holds, connections.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from d365edi import log
from d365edi.errors import DocumentError
from d365edi.flows import begun, billed, payments, vendor_invoices
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.flows.prepared import Held, Planned, Waits
from d365edi.journal import Document, NumberedDocument, Tx
from d365edi.maps.table import Table

Planner = Callable[[FlowContext, TradingPartner, ReceiveFlow, Table, Document], Awaitable[Planned | Held | Waits]]
"""Makes the plan of one document by this table, or says why it is held, or for what it waits. Reads only."""
PLANNERS: Mapping[str, Planner] = {
    "VendorInvoice": vendor_invoices.plan,
    "VendorPayment": payments.plan,
    "CustomerPayment": payments.plan,
}
"""By what is created (`create`)."""


async def write(
    ctx: FlowContext,
    partner: TradingPartner,
    receive: ReceiveFlow,
    table: Table,
    document: Document,
    counters: Counters,
) -> int | Held | Waits:
    """Plan one document and store its delivery: the id of this, or why the document is held or waits. Raises as the planner
    does."""
    async with billed.alone(ctx, receive, document):
        made = await PLANNERS[table.name](ctx, partner, receive, table, document)
        if isinstance(made, Held | Waits):
            return made
        delivery = await ctx.journal.write(lambda tx: _store(tx, ctx, receive, document, made))
    for warning in made.warnings:
        counters.add("warned")
        log.say("WARNING", document.flow, "warned", f"{made.plan.label}: {warning}")
    return delivery


def _store(tx: Tx, ctx: FlowContext, receive: ReceiveFlow, document: Document, made: Planned) -> int:
    for warning in made.warnings:
        about: dict[str, Any] = {"document": document.id, "message": document.message, "partner": document.partner}
        tx.audit.append("warned", name=made.plan.label, reason=warning, **about)
    answers, payload = made.answers.to_json(), made.plan.to_bytes()
    return queue(tx, ctx, receive, document, answers, payload, name=made.plan.label, order_key=made.order_key)


def queue(
    tx: Tx,
    ctx: FlowContext,
    receive: ReceiveFlow,
    document: Document,
    answers: str,
    payload: bytes,
    *,
    name: str,
    order_key: str,
) -> int:
    """The delivery of one plan; the document waits for it. Raises DocumentError where a person decided in the meantime."""
    if tx.documents.get(document.id).state != "ready":
        raise DocumentError(f"{document.number} was decided by a person in the meantime")
    delivery = tx.deliveries.add(
        documents=[NumberedDocument(document.id)],
        message=document.message,
        partner=document.partner,
        flow=document.flow,
        endpoint=ctx.d365_name,
        path=receive.settings.company,
        name=name,
        kind=receive.settings.create or "",
        payload=payload,
        order_key=order_key,
        progress=begun.carried_over(tx, document),
    )
    tx.documents.amend(document.id, answers=answers, body=None)
    tx.documents.set_state(document.id, "delivering")
    return delivery.id
