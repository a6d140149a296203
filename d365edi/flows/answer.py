"""The answer to a received interchange: one 997 for each group that is not itself an acknowledgment, and the TA1 that is due.

Rendered once for ever, in the transaction that reads the bytes: the same bytes offered again get this stored answer again.

Knows: what is due to whom, control numbers. Does not know: how findings become codes (that is `edi`), wires.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from d365edi.edi.interchange import GroupReport, InterchangeReport
from d365edi.edi.x12 import acknowledgment
from d365edi.flows import outgoing
from d365edi.flows.partner import Answers, Partner
from d365edi.flows.wording import kilobytes
from d365edi.journal import Message, Tx


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that stands in the outbox: its delivery, and the sentence for the log."""

    delivery: int
    sentence: str


def answer(
    tx: Tx, partner: Partner, message: Message, interchange: InterchangeReport, now: datetime, *, duplicate: bool
) -> Given | None:
    """Render the 997s (one for each group that is not itself an acknowledgment) and the TA1 of one interchange, once for ever."""
    answers = partner.answers
    if answers.target is None:
        return None
    ta1 = _ta1(answers, interchange, duplicate=duplicate)
    groups = [] if interchange.verdict == "R" or answers.send == "none" else interchange.groups
    due = [group for group in groups if group.functional_id != "FA" and not _answered(tx, partner, interchange, group)]
    if not due and ta1 is None:
        return None
    identity = partner.identities["X12"]
    form: acknowledgment.Form = "999" if answers.send == "999" else "997"
    bodies = [(form, acknowledgment.functional(group, group.control, loop=answers.loop, form=form)) for group in due]
    sent = outgoing.interchange(
        tx,
        partner.name,
        identity,
        "FA",
        bodies,
        now,
        version=_version(due, form),
        usage=interchange.usage if interchange.usage in ("P", "T", "I") else "",
        receipts=[ta1] if ta1 else (),
    )
    kind = form if due else "TA1"
    name = answers.target.name(partner=partner.name, set=kind, control=sent.control, at=now)
    delivery = tx.deliveries.add(
        message=message.id,
        partner=partner.name,
        flow=f"{partner.name}.{kind}",
        endpoint=answers.target.endpoint,
        path=answers.target.path,
        name=name,
        kind=kind,
        payload=sent.payload,
        order_key=f"{partner.name}:{kind}:{sent.control}",
        interchange=sent.control,
        functional_id=sent.functional_id,
        group=sent.group,
    )
    for group in due:
        tx.interchanges.answer(
            message=message.id,
            partner=partner.name,
            functional_id=group.functional_id,
            group_control=group.control,
            interchange_control=interchange.control,
            digest=interchange.digest,
            delivery=delivery.id,
        )
    tx.audit.append("answered", message=message.id, delivery=delivery.id, partner=partner.name, name=name, kind=kind)
    return Given(delivery.id, _sentence(message, interchange, kind, sent.control))


def _answered(tx: Tx, partner: Partner, interchange: InterchangeReport, group: GroupReport) -> bool:
    return bool(
        tx.interchanges.answered(
            partner.name, group.functional_id, group.control, interchange.control, interchange.digest
        )
    )


def _ta1(answers: Answers, interchange: InterchangeReport, *, duplicate: bool) -> list[str] | None:
    """TA1 when the interchange asks for one (ISA14) or is rejected, or always; never when the partner wants none."""
    if answers.ta1 == "never":
        return None
    if duplicate or answers.ta1 == "always" or interchange.verdict == "R" or acknowledgment.ta1_due(interchange):
        return acknowledgment.interchange(interchange, duplicate=duplicate)
    return None


def _version(groups: list[GroupReport], form: acknowledgment.Form) -> str | None:
    """A 997 is written in the version of the group it answers (5010 groups get a 5010 997), a 999 in its own."""
    if not groups:
        return None
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
    word = {"A": "accepted", "E": "accepted with errors", "R": "rejected", "P": "partly accepted"}
    verdict = "P" if "R" in verdicts and len(verdicts) > 1 else max(verdicts, default=interchange.verdict)
    return f"{message.name} ({kilobytes(message.size)}): {what}, {word[verdict]}; {kind} {control:09d}"
