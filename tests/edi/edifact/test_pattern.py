"""The pattern of a segment and its explanation agree: what the one takes, the other finds no fault with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import guides
from d365edi.edi.edifact import elements, pattern, segment
from d365edi.edi.edifact.transaction import Table
from d365edi.edi.edifact.writer import DEFAULT
from d365edi.edi.findings import Position
from d365edi.edi.header import split_released

SEGMENTS = (
    "LIN",
    "PIA",
    "QTY",
    "PRI",
    "DTM",
    "NAD",
    "RFF",
    "MOA",
    "FTX",
    "BGM",
    "CUX",
    "PAT",
    "TAX",
    "UNS",
    "GIN",
    "CNT",
    "IMD",
    "ALC",
)
VALUES = st.sampled_from([
    "", "1", "21", "137", "AAA", "EN", "S", "X" * 36, "12.5", "-1", "1,5", "A B", "20260105", "20261305", "102", "203",
    "202601051200", "?+", "A?'B", "??", "9", "Z99", "ORDERS", "1.", ".5", " ",
])  # fmt: skip
COMPOSITES = st.lists(VALUES, min_size=1, max_size=6).map(":".join)


def explained(raw: bytes, version: str) -> list[str]:
    """The faults of a segment; a note is none."""
    found = elements.explain(
        raw, guides.segments("EDIFACT", version)[raw[:3].decode()], DEFAULT, Position(0, 1, raw[:3].decode())
    )
    return [f"{one.rule} {one.message}" for one in found if one.severity != "note"]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEGMENTS), st.lists(COMPOSITES, max_size=6), st.sampled_from(["D:96A", "D:01B"]))
def test_a_segment_that_a_pattern_takes_has_no_fault(id: str, values: list[str], version: str) -> None:
    raw = "+".join([id, *values]).encode()
    dictionary = guides.segments("EDIFACT", version)
    for released in (False, True):
        if pattern.compile(dictionary[id], DEFAULT, released=released).fullmatch(raw):
            assert [one for one in explained(raw, version) if not one.startswith("padding")] == []


RIGHT = [
    "LIN+1++4000862141404:EN", "LIN+100000", "PIA+1+A:SA+B:IN", "QTY+21:123456789012345", "QTY+21:-1.5:PCE",
    "PRI+AAA:12.5::NTP:1:PCE", "DTM+137:20260105:102", "DTM+137:202601052359:203", "DTM+2:20260105-20260112:718", "DTM+2",
    "NAD+BY+5412345000013::9", "NAD+BY+++A:B:C+S+C++1+US", "FTX+AAI+++A:B:C:D:E", "BGM+220+1+9",
    "CUX+2:EUR:9+3:USD:4+1.25", "UNS+S", "GIN+BJ+1:2+3",
]  # fmt: skip
WRONG = [
    "LIN+1++4000862141404:EN+", "LIN+1:2", "LIN+1++A:EN:", "PIA+1", "PIA+1++A", "QTY+21", "QTY+21:1234567890123456",
    "QTY+21:+1", "PRI+AAA:1E3", "DTM+137:20261305:102", "DTM+137:20260105:203", "DTM+137:202601052460:203", "DTM", "NAD",
    "NAD+BY+:::9:X", "FTX+AAI+++A:B:C:D:E:F", "UNS+X", "UNS", "GIN+BJ", "RFF+ON:" + "X" * 36,
]  # fmt: skip


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_segment_matches_and_has_no_fault(text: str) -> None:
    compiled = pattern.compile(guides.segments("EDIFACT", "D:96A")[text[:3]], DEFAULT)
    assert compiled.fullmatch(text.encode()) is not None
    assert explained(text.encode(), "D:96A") == []


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_segment_does_not_match_and_has_a_fault(text: str) -> None:
    compiled = pattern.compile(guides.segments("EDIFACT", "D:96A")[text[:3]], DEFAULT)
    assert compiled.fullmatch(text.encode()) is None
    assert explained(text.encode(), "D:96A") != []


def test_a_leap_day_is_right_although_the_pattern_does_not_know_it() -> None:
    raw = b"DTM+137:20280229:102"
    assert pattern.compile(guides.segments("EDIFACT", "D:96A")["DTM"], DEFAULT).fullmatch(raw) is None
    assert explained(raw, "D:96A") == []


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=30).map(lambda raw: raw.translate(bytes(b"?'+:ab"[at % 6] for at in range(256)))),
    st.sampled_from([b"'", b"+"]),
)
def test_splitting_loses_nothing_and_splits_nowhere_else(raw: bytes, separator: bytes) -> None:
    parts = split_released(raw, separator, b"?")
    assert separator.join(parts) == raw
    escaped = 0
    expected = [b""]
    for byte in raw:
        if bytes((byte,)) == separator and not escaped % 2:
            expected.append(b"")
        else:
            expected[-1] += bytes((byte,))
        escaped = escaped + 1 if byte == ord("?") else 0
    assert parts == expected


@given(st.binary(max_size=20))
def test_release_characters_are_taken_out_as_they_were_put_in(raw: bytes) -> None:
    escaped = b"".join(b"?" + bytes((byte,)) if byte in b"?'+:" else bytes((byte,)) for byte in raw)
    assert segment.plain(escaped, DEFAULT) == raw
    assert segment.apart(b"A+" + escaped, DEFAULT) == [[b"A"], [raw]]


@pytest.mark.parametrize(
    ("raw", "encoding", "text"),
    [
        (b"M\xdcSLI", "iso8859-1", "MÜSLI"),
        ("MÜSLI".encode(), "iso8859-1", "MÜSLI"),
        (b"\xb6", "iso8859-2", "ś"),
        (b"\xff", "utf-8", "ÿ"),
    ],
)
def test_text_is_what_it_can_only_be(raw: bytes, encoding: str, text: str) -> None:
    assert segment.text(raw, encoding) == text


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEGMENTS), st.lists(COMPOSITES, max_size=6))
def test_what_is_noted_quickly_is_what_the_explanation_notes(id: str, values: list[str]) -> None:
    raw = "+".join([id, *values]).encode()
    guide = guides.load("EDIFACT", "INVOIC", "D:96A")
    assert guide is not None
    dictionary = guides.segments("EDIFACT", "D:96A")
    table = Table(guide, DEFAULT, dict(dictionary))
    codes = table.codes(raw, id) if id in guide.segments else None
    if codes is not None:
        where = Position(0, 1, id)
        slow = [
            one
            for one in elements.explain(raw, dictionary[id], DEFAULT, where)
            if one.rule not in ("padding", "empty-segment")
        ]
        assert elements.unlisted(dictionary[id], codes, set(), lambda: where) == slow
