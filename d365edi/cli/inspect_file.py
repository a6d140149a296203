"""What `check FILE` finds: a file read as the daemon would read it, without journal, partner or wire.

    bytes → interchanges, groups, sets with findings → the acknowledgment each interchange would get → the documents

With a partner its guide, its maps and its purposes are used; without one the shipped ones.

Knows: how the dry rooms are put together for one file. Does not know: settings, how it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from d365edi.cli.flatfile import UNKNOWN, recognised
from d365edi.cli.preview_ack import preview_ack
from d365edi.documents import PurchaseOrder
from d365edi.edi import guides, sniff
from d365edi.edi import reader as files
from d365edi.edi.edifact import acknowledgment as contrl
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import FileReport, InterchangeReport, SetReport
from d365edi.edi.x12 import acknowledgment
from d365edi.errors import SettingsError
from d365edi.flows import policy
from d365edi.flows.partner import MapReader, ReceiveFlow, TradingPartner
from d365edi.maps import table
from d365edi.maps.d365.plans import unwritten
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.reader import Reader, Reading

VERDICTS = {"A": "accepted", "E": "accepted with errors", "P": "partially accepted", "R": "rejected"}
ACKNOWLEDGMENTS = {"997": acknowledgment.answer, "999": acknowledgment.answer, "CONTRL": contrl.answer}
"""What reads each of their answers."""
LANGUAGES: dict[str, table.Language] = {"X12": "x12", "EDIFACT": "edifact"}


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding in words: `place` says where, `times` how often the same was found."""

    severity: str
    place: str
    sentence: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class InspectedPart:
    """One level of the file: `kind` interchange, group or set; `depth` for showing; `holds` why no record would be made of it."""

    kind: str
    depth: int
    title: str
    verdict: str
    remarks: tuple[Remark, ...] = ()
    document: Mapping[str, Any] | None = None
    holds: tuple[str, ...] = ()


@dataclass(slots=True)
class FileInspection:
    """The whole file. `answers` are the interchanges that would be sent back, as text."""

    what: str
    size: int
    parts: list[InspectedPart] = field(default_factory=list)
    remarks: tuple[Remark, ...] = ()
    answers: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """All of it would be accepted and nothing held; warnings are allowed."""
        outside = any(remark.severity == "error" for remark in self.remarks)
        return bool(self.parts) and not outside and all(part.verdict in "AE" and not part.holds for part in self.parts)


def inspect_file(data: bytes, at: datetime, partners: Sequence[TradingPartner] = ()) -> FileInspection:
    """Read a file dry. Never raises for what is in it; `at` is the moment that the acknowledgment would carry."""
    what = sniff.sniff(data)
    if what is None:
        return _flat(data, partners)
    report, partner = read(data, partners)
    inspection = FileInspection(what, len(data), remarks=remarks(report.findings))
    inspection.parts = list(_parts(report, partner))
    inspection.answers = [text for found in report.interchanges if (text := preview_ack(found, at))]
    return inspection


def read(data: bytes, partners: Sequence[TradingPartner] = ()) -> tuple[FileReport, TradingPartner | None]:
    """A file of interchanges, read as the partner's settings say where it is a partner's; and whose it is."""
    report = files.read(data)
    partner = next((p for p in partners for found in report.interchanges if _whose(p, found)), None)
    return (files.read(data, partner.options) if partner is not None else report), partner


def _flat(data: bytes, partners: Sequence[TradingPartner]) -> FileInspection:
    """A flat file by the map that makes most of it: each document in it, and what holds it."""
    known = recognised(data, partners)
    if known is None:
        sentence = f"this is {UNKNOWN}; nothing would be made of it, and the daemon would set it aside for a person"
        return FileInspection(UNKNOWN, len(data), remarks=(Remark("error", "", sentence),))
    read, agreed = known.reader.read(data), _agreed(known.flow)
    inspection = FileInspection(f"flat file ({known.name})", len(data), remarks=remarks(read.findings))
    for number, reading in enumerate(read.readings, 1):
        document = json.loads(reading.document.to_json()) if reading.document is not None else None
        said = remarks([*reading.findings, *reading.unmapped])
        verdict = "A" if reading.document is not None else "R"
        part = InspectedPart("document", 0, str(number), verdict, said, document, tuple(_holds(reading, agreed)))
        inspection.parts.append(part)
    return inspection


def remarks(findings: Sequence[Finding]) -> tuple[Remark, ...]:
    """Findings in words, the same sentence said once with how often it was found, errors first."""
    counted: dict[tuple[str, str], Remark] = {}
    for finding in findings:
        key = (finding.severity, str(finding))
        known = counted.get(key)
        place = known.place if known else str(finding.where)
        counted[key] = Remark(finding.severity, place, str(finding), known.times + 1 if known else 1)
    order = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(counted.values(), key=lambda remark: order[remark.severity]))


def _whose(partner: TradingPartner, found: InterchangeReport) -> bool:
    return partner.envelope_of(found.sender, found.receiver) is not None


def _parts(report: FileReport, partner: TradingPartner | None) -> Iterator[InspectedPart]:
    seen: set[tuple[str, ...]] = set()
    for found in report.interchanges:
        mine = partner if partner is not None and _whose(partner, found) else None
        whose = f", partner {mine.name}" if mine else ""
        title = f"{found.control} from {found.sender} to {found.receiver}, usage {found.usage}{whose}"
        key = (str(found.sender), str(found.receiver), found.control, found.usage)
        again = (f"the control number {found.control} stands on an interchange before it",) if key in seen else ()
        seen.add(key)
        yield InspectedPart("interchange", 0, title, found.verdict, remarks(found.findings), holds=again)
        for group in found.groups:
            title = f"{group.control} ({group.functional_id}, {group.version})"
            if group.functional_id or group.findings:
                yield InspectedPart("group", 1, title, group.verdict, remarks(group.findings))
            for one in group.sets:
                yield _set(one, mine)


def _set(report: SetReport, partner: TradingPartner | None) -> InspectedPart:
    title = f"{report.id} {report.control}"
    if report.id in ACKNOWLEDGMENTS and report.verdict != "R":
        told = ACKNOWLEDGMENTS[report.id](report)
        verdict = VERDICTS.get(told.verdict, told.verdict)
        what = f"group {told.control} ({told.functional_id})" if told.functional_id else f"interchange {told.control}"
        title = f"{title}: answers {what}: {verdict}, {told.accepted} of {told.included}"
        return InspectedPart("set", 2, title, report.verdict, remarks(report.findings))
    if report.verdict == "R" or report.guide is None:
        return InspectedPart("set", 2, title, report.verdict, remarks(report.findings))
    flow = partner.receives.get(report.id) if partner is not None else None
    reader = _shipped(report) if partner is None else flow.readers.get(report.guide.version) if flow else None
    if reader is None:
        why = f"there is no map for {report.id}; nothing would be made of it"
        return InspectedPart("set", 2, title, report.verdict, remarks(report.findings), holds=(why,))
    reading = reader.read(report)
    said = remarks([*report.findings, *reading.findings, *reading.unmapped])
    document = json.loads(reading.document.to_json()) if reading.document is not None else None
    return InspectedPart("set", 2, title, report.verdict, said, document, tuple(_holds(reading, _agreed(flow))))


def _shipped(report: SetReport) -> MapReader | None:
    """What reads a set where no partner is known; None where nothing shipped does."""
    assert report.guide is not None
    standard = report.syntax.standard
    try:
        shipped = table.load(LANGUAGES[standard], report.id)
    except SettingsError:
        return None
    known = {version: guides.load(standard, report.id, version) for version in guides.VERSIONS[standard]}
    versions = [guide for guide in known.values() if guide is not None]
    guide = known[report.guide.version]
    assert guide is not None
    compiled = EdifactReader if standard == "EDIFACT" else Reader
    return compiled(shipped, guide, versions=versions)


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What is passed over, which purposes are worked on, and where an order is written: the partner's, or as shipped."""

    ignore: frozenset[str]
    purposes: Mapping[str, str]
    order_table: table.Table | None


def _agreed(flow: ReceiveFlow | None) -> _Agreed:
    if flow is None:
        return _Agreed(frozenset(), {"00": "create"}, None)
    return _Agreed(frozenset(flow.settings.ignore), flow.settings.purpose, flow.order_table)


def _holds(reading: Reading, agreed: _Agreed) -> Iterator[str]:
    """Why a document would wait for a person: what could not be read, what would change its meaning, what it asks for."""
    yield from (str(finding) for finding in reading.findings if finding.severity == "error")
    losses = [finding for finding in reading.unmapped if finding.rule == "meaning"]
    document = reading.document
    if document is None:
        if not reading.findings:
            yield "no document could be made of it"
        return
    if isinstance(document, PurchaseOrder):
        losses += unwritten(agreed.order_table or table.load("d365", "SalesOrder"), document)
        if policy.purpose(document.purpose, agreed.purposes) == "hold":
            yield f"its purpose {document.purpose} is not a new order"
    yield from (str(finding) for finding in losses if finding.where.segment not in agreed.ignore)
