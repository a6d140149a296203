"""Errors of an invoice that do not depend on the order: sent twice, wrong total, too early.

Knows: invoices. Does not know: orders' prices and quantities, levels, costs.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from d365edi.documents import Invoice
from d365edi.documents.values import Charge, Tax
from d365edi.guard.case import Case
from d365edi.guard.compare import ZERO, shipped
from d365edi.matching import prices, terms
from d365edi.matching.crediting import CREDIT

CENT = Decimal("0.01")
NOT_ON_THIS_BILL = frozenset({"bill back", "information"})
"""Ways of handling a charge that add nothing to the total: bill back, information only."""


def duplicate(case: Case) -> Iterator[str]:
    """The same number again, or another number for a billed packing slip."""
    invoice = _invoice(case)
    if case.facts.same_number:
        yield f"an invoice {invoice.number} went out to them before, on {case.facts.same_number[0]}"
    if case.facts.same_goods:
        yield f"packing slip {invoice.packing_slip} was billed before, by invoice {case.facts.same_goods}"


def total_wrong(case: Case) -> Iterator[str]:
    """Lines, charges less allowances, and taxes do not sum up to the total; or another total is written."""
    invoice = _invoice(case)
    amounts = [prices.extended(line) for line in invoice.lines]
    if invoice.total is None or None in amounts:
        return
    goods = sum((amount for amount in amounts if amount is not None), ZERO)
    charges = sum(map(_charged, (*invoice.charges, *(c for line in invoice.lines for c in line.charges))), ZERO)
    of_all, of_lines = _taxed(invoice.taxes), _taxed(tax for line in invoice.lines for tax in line.taxes)
    # The invoice's taxes may sum up those of its lines, or stand beside them.
    readings = (of_all + of_lines, of_all or of_lines)
    slack = CENT * (1 + (len(amounts) + 1) // 2)
    if all(abs(invoice.total - goods - charges - taxes) > slack for taxes in readings):
        yield (
            f"the total is {_money(invoice.total)}, but lines {_money(goods)}, charges {_money(charges)} and "
            f"taxes {_money(readings[1])} come to {_money(goods + charges + readings[1])}"
        )
    written = next((segment[1] for segment in case.body if segment[0] == "TDS" and len(segment) > 1), None)
    cents = (invoice.total / CENT).quantize(Decimal(1), ROUND_HALF_UP)
    right = {f"{cents}", f"{abs(cents)}"} if _is_credit(case) else {f"{cents}"}
    if isinstance(written, str) and written not in right:
        yield f"TDS01 is {written}, but the total is {_money(invoice.total)}"


def original_missing(case: Case) -> Iterator[str]:
    """A credit note that does not say which invoice it corrects, because none or several can be it."""
    credit, of = _invoice(case), ""
    if credit.sense != CREDIT or credit.original_invoice:
        return
    if credit.order_number:
        of = f" of order {credit.order_number}"
    found = ", ".join(case.facts.originals)
    which = (
        f"each of the invoices {found}{of} can be it" if found else f"no invoice{of} with its lines went out to them"
    )
    yield (
        f"the invoice that this credit note corrects is not known: {which}; have D365 name it in the field that "
        f'original_field in {case.facts.section} says, or send such credit notes without it: original = "omit"'
    )


def terms_differ(case: Case) -> Iterator[str]:
    """Due on another day than by the order, or another discount for early payment."""
    if case.order is not None and not _is_credit(case):
        yield from terms.differences(_invoice(case), case.order)


def dated_before_ship(case: Case) -> Iterator[str]:
    """Dated before its goods were shipped."""
    invoice, day = _invoice(case), shipped(case)
    if invoice.date and day and invoice.date < day and not _is_credit(case):
        yield f"it is dated {invoice.date}, but its goods ship on {day}"


def before_notice(case: Case) -> Iterator[str]:
    """No ship notice for the order was sent yet."""
    invoice = _invoice(case)
    if invoice.order_number and not case.facts.notice_sent and invoice.sense != CREDIT:
        yield f"no ship notice for order {invoice.order_number} went out before it"


def _invoice(case: Case) -> Invoice:
    assert isinstance(case.document, Invoice)
    return case.document


def _is_credit(case: Case) -> bool:
    return _invoice(case).sense == CREDIT


def _charged(charge: Charge) -> Decimal:
    if charge.amount is None or charge.handling in NOT_ON_THIS_BILL:
        return ZERO
    return {"allowance": -abs(charge.amount), "charge": charge.amount}.get(charge.kind or "", ZERO)


def _taxed(taxes: Iterable[Tax]) -> Decimal:
    return sum((tax.amount for tax in taxes if tax.amount is not None), ZERO)


def _money(amount: Decimal) -> str:
    return f"{amount.quantize(CENT, ROUND_HALF_UP):f}"
