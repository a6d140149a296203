"""Interchanges, groups and messages as they nest; files of both standards; constant memory."""

from __future__ import annotations

import tracemalloc
from time import process_time

import pytest

from d365edi.edi import reader, release, values
from d365edi.edi import reader as any_reader
from d365edi.edi.edifact.envelope import EDIFACT
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import GroupReport, InterchangeReport, SetReport
from d365edi.edi.reader import ReadOptions
from d365edi.edi.sniff import complete, sniff
from d365edi.edi.x12.envelope import X12
from tests.edi import make as x12_make
from tests.edi import see
from tests.edi.edifact.make import DESPATCH, INVOICE, ORDER, REMITTANCE, data, interchange, numbered, order


def group(*messages: list[str], id: str = "ORDERS", control: str = "7", count: int | None = None) -> list[str]:
    """A group of messages."""
    inner = [segment for one in messages for segment in one]
    included = len(messages) if count is None else count
    return [f"UNG+{id}+BUYER+SELLER+260105:0915+{control}+UN+D:96A:EAN008", *inner, f"UNE+{included}+{control}"]


def test_what_an_interchange_says_of_itself() -> None:
    text = data(interchange(extra="++ORDERS++1+EANCOM+1")).replace(b"5412345000013:14", b"5412345000013:14:DEPT", 1)
    report = reader.read(text).interchanges[0]
    assert (str(report.sender), str(report.receiver)) == ("14:5412345000013", "14:4012345500004")
    assert (report.date, report.time, report.control, report.version) == ("260105", "0915", "101", "UNOC:3")
    assert (report.usage, report.answer_requested, report.routing, report.standard) == (
        "T",
        True,
        ("DEPT", ""),
        "EDIFACT",
    )
    assert (report.offset, report.length, len(report.digest)) == (0, len(text), 64)


def test_messages_without_a_group_stand_in_one_without_an_id() -> None:
    found = reader.read(data(interchange(numbered(), numbered(control="ME2")))).interchanges[0].groups
    assert [(one.functional_id, one.control, one.received, one.accepted, one.verdict) for one in found] == [
        ("", "", 2, 2, "A")
    ]


def test_what_a_message_says_of_itself() -> None:
    report = see.sets(reader.read(order()))[0]
    assert (report.id, report.control, report.version) == ("ORDERS", "ME1", "D:96A:UN:EAN008")
    assert report.guide is not None
    assert report.guide.version == "D96A"
    assert [node.path if node else "" for node in report.nodes][6:13] == [
        "NAD",
        "NAD/RFF",
        "NAD",
        "CUX",
        "PAT",
        "LIN",
        "LIN/PIA",
    ]


def test_elements_of_a_message_keep_released_separators_together() -> None:
    report = see.sets(reader.read(order().replace(b"CALL DOCK 7", b"A?+B?:C")))[0]
    assert [release.data(value) for value in report.rows[4]] == ["FTX", "AAI", "", "", "A+B:C"]


def test_groups_are_counted_and_named() -> None:
    text = data([*interchange(group(numbered()), group(numbered(INVOICE, "INVOIC", "ME2"), id="INVOIC", control="8"))])
    report = reader.read(text)
    assert see.verdicts(report) == "IA GA ORDERSA GA INVOICA"
    assert [(one.functional_id, one.control, one.version, one.included) for one in report.interchanges[0].groups] == [
        ("ORDERS", "7", "D:96A:UN:EAN008", 1), ("INVOIC", "8", "D:96A:UN:EAN008", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("messages", "verdicts", "code"),
    [
        ([group(numbered(), count=2)], "IA GR ORDERSR", "29"),
        ([group(numbered())[:-1]], "IA GR ORDERSR", "13"),
        ([[*group(numbered())[:-1], "UNE+1+8"]], "IA GR ORDERSR", "28"),
        ([group(numbered(), id="INVOIC")], "IA GE ORDERSE", "31"),
        ([group(numbered()), group(numbered(control="ME2"))], "IA GA ORDERSA GE ORDERSA", "26"),
        ([group(numbered(), numbered())], "IA GP ORDERSA ORDERSR", "26"),
        ([numbered(), group(numbered(control="ME2"))], "IE GA ORDERSA GA ORDERSA", "30"),
    ],
    ids=["count", "no UNE", "reference", "another type", "group twice", "message twice", "mixed"],
)
def test_what_is_wrong_with_a_group(messages: list[list[str]], verdicts: str, code: str) -> None:
    report = reader.read(data(interchange(*messages)))
    assert code in {finding.code for finding in see.findings(report)}
    assert see.verdicts(report) == verdicts


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("D:96A:UN", ""),
        ("D:24B:UN", ""),
        ("D:01C:UN", ""),
        ("2:912:UN", ""),
        ("D:77Z:UN", "D01B"),
        ("D:96C:UN", "D96A"),
    ],
)
def test_a_directory_that_there_is_none_of_is_reported(version: str, known: str) -> None:
    """UNH 0054: the nearest was taken without a word."""
    found = reader.read(data(interchange(numbered(version=version))))
    said = [(one.severity, str(one)) for one in see.findings(found) if one.rule == "unpublished"]
    sentence = f"UNH02-3 names {version[2:5]}, which is no directory of EDIFACT; it was read as {known}"
    assert said == ([("error", f"{sentence}; ask the sender which version is meant")] if known else [])
    assert see.verdicts(found) == ("IA GE ORDERSE" if known else "IA GA ORDERSA")


def test_a_reference_of_a_message_is_of_its_group() -> None:
    """0062 was looked for in the whole interchange, and the second group rejected."""
    report = reader.read(data(interchange(group(numbered()), group(numbered(), control="8"))))
    assert (see.verdicts(report), see.findings(report)) == ("IA GA ORDERSA GA ORDERSA", [])


def test_other_messages_of_retail_are_read_without_a_finding() -> None:
    messages = [
        numbered(INVOICE, "INVOIC", "1"), numbered(DESPATCH, "DESADV", "2"), numbered(REMITTANCE, "REMADV", "3"),
        numbered(["BGM+312+1+9", "DTM+137:20260105:102", "RFF+ON:1", "ERC+12", "FTX+AAO+++WRONG"], "APERAK", "4"),
        numbered(["BGM+230+45+4", "DTM+137:20260105:102", "LIN+1+3+4000862141404:EN", "QTY+21:5", "UNS+S"], "ORDCHG", "5"),
        numbered(["BGM+231+SO1+29", "DTM+137:20260105:102", "RFF+ON:1", "UNS+S"], "ORDRSP", "6"),
    ]  # fmt: skip
    assert see.findings(reader.read(data(interchange(*messages)), ReadOptions(strictness="strict"))) == []


def test_a_severity_can_be_switched() -> None:
    wrong = order().replace(b"UNT+25", b"UNT+24")
    assert see.verdicts(reader.read(wrong, ReadOptions(severities={"set.count": "warning"}))) == "IA GA ORDERSA"
    assert see.verdicts(reader.read(order(), ReadOptions(strictness="strict"))) == "IA GA ORDERSA"


def test_a_code_that_is_not_listed_is_noted_once() -> None:
    body = [line.replace("QTY+21", "QTY+X9") for line in ORDER]
    found = [one for one in see.findings(reader.read(data(interchange(numbered(body))))) if one.rule == "unlisted"]
    assert [(one.severity, one.value) for one in found] == [("note", "X9")]


# -- files of both standards ------------------------------------------------------------------------------------------


def test_a_file_is_read_by_what_it_begins_with() -> None:
    assert see.verdicts(any_reader.read(order())) == "IA GA ORDERSA"
    assert see.verdicts(any_reader.read(x12_make.order())) == "IA GA 850A"
    assert (
        see.verdicts(any_reader.read(order() + b"\r\n" + x12_make.order() + order()))
        == "IA GA ORDERSA IA GA 850A IA GA ORDERSA"
    )


def test_what_is_of_another_standard_is_reported_and_passed_by() -> None:
    both = order() + x12_make.order()
    for one, verdicts in ((EDIFACT, "IA GA ORDERSA"), (X12, "IA GA 850A")):
        report = reader.read(both, standards=[one])
        assert (see.verdicts(report), [finding.rule for finding in report.findings]) == (verdicts, ["standard"])


@pytest.mark.parametrize(
    ("text", "standard", "whole"),
    [
        (order(), "EDIFACT", True), (order()[:-9], "EDIFACT", False), (data(interchange(), una="UNA:+.? '"), "EDIFACT", True),
        (b"\xef\xbb\xbf" + order() + b"\r\n", "EDIFACT", True), (b"HELLO\r\n" + order(), "EDIFACT", True),
        (x12_make.order(), "X12", True), (b"UNA is no file", None, False),
    ],
)  # fmt: skip
def test_what_a_file_is_from_outside(text: bytes, standard: str | None, whole: bool) -> None:
    assert (sniff(text), complete(text)) == (standard, whole)


# -- streaming --------------------------------------------------------------------------------------------------------


def test_a_stream_yields_messages_then_their_group_then_their_interchange() -> None:
    parts = list(reader.stream([order(), order(control="102")]))
    assert [type(part) for part in parts] == [SetReport, GroupReport, InterchangeReport] * 2


def peak(messages: int) -> int:
    """The most memory that reading so many messages takes."""
    pieces = [data([interchange()[0]]), *(data(numbered(control=str(number))) for number in range(messages))]
    tracemalloc.start()
    verdicts = {
        part.verdict
        for part in reader.stream(iter([*pieces, data([f"UNZ+{messages}+101"])]))
        if not isinstance(part, Finding)
    }
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert verdicts == {"A"}
    return most


def test_memory_does_not_grow_with_the_file() -> None:
    peak(100)
    assert peak(1000) < peak(200) + (1 << 19)


MESSAGE = (
    "UNB+UNOC:3+5412345000013:14+4012345500004:14+260105:0915+101'UNH+{header}+ORDERS:D:96A:UN'BGM+220+45+9'"
    "DTM+137:20260105:102'{free}LIN+1++4000862141404:EN'QTY+21:120'UNS+S'CNT+2:1'{trailer}'UNZ+1+101'"
)


def faults(free: str = "", header: str = "1", trailer: str = "UNT+8+1") -> list[tuple[str, str, str]]:
    """Rule, segment and value of what is wrong with the message of an order."""
    data = MESSAGE.format(free=free, header=header, trailer=trailer).encode()
    found = reader.read(data).interchanges[0].groups[0].sets[0].findings
    return [(one.rule, one.where.segment, one.value) for one in found]


def test_an_unknown_code_that_is_too_long_is_only_too_long() -> None:
    assert faults("NAD+BYER+1::92'", trailer="UNT+9+1") == [("length", "NAD", "BYER")]


def test_a_released_id_is_shown_as_it_was_sent() -> None:
    assert faults("?FTX+AAI'", trailer="UNT+9+1") == [("unknown", "?FT", "")]


def test_a_line_break_behind_a_release_character_is_taken_out() -> None:
    assert faults("FTX+AAI+++A?\n+B'", trailer="UNT+9+1") == []


def test_a_trailer_may_repeat_a_composite_reference_and_count_with_nine_digits() -> None:
    assert faults(header="1:2", trailer="UNT+8+1:2") == [("component", "UNH", "1:2"), ("component", "UNT", "1:2")]
    assert faults(trailer="UNT+000000008+1") == [("length", "UNT", "000000008")]
    assert faults(trailer="UNT+0000000008+1") == [("count", "UNT", "0000000008"), ("length", "UNT", "0000000008")]


def test_a_segment_that_begins_as_the_trailer_ends_the_message() -> None:
    assert faults(trailer="UNT*+8+1") == [("unknown", "UNT", "")]


def test_many_control_totals_cost_no_more_than_the_quantities_they_count() -> None:
    before = process_time()
    found = faults(free="CNT+1:9'QTY+21:1'" * 4000)
    assert len([one for one in found if one[0] == "total"]) == 4000
    assert process_time() - before < 6  # adding up anew for each takes 14 s


def test_a_cut_message_lacks_its_summary_where_a_segment_came_again_at_its_limit() -> None:
    contact = "NAD+BY+1::92'CTA+PD+A:B'COM+1:TE'COM+2:FX'"
    whole = MESSAGE.format(header="1", free=contact + contact, trailer="").replace("D:96A", "D:01B")
    found = reader.read(whole.partition("UNS")[0].encode()).interchanges[0].groups[0].sets[0].findings
    assert [one.where.segment for one in found if one.rule == "mandatory"] == ["UNS"]


def test_a_blank_before_a_line_break_or_the_cut_is_no_part_of_a_value() -> None:
    for start in (MESSAGE.format(header="1", free="FTX+AAI+++A \n'", trailer="UNT+9+1"), f"{MESSAGE[:99]}FTX+AAI+++A "):
        report = reader.read((start + "UNA:+.? 'UNB+UNOC:3+1+2+260105:0915+102'UNZ+0+102'").encode()).interchanges[0]
        assert report.groups[0].sets[0].plain is False


def test_released_characters_are_data_but_only_separators_stay_hidden_in_values() -> None:
    whole = MESSAGE.format(header="1", free="FTX+A?AI+++1?:2?+3:4? '", trailer="UNT+9+1")
    report = reader.read(whole.encode()).interchanges[0].groups[0].sets[0]
    assert values.values(report)[3] == ["FTX", "AAI", "", "", f"1{release.hidden(':')}2+3:4"]


def test_a_released_separator_may_be_a_control_character() -> None:
    free = "FTX+XX9+++A?:B '"
    whole = MESSAGE.format(header="1", free=free, trailer="UNT+9+1").replace(":", "\x1f")
    report = reader.read(f"UNA\x1f+.? '{whole}".encode()).interchanges[0].groups[0].sets[0]
    assert [(one.rule, one.where.element) for one in report.findings] == [("unlisted", 1), ("padding", 4)]
