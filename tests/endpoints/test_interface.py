"""The guarantees of the interface that hold for every kind of endpoint: a folder, both SFTP servers and D365."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from d365edi.endpoints.base import After, Delivered, DeliveryRequest, Endpoint, NotDelivered, Place
from d365edi.errors import Refused
from tests.endpoints.conftest import KINDS, Checkpoints, Ground, Killed, grounded
from tests.endpoints.d365_scene import Scene, order
from tests.endpoints.test_d365_reads import PLACE


@dataclass
class Case:
    """One endpoint with something to list, something to deliver, and how often the delivery stands at the other side."""

    endpoint: Endpoint
    place: Place
    request: Callable[[Checkpoints], DeliveryRequest]
    delivered: Callable[[], int]


def file_store(ground: Ground) -> Case:
    ground.put("outbound/a.edi")
    return Case(
        ground.open(folders=(ground.at("outbound"),)),
        Place(ground.at("outbound")),
        lambda checkpoints: ground.request(progress=checkpoints.progress),
        lambda: len([name for name in ground.tree("inbound") if not name.startswith(".")]),
    )


async def tenant() -> Case:
    scene, plan = Scene(), order()
    receipt = await scene.deliver(order("PO-1"))
    scene.sim.post_invoice(receipt.id, date="2026-03-01")

    def request(checkpoints: Checkpoints) -> DeliveryRequest:
        return DeliveryRequest(7, "", plan.label, plan.to_bytes(), dict(checkpoints.progress))

    return Case(scene.open(), PLACE, request, lambda: len(scene.orders) - 1)


@pytest.fixture(params=[*KINDS, "d365"])
async def case(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Case]:
    """Each kind of endpoint in turn."""
    if request.param == "d365":
        yield await tenant()
        return
    async with grounded(request.param, request, home) as ground:
        yield file_store(ground)


async def test_a_ping_reports_what_it_tried_and_succeeds(case: Case) -> None:
    checks = await case.endpoint.ping()
    assert checks != []
    assert [check for check in checks if not check.ok] == []


async def test_two_lists_are_the_same_when_nothing_changed(case: Case) -> None:
    first = await case.endpoint.list(case.place)
    assert len(first.remotes) == 1
    assert await case.endpoint.list(case.place) == first


async def test_a_remote_is_fetched_whole_as_often_as_it_is_asked_for(case: Case) -> None:
    (remote,) = (await case.endpoint.list(case.place)).remotes
    payload = await case.endpoint.fetch(remote, 1 << 20)
    assert payload != b""
    assert await case.endpoint.fetch(remote, 1 << 20) == payload


async def test_a_remote_larger_than_the_limit_is_refused(case: Case) -> None:
    (remote,) = (await case.endpoint.list(case.place)).remotes
    with pytest.raises(Refused):
        await case.endpoint.fetch(remote, 3)


async def test_settling_twice_is_as_settling_once(case: Case) -> None:
    (remote,) = (await case.endpoint.list(case.place)).remotes
    digest = hashlib.sha256(await case.endpoint.fetch(remote, 1 << 20)).hexdigest()
    outcomes = [(await case.endpoint.settle(remote, After("leave"), digest)).outcome for _ in range(2)]
    assert outcomes == ["settled", "settled"]


async def test_a_request_is_not_there_before_and_there_after_it_is_delivered(case: Case) -> None:
    checkpoints = Checkpoints()
    assert isinstance(await case.endpoint.probe(case.request(checkpoints)), NotDelivered)
    receipt = await case.endpoint.deliver(case.request(checkpoints), checkpoints)
    found = await case.endpoint.probe(case.request(checkpoints))
    assert isinstance(found, Delivered)
    assert (found.receipt.id, case.delivered()) == (receipt.id, 1)


async def test_the_intent_is_recorded_before_anything_is_done(case: Case) -> None:
    checkpoints = Checkpoints(die_after="intent")
    with pytest.raises(Killed):
        await case.endpoint.deliver(case.request(checkpoints), checkpoints)
    assert (checkpoints.steps, case.delivered()) == (["intent"], 0)


async def test_a_request_delivered_again_with_its_checkpoints_is_there_once(case: Case) -> None:
    checkpoints = Checkpoints()
    first = await case.endpoint.deliver(case.request(checkpoints), checkpoints)
    second = await case.endpoint.deliver(case.request(checkpoints), checkpoints)
    assert (second.id, case.delivered()) == (first.id, 1)


async def test_it_may_be_closed_twice_and_opens_again_by_itself(case: Case) -> None:
    await case.endpoint.close()
    await case.endpoint.close()
    assert len((await case.endpoint.list(case.place)).remotes) == 1
