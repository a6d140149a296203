"""Components of EDIFACT become plain values: days by their format, texts in two components, item numbers."""

from __future__ import annotations

import pytest

from d365edi.edi import guides
from d365edi.maps.address import pairs
from d365edi.maps.edifact.values import addresses, normalise

GUIDE = guides.load("EDIFACT", "ORDERS", "D:96A:UN")
assert GUIDE is not None

ROWS = [
    ("DTM", 1, "137:20260105:102", ["137", "20260105"]),
    ("DTM", 1, "137:202601051530:203", ["137", "20260105", "", "1530"]),
    ("DTM", 1, "137:260105:101", ["137", "20260105"]),
    ("DTM", 1, "137:991231:101", ["137", "19991231"]),
    ("DTM", 1, "137:050126:2", ["137", "20260105"]),
    ("DTM", 1, "137:20260105", ["137", "20260105"]),
    ("DTM", 1, "137:WEEK 7:ZZZ", ["137", "", "ZZZ", "", "", "", "WEEK 7"]),
    ("DTM", 1, "2:202611:610", ["2", "", "610", "", "202611"]),
    ("DTM", 1, "2:202647:616", ["2", "", "616", "", "", "202647"]),
    ("IMD", 3, ":::ONE:TEXT", ["", "", "", "ONE TEXT", ""]),
    ("IMD", 3, "::::TEXT", ["", "", "", "TEXT", ""]),
    ("IMD", 3, ":::" + "X" * 35 + ":YZ", ["", "", "", "X" * 35 + "YZ", ""]),
    ("IMD", 1, "F:G", ["F\x1fG"]),
]


@pytest.mark.parametrize(("id", "element", "text", "parts"), ROWS)
def test_habits_of_edifact_become_plain_values(id: str, element: int, text: str, parts: list[str]) -> None:
    assert GUIDE is not None
    plain = normalise(GUIDE.segments[id].elements[element - 1])
    assert plain is not None
    assert plain(text.split(":")) == parts


def test_components_of_other_composites_are_values_as_they_stand() -> None:
    assert GUIDE is not None
    assert normalise(GUIDE.segments["NAD"].elements[1]) is None


def test_item_numbers_come_first_among_the_values_of_a_segment_and_joined_texts_count_once() -> None:
    assert GUIDE is not None
    line = list(addresses(GUIDE.segments["LIN"]))
    assert line[:6] == [(1, 0), (2, 0), (3, 2), (3, 1), (3, 3), (3, 4)]
    assert [each for each in addresses(GUIDE.segments["IMD"]) if each[0] == 3] == [
        (3, 1),
        (3, 2),
        (3, 3),
        (3, 4),
        (3, 6),
    ]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (["PIA", "1", "A:SA", "B:IN:9"], [(2, "SA", "A"), (3, "IN", "B")]),
        (["PIA", "1"], []),
        (["PIA", "1", "A"], [(2, "", "A")]),
    ],
)
def test_pairs_of_edifact_are_composites(row: list[str], found: list[tuple[int, str, str]]) -> None:
    assert GUIDE is not None
    where = pairs(GUIDE.segments["PIA"])
    assert where is not None
    assert list(where.of(row, ":")) == found


def test_pairs_of_x12_are_two_elements_each() -> None:
    x12 = guides.load("X12", "850", "004010")
    assert x12 is not None
    where = pairs(x12.segments["PO1"])
    assert where is not None
    row = ["PO1", "1", "2", "EA", "3.5", "", "IN", "9001", "UP", "7", "VN"]
    assert list(where.of(row, ">")) == [(7, "IN", "9001"), (9, "UP", "7")]
