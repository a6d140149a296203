"""What an invoice comes to: its charges and taxes as figures, and how far rounding may part its total from their sum.

Knows: charges, taxes. Does not know: lines, prices, what follows from a wrong total.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from d365edi.documents import Invoice
from d365edi.documents.values import Charge, Tax

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
    of_all, of_lines = taxed(invoice.taxes), taxed(tax for line in invoice.lines for tax in line.taxes)
    return of_all + of_lines, of_all or of_lines


def owed(invoice: Invoice) -> Decimal | None:
    """What all taxes of an invoice come to; None where it says none."""
    each = (*invoice.taxes, *(tax for line in invoice.lines for tax in line.taxes))
    said = any(tax.amount is not None for tax in each)
    return tax_readings(invoice)[1] if said else None


def slack(lines: int) -> Decimal:
    """By how much a total may differ from the sum of so many rounded amounts."""
    return CENT * (1 + (lines + 1) // 2)


def money(amount: Decimal) -> str:
    """An amount with two decimals."""
    return f"{amount.quantize(CENT, ROUND_HALF_UP):f}"
