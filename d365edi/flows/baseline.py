"""`since`: what lay at a place before its first poll, and is left alone.

Before the first poll does anything, what is there is noted by key, in one transaction: the place has a baseline from then on.
Dates are compared only where the settings name one, and only those that the server says: they tie within a second, clocks go
back, and ids need not rise. A baseline is of one server: under another address a mailbox is polled for the first time. A mailbox
gets its baseline whatever `since` says, so that the setting can be changed later; a folder where `since` asks for it, and one
that was polled before has an empty one.

Knows: listings, baselines. Does not know: how a place is listed, what is done with the rest.
"""

import sys
import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from typing import Literal

from d365edi import log
from d365edi.endpoints.base import Check, Endpoint, Listing, PassedOver, Place, Remote
from d365edi.errors import EndpointError
from d365edi.flows.context import FlowContext
from d365edi.flows.partner import PickupFlow
from d365edi.journal import BaselinePlace, Tx

Since = date | Literal["now", "all"]
SHOWN = 5
"""Names that are reported of what is left alone."""
MOST_LISTINGS = 10
"""Listings of a first poll: messages may come while it is made, and pages shift."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of a listing: messages that were claimed, by key, and the keys of what lay there before the first
    poll, each with what it would have been fetched by ("" where that was not said)."""

    claimed: dict[str, int]
    earlier: Mapping[str, str]

    def was_there(self, key: str, id: str) -> bool:
        """Whether this lay there before the first poll. A key with another document is something else."""
        before = self.earlier.get(key)
        return before is not None and (not (before and id) or before == id)


NOTHING = Known({}, {})


def key(remote: Remote, mailbox: str) -> str:
    """What a baseline knows a remote by. A file of the same name may come later: it is known by its size and time as well."""
    return remote.key if mailbox else f"{remote.key} {remote.size} {remote.modified}"


def there(listing: Listing) -> dict[str, tuple[str, str]]:
    """What a listing adds to a baseline: `fetched_by` and name by key. In a mailbox what was passed over, too: it has an id all
    the same."""
    inside = bool(listing.mailbox)
    found = {
        key(each, listing.mailbox): (each.id if inside else "", each.full_name or each.name) for each in listing.remotes
    }
    if inside:
        found |= {each.key: (each.id, each.name) for each in listing.passed_over if each.key}
    return found


def is_earlier(since: Since, remote: Remote, mailbox: str, known: Known, zone: tzinfo) -> bool:
    """Whether a remote is left alone. What has no date counts as old where it is in the baseline."""
    if since == "all":
        return False
    if since == "now" or remote.modified is None:
        return known.was_there(key(remote, mailbox), remote.id if mailbox else "")
    return remote.modified < datetime.combine(since, time(), zone).timestamp()


def without_earlier(listing: Listing, since: Since, known: Known, zone: tzinfo) -> tuple[Listing, int]:
    """The listing without what is left alone, and how much that is. What was claimed stays in it: it is still to be cleared."""
    if since == "all":
        return listing, 0
    offered = [
        each
        for each in listing.remotes
        if each.key in known.claimed or not is_earlier(since, each, listing.mailbox, known, zone)
    ]
    passed = [each for each in listing.passed_over if not _passed_earlier(each, listing.mailbox, known)]
    count = len(listing.remotes) - len(offered) + len(listing.passed_over) - len(passed)
    return replace(listing, remotes=tuple(offered), passed_over=tuple(passed)), count


def _passed_earlier(entry: PassedOver, mailbox: str, known: Known) -> bool:
    return bool(mailbox) and known.was_there(entry.key, entry.id) and entry.key not in known.claimed


async def known(ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, listing: Listing) -> Known:
    """What the journal knows of a listing. At the first poll of its place what is there is noted before. Raises as `list`."""
    at = _at(pickup, listing)
    if not listing.mailbox and pickup.settings.since == "all":
        return NOTHING
    found, noted = await ctx.journal.read(lambda tx: (_known(tx, pickup, listing), tx.baselines.noted(at)))
    if found is not None and not noted:  # renamed, or created again: it may be both, one after the other
        await ctx.journal.write(lambda tx: tx.baselines.note(at))
    if found is not None:
        await _note_late(ctx, pickup, listing, found)
        return found
    first = await _first_poll(ctx, pickup, endpoint, listing)
    others = await ctx.journal.read(lambda tx: tx.baselines.servers(pickup.endpoint, pickup.place.path))
    await ctx.journal.write(lambda tx: tx.baselines.note(at, [(key, *each) for key, each in first.items()]))
    if others:
        _report_other_server(pickup, others)
    _report(ctx, pickup, listing, Known({}, _documents(first)))
    return await ctx.journal.read(lambda tx: _known(tx, pickup, listing)) or Known({}, _documents(first))


async def _note_late(ctx: FlowContext, pickup: PickupFlow, listing: Listing, known: Known) -> None:
    """What came since the first poll and is older than the day of `since`, as what was moved there is: it is left alone like the
    rest, noted like it, and reported once."""
    since = pickup.settings.since
    if not isinstance(since, date):
        return
    old = [
        each
        for each in listing.remotes
        if each.key not in known.claimed and is_earlier(since, each, listing.mailbox, known, ctx.zone)
    ]
    late = {
        key: each
        for key, each in there(replace(listing, remotes=tuple(old), passed_over=())).items()
        if not known.was_there(key, each[0])
    }
    if late:
        await ctx.journal.write(
            lambda tx: tx.baselines.note(_at(pickup, listing), [(key, *each) for key, each in late.items()])
        )
        names = ", ".join(sorted({name for _, name in late.values()})[:SHOWN])
        sentence = (
            f"{len(late)} more in {pickup.place.path} are from before {since} and are left alone ({names}); "
            f'since = "all" in [partners.{pickup.name}] fetches them'
        )
        log.say("WARNING", pickup.name, "passed over", sentence)


def _at(pickup: PickupFlow, listing: Listing) -> BaselinePlace:
    return BaselinePlace(pickup.endpoint, pickup.server if listing.mailbox else "", pickup.place.path, listing.mailbox)


def _documents(found: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {key: document for key, (document, _) in found.items()}


def _known(tx: Tx, pickup: PickupFlow, listing: Listing) -> Known | None:
    """None where the place has no baseline."""
    at = _at(pickup, listing)
    if not tx.baselines.known(at):
        return None
    earlier = tx.baselines.keys(at) if pickup.settings.since != "all" else {}
    if not listing.mailbox:
        stored = {name: 0 for name, _, _ in tx.sightings.stored(pickup.endpoint, pickup.view)}
        return Known(stored, earlier)
    keys = {each.key: each.id for each in listing.passed_over if each.key}
    keys |= {each.key: each.id for each in listing.remotes}
    return Known(tx.messages.keyed(pickup.endpoint, keys), earlier)


async def _first_poll(
    ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint, listing: Listing
) -> dict[str, tuple[str, str]]:
    """All that is at the place, whatever the pattern: listed until a listing brings nothing new. Of a folder that was polled
    before nothing is old."""
    path = pickup.place.path
    if not listing.mailbox and await ctx.journal.read(lambda tx: tx.baselines.polled(pickup.endpoint, path)):
        return {}
    seen = there(listing)
    whole = Place(path, most=sys.maxsize)
    for _ in range(MOST_LISTINGS):
        found = there(await endpoint.list(whole))
        new = found.keys() - seen.keys()
        seen |= found
        if not new:
            break
    return seen


def _report_other_server(pickup: PickupFlow, others: Sequence[str]) -> None:
    """Say once that a mailbox of this path was polled at another address."""
    sentence = (
        f"{pickup.place.path} was polled at {', '.join(others)} before and is polled at {pickup.server} for the first time: what "
        f'lies there is treated as since = "{pickup.settings.since}" says; if it is the same server under another address, '
        f'write formerly = "{others[-1]}" in [endpoints.{pickup.endpoint}]'
    )
    log.say("WARNING", pickup.name, "another server", sentence)


def _report(ctx: FlowContext, pickup: PickupFlow, listing: Listing, first: Known) -> None:
    """Say once what is left alone, and which setting fetches it."""
    since = pickup.settings.since
    left, count = without_earlier(listing, since, first, ctx.zone)
    if count:
        what = "messages" if listing.mailbox else "files"
        day = "the first poll" if since == "now" else f"{since}"
        sentence = (
            f"{count} {what} in {pickup.place.path} are from before {day} and are left alone, {len(left.remotes)} are not; "
            f'since = "all" in [partners.{pickup.name}] fetches them'
        )
        log.say("WARNING", pickup.name, "passed over", sentence)


async def checks(ctx: FlowContext, name: str, endpoint: Endpoint, tried: Sequence[Check]) -> list[Check]:
    """What `ping` adds for each pickup from a mailbox that it found: how much there is from before `since`. Notes nothing."""
    good = {check.what for check in tried if check.ok}
    pickups = [pickup for partner in ctx.partners.values() for pickup in partner.pickups.values()]
    found = []
    for pickup in pickups:
        if pickup.endpoint == name and f"mailbox {pickup.place.path}" in good:
            started = clock.perf_counter()
            try:
                sentence = await _counted(ctx, pickup, endpoint)
            except EndpointError:
                continue  # it was there a moment ago; the next poll reports what is the matter
            milliseconds = (clock.perf_counter() - started) * 1000
            found.append(Check(f"since of {pickup.name}", True, milliseconds, sentence))
    return found


async def _counted(ctx: FlowContext, pickup: PickupFlow, endpoint: Endpoint) -> str:
    since, listing = pickup.settings.since, await endpoint.list(pickup.place)
    noted = await ctx.journal.read(lambda tx: _known(tx, pickup, listing))
    first = noted is None
    left, count = without_earlier(listing, since, noted or Known({}, _documents(there(listing))), ctx.zone)
    when = "the first poll" if since == "now" else f"{since}"
    old = f"{count} messages are from before {when} and are left alone, " if since != "all" else ""
    return f"{old}{len(left.remotes)} are picked up" + ("; it was not polled yet" if first else "")
