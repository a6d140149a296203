"""D365's service protection opens again when the time that it named is over, and not before."""

from __future__ import annotations

from d365edi.sandbox.d365.throttle import Throttle
from tests.clock import Clock


def test_a_burst_closes_it_for_the_time_it_names() -> None:
    clock = Clock(1000.0)
    gate = Throttle(clock, burst=3, rate=1, retry_after=10)
    assert [gate.take() for _ in range(5)] == [0, 0, 0, 10, 10]
    clock.now += 9
    assert (gate.take(), gate.refused) == (1, 3)
    clock.now += 1
    assert [gate.take() for _ in range(4)] == [0, 0, 0, 10]


def test_a_closing_without_its_length_counts_who_pushed_apart_from_who_was_on_the_way() -> None:
    clock = Clock(1000.0)
    gate = Throttle(clock, burst=1, rate=20, retry_after=None)
    assert [gate.take() for _ in range(3)] == [0, 10, 10]
    clock.now += 5
    assert (gate.take(), gate.beside, gate.pushed, gate.closings) == (5, 2, 1, 1)
    clock.now += 5
    assert (gate.take(), gate.refused) == (0, 3)


def test_steady_requests_within_its_rate_never_close_it() -> None:
    clock = Clock(1000.0)
    gate = Throttle(clock, burst=3, rate=1, retry_after=10)
    for _ in range(50):
        clock.now += 1
        assert gate.take() == 0


def test_it_closes_after_so_many_answers_however_slowly_they_were_asked_for() -> None:
    clock = Clock(1000.0)
    gate = Throttle(clock, burst=100, rate=100, retry_after=2, at_most=3)
    assert [gate.take() for _ in range(4)] == [0, 0, 0, 2]
    clock.now += 2
    assert [gate.take() for _ in range(4)] == [0, 0, 0, 2]
    assert (gate.closings, gate.pushed) == (2, 0)
