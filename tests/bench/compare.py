"""Two checkouts on the same files in one run, in turns: how fast this one is beside another, as a ratio.

Each checkout has one process for each set. In every round both go through a file that neither has seen (a seed of its own),
the one that begins changes from round to round, and only processor time counts: so what else the machine does falls on
both. The ratio is the median of the rounds, the rates are those of the best round.

Knows: processes, rounds, the table. Does not know: what the jobs do (`work`).
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
JOBS = ("validate", "there_and_back")
FIGURES = {
    "validate": "validation",
    "documents": "validation + mapping",
    "write_documents": "writing through the map",
}
"""What the jobs measure, in the order of the table."""


def make(kind: str, size: str, file: Path, *options: str) -> Path:
    """A generated file."""
    subprocess.run([sys.executable, "-m", "tests.bench.generate", kind, size, str(file), *options], check=True)
    return file


class Worker:
    """One checkout in a process of its own, which does a job at a time."""

    def __init__(self, checkout: Path) -> None:
        command = [sys.executable, "-m", "tests.bench.work", "--serve", str(checkout)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE, text=True)

    def do(self, job: str, file: Path) -> dict[str, dict[str, float]]:
        """The figures of a job. SystemExit where the process is gone."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{job} {file}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {self.process.args!r} ended")
        figures: dict[str, dict[str, float]] = json.loads(line)
        return figures


@contextlib.contextmanager
def workers(checkouts: Sequence[Path]) -> Iterator[list[Worker]]:
    """One for each checkout; ended afterwards."""
    made = [Worker(checkout) for checkout in checkouts]
    try:
        yield made
    finally:
        for worker in made:
            assert worker.process.stdin is not None
            worker.process.stdin.close()
            worker.process.wait(10)


@dataclass
class Rates:
    """MB for each second of processor time in each round: of this checkout, and of the other."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def row(self) -> str:
        """Best rates and the median ratio; what is missing is a checkout that failed."""
        best = [f"{max(rates):7.2f}" if rates else " failed" for rates in (self.ours, self.theirs)]
        both = [one / other for one, other in zip(self.ours, self.theirs, strict=False)]
        ratio = f"{statistics.median(both):6.2f}  ({min(both):.2f} to {max(both):.2f})" if both else "     -"
        return f"{best[0]} {best[1]} {ratio}"


def measure(against: Path, kind: str, size: str, rounds: int, folder: Path) -> dict[str, Rates]:
    """The rates of one set, for each figure."""
    rates = {figure: Rates() for figure in FIGURES}
    small = make(kind, "50K", folder / f"{kind}.small", "--seed", "99")
    with workers([HERE, against]) as both:
        for worker in both:
            for job in JOBS:
                worker.do(job, small)
        for turn in range(rounds):
            file = make(kind, size, folder / f"{kind}.{turn}", "--seed", str(turn + 1))
            for job in JOBS:
                for mine in ((True, False), (False, True))[turn % 2]:
                    _record(rates, both[not mine].do(job, file), mine=mine)
            file.unlink()
    return rates


def _record(rates: dict[str, Rates], figures: dict[str, dict[str, float]], *, mine: bool) -> None:
    if "error" in figures:
        print(f"{'this checkout' if mine else 'the other'}: {figures['error']}", file=sys.stderr)
        return
    for name, figure in figures.items():
        (rates[name].ours if mine else rates[name].theirs).append(figure["bytes"] / figure["cpu"] / 1e6)


def peak(checkout: Path, file: Path) -> str:
    """Peak memory of a fresh process that validates the file, in MB."""
    with workers([checkout]) as (worker,):
        figures = worker.do("validate", file)
    return "failed" if "error" in figures else f"{figures['validate']['rss'] / 1e6:.0f}"


def table(against: Path, sets: Sequence[str], size: str, rounds: int, memory_size: str) -> None:
    """Print the rates of every set, and peak memory where a size is given for it."""
    print(f"{HERE} beside {against}: MB/s of processor time, {rounds} rounds of {size}")
    print(f"{'':24} {'set':>6} {'this':>7} {'other':>7}  ratio")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in sets:
            for figure, rates in measure(against, kind, size, rounds, folder).items():
                print(f"{FIGURES[figure]:24} {kind:>6} {rates.row()}", flush=True)
        for kind in sets if memory_size else ():
            file = make(kind, memory_size, folder / f"{kind}.large")
            ours, theirs = peak(HERE, file), peak(against, file)
            print(f"{'peak RSS MB, ' + memory_size:24} {kind:>6} {ours:>7} {theirs:>7}", flush=True)
            file.unlink()
