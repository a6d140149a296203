"""What an acknowledgment says of each set of a group, whichever of them it lists."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi.acknowledgment import Answer, SetAnswer
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
    found = set_states(answer(verdict, reported, accepted), SETS)
    assert [state for state, _ in found] == [SHORT[one] for one in each]
    for control, one, (_, detail) in zip(SETS, reported, found, strict=True):
        assert (f"set {control} has a fault" in detail) is (one != "-")


@pytest.mark.parametrize("spelled", ["2", "02", "0002"])
def test_a_set_s_number_is_known_with_or_without_its_zeros(spelled: str) -> None:
    given = Answer("IN", "7", "", "P", 3, 3, 2, (), (SetAnswer("810", spelled, "R"),))
    assert [state for state, _ in set_states(given, SETS)] == ["accepted", "rejected", "accepted"]


@pytest.mark.parametrize("verdict", "AEPR")
def test_a_document_that_is_alone_in_its_group_has_the_group_s_verdict(verdict: Verdict) -> None:
    given = Answer("IN", "7", "", verdict, 1, 1, 0, (), answer("A", "R--").sets)
    assert set_states(given, ("0001",)) == [(SHORT[verdict], "set 0001 has a fault")]


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
