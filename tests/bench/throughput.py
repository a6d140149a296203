"""850 to order, documents a second: the whole daemon beside the raw loop, on the same servers, in the same run.

    python -m tests.bench.throughput [ORDERS]

The raw loop does what must cross the wires and nothing else: it lists and reads the same files over SFTP, makes the same
HTTP calls (look, header, lines in one batch, look again), puts a 997 of the same size under a temporary name, renames it,
and moves the file. It checks nothing, keeps nothing and could not survive a crash. Both sides have the same number of
documents in flight.
"""

from __future__ import annotations

import json
import os
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import anyio
import asyncssh
import httpx

from d365edi.sandbox.d365 import CLIENT_ID, CLIENT_SECRET, TENANT
from tests.bench.ground import Ground, ground
from tests.journeys.world import ITEMS

CONCURRENCY = 8
ANSWERS_AFTER = 0.04
"""Seconds that D365 takes for each answer at least; a tenant is seldom as fast. Without it the simulator, which has one core
for both sides, would be all that is measured."""


def fill(where: Ground, orders: int, offset: int) -> None:
    """Orders of two lines, each in a file of its own, in the partner's outbound folder."""
    for number in range(offset, offset + orders):
        where.world.partner.drop(f"PO-{number}.edi", where.world.order(f"45{number:08d}"))


async def raw(where: Ground, orders: int) -> float:
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
                await _document(sftp, http, base, world.prefix, name)

        names = [
            str(entry.filename) async for entry in sftp.scandir(f"{world.prefix}/outbound") if entry.attrs.type == 1
        ]
        assert len(names) == orders
        async with anyio.create_task_group() as group:
            for name in names:
                group.start_soon(one, name)
    return time.perf_counter() - began


async def _document(sftp: asyncssh.SFTPClient, http: httpx.AsyncClient, base: str, root: str, name: str) -> None:
    async with sftp.open(f"{root}/outbound/{name}", "rb", block_size=0) as file:
        data = await file.read(65536)
    assert isinstance(data, bytes)
    number = data.split(b"BEG*00*SA*")[1].split(b"*")[0].decode()
    found = f"dataAreaId eq 'usmf' and CustomersOrderReference eq '{number}'"
    (await http.get(f"{base}/data/SalesOrderHeadersV4?cross-company=true&$filter={found}")).raise_for_status()
    header = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-003",
        "InvoiceCustomerAccountNumber": "US-003",
        "CustomersOrderReference": number,
        "CurrencyCode": "USD",
    }
    made = await http.post(f"{base}/data/SalesOrderHeadersV4?cross-company=true", json=header)
    order = made.raise_for_status().json()["SalesOrderNumber"]
    await _lines(http, base, order)
    lines = f"{base}/data/SalesOrderLinesV3?cross-company=true&$filter=SalesOrderNumber eq '{order}'"
    (await http.get(lines)).raise_for_status()
    acknowledgment = f"{root}/inbound/acks/997_{number}.edi"
    async with sftp.open(f"{root}/inbound/acks/.997_{number}.part", "xb", block_size=0) as file:
        await file.write(b"ISA*" + b"x" * 260)
    await sftp.rename(f"{root}/inbound/acks/.997_{number}.part", acknowledgment)
    await sftp.rename(f"{root}/outbound/{name}", f"{root}/outbound/processed/{name}")


async def _lines(http: httpx.AsyncClient, base: str, order: str) -> None:
    parts = []
    for number, item in enumerate(list(ITEMS)[:2], 1):
        body = json.dumps(
            {"dataAreaId": "usmf", "SalesOrderNumber": order, "ItemNumber": item, "OrderedSalesQuantity": 12}
        )
        parts.append(
            "--changeset_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: {number}\r\n\r\nPOST {base}/data/SalesOrderLinesV3?cross-company=true HTTP/1.1\r\n"
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


def daemon(where: Ground, orders: int) -> Spent:
    """What `run --once` takes in a process of its own, from its first listing to its exit, its start left out."""
    environ = {**os.environ, **where.world.environ, "D365EDI_BENCH": "1"}
    where.world.write_settings()
    command = [sys.executable, "-m", "d365edi", "run", "--once", "--settings", str(where.world.settings_file)]
    idle = _spent(command, environ)
    fill(where, orders, orders)
    return _spent(command, environ) - idle


def _spent(command: list[str], environ: dict[str, str]) -> Spent:
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environ, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(time.perf_counter() - began, cpu)


def measure(orders: int, rounds: int = 3) -> None:
    """Interleaved rounds, each on fresh servers; prints the medians."""
    raws, daemons = list[Spent](), list[Spent]()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder, ground(Path(folder) / "ground", wait=ANSWERS_AFTER) as where:
            fill(where, orders, 0)
            cpu = time.process_time()
            seconds = anyio.run(raw, where, orders)
            raws.append(Spent(seconds, time.process_time() - cpu))
            daemons.append(daemon(where, orders))
            made = len(list((where.world.partner.inbound / "acks").iterdir()))
            assert made == 2 * orders, f"{made} acknowledgments for {2 * orders} orders"
    one, other = (statistics.median(spent.clock for spent in each) / orders for each in (raws, daemons))
    ratio = statistics.median(ours.clock / theirs.clock for ours, theirs in zip(raws, daemons, strict=True))
    cpu_one, cpu_other = (statistics.median(spent.cpu for spent in each) / orders * 1e3 for each in (raws, daemons))
    sys.stdout.write(
        f"raw loop {1 / one:.0f}/s, daemon {1 / other:.0f}/s, ratio {ratio:.2f} ({rounds} rounds of {orders} orders); "
        f"processor for each order {cpu_one:.1f} and {cpu_other:.1f} ms\n"
    )


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
