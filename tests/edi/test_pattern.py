"""The quick look and the slow one agree: what the pattern of a segment matches, the explanation finds nothing wrong with."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import element_check, guides, pattern, release
from d365edi.edi.edifact.writer import DEFAULT
from d365edi.edi.findings import Position
from d365edi.edi.guide import Element, Segment
from d365edi.edi.syntax import Syntax

SYNTAXES = [Syntax(), Syntax(repetition="^"), Syntax("X12", "|", "\x1f", "\x1c", "!"),
            Syntax("X12", "]", "[", "\\", "{"), Syntax("X12", "\x85", "\xff", "\n", "\x01")]  # fmt: skip
ALL = [(version, id) for version in guides.VERSIONS["X12"] for id in guides.segments("X12", version)]

VALUES = {
    "DT": ["20260105", "260105", "20240229", "20250229", "20261301", "19991231", "2026010"],
    "TM": ["0915", "091559", "09155999", "2400", "915"],
    "R": ["1", "12.5", "-3", ".5", "-.25", "100000", "1.", "12345678901234567890", "1,5", "0.0001"],
    "N": ["1", "-3", "007", "12345678901234567890", "1.5", "x"],
}
TEXT = st.text("ABCxyz019 .-/&", min_size=1, max_size=12).map(str.strip)


def value(element: Element, sign: str) -> st.SearchStrategy[str]:
    """Values for an element, right ones and wrong ones."""
    if element.components:
        return st.tuples(*(st.one_of(st.just(""), value(part, sign)) for part in element.components)).map(
            lambda parts: sign.join(parts).rstrip(sign)
        )
    if element.codes:
        return st.one_of(st.sampled_from(sorted(element.codes)[:20]), st.sampled_from(["QQ", "Q", "qq", "QQQQ"]))
    known = VALUES.get(element.type, VALUES["N"] if element.type.startswith("N") else None)
    if known:
        return st.one_of(st.sampled_from(known), st.just("1".rjust(element.min, "0")))
    return st.one_of(TEXT, st.just("A" * element.min), st.just("9" * element.max), st.just("A" * (element.max + 1)))


@st.composite
def raws(draw: st.DrawFn) -> tuple[Segment, Syntax, str]:
    """A raw segment of the dictionary under some service characters."""
    version, id = draw(st.sampled_from(ALL))
    segment, syntax = guides.segments("X12", version)[id], draw(st.sampled_from(SYNTAXES))
    component = syntax.component
    values = [
        draw(value(element, component)) if draw(st.integers(0, 9)) < (9 if element.mandatory else 6) else ""
        for element in segment.elements[: draw(st.integers(0, len(segment.elements)))]
    ]
    while values and not values[-1] and draw(st.integers(0, 9)):
        values.pop()
    return segment, syntax, syntax.element.join([id, *values])


@settings(max_examples=300, deadline=None)
@given(raws())
def test_what_matches_has_no_fault(made: tuple[Segment, Syntax, str]) -> None:
    segment, syntax, raw = made
    if pattern.compile(segment, syntax).fullmatch(raw):
        found = element_check.explain(raw, segment, element_check.Context(syntax, Position()))
        assert [str(one) for one in found if one.rule != "padding"] == []


@pytest.mark.parametrize("version", guides.VERSIONS["X12"])
def test_a_segment_of_right_values_matches(version: str) -> None:
    """Every element filled with a right value of its type; where elements exclude each other the later ones are empty."""
    for id, segment in guides.segments("X12", version).items():
        if segment.open or not segment.elements:
            continue
        excluded = {at for note in segment.notes if note.kind == "E" for at in note.elements[1:]}
        for note in segment.notes:
            if note.kind == "P" and set(note.elements) & excluded:
                excluded |= set(note.elements)
            elif note.kind == "C" and set(note.elements[1:]) & excluded:
                excluded.add(note.elements[0])
        values = ["" if element.position in excluded else right(element) for element in segment.elements]
        raw = "*".join([id, *values]).rstrip("*")
        found = element_check.explain(raw, segment, element_check.Context(Syntax(), Position()))
        assert [str(one) for one in found] == [], raw
        assert pattern.compile(segment, Syntax()).fullmatch(raw), raw


def right(element: Element) -> str:
    """A value that is right for an element."""
    if element.components:
        return ">".join(right(part) for part in element.components)
    if element.codes:
        return next(iter(element.codes))
    if element.type == "DT":
        return "20260105" if element.min == 8 else "260105"
    if element.type == "TM":
        return "0915"
    return "1" * element.min


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_any_service_characters_make_a_pattern(syntax: Syntax) -> None:
    segment = guides.segments("X12", "004010")["REF"]
    raw = syntax.element.join(["REF", "IA", "0078123"])
    fits = pattern.compile(segment, syntax).fullmatch
    assert fits(raw)
    assert not fits(raw + syntax.component)
    assert not fits(raw + syntax.element)
    assert not fits(raw + syntax.terminator)


def test_a_pattern_takes_no_longer_for_what_nearly_matches() -> None:
    segment = guides.segments("X12", "005010")["PO1"]
    fits = pattern.compile(segment, Syntax(repetition="^")).fullmatch
    for size in (100, 1000, 100_000):
        assert not fits("PO1*1*120*EA*12.5*WE" + "*UP*" + "6" * size)
        assert not fits("PO1*" + "1*" * size)


@pytest.mark.parametrize("codes", [["A"], ["A", "AB", "ABC"], ["00", "01", "1A"], ["", "X"], ["X-1", "X.1", "X]1"]])
def test_codes_match_themselves_and_nothing_else(codes: list[str]) -> None:
    fits = re.compile(pattern.alternatives(codes)).fullmatch
    for code in codes:
        assert fits(code)
    for other in ("B", "ABCD", "0", "02", "X1", "X+1", "XX"):
        assert not fits(other)


# -- EDIFACT ----------------------------------------------------------------------------------------------------------

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
PARTS = st.sampled_from([
    "", "1", "21", "137", "AAA", "EN", "S", "X" * 36, "12.5", "-1", "1,5", "A B", "20260105", "20261305", "102", "203",
    "202601051200", "?+", "A?'B", "??", "9", "Z99", "ORDERS", "1.", ".5", " ",
])  # fmt: skip
COMPOSITES = st.lists(PARTS, min_size=1, max_size=6).map(":".join)


def explained(raw: str, version: str) -> list[str]:
    """The faults of a segment; a note is none."""
    segment, context = (
        guides.segments("EDIFACT", version)[raw[:3]],
        element_check.Context(DEFAULT, Position(0, 1, raw[:3])),
    )
    found = element_check.explain(release.hide(raw, "?"), segment, context)
    return [f"{one.rule} {one.message}" for one in found if one.severity != "note"]


def matches(raw: str, version: str = "D:96A") -> bool:
    compiled = pattern.compile(guides.segments("EDIFACT", version)[raw[:3]], DEFAULT)
    return compiled.fullmatch(release.hide(raw, "?")) is not None


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEGMENTS), st.lists(COMPOSITES, max_size=6), st.sampled_from(["D:96A", "D:01B"]))
def test_a_segment_of_edifact_that_matches_has_no_fault(id: str, values: list[str], version: str) -> None:
    raw = "+".join([id, *values])
    if matches(raw, version):
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
    assert matches(text)
    assert explained(text, "D:96A") == []


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_segment_does_not_match_and_has_a_fault(text: str) -> None:
    assert not matches(text)
    assert explained(text, "D:96A") != []


def test_a_leap_day_is_right_although_the_pattern_does_not_know_it() -> None:
    assert not matches("DTM+137:20280229:102")
    assert explained("DTM+137:20280229:102", "D:96A") == []


@pytest.mark.parametrize("sign", "?'+:")
def test_a_released_character_is_one_character_of_a_text(sign: str) -> None:
    assert matches("RFF+ON:" + f"?{sign}" * 35)
    assert not matches("RFF+ON:" + f"?{sign}" * 36)
    assert not matches("RFF+?+N:1")


def test_letters_beyond_ascii_need_a_character_set_that_has_them() -> None:
    compiled = {
        encoding: pattern.compile(guides.segments("EDIFACT", "D:96A")["RFF"], replace(DEFAULT, encoding=encoding))
        for encoding in ("latin-1", "iso8859-1")
    }
    assert compiled["iso8859-1"].fullmatch("RFF+ON:M\xdcSLI")
    assert not compiled["latin-1"].fullmatch("RFF+ON:M\xdcSLI")


def test_decimal_marks_that_are_service_characters_are_none() -> None:
    segment = guides.segments("EDIFACT", "D:96A")["QTY"]
    assert pattern.compile(segment, Syntax("EDIFACT", "+", ".", "'")).fullmatch("QTY+21.1,5")
    assert pattern.compile(segment, Syntax("EDIFACT", ",", ".", "'")).fullmatch("QTY,21.15")
