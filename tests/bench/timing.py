"""The clock of a job: a file in EDI, worked on in a process of its own, which prints one line of JSON at its end.

A job takes the file and says how many bytes it went through. Only what it does inside `timed` counts.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

CHUNK = 1 << 18
Job = Callable[[Path], int]

_spent = [0.0, 0.0]


def pieces(file: Path) -> Iterator[bytes]:
    """The file, a piece at a time."""
    with file.open("rb") as opened:
        while piece := opened.read(CHUNK):
            yield piece


def kind(file: Path) -> str:
    """The set that a generated file holds: its name begins with it."""
    return file.name.partition(".")[0]


@contextlib.contextmanager
def timed() -> Iterator[None]:
    """Let the clocks run."""
    began, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        _spent[0] += time.perf_counter() - began
        _spent[1] += time.process_time() - cpu


def main(jobs: Mapping[str, Job]) -> None:
    """`NAME FILE` on the command line: run the job; bytes, seconds, seconds of processor time, peak memory in bytes."""
    job, file = jobs[sys.argv[1]], Path(sys.argv[2])
    size = job(file)
    seconds, cpu = _spent
    lines = (
        Path("/proc/self/status").read_text().splitlines()
    )  # getrusage would count the parent that it was forked from
    rss = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    sys.stdout.write(json.dumps({"bytes": size, "seconds": seconds, "cpu": cpu, "rss": rss}) + "\n")
