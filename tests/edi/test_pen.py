"""A segment written at speed is the segment written with care."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi.syntax import Syntax
from d365edi.edi.x12.pen import OutgoingSegment, Pen
from d365edi.errors import DocumentError
from tests.edi.make import INVOICE, ORDER

VALUES = st.one_of(
    st.sampled_from(["", "1", "12", "12.5", "-3", "1.", "007", "EA", "ea", "UP", "614141000012", "20260105", "20261399", "2460"]),
    st.sampled_from(["A*B", "A~B", "A>B", " x", "x ", "two  blanks", "Café", "ß", "\ud800", "\n", "", "A" * 90]),
    st.text("AB 1.-", max_size=12),
)  # fmt: skip
RIGHT = [body.split("*") for body in (*ORDER, *INVOICE)]


@st.composite
def segments(draw: st.DrawFn) -> OutgoingSegment:
    """A right segment, some of its elements replaced by any value, some left out at its end."""
    segment: OutgoingSegment = list(draw(st.sampled_from(RIGHT)))
    for at in draw(st.sets(st.integers(1, len(segment)), max_size=2)):
        segment[at : at + 1] = [draw(st.one_of(VALUES, st.tuples(VALUES, VALUES)))]
    return segment[: draw(st.one_of(st.none(), st.integers(1, len(segment))))]


SYNTAX = Syntax(repetition=b"^")


def _written(write: object, segment: OutgoingSegment) -> bytes | str:
    try:
        return write(segment, "850")  # type: ignore[operator, no-any-return]
    except DocumentError as error:
        return str(error)


@settings(max_examples=400, deadline=None)
@given(segments(), st.booleans(), st.sampled_from(["004010", "005010"]))
def test_the_quick_way_writes_what_the_careful_way_writes(segment: OutgoingSegment, upper: bool, version: str) -> None:
    pen = Pen(SYNTAX, version, uppercase=upper)
    with_care = _written(pen._carefully, segment)
    assert [_written(pen.segment, segment) for _ in range(2)] == [with_care, with_care]


def test_two_segments_that_read_alike_are_not_taken_for_each_other() -> None:
    pen = Pen(SYNTAX, "004010", uppercase=False)
    assert pen.segment(["N3", "1 MAIN ST", "SUITE 2"], "850") == b"N3*1 MAIN ST*SUITE 2"
    assert pen.segment(["N3", "1 MAIN ST*SUITE 2"], "850") == b"N3*1 MAIN ST SUITE 2"
