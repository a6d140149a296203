"""A list of many vendors through the whole daemon, and one changed vendor among them.

    python -m tests.bench.lists [--vendors 100000]

The daemon (`run --once`) is a process of its own and only it is measured; D365's simulator and OpenSSH's sshd are others. Memory
is the peak over that of a run without the list, time that over such a run, beside a loop that only asks for the same fields page
by page. Requests are those for vendors.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import anyio

from d365edi.flows.lists import KEYS
from d365edi.maps.d365 import plans
from d365edi.maps.table import load
from tests.bench.ground import Ground, ground
from tests.bench.large import run
from tests.journeys.test_lists import wants


async def raw(where: Ground) -> float:
    """Seconds of a loop over the pages of the same rows, which does nothing with them."""
    query = plans.list_plan(load("d365/read", "Vendor"), company="usmf", accounts={}).rows
    async with where.world.app() as app:
        began, start = time.perf_counter(), 0
        while await app.ctx.d365.page("Vendor", replace(query, skip=start, top=KEYS)):
            start += KEYS
        return time.perf_counter() - began


def measure(count: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, ground(Path(folder) / "ground", vendors=count) as where:
        where.world.knobs["read"] = "120s"
        idle = [run(where) for _ in range(2)][1]
        loop = anyio.run(raw, where)
        wants(where.world, "Vendor")
        before = where.change_vendor()
        all_of_them = run(where)
        asked = where.change_vendor() - before
        one = run(where)
        requests = where.change_vendor() - before - asked
        sizes = [path.stat().st_size for path in (where.world.partner.home / "inbound").glob("Vendor_*")]
    over = all_of_them.seconds - idle.seconds
    print(f"{count} vendors, files of {', '.join(f'{size / 1e6:.2f} MB' for size in sorted(sizes, reverse=True))}")
    print(f"without the list: {idle.seconds:.2f} s, {idle.peak:.0f} MB")
    print(f"all: {over:.1f} s more, {over / loop:.2f} of the raw loop ({loop:.1f} s), {asked} requests")
    print(f"     {all_of_them.cpu - idle.cpu:.1f} s of processor time; {all_of_them.peak - idle.peak:.0f} MB over idle")
    print(f"one changed: {one.seconds - idle.seconds:.1f} s more, {one.peak - idle.peak:.0f} MB, {requests} requests")


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--vendors", type=int, default=100_000)
    measure(given.parse_args().vendors)
