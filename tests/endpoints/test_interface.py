"""The promises of the door that hold for every kind of endpoint: a folder, both SFTP servers and D365."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from d365edi.endpoints.base import After, Delivered, DeliveryRequest, Endpoint, NotDelivered, Place
from d365edi.errors import Refused
from tests.endpoints.conftest import KINDS, Ground, Killed, Marks, grounded
from tests.endpoints.d365_scene import Scene, order
from tests.endpoints.test_d365_reads import PLACE


@dataclass
class Door:
    """One endpoint with something to list, something to deliver, and how often the delivery stands at the other side."""

    endpoint: Endpoint
    place: Place
    request: Callable[[Marks], DeliveryRequest]
    landed: Callable[[], int]


def shelf(ground: Ground) -> Door:
    ground.put("outbound/a.edi")
    return Door(
        ground.open(folders=(ground.at("outbound"),)),
        Place(ground.at("outbound")),
        lambda marks: ground.request(progress=marks.progress),
        lambda: len([name for name in ground.tree("inbound") if not name.startswith(".")]),
    )


async def tenant() -> Door:
    scene, plan = Scene(), order()
    receipt = await scene.deliver(order("PO-1"))
    scene.sim.post_invoice(receipt.id, date="2026-03-01")

    def request(marks: Marks) -> DeliveryRequest:
        return DeliveryRequest(7, "", plan.label, plan.to_bytes(), dict(marks.progress))

    return Door(scene.open(), PLACE, request, lambda: len(scene.orders) - 1)


@pytest.fixture(params=[*KINDS, "d365"])
async def door(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Door]:
    """Each kind of endpoint in turn."""
    if request.param == "d365":
        yield await tenant()
        return
    async with grounded(request.param, request, home) as ground:
        yield shelf(ground)


async def test_a_knock_tells_what_it_tried_and_is_well(door: Door) -> None:
    checks = await door.endpoint.ping()
    assert checks != []
    assert [check for check in checks if not check.ok] == []


async def test_two_lists_are_the_same_when_nothing_changed(door: Door) -> None:
    first = await door.endpoint.list(door.place)
    assert len(first.remotes) == 1
    assert await door.endpoint.list(door.place) == first


async def test_a_remote_is_fetched_whole_as_often_as_it_is_asked_for(door: Door) -> None:
    (remote,) = (await door.endpoint.list(door.place)).remotes
    payload = await door.endpoint.fetch(remote, 1 << 20)
    assert payload != b""
    assert await door.endpoint.fetch(remote, 1 << 20) == payload


async def test_a_remote_larger_than_the_limit_is_refused(door: Door) -> None:
    (remote,) = (await door.endpoint.list(door.place)).remotes
    with pytest.raises(Refused):
        await door.endpoint.fetch(remote, 3)


async def test_settling_twice_is_as_settling_once(door: Door) -> None:
    (remote,) = (await door.endpoint.list(door.place)).remotes
    digest = hashlib.sha256(await door.endpoint.fetch(remote, 1 << 20)).hexdigest()
    outcomes = [(await door.endpoint.settle(remote, After("leave"), digest)).outcome for _ in range(2)]
    assert outcomes == ["settled", "settled"]


async def test_a_request_is_not_there_before_and_there_after_it_is_delivered(door: Door) -> None:
    marks = Marks()
    assert isinstance(await door.endpoint.probe(door.request(marks)), NotDelivered)
    receipt = await door.endpoint.deliver(door.request(marks), marks)
    found = await door.endpoint.probe(door.request(marks))
    assert isinstance(found, Delivered)
    assert (found.receipt.id, door.landed()) == (receipt.id, 1)


async def test_the_intent_is_marked_before_anything_is_done(door: Door) -> None:
    marks = Marks(die_after="intent")
    with pytest.raises(Killed):
        await door.endpoint.deliver(door.request(marks), marks)
    assert (marks.steps, door.landed()) == (["intent"], 0)


async def test_a_request_delivered_again_with_its_marks_stands_there_once(door: Door) -> None:
    marks = Marks()
    first = await door.endpoint.deliver(door.request(marks), marks)
    second = await door.endpoint.deliver(door.request(marks), marks)
    assert (second.id, door.landed()) == (first.id, 1)


async def test_it_may_be_closed_twice_and_opens_again_by_itself(door: Door) -> None:
    await door.endpoint.close()
    await door.endpoint.close()
    assert len((await door.endpoint.list(door.place)).remotes) == 1
