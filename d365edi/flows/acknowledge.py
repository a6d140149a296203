"""Their 997, 999 and TA1 close what we sent; what is late is named, what is unknown is kept.

An acknowledgment is matched by partner, functional id (AK101) and group control number (AK102). Where its AK2 loop is absent
the group's verdict holds for all its sets. A late answer still reconciles; a second one and one that matches nothing are
classed and kept. An accepted 997 says that the syntax was read, not that the business agreed.

Knows: the acknowledgment axis of deliveries. Does not know: bytes, wires.
"""

from __future__ import annotations

from d365edi.edi.x12.acknowledgment import Answer
from d365edi.failpoints import reach
from d365edi.flows import policy
from d365edi.journal import Message, Tx

TA1_STATES = {"A": "accepted", "E": "accepted_with_errors", "R": "rejected"}


def apply(tx: Tx, partner: str, message: Message, answer: Answer) -> tuple[str, str, str]:
    """Record one answer to one of our groups. Returns a log line as (level, verb, sentence)."""
    sent = tx.deliveries.sent_group(partner, answer.functional_id, int(answer.control or 0))
    delivery = sent[0] if sent else None
    kind = policy.ack_class(delivery.ack if delivery else None, delivery.ack_due if delivery else None, tx.now)
    errors = "; ".join(str(error) for answered in answer.sets for error in answered.errors)
    tx.acknowledgments.add(
        message.id,
        partner,
        answer.functional_id,
        answer.control,
        answer.verdict,
        kind,
        errors,
        delivery.id if delivery else None,
    )
    tx.audit.append(
        "acknowledged",
        message=message.id,
        delivery=delivery.id if delivery else None,
        partner=partner,
        control=answer.control,
        verdict=answer.verdict,
        kind=kind,
    )
    what = f"{answer.functional_id} group {answer.control}"
    if delivery is None:
        return (
            "WARNING",
            "unmatched",
            f"{message.name} answers {what}, which we never sent; kept, look for another system that uses these ids",
        )
    state = policy.ACK_STATES.get(answer.verdict, "rejected")
    if kind == "double" and delivery.ack == state:
        return "INFO", "acknowledged", f"{delivery.name}: answered {state.replace('_', ' ')} again by {message.name}"
    tx.deliveries.set_ack(delivery.id, state, errors)
    reach("acknowledge.matched")
    late = " (late)" if kind == "late" else ""
    if state in ("rejected", "partially"):
        return (
            "WARNING",
            state,
            f"{delivery.name} is {state} by {partner}{late}: {errors or 'no reason given'}; mend the data or the map, then: "
            f"d365edi replay {delivery.name} --from render",
        )
    return "INFO", "acknowledged", f"{delivery.name}: {state.replace('_', ' ')} by {partner}{late}"


def apply_receipt(tx: Tx, partner: str, message: Message, ta1: list[str]) -> tuple[str, str, str]:
    """Record a TA1 (TA101 is the ISA13 of our interchange, TA104 the verdict, TA105 the note code). R rejects all in it."""
    control = int(ta1[1]) if len(ta1) > 1 and ta1[1].isdigit() else 0
    verdict, note = (ta1[4] if len(ta1) > 4 else ""), (ta1[5] if len(ta1) > 5 else "")
    sent = tx.deliveries.sent_interchange(partner, control)
    delivery = sent[0] if sent else None
    kind = policy.ack_class(delivery.ack if delivery else None, None, tx.now) if delivery else "unmatched"
    tx.acknowledgments.add(
        message.id, partner, "TA1", str(control), verdict, kind, note, delivery.id if delivery else None
    )
    tx.audit.append(
        "interchange answered", message=message.id, partner=partner, control=str(control), verdict=verdict, note=note
    )
    if delivery is None:
        return "WARNING", "unmatched", f"{message.name} answers interchange {control:09d}, which we never sent; kept"
    if TA1_STATES.get(verdict, "rejected") == "rejected":
        tx.deliveries.set_ack(delivery.id, "rejected", f"TA1 note {note}")
        return "WARNING", "rejected", f"{delivery.name}: the whole interchange is rejected by {partner} (TA1 {note})"
    return "INFO", "acknowledged", f"{delivery.name}: interchange received by {partner} (TA1 {note or '000'})"


def overdue(tx: Tx) -> list[tuple[str, str, str]]:
    """Mark deliveries whose acknowledgment is late. Returns log lines, one for each that became late now."""
    lines = []
    for delivery in tx.deliveries.overdue(tx.now):
        tx.deliveries.set_ack(delivery.id, "overdue", "")
        tx.audit.append("overdue", delivery=delivery.id, partner=delivery.partner, name=delivery.name)
        lines.append(
            (
                "WARNING",
                "overdue",
                f"{delivery.name}: {delivery.partner} has not answered in time; ask them whether they have it",
            )
        )
    return lines
