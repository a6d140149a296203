"""X12 and EDIFACT in megabytes a second, with peak memory, beside what else there is in Python. Each figure is a process of
its own.

    python -m tests.bench.edi [--size 200M] [--small-size 2M] [--sets 850 810 ORDERS] [--rounds 3] [--only NAME ...]
                              [--generator SCRIPT]

Rounds are interleaved, the best of them is shown: the machine has other things to do, none of which makes it faster. The
seconds of the clock are those of an idle machine; where it is not idle, those of the processor say more.
A generator other than `generate` is a script that is called with a set, a size and a file.
Peers that are not installed are left out; PYTHONPATH may name a folder that holds some.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import peers, work

SLOW = ("pyx12_envelope", "bots_strict", "pydifact_parse")
"""What gets the smaller file."""


def measure(job: str, file: Path) -> dict[str, float] | None:
    """One job on one file, in a process of its own; None, and why on standard error, where it failed."""
    command = [sys.executable, "-m", f"tests.bench.{'work' if job in work.JOBS else 'peers'}", job, str(file)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.stderr.write(f"{job} on {file}: {done.stderr.decode()[-2000:]}\n")
        return None
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def table(files: dict[tuple[str, bool], Path], jobs: list[str], rounds: int) -> None:
    """Every job on its file, best of the rounds; a line each."""
    best: dict[tuple[str, str], dict[str, float]] = {}
    for _ in range(rounds):
        for (set_id, small), file in files.items():
            for job in jobs:
                if small == (job in SLOW) and peers.suits(job, set_id):
                    told = measure(job, file)
                    if told is not None:
                        known = best.setdefault((job, set_id), told)
                        best[job, set_id] = min(known, told, key=lambda one: one["cpu"])
    print(f"{'':18} {'set':>6} {'MB':>7} {'seconds':>8} {'MB/s':>7} {'cpu s':>8} {'MB/cpu s':>9} {'peak RSS MB':>12}")
    for (job, set_id), one in best.items():
        size, seconds, cpu, rss = one["bytes"] / 1e6, one["seconds"], one["cpu"], one["rss"] / 1e6
        print(
            f"{job:18} {set_id:>6} {size:7.1f} {seconds:8.2f} {size / seconds:7.1f} {cpu:8.2f} {size / cpu:9.1f} {rss:12.0f}"
        )


def main() -> None:
    """Make the files, run the jobs, print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--size", default="200M")
    asked.add_argument("--small-size", default="2M")
    asked.add_argument("--sets", nargs="+", default=["850", "810", "ORDERS"])
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--only", nargs="+", default=[*work.JOBS, *peers.installed()])
    asked.add_argument("--generator", type=Path)
    options = asked.parse_args()
    command = [str(options.generator)] if options.generator else ["-m", "tests.bench.generate"]
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for set_id in options.sets:
            for small, size in ((False, options.size), (True, options.small_size)):
                file = files[set_id, small] = Path(folder) / f"{set_id}.{size}"
                subprocess.run([sys.executable, *command, set_id, size, str(file)], check=True, capture_output=True)
        table(files, options.only, options.rounds)


if __name__ == "__main__":
    main()
