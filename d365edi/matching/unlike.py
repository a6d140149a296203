"""How an order is unlike a normal one: a test, a copy, a blanket or consignment order, odd quantities, a line twice.

Each kind is a key of a flow's table `unlike`. A type of order (BEG02, data element 92; BGM, data element 1001) is recognised by
the map's table `unlike`, whose words are the same keys.

Knows: what is odd about an order, and where it says so. Does not know: what a flow does about it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from d365edi.documents import PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import Component, DeliverySchedule, StoreQuantity
from d365edi.matching.numbers import plain

Kind = Literal[
    "test",
    "information_copy",
    "blanket",
    "consignment",
    "no_order",
    "zero_quantity",
    "negative_quantity",
    "equal_lines",
]
"""The keys of a flow's table `unlike`."""
TYPES: Mapping[str, tuple[Kind, str]] = {
    "information_copy": ("information_copy", "a copy for information"),
    "blanket": ("blanket", "a blanket order, of which parts are called off later"),
    "consignment": ("consignment", "a consignment order, billed when the goods are sold"),
    "no_order": ("no_order", "a message about an order or an offer, not an order for goods"),
    "service": ("no_order", "an order for a repair, an exchange, a rental or another service, not for goods"),
    "unknown": ("no_order", "a type of order that the map does not know"),
}
"""What a type of order may be, and how a sentence says so."""
NORMAL, OTHERS = "normal", "*"
"""The word for a type that is a normal order, and the row for every type that has none of its own."""
ASIDE: frozenset[Kind] = frozenset({"test", "information_copy", "no_order"})
"""What takes no business key: the order that it tries, copies or is about has the same number."""
USAGES = {"P": "production", "T": "test", "I": "information"}


@dataclass(frozen=True, slots=True)
class OrderPlaces:
    """Where a set says things, for sentences ("BEG02", "PO102"); "" for a flat file. `types` are what codes of the type
    mean; `usage` is the agreed one (P or T), "" where nothing is agreed."""

    types: Mapping[str, str] = field(default_factory=dict)
    type: str = ""
    quantity: str = ""
    flag: str = ""
    usage: str = ""


@dataclass(frozen=True, slots=True)
class Oddity:
    """One way in which an order is unlike a normal one; `closing` is False where it must not be closed unseen."""

    kind: Kind
    sentence: str
    closing: bool = True


def oddities(order: PurchaseOrder, usage: str, places: OrderPlaces) -> Iterator[Oddity]:
    """All of them, each kind once. `usage` is that of the interchange (ISA15; P or T for UNB 0035), "" for a flat file."""
    yield from flagged(usage, places)
    yield from _typed(order, places)
    yield from _quantities(order.lines, places)
    yield from _repeated(order.lines)


def flagged(usage: str, places: OrderPlaces) -> Iterator[Oddity]:
    """A test where production is agreed, or the other way round: of whatever document."""
    if usage and places.usage and usage != places.usage:
        said, agreed = (USAGES.get(each, each) for each in (usage, places.usage))
        yield Oddity("test", f"{places.flag} says {said}, and {agreed} is agreed", closing=usage != "P")


def _typed(order: PurchaseOrder, places: OrderPlaces) -> Iterator[Oddity]:
    code = order.spelling("type") or order.type
    others = places.types.get(OTHERS, "")
    known = TYPES.get(places.types.get(code.casefold(), others)) if code is not None else None
    if known is not None:
        kind, what = known
        yield Oddity(kind, f"{places.type or 'its type'} is {code}, {what}")


def _quantities(lines: Sequence[PurchaseOrderLine], places: OrderPlaces) -> Iterator[Oddity]:
    zero, negative = [], []
    for place, line in enumerate(lines, 1):
        parts: tuple[StoreQuantity | DeliverySchedule | Component, ...] = (
            *line.stores,
            *line.schedules,
            *line.components,
        )
        found = [line.quantity, *(each.quantity for each in parts)]
        where = f"{named(line, place)}: {places.quantity or 'quantity'}"
        if line.quantity == 0:
            zero.append(f"{where} is 0")
        below = [each for each in found if each is not None and each < 0]
        negative += [f"{where} is {plain(each)}" for each in below[:1]]
    if zero:
        yield Oddity("zero_quantity", _some(zero))
    if negative:
        yield Oddity("negative_quantity", _some(negative))


def _repeated(lines: Sequence[PurchaseOrderLine]) -> Iterator[Oddity]:
    """Lines that are equal in all that they say, the line's id included."""
    alike: dict[object, list[tuple[int, PurchaseOrderLine]]] = {}
    for place, line in enumerate(lines, 1):
        key = (line.number, line.quantity, line.price, line.item.buyer, line.item.gtin, line.item.vendor)
        alike.setdefault(key, []).append((place, line))
    pairs = []
    for group in alike.values():
        seen: dict[str, int] = {}
        for place, line in group if len(group) > 1 else ():
            first = seen.setdefault(repr(line), place)
            if first != place:
                pairs.append(f"{named(line, place)} is line {first} again, equal in all that it says")
    if pairs:
        yield Oddity("equal_lines", _some(pairs))


def named(line: PurchaseOrderLine, place: int) -> str:
    """A line in a sentence: its place in the order (1 is the first), the buyer's id of it, and the item."""
    item = line.item.buyer or line.item.gtin or line.item.vendor
    id = f"their {line.number}" if line.number not in (None, str(place)) else ""
    said = ", ".join(filter(None, (id, item)))
    return f"line {place}" + (f" ({said})" if said else "")


def _some(sentences: Sequence[str], most: int = 3) -> str:
    more = f" (+{len(sentences) - most} more)" if len(sentences) > most else ""
    return "; ".join(sentences[:most]) + more
