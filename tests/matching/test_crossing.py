"""An order of one standard that is answered in the other: every code that an order can say, through every map, read strictly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from d365edi.documents import Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.edi import guides, reader
from d365edi.edi.syntax import Standard
from d365edi.errors import DocumentError
from d365edi.matching.agreements import Agreement
from d365edi.matching.crossing import crossed
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import order_keys
from d365edi.matching.outgoing import Agreed, Outgoing, outgoing
from d365edi.matching.resolution import Resolution
from d365edi.matching.their_numbers import Outbound
from tests.edi import see
from tests.maps import wire, wire_edifact

DAY, NOW = date(2026, 11, 12), datetime(2026, 11, 14, 9, 15)  # noqa: DTZ001
SETS: dict[Standard, tuple[str, ...]] = {"X12": ("810", "855", "856"), "EDIFACT": ("INVOIC", "ORDRSP", "DESADV")}
LINE: dict[str, Any] = {"order_line": 1, "quantity": Decimal(2), "unit": "ea", "item": {"own": "D0001"}}
ORDER: dict[str, Any] = {"number": "4711", "date": DAY, "currency": "EUR"}
PRICED: dict[str, Any] = {
    "number": "1",
    "quantity": Decimal(2),
    "unit": "ea",
    "price": Decimal("10.5"),
    "item": {"buyer": "A-1"},
}


def codes(element: str, standard: Standard) -> list[str]:
    """Every code of an element that a guide knows, and one that it does not."""
    return [*guides.codes(element, standard), "QX"]


@cache
def orders(standard: Standard) -> list[PurchaseOrder]:
    """Orders with each code of each kind that an answer repeats."""
    who, what, pays = ("66", "235", "146") if standard == "X12" else ("3055", "7143", "4215")
    roles, party = ("buyer", "ship_to", "bill_to", "vendor", "mark_for"), {"name": "ACME", "id": "4098765000027"}
    kinds = [{"parties": {role: {**party, "id_kind": kind} for role in roles}} for kind in codes(who, standard)]
    found = [{**each, "lines": [PRICED]} for each in kinds]
    found += [{"lines": [{**PRICED, "item": {"buyer": "A-1", "others": [{"qualifier": each, "id": "77"}]}}]}
              for each in codes(what, standard)]  # fmt: skip
    found += [{"freight": {"payment": each}, "lines": [PRICED]} for each in codes(pays, standard) or ["PP", "QX"]]
    found += [
        {"terms": {"type": each, "method": each, "net_days": 30}, "lines": [PRICED]} for each in codes("336", "X12")
    ]
    charge = {"kind": "allowance", "code": "H000", "agency": "VI", "agency_code": "X1", "handling": "13", "percent_of": "Z",
              "option": "1", "quantity_unit": "QX", "rate_unit": "QX", "percent": Decimal(2), "description": "OFF"}  # fmt: skip
    found += [{"charges": [charge], "lines": [PRICED]}, {"lines": [{**PRICED, "charges": [charge]}]}]
    found += [
        {"department": "042", "vendor_number": "778899", "customer_order": "77", "contract": "K1", "lines": [PRICED]}
    ]
    found += [{"lines": [{**PRICED, "kept": {"unit": "EA", "item.gtin": "UK"}, "item": {"gtin": "00614141000012"}}]}]
    return [PurchaseOrder.of({**ORDER, **each}) for each in found]


def documents() -> Iterator[Outbound]:
    """An invoice, an answer and a notice of D365 for the order."""
    terms = {"net_due": DAY}
    line = {**LINE, "price": Decimal("10.5"), "amount": Decimal(21)}
    yield Invoice.of({"number": "CIV-1", "date": DAY, "order_number": "4711", "currency": "EUR", "total": Decimal(21),
                      "sense": "invoice", "terms": terms, "lines": [line]})  # fmt: skip
    yield OrderResponse.of(
        {**ORDER, "purpose": "original", "sales_order": "SO-1", "lines": [{**LINE, "price": Decimal("10.5")}]}
    )
    yield ShipNotice.of({"number": "PS-1", "date": DAY, "time": "1200", "ship_date": DAY, "purpose": "original",
                         "structure": "0004", "parties": {"ship_from": {"id": "11"}},
                         "orders": [{"number": "4711", "lines": [LINE]}]})  # fmt: skip


def sent(order: PurchaseOrder, document: Any, set: str) -> bytes:
    """The bytes of a document that answers an order of the other standard."""
    edi = not set.isdigit()
    writer: Any = wire_edifact.plain(set, "D96A")[1] if edi else wire.plain(set, "004010")[1]
    (key,) = order_keys(document)
    known = KnownOrders({key: order}, {key: Resolution(items={1: "D0001"})}, units={"ea": "ea"},
                        flow="acme.receive.850" if edi else "acme.receive.ORDERS")  # fmt: skip
    agreed = Agreed(charges={"H000": Agreement()}, places=writer.places, signs=writer.credits)
    made = outgoing(document, known, Resolution(), agreed, NOW)
    assert isinstance(made, Outgoing), made
    body = writer.write(made.stated, order=made.match.order, line_orders=made.repeated, orders=made.match.orders)
    return wire_edifact.interchange(set, body) if edi else wire.interchange(set, map(wire.text, body), "004010")


@pytest.mark.parametrize("standard", SETS)
def test_no_code_of_one_standard_leaves_in_the_other(standard: Standard) -> None:
    """At 7139721 N1*ST**9*4098765000027 said that a GLN is a DUNS number."""
    came: Standard = "EDIFACT" if standard == "X12" else "X12"
    for order in orders(came):
        for document, set in zip(documents(), SETS[standard], strict=True):
            data = sent(order, document, set)
            report = reader.read(data, reader.ReadOptions(strictness="strict"))
            assert [str(finding) for finding in see.findings(report)] == [], (order, data)


def known(order: PurchaseOrder, flow: str) -> KnownOrders:
    """An order that came in by a flow."""
    (key,) = order_keys(next(documents()))
    return KnownOrders({key: order}, {key: Resolution()}, units={"QX": "Tub"}, flow=flow)


def only(found: KnownOrders) -> PurchaseOrder:
    (order,) = found.orders.values()
    return order


def test_who_gave_an_id_is_said_in_the_other_standard_or_the_id_is_not() -> None:
    """UL is a GLN, 9 in EDIFACT; 9 is a DUNS number and four figures, which EDIFACT has no code for."""
    party = {"name": "ACME", "id": "4098765000027"}
    parties = {"ship_to": {**party, "id_kind": "UL"}, "buyer": {**party, "id_kind": "9"}, "bill_to": party}
    order = PurchaseOrder.of({**ORDER, "parties": parties, "lines": [PRICED]})
    made = only(crossed(known(order, "acme.receive.850"), "EDIFACT")).parties
    assert [(each.id_kind, each.id, each.name) for each in (made.ship_to, made.buyer, made.bill_to)] == [
        ("9", "4098765000027", "ACME"),
        (None, None, "ACME"),
        (None, "4098765000027", "ACME"),
    ]


@pytest.mark.parametrize(
    ("flow", "standard"),
    [
        ("acme.receive.850", "X12"),
        ("acme.receive.850", ""),
        ("", "EDIFACT"),
        ("acme.receive.ORDERS", "EDIFACT"),
        ("acme.receive.PurchaseOrder", "X12"),
    ],
)
def test_within_a_standard_and_with_flat_files_an_order_is_as_it_came(flow: str, standard: str) -> None:
    found = known(orders("X12")[0], flow)
    assert crossed(found, standard) is found


def test_a_unit_without_a_word_is_d365_s_and_holds_until_its_code_is_named() -> None:
    order = PurchaseOrder.of({**ORDER, "lines": [{**PRICED, "unit": "QX"}]})
    made = crossed(known(order, "acme.receive.850"), "EDIFACT")
    assert (only(made).lines[0].unit, made.units) == ("tub", {"tub": "Tub"})
    invoice: Any = next(documents())
    invoice = invoice.replace(lines=(invoice.lines[0].replace(unit="Tub"),))
    writer = wire_edifact.plain("INVOIC", "D96A")[1]
    agreed = Agreed(places=writer.places, signs=writer.credits)
    told = outgoing(invoice, known(order, "acme.receive.850"), Resolution(), agreed, NOW)
    assert isinstance(told, Outgoing), told
    with pytest.raises(DocumentError, match='no code for "tub"; add theirs under'):
        writer.write(told.stated, order=told.match.order, line_orders=told.repeated, orders=told.match.orders)


def test_who_gave_a_store_s_id_and_its_unit_are_said_in_the_other_standard() -> None:
    stores = [{"store": "4098765000027", "quantity": Decimal(2), "id_kind": "9", "unit": "QX"}]
    order = PurchaseOrder.of({**ORDER, "lines": [{**PRICED, "stores": stores}]})
    (store,) = only(crossed(known(order, "acme.receive.ORDERS"), "X12")).lines[0].stores
    assert (store.id_kind, store.unit) == ("UL", "tub")
