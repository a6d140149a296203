"""Which line of the order an invoice line answers, so that it can be echoed.

A line is found by its number in our sales order (D365 keeps what we wrote there, or its own count where the buyer's ids
were not whole numbers), else by item, unit and price. Two candidates that nothing tells apart hold the invoice: an 810 that
names the wrong line costs more than one that waits. Without the order there is nothing to echo: the invoice goes out with
D365's own fields, and says so.

Knows: orders and invoices. Does not know: where either was kept, how the echo is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from d365edi.documents import Invoice, InvoiceLine, PurchaseOrder, PurchaseOrderLine
from d365edi.edi.findings import Finding
from d365edi.maps.resolve import Answers, gtin

LARGEST = 2**31 - 1
"""The largest line number that D365 keeps."""


@dataclass(frozen=True, slots=True)
class Match:
    """For each line of the invoice the order's line, or None; findings of severity error hold the invoice."""

    lines: tuple[PurchaseOrderLine | None, ...]
    findings: tuple[Finding, ...] = ()


def ordinals(order: PurchaseOrder) -> tuple[int, ...]:
    """The lines' numbers as D365 keeps them: the buyer's where every line has a whole number of its own, else 1, 2, 3
    ..."""
    numbers = [line.number for line in order.lines]
    whole = [int(number) for number in numbers if number is not None and number.isascii() and number.isdigit()]
    if len(whole) == len(numbers) == len(set(whole)) and all(0 < number <= LARGEST for number in whole):
        return tuple(whole)
    return tuple(range(1, len(numbers) + 1))


def match(invoice: Invoice, order: PurchaseOrder | None, answers: Answers | None = None) -> Match:
    """Find the order's line for each line of the invoice; `answers` know the partner's numbers for our items."""
    if order is None:
        reason = (
            f"order {invoice.order_number} was never received here" if invoice.order_number else "it names no order"
        )
        return Match(
            (None,) * len(invoice.lines),
            (_finding("note", f"{reason}: it goes out with D365's own fields, nothing of the order is echoed"),),
        )
    by_number = dict(zip(ordinals(order), order.lines, strict=True))
    found: list[PurchaseOrderLine | None] = []
    findings: list[Finding] = []
    for number, line in enumerate(invoice.lines, 1):
        candidates = _candidates(line, number, order, by_number, answers)
        if len(candidates) == 1:
            found.append(candidates[0])
            continue
        found.append(None)
        findings.append(_trouble(line, number, order, candidates))
    return Match(tuple(found), tuple(findings))


def _candidates(
    line: InvoiceLine,
    number: int,
    order: PurchaseOrder,
    by_number: dict[int, PurchaseOrderLine],
    answers: Answers | None,
) -> Sequence[PurchaseOrderLine]:
    if line.order_line is not None and line.order_line in by_number:
        return [by_number[line.order_line]]
    same = [each for each in order.lines if _same_item(line, number, each, answers)]
    for narrower in (
        [each for each in same if each.unit == line.unit],
        [each for each in same if each.unit == line.unit and each.price == line.price],
        [
            each
            for each in same
            if each.unit == line.unit and each.price == line.price and each.quantity == line.quantity
        ],
    ):
        if len(same) > 1 and narrower:
            same = narrower
    return same


def _same_item(line: InvoiceLine, number: int, ordered: PurchaseOrderLine, answers: Answers | None) -> bool:
    """Whether any number of the item is the same on both sides."""
    theirs = answers.theirs.get(number) if answers is not None else None
    buyer = {line.item.buyer, theirs.buyer if theirs else None} - {None}
    barcodes = {gtin(code) for code in (line.item.gtin, theirs.gtin if theirs else None) if code}
    return (
        ordered.item.buyer in buyer
        or (ordered.item.gtin is not None and gtin(ordered.item.gtin) in barcodes)
        or (ordered.item.vendor is not None and ordered.item.vendor in (line.item.own, line.item.vendor))
    )


def _trouble(line: InvoiceLine, number: int, order: PurchaseOrder, candidates: Sequence[PurchaseOrderLine]) -> Finding:
    item = line.item.own or line.item.buyer or line.item.gtin or "without an item"
    if candidates:
        numbers = ", ".join(each.number or "without a number" for each in candidates)
        return _finding(
            "error",
            f"line {number} ({item}) could answer several lines of order {order.number}: {numbers}",
            "let us read CustInvoiceTransBiEntities in D365, which tells them apart, or send this invoice by hand",
        )
    return _finding(
        "error",
        f"line {number} ({item}) answers no line of order {order.number}",
        "look whether it was added in D365; the partner must know of it before it is billed",
    )


def _finding(severity: str, message: str, remedy: str = "") -> Finding:
    return Finding("document", severity, "", message, remedy=remedy, rule="turnaround")  # type: ignore[arg-type]
