"""Which order line a line of an invoice, an order response or a shipment belongs to, so that it can be echoed.

A line is found by its number in our sales order (D365 stores what we wrote there, or 1, 2, 3 ... where the buyer's ids were
not whole numbers), else by item, unit and price. Two candidates that cannot be distinguished hold the document: an 810 that
names the wrong line costs more than one that waits. Without the order there is nothing to echo: the document goes out with
D365's own fields and a note.

Knows: orders and the documents that answer them. Does not know: where either is stored, how the echo is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from d365edi.documents import (
    Invoice,
    InvoiceLine,
    OrderResponse,
    OrderResponseLine,
    PurchaseOrder,
    PurchaseOrderLine,
    ShipNotice,
    ShippedLine,
)
from d365edi.documents.ship_notice import ShippedOrder
from d365edi.documents.values import ItemIds, StoreQuantity
from d365edi.edi.findings import Finding, Severity
from d365edi.matching import prices
from d365edi.matching.barcodes import gtin, whole_gtins
from d365edi.matching.resolution import Resolution
from d365edi.matching.their_numbers import Outbound, each_line
from d365edi.odata.quoting import same_text

LARGEST = 2**31 - 1
"""The largest line number that D365 stores."""


Line = InvoiceLine | OrderResponseLine | ShippedLine


class OrderKey(NamedTuple):
    """How a document of ours names an order that it belongs to: by the customer's reference in D365, by our sales order, and by
    the release where the record has it ("" for none). None where it does not say.

    The reference alone is not enough: the releases of an order share one."""

    reference: str | None
    sales_order: str | None = None
    release: str | None = None


@dataclass(frozen=True, slots=True)
class LineMatch:
    """For each line of the document the order's line, or None; findings of severity error hold the document.

    `order` is the order of the document as a whole, `orders` has one for each order of a shipment, or each of several of an
    invoice; writers take both.
    """

    lines: tuple[PurchaseOrderLine | None, ...]
    findings: tuple[Finding, ...] = ()
    order: PurchaseOrder | None = None
    orders: tuple[PurchaseOrder | None, ...] = ()


def order_keys(document: Outbound) -> tuple[OrderKey, ...]:
    """The orders that a document belongs to, each once: the one of its head first, then those that only its lines name."""
    if isinstance(document, ShipNotice):
        keys = [_key(order) for order in document.every_order()] or [OrderKey(None, document.sales_order)]
    elif isinstance(document, OrderResponse):
        keys = [OrderKey(document.number, document.sales_order, document.release or "")]
    else:
        of_lines = {line.sales_order: line.order_number for line in reversed(document.lines)}
        lines = [each for each in dict.fromkeys(line.sales_order for line in document.lines) if each is not None]
        own = document.sales_order or (lines[0] if len(lines) == 1 else None)
        keys = [OrderKey(document.order_number, own)]
        keys += [OrderKey(of_lines[each], each) for each in lines if each != own]
    return tuple(dict.fromkeys(key for key in keys if key[:2] != (None, None)))


def _key(order: ShippedOrder) -> OrderKey:
    return OrderKey(order.number, order.sales_order)


def line_numbers(numbers: Sequence[str | None]) -> tuple[int, ...]:
    """The lines' numbers as D365 stores them: the buyer's where every line has a whole number of its own, else 1, 2, 3
    ..."""
    whole = [int(number) for number in numbers if number is not None and number.isascii() and number.isdigit()]
    if len(whole) == len(numbers) == len(set(whole)) and all(0 < number <= LARGEST for number in whole):
        return tuple(whole)
    return tuple(range(1, len(numbers) + 1))


def match_lines(
    document: Outbound, orders: Mapping[OrderKey, PurchaseOrder], resolution: Resolution | None = None
) -> LineMatch:
    """Find the order line of each line of the document.

    `orders` are the received ones of those that it names (an answer to an order has one); `resolution` has the partner's numbers
    for our items."""
    if isinstance(document, ShipNotice):
        return _match_shipment(document, orders, resolution)
    if isinstance(document, Invoice) and len({id(orders.get(key, key)) for key in order_keys(document)}) > 1:
        return _match_invoice(document, orders, resolution)
    order = next(iter(orders.values()), None)
    if order is None:
        return LineMatch((None,) * len(document.lines), (_unknown(order_keys(document)),))
    known = _OrderLines(order)
    found = [known.line(line, number, resolution) for number, line in enumerate(each_line(document), 1)]
    return LineMatch(tuple(line for line, _ in found), tuple(each for _, each in found if each is not None), order)


def _match_invoice(
    invoice: Invoice, orders: Mapping[OrderKey, PurchaseOrder], resolution: Resolution | None
) -> LineMatch:
    """The lines of an invoice for several orders: each answers its own."""
    made = {id(order): _OrderLines(order) for order in orders.values()}
    known = {key.sales_order: made[id(order)] for key, order in orders.items()}
    lines, findings = list[PurchaseOrderLine | None](), list[Finding]()
    for number, line in enumerate(invoice.lines, 1):
        candidates = known.get(line.sales_order or invoice.sales_order)
        ordered, finding = candidates.line(line, number, resolution) if candidates is not None else (None, None)
        lines.append(ordered)
        findings += [finding] if finding is not None else []
    findings += [_unknown((key,)) for key in order_keys(invoice) if key not in orders]
    each = tuple({id(order): order for order in orders.values()}.values())
    return LineMatch(tuple(lines), tuple(findings), each[0], each)


def _match_shipment(
    notice: ShipNotice, orders: Mapping[OrderKey, PurchaseOrder], resolution: Resolution | None
) -> LineMatch:
    known = {key: _OrderLines(order) for key, order in orders.items()}
    only = next(iter(known.values())) if len(known) == 1 and not notice.every_order() else None
    lines: list[PurchaseOrderLine | None] = []
    named = [key for key in order_keys(notice) if key.reference is not None]
    findings = [_unknown((key,)) for key in named if key not in orders] if named else [_unknown(())]
    for number, (order, line) in enumerate(notice.lines_of_orders(), 1):
        candidates = known.get(_key(order)) if order is not None else only
        ordered, finding = candidates.line(line, number, resolution) if candidates is not None else (None, None)
        lines.append(ordered)
        findings += [finding] if finding is not None else []
    answered = tuple(orders.get(_key(order)) for order in notice.every_order())
    first = next((order for order in (*answered, *orders.values()) if order is not None), None)
    return LineMatch(tuple(lines), tuple(findings), first, answered)


def one_release(match: LineMatch) -> LineMatch:
    """The match whose order as a whole has a release only where all orders of a shipment have the same."""
    releases = {order.release for order in match.orders if order is not None}
    if match.order is None or len(releases) < 2:
        return match
    return replace(match, order=match.order.replace(release=None))


def together(lines: Iterable[Line]) -> tuple[StoreQuantity, ...]:
    """What each store gets of several lines."""
    found: dict[str, StoreQuantity] = {}
    for each in (each for line in lines for each in line.stores):
        before = found.get(each.store)
        known = [one.quantity for one in (each, before) if one is not None and one.quantity is not None]
        whole = sum(known, Decimal(0)) if known else None
        found[each.store] = StoreQuantity(store=each.store, id_kind=each.id_kind, quantity=whole)
    return tuple(found.values())


class _OrderLines:
    """The lines of an order as received, by the numbers that D365 gives them."""

    def __init__(self, order: PurchaseOrder) -> None:
        self.order = order
        self.by_number = dict(zip(line_numbers([line.number for line in order.lines]), order.lines, strict=True))

    def line(
        self, line: Line, number: int, resolution: Resolution | None
    ) -> tuple[PurchaseOrderLine | None, Finding | None]:
        """The order's line for the document's line of that number, or the finding that says why there is none."""
        candidates = _candidates(line, number, self.order, self.by_number, resolution)
        if len(candidates) == 1:
            return candidates[0], None
        return None, _not_matched(line, number, self.order, candidates)


def _unknown(keys: Sequence[OrderKey]) -> Finding:
    number = next((key.reference for key in keys if key.reference is not None), None)
    reason = f"order {number} was never received here" if number is not None else "it names no order"
    return _finding("note", f"{reason}: it goes out with D365's own fields, nothing of the order is echoed")


def _candidates(
    line: Line,
    number: int,
    order: PurchaseOrder,
    by_number: dict[int, PurchaseOrderLine],
    resolution: Resolution | None,
) -> Sequence[PurchaseOrderLine]:
    if line.order_line is not None and line.order_line in by_number:
        return [by_number[line.order_line]]
    same = [each for each in order.lines if _same_item(line, number, each, resolution)]
    same = same or [each for each in order.lines if _same_item(line, number, each, resolution, parts=True)]
    alike = [each for each in same if same_text(each.unit, line.unit)]
    priced = alike if isinstance(line, ShippedLine) or len(same) < 2 else _same_price(line, alike, order)
    for narrower in (alike, priced, [each for each in priced if each.quantity == line.quantity]):
        if len(same) > 1 and narrower:
            same = narrower
    return same


def _same_price(
    line: InvoiceLine | OrderResponseLine, candidates: Sequence[PurchaseOrderLine], order: PurchaseOrder
) -> list[PurchaseOrderLine]:
    read = prices.reading(order)
    return [each for each in candidates if line.price is not None and prices.equal(line, each, read)]


def _same_item(
    line: Line, number: int, ordered: PurchaseOrderLine, resolution: Resolution | None, *, parts: bool = False
) -> bool:
    """Whether any number of the item is the same on both sides; `parts`: of one of its components."""
    theirs = resolution.theirs.get(number) if resolution is not None else None
    buyer = {line.item.buyer, theirs.buyer if theirs else None} - {None}
    barcodes = {gtin(code) for code in (line.item.gtin, theirs.gtin if theirs else None) if code}
    items = [component.item for component in ordered.components] if parts else [ordered.item]
    return any(
        item.buyer in buyer
        or not barcodes.isdisjoint(_barcodes(ordered, item))
        or (item.vendor is not None and item.vendor in (line.item.own, line.item.vendor))
        for item in items
    )


def _barcodes(ordered: PurchaseOrderLine, item: ItemIds) -> set[str]:
    """What the barcode that was ordered may be, with its check digit."""
    code = ordered.spelling("item.gtin") if item is ordered.item else None
    return {gtin(each) for each in whole_gtins(item.gtin, code)} if item.gtin is not None else set()


def _not_matched(line: Line, number: int, order: PurchaseOrder, candidates: Sequence[PurchaseOrderLine]) -> Finding:
    item = line.item.own or line.item.buyer or line.item.gtin or "without an item"
    if candidates:
        numbers = ", ".join(each.number or "without a number" for each in candidates)
        return _finding(
            "error",
            f"line {number} ({item}) could answer several lines of order {order.number}: {numbers}",
            "let d365edi read the set in D365 that distinguishes them (see the map's order_lines), or send it by hand",
        )
    remedy = (
        "if it comes instead of another line, give it that one's customer line number in D365; if it was added, the partner must "
        "know of it before it is shipped and billed"
    )
    return _finding("error", f"line {number} ({item}) answers no line of order {order.number}", remedy)


def _finding(severity: Severity, message: str, remedy: str = "") -> Finding:
    return Finding("document", severity, "", message, remedy=remedy, rule="turnaround")
