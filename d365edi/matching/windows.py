"""The days between which an order, or a line of it, is to leave or to arrive: a first day that is behind the last one holds.

D365 takes one day of each kind: the first to ship (else the last), the last to arrive (else the first). Where both are said
the day written lies in the window, as long as the window is one.

Knows: orders. Does not know: segments, D365's fields.
"""

from collections.abc import Iterator

from d365edi.documents import PurchaseOrder, PurchaseOrderLine
from d365edi.edi.findings import Finding
from d365edi.matching import parts
from d365edi.matching.parts import PartsPolicy, held

WINDOWS = (("ship_from", "ship_by", "shipped"), ("deliver_from", "deliver_by", "delivered"))
"""The fields of the first and the last day, and what is done between them."""
SEGMENT = "DTM"


def check(order: PurchaseOrder, policy: PartsPolicy) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order as it is, and what holds it."""
    if SEGMENT in policy.ignore:
        return order, ()
    said = [*_turned(order, "it")]
    for place, line in enumerate(order.lines, 1):
        said += _turned(line, parts.name(line, place))
    remedy = f"ask the partner which day counts, or {policy.unread(SEGMENT, SEGMENT)}"
    return order, tuple(held(each, remedy, order) for each in said)


def _turned(of: PurchaseOrder | PurchaseOrderLine, name: str) -> Iterator[str]:
    for first, last, done in WINDOWS:
        days = getattr(of, first), getattr(of, last)
        if None not in days and days[0] > days[1]:
            yield f"{name} is to be {done} from {days[0]} on and until {days[1]}, which is before"
