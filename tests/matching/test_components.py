"""Sets: as our set item, as their components, or held; in X12 below the line, in EDIFACT as lines that name it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.matching import components, parts
from d365edi.matching.parts import PartsPolicy

PLACES = ("partners.acme.receive.850", "partners.acme.sets")
AS_COMPONENTS = PartsPolicy(*PLACES, sets={"KIT-1": "components"})


def component(item: str, quantity: str = "2", price: str | None = None, relation: str | None = "I") -> dict[str, Any]:
    found = {"relation": relation, "quantity": Decimal(quantity), "unit": "ea", "item": {"buyer": item}}
    return {**found, "price": Decimal(price)} if price else found


def line(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    set_line = {"number": "1", "quantity": Decimal(5), "unit": "st", "price": Decimal(10), "item": {"buyer": "KIT-1"}}
    return {**set_line, "components": found, **more}


def order(*lines: dict[str, Any]) -> PurchaseOrder:
    return PurchaseOrder.of({"number": "P1", "lines": lines})


def taken(written: PurchaseOrder, policy: PartsPolicy = AS_COMPONENTS) -> list[tuple[Any, ...]]:
    for_d365, findings = components.take(written, policy)
    assert findings == ()
    return [
        (each.number, each.item.buyer, each.quantity, each.unit, each.price, each.component) for each in for_d365.lines
    ]


def sentence(written: PurchaseOrder, policy: PartsPolicy = AS_COMPONENTS) -> str:
    _, findings = components.take(written, policy)
    assert findings
    assert all(finding.severity == "error" for finding in findings)
    return "; ".join(map(str, findings))


def test_components_are_lines_of_line_times_component() -> None:
    written = order(line(component("A", "2", "3.5"), component("B", "3", "1"), component("X", "9", "9", "O")))
    assert taken(written) == [("1", "A", 10, "ea", Decimal("3.5"), 1), ("1", "B", 15, "ea", 1, 2)]
    for_d365, _ = components.take(written, AS_COMPONENTS)
    assert parts.ordinals(written, for_d365) == (1, 1)
    assert [(part.line, part.component) for part in parts.parts_of(for_d365)] == [(1, 1), (1, 2)]


def test_what_comes_in_addition_comes_beside_the_line() -> None:
    found = taken(order(line(component("A", "2", "3", "A"))))
    assert found == [("1", "KIT-1", 5, "st", 10, None), ("1", "A", 10, "ea", 3, 1)]


def test_a_known_set_is_one_line_and_what_it_consists_of_is_information() -> None:
    written = order(line(component("A", relation="O"), component("B", relation="X")))
    assert taken(written, PartsPolicy(*PLACES, sets={"KIT-1": "D0099"})) == [("1", "KIT-1", 5, "st", 10, None)]


def test_a_set_is_known_by_any_of_its_numbers() -> None:
    item = {"buyer": "K", "gtin": "614141000012", "others": ({"qualifier": "SK", "id": "77"},)}
    for number in ("K", "614141000012", "77"):
        assert len(taken(order(line(component("A"), item=item)), PartsPolicy(sets={number: "D1"}))) == 1


def test_an_unknown_set_is_held_with_what_to_write() -> None:
    assert sentence(order(line(component("A"))), PartsPolicy(*PLACES)) == (
        'line 1 (KIT-1) is a set of A; write "KIT-1" = our item for the set, or "components", under '
        '[partners.acme.sets]; or where none of their orders needs it ignore = ["SLN"] in [partners.acme.receive.850], '
        "then: d365edi release P1; "
        'or enter it in D365 by hand, then: d365edi reject P1 --why "entered by hand"'
    )


@pytest.mark.parametrize("segment", ["SLN", "LIN"])
def test_what_is_ignored_is_the_line_as_it_stands(segment: str) -> None:
    written = order(line(component("A")), {"number": "2", "quantity": Decimal(3), "parent": "1"})
    found = taken(written, PartsPolicy(ignore=frozenset({segment})))
    assert [(number, quantity) for number, _, quantity, *_ in found] == [("1", 5), ("2", 3)]


@pytest.mark.parametrize(
    ("set", "ignored", "held"), [("850", "LIN", True), ("850", "SLN", False), ("ORDERS", "LIN", False)]
)
def test_a_further_item_of_x12_is_ignored_without_the_components_of_sets(set: str, ignored: str, held: bool) -> None:
    """LIN says a further item in X12 and a part of a set in EDIFACT."""
    policy = PartsPolicy(f"partners.acme.receive.{set}", ignore=frozenset({ignored}))
    assert bool(components.take(order(line(component("A"))), policy)[1]) == held


WRONG = {
    "the relation S of a component": line(component("A"), component("B", relation="S")),
    "the relation none of a component": line(component("A", relation=None)),
    "its components are only information": line(component("A", relation="O")),
    "it costs 10, and its components come to 9": line(component("A", "2", "3"), component("B", "3", "1")),
    "it costs 10, and none of its components says": line(component("A"), component("B")),
    "it costs 10, and not every component says": line(component("A", "2", "3"), component("B", "3")),
    "per other quantities": line({**component("A", "2", "5"), "price_basis": "HP"}, price_basis="PE"),
    "it, or a component, has no quantity": line(component("A", "0")),
    "an allowance or charge": line(component("A"), charges=({"kind": "allowance", "amount": Decimal(1)},)),
    "which its components cannot share": line(component("A"), discount_amount=Decimal(1)),
}


@pytest.mark.parametrize("words", WRONG)
def test_a_set_that_its_components_do_not_make_up_is_held(words: str) -> None:
    assert words in sentence(order(WRONG[words]))


DISPLAY = {"number": "1", "quantity": Decimal(5), "unit": "ea", "price": Decimal(100), "item": {"buyer": "KIT-1"}}


def below(number: str, item: str, quantity: str, price: str | None = None, parent: str = "1") -> dict[str, Any]:
    found = {"number": number, "quantity": Decimal(quantity), "unit": "ea", "parent": parent, "parent_kind": "1"}
    return {**found, "item": {"buyer": item}, **({"price": Decimal(price)} if price else {})}


def test_lines_that_are_parts_of_a_line_come_in_its_place_with_their_own_numbers() -> None:
    written = order(DISPLAY, below("2", "A", "60", "5"), below("3", "B", "40", "5"), below("5", "C", "1", parent="4"),
                    {**DISPLAY, "number": "4", "item": {"buyer": "KIT-2"}})  # fmt: skip
    policy = PartsPolicy(sets={"KIT-1": "components", "KIT-2": "D0098"})
    assert [(number, item, quantity) for number, item, quantity, *_ in taken(written, policy)] == [
        ("2", "A", 60),
        ("3", "B", 40),
        ("4", "KIT-2", 5),
    ]
    for_d365, _ = components.take(written, policy)
    assert parts.ordinals(written, for_d365) == (2, 3, 4)
    assert [part.line for part in parts.parts_of(for_d365)] == [2, 3, 5]


def test_parts_must_come_to_their_line_s_price_and_have_one() -> None:
    assert "its components come to 99" in sentence(
        order(DISPLAY, below("2", "A", "60", "5"), below("3", "B", "39", "5"))
    )
    assert "which is no line of the order" in sentence(order(DISPLAY, below("2", "A", "1", parent="7")))
    nested = order(DISPLAY, below("2", "A", "5", "100"), below("3", "B", "1", parent="2"))
    assert "which is a line that is a part itself" in sentence(nested)
    assert "which is 2 lines of the order" in sentence(order(DISPLAY, DISPLAY, below("2", "A", "5", "100")))
