"""The envelope of X12: ISA and IEA, GS and GE, ST and SE, with the codes of TA105, AK905 and AK502; and X12 as a standard.

Knows: what stands in a header. Does not know: what the sets hold, the verdict.
"""

import re
from collections.abc import Iterator, Sequence

from d365edi.edi import element_check, guides
from d365edi.edi.dates import digits, is_day
from d365edi.edi.findings import Finding, Position
from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport
from d365edi.edi.rules import finding
from d365edi.edi.standard import Envelope, Row, SetHeader, Standard
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import totals

QUALIFIERS = frozenset(
    [*(f"{number:02d}" for number in range(1, 39) if number not in (5, 6)), "AM", "NR", "SA", "SN", "ZZ"]
)
"""Data element I05."""
AUTHORIZATIONS = frozenset(("00", "01", "02", "03", "04", "05", "06"))
"""Data element I01."""
TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?", re.ASCII)
"""HHMM, and what may follow it."""
_PUBLISHED = re.compile(r"00[2-8]0[0-7][0-3]")
"""What versions of X12 look like, releases and subreleases (004010, 004012, 008040): any other GS08 is none of them. Digits alone
do not say which ones were published, and the next may be."""
_BLANKS = " \xa0\xc2\r\n\t"


def interchange(row: Row, syntax: Syntax, offset: int, findings: Sequence[Finding]) -> InterchangeReport:
    """The report of an interchange from its ISA, with what is wrong in it."""
    texts = [element.strip(_BLANKS) for element in row]
    report = InterchangeReport(
        "X12", Party(texts[5], texts[6]), Party(texts[7], texts[8]), texts[9], texts[10], texts[13], texts[12], texts[15],
        texts[14] == "1", syntax, offset, findings=list(findings),
    )  # fmt: skip
    if not any(one.rule == "case" for one in findings):
        report.findings += _isa(texts, offset)
    return report


def _isa(texts: list[str], offset: int) -> Iterator[Finding]:
    for element, side in ((5, "sender"), (7, "receiver")):
        id = texts[element + 1]
        if texts[element] not in QUALIFIERS:
            yield _wrong(f"interchange.qualifier.{side}", texts, element, offset)
        if not id:
            yield _wrong(f"interchange.party.{side}.empty", texts, element + 1, offset)
        elif not _printable(id):
            yield _wrong(f"interchange.party.{side}.characters", texts, element + 1, offset)
    rows = [
        ("interchange.qualifier.authorization", 1, texts[1] in AUTHORIZATIONS),
        ("interchange.qualifier.security", 3, texts[3] in ("00", "01")),
        ("interchange.isa-version", 12, plain := digits(texts[12]) and len(texts[12]) == 5),
        ("interchange.isa-version.unpublished", 12, not plain or _PUBLISHED.match(f"{texts[12]}0")),
        ("interchange.date", 9, is_day(texts[9], 6)),
        ("interchange.time", 10, TIME.fullmatch(texts[10])),
        ("interchange.number", 13, digits(texts[13]) and len(texts[13]) <= 9),
        ("interchange.flag", 14, texts[14] in ("0", "1")),
        ("interchange.usage", 15, texts[15] in ("P", "T", "I")),
    ]
    yield from (_wrong(key, texts, element, offset) for key, element, right in rows if not right)


def _wrong(key: str, texts: Row, element: int, offset: int, known: str = "") -> Finding:
    part = "ISA" if key.startswith("interchange") else "GS"
    return finding(key, Position(offset, 0, part, element), "X12", texts[element], known=known)


def receipt(text: str, syntax: Syntax, offset: int) -> list[Finding]:
    """What is wrong with a TA1: worth a warning, for what it says may be read all the same."""
    where = Position(offset, 0, "TA1")
    segment = guides.segments("X12", "004010")["TA1"]
    return [
        finding("interchange.receipt", one.where, "X12", one.value, message=one.message, remedy=one.remedy)
        for one in element_check.explain(text, segment, element_check.Context(syntax, where))
    ]


def group(row: Row, _syntax: Syntax, offset: int) -> GroupReport:
    """The report of a group from its GS, with what is wrong in it."""
    texts = [*(element.strip(_BLANKS) for element in row), *[""] * 9][:9]
    _, functional, sender, receiver, sent, time, control, _, version = texts
    report = GroupReport(functional, sender, receiver, sent, time, control, version, offset)
    known = guides.tables("X12", version)
    report.findings += [_wrong(key, texts, element, offset, known) for key, element in _group(texts, known)]
    if len(row) > 9:
        report.findings.append(finding("group.extra", Position(offset, 0, "GS", 9), "X12", row[9][:200], most=8))
    return report


def _group(texts: Row, known: str) -> Iterator[tuple[str, int]]:
    """The rules that a GS breaks, each with its element. `known`: the tables for its version, "" where there are none."""
    _, functional, _, _, sent, time, control, agency, version = texts
    if not re.fullmatch(r"[A-Z0-9]{2}", functional):
        yield "group.identifier", 1
    for element in (2, 3):
        if not texts[element]:
            yield "group.party.empty", element
        elif len(texts[element]) > 15 or not _printable(texts[element]):
            yield "group.party.code", element
    if not (is_day(sent, 8) or (known == "003040" and is_day(sent, 6))):
        yield "group.group-date.width" if is_day(sent, 6) else "group.group-date", 4
    if not TIME.fullmatch(time):
        yield "group.group-date.time", 5
    if not digits(control) or len(control) > 9:
        yield "group.number", 6
    if agency not in ("X", "T"):
        yield "group.agency", 7
    if not known:
        yield "group.version", 8
    elif len(version) > 12 or not _printable(version):
        yield "group.group-version", 8
    elif not _PUBLISHED.match(re.sub(r"^(\d{5})(?!\d)", r"\g<1>0", version)):
        yield "group.unpublished", 8
    elif known[:3] != version[:3]:
        yield "group.tables", 8


def _implicit_group(_: InterchangeReport, offset: int) -> GroupReport:
    """A set begins outside of any group: a GS is missing."""
    why = "a set begins outside of any group"
    missing = finding("group.trailer", Position(offset, 0, "GS"), "X12", why=why)
    return GroupReport("", "", "", "", "", "", "", offset, findings=[missing])


def _header(row: Row, group: GroupReport, _: InterchangeReport) -> SetHeader:
    id, control = (element.strip(" ") for element in [*row[1:3], "", ""][:2])
    return SetHeader(id, control, group.version)


def _header_checks(report: SetReport) -> Iterator[Finding]:
    if not re.fullmatch(r"[A-Z0-9]{3}", report.id):
        yield finding("set.identifier", Position(report.offset, 1, "ST", 1, reference=143), "X12", report.id)
    if not 4 <= len(report.control) <= 9:
        key = "set.number" if report.control else "set.number.empty"
        yield finding(key, Position(report.offset, 1, "ST", 2, reference=329), "X12", report.control)


def _wanted_group(report: SetReport, group: GroupReport) -> str:
    guide = report.guide
    return guide.group if guide is not None and guide.group != group.functional_id else ""


def _guide_version(report: SetReport, interchange: InterchangeReport) -> str:
    """The version of the group; of the interchange where that is none."""
    version = report.version or interchange.version
    if guides.tables("X12", version):
        return version
    return interchange.version.lstrip("0").ljust(5, "0").rjust(6, "0")


def _trailer(row: Row, _: Syntax) -> tuple[str, str]:
    count, control = (element.strip(_BLANKS) for element in [*row[1:3], "", ""][:2])
    return count, control


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


X12 = Standard(
    name="X12",
    envelopes={
        "interchange": Envelope("ISA", "IEA", 13),
        "group": Envelope("GS", "GE", 6),
        "set": Envelope("ST", "SE", 2, 329, (96, 329)),
    },
    roles={"ST": "set", "GS": "group", "GE": "group end", "IEA": "interchange end", "TA1": "receipt"},
    ends=frozenset(("ISA", "GS", "ST", "SE", "GE", "IEA", "TA1")),
    id_size=0,
    set_word="set",
    type_place=(1, 0, 143),
    groups_required=True,
    partial_groups=True,
    numeric_controls=True,
    unlisted_once=False,
    reads=lambda id: id == "ISA",
    interchange=interchange,
    group=group,
    implicit_group=_implicit_group,
    header=_header,
    header_checks=_header_checks,
    wanted_group=_wanted_group,
    guide_version=_guide_version,
    trailer=_trailer,
    count_digits=0,
    trailer_size=2,
    receipt=receipt,
    checks=(totals.check,),
)
"""X12 for the reader (X12.5, X12.6)."""
