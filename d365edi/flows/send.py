"""A document of ours becomes an interchange of the partner's: resolved, echoing the order it answers, guarded, rendered.

An invoice, an answer to an order and a ship notice go the same way; what differs is which orders they answer, and that an
answer is made by comparing D365's order with theirs. Control numbers, bytes, file name and delivery are one transaction.

Knows: what leaves and what it echoes. Does not know: codes of a standard, wires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from d365edi import log
from d365edi.documents import KINDS, Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.edi.findings import Finding
from d365edi.errors import DocumentError
from d365edi.flows import guarded, outgoing, resolve
from d365edi.flows.context import Context, Tally
from d365edi.flows.partner import Partner, Send
from d365edi.flows.wording import name_of
from d365edi.journal import Document, Tx
from d365edi.maps import turnaround
from d365edi.maps.flat import FlatWriter
from d365edi.maps.resolve import Answers, complete
from d365edi.maps.respond import respond


@dataclass(frozen=True, slots=True)
class Held:
    """The document waits for a person: why, in sentences."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept of the orders that a document answers: the orders by number, and their words for D365's units."""

    orders: Mapping[str, PurchaseOrder]
    units: Mapping[str, str]


async def send(ctx: Context, partner: Partner, flow: Send, document: Document, tally: Tally) -> int | Held:
    """Render one document of ours. Returns the id of its delivery. Raises Unavailable where D365 cannot be asked now."""
    whole = KINDS[document.kind].from_json(document.body)
    assert isinstance(whole, Invoice | OrderResponse | ShipNotice)
    numbers = turnaround.named(whole)
    memory = await ctx.journal.read(lambda tx: remembered(tx, partner.name, numbers))
    profile = resolve.for_company(partner.profile, document.company, partner.customer)
    resolved = await resolve.resolve(ctx, whole, profile)
    match = guarded.matched(whole, memory.orders, resolved.answers)
    problems = (*resolved.problems, *(str(finding) for finding in match.findings if finding.severity == "error"))
    if problems:
        return Held(problems)
    _tell_notes(document, match.findings, tally)
    whole = complete(whole, resolved.answers, memory.units)
    if isinstance(whole, OrderResponse):
        whole = whole.replace(responded=whole.responded or ctx.local(ctx.clock()).date())
        whole, match = respond(whole, match, memory.units)
    body: Sequence[outgoing.Segment] | bytes
    if isinstance(flow.writer, FlatWriter):
        body = flow.writer.write(whole, order=match.order, line_orders=match.lines)
    else:
        body = flow.writer.write(whole, order=match.order, line_orders=match.lines, orders=match.orders)
    segments = () if isinstance(body, bytes) else body
    usage = flow.identity.usage if flow.identity is not None else ""
    leaving = guarded.Outgoing(document, whole, match.order, match.lines, segments, match.orders)

    def guard_and_render(tx: Tx) -> tuple[guarded.Verdict, int]:
        verdict = guarded.judge(tx, leaving, flow.guard, usage, ctx.local)
        if verdict.holds:
            return verdict, 0
        guarded.remember(tx, leaving)
        return verdict, _render(tx, ctx, partner, flow, document, body, resolved.answers)

    verdict, delivery = await ctx.journal.write(guard_and_render)
    for warning in verdict.warnings:
        tally.add("guarded")
        log.say("WARNING", document.flow, "guarded", warning)
    return Held((verdict.holds,)) if verdict.holds else delivery


def remembered(tx: Tx, partner: str, numbers: Sequence[str]) -> Memory:
    """The inbound orders of these numbers as they were read; D365 does not keep all that must be echoed."""
    orders, units = dict[str, PurchaseOrder](), dict[str, str]()
    for number in numbers:
        row = tx.documents.order(partner, number)
        if row is not None and row.body:
            orders[number] = PurchaseOrder.from_json(row.body)
            units |= Answers.from_json(row.answers).units if row.answers else {}
    return Memory(orders, units)


def _tell_notes(document: Document, findings: tuple[Finding, ...], tally: Tally) -> None:
    for finding in findings:
        tally.add("fallback")
        log.say("INFO", document.flow, "note", f"{name_of(document.kind, document.number)}: {finding}")


def _render(
    tx: Tx,
    ctx: Context,
    partner: Partner,
    flow: Send,
    document: Document,
    body: Sequence[outgoing.Segment] | bytes,
    answers: Answers,
) -> int:
    """Control numbers, bytes, file name, delivery and document state: one transaction."""
    if tx.documents.get(document.id).state != "ready":
        raise DocumentError(f"{document.number} was decided otherwise meanwhile")
    now = ctx.local(tx.now)
    if isinstance(body, bytes):
        sent, within = outgoing.flat(tx, partner.name, body), None
    else:
        assert flow.identity is not None
        sent = outgoing.interchange(tx, partner.name, flow.identity, flow.functional_id, [(flow.set, body)], now)
        within = partner.answers.expect_within
    delivery = tx.deliveries.add(
        document=document.id,
        message=document.message,
        partner=partner.name,
        flow=document.flow,
        endpoint=flow.target.endpoint,
        path=flow.target.path,
        name=flow.target.name(partner=partner.name, set=flow.set, control=sent.control, number=document.number, at=now),
        kind=flow.set,
        payload=sent.payload,
        order_key=f"{partner.name}:{flow.set}:{document.number}",
        interchange=sent.control,
        functional_id=sent.functional_id,
        group=sent.group,
        set=sent.set,
        ack="none" if within is None else "awaited",
        ack_due=None if within is None else tx.now + within.total_seconds(),
    )
    tx.documents.amend(document.id, answers=answers.to_json(), body=None)
    tx.documents.set_state(document.id, "delivering")
    tx.audit.append(
        "rendered",
        message=document.message,
        document=document.id,
        delivery=delivery.id,
        partner=partner.name,
        name=delivery.name,
        control=f"{sent.control:09d}",
        digest=delivery.digest,
    )
    return delivery.id
