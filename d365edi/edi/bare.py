"""Sets without an envelope, as a Sterling that takes envelopes off hands them over: ST ... SE without ISA, UNH ... UNT without UNB.

What the envelope would say was agreed with the partner. Nothing is put before the bytes, so that every place is one of the
file. Sets may come from several groups, so each is in a group of its own, numbered in their order, and their control numbers may
repeat. Service characters are those that the first set shows (X12) or a UNA announces, else the agreed ones.

Knows: how bare sets begin, what stands for their envelope. Does not know: what sets hold, transport, settings.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from d365edi.edi.edifact.envelope import EDIFACT
from d365edi.edi.findings import Finding
from d365edi.edi.header import NOISE, Header, headless
from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport
from d365edi.edi.standard import Row, SetHeader, Standard
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12.envelope import X12


@dataclass(frozen=True, slots=True)
class AgreedEnvelope:
    """What an envelope would say: who sends and receives, the version of X12 (GS08), the usage (P or T), service characters."""

    sender: Party
    receiver: Party
    version: str
    usage: str
    syntax: Syntax


def begins(data: bytes, agreed: AgreedEnvelope) -> bool:
    """Whether bare sets of the agreed standard begin a file: a set, or its group."""
    return headless(_without_noise(data)) == agreed.syntax.standard


def opening(agreed: AgreedEnvelope | None) -> Callable[[bytes], Header | None]:
    """What tells of a file's beginning what stands for the header of its bare sets; None: a file that has none of ours."""
    return lambda data: header(data, agreed) if agreed is not None else None


def header(data: bytes, agreed: AgreedEnvelope) -> Header | None:
    """What stands for the header of bare sets, of which `data` is the beginning; None where none begin."""
    if not begins(data, agreed):
        return None
    body = _without_noise(data)
    syntax, length = _x12(body, agreed.syntax) if agreed.syntax.standard == "X12" else _edifact(body, agreed.syntax)
    id = "ST" if syntax.standard == "X12" else "UNH"
    parties = (agreed.sender.qualifier, agreed.sender.id, agreed.receiver.qualifier, agreed.receiver.id)
    skipped = len(data) - len(body) + length if length else 0
    return Header(syntax, [id, *parties, agreed.version, agreed.usage], skipped, bare=True)


def _without_noise(data: bytes) -> bytes:
    return data.removeprefix(b"\xef\xbb\xbf").lstrip(NOISE)


# -- service characters -----------------------------------------------------------------------------------------------
_ST = re.compile(rb"(?<![A-Za-z0-9])ST([^A-Za-z0-9\s])\d{3}\1[A-Za-z0-9]{1,9}(?:\1[A-Za-z0-9]{0,35})? *([^A-Za-z0-9 ])")


def _x12(data: bytes, agreed: Syntax) -> tuple[Syntax, int]:
    """Element separator and terminator as the first ST shows them (X12.6, ST01 to ST03); of the others it says nothing."""
    found = _ST.search(data)
    if found is None or found[1] == found[2]:
        return agreed, 0
    element, terminator = (sign.decode("latin-1") for sign in found.groups())
    used = {element, terminator}
    component = next(sign for sign in (agreed.component, ">", ":", "<") if sign not in used)
    repetition = agreed.repetition if agreed.repetition not in {*used, component} else ""
    return replace(agreed, element=element, terminator=terminator, component=component, repetition=repetition), 0


def _edifact(data: bytes, agreed: Syntax) -> tuple[Syntax, int]:
    """The service characters of a UNA, and its length; without one the usual ones (ISO 9735, 7.2)."""
    if not data.startswith(b"UNA"):
        return agreed, 0
    signs = [bytes([sign]).decode("latin-1") for sign in data[3:9]]
    component, element, decimal, release, _, terminator = signs
    syntax = replace(agreed, element=element, component=component, decimal=decimal, terminator=terminator)
    return replace(syntax, release=release.strip()), 9


# -- standards without interchanges -----------------------------------------------------------------------------------
def _interchange(row: Row, syntax: Syntax, offset: int, findings: Sequence[Finding]) -> InterchangeReport:
    """The agreed envelope as an interchange; it has no control number, and no moment."""
    _, *parties, version, usage = row
    sender, receiver = Party(*parties[:2]), Party(*parties[2:])
    return InterchangeReport(
        syntax.standard, sender, receiver, "", "", "", version, usage, False, syntax, offset,
        findings=list(findings), bare=True,
    )  # fmt: skip


def _group(report: InterchangeReport, offset: int) -> GroupReport:
    """The group of one set."""
    return GroupReport("", report.sender.id, report.receiver.id, "", "", "", report.version, offset)


def _x12_header(row: Row, group: GroupReport, report: InterchangeReport) -> SetHeader:
    """ST03 names the version where it is there (005010 and later), else it was agreed."""
    said = X12.header(row, group, report)
    convention = row[3].strip(" ") if len(row) > 3 else ""
    return said._replace(version=convention[:12]) if re.match(r"00\d{4}", convention) else said


def _wanted_group(report: SetReport, group: GroupReport) -> str:
    return X12.wanted_group(report, group) if group.functional_id else ""


STANDARDS: dict[str, Standard] = {
    "X12": replace(
        X12,
        enveloped=False,
        groups_required=False,
        roles={"ST": "set", "GS": "group", "GE": "group end"},
        reads=lambda _: True,
        interchange=_interchange,
        implicit_group=_group,
        header=_x12_header,
        wanted_group=_wanted_group,
    ),
    "EDIFACT": replace(
        EDIFACT,
        enveloped=False,
        roles={"UNH": "set", "UNG": "group", "UNE": "group end"},
        interchange=_interchange,
        implicit_group=_group,
    ),
}
"""Both standards for bare sets."""
