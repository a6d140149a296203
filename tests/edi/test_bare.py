"""Sets without an envelope are read as those in one, at the places where they stand in the file."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.edi import bare, reader, sniff
from d365edi.edi.bare import AgreedEnvelope
from d365edi.edi.edifact import writer as edifact
from d365edi.edi.interchange import FileReport, Party
from d365edi.edi.outgoing import OutgoingSegment, OutgoingSet
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import writer as x12
from tests.edi import make, see

X12 = AgreedEnvelope(Party("08", "6111250008"), Party("01", "123456789"), "004010", "P", Syntax())
EDIFACT = AgreedEnvelope(
    Party("14", "4098765000010"),
    Party("14", "4012345000009"),
    "D96A",
    "P",
    Syntax("EDIFACT", "+", ":", "'", release="?"),
)
WHOLE = make.order()
START, END = WHOLE.index(b"ST*"), WHOLE.index(b"GE*")
ORDER = WHOLE[START:END]
ORDERS = (
    b"UNH+1+ORDERS:D:96A:UN:EAN008'BGM+220+4500123+9'DTM+137:20261102:102'NAD+BY+4098765000010::9'NAD+SU+4012345000009::9'"
    b"LIN+1++614141000012:EN'QTY+21:12:EA'UNS+S'CNT+2:1'UNT+10+1'"
)


def read(data: bytes, agreed: AgreedEnvelope = X12) -> FileReport:
    return reader.read(data, reader.ReadOptions(agreed=agreed))


def test_an_order_without_envelope_has_the_agreed_one_and_no_number() -> None:
    report = read(ORDER)
    (interchange,) = report.interchanges
    assert see.verdicts(report) == "IA GA 850A"
    assert see.findings(report) == []
    assert (interchange.sender, interchange.receiver, interchange.usage) == (X12.sender, X12.receiver, "P")
    assert (interchange.bare, interchange.control, interchange.answer_requested) == (True, "", False)
    assert see.sets(report)[0].segments == see.sets(reader.read(WHOLE))[0].segments


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: d.replace(b"PO1*1*120*EA", b"PO1*1*many*EA"), id="no number"),
        pytest.param(lambda d: d.replace(b"CTT*2", b"CTT*3"), id="a total"),
        pytest.param(lambda d: d.replace(b"CUR*BY*USD~", b"XYZ*BY*USD~"), id="an unknown segment"),
        pytest.param(lambda d: d.replace(b"SE*22*", b"SE*7*"), id="a count"),
        pytest.param(lambda d: d.replace(b"ST*850", b"ST*851"), id="an unknown set"),
        pytest.param(lambda d: d.replace(b"N4*ANYTOWN*OH*43200*US~", b""), id="a segment less"),
    ],
)
def test_what_is_wrong_is_found_at_its_place_in_the_file(change: Callable[[bytes], bytes]) -> None:
    whole, alone = (see.sets(report)[0] for report in (reader.read(change(WHOLE)), read(change(ORDER))))
    found = [(each.rule, each.where.offset, each.where.ordinal, each.value) for each in alone.findings]
    wanted = [(each.rule, each.where.offset - START, each.where.ordinal, each.value) for each in whole.findings]
    assert found == [each for each in wanted if each[0] != "group"]
    assert found != []
    assert (alone.offset, alone.verdict) == (0, whole.verdict)


def test_sets_of_several_groups_may_have_one_number() -> None:
    report = read(ORDER + b"\r\n" + ORDER)
    assert see.verdicts(report) == "IA GA 850A GA 850A"
    assert see.findings(report) == []
    assert [(each.control, each.sets[0].control) for each in report.interchanges[0].groups] == [
        ("1", "0001"),
        ("2", "0001"),
    ]
    assert [one.offset for one in see.sets(report)] == [0, len(ORDER) + 2]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: d.replace(b"*", b"|").replace(b"~", b"\n"), id="pipe, LF ends"),
        pytest.param(lambda d: d.replace(b"*", b"^").replace(b"~", b"\r\n"), id="caret, CRLF ends"),
        pytest.param(lambda d: d.replace(b"*", b"\x1d").replace(b"~", b"\x1c"), id="control characters"),
        pytest.param(lambda d: d.replace(b"*", b">"), id="the usual component separator"),
        pytest.param(lambda d: d.replace(b"~", b"~\r\n"), id="a line break after each segment"),
        pytest.param(lambda d: b"\xef\xbb\xbf\r\n" + d, id="a mark and a blank line"),
        pytest.param(lambda d: d + b"\r\n\x1a", id="Ctrl-Z"),
    ],
)
def test_delimiters_are_those_that_the_first_set_shows(change: Callable[[bytes], bytes]) -> None:
    report = read(change(ORDER))
    rows = [[each.strip("\r") for each in row] for row in see.sets(report)[0].rows]
    assert rows == see.sets(reader.read(WHOLE))[0].rows
    assert see.verdicts(report) == "IA GA 850A"


def test_where_the_first_set_does_not_show_them_they_are_those_of_the_settings() -> None:
    piped = AgreedEnvelope(X12.sender, X12.receiver, "004010", "T", Syntax(element="|", terminator="~"))
    report = read(ORDER.replace(b"*", b"|").replace(b"|0001~", b"|00-01~"), piped)
    assert [one.id for one in see.sets(report)] == ["850"]
    assert report.interchanges[0].usage == "T"


def test_the_version_is_that_of_st03_where_it_is_there() -> None:
    said = read(ORDER.replace(b"ST*850*0001~", b"ST*850*0001*005010~"))
    assert [one.version for one in see.sets(said)] == ["005010"]
    assert [one.version for one in see.sets(read(ORDER))] == ["004010"]


@pytest.mark.parametrize(
    ("data", "verdicts", "rules"),
    [
        pytest.param(ORDER[: ORDER.index(b"SE*")], "IA GR 850R", {"trailer"}, id="cut before its end"),
        pytest.param(ORDER[:-1], "IA GA 850A", {"terminator"}, id="no last terminator"),
        pytest.param(ORDER + b"ZZZ*1~", "IE GA 850A", {"astray"}, id="a segment behind"),
        pytest.param(ORDER + b"IEA*1*000000101~", "IE GA 850A", {"astray"}, id="a trailer without header"),
        pytest.param(WHOLE[WHOLE.index(b"GS*") : WHOLE.index(b"IEA*")], "IA GA 850A", set(), id="in its group"),
        pytest.param(ORDER + WHOLE, "IA GA 850A IA GA 850A", set(), id="and an interchange"),
    ],
)
def test_what_stands_around_bare_sets_is_reported(data: bytes, verdicts: str, rules: set[str]) -> None:
    report = read(data)
    assert {each.rule for each in see.findings(report)} == rules
    assert see.verdicts(report) == verdicts


def test_a_file_with_an_envelope_is_read_as_ever() -> None:
    assert see.verdicts(read(WHOLE)) == "IA GA 850A"
    assert read(WHOLE).interchanges[0].control == reader.read(WHOLE).interchanges[0].control
    assert not bare.begins(WHOLE, X12)
    assert not bare.begins(ORDERS, X12)
    assert bare.header(b"number;item\n1;2\n", X12) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(ORDERS, id="as it is"),
        pytest.param(b"UNA:+.? '\r\n" + ORDERS, id="behind a UNA"),
        pytest.param(b"UNA:*.? ~" + ORDERS.replace(b"+", b"*").replace(b"'", b"~"), id="in signs of its own"),
        pytest.param(ORDERS + ORDERS, id="twice with one reference"),
    ],
)
def test_edifact_messages_come_without_envelope_too(data: bytes) -> None:
    report = read(data, EDIFACT)
    (interchange,) = report.interchanges
    assert {(one.id, one.version, one.verdict) for one in see.sets(report)} == {("ORDERS", "D:96A:UN:EAN008", "A")}
    assert see.findings(report) == []
    assert (interchange.sender, interchange.receiver, interchange.bare) == (EDIFACT.sender, EDIFACT.receiver, True)
    assert data[see.sets(report)[0].offset :].lstrip(b"\r\n").startswith(b"UNH")


def test_the_end_of_bare_sets_is_told_from_a_part_of_them() -> None:
    for data in (ORDER, ORDER + b"\r\n", ORDER[:-1], ORDERS, ORDER.replace(b"~", b"\n")):
        assert sniff.complete(data, bare=True)
        assert not sniff.complete(data)
    for data in (ORDER[: ORDER.index(b"SE*")], ORDERS[: ORDERS.index(b"UNT")], b"", b"ST"):
        assert not sniff.complete(data, bare=True)


def test_what_we_write_without_envelope_is_read_again() -> None:
    body: list[OutgoingSegment] = [[*each.split("*")] for each in make.ORDER]
    written = x12.write_bare(Syntax(suffix="\n"), "004010", [OutgoingSet("850", "0007", body)])
    assert written.startswith(b"ST*850*0007~\nBEG*00*SA*")
    assert written.endswith(b"SE*22*0007~\n")
    assert see.verdicts(read(written)) == "IA GA 850A"
    message: list[OutgoingSegment] = [["BGM", "220", "4500123", "9"], ["UNS", "S"]]
    signs = EDIFACT.syntax
    unh = edifact.write_bare(signs, "D:96A:UN", "UNOC", [OutgoingSet("ORDERS", "7", message)])
    assert unh == b"UNH+7+ORDERS:D:96A:UN'BGM+220+4500123+9'UNS+S'UNT+4+7'"


@given(st.sampled_from((ORDER, ORDERS)), st.data())
def test_whatever_the_bytes_nothing_is_raised(start: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, 60))
    junk = data.draw(st.binary(max_size=80))
    for agreed in (X12, EDIFACT):
        for one in (start[:cut] + junk, start[:cut] + junk + start[cut:], junk + start):
            assert isinstance(read(one, agreed), FileReport)
