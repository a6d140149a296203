"""Flat segments of EDIFACT as they are written: composites together, nothing empty at an end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.maps.composites import Folding, _fold, flat
from tests.maps.wire_edifact import guide

GUIDE = flat(guide("ORDERS", "D96A"))
FOLDING = Folding(GUIDE)


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """A flat segment with some of its elements."""
    segment = GUIDE.segments[draw(st.sampled_from(["LIN", "PIA", "DTM", "NAD", "IMD", "MOA", "QTY", "BGM", "FTX"]))]
    values = [draw(st.sampled_from(["", "", "1", "2026", "A" * each.max])) for each in segment.elements]
    return [segment.id, "1", *values[1 : draw(st.integers(0, len(values)))]]


@settings(deadline=None, max_examples=300)
@given(row=rows())
def test_a_segment_is_folded_by_its_shape_as_value_by_value(row: list[str]) -> None:
    expected = _fold(row, GUIDE.segments[row[0]])
    assert [FOLDING.fold(row), FOLDING.fold(row)] == [expected, expected]


@pytest.mark.parametrize(
    ("row", "folded"),
    [
        (["DTM", "137", "20261102"], ["DTM", ("137", "20261102", "102")]),
        (["DTM", "137", "20261102", "", "0915"], ["DTM", ("137", "202611020915", "203")]),
        (["LIN", "1", "", "EN", "4012345000009"], ["LIN", "1", "", ("4012345000009", "EN")]),
        (["MOA", "79", "-123456789012345.67"], ["MOA", ("79", "-123456789012345.67")]),
        (["BGM", "220"], ["BGM", "220"]),
        (["BGM", "220", "", "", "", "4500124"], ["BGM", "220", "4500124"]),
    ],
)
def test_values_go_to_their_components(row: list[str], folded: list[str | tuple[str, ...]]) -> None:
    assert FOLDING.fold(row) == folded
