"""The product's own way from a record of D365 to bytes, without what is done: no journal, no connection, no clock.

The steps are those of `flows/prepare`, in its order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from d365edi.documents import Invoice, OrderResponse, PurchaseOrder, ShipNotice
from d365edi.edi import guides
from d365edi.edi.edifact import writer as edifact
from d365edi.edi.x12 import writer as x12
from d365edi.maps.d365 import plans
from d365edi.maps.table import load
from d365edi.matching import crediting, stating, substitutes, terms, wholes
from d365edi.matching.charge_echo import echo_charges
from d365edi.matching.folding import fold
from d365edi.matching.lines import match_lines
from d365edi.matching.references import complete
from d365edi.matching.resolution import Resolution
from d365edi.matching.response import ordered_items, respond
from tests.edi import make
from tests.edi.edifact import make as make_edifact
from tests.maps import wire, wire_edifact
from tests.outward import texts
from tests.outward.deals import POSTED, Deal, Standard

NOW = datetime(2026, 1, 20, 9, 15)  # noqa: DTZ001
SETS: Mapping[Standard, Mapping[type, str]] = {
    "X12": {Invoice: "810", OrderResponse: "855", ShipNotice: "856"},
    "EDIFACT": {Invoice: "INVOIC", OrderResponse: "ORDRSP", ShipNotice: "DESADV"},
}


class Held(Exception):
    """The product would hold the document: why."""


def sent(table: str, record: Mapping[str, Any], deals: Sequence[Deal], standard: Standard) -> bytes:
    """The bytes that the partner gets for a record which answers these deals. Raises Held."""
    reading = plans.read(load("d365", table), record)
    _must_go([*reading.findings])
    whole: Any = reading.document
    orders = {deal.number: texts.order(deal, standard) for deal in deals}
    answers = {deal.number: Resolution(items={n: line.item for n, line in enumerate(deal.lines, 1)}) for deal in deals}
    pairs = [(order, answers[number]) for number, order in orders.items()]
    match = match_lines(whole, orders)
    whole = complete(whole, Resolution())
    whole, match, parts = fold(whole, match, pairs)
    others = substitutes.found(whole, match.lines, pairs)
    _must_go([*match.findings, *parts])
    if isinstance(whole, Invoice):
        whole = echo_charges(whole, match.order, match.lines, {})
    if isinstance(whole, OrderResponse):
        whole = whole.replace(responded=whole.responded or POSTED)
        whole, match = respond(whole, match, {}, _items(match.order, pairs))
        _must_go([*match.findings])
    if isinstance(whole, Invoice):
        whole = wholes.of_invoice(terms.dated(whole, match.order))
    if isinstance(whole, ShipNotice):
        whole = wholes.of_notice(whole, NOW, ())
    return _bytes(whole, match, others, standard)


def _items(order: PurchaseOrder | None, pairs: Sequence[tuple[PurchaseOrder, Resolution]]) -> Sequence[frozenset[str]]:
    return ordered_items(order, [answers for _, answers in pairs]) if order is not None else ()


def _must_go(findings: Sequence[Any]) -> None:
    wrong = [str(finding) for finding in findings if finding.severity != "note"]
    if wrong:
        raise Held("; ".join(wrong))


def _bytes(whole: Any, match: Any, others: Sequence[bool], standard: Standard) -> bytes:
    set = SETS[standard][type(whole)]
    edi = standard == "EDIFACT"
    writer: Any = wire_edifact.plain(set, "D96A")[1] if edi else wire.plain(set, "004010")[1]
    whole, repeated = stating.stated(whole, match.order, match.lines, writer.places)
    repeated = substitutes.named(whole, repeated, others)
    body = writer.write(
        crediting.stated(whole, writer.credits), order=match.order, line_orders=repeated, orders=match.orders
    )
    if edi:
        return edifact.write(make_edifact.envelope(), [edifact.Group("", 0, (edifact.OutgoingSet(set, "1", body),))])
    group = x12.Group(guides.group_of("X12", set), 7, (x12.OutgoingSet(set, "0001", body),))
    return x12.write(make.envelope("004010"), [group])
