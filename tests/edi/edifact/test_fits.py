"""The quick look at a message's figures says yes only where the second look finds nothing, and says it where all is plain."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import checkdigit
from d365edi.edi.edifact import fits, totals
from d365edi.edi.edifact.message import Message
from d365edi.edi.edifact.writer import DEFAULT
from d365edi.edi.findings import Position
from d365edi.edi.sweep import NOUGHTS


def message(lines: Sequence[str], id: str = "ORDERS") -> Message:
    """A message of these segments."""
    segments = [line.encode() for line in lines]

    def rows(head: bytes) -> Sequence[bytes]:
        return [raw for raw in segments if raw.startswith(head)]

    def forms(head: bytes) -> Sequence[bytes]:
        return [raw.translate(NOUGHTS) for raw in rows(head)]

    text = b"\n".join([b"", *segments])
    return Message(id, segments, DEFAULT, lambda index: Position(0, index + 1), text, rows, forms)


def gtin(body: str) -> str:
    """A number with its check digit."""
    return body + checkdigit.digit(body)


GOOD = gtin("541000000001")
PLAIN = [
    "NAD+BY+5412345000013::9",
    f"LIN+1++{GOOD}:EN",
    "QTY+21:5:PCE",
    "LIN+2++4012345678901:EN",
    "UNS+S",
    "CNT+2:2",
    "CNT+1:5",
]
FITS = [
    PLAIN,
    [],
    ["LIN+1", "PIA+1+V1:SA"],
    [f"LIN+1++{gtin('1234567')}:EN", f"PIA+1+{gtin('01234567890')}:UP+X7:SA", f"PIA+5+{gtin('1540000000001')}:SRV"],
    ["NAD+BY+5412345000013::9+++O?'NEIL", "NAD+SU+X::92", "NAD", "NAD+DP"],
    ["NAD+BY+X77::92", "NAD+SU+++O?'NEIL", "CNT+2:0"],
    ["LIN+1++ANY-KEY:SA", "QTY+21:12.5:PCE", "CNT+2:1"],
]
DOUBTFUL = [
    ["LIN+1++5410000000018:EN"],
    ["LIN+1++54100000000:EN"],
    ["LIN+1++54100000A0011:EN"],
    [f"LIN+1++{GOOD}:UP"],
    [f"LIN+1++?{GOOD}:EN"],
    ["PIA+1+5410000000018:EN"],
    ["NAD+BY+5412345000014::9"],
    ["NAD+BY+541234500001::9"],
    ["NAD+BY+5412?:345::9"],
    ["NAD+BY+5412345000014::9+O?'NEIL"],
    ["NAD+BY+5412345000013:::9", "NAD+SU+5412345000014:1:9:2"],
    ["LIN+1", "CNT+2:2"],
    ["LIN+1", "CNT+3:1"],
    ["QTY+21:5", "CNT+1:6"],
    ["QTY+21:5.5", "CNT+1:5"],
    ["QTY+21:", "CNT+1:5"],
    ["CNT"],
    ["GIN+BJ+000000000000000000"],
]


@pytest.mark.parametrize("lines", FITS)
def test_plain_figures_fit_at_the_first_look(lines: list[str]) -> None:
    assert fits.fit(message(lines))


@pytest.mark.parametrize("lines", DOUBTFUL)
def test_what_is_wrong_or_rare_is_left_to_the_second_look(lines: list[str]) -> None:
    assert not fits.fit(message(lines))


NUMBERS = st.sampled_from(
    [GOOD, "5410000000018", "4012345678901", "12345670", "123", "A", "", "?+1", gtin("01234567890")]
)
KINDS = st.sampled_from(["EN", "UP", "SRV", "SA", "", "EN::9"])
ARTICLE = st.builds("{}:{}".format, NUMBERS, KINDS)
LINES = st.one_of(
    st.builds("LIN+{}++{}".format, st.integers(0, 99), ARTICLE),
    st.builds("PIA+1+{}+{}".format, ARTICLE, ARTICLE),
    st.builds(
        "NAD+BY+{}::{}".format,
        st.sampled_from(["5412345000013", "5412345000014", "541", "?+", "7?:7", "7+", ":7"]),
        st.sampled_from(["9", "92", "", "9+X", "9:X", "9?+"]),
    ),
    st.builds("QTY+{}:{}".format, st.sampled_from(["21", "113"]), st.sampled_from(["1", "2", "2.5", "-1", ""])),
    st.builds("CNT+{}:{}".format, st.sampled_from("1234"), st.integers(0, 5)),
    st.sampled_from(["CNT", "NAD", "LIN", "GIN+BJ+123456789012345675", "UNS+S"]),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_where_it_says_yes_the_second_look_finds_nothing(lines: list[str]) -> None:
    whole = message(lines)
    if fits.fit(whole):
        assert [*totals._control_totals(whole), *totals._gs1(whole)] == []
