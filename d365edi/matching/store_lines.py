"""Which store a sales line is for where several stores of an order line share a delivery address, as at a cross-dock.

Their sales lines differ by what was ordered of them. A ship notice says that of each line, so one whose quantity only one of
the stores ordered is that store's. An answer and an invoice say what is confirmed or billed: there the lines must be those of
all the stores at the address, with their quantities. Stores with equal quantities are distinguished by nothing, and need not be
where their lines are alike.

Knows: lines that go out, what stores ordered. Does not know: addresses, how a line became several.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal

from d365edi.documents import PurchaseOrderLine, ShippedLine
from d365edi.matching.lines import Line

Bare = Callable[[Line], Line]
"""A line without what distinguishes it from others that are alike."""


def ordered_by(line: PurchaseOrderLine, stores: Collection[str]) -> dict[str, Decimal]:
    """How much of an order line each of these stores ordered."""
    found = dict.fromkeys(sorted(stores), Decimal(0))
    for each in line.stores:
        if each.store in found:
            found[each.store] += each.quantity or Decimal(0)
    return found


def shared(lines: Sequence[Line], wanted: Mapping[str, Decimal], bare: Bare) -> dict[int, str]:
    """The store of each line at one address, by the line's identity; none where that cannot be said. `wanted` is what each store
    there ordered."""
    counted = [(line, quantity) for line in lines if (quantity := _ordered(line)) is not None]
    if len(counted) < len(lines):
        return {}
    groups: dict[Decimal, list[Line]] = {}
    for line, quantity in counted:
        groups.setdefault(quantity, []).append(line)
    stores: dict[Decimal, list[str]] = {}
    for store, quantity in wanted.items():
        stores.setdefault(quantity, []).append(store)
    whole = Counter(quantity for _, quantity in counted) == Counter(wanted.values())
    if not whole and not all(isinstance(line, ShippedLine) for line in lines):
        return {}
    made = dict[int, str]()
    for quantity, group in groups.items():
        alike = all(bare(line) == bare(group[0]) for line in group)
        if len(stores.get(quantity, ())) != len(group) or not alike:
            return {}
        made |= {id(line): store for line, store in zip(group, stores[quantity], strict=True)}
    return made


def _ordered(line: Line) -> Decimal | None:
    """What was ordered of a sales line, where the document says it; else what it says of it."""
    return line.ordered.quantity if isinstance(line, ShippedLine) else line.quantity
