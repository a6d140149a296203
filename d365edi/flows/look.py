"""One look at a pickup's place: the listing, and what of it the journal has seen before.

A folder may hold more files than one listing offers (`endpoints.portion`). What lies beyond is reported once and is not taken
for gone; where stored files stay at the source the listing is given which they are, so that they do not stand before the others.

What lay there before the first poll may be left alone (`baseline`). In a mailbox what was claimed is known by its id and its
document, whoever claimed it; that a fetch begins is recorded with the sighting, and what is gone before it ended is reported
(`vanished`).

Knows: listings, sightings. Does not know: when a file is ready, how it is taken.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from d365edi import log
from d365edi.endpoints import portion
from d365edi.endpoints.base import Endpoint, Listing, Place, Remote
from d365edi.endpoints.filenames import EMPTY, FOLDER, NEVER_TAKEN, STAYS_EMPTY
from d365edi.flows import baseline, vanished
from d365edi.flows.context import FlowContext
from d365edi.flows.messages import LogLine
from d365edi.flows.partner import PickupFlow
from d365edi.journal import Listed, Part, Passed, Sighting, Tx

BEHIND = "another file of this name is listed before it; it is taken once that one is cleared"
"""Why a file is not taken yet where a server lists its name twice."""
EMPTY_FOR = 900.0
"""Seconds after which an empty file is reported as one that cannot be taken."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: the first remote of each key, the `later` ones, which cannot be fetched before it is cleared, and the
    sighting of each key. `mailbox` is the id of the mailbox, "" of a folder."""

    first: tuple[Remote, ...]
    later: tuple[Remote, ...]
    sightings: dict[str, Sighting]
    mailbox: str


async def look(ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint) -> Look:
    """List a pickup's place and record what is there. Raises Unavailable and Refused as the endpoint does."""
    place = await ctx.journal.read(lambda tx: _place(tx, pickup))
    all_there = await _with_what_stays_empty(ctx, pickup, await endpoint.list(place))
    known_here = await baseline.known(ctx, pickup, endpoint, all_there)
    listing, earlier = baseline.without_earlier(all_there, pickup.settings.since, known_here, ctx.zone)
    first: dict[str, Remote] = {}
    later = tuple(each for each in listing.remotes if first.setdefault(each.key, each) is not each)
    known = frozenset[tuple[str, str]]()
    if stuck := [entry for entry in listing.passed_over if entry.reason in NEVER_TAKEN]:
        before = await ctx.journal.read(lambda tx: tx.sightings.passed(pickup.endpoint, pickup.view))
        known = frozenset((each.name, each.reason) for each in before)
    offered = _listed(listing, first.values(), known_here.claimed)
    here = {each.key for each in all_there.remotes} | {each.key for each in all_there.passed_over}

    def record(tx: Tx) -> tuple[list[LogLine], list[Sighting]]:
        missing = listing.mailbox and listing.whole
        gone = vanished.unlisted(tx, pickup, place.begun, here) if missing else []
        return gone, _record(tx, pickup, place, listing, offered, later, earlier)

    gone, seen = await ctx.journal.write(record)
    for line in gone:
        log.say(line.level, pickup.name, line.verb, line.sentence)
    for name, reason in {(entry.name, entry.reason): None for entry in stuck}.keys() - known:
        sentence = f'"{name}" in {pickup.place.path} cannot be taken: {reason}; {NEVER_TAKEN[reason]}'
        log.say("WARNING", pickup.name, "passed over", sentence)
    _report(ctx, pickup, listing)
    return Look(tuple(first.values()), later, {sighting.remote: sighting for sighting in seen}, listing.mailbox)


async def _with_what_stays_empty(ctx: FlowContext, pickup: PickupFlow, listing: Listing) -> Listing:
    """The listing, with another reason for each file that has been empty for so long that nobody writes it any more."""
    if all(entry.reason != EMPTY for entry in listing.passed_over):
        return listing
    at = (pickup.endpoint, pickup.view)
    long = await ctx.journal.read(
        lambda tx: (
            tx.sightings.passed_since(*at, STAYS_EMPTY).keys()
            | {key for key, since in tx.sightings.passed_since(*at, EMPTY).items() if tx.now - since >= EMPTY_FOR}
        )
    )
    passed = (
        replace(entry, reason=STAYS_EMPTY) if entry.reason == EMPTY and (entry.key or entry.name) in long else entry
        for entry in listing.passed_over
    )
    return replace(listing, passed_over=tuple(passed))


def _place(tx: Tx, pickup: PickupFlow) -> Place:
    """The place to list: with the files that failed before, and with those that stay there, where they are so many that they
    would fill a listing."""
    at = (pickup.endpoint, pickup.view)
    unsettled = (each for each in tx.messages.unsettled(pickup.endpoint, pickup.place.path) if each.flow == pickup.name)
    place = replace(
        pickup.place,
        failing=frozenset(tx.sightings.failing(*at)),
        begun=tx.sightings.begun(*at),
        unsettled=frozenset(each.fetched_by for each in unsettled if each.fetched_by),
    )
    if pickup.after.action != "leave" or tx.sightings.count_stored(*at) <= portion.PORTION // 2:
        return place
    return replace(place, taken=frozenset(tx.sightings.stored(*at)))


def _listed(listing: Listing, first: Iterable[Remote], claimed: Mapping[str, int]) -> list[Listed]:
    """What is offered, as it is recorded. Of a mailbox with the message that each is, or that its fetch begins."""
    if not listing.mailbox:
        return [Listed(remote.name, remote.size, remote.modified, remote.key) for remote in first]
    return [
        Listed(each.name, each.size, each.modified, each.key, claimed.get(each.key), int(each.key not in claimed))
        for each in first
    ]


def _record(
    tx: Tx,
    pickup: PickupFlow,
    place: Place,
    listing: Listing,
    remotes: Sequence[Listed],
    later: tuple[Remote, ...],
    earlier: int,
) -> list[Sighting]:
    ours = (pickup.after.to.rstrip("/").rpartition("/")[2], FOLDER) if pickup.after.action == "move" else None
    passed = [
        Passed(entry.name, entry.reason, entry.key)
        for entry in listing.passed_over
        if (entry.name, entry.reason) != ours  # where what was taken is moved to
    ]
    passed += [Passed(remote.name, BEHIND, f"{remote.key}/{number}") for number, remote in enumerate(later, 2)]
    there = {remote.key or remote.name for remote in remotes} | {entry.key or entry.name for entry in passed}
    new = {remote.key for remote in remotes if remote.begun}
    tx.sightings.forget_taken(pickup.endpoint, pickup.view, new)  # of what had the same id, with another document
    if listing.whole:
        _gone(tx, pickup, there - new)
    if listing.whole and not place.taken:
        return tx.sightings.record(pickup.endpoint, pickup.view, remotes, passed, earlier=earlier)
    offered = len(remotes) + listing.beyond + len(listing.left)
    left = pickup.after.action == "leave"
    part = Part(offered, len(passed) + listing.unnamed, left=left)
    tx.sightings.forget(
        pickup.endpoint, pickup.view, {name for name, _, _ in place.taken if name not in listing.left} - there
    )
    return tx.sightings.record(pickup.endpoint, pickup.view, remotes, passed, part=part, earlier=earlier)


def _gone(tx: Tx, pickup: PickupFlow, there: Set[str]) -> None:
    """Mark stored, unsettled files settled that are no longer at the source: a reply was lost, or a person removed them."""
    for message in tx.messages.unsettled(pickup.endpoint, pickup.place.path):
        if message.flow == pickup.name and message.key not in there:
            tx.messages.settled(message.id, "")
            tx.audit.append("settled", message=message.id, partner=message.partner, outcome="gone", name=message.name)


def _report(ctx: FlowContext, pickup: PickupFlow, listing: Listing) -> None:
    """Say once that a place holds more than one listing offers, and that it does no more."""
    where = f"{pickup.endpoint}:{pickup.view}"
    if listing.beyond and where not in ctx.crowded:
        ctx.crowded.add(where)
        files = len(listing.remotes) + listing.beyond
        sentence = (
            f"{files} files are in {pickup.place.path}; the oldest {len(listing.remotes)} are taken in this pass, "
            "the others in the next ones"
        )
        log.say("WARNING", pickup.name, "crowded", sentence)
    elif not listing.beyond and where in ctx.crowded:
        ctx.crowded.discard(where)
        log.say("INFO", pickup.name, "crowded", f"all files in {pickup.place.path} are listed again")
