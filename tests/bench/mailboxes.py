"""What mailboxes of Sterling cost: polls of many mailboxes, requests, orders beside a raw loop, large payloads, deliveries.

    python -m tests.bench.mailboxes [--mailboxes 500] [--taken] [--rounds 10] [--minutes 10] [--orders 200] [--deliveries 300]
                                    [--megabytes 40] [--turns 3]

The daemon's app, or its command, is a process of its own and only it is measured; the simulators are in another. What is
compared with a raw loop runs in turns with it on the same servers. 0 leaves a figure out. Rounds follow each other at once;
`minutes` is the same by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.idle import memory, processor
from tests.bench.mailbox_ground import OUT, MailboxGround, ground, order
from tests.bench.throughput import ANSWERS_AFTER, Spent

LEFT, MORE = 20, 30
"""Messages left in each mailbox, and in one of them."""
MINUTE = 60.0


def job(where: MailboxGround, name: str, settings: Path, *given: object) -> dict[str, Any]:
    """Run a job of `mailbox_work` in a process of its own. SystemExit with what it said where it failed."""
    command = [sys.executable, "-m", "tests.bench.mailbox_work", name, str(settings), *map(str, given)]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **where.environ})
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-4000:])
    return dict(json.loads(done.stdout))


@contextmanager
def fresh(**given: Any) -> Iterator[MailboxGround]:
    """Servers that are used for one measurement."""
    with tempfile.TemporaryDirectory() as name, ground(Path(name) / "ground", **given) as where:
        yield where


def say(sentence: str) -> None:
    """A line of the result."""
    print(sentence, flush=True)


# -- rounds ---------------------------------------------------------------------------------------------------------------
def polls(mailboxes: int, count: int, *, taken: bool) -> None:
    """Rounds of polls that find nothing new: requests, processor time beside the raw loop, memory. What is left there is from
    before the first poll, or was `taken` and is not cleared."""
    with fresh(mailboxes=mailboxes, left=LEFT, more=MORE) as where:
        kept = {"since": "all", "after": "leave"} if taken else {}
        settings = where.settings(polled=mailboxes, **kept)
        job(where, "rounds", settings, 0)
        asked = [sum(where.counts().values())]
        for more in (0, 1):
            job(where, "rounds", settings, more)
            asked.append(sum(where.counts().values()))
        ours = job(where, "rounds", settings, count)
        theirs = job(where, "raw_rounds", settings, count)
        again = job(where, "rounds", settings, count)
    each, raw = (statistics.median(spent["round"][1:]) for spent in (ours, theirs))
    other = statistics.median(again["round"][1:])
    held = ours["resident"]
    grown = held[-1] - held[0]
    both = (each + other) / 2
    say(f"a round over {mailboxes} mailboxes: {asked[2] - asked[1] - (asked[1] - asked[0])} requests")
    say(f"    processor {each:.2f} and {other:.2f} s, the raw loop between them {raw:.2f}: {both / raw:.2f} x")
    say(f"    every minute: {both / MINUTE:.1%} of a core; memory {held[0]:.0f} MB, {grown:+.1f} after {count} more")


def minutes(mailboxes: int, count: int) -> None:
    """The daemon by its command, which polls every minute, for so many minutes after its first round."""
    with fresh(mailboxes=mailboxes, left=LEFT, more=MORE) as where:
        settings = where.settings(polled=mailboxes, every="1m")
        command = [sys.executable, "-m", "d365edi", "run", "--settings", str(settings)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **where.environ}) as daemon:
            first = _settled(where)
            before, at, held = processor(daemon.pid), time.monotonic(), memory(daemon.pid)["VmRSS"]
            time.sleep(count * MINUTE)
            used = (processor(daemon.pid) - before) / (time.monotonic() - at)
            grown, asked = memory(daemon.pid)["VmRSS"] - held, sum(where.counts().values()) - first
            daemon.terminate()
            daemon.wait(60)
    say(f"the daemon for {count} minutes: {used:.1%} of a core, {grown:+.1f} MB, {asked} requests")


def _settled(where: MailboxGround) -> int:
    """The number of requests once the first round is over."""
    before, now = 0, 0
    while not now or now != before:
        time.sleep(3)
        before, now = now, sum(where.counts().values())
    return now


# -- the way of an order --------------------------------------------------------------------------------------------------
def once(where: MailboxGround, settings: Path) -> Spent:
    """What `run --once` takes."""
    command = [sys.executable, "-m", "d365edi", "run", "--once", "--settings", str(settings)]
    before = os.times()
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **where.environ})
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode()[-4000:])
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(after.elapsed - before.elapsed, cpu)


def orders(count: int, turns: int) -> None:
    """Orders out of a mailbox, into D365, their 997s into a mailbox: requests for each, and beside the raw loop."""
    spent, asked = list[tuple[Spent, Spent]](), dict[str, float]()
    for _ in range(turns):
        with fresh(wait=ANSWERS_AFTER) as where:
            settings = where.settings()
            for number in range(count):
                where.put(OUT, f"PO-{number:06}.edi", order(number))
            told = job(where, "raw_orders", settings)
            loop = Spent(told["orders clock"][0], told["orders"][0])
            assert where.ask(do="told")["orders"] == count
            idle = once(where, settings)
            for number in range(count, 2 * count):
                where.put(OUT, f"PO-{number:06}.edi", order(number))
            before = where.counts()
            ours = once(where, settings) - idle
            after = where.counts()
            told = where.ask(do="told")
            assert (told["orders"], told["placed"], told["waiting"]) == (2 * count, 2 * count, 0), told
            spent.append((loop, ours))
            asked = {name: (after[name] - before.get(name, 0)) / count for name in after}
    for name, each in asked.items():
        if each:
            say(f"    {each:.2f} {name} for each order and its 997")
    ratio = statistics.median(loop.clock / ours.clock for loop, ours in spent)
    cpu = [statistics.median(each.cpu for each in side) / count * 1e3 for side in zip(*spent, strict=True)]
    say(
        f"orders: the raw loop's time is {ratio:.2f} of the daemon's ({turns} x {count} orders); processor for each "
        f"{cpu[0]:.1f} and {cpu[1]:.1f} ms"
    )


# -- deliveries -----------------------------------------------------------------------------------------------------------
def deliveries(count: int, turns: int) -> None:
    """Deliveries to a mailbox, and to a folder where each waits for three replies of the same server."""
    for wait in (ANSWERS_AFTER, 0.0):
        ratios, rates = list[float](), list[float]()
        for _ in range(turns):
            with fresh(wait=wait) as where:
                settings = where.settings()
                folder = job(where, "deliveries", settings, count, "disk")["deliveries clock"][0]
                mailbox = job(where, "deliveries", settings, count, "sbi")["deliveries clock"][0]
            ratios.append(folder / mailbox)
            rates.append(count / mailbox)
        say(
            f"deliveries, answers after {wait * 1e3:.0f} ms: {statistics.median(rates):.0f}/s, "
            f"{statistics.median(ratios):.2f} of those to a folder ({turns} x {count})"
        )


# -- large payloads -------------------------------------------------------------------------------------------------------
def large(megabytes: int) -> None:
    """A large payload in, and one out by batch: memory."""
    size = megabytes * 1_000_000
    with fresh() as where:
        settings = where.settings(batch='"8MB"')
        where.put(OUT, "large.bin", b"0123456789abcdef" * (size // 16))
        came = job(where, "large", settings, size, "in")["payloads"]
        left = job(where, "large", settings, size, "out")["payloads"]
        assert size in where.ask(do="told")["sizes"]
    say(f"{megabytes} MB: {came:.1f} payloads of memory in, {left:.1f} out by batch")


def main() -> None:
    """All figures."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--mailboxes", type=int, default=500)
    given.add_argument("--taken", action="store_true", help="what is left there was picked up")
    given.add_argument("--rounds", type=int, default=10)
    given.add_argument("--minutes", type=int, default=10)
    given.add_argument("--orders", type=int, default=200)
    given.add_argument("--deliveries", type=int, default=300)
    given.add_argument("--megabytes", type=int, default=40)
    given.add_argument("--turns", type=int, default=3)
    wanted = given.parse_args()
    figures: list[tuple[int, Callable[[], None]]] = [
        (min(wanted.mailboxes, wanted.rounds), lambda: polls(wanted.mailboxes, wanted.rounds, taken=wanted.taken)),
        (min(wanted.mailboxes, wanted.minutes), lambda: minutes(wanted.mailboxes, wanted.minutes)),
        (wanted.orders, lambda: orders(wanted.orders, wanted.turns)),
        (wanted.deliveries, lambda: deliveries(wanted.deliveries, wanted.turns)),
        (wanted.megabytes, lambda: large(wanted.megabytes)),
    ]
    for size, figure in figures:
        if size:
            figure()


if __name__ == "__main__":
    main()
