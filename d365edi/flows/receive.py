"""Endpoint to journal: list, wait until stable, fetch, claim by digest, and only then settle at the source.

A file is fetched after two equal sightings; the second follows within the same pass. A message of a mailbox is whole in the
first, and its id, with that of its document, is its identity: what
was claimed under it is never fetched again. Payload, digest and message row are
stored in one durable transaction before the file is settled (moved or deleted) at the source. Settling is a state of its
own and retried alone: after a crash between the two the file is stored here and still at the source, and the next pass
recognises it and only settles it.

Knows: pickups, sightings, claims. Does not know: what is in the bytes (only whether their trailer is there), any protocol.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from functools import partial

from d365edi import log
from d365edi.endpoints.base import Endpoint, Remote
from d365edi.endpoints.health import kind_of
from d365edi.errors import EndpointError, Refused, Unavailable, Vanished
from d365edi.failpoints import reach
from d365edi.flows import contents, policy, shared, vanished
from d365edi.flows.claim import ClaimedFile, ReadyFile, claim
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.look import look
from d365edi.flows.messages import size_text
from d365edi.flows.partner import PickupFlow
from d365edi.flows.series import Member, series_of
from d365edi.flows.turns import Turn, Turns
from d365edi.journal import Message, Sighting, Tx
from d365edi.journal.sightings import UNFINISHED
from d365edi.settings.partners import Duplicates

TRIES = 3
"""Failed fetches of a message after which `status` shows it."""
USED_UP = "its extract count was used up after our fetch of it began; it is fetched all the same"
UNMARKED = (
    'it is stored and was marked, and the server still offers it to others; clear it there, or set after = "delete"'
)
"""Why a message stands in `status` that is stored."""


Received = Callable[[Member], object]
"""What is called with each new message to translate."""


async def receive(ctx: FlowContext, pickup: PickupFlow, counters: Counters, received: Received) -> None:
    """One pass over a pickup. `received` is called at once, so that the first message is on its way while the last is still
    fetched; of a mailbox in the order in which they are claimed."""
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
    received: Received,
) -> set[str]:
    """Take what is ready: files of one name one after the other as they are listed, messages of a mailbox side by side, but
    claimed in the order of the listing. Returns the keys that were cleared."""
    together: dict[str, list[ReadyFile]] = {}
    for file in ready:
        together.setdefault(file.remote.key if file.keyed else file.remote.name, []).append(file)
    for files in together.values():
        files.sort(key=lambda file: file.remote.modified or 0.0)
    cleared: set[str] = set()
    turns = Turns()

    async def one(name: str) -> None:
        for file in together[name]:
            with turns.begin() as turn:
                taken = await _take(ctx, pickup, endpoint, file, counters, turn, received)
            if taken is not None and taken.cleared:
                cleared.add(file.remote.key)

    await ctx.each(f"{pickup.endpoint}:{pickup.view}", together, one, counters, pickup.endpoint_settings.in_flight)
    return cleared


async def _ready(
    ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, hidden: Set[str]
) -> tuple[list[ReadyFile], set[str]]:
    """The files that are complete: seen often enough without a change (sentinels are handled by the endpoint), and the keys
    under which a further file is listed. `hidden` are these keys of the listing before."""
    seen = await look(ctx, pickup, endpoint)
    needed = 1 if seen.mailbox else pickup.endpoint_settings.complete.needed
    for _ in range(needed - 1):
        if not any(_young(needed, sighting) for sighting in seen.sightings.values()):
            break
        await ctx.sleep(pickup.endpoint_settings.complete.apart.total_seconds())
        seen = await look(ctx, pickup, endpoint)
    ready = [
        ReadyFile(
            remote,
            sighting,
            remote.key in hidden,
            keyed=bool(seen.mailbox),
        )
        for remote in seen.first
        if not _young(needed, sighting := seen.sightings[remote.key])
        and not (sighting.message is not None and pickup.after.action == "leave")
    ]
    return ready, {remote.key for remote in seen.later}


def _young(needed: int, sighting: Sighting) -> bool:
    return sighting.message is None and sighting.equal < needed


async def _take(
    ctx: FlowContext,
    pickup: PickupFlow,
    endpoint: Endpoint,
    file: ReadyFile,
    counters: Counters,
    turn: Turn,
    received: Received,
) -> ClaimedFile | None:
    remote, sighting = file.remote, file.sighting
    if sighting.message is not None:
        known = await ctx.journal.read(partial(_message, id=sighting.message))
        if not known.settled or file.keyed:
            cleared = await _clear_known(ctx, pickup, endpoint, file, known)
            return ClaimedFile(known, known=True, cleared=cleared)
    if not remote.extractable and not sighting.verdict:
        await _note_reason(ctx, pickup, remote, USED_UP)
        log.say("WARNING", pickup.name, "received", f"{remote.name}: {USED_UP}")
    try:
        payload = await endpoint.fetch(remote, pickup.endpoint_settings.max_message)
    except EndpointError as error:
        await _not_fetched(ctx, pickup, file, error, counters)
        return None
    reach("receive.fetched")
    whole = file.keyed or pickup.settings.holds is not None or contents.complete(ctx.partners[pickup.partner], payload)
    if not policy.complete_enough(complete=whole, waits=sighting.waits):
        await _note_reason(ctx, pickup, remote, UNFINISHED, waits=1)
        counters.add("incomplete")
        return None
    owner = await shared.owner_at(ctx, pickup, payload)
    if file.keyed:
        await turn.come()
    turn.over()
    taken = await ctx.journal.write(lambda tx: claim(tx, ctx, pickup, file, payload, owner))
    reach("receive.claimed")
    new = not taken.known and taken.message.state == "received"
    if taken.before is not None:
        _report_given_again(pickup, taken.message, taken.before)
    if not taken.known:
        _report(pickup, ctx.partners[taken.message.partner].settings.duplicates, taken, counters)
    if new and file.keyed:
        received(Member(taken.message.id, series_of(taken.message)))
    cleared = await _settle(ctx, pickup, endpoint, remote, taken.message)
    if new and not file.keyed:
        received(Member(taken.message.id, series_of(taken.message)))
    return replace(taken, cleared=cleared)


async def _not_fetched(
    ctx: FlowContext, pickup: PickupFlow, file: ReadyFile, error: EndpointError, counters: Counters
) -> None:
    """What fails as a whole is reported by the breaker. What concerns this file or message alone is tried again at the next
    polls; a message of a mailbox that cannot be fetched as a whole stands in `status` from the third time on."""
    remote, sighting = file.remote, file.sighting
    if kind_of(error):
        counters.add("unreachable")
        return
    if file.keyed and not isinstance(error, Refused):
        tries = sighting.waits + 1
        await _note_reason(ctx, pickup, remote, str(error) if tries >= TRIES else "", waits=1)
        counters.add("waiting")
        if tries in (1, TRIES):
            log.say("WARNING", pickup.name, "waits", f"{remote.name}: {error}; it is tried again at each poll")
    elif file.keyed and isinstance(error, Vanished):
        if str(error) != sighting.verdict:
            line = await ctx.journal.write(
                lambda tx: vanished.unfetched(tx, pickup, remote.key, remote.name, str(error))
            )
            log.say(line.level, pickup.name, line.verb, line.sentence)
    elif str(error) != sighting.verdict:
        await _note_reason(ctx, pickup, remote, str(error))
        log.say("WARNING", pickup.name, "passed over", f"{remote.name}: {error}")


async def _clear_known(
    ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, file: ReadyFile, known: Message
) -> bool:
    """Clear the source of a message that is stored. One that is marked and still offered is marked once more, then reported."""
    remote, sighting = file.remote, file.sighting
    if known.settled and pickup.after.action == "mark":
        if sighting.waits and sighting.verdict != UNMARKED:
            await _note_reason(ctx, pickup, remote, UNMARKED)
            log.say("WARNING", pickup.name, "not settled", f"{remote.name}: {UNMARKED}", run=known.run)
        if sighting.waits:
            return False
        await _note_reason(ctx, pickup, remote, "", waits=1)
    return await _settle(ctx, pickup, endpoint, remote, known, sighting.verdict)


def _message(tx: Tx, id: int) -> Message:
    return tx.messages.get(id)


async def _note_reason(ctx: FlowContext, pickup: PickupFlow, remote: Remote, reason: str, *, waits: int = 0) -> None:
    await ctx.journal.write(
        lambda tx: tx.sightings.verdict(pickup.endpoint, pickup.view, remote.key, reason, waits=waits)
    )


def _report(pickup: PickupFlow, duplicates: Duplicates, taken: ClaimedFile, counters: Counters) -> None:
    message = taken.message
    if taken.again:
        counters.add("ignored")
        level: log.Level = "WARNING" if duplicates.same_name_same_bytes == "warn" else "INFO"
        sentence = f"{message.name}: received before with the same bytes, not processed again{taken.answered}"
        log.say(level, pickup.name, "ignored", sentence, run=message.run)
        return
    counters.add(message.state)
    if message.state == "received":
        log.say("INFO", pickup.name, "received", f"{message.name} ({size_text(message.size)})", run=message.run)
    else:
        quiet = message.state == "duplicate" and duplicates.new_name_same_bytes == "skip"
        log.say("INFO" if quiet else "WARNING", pickup.name, message.state, message.reason, run=message.run)


def _report_given_again(pickup: PickupFlow, message: Message, before: Message) -> None:
    """Said once: with its claim the id and the document are known."""
    sentence = (
        f"{message.name} in {pickup.place.path} has the id {message.remote}, which {before.name} had before, and another "
        f"document ({message.fetched_by.partition(':')[2]}, not {before.fetched_by.partition(':')[2]}): {pickup.endpoint} was "
        f"restored or is another server; it is taken as another message; see that url in [endpoints.{pickup.endpoint}] is right"
    )
    log.say("WARNING", pickup.name, "id given again", sentence, run=message.run)


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
