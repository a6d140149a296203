"""Whose a message is that was found at a place of several partners (`shared`): the partner's whose ids it carries.

It belongs to that partner from the claim on: run, duplicates, audit and acknowledgments are theirs. What carries no ids, ids that
no partner has, or those of several partners, is for a person. Once the settings name the ids `release` gives it to the partner
that has them, as the same message; a poll never does that.

Knows: headers of interchanges, partners. Does not know: what is in an interchange, endpoints.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import anyio.to_thread

from d365edi.edi import reader, sniff
from d365edi.flows import named, policy, routing
from d365edi.flows.context import FlowContext
from d365edi.flows.partner import PickupFlow, TradingPartner
from d365edi.journal import Message, Tx

LARGE = 1 << 20
"""Bytes whose headers are found in about ten milliseconds."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """The name of the partner whose a message is, or why it is nobody's."""

    partner: str = ""
    problem: str = ""


def owner_of(partners: Collection[TradingPartner], payload: bytes) -> Ownership:
    """Whose these bytes are, by the ids of every interchange in them."""
    if sniff.sniff(payload) is None:
        return Ownership(problem=f"nobody can say whose it is: {sniff.missing(payload)}")
    names: dict[str, None] = {}
    for interchange in reader.headers(payload):
        owner = routing.owner(partners, interchange.sender, interchange.receiver)
        if owner is None:
            return Ownership(problem=routing.misrouted(partners, None, interchange, None))
        names[owner.name] = None
    if len(names) == 1:
        return Ownership(*names)
    if not names:
        return Ownership(problem="nobody can say whose it is: it contains no interchange")
    return Ownership(problem=f"it has interchanges of {' and '.join(names)}; ask for a file for each of them")


def is_shared(pickup: PickupFlow) -> bool:
    """Whether messages of a pickup belong to whom their ids say. Flat files have no ids."""
    return pickup.settings.shared and pickup.settings.holds is None


async def owner_at(ctx: FlowContext, pickup: PickupFlow, payload: bytes) -> Ownership:
    """Whose these bytes are that were fetched by a pickup."""
    if not is_shared(pickup):
        return Ownership(pickup.partner)
    partners = ctx.partners.values()
    if len(payload) < LARGE:
        return owner_of(partners, payload)
    async with ctx.alone("parse"):
        return await anyio.to_thread.run_sync(owner_of, partners, payload)


def problem_text(name: str, problem: str) -> str:
    """Why a message is set aside that is nobody's, with what to do."""
    ask = f'then: d365edi release {name}, or d365edi reject {name} --why "..."'
    return f"{name} was found where several partners' messages lie: {problem}; {ask}"


def found_by(partners: Iterable[TradingPartner], message: Message) -> PickupFlow | None:
    """The pickup that fetched a message, None where the settings have it no more."""
    pickups = (pickup for partner in partners for pickup in partner.pickups.values())
    return next((pickup for pickup in pickups if pickup.name == message.flow), None)


def give(tx: Tx, ctx: FlowContext, message: Message, actor: str) -> str:
    """Give a message to the partner that has its ids now, and say so; "" where it is theirs already, or of a place that is not
    shared. It is asked about as one that has just come: what that partner sent before under other ids is a duplicate."""
    pickup = found_by(ctx.partners.values(), message)
    if message.direction == "out" or pickup is None or not is_shared(pickup):
        return ""
    found = owner_of(ctx.partners.values(), tx.payloads.get(message.digest))
    if found.partner == message.partner:
        return ""
    if found.problem:
        reason = problem_text(message.name, found.problem)
        tx.messages.set_state(message.id, "quarantined", reason)
        return f"{message.name} stays set aside: {named.runnable(tx, reason, message, message.name)}"
    same = tx.messages.same(found.partner, message.name, message.digest) if not message.remote else None
    if same is not None:
        reason = f"{found.partner} has it as message {same.id}"
        tx.messages.set_state(message.id, "duplicate", reason)
        return f"{message.name} is closed: {reason}"
    earlier = [label(each) for each in tx.messages.with_digest(found.partner, message.digest) if each.id != message.id]
    decision = policy.claim(label(message), [], earlier, ctx.partners[found.partner].settings.duplicates)
    reason = decision.reason or f"it is {found.partner}'s by its ids"
    tx.messages.give(message.id, found.partner, decision.state, reason)
    tx.audit.append(
        "given", message=message.id, partner=found.partner, actor=actor, name=message.name, was=message.partner
    )
    if decision.state == "received":
        return f"{message.name} is given to {found.partner} and read"
    return f"{message.name} is given to {found.partner}: {named.runnable(tx, reason, message, message.name)}"


def label(message: Message) -> str:
    """A message in a sentence about others with its bytes: names repeat in a mailbox."""
    return f"{message.name} (message {message.remote})" if message.remote else message.name
