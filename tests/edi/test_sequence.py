"""What is wrong with the order of a set's segments, with the code of AK304 and the place where it shows."""

from __future__ import annotations

import pytest

from d365edi.edi import guides, sequence
from d365edi.edi.findings import Position
from d365edi.edi.rules import RULES, finding

Breaches = list[tuple[str, str, int]]


def explained(set: str, ids: str) -> tuple[list[str], Breaches]:
    """The paths of a row of segments, and id, code and index of each breach."""
    guide = guides.load("X12", set, "004010")
    assert guide is not None
    nodes, breaches = sequence.explain(guide, ids.split(" "), guides.segments("X12", "004010"))
    return [node.path if node else "-" for node in nodes], [
        (breach.id, RULES[breach.key].x12, breach.index) for breach in breaches
    ]


ROWS: list[tuple[str, str, str, Breaches]] = [
    ("right", "850", "ST BEG REF PO1 PID CTT SE", []),
    ("BEG missing", "850", "ST REF PO1 SE", [("BEG", "3", 1)]),
    ("PO1 missing", "850", "ST BEG CTT SE", [("PO1", "3", 2)]),
    ("both missing", "850", "ST SE", [("BEG", "3", 1), ("PO1", "3", 1)]),
    ("no trailer is no breach of order", "850", "ST BEG PO1", []),
    ("PO1 missing, no trailer", "850", "ST BEG", [("PO1", "3", 1)]),
    ("too late", "850", "ST BEG REF CUR PO1 SE", [("CUR", "7", 3)]),
    ("too late and then again", "850", "ST REF BEG PO1 SE", [("BEG", "7", 2)]),
    ("unknown", "850", "ST BEG ZZZ PO1 SE", [("ZZZ", "1", 2)]),
    ("of another set", "850", "ST BEG BIG PO1 SE", [("BIG", "6", 2)]),
    ("of this set, but not here", "850", "ST BEG ACK PO1 SCH N3 SE", [("ACK", "6", 2), ("N3", "2", 5)]),
    ("twice", "850", "ST BEG CUR CUR PO1 SE", [("CUR", "5", 3)]),
    ("thrice is told once", "850", "ST BEG CUR CUR CUR CUR PO1 SE", [("CUR", "5", 3)]),
    ("a loop too often", "810", "ST BIG N9 MSG N9 MSG TDS SE", [("N9", "4", 4)]),
    ("a loop without what it must have", "810", "ST BIG N9 TDS SE", [("MSG", "3", 3)]),
    ("counts begin anew in each loop", "850", "ST BEG N1 N4 N1 N4 PO1 CUR PO1 CUR SE", []),
    ("a note without its end", "997", "ST AK1 AK2 AK3 AK9 SE", [("AK5", "3", 4)]),
    ("late in its loop", "850", "ST BEG N1 N4 N3 PO1 SE", [("N3", "7", 4)]),
    ("a loop that comes too late", "850", "ST BEG PO1 PID PO4 PID SE", [("PID", "7", 5)]),
    ("a heading behind the lines", "850", "ST BEG PO1 BEG SE", [("BEG", "7", 3), ("BEG", "5", 3)]),
    ("nothing but noise", "850", "ST XX YY SE", [("XX", "1", 1), ("YY", "1", 2), ("BEG", "3", 3), ("PO1", "3", 3)]),
]  # fmt: skip


@pytest.mark.parametrize(("set", "ids", "breaches"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_order_of_segments_is_explained(set: str, ids: str, breaches: Breaches) -> None:
    assert explained(set, ids)[1] == breaches


def test_what_is_out_of_place_is_put_where_it_belongs_and_what_is_unknown_is_passed_over() -> None:
    assert explained("850", "ST BEG REF CUR ZZZ PO1 PID SE")[0] == [
        "ST",
        "BEG",
        "REF",
        "CUR",
        "-",
        "PO1",
        "PO1/PID",
        "SE",
    ]


def test_a_segment_that_came_too_late_does_not_end_the_loop_that_is_open() -> None:
    assert explained("850", "ST BEG N1 DTM N3 N4 PO1 SE")[0] == [
        "ST",
        "BEG",
        "N1",
        "DTM",
        "N1/N3",
        "N1/N4",
        "PO1",
        "SE",
    ]


BELLS = "\x07" * 12


def test_a_breach_is_a_sentence_with_a_remedy() -> None:
    guide = guides.load("X12", "850", "004010")
    assert guide is not None
    ids = ["ST", "BEG", "50% OFF", "\x07" * 20, "BIG", "N3", "SE"]
    _, breaches = sequence.explain(guide, ids, guides.segments("X12", "004010"))
    found = [finding(breach.key, Position(0, 1), "X12", "", **breach.fields) for breach in breaches]
    assert [one.message for one in found] == [
        "50% OFF is not a segment of X12",
        f"{BELLS!r} is not a segment of X12",
        "BIG is not a segment of the 850",
        "N3 is not expected here: no open loop of the 850 has it",
        "PO1 is missing: it is mandatory in the 850",
    ]
    assert all(one.remedy for one in found)
    assert (found[0].level, found[0].severity, found[0].code, found[0].rule) == ("segment", "error", "1", "unknown")
