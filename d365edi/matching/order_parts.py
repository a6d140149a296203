"""An invoice over several orders in parts, one for each order, whose totals come to the total of the whole.

Lines go with their order, and so do their charges and taxes. What was posted for the invoice as a whole (a charge, a discount, a
tax that is no line's) belongs to no order: then there are no parts, and a person decides. The discount for early payment is the
percentage of each part, where the terms say it.

Knows: invoices, the orders that they bill. Does not know: where they are stored, what is done with the parts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import Tax
from d365edi.matching import prices, several_orders
from d365edi.matching.crediting import CREDIT
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import order_keys
from d365edi.matching.numbers import plain
from d365edi.matching.taxes import CENT, DISCOUNT, SIGNS, ZERO

INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class InvoicePart:
    """What of an invoice is for one order; `order` is the sales order by which it is known beside the other parts."""

    order: str
    invoice: Invoice


@dataclass(frozen=True, slots=True)
class PartedInvoice:
    """An invoice as parts, none where it is for one order; `problems`: why it cannot be parted, `as_one`: whether it could leave
    unparted."""

    parts: tuple[InvoicePart, ...] = ()
    problems: tuple[str, ...] = ()
    as_one: bool = True


def parted(invoice: Invoice, known: KnownOrders, *, same_number: bool = False, apart: bool = False) -> PartedInvoice:
    """The parts of an invoice, in the order of its lines. Sales orders that were made of one order of theirs are one part, unless
    each store's are told `apart`. Parts are numbered -1, -2 ..., or with `same_number` as the whole is."""
    groups: dict[object, list[InvoiceLine]] = {}
    whose = dict(_whose(invoice, known, apart=apart))
    for line in invoice.lines:
        of = line.sales_order or invoice.sales_order
        groups.setdefault(whose.get(of, of), []).append(line)
    if len(groups) < 2:
        return PartedInvoice()
    if nameless := [*filter(None, several_orders.nameless(several_orders.numbers(invoice, known)))]:
        return PartedInvoice(problems=(several_orders.said_nameless(nameless),), as_one=False)
    if problems := (*_nobodys(invoice), *_sums(invoice)):
        return PartedInvoice(problems=problems)
    made = tuple(
        _part(invoice, lines, invoice.number if same_number else f"{invoice.number}-{place}")
        for place, lines in enumerate(groups.values(), 1)
    )
    return PartedInvoice(tuple(_discounted(invoice, made)))


def again(whole: Invoice, part: Invoice) -> Invoice:
    """A part of an invoice that was read again: what of it is for the same sales orders, under the same number."""
    own = {line.sales_order for line in part.lines} | {part.sales_order}
    lines = [line for line in whole.lines if (line.sales_order or whole.sales_order) in own]
    made = _part(whole, lines, part.number).invoice
    return made.replace(discount=part.discount)


def _whose(invoice: Invoice, known: KnownOrders, *, apart: bool) -> Iterator[tuple[str | None, object]]:
    """What the lines of each sales order are one part by: the order of theirs that it was made of, else their reference."""
    for key in order_keys(invoice):
        order = known.orders.get(key)
        if order is not None:
            yield key.sales_order, (order.number, order.release, known.stores.get(key) if apart else None)
        else:
            yield key.sales_order, key.reference or key.sales_order


def _part(whole: Invoice, lines: Sequence[InvoiceLine], number: str) -> InvoicePart:
    orders = list(dict.fromkeys(line.sales_order or whole.sales_order for line in lines))
    own = [whole.order_number if line.sales_order in (None, whole.sales_order) else line.order_number for line in lines]
    tax = sum((line.tax or ZERO for line in lines), ZERO)
    total = sum(map(_worth, lines), ZERO) + tax
    senses = {True: CREDIT, False: INVOICE}
    changed = whole.sense in senses.values() and total
    made = whole.replace(
        number=number,
        order_number=next(filter(None, own), None),
        sales_order=orders[0] if len(orders) == 1 else None,
        sense=senses[total < 0] if changed else whole.sense,
        lines=tuple(lines),
        taxes=tuple(each.replace(amount=tax) for each in whole.taxes[:1]) if tax else (),
        total=total,
        discountable=None,
        discounted=None,
    )
    return InvoicePart(orders[0] or "", made)


def _worth(line: InvoiceLine) -> Decimal:
    """What a line comes to with its charges and without its taxes. A discount is in its amount already."""
    base = line.amount if line.amount is not None else prices.extended(line) or ZERO
    counted = (each for each in line.charges if line.amount is None or each.code != DISCOUNT)
    return base + sum((SIGNS.get(each.kind or "", ZERO) * (each.amount or ZERO) for each in counted), ZERO)


# -- what belongs to no order -----------------------------------------------------------------------------------------
def _nobodys(invoice: Invoice) -> Iterator[str]:
    for charge in invoice.charges:
        if charge.amount:
            what = charge.description or charge.code or charge.kind
            yield f"{charge.kind} {what} of {plain(charge.amount)} is of the whole, and of none of its orders"
    posted, of_lines = _tax(invoice.taxes), sum((line.tax or ZERO for line in invoice.lines), ZERO)
    if posted != of_lines:
        yield f"taxes of {plain(posted)} are posted, and {plain(of_lines)} of them with its lines"
    if invoice.discount and _base(invoice) is None:
        yield f"its discount for early payment of {plain(invoice.discount)} is no percentage of what it bills"
    unknown = [place for place, line in enumerate(invoice.lines, 1) if not (line.sales_order or invoice.sales_order)]
    yield from (f"line {place} is under no sales order" for place in unknown)


def _sums(invoice: Invoice) -> Iterator[str]:
    found = sum(map(_worth, invoice.lines), ZERO) + _tax(invoice.taxes)
    if invoice.total is not None and invoice.total != found and not any(each.amount for each in invoice.charges):
        yield f"its total is {plain(invoice.total)}, and its lines come to {plain(found)}"


def _tax(taxes: Iterable[Tax]) -> Decimal:
    return sum((tax.amount or ZERO for tax in taxes), ZERO)


# -- the discount for early payment -----------------------------------------------------------------------------------
def _bases(invoice: Invoice) -> tuple[Decimal, ...]:
    """What it may be a percentage of: all, all without taxes, the goods."""
    total, goods = invoice.total or ZERO, sum((line.amount or ZERO for line in invoice.lines), ZERO)
    return total, total - _tax(invoice.taxes), goods


def _base(invoice: Invoice) -> int | None:
    """Which of these it is a percentage of; None where of none."""
    percent, discount = invoice.terms.discount_percent or ZERO, invoice.discount or ZERO
    bases = enumerate(_bases(invoice))
    return next((at for at, base in bases if percent and abs(base * percent / 100 - discount) <= CENT), None)


def _discounted(whole: Invoice, parts: Sequence[InvoicePart]) -> Iterator[InvoicePart]:
    """The parts with the discount of each; the last has what remains of the whole's."""
    base = _base(whole)
    if not whole.discount or base is None:
        yield from parts
        return
    left, percent = whole.discount, whole.terms.discount_percent or ZERO
    for part in parts:
        share = (_bases(part.invoice)[base] * percent / 100).quantize(CENT, ROUND_HALF_UP)
        share = left if part is parts[-1] else share
        left -= share
        yield InvoicePart(part.order, part.invoice.replace(discount=share))
