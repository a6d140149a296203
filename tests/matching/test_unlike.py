# ruff: noqa: E501 - a sentence stands on one line, as it is said
"""Orders that are unlike a normal one: each kind is seen, named with its place and value, and decided by its setting.

Without the policies each of these became a sales order like any other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.flows.intake import places
from d365edi.maps import table
from d365edi.matching.intake import Action, IntakePolicy, judge
from d365edi.matching.unlike import Kind, OrderPlaces, oddities

X12 = places(table.load("x12", "850"), "P")
EDIFACT = places(table.load("edifact", "ORDERS"), "P")
CSV = places(table.load("csv", "PurchaseOrder"))


def line(number: str | None, quantity: str | None = "12", **more: Any) -> dict[str, Any]:
    amount = Decimal(quantity) if quantity is not None else None
    return {"number": number, "quantity": amount, "unit": "ea", "item": {"buyer": "ACME-4711"}, **more}


def order(*lines: dict[str, Any], **values: Any) -> PurchaseOrder:
    return PurchaseOrder.of({"number": "4500123", "purpose": "original", "lines": list(lines or [line("1")]), **values})


ODD: list[tuple[PurchaseOrder, str, OrderPlaces, list[tuple[str, str]]]] = [
    (order(), "P", X12, []),
    (order(), "T", X12, [("test", "ISA15 says test, and production is agreed")]),
    (order(), "I", X12, [("test", "ISA15 says information, and production is agreed")]),
    (order(), "T", EDIFACT, [("test", "UNB11 says test, and production is agreed")]),
    (order(), "T", OrderPlaces(), []),
    (order(), "", CSV, []),
    (order(type="SA"), "P", X12, []),
    (order(type="RL", release="7"), "P", X12, []),
    (order(type="226"), "P", EDIFACT, []),
    (order(type="IN"), "P", X12, [("information_copy", "BEG02 is IN, a copy for information")]),
    (order(type="BK"), "P", X12, [("blanket", "BEG02 is BK, a blanket order, of which parts are called off later")]),
    (order(type="CN"), "P", X12, [("consignment", "BEG02 is CN, a consignment order, billed when the goods are sold")]),
    (order(type="CP"), "P", X12, [("no_order", "BEG02 is CP, a message about an order or an offer, not an order for goods")]),
    (order(type="221"), "P", EDIFACT, [("blanket", "BGM01-1 is 221, a blanket order, of which parts are called off later")]),
    (order(type="Blanket"), "", CSV, [("blanket", "its type is Blanket, a blanket order, of which parts are called off later")]),
    (order(type="RETURN"), "", CSV, [("no_order", "its type is RETURN, a type of order that the map does not know")]),
    (order(type="Standard Order"), "", CSV, []),
    (order(type="Drop Ship"), "", CSV, []),
    (order(type="sa"), "", CSV, []),
    (order(type="220"), "", CSV, []),
    (order(line("1", "0.00")), "P", X12, [("zero_quantity", "line 1 (ACME-4711): PO102 is 0")]),
    (order(line("1"), line("7", "-3")), "P", X12, [("negative_quantity", "line 2 (their 7, ACME-4711): PO102 is -3")]),
    (order(line("1", "-1.50")), "P", EDIFACT, [("negative_quantity", "line 1 (ACME-4711): QTY01-2 is -1.5")]),
    (order(line("1", "-1")), "", CSV, [("negative_quantity", "line 1 (ACME-4711): quantity is -1")]),
    (
        order(line("1", stores=[{"store": "0007", "quantity": Decimal(14)}, {"store": "0008", "quantity": Decimal(-2)}])),
        "P",
        X12,
        [("negative_quantity", "line 1 (ACME-4711): PO102 is -2")],
    ),
    (order(line("1", None)), "P", X12, []),
    (order(line("1"), line("2")), "P", X12, []),
    (order(line("1"), line("1", "13")), "P", X12, []),
    (order(line("1"), line("1", deliver_by=None)), "P", X12, [("equal_lines", "line 2 (their 1, ACME-4711) is line 1 again, equal in all that it says")]),
    (order(line(None), line(None)), "", CSV, [("equal_lines", "line 2 (ACME-4711) is line 1 again, equal in all that it says")]),
    (order(line("1"), line("1", kept={"unit": "UN"})), "P", X12, []),
]  # fmt: skip


@pytest.mark.parametrize(("read", "usage", "where", "expected"), ODD)
def test_what_is_unlike_a_normal_order_is_named_with_place_and_value(
    read: PurchaseOrder, usage: str, where: OrderPlaces, expected: list[tuple[str, str]]
) -> None:
    assert [(odd.kind, odd.sentence) for odd in oddities(read, usage, where)] == expected


def test_many_lines_are_named_by_the_first_of_them() -> None:
    [odd] = oddities(order(*(line(str(number), "0") for number in range(1, 9))), "P", X12)
    assert odd.sentence.endswith("line 3 (ACME-4711): PO102 is 0 (+5 more)")


ONE_OF_EACH: dict[Kind, tuple[PurchaseOrder, str]] = {
    "test": (order(), "T"),
    "information_copy": (order(type="IN"), "P"),
    "blanket": (order(type="BK"), "P"),
    "consignment": (order(type="CN"), "P"),
    "no_order": (order(type="CP"), "P"),
    "zero_quantity": (order(line("1", "0")), "P"),
    "negative_quantity": (order(line("1", "-1")), "P"),
    "equal_lines": (order(line("1"), line("1")), "P"),
}


@pytest.mark.parametrize("kind", ONE_OF_EACH)
@pytest.mark.parametrize("action", ["hold", "create", "ignore", None])
def test_each_kind_is_decided_by_its_own_setting(kind: Kind, action: Action | None) -> None:
    read, usage = ONE_OF_EACH[kind]
    others: dict[Kind, Action] = dict.fromkeys(ONE_OF_EACH, "create" if action != "create" else "hold")
    unlike = {**others, kind: action} if action is not None else {}
    judged = judge(read, IntakePolicy(place="partners.acme.receive.850", unlike=unlike, places=X12), usage)
    held = [finding.rule for finding in judged.findings]
    assert (held, bool(judged.ignored)) == ([kind] if action in ("hold", None) else [], action == "ignore")


def test_the_sentence_names_the_commands_and_the_setting() -> None:
    judged = judge(order(type="BK"), IntakePolicy(place="partners.acme.receive.850", places=X12), "P")
    assert [str(finding) for finding in judged.findings] == [
        "PO 4500123: BEG02 is BK, a blanket order, of which parts are called off later; d365edi release 4500123 creates it "
        'all the same, d365edi reject 4500123 --why "..." closes it; blanket = "create" in [partners.acme.receive.850.unlike] creates all such'
    ]


def test_an_order_for_production_is_never_closed_unseen_where_tests_are_agreed() -> None:
    agreed = places(table.load("x12", "850"), "T")
    judged = judge(order(), IntakePolicy(unlike={"test": "ignore"}, places=agreed), "P")
    assert ([finding.rule for finding in judged.findings], judged.ignored) == (["test"], "")


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_a_test_and_a_copy_leave_the_number_to_the_order_itself(kind: Kind) -> None:
    read, usage = ONE_OF_EACH[kind]
    judged = judge(read, IntakePolicy(places=X12), usage)
    assert judged.claims == (kind not in ("test", "information_copy", "no_order"))
