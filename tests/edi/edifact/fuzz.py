"""Mutations of right EDIFACT files: whatever the bytes, reading ends in findings and verdicts, and what is read can be answered.

    python -m tests.edi.edifact.fuzz INPUTS [SEED] [FOLDER]

An input is a function of the seed and its number. What is mutated are generated files and the .edi files of a folder.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from d365edi.edi import reader, sniff
from d365edi.edi.edifact import acknowledgment, writer
from d365edi.edi.reader import ReadOptions
from tests.edi import see
from tests.edi.edifact import make

STRICT = ReadOptions(strictness="strict")
ODD = (
    *(b"+", b"'", b":", b"?", b"??", b"?'", b"*", b"\n", b"\r\n", b"\x00", b"\x85", b"\xff", b"\xc3\xa9", b" " * 20, b"''"),
    *(b"UNA:+.? '", b"UNB+", b"UNZ+", b"UNH+1+ORDERS:D:96A:UN'", b"UNT+", b"UNG+", b"UNE+1+7'", b"ISA*", b"MOA+79:NaN'"),
    *(b"-", b".", b",", b"9" * 30, b"NaN", b"1e9", b"_"),
)  # fmt: skip
"""What is put in: service characters, headers, numbers that are none."""


@lru_cache(maxsize=1)
def seeds() -> tuple[bytes, ...]:
    """Right files of each kind, with several messages, groups, interchanges and service characters."""
    order = make.numbered()
    group = ["UNG+ORDERS+A+B+260105:0915+7+UN+D:96A", *order, "UNE+1+7"]
    files = [
        make.interchange(order),
        make.interchange(order, make.numbered(make.INVOICE, "INVOIC", "ME2", "D:01B:UN:EAN010")),
        make.interchange(make.numbered(make.DESPATCH, "DESADV"), charset="UNOA:4"),
        make.interchange(make.numbered(make.REMITTANCE, "REMADV")),
        make.interchange(group),
        make.interchange(make.numbered(["UCI+1+A+B+7", "UCM+1+ORDERS:D:96A:UN+4", "UCS+3+13", "UCD+12+2:1"], "CONTRL")),
    ]
    whole = [make.data(file) for file in files]
    other = make.data(files[0], suffix="\r\n", una="UNA@|,\\ ~").translate(bytes.maketrans(b":+'", b"@|~"))
    return (
        *whole,
        whole[0] + whole[1],
        make.data(files[0], suffix="\n", una="UNA:+.? '"),
        whole[0].replace(b"DOCK", b"?'?+??"),
        other,
    )


def mutate(dice: random.Random, data: bytes) -> bytes:
    """One mutation: of bytes, of segments, of elements, of numbers."""
    at = dice.randrange(len(data))
    end = at + dice.choice((1, 1, 2, 5, 20, 100))
    kind = dice.randrange(8)
    if kind < 5:
        simple: Sequence[Callable[[], bytes]] = (
            lambda: data[:at] + bytes((dice.randrange(256),)) + data[at + 1 :],
            lambda: data[:at] + dice.choice(ODD) + data[at:],
            lambda: data[:at] + data[end:],
            lambda: data[:end] + data[at:],
            lambda: data[:at],
        )
        return simple[kind]()
    if kind == 5:
        numbers = list(re.finditer(rb"[0-9]+", data))
        hit = dice.choice(numbers) if numbers else None
        value = str(dice.choice((0, 1, -1, dice.getrandbits(40)))).encode()
        return data[: hit.start()] + value + data[hit.end() :] if hit else data
    separator = dice.choice((b"'", b"+", b":"))
    parts = data.split(separator)
    one, other = dice.randrange(len(parts)), dice.randrange(len(parts))
    if kind == 6:
        parts[one], parts[other] = parts[other], parts[one]
    else:
        parts[one : one + dice.randrange(2)] = dice.choice(([], [b""], [parts[other]], [parts[one]] * 9))
    return separator.join(parts)


def make_input(seed: int, number: int, files: Sequence[bytes]) -> bytes:
    """Input `number` of a seed: a file with one to four mutations."""
    dice = random.Random(seed * 1_000_003 + number)
    data = dice.choice(files)
    for _ in range(dice.choice((1, 1, 2, 2, 3, 4))):
        data = mutate(dice, data) or b"'"
    return data


def examine(data: bytes, *, thorough: bool) -> None:
    """Raises where something does not hold; findings are as it should be."""
    report = reader.read(data)
    assert report.interchanges or report.findings, "nothing was read, and nothing is said"
    for finding in see.findings(report):
        assert finding.message, finding
        assert finding.rule, finding
    sniff.sniff(data)
    sniff.complete(data)
    for interchange in report.interchanges:
        for group in interchange.groups:
            for one in group.sets:
                assert len(one.segments) == len(one.nodes), "a segment without a node"
                errors = [finding for finding in one.findings if finding.severity == "error"]
                assert one.verdict == "R" or (one.verdict == "A") == (not errors), "a verdict without reason"
        charset = ("UNOA", "UNOC")[len(data) % 2]
        body = acknowledgment.interchange(interchange, loop="all", charset=charset)
        envelope = make.envelope(version=acknowledgment.VERSION, charset=charset)
        answer = writer.write(envelope, [writer.Group("", 0, (writer.OutgoingSet("CONTRL", "1", body),))])
        assert see.findings(reader.read(answer, STRICT)) == [], answer
    if thorough:
        strict = reader.read(data, STRICT)
        assert [one.id for one in see.sets(strict) if one.verdict == "E"] == [], "strict reading knows no E"
        pieces = reader.read([data[at : at + 7] for at in range(0, len(data), 7)])
        assert [one.segments for one in see.sets(pieces)] == [one.segments for one in see.sets(report)], (
            "chunks make a difference"
        )


def run(seed: int, numbers: range, files: Sequence[bytes]) -> list[tuple[int, str]]:
    """The inputs that fail, the first of each kind."""
    found: dict[str, tuple[int, str]] = {}
    for number in numbers:
        try:
            examine(make_input(seed, number, files), thorough=number % 16 == 0)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"[:300]
            found.setdefault(re.sub(r"\d+", "0", said[:80]), (number, said))
    return list(found.values())


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    files = [*seeds(), *(path.read_bytes() for name in sys.argv[3:4] for path in sorted(Path(name).glob("*.edi")))]
    for number, said in run(seed, range(int(sys.argv[1])), files):
        sys.stdout.write(f"{number}: {said}\n")
