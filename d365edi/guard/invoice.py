"""Errors of an invoice that do not depend on the order: sent twice, wrong total, too early.

Knows: invoices. Does not know: orders' prices and quantities, levels, costs.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from d365edi.documents import Invoice
from d365edi.guard.case import Case
from d365edi.guard.compare import ZERO, shipped
from d365edi.matching import prices, terms, totals
from d365edi.matching.crediting import CREDIT
from d365edi.matching.totals import CENT, charged, money, tax_readings


def duplicate(case: Case) -> Iterator[str]:
    """The same number again, or another number for a billed packing slip."""
    invoice = _invoice(case)
    if case.facts.same_number:
        yield f"an invoice {invoice.number} went out to them before, on {case.facts.same_number[0]}"
    if case.facts.same_goods:
        yield f"packing slip {invoice.packing_slip} was billed before, by invoice {case.facts.same_goods}"


ROUNDED = 2 * CENT
"""By how much a total may be off however few prices have parts of a cent: D365 rounds taxes and charges by itself."""


def total_wrong(case: Case) -> Iterator[str]:
    """Lines, charges less allowances, and taxes do not sum up to the total; or another total is written."""
    invoice = _invoice(case)
    exact = [prices.unrounded(line, prices.plainly(line)) for line in invoice.lines]
    amounts = [amount for amount in exact if amount is not None]
    if invoice.total is None or len(amounts) < len(exact):
        return
    goods = sum(map(prices.round_cents, amounts), ZERO)
    charges = sum(map(charged, (*invoice.charges, *(c for line in invoice.lines for c in line.charges))), ZERO)
    readings, slack = tax_readings(invoice), max(totals.slack(amounts), Fraction(ROUNDED))
    left = Fraction(invoice.total - charges) - sum(amounts, Fraction(0))
    if all(abs(left - Fraction(taxes)) > slack for taxes in readings):
        yield (
            f"the total is {money(invoice.total)}, but lines {money(goods)}, charges {money(charges)} and "
            f"taxes {money(readings[1])} come to {money(goods + charges + readings[1])}"
        )
    written = next((segment[1] for segment in case.body if segment[0] == "TDS" and len(segment) > 1), None)
    cents = (invoice.total / CENT).quantize(Decimal(1), ROUND_HALF_UP)
    right = {f"{cents}", f"{abs(cents)}"} if _is_credit(case) else {f"{cents}"}
    if isinstance(written, str) and written not in right:
        yield f"TDS01 is {written}, but the total is {money(invoice.total)}"


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
    found = (sentence for order in case.orders for sentence in terms.differences(_invoice(case), order))
    if not _is_credit(case):
        yield from dict.fromkeys(found)


def dated_before_ship(case: Case) -> Iterator[str]:
    """Dated before its goods were shipped."""
    invoice, day = _invoice(case), shipped(case)
    if invoice.date and day and invoice.date < day and not _is_credit(case):
        yield f"it is dated {invoice.date}, but its goods ship on {day}"


def before_notice(case: Case) -> Iterator[str]:
    """No ship notice for the order was sent yet."""
    invoice = _invoice(case)
    if (numbers := order_numbers(invoice)) and not case.facts.notice_sent and invoice.sense != CREDIT:
        yield f"no ship notice for order {', '.join(numbers)} went out before it"


def order_numbers(invoice: Invoice) -> list[str]:
    """The orders that an invoice names, as a whole or line by line."""
    found = (invoice.order_number, *(line.order_number for line in invoice.lines))
    return list(dict.fromkeys(number for number in found if number))


def _invoice(case: Case) -> Invoice:
    assert isinstance(case.document, Invoice)
    return case.document


def _is_credit(case: Case) -> bool:
    return _invoice(case).sense == CREDIT
