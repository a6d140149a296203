"""Many records of D365 fetched at once: the same bytes as one by one, in few requests, and one's trouble is not the others'."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from d365edi.endpoints.base import Place, Remote
from d365edi.endpoints.d365.records import ADDRESS, TOGETHER
from d365edi.errors import EndpointError, Refused, Unavailable
from d365edi.odata import canonical
from d365edi.odata.plan import Join
from d365edi.odata.quoting import compare, eq
from tests.endpoints.d365_scene import Scene, order
from tests.endpoints.test_d365_reads import JOURNAL, LIMIT, LINES, PLAN

PLACES = Join(
    "places",
    "SalesOrderLinesV3",
    {"dataAreaId": "dataAreaId", "SalesOrderNumber": "SalesOrderNumber"},
    select=("InventoryLotId", "ItemNumber"),
    optional=True,
    among={"ItemNumber": "ProductNumber"},
)
ITEMS = Join("items", "ReleasedProductsV2", {"dataAreaId": "dataAreaId"}, among={"ItemNumber": "ProductNumber"})
EVERY = replace(
    PLAN,
    header=replace(PLAN.header, filters=(eq("dataAreaId", "usmf"), compare("InvoiceDate", "ge", date(2026, 1, 1)))),
    joins=(LINES, JOURNAL, PLACES, ITEMS),
)


@pytest.fixture
async def scene() -> Scene:
    """Twelve invoices of two lines on three days."""
    scene = Scene()
    for number in range(12):
        scene.progress.clear()
        receipt = await scene.deliver(order(f"PO-{number}", item=f"D000{1 + number % 3}"))
        scene.sim.post_invoice(receipt.id, date=f"2026-03-0{1 + number % 3}")
    return scene


async def listed(scene: Scene) -> tuple[Remote, ...]:
    return (await scene.endpoint.list(Place("SalesInvoice", query=EVERY))).remotes


async def many(scene: Scene, remotes: tuple[Remote, ...]) -> list[dict[str, Any]]:
    """The messages of the remotes, and the requests for each set since then."""
    del scene.sim.log[:]
    fetched = await scene.endpoint.fetch_many(remotes, LIMIT)
    return [{} if isinstance(each, EndpointError) else canonical.loads(each) for each in fetched]


def asked(scene: Scene) -> dict[str, int]:
    """How many requests came in for each set."""
    found: dict[str, int] = {}
    for seen in scene.sim.log:
        found[seen.set] = found.get(seen.set, 0) + 1
    return found


async def test_many_have_the_bytes_of_each_and_each_set_is_asked_once(scene: Scene) -> None:
    remotes = await listed(scene)
    alone = [await scene.endpoint.fetch(remote, LIMIT) for remote in remotes]
    del scene.sim.log[:]
    assert await scene.endpoint.fetch_many(remotes, LIMIT) == alone
    assert asked(scene) == {
        "SalesInvoiceHeadersV4": 1,
        "SalesInvoiceV4Lines": 1,
        "CustInvoiceTransBiEntities": 1,
        "SalesOrderLinesV3": 1,
        "ReleasedProductsV2": 1,
    }
    assert {len(canonical.loads(each)["lines"]) for each in alone} == {2}
    assert {len(canonical.loads(each)["items"]) for each in alone} == {1}


async def test_what_is_refused_of_one_is_missing_of_that_one_alone(scene: Scene) -> None:
    remotes = await listed(scene)
    scene.sim.faults.answer(403, path="/data/SalesInvoiceV4Lines", times=2)  # of all together, then of the first
    found = await many(scene, remotes)
    assert [list(message.get("_refused", {})) for message in found] == [["SalesInvoiceV4Lines"], *([[]] * 11)]
    assert [len(message["lines"]) for message in found] == [0, *([2] * 11)]
    assert found[0]["_wanted"] == remotes[0].id


async def test_an_optional_set_that_is_refused_is_not_asked_for_each(scene: Scene) -> None:
    scene.sim.faults.answer(403, path="/data/CustInvoiceTransBiEntities", times=100)
    found = await many(scene, await listed(scene))
    assert [list(message["_missing"]) for message in found] == [["journal"]] * 12
    assert asked(scene)["CustInvoiceTransBiEntities"] == 3


async def test_an_optional_set_that_is_not_there_is_asked_for_once(scene: Scene) -> None:
    remotes = await listed(scene)
    scene.sim.state.hidden.add("CustInvoiceTransBiEntities")
    found = await many(scene, remotes)
    assert [list(message["_missing"]) for message in found] == [["journal"]] * 12
    assert asked(scene)["CustInvoiceTransBiEntities"] == 1


async def test_one_that_is_gone_or_does_not_say_what_it_is_holds_up_no_other(scene: Scene) -> None:
    remotes = await listed(scene)
    gone = next(row for row in scene.sim.state.store.rows("SalesInvoiceHeadersV4"))
    scene.sim.state.store.delete(gone)
    fetched = await scene.endpoint.fetch_many((*remotes, replace(remotes[0], id="{}")), LIMIT)
    failed = [str(each) for each in fetched if isinstance(each, EndpointError)]
    assert (len(failed), len(fetched)) == (2, 13)
    assert ["is not there any more" in failed[0], "list anew" in failed[1]] == [True, True]
    short = await scene.endpoint.fetch_many(remotes[1:], 10)
    assert all(isinstance(each, Refused) and "10 are allowed" in each.message for each in short)


class Recorder(httpx.ASGITransport):
    """The way to the simulator, which keeps the addresses."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(app=scene.sim.app)
        self.addresses: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.addresses.append(str(request.url).partition("/data/")[2])
        return await super().handle_async_request(request)


async def test_addresses_stay_short_and_rows_of_others_are_left_out(scene: Scene) -> None:
    for record in scene.sim.state.store.rows("SalesInvoiceHeadersV4"):
        record.values["SalesOrderNumber"] += f"{'9' * 150}*"  # a wildcard to D365
    wire = Recorder(scene)
    fetched = await scene.open(wire).fetch_many(await listed(scene), LIMIT)
    assert [canonical.loads(each)["places"] for each in fetched if isinstance(each, bytes)] == [[]] * 12
    lengths = [len(address) for address in wire.addresses if address.startswith("SalesOrderLinesV3")]
    assert (len(lengths), max(lengths) <= ADDRESS) == (2, True)


async def test_after_no_answer_fewer_are_fetched_at_once_until_there_is_one(scene: Scene) -> None:
    remotes = await listed(scene)
    sizes = [scene.endpoint.together]
    scene.sim.faults.answer(500, path="/data/SalesInvoiceV4Lines", times=6)
    for _ in range(6):
        with pytest.raises(Unavailable):
            await scene.endpoint.fetch_many(remotes, LIMIT)
        sizes.append(scene.endpoint.together)
    for _ in range(6):
        await scene.endpoint.fetch_many(remotes, LIMIT)
    assert (sizes, scene.endpoint.together) == ([TOGETHER, 10, 5, 2, 1, 1, 1], TOGETHER)
