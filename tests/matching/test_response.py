"""What is answered to an order, and what of it is echoed: an 855 and an 856 say again what the 850 said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import OrderResponse, PurchaseOrder, ShipNotice
from d365edi.matching.lines import OrderKey, match_lines, order_keys
from d365edi.matching.response import respond
from tests.maps.wire import plain, report, writer, written

ORDER = [
    "BEG*00*SA*4500012345**20260105",
    "REF*DP*042",
    "DTM*038*20260114",
    "N1*ST*DC SEVEN*92*0007",
    "PO1*001A*120*UN*12.5*WE*UP*614141000012*SK*900001",
    "PO1*001B*48*CT*7.225**UK*00614141000029*VN*NB-200",
]


def order(*more: str) -> PurchaseOrder:
    document = plain("850", "004010")[0].read(report("850", [*ORDER, *more])).document
    assert isinstance(document, PurchaseOrder)
    return document


def ours(number: int, item: str, quantity: str, **more: Any) -> dict[str, Any]:
    return {"order_line": number, "item": {"own": item}, "quantity": Decimal(quantity), "unit": "ea", **more}


def response(*lines: dict[str, Any], **more: Any) -> OrderResponse:
    values = {"number": "4500012345", "sales_order": "SO-000321", "purpose": "original", "lines": lines, **more}
    return OrderResponse.of(values)


def answered(*lines: dict[str, Any], **more: Any) -> OrderResponse:
    made = response(*lines, **more)
    return respond(made, match_lines(made, {OrderKey("4500012345"): order()}))[0]


LATE, EARLY = date(2026, 1, 20), date(2026, 1, 12)
FULL = ours(2, "NB-200", "48", unit="cs")

ANSWERS = [
    ("as it was ordered", ours(1, "NB-100", "120", price=Decimal("12.5"), ship_date=EARLY), "accepted"),
    ("less", ours(1, "NB-100", "100"), "quantity changed"),
    ("more", ours(1, "NB-100", "121"), "quantity changed"),
    ("at another price", ours(1, "NB-100", "120", price=Decimal("12.75")), "price changed"),
    ("later than the ship window", ours(1, "NB-100", "120", ship_date=LATE), "rescheduled"),
    ("less and later", ours(1, "NB-100", "100", ship_date=LATE), "changed"),
    ("in another unit", ours(1, "NB-100", "120", unit="cs"), "changed"),
    ("cancelled", ours(1, "NB-100", "120", state="Canceled"), "rejected"),
]


@pytest.mark.parametrize(("line", "outcome"), [each[1:] for each in ANSWERS], ids=[each[0] for each in ANSWERS])
def test_a_line_is_answered_by_what_our_order_has_of_it(line: dict[str, Any], outcome: str) -> None:
    made = answered(line, FULL)
    assert [[answer.outcome for answer in each.answers] for each in made.lines] == [[outcome], ["accepted"]]
    assert made.acknowledgment == ("accepted" if outcome == "accepted" else "changed")


def test_a_line_that_our_order_does_not_have_is_rejected_and_promises_nothing() -> None:
    made = answered(FULL)
    [refused] = made.lines[0].answers
    assert (refused.outcome, refused.quantity, refused.unit, refused.date) == ("rejected", None, None, None)
    assert (made.lines[0].quantity, made.acknowledgment) == (Decimal(120), "changed")


def test_d365_s_own_word_for_a_unit_is_the_same_unit() -> None:
    made = response(ours(1, "NB-100", "120", unit="Pcs"), FULL)
    whole, _ = respond(made, match_lines(made, {OrderKey("4500012345"): order()}), {"ea": "pcs"})
    assert [(answer.outcome, answer.unit) for answer in whole.lines[0].answers] == [("accepted", "ea")]


def test_an_order_of_which_no_line_is_left_is_rejected() -> None:
    made = answered(ours(1, "NB-100", "120"), FULL, state="Canceled")
    assert made.acknowledgment == "rejected"


def test_a_line_in_two_parts_is_accepted_when_both_make_up_what_was_ordered() -> None:
    made = answered(ours(1, "NB-100", "80", ship_date=EARLY), ours(1, "NB-100", "40", ship_date=LATE), FULL)
    assert [(answer.outcome, answer.quantity) for answer in made.lines[0].answers] == [
        ("accepted", Decimal(80)),
        ("rescheduled", Decimal(40)),
    ]


def test_a_line_of_ours_that_answers_none_of_the_order_holds_the_answer() -> None:
    made = response(ours(9, "NB-999", "1"))
    [finding] = match_lines(made, {OrderKey("4500012345"): order()}).findings
    assert finding.severity == "error"
    assert finding.message == "line 1 (NB-999) answers no line of order 4500012345"


def test_an_answer_to_an_order_that_was_never_received_confirms_what_d365_has_and_says_so() -> None:
    made = response(FULL)
    whole, found = respond(made, match_lines(made, {}))
    assert (whole.acknowledgment, whole.lines[0].answers[0].quantity) == ("accepted", Decimal(48))
    assert [finding.severity for finding in found.findings] == ["note"]


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_an_855_says_again_what_the_order_said_and_then_what_becomes_of_it(version: str) -> None:
    made = response(
        ours(1, "NB-100", "120", price=Decimal("12.5"), ship_date=EARLY), ours(2, "NB-200", "40", unit="cs")
    )
    whole, found = respond(made, match_lines(made, {OrderKey("4500012345"): order()}))
    body = plain("855", version)[1].write(whole, order=found.order, line_orders=found.lines)
    assert written(body) == [
        "BAK*00*AC*4500012345*20260105****SO-000321",
        "REF*DP*042",
        "N1*ST*DC SEVEN*92*0007",
        "PO1*001A*120*UN*12.5*WE*UP*614141000012*SK*900001",
        "ACK*IA*120*UN*068*20260112",
        "PO1*001B*48*CT*7.225**UK*00614141000029*VN*NB-200",
        "ACK*IQ*40*CT",
        "CTT*2*168",
    ]


def notice(*orders: dict[str, Any]) -> ShipNotice:
    values = {"number": "PS-7", "purpose": "original", "date": EARLY, "time": "1405", "orders": orders}
    return ShipNotice.of(values)


def test_an_856_echoes_each_order_and_each_of_its_lines_wherever_it_is_packed() -> None:
    first = order()
    second = first.replace(number="4500099999", date=date(2026, 1, 7))
    made = notice(
        {
            "number": "4500012345",
            "lines": [ours(2, "NB-200", "8", unit="cs")],
            "packs": [
                {
                    "sscc": "00006141410000000012",
                    "lines": [ours(1, "NB-100", "100"), ours(2, "NB-200", "40", unit="cs")],
                }
            ],
        },
        {"number": "4500099999", "lines": [ours(1, "NB-100", "5")]},
    )
    assert order_keys(made) == (OrderKey("4500012345"), OrderKey("4500099999"))
    found = match_lines(made, {OrderKey(each.number): each for each in (first, second)})
    body = plain("856", "004010")[1].write(made, order=found.order, line_orders=found.lines, orders=found.orders)
    assert found.findings == ()
    assert written(body)[1:] == [
        "HL*1**S",
        "N1*ST*DC SEVEN*92*0007",
        "HL*2*1*O",
        "PRF*4500012345***20260105",
        "REF*DP*042",
        "HL*3*2*I",
        "LIN*001B*UK*00614141000029*VN*NB-200",
        "SN1**8*CT**48*CT",
        "HL*4*2*P",
        "MAN*GM*00006141410000000012",
        "HL*5*4*I",
        "LIN*001A*UP*614141000012*SK*900001",
        "SN1**100*UN**120*UN",
        "HL*6*4*I",
        "LIN*001B*UK*00614141000029*VN*NB-200",
        "SN1**40*CT**48*CT",
        "HL*7*1*O",
        "PRF*4500099999***20260107",
        "REF*DP*042",
        "HL*8*7*I",
        "LIN*001A*UP*614141000012*SK*900001",
        "SN1**5*UN**120*UN",
        "CTT*8*153",
    ]


def test_a_shipment_under_an_order_that_was_never_received_goes_out_as_d365_has_it_and_says_so() -> None:
    made = notice(
        {"number": "4500012345", "lines": [ours(1, "NB-100", "5")]}, {"number": "X", "lines": [ours(1, "NB-1", "5")]}
    )
    found = match_lines(made, {OrderKey("4500012345"): order()})
    assert [line and line.number for line in found.lines] == ["001A", None]
    assert [(finding.severity, finding.message.partition(":")[0]) for finding in found.findings] == [
        ("note", "order X was never received here")
    ]


def test_a_partner_s_row_may_name_the_order_and_its_line_by_their_whole_names() -> None:
    rows = {"fields": {"order.sales_requirement": "CSH01"}, "lines": {"line.order.ship_by": "DTM[038]02"}}
    made = response(ours(1, "NB-100", "120"), FULL)
    ordered = order().replace(sales_requirement="SC")
    lines = tuple(each.replace(ship_by=LATE) for each in ordered.lines)
    whole, found = respond(made, match_lines(made, {OrderKey("4500012345"): ordered.replace(lines=lines)}))
    body = written(writer("855", override=rows).write(whole, order=found.order, line_orders=found.lines))
    assert [each for each in body if each.startswith(("CSH", "DTM*038"))] == [
        "CSH*SC",
        "DTM*038*20260120",
        "DTM*038*20260120",
    ]
