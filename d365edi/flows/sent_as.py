"""The numbers of a file that the partner has, for a delivery of the same content that was made again with others.

Their acknowledgment names the numbers of the file that they have. So a delivery that counts as sent by that file takes its name,
its bytes and its numbers: interchange, groups, and of each document its set.

Knows: envelopes. Does not know: the journal, folders.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from d365edi.edi import reader
from d365edi.flows.interchange import UNB, SetNumber
from d365edi.journal import DeliveryDocument, NumberedDocument


@dataclass(frozen=True, slots=True)
class SentAs:
    """The control number of the interchange, and the numbers of the delivery's documents."""

    control: int
    functional_id: str
    group: int | None
    documents: tuple[NumberedDocument, ...]


def sent_as(ours: bytes, theirs: bytes, documents: Sequence[DeliveryDocument]) -> SentAs | None:
    """What a delivery of `ours` with these documents is as the partner has it. None where one of the two is no one interchange,
    or they do not have the same sets."""
    before, now = numbers(ours), numbers(theirs)
    if before is None or now is None:
        return None
    (_, old), (control, new) = before, now
    if [each.functional_id for each in old] != [each.functional_id for each in new]:
        return None
    by_old = {(each.functional_id, each.group, each.set): other for each, other in zip(old, new, strict=True)}
    found = [by_old.get((each.functional_id, each.group or 0, each.set)) for each in documents]
    numbered = tuple(
        NumberedDocument(each.document, number.functional_id, number.group, number.set)
        for each, number in zip(documents, found, strict=True)
        if number is not None
    )
    if len(numbered) != len(documents):
        return None
    return SentAs(control, new[0].functional_id if new else "", new[0].group if new else None, numbered)


def numbers(payload: bytes) -> tuple[int, list[SetNumber]] | None:
    """The control number of a file's one interchange and those of its sets; None where it is no such file."""
    interchanges = reader.read(payload).interchanges
    if len(interchanges) != 1:
        return None
    control, sets = _number(interchanges[0].control), list[SetNumber]()
    for group in interchanges[0].groups:
        functional_id = group.functional_id or UNB
        number = _number(group.control) if group.functional_id else control
        if number is None:
            return None
        sets += (SetNumber(functional_id, number, each.control) for each in group.sets)
    return None if control is None else (control, sets)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 14 else None
