"""The EDIFACT shelf: eight messages in two directories, others served by the nearest; overlays reach components."""

from __future__ import annotations

import pytest

from d365edi.edi import guides, reader
from d365edi.edi.guide import Guide
from d365edi.edi.reader import ReadOptions
from d365edi.errors import SettingsError
from tests.edi import see
from tests.edi.edifact.make import order

MESSAGES = {"ORDERS", "ORDRSP", "ORDCHG", "DESADV", "INVOIC", "REMADV", "APERAK", "CONTRL"}


def guide(set: str = "ORDERS", version: str = "D:96A") -> Guide:
    """A guide that is on the shelf."""
    found = guides.load("EDIFACT", set, version)
    assert found is not None
    return found


def test_the_eight_messages_are_on_the_shelf() -> None:
    assert set(guides.sets("EDIFACT")) == MESSAGES


@pytest.mark.parametrize("version", ["D:96A:UN", "D:01B:UN"])
@pytest.mark.parametrize("set", sorted(MESSAGES))
def test_every_segment_of_a_tree_is_in_the_dictionary_and_the_frame_is_mandatory(set: str, version: str) -> None:
    nodes = guide(set, version).nodes[1:]
    top = guide(set, version).root.sequence
    assert {node.id for node in nodes} <= guides.segments("EDIFACT", version).keys()
    assert [(top[0].id, top[0].mandatory), (top[-1].id, top[-1].mandatory)] == [("UNH", True), ("UNT", True)]


@pytest.mark.parametrize(
    ("version", "tables"),
    [
        ("D:96A:UN:EAN008", "D96A"), ("D:01B:UN:EAN010", "D01B"), ("D:93A:UN:EAN007", "D96A"), ("D:97B:UN", "D96A"),
        ("D:99B:UN", "D96A"), ("D:00A:UN", "D96A"), ("D:01A:UN", "D96A"), ("D:02A:UN", "D01B"), ("D:10A:UN:1.1e", "D01B"),
        ("D:23A:UN", "D01B"), ("S:93A:UN", "D96A"), ("D: 96A:UN", "D96A"), ("D96A", "D96A"), ("2:912:UN", "D96A"),
        ("D:3:UN", "D96A"), ("4:1:UN", "D96A"), ("", ""), ("D", ""),
    ],
)  # fmt: skip
def test_a_version_is_served_by_the_nearest_directory_below_it(version: str, tables: str) -> None:
    assert guides.tables("EDIFACT", version) == tables


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        ("RFF01-2", 35, 70),
        ("IMD03-4", 35, 256),
        ("FTX04-1", 70, 512),
        ("NAD08", 9, 17),
        ("MOA01-2", 18, 35),
        ("CPS01", 12, 35),
    ],
)
def test_what_the_newer_directory_widened(place: str, old: int, new: int) -> None:
    id, element, component = place[:3], int(place[3:5]), int(place[6:] or 0)
    lengths = []
    for version in ("D:96A", "D:01B"):
        found = guides.segments("EDIFACT", version)[id].element(element)
        assert found is not None
        lengths.append(found.components[component - 1].max if component else found.max)
    assert lengths == [old, new]


def test_the_number_of_a_document_moves_into_a_composite() -> None:
    old, new = (guides.segments("EDIFACT", version)["BGM"].elements[1] for version in ("D:96A", "D:01B"))
    assert (old.number, new.number, new.components[0].number) == ("1004", "C106", "1004")


@pytest.mark.parametrize(
    ("path", "most"), [("DTM", 35), ("NAD/CTA/COM", 5), ("LIN", 0), ("LIN/PRI/RNG", 1), ("CNT", 10)]
)
def test_how_often_a_place_may_come(path: str, most: int) -> None:
    assert {node.path: node.max_use for node in guide().nodes[1:]}[path] == most


def test_segments_of_the_newer_directory_only_stand_there() -> None:
    old, new = ({node.path for node in guide("INVOIC", version).nodes[1:]} for version in ("D:96A", "D:01B"))
    assert new - old >= {"GIS", "LIN/PGI", "LIN/DGS", "RFF/RTE"}
    assert old - new == set()


def test_a_code_list_of_a_partner_is_complete_and_reaches_a_component() -> None:
    overlay = {"ORDERS": {"codes": {"NAD02-3": ["92"], "BGM03": ["9"]}, "severity": {"code": "warning"}}}
    report = reader.read(order(), ReadOptions(overlays=overlay))
    assert {(finding.where.segment, finding.where.component, finding.severity) for finding in see.findings(report)} == {
        ("NAD", 3, "warning")
    }


def test_an_element_and_a_segment_of_a_partner() -> None:
    overlay = {"ORDERS": {"elements": {"RFF01-2": "an 1/3"}, "mandatory": ["TOD"], "max_use": {"DTM": 1}}}
    report = reader.read(order(), ReadOptions(overlays=overlay))
    assert set(see.told(report)) == {("TOD", "13"), ("DTM", "35"), ("RFF01", "39")}


@pytest.mark.parametrize("place", ["NAD", "NAD2", "XXX01", "NAD02-9", "NAD01-1"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(SettingsError):
        guides.load("EDIFACT", "ORDERS", "D:96A", {"codes": {place: ["1"]}})
