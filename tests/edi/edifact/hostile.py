"""Hostile inputs in EDIFACT's spelling: name, what becomes of it, and the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.edi.edifact.make import data, interchange, numbered


class Hostile(NamedTuple):
    """An input. `verdicts` as `see.verdicts` says them; `rule` is one that must be told, "" where nothing may be.

    `lines` is how many LIN segments must come out of it again: in whatever message, or told as standing outside.
    """

    name: str
    data: bytes
    verdicts: str
    rule: str = ""
    lines: int = 2


GOOD = interchange()
TEXT = data(GOOD).decode()
FINE = "IA GA ORDERSA"
LOST = "IR GR ORDERSR"
WRONG = "IA GR ORDERSR"


def _swap(old: str, new: str, text: str = TEXT) -> bytes:
    assert text.count(old) == 1, old
    return text.replace(old, new).encode("latin-1")


def _without(*ids: str) -> bytes:
    return data([segment for segment in GOOD if segment[:3] not in ids])


def _spelled(una: str) -> bytes:
    """The good interchange under the service characters of a UNA."""
    signs = TEXT.translate(str.maketrans(":+.'", una[0] + una[1] + una[2] + una[5]))
    return f"UNA{una}{signs}".encode("latin-1")


def inputs() -> Iterator[Hostile]:
    """All of them."""
    yield from _cut()
    yield from _counts()
    yield from _structure()
    yield from _spelling()
    yield from _odd()


def _cut() -> Iterator[Hostile]:
    yield Hostile("good", data(GOOD), FINE)
    yield Hostile("empty", b"", "", "empty", 0)
    yield Hostile("blanks only", b" \r\n\t \n", "", "empty", 0)
    yield Hostile("UNA only", b"UNA:+.? '", "", "header", 0)
    yield Hostile("UNB only", data(GOOD[:1]), "IR", "trailer", 0)
    yield Hostile("UNB cut", data(GOOD)[:30], "", "header", 0)
    yield Hostile("cut in a segment", data(GOOD)[: TEXT.index("5410738000152")], LOST, "trailer")
    yield Hostile("no last terminator", data(GOOD)[:-1], FINE, "terminator")


def _counts() -> Iterator[Hostile]:
    yield Hostile("UNT counts wrong", _swap("UNT+25", "UNT+24"), WRONG, "count")
    yield Hostile("UNT counts in letters", _swap("UNT+25", "UNT+XX"), WRONG, "count")
    yield Hostile("UNT counts too far", _swap("UNT+25", f"UNT+{'9' * 400}"), WRONG, "count")
    yield Hostile("UNT refers elsewhere", _swap("UNT+25+ME1", "UNT+25+ME2"), WRONG, "control")
    yield Hostile("UNZ counts wrong", _swap("UNZ+1", "UNZ+4"), "IE GA ORDERSA", "count")
    yield Hostile("UNZ refers elsewhere", _swap("UNZ+1+101", "UNZ+1+102"), LOST, "control")
    yield Hostile("UNZ with noughts in front", _swap("UNZ+1+101", "UNZ+1+0101"), LOST, "control")
    yield Hostile("no UNZ", _without("UNZ"), LOST, "trailer")
    yield Hostile("no UNT", _without("UNT"), WRONG, "trailer")
    yield Hostile("no UNT, no UNZ", _without("UNT", "UNZ"), LOST, "trailer")
    yield Hostile("no UNH", _without("UNH"), "IR", "astray")
    twice = data(interchange(numbered(), numbered()))
    yield Hostile("a reference twice", twice, "IA GP ORDERSA ORDERSR", "duplicate", 4)
    yield Hostile("the same interchange twice", data(GOOD) * 2, f"{FINE} {FINE}", "duplicate-interchange", 4)
    yield Hostile("no message", data([*interchange(count=0)[:1], "UNZ+0+101"]), "IR", "empty-envelope", 0)


def _structure() -> Iterator[Hostile]:
    yield Hostile("separator in data", _swap("CALL DOCK 7", "CALL+DOCK+7"), "IA GE ORDERSE", "length")
    yield Hostile("terminator in data", _swap("CALL DOCK 7", "CALL'DOCK 7"), WRONG, "unknown")
    yield Hostile("a release character at the end", _swap("CALL DOCK 7'", "CALL DOCK 7?'"), WRONG, "count")
    yield Hostile("an empty segment", _swap("CUX+2:EUR:9'", "CUX+2:EUR:9''"), FINE, "empty")
    nested = data([*GOOD[:8], *numbered(control="ME2"), *GOOD[8:]])
    yield Hostile("a message in a message", nested, "IE GP ORDERSR ORDERSA", "trailer", 4)
    yield Hostile("an unknown segment", _swap("CUX+2:EUR:9'", "CUX+2:EUR:9'ZZZ+1'").replace(b"UNT+25", b"UNT+26"),
                  "IA GE ORDERSE", "unknown")  # fmt: skip
    yield Hostile("an unknown message", data(interchange(numbered(type="ORDERX"))), "IA GR ORDERXR", "unsupported")
    yield Hostile("no version", data(interchange(numbered(version="D"))), WRONG, "unsupported")
    yield Hostile("a segment without data", _swap("RFF+CT:CTR-77", "RFF"), WRONG, "empty-segment")


def _spelling() -> Iterator[Hostile]:
    yield Hostile("line breaks", data(GOOD, suffix="\n"), FINE)
    yield Hostile("carriage returns and line breaks", data(GOOD, suffix="\r\n"), FINE)
    yield Hostile("blanks before segments", data(GOOD, suffix="\r\n    "), FINE)
    cut = data(GOOD)
    yield Hostile("lines of 80", b"\r\n".join(cut[at : at + 80] for at in range(0, len(cut), 80)), FINE, "wrapped")
    yield Hostile("byte order mark", b"\xef\xbb\xbf" + data(GOOD), FINE, "encoding")
    yield Hostile("UTF-16", data(GOOD).decode().encode("utf-16"), FINE, "encoding")
    yield Hostile("junk before", b"Dear partner,\r\n" + data(GOOD, una="UNA:+.? '"), FINE, "junk")
    yield Hostile("a quote before", b'"' + data(GOOD, una="UNA:+.? '"), FINE, "junk")
    yield Hostile("junk behind", data(GOOD) + b"THIS IS NO EDI", FINE, "junk")
    yield Hostile(
        "small letters in level A",
        _swap("MUESLI", "Muesli", data(interchange(charset="UNOA:3")).decode()),
        FINE,
        "charset",
    )
    yield Hostile("Latin-1", _swap("MUESLI", "M\xdcSLI"), FINE)
    yield Hostile("UTF-8", TEXT.replace("UNOC", "UNOY").replace("MUESLI", "MÜSLI").encode(), FINE)
    yield Hostile(
        "Latin-1 in level B", _swap("MUESLI", "M\xdcSLI", data(interchange(charset="UNOB:3")).decode()), FINE, "charset"
    )
    yield Hostile("an unknown character set", data(interchange(charset="IATB:1")), FINE, "charset")
    yield Hostile("a syntax version that is not", data(interchange(charset="UNOC:9")), LOST, "version")
    yield Hostile("NUL in data", _swap("MUESLI", "MUE\x00SLI"), "IA GE ORDERSE", "character")
    yield Hostile("small letters in an id", _swap("CUX+2", "cux+2"), "IA GE ORDERSE", "unknown")


def _odd() -> Iterator[Hostile]:
    yield Hostile("UNA with other signs", _spelled("@|,! ~"), FINE)
    yield Hostile("UNA with five characters", b"UNA:+.?'" + data(GOOD), FINE, "header")
    yield Hostile("UNA with a sign in the reserved place", data(GOOD, una="UNA:+.?*'"), FINE)
    yield Hostile("UNA with a line break as terminator", _spelled(":+.? \n"), FINE)
    yield Hostile(
        "UNA without a release character",
        _swap("CALL DOCK 7", "CALL? DOCK", data(GOOD, una="UNA:+.  '").decode()),
        FINE,
    )
    other = _spelled("@|,! ~").replace(b"|101", b"|102")
    yield Hostile("two interchanges, two UNAs", data(GOOD) + b"\r\n" + other, f"{FINE} {FINE}", "", 4)
    yield Hostile("another interchange without an end before", _without("UNZ") + other, f"{LOST} {FINE}", "trailer", 4)
    repeated = data(interchange(charset="UNOC:4"))
    yield Hostile("syntax 4", repeated, FINE)
    yield Hostile(
        "syntax 4, a repetition",
        repeated.replace(b"CUX+2:EUR:9", b"CUX+2:EUR:9*3:USD:4"),
        "IA GE ORDERSE",
        "repetition",
    )
    yield Hostile("an asterisk in syntax 3", _swap("CALL DOCK 7", "CALL * DOCK"), FINE)
    yield Hostile("UNA inside of data", _swap("CALL DOCK 7", "UNA?:?+.UNB DOCK"), FINE)
    yield Hostile("what looks like UNA and UNB inside of data", _swap("CALL DOCK 7", "UNA-4-37-UNB-X"), FINE)
    yield Hostile("a decimal comma", _swap("PRI+AAA:12.5", "PRI+AAA:12,5"), FINE, "decimal-mark")
    yield Hostile("a megabyte of text", _swap("CALL DOCK 7", "C" * (1 << 20)), "IA GE ORDERSE", "length")
    yield Hostile("a million separators", _swap("CUX+2:EUR:9", "CUX+2:EUR:9" + "+" * 1_000_000), FINE, "trailing")
    yield Hostile("a thousand release characters", _swap("CALL DOCK 7", "?" * 1000), "IA GE ORDERSE", "length")
