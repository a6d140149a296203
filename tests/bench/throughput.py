"""850 to sales order, or 810 to vendor invoice, documents a second: the whole daemon beside the raw loop, on the same servers, in
the same run.

    python -m tests.bench.throughput [DOCUMENTS] [--invoices]

The raw loop does what must cross the wires and nothing else: it lists and reads the same files over SFTP, makes the same
HTTP calls (look, header, lines in one batch, look again; of an invoice: its order, the order's lines and what other invoices
have of these, whether it was posted or is pending, header, lines in one batch), puts a 997 of the same size under a temporary
name, renames it, and moves the file. It checks nothing, keeps nothing and could not survive a crash. Both sides have the same
number of documents in flight.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import asyncssh
import httpx

from d365edi.sandbox.d365 import CLIENT_ID, CLIENT_SECRET, TENANT
from tests.bench.ground import Ground, ground
from tests.journeys import bills
from tests.journeys.world import ITEMS, World

CONCURRENCY = 8
ANSWERS_AFTER = 0.04
"""Seconds that D365 takes for each answer at least; a tenant is seldom as fast. Without it the simulator, which has one core
for both sides, would be all that is measured."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is measured: its name, the settings for it, the file of a number, and the calls to D365 that a file asks for."""

    name: str
    wants: Callable[[World], None]
    file: Callable[[World, int], bytes]
    calls: Callable[[httpx.AsyncClient, str, bytes], Awaitable[str]]


def fill(where: Ground, kind: Kind, count: int, offset: int) -> None:
    """Documents of two lines, each in a file of its own, in the partner's outbound folder."""
    for number in range(offset, offset + count):
        where.world.partner.drop(f"{kind.name}-{number}.edi", kind.file(where.world, number))


async def raw(where: Ground, kind: Kind, count: int) -> float:
    """Seconds of the raw loop."""
    world, config = where.world, where.ssh.config()
    context = ssl.create_default_context(cafile=str(world.ca_file))
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    base = f"https://{world.d365_host}"
    began = time.perf_counter()
    async with (
        httpx.AsyncClient(verify=context, limits=limits, trust_env=False, timeout=30) as http,
        asyncssh.connect(
            config.host,
            config.port,
            username=config.username,
            client_keys=[asyncssh.import_private_key(config.key)],
            known_hosts=None,
            config=None,
            agent_path=None,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        token = await http.post(
            f"{base}/{TENANT}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "scope": f"{base}/.default",
            },
        )
        http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        limiter = anyio.Semaphore(CONCURRENCY)

        async def one(name: str) -> None:
            async with limiter:
                await _document(sftp, http, base, world.prefix, name, kind)

        names = [
            str(entry.filename) async for entry in sftp.scandir(f"{world.prefix}/outbound") if entry.attrs.type == 1
        ]
        assert len(names) == count
        async with anyio.create_task_group() as group:
            for name in names:
                group.start_soon(one, name)
    return time.perf_counter() - began


async def _document(
    sftp: asyncssh.SFTPClient, http: httpx.AsyncClient, base: str, root: str, name: str, kind: Kind
) -> None:
    async with sftp.open(f"{root}/outbound/{name}", "rb", block_size=0) as file:
        data = await file.read(65536)
    assert isinstance(data, bytes)
    number = await kind.calls(http, base, data)
    acknowledgment = f"{root}/inbound/acks/997_{number}.edi"
    async with sftp.open(f"{root}/inbound/acks/.997_{number}.part", "xb", block_size=0) as file:
        await file.write(b"ISA*" + b"x" * 260)
    await sftp.rename(f"{root}/inbound/acks/.997_{number}.part", acknowledgment)
    await sftp.rename(f"{root}/outbound/{name}", f"{root}/outbound/processed/{name}")


async def _order(http: httpx.AsyncClient, base: str, data: bytes) -> str:
    number = data.split(b"BEG*00*SA*")[1].split(b"*")[0].decode()
    await _look(http, base, "SalesOrderHeadersV4", f"CustomersOrderReference eq '{number}'")
    header = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-003",
        "InvoiceCustomerAccountNumber": "US-003",
        "CustomersOrderReference": number,
        "CurrencyCode": "USD",
    }
    made = await http.post(f"{base}/data/SalesOrderHeadersV4?cross-company=true", json=header)
    order = made.raise_for_status().json()["SalesOrderNumber"]
    lines = [{"SalesOrderNumber": order, "ItemNumber": item, "OrderedSalesQuantity": 12} for item in list(ITEMS)[:2]]
    await _lines(http, base, "SalesOrderLinesV3", lines)
    await _look(http, base, "SalesOrderLinesV3", f"SalesOrderNumber eq '{order}'")
    return number


async def _bill(http: httpx.AsyncClient, base: str, data: bytes) -> str:
    big = data.split(b"BIG*")[1].split(b"~")[0].decode().split("*")
    number, order = big[1], big[3]
    await _look(http, base, "PurchaseOrderHeadersV2", f"PurchaseOrderNumber eq '{order}'")
    await _look(http, base, "PurchaseOrderLinesV2", f"PurchaseOrderNumber eq '{order}'")
    await _look(http, base, "VendorInvoiceLines", f"PurchaseOrder eq '{order}'")
    await _look(http, base, "VendInvoiceTransBiEntities", f"OrigPurchId eq '{order}'")
    await _look(http, base, "VendInvoiceJourBiEntities", f"InvoiceId eq '{number}'")
    await _look(http, base, "VendorInvoiceHeaders", f"InvoiceNumber eq '{number}'")
    accounts = {"InvoiceAccount": bills.VENDOR, "VendorAccount": bills.VENDOR}
    header = {"dataAreaId": "usmf", **accounts, "InvoiceNumber": number, "InvoiceDate": "2026-11-02T12:00:00Z"}
    header |= {"Currency": "USD", "PurchaseOrderNumber": order}
    made = await http.post(f"{base}/data/VendorInvoiceHeaders?cross-company=true", json=header)
    reference = made.raise_for_status().json()["HeaderReference"]
    ordered = (("D0001", 12, 10.5), ("D0002", 3, 99.99))
    lines = [
        {
            "HeaderReference": reference, "InvoiceLineNumber": place, "PurchaseOrder": order, "PurchLineNumber": place,
            "ItemNumber": item, "ReceiveNow": quantity, "Unit": "ea", "UnitPrice": price, "Currency": "USD",
        }
        for place, (item, quantity, price) in enumerate(ordered, 1)
    ]  # fmt: skip
    await _lines(http, base, "VendorInvoiceLines", lines)
    return number


async def _look(http: httpx.AsyncClient, base: str, set: str, found: str) -> None:
    address = f"{base}/data/{set}?cross-company=true&$filter=dataAreaId eq 'usmf' and {found}"
    (await http.get(address)).raise_for_status()


async def _lines(http: httpx.AsyncClient, base: str, set: str, lines: Sequence[Mapping[str, Any]]) -> None:
    parts = []
    for number, line in enumerate(lines, 1):
        body = json.dumps({"dataAreaId": "usmf", **line})
        parts.append(
            "--changeset_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: {number}\r\n\r\nPOST {base}/data/{set}?cross-company=true HTTP/1.1\r\n"
            "OData-Version: 4.0\r\nOData-MaxVersion: 4.0\r\n"
            f"Content-Type: application/json;odata.metadata=minimal\r\n\r\n{body}\r\n"
        )
    inner = "".join(parts) + "--changeset_1--\r\n"
    outer = f"--batch_1\r\nContent-Type: multipart/mixed; boundary=changeset_1\r\n\r\n{inner}\r\n--batch_1--\r\n"
    answer = await http.post(
        f"{base}/data/$batch", content=outer.encode(), headers={"Content-Type": "multipart/mixed; boundary=batch_1"}
    )
    answer.raise_for_status()


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of the clock and of processor time."""

    clock: float
    cpu: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.clock - other.clock, self.cpu - other.cpu)


ORDERS = Kind("orders", lambda _: None, lambda world, number: world.order(f"45{number:08d}"), _order)
BILLS = Kind(
    "vendor invoices",
    bills.receives,
    lambda _, number: bills.bill(f"INV-{number}", order=f"PO-B{number}", control=number + 1),
    _bill,
)


def daemon(where: Ground, kind: Kind, count: int) -> Spent:
    """What `run --once` takes in a process of its own, from its first listing to its exit, its start left out."""
    environ = {**os.environ, **where.world.environ, "D365EDI_BENCH": "1"}
    where.world.write_settings()
    command = [sys.executable, "-m", "d365edi", "run", "--once", "--settings", str(where.world.settings_file)]
    idle = _spent(command, environ)
    fill(where, kind, count, count)
    return _spent(command, environ) - idle


def _spent(command: list[str], environ: dict[str, str]) -> Spent:
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environ, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(time.perf_counter() - began, cpu)


def measure(count: int, kind: Kind = ORDERS, rounds: int = 3) -> None:
    """Interleaved rounds, each on fresh servers; prints the medians."""
    raws, daemons = list[Spent](), list[Spent]()
    for _ in range(rounds):
        with (
            tempfile.TemporaryDirectory() as folder,
            ground(Path(folder) / "ground", wait=ANSWERS_AFTER, bills=2 * count if kind is BILLS else 0) as where,
        ):
            kind.wants(where.world)
            fill(where, kind, count, 0)
            cpu = time.process_time()
            seconds = anyio.run(raw, where, kind, count)
            raws.append(Spent(seconds, time.process_time() - cpu))
            before = where.made()
            daemons.append(daemon(where, kind, count))
            made = len(list((where.world.partner.inbound / "acks").iterdir()))
            assert made == 2 * count, f"{made} acknowledgments for {2 * count} {kind.name}"
            assert (before, where.made()) == (count, 2 * count)
    one, other = (statistics.median(spent.clock for spent in each) / count for each in (raws, daemons))
    ratio = statistics.median(ours.clock / theirs.clock for ours, theirs in zip(raws, daemons, strict=True))
    cpu_one, cpu_other = (statistics.median(spent.cpu for spent in each) / count * 1e3 for each in (raws, daemons))
    sys.stdout.write(
        f"raw loop {1 / one:.0f}/s, daemon {1 / other:.0f}/s, ratio {ratio:.2f} ({rounds} rounds of {count} {kind.name}); "
        f"processor for each {cpu_one:.1f} and {cpu_other:.1f} ms\n"
    )


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("documents", type=int, nargs="?", default=300)
    given.add_argument("--invoices", action="store_true")
    wanted = given.parse_args()
    measure(wanted.documents, BILLS if wanted.invoices else ORDERS)
