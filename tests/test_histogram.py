"""Durations counted by upper bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from d365edi.histogram import Distribution, Histogram


def test_a_duration_counts_under_each_bound_that_it_does_not_exceed() -> None:
    made = Histogram((1.0, 5.0))
    for seconds in (0.5, 1.0, 1.1, 5.0, 60.0, -3.0):
        made.observe(seconds)
    assert made.now() == Distribution((1.0, 5.0), (3, 5, 6), 67.6)


@given(st.lists(st.floats(0, 1e6)))
def test_counts_only_grow_with_the_bounds_and_the_last_is_all(durations: list[float]) -> None:
    made = Histogram((0.1, 1.0, 100.0))
    for seconds in durations:
        made.observe(seconds)
    seen = made.now()
    assert list(seen.counts) == sorted(seen.counts)
    assert seen.counts[-1] == len(durations)
