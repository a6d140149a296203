"""An order of one standard, as it can be repeated in the other: 850 answered by INVOIC, ORDERS by 856.

What has a word is the same in both. Codes without one go by the pairs of `crossing.toml`; what is in none of these is not
repeated, because it may mean something else there (9 is a DUNS number in X12, a GLN in EDIFACT). A unit that has no word becomes
D365's, for which the partner's own code must be named.

Knows: orders, pairs of codes. Does not know: guides, maps.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from d365edi.documents import PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import Charge, TradeParty
from d365edi.matching.known_orders import KnownOrders

X12, EDIFACT = "X12", "EDIFACT"
ROLES = ("buyer", "ship_to", "bill_to", "vendor", "ship_from", "remit_to", "mark_for")
OTHER = "other"
"""The word for a charge of which only the text is repeated."""
NO_CODE: Mapping[str, None] = dict.fromkeys(
    ("agency", "agency_code", "percent_of", "rate_unit", "quantity_unit", "reference", "option")
)
"""What of a charge is coded without words."""


def crossed(known: KnownOrders, standard: str) -> KnownOrders:
    """The orders as a document of `standard` ("" for flat files) can repeat them: unchanged where they came in the same one."""
    came = _came(known.flow)
    if "" in (came, standard) or came == standard:
        return known
    pairs, units = _pairs(standard), {_unit(word, known.units): symbol for word, symbol in known.units.items()}
    made = {id(order): _order(order, pairs, known.units) for order in known.orders.values()}
    if standard == EDIFACT:  # which has no qualifier (1153) for a department
        made = {key: order.replace(department=None) for key, order in made.items()}
    return replace(known, orders={key: made[id(order)] for key, order in known.orders.items()}, units=units)


def _came(flow: str) -> str:
    """The standard of a flow's set: 850, ORDERS; "" for flat files, and where it is not known."""
    set = flow.rpartition(".")[2]
    return X12 if set.isdigit() else EDIFACT if set.isalpha() and set.isupper() else ""


@cache
def _pairs(standard: str) -> Mapping[str, Mapping[str, str]]:
    """The codes of the other standard = those of this one, by table."""
    tables = tomllib.loads((files("d365edi.matching") / "crossing.toml").read_text(encoding="utf-8"))
    if standard == EDIFACT:
        found: dict[str, dict[str, str]] = tables
        return found
    return {name: {theirs: code for code, theirs in reversed(rows.items())} for name, rows in tables.items()}


def _word(text: str | None) -> bool:
    """Whether it is a word of ours: no code has small letters."""
    return text is not None and text != text.upper()


def _unit(unit: str | None, units: Mapping[str, str]) -> Any:
    """A unit's word, or D365's symbol as a word."""
    return unit if unit is None or _word(unit) else units.get(unit, unit).casefold()


def _order(order: PurchaseOrder, pairs: Mapping[str, Any], units: Mapping[str, str]) -> PurchaseOrder:
    parties = order.parties.replace(**{role: _party(getattr(order.parties, role), pairs) for role in ROLES}, others=())
    freight = order.freight.replace(
        payment=pairs["payment"].get(order.freight.payment), location_kind=None, terms_kind=None, title_kind=None
    )
    return order.replace(
        parties=parties,
        freight=freight,
        terms=order.terms.replace(type=None, method=None),
        charges=tuple(map(_charge, order.charges)),
        lines=tuple(_line(line, pairs, units) for line in order.lines),
    )


def _party(party: TradeParty, pairs: Mapping[str, Any]) -> TradeParty:
    """A party with its id where it can be said whose that is, or nobody said it."""
    if party.id_kind is None:
        return party
    kind = pairs["id_kind"].get(party.id_kind)
    return party.replace(id_kind=kind, id=party.id if kind is not None else None)


def _charge(charge: Charge) -> Charge:
    code = charge.code if charge.code is None or _word(charge.code) else OTHER
    handling = charge.handling if _word(charge.handling) else None
    return charge.replace(code=code, handling=handling, **NO_CODE)


def _line(line: PurchaseOrderLine, pairs: Mapping[str, Any], units: Mapping[str, str]) -> PurchaseOrderLine:
    others = tuple(
        each.replace(qualifier=pairs["item"][each.qualifier])
        for each in line.item.others
        if each.qualifier in pairs["item"]
    )
    distribution = line.distribution.replace(
        unit=_unit(line.distribution.unit, units), id_kind=pairs["id_kind"].get(line.distribution.id_kind)
    )
    stores = tuple(
        each.replace(id_kind=pairs["id_kind"].get(each.id_kind), unit=_unit(each.unit, units)) for each in line.stores
    )
    return line.replace(
        unit=_unit(line.unit, units),
        stores=stores,
        item=line.item.replace(others=others),
        charges=tuple(map(_charge, line.charges)),
        distribution=distribution,
        pack=line.pack.replace(packaging=None, weight_kind=None),
    )
