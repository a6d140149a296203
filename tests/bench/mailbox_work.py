"""What is measured of mailboxes, each in a process of its own: the daemon's app, and the raw loops that it stands beside.

    python -m tests.bench.mailbox_work JOB SETTINGS [NUMBER ...]      prints one line of JSON

A raw loop sends the same requests, four at a time, reads their JSON and does nothing with it.
"""

from __future__ import annotations

import json
import resource
import ssl
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
from loguru import logger

from d365edi.app import DUE, App
from d365edi.cli import client
from d365edi.endpoints.base import Checkpoint, DeliveryRequest, Receipt
from d365edi.journal import Tx
from d365edi.sandbox.d365 import CLIENT_ID, CLIENT_SECRET, TENANT
from d365edi.sandbox.sterling import SterlingSimulator
from d365edi.settings import Settings
from d365edi.settings.sterling import Sterling
from tests.bench import throughput
from tests.bench.mailbox_ground import OUT, TO
from tests.bench.timing import peak_memory

REQUESTS, IN_FLIGHT = 4, throughput.CONCURRENCY
"""Requests to Sterling at the same time, as the settings have it, and messages that a raw loop handles side by side."""


def processor() -> float:
    """Seconds of processor time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """Resident memory, MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS"))


def forget_peak() -> None:
    """Let `peak_memory` count from now on (proc(5): clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


@contextmanager
def measured(figures: dict[str, list[float]], what: str) -> Iterator[None]:
    """Add what it takes to two figures: `WHAT` seconds of processor time, `WHAT clock` those of the clock."""
    began, at = processor(), time.perf_counter()
    yield
    figures.setdefault(what, []).append(processor() - began)
    figures.setdefault(f"{what} clock", []).append(time.perf_counter() - at)


# -- rounds of polls ------------------------------------------------------------------------------------------------------
async def rounds(settings: Settings, count: int) -> dict[str, Any]:
    """The first round of all pickups, then `count` further ones: processor time of each, memory after each, MB."""
    spent, held = dict[str, list[float]](), list[float]()
    async with App.open(settings) as app:
        names = [flow.name for flow in app.flows() if not flow.name.startswith("acme.")]
        for _ in range(count + 1):
            with measured(spent, "round"):
                async with anyio.create_task_group() as group:
                    for name in names:
                        group.start_soon(app.tick, name)
            held.append(resident())
    return {**spent, "resident": held}


async def raw_rounds(settings: Settings, count: int) -> dict[str, Any]:
    """The same requests in a raw loop."""
    spent = dict[str, list[float]]()
    async with _http(settings) as http:
        ids = list[int]()
        for name, partner in settings.partners.items():
            for pickup in partner.pickup.values() if name != "acme" else ():
                path = pickup.from_.path.removesuffix("/*")
                ids.append((await http.get("mailboxes/", params={"path": path})).json()[0]["_id"])
        for _ in range(count + 1):
            with measured(spent, "round"):
                await _together([partial(_listed, http, id) for id in ids])
    return spent


async def _listed(http: httpx.AsyncClient, id: int) -> None:
    answer = await http.get(f"mailboxcontents/?parentMailboxId={id}&detail=true&_range=0-999")
    assert isinstance(json.loads(answer.content), list)


# -- deliveries -----------------------------------------------------------------------------------------------------------
async def deliveries(settings: Settings, count: int, endpoint: str) -> dict[str, Any]:
    """So many small files through Sterling, or to a folder where each waits for three replies of Sterling."""
    spent = dict[str, list[float]]()
    async with App.open(settings) as app, _http(settings) as http:
        await _prepare(app, endpoint, [b"x" * 400] * count)
        if endpoint == "disk":
            mailbox = (await http.get("mailboxes/", params={"path": TO})).json()[0]["_id"]
            _wait_for_replies(app, partial(_reply, http, f"mailboxes/{mailbox}"))
        with measured(spent, "deliveries"):
            await app.tick(DUE)
        await _all_delivered(app)
    return spent


def _wait_for_replies(app: App, reply: Callable[[], Awaitable[None]]) -> None:
    """Let each delivery to the folder wait for three replies before."""
    folder = app.ctx.endpoints["disk"]
    plain = folder.deliver

    async def deliver(request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        for _ in range(3):
            await reply()
        return await plain(request, checkpoint)

    folder.deliver = deliver  # type: ignore[method-assign]


async def _reply(http: httpx.AsyncClient, path: str) -> None:
    (await http.get(path)).raise_for_status()


async def _prepare(app: App, endpoint: str, payloads: Sequence[bytes]) -> None:
    """Deliveries that wait to be made."""

    def add(tx: Tx) -> None:
        for number, payload in enumerate(payloads):
            name = f"file-{number:06}.edi"
            tx.deliveries.add(
                partner="acme", flow="acme.997", endpoint=endpoint, path=TO if endpoint == "sbi" else "to", name=name,
                kind="997", payload=payload, order_key=name, extract=1 if endpoint == "sbi" else 0,
            )  # fmt: skip

    await app.journal.write(add)


async def _all_delivered(app: App) -> None:
    left = await app.journal.read(
        lambda tx: [
            (each.name, each.state, each.reason)
            for state in ("pending", "attempting", "waiting", "quarantined")
            for each in tx.deliveries.in_state(state)
        ]
    )
    assert not left, left[:5]


# -- the way of an order --------------------------------------------------------------------------------------------------
async def raw_orders(settings: Settings) -> dict[str, Any]:
    """All orders of the mailbox: payload, the calls to D365, document, message and its lookup for the 997, deletion."""
    spent = dict[str, list[float]]()
    context = ssl.create_default_context(cafile=str(settings.d365.ca_file))
    base = f"https://{settings.d365.host}"
    async with _http(settings) as http, httpx.AsyncClient(verify=context, trust_env=False, timeout=30) as d365:
        token = await d365.post(
            f"{base}/{TENANT}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "scope": f"{base}/.default",
            },
        )
        d365.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        with measured(spent, "orders"):
            id = (await http.get("mailboxes/", params={"path": OUT})).json()[0]["_id"]
            rows = (await http.get(f"mailboxcontents/?parentMailboxId={id}&detail=true&_range=0-999")).json()
            await _together([partial(_order, http, d365, base, row) for row in rows], IN_FLIGHT)
    return spent


async def _order(http: httpx.AsyncClient, d365: httpx.AsyncClient, base: str, row: dict[str, Any]) -> None:
    answer = await http.post(f"documents/{row['documentId']}/actions/getpayload", json={})
    data = b64decode(answer.raise_for_status().json()["response"])
    number = await throughput.ORDERS.calls(d365, base, data)
    name = f"997_{number}.edi"
    body = {"documentName": name, "bodyName": name, "contentType": "application", "contentSubtype": "octet-stream"}
    made = await http.post("documents/", json={"payload": b64encode(b"ISA*" + b"x" * 260).decode(), **body})
    document = unquote(made.raise_for_status().json()["Location"].rpartition("/")[2])
    message = {"documentId": document, "mailboxPath": TO, "name": name, "extractableCount": 1}
    made = await http.post("mailboxmessages/", json=message)
    await _reply(http, f"mailboxmessages/{made.raise_for_status().json()['Location'].rpartition('/')[2]}")
    (await http.delete(f"mailboxmessages/{row['id']}")).raise_for_status()


# -- large payloads -------------------------------------------------------------------------------------------------------
async def large(settings: Settings, size: int, way: str) -> dict[str, Any]:
    """Memory at its highest over that before, in payloads of `size` bytes: `in` what waits in the mailbox, `out` a delivery.
    What is due and was picked up is asked before, so that all that is needed is there."""
    async with App.open(settings) as app:
        if way == "out":
            await _prepare(app, "sbi", [_large(size)])
        await app.tick("picked up" if way == "out" else DUE)
        before = resident()
        forget_peak()
        await app.tick("acme.pickup.edi" if way == "in" else DUE)
        await _all_delivered(app)
    return {"payloads": (peak_memory() / 1e6 - before) / (size / 1e6)}


def _large(size: int) -> bytes:
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


# -- raw ------------------------------------------------------------------------------------------------------------------
@asynccontextmanager
async def _http(settings: Settings) -> Any:
    endpoint = settings.endpoints["sbi"]
    assert isinstance(endpoint, Sterling)
    assert endpoint.ca_file is not None
    context = ssl.create_default_context(cafile=str(endpoint.ca_file))
    limits = httpx.Limits(max_connections=REQUESTS, max_keepalive_connections=REQUESTS)
    login = (SterlingSimulator.USERNAME, SterlingSimulator.PASSWORD)
    async with httpx.AsyncClient(
        base_url=endpoint.url, verify=context, limits=limits, trust_env=False, timeout=60, auth=login,
        headers={"Accept": "application/json"},
    ) as http:  # fmt: skip
        yield http


async def _together(work: Sequence[Callable[[], Awaitable[None]]], most: int = REQUESTS) -> None:
    limiter = anyio.Semaphore(most)

    async def one(call: Callable[[], Awaitable[None]]) -> None:
        async with limiter:
            await call()

    async with anyio.create_task_group() as group:
        for call in work:
            group.start_soon(one, call)


JOBS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "rounds": rounds,
    "raw_rounds": raw_rounds,
    "raw_orders": raw_orders,
    "deliveries": deliveries,
    "large": large,
}


def main() -> None:
    """One job."""
    logger.remove()
    job, file, *given = sys.argv[1:]
    values = [int(each) if each.isdigit() else each for each in given]
    settings = client.load(Path(file))
    sys.stdout.write(json.dumps(anyio.run(partial(JOBS[job], settings, *values))) + "\n")


if __name__ == "__main__":
    main()
