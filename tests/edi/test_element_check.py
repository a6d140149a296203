"""Each type, each relational note and each service character: what is right gets no finding, what is wrong gets its code."""

from __future__ import annotations

import pytest

from d365edi.edi import element_check, guide_notation, guides, pattern, release
from d365edi.edi.findings import Position
from d365edi.edi.guide import Element, Segment
from d365edi.edi.guide_notation import Era
from d365edi.edi.syntax import Syntax

LATER = Syntax(repetition="^")
CODES = {"00": "Original", "SA": "Stand-alone"}


def segment(text: str) -> Segment:
    """A segment whose elements are given by type and length: `AN1/5! N21/9 | P0102`."""
    body, _, notes = text.partition(" | ")
    made = []
    for position, word in enumerate(body.split(" "), 1):
        kind, limits = word.split("_")
        least, most = (
            limits.rstrip("!=?^0").split("/") if "^" not in limits else limits.split("^")[0].rstrip("!").split("/")
        )
        codes = CODES if "=" in limits or "?" in limits else None
        repeat = int(limits.split("^")[1]) if "^" in limits else 1
        made.append(Element(position, str(position), f"E{position}", kind, int(least), int(most), "!" in limits, codes,
                            repeat=repeat, closed="=" in limits))  # fmt: skip
    found = guide_notation.segment(
        "XX", f"Name: 1 | {notes}" if notes else "Name: 1", lambda number: made[0], Era(True, False)
    ).notes
    return Segment("XX", "Name", tuple(made), found)


def reported(raw: str, text: str, syntax: Syntax = LATER, *, point: bool = False) -> list[str]:
    """Place, code or rule, and severity where it is no error: `02:6`, `02:padding?`."""
    context = element_check.Context(syntax, Position(0, 3, "XX"), point)
    shown = []
    for finding in element_check.explain(raw, segment(text), context):
        where = finding.where
        place = f"{where.element:02d}" + (f"-{where.component}" if where.component else "")
        shown.append(f"{place}:{finding.code if finding.severity == 'error' and finding.code else finding.rule}")
        assert (where.offset, where.ordinal, where.segment) == (0, 3, "XX")
        assert finding.message.startswith("XX")
        assert finding.remedy
    return shown


TYPES = {
    "AN_2/5": {
        "AB": "", "ABCDE": "", "A": "01:4", "ABCDEF": "01:5", "A B": "", "a-b.!": "", " AB": "", "AB ": "01:padding",
        "A\x07B": "01:6", "A\x00B": "01:6", "Aé": "01:national", "A>B": "01:6", "A^B": "01:12",
    },
    "AN_4/5": {
        "AB  ": "",
    },
    "AN_2/3": {
        "ABC  ": "01:padding",
    },
    "AN_1/5!": {
        "": "00:empty-segment 01:1",
    },
    "ID_2/2": {
        "SA": "", "sa": "01:unlisted", "S-": "01:unlisted", "SAX": "01:5",
    },
    "ID_2/3": {
        "S": "01:4",
    },
    "ID_2/2=": {
        "SA": "", "XX": "01:7", "XXX": "01:5 01:7",
    },
    "ID_2/2?": {
        "XX": "01:unlisted",
    },
    "N0_1/3": {
        "0": "", "123": "", "-123": "", "1234": "01:5", "1.5": "01:6", "1X": "01:6", "+1": "01:6", "-": "01:6",
        "1 2": "01:6",
    },
    "N0_3/3": {
        "7": "01:4",
    },
    "N2_1/5": {
        "12345": "", "-12345": "", "12.34": "01:6", "123456": "01:5",
    },
    "R_1/5": {
        "12345": "", "-12.345": "", ".5": "", "-.5": "", "0.50": "", "12.": "01:padding", "123456": "01:5", "1.2.3": "01:6",
        "1,5": "01:6", "1E3": "01:6", ".": "01:6", "+5": "01:6", "5 ": "01:padding",
    },
    "R_4/9": {
        "1.5": "01:4", "0001.5": "",
    },
    "DT_8/8": {
        "20260105": "", "20240229": "", "20250229": "01:8", "20261301": "01:8", "20260100": "01:8", "260105": "01:8",
        "2026-1-5": "01:8", "2026010": "01:8", "19000101": "", "00010101": "",
    },
    "DT_6/6": {
        "260105": "", "261305": "01:8", "20260105": "01:8",
    },
    "TM_4/8": {
        "0915": "", "091559": "", "0915597": "", "09155977": "", "2400": "01:9", "0960": "01:9", "091560": "01:9",
        "915": "01:9", "09:15": "01:9", "09155": "01:9",
    },
}  # fmt: skip
"""What is found in a value of a type and length: place and code, nothing where it is right."""

VALUES = [(kind, value, found.split()) for kind, values in TYPES.items() for value, found in values.items()]


@pytest.mark.parametrize(("text", "value", "found"), VALUES, ids=[f"{row[0]} {row[1]!r}" for row in VALUES])
def test_a_value_is_right_for_its_type_or_reported(text: str, value: str, found: list[str]) -> None:
    assert [one for one in reported(f"XX*{value}", text) if one != "00:trailing"] == found


@pytest.mark.parametrize(("text", "value", "found"), VALUES, ids=[f"{row[0]} {row[1]!r}" for row in VALUES])
def test_the_pattern_of_a_segment_matches_nothing_that_is_reported(text: str, value: str, found: list[str]) -> None:
    matched = pattern.compile(segment(text), LATER).fullmatch(f"XX*{value}")
    assert not (matched and found) or found == ["01:padding"]  # blanks before separators are looked for by themselves


@pytest.mark.parametrize(("value", "lenient"), [("12.34", []), ("1234", []), ("12.3X", ["01:6"])])
def test_a_partner_may_be_allowed_a_point_in_n2(value: str, lenient: list[str]) -> None:
    assert reported(f"XX*{value}", "N2_1/9", point=True) == lenient
    assert (reported(f"XX*{value}", "N2_1/9") == []) == (value == "1234")
    assert reported("XX*1.5", "N0_1/9", point=True) == ["01:6"]


FIVE = "AN_1/3 AN_1/3 AN_1/3 AN_1/3 AN_1/3"
HOLDS = {
    "P0204": {"XX*a**c": "", "XX*a*b*c*d": "", "XX**b": "04:2", "XX****d": "02:2", "XX*a* **d": "02:padding 02:2"},
    "P020304": {"XX**b*c*d": "", "XX*a": "", "XX**b**d": "03:2", "XX***c": "02:2"},
    "R0203": {"XX*a*b": "", "XX*a**c": "", "XX*a": "02:2"},
    "R020305": {"XX*a***d": "02:2", "XX*a****e": ""},
    "E0204": {"XX*a*b": "", "XX*a***d": "", "XX*a": "", "XX*a*b**d": "04:10"},
    "E020304": {"XX**b*c*d": "03:10"},
    "C0203": {"XX*a*b*c": "", "XX*a**c": "", "XX*a*b": "03:2"},
    "C020304": {"XX*a*b*c": "04:2"},
    "C0302": {"XX*a**c": "02:2"},
    "L0203": {"XX*a*b*c": "", "XX*a**c": ""},
    "L020304": {"XX*a*b**d": "", "XX*a*b": "03:2", "XX*a": ""},
    "P0102 R0304": {"XX*a": "02:2 03:2"},
}  # fmt: skip

NOTES = [(note, raw, found.split()) for note, rows in HOLDS.items() for raw, found in rows.items()]


@pytest.mark.parametrize(("note", "raw", "found"), NOTES, ids=[f"{row[0]} {row[1]}" for row in NOTES])
def test_a_relational_note_holds_or_is_told(note: str, raw: str, found: list[str]) -> None:
    assert reported(raw, f"{FIVE} | {note}") == found


@pytest.mark.parametrize(("note", "raw", "found"), NOTES, ids=[f"{row[0]} {row[1]}" for row in NOTES])
def test_the_pattern_knows_relational_notes(note: str, raw: str, found: list[str]) -> None:
    matched = pattern.compile(segment(f"{FIVE} | {note}"), LATER).fullmatch(raw)
    assert bool(matched) == (not found) or "padding" in found[0]


SHAPES = [
    ("XX*a*b", []), ("XX*a", []), ("XX*a**", ["00:trailing"]), ("XX", ["00:empty-segment", "01:1"]),
    ("XX*", ["00:trailing", "00:empty-segment", "01:1"]), ("XX*a*b*c", ["03:3"]), ("XX*a*b*c*d*e", ["03:3"]),
    ("XX*a*b***", ["00:trailing"]), ("XX**b", ["01:1"]), ("XX* *b", ["01:1"]), ("XX*a* ", ["02:padding"]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "found"), SHAPES)
def test_a_segment_has_its_elements_and_no_separators_too_many(raw: str, found: list[str]) -> None:
    assert reported(raw, "AN_1/3! AN_1/3") == found


def test_a_segment_of_a_million_elements_has_said_enough_early() -> None:
    assert len(reported("XX" + "*\x07" * 1_000_000, " ".join(["AN_1/3"] * 100))) < 30


REPEATED = [("a^b", []), ("a", []), ("a^b^c", []), ("a^b^c^d", ["01:12"]), ("a^bcdef", ["01:5"]), ("a^\x07", ["01:6"])]


@pytest.mark.parametrize(("value", "found"), REPEATED)
def test_an_element_may_be_repeated_as_often_as_it_says(value: str, found: list[str]) -> None:
    assert reported(f"XX*{value}", "AN_1/3^3") == found


def test_a_repetition_that_is_wrong_is_reported_by_its_number() -> None:
    context = element_check.Context(LATER, Position())
    (finding,) = element_check.explain("XX*a^b^cdef", segment("AN_1/3^3"), context)
    assert (finding.where.element, finding.where.repetition, finding.value) == (1, 3, "cdef")


def test_without_a_repetition_separator_a_caret_is_data() -> None:
    assert reported("XX*a^b", "AN_1/3", Syntax()) == []


UNIT = Element(1, "C001", "Unit", "", 0, 0, True, components=(
    Element(1, "355", "Code", "ID", 2, 2, True), Element(2, "1018", "Exponent", "R", 1, 3),
    Element(3, "649", "Multiplier", "R", 1, 3),
))  # fmt: skip
COMPOSITES = [
    ("EA", []), ("EA>2", []), ("EA>>3", []), ("EA>2>3", []), ("EA>2>3>4", ["01:13"]), ("EA>", ["01:trailing"]),
    (">2", ["01-1:1"]), ("EAX", ["01-1:5"]), ("EA>x", ["01-2:6"]), ("EA>1234", ["01-2:5"]), ("ea", ["01-1:unlisted"]),
    ("EA>2^KG", ["01:12"]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "found"), COMPOSITES)
def test_a_composite_is_checked_component_by_component(value: str, found: list[str]) -> None:
    whole = Segment("XX", "Name", (UNIT,))
    shown = [
        f"{f.where.element:02d}"
        + (f"-{f.where.component}" if f.where.component else "")
        + f":{f.code if f.severity == 'error' else f.rule}"
        for f in element_check.explain(f"XX*{value}", whole, element_check.Context(LATER, Position()))
    ]
    assert shown == found
    assert bool(pattern.compile(whole, LATER).fullmatch(f"XX*{value}")) <= (not found)


def test_a_finding_names_element_reference_and_value() -> None:
    (finding,) = element_check.explain(
        "XX*a*toolong", segment("AN_1/3 AN_1/3"), element_check.Context(LATER, Position(17, 3, "XX"))
    )
    assert (finding.where.element, finding.where.reference, finding.value) == (2, 2, "toolong")
    assert str(finding) == "XX02 (E2) is 7 long, at most 3 allowed; the sender must shorten it"


def test_a_very_long_value_is_shown_in_part() -> None:
    (finding,) = element_check.explain(
        "XX*" + "x" * 10_000, segment("AN_1/3"), element_check.Context(LATER, Position())
    )
    assert len(finding.value) == 200


# -- EDIFACT ----------------------------------------------------------------------------------------------------------

EDIFACT = Syntax("EDIFACT", "+", ":", "'", "", "?", ".", encoding="iso8859-1")
MESSAGES = [
    ("LIN+1++4000862141404:EN", []), ("LIN+1++4000862141404:EN+", ["00:45?"]), ("LIN+1:2", ["01:16"]),
    ("LIN+1++A:EN:", ["03:45?"]), ("LIN", ["00:13"]), ("LIN+1234567", ["01:39"]), ("LIN++++++++X", ["07:16"]),
    ("QTY+21:1.5", []), ("QTY+21:1,5:PCE", []), ("QTY+21:-1.5", []), ("QTY+21:.5", ["01-2:38?"]), ("QTY+21:5.", ["01-2:19?"]),
    ("QTY+21:-.5", ["01-2:38?"]), ("QTY+21:1E3", ["01-2:37"]), ("QTY+21:", ["01:45?", "01-2:13"]), ("QTY+21", ["01-2:13"]),
    ("QTY+21:1234567890123456", ["01-2:39"]), ("QTY+?+:1", ["01-1:note 12"]), ("DTM+137:20260105:102", []),
    ("DTM+137:20280229:102", []), ("DTM+137:20260229:102", ["01-2:12"]), ("DTM+137:20260105:203", ["01-2:12"]),
    ("DTM+137:202601052460:203", ["01-2:12"]), ("DTM+2:20260105-20260112:718", []), ("DTM+2:2026:XYZ", ["01-3:note 12"]),
    ("NAD+BY+5412345000013::9++A?'B:C??D", []), ("NAD+BY+++A ", ["04-1:padding?"]),
    ("NAD+BY+++A:  ", ["04-2:padding?"]),
    ("NAD+BY+++A\x07", ["04-1:21"]), ("UNS+X", ["01:12"]), ("UNS+S", []), ("FTX+AAI+++A:B:C:D:E:F", ["04:16"]),
    ("NAD+BY+++M\xdcLLER", []), ("NAD+BY+++" + "M\xc3\x9c" * 17, []), ("NAD+BY+++" + "?'" * 35, []),
    ("NAD+BY+++" + "?'" * 36, ["04-1:39"]),
]  # fmt: skip
"""What is found in a segment of D.96A: place and code, a question mark for a warning."""


def reported_in_message(raw: str, syntax: Syntax = EDIFACT) -> list[str]:
    """Place, and code or rule."""
    context = element_check.Context(syntax, Position(0, 3, raw[:3]))
    shown = []
    for found in element_check.explain(
        release.hide(raw, syntax.release), guides.segments("EDIFACT", "D:96A")[raw[:3]], context
    ):
        place = f"{found.where.element:02d}" + (f"-{found.where.component}" if found.where.component else "")
        what = {"error": found.code, "warning": (found.code or found.rule) + "?", "note": f"note {found.code}"}
        shown.append(f"{place}:{what[found.severity]}")
    return shown


@pytest.mark.parametrize(("raw", "found"), MESSAGES)
def test_a_segment_of_edifact_is_right_or_reported(raw: str, found: list[str]) -> None:
    assert reported_in_message(raw) == found


@pytest.mark.parametrize(("raw", "found"), MESSAGES)
def test_the_pattern_of_edifact_matches_nothing_that_is_reported(raw: str, found: list[str]) -> None:
    compiled = pattern.compile(guides.segments("EDIFACT", "D:96A")[raw[:3]], EDIFACT)
    matched = compiled.fullmatch(release.hide(raw, "?")) is not None
    assert not matched or [one for one in found if "padding" not in one] == []


def test_repetitions_of_edifact_are_looked_at_up_to_their_number() -> None:
    whole = Segment("XX", "Name", (Element(1, "1", "E1", "an", 1, 3, repeat=2),))
    context = element_check.Context(Syntax("EDIFACT", "+", ":", "'", "*", "?", "."), Position(0, 1, "XX"))
    found = element_check.explain("XX+abcd*b*abcd", whole, context)
    assert [(one.code, one.value, one.where.repetition) for one in found] == [
        ("16", "abcd*b*abcd", 0),
        ("39", "abcd", 0),
    ]


def test_a_value_is_shown_as_it_was_sent() -> None:
    context = element_check.Context(EDIFACT, Position(0, 1, "UNS"))
    (found,) = element_check.explain(release.hide("UNS+?+:1", "?"), guides.segments("EDIFACT", "D:96A")["UNS"], context)
    assert (found.rule, found.value) == ("component", "?+:1")


def test_the_element_that_passes_the_most_findings_is_finished() -> None:
    text = "PO1*1*2*QQQQ*1**" + "*".join(["Q" * 9, "X"] * 10)
    line = guides.segments("X12", "004010")["PO1"]
    found = element_check.explain(text, line, element_check.Context(Syntax(), Position()))
    assert [one.where.element for one in found] == [3, 3, *(at for at in range(6, 26, 2) for _ in range(2))]
