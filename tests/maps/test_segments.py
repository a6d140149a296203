"""Segments are taken apart whatever their delimiters and encoding are."""

from __future__ import annotations

import pytest

from d365edi.edi.syntax import Syntax
from d365edi.maps.segments import elements

X12 = Syntax()
EDIFACT = Syntax("EDIFACT", b"+", b":", b"'", release=b"?")

CASES = [
    (X12, b"REF*DP*042", ["REF", "DP", "042"]),
    (X12, b"REF*DP *042  ", ["REF", "DP", "042"]),
    (X12, b"BEG*00*SA**", ["BEG", "00", "SA", "", ""]),
    (X12, "N1*ST*CAFÉ".encode(), ["N1", "ST", "CAFÉ"]),
    (X12, "N1*ST*CAFÉ".encode("latin-1"), ["N1", "ST", "CAFÉ"]),
    (Syntax(element=b"\xd8"), b"REF\xd8DP\xd8042", ["REF", "DP", "042"]),
    (Syntax(element=b"\x07"), b"REF\x07DP\x07042", ["REF", "DP", "042"]),
    (X12, b"MSG*A\x00B", ["MSG", "A\x00B"]),
    (EDIFACT, b"FTX+AAI+++8AM ?+ 5PM", ["FTX", "AAI", "", "", "8AM + 5PM"]),
    (EDIFACT, b"FTX+A??+B", ["FTX", "A?", "B"]),
    (EDIFACT, b"FTX+A???+B", ["FTX", "A?+B"]),
]


@pytest.mark.parametrize(("syntax", "raw", "expected"), CASES)
def test_a_segment_is_taken_apart(syntax: Syntax, raw: bytes, expected: list[str]) -> None:
    assert elements([raw], syntax) == [expected]


def test_many_are_taken_apart_at_once() -> None:
    assert elements([b"ST*850*1", b"BEG*00", b"SE*3*1"], X12) == [["ST", "850", "1"], ["BEG", "00"], ["SE", "3", "1"]]
