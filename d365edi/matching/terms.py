"""When an invoice is to be paid: its due dates as D365 posted them, and the days that follow from these.

D365's dates are the one source. Days are counted from the invoice's date, so that days and dates of a message cannot contradict
each other; what the order said is written where D365 agrees with it, and is otherwise a difference for the guard to report.

Knows: invoices and the terms of their orders. Does not know: how terms are written, what follows from a difference.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.documents.values import Terms
from d365edi.matching.numbers import plain

INVOICE, SHIPPED = "invoice", "ship"
"""What days are counted from (`Terms.basis`): the invoice's date, the day when the goods left."""
CENT = Decimal("0.01")
AS_AGREED = ("type", "description", "day_of_month", "method")
"""What only the order says of terms, repeated where D365 agrees with the rest."""


def dated(invoice: Invoice, order: PurchaseOrder | None) -> Invoice:
    """The invoice with days that agree with its dates, and with what the order said where D365 says the same."""
    ours, theirs = _discounted(invoice, order), order.terms if order is not None else Terms()
    net, early = _days(invoice, ours.net_due), _days(invoice, ours.discount_due)
    counted = net is not None or early is not None
    ours = ours.replace(net_days=net, discount_days=early, basis=INVOICE if counted else None)
    found = invoice.replace(terms=ours)
    if order is not None and ours.net_due is not None and not any(differences(found, order)):
        agreed = {name: value for name in AS_AGREED if (value := getattr(theirs, name)) is not None}
        found = invoice.replace(terms=ours.replace(**agreed))
    return _with_a_day(found)


def _with_a_day(invoice: Invoice) -> Invoice:
    """The invoice without a discount of which nobody says until when: a percentage needs a day (ITD's note L03040513)."""
    terms = invoice.terms
    if terms.discount_percent is None or (terms.discount_due, terms.discount_days, terms.day_of_month) != (None,) * 3:
        return invoice
    return invoice.replace(terms=terms.replace(discount_percent=None))


def _discounted(invoice: Invoice, order: PurchaseOrder | None) -> Terms:
    """The terms with the order's percentage and day of the discount, where D365 says no more than the amount, or the percentage,
    and it is that of the order."""
    ours, theirs = invoice.terms, order.terms if order is not None else Terms()
    percent, days = theirs.discount_percent, theirs.discount_days
    if percent is None or days is None or ours.discount_due is not None or invoice.date is None:
        return ours
    if theirs.basis not in (None, INVOICE) or ours.discount_percent not in (None, percent):
        return ours
    if ours.discount_percent is None and not _comes_to(invoice, percent):
        return ours
    return ours.replace(discount_percent=percent, discount_due=days_after(invoice.date, days))


def days_after(day: date, days: int) -> date | None:
    """The day so many days after another one; None where no calendar has it, as of a date that stands in place of days."""
    try:
        return day + timedelta(days)
    except OverflowError:
        return None


def _comes_to(invoice: Invoice, percent: Decimal) -> bool:
    """Whether the discount that D365 posted is so much of the total."""
    if not invoice.discount or invoice.total is None:
        return False
    return abs(invoice.total * percent / 100 - invoice.discount) <= CENT


def _days(invoice: Invoice, due: date | None) -> int | None:
    """From the invoice's date to a day; None where the day is not after it."""
    if invoice.date is None or due is None or due < invoice.date:
        return None
    return (due - invoice.date).days


def differences(invoice: Invoice, order: PurchaseOrder) -> Iterator[str]:
    """How an invoice's terms differ from its order's, where both say something that can be compared."""
    ours, theirs = invoice.terms, order.terms
    due = theirs.net_due or _after(invoice, theirs, theirs.net_days)
    if due is not None and ours.net_due is not None and due != ours.net_due:
        yield f"it is due on {ours.net_due}, but by the order{_counted(theirs, theirs.net_days)} on {due}"
    percent, theirs_percent = ours.discount_percent or Decimal(0), theirs.discount_percent or Decimal(0)
    if _silent(theirs) or (invoice.discount and not percent and not theirs_percent):
        return
    if percent != theirs_percent:
        yield f"its discount for early payment is {plain(percent)} %, but {plain(theirs_percent)} % in the order"
        return
    early = theirs.discount_due or _after(invoice, theirs, theirs.discount_days)
    if percent and early is not None and ours.discount_due is not None and early != ours.discount_due:
        yield (
            f"its discount ends on {ours.discount_due}, but by the order{_counted(theirs, theirs.discount_days)} on {early}"
        )


def _silent(terms: Terms) -> bool:
    return terms == Terms() or (terms.net_days is None and terms.net_due is None and terms.discount_percent is None)


def _after(invoice: Invoice, terms: Terms, days: int | None) -> date | None:
    """The day so many days after what the terms count from; None where that is not known, or a day of the month counts."""
    if days is None or terms.day_of_month is not None:
        return None
    shipped = [day for day in (invoice.ship_date, *(line.ship_date for line in invoice.lines)) if day is not None]
    start = {None: invoice.date, INVOICE: invoice.date, SHIPPED: max(shipped, default=None)}.get(terms.basis)
    return days_after(start, days) if start is not None else None


def _counted(terms: Terms, days: int | None) -> str:
    return f" ({days} days after the {terms.basis or INVOICE} date)" if days is not None else ""
