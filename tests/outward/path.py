"""The product's own way from a record of D365 to bytes, without what is done: no journal, no connection, no clock.

`flows/prepare` does the same with what the journal and the settings say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from d365edi import guard
from d365edi.documents import Invoice, OrderResponse, ShipNotice
from d365edi.edi import guides
from d365edi.edi.edifact import writer as edifact
from d365edi.edi.x12 import writer as x12
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.d365 import plans
from d365edi.maps.table import load
from d365edi.matching import crediting
from d365edi.matching.agreements import Agreement, agreement
from d365edi.matching.intake import IntakePolicy, take
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import order_keys
from d365edi.matching.outgoing import Agreed, Outgoing, outgoing
from d365edi.matching.parts import PartsPolicy, parts_of
from d365edi.matching.resolution import DeliveryPlace, Resolution
from d365edi.matching.taxes import Taxation
from tests.edi import make
from tests.edi.edifact import make as make_edifact
from tests.maps import wire, wire_edifact
from tests.outward import texts
from tests.outward.deals import Deal, Standard

Record = Mapping[str, Any]
GUARD = guard.Policy(levels={"total_wrong": "hold", "id_not_echoed": "hold"})
NO_RATES: Mapping[str, str] = MappingProxyType({})
NOW = datetime(2026, 1, 20, 9, 15)  # noqa: DTZ001
SETS: Mapping[Standard, Mapping[type, str]] = {
    "X12": {Invoice: "810", OrderResponse: "855", ShipNotice: "856"},
    "EDIFACT": {Invoice: "INVOIC", OrderResponse: "ORDRSP", ShipNotice: "DESADV"},
}


class Held(Exception):
    """The product would hold the document: why."""


def sent(
    table: str,
    record: Record,
    deals: Sequence[Deal],
    standard: Standard,
    *,
    rates: Mapping[str, str] = NO_RATES,
    invoices: Sequence[Record] = (),
    signs: str = "",
) -> bytes:
    """The bytes that the partner gets, in the version of the first deal, for a record which answers these deals. `rates` were
    agreed; `invoices` went out before; `signs` are those of credit notes, where they are not as usual. Raises Held."""
    whole = _read(table, record)
    if invoices:
        whole = crediting.with_original(whole, [_read(table, each) for each in invoices])
    set = SETS[standard][type(whole)]
    writer, version = _writer(standard, deals[0].version, set, signs)
    body = _written(whole, deals, standard, writer, rates)
    if standard == "EDIFACT":
        envelope = make_edifact.envelope(version=wire_edifact.DIRECTORIES[version])
        return edifact.write(envelope, [edifact.Group("", 0, (edifact.OutgoingSet(set, "1", body),))])
    group = x12.Group(guides.group_of("X12", set), 7, (x12.OutgoingSet(set, "0001", body),))
    return x12.write(make.envelope(version), [group])


def sent_flat(table: str, record: Record, deals: Sequence[Deal], standard: Standard, flat: str) -> bytes:
    """The same as a flat file, by one of its maps; the orders came in a standard."""
    written: bytes = _written(_read(table, record), deals, standard, FlatWriter(load("csv", flat), partner="acme"))
    return written


def _written(
    whole: Any, deals: Sequence[Deal], standard: Standard, writer: Any, rates: Mapping[str, str] = NO_RATES
) -> Any:
    agreed = Agreed(
        taxation=Taxation({Decimal(rate): category for rate, category in rates.items()}) if rates else None,
        charges={code: _agreement(text) for deal in deals for code, text in deal.agreed.items()},
        apart=deals[0].apart,
        places=writer.places,
        signs=writer.credits,
    )
    made = outgoing(whole, _known(whole, deals, standard), Resolution(), agreed, NOW)
    if not isinstance(made, Outgoing):
        raise Held("; ".join(made))
    _must_go(made.notes)
    body = writer.write(made.stated, order=made.written, line_orders=made.repeated, orders=made.match.orders)
    _must_pass(made, body)
    return body


def _must_pass(made: Outgoing, body: Any) -> None:
    """The guard holds nothing that is right: totals, and what is echoed of the orders."""
    match, segments = made.match, () if isinstance(body, bytes) else body
    others = {id(order): order for order in match.orders if order is not None and order is not match.order}
    case = guard.Case(made.document, match.order, match.lines, segments, others=tuple(others.values()))
    assert [str(each) for each in guard.examine(case, GUARD)] == []


def _read(table: str, record: Record) -> Any:
    reading = plans.read(load("d365/read", table), record)
    _must_go(reading.findings)
    return reading.document


def _known(whole: Any, deals: Sequence[Deal], standard: Standard) -> KnownOrders:
    """The orders that a document names, as they were read, and what was looked up for the lines that D365 was told."""
    orders, answers = {}, {}
    for key in order_keys(whole):
        deal = next((deal for deal in deals if key.sales_order in (None, deal.sales_order)), None)
        if deal is None:
            continue
        order = texts.order(deal, standard)
        parts = PartsPolicy(stores="lines", back="store" if deal.apart else "order")
        agreed = {code: _agreement(text) for code, text in deal.agreed.items()}
        policy = IntakePolicy(agreed=agreed, parts=parts, charge_sets=frozenset({"order", "line"}))
        told, findings = take(order, policy)
        _must_go(findings)
        items = {n: deal.lines[(line.place or n) - 1].item for n, line in enumerate(told.lines, 1)}
        places = {n: DeliveryPlace(f"PLACE-{line.store}") for n, line in enumerate(told.lines, 1) if line.store}
        orders[key], answers[key] = order, Resolution(items=items, parts=parts_of(told), places=places)
    return KnownOrders(orders, answers)


def _agreement(text: str) -> Agreement:
    found = agreement(text)
    assert found is not None
    return found


@cache
def _writer(standard: Standard, version: str, set: str, signs: str) -> tuple[Any, str]:
    """The writer of a set, and its version."""
    override = {"credits": signs} if signs else None
    if standard == "EDIFACT":
        return wire_edifact.sides(set, version or "D96A", override)[1], version or "D96A"
    return wire.writer(set, version or "004010", override), version or "004010"


def _must_go(findings: Iterable[Any]) -> None:
    wrong = [str(finding) for finding in findings if finding.severity != "note"]
    if wrong:
        raise Held("; ".join(wrong))
