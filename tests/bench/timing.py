"""Clocks of a job: a file in EDI, worked on in a process of its own.

A job takes the file and a clock, and counts only what it does inside of `clock.timed`.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

CHUNK = 1 << 18


class Clock:
    """Seconds, seconds of processor time and bytes, for each name that a job measures."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[str, float]] = {}

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Let the clocks of this name run."""
        began, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            cpu = time.process_time() - cpu
            figure = self.figures.setdefault(name, {"bytes": 0.0, "seconds": 0.0, "cpu": 0.0})
            figure["seconds"] += time.perf_counter() - began
            figure["cpu"] += cpu

    def went_through(self, name: str, size: int) -> None:
        """So many bytes more were gone through under this name."""
        self.figures[name]["bytes"] += size


Job = Callable[[Path, Clock], None]


def pieces(file: Path) -> Iterator[bytes]:
    """The file, a piece at a time."""
    with file.open("rb") as opened:
        while piece := opened.read(CHUNK):
            yield piece


def kind(file: Path) -> str:
    """The set that a generated file holds: its name begins with it."""
    return file.name.partition(".")[0]


def peak_memory() -> int:
    """Bytes. `getrusage` would count the process that this one was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def run(job: Job, file: Path) -> dict[str, dict[str, float]]:
    """Run a job: for each name bytes, seconds, seconds of processor time (`cpu`) and the process's peak memory (`rss`)."""
    clock = Clock()
    job(file, clock)
    return {name: {**figure, "rss": peak_memory()} for name, figure in clock.figures.items()}


def main(jobs: Mapping[str, Job]) -> None:
    """`NAME FILE` on the command line: the figures as one line of JSON."""
    sys.stdout.write(json.dumps(run(jobs[sys.argv[1]], Path(sys.argv[2]))) + "\n")
