"""What is known of an endpoint, by table: what each failure says, how long it rests, what is reported of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from d365edi.endpoints import health
from d365edi.endpoints.health import Health, Kind, Use
from d365edi.endpoints.retry_after import ABSURD
from d365edi.errors import (
    CredentialsRejected,
    Disputed,
    EndpointError,
    NotWritable,
    PlaceRefused,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
)

WELL = Health("acme", reached_at=90.0)


def after(state: Health, error: EndpointError, now: float = 100.0, began: float | None = None) -> Health:
    return health.failed(state, error, health.kind_of(error), now if began is None else began, now)


@pytest.mark.parametrize(
    ("error", "whole", "pickup", "delivery", "lookup"),
    [
        (Unreachable("x"), "unreachable", "", "", ""),
        (CredentialsRejected("x"), "credentials", "", "", ""),
        (Throttled("x"), "throttled", "", "", ""),
        (PlaceRefused("x"), "place", "place", "place", "place"),
        (NotWritable("x"), "unwritable", "unwritable", "unwritable", "unwritable"),
        (Refused("x"), "", "place", "", ""),
        (Disputed("x"), "", "place", "", ""),
        (Unavailable("x"), "", "unreachable", "", "unreachable"),
    ],
)
def test_a_failure_is_the_endpoints_the_places_or_the_documents(
    error: EndpointError, whole: Kind, pickup: Kind, delivery: Kind, lookup: Kind
) -> None:
    assert health.kind_of(error) == whole
    uses: tuple[Use, ...] = ("pickup", "delivery", "lookup")
    assert [health.kind_of_place(error, use) for use in uses] == [pickup, delivery, lookup]


@pytest.mark.parametrize(
    ("error", "rest"),
    [
        (CredentialsRejected("x"), 900),
        (Throttled("x", retry_after=60), 60),
        (Throttled("x", retry_after=0), 0),
        (Throttled("x", retry_after=7200), 900),
        (Throttled("x"), 5),
        (Unreachable("x"), 5),
    ],
)
def test_the_first_failure_rests_so_long(error: EndpointError, rest: float) -> None:
    found = after(WELL, error)
    assert (found.rests_until, found.failing_since, found.failures) == (100 + rest, 100, 1)
    assert found.rests(99.99 + rest)
    assert not found.rests(100 + rest)


def test_what_does_not_answer_is_tried_ever_later_and_once_a_minute() -> None:
    state, now, waits = WELL, 100.0, []
    for _ in range(6):
        state = after(state, Unreachable("x"), now)
        waits.append(state.rests_until - now)
        now = state.rests_until
    assert waits == [5, 10, 20, 40, 60, 60]


def test_a_full_folder_is_tried_as_soon_and_charges_nobody() -> None:
    full = after(WELL, NotWritable("full"))
    assert (full.kind, full.rests_until, health.reached(full, 106.0, 107.0).rested_until) == ("unwritable", 105, 107)
    assert type(health.resting(full, 101.0)) is NotWritable


def test_a_reason_that_differs_in_an_identifier_only_is_reported_once() -> None:
    said = []
    state = WELL
    for reason in ("d365: answered 500: activity 7f3c0e1a-11aa-4b2b-8c3d-000000000001 at 10:00:07",
                   "d365: answered 500: activity 9a3c0e1a-22bb-4b2b-8c3d-00000000000f at 10:01:12",
                   "d365: answered 503: activity 9a3c0e1a-22bb-4b2b-8c3d-00000000000f at 10:01:12"):  # fmt: skip
        new = after(state, Unreachable(reason))
        said.append(health.notice(state, new, 100.0) is not None)
        state = replace(new, said_at=100.0)
    assert said == [True, False, True]


def test_attempts_side_by_side_make_one_rest() -> None:
    state = after(WELL, Unreachable("x"), 100.0)
    for _ in range(7):
        state = after(state, Unreachable("x"), 100.5, began=99.0)
    assert (state.failures, state.rests_until) == (8, 105)
    longer = after(after(WELL, Throttled("x", retry_after=10)), Throttled("x", retry_after=60), 100.0, began=99.0)
    assert longer.rests_until == 160


def test_an_answer_to_what_was_asked_before_the_failure_ends_nothing() -> None:
    state = after(WELL, Throttled("x", retry_after=60))
    assert health.reached(state, 99.0, 101.0) is state
    assert health.reached(state, 160.0, 161.0) == Health("acme", reached_at=161.0)


def test_the_end_of_a_rest_that_nobody_is_charged_with_is_kept() -> None:
    assert health.reached(after(WELL, CredentialsRejected("x")), 1000.0, 1001.0).rested_until == 1001
    assert after(after(WELL, CredentialsRejected("x")), Unreachable("y"), 1000.0).rested_until == 1000
    assert health.reached(after(WELL, Unreachable("x")), 1000.0, 1001.0).rested_until is None


def test_who_asks_while_it_rests_hears_why_and_for_how_long() -> None:
    error = health.resting(after(WELL, CredentialsRejected("no", remedy="do that")), 400.0)
    assert (type(error), str(error), error.retry_after) == (CredentialsRejected, "no; do that", 600)


def test_a_state_is_reported_when_it_begins_changes_lasts_an_hour_and_ends() -> None:
    state, said = WELL, []

    def hear(new: Health, now: float) -> Health:
        if line := health.notice(state, new, now):
            said.append(f"{line.level} {line.verb}: {line.sentence}")
            return replace(new, said_at=now)
        return new

    for minute in range(0, 135, 15):
        state = hear(after(state, CredentialsRejected("no", remedy="change it"), 60.0 * minute), 60.0 * minute)
    state = hear(after(state, Unreachable("no route"), 8100.0), 8100.0)
    state = hear(health.reached(state, 8160.0, 8160.0), 8160.0)
    hear(health.reached(state, 8170.0, 8170.0), 8170.0)
    again = "; it is tried again in 15 min, at once after a reload (a new secret needs one) or when "
    again += "`d365edi ping acme` succeeds; what waits for it then goes by itself"
    assert said == [
        f"WARNING refused: no; change it{again}",
        f"WARNING refused: no; change it (for 60 min, 5 failures){again}",
        f"WARNING refused: no; change it (for 2.0 h, 9 failures){again}",
        "WARNING waits: no route (for 2.2 h, 10 failures); tried again in 60 s",
        "INFO reachable: reachable again after 2.3 h, 10 failures",
    ]


def test_a_pause_beyond_a_quarter_of_an_hour_is_reported() -> None:
    for asked, words in (
        (60, "everything for it waits 60 s"),
        (7200, "asks for a pause of 2.0 h and is asked again in 15 min"),
        (ABSURD, "asks for a pause of a year or more, an absurd value, and is asked again in 15 min"),
    ):
        line = health.notice(WELL, after(WELL, Throttled("busy", retry_after=asked)), 100.0)
        assert line is not None
        assert words in line.sentence
