"""Other items than were ordered, on invoices and ship notices: they are named as what they are, beside the order's line number.

What is shipped and billed echoes the item numbers of the order's line. Where D365 has another item there, the echo would say that
the ordered one is in the carton.

Knows: documents, the lines that they answer, what these were resolved to. Does not know: how an item is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from d365edi.documents import Invoice, PurchaseOrder, PurchaseOrderLine, ShipNotice
from d365edi.documents.values import ItemIds
from d365edi.matching.lines import Line
from d365edi.matching.resolution import Resolution
from d365edi.matching.response import ordered_items
from d365edi.matching.their_numbers import Outbound, each_line


def found(
    document: Outbound, lines: Sequence[PurchaseOrderLine | None], orders: Iterable[tuple[PurchaseOrder, Resolution]]
) -> tuple[bool, ...]:
    """Of each line of the document whether it has another item than the order's line that it answers (`lines`). `orders` are
    the orders with what they were resolved to; where nothing was, the item is taken for the ordered one."""
    known: dict[int, frozenset[str]] = {}
    for order, answers in orders:
        for line, items in zip(order.lines, ordered_items(order, [answers]), strict=True):
            known[id(line)] = known.get(id(line), frozenset()) | items
    return tuple(
        ordered is not None and _is_other(line, ordered, known)
        for line, ordered in zip(each_line(document), lines, strict=True)
    )


def named(document: Outbound, repeated: Sequence[Any], others: Sequence[bool]) -> tuple[Any, ...]:
    """What is repeated of the order's lines, with the numbers of what came instead. An answer to an order names both itself."""
    if not isinstance(document, Invoice | ShipNotice):
        return tuple(repeated)
    return tuple(
        _instead(each, line.item) if other and each is not None else each
        for line, each, other in zip(each_line(document), repeated, others, strict=True)
    )


def _is_other(line: Line, ordered: PurchaseOrderLine, known: Mapping[int, frozenset[str]]) -> bool:
    items = known.get(id(ordered), frozenset())
    return bool(items) and line.item.own is not None and line.item.own.casefold() not in items


def _instead(ordered: Any, ours: ItemIds) -> Any:
    """The order's line with our item in place of its own: the partner's numbers for ours, where they are other ones, and ours."""
    item = ItemIds(
        gtin=ours.gtin if ours.gtin != ordered.item.gtin else None,
        buyer=ours.buyer if ours.buyer != ordered.item.buyer else None,
        vendor=ours.vendor or ours.own,
    )
    kept = {name: word for name, word in (ordered.kept or {}).items() if name != "item.gtin"}
    return ordered.replace(item=item, kept=kept or None)
