"""Segments are taken apart whatever their separator and encoding are."""

from __future__ import annotations

import pytest

from d365edi.maps.segments import elements

CASES = [
    (b"*", b"REF*DP*042", ["REF", "DP", "042"]),
    (b"*", b"REF*DP *042  ", ["REF", "DP", "042"]),
    (b"*", b"REF*DP* 042", ["REF", "DP", " 042"]),
    (b"*", b"BEG*00*SA**", ["BEG", "00", "SA", "", ""]),
    (b"*", "N1*ST*CAFÉ".encode(), ["N1", "ST", "CAFÉ"]),
    (b"*", "N1*ST*CAFÉ".encode("latin-1"), ["N1", "ST", "CAFÉ"]),
    (b"\xd8", b"REF\xd8DP\xd8042", ["REF", "DP", "042"]),
    (b"\xd8", b"REF\xd8DP \xd8CAF\xc9", ["REF", "DP", "CAFÉ"]),
    (b"\x07", b"REF\x07DP\x07042", ["REF", "DP", "042"]),
    (b"*", b"MSG*A\x00B", ["MSG", "A\x00B"]),
]


@pytest.mark.parametrize(("separator", "raw", "expected"), CASES)
def test_a_segment_is_taken_apart(separator: bytes, raw: bytes, expected: list[str]) -> None:
    assert elements([raw], separator) == [expected]


def test_a_blank_or_a_foreign_letter_in_one_segment_changes_no_other() -> None:
    plain, rest = [b"ST*850*1", b"BEG*00*"], [["ST", "850", "1"], ["BEG", "00", ""]]
    assert elements(plain, b"*") == rest
    assert elements([*plain, b"REF*DP *1"], b"*") == [*rest, ["REF", "DP", "1"]]
    assert elements([*plain, "N1*É".encode(), "N1*É".encode("latin-1")], b"*") == [*rest, ["N1", "É"], ["N1", "É"]]
