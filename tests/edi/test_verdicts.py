"""What a breach is worth, and what verdict follows from what was found."""

from __future__ import annotations

import pytest

from d365edi.edi.findings import Finding, Level, Severity
from d365edi.edi.interchange import GroupReport, Verdict
from d365edi.edi.verdicts import REJECTS, STRICTER, TOLERATED, Severities


def finding(rule: str, level: Level = "element", severity: Severity = "error") -> Finding:
    return Finding(level, severity, "", rule, rule=rule)


def group(*findings: Finding) -> GroupReport:
    return GroupReport("PO", "S", "R", "20260105", "0915", "7", "004010", 0, findings=list(findings))


VERDICTS: list[tuple[list[Finding], Verdict, Verdict]] = [
    ([], "A", "A"),
    ([finding("unlisted", severity="warning")], "A", "A"),
    ([finding("length")], "E", "R"),
    ([finding("relational"), finding("extra")], "E", "R"),
    ([finding("length"), finding("mandatory", "segment")], "R", "R"),
    ([finding("count", "set")], "R", "R"),
    ([finding("count", "group")], "E", "R"),
    ([finding("count", "interchange")], "E", "R"),
    ([finding("control", "interchange")], "R", "R"),
    ([finding("date", "interchange")], "E", "R"),
    ([finding("date")], "R", "R"),
]


@pytest.mark.parametrize(("findings", "lenient", "strict"), VERDICTS)
def test_a_verdict_follows_from_the_errors(findings: list[Finding], lenient: Verdict, strict: Verdict) -> None:
    assert (Severities("lenient", {}).verdict(findings), Severities("strict", {}).verdict(findings)) == (
        lenient,
        strict,
    )


@pytest.mark.parametrize("rule", sorted(STRICTER))
def test_strict_reading_makes_errors_of_what_the_standard_forbids(rule: str) -> None:
    warned = [finding(rule, severity="warning")]
    assert [one.severity for one in Severities("strict", {}).settle(warned)] == ["error"]
    assert Severities("lenient", {}).settle(warned) == warned


SEVERITIES = [
    ({"length": "warning"}, {}, ["warning"]),
    ({"length": "off"}, {}, []),
    ({"element.length": "note"}, {}, ["note"]),
    ({"segment.length": "off"}, {}, ["error"]),
    ({}, {"length": "warning"}, ["warning"]),
    ({"length": "error"}, {"length": "off"}, ["error"]),
    ({"length": "off", "element.length": "warning"}, {}, ["warning"]),
]


@pytest.mark.parametrize(("partner", "guide", "severities"), SEVERITIES)
def test_the_partner_goes_before_the_guide_and_the_exact_rule_before_the_wide_one(
    partner: dict[str, str], guide: dict[str, str], severities: list[str]
) -> None:
    assert [one.severity for one in Severities("lenient", partner).settle([finding("length")], guide)] == severities


GROUPS: list[tuple[dict[Verdict, int], list[Finding], Verdict]] = [
    ({}, [], "A"),
    ({"A": 3}, [], "A"),
    ({"A": 2, "E": 1}, [], "E"),
    ({"A": 2, "R": 1}, [], "P"),
    ({"E": 1, "R": 1}, [], "P"),
    ({"R": 2}, [], "R"),
    ({"A": 1}, [finding("count", "group")], "E"),
    ({"A": 1, "R": 1}, [finding("count", "group")], "P"),
    ({"A": 3}, [finding("control", "group")], "R"),
    ({"A": 3}, [finding("trailer", "group")], "R"),
]


@pytest.mark.parametrize(("sets", "findings", "verdict"), GROUPS)
def test_a_group_is_judged_by_its_sets_and_by_itself(
    sets: dict[Verdict, int], findings: list[Finding], verdict: Verdict
) -> None:
    assert Severities("lenient", {}).group_verdict(group(*findings), sets) == verdict


def test_what_is_tolerated_would_reject_at_another_level() -> None:
    assert {name.split(".")[1] for name in TOLERATED} <= REJECTS
