"""The envelope of EDIFACT: UNB and UNZ, UNG and UNE, UNH and UNT, with the codes of 0085; and EDIFACT as a standard.

Knows: what stands in a header. Does not know: what the messages hold, the verdict.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from d365edi.edi import element_check, guides, release, values
from d365edi.edi.dates import is_day
from d365edi.edi.edifact import totals
from d365edi.edi.envelope import LONGEST_COUNT
from d365edi.edi.findings import Finding, Level, Position
from d365edi.edi.header import ENCODINGS
from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport
from d365edi.edi.rules import finding
from d365edi.edi.standard import Envelope, Row, SetHeader, Standard
from d365edi.edi.syntax import Syntax

CHARSETS = frozenset(("UNOA", "UNOB", *ENCODINGS))
_DIRECTORY = re.compile(r"[DS]:(\d\d[A-Z])(?::|$)")
_PUBLISHED = re.compile(r"(?:9[3-9]|[0-4]\d)[AB]|01C")
"""What directories are called since they are named by year and letter; the next may come."""
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")


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


def interchange(row: Row, syntax: Syntax, offset: int, findings: Sequence[Finding]) -> InterchangeReport:
    """The report of an interchange from its UNB, with what is wrong in it."""
    parts = _Parts(row, syntax)
    charset, version = parts[1, 1], parts[1, 2]
    report = InterchangeReport(
        "EDIFACT", parts.party(2), parts.party(3), parts[4, 1], parts[4, 2], parts[5, 1], f"{charset}:{version}",
        "T" if parts[11, 1] not in ("", "0") else "P", parts[9, 1] == "1", syntax, offset, findings=list(findings),
        routing=(parts[2, 3], parts[3, 3]),
    )  # fmt: skip
    report.findings += _described("UNB", row, syntax, offset, "interchange")
    where = Position(offset, 0, "UNB", 1, 1)
    if charset not in CHARSETS:
        report.findings.append(finding("interchange.charset", where, "EDIFACT", charset, charset=charset or "Nothing"))
    if version not in ("1", "2", "3", "4"):
        place = replace(where, component=2)
        report.findings.append(finding("interchange.version", place, "EDIFACT", version, version=version or "(none)"))
    return report


def group(row: Row, syntax: Syntax, offset: int) -> GroupReport:
    """The report of a group from its UNG, with what is wrong in it."""
    parts = _Parts(row, syntax)
    version = ":".join(text for text in (parts[7, 1], parts[7, 2], parts[6, 1], parts[7, 3]) if text)
    report = GroupReport(
        parts[1, 1], parts[2, 1], parts[3, 1], parts[4, 1], parts[4, 2], parts[5, 1], version, offset,
        findings=_described("UNG", row, syntax, offset, "group"),
    )  # fmt: skip
    if not report.functional_id:
        report.findings.append(finding("group.identifier.empty", Position(offset, 0, "UNG", 1), "EDIFACT"))
    return report


def _described(id: str, row: Row, syntax: Syntax, offset: int, level: Level) -> list[Finding]:
    """What the dictionary has to say about a header; and whether its date is one."""
    segment = guides.segments("EDIFACT", "D:01B")[id]
    context = element_check.Context(syntax, Position(offset, 0, id))
    found = [
        replace(one, level=level, holds=False)
        for one in element_check.explain(syntax.element.join(row), segment, context)
    ]
    parts = _Parts(row, syntax)
    day, time = parts[4, 1], parts[4, 2]
    if (day and not is_day(day, 6, 8)) or (time and not _TIME.fullmatch(time)):
        found.append(finding(f"{level}.preparation", Position(offset, 0, id, 4), "EDIFACT", f"{day} {time}"))
    return found


def _implicit_group(report: InterchangeReport, offset: int) -> GroupReport:
    """The group that stands for none: the messages directly in the interchange."""
    return GroupReport("", report.sender.id, report.receiver.id, report.date, report.time, "", "", offset)


def _header(row: Row, _: GroupReport, report: InterchangeReport) -> SetHeader:
    """The reference; type and version (`D:96A:UN:EAN008`) of the message identifier (UNH, S009)."""
    syntax = report.syntax
    control = values.decoded(release.data("".join(row[1:2])), syntax.encoding).strip(" ")
    parts = _Parts(row[2:3] or [""], syntax)
    version = ":".join(parts[0, component] for component in (2, 3, 4, 5))
    return SetHeader(parts[0, 1], control, version.rstrip(":"))


def _header_checks(report: SetReport) -> Iterator[Finding]:
    if not report.id:
        yield finding("set.identifier", Position(report.offset, 1, "UNH", 2, 1, reference=65), "EDIFACT")
    named = _DIRECTORY.match(report.version)
    if named is not None and not _PUBLISHED.fullmatch(named[1]):
        where = Position(report.offset, 1, "UNH", 2, 3, reference=54)
        yield finding("set.unpublished", where, "EDIFACT", named[1], known=guides.tables("EDIFACT", report.version))


def _wanted_group(report: SetReport, group: GroupReport) -> str:
    return report.id if group.functional_id not in ("", report.id) else ""


def _trailer(row: Row, syntax: Syntax) -> tuple[str, str]:
    """References are text: zeros in front count (ISO 9735-1)."""
    parts = _Parts(row, syntax)
    return parts[1, 1][:20], parts[2, 1]


EDIFACT = Standard(
    name="EDIFACT",
    envelopes={
        "interchange": Envelope("UNB", "UNZ", 5),
        "group": Envelope("UNG", "UNE", 5),
        "set": Envelope("UNH", "UNT", 1, 62),
    },
    roles={"UNH": "set", "UNG": "group", "UNE": "group end", "UNZ": "interchange end"},
    ends=frozenset(("UNA", "UNB", "UNG", "UNH", "UNT", "UNE", "UNZ")),
    id_size=3,
    set_word="message",
    type_place=(2, 1, 65),
    groups_required=False,
    partial_groups=False,
    numeric_controls=False,
    unlisted_once=True,
    reads=lambda _: True,
    interchange=interchange,
    group=group,
    implicit_group=_implicit_group,
    header=_header,
    header_checks=_header_checks,
    wanted_group=_wanted_group,
    guide_version=lambda report, _: report.version,
    trailer=_trailer,
    count_digits=LONGEST_COUNT,
    trailer_size=0,
    receipt=lambda *_: [],
    checks=(totals.check, totals.characters),
)
"""EDIFACT for the reader (ISO 9735, syntax versions 1 to 4)."""
