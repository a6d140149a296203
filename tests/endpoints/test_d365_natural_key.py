"""An order is found by its natural key, whatever D365 makes of the parts that were not sent, and whoever makes it meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from d365edi.errors import Disputed, Unavailable
from d365edi.odata.plan import WritePlan
from tests.endpoints.d365_scene import Scene, order

HEADERS, BATCH = "/data/SalesOrderHeadersV4", "/data/$batch"


@pytest.fixture
def scene() -> Scene:
    return Scene()


RELEASE = "CustomerRequisitionNumber"


def released(number: str = "4500123", release: str = "", **changes: Any) -> WritePlan:
    """A plan whose natural key has the release, which this order may not have."""
    plan = order(number, **changes)
    header = {**plan.header, **({RELEASE: release} if release else {})}
    return replace(plan, lookup={**plan.lookup, RELEASE: release}, header=header)


async def test_a_default_that_d365_fills_in_makes_no_second_order_where_the_answer_is_lost(scene: Scene) -> None:
    scene.sim.state.defaults["SalesOrderHeadersV4"] = {RELEASE: "WEB"}
    scene.sim.faults.drop(method="POST", path=HEADERS, after_work=True)
    with pytest.raises(Unavailable):
        await scene.deliver(released())
    scene.clock.now += 1000
    receipt = await scene.deliver(released())
    assert (scene.orders, scene.posts()) == ([(receipt.id, 2)], 1)


async def test_a_null_in_place_of_an_empty_text_is_found(scene: Scene) -> None:
    scene.sim.state.null_texts = True
    scene.sim.faults.drop(method="POST", path=HEADERS, after_work=True)
    with pytest.raises(Unavailable):
        await scene.deliver(released())
    assert scene.sim.state.rows("SalesOrderHeadersV4")[0][RELEASE] is None
    scene.clock.now += 1000
    receipt = await scene.deliver(released())
    assert (scene.orders, scene.posts()) == ([(receipt.id, 2)], 1)
    scene.progress.clear()
    with pytest.raises(Disputed, match="was not made of this document"):
        await scene.deliver(released())


async def test_an_order_with_a_release_is_another_one_than_that_without(scene: Scene) -> None:
    first = await scene.deliver(released(release="R7"))
    scene.progress.clear()
    second = await scene.deliver(released())
    assert first.id != second.id
    assert [count for _, count in scene.orders] == [2, 2]


async def test_an_order_that_was_there_before_the_request_is_not_taken_for_ours(scene: Scene) -> None:
    """It differs in the release alone, which this order does not have, and has the same lines."""
    other = await scene.deliver(released(release="R7"))
    scene.progress.clear()
    scene.sim.faults.drop(method="POST", path=HEADERS, after_work=False)
    with pytest.raises(Unavailable):
        await scene.deliver(released())
    assert scene.progress["beside"] == other.id
    scene.clock.now += 1000
    receipt = await scene.deliver(released())
    assert receipt.id != other.id
    assert len(scene.orders) == 2


async def test_an_order_with_a_default_that_was_begun_is_continued_by_its_number(scene: Scene) -> None:
    scene.sim.state.defaults["SalesOrderHeadersV4"] = {RELEASE: "WEB"}
    scene.sim.faults.answer(429, method="POST", path=BATCH)
    with pytest.raises(Unavailable):
        await scene.deliver(released())
    scene.clock.now += 10
    scene.sim.state.defaults.clear()
    fields = {**released().lookup, "dataAreaId": "usmf", "SalesOrderNumber": "X-1"}
    scene.sim.state.add("SalesOrderHeadersV4", **fields)  # somebody enters the same meanwhile
    receipt = await scene.deliver(released())
    assert (receipt.id, dict(scene.orders)[receipt.id]) == (scene.orders[0][0], 2)


class Meanwhile(httpx.AsyncBaseTransport):
    """D365 in German: while we post a header somebody enters the same order, and ours is refused."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.inner = scene, httpx.ASGITransport(app=scene.sim.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST" or request.url.path != HEADERS:
            return await self.inner.handle_async_request(request)
        key = {"dataAreaId": "usmf", "SalesOrderNumber": "X-1"}
        self.scene.sim.state.add("SalesOrderHeadersV4", **key, **order().lookup)
        said = "Write failed for table row of type 'E'. Infolog: Error: Der Datensatz ist bereits vorhanden.."
        return httpx.Response(400, json={"error": {"message": "Fehler", "innererror": {"message": said}}})


async def test_a_header_that_is_there_already_is_a_question_in_any_language(scene: Scene) -> None:
    scene.endpoint = scene.open(Meanwhile(scene))
    with pytest.raises(Disputed, match="sales order X-1 of usmf carries PO 4500123 already"):
        await scene.deliver(order())
    assert scene.steps == ["intent", "not_done", "disputed"]
