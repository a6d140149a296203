"""How many requests D365 gets: for an order in, for an invoice out, and through a bucket that turns many away.

    python -m tests.bench.d365 [--orders 200] [--lines 10] [--throttled 100] [--rate 20]

Requests are counted by the simulator's log; what is inside a batch is no request of its own, and tokens are left out. `throttled`
orders go through a bucket of `rate` requests a second that closes for a second when it is empty, and says so half of the
time: every order must be there once, and nothing may be sent while it is closed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import anyio

from d365edi.sandbox.d365 import Simulator
from d365edi.sandbox.d365.throttle import Throttle
from tests.journeys.world import ITEMS, World, world


def lines(count: int) -> list[tuple[str, str, str, str]]:
    """Lines of an order, each with another quantity."""
    theirs = [number for number, _ in ITEMS.values()]
    return [(str(place), str(place), "10.5", theirs[place % len(theirs)]) for place in range(1, count + 1)]


def requests(simulator: Simulator) -> Counter[str]:
    """Requests by set since the log was emptied, without tokens and without what is inside a batch."""
    found = Counter(f"{seen.method} {seen.set}" for seen in simulator.log if not seen.inside and seen.set != "token")
    del simulator.log[:]
    return found


def show(what: str, found: Counter[str], documents: int) -> None:
    """One line for all of them, and one for each set."""
    print(f"{what}: {found.total() / documents:.2f}")
    for name, count in found.most_common():
        print(f"    {count / documents:5.2f}  {name}")


async def ready(town: World, orders: int, count: int, first: int = 0) -> None:
    """Orders in the partner's folder, each in a file of its own."""
    for number in range(first, first + orders):
        town.partner.drop(f"PO-{number}.edi", town.order(f"45{number:06d}", lines(count)))


async def measure(town: World, orders: int, count: int) -> None:
    """Orders in, then an invoice of each out."""
    await ready(town, orders, count)
    async with town.app() as app:
        await app.tick("acme.pickup.edi")
        await app.tick("due")
        assert len(town.sales_orders()) == orders
        show(f"requests per order of {count} lines", requests(town.simulator), orders)
        for header in town.simulator.state.rows("SalesOrderHeadersV4"):
            town.simulator.post_invoice(str(header["SalesOrderNumber"]))
        await app.tick("acme.send.810")
        assert len(town.partner.received()) == orders
        show(f"requests per new invoice of {count} lines", requests(town.simulator), orders)


async def throttled(town: World, orders: int, count: int, rate: float) -> None:
    """Orders through a bucket."""
    already = len(town.sales_orders())
    await ready(town, orders, count, first=already)
    bucket = Throttle(time.time, burst=rate, rate=rate, retry_after=1, unsaid=1, on_the_way=0.2)
    town.simulator.throttle = bucket
    began = time.monotonic()
    async with town.app() as app:
        await app.tick("acme.pickup.edi")
        while len(town.sales_orders()) < already + orders or await app.next_due() is not None:
            bucket.retry_after = None if bucket.closings % 2 else 1
            await app.tick("due")
            await anyio.sleep(0.2)
    town.simulator.throttle = None
    assert not [number for number in town.sales_orders() if "(again)" in number]
    found = requests(town.simulator)
    print(
        f"{orders} orders at {rate:g} requests/s in {time.monotonic() - began:.0f} s: closed {bucket.closings} times, "
        f"turned away {bucket.beside}, sent while closed {bucket.pushed}, requests per order {found.total() / orders:.2f}"
    )


async def main() -> None:
    """All figures."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--orders", type=int, default=200)
    given.add_argument("--lines", type=int, default=10)
    given.add_argument("--throttled", type=int, default=100)
    given.add_argument("--rate", type=float, default=20)
    wanted = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder)) as town:
            await measure(town, wanted.orders, wanted.lines)
            await throttled(town, wanted.throttled, wanted.lines, wanted.rate)


if __name__ == "__main__":
    anyio.run(main)
