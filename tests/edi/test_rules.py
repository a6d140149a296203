"""The table of rules: levels, codes of both standards, words, and findings made of it."""

from __future__ import annotations

from string import Formatter
from typing import get_args

import pytest

from d365edi.edi import guides
from d365edi.edi.findings import Finding, Level, Position, Severity
from d365edi.edi.rules import RULES, Rule, finding
from d365edi.edi.verdicts import REJECTS, STRICTER, TOLERATED
from d365edi.edi.x12 import acknowledgment

X12_CODES = {
    "group": acknowledgment.GROUP_CODES,
    "set": acknowledgment.SET_CODES,
    "segment": acknowledgment.SEGMENT_CODES,
    "element": acknowledgment.ELEMENT_CODES,
}


@pytest.mark.parametrize("key", RULES)
def test_a_row_is_whole(key: str) -> None:
    row = RULES[key]
    assert key.split(".")[:2] == [row.level, row.rule]
    assert row.level in get_args(Level)
    assert row.severity in get_args(Severity)
    assert row.sentence
    assert row.clause
    assert [part for part in (row.sentence, row.remedy) if part.endswith((".", " "))] == []


@pytest.mark.parametrize("key", [key for key, row in RULES.items() if row.x12])
def test_x12_codes_are_those_of_its_acknowledgments(key: str) -> None:
    row = RULES[key]
    if row.level == "interchange":
        assert len(row.x12) == 3
        assert int(row.x12) <= 31
    else:
        assert row.x12 in X12_CODES[row.level]


@pytest.mark.parametrize("key", [key for key, row in RULES.items() if row.edifact])
def test_edifact_codes_are_listed_in_0085(key: str) -> None:
    code = RULES[key].edifact
    assert code in guides.codes("0085", "EDIFACT") or (key, code) == ("interchange.terminator", "004")


def test_what_severities_and_verdicts_name_is_a_rule() -> None:
    words = {row.rule for row in RULES.values()} | {f"{row.level}.{row.rule}" for row in RULES.values()}
    assert [word for word in REJECTS | STRICTER | TOLERATED if word not in words] == []


def test_a_finding_takes_code_and_words_from_its_row() -> None:
    where = Position(17, 4, "BEG", 3)
    found = finding("element.length.long", where, "X12", "4500012345", name="BEG03", length=10, most=8)
    sentence = "BEG03 is 10 long, at most 8 allowed"
    assert found == Finding(
        "element", "error", "5", sentence, where, "4500012345", "the sender must shorten it", "length"
    )
    assert finding("element.length.long", where, "EDIFACT", name="", length=10, most=8).code == "39"
    assert finding("element.length.long", where, "FLAT", name="", length=10, most=8).code == ""


@pytest.mark.parametrize(
    ("where", "place"),
    [
        (Position(0, 1, "DTM", 1, 2), "DTM01-2"),
        (Position(0, 1, "CTT", 2), "CTT02"),
        (Position(0, 1, "UNZ"), "UNZ"),
    ],
)
def test_a_sentence_names_the_place(where: Position, place: str) -> None:
    assert (
        finding("element.total", where, "X12", said=1, counted="there are 2").message == f"{place} says 1, there are 2"
    )


def test_text_of_a_partner_is_never_taken_for_a_field() -> None:
    found = finding("element.code", Position(), "X12", "{remedy}", name="{name}", codes="{0}")
    assert (found.message, found.remedy) == ('{name} has no code "{remedy}"', "use one of {0}")


def test_a_missing_field_is_an_error() -> None:
    with pytest.raises(KeyError):
        finding("element.length.long", Position(), "X12")


def test_fields_are_plain_names() -> None:
    def fields(row: Rule) -> set[str]:
        return {name for text in (row.sentence, row.remedy) for _, name, _, _ in Formatter().parse(text) if name}

    assert {name for row in RULES.values() for name in fields(row) if not name.isidentifier()} == set()
