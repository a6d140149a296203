"""Acknowledgments: the 997 or 999 of a group, the TA1 of an interchange, and theirs read into one shape.

    997   ST AK1 {AK2 {AK3 AK4} AK5} AK9 SE                one for each group, never for a group of acknowledgments (GS01 = FA)
    999   ST AK1 {AK2 {IK3 CTX {IK4 CTX}} IK5} AK9 SE      the same in 005010, where a partner wants it
    TA1   control, date and time of their ISA, A | E | R, note code

An accepted 997 says that the syntax was read. Codes are those of the findings: AK304 and AK403 of segment and element,
AK502 of the set, AK905 of the group, TA105 of the interchange. Whatever they sent, the answer can be written: what is
echoed keeps letters, digits, dots and hyphens only, for these are never delimiters.

Knows: findings and their codes. Does not know: control numbers of ours, when an answer is sent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from d365edi.edi.acknowledgment import Answer, Loop, SetAnswer
from d365edi.edi.dates import digits, is_day
from d365edi.edi.findings import Finding, Position, unread
from d365edi.edi.interchange import GroupReport, InterchangeReport, SetReport, Verdict
from d365edi.edi.outgoing import OutgoingSegment
from d365edi.edi.verdicts import missing
from d365edi.edi.x12.envelope import TIME

Form = Literal["997", "999"]
MOST_ELEMENTS = 99

SEGMENT_CODES = {
    "1": "is not known", "2": "is not expected here", "3": "is missing", "4": "opens its loop too often",
    "5": "stands too often", "6": "does not belong to this set", "7": "is out of order", "8": "has element errors",
}  # fmt: skip
"""AK304, data element 720."""
ELEMENT_CODES = {
    "1": "is missing", "2": "is missing beside another element", "3": "is one element too many",
    "4": "is too short", "5": "is too long", "6": "has an invalid character", "7": "has an invalid code",
    "8": "is no date", "9": "is no time", "10": "stands beside an element that excludes it",
    "12": "is repeated too often", "13": "has too many components",
}  # fmt: skip
"""AK403, data element 723."""
SET_CODES = {
    "1": "the set is not supported", "2": "its trailer is missing", "3": "ST02 and SE02 differ",
    "4": "SE01 counts wrong", "5": "segments are in error", "6": "the set id is invalid",
    "7": "the control number is invalid", "18": "it does not belong into its group",
    "23": "its control number is not unique",
}  # fmt: skip
"""AK502, data element 718."""
GROUP_CODES = {
    "1": "the group is not supported", "2": "the version is not supported", "3": "its trailer is missing",
    "4": "GS06 and GE02 differ", "5": "GE01 counts wrong", "6": "the control number is invalid",
    "19": "its control number is not unique",
}  # fmt: skip
"""AK905, data element 716."""

_VERDICTS: dict[str, Verdict] = {"A": "A", "E": "E", "P": "P", **dict.fromkeys("RMWX", "R")}
"""AK501 and AK901, data elements 717 and 715: M, W and X reject what is not authentic, not assured or cannot be decrypted."""

IMPLEMENTATION = "005010X231A1"
"""The version (GS08) of a group of 999s."""
_NAMES: dict[Form, tuple[str, str, str]] = {"997": ("AK3", "AK4", "AK5"), "999": ("IK3", "IK4", "IK5")}
_BUSINESS = {"820": ("TRN", 2)}
"""Where a set has the number of its business unit, of those that the guide of `IMPLEMENTATION` has a name for (CTX01: TRN02)."""
_OLDER = {"set": {"18": "6"}, "group": {"19": "6"}, "element": {"12": "3", "13": "3"}}
"""Codes that the lists of an older version lack (718 and 716 of 004010, 723 before 004020), and what comes nearest there."""


def due(group: GroupReport) -> bool:
    """Whether a group is answered: all are but those of acknowledgments, and those without a GS that could be named."""
    return group.functional_id != "FA" and bool(group.functional_id or group.control)


def functional(
    group: GroupReport, control: str, *, loop: Loop = "errors", form: Form = "997", version: str = ""
) -> list[OutgoingSegment]:
    """The body of one 997 or 999 for a received group (AK1 to AK9). `control` is its GS06; `loop`: which sets are reported one by one.

    With `loop` "errors" the sets without errors may be left out of `group.sets`: how many there were, the group knows.
    `version` is the one that the answer is written in, that of the group where it is not said; a 999 stands in a group
    of version `IMPLEMENTATION`. An acknowledgment is answered by nothing: see `due`."""
    lists = _Lists(form, version or group.version)
    functional_id = group.functional_id if re.fullmatch("[A-Z0-9]{2}", group.functional_id) else "00"
    head: OutgoingSegment = ["AK1", functional_id, _number(control)]
    body = [[*head, _key(group.version, 12)] if lists.later else head]
    for report in _reported(group, loop):
        body += _Set(report, form, lists).body()
    accepted = 0 if group.verdict == "R" else group.accepted
    included = group.included if group.included >= 0 else group.received
    counts = [str(min(count, 999_999)) for count in (included, group.received, accepted)]
    codes = lists.codes(group.findings, "group", GROUP_CODES, group.verdict)
    return [*body, ["AK9", group.verdict, *counts, *codes]]


def _reported(group: GroupReport, loop: Loop) -> list[SetReport]:
    """The sets that are reported one by one, in their order: those with errors, or all. All as well where some are missing
    or one may be misnamed (a control number used twice): else nobody could tell which are accepted."""
    named = [report for report in group.sets if _named(report)]
    if loop == "errors" and not (missing(group) or any(report.misnamed for report in group.sets)):
        named = [report for report in named if report.verdict != "A"]
    return named if loop != "none" else []


@dataclass(frozen=True, slots=True)
class _Lists:
    """Which codes the version of an answer has. `later`: 005010 and what is of it, as a 999."""

    form: Form
    version: str

    @property
    def later(self) -> bool:
        return self.form == "999" or self.version[:3] >= "005"

    def code(self, level: str, code: str) -> str:
        """The code of a finding, or what comes nearest to it in an older list."""
        known = self.later or (level == "element" and self.version[:5] >= "00402")
        return code if known else _OLDER.get(level, {}).get(code, code)

    def codes(self, findings: Iterable[Finding], level: str, known: dict[str, str], verdict: Verdict) -> list[str]:
        wanted = [f.code for f in findings if f.level == level and f.code in known and f.severity == "error"]
        return [] if verdict == "A" else list(dict.fromkeys(self.code(level, code) for code in wanted))[:5]


def _key(text: str, most: int) -> str:
    """An echo without anything that may be a delimiter of ours."""
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c in ".-"))[:most]


def _number(control: str) -> str:
    return (_key(control, 99).lstrip("0")[:9] or "0") if control.isascii() and control.isdigit() else "0"


def _named(report: SetReport) -> bool:
    """A set whose ST01 is no set id cannot be named; it is only in the counts of AK9."""
    return len(report.id) == 3 and report.id.isascii() and report.id.isalnum() and report.id == report.id.upper()


class _Set:
    """What is said of one set: AK2 to AK5."""

    def __init__(self, report: SetReport, form: Form, lists: _Lists) -> None:
        self.report, self.form, self.lists = report, form, lists
        self.segment, self.element, self.end = _NAMES[form]

    def body(self) -> list[OutgoingSegment]:
        report = self.report
        body: list[OutgoingSegment] = [["AK2", report.id, _key(report.control, 9) or "0000", *self._convention()]]
        reported = [
            f for f in report.findings if f.severity == "error" and f.code and f.level in ("segment", "element")
        ]
        for ordinal in sorted({finding.where.ordinal for finding in reported}):
            body += self._segment([finding for finding in reported if finding.where.ordinal == ordinal])
        codes = self.lists.codes(report.findings, "set", SET_CODES, report.verdict)
        if reported and "5" not in codes and report.verdict != "A":
            codes = [*codes, "5"]
        return [*body, [self.end, report.verdict if report.verdict != "P" else "E", *codes[:5]]]

    def _convention(self) -> list[str]:
        """ST03, which 005010 echoes."""
        row = self.report.row(0) if self.lists.later else []
        return [_key(row[3], 35)] if len(row) > 3 else []

    def _segment(self, findings: list[Finding]) -> list[OutgoingSegment]:
        """The notes of one segment: one for each code of its own, and one with code 8 that leads those of its elements."""
        own = dict.fromkeys((f.where.segment, f.where.ordinal, f.code) for f in findings if f.level == "segment")
        elements = [finding for finding in findings if finding.level == "element"][:MOST_ELEMENTS]
        body = [segment for place in own for segment in self._note(*place)]
        if elements:
            where = elements[0].where
            body += self._note(where.segment, where.ordinal, "8")
            body += [self._element(finding) for finding in elements]
        return body

    def _note(self, id: str, ordinal: int, code: str) -> list[OutgoingSegment]:
        name = _key(id, 3)
        place = min(max(ordinal, 1), 999_999)
        note: OutgoingSegment = [self.segment, name if len(name) > 1 else "ZZ", str(place), "", code]
        return [note, *self._context()] if self.form == "999" else [note]

    def _context(self) -> list[OutgoingSegment]:
        """Which business unit it is, where the guide has a name for its number."""
        id, position = _BUSINESS.get(self.report.id, ("", 0))
        for row in self.report.rows[:20]:
            if row[0] == id and len(row) > position:
                number = _copy(row[position])[:35].rstrip(" ")
                return [["CTX", (f"{id}{position:02d}", number)]] if number else []
        return []

    def _element(self, finding: Finding) -> OutgoingSegment:
        where = finding.where
        place = (where.element, where.component, where.repetition if self.lists.later else 0)
        position = tuple(str(min(part, 99)) if part else "" for part in place)
        while not position[-1] and len(position) > 1:
            position = position[:-1]
        reference = str(where.reference) if where.reference else ""
        return [self.element, position, reference, self.lists.code("element", finding.code), _copy(finding.value)]


def _copy(value: str) -> str:
    """AK404: the bad value without control characters, at most 99 characters; as free text it loses what delimits our answer."""
    clean = "".join(c if c.isascii() and c.isprintable() else " " for c in value)
    return " ".join(word for word in clean.split(" ") if word)[:99].rstrip(" ")


def ta1_due(report: InterchangeReport) -> bool:
    """Whether the interchange asks for a TA1 (ISA14 = 1), or must be answered because it is rejected or because something
    in it may not have been read, which no 997 can say; never for one of TA1s alone."""
    asked = report.answer_requested or bool(unread(report.findings))
    return (asked and bool(report.groups or not report.acknowledgments)) or report.verdict == "R"


def interchange(report: InterchangeReport, *, duplicate: bool = False) -> list[str]:
    """The TA1 of an interchange: A with 000, else the code of its first error; a repeated control number is R with 025."""
    found = [one for one in report.findings if one.level == "interchange" and one.code and one.severity == "error"]
    errors = [one.code for one in found]
    verdict, code = ("A", "000")
    if duplicate:
        verdict, code = "R", "025"
    elif report.verdict in ("E", "R"):
        verdict, code = report.verdict, errors[0] if errors else "024"
    control = report.control[:9] if report.control.isascii() and report.control.isdigit() else "0"
    date = report.date if is_day(report.date, 6) else "000101"
    time = report.time if TIME.fullmatch(report.time) and len(report.time) == 4 else "0000"
    return ["TA1", f"{int(control):09d}", date, time, verdict, code]


@dataclass(slots=True)
class _Open:
    """A set's answer while its AK3s are read."""

    id: str
    control: str
    errors: list[Finding] = field(default_factory=list)
    segment: str = ""
    ordinal: int = 0

    def done(self, verdict: Verdict | None = None, codes: tuple[str, ...] = ()) -> SetAnswer:
        """What was said of it; without a verdict where no AK5 came."""
        errors = tuple(self.errors) or tuple(_set_error(self, code) for code in codes)
        return SetAnswer(self.id, self.control, verdict, codes, errors)


@dataclass(slots=True)
class _Theirs:
    """What they say of a group while its AK2s are read."""

    functional_id: str
    control: str
    version: str
    component: str
    verdict: Verdict | None = None
    counts: tuple[int, int, int] = (-1, -1, -1)
    codes: tuple[str, ...] = ()
    sets: list[SetAnswer] = field(default_factory=list)
    open: _Open | None = None

    def take(self, id: str, elements: list[str]) -> None:
        """One of its segments."""
        got = [*elements, *[""] * 6]
        if id == "AK9":
            self.close()
            included, received, accepted = (int(text) if digits(text) else -1 for text in got[1:4])
            self.verdict, self.counts = _verdict(got[0]), (included, received, accepted)
            self.codes = tuple(code for code in elements[4:] if code)
        elif id == "AK2":
            self.close()
            self.open = _Open(got[0], got[1])
        elif self.open is not None:
            self._of_set(self.open, id, elements, got)

    def _of_set(self, set: _Open, id: str, elements: list[str], got: list[str]) -> None:
        if id in ("AK3", "IK3"):
            set.segment, set.ordinal = got[0], int(got[1]) if digits(got[1]) else 0
            _error(set, got[3], SEGMENT_CODES, "", "")
        elif id in ("AK4", "IK4"):
            _error(set, got[2], ELEMENT_CODES, got[0].split(self.component)[0], got[3])
        elif id in ("AK5", "IK5"):
            self.sets.append(set.done(_verdict(got[0]), tuple(code for code in elements[1:] if code)))
            self.open = None

    def close(self) -> None:
        """A set that no AK5 closed ends."""
        if self.open is not None:
            self.sets.append(self.open.done())
        self.open = None

    def done(self) -> Answer:
        self.close()
        group = f"{self.functional_id} group {self.control}"
        errors = [
            Finding("group", "error", code, f"{group}: {GROUP_CODES.get(code, f'error {code}')}") for code in self.codes
        ]
        about = (self.functional_id, self.control, self.version, self.verdict, *self.counts)
        return Answer(*about, self.codes, tuple(self.sets), tuple(errors))


def answers(report: SetReport) -> tuple[Answer, ...]:
    """Read their 997 or 999 (AK or IK segments alike): one answer for each AK1, of which the standard has one, as far as it can
    be read. A set that is closed by no AK5 has no verdict of its own, a group without AK9 none for what is not listed."""
    found: list[_Theirs] = []
    for row in report.rows:
        id, *elements = [part.rstrip(" ") for part in row]
        if id == "AK1":
            functional_id, control, version = [*elements, "", "", ""][:3]
            found.append(_Theirs(functional_id, control, version, report.syntax.component))
        elif found:
            found[-1].take(id, elements)
    return tuple(each.done() for each in found)


def _verdict(code: str) -> Verdict | None:
    """The verdict of AK501 or AK901, in small letters, too. None: no code of 717 and 715, which decides nothing."""
    return _VERDICTS.get(code.upper())


def _error(open_set: _Open, code: str, words: dict[str, str], element: str, value: str) -> None:
    if not code or (code == "8" and not element):
        return
    place = f"{open_set.segment}{int(element):02d}" if element.isdigit() else open_set.segment
    sentence = f"{place} (segment {open_set.ordinal}) {words.get(code, f'has error {code}')}"
    where = Position(
        ordinal=open_set.ordinal, segment=open_set.segment, element=int(element) if element.isdigit() else 0
    )
    level: Literal["element", "segment"] = "element" if element else "segment"
    shown = f'{sentence}: "{value}"' if value else sentence
    open_set.errors.append(Finding(level, "error", code, shown, where, value))


def _set_error(open_set: _Open, code: str) -> Finding:
    words = SET_CODES.get(code, f"error {code}")
    return Finding("set", "error", code, f"{open_set.id} {open_set.control}: {words}")
