"""Versions have tables of their own: what each allows, held against an independent grammar, and a file in each that uses it.

Where the two differ the wider one wins for reading: nothing is refused that the other allows. What we write is 004010 and
005010, where ours allows nothing that the other refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from d365edi.edi import guides, reader
from d365edi.edi.guide import Element
from d365edi.edi.x12 import acknowledgment
from d365edi.settings.envelope import X12
from tests.edi import independent, make, see
from tests.edi.independent import Described

NAMED = [
    ("REF", 2, {"004010": 30, "004020": 30, "004030": 50, "004060": 50, "005010": 50, "005030": 80, "006020": 80}),
    ("PER", 4, {"004010": 80, "004020": 256, "004030": 256, "004060": 256, "005010": 256}),
    ("NM1", 3, {"004010": 35, "004020": 60, "005010": 60}),
    ("NM1", 4, {"004010": 25, "004020": 35, "005010": 35}),
    ("IT1", 2, {"004010": 10, "004030": 10, "004040": 15, "004060": 15, "005010": 15}),
    ("TD3", 3, {"004010": 10, "004030": 10, "004040": 15, "005010": 15}),
    ("YNQ", 1, {"004010": 2, "004030": 2, "004040": 3, "005010": 3}),
    ("SI", 2, {"004010": 2, "004040": 2, "004050": 3, "005010": 3}),
    ("L7", 1, {"004010": 3, "005010": 3, "005050": 6, "006020": 6}),
    ("PO1", 7, {"004010": 48, "005050": 48, "006010": 80, "006020": 80}),
    ("BEG", 5, {"003040": 6, "004010": 8}),
    ("BIG", 11, {"004010": 0, "004020": 4, "005010": 4}),
    ("N4", 7, {"004010": 0, "004020": 3, "005010": 3}),
    ("ST", 3, {"004010": 0, "004020": 35}),
    ("AK1", 3, {"004040": 0, "004050": 12}),
    ("NM1", 12, {"004030": 0, "004040": 60}),
    ("PWK", 10, {"005050": 0, "006010": 3}),
    ("PAL", 18, {"005010": 0, "005050": 15}),
]
"""A segment, a position, and the longest value there in each version: 0 where the segment ends before it."""


@pytest.mark.parametrize(("segment", "position", "longest"), NAMED)
def test_a_version_has_lengths_of_its_own(segment: str, position: int, longest: dict[str, int]) -> None:
    """004030 had the lengths of 004010 (REF02 30, PER04 80), 004060 those of 004030."""
    found = {version: guides.segments("X12", version)[segment].element(position) for version in longest}
    assert {version: element.max if element else 0 for version, element in found.items()} == longest


@pytest.mark.parametrize(
    ("segment", "position", "before", "since"),
    [("CAD", 1, False, "004060"), ("INC", 4, True, "004060")],
)
def test_a_version_has_demands_of_its_own(segment: str, position: int, before: bool, since: str) -> None:
    """CAD01 was mandatory from 004030 on."""
    for version in guides.VERSIONS["X12"]:
        element = guides.segments("X12", version)[segment].element(position)
        assert element is not None
        assert element.mandatory == (before if version < since else not before), version


# -- against an independent grammar -----------------------------------------------------------------------------------
COMPARED = tuple(version for version in guides.VERSIONS["X12"] if version >= "004010")


@pytest.fixture(scope="module")
def theirs() -> dict[str, dict[str, list[Described]]]:
    """What the grammar has of each version."""
    return independent.segments(*COMPARED)


def refused(place: str, ours: Element, other: Described) -> Iterator[str]:
    """What `ours` refuses and the other allows."""
    if ours.mandatory and not other[0]:
        yield f"{place} is mandatory"
    if isinstance(other[1], list) or ours.components:
        parts: list[Described] = other[1] if isinstance(other[1], list) else [[True, *other[1:]]]
        within = ours.components or (ours,)
        if len(within) < len(parts):
            yield f"{place} has {len(within)} components"
        for number, (each, part) in enumerate(zip(within, parts, strict=False), 1):
            yield from refused(f"{place}-{number}", each, [part[0] or number == 1, *part[1:]])
    elif ours.min > other[1] or ours.max < other[2]:
        yield f"{place} {ours.min}/{ours.max}"


def narrower(version: str, segments: dict[str, list[Described]]) -> list[str]:
    """Where our tables of a version are narrower than the other's."""
    found = []
    for id, segment in guides.segments("X12", version).items():
        elements: Sequence[Described] = segments.get(id, ())
        if len(segment.elements) < len(elements) and not segment.open:
            found.append(f"{id} has {len(segment.elements)} elements")
        for ours, other in zip(segment.elements, elements, strict=False):
            found += refused(f"{id}{ours.position:02d}", ours, other)
    return found


@pytest.mark.parametrize("version", COMPARED)
def test_reading_refuses_nothing_that_the_other_grammar_allows(
    version: str, theirs: dict[str, dict[str, list[Described]]]
) -> None:
    """There were 34 elements more to refuse in 004030, and 53 in 004060."""
    assert narrower(version, theirs[version]) == []


def written() -> Iterator[str]:
    """The versions that the settings let us write."""
    for version in guides.VERSIONS["X12"]:
        with suppress(ValueError):
            yield X12.model_validate({"us": "ZZ:US", "them": "ZZ:THEM", "version": version}).version


def test_two_versions_are_written() -> None:
    assert [*written()] == ["004010", "005010"]


@pytest.mark.parametrize("version", [*written()])
def test_writing_allows_nothing_that_the_other_grammar_refuses(
    version: str, theirs: dict[str, dict[str, list[Described]]]
) -> None:
    wider = []
    for id, segment in guides.segments("X12", version).items():
        elements = theirs[version].get(id)
        if elements is None or not segment.elements:
            continue
        if len(segment.elements) > len(elements):
            wider.append(f"{id} has {len(segment.elements)} elements")
        for ours, other in zip(segment.elements, elements, strict=False):
            if not ours.components and (ours.min < other[1] or ours.max > other[2]):
                wider.append(f"{id}{ours.position:02d} {ours.min}/{ours.max}")
            if other[0] and not ours.mandatory:
                wider.append(f"{id}{ours.position:02d} is optional")
    assert wider == []


# -- a file in each version -------------------------------------------------------------------------------------------
SAMPLES: dict[str, list[tuple[str, *tuple[tuple[str, str], ...]]]] = {
    "003040": [("850", ("20260105", "260105"), ("20260112", "260112"), ("20260119", "260119"))],
    "004010": [("850", ("PAT BUYER*TE*5555550100", "PAT BUYER*EM*" + "B" * 80))],
    "004020": [("850", ("PAT BUYER*TE*5555550100", "PAT BUYER*EM*" + "B" * 256)), ("810", ("*DI", "*DI****0010"))],
    "004030": [("850", ("0078123", "R" * 50)), ("810", ("CAD*M***", "CAD****"))],
    "004040": [("810", ("IT1*1*120", "IT1*1*120.000000000000")), ("850", ("0078123", "R" * 50))],
    "004050": [("810", ("CAD*M***", "CAD****"))],
    "004060": [("810", ("*0078123", "*" + "R" * 50))],
    "005010": [("850", ("0078123", "R" * 50))],
    "005030": [("850", ("0078123", "R" * 80))],
    "005050": [("850", ("0078123", "R" * 80))],
    "006010": [("850", ("NB-100", "N" * 80))],
    "006020": [("850", ("NB-100", "N" * 80))],
}
"""For each version sets of the room with what that version has and the one before it had not."""
BODIES = {"850": ("PO", make.ORDER), "810": ("IN", make.INVOICE)}


@pytest.mark.parametrize("version", guides.VERSIONS["X12"])
def test_a_file_that_uses_its_version_is_accepted_in_it(version: str) -> None:
    for set, *changes in SAMPLES[version]:
        functional, body = BODIES[set]
        text = "~".join(make.numbered(body, set))
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        data = make.data(make.interchange([text.split("~")], functional=functional, version=version))
        report = reader.read(data)
        assert [str(found) for found in see.findings(report) if found.severity == "error"] == [], set
        (read,) = report.interchanges[0].groups[0].sets
        assert (read.verdict, read.guide and read.guide.version) == ("A", version)


@pytest.mark.parametrize(
    ("version", "body", "rule"),
    [
        ("004030", [("CAD*M***", "CAD****")], []),
        ("004060", [("CAD*M***", "CAD****")], ["required"]),
        ("004020", [("*0078123", "*" + "R" * 40)], ["length"]),
        ("004030", [("*0078123", "*" + "R" * 40)], []),
        ("004030", [("*0078123", "*" + "R" * 51)], ["length"]),
    ],
)
def test_what_one_version_allows_the_next_may_refuse(
    version: str, body: list[tuple[str, str]], rule: list[str]
) -> None:
    text = "~".join(make.numbered(make.INVOICE, "810"))
    for old, new in body:
        text = text.replace(old, new, 1)
    data = make.data(make.interchange([text.split("~")], functional="IN", version=version))
    found = [each.rule for each in see.findings(reader.read(data)) if each.severity == "error"]
    assert found == rule


@pytest.mark.parametrize(
    ("version", "text"), [("004010", "3"), ("004040", "3"), ("004050", "3>1"), ("005010", "3>1>1")]
)
def test_an_application_advice_names_a_component_where_its_version_has_them(version: str, text: str) -> None:
    """TED05 is a composite from 004050 on; `3>1` was refused as no number."""
    body = ("BGN*00*4711*20260105", "OTI*TR*BM*1", f"TED*007*WRONG*PO1*3*{text}*234*X*Y")
    data = make.data(make.interchange([make.numbered(body, "824")], functional="AG", version=version))
    assert [str(found) for found in see.findings(reader.read(data)) if found.severity == "error"] == []


@pytest.mark.parametrize(
    ("version", "severity", "says", "verdict"),
    [
        ("004010", "", "", "AK9*A*1*1*1"),
        ("004010VICS", "", "", "AK9*A*1*1*1"),
        ("004012", "", "", "AK9*A*1*1*1"),
        ("00401", "", "", "AK9*A*1*1*1"),
        (
            "008030",
            "warning",
            "GS08 names 008030, which has no tables here; it was read by those of 006020",
            "AK9*A*1*1*1",
        ),
        ("004099", "error", "GS08 names 004099, which is no version of X12; it was read as 004060", "AK9*E*1*1*1*2"),
        ("999999", "error", "GS08 names 999999, which is no version of X12; it was read as 006020", "AK9*E*1*1*1*2"),
        ("ABC", "error", "GS08 names no version", "AK9*R*1*1*0*2"),
    ],
)
def test_a_version_that_there_is_none_of_is_reported_to_both(
    version: str, severity: str, says: str, verdict: str
) -> None:
    """AK905 2. Such a group was accepted without a word; one that has no tables here is read by the nearest below."""
    text = make.data(make.interchange([make.numbered(make.INVOICE, "810")], functional="IN"))
    data = text.replace(b"*X*004010", b"*X*" + version.encode())
    group = reader.read(data).interchanges[0].groups[0]
    found = [(one.severity, str(one)) for one in group.findings]
    assert [one for one, _ in found] == [severity] * bool(severity)
    assert says in "".join(text for _, text in found)
    assert "*".join(map(str, acknowledgment.functional(group, "7")[-1])) == verdict


def test_a_version_of_the_interchange_that_there_is_none_of_is_reported() -> None:
    data = make.data(make.interchange([make.numbered(make.INVOICE, "810")], functional="IN")).replace(
        b"*00401*", b"*99999*"
    )
    (report,) = reader.read(data).interchanges
    assert [(one.code, one.message) for one in report.findings] == [
        ("017", "ISA12 names 99999, which is no version of X12")
    ]
    assert (report.verdict, report.groups[0].verdict) == ("E", "A")
