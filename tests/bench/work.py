"""Ours, to be timed: tokenizing, validating, mapping and writing of X12.

python -m tests.bench.work NAME FILE
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from d365edi.edi import guides, tokenizer
from d365edi.edi.interchange import GroupReport, Party, SetReport
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import acknowledgment, reader, writer
from d365edi.maps.reader import Reader, Reading
from d365edi.maps.table import load
from d365edi.maps.writer import Writer
from tests.bench.timing import Job, kind, main, pieces, timed


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
    """Everything the guide and the envelope ask for, answered by a 997 as bytes."""
    answers, wrong = list[writer.Group](), list[SetReport]()
    with timed():
        for part in reader.stream(pieces(file)):
            if isinstance(part, SetReport):
                if part.verdict != "A":
                    wrong.append(part)
            elif isinstance(part, GroupReport):
                part.sets, wrong = wrong, []
                body = acknowledgment.functional(part, part.control)
                answers.append(writer.Group("FA", 1, (writer.OutgoingSet("997", "0001", body),)))
        answer = writer.write(envelope(), answers)
    assert answer.count(b"AK9*A*") == 1
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
    size, ours, set_id = 0, envelope(version(file)), kind(file)
    for reports in fifties(file):
        bodies = [[raw.decode().split("*") for raw in report.segments[1:-1]] for report in reports]
        size += written(ours, set_id, bodies)
    return size


def write_documents(file: Path) -> int:
    """The file's own documents to bytes, through the map's writer and the interchange's; only the writing counts."""
    size, ours, set_id, read = 0, envelope(version(file)), kind(file), shipped_reader(file)
    guide = guides.load("X12", set_id, version(file))
    assert guide is not None
    make = Writer(load("x12", set_id), guide).write
    for reports in fifties(file):
        found = [read(report).document for report in reports]
        with timed():
            bodies = [make(document) for document in found]
        size += written(ours, set_id, bodies)
    return size


def fifties(file: Path) -> Iterator[list[SetReport]]:
    """The sets of a file, fifty at a time."""
    reports = list[SetReport]()
    for part in reader.stream(pieces(file)):
        if isinstance(part, SetReport):
            reports.append(part)
            if len(reports) == 50:
                yield reports
                reports = []


def written(ours: writer.Envelope, set_id: str, bodies: list[Any]) -> int:
    """The size of one interchange."""
    with timed():
        sets = tuple(writer.OutgoingSet(set_id, f"{at:04d}", body) for at, body in enumerate(bodies, 1))
        return len(writer.write(ours, (writer.Group(guides.group_of("X12", set_id), 1, sets),)))


def shipped_reader(file: Path) -> Callable[[SetReport], Reading]:
    """The shipped map of the file's set, compiled."""
    guide = guides.load("X12", kind(file), version(file))
    assert guide is not None
    return Reader(load("x12", kind(file)), guide).read


def version(file: Path) -> str:
    """GS08 of a generated file."""
    with file.open("rb") as opened:
        return opened.read(400).split(b"~")[1].split(b"*")[8].decode()


def envelope(version: str = "004010") -> writer.Envelope:
    """Ours, for everything that is written here."""
    syntax = Syntax(repetition=b"^" if version >= "004020" else b"")
    return writer.Envelope(
        Party("ZZ", "US"), Party("ZZ", "THEM"), "US", "THEM", version, "P", syntax, 1, datetime(2026, 1, 5, tzinfo=UTC)
    )


JOBS: dict[str, Job] = {job.__name__: job for job in (tokenize, validate, documents, write_sets, write_documents)}

if __name__ == "__main__":
    main(JOBS)
