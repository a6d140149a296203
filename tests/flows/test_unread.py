"""What was not read of an accepted set, or may have been read in a wrong place, holds its document with a sentence."""

from __future__ import annotations

import pytest

from d365edi.edi import reader
from d365edi.edi.reader import ReadOptions
from tests.unread import EDIFACT, X12, changed, edifact, holds, x12

NOT_READ = {
    "a segment that nobody knows": ("N1*ST => NX*ST*ACME DC 7*92*0007", "segment 6: NX is not a segment of X12"),
    "one of another set": ("N1*BY + BIG*20261102*I1", "BIG is not a segment of the 850"),
    "one in lower case": ("N1*ST => n1*ST*ACME DC 7*92*0007", "n1 is not a segment of X12"),
    "one behind its place": ("BEG + N3*700 DISTRIBUTION WAY", "N3 is not expected here"),
    "a separator in a name": ("N1*ST => N1*ST*SMITH*SONS*92*0007", 'is 4 long, at most 2 allowed ("SONS")'),
    "a separator in a name that looks like a code": ("N1*ST => N1*ST*SMITH*SO*92*0007", "N105"),
    "more elements than there are": ("N3* => N3*7*8*9", "N3 has more than 2 elements"),
    "a pair without its half": ("PO1*2 => PO1*2*3*EA*20**BP*ACME-4712*UP", "PO108 needs PO109"),
}  # fmt: skip
NOT_READ_EDIFACT = {
    "a segment that nobody knows": ("NAD+DP => NAT+DP+4098765000027::9", "segment 7: NAT is not a segment of EDIFACT"),
    "one of another message": ("NAD+BY + BUS+1", "BUS is not a segment of"),
    "one in lower case": ("NAD+DP => nad+DP+4098765000027::9", "nad"),
    "a separator in a name": ("NAD+DP => NAD+DP+++SMITH+SONS+STREET+AUSTIN+TX+78701+US", "at most 3 allowed"),
    "a component separator in a number": ("BGM+220 => BGM+220+45:00123+9", "BGM02"),
    "more components than there are": ("QTY+21:12 => QTY+21:12:EA:4", "QTY01"),
}


@pytest.mark.parametrize("what", NOT_READ)
def test_x12_that_was_not_read_holds_the_order(what: str) -> None:
    change, sentence = NOT_READ[what]
    found = holds(x12(changed(X12, change)))
    assert any(sentence in each for each in found), found


@pytest.mark.parametrize("what", NOT_READ_EDIFACT)
def test_edifact_that_was_not_read_holds_the_order(what: str) -> None:
    change, sentence = NOT_READ_EDIFACT[what]
    found = holds(edifact(changed(EDIFACT, change)))
    assert any(sentence in each for each in found), found


def test_orders_without_a_fault_do_not_wait() -> None:
    assert (holds(x12()), holds(edifact())) == ([], [])


@pytest.mark.parametrize("change", ["PID*F => PID*F*08***" + "G" * 90, "N1*BY => N1*BY*" + "A" * 61 + "*92*1000"])
def test_a_text_that_is_too_long_is_read_all_the_same(change: str) -> None:
    assert holds(x12(changed(X12, change))) == []


def test_a_rule_that_the_guide_makes_a_note_holds_nothing() -> None:
    data = x12(changed(X12, "N1*ST => NX*ST*ACME DC 7*92*0007"))
    options = ReadOptions(overlays={"850": {"severity": {"unknown": "note"}}})
    (found,) = reader.read(data, options).interchanges[0].groups[0].sets[0].findings
    assert (found.rule, found.severity, found.holds) == ("unknown", "note", False)
