"""A segment written at speed is the segment written with care."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi.edifact.writer import DEFAULT
from d365edi.edi.outgoing import OutgoingSegment
from d365edi.edi.serializer import serializer_for
from d365edi.edi.syntax import Syntax
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


SYNTAX = Syntax(repetition="^")


def _written(write: Callable[..., object], segment: object) -> object:
    try:
        return write(segment, "850")
    except DocumentError as error:
        return str(error)


@settings(max_examples=400, deadline=None)
@given(segments(), st.booleans(), st.sampled_from(["004010", "005010"]))
def test_the_quick_way_writes_what_the_careful_way_writes(segment: OutgoingSegment, upper: bool, version: str) -> None:
    serializer = serializer_for(SYNTAX, version, uppercase=upper)
    with_care = _written(serializer.segment, segment)
    line = b"" if with_care == b"" else b"%s~" % with_care if isinstance(with_care, bytes) else with_care
    body = _written(lambda one, set: serializer.body([one], set)[0], segment)
    assert body == line


@settings(max_examples=200, deadline=None)
@given(st.lists(segments(), max_size=4), st.booleans())
def test_a_set_is_written_as_its_segments_are_one_by_one(body: list[OutgoingSegment], upper: bool) -> None:
    def one_by_one(segments: list[OutgoingSegment], set: str) -> tuple[bytes, int]:
        lines = [written for each in segments if (written := serializer.segment(each, set))]
        return b"".join(line + b"~\r\n" for line in lines), len(lines)

    serializer = serializer_for(replace(SYNTAX, suffix="\r\n"), "004010", uppercase=upper)
    assert _written(serializer.body, body) == _written(one_by_one, body)


@pytest.mark.parametrize(
    ("value", "written"),
    [("A~N3*B", b"N3*A N3 B~"), ("A~", b"N3*A~"), ("A*B", b"N3*A B~"), ("A ", b"N3*A~"), ("~", b""), ("", b"")],
)
def test_a_value_that_looks_like_segments_stays_a_value(value: str, written: bytes) -> None:
    serializer = serializer_for(SYNTAX, "004010", uppercase=False)
    body: list[OutgoingSegment] = [["N1", "ST", "ACME"], ["N3", value], ["N4", "AUSTIN"]]
    assert serializer.body(body, "850") == (b"N1*ST*ACME~" + written + b"N4*AUSTIN~", 3 if written else 2)


def test_two_segments_that_read_alike_are_not_taken_for_each_other() -> None:
    serializer = serializer_for(SYNTAX, "004010")
    assert serializer.body([["N3", "1 MAIN ST", "SUITE 2"]], "850") == (b"N3*1 MAIN ST*SUITE 2~", 1)
    assert serializer.body([["N3", "1 MAIN ST*SUITE 2"]], "850") == (b"N3*1 MAIN ST SUITE 2~", 1)


@pytest.mark.parametrize("sign", "\x1d\x1e\x1f")
def test_a_value_that_holds_a_sign_between_is_no_separator(sign: str) -> None:
    body: list[OutgoingSegment] = [["N1", "ST", f"A{sign}B"], ["MEA", "PD", "WT", "1", ("LB", "2")]]
    assert serializer_for(SYNTAX, "004010").body(body, "850") == (b"N1*ST*A B~MEA*PD*WT*1*LB>2~", 2)


def test_service_characters_may_be_control_characters() -> None:
    syntax = Syntax("X12", "\x1d", "\x1f", "\x1e", "^")
    body: list[OutgoingSegment] = [["N1", "ST", "ACME"], ["MEA", "PD", "WT", "1", ("LB", "2")]]
    assert serializer_for(syntax, "004010").body(body, "850") == (
        b"N1\x1dST\x1dACME\x1eMEA\x1dPD\x1dWT\x1d1\x1dLB\x1f2\x1e",
        2,
    )


# -- EDIFACT ----------------------------------------------------------------------------------------------------------

MESSAGE_VALUES = st.text("1aZ .-+:'?\x1d\nü", max_size=4) | st.sampled_from(
    ["EN", "SA", "21", "AAA", "12.5", "1", "5412345000013"]
)
ROWS_OF_ONE_ID = st.sampled_from(["LIN", "PIA", "QTY", "PRI", "IMD", "FTX"]).flatmap(
    lambda id: st.lists(
        st.lists(MESSAGE_VALUES | st.tuples(MESSAGE_VALUES, MESSAGE_VALUES), max_size=4).map(lambda row: [id, *row]),
        min_size=1,
        max_size=3,
    )
)


@settings(max_examples=300, deadline=None)
@given(ROWS_OF_ONE_ID)
def test_segments_of_edifact_are_written_together_as_they_are_one_by_one(rows: list[OutgoingSegment]) -> None:
    def tried(segments: list[OutgoingSegment]) -> bytes | str:
        try:
            return serializer_for(DEFAULT, "D:96A", "UNOC").body(segments, "ORDERS")[0]
        except DocumentError as error:
            return error.message

    single = [tried([row]) for row in rows]
    refused = [each for each in single if isinstance(each, str)]
    assert tried(rows) == (refused[0] if refused else b"".join(each for each in single if isinstance(each, bytes)))
