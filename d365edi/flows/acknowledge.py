"""Their 997, 999, TA1 and CONTRL close what we sent; what is late is named, what is unknown is kept.

An acknowledgment is matched by partner, functional id (AK101) and group control number (AK102). Where its AK2 loop is absent
the group's verdict holds for all its sets. A late answer still reconciles; a second one and one that matches nothing are
classed and kept. An accepted 997 says that the syntax was read, not that the business agreed.

Knows: the acknowledgment axis of deliveries. Does not know: bytes, wires.
"""

from __future__ import annotations

from d365edi.edi.edifact import acknowledgment as contrl
from d365edi.edi.interchange import SetReport
from d365edi.edi.x12 import acknowledgment
from d365edi.edi.x12.acknowledgment import Answer
from d365edi.failpoints import reach
from d365edi.flows import policy
from d365edi.flows.outgoing import UNB
from d365edi.flows.wording import LogLine
from d365edi.journal import Delivery, Message, Tx

SETS = frozenset({"997", "999", "CONTRL"})
"""The transaction sets that are acknowledgments."""


def read(report: SetReport) -> Answer:
    """Their acknowledgment, whichever of the SETS it is."""
    return contrl.answer(report) if report.syntax.standard == "EDIFACT" else acknowledgment.answer(report)


def apply(tx: Tx, partner: str, message: Message, answer: Answer) -> LogLine:
    """Record one answer to one of our groups, or in EDIFACT to one of our interchanges."""
    control = _number(answer.control)
    functional_id = answer.functional_id or UNB
    sent = tx.deliveries.sent_group(partner, functional_id, control) if control is not None else []
    errors = "; ".join(str(error) for answered in answer.sets for error in answered.errors)
    match, delivery = _record(tx, partner, message, sent, functional_id, answer.control, answer.verdict, errors)
    if delivery is None:
        what = (
            f"{answer.functional_id} group {answer.control}"
            if answer.functional_id
            else f"interchange {answer.control}"
        )
        return "WARNING", "unmatched", f"{message.name} answers {what}, which we never sent; kept, ask whose it is"
    if answer.receipt:
        return "INFO", "acknowledged", f"{delivery.name}: interchange received by {partner} (CONTRL 8)"
    state = policy.ACK_STATES.get(answer.verdict, "rejected")
    if match == "double":
        return _double(delivery, state, message)
    tx.deliveries.set_ack(delivery.id, state, errors)
    reach("acknowledge.matched")
    return _told(delivery, state, partner, errors or "no reason given", late=match == "late")


def apply_receipt(tx: Tx, partner: str, message: Message, ta1: list[str]) -> LogLine:
    """Record a TA1 (TA101 is the ISA13 of our interchange, TA104 the verdict, TA105 the note code). R rejects all in it.

    A verdict other than R closes nothing: what the partner thinks of the groups, their 997 says.
    """
    _, number, _, _, verdict, note, *_ = (*ta1, *[""] * 6)
    control = _number(number)
    sent = tx.deliveries.sent_interchange(partner, control) if control is not None else []
    sent = [delivery for delivery in sent if delivery.functional_id != UNB]
    match, delivery = _record(tx, partner, message, sent, "TA1", number, verdict, note)
    if delivery is None:
        return (
            "WARNING",
            "unmatched",
            f"{message.name} answers interchange {number}, which we never sent; kept, ask whose it is",
        )
    if verdict != "R":
        return "INFO", "acknowledged", f"{delivery.name}: interchange received by {partner} (TA1 {note or '000'})"
    if match == "double":
        return _double(delivery, "rejected", message)
    tx.deliveries.set_ack(delivery.id, "rejected", f"TA1 note {note}")
    return _told(delivery, "rejected", partner, f"the whole interchange, TA1 note {note}", late=match == "late")


def _record(
    tx: Tx,
    partner: str,
    message: Message,
    sent: list[Delivery],
    functional_id: str,
    control: str,
    verdict: str,
    detail: str,
) -> tuple[policy.AckClass, Delivery | None]:
    """Keep the answer with its class. Of several deliveries of the same bytes the one still awaited is meant."""
    open_ones = [delivery for delivery in sent if delivery.ack in ("awaited", "overdue")]
    delivery = (open_ones or sent)[-1] if sent else None
    match = policy.ack_class(delivery.ack if delivery else None, delivery.ack_due if delivery else None, tx.now)
    found = delivery.id if delivery is not None else None
    tx.acknowledgments.add(
        message=message.id,
        partner=partner,
        functional_id=functional_id,
        control=_number(control),
        verdict=verdict,
        match=match,
        detail=detail,
        delivery=found,
    )
    tx.audit.append(
        "acknowledged",
        message=message.id,
        delivery=found,
        partner=partner,
        functional_id=functional_id,
        control=control,
        verdict=verdict,
        match=match,
    )
    return match, delivery


def _number(control: str) -> int | None:
    return int(control) if control.isascii() and control.isdigit() else None


def _double(delivery: Delivery, state: str, message: Message) -> LogLine:
    if delivery.ack in (state, "none"):
        return "INFO", "acknowledged", f"{delivery.name}: answered {_words(state)} again by {message.name}"
    return (
        "WARNING",
        "contradicted",
        f"{delivery.name} was {_words(delivery.ack)} before, {message.name} says {_words(state)}; ask the partner which holds",
    )


def _told(delivery: Delivery, state: str, partner: str, why: str, *, late: bool) -> LogLine:
    when = " (late)" if late else ""
    if state in ("rejected", "partially"):
        return (
            "WARNING",
            state,
            f"{delivery.name} is {_words(state)} by {partner}{when}: {why}; mend the data or the map, then: "
            f"d365edi replay {delivery.name} --from render --go",
        )
    return "INFO", "acknowledged", f"{delivery.name}: {_words(state)} by {partner}{when}"


def _words(state: str) -> str:
    return {"partially": "partially accepted"}.get(state, state.replace("_", " "))


def overdue(tx: Tx) -> list[LogLine]:
    """Mark deliveries whose acknowledgment is late. Returns log lines, one for each that became late now."""
    lines: list[LogLine] = []
    for delivery in tx.deliveries.overdue(tx.now):
        tx.deliveries.set_ack(delivery.id, "overdue", "")
        tx.audit.append("overdue", delivery=delivery.id, partner=delivery.partner, name=delivery.name)
        late = f"{delivery.name}: {delivery.partner} has not answered in time; ask them whether they have it"
        lines.append(("WARNING", "overdue", late))
    return lines
