"""Endpoint to journal: list, stable?, fetch, claim by digest, and only then settle at the source.

A file is taken after two equal looks; the second follows within the same pass. It is held (payload, digest and message row in
one durable transaction) before the source is told. Settling is a state of its own and retried alone: a crash between the two
leaves a file that is here and still there, and the next look finds it known and only settles it.

Knows: pickups, looks, claims. Does not know: what is in the bytes (only whether their trailer is there), any wire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from dataclasses import dataclass
from functools import partial

from d365edi import log
from d365edi.edi.sniff import complete
from d365edi.endpoints.base import Endpoint, Listing, Remote
from d365edi.errors import Refused, Unavailable
from d365edi.failpoints import reach
from d365edi.flows import policy
from d365edi.flows.answer import KINDS
from d365edi.flows.context import Context, Counters
from d365edi.flows.messages import size_text
from d365edi.flows.outbox import deliver_again
from d365edi.flows.partner import PickupFlow
from d365edi.journal import Message, Sighting, Tx
from d365edi.settings.partners import Duplicates


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A claim made: the message, and whether these very bytes under this very name were known already."""

    message: Message
    again: bool = False


async def receive(ctx: Context, pickup: PickupFlow, counters: Counters) -> list[int]:
    """One pass over a pickup. Returns the ids of messages that are new here and wait to be translated."""
    endpoint = ctx.endpoints[pickup.endpoint]
    if ctx.is_paused(pickup.endpoint):
        return []
    try:
        ready = await _ready(ctx, pickup, endpoint)
    except (Unavailable, Refused) as error:
        _out_of_reach(ctx, pickup, error)
        counters.add("unreachable")
        return []
    ids: list[int] = []

    async def one(name: str) -> None:
        taken = await _take(ctx, pickup, endpoint, *ready[name], counters)
        if taken is not None and taken.message.state == "received":
            ids.append(taken.message.id)

    await ctx.each(f"{pickup.endpoint}:{pickup.view}", ready, one, pickup.endpoint_settings.in_flight)
    return ids


def _out_of_reach(ctx: Context, pickup: PickupFlow, error: Unavailable | Refused) -> None:
    wait = error.retry_after if isinstance(error, Unavailable) and error.retry_after else policy.FIRST_WAIT
    ctx.pause(pickup.endpoint, ctx.clock() + wait)
    log.say("WARNING", pickup.name, "waits", str(error))


async def _ready(ctx: Context, pickup: PickupFlow, endpoint: Endpoint) -> dict[str, tuple[Remote, Sighting]]:
    """The files that are complete: looked at often enough without a change (a sentinel is the endpoint's business)."""
    listing = await endpoint.list(pickup.place)
    looks = await _note(ctx, pickup, listing)
    for _ in range(pickup.endpoint_settings.complete.needed - 1):
        if not any(_young(pickup, look) for look in looks.values()):
            break
        await ctx.sleep(pickup.endpoint_settings.complete.apart.total_seconds())
        listing = await endpoint.list(pickup.place)
        looks = await _note(ctx, pickup, listing)
    return {
        remote.name: (remote, look)
        for remote in listing.remotes
        if not _young(pickup, look := looks[remote.name])
        and not (look.message is not None and pickup.after.action == "leave")
    }


def _young(pickup: PickupFlow, look: Sighting) -> bool:
    return look.message is None and look.equal < pickup.endpoint_settings.complete.needed


async def _note(ctx: Context, pickup: PickupFlow, listing: Listing) -> dict[str, Sighting]:
    remotes = [(remote.name, remote.size, remote.modified) for remote in listing.remotes]
    passed = [(entry.name, entry.reason) for entry in listing.passed_over]

    def record(tx: Tx) -> list[Sighting]:
        _gone(tx, pickup, {remote[0] for remote in remotes} | {entry[0] for entry in passed})
        return tx.sightings.record(pickup.endpoint, pickup.view, remotes, passed)

    return {look.name: look for look in await ctx.journal.write(record)}


def _gone(tx: Tx, pickup: PickupFlow, there: Set[str]) -> None:
    """Held here, never settled, and not there any more: a reply of the source was lost, or a person took it away."""
    for message in tx.messages.unsettled(pickup.endpoint, pickup.place.path):
        if message.flow == pickup.name and message.name not in there:
            tx.messages.settled(message.id, "")
            tx.audit.append("settled", message=message.id, partner=message.partner, outcome="gone", name=message.name)


async def _take(
    ctx: Context, pickup: PickupFlow, endpoint: Endpoint, remote: Remote, look: Sighting, counters: Counters
) -> ClaimedFile | None:
    if look.message is not None:
        known = await ctx.journal.read(partial(_message, id=look.message))
        if not known.settled:
            await _settle(ctx, pickup, endpoint, remote, known)
            return None
    try:
        payload = await endpoint.fetch(remote, pickup.endpoint_settings.max_message)
    except (Unavailable, Refused) as error:
        await _say_why_not(ctx, pickup, remote, str(error))
        log.say("WARNING", pickup.name, "passed over", f"{remote.name}: {error}")
        return None
    reach("receive.fetched")
    if not policy.complete_enough(complete=pickup.settings.holds is not None or complete(payload), waits=look.waits):
        await _say_why_not(ctx, pickup, remote, "its trailer (IEA or UNZ) is not there yet", waits=1)
        counters.add("incomplete")
        return None
    taken = await ctx.journal.write(lambda tx: _claim(tx, ctx, pickup, remote, payload))
    reach("receive.claimed")
    _report(pickup, ctx.partners[pickup.partner].settings.duplicates, taken, counters)
    await _settle(ctx, pickup, endpoint, remote, taken.message)
    return taken


def _message(tx: Tx, id: int) -> Message:
    return tx.messages.get(id)


async def _say_why_not(ctx: Context, pickup: PickupFlow, remote: Remote, reason: str, *, waits: int = 0) -> None:
    await ctx.journal.write(
        lambda tx: tx.sightings.verdict(pickup.endpoint, pickup.view, remote.name, reason, waits=waits)
    )


def _claim(tx: Tx, ctx: Context, pickup: PickupFlow, remote: Remote, payload: bytes) -> ClaimedFile:
    """One transaction: the payload, the message row with its state, the look that it was taken from, the audit line."""
    digest = hashlib.sha256(payload).hexdigest()
    same = tx.messages.same(pickup.partner, remote.name, digest)
    if same is not None:
        tx.sightings.taken(pickup.endpoint, pickup.view, remote.name, same.id)
        tx.audit.append("seen again", message=same.id, partner=pickup.partner, name=remote.name, digest=digest)
        _offer_answers_again(tx, same)
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
        _offer_answers_again(tx, earlier[0])
    tx.audit.append(
        "received" if decision.state == "received" else decision.state,
        message=message.id,
        partner=pickup.partner,
        name=remote.name,
        size=len(payload),
        digest=digest,
        reason=decision.reason,
    )
    return ClaimedFile(message)


def _offer_answers_again(tx: Tx, message: Message) -> None:
    """The same bytes after we answered: the partner may have missed it, so the stored answer is offered again, none is made.

    Its progress says that the name may be ours already, so that an answer still lying there counts as landed.
    """
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
        counters.add("known")
        level: log.Level = "WARNING" if duplicates.same_name_same_bytes == "warn" else "INFO"
        sentence = f"{message.name}: received before, nothing new is made of it"
        log.say(level, pickup.name, "known", sentence, run=message.run)
        return
    counters.add(message.state)
    if message.state == "received":
        log.say("INFO", pickup.name, "received", f"{message.name} ({size_text(message.size)})", run=message.run)
    else:
        quiet = message.state == "duplicate" and duplicates.new_name_same_bytes == "skip"
        log.say("INFO" if quiet else "WARNING", pickup.name, message.state, message.reason, run=message.run)


async def _settle(ctx: Context, pickup: PickupFlow, endpoint: Endpoint, remote: Remote, message: Message) -> None:
    """Tell the source that we hold it. A failure here is retried alone at the next look; nothing is fetched again."""
    if pickup.after.action == "leave":
        await ctx.journal.write(lambda tx: tx.messages.settled(message.id, remote.name))
        return
    reach("receive.settling")
    try:
        settlement = await endpoint.settle(remote, pickup.after, message.digest)
    except (Unavailable, Refused) as error:
        log.say(
            "WARNING",
            pickup.name,
            "not settled",
            f"{message.name} is held here but still there: {error}",
            run=message.run,
        )
        return
    reach("receive.settled")
    if settlement.outcome == "changed":
        log.say(
            "WARNING",
            pickup.name,
            "changed",
            f"{message.name} was overwritten since; it is received anew",
            run=message.run,
        )
        return

    def record(tx: Tx) -> None:
        tx.messages.settled(message.id, settlement.name)
        tx.audit.append(
            "settled", message=message.id, partner=message.partner, outcome=settlement.outcome, name=settlement.name
        )

    await ctx.journal.write(record)
