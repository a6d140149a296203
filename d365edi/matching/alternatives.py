"""Other items that a line of an order names beside its own (PIA with 2, 3 or 4): they are kept, and never ordered.

That another item may come instead, or was replaced by the one of the line, changes nothing: the line's own is ordered. Where
the line says that another one takes its place, it holds: which of the two is meant is for the partner to say.

Knows: orders. Does not know: segments, answers, D365's items.
"""

from d365edi.documents import PurchaseOrder
from d365edi.documents.values import ItemIds
from d365edi.edi.findings import Finding
from d365edi.matching import parts
from d365edi.matching.parts import PartsPolicy, held

INSTEAD = "ordered"
"""The relation of an item that takes the place of the line's."""
SEGMENT = "PIA"


def check(order: PurchaseOrder, policy: PartsPolicy) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order as it is, and what holds it."""
    found = []
    for place, line in enumerate(order.lines, 1):
        others = [number(each.item) for each in line.alternatives if each.relation == INSTEAD]
        if others and SEGMENT not in policy.ignore:
            message = f"{parts.name(line, place)} names {', '.join(others)} as the item that takes its place"
            remedy = (
                f"ask the partner which of them is ordered; {policy.unread(SEGMENT, SEGMENT)} orders the line's own"
            )
            found.append(held(message, remedy, order))
    return order, tuple(found)


def number(item: ItemIds) -> str:
    """A number of an item as sentences name it."""
    known = (item.buyer, item.gtin, item.vendor, *(each.id for each in item.others))
    return next((each for each in known if each), "an item without a number")
