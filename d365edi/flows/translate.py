"""Journal to journal, the reading half: bytes become findings, the acknowledgment and documents, in one transaction.

The answer is decided from the findings alone, before any business mapping, so that D365 may be down and the 997 goes all the
same. The transaction set is the unit of state, the file is its parent: one bad set never blocks its siblings.

Knows: interchanges, groups, sets, who they belong to, what each becomes. Does not know: wires, how documents are resolved or sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from d365edi import log
from d365edi.edi import sniff
from d365edi.edi.interchange import FileReport, GroupReport, InterchangeReport, SetReport
from d365edi.edi.x12 import acknowledgment, writer
from d365edi.edi.x12 import reader as x12
from d365edi.failpoints import reach
from d365edi.flows import acknowledge, policy
from d365edi.flows.context import Context, Tally
from d365edi.flows.partner import Answers, Partner, Receive
from d365edi.flows.record import read_record
from d365edi.flows.wording import first_errors, kilobytes, named_ids
from d365edi.journal import Message, Tx

RELEASED = "released"
"""The reason of a message that a person let go on although its control number or name was used before."""
ACKNOWLEDGMENT_SETS = frozenset({"997", "999"})


@dataclass(slots=True)
class Judgement:
    """What a file turned out to hold: sets to map, groups to answer, acknowledgments of theirs, and what a person must see."""

    accepted: list[tuple[InterchangeReport, GroupReport, SetReport, Receive]] = field(default_factory=list)
    answered: list[InterchangeReport] = field(default_factory=list)
    answers: list[acknowledgment.Answer] = field(default_factory=list)
    receipts: list[list[str]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """What one reading left behind: ids of documents that are ready, ids of deliveries, and lines for the log."""

    documents: list[int] = field(default_factory=list)
    deliveries: list[int] = field(default_factory=list)
    lines: list[tuple[str, str, str]] = field(default_factory=list)


async def translate(ctx: Context, message_id: int, tally: Tally) -> Outcome:
    """Read one received message. Called again after a crash it finds the message still `received` and starts anew."""
    message, payload = await ctx.journal.read(lambda tx: _load(tx, message_id))
    if message.state != "received":
        return Outcome()
    partner = ctx.partners[message.partner]
    if message.direction == "out":
        outcome = Outcome()
        outcome.documents, outcome.lines = await ctx.journal.write(
            lambda tx: read_record(tx, partner, message, payload)
        )
    else:
        judgement = judge(ctx, partner, payload)
        outcome = await ctx.journal.write(lambda tx: _commit(tx, ctx, partner, message, judgement))
    reach("translate.read")
    for level, verb, sentence in outcome.lines:
        tally.add(verb)
        log.say(level, message.flow, verb, sentence, run=message.run)
    return outcome


def _load(tx: Tx, message_id: int) -> tuple[Message, bytes]:
    message = tx.messages.get(message_id)
    return message, tx.payloads.get(message.digest)


def judge(ctx: Context, partner: Partner, payload: bytes) -> Judgement:
    """Read bytes and sort what they hold. Pure but for the partner tables in `ctx`."""
    judgement = Judgement()
    if sniff.sniff(payload) != "X12":
        judgement.troubles.append(
            "it is no X12 interchange (no ISA was found); look at the file, ask the partner for it again, then: d365edi reject it"
        )
        return judgement
    report = x12.read(payload, partner.options)
    judgement.troubles.extend(str(finding) for finding in report.findings if finding.severity == "error")
    _sort(ctx, partner, report, judgement)
    if not report.interchanges and not judgement.troubles:
        judgement.troubles.append("it holds no interchange; ask the partner what it was meant to be")
    return judgement


def _sort(ctx: Context, partner: Partner, report: FileReport, judgement: Judgement) -> None:
    for interchange in report.interchanges:
        owner = ctx.route(interchange.sender, interchange.receiver)
        if owner is not partner:
            judgement.troubles.append(_misrouted(ctx, partner, interchange, owner))
            continue
        judgement.answered.append(interchange)
        judgement.receipts.extend(interchange.acknowledgments)
        if interchange.verdict == "R":
            judgement.troubles.append(
                f"interchange {interchange.control} is rejected: {first_errors(interchange.findings)}"
            )
            continue
        for group in interchange.groups:
            if group.findings and group.verdict == "R":
                judgement.troubles.append(f"group {group.control} is rejected: {first_errors(group.findings)}")
            for report_set in group.sets:
                _sort_set(partner, interchange, group, report_set, judgement)


def _sort_set(
    partner: Partner, interchange: InterchangeReport, group: GroupReport, report: SetReport, judgement: Judgement
) -> None:
    if report.id in ACKNOWLEDGMENT_SETS:
        if report.verdict == "R":
            judgement.troubles.append(
                f"their {report.id} {report.control} cannot be read: {first_errors(report.findings)}"
            )
        else:
            judgement.answers.append(acknowledgment.answer(report))
        return
    if report.verdict == "R":
        judgement.troubles.append(f"{report.id} {report.control} is rejected: {first_errors(report.findings)}")
        return
    receive = partner.receives.get(report.id)
    if receive is None:
        judgement.troubles.append(
            f"{report.id} {report.control} has no route; add [partners.{partner.name}.receive.{report.id}] "
            f"or ask the partner not to send it, then: d365edi replay it"
        )
        return
    judgement.accepted.append((interchange, group, report, receive))


def _misrouted(ctx: Context, partner: Partner, interchange: InterchangeReport, owner: Partner | None) -> str:
    got = f"it is from {interchange.sender} to {interchange.receiver}"
    if owner is not None:
        return f"{got}, which is partner {owner.name}, but it lay in a folder of {partner.name}; move it there"
    want = f"{partner.name} is from {partner.identity.them} to {partner.identity.us}"
    near = named_ids(interchange.sender, {p.name: p.identity.them for p in ctx.partners.values()})
    return (
        f"{got}, and no partner has these ids ({want}{near}); correct [partners.{partner.name}] x12 or ask the sender"
    )


def _commit(tx: Tx, ctx: Context, partner: Partner, message: Message, judgement: Judgement) -> Outcome:
    """The one transaction of the reading half."""
    outcome = Outcome()
    blocked: set[int] = set()
    now = ctx.local(tx.now)
    for interchange in judgement.answered:
        repeated = _repeated(tx, partner, message, interchange)
        repeated = "" if partner.duplicates.same_interchange == "take" else repeated
        if repeated and partner.duplicates.same_interchange == "hold":
            blocked.add(id(interchange))
            judgement.troubles.append(repeated)
            continue
        tx.interchanges.add(
            message=message.id,
            partner=partner.name,
            standard=interchange.standard,
            sender=str(interchange.sender),
            receiver=str(interchange.receiver),
            control=interchange.control,
            usage=interchange.usage,
            digest=interchange.digest,
        )
        if repeated:
            blocked.add(id(interchange))
            judgement.troubles.append(repeated)
            interchange.verdict = "R"
        outcome.deliveries.extend(
            _answer(tx, partner, message, interchange, now, duplicate=bool(repeated), outcome=outcome)
        )
    known = {(d.interchange, d.group, d.set) for d in tx.documents.for_message(message.id)}
    for interchange, group, report, receive in judgement.accepted:
        if id(interchange) not in blocked and (interchange.control, group.control, report.control) not in known:
            _document(tx, partner, message, interchange, group, report, receive, outcome)
    for answer in judgement.answers:
        outcome.lines.append(acknowledge.apply(tx, partner.name, message, answer))
    for receipt in judgement.receipts:
        outcome.lines.append(acknowledge.apply_receipt(tx, partner.name, message, receipt))
    _close(tx, message, judgement, outcome)
    return outcome


def _repeated(tx: Tx, partner: Partner, message: Message, interchange: InterchangeReport) -> str:
    """The fourth question: other bytes under a control number that this partner has used (or the same twice in one file)."""
    seen = tx.interchanges.seen(
        partner.name, str(interchange.sender), str(interchange.receiver), interchange.control, interchange.usage
    )
    seen = [earlier for earlier in seen if earlier.message != message.id or earlier.digest != interchange.digest]
    if not seen or message.reason == RELEASED:
        return ""
    return (
        f"interchange control number {interchange.control} was used before by {partner.name} (message {seen[0].message}); "
        f"ask the partner to send it under a new one, or: d365edi release {message.name}"
    )


def _close(tx: Tx, message: Message, judgement: Judgement, outcome: Outcome) -> None:
    if judgement.troubles:
        reason = "; ".join(dict.fromkeys(judgement.troubles))
        tx.messages.set_state(message.id, "quarantined", reason)
        tx.audit.append("quarantined", message=message.id, partner=message.partner, name=message.name, reason=reason)
        outcome.lines.append(("WARNING", "quarantined", f"{message.name}: {reason}"))
    else:
        tx.messages.set_state(message.id, "done")


def _answer(
    tx: Tx,
    partner: Partner,
    message: Message,
    interchange: InterchangeReport,
    now: datetime,
    *,
    duplicate: bool,
    outcome: Outcome,
) -> list[int]:
    """Render the 997s (one for each group that is not itself an acknowledgment) and the TA1 of one interchange, once for ever."""
    answers = partner.answers
    if answers.target is None:
        return []
    ta1 = _ta1(answers, interchange, duplicate=duplicate)
    groups = [] if interchange.verdict == "R" or answers.send == "none" else interchange.groups
    due = [group for group in groups if group.functional_id != "FA" and not _answered(tx, partner, interchange, group)]
    if not due and ta1 is None:
        return []
    control = tx.counters.take(partner.name, "ISA")
    sets = tuple(
        writer.OutgoingSet("997", f"{number:04d}", acknowledgment.functional(group, group.control, loop=answers.loop))
        for number, group in enumerate(due, 1)
    )
    group_control = tx.counters.take(partner.name, "GS") if due else 0
    outgoing = (writer.Group("FA", group_control, sets, _ack_version(due)),) if due else ()
    payload = writer.write(
        _envelope(partner, interchange, control, now), outgoing, acknowledgments=[ta1] if ta1 else ()
    )
    kind = "997" if due else "TA1"
    name = answers.target.name(partner=partner.name, set=kind, control=control, at=now)
    delivery = tx.deliveries.add(
        message=message.id,
        partner=partner.name,
        flow=f"{partner.name}.{kind}",
        endpoint=answers.target.endpoint,
        path=answers.target.path,
        name=name,
        kind=kind,
        payload=payload,
        order_key=f"{partner.name}:{kind}:{control}",
        interchange=control,
        functional_id="FA" if due else "",
        group=group_control or None,
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
    outcome.lines.append(("INFO", "translated", _sentence(message, interchange, kind, control)))
    return [delivery.id]


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


def _ack_version(groups: list[GroupReport]) -> str:
    """A 997 is written in the version of the group it answers (5010 groups get a 5010 997)."""
    return groups[0].version[:6] if groups[0].version[:6].isdigit() else "004010"


def _envelope(partner: Partner, interchange: InterchangeReport, control: int, now: datetime) -> writer.Envelope:
    identity = partner.identity
    return writer.Envelope(
        sender=identity.us,
        receiver=identity.them,
        group_sender=identity.group_us,
        group_receiver=identity.group_them,
        version=identity.version,
        usage=interchange.usage if interchange.usage in ("P", "T", "I") else identity.usage,
        syntax=identity.syntax,
        control=control,
        at=now,
    )


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


def _document(
    tx: Tx,
    partner: Partner,
    message: Message,
    interchange: InterchangeReport,
    group: GroupReport,
    report: SetReport,
    receive: Receive,
    outcome: Outcome,
) -> None:
    """One accepted set becomes one document row: ready, held with a sentence, or ignored by its purpose."""
    reader = receive.readers.get(report.guide.version if report.guide else "") or next(iter(receive.readers.values()))
    reading = reader.read(report)
    problems = [str(finding) for finding in reading.findings if finding.severity == "error"]
    problems += [str(f) for f in reading.unmapped if f.rule == "meaning" and f.where.segment not in receive.ignore]
    order = reading.document
    wanted = policy.purpose(order.purpose if order is not None else None, receive.purpose)
    number = order.number if order is not None else f"{report.id} {report.control}"
    if order is not None and wanted == "hold":
        problems.append(
            f"PO {number}: purpose {order.purpose} asks for a change or a copy, not a new order; "
            f"decide by hand, then: d365edi reject {number}, or add it under purpose in [partners.{partner.name}.receive.{report.id}]"
        )
    document = tx.documents.add(
        message=message.id,
        partner=partner.name,
        flow=receive.flow,
        kind="PurchaseOrder",
        number=number,
        company=receive.company,
        release=(order.release or "") if order is not None else "",
        body=order.to_json() if order is not None else "",
        map_digest=receive.map_digest,
        interchange=interchange.control,
        group=group.control,
        set=report.control,
    )
    holder = tx.documents.claim_key(document.id) if wanted == "create" else None
    if holder is not None:
        problems.append(
            f"PO {number} was received before (message {holder.message}, {holder.state}); if it is a repeat: d365edi reject "
            f"{number}; if it replaces the first, change the order in D365 by hand"
        )
    if wanted == "ignore":
        tx.documents.set_state(
            document.id, "rejected", f"purpose {order.purpose if order else ''} is ignored by setting"
        )
        outcome.lines.append(("INFO", "ignored", f"PO {number}: purpose is ignored by setting"))
    elif problems:
        sentence = "; ".join(problems)
        tx.documents.set_state(document.id, "held", sentence)
        outcome.lines.append(("WARNING", "held", sentence if number in sentence else f"PO {number}: {sentence}"))
    else:
        outcome.documents.append(document.id)
    tx.audit.append("read", message=message.id, document=document.id, partner=partner.name, number=number)
