"""How envelopes nest, what stands outside of them, and that one bad set never blocks its siblings."""

from __future__ import annotations

import pytest

from d365edi.edi import reader
from d365edi.edi.interchange import GroupReport, InterchangeReport, SetReport
from d365edi.edi.reader import MOST_ASTRAY
from d365edi.edi.x12.envelope import X12
from tests.edi import make, see

ORDER = make.numbered(make.ORDER)
SECOND = make.numbered(make.ORDER, control="0002")
THIRD = make.numbered(make.ORDER, control="0003")
WRONG = [*SECOND[:-1], "SE*99*0002"]


def read(segments: list[str]) -> tuple[str, list[str]]:
    """The verdicts, and place and code of what is found."""
    report = reader.read(make.data(segments))
    return see.verdicts(report), [f"{one.where.segment}:{one.code or one.rule}" for one in see.findings(report)]


def test_one_bad_set_does_not_block_its_siblings() -> None:
    assert read(make.interchange([ORDER, WRONG, THIRD])) == ("IA GP 850A 850R 850A", ["SE:4"])


def test_groups_are_judged_by_themselves() -> None:
    whole = make.interchange([ORDER])
    broken = ["GS*PO*SENDER*RECEIVER*20260105*0915*8*X*004010", *WRONG, "GE*1*9"]
    assert read([*whole[:-1], *broken, "IEA*2*000000101"]) == ("IA GA 850A GR 850R", ["GE:4", "SE:4"])


def test_a_rejected_interchange_takes_its_groups_and_sets_with_it() -> None:
    assert read(make.interchange([ORDER, SECOND])[:-1]) == ("IR GR 850R 850R", ["IEA:023"])


@pytest.mark.parametrize(
    ("segments", "verdicts", "found"),
    [
        ([*ORDER[:-1], *SECOND], "IA GP 850R 850A", ["SE:2"]),
        ([*ORDER[:-1]], "IA GR 850R", ["SE:2"]),
        ([ORDER[0], *SECOND], "IA GP 850R 850A", ["SE:2"]),
        ([*ORDER, "REF*IA*1", *SECOND], "IA GE 850A 850A", ["REF:astray"]),
        ([*ORDER, "SE*22*0001"], "IA GE 850A", ["SE:astray"]),
        ([*ORDER, *ORDER], "IA GP 850A 850R", ["ST:23"]),
        ([], "IA GR", ["GE:empty-envelope"]),
    ],
)  # fmt: skip
def test_sets_end_where_they_end(segments: list[str], verdicts: str, found: list[str]) -> None:
    whole = make.interchange()
    count = sum(segment.startswith("ST*") for segment in segments)
    assert read([*whole[:2], *segments, f"GE*{count}*7", whole[-1]]) == (verdicts, found)


def test_a_set_outside_of_any_group_is_read_and_rejected() -> None:
    whole = make.interchange()
    verdicts, found = read([whole[0], *ORDER, "IEA*0*000000101"])
    assert verdicts == "IR GR 850R"
    assert {"GS:3", "ST:024"} <= set(found)


def test_a_group_number_that_comes_twice_is_told() -> None:
    whole = make.interchange()
    assert read([*whole[:-1], *whole[1:-1], "IEA*2*000000101"]) == ("IA GA 850A GE 850A", ["GS:19"])


def test_an_interchange_that_stands_twice_in_a_file_is_told() -> None:
    assert read([*make.interchange(), *make.interchange()]) == ("IA GA 850A IA GA 850A", ["ISA:025"])
    assert read([*make.interchange(), *make.interchange(control=102)])[1] == []


def test_segments_outside_of_sets_are_shown_and_then_counted() -> None:
    whole = make.interchange()
    report = reader.read(make.data([*whole[:-2], *["REF*IA*1"] * (MOST_ASTRAY + 5), *whole[-2:]]))
    found = report.interchanges[0].groups[0].findings
    assert len(found) == MOST_ASTRAY + 1
    assert found[-1].message == "5 more segments stand outside of any set"
    assert [one.value for one in found[:MOST_ASTRAY]] == ["REF*IA*1"] * MOST_ASTRAY


def test_edifact_is_reported_and_passed_by_where_x12_is_wanted() -> None:
    edifact = b"UNB+UNOA:3+S+R+260105:0915+1'UNH+1+ORDERS:D:96A:UN'UNT+2+1'UNZ+1+1'"
    report = reader.read(make.order() + edifact + make.data(make.interchange(control=102)), standards=[X12])
    assert see.verdicts(report) == "IA GA 850A IA GA 850A"
    assert [one.rule for one in see.findings(report)] == ["standard"]


def test_an_unknown_set_is_kept_whole_and_rejected_by_name() -> None:
    body = make.numbered(["W05*N*1", "N1*ST*X", "ZZZ"], "940")
    report = reader.read(make.data(make.interchange([body], functional="OW")))
    (one,) = see.sets(report)
    assert one.segments == body
    assert (one.verdict, one.nodes, one.guide) == ("R", [None] * 5, None)
    assert "is not supported" in one.findings[0].message


def test_the_version_of_the_header_serves_where_the_group_names_none() -> None:
    text = make.data(make.interchange([ORDER])).replace(b"X*004010", b"X*")
    one = see.sets(reader.read(text))[0]
    assert one.guide is not None
    assert one.guide.version == "004010"


def test_a_stream_gives_each_part_when_it_closes_and_without_its_parts() -> None:
    parts = list(reader.stream([make.data(make.interchange([ORDER, SECOND]))]))
    assert [type(part) for part in parts] == [SetReport, SetReport, GroupReport, InterchangeReport]
    assert isinstance(parts[2], GroupReport)
    assert (parts[2].sets, parts[2].received, parts[2].accepted) == ([], 2, 2)
    assert isinstance(parts[3], InterchangeReport)
    assert parts[3].groups == []


def test_where_segments_stand_in_the_guide_is_kept() -> None:
    one = see.sets(reader.read(make.order()))[0]
    paths = [node.path if node else "-" for node in one.nodes]
    assert len(paths) == len(one.segments)
    assert paths[9:15] == ["TD5", "N1", "N1", "N1/N3", "N1/N4", "PO1"]
    assert one.rows[14][:3] == ["PO1", "1", "120"]


@pytest.mark.parametrize("version", ["003040", "004010", "004010VICS", "004030", "005010", "007010"])
def test_an_order_is_read_in_every_version(version: str) -> None:
    report = reader.read(make.data(make.interchange(version=version)))
    assert [one.verdict for one in see.sets(report)] == ["A"]


def test_a_large_file_is_read_as_a_small_one_is() -> None:
    sets = [make.numbered(make.ORDER, control=f"{number:06d}") for number in range(2000)]
    data = make.data(make.interchange(sets))
    report = reader.read(data[at : at + 65_536] for at in range(0, len(data), 65_536))
    assert see.findings(report) == []
    assert len(see.sets(report)) == 2000
    assert report.interchanges[0].length == len(data)


BODIES = {
    "850": ("PO", make.ORDER),
    "810": ("IN", make.INVOICE),
    "856": ("SH", make.SHIPMENT),
    "820": ("RA", make.PAYMENT),
}


@pytest.mark.parametrize("set", BODIES)
@pytest.mark.parametrize("breach", ["\x07", "X" * 200], ids=["control", "length"])
def test_no_element_of_a_file_may_be_wrong_in_silence(set: str, breach: str) -> None:
    functional, body = BODIES[set]
    whole = make.interchange([make.numbered(body, set)], functional=functional)
    for at, segment in enumerate(whole[1:], 1):
        parts = segment.split("*")
        for position in range(1, len(parts)):
            changed = "*".join([*parts[:position], parts[position] + breach, *parts[position + 1 :]])
            report = reader.read(make.data([*whole[:at], changed, *whole[at + 1 :]]))
            assert see.told(report) != [], (segment, position)


@pytest.mark.parametrize("set", BODIES)
def test_no_segment_of_a_file_may_be_lost_in_silence(set: str) -> None:
    functional, body = BODIES[set]
    whole = make.interchange([make.numbered(body, set)], functional=functional)
    for at, segment in enumerate(whole):
        report = reader.read(make.data(whole[:at] + whole[at + 1 :]))
        assert [one for one in see.findings(report) if one.severity == "error"] != [], segment
