"""CONTRL says what was found, where the standard counts it; theirs is read into the same values as a 997."""

from __future__ import annotations

import pytest

from d365edi.edi import reader
from d365edi.edi.acknowledgment import Answer
from d365edi.edi.edifact import acknowledgment, writer
from d365edi.edi.edifact.acknowledgment import answers, asked, due, interchange
from d365edi.edi.interchange import InterchangeReport
from tests.edi import see
from tests.edi.edifact import make
from tests.edi.edifact.make import ORDER, data, numbered, order
from tests.edi.edifact.make import interchange as envelope


def received(data: bytes) -> InterchangeReport:
    """The first interchange of a file."""
    return reader.read(data).interchanges[0]


def theirs(*body: str) -> Answer:
    """A CONTRL of these segments, read."""
    return answers(see.sets(reader.read(data(envelope(numbered(body, "CONTRL", "1", "D:3:UN")))))[0])[0]


UCI = ["UCI", "101", ("5412345000013", "14"), ("4012345500004", "14")]
NAME = ("ORDERS", "D", "96A", "UN", "EAN008")
BAD = order().replace(b"QTY+21:120", b"QTY+21:1X0")


def test_an_accepted_interchange_is_accepted_in_one_segment() -> None:
    assert interchange(received(order())) == [[*UCI, "7"]]


def test_every_message_is_told_where_the_partner_wants_it() -> None:
    assert interchange(received(order()), loop="all") == [[*UCI, "7"], ["UCM", "ME1", NAME, "7"]]


def test_a_receipt_says_no_more_than_that_it_has_come() -> None:
    assert interchange(received(BAD), receipt=True) == [[*UCI, "8"]]


def test_a_rejected_message_is_told_with_segment_element_and_component() -> None:
    assert interchange(received(BAD)) == [
        [*UCI, "7"],
        ["UCM", "ME1", NAME, "4"],
        ["UCS", "15"],
        ["UCD", "37", ("2", "2")],
    ]


def test_no_message_is_told_where_the_partner_wants_none() -> None:
    assert interchange(received(BAD), loop="none") == [[*UCI, "7"]]


def test_a_missing_segment_is_told_at_the_one_before_it() -> None:
    body = [line for line in ORDER if not line.startswith("BGM")]
    found = interchange(received(data(envelope(numbered(body)))))
    assert found[1:] == [["UCM", "ME1", NAME, "4"], ["UCS", "1", "13"]]


def test_what_is_wrong_with_the_message_as_a_whole_stands_in_ucm() -> None:
    found = interchange(received(order().replace(b"UNT+25", b"UNT+24")))
    assert found[1:] == [["UCM", "ME1", NAME, "4", "29", "UNT", ("2",)]]


def test_an_accepted_message_with_errors_is_accepted() -> None:
    report = received(order().replace(b"CALL DOCK 7", b"C" * 80))
    assert see.sets(reader.read(order().replace(b"CALL DOCK 7", b"C" * 80)))[0].verdict == "E"
    assert interchange(report) == [[*UCI, "7"]]


def test_a_rejected_interchange_is_rejected_with_its_first_error_and_nothing_below() -> None:
    assert interchange(received(order().replace(b"UNZ+1+101", b"UNZ+1+102")), loop="all") == [
        [*UCI, "4", "28", "UNZ", ("3",)]
    ]


def test_a_repeated_interchange_is_rejected_as_a_duplicate() -> None:
    assert interchange(received(order()), duplicate=True) == [[*UCI, "4", "26"]]


def test_groups_are_told_where_there_are_groups() -> None:
    group = [
        "UNG+ORDERS+BUYER+SELLER+260105:0915+7+UN+D:96A",
        *numbered(),
        *numbered(["UNS+S"], control="ME2"),
        "UNE+2+7",
    ]
    report = received(data(envelope(group)))
    assert interchange(report, loop="all") == [
        [*UCI, "7"],
        ["UCF", "7", ("BUYER",), ("SELLER",), "7"],
        ["UCM", "ME1", NAME, "7"],
        ["UCM", "ME2", NAME, "4"],
        ["UCS", "1", "13"],
    ]
    assert [line[0] for line in interchange(report)] == ["UCI", "UCF", "UCM", "UCS"]


@pytest.mark.parametrize(
    ("second", "action", "told"),
    [
        ("8", "7", [["UCF", "8"], ["UCM", "ME1"]]),
        ("7", "8", [["UCF", "7"], ["UCM", "ME1"], ["UCF", "7"], ["UCM", "ME1"]]),
    ],
    ids=["each group has a reference", "both have one"],
)
def test_messages_of_one_reference_are_told_by_their_groups(second: str, action: str, told: list[list[str]]) -> None:
    unt = ["UNG+ORDERS+BUYER+SELLER+260105:0915+7+UN+D:96A", *numbered(), "UNE+1+7"]
    wrong = [f"UNG+ORDERS+BUYER+SELLER+260105:0915+{second}+UN+D:96A", *numbered(["UNS+S"]), f"UNE+1+{second}"]
    found = interchange(received(data(envelope(unt, wrong))))
    assert found[0] == [*UCI, action]
    assert [line[:2] for line in found if line[0] in ("UCF", "UCM")] == told


def test_what_cannot_be_echoed_becomes_a_nought_or_a_blank() -> None:
    text = data(envelope(numbered(control="a?+b"))).replace(b"5412345000013:14", b"", 1)
    found = interchange(received(text), loop="all", charset="UNOA")
    assert found[0][:3] == ["UCI", "101", ("0",)]
    assert interchange(received(data(envelope(numbered(control="a?+b")))), loop="all", charset="UNOA")[1][1] == "A B"


def test_routing_addresses_are_echoed_as_they_stood() -> None:
    text = order().replace(b"5412345000013:14", b"5412345000013:14:DEPT", 1)
    assert interchange(received(text))[0][2] == ("5412345000013", "14", "DEPT")


@pytest.mark.parametrize(
    ("text", "may", "must"),
    [
        (order(), True, False),
        (order(extra="++++1"), True, True),
        (order().replace(b"UNZ+1+101", b"UNZ+1+102"), True, True),
        (data(envelope(numbered(["UCI+1+A+B+7"], "CONTRL", "1", "D:3:UN"), extra="++++1")), False, False),
        (data(envelope(numbered(["UCI+1+A+B+9"], "CONTRL", "1", "D:3:UN"), extra="++++1", count=4)), False, False),
    ],
    ids=["not asked", "asked", "rejected", "a CONTRL", "a wrong CONTRL"],
)
def test_when_an_answer_may_and_must_be_sent(text: bytes, may: bool, must: bool) -> None:
    assert (due(received(text)), asked(received(text))) == (may, must)


# -- theirs -----------------------------------------------------------------------------------------------------------


def test_their_acceptance() -> None:
    got = theirs("UCI+101+A+B+7", "UCM+ME1+ORDERS:D:96A:UN+7")
    assert (got.control, got.verdict, got.codes, got.receipt) == ("101", "A", (), False)
    assert [(one.id, one.control, one.verdict) for one in got.sets] == [("ORDERS", "ME1", "A")]


def test_their_receipt_is_marked() -> None:
    got = theirs("UCI+101+A+B+8")
    assert (got.control, got.verdict, got.sets, got.receipt) == ("101", "A", (), True)


def test_their_rejection_of_the_interchange() -> None:
    got = theirs("UCI+101+A+B+4+28+UNZ+3")
    assert (got.verdict, got.codes, got.accepted) == ("R", ("28",), 0)


def test_their_rejection_of_a_message_is_a_partial_acceptance_with_sentences() -> None:
    got = theirs(
        "UCI+101+A+B+7",
        "UCM+ME1+INVOIC:D:96A:UN+4+29",
        "UCM+ME2+INVOIC:D:96A:UN+4",
        "UCS+14+13",
        "UCD+39+2:1",
        "UCD+12+3",
    )
    assert (got.verdict, got.received, got.accepted) == ("P", 2, 0)
    assert [str(error) for one in got.sets for error in one.errors] == [
        "INVOIC ME1: control count does not match",
        "segment 14: missing",
        "segment 14, element 01-1: too long",
        "segment 14, element 02: invalid value",
    ]


def test_their_rejection_of_a_group() -> None:
    answer = theirs("UCI+101+A+B+7", "UCF+7+A+B+4+29", "UCF+8+A+B+7")
    assert (answer.verdict, [str(error) for error in answer.errors]) == (
        "P",
        ["group 7 (UCF) is rejected: control count does not match"],
    )


@pytest.mark.parametrize(
    ("action", "verdict"),
    [("7", "A"), ("8", "A"), ("1", "A"), ("2", "E"), ("4", "R"), ("3", "R"), ("", None), ("9", None)],
)
def test_what_an_action_is_worth(action: str, verdict: str) -> None:
    got = theirs("UCI+101+A+B+7", f"UCM+ME1+ORDERS:D:96A:UN+{action}".rstrip("+"))
    assert got.sets[0].verdict == verdict


def test_an_unknown_code_is_told_as_it_is() -> None:
    assert str(theirs("UCI+101+A+B+7", "UCM+ME1+ORDERS:D:96A:UN+4+99").sets[0].errors[0]) == "ORDERS ME1: error 99"


def test_what_we_write_is_read_back() -> None:
    body = interchange(received(BAD))
    outgoing = writer.OutgoingSet("CONTRL", "1", body)
    text = writer.write(make.envelope(version=acknowledgment.VERSION), [writer.Group("", 0, (outgoing,))])
    got = answers(see.sets(reader.read(text))[0])[0]
    assert (got.control, got.verdict) == ("101", "P")
    assert [
        (error.where.ordinal, error.where.element, error.where.component, error.code) for error in got.sets[0].errors
    ] == [(15, 1, 2, "37")]
