"""D365 to journal: records posted for the partner's accounts since the cursor, except those already in the journal.

The only field to filter by is the invoice date, which has no time of day and can be back-dated. So each poll asks from the
cursor minus an overlap window and skips records that the journal has (see `records`): a sent record is never sent again,
whatever its date. The first start without a configured date sets a baseline: everything in the window is recorded and not
sent. What cannot be distinguished from another record is reported when it is first seen. While the clock is doubted the cursor
stays: by a date far ahead nothing would be found, then and for as long afterwards.

A business event only triggers a poll and carries no data that is used: a lost event costs minutes, not an invoice.

Knows: send flows, the cursor, claims. Does not know: entity names, OData, how a record becomes a document.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from d365edi import log
from d365edi.endpoints.base import PassedOver, Place, Remote
from d365edi.endpoints.health import kind_of, kind_of_place
from d365edi.errors import EndpointError, Refused, Unavailable
from d365edi.failpoints import reach
from d365edi.flows import named, records
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.partner import SendFlow
from d365edi.flows.records import SortedRecords
from d365edi.journal import Message, MessageState, Passed, Tx
from d365edi.maps.d365 import plans as maps
from d365edi.odata.plan import ReadPlan

FETCH_LIMIT = 64 << 20
TOGETHER = 20
"""Accounts in one question: an address has room for so many."""


async def poll_d365(ctx: FlowContext, send: SendFlow, partner: str, counters: Counters) -> list[int]:
    """Poll for new records to send, company by company. Returns ids of messages to translate."""
    ids: list[int] = []
    if ctx.rests(ctx.d365_name):
        counters.skip(f"{ctx.d365_name} rests")
        return ids
    for company, accounts in send.accounts.items():
        passed: list[PassedOver] = []
        try:
            whole = True
            for asked in await _questions(ctx, send, company, accounts):
                polled = await _poll(ctx, send, partner, asked, counters)
                ids += polled.ids
                passed += polled.passed_over
                whole = whole and polled.whole
            await _finish(ctx, send, company, passed, whole=whole)
        except (Unavailable, Refused) as error:  # reported by the endpoint's breaker
            counters.add("refused" if kind_of_place(error, "pickup") == "place" else "unreachable")
    return ids


@dataclass(frozen=True, slots=True)
class AskedAccounts:
    """Accounts of one company that are asked for together, as they were read equally far. `places` are their cursors' names."""

    company: str
    accounts: tuple[str, ...]
    places: tuple[str, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PolledAccounts:
    """What a poll found: messages to translate, what was passed over, and whether all of the rest is stored (`whole`)."""

    ids: tuple[int, ...]
    passed_over: tuple[PassedOver, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class FetchedRecord:
    """A record and its bytes."""

    remote: Remote
    payload: bytes = field(repr=False)

    def __str__(self) -> str:
        return str(self.remote)


async def _finish(ctx: FlowContext, send: SendFlow, company: str, passed: list[PassedOver], *, whole: bool) -> None:
    """Report what was passed over and was not before; from the first whole poll on, records are known by key."""
    place = f"{send.name}/{company}"
    seen = [Passed(each.name, each.reason, each.key) for each in passed]
    before, by_name = await ctx.journal.read(
        lambda tx: (tx.sightings.passed(ctx.d365_name, place), tx.records.last_by_name(send.name, company))
    )
    if set(before) != set(seen):
        for found in await ctx.journal.write(lambda tx: tx.sightings.record_passed(ctx.d365_name, place, seen)):
            log.say("WARNING", send.name, "passed over", f"{found.name} of {company}: {found.verdict}")
    if by_name and whole:
        await ctx.journal.write(lambda tx: tx.records.by_key_from_now(send.name, company))


async def _questions(ctx: FlowContext, send: SendFlow, company: str, accounts: Sequence[str]) -> list[AskedAccounts]:
    """What to ask in a company. An account that is new among the partner's has a first start of its own, so that what was
    posted for it before is not sent."""
    place = f"{send.name}:{company}"
    places = {account: f"{place}:{account}" if at else place for at, account in enumerate(accounts)}
    read = await ctx.journal.read(lambda tx: {account: tx.cursors.get(name) for account, name in places.items()})
    found: list[AskedAccounts] = []
    for cursor in dict.fromkeys(read.values()):
        alike = [account for account in accounts if read[account] == cursor]
        parts = (alike[at : at + TOGETHER] for at in range(0, len(alike), TOGETHER))
        found += (AskedAccounts(company, tuple(part), tuple(places[each] for each in part), cursor) for part in parts)
    return found


async def _poll(
    ctx: FlowContext, send: SendFlow, partner: str, asked: AskedAccounts, counters: Counters
) -> PolledAccounts:
    company, today = asked.company, ctx.local(ctx.clock()).date()
    begins = asked.cursor is None and send.settings.first_day is None
    if begins and ctx.journal.retention_held:  # what was posted before would be counted by a wrong day
        counters.skip(f"the first start in {company} waits while the clock is doubted")
        return PolledAccounts((), (), whole=False)
    since = _start(send, asked.cursor, today)
    plan = maps.read_plan(send.read_table, company=company, accounts=asked.accounts, since=since, zone=ctx.zone)
    listing = await ctx.d365.list(Place(send.settings.of, query=plan))
    if begins:
        await ctx.journal.write(lambda tx: _baseline(tx, send, partner, asked, listing.remotes, today))
        earlier = f"{count} earlier records are not sent" if (count := len(listing.remotes)) else "no earlier records"
        whose = f"{company} for {', '.join(asked.accounts)}"
        log.say("INFO", send.name, "started", f"first start in {whose}: {earlier}")
        return PolledAccounts((), listing.passed_over)
    found = await _sorted(ctx, send, partner, company, plan, listing.remotes)
    reasons = {each.remote: each.reason for each in found.held}
    ids: list[int] = []
    held: list[int] = []

    async def one(fetched: FetchedRecord) -> None:
        reason = reasons.get(fetched.remote, "")
        message = await _take(ctx, send, partner, company, fetched, reason)
        counters.add("quarantined" if reason else "collected")
        (held if reason else ids).append(message.id)

    async def together(remotes: tuple[Remote, ...]) -> None:
        fetched = await _fetched(ctx, send, remotes)
        await ctx.each(f"record:{send.name}:{company}", fetched, one, counters)

    await ctx.each(
        f"records:{send.name}:{company}", _portions([*found.new, *reasons], ctx.d365.together), together, counters
    )
    whole = len(held) == len(reasons)
    if whole and len(ids) == len(found.new):
        await ctx.journal.write(lambda tx: None if tx.retention.held() else _read_until(tx, asked, today))
    return PolledAccounts(tuple(ids), listing.passed_over, whole)


async def _sorted(
    ctx: FlowContext, send: SendFlow, partner: str, company: str, plan: ReadPlan, remotes: Sequence[Remote]
) -> SortedRecords:
    """What the flow does not have of a listing."""
    unknown = await ctx.journal.read(lambda tx: records.unknown(tx, send, company, remotes))
    if not unknown:
        return SortedRecords(())
    found = await ctx.journal.write(lambda tx: records.sort(tx, send, partner, company, plan, remotes))
    reach("poll.sorted")
    return found


def _read_until(tx: Tx, asked: AskedAccounts, today: date) -> None:
    for place in asked.places:
        tx.cursors.set(place, today.isoformat())


def _start(send: SendFlow, cursor: str | None, today: date) -> date:
    """The first day to ask for: the configured date at the first start, later the cursor minus the overlap (never before it). A
    cursor ahead of today is a wrong clock's."""
    if cursor is None:
        return send.settings.first_day if send.settings.first_day is not None else today - send.overlap
    start = min(date.fromisoformat(cursor), today) - send.overlap
    return max(start, send.settings.first_day) if send.settings.first_day is not None else start


def _baseline(
    tx: Tx, send: SendFlow, partner: str, asked: AskedAccounts, remotes: tuple[Remote, ...], today: date
) -> None:
    for remote in records.unknown(tx, send, asked.company, remotes):
        _add(tx, send, partner, asked.company, remote, b"", "done", "posted before the first start")
    _read_until(tx, asked, today)
    accounts = list(asked.accounts)
    tx.audit.append(
        "baseline", partner=partner, flow=send.name, company=asked.company, accounts=accounts, known=len(remotes)
    )


def _portions(remotes: Sequence[Remote], most: int) -> Iterator[tuple[Remote, ...]]:
    """So many at a time."""
    return (tuple(remotes[start : start + most]) for start in range(0, len(remotes), most))


async def _fetched(ctx: FlowContext, send: SendFlow, remotes: Sequence[Remote]) -> list[FetchedRecord]:
    """Those of some records that can be fetched, with their bytes. What cannot is tried again by the next poll."""
    try:
        payloads = await ctx.d365.fetch_many(remotes, FETCH_LIMIT)
    except EndpointError as error:
        payloads = [error] * len(remotes)
    found = list[FetchedRecord]()
    for remote, payload in zip(remotes, payloads, strict=True):
        if not isinstance(payload, EndpointError):
            found.append(FetchedRecord(remote, payload))
        elif not kind_of(payload):
            log.say("WARNING", send.name, "waits", f"{remote.name}: {payload}")
    reach("receive.fetched")
    return found


async def _take(
    ctx: FlowContext, send: SendFlow, partner: str, company: str, fetched: FetchedRecord, held: str
) -> Message:
    """Store a record; with a reason why it is `held` it is not sent by itself."""
    remote, payload = fetched.remote, fetched.payload

    def claim(tx: Tx) -> Message:
        known = records.known(tx, send, company, remote)
        state: MessageState = "quarantined" if held else "received"
        return known or _runnable(tx, _add(tx, send, partner, company, remote, payload, state, held), remote.name)

    message = await ctx.journal.write(claim)
    reach("receive.claimed")
    if held:
        log.say("WARNING", send.name, "quarantined", message.reason, run=message.run)
    return message


def _runnable(tx: Tx, message: Message, name: str) -> Message:
    if message.reason:
        reason = named.runnable(tx, message.reason, message, name, by_id=True)
        tx.messages.set_state(message.id, message.state, reason)
    return tx.messages.get(message.id)


def _add(
    tx: Tx, send: SendFlow, partner: str, company: str, remote: Remote, payload: bytes, state: MessageState, reason: str
) -> Message:
    message = tx.messages.add(
        direction="out",
        partner=partner,
        flow=send.name,
        endpoint="d365",
        path=company,
        name=records.name_for(tx, send, partner, remote),
        remote=remote.key,
        size=len(payload),
        modified=None,
        payload=payload,
        state=state,
        reason=reason,
        settled=True,
    )
    if state != "done":
        detail: dict[str, Any] = {"name": message.name, "key": remote.key, "digest": message.digest}
        detail |= {"reason": reason} if reason else {}
        verb = "collected" if state == "received" else state
        tx.audit.append(verb, message=message.id, partner=partner, **detail)
    return message
