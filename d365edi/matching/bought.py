"""What becomes of a record that a vendor of ours gets: an order of ours, or an invoice of theirs as we posted it, in the vendor's
item numbers.

It answers nothing of theirs: all that is said is in the record. What cannot be stated without saying something else holds it.

Knows: purchase orders of ours and invoices for them, the vendor's numbers. Does not know: the journal, D365, sets.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from d365edi.documents import Invoice, InvoiceLine, PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import ItemIds
from d365edi.matching import crediting, prices, stating, taxes, terms, wholes
from d365edi.matching.resolution import PartnerNumbers, Resolution
from d365edi.matching.totals import ZERO, charged, money, taxed

Bought = PurchaseOrder | Invoice


def to_vendor(
    document: Bought,
    resolution: Resolution,
    places: stating.PricePlaces,
    signs: crediting.Signs,
    *,
    again: bool,
    orders: bool = True,
) -> Bought | tuple[str, ...]:
    """The order or invoice as the vendor gets it, or the sentences that hold it. `again`: another version of the order was sent
    before; `signs`: how the set states credit notes; `orders`: whether its lines say which order they are under."""
    if problems := tuple(_problems(document, orders=orders)):
        return problems
    each: Sequence[PurchaseOrderLine | InvoiceLine] = document.lines
    lines = [
        line.replace(item=_numbered(line.item, resolution.theirs.get(number, PartnerNumbers())))
        for number, line in enumerate(each, 1)
    ]
    made: Any = document.replace(lines=tuple(lines))
    if isinstance(made, PurchaseOrder):
        made = made.replace(purpose="replace" if again else made.purpose)
    else:
        made = _under_orders(made)
        made = wholes.of_invoice(terms.dated(_summed(made), None))
        made = taxes.by_amounts(made) if places.rates else made
    stated: Any = stating.stated(made, None, [None] * len(lines), places)[0]
    whole: Bought = crediting.stated(stated, signs)  # type: ignore[assignment]
    return whole


def _orders(invoice: Invoice) -> list[str]:
    """The orders of ours that lines are for."""
    return sorted({line.sales_order for line in invoice.lines if line.sales_order})


def _under_orders(invoice: Invoice) -> Invoice:
    """The invoice whose lines say the order of ours that they are for, where these are several; then its head says none."""
    several = len(_orders(invoice)) > 1
    lines = [
        line.replace(order_number=line.sales_order if several else None, sales_order=None) for line in invoice.lines
    ]
    head = {"order_number": None, "order_date": None} if several else {}
    return invoice.replace(**head, lines=tuple(lines))


def _summed(invoice: Invoice) -> Invoice:
    """An invoice that is not posted, with its total: of lines, charges and taxes, where D365 has none yet."""
    if invoice.total is not None:
        return invoice
    charges = [*invoice.charges, *(each for line in invoice.lines for each in line.charges)]
    total = sum((line.amount or ZERO for line in invoice.lines), ZERO) + taxed(invoice.taxes)
    total += sum((charged(each) for each in charges), ZERO)
    return invoice.replace(total=total, sense="credit" if total < 0 else "invoice")


def _numbered(item: ItemIds, known: PartnerNumbers) -> ItemIds:
    """The numbers of an item with the vendor's, where the record has none."""
    found = {name: getattr(item, name) or getattr(known, name) for name in ("vendor", "gtin")}
    return item.replace(**found)


def _problems(document: Bought, *, orders: bool) -> Iterator[str]:
    if isinstance(document, PurchaseOrder):
        yield from _unstated(document)
        return
    if not orders and len(found := _orders(document)) > 1:
        yield f"it is for several purchase orders ({', '.join(found)}), and what is sent has room for one; reject this one"


def _unstated(order: PurchaseOrder) -> Iterator[str]:
    """Why an order says less than what was ordered: prices that do not come to its total are prices with a discount."""
    for number, line in enumerate(order.lines, 1):
        if line.quantity is not None and line.quantity <= 0:
            yield f"line {line.number or number} orders {line.quantity}: a return is no order; reject this one"
    if order.total is None:
        return
    goods = sum((prices.extended(line) or ZERO for line in order.lines), ZERO) + taxed(order.taxes)
    goods += sum((charged(charge) for charge in order.charges), ZERO)
    if money(goods) != money(order.total):
        yield (
            f"it comes to {order.total} in D365, and its lines and charges to {goods:f}: a discount or a charge of a line cannot "
            "be stated; send it by hand and reject this one, or put it into the prices in D365 and confirm the order again"
        )
