"""When a begin and an end are told: by a table of looks, and by properties over any sequence of looks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.alerts.incidents import Board, Finding, Report, Rules, look
from d365edi.journal import Incident

RULES = Rules(settled=120.0, every=300.0)
DELAY = 300.0


def finding(key: str = "a", delay: float = DELAY, what: str = "it is so") -> Finding:
    return Finding(key, "unreachable", key, what, "do this", 1000.0, delay)


def told(report: Report | None) -> tuple[list[str], list[str]]:
    return ([], []) if report is None else ([each.key for each in report.begun], [each.key for each in report.ended])


def play(
    looks: Sequence[tuple[float, str]], rules: Rules = RULES, delay: float = DELAY
) -> list[tuple[float, str, str]]:
    """Looks as (seconds since the one before, keys that are there); each message as (at, begun, ended)."""
    board, at, said = Board(), 0.0, []
    for elapsed, there in looks:
        at += elapsed
        board, report = look(board, [finding(key, delay) for key in there], elapsed, rules)
        if report is not None:
            begun, ended = told(report)
            said.append((at, "".join(begun), "".join(ended)))
    return said


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        # lasts: one message when its delay is over, and no other
        ([(0, "a"), (299, "a"), (1, "a"), (1000, "a")], [(300, "a", "")]),
        # one that heals itself within the delay is not told
        ([(0, "a"), (200, "a"), (60, ""), (60, ""), (60, ""), (1000, "")], []),
        # its end is told when it is gone for `settled`, not before
        ([(0, "a"), (300, "a"), (119, ""), (1, ""), (180, "")], [(300, "a", ""), (600, "", "a")]),
        # gone for a moment only is not over: neither an end nor a second begin
        ([(0, "a"), (300, "a"), (60, ""), (10, "a"), (1000, "a")], [(300, "a", "")]),
        # one that comes and goes for less than `settled` lasts all the time
        ([(0, "a"), (200, "a"), (60, ""), (100, "a"), (60, ""), (0, "a")], [(360, "a", "")]),
        # what begins within one look goes in one message
        ([(0, "abc"), (300, "abc")], [(300, "abc", "")]),
        # what begins within `every` of the last message waits, and goes in one
        (
            [(0, "a"), (300, "ab"), (10, "abc"), (290, "abc"), (10, "abc"), (290, "abc")],
            [(300, "a", ""), (600, "b", ""), (900, "c", "")],
        ),
        # an end and a begin go in one message
        ([(0, "a"), (300, "ab"), (300, "b"), (0, "b")], [(300, "a", ""), (600, "b", "a")]),
        # due while no message may be made, and over by then: it is told that it was
        ([(0, "a"), (300, "ab"), (0, "b"), (10, "b"), (120, ""), (170, "")], [(300, "a", ""), (600, "", "a")]),
    ],
)  # fmt: skip
def test_when_it_is_told(looks: list[tuple[float, str]], said: list[tuple[float, str, str]]) -> None:
    assert play(looks) == said


def test_what_was_due_and_is_over_before_it_could_be_told_is_told_as_over() -> None:
    rules, delay = Rules(settled=10.0, every=300.0), 20.0
    looks = [(0, "a"), (20, "a"), (0, "ab"), (20, "ab"), (10, "a"), (300, "a")]
    assert play(looks, rules, delay) == [(20, "a", ""), (350, "", "b")]


def test_what_cannot_be_judged_stays_as_it_is() -> None:
    board, _ = look(Board(), [finding(delay=0.0)], 0.0, RULES)
    after, report = look(board, [], 10_000.0, RULES, judged=lambda _: False)
    assert (after.incidents, report) == (board.incidents, None)
    _, report = look(after, [], 10_000.0, RULES)
    assert told(report) == ([], ["a"])


def test_an_incident_has_the_sentence_of_the_last_look_and_the_begin_of_the_first() -> None:
    board, _ = look(Board(), [finding(what="first")], 0.0, RULES)
    later = Finding("a", "unreachable", "a", "second", "do this", 2000.0, DELAY)
    board, _ = look(board, [later], 10.0, RULES)
    [incident] = board.incidents.values()
    assert (incident.what, incident.since, incident.lasted) == ("second", 1000.0, 10.0)


LOOKS = st.lists(st.tuples(st.integers(0, 400), st.sets(st.sampled_from("abc"))), max_size=60)


@given(LOOKS, st.sampled_from([0.0, 60.0, 300.0]), st.sampled_from([0.0, 120.0]), st.sampled_from([0.0, 300.0]))
def test_whatever_comes_and_goes_each_incident_is_told_once_and_over_once(
    looks: list[tuple[int, set[str]]], delay: float, settled: float, every: float
) -> None:
    said = play([(e, "".join(sorted(there))) for e, there in looks], Rules(settled, every), delay)
    open_now: set[str] = set()
    for at, begun, ended in said:
        assert begun or ended
        assert not open_now & set(begun), "told twice"
        open_now |= set(begun)
        open_now -= set(ended)
        assert at >= delay
    moments = [at for at, _, _ in said]
    assert all(later - earlier >= every for earlier, later in pairwise(moments))


@given(LOOKS, st.sampled_from([60.0, 300.0]))
def test_nothing_is_lost_once_all_is_quiet_or_lasts(looks: list[tuple[int, set[str]]], delay: float) -> None:
    """Whatever came before: what lasts from now on is told as begun and not over, and all else is over."""
    board, open_now = Board(), set[str]()
    for elapsed, there in [*looks, (0, {"a"}), (400, {"a"}), (400, {"a"}), (400, {"a"})]:
        board, report = look(board, [finding(key, delay) for key in sorted(there)], elapsed, RULES)
        begun, ended = told(report)
        open_now = (open_now | set(begun)) - set(ended)
    assert open_now == {"a"}
    assert {key: each.state for key, each in board.incidents.items()} == {"a": "told"}


@given(LOOKS, st.integers(0, 60))
def test_a_restart_between_two_looks_changes_nothing_that_is_told(
    looks: list[tuple[int, set[str]]], restart: int
) -> None:
    """The board as it is stored says all that the next look needs."""
    boards = [Board(), Board()]
    for number, (elapsed, there) in enumerate(looks):
        found = [finding(key) for key in sorted(there)]
        if number == restart:
            rows = [
                Incident(*(getattr(each, name) for name in Incident.__dataclass_fields__))
                for each in boards[1].incidents.values()
            ]
            boards[1] = Board({row.key: row for row in rows}, boards[1].waited)
        results = [look(board, found, elapsed, RULES) for board in boards]
        assert told(results[0][1]) == told(results[1][1])
        boards = [board for board, _ in results]
