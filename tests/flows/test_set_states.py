"""What an acknowledgment says of each set of a group, whichever of them it lists."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi.acknowledgment import Answer, SetAnswer, contradictions
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import Verdict
from d365edi.flows.acknowledge import combined_state, set_states
from d365edi.flows.policy import ACK_STATES
from d365edi.journal import AckState

VERDICTS: dict[str, Verdict] = {"A": "A", "E": "E", "P": "P", "R": "R"}
SETS = ("0001", "0002", "0003")
SHORT = {"A": "accepted", "E": "accepted_with_errors", "P": "partially", "R": "rejected"}


def answer(verdict: Verdict, reported: str, accepted: int = 0) -> Answer:
    """An answer to a group of three; `reported` are the verdicts of its sets, "-" where it does not list one."""
    sets = tuple(
        SetAnswer("810", control, VERDICTS[each], (), (Finding("set", "error", "5", f"set {control} has a fault"),))
        for control, each in zip(SETS, reported, strict=True)
        if each != "-"
    )
    return Answer("IN", "7", "", verdict, 3, 3, accepted, (), sets)


@pytest.mark.parametrize(
    ("verdict", "reported", "accepted", "each"),
    [
        ("A", "---", 3, "AAA"),
        ("A", "AAA", 3, "AAA"),
        ("A", "-R-", 3, "ARA"),
        ("E", "---", 3, "EEE"),
        ("E", "-E-", 3, "AEA"),
        ("E", "AAE", 3, "AAE"),
        ("P", "-R-", 2, "ARA"),
        ("P", "ARA", 2, "ARA"),
        ("P", "ERA", 2, "ERA"),
        ("P", "RR-", 1, "RRA"),
        ("P", "R--", 1, "RPP"),
        ("P", "A--", 2, "APP"),
        ("P", "---", 2, "PPP"),
        ("P", "---", 3, "PPP"),
        ("R", "---", 0, "RRR"),
        ("R", "AR-", 0, "RRR"),
    ],
)
def test_each_set_has_its_own_verdict_where_one_is_reported_and_else_what_follows_from_the_group(
    verdict: Verdict, reported: str, accepted: int, each: str
) -> None:
    found = [state for state in set_states(answer(verdict, reported, accepted), SETS) if state is not None]
    assert [state for state, _ in found] == [SHORT[one] for one in each]
    for control, one, (_, detail) in zip(SETS, reported, found, strict=True):
        assert (f"set {control} has a fault" in detail) is (one != "-")


@pytest.mark.parametrize("spelled", ["2", "02", "0002"])
def test_a_set_s_number_is_known_with_or_without_its_zeros(spelled: str) -> None:
    given = Answer("IN", "7", "", "P", 3, 3, 2, (), (SetAnswer("810", spelled, "R"),))
    assert [state and state[0] for state in set_states(given, SETS)] == ["accepted", "rejected", "accepted"]


@pytest.mark.parametrize("verdict", "AEPR")
@pytest.mark.parametrize("named", ["A", "E", "R", "-"])
def test_a_document_that_is_alone_in_its_group_has_the_worst_of_all_that_is_said(verdict: Verdict, named: str) -> None:
    """AK5 was not looked at: R under AK9 A was accepted."""
    given = replace(answer(verdict, f"{named}--"), included=1, received=1, accepted=int(verdict != "R"))
    ((state, _),) = filter(None, set_states(given, ("0001",)))
    assert state == SHORT[max(verdict, named, key="-AEPR".index)]


CONTRADICTIONS = [
    ("A", "R--", (3, 3, 3), "RAA", "AK9 is A, but AK5 of 810 0001 is R"),
    ("A", "---", (3, 3, 0), "RRR", "AK9 is A, but it counts 0 of 3 as accepted"),
    ("E", "---", (3, 3, 0), "RRR", "AK9 is E, but it counts 0 of 3 as accepted"),
    ("A", "---", (3, 3, 2), "PPP", "AK9 is A, but it counts 2 of 3 as accepted"),
    ("A", "-R-", (3, 3, 2), "ARA", "AK9 is A, but AK5 of 810 0002 is R"),
    ("A", "---", (3, 2, 2), "PPP", "AK9 is A, but it counts 2 of 3 as accepted"),
    ("A", "---", (1, 1, 1), "PPP", "AK902 is 1, but the group has 3"),
    ("P", "---", (3, 3, 0), "RRR", "AK9 is P, but it counts 0 of 3 as accepted"),
    ("P", "AEA", (3, 3, 3), "PPP", "AK9 is P, but no AK5 is R"),
    ("R", "AAA", (3, 3, 3), "RRR", "AK9 is R, but it counts 3 of 3 as accepted"),
    ("A", "---", (-1, -1, -1), "AAA", ""),
    ("E", "-E-", (3, 3, 3), "AEA", ""),
    ("P", "-R-", (3, 3, 2), "ARA", ""),
    ("R", "AR-", (3, 3, 0), "RRR", ""),
]


@pytest.mark.parametrize(("verdict", "reported", "counts", "each", "why"), CONTRADICTIONS)
def test_where_an_answer_contradicts_itself_the_worse_counts_and_it_is_told(
    verdict: Verdict, reported: str, counts: tuple[int, int, int], each: str, why: str
) -> None:
    included, received, accepted = counts
    given = replace(answer(verdict, reported), included=included, received=received, accepted=accepted)
    found = [state for state in set_states(given, SETS) if state is not None]
    assert [state for state, _ in found] == [SHORT[one] for one in each]
    assert [why in detail for _, detail in found] == [True] * 3
    assert bool(contradictions(given, SETS)) == bool(why)


def test_a_contrl_is_judged_by_what_it_names() -> None:
    """It counts nothing: messages that it does not name are accepted with UCI 7, and not answered with 8."""
    refused = (SetAnswer("INVOIC", "2", "R"),)
    seven = Answer("", "7", "", "P", 1, 1, 0, (), refused)
    eight = replace(seven, verdict=None)
    assert (contradictions(seven, ("1", "2")), seven.summary) == ([], "R")
    assert [state and state[0] for state in set_states(seven, ("1", "2"))] == ["accepted", "rejected"]
    assert [state and state[0] for state in set_states(eight, ("1", "2"))] == [None, "rejected"]
    four = Answer("", "7", "", "R", 1, 1, 0, (), (SetAnswer("INVOIC", "2", "A"),))
    assert contradictions(four, ("2",)) == ["UCI rejects all, but UCM accepts INVOIC 2"]
    assert [state and state[0] for state in set_states(four, ("2",))] == ["rejected"]


def test_a_set_that_is_judged_twice_has_the_worse_verdict() -> None:
    given = Answer("IN", "7", "", "P", 2, 2, 1, (), (SetAnswer("810", "0001", "R"), SetAnswer("810", "1", "A")))
    assert [state and state[0] for state in set_states(given, ("0001", "0002"))] == ["rejected", "accepted"]
    assert contradictions(given, ("0001", "0002")) == ["AK5 of 810 0001 is A and R", "AK5 of 810 1 is A and R"]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(sorted(set(ACK_STATES.values()))), min_size=1))
def test_a_whole_is_accepted_where_each_part_is_and_rejected_where_each_part_is(states: list[AckState]) -> None:
    whole = combined_state(states)
    assert (whole == "accepted") == (set(states) == {"accepted"})
    assert (whole == "rejected") == (set(states) == {"rejected"})
    assert (whole == "accepted_with_errors") == (
        "accepted_with_errors" in states and not {"partially", "rejected"} & set(states)
    )
    assert combined_state([*states, *states]) == combined_state(reversed(states)) == whole
