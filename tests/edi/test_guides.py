"""The shelf of guides, the versions it serves, and what a partner's overlay changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from d365edi.edi import element_check, guides, pattern, reader
from d365edi.edi.element_check import Context
from d365edi.edi.findings import Position
from d365edi.edi.guide import Element, Guide, Segment
from d365edi.edi.reader import ReadOptions
from d365edi.edi.syntax import Standard, Syntax
from d365edi.errors import SettingsError
from tests.edi import make, see


def load(overlay: dict[str, Any] | None = None, set: str = "850", version: str = "004010") -> Guide:
    """A guide that there is."""
    found = guides.load("X12", set, version, overlay)
    assert found is not None
    return found


def read(overlay: dict[str, Any], *changes: tuple[str, str]) -> list[tuple[str, str]]:
    """Severity and rule of what is found in an order after changes, under an overlay."""
    text = make.order().decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    start, end = text.index("ST*850"), text.index("~SE*")
    text = text.replace("SE*22*", f"SE*{text[start:end].count('~') + 2}*")
    report = reader.read(text.encode(), ReadOptions(overlays={"850": overlay}))
    return [(finding.severity, finding.rule) for finding in see.findings(report)]


VERSIONS = [
    ("004010", "004010"), ("004010VICS", "004010"), ("004010X357", "004010"), ("004030VICS", "004030"), ("005010", "005010"),
    ("005010X231A1", "005010"), ("003040VICS", "003040"), ("003050", "003040"), ("002001", "003040"), ("004060", "004060"),
    ("004042", "004040"), ("004052", "004050"), ("005020", "005010"), ("006010", "006010"), ("006020", "006020"),
    ("007010", "006020"), ("00401", "004010"), ("00501", "005010"), ("", ""), ("4010", ""), ("VICS", ""),
]  # fmt: skip


@pytest.mark.parametrize(("version", "tables"), VERSIONS)
def test_a_version_is_served_by_the_nearest_tables_below_it(version: str, tables: str) -> None:
    assert guides.tables("X12", version) == tables


GROUPS = {
    "850": "PO",
    "855": "PR",
    "860": "PC",
    "865": "CA",
    "856": "SH",
    "810": "IN",
    "820": "RA",
    "824": "AG",
    "997": "FA",
    "999": "FA",
}


def test_every_set_of_retail_is_on_the_shelf_with_its_group() -> None:
    assert {set: guides.group_of("X12", set) for set in guides.sets("X12")} == GROUPS
    assert guides.group_of("X12", "840") == ""


@pytest.mark.parametrize("version", guides.VERSIONS["X12"])
@pytest.mark.parametrize("set", GROUPS)
def test_every_guide_is_whole_in_every_version(set: str, version: str) -> None:
    guide = guides.load("X12", set, version)
    if guide is None:
        assert (set, version < "005010") == ("999", True)
        return
    assert (guide.set, guide.version, guide.group) == (set, version, GROUPS[set])
    assert [node.id for node in (guide.root.sequence[0], guide.root.sequence[-1])] == ["ST", "SE"]
    for node in guide.nodes[1:]:
        for element in (
            *node.segment.elements,
            *(part for whole in node.segment.elements for part in whole.components),
        ):
            assert element.components or 1 <= element.min <= element.max, (node.id, element)
        for note in node.segment.notes:
            assert len(note.elements) > 1
            assert max(note.elements) <= len(node.segment.elements), (node.id, note)


def test_a_set_that_is_unknown_has_no_guide() -> None:
    assert [
        guides.load("X12", "840", "004010"),
        guides.load("X12", "850", "VICS"),
        guides.load("X12", "999", "004010"),
    ] == [None] * 3


def test_dates_before_004010_have_six_digits() -> None:
    found = [guides.segments("X12", version)["BEG"].element(5) for version in ("003040", "004010")]
    assert [element.max if element else 0 for element in found] == [6, 8]


@pytest.mark.parametrize(
    ("segment", "version", "notes"),
    [
        ("TD1", "004010", "C0102 C0304 C0607 P0708 P0910"),
        ("TD3", "004010", "E0110 C0203 C0405 P0506"),
        ("REF", "004010", "R0203"),
        ("N4", "004010", "C0605"),
        ("N4", "005010", "C0605 E0207 C0704"),
        ("SAC", "004010", "R0203 P0304 P0607 P0910 C1110 L130204 C1413 C1615"),
        ("IT1", "005010", "P020304 P0607 P0809 P1011 P1213 P1415 P1617 P1819 P2021 P2223 P2425"),
    ],
)  # fmt: skip
def test_relational_notes_are_those_of_the_standard(segment: str, version: str, notes: str) -> None:
    found = guides.segments("X12", version)[segment].notes
    assert " ".join(note.kind + "".join(f"{at:02d}" for at in note.elements) for note in found) == notes


def test_codes_have_meanings_and_only_complete_lists_are_closed() -> None:
    beg = guides.segments("X12", "004010")["BEG"].elements[0]
    ak5 = guides.segments("X12", "004010")["AK5"].elements[0]
    assert (guides.codes("353")["00"], beg.closed, ak5.closed) == ("Original", False, True)
    assert guides.codes("no such element") == {}


USUAL = [
    ("X12", "DTM01", "001 003 010 063 080 195 582"), ("X12", "N101", "MA BT ST HH LI MP SH"), ("X12", "PO106", "UA UI VE UP C4"),
    ("X12", "REF01", "BT VW 06 DP ZZ"), ("X12", "SAC02", "B800 C310 H090"), ("X12", "PO103", "01 EA KI LR ZZ"),
    ("X12", "BEG02", "BE SA"), ("X12", "TXI06", "9 1"), ("X12", "OTI01", "TA TC TP TR"), ("EDIFACT", "BGM01-1", "220 242 27"),
    ("EDIFACT", "RFF01-1", "ON AAN ABS"), ("EDIFACT", "NAD01", "BY AA BT"), ("EDIFACT", "MOA01-1", "79 64 106"),
]  # fmt: skip
DAMAGED = [
    ("X12", "PO103", "EACH DZN"), ("X12", "PO106", "SKU-A 6141"), ("X12", "N103", "SONS 01"), ("X12", "REF01", "ZZZ ZF"),
    ("X12", "ITD02", "TD"), ("EDIFACT", "NAD01", "X1 Z ZABC z01"), ("EDIFACT", "ALC01", "PP"), ("EDIFACT", "LIN02", "X"),
]  # fmt: skip


def unlisted(standard: Standard, place: str, code: str) -> bool:
    """Whether a code is called unlisted at a place; the pattern takes what is not reported, and nothing else."""
    segment = guides.segments(standard, "004010" if standard == "X12" else "D96A")[
        place[:-4] if "-" in place else place[:-2]
    ]
    at, _, part = place[len(segment.id) :].partition("-")
    element = segment.elements[int(at) - 1]
    element = element.components[int(part) - 1] if part else element
    whole = Segment("XX", "Name", (replace(element, position=1),))
    syntax = Syntax() if standard == "X12" else Syntax("EDIFACT", "+", ":", "'", "", "?")
    text = f"XX{syntax.element}{code}"
    found = element_check.explain(text, whole, Context(syntax, Position()))
    assert bool(pattern.compile(whole, syntax).fullmatch(text)) == (not found)
    return "unlisted" in {one.rule for one in found}


@pytest.mark.parametrize(("standard", "place", "codes"), USUAL)
def test_no_code_of_the_standard_is_called_unknown(standard: Standard, place: str, codes: str) -> None:
    assert [code for code in codes.split() if unlisted(standard, place, code)] == []


@pytest.mark.parametrize(("standard", "place", "codes"), DAMAGED)
def test_a_code_that_no_version_has_is_called_unknown(standard: Standard, place: str, codes: str) -> None:
    assert [code for code in codes.split() if not unlisted(standard, place, code)] == []


def test_codes_of_edifact_that_begin_with_z_are_agreed_on_between_partners() -> None:
    assert not any(unlisted("EDIFACT", "NAD01", code) for code in ("Z01", "ZSH", "ZZZ", "Z9"))
    assert unlisted("X12", "REF01", "ZZ1")


@pytest.mark.parametrize("standard", ["X12", "EDIFACT"])
def test_every_code_fits_its_element(standard: Standard) -> None:
    for version in guides.VERSIONS[standard]:
        elements = {one.number: one for segment in guides.segments(standard, version).values() for one in flat(segment)}
        for element in elements.values():
            wrong = [code for code in element.codes or () if not 0 < len(code) <= element.max]
            assert wrong == [], (version, element.number)


def flat(segment: Segment) -> Iterator[Element]:
    """The elements of a segment with their components."""
    for element in segment.elements:
        yield from element.components or (element,)


def test_text_for_people_is_known_by_its_number() -> None:
    assert {"93", "166", "352", "933"} <= guides.free_text("X12")
    assert not {"127", "234", "324", "67"} & guides.free_text("X12")


# -- overlays ---------------------------------------------------------------------------------------------------------

OVERLAYS = [
    ("a segment made optional", {"optional": ["CUR", "BEG"]}, [("BEG*00*SA*4500012345**20260105~", "")], []),
    ("a loop made optional", {"optional": ["PO1"]}, [], []),
    ("a segment made mandatory", {"mandatory": ["PO1/PO4"]}, [], [("error", "mandatory")]),
    ("a segment made mandatory, there", {"mandatory": ["REF"]}, [], []),
    ("fewer allowed", {"max_use": {"DTM": 1}}, [], [("error", "maximum")]),
    ("more allowed", {"max_use": {"CUR": 2}}, [("CUR*BY*USD~", "CUR*BY*USD~CUR*BY*USD~")], []),
    ("without end", {"max_use": {"PER": 0}}, [("PER*BD", "PER*BD*A~PER*BD*B~PER*BD*C~PER*BD")], []),
    ("a longer element", {"elements": {"N401": "AN 2/60"}}, [("ANYTOWN", "A" * 50)], []),
    ("a shorter element", {"elements": {"N102": "AN 1/5"}}, [], [("error", "length")] * 2),
    ("an extra element", {"elements": {"CUR22": "AN 1/10 Their project"}}, [("CUR*BY*USD", "CUR*BY*USD" + "*" * 20 + "P1")], []),
    ("an extra element, too long", {"elements": {"CUR22": "AN 1/2 Their project"}},
     [("CUR*BY*USD", "CUR*BY*USD" + "*" * 20 + "P12")], [("error", "length")]),
    ("a code list, kept", {"codes": {"BEG02": ["SA", "DS"]}}, [], []),
    ("a code list, broken", {"codes": {"BEG02": ["DS"]}}, [], [("error", "code")]),
    ("a code list with meanings", {"codes": {"REF01": {"IA": "ours", "ZF": "theirs"}}}, [("REF*IA", "REF*ZF")], []),
    ("a severity down", {"severity": {"extra": "warning"}}, [("N3*700", "N3*A*B*C*700")], [("warning", "extra")]),
    ("a severity off", {"severity": {"extra": "off"}}, [("N3*700", "N3*A*B*C*700")], []),
    ("a severity up", {"severity": {"unlisted": "error"}}, [("REF*IA", "REF*ZF")], [("error", "unlisted")]),
    ("a severity of a level", {"severity": {"element.extra": "warning"}}, [("N3*700", "N3*A*B*C*700")], [("warning", "extra")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("overlay", "changes", "found"), [row[1:] for row in OVERLAYS], ids=[str(row[0]) for row in OVERLAYS]
)
def test_an_overlay_changes_what_is_found(
    overlay: dict[str, Any], changes: list[tuple[str, str]], found: list[tuple[str, str]]
) -> None:
    assert read(overlay, *changes) == found


def test_an_overlay_leaves_the_shelf_and_other_sets_alone() -> None:
    load({"optional": ["BEG"], "elements": {"REF02": "AN 1/5"}})
    assert load().root.sequence[1].mandatory
    assert guides.segments("X12", "004010")["REF"].elements[1].max == 30
    report = reader.read(make.order(), ReadOptions(overlays={"810": {"mandatory": ["REF"]}}))
    assert see.findings(report) == []


WRONG = [
    ({"optonal": ["BEG"]}, 'a guide has no "optonal"'),
    ({"optional": ["BGE"]}, 'the guide has no "BGE"'),
    ({"mandatory": ["PO1/ZZZ"]}, 'the guide has no "PO1/ZZZ"'),
    ({"max_use": {"ZZZ": 3}}, 'the guide has no "ZZZ"'),
    ({"elements": {"BEG": "AN 1/3"}}, '"BEG" is no place in a segment'),
    ({"elements": {"ZZZ01": "AN 1/3"}}, '"ZZZ01" is no place in a segment'),
    ({"elements": {"BEG03": "some text"}}, "is no element"),
    ({"codes": {"beg02": ["SA"]}}, '"beg02" is no place in a segment'),
]


@pytest.mark.parametrize(("overlay", "says"), WRONG)
def test_an_overlay_that_is_wrong_is_refused_by_name(overlay: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load(overlay)


def test_guides_are_loaded_once() -> None:
    assert load() is load()
    assert load(version="004010VICS") is load()
    assert load({"optional": ["BEG"]}) is load({"optional": ["BEG"]})
    assert load({"optional": ["BEG"]}) is not load()
