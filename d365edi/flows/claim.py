"""The claim: bytes that were fetched become a message of a partner, once.

A file is known by the partner, its name and its bytes; a message of a mailbox by its id and its document's at the endpoint,
whatever else it has: that is asked first. An id that comes with another document is another message: its server was restored, or
is another one. Of the four kinds of duplicate two are decided here, by the partner whose it is. At a place of several
partners that is whom its ids name (`shared`).

Knows: what was fetched, rows of messages. Does not know: how it was fetched, what becomes of it at its source.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from d365edi.endpoints.base import Remote
from d365edi.flows import named, policy
from d365edi.flows.answer import KINDS
from d365edi.flows.context import FlowContext
from d365edi.flows.outbox import deliver_again
from d365edi.flows.partner import PickupFlow
from d365edi.flows.shared import Ownership, label, problem_text
from d365edi.journal import Message, Sighting, Tx


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A claimed file: its message, and whether the same bytes under the same key were received before (`again`), whether
    it was claimed in an earlier pass (`known`), and whether it is not at the source any more (`cleared`). `before` is another
    message that had its id, `answered` what is said of acknowledgments that are sent `again`."""

    message: Message
    again: bool = False
    known: bool = False
    cleared: bool = False
    before: Message | None = None
    answered: str = ""


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A file that is complete, and its sighting. `beside` another one of its key in the last listing, it does not replace it.
    `keyed`: it is a message of a mailbox."""

    remote: Remote
    sighting: Sighting
    beside: bool = False
    keyed: bool = False


def claim(
    tx: Tx, ctx: FlowContext, pickup: PickupFlow, file: ReadyFile, payload: bytes, owner: Ownership
) -> ClaimedFile:
    """One transaction: the payload, the message row with its state, the sighting that it came from, the audit line."""
    remote, partner = file.remote, owner.partner or pickup.partner
    digest = hashlib.sha256(payload).hexdigest()
    at = (pickup.endpoint, pickup.view, remote.key)
    ids = tx.messages.keyed(pickup.endpoint, {remote.key: remote.id}) if file.keyed else {}
    if (id := ids.get(remote.key)) is not None:
        tx.sightings.taken(*at, id)
        return ClaimedFile(tx.messages.get(id), known=True)
    same = None if file.keyed else tx.messages.same(partner, remote.name, digest)
    if same is not None:
        tx.sightings.taken(*at, same.id)
        tx.audit.append("duplicate", message=same.id, partner=partner, name=remote.name, digest=digest)
        return ClaimedFile(same, again=True, answered=_resend_acknowledgments(tx, same))
    earlier = [] if owner.problem else tx.messages.with_digest(partner, digest)
    decision = _decide(tx, ctx, file, partner, earlier, owner)
    if decision.state == "duplicate" and earlier:
        decision = replace(decision, reason=f"{decision.reason}{_resend_acknowledgments(tx, earlier[0])}")
    before = next(iter(tx.messages.with_remote(pickup.endpoint, remote.key)), None) if file.keyed else None
    message = tx.messages.add(
        direction="in",
        partner=partner,
        flow=pickup.name,
        endpoint=pickup.endpoint,
        path=pickup.place.path,
        name=remote.name,
        remote=remote.key if file.keyed else "",
        fetched_by=remote.id if file.keyed else "",
        size=len(payload),
        modified=remote.modified,
        payload=payload,
        state=decision.state,
        reason=decision.reason,
    )
    tx.sightings.taken(*at, message.id)
    detail: dict[str, Any] = {"name": remote.name, "size": len(payload), "digest": digest, "reason": decision.reason}
    tx.audit.append(decision.state, message=message.id, partner=partner, **detail)
    # What is logged has the command as it is typed.
    reason = named.runnable(tx, decision.reason, message, message.name)
    return ClaimedFile(replace(message, reason=reason), before=before)


def _decide(
    tx: Tx, ctx: FlowContext, file: ReadyFile, partner: str, earlier: list[Message], owner: Ownership
) -> policy.Claim:
    if owner.problem:
        return policy.Claim("quarantined", problem_text(file.remote.name, owner.problem))
    # A message of a mailbox cannot be overwritten: one of its name is another one.
    replaced = [] if file.beside or file.keyed else tx.messages.named(partner, file.remote.name)
    name = _named(file.remote) if file.keyed and earlier else file.remote.name
    duplicates = ctx.partners[partner].settings.duplicates
    return policy.claim(name, [each.digest for each in replaced], [label(each) for each in earlier], duplicates)


def _named(remote: Remote) -> str:
    return f"{remote.name} (message {remote.key})"


def _resend_acknowledgments(tx: Tx, message: Message) -> str:
    """Send the stored acknowledgment again when the same bytes arrive again: the partner may have missed it. Returns what is
    said of it, "" where there is none.

    Its progress makes the endpoint check first, so that an acknowledgment that is still there counts as delivered."""
    names = []
    for delivery in tx.deliveries.for_message(message.id):
        answers = delivery.kind in KINDS and delivery.state == "delivered"
        if answers and tx.payloads.kept(delivery.digest):
            again = deliver_again(tx, delivery)
            names.append(again.name)
            tx.audit.append(
                "offered again", delivery=again.id, message=message.id, partner=delivery.partner, name=delivery.name
            )
    return f"; {', '.join(names)}, which answered it, is sent again in case it was missed" if names else ""
