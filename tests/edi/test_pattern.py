"""The quick look and the slow one agree: what the pattern of a segment matches, the explanation finds nothing wrong with."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import guides
from d365edi.edi.findings import Position
from d365edi.edi.guide import Element, Segment
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import elements, pattern

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
def raws(draw: st.DrawFn) -> tuple[Segment, Syntax, bytes]:
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
    return segment, syntax, syntax.raw.element.join([id.encode(), *(text.encode("latin-1") for text in values)])


@settings(max_examples=300, deadline=None)
@given(raws())
def test_what_matches_has_no_fault(made: tuple[Segment, Syntax, bytes]) -> None:
    segment, syntax, raw = made
    if pattern.compile(segment, syntax).fullmatch(raw):
        found = elements.explain(raw, segment, elements.Context(syntax, Position()))
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
        raw = "*".join([id, *values]).rstrip("*").encode()
        found = elements.explain(raw, segment, elements.Context(Syntax(), Position()))
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
    raw = syntax.raw.element.join([b"REF", b"IA", b"0078123"])
    matches = pattern.compile(segment, syntax).fullmatch
    assert matches(raw)
    assert not matches(raw + syntax.raw.component)
    assert not matches(raw + syntax.raw.element)
    assert not matches(raw + syntax.raw.terminator)


def test_a_pattern_takes_no_longer_for_what_nearly_matches() -> None:
    segment = guides.segments("X12", "005010")["PO1"]
    matches = pattern.compile(segment, Syntax(repetition="^")).fullmatch
    for size in (100, 1000, 100_000):
        assert not matches(b"PO1*1*120*EA*12.5*WE" + b"*UP*" + b"6" * size)
        assert not matches(b"PO1*" + b"1*" * size)


@pytest.mark.parametrize("codes", [["A"], ["A", "AB", "ABC"], ["00", "01", "1A"], ["", "X"], ["X-1", "X.1", "X]1"]])
def test_codes_match_themselves_and_nothing_else(codes: list[str]) -> None:
    matches = re.compile(pattern.alternatives(codes)).fullmatch
    for code in codes:
        assert matches(code.encode())
    for other in ("B", "ABCD", "0", "02", "X1", "X+1", "XX"):
        assert not matches(other.encode())
