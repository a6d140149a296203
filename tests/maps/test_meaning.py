"""What changes what is delivered, when, where or for how much and is read by no row holds the document; all else is a note."""

from __future__ import annotations

from functools import partial

import pytest

from d365edi.edi import guides
from d365edi.errors import SettingsError
from d365edi.maps import meaning
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.reader import Reader
from d365edi.maps.table import load
from tests.effort import work
from tests.unread import EDIFACT, X12, changed, edifact, holds, inspected, x12

HOLDS = {
    "N1*ST*ACME DC 8*92*0008": ("PO1*1", "before", "N1[ST] says a further place to ship to, and one is read already"),
    "N1*SF*PLANT 9*92*0009": ("PO1*1", "after", "PO1/N1[SF] says a party of its own"),
    "CUR*BY*USD***CAD": ("CUR*BY", "in place", "CUR[BY]05 says a currency of another party"),
    "CUR*PR*CAD": ("CUR*BY", "in place", "CUR[PR] says a currency of another party"),
    "PO3*ZZ*20261120*UCP*11**5*EA": ("PO1*1", "after", "PO1/PO3[ZZ] says other quantities, prices or dates"),
    "QTY*38*5*EA": ("PO1*1", "after", "PO1/QTY[38] says a quantity beside the one that is ordered"),
    "LIN**UP*614141000036": ("PO1*1", "after", "PO1/LIN says a further item"),
    "DIS*ZZZ*DR*2*0*10": ("PO1*1", "after", "PO1/DIS"),
    "SCH*12*EA***010*20261120": ("PID*F", "after", "to be delivered at dates of its own"),
    "SLN*1**I*12*EA****UP*614141000036": ("PO1*1", "after", "is a set of 614141000036"),
}
HOLDS_EDIFACT = {
    "NAD+ST+4098765000034::9": ("CUX+2", "before", "NAD[ST] says a further place to ship to, and one is read already"),
    "NAD+SF+4098765000034::9": ("LIN+2", "before", "LIN/NAD[SF] says a party of its own"),
    "QTY+192:2:EA": ("QTY+21:12", "after", "LIN/QTY[192] says a quantity beside the one that is ordered"),
    "CUX+3:CAD:9": ("CUX+2", "in place", "CUX[3] says another currency"),
    "CUX+2:USD:9+3:CAD:4+1.3": ("CUX+2", "in place", "CUX[2]02-2 says another currency"),
    "LOC+11+4098765000034::9": ("LIN+2", "before", "LIN/LOC[11] says a place of its own"),
    "SCC+1'QTY+21:5'DTM+2:20261120:102": ("LIN+2", "before", "to be delivered at dates of its own"),
    "SCC+3": ("LIN+1", "before", "the order as a whole is no firm delivery (its schedule says 3)"),
    "SCC+1'QTY+21:5'DTM+2:20260105:102": ("LIN+1", "before", "is to come at dates of its own (5 on 2026-01-05)"),
    "PIA+3+OTHER:BP": ("QTY+21:12", "before", "names OTHER as the item that takes its place"),
    "LOC+7+0007::92": ("LIN+2", "before", "does not say how much of it is for store 0007"),
    "QVR+2:21": ("QTY+21:12", "after", "LIN/QVR says a difference in quantity"),
    "LIN+3++614141000036:EN+1:2'QTY+21:4:EA'PRI+AAA:1": ("UNS+S", "before", "is a set of line 3"),
}  # fmt: skip
NOTED = {
    "PID*F*73***BLUE": "",
    "MEA*PD*WT*3*LB": "PO1/PID/MEA",
    "FOB*CC": "PO1/FOB",
    "N9*L1*X": "PO1/N9",
    "REF*DP*042": "",
}
"""Segments of a line that change nothing; the place of what is noted."""


def put(body: tuple[str, ...], new: str, where: tuple[str, str, str]) -> list[str]:
    """A body with segments put in before, after or in place of the one that begins so."""
    old, how, _ = where
    at = next(index for index, each in enumerate(body) if each.startswith(old))
    rest = {"before": body[at:], "after": body[at + 1 :], "in place": body[at + 1 :]}[how]
    return [*body[: at + (how == "after")], *new.split("'"), *rest]


@pytest.mark.parametrize("segment", HOLDS)
def test_x12_that_changes_the_meaning_holds_the_order_under_its_own_segment(segment: str) -> None:
    found = holds(x12(put(X12, segment, HOLDS[segment])))
    assert any(HOLDS[segment][2] in each for each in found), found
    assert any(f'ignore = ["{segment[:3].rstrip("*")}"]' in each for each in found), found


@pytest.mark.parametrize("segment", HOLDS_EDIFACT)
def test_edifact_that_changes_the_meaning_holds_the_order_under_its_own_segment(segment: str) -> None:
    found = holds(edifact(put(EDIFACT, segment, HOLDS_EDIFACT[segment])))
    assert any(HOLDS_EDIFACT[segment][2] in each for each in found), found
    assert any(f'ignore = ["{segment[:3]}"]' in each for each in found), found


@pytest.mark.parametrize("segment", ["CUR*BY*USD***USD", "CUR*BY*USD*1*SE*USD"])
def test_the_same_currency_of_another_party_holds_nothing(segment: str) -> None:
    assert holds(x12(put(X12, segment, ("CUR*BY", "in place", "")))) == []


@pytest.mark.parametrize("segment", ["CUX+2:USD:9+3:USD:4", "CUX+2:USD:9"])
def test_the_same_currency_for_another_purpose_holds_nothing(segment: str) -> None:
    assert holds(edifact(put(EDIFACT, segment, ("CUX+2", "in place", "")))) == []


@pytest.mark.parametrize("change", ["DTM*002 + DTM*002*20261120", "DTM*002 + DTM*063*20261130~DTM*001*20261201"])
def test_a_day_that_is_said_twice_or_of_another_kind_holds_nothing(change: str) -> None:
    assert holds(x12(changed(X12, change))) == []


@pytest.mark.parametrize(
    "change", ["DTM+2 + DTM+2:20261120:102", "DTM+2 + DTM+63:20261130:102", "PRI+AAA + PRI+AAB:11", "CUX + SCC+1"]
)
def test_what_an_edifact_order_says_twice_or_firmly_holds_nothing(change: str) -> None:
    assert holds(edifact(changed(EDIFACT, change))) == []


def test_what_is_said_again_and_again_costs_as_much_as_there_is_of_it() -> None:
    holds(x12())
    once, twice = (
        work(partial(holds, x12(changed(X12, "DTM*002 + " + "~".join(["DTM*002*20261120"] * times)))))
        for times in (400, 800)
    )
    assert twice < 2.3 * once


@pytest.mark.parametrize(
    ("function", "relation"), [("2", "possible"), ("4", "replaced"), ("6", "successor"), ("8", "withdrawn")]
)
def test_numbers_of_other_items_are_kept_and_are_no_numbers_of_the_line(function: str, relation: str) -> None:
    body = changed(EDIFACT, f"PIA+1 => PIA+{function}+OTHER:IN+OLD:SA")
    (part,) = (part for part in inspected(edifact(body)).parts if part.kind == "set")
    assert (part.holds, part.document is not None) == ((), True)
    line = (part.document or {})["lines"][0]
    assert (line["item"], line["alternatives"][0]["relation"]) == ({"gtin": "614141000012"}, relation)
    assert line["alternatives"][0]["item"] == {"buyer": "OTHER", "vendor": "OLD"}
    said = [each.sentence for each in part.remarks if each.severity == "note"]
    assert f"line 1 names another item ({relation}): OTHER, OLD; it is kept beside the line's own" in said


@pytest.mark.parametrize("function", ["1", "5"])
def test_numbers_that_identify_the_product_are_those_of_the_line(function: str) -> None:
    body = changed(EDIFACT, f"PIA+1 => PIA+{function}+ACME-4711:IN")
    (part,) = (part for part in inspected(edifact(body)).parts if part.kind == "set")
    assert (part.document or {})["lines"][0]["item"] == {"gtin": "614141000012", "buyer": "ACME-4711"}


WINDOWS = {
    "DTM*002 + DTM*064*20261121": "it is to be delivered from 2026-11-21 on and until 2026-11-20, which is before",
    "DTM*002 + DTM*010*20261115~DTM*038*20261110": "it is to be shipped from 2026-11-15 on and until 2026-11-10",
    "PID*F + DTM*064*20261121~DTM*002*20261120": "line 1 (ACME-4711) is to be delivered from 2026-11-21 on",
}


@pytest.mark.parametrize("change", WINDOWS)
def test_a_window_that_ends_before_it_begins_holds(change: str) -> None:
    (found,) = holds(x12(changed(X12, change)))
    assert WINDOWS[change] in found
    assert 'ignore = ["DTM"]' in found


@pytest.mark.parametrize("segment", NOTED)
def test_what_changes_nothing_is_noted_where_no_row_reads_it(segment: str) -> None:
    inspection = inspected(x12(changed(X12, f"PID*F + {segment}")))
    (part,) = (part for part in inspection.parts if part.kind == "set")
    assert part.holds == ()
    assert NOTED[segment] in " ".join(remark.sentence for remark in part.remarks)


def test_an_order_of_two_equal_parties_by_other_roles_is_read() -> None:
    assert holds(x12(changed(X12, "N1*BY + N1*Z7*STORE 12*92*0012"))) == []


TOTALS = {
    "AMT*TT => AMT*TT*9999": "AMT02 says 9999, the lines come to 186.00",
    "CTT*2 => CTT*3*15": "CTT01 says 3, the set has 2 PO1",
    "CTT*2*15 => CTT*2*16": "CTT02 says 16, the quantities of PO1 add up to 15",
}
TOTALS_EDIFACT = {
    "MOA+86 => MOA+86:9999": "MOA01-2 says 9999 (MOA 86), the lines come to 186.00",
    "CNT+2 => CNT+2:3": "CNT01-2 says 3, the message has 2 lines",
    "CNT+2 + CNT+1:16": "CNT01-2 says 16, the quantities add up to 15",
}


@pytest.mark.parametrize("change", TOTALS)
def test_a_total_of_x12_that_says_other_than_the_lines_holds_with_both_figures(change: str) -> None:
    assert any(TOTALS[change] in each for each in holds(x12(changed(X12, change))))


@pytest.mark.parametrize("change", TOTALS_EDIFACT)
def test_a_total_of_edifact_that_says_other_than_the_lines_holds_with_both_figures(change: str) -> None:
    assert any(TOTALS_EDIFACT[change] in each for each in holds(edifact(changed(EDIFACT, change))))


@pytest.mark.parametrize(
    "change",
    ["AMT*TT => AMT*TT*176", "AMT*TT => AMT*TT*186", "PO1*1 => PO1*1*12*EA*1050*HP*BP*ACME-4711*UP*614141000012"],
)
def test_a_total_with_allowances_or_without_and_of_prices_per_hundred_fits(change: str) -> None:
    charged = changed(changed(X12, change), "PO1*1 + SAC*A*C310***1000")
    assert not [each for each in holds(x12(charged)) if "AMT" in each]


WRONG = {
    "N2/N1": '"N2/N1" is no place in the 850',
    "N1[TOOLONG]": "TOOLONG is no",
    "DTM99": '"DTM99" is no place in the 850',
    "N1-2": '"N1-2" names a component',
}


@pytest.mark.parametrize("place", WRONG)
def test_a_meaning_without_a_place_is_refused_with_its_row(place: str) -> None:
    table = load("x12", "850", {"meaning": {place: "something"}}, locate=lambda path: f"settings.toml:{len(path)}")
    guide = guides.load("X12", "850", "004010")
    assert guide is not None
    with pytest.raises(SettingsError) as caught:
        Reader(table, guide)
    assert WRONG[place] in str(caught.value)
    assert "settings.toml" in str(caught.value)


def test_a_row_that_a_partner_takes_away_holds_nothing() -> None:
    guide = guides.load("EDIFACT", "ORDERS", "D96A")
    assert guide is not None
    EdifactReader(load("edifact", "ORDERS", {"meaning": {"LIN/QTY": False}}), guide)
    rows = [row.name for row in meaning.rows(load("edifact", "ORDERS", {"meaning": {"LIN/QTY": False}}))]
    assert "LIN/QTY" not in rows
    assert "LIN/NAD" in rows


@pytest.mark.parametrize(
    ("language", "name", "place", "segment"),
    [
        ("x12", "850", "lines.charges", "SAC"), ("x12", "850", "lines.stores", "SDQ"), ("x12", "860", "lines.components", "SLN"),
        ("edifact", "ORDERS", "charges", "ALC"), ("edifact", "ORDERS", "lines.stores", "LOC"),
        ("x12", "820", "entities.lines.adjustments", "ADX"),
    ],
)  # fmt: skip
def test_each_part_of_a_document_has_the_segment_of_its_set(language: str, name: str, place: str, segment: str) -> None:
    assert meaning.segments(load(language, name))[place] == segment  # type: ignore[arg-type]
