"""Checks envelopes: ISA and IEA, GS and GE, ST and SE, with the codes of TA105, AK905 and AK502.

Knows: what stands in an envelope and which counts and control numbers must agree. Does not know: what the sets hold,
the verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from d365edi.edi import element_check, guides
from d365edi.edi.findings import Finding, Level, Position, Severity
from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport
from d365edi.edi.standard import Row, SetHeader, Standard
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import totals

_QUALIFIERS = frozenset(
    "01 02 03 04 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 AM NR SA SN ZZ".split()  # noqa: SIM905
)
_AUTHORIZATIONS = ("00", "01", "02", "03", "04", "05", "06")
TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?", re.ASCII)
"""HHMM, and what may follow it."""
_BLANKS = " \xa0\xc2\r\n\t"


def interchange(parts: Sequence[str], syntax: Syntax, offset: int, findings: Sequence[Finding]) -> InterchangeReport:
    """The report of an interchange from the parts of its ISA, with what is wrong in them."""
    texts = [element.strip(_BLANKS) for element in parts]
    report = InterchangeReport(
        "X12", Party(texts[5], texts[6]), Party(texts[7], texts[8]), texts[9], texts[10], texts[13], texts[12], texts[15],
        texts[14] == "1", syntax, offset, findings=list(findings),
    )  # fmt: skip
    if not any(finding.rule == "case" for finding in findings):
        report.findings += _isa(texts, offset)
    return report


def _isa(texts: list[str], offset: int) -> list[Finding]:
    found: list[Finding] = []

    def say(severity: Severity, code: str, rule: str, element: int, message: str, remedy: str) -> None:
        where = Position(offset, 0, "ISA", element)
        found.append(Finding("interchange", severity, code, message, where, texts[element], remedy, rule))

    for element, code, side in ((5, "005", "sender"), (7, "007", "receiver")):
        if texts[element] not in _QUALIFIERS:
            say(
                "warning",
                code,
                "qualifier",
                element,
                f"ISA{element:02d} is no known qualifier of a {side}",
                "agree on it with the partner",
            )
        if not texts[element + 1]:
            say(
                "error",
                f"{int(code) + 1:03d}",
                "party",
                element + 1,
                f"The {side} id ISA{element + 1:02d} is empty",
                "the sender must fill it",
            )
        elif not _printable(texts[element + 1]):
            message = f"The {side} id ISA{element + 1:02d} holds characters that cannot be printed"
            say("error", f"{int(code) + 1:03d}", "party", element + 1, message, "the sender must correct it")
    for element, code, known in ((1, "010", _AUTHORIZATIONS), (3, "012", ("00", "01"))):
        if texts[element] not in known:
            say(
                "warning", code, "qualifier", element, f"ISA{element:02d} is no known qualifier", "it was not looked at"
            )
    if not _digits(texts[12]) or len(texts[12]) != 5:
        say("error", "017", "isa-version", 12, "ISA12 is no version", "write 00401 or 00501")
    if not day(texts[9]):
        say("error", "014", "date", 9, "ISA09 is no date", "write it as YYMMDD")
    if not TIME.fullmatch(texts[10]):
        say("error", "015", "time", 10, "ISA10 is no time", "write it as HHMM")
    if not _digits(texts[13]) or len(texts[13]) > 9:
        say(
            "error",
            "018",
            "number",
            13,
            "The control number ISA13 is no number of nine digits",
            "the sender must number his interchanges",
        )
    if texts[14] not in ("0", "1"):
        say("warning", "019", "flag", 14, "ISA14 is neither 0 nor 1", "it was taken as 0")
    if texts[15] not in ("P", "T", "I"):
        say("error", "020", "usage", 15, "ISA15 is neither P, T nor I", "the sender must say whether it is a test")
    return found


def trailer(report: InterchangeReport, parts: Sequence[str], groups: int, offset: int) -> list[Finding]:
    """What is wrong with an IEA: its count of groups (TA1s are not counted), its control number."""
    count, control = _texts(parts, 2)
    found = extra("interchange", "022", "IEA", parts, 2, offset)
    where = Position(offset, 0, "IEA", 1)
    if not _same(count, str(groups)):
        found.append(Finding("interchange", "error", "021", f"IEA01 says {count or 'nothing'}, the interchange has {groups} groups", where,
                             count, "ask the sender whether something was lost", "count"))  # fmt: skip
    if not _same(control, report.control):
        found.append(Finding("interchange", "error", "001", f"IEA02 is {control or 'empty'}, ISA13 is {report.control}",
                             Position(offset, 0, "IEA", 2), control, "header and trailer are not of one interchange; ask the sender for it again", "control"))  # fmt: skip
    return found


def receipt(text: str, syntax: Syntax, offset: int) -> list[Finding]:
    """What is wrong with a TA1: worth a warning, for what it says may be read all the same."""
    context = element_check.Context(syntax, Position(offset, 0, "TA1"))
    found = element_check.explain(text, guides.segments("X12", "004010")["TA1"], context)
    return [replace(one, level="interchange", severity="warning", code="022", rule="receipt") for one in found]


def extra(level: Level, code: str, id: str, parts: Sequence[str], most: int, offset: int) -> list[Finding]:
    """The finding for a segment of the envelope with elements too many."""
    if len(parts) <= most + 1:
        return []
    where, value = Position(offset, 0, id, most + 1), parts[most + 1][:200]
    return [
        Finding(
            level,
            "error",
            code,
            f"{id} has more than {most} elements",
            where,
            value,
            "the rest has no meaning",
            "extra",
        )
    ]


def missing_trailer(level: Level, code: str, id: str, offset: int, why: str) -> Finding:
    """The finding for a SE, GE or IEA that never came."""
    return Finding(level, "error", code, f"{id} is missing: {why}", Position(offset, 0, id), "",
                   "part of it may be lost; ask the sender for it again", "trailer")  # fmt: skip


def group(parts: Sequence[str], offset: int) -> GroupReport:
    """The report of a group from the parts of its GS, with what is wrong in them."""
    functional, sender, receiver, sent, time, control, agency, version = _texts(parts, 8)
    report = GroupReport(functional, sender, receiver, sent, time, control, version, offset)

    report.findings += _group_findings([functional, sender, receiver, sent, time, control, agency, version], offset)
    report.findings += extra("group", "", "GS", parts, 8, offset)
    return report


def _group_findings(texts: Sequence[str], offset: int) -> Iterator[Finding]:
    """What is wrong with the elements of a GS: severity, code, rule, element, message, remedy."""
    functional, _, _, sent, time, control, agency, version = texts
    shelf = guides.tables("X12", version)
    rows: list[tuple[bool, Severity, str, str, int, str, str]] = [
        (not re.fullmatch(r"[A-Z0-9]{2}", functional), "error", "1", "identifier", 1,
         "GS01 is no functional identifier", "the sender must say what the group is"),
        *(row for element in (2, 3) for row in _group_party(texts[element - 1], element)),
        (not (day(sent, 8) or (shelf == "003040" and day(sent))), "warning" if day(sent) else "error", "", "group-date", 4,
         "GS04 is no date of eight digits", "write it as CCYYMMDD"),
        (not TIME.fullmatch(time), "error", "", "group-date", 5, "GS05 is no time", "write it as HHMM"),
        (not _digits(control) or len(control) > 9, "error", "6", "number", 6,
         "The group control number GS06 is no number", "the sender must number his groups"),
        (agency not in ("X", "T"), "warning", "", "agency", 7, "GS07 is neither X nor T", "it was taken as X"),
        (not shelf, "error", "2", "version", 8, "GS08 names no version", "the sender must say which version he writes"),
        (bool(shelf) and (len(version) > 12 or not _printable(version)), "error", "2", "group-version", 8,
         "GS08 is no version of at most 12 characters", "the sender must correct it"),
    ]  # fmt: skip
    for wrong, severity, code, rule, element, message, remedy in rows:
        if wrong:
            yield Finding(
                "group", severity, code, message, Position(offset, 0, "GS", element), texts[element - 1], remedy, rule
            )


def _group_party(value: str, element: int) -> Iterator[tuple[bool, Severity, str, str, int, str, str]]:
    name = f"GS{element:02d}"
    yield not value, "warning", "", "party", element, f"{name} is empty", "the sender must fill it"
    wrong = len(value) > 15 or (bool(value) and not _printable(value))
    message = f"{name} is no code of at most 15 characters"
    yield wrong, "error", "", "party", element, message, "the sender must correct it"


def group_trailer(report: GroupReport, parts: Sequence[str], sets: int, offset: int) -> list[Finding]:
    """What is wrong with a GE: its count of sets, its control number. Notes the count in the report."""
    count, control = _texts(parts, 2)
    report.included = int(count) if _digits(count) and len(count) < 10 else -1
    found = extra("group", "", "GE", parts, 2, offset)
    if not _same(count, str(sets)):
        found.append(Finding("group", "error", "5", f"GE01 says {count or 'nothing'}, the group has {sets} sets", Position(offset, 0, "GE", 1),
                             count, "ask the sender whether something was lost", "count"))  # fmt: skip
    if not _same(control, report.control):
        found.append(Finding("group", "error", "4", f"GE02 is {control or 'empty'}, GS06 is {report.control}", Position(offset, 0, "GE", 2),
                             control, "header and trailer are not of one group; ask the sender for it again", "control"))  # fmt: skip
    return found


def set_header(id: str, control: str, offset: int) -> list[Finding]:
    """What is wrong with an ST."""
    found = []
    if not re.fullmatch(r"[A-Z0-9]{3}", id):
        found.append(Finding("set", "error", "6", "ST01 names no transaction set", Position(offset, 1, "ST", 1, reference=143), id,
                             "the sender must say what the set is", "identifier"))  # fmt: skip
    if not 4 <= len(control) <= 9:
        severity: Severity = "warning" if control else "error"
        found.append(Finding("set", severity, "7", "ST02 is no control number of four to nine characters", Position(offset, 1, "ST", 2, reference=329),
                             control, "the sender must number his sets", "number"))  # fmt: skip
    return found


def set_trailer(parts: Sequence[str], control: str, segments: int, offset: int) -> list[Finding]:
    """What is wrong with a SE: its count of segments (ST and SE included), its control number."""
    count, number = _texts(parts, 2)
    found = []
    if not _same(count, str(segments)):
        found.append(Finding("set", "error", "4", f"SE01 says {count[:20] or 'nothing'}, the set has {segments} segments",
                             Position(offset, segments, "SE", 1, reference=96), count, "ask the sender whether something was lost", "count"))  # fmt: skip
    if number != control:
        found.append(Finding("set", "error", "3", f"SE02 is {number or 'empty'}, ST02 is {control}", Position(offset, segments, "SE", 2, reference=329),
                             number, "header and trailer are not of one set; ask the sender for it again", "control"))  # fmt: skip
    return found


def _texts(parts: Sequence[str], size: int) -> list[str]:
    texts = [element.strip(_BLANKS) for element in parts[1 : size + 1]]
    return texts + [""] * (size - len(texts))


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _same(one: str, other: str) -> bool:
    """Numbers are compared as numbers: GS06 is not padded by rule."""
    if _digits(one) and _digits(other):
        return one.lstrip("0") == other.lstrip("0")
    return one == other


def day(text: str, size: int = 6) -> bool:
    """Whether the text is a day of the calendar: YYMMDD, or CCYYMMDD with size 8."""
    if not _digits(text) or len(text) != size:
        return False
    year = int(text[:4]) if size == 8 else 2000 + int(text[:2])
    try:
        date(year, int(text[-4:-2]), int(text[-2:]))
    except ValueError:
        return False
    return True


# -- as a standard ----------------------------------------------------------------------------------------------------


def _repeated(report: InterchangeReport) -> Finding:
    return Finding("interchange", "warning", "025", f"Interchange {report.control} stands twice in this file",
                   Position(report.offset, 0, "ISA", 13), report.control, "the sender must number his interchanges",
                   "duplicate-interchange")  # fmt: skip


def _group_repeated(group: GroupReport) -> Finding:
    return Finding("group", "error", "19", f"Group control number {group.control} was used before in this interchange",
                   Position(group.offset, 0, "GS", 6), group.control, "the sender must number his groups",
                   "duplicate")  # fmt: skip


def _implicit_group(_report: InterchangeReport, offset: int) -> GroupReport:
    made = group([], offset)
    made.findings = [missing_trailer("group", "3", "GS", offset, "a set begins outside of any group")]
    return made


_MISSING: dict[str, tuple[Level, str, str]] = {
    "set": ("set", "2", "SE"),
    "group": ("group", "3", "GE"),
    "interchange": ("interchange", "023", "IEA"),
}


def _header(row: Row, group: GroupReport, _report: InterchangeReport) -> SetHeader:
    id, control = (part.strip(" ") for part in (*row[1:3], *[""] * (3 - len(row))))
    return SetHeader(id, control, group.version)


def _header_findings(report: SetReport, group: GroupReport, _known: bool, used: bool) -> list[Finding]:
    id, control, offset, guide = report.id, report.control, report.offset, report.guide
    fits = guide is not None and guide.group == group.functional_id
    if fits and not used and 4 <= len(control) <= 9:
        return []
    found = set_header(id, control, offset)
    if used:
        found.append(Finding("set", "error", "23", f"Control number {control} was used before in this group",
                             Position(offset, 1, "ST", 2, reference=329), control, "the sender must number his sets", "duplicate"))  # fmt: skip
    if guide is None:
        listed = ", ".join(guides.sets("X12"))
        found.append(Finding("set", "error", "1", f"Transaction set {id or '(none)'} of {group.version} is not supported",
                             Position(offset, 1, "ST", 1, reference=143), id, f"read are {listed}", "unsupported"))  # fmt: skip
    elif not fits:
        message = f"A {id} belongs in a group {guide.group}, not {group.functional_id or '(none)'}"
        found.append(Finding("set", "error", "18", message, Position(offset, 1, "ST", 1, reference=143), id,
                             "the sender must correct GS01", "group"))  # fmt: skip
    return found


def _guide_version(report: SetReport, interchange: InterchangeReport) -> str:
    """The version of the group; of the interchange where that is none."""
    version = report.version or interchange.version
    if guides.tables("X12", version):
        return version
    return interchange.version.lstrip("0").ljust(5, "0").rjust(6, "0")


def _trailer_findings(report: SetReport, offset: int) -> list[Finding]:
    row, count = report.row(-1), len(report.segments)
    return [] if row == ["SE", str(count), report.control] else set_trailer(row, report.control, count, offset)


X12 = Standard(
    name="X12",
    set_header="ST",
    set_trailer="SE",
    roles={"ST": "set", "GS": "group", "GE": "group end", "IEA": "interchange end", "TA1": "receipt"},
    ends=frozenset(("ISA", "GS", "ST", "SE", "GE", "IEA", "TA1")),
    codes={},
    astray=("", "024"),
    once=False,
    set_word="set",
    groups_required=True,
    controls_by_group=True,
    reads=lambda id: id == "ISA",
    interchange=interchange,
    interchange_trailer=lambda report, row, groups, _, offset: trailer(report, row, groups, offset),
    repeated=_repeated,
    receipt=receipt,
    group=lambda row, _, offset: group(row, offset),
    implicit_group=_implicit_group,
    group_trailer=lambda report, row, _, sets, offset: group_trailer(report, row, sets, offset),
    group_repeated=_group_repeated,
    mixed=lambda *_: None,
    missing=lambda part, offset, why: missing_trailer(*_MISSING[part], offset, why),
    header=_header,
    header_findings=_header_findings,
    guide_version=_guide_version,
    trailer_findings=_trailer_findings,
    checks=(totals.check,),
)
"""X12 for the reader (X12.5, X12.6)."""
