"""Events start a flow at once, and then together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from d365edi.event_starts import EVERY, EventPace, EventStarts
from tests.clock import Clock


def starts(moments: list[float]) -> list[float]:
    """When the flow is started by events at these moments."""
    clock = Clock(0.0)
    pace, found = EventPace(clock), list[float]()
    for clock.now in moments:
        wait = pace.wait("a")
        if wait is not None:
            found.append(clock.now + wait)
    return found


def test_a_thousand_events_in_ten_seconds_start_it_at_once_and_once_more_for_all_that_followed() -> None:
    assert starts([number / 100 for number in range(1000)]) == [0.0, 10.0]
    assert starts([0.0, 60.0, 120.0]) == [0.0, 60.0, 120.0]


def test_each_flow_has_its_own_pace() -> None:
    pace = EventPace(Clock(5.0))
    assert [pace.wait(name) for name in ("a", "b", "a", "b", "a")] == [0.0, 0.0, EVERY, EVERY, None]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50).map(sorted))
def test_after_every_event_there_is_a_start_soon_and_never_two_close_together(moments: list[float]) -> None:
    found = starts(moments)
    assert all(any(at <= start <= at + EVERY + 1e-9 for start in found) for at in moments)
    assert all(later - start >= EVERY - 1e-9 for start, later in pairwise(found))


async def test_events_start_their_flows_beside_and_are_taken_at_once() -> None:
    fired, planned = list[str](), list[tuple[Any, ...]]()

    async def flows(payload: dict[str, Any]) -> list[str]:
        return ["invoices", "notices"] if payload["BusinessEventId"] == "Posted" else []

    async def fire(name: str) -> None:
        fired.append(name)

    events = EventStarts(flows, fire, lambda *work: planned.append(work), EventPace(Clock(0.0), every=0.01))
    for _ in range(1000):
        await events.take({"BusinessEventId": "Posted"})
    await events.take({"BusinessEventId": "BusinessEventsTestEndpointContract"})
    assert fired == []
    for work, *given_to in planned:
        await work(*given_to)
    assert fired == ["invoices", "notices"] * 2
