"""Whether a document echoes its order, and has what the partner always requires.

The segments are searched as they are written: maps take some values from the order and some from constants, and only the
result counts.

Knows: ids of orders, places in segments. Does not know: any standard's segments, prices, levels.
"""

import re
from collections.abc import Iterator, Sequence

from d365edi.documents import Invoice
from d365edi.documents.values import ItemIds
from d365edi.guard.case import Case, Segment

PLACE = re.compile(r"([A-Z][A-Z0-9]{1,2})(?:\[([^\]]+)\])?(?:(\d\d)(?:-(\d))?)?")
"""A segment, its first qualifier (several with |), the required element, and component."""


def id_not_echoed(case: Case) -> Iterator[str]:
    """An id of an order that is nowhere in the document."""
    if not case.body:
        return
    written = _values(case.body)
    for order in case.orders:
        wanted = {
            "number": order.number,
            "vendor number": order.vendor_number,
            "department": order.department,
            "ship-to": order.parties.ship_to.id,
        }
        for what, value in wanted.items():
            if value is not None and value not in written:
                yield f"the order's {what} {value} is not in it"
    lines = [line.number for line in case.lines if line is not None]
    for number in dict.fromkeys(number for number in lines if number is not None and number not in written):
        yield f"the order's line id {number} is not in it"


def item_differs(case: Case) -> Iterator[str]:
    """Neither the buyer's number nor the GTIN of an ordered item is in the document, or a GTIN has a wrong check digit."""
    written = _values(case.body)
    for number, line in enumerate(case.lines, 1):
        if line is None or not case.body:
            continue
        for what, value in (("item number", line.item.buyer), ("GTIN", line.item.gtin)):
            if value is not None and value not in written:
                yield f"line {number}: the order's {what} {value} is not in it"
    for number, code in _own_gtins(case):
        if not gs1(code):
            yield f"line {number}: {code} is no GTIN, its length or check digit is wrong"


def reference_missing(case: Case) -> Iterator[str]:
    """A place that this partner requires is empty. Flat files have no places."""
    for place in case.demands if case.body else ():
        match = PLACE.fullmatch(place)
        if match is not None and not _filled(case.body, *match.groups()):
            yield f"{place} is empty, and this partner demands it"


def usage_differs(case: Case) -> Iterator[str]:
    """A test order is answered in production, or the other way round."""
    ours, theirs = case.facts.usage, case.facts.order_usage
    if ours and theirs and ours != theirs:
        word = {"P": "production", "T": "test"}
        yield f"it goes out as {word.get(ours, ours)}, but its order came as {word.get(theirs, theirs)}"


def gs1(number: str) -> bool:
    """Whether a GTIN or an SSCC has a valid length and check digit (GS1 General Specifications, 7.9)."""
    if len(number) not in (8, 12, 13, 14, 18) or not (number.isascii() and number.isdigit()):
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(number))) % 10 == 0


def _own_gtins(case: Case) -> Iterator[tuple[int, str]]:
    """GTINs of ours: those of the order are echoed even if wrong."""
    if not isinstance(case.document, Invoice):
        return
    ordered = {line.item.gtin for line in case.lines if line is not None}
    for number, line in enumerate(case.document.lines, 1):
        items: ItemIds = line.item
        if items.gtin is not None and items.gtin not in ordered and items.gtin in _values(case.body):
            yield number, items.gtin


def _values(body: Sequence[Segment]) -> frozenset[str]:
    """Every element and component there is, as written."""
    return frozenset(
        part
        for segment in body
        for element in segment[1:]
        for part in (element if isinstance(element, tuple) else (element,))
    )


def _filled(
    body: Sequence[Segment], id: str, qualifiers: str | None, position: str | None, component: str | None
) -> bool:
    """Whether the place has a value; without a position any element except the qualifier."""
    for segment in body:
        parts = [element if isinstance(element, tuple) else (element,) for element in segment[1:]]
        qualifier = parts[0][0] if parts and parts[0] else ""
        if segment[0] != id or (qualifiers and qualifier not in qualifiers.split("|")):
            continue
        if position is not None:
            chosen = parts[int(position) - 1] if int(position) <= len(parts) else ()
            chosen = chosen[int(component) - 1 : int(component)] if component else chosen
        else:
            chosen = tuple(part for element in parts for part in element)[1 if qualifiers else 0 :]
        if any(chosen):
            return True
    return False
