"""Several sales lines of one line of an order: what goes out goes out in the order's own lines, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from d365edi.documents import Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.edi.findings import Finding
from d365edi.matching.folding import fold
from d365edi.matching.lines import OrderKey, match_lines
from d365edi.matching.resolution import DeliveryPlace, Part, Resolution
from d365edi.matching.response import respond

KIT = {
    "number": "1", "quantity": Decimal(5), "unit": "st", "price": Decimal(10), "item": {"buyer": "KIT-1"},
    "components": (
        {"relation": "I", "quantity": Decimal(2), "unit": "ea", "item": {"buyer": "A"}},
        {"relation": "I", "quantity": Decimal(3), "unit": "ea", "item": {"buyer": "B"}},
        {"relation": "A", "quantity": Decimal(1), "unit": "ea", "item": {"buyer": "C"}},
    ),
}  # fmt: skip
SPLIT = {
    "number": "2",
    "quantity": Decimal(30),
    "unit": "ea",
    "price": Decimal("0.333"),
    "item": {"buyer": "ACME-4711"},
}
ORDER = PurchaseOrder.of({"number": "P1", "lines": (KIT, SPLIT)})
ANSWERS = Resolution(
    items={1: "D-A", 2: "D-B", 3: "D-C", 4: "D0001", 5: "D0001", 6: "D0001"},
    parts=(*(Part(1, component=place) for place in (1, 2, 3)), *(Part(2, store) for store in ("0001", "0002", "0003"))),
)


def line(number: int, item: str, quantity: str, price: str | None = None, **more: Any) -> dict[str, Any]:
    found = {"order_line": number, "item": {"own": item}, "quantity": Decimal(quantity), "unit": "ea", **more}
    return {**found, "price": Decimal(price)} if price else found


def invoice(*lines: dict[str, Any]) -> Invoice:
    return Invoice.of({"number": "INV-1", "order_number": "P1", "lines": lines})


def folded(document: Any) -> tuple[Any, list[str | None], tuple[Finding, ...]]:
    made, match, findings = fold(document, match_lines(document, {OrderKey("P1"): ORDER}), [(ORDER, ANSWERS)])
    return made, [theirs.number if theirs is not None else None for theirs in match.lines], findings


def test_lines_of_several_stores_are_billed_as_one() -> None:
    three = [line(2, "D0001", "10", "0.333", amount=Decimal("3.33"), lot=f"L{n}") for n in range(3)]
    made, answered, findings = folded(invoice(*three))
    assert (answered, findings) == (["2"], ())
    assert [(each.quantity, each.price, each.amount) for each in made.lines] == [
        (30, Decimal("0.333"), Decimal("9.99"))
    ]


def test_lines_whose_cents_would_change_stay_apart() -> None:
    two = [line(2, "D0001", "1", "0.335"), line(2, "D0001", "1", "0.335")]
    made, answered, _ = folded(invoice(*two))
    assert answered == ["2", "2"]
    assert [each.quantity for each in made.lines] == [1, 1]


def test_lines_at_different_prices_stay_apart_and_equal_charges_are_added_up() -> None:
    charge = ({"kind": "allowance", "code": "C310", "amount": Decimal("0.50")},)
    lines = [
        line(2, "D0001", "10", "0.4", charges=charge),
        line(2, "D0001", "5", "0.3"),
        line(2, "D0001", "10", "0.4", charges=charge),
    ]
    made, _, _ = folded(invoice(*lines))
    assert [(each.quantity, each.price, [charge.amount for charge in each.charges]) for each in made.lines] == [
        (20, Decimal("0.4"), [Decimal("1.00")]),
        (5, Decimal("0.3"), []),
    ]


def test_components_are_billed_as_sets_at_what_they_cost_and_what_came_in_addition_beside_them() -> None:
    lines = [line(1, "D-A", "10", "2"), line(1, "D-B", "15", "2"), line(1, "D-C", "5", "1")]
    made, answered, findings = folded(invoice(*lines))
    assert (answered, findings) == (["1", None], ())
    assert [(each.item.buyer, each.quantity, each.unit, each.price) for each in made.lines] == [
        ("KIT-1", 5, "st", 10),
        (None, 5, "ea", 1),
    ]


def test_parts_of_a_set_hold_an_invoice() -> None:
    for lines in ([line(1, "D-A", "10", "2")], [line(1, "D-A", "10", "2"), line(1, "D-B", "14", "2")]):
        _, _, (finding,) = folded(invoice(*lines))
        assert (finding.severity, "is not whole sets" in str(finding)) == ("error", True)


def test_a_shipment_says_sets_where_they_are_whole_and_else_the_components() -> None:
    def carton(*quantities: str) -> dict[str, Any]:
        return {
            "sscc": "1",
            "lines": tuple(line(1, item, q) for item, q in zip(("D-A", "D-B"), quantities, strict=False)),
        }

    order = {"number": "P1", "packs": (carton("2", "3"), carton("8"))}
    made, answered, findings = folded(ShipNotice.of({"number": "S1", "orders": (order,)}))
    assert (answered, findings) == (["1", None], ())
    assert [(each.item.buyer, each.item.own, each.quantity) for each in made.every_line()] == [
        ("KIT-1", None, 1),
        (None, "D-A", 8),
    ]
    assert (made.every_line()[0].ordered.quantity, made.every_line()[0].ordered.unit) == (5, "st")


def test_a_shipment_to_several_stores_is_of_the_order_s_line_in_each_carton() -> None:
    def store(quantity: str, batch: str | None = None) -> dict[str, Any]:
        found = line(2, "D0001", quantity, ordered={"quantity": Decimal(10), "unit": "ea"})
        return {**found, "batch": batch} if batch else found

    order = {"number": "P1", "lines": (store("10"), store("7"), store("3", "B1"))}
    made, answered, _ = folded(ShipNotice.of({"number": "S1", "orders": (order,)}))
    assert answered == ["2", "2"]
    assert [(each.quantity, each.ordered.quantity, each.batch) for each in made.every_line()] == [
        (17, 20, None),
        (3, 10, "B1"),
    ]


def response(*lines: dict[str, Any]) -> OrderResponse:
    document = OrderResponse.of({"number": "P1", "lines": lines})
    made, match, findings = fold(document, match_lines(document, {OrderKey("P1"): ORDER}), [(ORDER, ANSWERS)])
    assert findings == ()
    return respond(made, match)[0]


def test_the_answer_to_a_line_for_several_stores_is_one() -> None:
    day = date(2026, 11, 20)
    made = response(*(line(2, "D0001", "10", ship_date=day) for _ in range(3)))
    [answer] = made.lines[1].answers
    assert (answer.outcome, answer.quantity, answer.date) == ("accepted", Decimal(30), day)


def test_a_store_that_gets_less_makes_less_of_the_line() -> None:
    made = response(line(2, "D0001", "10"), line(2, "D0001", "4"), line(2, "D0001", "0", state="Canceled"))
    assert [(each.outcome, each.quantity) for each in made.lines[1].answers] == [("quantity changed", Decimal(14))]


def test_the_answer_to_a_set_compares_what_its_components_cost() -> None:
    made = response(line(1, "D-A", "10", "2"), line(1, "D-B", "15", "3"))
    [answer] = made.lines[0].answers
    assert (answer.outcome, answer.quantity) == ("price changed", Decimal(5))


def test_an_order_whose_lines_were_written_as_they_are_is_left_alone() -> None:
    document = invoice(line(2, "D0001", "10", "0.333"), line(2, "D0001", "10", "0.333"))
    match = match_lines(document, {OrderKey("P1"): ORDER})
    assert fold(document, match, [(ORDER, Resolution())]) == (document, match, ())


def test_taxes_of_one_rate_are_added_up_where_lines_become_one() -> None:
    tax = {"type": "value added", "percent": Decimal(19), "category": "S"}
    each = {**tax, "base": Decimal("3.33"), "amount": Decimal("0.63")}
    three = [line(2, "D0001", "10", "0.333", amount=Decimal("3.33"), taxes=(each,)) for _ in range(3)]
    (found,) = folded(invoice(*three))[0].lines
    assert [(one.percent, one.base, one.amount) for one in found.taxes] == [(19, Decimal("9.99"), Decimal("1.89"))]


def test_weights_are_added_up_where_all_of_them_are_known_in_one_unit() -> None:
    def weighed(*pairs: tuple[str, str]) -> list[tuple[Decimal | None, str | None]]:
        lines = [line(2, "D0001", "10", weight=Decimal(weight), weight_unit=unit) for weight, unit in pairs]
        order = {"number": "P1", "lines": (*lines, *([line(2, "D0001", "10")] if len(pairs) < 3 else []))}
        made, _, _ = folded(ShipNotice.of({"number": "S1", "orders": (order,)}))
        return [(each.weight, each.weight_unit) for each in made.every_line()]

    assert weighed(("1", "LB"), ("2", "lb"), ("3.5", "lb")) == [(Decimal("6.5"), "lb")]
    assert weighed(("1", "lb"), ("2", "kg"), ("3.5", "lb")) == [(None, None)]
    assert weighed(("1", "lb"), ("2", "lb")) == [(None, None)]


# -- sub-lines (EDIFACT) -----------------------------------------------------------------------------------------------
SUB_LINES = PurchaseOrder.of(
    {
        "number": "P2",
        "lines": (
            {"number": "1", "quantity": Decimal(2), "unit": "ea", "price": Decimal(30), "item": {"buyer": "KIT-2"}},
            {
                "number": "2",
                "parent": "1",
                "quantity": Decimal(4),
                "unit": "ea",
                "price": Decimal(5),
                "item": {"buyer": "A"},
            },
            {
                "number": "3",
                "parent": "1",
                "quantity": Decimal(2),
                "unit": "ea",
                "price": Decimal(20),
                "item": {"buyer": "B"},
            },
            {"number": "4", "quantity": Decimal(7), "unit": "ea", "price": Decimal(1), "item": {"buyer": "C"}},
        ),
    }
)
OF_SUB_LINES = Resolution(items={1: "D-A", 2: "D-B", 3: "D-C"}, parts=(Part(2), Part(3), Part(4)))


def of_sub_lines(document: Any, answers: Resolution = OF_SUB_LINES) -> tuple[Any, Any, tuple[Finding, ...]]:
    return fold(document, match_lines(document, {OrderKey("P2"): SUB_LINES}), [(SUB_LINES, answers)])


def billed(*lines: dict[str, Any]) -> Invoice:
    return Invoice.of({"number": "INV-2", "order_number": "P2", "lines": lines})


def test_sub_lines_that_are_whole_sets_are_billed_as_the_line_of_the_set() -> None:
    lines = [line(2, "D-A", "4", "5", amount=Decimal(20)), line(3, "D-B", "2", "20", amount=Decimal(40))]
    made, match, findings = of_sub_lines(billed(*lines, line(4, "D-C", "7", "1", amount=Decimal(7))))
    assert findings == ()
    assert [each and each.number for each in match.lines] == ["1", "4"]
    assert [(each.quantity, each.price, each.amount) for each in made.lines] == [(2, 30, 60), (7, 1, 7)]


def test_sub_lines_that_are_no_whole_sets_hold_an_invoice_and_are_shipped_as_they_were_ordered() -> None:
    for lines in ([line(2, "D-A", "4", "5")], [line(2, "D-A", "2", "5"), line(3, "D-B", "2", "20")]):
        _, _, findings = of_sub_lines(billed(*lines))
        assert ["is a set" in str(each) for each in findings] == [True]
    shipped = ShipNotice.of({"number": "S", "orders": ({"number": "P2", "lines": (line(2, "D-A", "3"),)},)})
    made, match, findings = of_sub_lines(shipped)
    assert findings == ()
    assert [(each.quantity, theirs.number) for each, theirs in zip(made.every_line(), match.lines, strict=True)] == [
        (3, "2")
    ]


def test_half_a_set_is_no_whole_set() -> None:
    _, _, findings = of_sub_lines(billed(line(2, "D-A", "2", "5"), line(3, "D-B", "1", "20")))
    assert findings == ()
    _, _, findings = of_sub_lines(billed(line(2, "D-A", "1", "5"), line(3, "D-B", "0.5", "20")))
    assert len(findings) == 1


def test_a_set_is_answered_once_whether_it_is_its_sub_lines_or_an_item_of_ours() -> None:
    components = [line(2, "D-A", "4", "5"), line(3, "D-B", "2", "20"), line(4, "D-C", "7", "1")]
    of_ours = [line(1, "D-KIT", "2", "30"), line(4, "D-C", "7", "1")]
    for lines, answers in (
        (components, OF_SUB_LINES),
        (of_ours, Resolution(items={1: "D-KIT", 2: "D-C"}, parts=(Part(1), Part(4)))),
    ):
        response = OrderResponse.of({"number": "P2", "lines": lines})
        made, match, findings = of_sub_lines(response, answers)
        told, found = respond(made, match)
        assert (findings, found.findings, told.acknowledgment) == ((), (), "accepted")
        assert [(each.number, [answer.outcome for answer in each.answers]) for each in told.lines] == [
            ("1", ["accepted"]), ("4", ["accepted"])
        ]  # fmt: skip


def test_sub_lines_without_their_set_are_rejected() -> None:
    made, match, _ = of_sub_lines(OrderResponse.of({"number": "P2", "lines": [line(4, "D-C", "7", "1")]}))
    told, _ = respond(made, match)
    assert [(each.number, each.answers[0].outcome) for each in told.lines] == [
        ("1", "rejected"), ("2", "rejected"), ("3", "rejected"), ("4", "accepted")
    ]  # fmt: skip


def crossdock(document: Any, *quantities: str) -> list[str] | str:
    """The store of each line at one delivery address, of two stores that ordered so much; or what holds the document."""
    stores = [(f"S{number}", Decimal(each)) for number, each in enumerate(quantities, 1)]
    split = {**SPLIT, "number": "1", "quantity": sum((each for _, each in stores), Decimal(0))}
    order = PurchaseOrder.of(
        {"number": "P1", "lines": ({**split, "stores": tuple({"store": s, "quantity": each} for s, each in stores)},)}
    )
    parts = tuple(Part(1, store) for store, _ in stores)
    answers = Resolution(items={1: "D0001", 2: "D0001"}, parts=parts, places={0: DeliveryPlace(location="DC-7")})
    match = match_lines(document, {OrderKey("P1"): order})
    made, _, findings = fold(document, match, [(order, answers)], apart={id(order)})
    lines = made.every_line() if isinstance(made, ShipNotice) else made.lines
    return str(findings[0]) if findings else sorted(f"{e.store} {e.quantity}" for each in lines for e in each.stores)


def at_dock(quantity: str, of: str = "", price: str | None = None, **more: Any) -> dict[str, Any]:
    ordered: dict[str, Any] = {"ordered": {"quantity": Decimal(of)}} if of else {}
    return line(1, "D0001", quantity, price, location="DC-7", **ordered, **more)


def shipped(*lines: dict[str, Any]) -> ShipNotice:
    return ShipNotice.of({"number": "S1", "orders": ({"number": "P1", "lines": lines},)})


def test_stores_at_one_address_are_told_apart_by_what_was_ordered_for_each() -> None:
    """At a cross-dock; each of these was held."""
    assert crossdock(invoice(at_dock("7", price="1"), at_dock("5", price="1")), "5", "7") == ["S1 5", "S2 7"]
    assert crossdock(invoice(at_dock("5", price="1"), at_dock("5", price="1")), "5", "5") == ["S1 5", "S2 5"]
    assert crossdock(shipped(at_dock("3", of="7")), "5", "7") == ["S2 3"]
    answer = OrderResponse.of({"number": "P1", "lines": (at_dock("7"), at_dock("5"))})
    assert crossdock(answer, "5", "7") == ["S1 5", "S2 7"]


def test_what_may_be_for_either_store_at_an_address_is_held() -> None:
    """Five billed may be a part of the seven; of two stores with as much either may have been served."""
    for document, quantities in (
        (invoice(at_dock("5", price="1")), ("5", "7")),
        (invoice(at_dock("7", price="1"), at_dock("4", price="1")), ("5", "7")),
        (shipped(at_dock("5", of="5")), ("5", "5")),
        (shipped(at_dock("5")), ("5", "7")),
        (
            OrderResponse.of({"number": "P1", "lines": (at_dock("5"), at_dock("5", ship_date=date(2026, 1, 5)))}),
            ("5", "5"),
        ),
    ):
        assert "is that of stores S1, S2" in crossdock(document, *quantities)
