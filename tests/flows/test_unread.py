"""What was not read of an accepted set, or may have been read in a wrong place, holds its document with a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from d365edi import partners
from d365edi.edi import reader
from d365edi.edi.reader import ReadOptions
from d365edi.errors import SettingsError
from d365edi.settings import load
from tests.settings.conftest import RIGHT
from tests.unread import EDIFACT, X12, changed, edifact, holds, inspected, x12

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


@pytest.mark.parametrize(("severity", "holding"), [("note", False), ("warning", False), ("error", True)])
def test_a_rule_that_the_guide_makes_less_holds_nothing(severity: str, holding: bool) -> None:
    data = x12(changed(X12, "N1*ST => NX*ST*ACME DC 7*92*0007"))
    options = ReadOptions(overlays={"850": {"severity": {"unknown": severity}}})
    (found,) = reader.read(data, options).interchanges[0].groups[0].sets[0].findings
    assert (found.rule, found.severity, found.holds) == ("unknown", severity, holding)


def test_what_grew_since_an_old_version_holds_nothing_there() -> None:
    (part,) = (
        part
        for part in inspected(x12(changed(X12, "N1*BY => N1*BY*ACME*921*1000"), version="003040")).parts
        if part.document
    )
    assert part.holds == ()


@pytest.mark.parametrize(
    ("flow", "name", "remedy"),
    [
        ('receive.850]\ncreate = "SalesOrder"', "SDX", 'did you mean "SDQ"?'),
        ('receive.ORDERS]\ncreate = "SalesOrder"', "SDQ", "there are AGR, ALC"),
        ("receive.ORDCHG]", "SAC", 'did you mean "SCC"?'),
    ],
)
def test_what_is_ignored_is_a_segment_of_the_set(flow: str, name: str, remedy: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        compiled_with(tmp_path, flow, name)
    assert f'"{name}" is no' in str(caught.value)
    assert remedy.split("AGR", maxsplit=1)[0] in str(caught.value)
    assert "settings.toml:" in str(caught.value)


@pytest.mark.parametrize(
    ("flow", "name"),
    [
        ('receive.850]\ncreate = "SalesOrder"', "SDQ"),
        ('receive.ORDERS]\ncreate = "SalesOrder"', "ALC"),
        ("receive.820]", "ADX"),
        ('receive.PurchaseOrder]\ncreate = "SalesOrder"', "charges"),
    ],
)
def test_each_standard_ignores_its_own_segments(flow: str, name: str, tmp_path: Path) -> None:
    assert compiled_with(tmp_path, flow, name) == (name,)


def compiled_with(folder: Path, flow: str, name: str) -> tuple[str, ...]:
    """What a flow of a partner ignores, with its maps and guides compiled."""
    path = folder / "settings.toml"
    edifact = '\\g<0>\nedifact = { us = "14:4012345000009", them = "14:4098765000010" }'
    right = RIGHT.partition("[partners.acme.receive.850]")[0]
    right = re.sub(r"(?m)^x12 .*$", edifact, right)
    table = f'\n[partners.acme.{flow}\ncompany = "usmf"\nignore = ["{name}"]\n'
    place = 'from = { endpoint = "acme", path = "/csv/*.csv" }\nevery = "1h"\nholds = "PurchaseOrder"\n'
    columns = f"[partners.acme.pickup.columns]\n{place}" if "receive.PurchaseOrder" in flow else ""
    path.write_text(right + table + columns)
    (receive,) = partners.compiled(load(path, {}))["acme"].receives.values()
    return receive.settings.ignore
