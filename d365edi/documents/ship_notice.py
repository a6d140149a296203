"""A ship notice: what is on its way under which orders, packed how.

Levels may be left out: lines may be in packs, on pallets, directly under an order or directly in the shipment; packs may
hold orders, pallets may hold packs.

Knows: the shipment as it was meant. Does not know: the message or record it comes from, how levels are numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from d365edi.documents.base import Amount, Day, Document, SpelledPart, Text, Value
from d365edi.documents.values import (
    Alternative,
    Carrier,
    Contact,
    Distribution,
    Equipment,
    Feature,
    Freight,
    ItemIds,
    Mark,
    Moment,
    Pack,
    Packages,
    Parties,
    Reference,
    StoreQuantity,
)


class Ordered(Value):
    """How much of an item was ordered."""

    quantity: Amount | None = None
    unit: Text | None = None


class ShippedPack(SpelledPart):
    """A carton or another package. `sscc` is its serial shipping container code as written on the label (with or without
    the identifier 00), `tracking` the carrier's number for it."""

    sscc: Text | None = None
    tracking: Text | None = None
    marks: tuple[Mark, ...] = ()
    packages: Packages = Packages()
    pack: Pack = Pack()
    references: tuple[Reference, ...] = ()
    dates: tuple[Moment, ...] = ()
    quantity: Amount | None = None
    unit: Text | None = None
    lines: tuple[ShippedLine, ...] = ()
    orders: tuple[ShippedOrder, ...] = ()


class ShippedLine(SpelledPart):
    """An item that was shipped: how much, of how much that was ordered; `number` is the order's line.

    `alternatives` are other items that are named beside it. `packs` are its packages where the shipment is described item by
    item, `stores` how much of it is for which store, where
    that is known. `order_line`, `lot` and `location` say which line of our sales order it is, `weight` what it weighs in all;
    they travel in no message."""

    number: Text | None = None
    item: ItemIds = ItemIds()
    quantity: Amount | None = None
    unit: Text | None = None
    shipped_before: Amount | None = None
    ordered: Ordered = Ordered()
    status: Text | None = None
    description: Text | None = None
    features: tuple[Feature, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    pack: Pack = Pack()
    batch: Text | None = None
    expires: Day | None = None
    produced: Day | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[Moment, ...] = ()
    packs: tuple[ShippedPack, ...] = ()
    stores: tuple[StoreQuantity, ...] = ()
    distribution: Distribution = Distribution()
    weight: Amount | None = None
    weight_unit: Text | None = None
    order_line: int | None = None
    lot: Text | None = None
    location: Text | None = None


class ShippedPallet(ShippedPack):
    """A pallet (tare): as a package, and with packs on it."""

    packs: tuple[ShippedPack, ...] = ()


class ShippedOrder(SpelledPart):
    """What is shipped under one order: `number` and `date` are the buyer's, `sales_order` the seller's."""

    number: Text | None = None
    release: Text | None = None
    date: Day | None = None
    department: Text | None = None
    vendor_number: Text | None = None
    customer_order: Text | None = None
    invoice: Text | None = None
    sales_order: Text | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[Moment, ...] = ()
    packages: Packages = Packages()
    parties: Parties = Parties()
    lines: tuple[ShippedLine, ...] = ()
    packs: tuple[ShippedPack, ...] = ()
    pallets: tuple[ShippedPallet, ...] = ()


class ShipNotice(Document):
    """A shipment. `number` is the shipper's own id of it; `structure` names the order of its levels (0001 is shipment,
    order, pack, item).

    `account` is the seller's account of the customer, `sales_order` the seller's number of its only order."""

    number: Text
    purpose: Text | None = None
    date: Day | None = None
    time: Text | None = None
    structure: Text | None = None
    type: Text | None = None
    ship_date: Day | None = None
    ship_time: Text | None = None
    deliver_date: Day | None = None
    deliver_time: Text | None = None
    dates: tuple[Moment, ...] = ()
    packages: Packages = Packages()
    carrier: Carrier = Carrier()
    equipment: Equipment = Equipment()
    bill_of_lading: Text | None = None
    master_bill: Text | None = None
    tracking: Text | None = None
    load: Text | None = None
    packing_slip: Text | None = None
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    freight: Freight = Freight()
    parties: Parties = Parties()
    lines: tuple[ShippedLine, ...] = ()
    packs: tuple[ShippedPack, ...] = ()
    pallets: tuple[ShippedPallet, ...] = ()
    orders: tuple[ShippedOrder, ...] = ()
    account: Text | None = None
    sales_order: Text | None = None

    def every_line(self) -> tuple[ShippedLine, ...]:
        """All items, on whatever level, in the order in which they are written."""
        return tuple(line for _, line in self.lines_of_orders())

    def lines_of_orders(self) -> tuple[tuple[ShippedOrder | None, ShippedLine], ...]:
        """All items with the order they belong to, None where there is none."""
        return tuple(_items(self, None))

    def every_order(self) -> tuple[ShippedOrder, ...]:
        """All orders, on whatever level, in the order in which they are written."""
        return tuple(_orders(self))

    def with_lines(self, lines: Iterable[ShippedLine]) -> Self:
        """This shipment with other items in the places of its own, as `every_line` counts them."""
        made: Self = _with(self, iter(lines))
        return made

    def with_levels(self, change: Callable[[tuple[ShippedLine, ...]], tuple[ShippedLine, ...]]) -> Self:
        """This shipment with the items of each level changed together."""
        made: Self = _changed(self, change)
        return made

    def with_numbers(self, numbers: Mapping[str, str]) -> Self:
        """This shipment with other numbers for some of its orders."""
        made: Self = _numbered(self, numbers)
        return made


_LEVELS = ("lines", "packs", "pallets", "orders")
"""The lists that hold levels, in the order in which they are written."""


def _inside(level: Any) -> Iterator[tuple[str, Any]]:
    for name in _LEVELS:
        for each in getattr(level, name, ()):
            yield name, each


def _items(level: Any, order: ShippedOrder | None) -> Iterator[tuple[ShippedOrder | None, ShippedLine]]:
    for name, each in _inside(level):
        if name == "lines":
            yield order, each
        yield from _items(each, each if name == "orders" else order)


def _orders(level: Any) -> Iterator[ShippedOrder]:
    for name, each in _inside(level):
        if name == "orders":
            yield each
        yield from _orders(each)


def _with(level: Any, lines: Iterator[ShippedLine]) -> Any:
    inside: dict[str, Any] = {}
    for name in _LEVELS:
        if found := getattr(level, name, ()):
            inside[name] = tuple(_with(next(lines) if name == "lines" else each, lines) for each in found)
    return level.replace(**inside) if inside else level


def _changed(level: Any, change: Callable[[tuple[ShippedLine, ...]], tuple[ShippedLine, ...]]) -> Any:
    inside: dict[str, Any] = {}
    for name in _LEVELS:
        if found := getattr(level, name, ()):
            inside[name] = change(found) if name == "lines" else tuple(_changed(each, change) for each in found)
    return level.replace(**inside) if inside else level


def _numbered(level: Any, numbers: Mapping[str, str]) -> Any:
    inside: dict[str, Any] = {}
    for name in _LEVELS:
        if name != "lines" and (found := getattr(level, name, ())):
            inside[name] = tuple(_numbered(each, numbers) for each in found)
    if isinstance(level, ShippedOrder) and (number := numbers.get(level.number or "")) is not None:
        inside["number"] = number
    return level.replace(**inside) if inside else level
