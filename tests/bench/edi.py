"""X12 and EDIFACT in megabytes a second, with peak memory, beside what else there is in Python.

    python -m tests.bench.edi [--size 200M] [--small-size 2M] [--sets 850 810 ORDERS] [--rounds 3] [--only NAME ...]
                              [--generator SCRIPT]
    python -m tests.bench.edi --against CHECKOUT [--size 3M] [--sets ...] [--rounds 3] [--memory 200M]

The first form runs each job in a process of its own, the rounds in turns, and shows the best: the machine has other things to
do, none of which makes it faster. Where it is not idle, seconds of the processor say more than those of the clock.
A generator other than `generate` is a script that is called with a set, a size and a file.
Peers that are not installed are left out; PYTHONPATH may name a folder that holds some.

The second form compares this checkout with another (see `compare`); with `--memory`, peak memory at that size too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import compare, peers, work

SLOW = ("pyx12_envelope", "bots_strict", "pydifact_parse")
"""What gets the smaller file."""

Figures = dict[str, dict[str, float]]


def measure(job: str, file: Path) -> Figures:
    """One job on one file, in a process of its own; nothing, and why on standard error, where it failed."""
    command = [sys.executable, "-m", f"tests.bench.{'work' if job in work.JOBS else 'peers'}", job, str(file)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.stderr.write(f"{job} on {file}: {done.stderr.decode()[-2000:]}\n")
        return {}
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def table(files: dict[tuple[str, bool], Path], jobs: list[str], rounds: int) -> None:
    """Every job on its file, best of the rounds; a line for each figure."""
    best: dict[tuple[str, str], dict[str, float]] = {}
    for _ in range(rounds):
        for (set_id, small), file in files.items():
            for job in jobs:
                if small == (job in SLOW) and peers.suits(job, set_id):
                    for name, figure in measure(job, file).items():
                        known = best.setdefault((name, set_id), figure)
                        best[name, set_id] = min(known, figure, key=lambda one: one["cpu"])
    print(f"{'':18} {'set':>6} {'MB':>7} {'seconds':>8} {'MB/s':>7} {'cpu s':>8} {'MB/cpu s':>9} {'peak RSS MB':>12}")
    for (name, set_id), one in best.items():
        size, seconds, cpu, rss = one["bytes"] / 1e6, one["seconds"], one["cpu"], one["rss"] / 1e6
        print(
            f"{name:18} {set_id:>6} {size:7.1f} {seconds:8.2f} {size / seconds:7.1f} {cpu:8.2f} {size / cpu:9.1f} {rss:12.0f}"
        )


def main() -> None:
    """Make the files, run the jobs, print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--against", type=Path, metavar="CHECKOUT")
    asked.add_argument("--size", help="200M; 3M with --against")
    asked.add_argument("--memory", default="", metavar="SIZE")
    asked.add_argument("--small-size", default="2M")
    asked.add_argument("--sets", nargs="+", default=["850", "810", "ORDERS"])
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--only", nargs="+", default=[*work.JOBS, *peers.installed()])
    asked.add_argument("--generator", type=Path)
    options = asked.parse_args()
    if options.against:
        compare.table(options.against, options.sets, options.size or "3M", options.rounds, options.memory)
        return
    command = [str(options.generator)] if options.generator else ["-m", "tests.bench.generate"]
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for set_id in options.sets:
            for small, size in ((False, options.size or "200M"), (True, options.small_size)):
                file = files[set_id, small] = Path(folder) / f"{set_id}.{size}"
                subprocess.run([sys.executable, *command, set_id, size, str(file)], check=True, capture_output=True)
        table(files, options.only, options.rounds)


if __name__ == "__main__":
    main()
