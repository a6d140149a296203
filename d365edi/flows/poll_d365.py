"""D365 to journal: records posted for the partner's accounts since the cursor, except those already in the journal.

The only field to filter by is the invoice date, which has no time of day and can be back-dated. So each poll asks from the
cursor minus an overlap window and skips names that the journal has: a sent record is never sent again, whatever its date.
The first start without a configured date sets a baseline: everything in the window is recorded and not sent.

A business event only triggers a poll and carries no data that is used: a lost event costs minutes, not an invoice.

Knows: send flows, the cursor, claims. Does not know: entity names, OData, how a record becomes a document.
"""

import hashlib
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


async def poll_d365(ctx: FlowContext, send: SendFlow, partner: str, counters: Counters) -> list[int]:
    """Poll for new records to send, company by company. Returns ids of messages to translate."""
    if ctx.is_paused(ctx.d365_name):
        return []
    ids: list[int] = []
    for company, account in send.accounts.items():
        try:
            ids += await _company(ctx, send, partner, company, account, counters)
        except (Unavailable, Refused) as error:
            log.say("WARNING", send.name, "waits", str(error))
            counters.add("unreachable")
    return ids


async def _company(
    ctx: FlowContext, send: SendFlow, partner: str, company: str, account: str, counters: Counters
) -> list[int]:
    place = f"{send.name}:{company}"
    cursor = await ctx.journal.read(lambda tx: tx.cursors.get(place))
    today = ctx.local(ctx.clock()).date()
    since = _start(send, cursor, today)
    plan = maps.read_plan(send.read_table, company=company, accounts=(account,), since=since, zone=ctx.zone)
    listing = await ctx.d365.list(Place(send.settings.of, query=plan))
    if cursor is None and send.settings.first_day is None:
        await ctx.journal.write(lambda tx: _baseline(tx, send, partner, company, listing.remotes, today))
        earlier = f"{count} earlier records are not sent" if (count := len(listing.remotes)) else "no earlier records"
        log.say("INFO", send.name, "started", f"first start in {company}: {earlier}")
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

    await ctx.each(f"record:{place}", new, one)
    if len(ids) == len(new):
        await ctx.journal.write(lambda tx: tx.cursors.set(place, today.isoformat()))
    return ids


def _start(send: SendFlow, cursor: str | None, today: date) -> date:
    """The first day to ask for: the configured date at the first start, later the cursor minus the overlap (never before it)."""
    if cursor is None:
        return send.settings.first_day if send.settings.first_day is not None else today - send.overlap
    start = date.fromisoformat(cursor) - send.overlap
    return max(start, send.settings.first_day) if send.settings.first_day is not None else start


def _known(tx: Tx, send: SendFlow, partner: str, remote: Remote) -> bool:
    """Whether this flow has it: another flow may send the same record as another set."""
    return any(message.flow == send.name for message in tx.messages.named(partner, remote.name))


def _baseline(tx: Tx, send: SendFlow, partner: str, company: str, remotes: tuple[Remote, ...], today: date) -> None:
    for remote in remotes:
        if not _known(tx, send, partner, remote):
            _add(tx, send, partner, company, remote, b"", "done", "posted before the first start")
    tx.cursors.set(f"{send.name}:{company}", today.isoformat())
    tx.audit.append("baseline", partner=partner, flow=send.name, company=company, known=len(remotes))


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
