"""Ours, to be timed: tokenizing, validating, mapping and writing of X12 and EDIFACT.

    python -m tests.bench.work NAME FILE
    python -m tests.bench.work --serve CHECKOUT

The second form takes names and files as lines of its standard input, with the engine of a checkout, and answers each with
one line of JSON.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench import engine
from tests.bench.timing import Clock, Job, kind, main, pieces, run


def tokenize(file: Path, clock: Clock) -> None:
    """Interchanges and raw segments."""
    with clock.timed("tokenize"):
        segments = engine.tokenize(pieces(file))
    assert segments
    clock.went_through("tokenize", file.stat().st_size)


def validate(file: Path, clock: Clock) -> None:
    """Everything the guide and the envelope ask for, answered by a 997 or a CONTRL as bytes."""
    answer, wrong = b"", list[Any]()
    with clock.timed("validate"):
        for name, report in engine.stream(pieces(file)):
            if name == "SetReport":
                if report.verdict != "A":
                    wrong.append(report)
            elif name == "GroupReport" and report.functional_id:
                report.sets, wrong = wrong, []
                answer += engine.answer(kind(file), report)
            elif name == "InterchangeReport" and report.standard == "EDIFACT":
                answer = engine.answer(kind(file), report)
    assert answer.count(b"AK9*A*") == 1 or answer.count(b"+7'UNT") == 1, answer
    clock.went_through("validate", file.stat().st_size)


def documents(file: Path, clock: Clock) -> None:
    """Validated, and mapped into typed documents."""
    read, lines = engine.reader(kind(file), version(file)), 0
    with clock.timed("documents"):
        for name, report in engine.stream(pieces(file)):
            if name == "SetReport":
                lines += len(read(report).lines)
    assert lines
    clock.went_through("documents", file.stat().st_size)


def there_and_back(file: Path, clock: Clock) -> None:
    """Two figures in one pass: `documents` as above, and fifty documents at a time written as an interchange."""
    read, write = engine.reader(kind(file), version(file)), engine.writer(kind(file), version(file))
    reports = engine.stream(pieces(file))
    while True:
        with clock.timed("documents"):
            found = _fifty(reports, read)
        if not found:
            break
        with clock.timed("write_documents"):
            data = engine.interchange(kind(file), version(file), [write(document) for document in found])
        clock.went_through("write_documents", len(data))
    clock.went_through("documents", file.stat().st_size)


def _fifty(reports: Iterator[tuple[str, Any]], read: Callable[[Any], Any]) -> list[Any]:
    found = list[Any]()
    for name, report in reports:
        if name == "SetReport":
            found.append(read(report))
            if len(found) == 50:
                break
    return found


def write_sets(file: Path, clock: Clock) -> None:
    """The file's own sets again, as lists of text, to the bytes of interchanges of 50 sets; only the writing counts."""
    bodies = [*_bodies(file)]
    for at in range(0, len(bodies), 50):
        with clock.timed("write_sets"):
            data = engine.interchange(kind(file), version(file), bodies[at : at + 50])
        clock.went_through("write_sets", len(data))


def _bodies(file: Path) -> list[list[Any]]:
    """The segments of each set of a generated file, taken apart without the engine; the file is held whole."""
    edifact, text = kind(file) == "ORDERS", file.read_text("latin-1")
    terminator, separator, first, last = ("'", "+", "UNH", "UNT") if edifact else ("~", "*", "ST*", "SE*")
    bodies = list[list[Any]]()
    for raw in text.replace("?" + terminator, "\0").replace("?" + separator, "\1").split(terminator):
        row: list[Any] = raw.split(separator)
        if raw.startswith(first):
            bodies.append([])
        elif bodies and not raw.startswith((last, "GE*", "IEA", "UNZ")) and raw:
            bodies[-1].append([_components(element) for element in row] if edifact else row)
    return bodies


def _components(element: str) -> str | tuple[str, ...]:
    parts = element.replace("\0", "'").replace("\1", "+").split(":")
    return tuple(parts) if len(parts) > 1 else parts[0]


def version(file: Path) -> str:
    """What a generated file says of its version: GS08, or the directory."""
    if kind(file) == "ORDERS":
        return "D:96A:UN"
    with file.open("rb") as opened:
        return opened.read(400).split(b"~")[1].split(b"*")[8].decode()


def serve(checkout: Path) -> None:
    """Run the jobs that standard input names, with the engine of a checkout."""
    engine.pin(checkout)
    for line in sys.stdin:
        job, _, file = line.rstrip("\n").partition(" ")
        gc.collect()
        try:
            answer: dict[str, Any] = run(JOBS[job], Path(file))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


JOBS: dict[str, Job] = {job.__name__: job for job in (tokenize, validate, documents, there_and_back, write_sets)}

if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(Path(sys.argv[2]))
    else:
        main(JOBS)
