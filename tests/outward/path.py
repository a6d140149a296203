"""The product's own way from a record of D365 to bytes, without what is done: no journal, no connection, no clock.

`flows/prepare` does the same with what the journal and the settings say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from d365edi.documents import Invoice, OrderResponse, ShipNotice
from d365edi.edi import guides
from d365edi.edi.edifact import writer as edifact
from d365edi.edi.x12 import writer as x12
from d365edi.maps.d365 import plans
from d365edi.maps.table import load
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import order_keys
from d365edi.matching.outgoing import Agreed, Outgoing, outgoing
from d365edi.matching.resolution import Resolution
from tests.edi import make
from tests.edi.edifact import make as make_edifact
from tests.maps import wire, wire_edifact
from tests.outward import texts
from tests.outward.deals import Deal, Standard

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
    set = SETS[standard][type(whole)]
    edi = standard == "EDIFACT"
    writer: Any = wire_edifact.plain(set, "D96A")[1] if edi else wire.plain(set, "004010")[1]
    agreed = Agreed(places=writer.places, signs=writer.credits)
    names = {key: key.reference for key in order_keys(whole) if key.reference in orders}
    known = KnownOrders(
        {key: orders[name] for key, name in names.items() if name},
        {key: answers[name] for key, name in names.items() if name},
    )
    made = outgoing(whole, known, Resolution(), agreed, NOW)
    if not isinstance(made, Outgoing):
        raise Held("; ".join(made))
    _must_go(made.notes)
    body = writer.write(made.stated, order=made.match.order, line_orders=made.repeated, orders=made.match.orders)
    if edi:
        return edifact.write(make_edifact.envelope(), [edifact.Group("", 0, (edifact.OutgoingSet(set, "1", body),))])
    group = x12.Group(guides.group_of("X12", set), 7, (x12.OutgoingSet(set, "0001", body),))
    return x12.write(make.envelope("004010"), [group])


def _must_go(findings: Sequence[Any]) -> None:
    wrong = [str(finding) for finding in findings if finding.severity != "note"]
    if wrong:
        raise Held("; ".join(wrong))
