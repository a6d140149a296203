"""What an invoice comes to: its charges and taxes as figures, and how far rounding may part its total from their sum.

Knows: charges, taxes. Does not know: lines, prices, what follows from a wrong total.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from d365edi.documents import Invoice
from d365edi.documents.values import Charge, Tax
from d365edi.matching.prices import round_cents

CENT, ZERO = Decimal("0.01"), Decimal(0)
NOT_ON_THIS_BILL = frozenset({"bill back", "information"})
"""Ways of handling a charge that add nothing to the total: bill back, information only."""


def charged(charge: Charge) -> Decimal:
    """What a charge adds to the total; below zero for an allowance."""
    if charge.amount is None or charge.handling in NOT_ON_THIS_BILL:
        return ZERO
    return {"allowance": -abs(charge.amount), "charge": charge.amount}.get(charge.kind or "", ZERO)


def taxed(taxes: Iterable[Tax]) -> Decimal:
    """The sum of taxes."""
    return sum((tax.amount for tax in taxes if tax.amount is not None), ZERO)


def tax_readings(invoice: Invoice) -> tuple[Decimal, Decimal]:
    """What all taxes of an invoice may come to: those of the whole may stand beside those of its lines, or sum these up."""
    of_all, of_lines = taxed(invoice.taxes), taxed(_line_taxes(invoice))
    return of_all + of_lines, of_all or of_lines


def settled_taxes(invoice: Invoice, beside: bool) -> Invoice:
    """The invoice with its taxes at one place, so that they come to one amount: those of the whole and of the lines together
    where they stand `beside` each other, else those of the whole, where it has any."""
    said = taxed(invoice.taxes) != 0
    of_all = (*invoice.taxes, *_line_taxes(invoice)) if beside or not said else invoice.taxes
    lines = tuple(line.replace(taxes=()) if line.taxes else line for line in invoice.lines)
    made: Invoice = invoice.replace(taxes=tuple(of_all), lines=lines)
    return made


def owed(invoice: Invoice) -> Decimal | None:
    """What all taxes of an invoice come to, where those of the whole sum up those of its lines; None where it says none."""
    each = (*invoice.taxes, *_line_taxes(invoice))
    said = any(tax.amount is not None for tax in each)
    return tax_readings(invoice)[1] if said else None


def _line_taxes(invoice: Invoice) -> Iterator[Tax]:
    return (tax for line in invoice.lines for tax in line.taxes)


def slack(amounts: Iterable[Fraction]) -> Fraction:
    """By how much a total may differ from the sum of these amounts: by a cent, since taxes and charges are rounded too, and by
    what rounding each amount to cents makes of it, which is nothing where none has parts of a cent."""
    return sum((abs(Fraction(round_cents(each)) - each) for each in amounts), Fraction(CENT))


def money(amount: Decimal) -> str:
    """An amount with two decimals."""
    return f"{amount.quantize(CENT, ROUND_HALF_UP):f}"
