"""Where a segment belongs: the deepest open loop whose remaining sequence admits it, else one loop up."""

from __future__ import annotations

import pytest

from d365edi.edi import cursor, guides
from d365edi.edi.guide import Guide, Node


def guide(set: str, version: str = "004010") -> Guide:
    found = guides.load("X12", set, version)
    assert found is not None
    return found


def walked(set: str, ids: str, version: str = "004010") -> list[str]:
    """The paths that a row of segments goes through; `-` where nothing admits one."""
    node = guide(set, version).root
    paths = []
    for id in ids.split(" "):
        found = cursor.follow(node, id)
        paths.append(found.path if found else "-")
        node = found or node
    return paths


TRAPS = [
    ("N1 before and behind PO1", "850", "ST BEG N1 PO1 N1", "ST BEG N1 PO1 PO1/N1"),
    ("REF of the order, of a party, of a line", "850", "ST BEG REF N1 REF PO1 REF", "ST BEG REF N1 N1/REF PO1 PO1/REF"),
    ("MEA of a line and of a description", "850", "ST BEG PO1 MEA PID MEA", "ST BEG PO1 PO1/MEA PO1/PID PO1/PID/MEA"),
    ("SAC of a line and of an invoice", "810", "ST BIG IT1 SAC TDS SAC", "ST BIG IT1 IT1/SAC TDS SAC"),
    ("AMT of a line and of the totals", "850", "ST BEG PO1 AMT CTT AMT", "ST BEG PO1 PO1/AMT CTT CTT/AMT"),
    ("TD5 of the order and of a party", "850", "ST BEG TD5 N1 TD5", "ST BEG TD5 N1 N1/TD5"),
    ("CUR of the order and of a charge", "850", "ST BEG CUR SAC CUR", "ST BEG CUR SAC SAC/CUR"),
    ("lines follow lines", "850", "ST BEG PO1 PID PO1 PID CTT SE", "ST BEG PO1 PO1/PID PO1 PO1/PID CTT SE"),
    ("a party follows a party", "850", "ST BEG N1 N3 N4 N1 N3 PO1", "ST BEG N1 N1/N3 N1/N4 N1 N1/N3 PO1"),
    ("sublines and their parties", "850", "ST BEG PO1 SLN N1 N3 SLN PO1",
     "ST BEG PO1 PO1/SLN PO1/SLN/N1 PO1/SLN/N1/N3 PO1/SLN PO1"),
    ("levels follow levels", "856", "ST BSN HL LIN SN1 HL LIN CTT SE", "ST BSN HL HL/LIN HL/SN1 HL HL/LIN CTT SE"),
    ("text in 4010", "850", "ST BEG N9 MSG MTX", "ST BEG N9 N9/MSG -"),
    ("too late", "850", "ST BEG REF CUR", "ST BEG REF -"),
    ("nowhere", "850", "ST BEG BIG", "ST BEG -"),
    ("behind the end", "850", "ST BEG PO1 SE PO1", "ST BEG PO1 SE -"),
    ("a segment may follow itself", "850", "ST BEG REF REF REF", "ST BEG REF REF REF"),
    ("ADX in a remittance and alone", "820", "ST BPR ENT RMR ADX ENT ADX", "ST BPR ENT ENT/RMR ENT/RMR/ADX ENT ENT/ADX"),
    ("notes of a 997", "997", "ST AK1 AK2 AK3 AK4 AK4 AK3 AK5 AK2 AK5 AK9 SE",
     "ST AK1 AK2 AK2/AK3 AK2/AK3/AK4 AK2/AK3/AK4 AK2/AK3 AK2/AK5 AK2 AK2/AK5 AK9 SE"),
]  # fmt: skip


@pytest.mark.parametrize(("set", "ids", "paths"), [row[1:] for row in TRAPS], ids=[row[0] for row in TRAPS])
def test_a_segment_goes_to_the_deepest_loop_that_admits_it(set: str, ids: str, paths: str) -> None:
    assert walked(set, ids) == paths.split(" ")


def test_text_moves_to_mtx_with_005010() -> None:
    assert walked("850", "ST BEG N9 MTX MSG", "005010") == ["ST", "BEG", "N9", "N9/MTX", "-"]


def node(path: str, set: str = "850") -> Node:
    return next(one for one in guide(set).nodes if one.path == path)


@pytest.mark.parametrize(
    ("here", "id", "path"),
    [
        ("N1", "DTM", "DTM"), ("PO1/PID", "REF", "PO1/REF"), ("PO1", "BEG", "BEG"), ("CTT", "PO1", "PO1"),
        ("N1/N4", "N3", "N1/N3"), ("N1", "BIG", None),
    ],
)  # fmt: skip
def test_what_comes_too_late_is_found_in_the_deepest_open_loop_that_knows_it(
    here: str, id: str, path: str | None
) -> None:
    found = cursor.find(node(here), id)
    assert (found.path if found else None) == path


@pytest.mark.parametrize(
    ("here", "there", "missing"),
    [
        ("ST", "BEG", []), ("ST", "CUR", ["BEG"]), ("ST", "SE", ["BEG", "PO1"]), ("BEG", "CTT", ["PO1"]), ("PO1/PID", "CTT", []),
        ("PO1/N9", "PO1", []), ("PO1/LS", "PO1", ["PO1/LS/LDT", "PO1/LS/LE"]), ("PO1/LS/LDT", "PO1/N9", ["PO1/LS/LE"]),
    ],
)  # fmt: skip
def test_what_is_mandatory_and_passed_by_is_missing(here: str, there: str, missing: list[str]) -> None:
    assert [one.path for one in cursor.skipped(node(here), node(there))] == missing


def test_where_a_segment_goes_is_worked_out_once() -> None:
    root = guide("850").root
    first = cursor.follow(root, "ST")
    assert first is not None
    assert root.following["ST"] is first
    assert cursor.follow(root, "XYZ") is None
    assert root.following["XYZ"] is None
