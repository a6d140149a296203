"""The gate before D365 with tasks that wait at it: who goes when, who is refused, and what the endpoint sends."""

from __future__ import annotations

import time

import anyio
import anyio.lowlevel
import pytest

from d365edi.endpoints.breaker import D365Breaker
from d365edi.endpoints.d365.gate import Gate
from d365edi.endpoints.d365.gate_state import GateRules, Turn
from d365edi.errors import Disputed, Throttled, Unavailable, Unreachable
from d365edi.odata.plan import Query
from tests.endpoints.d365_scene import Clock, Scene, order

UNITS = Query("UnitsOfMeasure", select=("UnitSymbol",))
BUSY = Throttled("busy", endpoint="d365", retry_after=30)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_they_go_in_the_order_of_their_turns_and_not_of_their_coming() -> None:
    gate, went = Gate("d365", GateRules(concurrency=1), wait=60), list[str]()

    async def one(turn: Turn, name: str) -> None:
        async with gate.passage(turn, gate.deadline()):
            went.append(name)

    async with anyio.create_task_group() as group, gate.passage(Turn.READ, gate.deadline()):
        for turn, name in (
            (Turn.LIST, "list"),
            (Turn.READ, "read"),
            (Turn.LOOKUP, "first lookup"),
            (Turn.LOOKUP, "second lookup"),
            (Turn.WRITE, "write"),
        ):
            group.start_soon(one, turn, name)
            await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        assert went == []
    assert went == ["write", "first lookup", "second lookup", "read", "list"]


async def test_who_waits_goes_when_it_opens_and_who_is_cancelled_keeps_no_turn() -> None:
    gate = Gate("d365", GateRules(concurrency=1), wait=60)
    gate.refuses(Throttled("busy", retry_after=1), gate.now())
    with anyio.move_on_after(0.1) as cut:
        async with gate.passage(Turn.WRITE, gate.deadline()):
            raise AssertionError("it is closed")
    assert cut.cancelled_caught
    closed = gate.left
    async with gate.passage(Turn.READ, gate.deadline()) as passage:
        assert (passage.waited, closed > 0, gate.left) == (True, True, 0)


async def test_who_waits_for_a_turn_hears_that_it_closed_for_longer_than_it_waits() -> None:
    gate, heard = Gate("d365", GateRules(concurrency=1), wait=5), list[Throttled]()

    async def one() -> None:
        try:
            async with gate.passage(Turn.WRITE, gate.deadline()):
                raise AssertionError("it is closed")
        except Throttled as error:
            heard.append(error)

    async with anyio.create_task_group() as group, gate.passage(Turn.READ, gate.deadline()):
        group.start_soon(one)
        await anyio.sleep(0.01)
        gate.refuses(BUSY, gate.now())
        await anyio.sleep(0.01)
        [error] = heard
    assert (error.unclear, error.endpoint, 29 < (error.retry_after or 0) <= 30) == (False, "d365", True)


@pytest.mark.parametrize("inner", [False, True])
async def test_a_429_to_any_part_closes_it_for_everybody_and_nothing_is_sent(scene: Scene, inner: bool) -> None:
    path = "/data/SalesOrderLinesV3" if inner else "/data/$batch"
    scene.sim.faults.answer(429, method="POST", path=path, retry_after=30, inner=inner)
    with pytest.raises(Throttled):
        await scene.deliver(order())
    seen = len(scene.sim.log)
    for wait in (30.0, 10.0, 0.5):
        scene.clock.now += 30 - wait - (30 - scene.endpoint.gate.left)
        with pytest.raises(Throttled) as refused:
            await scene.endpoint.ask(UNITS)
        assert (round(refused.value.retry_after or 0, 2), refused.value.unclear) == (wait, False)
        with pytest.raises(Throttled):
            await scene.deliver(order("4500124"))
        [check] = await D365Breaker(scene.endpoint, clock=scene.clock).ping()
        assert (check.ok, "not asked for" in check.sentence) == (False, True)
    assert len(scene.sim.log) == seen
    scene.clock.now += 0.5
    scene.progress.update(lines_at="")
    await scene.deliver(order())
    assert [count for _, count in scene.orders] == [2]


class RunningClock(Clock):
    """The time of day."""

    def __call__(self) -> float:
        return time.time()


async def test_a_request_that_is_turned_away_for_a_short_time_waits_and_is_made_once() -> None:
    """The endpoint waits as the daemon's does; the times that are recorded are those of the requests that were made."""
    scene = Scene(clock=RunningClock())
    scene.endpoint.gate.wait = 60
    for method, path in (
        ("GET", "/data/SalesOrderHeadersV4"),
        ("POST", "/data/SalesOrderHeadersV4"),
        ("POST", "/data/$batch"),
    ):
        scene.sim.faults.answer(429, method=method, path=path, retry_after=1)
    began = scene.clock()
    await scene.deliver(order())
    assert ([count for _, count in scene.orders], scene.posts(), scene.clock() - began >= 3) == ([2], 2, True)
    assert scene.steps == ["intent", "not_done", "intent", "header", "not_done", "again"]
    assert float(scene.progress["lines_at"]) >= began + 3
    assert sum(seen.status == 429 for seen in scene.sim.log) == 3
    assert len([seen for seen in scene.sim.log if seen.set == "SalesOrderHeadersV4" and seen.method == "GET"]) == 2


class MovedClock(RunningClock):
    """The same, which can be put forward."""

    ahead = 0.0

    def __call__(self) -> float:
        return super().__call__() + self.ahead


async def test_what_a_person_enters_while_a_header_waits_at_the_gate_is_not_made_twice() -> None:
    """It was looked up before it had to wait, and posted minutes later."""
    clock = MovedClock()
    scene = Scene(clock=clock)
    scene.endpoint.gate.wait = 60
    scene.sim.faults.answer(429, method="POST", path="/data/SalesOrderHeadersV4", retry_after=30)
    errors, closed = list[Disputed](), anyio.Event()
    scene.endpoint.gate.on_closed = lambda _error, _seconds: closed.set()

    async def deliver() -> None:
        try:
            await scene.deliver(order())
        except Disputed as error:
            errors.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(deliver)
        with anyio.fail_after(30):
            await closed.wait()
        plan = order()
        header = {**plan.header, "RequestedShippingDate": "2026-12-01T12:00:00Z"}
        scene.sim.state.add("SalesOrderHeadersV4", dataAreaId="usmf", SalesOrderNumber="BY-HAND", **header)
        clock.ahead = 30
        await scene.endpoint.ask(UNITS)
    [error] = errors
    assert "BY-HAND" in error.message
    assert (scene.posts(), [number for number, _ in scene.orders]) == (1, ["BY-HAND"])
    assert scene.progress["at"] == ""


async def test_a_person_who_pings_hears_of_a_pause_at_once() -> None:
    scene = Scene(clock=RunningClock())
    scene.endpoint.gate.wait = 60
    scene.sim.faults.answer(429, times=100, retry_after=2)
    checks = await scene.endpoint.ping()
    assert not all(check.ok for check in checks)
    assert scene.endpoint.gate.left > 0
    assert len([seen for seen in scene.sim.log if seen.status == 429]) == 1


async def test_503_again_and_again_closes_it_and_the_endpoint_is_said_to_be_away(scene: Scene) -> None:
    breaker = D365Breaker(scene.endpoint, clock=scene.clock)
    scene.sim.faults.answer(503, times=3)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await breaker.ask(UNITS)
        scene.clock.now += 60 if scene.endpoint.gate.left == 0 else 0
    assert (round(scene.endpoint.gate.left), breaker.health()[0].kind) == (10, "unreachable")
    with pytest.raises(Unavailable):
        await breaker.ask(UNITS)
    assert [seen.status for seen in scene.sim.log if seen.set == "UnitsOfMeasure"] == [503] * 3
    scene.clock.now += 10
    assert await breaker.ask(UNITS)
    assert breaker.health()[0].kind == ""


async def test_a_closing_is_warned_of_once_and_its_end_is_said(scene: Scene, lines: list[str]) -> None:
    breaker = D365Breaker(scene.endpoint, clock=scene.clock)
    for pause, says in (
        (60, "everything for it waits 60 s"),
        (86_400, "asks for a pause of 24.0 h and is asked again in 15 min"),
    ):
        scene.sim.faults.answer(429, times=1, retry_after=pause)
        del lines[:]
        for _ in range(5):
            with pytest.raises(Throttled):
                await breaker.ask(UNITS)
        [warning] = lines
        assert says in warning
        scene.clock.now += 900
        await breaker.ask(UNITS)
        assert "reachable again" in lines[-1]
