"""What there is to tell: troubles, what needs a person, and what is near its end, a sentence and a command that works each.

No sentence has a reason in it that could quote a document: ids, names of files, endpoints and partners only. The command shows
the rest to who may see it.

Knows: kinds of trouble, rows of the journal. Does not know: when anybody is told, or how.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from d365edi import log
from d365edi.alerts.incidents import Finding
from d365edi.condition import Trouble
from d365edi.journal import Delivery, Document, Message, Tx
from d365edi.journal.states import NOT_FETCHED, SEND_AGAIN

_ANSWERED = re.compile(r"(\banswered \d{3}): .*", re.DOTALL)
"""What the other side answered, and what it said, which may quote a record."""
MOST = 1000
"""Rows of one kind that are looked at, oldest first: behind so many nobody looks for one more."""
CHANNEL = "alerts:"
"""The names of our own channels begin with this (`alerts:mail`)."""
_WAITING = {Document: "document", Message: "message", Delivery: "delivery"}
_ANSWERS = {"overdue": "has not acknowledged", "rejected": "rejected", "partially": "rejected a part of"}
NOT_TAKEN = "not taken"
NOT_PICKED_UP = "overdue pick-up"
OF_ROWS = frozenset(
    {"held document", "quarantined message", "quarantined delivery", NOT_TAKEN, NOT_PICKED_UP}
    | {f"{state} acknowledgment" for state in _ANSWERS}
)
"""The kinds of what needs a person: they are read from the journal."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds that a finding must last: `general`, and `unreachable` for what does not answer or asks for a pause."""

    general: float
    unreachable: float


def of_troubles(troubles: Iterable[Trouble], delays: Delays, journal: Path, now: float) -> Iterator[Finding]:
    """A finding for each trouble. A restart ends what is stuck, so that is told at once."""
    for trouble in troubles:
        what, remedy = _SENTENCES.get(trouble.kind, _other)(trouble, journal)
        delay = {"unreachable": delays.unreachable, "throttled": delays.unreachable, "stuck": 0.0}.get(
            trouble.kind, delays.general
        )
        since = trouble.since or now
        key = f"{trouble.kind} {trouble.name}"
        yield Finding(key, trouble.kind, trouble.name, log.one_line(what), log.one_line(remedy), since, delay)


# -- sentences about troubles -----------------------------------------------------------------------------------------
def _ping(trouble: Trouble) -> str:
    endpoint = trouble.name.partition(":")[0]
    if trouble.name.startswith(CHANNEL):
        return "d365edi alert test"
    return f"d365edi ping {shlex.quote(endpoint)}"


def _because(trouble: Trouble, what: str) -> str:
    why = _ANSWERED.sub(r"\1", trouble.why)
    if trouble.kind == "place" and trouble.name.startswith("d365:") and not _ANSWERED.search(trouble.why):
        why = ""  # what D365 says of a record
    return f"{what}: {why}" if why else what


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _unreachable(trouble: Trouble, _: Path) -> tuple[str, str]:
    remedy = _joined("nothing is lost, and it goes on by itself", f"to try it now: {_ping(trouble)}")
    return _because(trouble, f"{trouble.name} does not answer"), remedy


def _throttled(trouble: Trouble, _: Path) -> tuple[str, str]:
    remedy = "nothing is lost, and it goes on by itself; until when it waits: d365edi status"
    return _because(trouble, f"{trouble.name} asks for pauses"), remedy


def _credentials(trouble: Trouble, _: Path) -> tuple[str, str]:
    return _because(trouble, f"{trouble.name} lets d365edi in no more"), _joined(
        trouble.remedy, f"then: {_ping(trouble)}"
    )


def _place(trouble: Trouble, _: Path) -> tuple[str, str]:
    return _because(trouble, f"{trouble.name} is closed to d365edi"), _joined(trouble.remedy, f"then: {_ping(trouble)}")


def _unwritable(trouble: Trouble, _: Path) -> tuple[str, str]:
    remedy = _joined(
        trouble.remedy, "nothing is lost, and it then goes on by itself", f"to try it now: {_ping(trouble)}"
    )
    return _because(trouble, f"{trouble.name} takes no file"), remedy


def _journal(trouble: Trouble, journal: Path) -> tuple[str, str]:
    remedy = _joined(trouble.remedy, f"how full the disk is: df -h {shlex.quote(str(journal.parent))}")
    return _because(trouble, "nothing can be stored, so nothing is taken or sent"), remedy


def _broken(trouble: Trouble, _: Path) -> tuple[str, str]:
    return _because(trouble, "nothing is stored before the next start"), "systemctl restart d365edi"


def _held(trouble: Trouble, _: Path) -> tuple[str, str]:
    return _because(trouble, "nothing is sent to partners"), trouble.remedy


def _clock(trouble: Trouble, _: Path) -> tuple[str, str]:
    what = trouble.why if trouble.name == "retention" else _because(trouble, "the clock of this machine is in doubt")
    return what, _joined(trouble.remedy, "what it says now: timedatectl")


def _other(trouble: Trouble, _: Path) -> tuple[str, str]:
    return _because(trouble, trouble.name), trouble.remedy or "all that is the matter: d365edi status"


def _flow(trouble: Trouble, _: Path) -> tuple[str, str]:
    # Why may quote what it failed at.
    return f"{trouble.name} fails whenever it runs", "why: d365edi status, and journalctl -u d365edi -p warning"


def _stuck(trouble: Trouble, _: Path) -> tuple[str, str]:
    what = f"{trouble.name} makes no progress"
    return _because(trouble, what), "systemd restarts d365edi; where it does not: systemctl restart d365edi"


def _defect(trouble: Trouble, _: Path) -> tuple[str, str]:
    what = f"{trouble.name.replace(':', ' ')} fails by a mistake in d365edi, and no other is concerned"
    return what, "report it with the trace that this shows: journalctl -u d365edi -p err"


_SENTENCES: dict[str, Callable[[Trouble, Path], tuple[str, str]]] = {
    "journal": _journal,
    "broken": _broken,
    "held": _held,
    "credentials": _credentials,
    "place": _place,
    "unwritable": _unwritable,
    "unreachable": _unreachable,
    "throttled": _throttled,
    "clock": _clock,
    "flow": _flow,
    "stuck": _stuck,
    "defect": _defect,
}


# -- what needs a person ----------------------------------------------------------------------------------------------
def of_rows(tx: Tx, never_taken: Sequence[str], delay: float) -> Iterator[Finding]:
    """A finding for each document, message, delivery and file that waits for a person."""
    counts = tx.counts()
    here = {(what, state) for what, partners in counts.items() for states in partners.values() for state in states}
    if ("documents", "held") in here:
        yield from _held_documents(tx, delay)
    if ("messages", "quarantined") in here:
        for message in tx.messages.in_state("quarantined", limit=MOST):
            yield _decide(message, f"the file {message.name} of {message.partner} is set aside", delay)
    if ("deliveries", "quarantined") in here:
        for delivery in tx.deliveries.in_state("quarantined", limit=MOST):
            if not any(document.state == "held" for document in tx.documents.in_delivery(delivery.id)):
                yield _decide(delivery, f"{delivery.name} for {delivery.partner} is not sent any more", delay)
    yield from _unanswered(tx, here, delay)
    if ("picked_up", "overdue") in here:
        yield from (_not_picked_up(delivery, delay) for delivery in tx.picked_up.overdue(MOST))
    for file in tx.sightings.stuck(never_taken, MOST):
        place = f"{file.endpoint}:{file.path}"
        state = "is stored, and not cleared there" if file.message else "cannot be taken"
        yield Finding(
            f"{NOT_TAKEN} {place} {file.remote}",
            NOT_TAKEN,
            place,
            log.one_line(f"{file.name} at {place} {state}"),
            "why: d365edi status",
            file.first_at,
            delay,
        )


def _held_documents(tx: Tx, delay: float) -> Iterator[Finding]:
    said = set[tuple[str, str, str]]()  # orders for the stores of one order are decided about together
    for document in tx.documents.in_state("held", limit=MOST):
        order = (document.partner, document.kind, document.number)
        if not document.store or order not in said:
            said.add(order)
            yield _decide(document, f"{document.kind} {document.number} of {document.partner} is held", delay)


def _unanswered(tx: Tx, here: set[tuple[str, str]], delay: float) -> Iterator[Finding]:
    said = set[int]()
    for state in ("overdue", "rejected", "partially"):
        if ("acks", state) in here:
            for delivery in tx.deliveries.with_ack(state, limit=MOST):
                said.add(delivery.id)
                yield _acknowledgment(delivery, state, delay)
    for delivery in tx.deliveries.refused_in_part(limit=MOST):
        if delivery.id not in said:
            yield _acknowledgment(delivery, "partially", delay)


def _acknowledgment(delivery: Delivery, state: str, delay: float) -> Finding:
    ask = f"ask {delivery.partner} whether they received it; " if state == "overdue" else ""
    id = f"--id delivery-{delivery.id}"
    again = "" if state == "overdue" else f"; {SEND_AGAIN.format(id)}"
    remedy = f"{ask}its history: d365edi why {id}{again}"
    what = log.one_line(f"{delivery.partner} {_ANSWERS[state]} {delivery.name}")
    kind = f"{state} acknowledgment"
    return Finding(f"{kind} {delivery.id}", kind, delivery.partner, what, remedy, delivery.state_at, delay)


def _not_picked_up(delivery: Delivery, delay: float) -> Finding:
    remedy = f"{NOT_FETCHED}; its history: d365edi why --id delivery-{delivery.id}"
    what = log.one_line(
        f"{delivery.name} for {delivery.partner} was not picked up from {delivery.endpoint}:{delivery.path}"
    )
    since = delivery.picked_up_due or delivery.state_at
    return Finding(f"{NOT_PICKED_UP} {delivery.id}", NOT_PICKED_UP, delivery.partner, what, remedy, since, delay)


def _decide(row: Document | Message | Delivery, what: str, delay: float) -> Finding:
    word = _WAITING[type(row)]
    kind, id = f"{row.state} {word}", f"{word}-{row.id}"
    remedy = f'why: d365edi why --id {id}; then: d365edi release --id {id}, or d365edi reject --id {id} --why "..."'
    return Finding(f"{kind} {row.id}", kind, row.partner, log.one_line(what), remedy, row.state_at, delay)


# -- what is near its end ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class End:
    """When a certificate or a secret ends (epoch seconds), and what replaces it. `name` tells it from the others."""

    name: str
    what: str
    at: float
    remedy: str


def of_ends(ends: Iterable[End], now: float, within: float, local: Callable[[float], datetime]) -> Iterator[Finding]:
    """A finding for each that ends within so many seconds, or has ended."""
    for end in ends:
        if end.at - now <= within:
            day = f"{local(end.at):%Y-%m-%d}"
            what = f"{end.what} ends on {day}" if end.at > now else f"{end.what} ended on {day}"
            yield Finding(f"ends {end.name}", "ends", end.name, what, end.remedy, now, 0.0)
