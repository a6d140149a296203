"""What `check FILE` reports: a file read as the daemon would read it, without journal or connections.

    bytes → interchanges, groups, sets with findings → the acknowledgment each interchange would get → the documents

A partner's guide, maps and purposes are used where the file is a partner's, else the shipped ones.

Knows: how the steps are combined for one file. Does not know: settings, output.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from d365edi.cli.flatfile import recognised, unknown
from d365edi.cli.preview_ack import preview_ack
from d365edi.cli.whose import read_file
from d365edi.cli.would_hold import Holds
from d365edi.edi import guides
from d365edi.edi.acknowledgment import Answer, contradictions
from d365edi.edi.findings import Finding, unread
from d365edi.edi.interchange import FileReport, GroupReport, InterchangeReport, SetReport
from d365edi.errors import SettingsError
from d365edi.flows import acknowledge, routing
from d365edi.flows.partner import MapReader, TradingPartner
from d365edi.flows.reparse import read_set, reader_of
from d365edi.maps import table
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.reader import Reader

VERDICTS = {"A": "accepted", "E": "accepted with errors", "P": "partially accepted", "R": "rejected"}
LANGUAGES: dict[str, table.Language] = {"X12": "x12", "EDIFACT": "edifact"}


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding as text: `place` is where, `times` how often the same was found."""

    severity: str
    place: str
    sentence: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class InspectedPart:
    """One level of the file: `kind` interchange, group or set; `depth` for showing; `holds` why it would be held, `closes`
    why it would be closed without anything being done."""

    kind: str
    depth: int
    title: str
    verdict: str
    remarks: tuple[Remark, ...] = ()
    document: Mapping[str, Any] | None = None
    holds: tuple[str, ...] = ()
    closes: str = ""


@dataclass(slots=True)
class FileInspection:
    """The whole file. `answers` are the acknowledgment interchanges that would be sent, as text."""

    what: str
    size: int
    parts: list[InspectedPart] = field(default_factory=list)
    remarks: tuple[Remark, ...] = ()
    answers: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything would be accepted and nothing held; warnings are allowed."""
        outside = any(remark.severity == "error" for remark in self.remarks)
        return bool(self.parts) and not outside and all(part.verdict in "AE" and not part.holds for part in self.parts)


def inspect_file(
    data: bytes, at: datetime, partners: Sequence[TradingPartner] = (), partner: str = ""
) -> FileInspection:
    """Read a file, as it lies in a pickup of `partner` where one is named. Never raises for its contents; `at` is the time of the
    acknowledgment. SettingsError where no partner is called so."""
    read = read_file(data, partners, partner)
    if read is None:
        return _flat(data, [each for each in partners if partner in ("", each.name)])
    inspection = FileInspection(read.what, len(data), remarks=remarks(read.report.findings))
    inspection.parts = list(_parts(read.report, partners, read.partner))
    inspection.answers = list(_answers(read.report, partners, read.partner, at))
    return inspection


def _answers(
    report: FileReport, partners: Sequence[TradingPartner], partner: TradingPartner | None, at: datetime
) -> Iterator[str]:
    """What acknowledges the interchanges that are the file's partner's; without settings all of them. The same bytes are
    answered once."""
    for digest in dict.fromkeys(found.digest for found in report.interchanges):
        found = next(each for each in report.interchanges if each.digest == digest)
        mine = not partners or (partner is not None and _is_from(partner, found))
        if mine and (text := preview_ack(found, at, partner)):
            yield text


def _flat(data: bytes, partners: Sequence[TradingPartner]) -> FileInspection:
    """A flat file read by the best matching map: each document in it, and why it would be held."""
    known = recognised(data, partners)
    if known is None:
        what, why = unknown(data)
        does = "quarantine it for a person" if data else "pass it over, and report it once it stays empty"
        sentence = f"{why}; the daemon would {does}"
        return FileInspection(what, len(data), remarks=(Remark("error", "", sentence),))
    read = known.reader.read(data)
    inspection = FileInspection(f"flat file ({known.name})", len(data), remarks=remarks(read.findings))
    wrong = [finding for finding in read.findings if finding.severity == "error"]
    asked = Holds(next((partner for partner in partners if known.flow in partner.receives.values()), None))
    for number, reading in enumerate(read.readings, 1):
        document = reading.document.plain() if reading.document is not None else None
        found_remarks = remarks([*reading.findings, *reading.unmapped])
        verdict = "A" if reading.document is not None else "R"
        fate = asked.why(reading, known.flow, known.reader.table, wrong=wrong)
        part = InspectedPart("document", 0, str(number), verdict, found_remarks, document, fate.holds, fate.closes)
        inspection.parts.append(part)
    return inspection


def remarks(findings: Sequence[Finding]) -> tuple[Remark, ...]:
    """Findings as text, equal sentences counted, errors first."""
    counted: dict[tuple[str, str], Remark] = {}
    for finding in findings:
        key = (finding.severity, str(finding))
        known = counted.get(key)
        place = known.place if known else str(finding.where)
        counted[key] = Remark(finding.severity, place, str(finding), known.times + 1 if known else 1)
    order = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(counted.values(), key=lambda remark: order[remark.severity]))


def _is_from(partner: TradingPartner, found: InterchangeReport) -> bool:
    return partner.envelope_of(found.sender, found.receiver) is not None


def _parts(
    report: FileReport, partners: Sequence[TradingPartner], partner: TradingPartner | None
) -> Iterator[InspectedPart]:
    asked, seen = Holds(partner), dict[tuple[str, ...], str]()
    for found in report.interchanges:
        owner = routing.owner(partners, found.sender, found.receiver)
        from_partner = f", partner {owner.name}" if owner else ""
        title = f"from {found.sender} to {found.receiver}, usage {found.usage}{from_partner}"
        title = f"that was agreed {title}" if found.bare else f"{found.control} {title}"
        holds = (*_astray(found, partners, partner, owner, seen), *_unread(found.findings))
        yield InspectedPart("interchange", 0, title, found.verdict, remarks(found.findings), holds=holds)
        for group in found.groups:
            sets = [_set(one, owner, found.usage, asked) for one in group.sets]
            if group.functional_id or group.findings:
                yield _group(group, sets, owner, found)
            yield from sets


def _group(
    group: GroupReport, sets: Sequence[InspectedPart], owner: TradingPartner | None, found: InterchangeReport
) -> InspectedPart:
    """A group that is rejected for acknowledgments alone, which are used all the same, is one with errors."""
    foreign = routing.foreign(owner, found, group) if owner is not None else ""
    held = owner is not None and bool(foreign) and routing.holds_foreign(owner, found)
    own = any(finding.severity == "error" for finding in group.findings)
    verdict = group.verdict if own or not sets or any(part.verdict == "R" for part in sets) else _milder(group.verdict)
    title = f"{group.control} ({group.functional_id}, {group.version})"
    holds = (*_unread(group.findings), *([foreign] if held else []))
    warned = (Remark("warning", "GS" if found.standard == "X12" else "UNG", foreign),) if foreign and not held else ()
    return InspectedPart("group", 1, title, verdict, (*remarks(group.findings), *warned), holds=holds)


def _milder(verdict: str) -> str:
    return "E" if verdict in "PR" else verdict


def _unread(findings: Sequence[Finding]) -> Iterator[str]:
    """Why a person would have to look although all that was read is accepted."""
    if unread(findings):
        yield "something in it may not have been read; the file needs a person, what was read goes on"


def _astray(
    found: InterchangeReport,
    partners: Sequence[TradingPartner],
    partner: TradingPartner | None,
    owner: TradingPartner | None,
    seen: dict[tuple[str, ...], str],
) -> Iterator[str]:
    """Why nothing of an interchange would be processed: it is not of the file's partner, or repeats a control number."""
    if partners and (owner is None or owner is not partner):
        yield routing.misrouted(partners, partner, found, owner)
    key = (str(found.sender), str(found.receiver), found.control, found.usage)
    taken = owner is not None and owner.settings.duplicates.same_interchange == "take"
    if not found.bare and seen.setdefault(key, found.digest) != found.digest and not taken:
        yield f"an earlier interchange has the same control number {found.control}"


def _set(report: SetReport, partner: TradingPartner | None, usage: str, asked: Holds) -> InspectedPart:
    title = f"{report.id} {report.control}"
    if report.id in acknowledge.SETS:
        found = acknowledge.read(report)
        said = "; ".join(map(answered, found)) or "answers nothing"
        used = "E" if report.verdict == "R" and not acknowledge.doubtful(report, found) else report.verdict
        return InspectedPart("set", 2, f"{title}: {said}; the {report.id} itself", used, remarks(report.findings))
    if report.verdict == "R" or report.guide is None:
        return InspectedPart("set", 2, title, report.verdict, remarks(report.findings))
    flow = partner.receives.get(report.id) if partner is not None else None
    reader = mapper(report, partner)
    if reader is None:
        shipped = f"there is no map for {report.id}; it would not be processed"
        why = routing.unrouted(partner, report) if partner is not None else shipped
        return InspectedPart("set", 2, title, report.verdict, remarks(report.findings), holds=(why,))
    reading = read_set(reader, report)
    doubts = {(finding.where, finding.message) for finding in reading.unmapped}
    own = (finding for finding in report.findings if (finding.where, finding.message) not in doubts)
    found_remarks = remarks([*own, *reading.findings, *reading.unmapped])
    document = reading.document.plain() if reading.document is not None else None
    fate = asked.why(reading, flow, reader.table, usage)
    return InspectedPart("set", 2, title, report.verdict, found_remarks, document, fate.holds, fate.closes)


def answered(answer: Answer) -> str:
    """What an acknowledgment of theirs says."""
    group = f"group {answer.control} ({answer.functional_id})"
    what = group if answer.functional_id else f"interchange {answer.control}"
    verdict = VERDICTS.get(answer.summary or "", "no verdict" if not answer.receipt else "received")
    sets = f", {max(answer.accepted, 0)} of {max(answer.included, 0)}" if answer.included >= 0 else ""
    wrong = "".join(f", but {sentence}" for sentence in contradictions(answer, ()))
    errors = "".join(f"; {error}" for error in answer.errors)
    return f"answers {what}: {verdict}{sets}{wrong}{errors}"


def mapper(report: SetReport, partner: TradingPartner | None) -> MapReader | None:
    """The reader of a set: the partner's, or the shipped one where it is nobody's. None where there is none."""
    if report.guide is None:
        return None
    if partner is None:
        return shipped_reader(report)
    flow = partner.receives.get(report.id)
    return reader_of(flow, report) if flow is not None else None


def shipped_reader(report: SetReport) -> MapReader | None:
    """The shipped reader of a set, None where there is none."""
    assert report.guide is not None
    standard = report.syntax.standard
    try:
        shipped = table.load(LANGUAGES[standard], report.id)
    except SettingsError:
        return None
    known = (guides.load(standard, report.id, version) for version in guides.FORMS[standard])
    versions = [guide for guide in known if guide is not None]
    guide = guides.load(standard, report.id, report.guide.version)
    assert guide is not None
    compiled = EdifactReader if standard == "EDIFACT" else Reader
    return compiled(shipped, guide, versions=versions)
