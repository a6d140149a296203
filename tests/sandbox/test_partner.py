"""A partner reads invoices strictly against its own order and answers with what it found."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from d365edi.sandbox import x12
from d365edi.sandbox.partner import SimulatedPartner
from d365edi.sandbox.profiles import ACME

AT = datetime(2026, 1, 13, 9, 15, tzinfo=UTC)
BACK = x12.X12Address(ACME.us, ACME.them, ACME.group_us, ACME.group_them)
ORDER = """BEG*00*SA*4500123**20260105
PO1*1*12*EA*7.225**UP*614141000012*VN*NB-100
PID*F*08***GRANOLA
PO1**5*CA*96**IN*900003
CTT*2"""
INVOICE = """BIG*20260113*CIV-000001*20260105*4500123***DI
IT1*1*12*EA*7.225**UP*614141000012*VN*NB-100
IT1**5*CA*96**IN*900003
TDS*56670
CTT*2*17"""


def segments(text: str) -> list[x12.Segment]:
    return [line.split("*") for line in text.split("\n")]


def file(
    text: str, set: str = "810", functional: str = "IN", address: x12.X12Address = BACK, control: int = 1
) -> bytes:
    return x12.write(address, functional, [(set, segments(text))], interchange=control, group=control, at=AT)


@pytest.fixture
def partner(tmp_path: Path) -> SimulatedPartner:
    made = SimulatedPartner(ACME, tmp_path)
    made.drop("PO-4500123.edi", file(ORDER, "850", "PO", ACME.address))
    return made


def receive(partner: SimulatedPartner, data: bytes, name: str = "810.edi") -> None:
    (partner.inbound / name).write_bytes(data)


def answers(partner: SimulatedPartner) -> list[list[str]]:
    """The bodies of the 997s in outbound/, one segment a line."""
    found = []
    for name in partner.waiting():
        if name.startswith("997"):
            (interchange,) = x12.split((partner.outbound / name).read_bytes())
            (group,) = x12.groups(interchange)
            found.append(["*".join(segment) for segment in group.sets[0][1:-1]])
    return found


def test_a_sound_invoice_is_accepted_and_answered_with_a_997_that_names_group_and_set(
    partner: SimulatedPartner,
) -> None:
    receive(partner, file(INVOICE, control=42))
    (verdict,) = partner.answer_invoices(AT)
    assert (verdict.number, verdict.order, verdict.total, verdict.complaints) == (
        "CIV-000001",
        "4500123",
        Decimal("566.7"),
        (),
    )
    assert answers(partner) == [["AK1*IN*42", "AK2*810*0001", "AK5*A", "AK9*A*1*1*1"]]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("*20260105*", "*20260106*", "BIG03 is '20260106', our order 4500123 is of 20260105"),
        ("*20260105*", "**", "BIG03 is ''"),
        ("4500123", "4500999", "BIG04 '4500999' is no order of ours"),
        ("4500123*", "4500123*R1", "BIG05 is 'R1', our order 4500123 has release ''"),
        ("BIG*20260113", "BIG*260113", "BIG01 '260113' is no date"),
        ("CIV-000001", "", "BIG02 '' is no invoice number"),
        ("IT1*1*", "IT1*01*", "is no line of order 4500123"),
        ("IT1**5", "IT1*2*5", "is no line of order 4500123"),
        ("*12*EA*", "*12*CA*", "unit 'CA' where 'EA' was ordered"),
        ("*7.225*", "*7.23*", "price 7.23 where 7.225 was ordered"),
        ("*NB-100", "*NB-101", "VN 'NB-101' where 'NB-100' was ordered"),
        ("*VN*", "*BP*", "BP 'NB-100' where None was ordered"),
        ("IT1*1*12", "IT1*1*13", "line 1: 13 invoiced, 12 ordered"),
        ("TDS*56670", "TDS*56671", "TDS01 says 566.71, the lines, charges and taxes make 566.7"),
        ("TDS*56670", "TDS*", "an amount is missing or is no number"),
        ("CTT*2", "CTT*3", "CTT01 says 3 lines, there are 2"),
        ("*17", "*16", "CTT02 16 is not the sum of the quantities"),
    ],
)
def test_what_does_not_echo_the_order_or_does_not_add_up_is_complained_about_and_rejected(
    partner: SimulatedPartner, old: str, new: str, words: str
) -> None:
    assert old in INVOICE
    receive(partner, file(INVOICE.replace(old, new, 1)))
    (verdict,) = partner.answer_invoices(AT)
    assert any(words in complaint for complaint in verdict.complaints), verdict.complaints
    assert answers(partner) == [["AK1*IN*1", "AK2*810*0001", "AK5*R*5", "AK9*R*1*1*0"]]


def test_charges_allowances_and_taxes_count_in_the_total(partner: SimulatedPartner) -> None:
    extra = "TDS*59670\nTXI*ST*10\nSAC*C*D240***2500\nSAC*A*C310***500\nSAC*N*I410***9999"
    receive(partner, file(INVOICE.replace("TDS*56670", extra)))
    assert [verdict.complaints for verdict in partner.answer_invoices(AT)] == [()]


def test_an_invoice_is_read_and_answered_once(partner: SimulatedPartner) -> None:
    receive(partner, file(INVOICE))
    assert [len(partner.answer_invoices(AT)) for _ in range(2)] == [1, 0]
    assert len(answers(partner)) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (file(INVOICE, address=ACME.address), "not from"),
        (file(INVOICE, functional="PO"), "is not invoices"),
        (file(INVOICE).replace(b"SE*7", b"SE*8"), "has 7 segments"),
        (b"not X12 at all", "does not begin with an ISA"),
    ],
)
def test_a_file_that_is_no_sound_invoice_for_this_partner_gets_no_answer(
    partner: SimulatedPartner, data: bytes, words: str
) -> None:
    receive(partner, data)
    verdicts = partner.answer_invoices(AT)
    assert words in verdicts[-1].complaints[0]
    assert answers(partner) == []


def test_a_partner_can_be_told_to_reject_everything_or_to_say_nothing(partner: SimulatedPartner) -> None:
    partner.answering = "reject"
    receive(partner, file(INVOICE))
    partner.answer_invoices(AT)
    partner.answering = "silent"
    receive(partner, file(INVOICE), "810b.edi")
    assert partner.answer_invoices(AT)[0].complaints == ()
    assert answers(partner) == [["AK1*IN*1", "AK2*810*0001", "AK5*R*5", "AK9*R*1*1*0"]]


def test_temporary_names_in_the_inbox_are_not_read(partner: SimulatedPartner) -> None:
    for name in (".810.edi.tmp", "810.part", "810.tmp"):
        receive(partner, b"half", name)
    assert (partner.received(), partner.answer_invoices(AT)) == ({}, [])


def test_our_997s_are_read_by_group_and_set(partner: SimulatedPartner) -> None:
    body = "AK1*PO*7\nAK2*850*0001\nAK5*A\nAK2*850*0002\nAK5*R*4\nAK9*P*2*2*1"
    (partner.inbound / "acks" / "997.edi").write_bytes(file(body, "997", "FA"))
    (answer,) = partner.acknowledgments()
    assert (answer.functional, answer.group, answer.verdict, answer.sets) == ("PO", 7, "P", {"0001": "A", "0002": "R"})


def test_a_drop_is_whole_under_its_name_and_its_orders_are_remembered(partner: SimulatedPartner) -> None:
    assert partner.waiting() == ["PO-4500123.edi"]
    order = partner.orders["4500123"]
    assert [(line.id, line.unit, line.ids) for line in order.lines] == [
        ("1", "EA", {"UP": "614141000012", "VN": "NB-100"}),
        ("", "CA", {"IN": "900003"}),
    ]
    assert order.lines[0].description == "GRANOLA"


async def test_a_slow_drop_grows_under_its_name_until_it_is_whole(partner: SimulatedPartner) -> None:
    data = file(ORDER, "850", "PO", ACME.address)
    target = partner.outbound / "slow.edi"
    writing = asyncio.create_task(partner.drop_slowly("slow.edi", data, pieces=2, pause=0.5))
    await asyncio.sleep(0.05)
    half = target.read_bytes()
    await writing
    assert (data.startswith(half), 0 < len(half) < len(data), target.read_bytes()) == (True, True, data)


def test_a_partner_without_a_server_has_no_port(partner: SimulatedPartner) -> None:
    with pytest.raises(LookupError, match="no server serves the folder of acme"):
        _ = partner.port


def test_a_partner_that_is_kept_knows_what_it_left_and_answered(tmp_path: Path) -> None:
    first = SimulatedPartner(ACME, tmp_path / "acme", kept=True)
    first.drop("PO-4500123.edi", file(ORDER, "850", "PO", ACME.address))
    receive(first, file(INVOICE), "810_1.edi")
    first.answer_invoices(AT)
    for name in first.waiting():  # we take both away for good
        (first.outbound / name).unlink()
    second = SimulatedPartner(ACME, tmp_path / "acme", kept=True)
    assert second.orders == first.orders
    assert second.verdicts == first.verdicts
    receive(second, file(INVOICE, control=2), "810_2.edi")
    assert [verdict.complaints for verdict in second.answer_invoices(AT)] == [()]
    assert second.waiting() == ["997_900000002.edi"]
    second.notice()
    assert (len(second.verdicts), second.answer_invoices(AT)) == (2, [])


def test_an_order_that_a_person_puts_into_its_folder_is_the_partners(tmp_path: Path) -> None:
    partner = SimulatedPartner(ACME, tmp_path)
    (partner.outbound / "mine.edi").write_bytes(file(ORDER, "850", "PO", ACME.address))
    (partner.outbound / "odd.edi").write_bytes(b"no X12")
    partner.notice()
    assert list(partner.orders) == ["4500123"]


def test_what_is_no_invoice_is_accepted_as_it_is(partner: SimulatedPartner) -> None:
    receive(partner, file("BAK*00*AD*4500123*20260105\nCTT*0", "855", "PR"), "855.edi")
    assert partner.answer_invoices(AT) == []
    assert answers(partner) == [["AK1*PR*1", "AK2*855*0001", "AK5*A", "AK9*A*1*1*1"]]


def test_an_invoice_over_several_orders_names_the_order_of_each_line(partner: SimulatedPartner) -> None:
    partner.drop("PO-4500124.edi", file(ORDER.replace("4500123", "4500124"), "850", "PO", ACME.address))
    first, second, *rest = INVOICE.replace("20260105*4500123", "*").split("\n")[1:]
    head = "BIG*20260113*CIV-000001*****DI"
    good = "\n".join([head, first, "REF*PO*4500123", second, "REF*PO*4500124", *rest])
    receive(partner, file(good))
    receive(partner, file(good.replace("REF*PO*4500124", "REF*PO*4500999"), control=2), "other.edi")
    receive(partner, file(good.replace("REF*PO*4500124\n", ""), control=3), "third.edi")
    assert [(each.order, each.complaints) for each in partner.answer_invoices()] == [
        ("4500123, 4500124", ()),
        ("4500123, 4500999", ("REF02 '4500999' is no order of ours",)),
        ("4500123, ", ("REF02 '' is no order of ours",)),
    ]
