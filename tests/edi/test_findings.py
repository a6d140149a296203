"""A finding reads as a sentence with what to do, and its place as people name places."""

from __future__ import annotations

import pytest

from d365edi.edi.findings import Finding, Position

PLACES = [
    (Position(17, 3, "REF", 2), "REF02 (segment 3)"),
    (Position(17, 3, "REF"), "REF (segment 3)"),
    (Position(17, 12, "MEA", 4, 1), "MEA04-1 (segment 12)"),
    (Position(17, 0, "ISA", 13), "ISA13"),
    (Position(17, 0, "IEA"), "IEA"),
    (Position(17), "byte 17"),
]


@pytest.mark.parametrize(("place", "text"), PLACES)
def test_a_place_is_named_by_segment_and_element_or_by_its_byte(place: Position, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(
    ("remedy", "text"),
    [("", "SE01 says 21, the set has 22 segments"), ("ask", "SE01 says 21, the set has 22 segments; ask")],
)
def test_a_finding_is_a_sentence_with_its_remedy(remedy: str, text: str) -> None:
    assert str(Finding("set", "error", "4", "SE01 says 21, the set has 22 segments", remedy=remedy)) == text
