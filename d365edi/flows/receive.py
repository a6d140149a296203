"""Endpoint to journal: list, wait until stable, fetch, claim by digest, and only then settle at the source.

A file is fetched after two equal sightings; the second follows within the same pass. Payload, digest and message row are
stored in one durable transaction before the file is settled (moved or deleted) at the source. Settling is a state of its
own and retried alone: after a crash between the two the file is stored here and still at the source, and the next pass
recognises it and only settles it.

Knows: pickups, sightings, claims. Does not know: what is in the bytes (only whether their trailer is there), any protocol.
"""

import hashlib
from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

from d365edi import log
from d365edi.edi.sniff import complete
from d365edi.endpoints.base import Endpoint, Listing, Remote
from d365edi.errors import Refused, Unavailable
from d365edi.failpoints import reach
from d365edi.flows import policy
from d365edi.flows.answer import KINDS
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.messages import size_text
from d365edi.flows.outbox import deliver_again
from d365edi.flows.partner import PickupFlow
from d365edi.journal import Message, Sighting, Tx
from d365edi.settings.partners import Duplicates


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A claimed file: its message, and whether the same bytes under the same name were received before."""

    message: Message
    again: bool = False


async def receive(ctx: FlowContext, pickup: PickupFlow, counters: Counters, received: Callable[[int], object]) -> None:
    """One pass over a pickup. `received` is called with the id of each new message to translate: at once, so that the
    first is on its way while the last is still fetched."""
    endpoint = ctx.endpoints[pickup.endpoint]
    if ctx.is_paused(pickup.endpoint):
        return
    try:
        ready = await _ready(ctx, pickup, endpoint)
    except (Unavailable, Refused) as error:
        _out_of_reach(ctx, pickup, error)
        counters.add("unreachable")
        return

    async def one(name: str) -> None:
        taken = await _take(ctx, pickup, endpoint, *ready[name], counters)
        if taken is not None and taken.message.state == "received":
            received(taken.message.id)

    await ctx.each(f"{pickup.endpoint}:{pickup.view}", ready, one, pickup.endpoint_settings.in_flight)


def _out_of_reach(ctx: FlowContext, pickup: PickupFlow, error: Unavailable | Refused) -> None:
    wait = error.retry_after if isinstance(error, Unavailable) and error.retry_after else policy.FIRST_WAIT
    ctx.pause(pickup.endpoint, ctx.clock() + wait)
    log.say("WARNING", pickup.name, "waits", str(error))


async def _ready(ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint) -> dict[str, tuple[Remote, Sighting]]:
    """The files that are complete: seen often enough without a change (sentinels are handled by the endpoint)."""
    listing = await endpoint.list(pickup.place)
    sightings = await _note(ctx, pickup, listing)
    for _ in range(pickup.endpoint_settings.complete.needed - 1):
        if not any(_young(pickup, sighting) for sighting in sightings.values()):
            break
        await ctx.sleep(pickup.endpoint_settings.complete.apart.total_seconds())
        listing = await endpoint.list(pickup.place)
        sightings = await _note(ctx, pickup, listing)
    return {
        remote.name: (remote, sighting)
        for remote in listing.remotes
        if not _young(pickup, sighting := sightings[remote.name])
        and not (sighting.message is not None and pickup.after.action == "leave")
    }


def _young(pickup: PickupFlow, sighting: Sighting) -> bool:
    return sighting.message is None and sighting.equal < pickup.endpoint_settings.complete.needed


async def _note(ctx: FlowContext, pickup: PickupFlow, listing: Listing) -> dict[str, Sighting]:
    remotes = [(remote.name, remote.size, remote.modified) for remote in listing.remotes]
    passed = [(entry.name, entry.reason) for entry in listing.passed_over]

    def record(tx: Tx) -> list[Sighting]:
        _gone(tx, pickup, {remote[0] for remote in remotes} | {entry[0] for entry in passed})
        return tx.sightings.record(pickup.endpoint, pickup.view, remotes, passed)

    return {sighting.name: sighting for sighting in await ctx.journal.write(record)}


def _gone(tx: Tx, pickup: PickupFlow, there: Set[str]) -> None:
    """Mark stored, unsettled files settled that are no longer at the source: a reply was lost, or a person removed them."""
    for message in tx.messages.unsettled(pickup.endpoint, pickup.place.path):
        if message.flow == pickup.name and message.name not in there:
            tx.messages.settled(message.id, "")
            tx.audit.append("settled", message=message.id, partner=message.partner, outcome="gone", name=message.name)


async def _take(
    ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, remote: Remote, sighting: Sighting, counters: Counters
) -> ClaimedFile | None:
    if sighting.message is not None:
        known = await ctx.journal.read(partial(_message, id=sighting.message))
        if not known.settled:
            await _settle(ctx, pickup, endpoint, remote, known)
            return None
    try:
        payload = await endpoint.fetch(remote, pickup.endpoint_settings.max_message)
    except (Unavailable, Refused) as error:
        await _note_reason(ctx, pickup, remote, str(error))
        log.say("WARNING", pickup.name, "passed over", f"{remote.name}: {error}")
        return None
    reach("receive.fetched")
    if not policy.complete_enough(
        complete=pickup.settings.holds is not None or complete(payload), waits=sighting.waits
    ):
        await _note_reason(ctx, pickup, remote, "its trailer (IEA or UNZ) is not there yet", waits=1)
        counters.add("incomplete")
        return None
    taken = await ctx.journal.write(lambda tx: _claim(tx, ctx, pickup, remote, payload))
    reach("receive.claimed")
    _report(pickup, ctx.partners[pickup.partner].settings.duplicates, taken, counters)
    await _settle(ctx, pickup, endpoint, remote, taken.message)
    return taken


def _message(tx: Tx, id: int) -> Message:
    return tx.messages.get(id)


async def _note_reason(ctx: FlowContext, pickup: PickupFlow, remote: Remote, reason: str, *, waits: int = 0) -> None:
    await ctx.journal.write(
        lambda tx: tx.sightings.verdict(pickup.endpoint, pickup.view, remote.name, reason, waits=waits)
    )


def _claim(tx: Tx, ctx: FlowContext, pickup: PickupFlow, remote: Remote, payload: bytes) -> ClaimedFile:
    """One transaction: the payload, the message row with its state, the sighting that it came from, the audit line."""
    digest = hashlib.sha256(payload).hexdigest()
    same = tx.messages.same(pickup.partner, remote.name, digest)
    if same is not None:
        tx.sightings.taken(pickup.endpoint, pickup.view, remote.name, same.id)
        tx.audit.append("duplicate", message=same.id, partner=pickup.partner, name=remote.name, digest=digest)
        _resend_acknowledgments(tx, same)
        return ClaimedFile(same, again=True)
    duplicates = ctx.partners[pickup.partner].settings.duplicates
    earlier = tx.messages.with_digest(pickup.partner, digest)
    decision = policy.claim(
        remote.name,
        [message.digest for message in tx.messages.named(pickup.partner, remote.name)],
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
        size=len(payload),
        modified=remote.modified,
        payload=payload,
        state=decision.state,
        reason=decision.reason,
    )
    tx.sightings.taken(pickup.endpoint, pickup.view, remote.name, message.id)
    if decision.state == "duplicate" and earlier:
        _resend_acknowledgments(tx, earlier[0])
    detail: dict[str, Any] = {"name": remote.name, "size": len(payload), "digest": digest, "reason": decision.reason}
    tx.audit.append(decision.state, message=message.id, partner=pickup.partner, **detail)
    return ClaimedFile(message)


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


async def _settle(ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, remote: Remote, message: Message) -> None:
    """Settle the file at the source. A failure is retried alone in the next pass; nothing is fetched again."""
    if pickup.after.action == "leave":
        await ctx.journal.write(lambda tx: tx.messages.settled(message.id, remote.name))
        return
    reach("receive.settling")
    try:
        settlement = await endpoint.settle(remote, pickup.after, message.digest)
    except (Unavailable, Refused) as error:
        sentence = f"{message.name} is stored but still at the source: {error}"
        log.say("WARNING", pickup.name, "not settled", sentence, run=message.run)
        return
    reach("receive.settled")
    if settlement.outcome == "changed":
        sentence = f"{message.name} was overwritten since; it is received again"
        log.say("WARNING", pickup.name, "changed", sentence, run=message.run)
        return

    def record(tx: Tx) -> None:
        tx.messages.settled(message.id, settlement.name)
        tx.audit.append(
            "settled", message=message.id, partner=message.partner, outcome=settlement.outcome, name=settlement.name
        )

    await ctx.journal.write(record)
