# ruff: noqa: E501 - a sentence stands on one line, as it is reported
"""Each check: what it objects to and in which words, and that it lets a right document go."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import get_args

import pytest

from d365edi.documents import OrderResponse, PurchaseOrder
from d365edi.documents.values import Charge, ItemIds, Tax, Terms
from d365edi.guard import CHECKS, Case, Earlier, Facts, Level, Policy, examine, mentions
from d365edi.guard.echo import gs1
from d365edi.settings.guard import Guard
from tests.guard.scene import (
    BODY,
    INVOICE,
    LINES,
    NOTICE,
    ORDER,
    OTHER_GTIN,
    OTHER_SSCC,
    SSCC,
    invoice,
    line,
    notice,
    packed,
    without,
)

SENT = date(2026, 11, 14)
EARLIER = Earlier("CIV-0", ((0, Decimal(1), "ea"), (1, Decimal(9), "ea")))
GIVEN_BACK = Earlier("CIV-0R", ((0, Decimal(-1), "ea"),))
"""One of line 1 was billed before; the nine of line 2 were billed in another unit, which is no number of cases."""


def allowed(percent: str, *given: Charge) -> Case:
    """An order with an allowance of the whole of 425.97, and an invoice with these."""
    agreed = Charge(kind="allowance", code="C310", percent=Decimal(percent), percent_of="6")
    case = invoice(charges=given)
    return replace(case, order=ORDER.replace(charges=(agreed,)))


WRONG: list[tuple[str, Case, list[str]]] = [
    ("duplicate", invoice({"same_number": (SENT,)}), ["an invoice CIV-1 went out to them before, on 2026-11-14"]),
    ("duplicate", invoice({"same_goods": "CIV-0"}), ["packing slip PS-9 was billed before, by invoice CIV-0"]),
    ("duplicate", notice({"same_number": (SENT,)}), ["a ship notice SHIP-1 went out to them before, on 2026-11-14, and this one does not say that it replaces it"]),
    ("duplicate", notice({"same_goods": "SHIP-0"}), ["bill of lading BOL-1 was announced before, by ship notice SHIP-0"]),
    ("price_differs", invoice(lines=line(0, price=Decimal("11.00"))), ["line 1 (ACME-4711): price 11, but ordered at 10.5"]),
    ("price_differs", invoice(lines=line(1, price=Decimal("99.989"))), ["line 2 (ACME-4712): price 99.989, but ordered at 99.99"]),
    ("quantity_exceeds", invoice(lines=line(0, quantity=Decimal(13))), ["line 1 of the order (ACME-4711): 13 ea billed, but 12 ea ordered"]),
    ("quantity_exceeds", notice(orders=packed(SSCC, quantity=14)), ["line 1 of the order (ACME-4711): 14 ea shipped, but 12 ea ordered"]),
    ("over_invoiced", invoice({"earlier": (EARLIER,)}), ["line 1 of the order (ACME-4711): 13 billed with CIV-0, but 12 ordered"]),
    ("over_credited", invoice({"earlier": (EARLIER,)}, sense="credit", lines=line(0, quantity=Decimal(-2))), ["line 1 of the order (ACME-4711): 2 credited, but 1 left of what was billed (CIV-0)"]),
    ("over_credited", invoice({"earlier": (EARLIER,)}, sense="credit", lines=line(0, quantity=Decimal(-1))), []),
    ("over_credited", invoice({"earlier": (EARLIER, GIVEN_BACK)}, sense="credit", lines=line(0, quantity=Decimal(-1))), ["line 1 of the order (ACME-4711): 1 credited, but 0 left of what was billed (CIV-0, CIV-0R)"]),
    ("over_credited", invoice(sense="credit", lines=line(0, quantity=Decimal(-1))), []),
    ("unit_differs", invoice(lines=line(1, unit="ea")), ["line 2 (ACME-4712): unit ea, but ordered in cs"]),
    ("unit_differs", notice(orders=packed(SSCC, unit="cs")), ["line 1 (ACME-4711): unit cs, but ordered in ea"]),
    ("total_wrong", invoice(total=Decimal("449.10")), ["the total is 449.10, but lines 425.97, charges 15.00 and taxes 8.03 come to 449.00"]),
    ("total_wrong", invoice(taxes=()), ["the total is 449.00, but lines 425.97, charges 15.00 and taxes 0.00 come to 440.97"]),
    ("total_wrong", invoice(body=(*BODY, ["TDS", "44900.00"])), ["TDS01 is 44900.00, but the total is 449.00"]),
    ("original_missing", invoice({"section": "[partners.acme.send.810]"}, sense="credit"), ['the invoice that this credit note corrects is not known: no invoice of order 4500123 with its lines went out to them; have D365 name it in the field that original_field in [partners.acme.send.810] says, or send such credit notes without it: original = "omit"']),
    ("original_missing", invoice({"section": "[partners.acme.send.810]", "originals": ("CIV-0", "CIV-2")}, sense="credit"), ['the invoice that this credit note corrects is not known: each of the invoices CIV-0, CIV-2 of order 4500123 can be it; have D365 name it in the field that original_field in [partners.acme.send.810] says, or send such credit notes without it: original = "omit"']),
    ("terms_differ", invoice(terms=Terms(net_due=date(2026, 12, 12)), order=ORDER.replace(terms=Terms(net_days=46, basis="invoice"))), ["it is due on 2026-12-12, but by the order (46 days after the invoice date) on 2027-01-01"]),
    ("allowance_missing", allowed("3"), ["the order's allowance C310 of 3% is not taken off: 12.78"]),
    ("allowance_missing", allowed("3", Charge(kind="allowance", code="C310", amount=Decimal(9))), ["the order's allowance C310 of 3% comes to 12.78, and 9.00 is taken off"]),
    ("allowance_missing", allowed("3", Charge(kind="allowance", code="C310", percent=Decimal(3), handling="information")), ["the order's allowance C310 of 3% is not taken off: 12.78"]),
    ("allowance_missing", allowed("3", Charge(kind="allowance", code="C310", amount=Decimal("12.78"))), []),
    ("dated_before_ship", invoice(date=date(2026, 11, 14)), ["it is dated 2026-11-14, but its goods ship on 2026-11-15"]),
    ("dated_before_ship", invoice(ship_date=None, lines=line(0, ship_date=date(2026, 11, 18))), ["it is dated 2026-11-16, but its goods ship on 2026-11-18"]),
    ("before_notice", invoice({"notice_sent": False}), ["no ship notice for order 4500123 went out before it"]),
    ("notice_late", notice({"today": date(2026, 11, 16)}), ["its goods shipped on 2026-11-15, and it goes out on 2026-11-16"]),
    ("outside_window", invoice(ship_date=date(2026, 11, 9)), ["shipped on 2026-11-09, but order 4500123 is not to ship before 2026-11-10"]),
    ("outside_window", notice(ship_date=date(2026, 11, 21)), ["shipped on 2026-11-21, but order 4500123 is to ship by 2026-11-20"]),
    ("outside_window", invoice(ship_date=date(2026, 11, 26), date=date(2026, 11, 26), order=ORDER.replace(ship_by=None)), ["shipped on 2026-11-26, but order 4500123 is void after 2026-11-25"]),
    ("sscc_wrong", notice(orders=packed("106141411234567890", "61414112345678", SSCC)), ["106141411234567890 is no SSCC, its length or check digit is wrong", "61414112345678 is no SSCC, its length or check digit is wrong"]),
    ("sscc_reused", notice(orders=packed(SSCC, f"00{SSCC}")), [f"SSCC {SSCC} stands on 2 cartons"]),
    ("sscc_reused", notice({"sscc_used": {OTHER_SSCC: "SHIP-0"}}), [f"SSCC {OTHER_SSCC} was used before, on ship notice SHIP-0"]),
    ("id_not_echoed", invoice(body=without("4500123", "778899", "042", "0007")), ["the order's number 4500123 is not in it", "the order's vendor number 778899 is not in it", "the order's department 042 is not in it", "the order's ship-to 0007 is not in it"]),
    ("id_not_echoed", invoice(body=without("2")), ["the order's line id 2 is not in it"]),
    ("item_differs", invoice(body=without("ACME-4711", OTHER_GTIN)), ["line 1: the order's item number ACME-4711 is not in it", f"line 2: the order's GTIN {OTHER_GTIN} is not in it"]),
    ("item_differs", invoice(lines=line(0, item=ItemIds(gtin="614141000010")), body=(*BODY, ["IT1", "1", "1", "EA", "1", "", "UP", "614141000010"])), ["line 1: 614141000010 is no GTIN, its length or check digit is wrong"]),
    ("reference_missing", invoice(demands=("REF[MR]02", "REF[IA|VR]02", "BIG05", "FOB", "REF[DP]")), ["REF[MR]02 is empty, and this partner demands it", "BIG05 is empty, and this partner demands it", "FOB is empty, and this partner demands it"]),
    ("reference_missing", invoice(demands=("CAD04-1", "CAD04-2", "CAD04", "CAD")), ["CAD04-1 is empty, and this partner demands it"]),
    ("reference_missing", invoice(demands=("REF[IA]",), body=without("778899")), ["REF[IA] is empty, and this partner demands it"]),
    ("usage_differs", invoice({"order_usage": "T"}), ["it goes out as production, but its order came as test"]),
    ("usage_differs", notice({"usage": "T"}), ["it goes out as test, but its order came as production"]),
]  # fmt: skip


@pytest.mark.parametrize(("check", "case", "sentences"), WRONG)
@pytest.mark.parametrize("level", ["warn", "hold"])
def test_what_is_wrong_is_said_at_its_level_and_only_by_its_check(
    check: str, case: Case, sentences: list[str], level: Level
) -> None:
    found = examine(case, Policy({check: level}))
    assert [(one.check, one.level, one.sentence) for one in found] == [(check, level, each) for each in sentences]


@pytest.mark.parametrize(("check", "case", "sentences"), WRONG)
def test_a_check_that_is_off_says_nothing(check: str, case: Case, sentences: list[str]) -> None:
    others: dict[str, Level] = {name: "hold" for name in CHECKS if name != check}
    reported = [one.sentence for one in examine(case, Policy(others))]
    assert [sentence for sentence in sentences if sentence in reported] == []
    assert examine(case, Policy()) == ()


def test_every_check_is_tried() -> None:
    assert {check for check, _, _ in WRONG} == set(CHECKS)


RIGHT = [
    invoice(),
    notice(),
    invoice(order=None),
    invoice({"earlier": (Earlier("CIV-0", ((0, Decimal(-12), "ea"),)), Earlier("CIV-1", ((0, Decimal(12), "ea"),)))}),
    invoice({"earlier": (Earlier("CIV-0", ((1, Decimal(3), "ea"),)),)}),
    invoice(lines=line(0, quantity=Decimal(-20)), total=Decimal("113.00")),
    invoice({"notice_sent": False}, sense="credit", original_invoice="CIV-0"),
    invoice(sense="credit", original_invoice="CIV-0", ship_date=date(2026, 11, 28), date=date(2026, 11, 27)),
    invoice(
        sense="credit",
        original_invoice="CIV-0",
        lines=line(0, quantity=Decimal(-53)),
        total=Decimal("-233.50"),
        body=(*BODY, ["TDS", "23350"]),
    ),
    invoice(total=None),
    invoice(total=Decimal("449.02")),
    invoice(body=(*BODY, ["TDS", "44900"])),
    invoice(
        lines=tuple(
            each.replace(taxes=(Tax(amount=tax),))
            for each, tax in zip(LINES, (Decimal("2.03"), Decimal(6)), strict=True)
        )
    ),
    invoice(lines=line(0, charges=(Charge(kind="allowance", amount=Decimal("-0.5")),)), total=Decimal("448.50")),
    invoice(lines=line(0, price=None)),
    notice({"same_number": (SENT,), "same_goods": "SHIP-0"}, purpose="replace"),
    notice(ship_date=None),
    invoice(demands=("REF[IA]02", "BIG04", "CAD", "REF[IA|VR]02", "IT1")),
    invoice({"usage": "T", "order_usage": ""}),
]


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_document_meets_no_objection(case: Case) -> None:
    policy: dict[str, Level] = dict.fromkeys(CHECKS, "hold")
    assert [str(one) for one in examine(case, Policy(policy))] == []


def test_a_gtin_that_the_order_has_wrong_is_echoed_as_it_is() -> None:
    wrong = ItemIds(buyer="ACME-4711", gtin="614141000010")
    order = ORDER.replace(lines=(ORDER.lines[0].replace(item=wrong), ORDER.lines[1]))
    body = tuple(["614141000010" if element == "614141000012" else element for element in segment] for segment in BODY)
    case = invoice(order=order, lines=line(0, item=wrong), body=body)
    assert examine(case, Policy({"item_differs": "hold"})) == ()


def test_a_shipment_for_several_orders_is_held_against_each_of_them() -> None:
    other = ORDER.replace(number="4500999", ship_by=date(2026, 11, 14), lines=(ORDER.lines[0].replace(),))
    case = notice(orders=packed(SSCC, quantity=12))
    lines = (other.lines[0],)
    twice = replace(case, others=(other,), lines=lines, document=NOTICE.replace(orders=packed(SSCC, quantity=13)))
    found = examine(twice, Policy({"quantity_exceeds": "warn", "outside_window": "warn", "id_not_echoed": "warn"}))
    assert [one.sentence for one in found] == [
        "line 1 of order 4500999 (ACME-4711): 13 ea shipped, but 12 ea ordered",
        "shipped on 2026-11-15, but order 4500999 is to ship by 2026-11-14",
        "the order's number 4500999 is not in it",
    ]


def test_an_answer_to_an_order_is_held_to_what_it_echoes_and_to_its_envelope() -> None:
    response = OrderResponse(number="4500123")
    right = Case(response, ORDER, ORDER.lines, BODY, Facts(usage="P", order_usage="P"), ("REF[IA]02",))
    wrong = replace(right, body=without("778899"), facts=Facts(usage="T", order_usage="P"))
    policy = Policy(dict.fromkeys(CHECKS, "hold"))
    assert examine(right, policy) == ()
    assert [one.check for one in examine(wrong, policy)] == ["id_not_echoed", "reference_missing", "usage_differs"]
    assert mentions(response) == {("order", "4500123")}


def test_a_sentence_says_its_check_and_what_it_typically_costs() -> None:
    case = invoice(lines=line(0, price=Decimal(11)))

    def reported(**particulars: object) -> list[str]:
        return [str(one) for one in examine(case, Policy({"price_differs": "warn"}, **particulars))]  # type: ignore[arg-type]

    sentence = "line 1 (ACME-4711): price 11, but ordered at 10.5 [price_differs]"
    assert reported() == [f"{sentence}, typically the difference is deducted"]
    assert reported(costs={"price_differs": "they take 50 dollars"}) == [f"{sentence}, they take 50 dollars"]
    assert reported(costs={"price_differs": "they take 50 dollars"}, say_costs=False) == [sentence]


def test_every_cost_is_worded_as_what_is_typical() -> None:
    costs = [cost for check in CHECKS.values() for _, cost in check.functions.values()]
    assert [cost for cost in costs if not cost.startswith("typically ")] == []


def test_the_settings_have_a_level_for_each_check() -> None:
    settings = Guard()
    assert list(settings.policy.levels) == list(CHECKS)
    assert set(settings.policy.levels.values()) <= set(get_args(Level))
    assert set(Guard.model_fields) - set(CHECKS) == {"demands", "say_costs", "costs"}


def test_an_invoice_is_found_again_by_its_order_and_its_packing_slip() -> None:
    assert mentions(INVOICE) == {("order", "4500123"), ("goods", "PS-9")}
    assert mentions(INVOICE.replace(packing_slip=None, order_number=None)) == frozenset()


def test_an_invoice_over_several_orders_is_compared_with_each_of_them() -> None:
    other = ORDER.replace(number="4500124", lines=tuple(line.replace() for line in ORDER.lines))
    lines = tuple(line.replace(order_number=order) for order in ("4500123", "4500124") for line in LINES)
    invoice = INVOICE.replace(order_number=None, lines=lines)
    assert mentions(invoice) == {("order", "4500123"), ("order", "4500124"), ("goods", "PS-9")}
    billed = ((0, Decimal(1), "ea"),)
    facts = Facts(earlier=(Earlier("CIV-0", billed, order=1),))
    case = Case(invoice, ORDER, (*ORDER.lines, *other.lines), facts=facts, others=(other,))
    found = examine(case, Policy({"over_invoiced": "hold", "quantity_exceeds": "hold"}))
    assert [each.sentence for each in found] == [
        "line 1 of order 4500124 (ACME-4711): 13 billed with CIV-0, but 12 ordered"
    ]


def test_a_ship_notice_is_found_again_by_its_orders_loads_and_cartons() -> None:
    cartons = {("sscc", SSCC), ("sscc", OTHER_SSCC)}
    assert mentions(NOTICE) == {("order", "4500123"), ("goods", "BOL-1 4500123")} | cartons
    assert mentions(NOTICE.replace(bill_of_lading=None)) == {("order", "4500123")} | cartons


def test_what_goes_out_under_no_check_is_not_found_again() -> None:
    assert mentions(PurchaseOrder(number="1")) == frozenset()
    assert examine(Case(PurchaseOrder(number="1")), Policy(dict.fromkeys(CHECKS, "hold"))) == ()


@pytest.mark.parametrize(
    ("number", "right"),
    [("614141000012", True), ("614141000013", False), (SSCC, True), ("96385074", True), ("", False), ("6141410000١2", False), ("0" * 15, False)],
)  # fmt: skip
def test_a_number_of_gs1_has_a_known_length_and_the_right_check_digit(number: str, right: bool) -> None:
    assert gs1(number) is right
