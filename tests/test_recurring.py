"""A state that lasts is reported when it begins, changes, has lasted another hour, and ends."""

from __future__ import annotations

import time

from d365edi.recurring import Recurring


class Hands:
    """Monotonic seconds, as set."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


def test_begin_change_hour_and_end_are_reported_and_nothing_between() -> None:
    clock = Hands()
    state = Recurring(clock)
    assert (state.ended(), state.since_epoch()) == (None, None)
    said = []
    for seconds, cause in (
        (0, "full"),
        (2, "full"),
        (600, "full"),
        (118, "read-only"),
        (2, "read-only"),
        (3600, "read-only"),
    ):
        clock.now += seconds
        said.append(state.failed(cause))
    assert said == ["", None, None, " (for 12 min, 4 failures)", None, " (for 72 min, 6 failures)"]
    since = state.since_epoch()
    assert since is not None
    assert abs(since - (time.time() - 4322)) < 60
    clock.now += 60
    assert (state.ended(), state.ended(), state.since_epoch()) == ("73 min, 6 failures", None, None)


def test_a_cause_that_differs_in_an_identifier_only_is_the_same() -> None:
    state = Recurring(Hands())
    causes = ("job 17 failed: 0123456789abcdef", "job 18 failed: fedcba9876543210", "job 18 stalled")
    assert [state.failed(cause) is not None for cause in causes] == [True, False, True]


def test_one_failure_is_one_and_the_next_state_begins_anew() -> None:
    clock = Hands()
    state = Recurring(clock)
    state.failed("full")
    clock.now += 42
    assert state.ended() == "42 s, 1 failure"
    assert state.failed("full") == ""
