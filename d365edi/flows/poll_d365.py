"""D365 to journal: records posted for the partner's accounts since the cursor, except those already in the journal.

The only field to filter by is the invoice date, which has no time of day and can be back-dated. So each poll asks from the
cursor minus an overlap window and skips names that the journal has: a sent record is never sent again, whatever its date.
The first start without a configured date sets a baseline: everything in the window is recorded and not sent.

A business event only triggers a poll and carries no data that is used: a lost event costs minutes, not an invoice.

Knows: send flows, the cursor, claims. Does not know: entity names, OData, how a record becomes a document.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from d365edi import log
from d365edi.endpoints.base import Place, Remote
from d365edi.errors import Refused, Unavailable
from d365edi.failpoints import reach
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.partner import SendFlow
from d365edi.journal import Message, MessageState, Tx
from d365edi.maps.d365 import plans as maps

FETCH_LIMIT = 64 << 20
TOGETHER = 20
"""Accounts in one question: an address has room for so many."""


async def poll_d365(ctx: FlowContext, send: SendFlow, partner: str, counters: Counters) -> list[int]:
    """Poll for new records to send, company by company. Returns ids of messages to translate."""
    if ctx.is_paused(ctx.d365_name):
        return []
    ids: list[int] = []
    for company, accounts in send.accounts.items():
        try:
            for asked in await _questions(ctx, send, company, accounts):
                ids += await _poll(ctx, send, partner, asked, counters)
        except (Unavailable, Refused) as error:
            log.say("WARNING", send.name, "waits", str(error))
            counters.add("unreachable")
    return ids


@dataclass(frozen=True, slots=True)
class AskedAccounts:
    """Accounts of one company that are asked for together, as they were read equally far. `places` are their cursors' names."""

    company: str
    accounts: tuple[str, ...]
    places: tuple[str, ...]
    cursor: str | None


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


async def _poll(ctx: FlowContext, send: SendFlow, partner: str, asked: AskedAccounts, counters: Counters) -> list[int]:
    company, today = asked.company, ctx.local(ctx.clock()).date()
    since = _start(send, asked.cursor, today)
    plan = maps.read_plan(send.read_table, company=company, accounts=asked.accounts, since=since, zone=ctx.zone)
    listing = await ctx.d365.list(Place(send.settings.of, query=plan))
    if asked.cursor is None and send.settings.first_day is None:
        await ctx.journal.write(lambda tx: _baseline(tx, send, partner, asked, listing.remotes, today))
        earlier = f"{count} earlier records are not sent" if (count := len(listing.remotes)) else "no earlier records"
        whose = f"{company} for {', '.join(asked.accounts)}"
        log.say("INFO", send.name, "started", f"first start in {whose}: {earlier}")
        return []
    new = await ctx.journal.read(
        lambda tx: [remote for remote in listing.remotes if not _known(tx, send, partner, remote)]
    )
    ids: list[int] = []

    async def one(remote: Remote) -> None:
        message = await _take(ctx, send, partner, company, remote)
        if message is not None:
            counters.add("collected")
            ids.append(message.id)

    await ctx.each(f"record:{send.name}:{company}", new, one)
    if len(ids) == len(new):
        await ctx.journal.write(lambda tx: _read_until(tx, asked, today))
    return ids


def _read_until(tx: Tx, asked: AskedAccounts, today: date) -> None:
    for place in asked.places:
        tx.cursors.set(place, today.isoformat())


def _start(send: SendFlow, cursor: str | None, today: date) -> date:
    """The first day to ask for: the configured date at the first start, later the cursor minus the overlap (never before it)."""
    if cursor is None:
        return send.settings.first_day if send.settings.first_day is not None else today - send.overlap
    start = date.fromisoformat(cursor) - send.overlap
    return max(start, send.settings.first_day) if send.settings.first_day is not None else start


def _known(tx: Tx, send: SendFlow, partner: str, remote: Remote) -> bool:
    """Whether this flow has it: another flow may send the same record as another set."""
    return any(message.flow == send.name for message in tx.messages.named(partner, remote.name))


def _baseline(
    tx: Tx, send: SendFlow, partner: str, asked: AskedAccounts, remotes: tuple[Remote, ...], today: date
) -> None:
    for remote in remotes:
        if not _known(tx, send, partner, remote):
            _add(tx, send, partner, asked.company, remote, b"", "done", "posted before the first start")
    _read_until(tx, asked, today)
    accounts = list(asked.accounts)
    tx.audit.append(
        "baseline", partner=partner, flow=send.name, company=asked.company, accounts=accounts, known=len(remotes)
    )


async def _take(ctx: FlowContext, send: SendFlow, partner: str, company: str, remote: Remote) -> Message | None:
    try:
        payload = await ctx.d365.fetch(remote, FETCH_LIMIT)
    except (Unavailable, Refused) as error:
        log.say("WARNING", send.name, "waits", f"{remote.name}: {error}")
        return None
    reach("receive.fetched")

    def claim(tx: Tx) -> Message:
        known = tx.messages.same(partner, remote.name, hashlib.sha256(payload).hexdigest())
        return known or _add(tx, send, partner, company, remote, payload, "received", "")

    message = await ctx.journal.write(claim)
    reach("receive.claimed")
    return message


def _add(
    tx: Tx, send: SendFlow, partner: str, company: str, remote: Remote, payload: bytes, state: MessageState, reason: str
) -> Message:
    message = tx.messages.add(
        direction="out",
        partner=partner,
        flow=send.name,
        endpoint="d365",
        path=company,
        name=remote.name,
        size=len(payload),
        modified=None,
        payload=payload,
        state=state,
        reason=reason,
        settled=True,
    )
    if state == "received":
        tx.audit.append("collected", message=message.id, partner=partner, name=remote.name, digest=message.digest)
    return message
