"""What we answer, as the partner gets it: which sets it names, in which codes, in 997, 999 and CONTRL."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi.edi import reader
from d365edi.edi.reader import ReadOptions
from tests.edi import see
from tests.flows.test_damaged_envelopes import LAYOUTS, edifact, x12
from tests.flows.translating import desk

X12, EDIFACT, _ = LAYOUTS


def body(answer: str) -> list[str]:
    """The segments between the envelopes of an answer, which our guide reads without a finding."""
    report = reader.read(answer.encode("latin-1"), ReadOptions(strictness="strict"))
    assert see.findings(report) == []
    element = report.interchanges[0].syntax.element
    segments = [segment for one in see.sets(report) for segment in one.segments[1:-1]]
    return [segment.replace(element, "*") for segment in segments]


async def answered(folder: Path, data: bytes, *settings: tuple[str, str]) -> list[str]:
    """The body of the one answer to a file."""
    async with desk(folder, *settings) as at_desk:
        (answer,) = (await at_desk.read(data)).answers
    return body(answer)


def with_acks(words: str) -> tuple[str, str]:
    return "acks = { ", f"acks = {{ {words}, "


ACCEPTED = {
    "997": ["AK2*850*0001", "AK5*A", "AK2*850*0002", "AK5*A", "AK9*A*2*2*2"],
    "999": ["AK2*850*0001", "IK5*A", "AK2*850*0002", "IK5*A", "AK9*A*2*2*2"],
}


@pytest.mark.parametrize("form", ACCEPTED)
async def test_loop_all_names_every_accepted_set(form: str, tmp_path: Path) -> None:
    found = await answered(tmp_path, X12.data(x12(1)), with_acks(f'send = "{form}", loop = "all"'))
    heads = ["AK1*PO*1", "AK1*PO*2"] if form == "997" else ["AK1*PO*1*004010", "AK1*PO*2*004010"]
    assert found == [line for head in heads for line in (head, *ACCEPTED[form])]


async def test_without_it_a_group_without_errors_is_accepted_in_two_segments(tmp_path: Path) -> None:
    assert await answered(tmp_path, X12.data(x12(1))) == ["AK1*PO*1", "AK9*A*2*2*2", "AK1*PO*2", "AK9*A*2*2*2"]


TWICE = [segment.replace("850*0002", "850*0001").replace("SE*5*0002", "SE*5*0001") for segment in x12(1)]


@pytest.mark.parametrize(("form", "end"), [("997", "AK5"), ("999", "IK5")])
async def test_both_sets_of_one_number_are_named_in_their_order(form: str, end: str, tmp_path: Path) -> None:
    """The rejected one alone was named by the number that both have."""
    found = await answered(tmp_path, X12.data(TWICE), with_acks(f'send = "{form}"'))
    named = ["AK2*850*0001", f"{end}*A", "AK2*850*0001", f"{end}*R*23", "AK9*P*2*2*1"]
    assert found[1:6] == found[7:12] == named


async def test_both_messages_of_one_reference_are_named_in_their_order(tmp_path: Path) -> None:
    segments = [segment.replace("UNH+2+", "UNH+1+").replace("UNT+10+2", "UNT+10+1") for segment in edifact(1)]
    found = await answered(tmp_path, EDIFACT.data(segments))
    assert [line.partition("*")[2] for line in found if line.startswith("UCM")] == [
        "1*ORDERS:D:96A:UN*7", "1*ORDERS:D:96A:UN*4*26*UNH*2", "3*ORDERS:D:96A:UN*7", "4*ORDERS:D:96A:UN*7",
    ]  # fmt: skip


SENT = [("n1", "n1"), ("PO1X", "PO1"), ("Ctt", "Ctt"), ("X", "ZZ")]


@pytest.mark.parametrize(("sent", "named"), SENT, ids=[row[0] for row in SENT])
async def test_a_segment_is_named_as_it_was_sent(sent: str, named: str, tmp_path: Path) -> None:
    """Its id was written in capitals, so that n1 was called an N1 that nobody knows. AK301 has two to three characters."""
    segments = x12(1)
    segments.insert(4, f"{sent}*1")
    segments[6:8] = [segments[6], "SE*6*0001"]
    found = await answered(tmp_path, X12.data(segments))
    assert [line for line in found if line.startswith("AK3")] == [f"AK3*{named}*3**1"]


WRONG_GROUP = [segment.replace("GS*PO*", "GS*PC*") for segment in x12(1)]
SAME_GROUP = [segment.replace("*1200*2*X", "*1200*1*X").replace("GE*2*2", "GE*2*1") for segment in x12(1)]
CODES = [
    ("997", WRONG_GROUP, "004010", "AK5*E*6"),
    ("997", WRONG_GROUP, "005010", "AK5*E*18"),
    ("999", WRONG_GROUP, "004010", "IK5*E*18"),
    ("997", SAME_GROUP, "004010", "AK9*E*2*2*2*6"),
    ("997", SAME_GROUP, "005010", "AK9*E*2*2*2*19"),
    ("999", SAME_GROUP, "004010", "AK9*E*2*2*2*19"),
]


@pytest.mark.parametrize(
    ("form", "segments", "version", "said"), CODES, ids=[f"{row[0]} {row[2]} {row[3]}" for row in CODES]
)
async def test_an_answer_has_the_codes_of_its_version(
    form: str, segments: list[str], version: str, said: str, tmp_path: Path
) -> None:
    """718 of 004010 has no 18 and its 716 no 19; both were written there."""
    data = X12.data(segments).replace(b"X*004010", f"X*{version}".encode())
    assert said in await answered(tmp_path, data, with_acks(f'send = "{form}"'))


async def test_a_999_has_a_context_only_where_its_guide_names_one(tmp_path: Path) -> None:
    """An 850 had CTX*BEG03>..., which the guide does not list; of what we read it knows TRN02."""
    payment = [
        "BPR*I*1490*C*ACH*CTX*01*021000021*DA*1*1234567890**01*021000021*DA*6*20260212",
        "TRN*1*REMIT4711",
        "DTM*097*2026X210",
    ]
    sets = ["ST*820*0001", *payment, "SE*5*0001"]
    segments = [x12(1)[0], x12(1)[1].replace("GS*PO", "GS*RA"), *sets, "GE*1*1", "IEA*1*000000001"]
    found = await answered(tmp_path, X12.data(segments), with_acks('send = "999"'))
    assert [line for line in found if line.startswith("CTX")] == ["CTX*TRN02>REMIT4711"]
    order = [segment.replace("PO1*1*12*", "PO1*1*1X*") for segment in x12(2)]
    assert not [line for line in await answered(tmp_path, X12.data(order), with_acks('send = "999"')) if "CTX" in line]
