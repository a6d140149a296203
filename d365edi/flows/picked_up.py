"""Whether what was delivered to mailboxes was picked up: asked every few minutes of each mailbox where something is awaited.

A count that went down says that it was fetched. So does a message that is not there any more, less surely: a rule of the server
or the partner took it, unless we did. Of what another server, mailbox or message of its id says nothing nobody can know; it is
not asked about any more. What lies there beyond its time is overdue, and a late pick-up still closes it.

Knows: answers of endpoints, deliveries. Does not know: how an endpoint finds out, when this runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from d365edi import log
from d365edi.endpoints.base import Fetched, Gone, Lost, PickedUp, Sent, TracksPickup
from d365edi.errors import EndpointError
from d365edi.flows import subject
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.messages import LogLine
from d365edi.journal import Delivery, PickedUpState, Tx
from d365edi.journal.states import NOT_FETCHED

BEFORE_SEEN = "it was taken before it was looked up"
UNCOUNTED = "its count was never seen lower: it is not there any more"
OURS = "we took it from there ourselves: nobody can know whether somebody else did"


@dataclass(frozen=True, slots=True)
class Change:
    """What a delivery becomes, and how sure that is."""

    state: PickedUpState
    detail: str = ""


def decide(delivery: Delivery, found: PickedUp | None, *, ours: bool, now: float) -> Change | None:
    """What an answer makes of a delivery that is awaited or overdue, None where that is nothing. `ours`: we took a message of its
    id from that endpoint. Without an answer nothing is said, not even that it is late."""
    if found is None:
        return None
    if isinstance(found, Gone):
        return Change("gone", OURS) if ours else Change("fetched", UNCOUNTED)
    if isinstance(found, Lost):
        return Change("gone", found.why)
    if isinstance(found, Fetched):
        return Change("fetched")
    late = delivery.picked_up_due is not None and delivery.picked_up_due <= now
    return Change("overdue") if late and delivery.picked_up == "awaited" else None


async def track(ctx: FlowContext, counters: Counters) -> None:
    """Ask each mailbox in which something is awaited, and store what became of it."""
    for endpoint, path in await ctx.journal.read(lambda tx: tx.picked_up.places()):
        known = ctx.endpoints.get(endpoint)
        if not isinstance(known, TracksPickup) or ctx.rests(endpoint, "lookup", path):
            continue
        awaited = await ctx.journal.read(partial(_awaited, endpoint=endpoint, path=path))
        try:
            found = await known.picked_up(
                path, {each.id: Sent(each.receipt, each.extract, each.receipt_detail) for each in awaited}
            )
        except EndpointError:  # reported by the endpoint's breaker
            counters.add("unreachable")
            continue
        for line in await ctx.journal.write(partial(_record, found=found, awaited=awaited)):
            counters.add(line.verb)
            log.say(line.level, "picked up", line.verb, line.sentence, **line.fields)


def _awaited(tx: Tx, endpoint: str, path: str) -> list[Delivery]:
    """What has an id to ask for."""
    return [each for each in tx.picked_up.awaited(endpoint, path) if each.receipt]


def _record(tx: Tx, found: Mapping[int, PickedUp], awaited: Sequence[Delivery]) -> list[LogLine]:
    lines: list[LogLine] = []
    for delivery in awaited:
        ours = delivery.receipt in tx.messages.keyed(delivery.endpoint, {delivery.receipt: ""})
        change = decide(delivery, found.get(delivery.id), ours=ours, now=tx.now)
        if change is not None and tx.deliveries.get(delivery.id).picked_up == delivery.picked_up:
            store(tx, delivery, change)
            lines.append(_line(tx, delivery, change))
    return lines


def store(tx: Tx, delivery: Delivery, change: Change) -> None:
    """Store what became of a delivery, with an audit line."""
    tx.picked_up.set_state(delivery.id, change.state, change.detail)
    about: dict[str, Any] = {"delivery": delivery.id, "partner": delivery.partner, "name": delivery.name}
    verb = {"fetched": "picked up", "overdue": "not picked up"}.get(change.state, change.state)
    tx.audit.append(verb, **about, receipt=delivery.receipt, detail=change.detail)


def _line(tx: Tx, delivery: Delivery, change: Change) -> LogLine:
    po = subject.of_delivery(tx, delivery).get("po", "")
    what = f"{delivery.name} in {delivery.path} (message {delivery.receipt})"
    if change.state == "overdue":
        return LogLine("WARNING", "not picked up", f"{what} was not picked up in time; {NOT_FETCHED}", po)
    if change.state == "gone":
        return LogLine("INFO" if change.detail == OURS else "WARNING", "gone", f"{what}: {change.detail}", po)
    sure = f"; {change.detail}" if change.detail else ""
    return LogLine("INFO", "picked up", f"{what} was picked up{sure}", po)
