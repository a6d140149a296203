"""Acknowledgments from partners (997, 999, TA1, CONTRL) matched to what we sent; late ones are reported, unknown ones stored.

An acknowledgment is matched by partner, functional id (AK101) and group control number (AK102), and each set in it by its
own control number (AK202), so that each of several documents in one interchange has its own state. A late acknowledgment
still matches; a second one, and one that matches nothing, are classified and stored.
Of two that differ the worse counts. An accepted 997 confirms the syntax, not the business content.

What follows from it for each set is in `edi/acknowledgment`; where it contradicts itself the worse counts, and that is reported
in the log and with the delivery.

Knows: the acknowledgment state of deliveries and documents. Does not know: bytes, connections.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from d365edi.edi import acknowledgment as edi
from d365edi.edi import guides
from d365edi.edi.acknowledgment import Answer, SetAnswer
from d365edi.edi.edifact import acknowledgment as contrl
from d365edi.edi.interchange import SetReport
from d365edi.edi.x12 import acknowledgment
from d365edi.failpoints import reach
from d365edi.flows import policy, subject
from d365edi.flows.interchange import UNB
from d365edi.flows.messages import LogLine, document_name
from d365edi.journal import AckState, Delivery, DeliveryDocument, Message, Tx
from d365edi.journal.states import SEND_AGAIN

SETS = frozenset({"997", "999", "CONTRL"})
"""The transaction sets that are acknowledgments."""
FAILED = ("rejected", "partially")
Found = tuple[Delivery, list[DeliveryDocument]]
"""An acknowledged delivery, and the documents in it that the acknowledgment covers."""
DocumentState = tuple[DeliveryDocument, AckState, str]
"""A document as it was before an acknowledgment, the state that it gives to it, and the errors as text."""


def read(report: SetReport) -> tuple[Answer, ...]:
    """What their acknowledgment says, whichever of the SETS it is: an answer for each group, or interchange."""
    return contrl.answers(report) if report.syntax.standard == "EDIFACT" else acknowledgment.answers(report)


def doubtful(report: SetReport, found: Sequence[Answer]) -> bool:
    """Whether a part of their acknowledgment may be missing, so that a person has to look: its trailer or its numbers are wrong,
    or it answers something without a verdict."""
    wrong = any(finding.level == "set" and finding.severity == "error" for finding in report.findings)
    return wrong or not found or any(not (one.verdict or any(each.verdict for each in one.sets)) for one in found)


def apply(tx: Tx, partner: str, message: Message, answer: Answer) -> list[LogLine]:
    """Record the answer to one of our groups, in EDIFACT to one of our interchanges. Returns lines for the log."""
    control = _number(answer.control)
    functional_id = answer.functional_id or UNB
    sent = tx.deliveries.sent_group(partner, functional_id, control) if control is not None else []
    found = _belongs([(delivery, _group(tx, delivery, functional_id, control)) for delivery in sent])
    sets = list(dict.fromkeys(one.set for one in found[1])) if found else []
    wrong = edi.contradictions(answer, sets)
    errors = error_text(answer, answer.sets)
    detail = "; ".join(filter(None, (errors, _contradiction(wrong))))
    match = _record(tx, partner, message, found, functional_id, answer.control, answer.verdict or "", detail)
    if found is None:
        what = f"{answer.functional_id} group" if answer.functional_id else "interchange"
        unknown = f"{message.name} answers {what} {answer.control}, which we never sent; stored, ask the partner what it is for"
        return [LogLine("WARNING", "unmatched", unknown)]
    delivery, carried = found
    if answer.receipt:
        said = f"{delivery.name}: interchange received by {partner} (CONTRL 8)"
        return _about(tx, delivery, [LogLine("INFO", "acknowledged", said)])
    by_set = dict(zip(sets, set_states(answer, sets), strict=True))
    states = [(one, *known) for one in carried if (known := by_set[one.set]) is not None]
    reported = _otherwise(delivery, states, message)
    covered = _answered(tx, delivery, states)
    reach("acknowledge.matched")
    if not (reported or covered) and (states or match == "double"):
        state = combined_state(one.ack for one in carried if one.ack != "awaited")
        reported = [_double(delivery, state, state, message)]
    if match != "double" and wrong:
        reported = [_contradicted(delivery, message, wrong), *reported]
    why = errors or _contradiction(wrong) or "no reason given"
    late = match == "late"
    lines = _lines(tx, delivery, covered, partner, why, late=late) if covered else []
    return _about(tx, delivery, [*reported, *lines] if reported or lines else [_silent(delivery, message)])


def _otherwise(delivery: Delivery, states: Sequence[DocumentState], message: Message) -> list[LogLine]:
    """What is reported where another verdict on some of these was there before."""
    differ = [(one.ack, state) for one, state, _ in states if one.ack not in ("none", "awaited", state)]
    if not differ or delivery.ack == "none":
        return []
    before, now = (combined_state(states) for states in zip(*differ, strict=True))
    return [_double(delivery, before, now, message, differ=True)]


def _answered(tx: Tx, delivery: Delivery, states: Sequence[DocumentState]) -> list[DeliveryDocument]:
    """Record what is said for the first time, or is worse than what was said before; the documents of which that holds."""
    if delivery.ack == "none":
        return []
    worse = [(one, state, said) for one, state, said in states if policy.counts(one.ack, state)]
    for one, state, said in worse:
        before = f"it was {state_text(one.ack)} before" if one.ack != "awaited" else ""
        tx.delivery_documents.answered(delivery.id, one.document, state, "; ".join(filter(None, (said, before))))
    if worse:
        _close(tx, delivery)
    return [one for one, _, _ in worse]


def _about(tx: Tx, delivery: Delivery, lines: list[LogLine]) -> list[LogLine]:
    """The lines with the orders of the delivery, where they name none of their own."""
    po = subject.of_delivery(tx, delivery).get("po", "")
    return [line if line.po else line._replace(po=po) for line in lines]


def _contradiction(wrong: Sequence[str]) -> str:
    return f"it contradicts itself: {', '.join(wrong)}" if wrong else ""


def _contradicted(delivery: Delivery, message: Message, wrong: Sequence[str]) -> LogLine:
    why = f"{message.name}, which answers {delivery.name}, contradicts itself: {', '.join(wrong)}"
    return LogLine("WARNING", "contradicted", f"{why}; the worse counts, ask the partner which is right")


def _silent(delivery: Delivery, message: Message) -> LogLine:
    return LogLine(
        "WARNING",
        "unmatched",
        f"{message.name} answers {delivery.name} without a verdict; it stays awaited, ask the partner for it again",
    )


def apply_receipt(tx: Tx, partner: str, message: Message, ta1: list[str]) -> list[LogLine]:
    """Record a TA1 (TA101 is the ISA13 of our interchange, TA104 the verdict, TA105 the note code). R rejects everything in it,
    what was accepted before as well.

    Any other verdict closes nothing: the groups are answered by their 997."""
    _, number, _, _, verdict, note, *_ = (*ta1, *[""] * 6)
    control = _number(number)
    sent = tx.deliveries.sent_interchange(partner, control) if control is not None else []
    within = [(delivery, tx.delivery_documents.of(delivery.id)) for delivery in sent if delivery.functional_id != UNB]
    found = _belongs(within)
    match = _record(tx, partner, message, found, "TA1", number, verdict, note)
    if found is None:
        unknown = f"{message.name} answers interchange {number}, which we never sent; stored, ask the partner about it"
        return [LogLine("WARNING", "unmatched", unknown)]
    delivery, carried = found
    if verdict != "R":
        said = f"{delivery.name}: interchange received by {partner} (TA1 {note or '000'})"
        return _about(tx, delivery, [LogLine("INFO", "acknowledged", said)])
    why = f"TA1 note {note}{_note(note)}"
    states: list[DocumentState] = [(one, "rejected", why) for one in carried]
    reported = _otherwise(delivery, states, message)
    covered = _answered(tx, delivery, states)
    if not covered:
        return _about(tx, delivery, [_double(delivery, delivery.ack, delivery.ack, message)])
    why = f"the whole interchange, {why}"
    return _about(tx, delivery, [*reported, *_lines(tx, delivery, covered, partner, why, late=match == "late")])


def _note(code: str) -> str:
    """What a note code of a TA1 means (data element I18), in brackets."""
    meaning = guides.codes("I18").get(code, "")
    return f" ({meaning})" if meaning else ""


def _group(tx: Tx, delivery: Delivery, functional_id: str, control: int | None) -> list[DeliveryDocument]:
    """The documents of one of its groups."""
    key = (functional_id, control)
    return [
        carried for carried in tx.delivery_documents.of(delivery.id) if (carried.functional_id, carried.group) == key
    ]


def _standing(delivery: Delivery, carried: list[DeliveryDocument]) -> AckState:
    """The combined state of these documents: other groups of the same interchange may still be awaited."""
    if carried and all(one.ack != "awaited" for one in carried):
        return combined_state(one.ack for one in carried)
    return delivery.ack


def _belongs(sent: list[Found]) -> Found | None:
    """Of several deliveries of the same bytes an answer belongs to the one still awaited."""
    open_ones = [found for found in sent if _standing(*found) in ("awaited", "overdue")]
    return (open_ones or sent)[-1] if sent else None


def _record(
    tx: Tx,
    partner: str,
    message: Message,
    found: Found | None,
    functional_id: str,
    control: str,
    verdict: str,
    detail: str,
) -> policy.AckClass:
    """Store the answer with its class."""
    delivery = found[0] if found is not None else None
    match = policy.ack_class(_standing(*found) if found else None, delivery.ack_due if delivery else None, tx.now)
    about: dict[str, Any] = {"message": message.id, "delivery": delivery.id if delivery is not None else None}
    about |= {"partner": partner, "functional_id": functional_id, "verdict": verdict, "match": match}
    tx.acknowledgments.add(**about, control=_number(control), detail=detail)
    tx.audit.append("acknowledged", **about, control=control)
    return match


def apart(carried: Iterable[DeliveryDocument]) -> list[DeliveryDocument]:
    """A document of each set of a delivery: one set may be made of several, as the answer to an order for several stores."""
    first: dict[tuple[str, int | None, str], DeliveryDocument] = {}
    for one in carried:
        first.setdefault((one.functional_id, one.group, one.set), one)
    return [*first.values()]


def _close(tx: Tx, delivery: Delivery) -> None:
    """Close the delivery once all of its documents are acknowledged."""
    carried = tx.delivery_documents.of(delivery.id)
    if all(one.ack != "awaited" for one in carried):
        errors = "; ".join(dict.fromkeys(part for one in carried for part in one.ack_detail.split("; ") if part))
        tx.deliveries.set_ack(delivery.id, combined_state(one.ack for one in carried), errors)


def _number(control: str) -> int | None:
    return int(control) if control.isascii() and control.isdigit() else None


def _double(
    delivery: Delivery, before: AckState, state: AckState, message: Message, *, differ: bool = False
) -> LogLine:
    if before == "none" or not (differ or before != state):
        again = f"{delivery.name}: acknowledged as {state_text(state)} again by {message.name}"
        return LogLine("INFO", "acknowledged", again)
    return LogLine(
        "WARNING",
        "contradicted",
        f"{delivery.name} was {state_text(before)} before, {message.name} reports {state_text(state)}; "
        "the worse counts, ask the partner which one is right",
    )


def _lines(
    tx: Tx, delivery: Delivery, covered: list[DeliveryDocument], partner: str, why: str, *, late: bool
) -> list[LogLine]:
    """A log line for the file and, where it holds several sets, one for each that is acknowledged. Of a set that answers
    orders for several stores each of these is a document, and it is reported once."""
    documents = {one.document for one in covered}
    carried = tx.delivery_documents.of(delivery.id)
    answered = [one for one in carried if one.document in documents]
    state = combined_state(one.ack for one in answered)
    when = " (late)" if late else ""
    if (count := len(apart(carried))) > 1:
        lines = dict.fromkeys(_document(tx, delivery, one, partner) for one in answered)
        return [_file(delivery, [one.ack for one in apart(answered)], count, partner + when), *lines]
    text = f"{state_text(state)} by {partner}{when}"
    if state in FAILED:
        return [LogLine("WARNING", state, f"{delivery.name} is {text}: {why}; {SEND_AGAIN.format(delivery.name)}")]
    return [LogLine("INFO", "acknowledged", f"{delivery.name}: {text}")]


def _file(delivery: Delivery, states: list[AckState], count: int, by: str) -> LogLine:
    """The log line of an interchange with several documents, of which `states` are acknowledged now."""
    state = combined_state(states)
    if state in FAILED:
        failed = f"{sum(one in FAILED for one in states)} of {len(states)} documents not accepted"
        return LogLine("WARNING", state, f"{delivery.name} is {state_text(state)} by {by}: {failed}")
    which = f"{count} documents" if len(states) == count else f"{len(states)} of its {count} documents"
    return LogLine("INFO", "acknowledged", f"{delivery.name}: {state_text(state)} by {by}, {which}")


def _document(tx: Tx, delivery: Delivery, carried: DeliveryDocument, partner: str) -> LogLine:
    document = tx.documents.get(carried.document)
    about: dict[str, Any] = {"document": document.id, "message": document.message, "delivery": delivery.id}
    tx.audit.append("acknowledged", **about, partner=partner, set=carried.set, state=carried.ack)
    name = document_name(document.kind, document.number)
    text = f"{name} in {delivery.name} is {state_text(carried.ack)} by {partner}"
    po = subject.of_document(tx, document).get("po", "")
    if carried.ack in FAILED:
        why = carried.ack_detail or "no reason given"
        return LogLine("WARNING", carried.ack, f"{text}: {why}; {SEND_AGAIN.format(document.number)}", po)
    return LogLine("INFO", "acknowledged", text, po)


def overdue(tx: Tx) -> list[LogLine]:
    """Mark deliveries whose acknowledgment is late. Returns a log line for each that became late now."""
    lines: list[LogLine] = []
    for delivery in tx.deliveries.overdue(tx.now):
        tx.deliveries.set_ack(delivery.id, "overdue", "")
        tx.audit.append("overdue", delivery=delivery.id, partner=delivery.partner, name=delivery.name)
        late = f"{delivery.name}: {delivery.partner} has not acknowledged it in time; ask them whether they received it"
        lines.append(LogLine("WARNING", "overdue", late, **subject.of_delivery(tx, delivery)))
    return lines


# -- the state of each document, and of a file with several ----------------------------------------------------------

SetState = tuple[AckState, str]
"""The state of a document, and the reported errors as text."""


def set_states(answer: Answer, sets: Sequence[str]) -> list[SetState | None]:
    """The state of each set of the acknowledged group, by control number, in the order of `sets`; None where nothing is said."""
    wrong = _contradiction(edi.contradictions(answer, sets))
    details = ["; ".join(filter(None, (error_text(answer, of), wrong))) for of in edi.named(answer, sets)]
    found = zip(edi.verdicts(answer, sets), details, strict=True)
    return [(policy.ACK_STATES[verdict], detail) if verdict is not None else None for verdict, detail in found]


def error_text(answer: Answer, sets: Iterable[SetAnswer]) -> str:
    """The errors of the whole and of these sets as text."""
    return "; ".join(str(error) for errors in (answer.errors, *(each.errors for each in sets)) for error in errors)


def combined_state(states: Iterable[AckState]) -> AckState:
    """One state for a file whose parts have these."""
    found = set(states)
    if len(found) == 1:
        return found.pop()
    return "accepted_with_errors" if found <= {"accepted", "accepted_with_errors"} else "partially"


def state_text(state: str) -> str:
    """A state as it reads in a sentence."""
    return {"partially": "partially accepted"}.get(state, state.replace("_", " "))
