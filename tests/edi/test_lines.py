"""Columns taken out of the text of a set are the elements of its segments."""

from __future__ import annotations

import pytest

from d365edi.edi.findings import Position
from d365edi.edi.x12.lines import Set
from d365edi.edi.x12.reader import read
from tests.edi.make import INVOICE, ORDER, data, interchange, numbered

WHOLE = {
    "an order": (interchange(), "850"),
    "an invoice": (interchange([numbered(INVOICE, "810")], functional="IN"), "810"),
    "a line break in the text of a line": (
        interchange([numbered([*ORDER[:14], "PID*F*08***TWO\nPO1*9*9", *ORDER[14:]])]),
        "850",
    ),
    "a line where nothing admits it": (interchange([numbered([*ORDER, "PO1*3*1*EA*1"])]), "850"),
}


def _set(segments: list[str]) -> Set:
    report = read(data(segments)).interchanges[0].groups[0].sets[0]
    return Set(report.id, report.segments, report.nodes, b"*", Position)


@pytest.mark.parametrize(("segments", "id"), WHOLE.values(), ids=WHOLE)
def test_the_segments_of_an_id_are_those_that_stand_at_its_places(segments: list[str], id: str) -> None:
    found = _set(segments)
    placed = [(raw, node.id) for raw, node in zip(found.segments, found.nodes, strict=True) if node is not None]
    ids = ("ST", "PO1", "IT1", "PID", "PO4", "TDS", "SAC", "TXI", "N1", "CTT", "SLN")
    assert {id: found.raw(id.encode()) for id in ids} == {
        id: [raw for raw, known in placed if known == id] for id in ids
    }


@pytest.mark.parametrize(
    ("lines", "position", "numbers"),
    [
        (["PO1*1*120*EA*12.5", "PO1*2*58*EA*-.5"], 2, ["120", "58"]),
        (["PO1*1*120*EA*12.5", "PO1*2*58*EA*-.5"], 4, ["12.5", "-.5"]),
        (["PO1*1*120*EA*12.5", "PO1*2**EA*1"], 2, ["120", ""]),
        (["PO1*1*120*EA*12.5", "PO1*2*58*EA"], 4, []),
        (["PO1*1*120*EA*1E5", "PO1*2*58*EA*1"], 4, []),
        (["PO1*1*120*EA*" + "1" * 26], 4, []),
    ],
)
def test_numbers_are_told_for_all_lines_or_for_none(lines: list[str], position: int, numbers: list[str]) -> None:
    body = [*ORDER[:13], *lines, f"CTT*{len(lines)}"]
    assert _set(interchange([numbered(body)])).numbers(b"PO1", position) == numbers
