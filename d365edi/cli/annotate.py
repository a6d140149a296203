"""What `explain FILE` shows: a file of any format, read as the daemon would read it, with annotations.

Knows: which reader is for which format. Does not know: output.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from d365edi.cli.flatfile import recognised, unknown
from d365edi.cli.inspect_file import answered, mapper, shipped_reader
from d365edi.cli.summary import Summary, summarise
from d365edi.cli.whose import read_file
from d365edi.edi import annotate as edi
from d365edi.edi.annotate import Chapter
from d365edi.edi.findings import Finding
from d365edi.edi.flat import annotate as flat
from d365edi.edi.interchange import SetReport
from d365edi.flows import acknowledge
from d365edi.flows.partner import TradingPartner
from d365edi.maps.reader import Reading


@dataclass(frozen=True, slots=True)
class AnnotatedFile:
    """A file: its format, its chapters from the outermost level to the innermost, and what its documents say."""

    what: str
    chapters: tuple[Chapter, ...]
    summaries: tuple[Summary, ...] = ()


def annotate(data: bytes, partners: Sequence[TradingPartner] = (), partner: str = "") -> AnnotatedFile:
    """Annotate a file, as it lies in a pickup of `partner` where one is named. Never raises for its contents. SettingsError where
    no partner is called so."""
    read = read_file(data, partners, partner)
    if read is None:
        return _flat(data, [each for each in partners if partner in ("", each.name)])
    report, summaries = read.report, []
    for one in (one for found in report.interchanges for group in found.groups for one in group.sets):
        found_findings, summary = _mapped(one, read.partner)
        one.findings += found_findings
        summaries.append(summary)
    outside = Chapter("file", "outside of any interchange", "", findings=tuple(report.findings))
    chapters = (*([outside] if report.findings else []), *edi.annotate(report))
    return AnnotatedFile(read.what, chapters, tuple(summaries))


def _mapped(report: SetReport, partner: TradingPartner | None) -> tuple[list[Finding], Summary]:
    """What its map says of a set that is accepted: what no row reads, and what cannot be taken; and what it is about."""
    reader = mapper(report, partner) or shipped_reader(report) if report.verdict != "R" else None
    if reader is None:
        return [], _without_map(report)
    reading = reader.read(report)
    found = list(_placed(report, reading)) if mapper(report, partner) is not None else []
    return found, summarise(reading.document) if reading.document is not None else _without_map(report)


def _without_map(report: SetReport) -> Summary:
    """A set that is no document: what an acknowledgment answers, or that nothing can be said of it."""
    name = report.guide.name if report.guide is not None else "unknown set"
    answers = acknowledge.read(report) if report.id in acknowledge.SETS else []
    said = "; ".join(map(answered, answers))
    state = "rejected: it cannot be read as a document" if report.verdict == "R" else "there is no map for it"
    return Summary(f"{report.id} {report.control}", (("Kind", name), ("It says", said) if said else ("State", state)))


def _placed(report: SetReport, reading: Reading) -> Iterator[Finding]:
    for finding in (*reading.findings, *reading.unmapped):
        where = finding.where
        if where.component and 0 < where.ordinal <= len(report.segments):
            node = report.nodes[where.ordinal - 1]
            described = node.segment.element(where.element) if node is not None else None
            if described is None or where.component > len(described.components):
                where = replace(where, component=0)
        yield replace(finding, where=where)


def _flat(data: bytes, partners: Sequence[TradingPartner]) -> AnnotatedFile:
    known = recognised(data, partners)
    if known is None:
        what, finding = unknown(data)
        return AnnotatedFile(what, (Chapter("file", "of unknown format", "", findings=(finding,)),))
    chapters = flat.annotate(known.report, known.layout, known.fields, known.name)
    documents = (each.document for each in known.reader.read(data).readings)
    summaries = tuple(summarise(each) for each in documents if each is not None)
    return AnnotatedFile(f"flat file ({known.name})", tuple(chapters), summaries)
