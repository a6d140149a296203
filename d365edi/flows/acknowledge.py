"""Acknowledgments from partners (997, 999, TA1, CONTRL) matched to what we sent; late ones are reported, unknown ones stored.

An acknowledgment is matched by partner, functional id (AK101) and group control number (AK102), and each set in it by its
own control number (AK202), so that each of several documents in one interchange has its own state. A late acknowledgment
still matches; a second one, and one that matches nothing, are classified and stored. An accepted 997 confirms the syntax,
not the business content.

    AK9 (UCI)    AK5 (UCM) of its set      the document
    R            any                       rejected: the group is refused as a whole
    A, E, P      given                     as given
    P            none                      accepted where every rejected set is listed, else partially: they did not say which
    E            none                      accepted where another set is listed with the errors, else accepted with errors
    A            none                      accepted

A document that is alone in its group has the group's verdict, whatever else is reported.

Knows: the acknowledgment state of deliveries and documents. Does not know: bytes, connections.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from d365edi.edi.acknowledgment import Answer, SetAnswer
from d365edi.edi.edifact import acknowledgment as contrl
from d365edi.edi.interchange import SetReport
from d365edi.edi.x12 import acknowledgment
from d365edi.failpoints import reach
from d365edi.flows import policy
from d365edi.flows.interchange import UNB
from d365edi.flows.messages import LogLine, document_name
from d365edi.journal import AckState, Delivery, DeliveryDocument, Message, Tx

SETS = frozenset({"997", "999", "CONTRL"})
"""The transaction sets that are acknowledgments."""
FAILED = ("rejected", "partially")
REMEDY = "correct the data or the map, then: d365edi replay {} --from render --go"
Found = tuple[Delivery, list[DeliveryDocument]]
"""An acknowledged delivery, and the documents in it that the acknowledgment covers."""


def read(report: SetReport) -> Answer:
    """Their acknowledgment, whichever of the SETS it is."""
    return contrl.answer(report) if report.syntax.standard == "EDIFACT" else acknowledgment.answer(report)


def apply(tx: Tx, partner: str, message: Message, answer: Answer) -> list[LogLine]:
    """Record the answer to one of our groups, in EDIFACT to one of our interchanges. Returns lines for the log."""
    control = _number(answer.control)
    functional_id = answer.functional_id or UNB
    sent = tx.deliveries.sent_group(partner, functional_id, control) if control is not None else []
    errors = error_text(answer.sets)
    within = [(delivery, _group(tx, delivery, functional_id, control)) for delivery in sent]
    match, found = _record(tx, partner, message, within, functional_id, answer.control, answer.verdict, errors)
    if found is None:
        what = f"{answer.functional_id} group" if answer.functional_id else "interchange"
        what = f"{what} {answer.control}"
        return [
            (
                "WARNING",
                "unmatched",
                f"{message.name} answers {what}, which we never sent; stored, ask the partner what it is for",
            )
        ]
    delivery, carried = found
    if answer.receipt:
        return [("INFO", "acknowledged", f"{delivery.name}: interchange received by {partner} (CONTRL 8)")]
    states = set_states(answer, [one.set for one in carried])
    if match == "double":
        now = policy.ACK_STATES.get(answer.verdict, "rejected")
        return [_double(delivery, _standing(delivery, carried), now, message)]
    for one, (state, detail) in zip(carried, states, strict=True):
        tx.delivery_documents.answered(delivery.id, one.document, state, detail)
    _close(tx, delivery)
    reach("acknowledge.matched")
    return _lines(tx, delivery, carried, partner, errors or "no reason given", late=match == "late")


def apply_receipt(tx: Tx, partner: str, message: Message, ta1: list[str]) -> list[LogLine]:
    """Record a TA1 (TA101 is the ISA13 of our interchange, TA104 the verdict, TA105 the note code). R rejects everything in it.

    Any other verdict closes nothing: the groups are answered by their 997."""
    _, number, _, _, verdict, note, *_ = (*ta1, *[""] * 6)
    control = _number(number)
    sent = tx.deliveries.sent_interchange(partner, control) if control is not None else []
    within = [(delivery, tx.delivery_documents.of(delivery.id)) for delivery in sent if delivery.functional_id != UNB]
    match, found = _record(tx, partner, message, within, "TA1", number, verdict, note)
    if found is None:
        unknown = f"{message.name} answers interchange {number}, which we never sent; stored, ask the partner about it"
        return [("WARNING", "unmatched", unknown)]
    delivery, carried = found
    if verdict != "R":
        return [("INFO", "acknowledged", f"{delivery.name}: interchange received by {partner} (TA1 {note or '000'})")]
    if match == "double":
        return [_double(delivery, delivery.ack, "rejected", message)]
    tx.delivery_documents.answered_all(delivery.id, "rejected", f"TA1 note {note}")
    _close(tx, delivery)
    why, covered = f"the whole interchange, TA1 note {note}", [one for one in carried if one.ack == "awaited"]
    return _lines(tx, delivery, covered, partner, why, late=match == "late")


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


def _record(
    tx: Tx,
    partner: str,
    message: Message,
    sent: list[Found],
    functional_id: str,
    control: str,
    verdict: str,
    detail: str,
) -> tuple[policy.AckClass, Found | None]:
    """Store the answer with its class. Of several deliveries of the same bytes it belongs to the one still awaited."""
    open_ones = [found for found in sent if _standing(*found) in ("awaited", "overdue")]
    found = (open_ones or sent)[-1] if sent else None
    delivery = found[0] if found is not None else None
    match = policy.ack_class(_standing(*found) if found else None, delivery.ack_due if delivery else None, tx.now)
    about: dict[str, Any] = {"message": message.id, "delivery": delivery.id if delivery is not None else None}
    about |= {"partner": partner, "functional_id": functional_id, "verdict": verdict, "match": match}
    tx.acknowledgments.add(**about, control=_number(control), detail=detail)
    tx.audit.append("acknowledged", **about, control=control)
    return match, found


def _close(tx: Tx, delivery: Delivery) -> None:
    """Close the delivery once all of its documents are acknowledged."""
    carried = tx.delivery_documents.of(delivery.id)
    if all(one.ack != "awaited" for one in carried):
        errors = "; ".join(dict.fromkeys(one.ack_detail for one in carried if one.ack_detail))
        tx.deliveries.set_ack(delivery.id, combined_state(one.ack for one in carried), errors)


def _number(control: str) -> int | None:
    return int(control) if control.isascii() and control.isdigit() else None


def _double(delivery: Delivery, before: AckState, state: AckState, message: Message) -> LogLine:
    if before in (state, "none"):
        return "INFO", "acknowledged", f"{delivery.name}: acknowledged as {state_text(state)} again by {message.name}"
    return (
        "WARNING",
        "contradicted",
        f"{delivery.name} was {state_text(before)} before, {message.name} reports {state_text(state)}; "
        "ask the partner which one is right",
    )


def _lines(
    tx: Tx, delivery: Delivery, covered: list[DeliveryDocument], partner: str, why: str, *, late: bool
) -> list[LogLine]:
    """A log line for the file and, where it holds several documents, one for each that is acknowledged."""
    documents = {one.document for one in covered}
    carried = tx.delivery_documents.of(delivery.id)
    answered = [one for one in carried if one.document in documents]
    state = combined_state(one.ack for one in answered)
    when = " (late)" if late else ""
    if len(carried) > 1:
        lines = [_document(tx, delivery, one, partner) for one in answered]
        return [_file(delivery, [one.ack for one in answered], len(carried), partner + when), *lines]
    text = f"{state_text(state)} by {partner}{when}"
    if state in FAILED:
        return [("WARNING", state, f"{delivery.name} is {text}: {why}; {REMEDY.format(delivery.name)}")]
    return [("INFO", "acknowledged", f"{delivery.name}: {text}")]


def _file(delivery: Delivery, states: list[AckState], count: int, by: str) -> LogLine:
    """The log line of an interchange with several documents, of which `states` are acknowledged now."""
    state = combined_state(states)
    if state in FAILED:
        failed = f"{sum(one in FAILED for one in states)} of {len(states)} documents not accepted"
        return "WARNING", state, f"{delivery.name} is {state_text(state)} by {by}: {failed}"
    which = f"{count} documents" if len(states) == count else f"{len(states)} of its {count} documents"
    return "INFO", "acknowledged", f"{delivery.name}: {state_text(state)} by {by}, {which}"


def _document(tx: Tx, delivery: Delivery, carried: DeliveryDocument, partner: str) -> LogLine:
    document = tx.documents.get(carried.document)
    about: dict[str, Any] = {"document": document.id, "message": document.message, "delivery": delivery.id}
    tx.audit.append("acknowledged", **about, partner=partner, set=carried.set, state=carried.ack)
    name = document_name(document.kind, document.number)
    text = f"{name} in {delivery.name} is {state_text(carried.ack)} by {partner}"
    if carried.ack in FAILED:
        why = carried.ack_detail or "no reason given"
        return "WARNING", carried.ack, f"{text}: {why}; {REMEDY.format(document.number)}"
    return "INFO", "acknowledged", text


def overdue(tx: Tx) -> list[LogLine]:
    """Mark deliveries whose acknowledgment is late. Returns a log line for each that became late now."""
    lines: list[LogLine] = []
    for delivery in tx.deliveries.overdue(tx.now):
        tx.deliveries.set_ack(delivery.id, "overdue", "")
        tx.audit.append("overdue", delivery=delivery.id, partner=delivery.partner, name=delivery.name)
        late = f"{delivery.name}: {delivery.partner} has not acknowledged it in time; ask them whether they received it"
        lines.append(("WARNING", "overdue", late))
    return lines


# -- the state of each document, and of a file with several ----------------------------------------------------------

SetState = tuple[AckState, str]
"""The state of a document, and the reported errors as text."""


def set_states(answer: Answer, sets: Sequence[str]) -> list[SetState]:
    """The state of each set of the acknowledged group, by control number, in the order of `sets`."""
    group = policy.ACK_STATES.get(answer.verdict, "rejected")
    if len(sets) == 1:
        return [(group, error_text(answer.sets))]
    listed = {each.control.lstrip("0"): each for each in answer.sets}
    named = [listed.get(control.lstrip("0")) for control in sets]
    rest = _unnamed_state(answer, [each for each in named if each is not None])
    found: list[SetState] = []
    for each in named:
        detail = error_text([each]) if each is not None else ""
        if group == "rejected" or each is None:
            found.append((group if group == "rejected" else rest, detail))
        else:
            found.append((policy.ACK_STATES.get(each.verdict, "rejected"), detail))
    return found


def _unnamed_state(answer: Answer, named: Sequence[SetAnswer]) -> AckState:
    """The state of sets that the acknowledgment does not list."""
    verdicts = [each.verdict for each in named]
    if answer.verdict == "P":
        return "accepted" if verdicts.count("R") >= max(answer.included - answer.accepted, 1) else "partially"
    if answer.verdict == "E":
        return "accepted" if set(verdicts) & {"E", "R"} else "accepted_with_errors"
    return "accepted"


def error_text(sets: Iterable[SetAnswer]) -> str:
    """The errors of these sets as text."""
    return "; ".join(str(error) for each in sets for error in each.errors)


def combined_state(states: Iterable[AckState]) -> AckState:
    """One state for a file whose parts have these."""
    found = set(states)
    if len(found) == 1:
        return found.pop()
    return "accepted_with_errors" if found <= {"accepted", "accepted_with_errors"} else "partially"


def state_text(state: str) -> str:
    """A state as it reads in a sentence."""
    return {"partially": "partially accepted"}.get(state, state.replace("_", " "))
