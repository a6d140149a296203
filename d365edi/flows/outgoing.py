"""An interchange of ours: its control numbers taken and its bytes written, in the standard that we have with the partner.

Called inside the transaction that keeps the bytes, so that a number is taken exactly when an interchange bears it.

Knows: which numbers an interchange has. Does not know: what is in it, where it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from d365edi.edi.edifact import writer as edifact
from d365edi.edi.syntax import Standard
from d365edi.edi.x12 import writer as x12
from d365edi.flows.partner import Identity
from d365edi.journal import Tx

Segment = x12.OutgoingSegment
"""A segment's id, then its elements; a composite is a tuple."""
Body = tuple[str, Sequence[Segment]]
"""A set's id and its segments without the first and the last."""


UNB = "UNB"
"""Stands for the functional id of an EDIFACT interchange: what answers it names the interchange, not a group."""

LEVELS: dict[Standard, str] = {"X12": "ISA", "EDIFACT": UNB}
"""Which counter an interchange's number is taken from."""


@dataclass(frozen=True, slots=True)
class Interchange:
    """The bytes and the numbers they bear: `control` of the interchange, `group` of its group, `set` of its first set."""

    payload: bytes
    control: int
    functional_id: str = ""
    group: int | None = None
    set: str = ""


def interchange(
    tx: Tx,
    partner: str,
    identity: Identity,
    functional_id: str,
    bodies: Sequence[Body],
    at: datetime,
    *,
    version: str = "",
    usage: str = "",
    receipts: Sequence[Sequence[str]] = (),
) -> Interchange:
    """One interchange with these sets; without sets, of receipts (TA1) alone. `at` is local time.

    `version` is the sets' where it is not the partner's. DocumentError where a value cannot be written.
    """
    if identity.standard == "EDIFACT":
        return _edifact(tx, partner, identity, bodies, at, version, usage or identity.usage)
    control = tx.counters.take(partner, "ISA")
    group = tx.counters.take(partner, "GS") if bodies else None
    envelope = x12.Envelope(
        sender=identity.us,
        receiver=identity.them,
        group_sender=identity.group_us,
        group_receiver=identity.group_them,
        version=identity.version,
        usage=usage or identity.usage,
        syntax=identity.syntax,
        control=control,
        at=at,
    )
    groups = []
    if group is not None:
        sets = tuple(
            x12.OutgoingSet(id, f"{number:04d}", body, version if id == "999" else "")
            for number, (id, body) in enumerate(bodies, 1)
        )
        groups.append(x12.Group(functional_id, group, sets, version or None))
    payload = x12.write(envelope, groups, acknowledgments=receipts, uppercase=identity.uppercase)
    return Interchange(payload, control, functional_id if bodies else "", group, "0001" if bodies else "")


def _edifact(
    tx: Tx, partner: str, identity: Identity, bodies: Sequence[Body], at: datetime, version: str, usage: str
) -> Interchange:
    """Messages stand directly in the interchange; its reference is what an answer names."""
    control = tx.counters.take(partner, UNB)
    envelope = edifact.Envelope(
        sender=identity.us,
        receiver=identity.them,
        version=version or directory(identity),
        usage=usage,
        syntax=identity.syntax,
        control=control,
        at=at,
        charset=identity.syntax_id,
        una=identity.una,
    )
    messages = tuple(edifact.OutgoingSet(id, str(number), body) for number, (id, body) in enumerate(bodies, 1))
    payload = edifact.write(envelope, [edifact.Group("", 0, messages)], uppercase=identity.uppercase)
    return Interchange(payload, control, UNB, control, "1")


def flat(tx: Tx, partner: str, payload: bytes) -> Interchange:
    """A flat file: no number is in it, one is for its name."""
    return Interchange(payload, tx.counters.take(partner, "file"))


def directory(identity: Identity) -> str:
    """The version of our messages to a partner as UNH has it (S009): `D:96A:UN:EAN008`."""
    parts = (identity.version[:1], identity.version[1:], "UN", identity.association)
    return ":".join(part for part in parts if part)
