"""What `explain FILE` shows: a file of any format, read as the daemon would read it, with annotations.

Knows: which reader is for which format. Does not know: output.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from d365edi.cli.flatfile import recognised, unknown
from d365edi.cli.inspect_file import read
from d365edi.edi import annotate as edi
from d365edi.edi import sniff
from d365edi.edi.annotate import Chapter
from d365edi.edi.flat import annotate as flat
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
    report, _ = read(data, partners)
    outside = Chapter("file", "outside of any interchange", "", findings=tuple(report.findings))
    return AnnotatedFile(what, (*([outside] if report.findings else []), *edi.annotate(report)))


def _flat(data: bytes, partners: Sequence[TradingPartner]) -> AnnotatedFile:
    known = recognised(data, partners)
    if known is None:
        what, finding = unknown(data)
        return AnnotatedFile(what, (Chapter("file", "of unknown format", "", findings=(finding,)),))
    chapters = flat.annotate(known.report, known.layout, known.fields, known.name)
    return AnnotatedFile(f"flat file ({known.name})", tuple(chapters))
