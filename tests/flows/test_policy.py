"""The flows' decisions, by table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.errors import Disputed, Refused, Unavailable
from d365edi.flows import policy
from d365edi.flows.policy import Quarantine, RetryAt
from d365edi.settings import Duplicates

BUDGET = 21_600.0


@pytest.mark.parametrize(
    ("error", "attempt", "now", "expected"),
    [
        (Unavailable("down"), 1, 100.0, RetryAt(105.0, "down")),
        (Unavailable("down"), 2, 100.0, RetryAt(110.0, "down")),
        (Unavailable("down"), 30, 100.0, RetryAt(1000.0, "down")),
        (Unavailable("busy", retry_after=42), 1, 100.0, RetryAt(142.0, "busy")),
        (Unavailable("busy", retry_after=0), 1, 100.0, RetryAt(100.0, "busy")),
        (Unavailable("busy", retry_after=10**9), 1, 100.0, RetryAt(100.0 + 21600, "busy")),
        (Refused("no", remedy="do that"), 1, 100.0, Quarantine("no; do that")),
        (Disputed("whose is it?"), 1, 100.0, Quarantine("whose is it?")),
    ],
)
def test_a_failure_is_answered_by_table(error: Exception, attempt: int, now: float, expected: object) -> None:
    assert policy.after_failure(error, attempt, 100.0, now, budget=BUDGET) == expected


def test_a_spent_budget_quarantines_and_says_for_how_long() -> None:
    decision = policy.after_failure(Unavailable("down"), 40, 0.0, 21600.0, budget=BUDGET)
    assert decision == Quarantine("down; tried 40 times over 6.0 h")


def test_an_error_of_no_known_kind_is_quarantined_as_a_defect() -> None:
    decision = policy.after_failure(KeyError("x"), 1, 0.0, 0.0, budget=BUDGET)
    assert isinstance(decision, Quarantine)
    assert "KeyError" in decision.reason


@given(
    attempt=st.integers(1, 500),
    first=st.floats(0, 1e9),
    spent=st.floats(0, 21599),
    jitter=st.floats(0, 0.999),
    retry_after=st.none() | st.floats(0, 1e6),
)
def test_a_retry_is_never_in_the_past_nor_past_the_budget(
    attempt: int, first: float, spent: float, jitter: float, retry_after: float | None
) -> None:
    now = first + spent
    decision = policy.after_failure(
        Unavailable("down", retry_after=retry_after), attempt, first, now, budget=BUDGET, jitter=jitter
    )
    if isinstance(decision, RetryAt):
        assert now <= decision.at <= first + BUDGET
    else:
        assert now >= first + BUDGET


@pytest.mark.parametrize(
    ("named", "twins", "settings", "state"),
    [
        ([], [], {}, "received"),
        ([], ["old.edi"], {}, "duplicate"),
        ([], ["old.edi"], {"new_name_same_bytes": "hold"}, "quarantined"),
        ([], ["old.edi"], {"new_name_same_bytes": "take"}, "received"),
        (["9f2c1a77"], [], {}, "quarantined"),
        ([], ["old.edi"], {"new_name_same_bytes": "skip"}, "duplicate"),
        (["9f2c1a77"], [], {"same_name_new_bytes": "take"}, "received"),
    ],
)
def test_the_questions_about_duplicates_have_settable_answers(
    named: list[str], twins: list[str], settings: dict[str, str], state: str
) -> None:
    assert policy.claim("new.edi", named, twins, Duplicates.model_validate(settings)).state == state


@pytest.mark.parametrize(
    ("state", "due", "now", "expected"),
    [
        (None, None, 10.0, "unmatched"),
        ("awaited", 20.0, 10.0, "matched"),
        ("awaited", 5.0, 10.0, "late"),
        ("overdue", 5.0, 10.0, "late"),
        ("accepted", 20.0, 10.0, "double"),
        ("none", None, 10.0, "double"),
    ],
)
def test_an_acknowledgment_has_a_class(state: str | None, due: float | None, now: float, expected: str) -> None:
    assert policy.ack_class(state, due, now) == expected


@pytest.mark.parametrize(
    ("complete", "waits", "expected"), [(True, 0, True), (False, 0, False), (False, 2, False), (False, 3, True)]
)
def test_a_file_without_its_trailer_waits_some_looks(complete: bool, waits: int, expected: bool) -> None:
    assert policy.complete_enough(complete=complete, waits=waits) is expected
