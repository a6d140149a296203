"""Whether a payment adds up: what is paid for its items, and what is paid more or less besides, against its total.

Most partners say for each item what is paid after its deductions; some say it before. The second way is recognised and reported,
because the journal's lines would be wrong by the deductions. A payment that adds up in neither way is nobody's to post.

Knows: remittances. Does not know: messages, D365.
"""

from collections.abc import Iterable
from decimal import Decimal

from d365edi.documents import Adjustment, Remittance
from d365edi.edi.findings import Finding


def balance(payment: Remittance) -> tuple[Finding, ...]:
    """An error when the items of a payment do not come to its total; nothing where it names no total."""
    if payment.total is None:
        return ()
    paid = sum((line.paid or Decimal(0) for line in payment.lines), Decimal(0))
    net = paid + _sum(payment.adjustments)
    gross = net + sum((_sum(line.adjustments) for line in payment.lines), Decimal(0))
    if payment.total == net:
        return ()
    if payment.total == gross:
        reason = f"the items come to {net}, and only less their deductions to the total {payment.total}"
    else:
        reason = f"the items come to {net}, and the total is {payment.total}"
    remedy = "ask the partner what is paid for what, and post the payment by hand"
    return (Finding("document", "error", "", reason, value=str(payment.total), remedy=remedy, rule="balance"),)


def _sum(adjustments: Iterable[Adjustment]) -> Decimal:
    return sum((each.amount or Decimal(0) for each in adjustments), Decimal(0))
