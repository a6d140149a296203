"""An order's allowances that its invoice does not give.

Knows: what they come to on an invoice. Does not know: what was agreed about them, levels, costs.
"""

from collections.abc import Iterator
from decimal import Decimal

from d365edi.documents import Invoice, PurchaseOrder, PurchaseOrderLine
from d365edi.guard.case import Case
from d365edi.guard.compare import ZERO
from d365edi.matching.agreements import codes_of, settled_otherwise
from d365edi.matching.charge_echo import Expected, expected
from d365edi.matching.charges import CENT, cents
from d365edi.matching.numbers import plain


def allowance_missing(case: Case) -> Iterator[str]:
    """An allowance of the order that is not taken off, or for another amount. A credit gives none."""
    invoice = case.document
    if not isinstance(invoice, Invoice) or invoice.sense == "credit":
        return
    wanted = dict[str, list[Expected]]()
    for each in (each for order in case.orders for each in expected(invoice, order, _own(case, order))):
        if each.charge.kind == "allowance" and (codes := codes_of(each.charge)):
            wanted.setdefault(codes[0], []).append(each)
    for code, parts in wanted.items():
        amount = sum((part.amount for part in parts), ZERO)
        given = _given(invoice, code)
        slack = CENT * sum(1 + len(part.shares) for part in parts)
        if given is None and amount:
            yield f"the order's allowance {code}{_percent(parts)} is not taken off: {cents(amount)}"
        elif given is not None and abs(given - amount) > slack and abs(given - _undivided(parts)) > slack:
            yield f"the order's allowance {code}{_percent(parts)} comes to {cents(amount)}, and {cents(given)} is taken off"


def _own(case: Case, order: PurchaseOrder) -> list[PurchaseOrderLine | None]:
    """The order lines of the invoice's lines, those of other orders left out."""
    if len(case.orders) < 2:
        return list(case.lines)
    own = {id(line) for line in order.lines}
    return [line if id(line) in own else None for line in case.lines]


def _undivided(parts: list[Expected]) -> Decimal:
    """The same where the first invoice has the whole of each amount, as D365 bills charge lines."""
    return sum((part.amount if part.undivided is None else part.undivided for part in parts), ZERO)


def _given(invoice: Invoice, code: str) -> Decimal | None:
    """What the invoice takes off under a code."""
    every = (*invoice.charges, *(charge for line in invoice.lines for charge in line.charges))
    found = [
        charge.amount or ZERO
        for charge in every
        if charge.kind == "allowance" and code in codes_of(charge) and not settled_otherwise(charge)
    ]
    return sum(found, ZERO) if found else None


def _percent(parts: list[Expected]) -> str:
    percents = dict.fromkeys(part.charge.percent for part in parts)
    [percent] = percents if len(percents) == 1 else [None]
    return f" of {plain(percent)}%" if percent is not None else ""
