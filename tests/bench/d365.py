"""What D365 costs: requests for an order in and for an invoice out, orders through a tenant that throttles, vendor invoices
beside a raw loop, a list of many vendors.

    python -m tests.bench.d365 [--orders 200] [--lines 10] [--throttled 1000] [--rate 20] [--bills 150] [--vendors 100000]

Requests are counted by the simulator's log; what is inside a batch is no request of its own, and tokens are left out. `throttled`
orders go first to a tenant that lets all through, then to one of `rate` requests a second that turns one in twenty away, closes
for a second with it, and says so half of the time. Every order must be there once, and nothing may be sent while it is closed,
but what was on its way. `bills` and `vendors`: see `throughput` and `lists`. 0 leaves a figure out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import anyio
from loguru import logger

from d365edi.sandbox.d365 import Simulator
from d365edi.sandbox.d365.throttle import Throttle
from tests.bench import lists, throughput
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


async def arrive(town: World, orders: int, count: int, bucket: Throttle | None = None) -> tuple[int, float]:
    """So many orders arrive, each once. The number of requests, and seconds."""
    already = len(town.sales_orders())
    await ready(town, orders, count, first=already)
    town.simulator.throttle = bucket
    began = time.monotonic()
    async with town.app() as app:
        await app.tick("acme.pickup.edi")
        while (
            len(town.simulator.state.rows("SalesOrderHeadersV4")) < already + orders or await app.next_due() is not None
        ):
            await app.tick("due")
            await anyio.sleep(0.2)
    town.simulator.throttle = None
    made = town.sales_orders()
    assert len(made) == already + orders
    assert {len(found) for found in made.values()} == {count}
    return requests(town.simulator).total(), time.monotonic() - began


async def throttled(town: World, orders: int, count: int, rate: float) -> None:
    """Orders that nothing holds up, then as many through a bucket."""
    least, free = await arrive(town, orders, count)
    bucket = Alternating(time.time, burst=rate, rate=rate, retry_after=1, unsaid=1, on_the_way=0.2, at_most=19)
    sent, seconds = await arrive(town, orders, count, bucket)
    beside = bucket.beside - bucket.closings
    print(
        f"{orders} orders at {rate:g} requests/s in {seconds:.0f} s ({free:.0f} s without a limit), each there once: closed "
        f"{bucket.closings} times by {100 * bucket.closings / (sent - beside):.1f} % of the requests, sent while closed "
        f"{bucket.pushed} (on their way {beside}); requests {sent - beside}, {(sent - beside) / least:.3f} of the least ({least})"
    )


@dataclass
class Alternating(Throttle):
    """A bucket that says for how long it is closed every other time."""

    def take(self) -> int:
        """As the bucket does."""
        self.retry_after = None if self.closings % 2 else 1
        return super().take()


async def requests_for(orders: int, lines: int, throttle: int, rate: float) -> None:
    """The figures that are counted in this process."""
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder)) as town:
            if orders:
                await measure(town, orders, lines)
            if throttle:
                await throttled(town, throttle, lines, rate)


def main() -> None:
    """All figures."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--orders", type=int, default=200)
    given.add_argument("--lines", type=int, default=10)
    given.add_argument("--throttled", type=int, default=1000)
    given.add_argument("--rate", type=float, default=20)
    given.add_argument("--bills", type=int, default=150)
    given.add_argument("--vendors", type=int, default=100_000)
    wanted = given.parse_args()
    logger.remove()
    anyio.run(requests_for, wanted.orders, wanted.lines, wanted.throttled, wanted.rate)
    if wanted.bills:
        throughput.measure(wanted.bills, throughput.BILLS)
    if wanted.vendors:
        lists.measure(wanted.vendors)


if __name__ == "__main__":
    main()
