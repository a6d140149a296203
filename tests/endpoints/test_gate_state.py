"""When the gate before D365 is open and for how many: rows, and every history of answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.endpoints.d365.gate_state import (
    GOOD,
    IN_A_ROW,
    SHORTEST,
    GateRules,
    GateState,
    Turn,
    admits,
    answered,
    turned_away,
    unavailable,
)

RULES = GateRules()
OPEN = GateState(8)


@pytest.mark.parametrize(
    ("pause", "closed_for"), [(30, 30), (None, 10), (86_400, 900), (0, SHORTEST), (-3, SHORTEST), (0.2, SHORTEST)]
)
def test_a_closing_is_as_long_as_was_asked_within_its_bounds(pause: float | None, closed_for: float) -> None:
    state = turned_away(OPEN, pause, 99.0, 100.0, RULES)
    assert (state.left(100.0), state.closed(100 + closed_for - 0.01), state.closed(100 + closed_for)) == (
        closed_for,
        True,
        False,
    )


def test_without_a_length_the_steps_are_taken_one_after_the_other_until_an_answer_is_good() -> None:
    state, now, waits = OPEN, 100.0, []
    for _ in range(7):
        state = turned_away(state, None, now, now, RULES)
        waits.append(state.left(now))
        now = state.closed_until
    assert waits == [10, 20, 40, 80, 160, 160, 160]
    assert turned_away(answered(state, now, RULES), None, now, now, RULES).left(now) == 10


def test_who_was_on_the_way_when_it_closed_takes_no_step_and_may_name_a_longer_pause() -> None:
    state = turned_away(OPEN, None, 99.0, 100.0, RULES)
    beside = turned_away(state, None, 99.5, 101.0, RULES)
    assert (beside.closed_until, beside.steps) == (110.0, 1)
    assert turned_away(state, 60, 99.5, 101.0, RULES).closed_until == 161.0
    assert turned_away(state, 2, 99.5, 101.0, RULES).closed_until == 110.0
    assert answered(state, 99.5, RULES).closed(101.0)


def test_requests_at_once_halve_at_each_429_and_grow_by_one_after_twenty_good_answers() -> None:
    state, limits = OPEN, []
    for now in (100.0, 200.0, 300.0, 400.0):
        state = turned_away(state, 1, now, now, RULES)
        limits.append(state.limit)
    assert limits == [4, 2, 1, 1]
    for wanted in (2, 3, 4, 5, 6, 7, 8, 8):
        for _ in range(GOOD):
            before = state.limit
            state = answered(state, 500.0, RULES)
        assert (before, state.limit) == (min(wanted - 1 if wanted < 8 else before, 8), wanted)


def test_503_closes_it_when_it_is_answered_one_after_the_other_and_not_between_good_answers() -> None:
    state = OPEN
    for _ in range(10):
        state = answered(unavailable(unavailable(state, 99, 100, RULES), 99, 100, RULES), 99, RULES)
    assert not state.closed(100)
    for _ in range(IN_A_ROW):
        state = unavailable(state, 99, 100, RULES)
    assert (state.left(100), state.limit) == (10, 8)


@pytest.mark.parametrize(
    ("turn", "running", "goes"),
    [
        (Turn.WRITE, (0, 0, 0, 0), True),
        (Turn.WRITE, (3, 3, 1, 0), True),
        (Turn.WRITE, (3, 3, 2, 0), False),
        (Turn.LIST, (3, 2, 0, 1), True),
        (Turn.LIST, (3, 2, 0, 2), False),
        (Turn.READ, (3, 2, 0, 2), True),
    ],
)
def test_so_many_run_at_once_and_of_lists_fewer(turn: Turn, running: tuple[int, ...], goes: bool) -> None:
    assert admits(OPEN, turn, running, 0.0, RULES) is goes
    assert not admits(replace(OPEN, closed_at=0.0, closed_until=1.0), turn, (0, 0, 0, 0), 0.0, RULES)


ANSWERS = st.lists(
    st.tuples(
        st.sampled_from(["good", "429", "503"]),
        st.none() | st.floats(-5, 1e6),
        st.floats(0, 30),
        st.floats(0, 20),
    ),
    max_size=60,
)


@given(ANSWERS)
def test_in_every_history_it_opens_again_and_nobody_shortens_a_closing(
    history: list[tuple[str, float | None, float, float]],
) -> None:
    state, now = OPEN, 1000.0
    for answer, pause, passes, took in history:
        now += passes
        before, sent_at = state, now - took
        if answer == "good":
            state = answered(state, sent_at, RULES)
        elif answer == "429":
            state = turned_away(state, pause, sent_at, now, RULES)
            assert state.closed(now) or sent_at < (before.closed_at or 0.0)
        else:
            state = unavailable(state, sent_at, now, RULES)
        assert 1 <= state.limit <= RULES.concurrency
        assert state.left(now) <= RULES.longest + 1e-6
        if before.closed(now) and not (answer == "good" and sent_at >= (before.closed_at or 0.0)):
            assert state.closed_until >= before.closed_until
    assert not state.closed(now + RULES.longest + 1e-6)
