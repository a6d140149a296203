"""Endpoint to journal: list, wait until stable, fetch, claim by digest, and only then settle at the source.

A file is fetched after two equal sightings; the second follows within the same pass. Payload, digest and message row are
stored in one durable transaction before the file is settled (moved or deleted) at the source. Settling is a state of its
own and retried alone: after a crash between the two the file is stored here and still at the source, and the next pass
recognises it and only settles it.

Knows: pickups, sightings, claims. Does not know: what is in the bytes (only whether their trailer is there), any protocol.
"""

import hashlib
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from d365edi import log
from d365edi.edi.sniff import complete
from d365edi.endpoints.base import Endpoint, Remote
from d365edi.endpoints.health import kind_of
from d365edi.errors import EndpointError, Refused, Unavailable
from d365edi.failpoints import reach
from d365edi.flows import named, policy
from d365edi.flows.answer import KINDS
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.look import look
from d365edi.flows.messages import size_text
from d365edi.flows.outbox import deliver_again
from d365edi.flows.partner import PickupFlow
from d365edi.journal import Message, Sighting, Tx
from d365edi.journal.sightings import UNFINISHED
from d365edi.settings.partners import Duplicates


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A claimed file: its message, and whether the same bytes under the same key were received before (`again`), whether
    it was claimed in an earlier pass (`known`), and whether it is not at the source any more (`cleared`)."""

    message: Message
    again: bool = False
    known: bool = False
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A file that is complete, and its sighting. `beside` another one of its key in the last listing, it does not replace it."""

    remote: Remote
    sighting: Sighting
    beside: bool = False


async def receive(ctx: FlowContext, pickup: PickupFlow, counters: Counters, received: Callable[[int], object]) -> None:
    """One pass over a pickup. `received` is called with the id of each new message to translate: at once, so that the
    first is on its way while the last is still fetched."""
    endpoint = ctx.endpoints[pickup.endpoint]
    again, hidden = True, set[str]()
    while again:
        try:
            ready, hidden = await _ready(ctx, pickup, endpoint, hidden)
        except (Unavailable, Refused):  # reported by the endpoint's breaker
            counters.add("unreachable")
            return
        cleared = await _take_all(ctx, pickup, endpoint, ready, counters, received)
        again = bool(hidden & cleared)


async def _take_all(
    ctx: FlowContext,
    pickup: PickupFlow,
    endpoint: Endpoint,
    ready: Sequence[ReadyFile],
    counters: Counters,
    received: Callable[[int], object],
) -> set[str]:
    """Take what is ready, files of one name one after the other as they are listed. Returns the keys that were cleared."""
    named: dict[str, list[ReadyFile]] = {}
    for file in ready:
        named.setdefault(file.remote.name, []).append(file)
    for files in named.values():
        files.sort(key=lambda file: file.remote.modified or 0.0)
    cleared: set[str] = set()

    async def one(name: str) -> None:
        for file in named[name]:
            taken = await _take(ctx, pickup, endpoint, file, counters)
            if taken is None:
                continue
            if taken.message.state == "received" and not taken.known:
                received(taken.message.id)
            if taken.cleared:
                cleared.add(file.remote.key)

    await ctx.each(f"{pickup.endpoint}:{pickup.view}", named, one, counters, pickup.endpoint_settings.in_flight)
    return cleared


async def _ready(
    ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, hidden: Set[str]
) -> tuple[list[ReadyFile], set[str]]:
    """The files that are complete: seen often enough without a change (sentinels are handled by the endpoint), and the keys
    under which a further file is listed. `hidden` are these keys of the listing before."""
    seen = await look(ctx, pickup, endpoint)
    for _ in range(pickup.endpoint_settings.complete.needed - 1):
        if not any(_young(pickup, sighting) for sighting in seen.sightings.values()):
            break
        await ctx.sleep(pickup.endpoint_settings.complete.apart.total_seconds())
        seen = await look(ctx, pickup, endpoint)
    ready = [
        ReadyFile(remote, sighting, remote.key in hidden)
        for remote in seen.first
        if not _young(pickup, sighting := seen.sightings[remote.key])
        and not (sighting.message is not None and pickup.after.action == "leave")
    ]
    return ready, {remote.key for remote in seen.later}


def _young(pickup: PickupFlow, sighting: Sighting) -> bool:
    return sighting.message is None and sighting.equal < pickup.endpoint_settings.complete.needed


async def _take(
    ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, file: ReadyFile, counters: Counters
) -> ClaimedFile | None:
    remote, sighting = file.remote, file.sighting
    if sighting.message is not None:
        known = await ctx.journal.read(partial(_message, id=sighting.message))
        if not known.settled:
            cleared = await _settle(ctx, pickup, endpoint, remote, known, sighting.verdict)
            return ClaimedFile(known, known=True, cleared=cleared)
    try:
        payload = await endpoint.fetch(remote, pickup.endpoint_settings.max_message)
    except EndpointError as error:
        if kind_of(error):
            counters.add("unreachable")
            return None
        if str(error) != sighting.verdict:
            await _note_reason(ctx, pickup, remote, str(error))
            log.say("WARNING", pickup.name, "passed over", f"{remote.name}: {error}")
        return None
    reach("receive.fetched")
    if not policy.complete_enough(
        complete=pickup.settings.holds is not None or complete(payload), waits=sighting.waits
    ):
        await _note_reason(ctx, pickup, remote, UNFINISHED, waits=1)
        counters.add("incomplete")
        return None
    taken = await ctx.journal.write(lambda tx: _claim(tx, ctx, pickup, file, payload))
    reach("receive.claimed")
    _report(pickup, ctx.partners[pickup.partner].settings.duplicates, taken, counters)
    return replace(taken, cleared=await _settle(ctx, pickup, endpoint, remote, taken.message))


def _message(tx: Tx, id: int) -> Message:
    return tx.messages.get(id)


async def _note_reason(ctx: FlowContext, pickup: PickupFlow, remote: Remote, reason: str, *, waits: int = 0) -> None:
    await ctx.journal.write(
        lambda tx: tx.sightings.verdict(pickup.endpoint, pickup.view, remote.key, reason, waits=waits)
    )


def _claim(tx: Tx, ctx: FlowContext, pickup: PickupFlow, file: ReadyFile, payload: bytes) -> ClaimedFile:
    """One transaction: the payload, the message row with its state, the sighting that it came from, the audit line."""
    remote = file.remote
    digest = hashlib.sha256(payload).hexdigest()
    same = tx.messages.same(pickup.partner, remote.key, digest)
    if same is not None:
        tx.sightings.taken(pickup.endpoint, pickup.view, remote.key, same.id)
        tx.audit.append("duplicate", message=same.id, partner=pickup.partner, name=remote.name, digest=digest)
        _resend_acknowledgments(tx, same)
        return ClaimedFile(same, again=True)
    duplicates = ctx.partners[pickup.partner].settings.duplicates
    earlier = tx.messages.with_digest(pickup.partner, digest)
    replaced = [] if file.beside else tx.messages.named(pickup.partner, remote.key)
    decision = policy.claim(
        remote.name,
        [message.digest for message in replaced],
        [message.name for message in earlier],
        duplicates,
    )
    message = tx.messages.add(
        direction="in",
        partner=pickup.partner,
        flow=pickup.name,
        endpoint=pickup.endpoint,
        path=pickup.place.path,
        name=remote.name,
        remote=remote.key,
        size=len(payload),
        modified=remote.modified,
        payload=payload,
        state=decision.state,
        reason=decision.reason,
    )
    tx.sightings.taken(pickup.endpoint, pickup.view, remote.key, message.id)
    if decision.state == "duplicate" and earlier:
        _resend_acknowledgments(tx, earlier[0])
    detail: dict[str, Any] = {"name": remote.name, "size": len(payload), "digest": digest, "reason": decision.reason}
    tx.audit.append(decision.state, message=message.id, partner=pickup.partner, **detail)
    # What is logged has the command as it is typed.
    return ClaimedFile(replace(message, reason=named.runnable(tx, decision.reason, message, message.name)))


def _resend_acknowledgments(tx: Tx, message: Message) -> None:
    """Send the stored acknowledgment again when the same bytes arrive again: the partner may have missed it.

    Its progress makes the endpoint check first, so that an acknowledgment that is still there counts as delivered."""
    for delivery in tx.deliveries.for_message(message.id):
        answers = delivery.kind in KINDS and delivery.state == "delivered"
        if answers and tx.payloads.kept(delivery.digest):
            again = deliver_again(tx, delivery)
            tx.audit.append(
                "offered again", delivery=again.id, message=message.id, partner=delivery.partner, name=delivery.name
            )


def _report(pickup: PickupFlow, duplicates: Duplicates, taken: ClaimedFile, counters: Counters) -> None:
    message = taken.message
    if taken.again:
        counters.add("ignored")
        level: log.Level = "WARNING" if duplicates.same_name_same_bytes == "warn" else "INFO"
        sentence = f"{message.name}: received before with the same bytes, not processed again"
        log.say(level, pickup.name, "ignored", sentence, run=message.run)
        return
    counters.add(message.state)
    if message.state == "received":
        log.say("INFO", pickup.name, "received", f"{message.name} ({size_text(message.size)})", run=message.run)
    else:
        quiet = message.state == "duplicate" and duplicates.new_name_same_bytes == "skip"
        log.say("INFO" if quiet else "WARNING", pickup.name, message.state, message.reason, run=message.run)


async def _settle(
    ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, remote: Remote, message: Message, before: str = ""
) -> bool:
    """Settle the file at the source; True where it is not there any more. A failure is retried alone in the next pass, and
    logged where it is not the one `before`; nothing is fetched again."""
    if pickup.after.action == "leave":
        await ctx.journal.write(lambda tx: tx.messages.settled(message.id, remote.name))
        return False
    reach("receive.settling")
    try:
        settlement = await endpoint.settle(remote, pickup.after, message.digest)
    except EndpointError as error:
        if kind_of(error):
            return False
        if str(error) != before:
            await _note_reason(ctx, pickup, remote, str(error))
            sentence = f"{message.name} is stored but still at the source: {error}"
            log.say("WARNING", pickup.name, "not settled", sentence, run=message.run)
        return False
    reach("receive.settled")
    if settlement.outcome == "changed":
        sentence = f"{message.name} was overwritten since; it is received again"
        await ctx.journal.write(lambda tx: tx.sightings.not_taken(pickup.endpoint, pickup.view, remote.key))
        log.say("WARNING", pickup.name, "changed", sentence, run=message.run)
        return False

    def record(tx: Tx) -> None:
        tx.messages.settled(message.id, settlement.name)
        tx.audit.append(
            "settled", message=message.id, partner=message.partner, outcome=settlement.outcome, name=settlement.name
        )

    await ctx.journal.write(record)
    return True
