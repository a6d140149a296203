"""Journal to journal, the writing half: a document that is ready becomes the exact bytes of its delivery, in one transaction.

For D365 the bytes are the plan of what to look up and to write; for a partner they are an interchange, whose control
numbers and file name are assigned in the same transaction. Retries and replays of the delivery use these bytes.

Knows: documents, their resolution, their destination. Does not know: connections.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from d365edi import log
from d365edi.documents import PurchaseOrder
from d365edi.errors import DocumentError, EndpointError, Unavailable
from d365edi.failpoints import reach
from d365edi.flows import intake, policy, resolve
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.envelope import Assembled, assemble
from d365edi.flows.messages import document_name
from d365edi.flows.partner import ReceiveFlow, SendFlow, TradingPartner
from d365edi.flows.prepare import Held, prepare
from d365edi.journal import Document, NumberedDocument, Tx
from d365edi.maps.d365 import plans as d365
from d365edi.maps.table import Table
from d365edi.matching import parts

T = TypeVar("T")


async def render(ctx: FlowContext, document_id: int, counters: Counters) -> int | None:
    """Resolve and render one ready document. Returns the id of its delivery, None when it is held or must wait.

    Documents of a flow with `batch` are skipped: they are sent together."""
    document = await ctx.journal.read(lambda tx: tx.documents.get(document_id))
    if document.state != "ready":
        return None
    partner = ctx.partners[document.partner]
    flow = partner.send_flow(document.flow)
    if flow is not None and flow.settings.batch > 1:
        return None
    delivery = await tried(ctx, document, lambda: _render(ctx, partner, flow, document, counters), counters)
    if delivery is not None:
        reach("translate.rendered")
    return delivery


async def tried(
    ctx: FlowContext, document: Document, work: Callable[[], Awaitable[T | Held | None]], counters: Counters
) -> T | None:
    """Run one step of sending a document. None where it is held now, or waits until D365 can be asked again."""
    try:
        outcome = await work()
    except Unavailable as error:
        ctx.pause(ctx.d365_name, ctx.clock() + (error.retry_after or policy.FIRST_WAIT))
        log.say("WARNING", document.flow, "waits", f"{document.number}: {error}")
        counters.add("waiting")
        return None
    except (DocumentError, EndpointError) as error:
        outcome = Held((str(error),))
    if isinstance(outcome, Held):
        await hold(ctx, document, outcome, counters)
        return None
    return outcome


async def _render(
    ctx: FlowContext, partner: TradingPartner, flow: SendFlow | None, document: Document, counters: Counters
) -> int | Held | None:
    receive = partner.receive_flow(document.flow)
    if receive is not None and receive.order_table is not None:
        return await _order(ctx, partner, receive, receive.order_table, document)
    if receive is not None:
        await ctx.journal.write(lambda tx: _close_handled(tx, document))
        return None
    if flow is None:
        return Held((f"flow {document.flow} is not in the settings any more; put it back, or reject it",))
    made = await prepare(ctx, partner, flow, document, counters)
    if isinstance(made, Held):
        return made
    assembled = await ctx.journal.write(lambda tx: assemble(tx, ctx, partner, [made]))
    report_warnings(assembled, counters)
    return assembled.held[0][1] if assembled.held else assembled.delivery


def report_warnings(assembled: Assembled, counters: Counters) -> None:
    """Log the guard's warnings for documents that were sent, or held for another reason."""
    for flow, warning in assembled.warnings:
        counters.add("warned")
        log.say("WARNING", flow, "warned", warning)


async def hold(ctx: FlowContext, document: Document, held: Held, counters: Counters) -> None:
    """Hold one document for a decision, in one transaction, and log it."""
    sentence = "; ".join(held.problems)
    if document.number not in sentence:
        sentence = f"{document_name(document.kind, document.number)}: {sentence}"

    def record(tx: Tx) -> bool:
        if tx.documents.get(document.id).state not in ("ready", "held"):
            return False  # a person has decided about it in the meantime
        tx.documents.set_state(document.id, "held", sentence)
        tx.audit.append(
            "held", document=document.id, message=document.message, partner=document.partner, reason=sentence
        )
        return True

    if await ctx.journal.write(record):
        counters.add("held")
        log.say("WARNING", document.flow, "held", sentence)


def _close_handled(tx: Tx, document: Document) -> None:
    """Close a released document of which nothing is created."""
    tx.documents.set_state(document.id, "delivered", "handled by hand")


async def _order(
    ctx: FlowContext, partner: TradingPartner, receive: ReceiveFlow, table: Table, document: Document
) -> int | Held:
    """Write a partner's order as the plan of a sales order."""
    written = PurchaseOrder.from_json(document.body)
    order, findings = intake.take(written, receive.policy, table)
    resolved = await resolve.resolve(ctx, order, resolve.for_receive(partner, receive))
    problems = (*(str(finding) for finding in findings), *resolved.problems)
    if problems:
        return Held(problems)
    answers = replace(resolved.resolution, parts=parts.parts_of(order))
    numbers, company = parts.ordinals(written, order), receive.settings.company
    payload = d365.write_plan(table, order, answers, company=company, numbers=numbers).to_bytes()

    def record(tx: Tx) -> int:
        if tx.documents.get(document.id).state != "ready":
            raise DocumentError(f"{document.number} was decided by a person in the meantime")
        delivery = tx.deliveries.add(
            documents=[NumberedDocument(document.id)],
            message=document.message,
            partner=partner.name,
            flow=document.flow,
            endpoint=ctx.d365_name,
            path=receive.settings.company,
            name=f"PO {document.number}",
            kind=receive.settings.create or "",
            payload=payload,
            order_key=f"{partner.name}:order:{document.number}",
            progress=_carried_over(tx, document),
        )
        tx.documents.amend(document.id, answers=answers.to_json(), body=None)
        tx.documents.set_state(document.id, "delivering")
        return delivery.id

    return await ctx.journal.write(record)


def _carried_over(tx: Tx, document: Document) -> dict[str, str]:
    """The progress of earlier deliveries of this document: with our intent recorded, a record found in D365 counts as ours."""
    marked = [delivery.progress for delivery in tx.deliveries.for_document(document.id) if "step" in delivery.progress]
    return dict(marked[-1]) if marked else {}
