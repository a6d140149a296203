"""The answer to a changeset in place of a last lookup: where it shows every row as it was created, and where it does not."""

from __future__ import annotations

import httpx
import pytest

from tests.endpoints.d365_scene import Scene, order


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize("form", ["multipart", "json"])
async def test_lines_that_the_answer_shows_as_created_are_not_looked_up_again(scene: Scene, form: str) -> None:
    scene.sim.state.json_batches = form == "json"
    await scene.deliver(order(lines=10))
    asked = [f"{seen.method} {seen.set}" for seen in scene.sim.log if not seen.inside and seen.set != "token"]
    assert asked == ["GET SalesOrderHeadersV4", "POST SalesOrderHeadersV4", "POST $batch"]
    assert [count for _, count in scene.orders] == [10]


class Emptied(httpx.ASGITransport):
    """The way to the simulator, on which something in the answers to batches is replaced by something else."""

    def __init__(self, scene: Scene, lost: bytes, instead: bytes) -> None:
        super().__init__(app=scene.sim.app)
        self.lost, self.instead = lost, instead

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if not request.url.path.endswith("$batch"):
            return response
        body = (await response.aread()).replace(self.lost, self.instead, 1)
        headers = {"content-type": response.headers["content-type"]}
        return httpx.Response(response.status_code, headers=headers, content=body)


@pytest.mark.parametrize(
    ("lost", "instead"),
    [
        (b'"OrderedSalesQuantity":', b'"Nothing":'),
        (b'"SalesOrderNumber":', b'"Nothing":'),
        (b"HTTP/1.1 201", b"HTTP/1.1 204"),
        (b'"ItemNumber":"D0001"', b'"ItemNumber":"D0009"'),
    ],
)
async def test_an_answer_that_does_not_show_all_of_the_lines_is_looked_up(
    scene: Scene, lost: bytes, instead: bytes
) -> None:
    endpoint = scene.open(Emptied(scene, lost, instead))
    await endpoint.deliver(scene.request(order()), scene.checkpoint)
    assert scene.sim.count("GET", "SalesOrderLinesV3") == 1
