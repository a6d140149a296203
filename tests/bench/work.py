"""Ours, to be timed: tokenizing, validating, mapping and writing of X12 and EDIFACT.

python -m tests.bench.work NAME FILE
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from d365edi.edi import guides, reader, tokenizer
from d365edi.edi.edifact import acknowledgment as control
from d365edi.edi.edifact import segment
from d365edi.edi.edifact import writer as edifact
from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import acknowledgment, writer
from d365edi.maps.edifact import EdifactReader, EdifactWriter
from d365edi.maps.reader import Reader
from d365edi.maps.table import load
from d365edi.maps.writer import Writer
from tests.bench.timing import Job, kind, main, pieces, timed

AT = datetime(2026, 1, 5, tzinfo=UTC)
US, THEM = Party("14", "5412345000013"), Party("14", "4012345000009")


def tokenize(file: Path) -> int:
    """Interchanges and raw segments."""
    segments = 0
    with timed():
        for event in tokenizer.tokenize(pieces(file)):
            if isinstance(event, tokenizer.Batch):
                segments += len(event.segments)
    assert segments
    return file.stat().st_size


def validate(file: Path) -> int:
    """Everything the guide and the envelope ask for, answered by a 997 or a CONTRL as bytes."""
    answer, wrong = b"", list[SetReport]()
    with timed():
        for part in reader.stream(pieces(file)):
            if isinstance(part, SetReport):
                if part.verdict != "A":
                    wrong.append(part)
            elif isinstance(part, GroupReport) and part.functional_id:
                part.sets, wrong = wrong, []
                answer += written(file, "997", "004010", [acknowledgment.functional(part, part.control)])
            elif isinstance(part, InterchangeReport) and part.standard == "EDIFACT":
                answer = written(file, "CONTRL", "D:3:UN", [control.interchange(part)])
    assert answer.count(b"AK9*A*") == 1 or answer.count(b"+7'UNT") == 1, answer
    return file.stat().st_size


def documents(file: Path) -> int:
    """Validated as above, and mapped into typed documents."""
    read, count = shipped_reader(file), 0
    with timed():
        for part in reader.stream(pieces(file)):
            if isinstance(part, SetReport):
                count += len(read(part).document.lines)
    assert count
    return file.stat().st_size


def write_sets(file: Path) -> int:
    """The file's own sets again, as lists of text, to the bytes of interchanges of 50 sets; only the writing counts."""
    size = 0
    for reports in fifties(file):
        bodies = [[apart(raw, report.syntax) for raw in report.segments[1:-1]] for report in reports]
        with timed():
            size += len(written(file, kind(file), version(file), bodies))
    return size


def write_documents(file: Path) -> int:
    """The file's own documents to bytes, through the map's writer and the interchange's; only the writing counts."""
    size, read, table, guide = 0, shipped_reader(file), *shipped(file)
    make = EdifactWriter(table, guide).write if guide.standard == "EDIFACT" else Writer(table, guide).write
    for reports in fifties(file):
        found = [read(report).document for report in reports]
        with timed():
            size += len(written(file, kind(file), version(file), [make(document) for document in found]))
    return size


# -- what they need ---------------------------------------------------------------------------------------------------


def fifties(file: Path) -> Iterator[list[SetReport]]:
    """The sets of a file, fifty at a time."""
    reports = list[SetReport]()
    for part in reader.stream(pieces(file)):
        if isinstance(part, SetReport):
            reports.append(part)
            if len(reports) == 50:
                yield reports
                reports = []


def apart(raw: bytes, syntax: Syntax) -> list[str | tuple[str, ...]]:
    """A segment as a writer takes it."""
    if syntax.standard == "X12":
        return [*raw.decode().split("*")]
    elements = [[part.decode() for part in parts] for parts in segment.apart(raw, syntax)]
    return [tuple(parts) if len(parts) > 1 else parts[0] for parts in elements]


def written(file: Path, set_id: str, version: str, bodies: list[Any]) -> bytes:
    """One interchange, as the standard of the file has it."""
    sets = tuple(writer.OutgoingSet(set_id, f"{at:04d}", body) for at, body in enumerate(bodies, 1))
    if kind(file) == "ORDERS":
        return edifact.write(
            edifact.Envelope(US, THEM, version, "P", edifact.DEFAULT, 1, AT), [writer.Group("", 0, sets)]
        )
    syntax = Syntax(repetition="^" if version >= "004020" else "")
    ours = writer.Envelope(US, THEM, "US", "THEM", version, "P", syntax, 1, AT)
    return writer.write(ours, [writer.Group(guides.group_of("X12", set_id), 1, sets)])


def shipped(file: Path) -> tuple[Any, Any]:
    """The shipped map and guide of the file's set."""
    standard: Any = "EDIFACT" if kind(file) == "ORDERS" else "X12"
    return load(standard.lower(), kind(file)), guides.load(standard, kind(file), version(file))


def shipped_reader(file: Path) -> Callable[[SetReport], Any]:
    """The shipped map of the file's set, compiled."""
    table, guide = shipped(file)
    return EdifactReader(table, guide).read if guide.standard == "EDIFACT" else Reader(table, guide).read


def version(file: Path) -> str:
    """What a generated file says of its version: GS08, or the directory."""
    if kind(file) == "ORDERS":
        return "D:96A:UN"
    with file.open("rb") as opened:
        return opened.read(400).split(b"~")[1].split(b"*")[8].decode()


JOBS: dict[str, Job] = {job.__name__: job for job in (tokenize, validate, documents, write_sets, write_documents)}

if __name__ == "__main__":
    main(JOBS)
