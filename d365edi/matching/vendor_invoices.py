"""What a vendor's invoice is before D365 is asked: its figures as D365 takes them, its charges under our codes, and whether it
adds up.

A credit note has negative quantities and amounts, however its set states it. A price is for one of what is billed, or for a piece
of it, and the charges of lines stand beside their amounts, or are in them: the total decides which.

Knows: invoices, what was agreed about them. Does not know: orders of ours (`order_match`), settings, D365's sets.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import Charge, ChargeLine
from d365edi.matching import charge_lines, crediting, prices
from d365edi.matching.agreements import CHANGING, codes_of
from d365edi.matching.prices import Units
from d365edi.matching.terms import INVOICE, days_after
from d365edi.matching.totals import NOT_ON_THIS_BILL, ZERO, charged, money, slack, tax_readings

Same = Literal["number", "number_and_year"]
"""What makes two invoices of one vendor the same: their number, or the number within a year of invoice dates."""
READINGS: tuple[tuple[Units, bool], ...] = (
    (prices.plainly, False),
    (prices.units_of, False),
    (prices.plainly, True),
    (prices.units_of, True),
)
"""How an invoice may be meant: for what its prices are, and whether the charges of its lines are in the lines' amounts."""
SENSES = (None, "invoice", "debit", crediting.CREDIT)
"""What is written; an invoice that does not say what it is is one."""
UNTOLD = READINGS[1:2]
"""How one without a total is meant."""


@dataclass(frozen=True, slots=True)
class InvoicePolicy:
    """What was agreed about a vendor's invoices. Without arguments: the settings' defaults, for no partner.

    `place` is the flow's table in the settings, as sentences name it; `codes` the partner's codes of charges = ours. `price`
    is by how many percent a price may differ from the order's; `quantity` what happens to more than was ordered, `stocked` to a
    stocked item without an order; `posted_check` where posted invoices may not be read."""

    place: str = "partners.NAME.receive.SET"
    codes: Mapping[str, str] = field(default_factory=dict)
    same: Same = "number"
    price: Decimal = Decimal("0.5")
    quantity: Literal["hold", "warn"] = "hold"
    stocked: Literal["hold", "try"] = "hold"
    posted_check: Literal["warn", "hold"] = "warn"


@dataclass(frozen=True, slots=True)
class Taken:
    """An invoice as D365 takes it: each line with its amount and a price for a whole number of its unit; its charge lines, whose
    `line` is the place of their line (1 is the first). `problems` hold it."""

    invoice: Invoice
    charges: tuple[ChargeLine, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def take(invoice: Invoice, policy: InvoicePolicy) -> Taken:
    """The invoice as it is written to D365, as far as that is known without D365."""
    invoice = _dated(signed(invoice))
    if invoice.sense not in SENSES:
        return Taken(invoice, (), (f'it is no invoice, credit or debit note, but "{invoice.sense}"',))
    found = [(place, each) for place, each in _charges(invoice) if _counts(each)]
    wrong = [why for place, each in found for why in _unwritable(each, place, policy)]
    readings = READINGS if invoice.total is not None else UNTOLD
    made = next((made for reading in readings if (made := _read(invoice, *reading)) is not None), None)
    if made is None:
        return Taken(invoice, (), (*wrong, _wrong_total(invoice)))
    read, inside = made
    if wrong:
        return Taken(read, (), tuple(wrong))
    written = tuple(_charge_line(each, place, policy) for place, each in found if not (inside and place))
    said = "the charges of its lines are in the lines' amounts, and are not written once more"
    return Taken(read, written, (), (said,) if inside and any(place for place, _ in found) else ())


def signed(invoice: Invoice) -> Invoice:
    """A credit note with negative figures, as D365 has it; any other invoice as it is."""
    figures = (invoice.total, *(line.amount for line in invoice.lines), *(line.quantity for line in invoice.lines))
    first = next((each for each in figures if each), ZERO)
    return crediting.turned(invoice) if invoice.sense == crediting.CREDIT and first > 0 else invoice


def _dated(invoice: Invoice) -> Invoice:
    """An invoice with the day on which it is due, where it says in how many days of its own date."""
    terms = invoice.terms
    if (
        terms.net_due is not None
        or terms.net_days is None
        or invoice.date is None
        or terms.basis not in (None, INVOICE)
    ):
        return invoice
    made: Invoice = invoice.replace(terms=terms.replace(net_due=days_after(invoice.date, terms.net_days)))
    return made


def year_of(invoice: Invoice, same: Same) -> str:
    """The year within which the invoice's number counts once, "" where it does for ever."""
    return str(invoice.date.year) if same == "number_and_year" and invoice.date is not None else ""


def own_reference(company: str, account: str, invoice: Invoice, same: Same) -> str:
    """A reference for the invoice that is the same each time it is made."""
    said = [company.casefold(), account.casefold(), invoice.number, year_of(invoice, same)]
    return str(uuid5(NAMESPACE_URL, "\n".join(said)))


# -- figures ----------------------------------------------------------------------------------------------------------
def _read(invoice: Invoice, units: Units, inside: bool) -> tuple[Invoice, bool] | None:
    """The invoice as it is by one reading, and whether its lines' charges are in their amounts; None where it does not add up
    so."""
    lines = [_line(line, units, inside) for line in invoice.lines]
    if inside and not any(line.charges and line.amount is not None for line in invoice.lines):
        return None
    whole = [line for line in lines if line is not None]
    if len(whole) < len(lines):
        return None
    if invoice.total is not None:
        goods = sum((line.amount for line in whole), ZERO)
        charges = sum((charged(each) for place, each in _charges(invoice) if not (inside and place)), ZERO)
        left, most = invoice.total - goods - charges, slack(len(whole))
        if all(abs(left - taxes) > most for taxes in tax_readings(invoice)):
            return None
    made: Invoice = invoice.replace(lines=tuple(whole))
    return made, inside


def _line(line: InvoiceLine, units: Units, inside: bool) -> Any:
    """A line with its amount, and its price for a whole number of its unit; None where nothing says what it comes to."""
    count = units(line)
    if isinstance(count, str):
        return None
    priced = line.price is not None and line.quantity is not None
    if priced and not (inside and line.amount is not None):
        amount = prices.round_cents(Fraction(line.quantity or 0) * Fraction(line.price or 0) / count)
        return prices.for_units(line, count).replace(amount=amount)
    return prices.for_units(line, count) if line.amount is not None else None


def _wrong_total(invoice: Invoice) -> str:
    """Why an invoice cannot be read so that it adds up."""
    for place, line in enumerate(invoice.lines, 1):
        name, units = line.number or place, prices.units_of(line)
        if line.amount is None and (line.price is None or line.quantity is None):
            return f"line {name} has neither an amount nor a price and a quantity"
        if isinstance(units, str) and (invoice.total is None or isinstance(prices.plainly(line), str)):
            return f"line {name}: {units}"
    lines = [_line(line, prices.plainly, False) for line in invoice.lines]
    goods = sum((line.amount for line in lines if line is not None), ZERO)
    charges = sum((charged(each) for _, each in _charges(invoice)), ZERO)
    taxes = tax_readings(invoice)[1]
    return (
        f"its total is {money(invoice.total or ZERO)}, but lines {money(goods)}, charges {money(charges)} and taxes "
        f"{money(taxes)} come to {money(goods + charges + taxes)}"
    )


# -- charges ----------------------------------------------------------------------------------------------------------
def _charges(invoice: Invoice) -> Iterator[tuple[int, Charge]]:
    """Every allowance and charge with the place of its line, 0 for the invoice as a whole."""
    yield from ((0, each) for each in invoice.charges)
    yield from ((place, each) for place, line in enumerate(invoice.lines, 1) for each in line.charges)


def _counts(charge: Charge) -> bool:
    """Whether it changes what is to be paid with this invoice."""
    return charge.kind in CHANGING and charge.handling not in NOT_ON_THIS_BILL and charge.amount != 0


def _unwritable(charge: Charge, place: int, policy: InvoicePolicy) -> Iterable[str]:
    code = _code(charge)
    name = f"{charge.kind} {code or 'without a code'}" + (f" of line {place}" if place else "")
    if charge.amount is None:
        yield f"{name} has no amount"
    if _ours(charge, policy) is None:
        partner = ".".join(policy.place.split(".")[:2])
        row = f'{code} = "..." (our charge code)' if code else "a row for it"
        yield f"{name} is none of ours: add {row} under [{partner}.codes.charge]"


def _code(charge: Charge) -> str:
    return next(iter(codes_of(charge)), "")


def _ours(charge: Charge, policy: InvoicePolicy) -> str | None:
    return next((policy.codes[code] for code in codes_of(charge) if code in policy.codes), None)


def _charge_line(charge: Charge, place: int, policy: InvoicePolicy) -> ChargeLine:
    whole = charge.replace(percent=None, kind="charge")
    return charge_lines.charge_line(whole, _ours(charge, policy) or "", charged(charge), place or None)
