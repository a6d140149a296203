"""What two files have in common when one of them was made again with other control numbers."""

from __future__ import annotations

import pytest

from d365edi.flows.reconcile import content
from d365edi.flows.sent_as import SentAs, sent_as
from d365edi.journal import DeliveryDocument, NumberedDocument

X12 = (
    "ISA*00*          *00*          *01*123456789      *08*6111250008     *261129*{time}*U*00401*{n:09d}*0*P*>~\n"
    "GS*IN*123456789*6111250008*20261129*{time}*{n}*X*004010~\nST*810*{n:04d}~\nBIG*20261129*{invoice}~\n"
    "TDS*12600~\nSE*4*{n:04d}~\nGE*1*{n}~\nIEA*1*{n:09d}~\n"
)
EDIFACT = "UNA:+.? 'UNB+UNOC:3+A:14+B:14+261129:{time}+{n}'UNH+{n}+INVOIC:D:96A:UN'BGM+380+{invoice}+9'UNS+S'UNT+4+{n}'UNZ+1+{n}'"


@pytest.mark.parametrize("text", [X12, EDIFACT, EDIFACT.removeprefix("UNA:+.? '")])
def test_control_numbers_and_times_make_no_difference_and_all_else_does(text: str) -> None:
    first, again, other = (
        text.format(n=n, time=time, invoice=invoice).encode()
        for n, time, invoice in ((7, "0901", "INV-1"), (1007, "1415", "INV-1"), (7, "0901", "INV-2"))
    )
    assert content(first) == content(again)
    assert content(first) != content(other)
    assert content(again.replace(b"\n", b"")) == content(first)


@pytest.mark.parametrize("data", [b"", b"ISA*", b"Invoice;Line\nINV-1;1\n", b"ST-1;x"])
def test_what_is_no_interchange_is_its_own_content(data: bytes) -> None:
    assert content(data) == data


def carried(*numbers: tuple[int, str, int | None, str]) -> list[DeliveryDocument]:
    """Documents of one delivery: id, functional id, group, set."""
    return [DeliveryDocument(1, n, *each, "awaited", "") for n, each in enumerate(numbers, 1)]


TWO = (
    "ISA*00*          *00*          *01*123456789      *08*6111250008     *261129*0901*U*00401*{n:09d}*0*P*>~"
    "GS*IN*123456789*6111250008*20261129*0901*{n}*X*004010~ST*810*0001~BIG*20261129*A~SE*3*0001~ST*810*0002~BIG*20261129*B~"
    "SE*3*0002~GE*2*{n}~GS*SH*123456789*6111250008*20261129*0901*{m}*X*004010~ST*856*0001~BSN*00*C*20261129*0901~SE*3*0001~"
    "GE*1*{m}~IEA*2*{n:09d}~"
)


def test_each_document_takes_the_numbers_of_its_set_in_the_file_that_is_there() -> None:
    ours, theirs = (TWO.format(n=n, m=n + 1).encode() for n in (1007, 23))
    known = carried((5, "IN", 1007, "0001"), (6, "IN", 1007, "0002"), (7, "IN", 1007, "0002"), (8, "SH", 1008, "0001"))
    found = sent_as(ours, theirs, known)
    documents = (
        NumberedDocument(5, "IN", 23, "0001"),
        NumberedDocument(6, "IN", 23, "0002"),
        NumberedDocument(7, "IN", 23, "0002"),
        NumberedDocument(8, "SH", 24, "0001"),
    )
    assert found == SentAs(23, "IN", 23, documents)


def test_a_message_of_edifact_takes_the_number_of_the_interchange_that_is_there() -> None:
    ours, theirs = (EDIFACT.format(n=n, time="0901", invoice="A").encode() for n in (1007, 23))
    found = sent_as(ours, theirs, carried((5, "UNB", 1007, "1007")))
    assert found == SentAs(23, "UNB", 23, (NumberedDocument(5, "UNB", 23, "23"),))


def test_no_numbers_are_taken_of_what_has_other_sets_or_none() -> None:
    ours = TWO.format(n=7, m=8).encode()
    assert sent_as(ours, b"no interchange", carried((5, "IN", 7, "0001"))) is None
    assert sent_as(ours, X12.format(n=9, time="0901", invoice="A").encode(), carried((5, "IN", 7, "0001"))) is None
    assert sent_as(ours, ours, carried((5, "IN", 99, "0001"))) is None
