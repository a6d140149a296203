"""What a partner's settings make of the rules of envelopes: an empty interchange is for a person, unless it was agreed."""

from __future__ import annotations

import pytest

from d365edi.edi import reader
from d365edi.edi.findings import unread
from d365edi.edi.overlay import check, named
from d365edi.edi.reader import ReadOptions
from d365edi.errors import SettingsError
from tests.edi import make

EMPTY = make.data([make.interchange()[0], "IEA*0*000000101"])
ALIVE = ReadOptions(severities={"interchange.empty-envelope": "note"})


@pytest.mark.parametrize(("options", "verdict", "alone"), [(ReadOptions(), "R", False), (ALIVE, "A", True)])
def test_an_interchange_without_a_group_passes_where_that_was_agreed(
    options: ReadOptions, verdict: str, alone: bool
) -> None:
    (found,) = reader.read(EMPTY, options).interchanges
    assert (found.verdict, not unread(found.findings)) == (verdict, alone)
    assert [one.rule for one in found.findings] == ["empty-envelope"]


def test_what_was_agreed_about_empty_interchanges_is_nothing_about_others() -> None:
    broken = make.data([make.interchange()[0], "IEA*1*000000101"])
    (found,) = reader.read(broken, ALIVE).interchanges
    assert found.verdict == "R"


@pytest.mark.parametrize(
    ("overlay", "sentence"),
    [
        (
            {"severity": {"lenght": "off"}},
            '"lenght" is no rule of a set, a segment or an element; did you mean "length"?',
        ),
        ({"severity": {"interchange.count": "off"}}, "write it under acks.severity"),
        ({"severity": {"length": "silent"}}, "'silent' is no severity; use one of error, warning, note, off"),
        ({"mandatory": "REF"}, 'mandatory is no list of places; write mandatory = ["PO1/PID"]'),
        ({"max_use": {"DTM": "many"}}, "'many' is no number of times"),
        ({"elements": {"BEG13": 3}}, "3 describes no element"),
        ({"codes": {"BEG02": "SA"}}, "'SA' is no list of codes"),
        ({"codes": ["BEG02"]}, "codes is no table"),
        ({"colour": "blue"}, 'a guide has no "colour"'),
    ],
)
def test_an_overlay_without_a_meaning_is_refused(overlay: dict[str, object], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check(overlay)
    assert sentence in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["length", "element.length", "segment.mandatory", "total"])
def test_rules_of_sets_are_named_alone_or_with_their_level(name: str) -> None:
    check({"severity": {name: "off"}, "codes": {"BEG02": ["SA"]}, "max_use": {"DTM": 0}})


def test_rules_have_their_level_before_them() -> None:
    assert named(("interchange",)) >= {"interchange.empty-envelope", "interchange.count"}
    assert not [each for each in named(("interchange", "group")) if each.startswith("set.")]
