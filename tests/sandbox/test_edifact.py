"""A partner that speaks EDIFACT reads strictly, compares invoices with its own orders, and answers by CONTRL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from d365edi.sandbox import edifact
from d365edi.sandbox.mailbox_partner import MailboxPartner
from d365edi.sandbox.partner import PartnerProfile
from d365edi.sandbox.sterling import SterlingSimulator
from d365edi.sandbox.x12 import Unreadable

THEM, US = ("14", "4098765000010"), ("14", "4012345000009")
STORE = PartnerProfile("store", "store", THEM, US, "", "")
AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ORDER = [
    "BGM+220+4500123+9",
    "DTM+137:20261102:102",
    "LIN+1++614141000012:EN",
    "PIA+1+A?+4711:IN",
    "QTY+21:12:EA",
    "PRI+AAA:10.5",
    "LIN+2++614141000029:EN",
    "QTY+21:3:EA",
    "PRI+AAA:99.99",
    "UNS+S",
]
INVOICE = [
    "BGM+380+CIV-1+9",
    "RFF+ON:4500123",
    "LIN+1++614141000012:EN",
    "PIA+1+A?+4711:IN",
    "QTY+47:12:EA",
    "PRI+AAA:10.5",
    "LIN+2++614141000029:EN",
    "QTY+47:3:EA",
    "PRI+AAA:99.99",
    "UNS+S",
    "MOA+79:425.97",
]


def invoic(body: list[str], reference: str = "7") -> bytes:
    return edifact.write(US, THEM, reference, [("INVOIC:D:96A:UN", body)], AT)


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[MailboxPartner]:
    """A store that has ordered."""
    state = SterlingSimulator().state
    made = MailboxPartner(STORE, tmp_path, state, leaves="/store/from", fetches="/store/to", shared=True)
    made.drop("order.edi", edifact.write(THEM, US, "1", [("ORDERS:D:96A:UN", ORDER)], AT))
    yield made
    state.close()


def told(partner: MailboxPartner, data: bytes) -> tuple[list[str], list[str]]:
    """What it has to say of a file that we deliver: complaints, and the UCIs of its answers."""
    partner.state.put("/store/to", "out.edi", data)
    partner.fetch()
    complaints = [each for verdict in partner.answer_invoices(AT) for each in verdict.complaints]
    mailbox = partner.state.mailbox("/store/from")
    answers = [partner.state.payload(each.document) for each in mailbox.messages.values() if each.name != "order.edi"]
    read = [message for data in answers for found in edifact.split(data) for message in found.messages]
    return complaints, ["+".join(":".join(parts) for parts in uci) for each in read for uci in each.all("UCI")]


UCI = "UCI+7+4012345000009:14+4098765000010:14"


def test_an_invoice_as_ordered_is_accepted(partner: MailboxPartner) -> None:
    assert list(partner.orders) == ["4500123"]
    assert told(partner, invoic(INVOICE)) == ([], [f"{UCI}+7"])


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ("RFF+ON:4500123", "RFF+ON:4500999", "RFF+ON '4500999' is no order of ours"),
        ("LIN+2++614141000029:EN", "LIN+3++614141000029:EN", "LIN '3' is no line of order 4500123"),
        ("PIA+1+A?+4711:IN", "PIA+1+A-4711:IN", "line 1: IN 'A-4711' where 'A+4711' was ordered"),
        ("QTY+47:3:EA", "QTY+47:3:CT", "line 2: unit CT where EA was ordered"),
        ("PRI+AAA:10.5", "PRI+AAA:11", "line 1: price 11 where 10.5 was ordered"),
        ("QTY+47:12:EA", "QTY+47:13:EA", "line 1: 13 invoiced, 12 ordered"),
        ("MOA+79:425.97", "MOA+79:425.98", "MOA+79 says 425.98, the 2 lines make 425.97"),
        ("MOA+79:425.97", "MOA+79", "an amount or a quantity is missing or is no number"),
    ],
)
def test_what_differs_from_the_order_is_rejected_with_its_reason(
    partner: MailboxPartner, was: str, becomes: str, complaint: str
) -> None:
    complaints, answers = told(partner, invoic([becomes if each == was else each for each in INVOICE]))
    assert complaint in complaints
    assert answers == [f"{UCI}+4"]


def test_a_file_for_another_is_not_fetched_and_an_unsound_one_not_answered(partner: MailboxPartner) -> None:
    for data in (invoic(INVOICE).replace(b"4098765000010", b"4098765000034"), b"UNB+"):
        partner.state.put("/store/to", "out.edi", data)
    assert partner.fetch() == []
    (partner.inbound / "wrong.edi").write_bytes(invoic(INVOICE).replace(b"UNT+13", b"UNT+12"))
    (verdict,) = partner.answer_invoices(AT)
    assert verdict.complaints == ("message 1 has 13 segments and ends with [['UNT'], ['12'], ['1']]",)
    assert partner.waiting() == ["order.edi"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not end with UNZ"),
        (b"UNB+UNOC:3+A+B+1:2+7'UNZ+0+7'BGM+1", "has no end"),
        (b"UNB+UNOC:3+A+B+1:2+7'UNZ+0+7'BGM+1'", "does not end with UNZ"),
        (b"UNG+A'UNZ+0+7'", "UNG stands where an interchange should begin"),
        (b"UNB+UNOC:3+A+B+1:2+7'BGM+1'UNZ+0+7'", "BGM stands outside of a message"),
        (b"UNB+UNOC:3+A+B+1:2+7'UNZ+1+7'", "interchange 7 has 0 messages"),
        (b"UNB+UNOC:3+A+B+1:2+7'UNZ+0+8'", "interchange 7 has 0 messages"),
        (b"UNB+UNOC:3+A+B+1:2+7'UNH+1+X'UNZ+0+7'", "interchange 7 has 0 messages"),
        (b"UNB+UNOC:3+A+B+1:2+7'UNH+1+X'UNT+2+2'UNZ+1+7'", "message 1 has 2 segments"),
    ],
)
def test_what_is_unsound_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        edifact.split(data)


def test_service_characters_and_the_release_character_are_read() -> None:
    (found,) = edifact.split(
        b"UNA;*.! ~\r\nUNB*UNOC;3*A;1*B*1;2*7~\r\nUNH*1*X;D~\r\nFTX*!*!;!!~\r\nUNT*3*1~\r\nUNZ*1*7~"
    )
    assert (found.sender, found.receiver, found.reference) == (("1", "A"), ("", "B"), "7")
    assert found.messages[0].segments[1] == [["FTX"], ["*;!"]]
