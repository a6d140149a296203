"""The 24 mutants of an order that the peers were tried with: each breaks one rule of the standard, and the code that says so."""

from __future__ import annotations

from typing import NamedTuple

from tests.edi.make import data, interchange

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
        """The mutated order; SE counts what is there unless the count is what was mutated."""
        assert TEXT.count(self.old) == 1, self.old
        text = TEXT.replace(self.old, self.new)
        if self.name != "SE count":
            body = text[text.index("ST*") : text.index("SE*")]
            text = text.replace("SE*22*", f"SE*{body.count('~') + 1}*")
        return text.encode("latin-1")


MUTANTS = (
    Mutant("mandatory segment BEG missing", "BEG*00*SA*4500012345**20260105~", "", "BEG", "3"),
    Mutant("mandatory element BEG03 empty", "SA*4500012345*", "SA**", "BEG03", "1"),
    Mutant("element too long (BEG01 ZZZZ)", "BEG*00*", "BEG*ZZZZ*", "BEG01", "5"),
    Mutant("element too short (N401 T)", "N4*ANYTOWN*", "N4*T*", "N401", "4"),
    Mutant("code not in list, right length (BEG01 QQ)", "BEG*00*", "BEG*QQ*", "BEG01", "7"),
    Mutant("impossible date", "**20260105~CUR", "**20261345~CUR", "BEG05", "8"),
    Mutant("non-numeric quantity PO102", "PO1*1*120*", "PO1*1*1X0*", "PO102", "6"),
    Mutant("paired P0607 (PO106 without PO107)", "*UP*614141000012*VN*NB-100", "*UP", "PO107", "2"),
    Mutant("conditional C0302 (PO103 without PO102)", "PO1*1*120*EA", "PO1*1**EA", "PO102", "2"),
    Mutant("required R0203 (N1 with neither 02 nor 03)", "N1*BT*EXAMPLE RETAIL CO*92*1000", "N1*BT", "N102", "2"),
    Mutant("paired P0304 (N103 without N104)", "CO*92*1000", "CO*92", "N104", "2"),
    Mutant("required R0203 REF (only REF01)", "REF*IA*0078123", "REF*IA", "REF02", "2"),
    Mutant("segment out of order (DTM before BEG)", "BEG*00*SA*4500012345**20260105~",
           "DTM*010*20260112~BEG*00*SA*4500012345**20260105~", "BEG", "7"),
    Mutant("unknown segment ZZZ", "CUR*BY*USD~", "CUR*BY*USD~ZZZ*1~", "ZZZ", "1"),
    Mutant("segment not in this set (BIG in 850)", "CUR*BY*USD~", "CUR*BY*USD~BIG*20260101*1~", "BIG", "6"),
    Mutant("too many elements (N3 with 5)", "N3*700 DISTRIBUTION WAY", "N3*A*B*C*D*E", "N303", "3"),
    Mutant("max use exceeded (CUR twice)", "CUR*BY*USD~", "CUR*BY*USD~CUR*BY*USD~", "CUR", "5"),
    Mutant(
        "mandatory loop PO1 missing", TEXT[TEXT.index("PO1*1*") : TEXT.index("CTT*")], "", "PO1", "3",
    ),
    Mutant("trailing empty elements (N3*A**)", "N3*700 DISTRIBUTION WAY", "N3*A**", "N3", ""),
    Mutant("segment with no data (N3)", "N3*700 DISTRIBUTION WAY", "N3", "N301", "1"),
    Mutant("component in simple element", "N3*700 DISTRIBUTION WAY", "N3*700>DISTRIBUTION", "N301", "6"),
    Mutant("SE count", "SE*22*", "SE*21*", "SE01", "4"),
    Mutant("control characters (BEL) in AN", "N3*700 DISTRIBUTION WAY", "N3*700\x07WAY", "N301", "6"),
    Mutant("GS01/ST01 mismatch (GS IN, ST 850)", "GS*PO*", "GS*IN*", "ST01", "18"),
)  # fmt: skip
