"""The acknowledgment that a file would get, as text, with example control numbers.

Knows: which acknowledgment is due. Does not know: partners, their settings for acknowledgments.
"""

from collections.abc import Sequence
from datetime import datetime

from d365edi.edi.edifact import acknowledgment as contrl
from d365edi.edi.edifact import writer as edifact
from d365edi.edi.interchange import GroupReport, InterchangeReport
from d365edi.edi.x12 import acknowledgment
from d365edi.edi.x12 import writer as x12
from d365edi.errors import D365EdiError


def preview_ack(found: InterchangeReport, at: datetime) -> str:
    """The acknowledgment interchange at that time, "" where none is due."""
    try:
        data = _edifact(found, at) if found.standard == "EDIFACT" else _x12(found, at)
    except D365EdiError as error:
        return f"(it cannot be written: {error})"
    return data.decode("latin-1")


# -- X12: a 997 for each group that is no acknowledgment, and a TA1 where one is due -- -------------------------------
def _x12(found: InterchangeReport, at: datetime) -> bytes:
    rejected = found.verdict == "R"
    groups = [] if rejected else [group for group in found.groups if acknowledgment.due(group)]
    receipt = acknowledgment.interchange(found) if rejected or acknowledgment.ta1_due(found) else None
    if not groups and receipt is None:
        return b""
    head = groups[0] if groups else None
    us, them, version = found.receiver, found.sender, head.version if head else "004010"
    of_groups = (head.receiver, head.sender) if head else (us.id, them.id)
    envelope = x12.Envelope(us, them, *of_groups, version, found.usage, found.syntax, 1, at)
    return x12.write(envelope, _functional(groups), acknowledgments=[receipt] if receipt else ())


def _functional(groups: Sequence[GroupReport]) -> tuple[x12.Group, ...]:
    if not groups:
        return ()
    sets = tuple(
        x12.OutgoingSet("997", f"{number:04d}", acknowledgment.functional(group, group.control))
        for number, group in enumerate(groups, 1)
    )
    return (x12.Group("FA", 1, sets),)


# -- EDIFACT: one CONTRL for an interchange that holds none -----------------------------------------------------------
def _edifact(found: InterchangeReport, at: datetime) -> bytes:
    if not contrl.due(found):
        return b""
    us, them = found.receiver, found.sender
    envelope = edifact.Envelope(us, them, contrl.VERSION, found.usage, found.syntax, 1, at)
    one = edifact.OutgoingSet("CONTRL", "1", contrl.interchange(found))
    return edifact.write(envelope, [edifact.Group("", 0, (one,))])
