"""Credit notes: which invoice one corrects, and its figures as a partner's set states them.

D365 posts a credit note as an invoice with negative quantities and amounts, and names no invoice that it corrects. It corrects
one of the same order that billed what it credits: of each item (and line of the sales order, where both say one) at least as
much, in the same unit. An X12 810 keeps D365's signs, an INVOIC 381 has positive figures: `credits` of the map says so.

Knows: invoices as they were read from D365. Does not know: where they are stored, codes, what becomes of a credit note that
corrects none or several.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal

from d365edi.documents import Document, Invoice, InvoiceLine
from d365edi.documents.values import Charge
from d365edi.matching.agreements import settled_otherwise
from d365edi.odata.quoting import same_text

CREDIT = "credit"
Signs = Literal["negative", "positive"]
"""How a set states what is credited."""
SIGNS: tuple[Signs, ...] = ("negative", "positive")

_ZERO = Decimal(0)
_OPPOSITE = {"allowance": "charge", "charge": "allowance"}


def corrected(credit: Invoice, invoices: Iterable[Invoice]) -> tuple[str, ...]:
    """The numbers of those invoices that a credit note may correct: of its order, with all that it credits. Where some billed
    its sales order, only these: the releases of an order share its number, and a return has a sales order of its own."""
    known = [*invoices]
    own = [each for each in known if not _sales_orders(credit).isdisjoint(_sales_orders(each))]
    return tuple(dict.fromkeys(each.number for each in own or known if _may_correct(credit, each)))


def with_original(invoice: Invoice, invoices: Iterable[Invoice]) -> Invoice:
    """A credit note with the invoice that it corrects: the one that D365 names, else the only one of `invoices` that it can be.
    Any other invoice names none, whatever the field of D365 says there."""
    if invoice.sense != CREDIT:
        return invoice.replace(original_invoice=None) if invoice.original_invoice else invoice
    found = corrected(invoice, invoices) if invoice.original_invoice is None else ()
    return invoice.replace(original_invoice=found[0]) if len(found) == 1 else invoice


def stated(document: Document, signs: Signs) -> Document:
    """A credit note in the signs of a set; any other document as it is."""
    if not isinstance(document, Invoice) or document.sense != CREDIT or signs == "negative":
        return document
    return turned(document)


def turned(credit: Invoice) -> Invoice:
    """A credit note with all its figures the other way round; twice, as it was. Charges that count keep their amount and change
    their kind: of negative figures an allowance that is given back is a charge, of positive ones an allowance."""
    lines = tuple(map(_turned_line, credit.lines))
    made: Invoice = _turned(credit, "total", "discountable", "discounted", "discount").replace(lines=lines)
    return made


def _sales_orders(invoice: Invoice) -> set[str]:
    return {each for each in (invoice.sales_order, *(line.sales_order for line in invoice.lines)) if each is not None}


def _may_correct(credit: Invoice, invoice: Invoice) -> bool:
    if invoice.sense == CREDIT or credit.order_number is None or not credit.lines:
        return False
    if not same_text(credit.order_number, invoice.order_number or ""):
        return False
    left = {index: line.quantity or _ZERO for index, line in enumerate(invoice.lines)}
    return all(_taken(line, invoice, left) for line in credit.lines)


def _taken(line: InvoiceLine, invoice: Invoice, left: dict[int, Decimal]) -> bool:
    """Whether the invoice billed what a line credits, taken off of what is `left` of its lines."""
    same = [index for index, each in enumerate(invoice.lines) if _same(line, each)]
    wanted = max(-(line.quantity or _ZERO), _ZERO)
    for index in same:
        taken = min(wanted, max(left[index], _ZERO))
        left[index] -= taken
        wanted -= taken
    return bool(same) and not wanted


def _same(credited: InvoiceLine, billed: InvoiceLine) -> bool:
    ours, theirs = credited.item.own, billed.item.own
    if ours is None or theirs is None or not same_text(ours, theirs):
        return False
    if not same_text(credited.unit or "", billed.unit or ""):
        return False
    lines = credited.order_line, billed.order_line
    return None in lines or lines[0] == lines[1]


def _turned_line(line: InvoiceLine) -> Any:
    stores = tuple(each.replace(quantity=_minus(each.quantity)) for each in line.stores)
    return _turned(line, "quantity", "amount", "tax").replace(stores=stores)


def _turned(part: Any, *names: str) -> Any:
    """A document or a line with these numbers, its charges and its taxes the other way round."""
    figures: dict[str, Any] = {name: _minus(getattr(part, name)) for name in names}
    figures["charges"] = tuple(_turned_charge(each) if _counts(each) else each for each in part.charges)
    figures["taxes"] = tuple(each.replace(amount=_minus(each.amount), base=_minus(each.base)) for each in part.taxes)
    return part.replace(**figures)


def _counts(charge: Charge) -> bool:
    """Whether it adds something to the total, or takes something off."""
    return charge.amount is not None and not settled_otherwise(charge)


def _turned_charge(charge: Charge) -> Charge:
    kind = _OPPOSITE.get(charge.kind or "", charge.kind)
    made: Charge = charge.replace(kind=kind, kept=_without_kind(charge.kept))
    return made


def _without_kind(kept: dict[str, str] | None) -> dict[str, str] | None:
    return {name: word for name, word in kept.items() if name != "kind"} or None if kept else kept


def _minus(amount: Decimal | None) -> Decimal | None:
    return -amount if amount else amount
