"""Acknowledgments that we send for a received interchange: a 997 for each group and the TA1 that is due, or a CONTRL.

Written once, in the transaction that parses the bytes: when the same bytes arrive again, the stored acknowledgment is sent.

Knows: which acknowledgment is due, control numbers. Does not know: how findings become codes (that is `edi`), connections.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from d365edi.edi.edifact import acknowledgment as contrl
from d365edi.edi.interchange import GroupReport, InterchangeReport
from d365edi.edi.x12 import acknowledgment
from d365edi.flows.interchange import UNB, Groups, write_interchange
from d365edi.flows.messages import size_text
from d365edi.flows.partner import TradingPartner
from d365edi.journal import Message, Tx
from d365edi.settings.envelope import BARE, Edifact, Envelope
from d365edi.settings.partners import Acks

KINDS = frozenset({"997", "999", "TA1", "CONTRL"})
"""The kinds of delivery that are acknowledgments."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An acknowledgment in the outbox: its delivery, and the sentence for the log."""

    delivery: int
    sentence: str


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """What acknowledges one interchange: its kind (997, 999, TA1, CONTRL), the sets in it, its version and usage ("": the agreed
    ones), TA1 segments, and the groups (functional id, control number) that it covers."""

    kind: str
    groups: Groups
    version: str = ""
    usage: str = ""
    receipts: tuple[list[str], ...] = ()
    covers: tuple[tuple[str, str], ...] = ()


Answered = Callable[[str, str], bool]
"""Whether a group, by functional id and control number, was answered before."""


def answer(
    tx: Tx, partner: TradingPartner, message: Message, interchange: InterchangeReport, now: datetime, *, duplicate: bool
) -> StoredAnswer | None:
    """Write what acknowledges one interchange: 997s (or 999s) and the TA1 in X12, one CONTRL in EDIFACT. None if none is due."""
    target = partner.settings.acks.to
    if target is None:
        return None
    envelope = partner.settings.envelopes[interchange.standard]
    answered = partial(_answered, tx, partner, interchange)
    planned = plan(interchange, partner.settings.acks, envelope, answered, duplicate=duplicate)
    if planned is None:
        return None
    sent = write_interchange(
        tx,
        partner.name,
        envelope,
        planned.groups,
        now,
        version=planned.version,
        usage=planned.usage,
        receipts=planned.receipts,
    )
    kind = planned.kind
    name = target.name(partner=partner.name, set=kind, control=sent.control, at=now)
    delivery = tx.deliveries.add(
        message=message.id,
        partner=partner.name,
        flow=f"{partner.name}.{kind}",
        endpoint=target.endpoint,
        path=target.path,
        name=name,
        kind=kind,
        payload=sent.payload,
        order_key=f"{partner.name}:{kind}:{sent.control}",
        interchange=sent.control,
        functional_id=sent.functional_id,
        group=sent.group,
        extract=target.extract,
        picked_up_within=target.seconds_to_pick_up,
    )
    for functional_id, control in planned.covers:
        tx.interchanges.answer(
            message=message.id,
            partner=partner.name,
            functional_id=functional_id,
            group_control=control,
            interchange_control=interchange.control,
            digest=interchange.digest,
            delivery=delivery.id,
        )
    tx.audit.append("answered", message=message.id, delivery=delivery.id, partner=partner.name, name=name, kind=kind)
    return StoredAnswer(delivery.id, _sentence(message, interchange, kind, sent.control))


def plan(
    interchange: InterchangeReport, acks: Acks, agreed: Envelope, answered: Answered, *, duplicate: bool = False
) -> PlannedAnswer | None:
    """What acknowledges an interchange by these settings; None if nothing is due, as where another system writes the envelopes.
    Neither journal nor clock is asked."""
    if agreed.envelope == BARE:
        return None
    if isinstance(agreed, Edifact):
        return _contrl(interchange, acks, agreed, answered, duplicate=duplicate)
    return _groups(interchange, acks, answered, duplicate=duplicate)


def _groups(interchange: InterchangeReport, acks: Acks, answered: Answered, *, duplicate: bool) -> PlannedAnswer | None:
    """One 997 or 999 for each group that is not itself an acknowledgment, and the TA1 that is due."""
    ta1 = _ta1(acks, interchange, duplicate=duplicate)
    groups = [] if interchange.verdict == "R" or acks.send == "none" else interchange.groups
    due = [group for group in groups if acknowledgment.due(group) and not answered(group.functional_id, group.control)]
    if not due and ta1 is None:
        return None
    form: acknowledgment.Form = "999" if acks.send == "999" else "997"
    version = _version(due, form)
    bodies = [
        acknowledgment.functional(group, group.control, loop=acks.loop, form=form, version=version) for group in due
    ]
    return PlannedAnswer(
        form if due else "TA1",
        {"FA": [(form, body) for body in bodies]} if due else {},
        version,
        interchange.usage if interchange.usage in ("P", "T", "I") else "",
        (ta1,) if ta1 else (),
        tuple(dict.fromkeys((group.functional_id, group.control) for group in due)),
    )


def _contrl(
    interchange: InterchangeReport, acks: Acks, agreed: Edifact, answered: Answered, *, duplicate: bool
) -> PlannedAnswer | None:
    """One CONTRL for an interchange that is not itself one."""
    before = answered(UNB, interchange.control)
    if acks.send == "none" or not contrl.due(interchange) or (before and not duplicate):
        return None
    body = contrl.interchange(interchange, loop=acks.loop, duplicate=duplicate, charset=agreed.syntax_id)
    usage = interchange.usage if interchange.usage == "T" else "P"
    covers = () if before else ((UNB, interchange.control),)
    return PlannedAnswer("CONTRL", {"": [("CONTRL", body)]}, contrl.VERSION, usage, covers=covers)


def _answered(
    tx: Tx, partner: TradingPartner, interchange: InterchangeReport, functional_id: str, group_control: str
) -> bool:
    return bool(
        tx.interchanges.answered(partner.name, functional_id, group_control, interchange.control, interchange.digest)
    )


def _ta1(acks: Acks, interchange: InterchangeReport, *, duplicate: bool) -> list[str] | None:
    """A TA1 when the interchange asks for one (ISA14) or is rejected, or always; none when the partner wants none."""
    if acks.ta1 == "never":
        return None
    if duplicate or acks.ta1 == "always" or interchange.verdict == "R" or acknowledgment.ta1_due(interchange):
        return acknowledgment.interchange(interchange, duplicate=duplicate)
    return None


def _version(groups: list[GroupReport], form: acknowledgment.Form) -> str:
    """A 997 has the version of the group it acknowledges (5010 groups get a 5010 997), a 999 its own."""
    if not groups:
        return ""
    if form == "999":
        return acknowledgment.IMPLEMENTATION
    return groups[0].version[:6] if groups[0].version[:6].isdigit() else "004010"


def _sentence(message: Message, interchange: InterchangeReport, kind: str, control: int) -> str:
    counts: dict[str, int] = {}
    verdicts: set[str] = set()
    for group in interchange.groups:
        for report in group.sets:
            counts[report.id] = counts.get(report.id, 0) + 1
            verdicts.add(report.verdict)
    what = ", ".join(f"{id} ×{n}" for id, n in counts.items()) or f"interchange {interchange.control}"
    verdict = "P" if "R" in verdicts and len(verdicts) > 1 else max(verdicts, default=interchange.verdict)
    if verdict != "R" and interchange.unread:
        verdict = "P"
    word = {"A": "accepted", "E": "accepted with errors", "R": "rejected", "P": "partly accepted"}
    return f"{message.name} ({size_text(message.size)}): {what}, {word[verdict]}; {kind} {control:09d}"
