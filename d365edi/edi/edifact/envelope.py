"""Checks envelopes: UNB and UNZ, UNG and UNE, UNH and UNT, with the codes of 0085.

Knows: what stands in an envelope and which counts and references must agree. Does not know: what the messages hold, the
verdict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from d365edi.edi import element_check, guides, release, values
from d365edi.edi.edifact import totals
from d365edi.edi.findings import Finding, Level, Position
from d365edi.edi.header import ENCODINGS
from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport
from d365edi.edi.standard import Row, SetHeader, Standard
from d365edi.edi.syntax import Syntax

CHARSETS = frozenset(("UNOA", "UNOB", *ENCODINGS))
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")
_LOST = "ask the sender whether something was lost"
_AGAIN = "header and trailer do not belong together; ask the sender for it again"


class _Parts:
    """The elements of an envelope's segment as text: `parts[2, 1]` is the first component of the second element."""

    def __init__(self, row: Row, syntax: Syntax) -> None:
        self.parts = [values.components(value, syntax) for value in row]
        self.encoding = syntax.encoding

    def __getitem__(self, at: tuple[int, int]) -> str:
        element, component = at
        if element >= len(self.parts) or component > len(self.parts[element]):
            return ""
        return values.decoded(self.parts[element][component - 1], self.encoding).strip(" ")

    def party(self, element: int) -> Party:
        return Party(self[element, 2], self[element, 1])


def interchange(raw: Row, syntax: Syntax, offset: int, findings: Sequence[Finding]) -> InterchangeReport:
    """The report of an interchange from the elements of its UNB, with what is wrong in them."""
    parts = _Parts(raw, syntax)
    report = InterchangeReport(
        "EDIFACT", parts.party(2), parts.party(3), parts[4, 1], parts[4, 2], parts[5, 1], f"{parts[1, 1]}:{parts[1, 2]}",
        "T" if parts[11, 1] not in ("", "0") else "P", parts[9, 1] == "1", syntax, offset, findings=list(findings),
        routing=(parts[2, 3], parts[3, 3]),
    )  # fmt: skip
    report.findings += _described("UNB", raw, syntax, offset, "interchange")
    where = Position(offset, 0, "UNB", 1, 1)
    if parts[1, 1] not in CHARSETS:
        report.findings.append(Finding("interchange", "warning", "46", f"{parts[1, 1] or 'Nothing'} is no known character set", where,
                                       parts[1, 1], "it was read as Latin-1", "charset"))  # fmt: skip
    if parts[1, 2] not in ("1", "2", "3", "4"):
        report.findings.append(Finding("interchange", "error", "2", f"There is no syntax version {parts[1, 2] or '(none)'}",
                                       replace(where, component=2), parts[1, 2], "versions 1 to 4 are read", "version"))  # fmt: skip
    return report


def _described(id: str, raw: Row, syntax: Syntax, offset: int, level: Level) -> list[Finding]:
    """What the dictionary has to say about an envelope's segment; and whether its date is one."""
    segment = guides.segments("EDIFACT", "D:01B")[id]
    context = element_check.Context(syntax, Position(offset, 0, id))
    found = element_check.explain(syntax.element.join(raw), segment, context)
    parts, position = _Parts(raw, syntax), 4
    day, time = parts[position, 1], parts[position, 2]
    if (day and not _day(day)) or (time and not _TIME.fullmatch(time)):
        found.append(Finding(level, "error", "12", f"{id}{position:02d} is no date and time", Position(offset, 0, id, position),
                             f"{day} {time}", "write it as YYMMDD:HHMM", "preparation"))  # fmt: skip
    return [replace(one, level=level) for one in found]


def trailer(report: InterchangeReport, raw: Row, included: int, groups: bool, offset: int) -> list[Finding]:
    """What is wrong with a UNZ: its count (of groups where there are groups, else of messages), its reference."""
    parts = _Parts(raw, report.syntax)
    what = "groups" if groups else "messages"
    found = _count("interchange", "UNZ", parts[1, 1], included, f"the interchange has {included} {what}", offset)
    found += _reference("interchange", "UNZ", parts[2, 1], "UNB", report.control, offset)
    if not included:
        found.append(Finding("interchange", "error", "32", "The interchange is empty", Position(offset, 0, "UNZ"), "",
                             "it holds no message; ask the sender what it is for", "empty-envelope"))  # fmt: skip
    return found


def missing_trailer(level: Level, id: str, offset: int, why: str) -> Finding:
    """The finding for a UNT, UNE or UNZ that never came."""
    return Finding(level, "error", "13", f"{id} is missing: {why}", Position(offset, 0, id), "",
                   "part of it may be lost; ask the sender for it again", "trailer")  # fmt: skip


def group(raw: Row, syntax: Syntax, offset: int) -> GroupReport:
    """The report of a group from the elements of its UNG, with what is wrong in them."""
    parts = _Parts(raw, syntax)
    version = ":".join(text for text in (parts[7, 1], parts[7, 2], parts[6, 1], parts[7, 3]) if text)
    report = GroupReport(
        parts[1, 1], parts[2, 1], parts[3, 1], parts[4, 1], parts[4, 2], parts[5, 1], version, offset,
        findings=_described("UNG", raw, syntax, offset, "group"),
    )  # fmt: skip
    if not report.functional_id:
        report.findings.append(Finding("group", "warning", "13", "UNG01 names no message type", Position(offset, 0, "UNG", 1), "",
                                       "the sender must fill it", "identifier"))  # fmt: skip
    return report


def group_trailer(report: GroupReport, raw: Row, syntax: Syntax, sets: int, offset: int) -> list[Finding]:
    """What is wrong with a UNE: its count of messages, its reference. Notes the count in the report."""
    parts = _Parts(raw, syntax)
    count = parts[1, 1]
    report.included = int(count) if _digits(count) else -1
    found = _count("group", "UNE", count, sets, f"the group has {sets} messages", offset)
    return found + _reference("group", "UNE", parts[2, 1], "UNG", report.control, offset)


def message(identifier: str, syntax: Syntax) -> tuple[str, str]:
    """Type and version (`D:96A:UN:EAN008`) of a message from its identifier (UNH, S009)."""
    parts = _Parts([identifier], syntax)
    version = ":".join(parts[0, component] for component in (2, 3, 4, 5))
    return parts[0, 1], version.rstrip(":")


def set_trailer(raw: Row, syntax: Syntax, control: str, segments: int, offset: int) -> list[Finding]:
    """What is wrong with a UNT: its count of segments (UNH and UNT included), its reference."""
    parts = _Parts(raw, syntax)
    found = _count("set", "UNT", parts[1, 1], segments, f"the message has {segments} segments", offset, segments)
    return found + _reference("set", "UNT", parts[2, 1], "UNH", control, offset, segments)


def _count(level: Level, id: str, said: str, real: int, sentence: str, offset: int, ordinal: int = 0) -> list[Finding]:
    if _digits(said) and int(said) == real:
        return []
    where = Position(offset, ordinal, id, 1)
    return [
        Finding(
            level, "error", "29", f"{id} says {said[:20] or 'nothing'}, {sentence}", where, said[:20], _LOST, "count"
        )
    ]


def _reference(
    level: Level, id: str, said: str, header: str, wanted: str, offset: int, ordinal: int = 0
) -> list[Finding]:
    """References are text: noughts in front count (ISO 9735-1)."""
    if said == wanted:
        return []
    where = Position(offset, ordinal, id, 2)
    return [Finding(level, "error", "28", f"{id} refers to {said or 'nothing'}, {header} to {wanted or 'nothing'}", where, said,
                    _AGAIN, "control")]  # fmt: skip


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _day(text: str) -> bool:
    if not _digits(text) or len(text) not in (6, 8):
        return False
    try:
        date(int(text[:4]) if len(text) == 8 else 2000 + int(text[:2]), int(text[-4:-2]), int(text[-2:]))
    except ValueError:
        return False
    return True


# -- as a standard ----------------------------------------------------------------------------------------------------


def _repeated(report: InterchangeReport) -> Finding:
    return Finding("interchange", "warning", "26", f"Interchange {report.control} stands twice in this file",
                   Position(report.offset, 0, "UNB", 5), report.control, "the sender must number his interchanges",
                   "duplicate-interchange")  # fmt: skip


def _group_repeated(group: GroupReport) -> Finding:
    return Finding("group", "error", "26", f"Group reference {group.control} was used before in this interchange",
                   Position(group.offset, 0, "UNG", 5), group.control, "the sender must number his groups",
                   "duplicate")  # fmt: skip


def _implicit_group(report: InterchangeReport, offset: int) -> GroupReport:
    """The group that stands for none: the messages directly in the interchange."""
    return GroupReport("", report.sender.id, report.receiver.id, report.date, report.time, "", "", offset)


def _mixed(id: str, offset: int) -> Finding:
    return Finding("interchange", "error", "30", "The interchange has messages in groups and messages outside of groups",
                   Position(offset, 0, id), "", "the sender must keep to one of them", "mixed")  # fmt: skip


_TRAILERS: dict[str, tuple[Level, str]] = {
    "set": ("set", "UNT"),
    "group": ("group", "UNE"),
    "interchange": ("interchange", "UNZ"),
}


def _header(row: Row, _group: GroupReport, report: InterchangeReport) -> SetHeader:
    syntax = report.syntax
    control = values.decoded(release.data("".join(row[1:2])), syntax.encoding).strip(" ")
    return SetHeader(message("".join(row[2:3]), syntax)[0], control, message("".join(row[2:3]), syntax)[1])


def _header_findings(report: SetReport, group: GroupReport, known: bool, used: bool) -> list[Finding]:
    found = []
    if used:
        found.append(Finding("set", "error", "26", f"Message reference {report.control} was used before in this interchange",
                             Position(report.offset, 1, "UNH", 1, reference=62), report.control, "the sender must number his messages", "duplicate"))  # fmt: skip
    where = Position(report.offset, 1, "UNH", 2, 1, reference=65)
    if not known:
        listed = ", ".join(guides.sets("EDIFACT"))
        found.append(Finding("set", "error", "14", f"Message {report.id or '(none)'} {report.version} is not supported", where,
                             report.id, f"read are {listed}", "unsupported"))  # fmt: skip
    if group.functional_id not in ("", report.id):
        message = f"A {report.id} does not belong in a group of {group.functional_id}"
        found.append(Finding("set", "error", "31", message, where, report.id,
                             "the sender must make a group for each message type", "group"))  # fmt: skip
    return found


def _trailer_findings(report: SetReport, offset: int) -> list[Finding]:
    row, count = report.row(-1), len(report.segments)
    if row == ["UNT", str(count), *report.row(0)[1:2]]:
        return []
    return set_trailer(row, report.syntax, report.control, count, offset)


EDIFACT = Standard(
    name="EDIFACT",
    set_header="UNH",
    set_trailer="UNT",
    roles={"UNH": "set", "UNG": "group", "UNE": "group end", "UNZ": "interchange end"},
    ends=frozenset(("UNA", "UNB", "UNG", "UNH", "UNT", "UNE", "UNZ")),
    codes={"1": "15", "2": "15", "3": "13", "4": "36", "5": "35", "6": "15", "7": "15"},
    astray=("33", "33"),
    once=True,
    set_word="message",
    groups_required=False,
    controls_by_group=False,
    reads=lambda _: True,
    interchange=interchange,
    interchange_trailer=trailer,
    repeated=_repeated,
    receipt=lambda *_: [],
    group=group,
    implicit_group=_implicit_group,
    group_trailer=group_trailer,
    group_repeated=_group_repeated,
    mixed=_mixed,
    missing=lambda part, offset, why: missing_trailer(*_TRAILERS[part], offset, why),
    header=_header,
    header_findings=_header_findings,
    guide_version=lambda report, _: report.version,
    trailer_findings=_trailer_findings,
    checks=(totals.check, totals.characters),
)
"""EDIFACT for the reader (ISO 9735, syntax versions 1 to 4)."""
