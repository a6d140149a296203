"""What a document says of the whole that D365 says of its parts, or not at all: an invoice's ship date and what is left to pay
with its discount; a shipment's cartons and weight, the moment of its notice, and the code of its carrier.

Knows: invoices, ship notices. Does not know: the clock, settings, how they are written.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from d365edi.documents import Invoice, ShipNotice, ShippedLine
from d365edi.documents.values import Packages

CENT, ZERO, ONE = Decimal("0.01"), Decimal(0), Decimal(1)
CARTON, GROSS = "carton", "gross"
WEIGHED_IN = frozenset({"kg", "lb"})
SCAC = "scac"
"""The word for the standard carrier alpha code, which the partner has for a carrier of ours."""
SELLERS = "91"
"""The kind of a code that the seller gave, in both standards."""


def of_invoice(invoice: Invoice) -> Invoice:
    """The invoice with the day on which all was shipped, if it was one, and with its amounts for early payment."""
    days = {line.ship_date for line in invoice.lines}
    if invoice.ship_date is None and len(days) == 1:
        invoice = invoice.replace(ship_date=days.pop())
    if not invoice.discount or invoice.total is None:
        return invoice
    taxes = sum((tax.amount or ZERO for tax in invoice.taxes), ZERO)
    goods = sum((line.amount or ZERO for line in invoice.lines), ZERO)
    percent = invoice.terms.discount_percent or ZERO
    bases = (invoice.total, invoice.total - taxes, goods)
    base = next((base for base in bases if percent and abs(base * percent / 100 - invoice.discount) <= CENT), None)
    return invoice.replace(discountable=base, discounted=invoice.total - invoice.discount)


def of_notice(notice: ShipNotice, now: datetime, carriers: Collection[str]) -> ShipNotice:
    """The notice with its cartons counted and weighed, its time, and the ids of our warehouse and of a known carrier.

    `now` is local; `carriers` are the ids of ours for which the partner's code is known, others are written as text."""
    if notice.time is None:
        notice = notice.replace(date=now.date(), time=f"{now:%H%M}")
    carrier, place = notice.carrier, notice.parties.ship_from
    if carrier.id is not None and carrier.id_kind is None:
        text = carrier.replace(id=None, routing=carrier.routing or carrier.id)
        notice = notice.replace(carrier=carrier.replace(id_kind=SCAC) if carrier.id in carriers else text)
    if place.id is not None and place.id_kind is None:
        notice = notice.replace(parties=notice.parties.replace(ship_from=place.replace(id_kind=SELLERS)))
    return notice if notice.packages != Packages() else _packed(notice)


def _packed(notice: ShipNotice) -> ShipNotice:
    """Cartons are counted where all that is shipped is in one; the weight is said where each item's is known in one unit."""
    counted = sum(1 for _ in _packs(notice))
    packages = Packages()
    if counted and not any(True for _ in _loose(notice)):
        packages = packages.replace(count=Decimal(counted), packaging=CARTON)
    lines = notice.every_line()
    units = {(line.weight_unit or "").casefold() for line in lines if isinstance(line, ShippedLine)}
    if lines and all(line.weight for line in lines) and len(units) == 1 and units <= WEIGHED_IN:
        weight = sum((line.weight or ZERO for line in lines), ZERO)
        packages = packages.replace(weight=weight, weight_unit=units.pop(), weight_kind=GROSS)
    return _cartons(notice).replace(packages=packages) if packages != Packages() else notice


def _packs(level: Any) -> Iterator[Any]:
    for name in ("orders", "pallets", "packs"):
        for each in getattr(level, name, ()):
            if name == "packs":
                yield each
            yield from _packs(each)


def _loose(level: Any) -> Iterator[ShippedLine]:
    """The lines that are in no pack."""
    yield from level.lines
    for name in ("orders", "pallets"):
        for each in getattr(level, name, ()):
            yield from _loose(each)


def _cartons(level: Any) -> Any:
    """The level with each pack in it said to be one carton, unless it says what it is."""
    change: dict[str, Any] = {}
    for name in ("orders", "pallets", "packs"):
        if found := getattr(level, name, ()):
            change[name] = tuple(_carton(_cartons(each), pack=name == "packs") for each in found)
    return level.replace(**change) if change else level


def _carton(each: Any, *, pack: bool) -> Any:
    return (
        each.replace(packages=Packages(count=ONE, packaging=CARTON)) if pack and each.packages == Packages() else each
    )
