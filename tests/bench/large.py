"""Large files through the whole daemon: one order of 5,000 lines, and one file of 2,000 orders, beside small ones.

    python -m tests.bench.large [--lines 5000] [--orders 2000] [--rounds 1] [--only lines orders]

The daemon (`run --once`) is a process of its own and only it is measured: processor time and peak memory. D365's simulator and
OpenSSH's sshd are others. Every line orders an article of its own, so each is looked up in D365; every order has two lines.
The start of the daemon is measured with nothing to do and left out of what a line or an order costs. What counts is how much
more a line costs in a large order than in orders of fifty, and an order in a large file than in files of fifty.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.generate import Draw
from tests.bench.ground import PLACES, Ground, ground, their_number, their_place
from tests.journeys.world import PROFILE

SMALL = 50
SMALL_FILES = {"line": 40, "order": 8}
"""Files of the small kind: one alone takes too little time to be measured beside the start."""
LINES_OF_AN_ORDER = 2


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run of the daemon took: seconds of processor and clock, MB."""

    cpu: float
    seconds: float
    peak: float


def interchange(orders: list[tuple[str, list[int]]], control: int) -> bytes:
    """One file of 850s. An order is its number and the article of each line."""
    draw, body = Draw(control), list[str]()
    for number, (name, articles) in enumerate(orders, 1):
        order = [
            f"BEG*00*SA*{name}**20261102",
            f"REF*DP*{draw.digits(3)}",
            "DTM*010*20261120",
            f"N1*ST*{draw.words(3)}*92*{their_place(draw.below(0, PLACES - 1))}",
            f"N3*{draw.street()}",
            "N4*AUSTIN*TX*78701*US",
        ]
        total = 0
        for line, article in enumerate(articles, 1):
            quantity = draw.below(1, 100)
            total += quantity
            order.append(
                f"PO1*{line}*{quantity}*EA*{draw.below(1, 500)}.{draw.below(10, 99)}*PE*BP*{their_number(article)}"
            )
            order.append(f"PID*F****{draw.words()}")
        order.append(f"CTT*{len(articles)}*{total}")
        body += [f"ST*850*{number:04d}", *order, f"SE*{len(order) + 2}*{number:04d}"]
    head = (
        f"ISA*00*          *00*          *{PROFILE.them[0]}*{PROFILE.them[1]:<15}*{PROFILE.us[0]}*{PROFILE.us[1]:<15}"
        f"*261102*1200*U*00401*{control:09d}*0*P*>"
    )
    group = f"GS*PO*{PROFILE.group_them}*{PROFILE.group_us}*20261102*1200*{control}*X*004010"
    return "~".join([head, group, *body, f"GE*{len(orders)}*{control}", f"IEA*1*{control:09d}", ""]).encode()


def one_order(lines: int, files: int = 1) -> list[bytes]:
    """Files of one order each, of so many lines, each line of an article of its own."""
    return [
        interchange([(f"L{lines}-{at}", list(range(at * lines, at * lines + lines)))], at + 1) for at in range(files)
    ]


def many_orders(orders: int, files: int = 1) -> list[bytes]:
    """Files of so many orders of two lines, each line of an article of its own."""
    width, made = LINES_OF_AN_ORDER, list[bytes]()
    for at in range(files):
        numbers = range(at * orders, at * orders + orders)
        made.append(interchange([(f"M{n}", list(range(n * width, n * width + width))) for n in numbers], at + 1))
    return made


def run(where: Ground) -> Spent:
    """The daemon once over every flow. SystemExit with what it said where it failed."""
    where.world.write_settings()
    command = [sys.executable, "-m", "d365edi", "run", "--once", "--settings", str(where.world.settings_file)]
    peak, ended = [0.0], threading.Event()
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        environ = {**os.environ, **where.world.environ}
        with subprocess.Popen(command, env=environ, stdout=said, stderr=said) as daemon:
            watch = threading.Thread(target=_watch, args=(daemon.pid, peak, ended))
            watch.start()
            _, status, used = os.wait4(daemon.pid, 0)
            daemon.returncode = os.waitstatus_to_exitcode(status)
            ended.set()
            watch.join()
        if daemon.returncode:
            said.seek(0)
            raise SystemExit(said.read().decode()[-4000:])
    return Spent(used.ru_utime + used.ru_stime, time.perf_counter() - began, peak[0])


def _watch(pid: int, peak: list[float], ended: threading.Event) -> None:
    """Peak memory while the process lives; `wait4` would count the process that it was forked from."""
    while not ended.wait(0.02):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        peak[0] = next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), peak[0])


def measure(files: list[bytes], orders: int, items: int) -> tuple[Spent, Spent]:
    """The start with nothing to do, then all the files at once; on servers of their own."""
    with tempfile.TemporaryDirectory() as name, ground(Path(name) / "ground", items) as where:
        where.world.knobs["read"] = "300s"
        start = run(where)
        for number, file in enumerate(files, 1):
            where.world.partner.drop(f"PO-{number}.edi", file)
        spent = run(where)
        with contextlib.closing(sqlite3.connect(where.world.folder / "var" / "journal.db")) as journal:
            states = dict(journal.execute("SELECT state, count(*) FROM documents GROUP BY state"))
        assert states == {"delivered": orders}, states
        return start, spent


def beside(what: str, small: list[bytes], large: list[bytes], counts: tuple[int, int], rounds: int) -> None:
    """Files of a small and of a large kind in turns: a row for each run, and the ratio of the medians.

    `counts` are the lines (`what` is "line") or orders in a file of each kind.
    """
    starts, spent = list[float](), dict[int, list[Spent]]()
    for _ in range(rounds):
        for files, count in zip((small, large), counts, strict=True):
            orders = len(files) if what == "line" else len(files) * count
            lines = len(files) * count * (1 if what == "line" else LINES_OF_AN_ORDER)
            start, taken = measure(files, orders, lines)
            starts.append(start.cpu)
            spent.setdefault(count, []).append(taken)
    idle = statistics.median(starts)
    each = {}
    for files, count in zip((small, large), counts, strict=True):
        cpu = statistics.median(one.cpu for one in spent[count])
        each[count] = (cpu - idle) / (len(files) * count)
        print(
            f"{len(files):4d} x {count:5d} {what}s: {cpu:6.2f} s of processor, of which {idle:.2f} to start; "
            f"{each[count] * 1e3:6.2f} ms for each {what}; peak {max(one.peak for one in spent[count]):.0f} MB; "
            f"{statistics.median(one.seconds for one in spent[count]):.1f} s of the clock",
            flush=True,
        )
    print(
        f"for each {what}, {counts[1]} in one file beside {counts[0]}: {each[counts[1]] / each[counts[0]]:.2f}",
        flush=True,
    )


def main() -> None:
    """Both comparisons."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--lines", type=int, default=5000)
    asked.add_argument("--orders", type=int, default=2000)
    asked.add_argument("--rounds", type=int, default=1)
    asked.add_argument("--only", nargs="+", default=["lines", "orders"])
    options = asked.parse_args()
    if "lines" in options.only:
        small, large = one_order(SMALL, SMALL_FILES["line"]), one_order(options.lines)
        beside("line", small, large, (SMALL, options.lines), options.rounds)
    if "orders" in options.only:
        small, large = many_orders(SMALL, SMALL_FILES["order"]), many_orders(options.orders)
        beside("order", small, large, (SMALL, options.orders), options.rounds)


if __name__ == "__main__":
    main()
