"""What `explain FILE` shows: a file of any format, read as the daemon would read it, with annotations.

Knows: which reader is for which format. Does not know: output.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from d365edi.cli.flatfile import recognised, unknown
from d365edi.cli.inspect_file import mapper, read
from d365edi.edi import annotate as edi
from d365edi.edi import sniff
from d365edi.edi.annotate import Chapter
from d365edi.edi.findings import Finding
from d365edi.edi.flat import annotate as flat
from d365edi.edi.interchange import SetReport
from d365edi.flows.partner import TradingPartner


@dataclass(frozen=True, slots=True)
class AnnotatedFile:
    """A file: its format, and its chapters from the outermost level to the innermost."""

    what: str
    chapters: tuple[Chapter, ...]


def annotate(data: bytes, partners: Sequence[TradingPartner] = ()) -> AnnotatedFile:
    """Annotate a file. Never raises for its contents."""
    what = sniff.sniff(data)
    if what is None:
        return _flat(data, partners)
    report, partner = read(data, partners)
    for one in (one for found in report.interchanges for group in found.groups for one in group.sets):
        one.findings += _mapped(one, partner)
    outside = Chapter("file", "outside of any interchange", "", findings=tuple(report.findings))
    return AnnotatedFile(what, (*([outside] if report.findings else []), *edi.annotate(report)))


def _mapped(report: SetReport, partner: TradingPartner | None) -> Iterator[Finding]:
    """What its map says of a set that is accepted: what no row reads, and what cannot be taken."""
    reader = mapper(report, partner) if report.verdict != "R" else None
    if reader is None:
        return
    reading = reader.read(report)
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
    return AnnotatedFile(f"flat file ({known.name})", tuple(chapters))
