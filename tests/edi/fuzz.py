"""Mutations of right files: whatever the bytes, reading ends in findings and verdicts, and what is read can be answered.

    python -m tests.edi.fuzz --inputs 1000000 [--seed 1] [--processes 2] [--files FOLDER]

An input is a function of the seed and its number, so that each one can be made again. What is mutated are generated files
and, with `--files`, the X12 files of a folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from d365edi.edi import compiled_guide, reader, sniff
from d365edi.edi.interchange import FileReport, InterchangeReport
from d365edi.edi.reader import ReadOptions
from d365edi.edi.x12 import acknowledgment, writer
from tests.edi import make, see

STRICT = ReadOptions(strictness="strict")
ODD = (
    *(b"*", b"~", b">", b":", b"^", b"|", b"\n", b"\r\n", b"\x00", b"\x85", b"\x1c", b"\xff", b"\xc3\xa9", b" " * 20),
    *(b"ISA*", b"IEA*", b"ST*850*", b"SE*", b"GS*", b"UNB+", b"HL*1*9*I~", b"MAN~", b"TDS*NaN~", b"CTT*x~"),
    *(b"-", b".", b"9" * 30, b"NaN", b"1e9", b"_"),
)
"""What is put in: service characters, headers, numbers that are none."""

FORMS: tuple[tuple[acknowledgment.Form, str], ...] = (
    ("997", "004010"), ("997", "005010"), ("999", acknowledgment.IMPLEMENTATION),
)  # fmt: skip
"""The answers that are written, by turns."""

Mutation = Callable[[random.Random, bytes], bytes]


# -- what is mutated --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def seeds() -> tuple[bytes, ...]:
    """Right files of each kind, in two versions, with several sets, groups and interchanges."""
    order, invoice = make.numbered(make.ORDER), make.numbered(make.INVOICE, "810")
    ship, paid = make.numbered(make.SHIPMENT, "856"), make.numbered(make.PAYMENT, "820")
    answer = make.numbered(make.ACCEPTED, "997")
    files = [
        make.interchange([order]),
        make.interchange([order, make.numbered(make.ORDER, control="0002")], version="005010"),
        make.interchange([invoice], functional="IN"),
        make.interchange([ship], functional="SH"),
        make.interchange([ship], functional="SH", version="005010"),
        make.interchange([paid], functional="RA"),
        make.interchange([answer], functional="FA"),
        [make.isa(), "TA1*000000101*260105*0915*A*000", "IEA*0*000000101"],
    ]
    whole = [make.data(file) for file in files]
    return (*whole, whole[0] + whole[2], make.data(files[0], "\n"), make.data(files[3], suffix="\r\n"))


def folder(path: Path) -> tuple[bytes, ...]:
    """The X12 files of a folder that are not too large."""
    found = [file.read_bytes() for file in sorted(path.glob("*.x12"))]
    return tuple(data for data in found if len(data) < 10_000)


# -- mutations --------------------------------------------------------------------------------------------------------


def _flip(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + bytes((dice.randrange(256),)) + data[at + 1 :]


def _insert(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice(ODD) + data[at:]


def _delete(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.choice((1, 1, 2, 5, 20, 100)) :]


def _double(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data))
    end = at + dice.choice((1, 3, 10, 60, 400))
    return data[:end] + data[at:]


def _cut(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def _segments(dice: random.Random, data: bytes) -> bytes:
    """Segments swapped, doubled or left out."""
    parts = data.split(b"~")
    one, other = dice.randrange(len(parts)), dice.randrange(len(parts))
    match dice.randrange(3):
        case 0:
            parts[one], parts[other] = parts[other], parts[one]
        case 1:
            parts.insert(one, parts[other])
        case _:
            del parts[one]
    return b"~".join(parts)


def _elements(dice: random.Random, data: bytes) -> bytes:
    """Elements swapped, emptied or put in."""
    parts = data.split(b"*")
    one, other = dice.randrange(len(parts)), dice.randrange(len(parts))
    match dice.randrange(4):
        case 0:
            parts[one], parts[other] = parts[other], parts[one]
        case 1:
            parts[one] = b""
        case 2:
            parts[one] = parts[one] * 9
        case _:
            parts.insert(one, b"")
    return b"*".join(parts)


def _delimiter(dice: random.Random, data: bytes) -> bytes:
    """One service character becomes another one everywhere. Mostly one of few: a new one costs new patterns."""
    new = dice.choice(b"|!") if dice.random() < 0.98 else dice.randrange(256)
    return data.replace(bytes((dice.choice(b"*~>^"),)), bytes((new,)))


def _count(dice: random.Random, data: bytes) -> bytes:
    """A number becomes another one."""
    found = list(re.finditer(rb"[0-9]+", data))
    if not found:
        return data
    hit = dice.choice(found)
    return data[: hit.start()] + str(int(dice.choice((0, 1, -1, dice.getrandbits(40))))).encode() + data[hit.end() :]


def _splice(dice: random.Random, data: bytes) -> bytes:
    other = dice.choice(seeds())
    return data[: dice.randrange(len(data))] + other[dice.randrange(len(other)) :]


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _flip, _insert, _delete, _double, _cut, _segments, _segments, _elements, _elements, _delimiter, _count, _splice,
)  # fmt: skip


def make_input(seed: int, number: int, files: Sequence[bytes]) -> bytes:
    """Input `number` of a seed: a file with one to four mutations."""
    dice = random.Random(seed * 1_000_003 + number)
    data = dice.choice(files)
    for _ in range(dice.choice((1, 1, 2, 2, 3, 4))):
        data = dice.choice(MUTATIONS)(dice, data) or b"~"
    return data


# -- what must hold ---------------------------------------------------------------------------------------------------


def examine(data: bytes, *, thorough: bool) -> None:
    """Raises where something does not hold; findings are as it should be."""
    report = reader.read(data)
    _coherent(report)
    sniff.sniff(data)
    sniff.complete(data)
    for interchange in report.interchanges:
        _answer(interchange, len(data))
    if thorough:
        strict = reader.read(data, STRICT)
        assert [one.id for one in see.sets(strict) if one.verdict == "E"] == [], "strict reading knows no E"
        chunks = [data[at : at + 7] for at in range(0, len(data), 7)]
        assert see.findings(reader.read(chunks)) == see.findings(report), "chunks make a difference"


def _coherent(report: FileReport) -> None:
    """Verdicts follow from findings, and all segments of a set have their node."""
    assert report.interchanges or report.findings, "nothing was read, and nothing is said"
    for finding in see.findings(report):
        assert finding.message, finding
        assert finding.rule, finding
        assert finding.severity in ("error", "warning"), finding
    for interchange in report.interchanges:
        for group in interchange.groups:
            for one in group.sets:
                assert len(one.segments) == len(one.nodes), "a segment without a node"
                errors = [finding for finding in one.findings if finding.severity == "error"]
                rejected = "R" in (group.verdict, interchange.verdict)
                assert one.verdict == "R" if rejected else (one.verdict == "A") == (not errors), (
                    "a verdict without reason"
                )


def _answer(received: InterchangeReport, turn: int) -> None:
    """The TA1 and the 997s or 999s of an interchange can be written, and are right."""
    form, version = FORMS[turn % len(FORMS)]
    bodies = [
        acknowledgment.functional(group, group.control, loop="all", form=form, version=version)
        for group in received.groups
        if acknowledgment.due(group)
    ]
    convention = version if form == "999" else ""
    sets = tuple(writer.OutgoingSet(form, f"{number:04d}", body, convention) for number, body in enumerate(bodies, 1))
    outgoing = (writer.Group("FA", 7, sets, version),) if sets else ()
    receipt = acknowledgment.interchange(received)
    written = writer.write(make.envelope(version[:6]), outgoing, acknowledgments=[receipt])
    found = see.findings(reader.read(written, STRICT))
    assert found == [], (str(found[0]), written)


# -- running ----------------------------------------------------------------------------------------------------------


class Look(Protocol):
    """Looks at one input and raises where something is wrong."""

    def __call__(self, data: bytes, *, thorough: bool) -> None:
        """Look."""


def failure(data: bytes, *, thorough: bool, look: Look = examine) -> str:
    """What goes wrong with an input, "" if nothing does."""
    try:
        look(data, thorough=thorough)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def smallest(data: bytes, look: Look = examine) -> bytes:
    """A smaller input that fails in the same way: pieces are left out as long as it does."""
    kind = failure(data, thorough=True, look=look).partition(":")[0]
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + size :]
            if failure(less, thorough=True, look=look).partition(":")[0] == kind:
                data = less
            else:
                at += size
        size //= 2
    return data


def run(seed: int, numbers: range, files: Sequence[bytes], look: Look = examine) -> list[tuple[int, str, bytes]]:
    """The inputs that fail, the first of each kind, made small."""
    found: dict[str, tuple[int, str, bytes]] = {}
    for number in numbers:
        data = make_input(seed, number, files)
        thorough = number % 16 == 0
        said = failure(data, thorough=thorough, look=look)
        kind = re.sub(r"\d+", "0", said[:80])
        if said and kind not in found and len(found) < 20:
            found[kind] = (number, said, smallest(data, look) if failure(data, thorough=True, look=look) else data)
    return list(found.values())


_PATTERNS = compiled_guide.compile


def remember() -> None:
    """Mutated files have many service characters: the patterns of all of them are kept, or compiling is all one does."""
    compiled_guide.compile = lru_cache(maxsize=600)(_PATTERNS.__wrapped__)


def forget() -> None:
    """Back to as many patterns as the reader keeps by itself."""
    compiled_guide.compile = _PATTERNS


def _job(job: tuple[int, range, tuple[bytes, ...]]) -> tuple[int, list[tuple[int, str, bytes]]]:
    return len(job[1]), run(*job)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs many inputs in several processes and says how many, how fast, and what failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.edi.fuzz")
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--files", type=Path)
    chosen = parser.parse_args(arguments)
    files = seeds() + (folder(chosen.files) if chosen.files else ())
    step = 2000
    jobs = [(chosen.seed, range(at, min(at + step, chosen.inputs)), files) for at in range(0, chosen.inputs, step)]
    began, done, failed = time.monotonic(), 0, 0
    with multiprocessing.Pool(chosen.processes, remember) as pool:
        for count, failures in pool.imap_unordered(_job, jobs):
            done += count
            failed += len(failures)
            for number, said, data in failures:
                print(f"input {number}: {said}\n  {data!r}", flush=True)
            if done % 100_000 < step:
                print(f"{done} inputs, {done / (time.monotonic() - began):.0f} a second", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    print(
        f"{done} inputs in {seconds:.0f} s, {done / seconds:.0f} a second, seed {chosen.seed}: {failed or 'no'} failures"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
