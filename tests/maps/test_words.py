"""Whatever a D365 table can produce is written strictly valid by every outbound map of both standards: our words become codes
that the guide of that standard knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product as every
from typing import Any

import pytest

from d365edi.documents import KINDS, Document, Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.edi import reader
from d365edi.errors import DocumentError
from d365edi.maps.d365.record_reader import OPPOSITE
from d365edi.maps.table import load
from d365edi.matching import asked, response
from tests.maps import wire, wire_edifact

TABLES = ("SalesInvoice", "SalesOrderResponse", "SalesOrderConfirmation", "PackingSlip", "ShipmentPackingSlip")
DAY = date(2026, 11, 12)
PARTIES = {"buyer": {"id_kind": "92", "id": "0007"}, "ship_to": {"id_kind": "92", "id": "0007"}}
LINE = {"number": "1", "quantity": Decimal(2), "unit": "ea", "item": {"gtin": "614141000012"}}
OUTCOMES = (
    response.ACCEPTED,
    response.CHANGED,
    response.REJECTED,
    response.SUBSTITUTED,
    response.QUANTITY,
    response.PRICE,
    response.DAY,
)


def charges(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Every charge that a table can produce, also with the opposite sign."""
    found = []
    for row in table.get("charges", {}).values():
        charge = {name: value for name, value in row.items() if name not in ("field", "less")}
        found += [{**charge, "kind": kind, "amount": Decimal("7.5")} for kind in (row["kind"], OPPOSITE[row["kind"]])]
    return found


def signed(charge: dict[str, Any] | None) -> Decimal:
    """What a charge adds to the total."""
    return {"charge": charge["amount"], "allowance": -charge["amount"]}[charge["kind"]] if charge else Decimal(0)


def invoices(tree: dict[str, Any]) -> Iterator[Document]:
    """Each sign of the total, each charge and each tax."""
    head, lines = tree["header"], tree["lines"]
    taxes = [{"type": row["type"], "amount": Decimal("1.5")} for row in head["taxes"].values()]
    terms = {
        "basis": "invoice",
        "net_days": 30,
        "net_due": DAY,
        "discount_percent": Decimal(2),
        "discount_days": 5,
        "discount_due": DAY,
    }
    senses = [sense for each in head["sign"].values() for sense in each]
    for sense, own, within in every(senses, [None, *charges(head)], [None, *charges(lines)]):
        inside = (
            signed(within) if within and within["code"] == "discount" else 0
        )  # D365's line amount is less the discount
        each = {**LINE, "price": Decimal("10.5"), "amount": 21 + Decimal(inside), "charges": [within] if within else []}
        values = {"sense": sense, "charges": [own] if own else [], "taxes": taxes, "terms": terms, "lines": [each]}
        values |= {"number": "CIV-1", "date": DAY, "order_number": "4711", "currency": "USD", "parties": PARTIES}
        total = 21 + Decimal("1.5") + signed(own) + signed(within)
        yield Invoice.of({**values, "total": total, **tree.get("says", {})})


def responses(tree: dict[str, Any]) -> Iterator[Document]:
    """Each outcome of a line and of an order, with each kind of day."""
    for outcome, kind in every(OUTCOMES, (asked.SHIPS, asked.ARRIVES, None)):
        answer = {"outcome": outcome, "quantity": Decimal(2), "unit": "ea"}
        answer |= {"date_kind": kind, "date": DAY} if kind else {}
        answer |= {"item": {"gtin": "614141000029", "vendor": "D0002"}} if outcome == response.SUBSTITUTED else {}
        verdict = outcome if outcome in (response.ACCEPTED, response.REJECTED) else response.CHANGED
        values = {"acknowledgment": verdict, "lines": [{**LINE, "price": Decimal("10.5"), "answers": [answer]}]}
        head = {"number": "4711", "date": DAY, "responded": DAY, "sales_order": "SO-1", "currency": "USD"}
        yield OrderResponse.of({**head, **values, "parties": PARTIES, **tree["says"]})


def notices(tree: dict[str, Any]) -> Iterator[Document]:
    """What a table says of every shipment."""
    order: dict[str, Any] = {"number": "4711", "date": DAY, "sales_order": "SO-1", "lines": [LINE]}
    if "packs" in tree["lines"]["levels"]:
        order |= {"lines": [], "packs": [{"sscc": "106141411234567897", "lines": [LINE]}]}
    head = {"number": "PS-1", "date": DAY, "time": "1200", "ship_date": DAY}
    yield ShipNotice.of({**head, "parties": PARTIES, "orders": [order], **tree["says"]})


MADE = {"Invoice": invoices, "OrderResponse": responses, "ShipNotice": notices}
MAPS = {"Invoice": ("810", "INVOIC"), "OrderResponse": ("855", "ORDRSP"), "ShipNotice": ("856", "DESADV")}


def outward() -> Iterator[Any]:
    """Every document, by the maps and versions that write it."""
    for table in TABLES:
        tree: Any = load("d365/read", table).tree
        x12, edifact = MAPS[tree["document"]]
        for number, document in enumerate(MADE[tree["document"]](tree)):
            for version in wire.VERSIONS:
                yield pytest.param(x12, version, document, id=f"{table}-{number}-{x12}-{version}")
            for directory in ("D96A", "D01B"):
                yield pytest.param(edifact, directory, document, id=f"{table}-{number}-{edifact}-{directory}")


@pytest.mark.parametrize(("set", "version", "document"), [*outward()])
def test_what_d365_says_leaves_with_known_codes_and_without_a_finding(
    set: str, version: str, document: Document
) -> None:
    """At b0a5549: BGM 00, DTM+068, TAX+7+TX, ALC with D240, 06."""
    if set.isdigit():
        body = wire.plain(set, version)[1].write(document)
        data = wire.interchange(set, map(wire.text, body), version)
    else:
        data = wire_edifact.interchange(set, wire_edifact.plain(set, version)[1].write(document), version)
    report = reader.read(data, reader.ReadOptions(strictness="strict"))
    [one] = [each for interchange in report.interchanges for group in interchange.groups for each in group.sets]
    assert [str(each) for each in (*report.findings, *one.findings)] == []


@pytest.mark.parametrize("set", ["810", "INVOIC"])
def test_a_word_without_a_code_is_refused_with_the_setting_that_gives_one(set: str) -> None:
    values = {
        "number": "1",
        "date": DAY,
        "total": Decimal(1),
        "order_number": "1",
        "lines": [LINE | {"price": Decimal(1)}],
    }
    values |= {"parties": PARTIES, "charges": [{"kind": "charge", "code": "loss of sleep", "amount": Decimal(1)}]}
    writer = (wire.plain(set, "004010") if set == "810" else wire_edifact.plain(set, "D96A"))[1]
    sentence = 'no code for "loss of sleep"; add theirs under [partners.acme.codes."charges.code"], as in CODE = "loss of sleep"'
    with pytest.raises(DocumentError, match=re.escape(sentence)):
        writer.write(Invoice.of(values))


@pytest.mark.parametrize("set", ["810", "855", "856", "INVOIC", "ORDRSP", "DESADV"])
def test_a_unit_of_d365_without_a_code_of_theirs_is_refused_and_one_of_the_order_repeated(set: str) -> None:
    """At ded3e2b a unit that no row names left as D365 has it: ST (Stueck) is a set in X12."""
    line = {**LINE, "unit": "ST"}
    head: dict[str, Any] = {"number": "4711", "date": DAY, "parties": PARTIES, "lines": [line]}
    kind = {"810": "Invoice", "INVOIC": "Invoice", "855": "OrderResponse", "ORDRSP": "OrderResponse"}.get(
        set, "ShipNotice"
    )
    more: dict[str, dict[str, Any]] = {
        "Invoice": {"order_number": "4711", "total": Decimal(21), "lines": [{**line, "price": Decimal("10.5")}]},
        "OrderResponse": {"purpose": "original", "acknowledgment": response.ACCEPTED, "responded": DAY},
        "ShipNotice": {"purpose": "original", "structure": "0004", "time": "1200", "lines": [],
                       "orders": [{"number": "4711", "lines": [line]}]},
    }  # fmt: skip
    document = KINDS[kind].of({**head, **more[kind]})
    writer = (wire.plain(set, "004010") if set.isdigit() else wire_edifact.plain(set, "D96A"))[1]
    sentence = 'there is no code for "ST"; add theirs under [partners.acme.codes.unit], as in CODE = "ST"'
    with pytest.raises(DocumentError, match=re.escape(sentence)):
        writer.write(document)
    order = PurchaseOrder.of({"number": "4711", "date": DAY, "lines": [line]})
    body = writer.write(document, order=order, line_orders=order.lines, orders=[order])
    assert any("ST" in each for segment in body for each in segment)
