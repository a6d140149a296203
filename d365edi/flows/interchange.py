"""Interchanges that we send: control numbers assigned and bytes written, in the standard agreed with the partner.

Called inside the transaction that stores the bytes, so that a number is used exactly when an interchange carries it.

Knows: which control numbers an interchange has. Does not know: what is in it, where it is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from d365edi.edi.edifact import writer as edifact
from d365edi.edi.syntax import Standard
from d365edi.edi.x12 import writer as x12
from d365edi.journal import Tx
from d365edi.settings.envelope import BARE, X12, Edifact, Envelope

Segment = x12.OutgoingSegment
"""A segment's id, then its elements; a composite is a tuple."""
Body = tuple[str, Sequence[Segment]]
"""A set's id and its segments without the first and the last."""
Groups = Mapping[str, Sequence[Body]]
"""Functional id = the sets of that group. EDIFACT messages are not grouped: the ids are not used there."""


UNB = "UNB"
"""In place of a functional id for EDIFACT: a CONTRL names the interchange, not a group."""

LEVELS: dict[Standard, str] = {"X12": "ISA", "EDIFACT": UNB}
"""The counter of an interchange's control number."""


def counter_of(agreed: Envelope | None) -> str:
    """What counts the interchanges, or without an envelope of ours the files."""
    return "file" if agreed is None or agreed.envelope == BARE else LEVELS[agreed.syntax.standard]


@dataclass(frozen=True, slots=True)
class SetNumber:
    """How an acknowledgment identifies a set: functional id and control number of its group, its own control number."""

    functional_id: str
    group: int
    set: str


@dataclass(frozen=True, slots=True)
class WrittenInterchange:
    """The bytes and the numbers in them: `control` of the interchange, `sets` of its sets in order."""

    payload: bytes
    control: int
    sets: tuple[SetNumber, ...] = ()

    @property
    def functional_id(self) -> str:
        """Of the first group, "" where there is none."""
        return self.sets[0].functional_id if self.sets else ""

    @property
    def group(self) -> int | None:
        """The control number of the first group."""
        return self.sets[0].group if self.sets else None


def write_interchange(
    tx: Tx,
    partner: str,
    agreed: Envelope,
    groups: Groups,
    at: datetime,
    *,
    version: str = "",
    usage: str = "",
    receipts: Sequence[Sequence[str]] = (),
) -> WrittenInterchange:
    """Write one interchange with these groups, or without groups of `receipts` (TA1) alone. `at` is local time. Where another
    system writes the envelopes: the bare sets, which nobody acknowledges to us.

    `version` and `usage` override the agreed ones. DocumentError where a value cannot be written."""
    usage = usage or agreed.usage
    control = tx.counters.take(partner, counter_of(agreed))
    if agreed.envelope == BARE:
        return WrittenInterchange(_bare(agreed, _ungrouped(groups), control), control)
    if isinstance(agreed, Edifact):
        bodies = _ungrouped(groups)
        payload = _edifact(agreed, bodies, control, at, version, usage)
        return WrittenInterchange(
            payload, control, tuple(SetNumber(UNB, control, str(n)) for n, _ in enumerate(bodies, 1))
        )
    numbers = {functional_id: tx.counters.take(partner, "GS") for functional_id in groups}
    payload = _x12(agreed, groups, control, numbers, at, version, usage, receipts)
    sets = [
        SetNumber(functional_id, numbers[functional_id], f"{n:04d}")
        for functional_id, bodies in groups.items()
        for n, _ in enumerate(bodies, 1)
    ]
    return WrittenInterchange(payload, control, tuple(sets))


def example(
    agreed: Envelope,
    groups: Groups,
    at: datetime,
    *,
    version: str = "",
    usage: str = "",
    receipts: Sequence[Sequence[str]] = (),
) -> bytes:
    """The bytes that `write_interchange` would write, with 1 for every control number. DocumentError as there."""
    usage = usage or agreed.usage
    if isinstance(agreed, Edifact):
        return _edifact(agreed, _ungrouped(groups), 1, at, version, usage)
    return _x12(agreed, groups, 1, dict.fromkeys(groups, 1), at, version, usage, receipts)


def check_writable(agreed: Envelope, body: Body, at: datetime) -> None:
    """Write a set as a test: DocumentError where a value cannot be written. No control number is used."""
    if isinstance(agreed, Edifact):
        _edifact(agreed, [body], 1, at, "", agreed.usage)
    else:
        _x12(agreed, {"": [body]}, 1, {"": 1}, at, "", agreed.usage, ())


def _ungrouped(groups: Groups) -> list[Body]:
    """The messages of an EDIFACT interchange, which has no groups."""
    return [body for group in groups.values() for body in group]


def _x12(
    agreed: X12,
    groups: Groups,
    control: int,
    numbers: Mapping[str, int],
    at: datetime,
    version: str,
    usage: str,
    receipts: Sequence[Sequence[str]],
) -> bytes:
    groups_of = (agreed.group_sender, agreed.group_receiver)
    envelope = x12.Envelope(agreed.us, agreed.them, *groups_of, agreed.version, usage, agreed.syntax, control, at)
    written = []
    for functional_id, bodies in groups.items():
        sets = tuple(
            x12.OutgoingSet(id, f"{number:04d}", body, version if id == "999" else "")
            for number, (id, body) in enumerate(bodies, 1)
        )
        written.append(x12.Group(functional_id, numbers[functional_id], sets, version or None))
    return x12.write(envelope, written, acknowledgments=receipts, uppercase=agreed.uppercase)


def _edifact(agreed: Edifact, bodies: Sequence[Body], control: int, at: datetime, version: str, usage: str) -> bytes:
    """Messages are not grouped; a CONTRL names the interchange reference."""
    us, them, version = agreed.us, agreed.them, version or directory(agreed)
    envelope = edifact.Envelope(us, them, version, usage, agreed.syntax, control, at, agreed.syntax_id, una=agreed.una)
    messages = tuple(edifact.OutgoingSet(id, str(number), body) for number, (id, body) in enumerate(bodies, 1))
    return edifact.write(envelope, [edifact.Group("", 0, messages)], uppercase=agreed.uppercase)


def _bare(agreed: Envelope, bodies: Sequence[Body], control: int) -> bytes:
    """Bare sets, numbered after their file: Sterling gives them numbers of its own. (A file has one; see `batch` in settings.)"""
    if isinstance(agreed, Edifact):
        messages = [edifact.OutgoingSet(id, f"{control + n}", body) for n, (id, body) in enumerate(bodies)]
        return edifact.write_bare(
            agreed.syntax, directory(agreed), agreed.syntax_id, messages, uppercase=agreed.uppercase
        )
    sets = [x12.OutgoingSet(id, f"{control + n:04d}", body) for n, (id, body) in enumerate(bodies)]
    return x12.write_bare(agreed.syntax, agreed.version, sets, uppercase=agreed.uppercase)


def write_flat_file(tx: Tx, partner: str, payload: bytes) -> WrittenInterchange:
    """A flat file: it contains no control number; one is used for its name."""
    return WrittenInterchange(payload, tx.counters.take(partner, "file"))


def directory(agreed: Edifact) -> str:
    """The version of our messages as in UNH (S009): `D:96A:UN:EAN008`."""
    parts = (agreed.version[:1], agreed.version[1:], "UN", agreed.association or "")
    return ":".join(part for part in parts if part)
