"""Where an interchange begins and what its service characters are, from the first bytes of an ISA or a UNA."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import header
from d365edi.edi.header import Header
from d365edi.edi.syntax import Syntax
from tests.edi import make

ISA = make.isa()
LATER = make.isa(version="00501", repetition="^")


def read(text: str, at: int = 0) -> Header:
    """The header at a place."""
    found = header.read(text.encode("latin-1"), at, at)
    assert found is not None
    return found


def rules(found: Header) -> list[str]:
    """The rules of its findings."""
    return [finding.rule for finding in found.findings]


SYNTAXES = [
    (f"{ISA}~GS*", Syntax("X12", "*", ">", "~")),
    (f"{ISA}~\nGS*", Syntax("X12", "*", ">", "~", suffix="\n")),
    (f"{ISA}~\r\nGS*", Syntax("X12", "*", ">", "~", suffix="\r\n")),
    (f"{ISA}~\rGS*", Syntax("X12", "*", ">", "~", suffix="\r")),
    (f"{ISA}\nGS*", Syntax("X12", "*", ">", "\n")),
    (f"{ISA}\r\nGS*", Syntax("X12", "*", ">", "\r", suffix="\n")),
    (f"{ISA}\x85GS*", Syntax("X12", "*", ">", "\x85")),
    (f"{LATER}~GS*", Syntax("X12", "*", ">", "~", "^")),
    (f"{make.isa(version='00501')}~GS*", Syntax("X12", "*", ">", "~")),  # U, although 00501 repeats
    (f"{make.isa(repetition='^')}~GS*", Syntax("X12", "*", ">", "~")),  # ^, although 00401 does not
    (f"{make.isa(version='00402', repetition='|')}~GS*", Syntax("X12", "*", ">", "~", "|")),
    (
        f"{LATER}~GS*".translate({42: "|", 62: "\x1f", 126: "\x1c", 94: "!"}),
        Syntax("X12", "|", "\x1f", "\x1c", "!"),
    ),
]


@pytest.mark.parametrize(("text", "syntax"), SYNTAXES)
def test_the_service_characters_stand_at_their_places(text: str, syntax: Syntax) -> None:
    found = read(text)
    assert (found.syntax, found.length, found.wrapped, found.padded) == (syntax, 106, 0, False)
    assert [len(element) for element in found.elements] == [3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1]
    assert found.findings == []


signs = st.integers(0, 255).filter(lambda c: not bytes((c,)).isalnum() and c not in b" \r\n").map(lambda c: bytes((c,)))


@settings(deadline=None)
@given(st.lists(signs, min_size=3, max_size=3, unique=True))
def test_any_characters_may_be_delimiters(three: list[bytes]) -> None:
    element, component, terminator = three
    table = bytes.maketrans(b"*>~", b"".join(three))
    found = header.read(f"{ISA}~GS*PO".encode().translate(table), 0, 0)
    assert found is not None
    assert (found.syntax.raw.element, found.syntax.raw.component, found.syntax.raw.terminator) == (
        element,
        component,
        terminator,
    )


SHORT = "*".join(part.strip(" ") for part in ISA.split("*"))
RECOVERED = [
    (f"{SHORT}~GS*", ["header"], b"~", 0),
    (f"{SHORT}\nGS*", ["header"], b"\n", 0),
    (f"{SHORT} ~GS*", ["header"], b"~", 0),
    (f"{ISA} ~GS*", ["padding"], b"~", 0),
    (f"{ISA[:80]}\n{ISA[80:]}~{'GS*' * 40}", ["wrapped"], b"~", 80),
    (f"{ISA[:72]}\r\n{ISA[72:]}~{'GS*' * 40}", ["wrapped"], b"~", 72),
    (f"{ISA.lower()}~gs*", ["case"], b"~", 0),
    (f"{ISA[:-1]}*~GS*", ["separator"], b"~", 0),
    (f"{ISA[:-1]} ~GS*", ["separator"], b"~", 0),
]


@pytest.mark.parametrize(("text", "told", "terminator", "wrapped"), RECOVERED)
def test_a_header_that_lost_its_form_is_read_and_told(
    text: str, told: list[str], terminator: bytes, wrapped: int
) -> None:
    found = read(text)
    assert rules(found) == told
    assert (found.syntax.raw.terminator, found.wrapped) == (terminator, wrapped)
    assert found.elements[13].strip(" ") == "000000101"


NONE = [
    "", "ISA", "ISA*", ISA[:60], SHORT[:40], "ISAAC NEWTON*1", "ISA IS A STANDARD", "ISA\r\n", "GS*PO*SENDER", "UNB", "UNA",
    "UNBELIEVABLE", "ISA*" + "x" * 300 + "*" * 16, "ISA" + "*" * 200, "UNA:+.? 'UNH+1'", "UNB+UNOA:3+S+R",
    SHORT, SHORT + "A",
]  # fmt: skip


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_a_header_is_none(text: str) -> None:
    assert header.read(text.encode("latin-1"), 0, 0) is None


UNB = "UNB+UNOA:3+S:14+R:14+260105:0915+1'UNH+"
EDIFACT = [
    (UNB, Syntax("EDIFACT", "+", ":", "'", "", "?", "."), 35),
    (f"UNA:+.? '{UNB}", Syntax("EDIFACT", "+", ":", "'", "", "?", "."), 44),
    (f"UNA:+,? '\r\n{UNB}", Syntax("EDIFACT", "+", ":", "'", "", "?", ","), 46),
    ("UNA|*.\\ ~UNB*UNOA|3*S*R*260105|0915*1~", Syntax("EDIFACT", "*", "|", "~", "", "\\", "."), 38),
    ("UNA:+.?*'UNB+UNOC:4+S+R+20260105:0915+1'", Syntax("EDIFACT", "+", ":", "'", "*", "?", "."), 40),
    ("UNA:+.  'UNB+UNOA:3+S+R+260105:0915+1'", Syntax("EDIFACT", "+", ":", "'", "", "", "."), 38),
    ("UNB+UNOA:3+S?'X+R+260105:0915+1'", Syntax("EDIFACT", "+", ":", "'", "", "?", "."), 32),
]  # fmt: skip


@pytest.mark.parametrize(("text", "syntax", "length"), EDIFACT)
def test_una_announces_the_service_characters_of_edifact(text: str, syntax: Syntax, length: int) -> None:
    found = read(text)
    assert (replace(found.syntax, encoding=syntax.encoding), found.length) == (syntax, length)
    assert found.elements[0] == "UNB"


SOUND = [(f"{ISA}~", True), (f"xx{ISA}~"[2:], True), (f"{ISA.lower()}~", True), (SHORT + "~" * 50, False), (ISA[:100], False),
         (ISA.replace("260105", "26O105") + "~", False), (ISA.replace("000000101", "00000010X") + "~", False)]  # fmt: skip


@pytest.mark.parametrize(("text", "sound"), SOUND)
def test_only_a_whole_isa_with_its_numbers_is_sound(text: str, sound: bool) -> None:
    assert header.sound(text.encode(), 0) == sound
