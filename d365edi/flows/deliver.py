"""Journal to endpoint: intent, write, verify, receipt; on failure a retry or quarantine.

The endpoint records its intent and each step in the journal before and after every side effect; called again with that
progress, it checks before it writes. So a delivery is simply retried, whatever happened to the last attempt; `policy`
decides how often. While its endpoint or its folder rests it is not tried, and not charged with the time.

Knows: deliveries and their states. Does not know: any protocol, any standard, what a payload means.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from d365edi import log
from d365edi.endpoints.base import Checkpoint, Receipt
from d365edi.endpoints.health import kind_of
from d365edi.errors import Disputed, EndpointError
from d365edi.failpoints import reach
from d365edi.flows import begun, delivery_request, latency, named, picked_up, policy, stores, subject
from d365edi.flows.answer import KINDS
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.messages import document_name
from d365edi.journal import Delivery, Document, Tx
from d365edi.odata.plan import plain_words

AUDITED_AS = {
    key: f"receipt_{key}" for key in ("message", "document", "delivery", "partner", "name", "actor", "receipt")
}
"""What a receipt says under a name that a line of the audit trail has for something else."""


async def deliver(ctx: FlowContext, delivery_id: int, counters: Counters) -> None:
    """Attempt one delivery that is due. One that is not due (any more) is skipped. Orders for stores of one order follow it."""
    following: int | None = delivery_id
    while following is not None:
        following = await _attempt(ctx, following, counters)


async def _attempt(ctx: FlowContext, delivery_id: int, counters: Counters) -> int | None:
    """One attempt. The delivery that is to be attempted next, where this one is made and others wait for their turn behind it."""
    delivery, about, stored = await ctx.journal.read(lambda tx: _about(tx, delivery_id))
    with subject.about(about):
        return await _attempt_alone(ctx, delivery, stored, counters)


def _about(tx: Tx, delivery_id: int) -> tuple[Delivery, subject.Subject, list[float]]:
    """The delivery, what it is about, and when the message of each of its documents was stored, or the one it acknowledges."""
    delivery = tx.deliveries.get(delivery_id)
    messages = [row.message for row in tx.documents.in_delivery(delivery_id)] or [delivery.message or 0]
    stored = [tx.messages.get(id).received_at for id in messages if id]
    return delivery, subject.of_delivery(tx, delivery), stored


async def _attempt_alone(
    ctx: FlowContext, delivery: Delivery, stored: Sequence[float], counters: Counters
) -> int | None:
    delivery_id = delivery.id
    async with ctx.alone(delivery.order_key):
        started = await ctx.journal.write(lambda tx: _start(tx, ctx, delivery_id))
        if started is None:
            return None
        delivery, data = started
        reach("deliver.attempting")
        parcel = delivery_request.of(ctx, delivery, data)
        began = ctx.clock()
        try:
            receipt = await ctx.endpoints[delivery.endpoint].deliver(parcel, _checkpoint(ctx, delivery.id))
        except EndpointError as error:
            await _failed(ctx, delivery, error, counters)
            return None
        reach("deliver.delivered")
        documents = await ctx.journal.write(lambda tx: record(tx, delivery, receipt))
        reach("deliver.recorded")
        measured = latency.of(to_d365=delivery.endpoint == ctx.d365_name, documents=delivery.kind not in KINDS)
        ctx.latencies.observe(measured, delivery.partner, *(ctx.clock() - since for since in stored))
        each = await ctx.journal.read(lambda tx: _subjects(tx, documents)) if len(documents) > 1 else []
        noun = plain_words(delivery.kind) if delivery.endpoint == ctx.d365_name else ""
        _report(delivery, documents, each, receipt, ctx.clock() - began, counters, noun)
    if not any(document.store for document in documents) or delivery.endpoint != ctx.d365_name:
        return None
    return await ctx.journal.read(lambda tx: tx.deliveries.behind(delivery))


def _checkpoint(ctx: FlowContext, delivery_id: int) -> Checkpoint:
    async def checkpoint(step: str, facts: Mapping[str, str]) -> None:
        await ctx.journal.write(lambda tx: tx.deliveries.checkpoint(delivery_id, step, facts))

    return checkpoint


def _start(tx: Tx, ctx: FlowContext, delivery_id: int) -> tuple[Delivery, bytes | int] | None:
    delivery = tx.deliveries.get(delivery_id)
    if delivery.state not in ("pending", "waiting", "attempting") or ctx.rests(
        delivery.endpoint, "delivery", delivery.path
    ):
        return None
    if ctx.journal.sending_held and delivery.endpoint != ctx.d365_name:
        return None
    if delivery.state == "waiting" and (delivery.until or 0.0) > tx.now:
        return None
    if not tx.deliveries.is_next(delivery_id) or begun.stands_back(tx, delivery):
        return None
    delivery = tx.deliveries.attempting(delivery_id)
    return delivery, delivery_request.data(tx, ctx, delivery)


def record(tx: Tx, delivery: Delivery, receipt: Receipt) -> list[Document]:
    """Store the receipt, the final state of each of its documents and the audit lines in one transaction. Returns them."""
    tx.deliveries.delivered(delivery.id, receipt.id, receipt.detail)
    if receipt.picked_up and delivery.extract:
        picked_up.store(tx, delivery, picked_up.Change("fetched", picked_up.BEFORE_SEEN))
    documents = tx.documents.in_delivery(delivery.id)
    for row in documents:
        if row.state == "delivering":  # else a person has decided about it in the meantime
            tx.documents.set_state(row.id, "delivered")
            stores.settle(tx, row)
    about: dict[str, Any] = {"delivery": delivery.id, "partner": delivery.partner, "name": delivery.name}
    about |= {"receipt": receipt.id} | {AUDITED_AS.get(key, key): value for key, value in receipt.detail.items()}
    for row in documents:
        tx.audit.append("delivered", message=row.message, document=row.id, **about)
    if not documents:
        tx.audit.append("delivered", message=delivery.message, **about)
    return documents


async def _failed(ctx: FlowContext, delivery: Delivery, error: EndpointError, counters: Counters) -> None:
    """Store the decision in one transaction. What concerns the whole endpoint or place is reported by its breaker."""
    now = ctx.clock()
    rested = ctx.endpoints[delivery.endpoint].rested_until(delivery.path)
    decision = policy.after_failure(
        error,
        delivery.attempts,
        max(delivery.first_failed_at or now, rested or 0.0),
        now,
        budget=ctx.partners[delivery.partner].settings.retry.budget.total_seconds(),
        jitter=ctx.jitter(),
        first_wait=ctx.first_wait,
    )
    if isinstance(decision, policy.Rest):
        await ctx.journal.write(lambda tx: _rest(tx, delivery, decision))
        counters.add("waiting")
        return
    if isinstance(decision, policy.RetryAt):
        await ctx.journal.write(lambda tx: _retry(tx, delivery, decision))
        counters.add("waiting")
        if kind_of(error):
            return
        sentence = f"{_named(delivery, decision.reason)}; next attempt in {decision.at - now:.0f} s"
        log.say("WARNING", delivery.flow, "waits", sentence)
        return
    disputed = isinstance(error, Disputed)
    sentence, count = await ctx.journal.write(lambda tx: _set_aside(tx, delivery, decision.reason, disputed=disputed))
    verb = "held" if count else "quarantined"
    counters.add(verb, count or 1)
    log.say(
        "WARNING", delivery.flow, verb, f"{_named(delivery, sentence)}{f' ({count} documents)' if count > 1 else ''}"
    )


def _named(delivery: Delivery, sentence: str) -> str:
    return sentence if delivery.name in sentence else f"{delivery.name}: {sentence}"


def _retry(tx: Tx, delivery: Delivery, decision: policy.RetryAt) -> None:
    tx.deliveries.waiting(delivery.id, decision.at, decision.reason)
    _audit_failed(tx, delivery, {"reason": decision.reason, "until": decision.at})


def _rest(tx: Tx, delivery: Delivery, decision: policy.Rest) -> None:
    _audit_failed(tx, delivery, {"reason": decision.reason})
    tx.deliveries.rests(delivery.id, decision.reason)


def _audit_failed(tx: Tx, delivery: Delivery, why: dict[str, Any]) -> None:
    each: Sequence[int | None] = [carried.document for carried in tx.delivery_documents.of(delivery.id)] or [None]
    for document in each:
        tx.audit.append("failed", delivery=delivery.id, document=document, partner=delivery.partner, **why)


def _set_aside(tx: Tx, delivery: Delivery, sentence: str, *, disputed: bool) -> tuple[str, int]:
    """Quarantine the delivery and hold each document in it for a decision. Returns the sentence with commands that work, and
    how many documents."""
    inside = [document for document in tx.documents.in_delivery(delivery.id) if document.state == "delivering"]
    sentence = stores.set_aside(tx, delivery, inside, sentence)
    tx.deliveries.quarantined(delivery.id, sentence)
    documents = [document.id for document in inside]
    for document in documents:
        tx.documents.set_state(document, "held", sentence)
    each: Sequence[int | None] = documents or [None]
    verb = "disputed" if disputed else "quarantined"
    about: dict[str, Any] = {"name": delivery.name, "reason": sentence}
    for one in each:
        tx.audit.append(verb, delivery=delivery.id, document=one, partner=delivery.partner, **about)
    row: Delivery | Document = inside[0] if len(inside) == 1 else delivery
    return named.runnable(tx, sentence, row, row.number if isinstance(row, Document) else row.name), len(documents)


def _subjects(tx: Tx, documents: Sequence[Document]) -> list[subject.Subject]:
    return [subject.of_document(tx, document) for document in documents]


def _report(
    delivery: Delivery,
    documents: Sequence[Document],
    each: Sequence[subject.Subject],
    receipt: Receipt,
    seconds: float,
    counters: Counters,
    noun: str,
) -> None:
    """Log what was delivered, or made in D365 (`noun`: what it is there); of several documents a line
    for `each`, with what it is about."""
    if noun:
        counters.add("created")
        count = receipt.detail.get("lines")
        lines = f", {count} {'line' if count == '1' else 'lines'}" if count is not None else ""
        sentence = f"{delivery.name} → {noun} {receipt.id}{lines}"
        log.say("INFO", delivery.flow, "created", sentence, ms=round(seconds * 1000), delivery=delivery.id)
        if prices := receipt.detail.get("prices"):
            counters.add("warned")
            said = f"{delivery.name}: D365 has prices of its own on {noun} {receipt.id}: {prices}; agree them with the partner"
            log.say("WARNING", delivery.flow, "warned", said, delivery=delivery.id)
        return
    counters.add("delivered")
    several = len(documents) > 1
    sentence = f"{delivery.name}{f' ({len(documents)} documents)' if several else ''} → {delivery.path}"
    log.say("INFO", delivery.flow, "delivered", sentence, ms=round(seconds * 1000), delivery=delivery.id)
    for document, about in zip(documents, each, strict=True) if several else ():
        sentence = f"{document_name(document.kind, document.number)} in {delivery.name}"
        log.say("INFO", document.flow, "delivered", sentence, delivery=delivery.id, **about)
