"""The files of this folder: gzip'd JSON lines that are the same bytes whenever they are made of the same values.

Inputs that nobody else keeps stand in `inputs.jsonl.gz` as pieces, `[text in Latin-1, times]`: a megabyte of one letter
is a short line. Samples are named only; they are found by their file name in the folders of samples.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SAMPLES = (
    ROOT / "tests" / "samples",
    ROOT / "d365edi" / "sandbox" / "samples",
    ROOT.parent / "shared" / "corpus",
)
"""Where samples are looked for, the first that has one counts."""
RUN = re.compile(rb"(.)\1{999,}", re.DOTALL)
"""A run of one byte that is kept as its length."""


def dump(name: str, rows: Iterable[Any]) -> None:
    """Write a file of this folder, a row a line."""
    text = "".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n" for row in rows)
    with (HERE / name).open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(text.encode("ascii"))


def rows(name: str) -> Iterator[Any]:
    """The rows of a file of this folder."""
    with gzip.open(HERE / name, "rt", encoding="ascii") as file:
        yield from map(json.loads, file)


def pieces(data: bytes) -> list[list[Any]]:
    """Bytes as pieces."""
    found, at = list[list[Any]](), 0
    for run in RUN.finditer(data):
        found += [[data[at : run.start()].decode("latin-1"), 1], [run[1].decode("latin-1"), run.end() - run.start()]]
        at = run.end()
    return [piece for piece in [*found, [data[at:].decode("latin-1"), 1]] if piece[0]]


def joined(found: Iterable[tuple[str, int]]) -> bytes:
    """The bytes of pieces."""
    return b"".join(text.encode("latin-1") * times for text, times in found)


@cache
def _kept() -> dict[str, bytes]:
    return {row["name"]: joined(row["pieces"]) for row in rows("inputs.jsonl.gz")}


@cache
def _samples() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in SAMPLES:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                found.setdefault(path.name, path)
    return found


def load(name: str, digest: str = "") -> bytes:
    """The bytes of an input. A sample must be there, and be the one with this digest."""
    folder, _, file = name.partition("/")
    data = _samples()[file].read_bytes() if folder == "samples" else _kept()[name]
    if digest and sha256(data).hexdigest() != digest:
        raise ValueError(f"{name} is not the file of which the answers are kept")
    return data
