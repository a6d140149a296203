"""Mutants of an order: each breaks one rule of the standard, and the code of 0085 that says so."""

from __future__ import annotations

from typing import NamedTuple

from tests.edi.edifact.make import data, interchange

TEXT = data(interchange()).decode()


class Mutant(NamedTuple):
    """A rule broken: the text that was there, the text instead, and where and with which code it must be found."""

    name: str
    old: str
    new: str
    place: str
    code: str

    @property
    def data(self) -> bytes:
        """The mutated order; UNT counts what is there."""
        assert TEXT.count(self.old) == 1, self.old
        text = TEXT.replace(self.old, self.new)
        body = text[text.index("UNH+") : text.index("UNZ+")]
        return text.replace("UNT+25", f"UNT+{body.count(chr(39))}").encode("latin-1")


MUTANTS = (
    Mutant("mandatory segment BGM missing", "BGM+220+4500012345+9'", "", "BGM", "13"),
    Mutant("mandatory element missing", "NAD+BY+5412345000013::9", "NAD++5412345000013::9", "NAD01", "13"),
    Mutant("mandatory component missing", "QTY+21:120", "QTY+:120", "QTY01", "13"),
    Mutant("mandatory component at the end missing", "QTY+21:120", "QTY+21", "QTY01", "13"),
    Mutant("too long", "CTR-77", "C" * 36, "RFF01", "39"),
    Mutant("too many digits", "QTY+21:120", "QTY+21:1234567890123456", "QTY01", "39"),
    Mutant("no number", "QTY+21:120", "QTY+21:1X0", "QTY01", "37"),
    Mutant("plus sign", "QTY+21:120", "QTY+21:?+120", "QTY01", "37"),
    Mutant("exponent", "PRI+AAA:12.5", "PRI+AAA:1E3", "PRI01", "37"),
    Mutant("decimal mark first", "PRI+AAA:7.225", "PRI+AAA:.225", "PRI01", "38"),
    Mutant("decimal mark last", "PRI+AAA:7.225", "PRI+AAA:7.", "PRI01", "19"),
    Mutant("impossible date", "DTM+137:20260105:102", "DTM+137:20261345:102", "DTM01", "12"),
    Mutant("no leap year", "DTM+137:20260105:102", "DTM+137:20260229:102", "DTM01", "12"),
    Mutant("date of another width", "DTM+137:20260105:102", "DTM+137:260105:102", "DTM01", "12"),
    Mutant("impossible time", "DTM+137:20260105:102", "DTM+137:202601052560:203", "DTM01", "12"),
    Mutant("code not in its list", "UNS+S", "UNS+X", "UNS01", "12"),
    Mutant("too many elements", "CUX+2:EUR:9", "CUX+2:EUR:9++++X", "CUX05", "16"),
    Mutant("too many components", "CUX+2:EUR:9", "CUX+2:EUR:9:1:X", "CUX01", "16"),
    Mutant("components in a simple element", "UNS+S", "UNS+S:X", "UNS01", "16"),
    Mutant("segment out of order", "BGM+220+4500012345+9'DTM+137:20260105:102'",
           "DTM+137:20260105:102'BGM+220+4500012345+9'", "BGM", "15"),
    Mutant("unknown segment", "CUX+2:EUR:9'", "CUX+2:EUR:9'ZZZ+1'", "ZZZ", "15"),
    Mutant("segment of another message", "CUX+2:EUR:9'", "CUX+2:EUR:9'CPS+1'", "CPS", "15"),
    Mutant("segment too often", "UNS+S'", "UNS+S'UNS+S'", "UNS", "35"),
    Mutant("group of segments too often", "CUX+2:EUR:9'", "CUX+2:EUR:9'" * 6, "CUX", "36"),
    Mutant("trailing separators", "CUX+2:EUR:9", "CUX+2:EUR:9++", "CUX", "45"),
    Mutant("trailing component separators", "CUX+2:EUR:9", "CUX+2:EUR:9:", "CUX01", "45"),
    Mutant("control character", "MUESLI", "MUE\x07SLI", "IMD03", "21"),
    Mutant("GTIN with a wrong check digit", "LIN+1++4000862141404:EN", "LIN+1++4000862141405:EN", "LIN03", "12"),
    Mutant("GLN with a wrong check digit", "NAD+BY+5412345000013::9", "NAD+BY+5412345000014::9", "NAD02", "12"),
)  # fmt: skip
