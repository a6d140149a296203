"""Ours, to be timed: tokenizing, validating, mapping and writing of X12.

python -m tests.bench.work NAME FILE
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from d365edi.documents import Document
from d365edi.edi import guides, tokenizer
from d365edi.edi.interchange import GroupReport, Party, SetReport
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import acknowledgment, reader, writer
from d365edi.maps.reader import Reader, Reading
from d365edi.maps.table import load
from d365edi.maps.writer import Writer
from tests.bench.timing import Job, kind, main, pieces, start


def tokenize(file: Path) -> int:
    """Interchanges and raw segments."""
    segments = sum(
        len(event.segments) for event in tokenizer.tokenize(pieces(file)) if isinstance(event, tokenizer.Batch)
    )
    assert segments
    return file.stat().st_size


def validate(file: Path) -> int:
    """Everything the guide and the envelope ask for, answered by a 997 as bytes."""
    answers, wrong = list[writer.Group](), list[SetReport]()
    for part in reader.stream(pieces(file)):
        if isinstance(part, SetReport):
            if part.verdict != "A":
                wrong.append(part)
        elif isinstance(part, GroupReport):
            part.sets, wrong = wrong, []
            assert part.verdict == "A"
            body = acknowledgment.functional(part, part.control)
            answers.append(writer.Group("FA", 1, (writer.OutgoingSet("997", "0001", body),)))
    assert writer.write(envelope(), answers).count(b"AK9*A*") == 1
    return file.stat().st_size


def documents(file: Path) -> int:
    """Validated as above, and mapped into typed documents."""
    read, count = shipped_reader(file), 0
    for part in reader.stream(pieces(file)):
        if isinstance(part, SetReport):
            assert part.verdict == "A"
            reading = read(part)
            assert reading.document.lines
            count += 1
    assert count
    return file.stat().st_size


def write_sets(file: Path) -> int:
    """Bodies of sets to the bytes of interchanges of 50 sets; the bodies are made before the clock starts."""
    bodies = sample(file)
    return written(file, lambda at: bodies[at % len(bodies)])


def write_documents(file: Path) -> int:
    """Typed documents to bytes: the map's writer, then the interchange's."""
    set_id = kind(file)
    guide = guides.load("X12", set_id, version(file))
    assert guide is not None
    make, found = Writer(load("x12", set_id), guide), typed(file)
    return written(file, lambda at: make.write(found[at % len(found)]))


def written(file: Path, body: Callable[[int], Any]) -> int:
    """As many interchanges of 50 sets as the file is big; the bytes they had."""
    set_id, wanted, size, at = kind(file), file.stat().st_size, 0, 0
    functional, ours = guides.group_of("X12", set_id), envelope(version(file))
    start()
    while size < wanted:
        sets = tuple(writer.OutgoingSet(set_id, f"{n:04d}", body(at + n)) for n in range(1, 51))
        at += 50
        size += len(writer.write(ours, (writer.Group(functional, 1, sets),)))
    return size


def sample(file: Path, most: int = 200) -> list[list[list[str]]]:
    """The bodies of the first sets of a file, as text."""
    found = []
    for part in reader.stream(pieces(file)):
        if isinstance(part, SetReport):
            found.append([raw.decode().split("*") for raw in part.segments[1:-1]])
            if len(found) == most:
                break
    return found


def typed(file: Path, most: int = 200) -> list[Document]:
    """The documents of the first sets of a file."""
    read, found = shipped_reader(file), []
    for part in reader.stream(pieces(file)):
        if isinstance(part, SetReport):
            found.append(read(part).document)
            if len(found) == most:
                break
    return found


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
