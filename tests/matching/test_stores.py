"""Lines for several stores: held unless a flow wants lines or orders of them, and only where they make up the line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.documents.values import TradeParty
from d365edi.matching import parts, stores
from d365edi.matching.lines import LineMatch
from d365edi.matching.parts import PartsPolicy

LINES = PartsPolicy("partners.acme.receive.850", stores="lines")
ORDERS = PartsPolicy("partners.acme.receive.850", stores="orders")


def line(*found: tuple[str, str], quantity: str = "30", **more: Any) -> dict[str, Any]:
    each = tuple({"store": store, "quantity": Decimal(count)} for store, count in found)
    made = {"number": "7", "quantity": Decimal(quantity), "unit": "ea", "item": {"buyer": "ACME-4711"}, "stores": each}
    return {**made, "distribution": {"unit": "ea", "id_kind": "92"}, **more}


def order(*lines: dict[str, Any], **more: Any) -> PurchaseOrder:
    return PurchaseOrder.of({"number": "P1", "total": Decimal(5), "lines": lines, **more})


TWO = order(line(("0001", "10"), ("0002", "15"), ("0001", "5"), ("0003", "0")), {"number": "9", "quantity": Decimal(1)})


def test_each_store_gets_a_line_with_its_place_and_all_of_its_quantity() -> None:
    for_d365, findings = stores.split(TWO, LINES)
    assert findings == ()
    found = [
        (each.number, each.place, each.store, each.quantity, each.ship_to.id, each.ship_to.id_kind)
        for each in for_d365.lines
    ]
    assert found == [
        ("7", 1, "0001", Decimal(15), "0001", "92"),
        ("7", 1, "0002", Decimal(15), "0002", "92"),
        ("9", 2, None, Decimal(1), None, None),
    ]
    assert parts.ordinals(TWO, for_d365) == (7, 7, 9)
    assert [(part.line, part.store) for part in parts.parts_of(for_d365)] == [(1, "0001"), (1, "0002"), (2, None)]


def test_they_are_held_by_default_with_the_settings_that_take_them() -> None:
    _, (finding,) = stores.split(TWO, PartsPolicy("partners.acme.receive.850"))
    assert str(finding) == (
        'line 7 (ACME-4711): for 2 stores; write stores = "lines" in [partners.acme.receive.850] for a sales line a '
        'store, or "orders" for a sales order a store; or where none of their orders needs it ignore = ["SDQ"] in '
        "[partners.acme.receive.850], then: d365edi release P1; "
        'or enter it in D365 by hand, then: d365edi reject P1 --why "entered by hand"'
    )


@pytest.mark.parametrize("segment", ["SDQ", "LOC"])
def test_what_is_ignored_is_one_line(segment: str) -> None:
    for_d365, findings = stores.split(TWO, PartsPolicy(stores="lines", ignore=frozenset({segment})))
    assert findings == ()
    assert [(each.quantity, each.stores) for each in for_d365.lines] == [(Decimal(30), ()), (Decimal(1), ())]
    assert not stores.by_orders(TWO, PartsPolicy(stores="orders", ignore=frozenset({segment})))


WRONG = [
    (LINES, order(line(("0001", "10"), ("0002", "19"))), "line 7 (ACME-4711) is 30, and its stores come to 29"),
    (LINES, order(line(("0001", "31"), ("0002", "-1"))), "takes something back from a store"),
    (
        LINES,
        order(line(("0001", "30"), distribution={"unit": "cs"})),
        "is ordered in ea, and its stores are counted in cs",
    ),
    (
        LINES,
        order({"stores": ({"store": "1", "quantity": Decimal(2)},)}),
        "line 1 is nothing, and its stores come to 2",
    ),
    (ORDERS, TWO, "line 9 names no store, and each store has an order of its own"),
    (ORDERS, order(line(("S" * 58, "30"))), "is longer than D365 has room for (60)"),
]


@pytest.mark.parametrize(("policy", "written", "sentence"), WRONG)
def test_what_stores_do_not_make_up_is_held(policy: PartsPolicy, written: PurchaseOrder, sentence: str) -> None:
    for_d365, findings = stores.split(written, policy)
    assert any(sentence in str(finding) for finding in findings), findings
    assert len(for_d365.lines) == len(written.lines)


WHOLE = order(
    line(("0001", "10"), ("0002", "20")),
    line(("0002", "4"), number="8", quantity="4"),
    parties={"ship_to": {"id": "DC"}},
)


def test_the_order_for_a_store_is_its_part_of_each_line_delivered_to_it() -> None:
    assert stores.stores_of(WHOLE) == ("0001", "0002")
    own = stores.part(WHOLE, "0001")
    assert [(each.number, each.place, each.quantity, each.stores) for each in own.lines] == [("7", 1, Decimal(10), ())]
    assert (own.number, own.total, own.parties.ship_to.id) == ("P1", None, "0001")
    for_d365, _ = stores.split(WHOLE, ORDERS)
    assert stores.of_store(for_d365, "0001") == own.replace(number="P1-0001")
    assert stores.split(own, ORDERS) == (own, ())
    second = stores.part(WHOLE, "0002")
    assert parts.ordinals(WHOLE, second) == (7, 8)


def test_documents_for_a_store_name_it_as_ship_to_or_as_whom_the_goods_are_marked_for() -> None:
    marked = stores.echoed(WHOLE, "0002").parties
    assert (marked.ship_to.id, marked.mark_for.id, marked.buyer.id) == ("DC", "0002", "0002")
    bought = WHOLE.replace(parties=WHOLE.parties.replace(buyer=TradeParty(id="HQ")))
    assert stores.echoed(bought, "0002").parties.buyer.id == "HQ"
    bare = stores.echoed(WHOLE.replace(parties=type(WHOLE.parties)()), "0002").parties
    assert (bare.ship_to.id, bare.mark_for.id) == ("0002", None)


def test_a_shipment_for_several_stores_has_none_of_them_as_a_whole() -> None:
    for first in (WHOLE, WHOLE.replace(parties=type(WHOLE.parties)())):
        second = first.replace(date=None)
        match = LineMatch((first.lines[1], second.lines[1]), order=first, orders=(first, second))
        narrowed = stores.narrowed(match, {id(first): "0001", id(second): "0002"})
        assert narrowed.order is not None
        assert [each.parties.mark_for.id or each.parties.ship_to.id for each in narrowed.orders if each] == [
            "0001",
            "0002",
        ]
        shared = narrowed.order.parties
        assert (shared.mark_for.id, shared.buyer.id, shared.ship_to.id) == (None, None, first.parties.ship_to.id)


def test_a_match_with_a_store_s_part_has_its_lines_in_the_place_of_the_order_s() -> None:
    match = LineMatch((WHOLE.lines[1], None), order=WHOLE, orders=(WHOLE,))
    narrowed = stores.narrowed(match, {id(WHOLE): "0002"})
    assert narrowed.order is not None
    assert [each.quantity if each is not None else None for each in narrowed.lines] == [Decimal(4), None]
    assert narrowed.orders == (narrowed.order,)
    assert narrowed.lines[0] is narrowed.order.lines[1]
    assert stores.narrowed(match, {}) == match


def test_documents_are_named_by_the_partner_s_number() -> None:
    names = {"P1-0001": "P1"}
    assert stores.named(Invoice(number="I", order_number="P1-0001"), names).order_number == "P1"
    assert stores.named(OrderResponse(number="P1-0001"), names).number == "P1"
    inside = {"number": "P1-0001", "lines": ({"number": "1"},)}
    notice = ShipNotice.of({"number": "S", "packs": ({"orders": (inside,)},), "orders": (inside, {"number": "P2"})})
    assert sorted(each.number or "" for each in stores.named(notice, names).every_order()) == ["P1", "P1", "P2"]


def test_what_a_store_bears_of_charges_is_its_share() -> None:
    charges = (
        {"kind": "allowance", "amount": Decimal(6)},
        {"kind": "allowance", "percent": Decimal(3), "amount": Decimal(9)},
    )
    written = order(line(("0001", "10"), ("0002", "20"), price=Decimal(2), charges=charges), charges=charges[:1])
    own = stores.part(written, "0001")
    assert [(each.percent, each.amount) for each in own.lines[0].charges] == [
        (None, Decimal(2)),
        (Decimal(3), Decimal(9)),
    ]
    assert [each.amount for each in own.charges] == [Decimal(2)]
