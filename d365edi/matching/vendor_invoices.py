"""What a vendor's invoice is before D365 is asked: its figures as D365 takes them, its charges under our codes, and whether it
adds up.

A credit note has negative quantities and amounts, however its set states it. A price is for one of what is billed, or for a piece
of it, and the charges of lines stand beside their amounts, or are in them: the total decides which.

Knows: invoices, what was agreed about them. Does not know: orders of ours (`order_match`), settings, D365's sets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import Charge, ChargeLine
from d365edi.matching import charge_lines, crediting, prices
from d365edi.matching.agreements import CHANGING, codes_of
from d365edi.matching.numbers import plain
from d365edi.matching.prices import Units
from d365edi.matching.terms import INVOICE, days_after
from d365edi.matching.totals import CENT, NOT_ON_THIS_BILL, ZERO, charged, money, settled_taxes, slack, tax_readings

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
"""How one is meant that has neither a total nor an amount in each line."""


@dataclass(frozen=True, slots=True)
class InvoicePolicy:
    """What was agreed about a vendor's invoices. Without arguments: the settings' defaults, for no partner.

    `place` is the flow's table in the settings, as sentences name it; `codes` the partner's codes of charges = ours. `price`
    is by how many percent a price may differ from the order's; `quantity` what happens to more than was ordered, `item` to a line
    whose number fits and whose item's number nobody knows, `stocked` to a stocked item without an order; `posted_check` where
    posted invoices may not be read."""

    place: str = "partners.NAME.receive.SET"
    codes: Mapping[str, str] = field(default_factory=dict)
    same: Same = "number"
    price: Decimal = Decimal("0.5")
    quantity: Literal["hold", "warn"] = "hold"
    item: Literal["hold", "warn"] = "hold"
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
    if invoice.discount and invoice.total is None:
        wrong.append(f"its discount is {money(invoice.discount)}, and no total says whether that is taken off")
    readings = READINGS if invoice.total is not None or _all_stated(invoice) else UNTOLD
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
    """The invoice as it is by one reading, with the taxes by which its total fits, and whether its lines' charges are in their
    amounts; None where it does not add up so."""
    lines = [_line(line, units, inside) for line in invoice.lines]
    if inside and not any(line.charges and line.amount is not None for line in invoice.lines):
        return None
    whole = [line for line in lines if line is not None]
    if len(whole) < len(lines):
        return None
    beside = _taxes_beside(invoice, whole, inside)
    if beside is None:
        return None
    made: Invoice = settled_taxes(invoice.replace(lines=tuple(line for line, _ in whole)), beside)
    return made, inside


Exact = tuple[Any, Fraction]
"""A line with its amount, and that amount before it is rounded to cents."""


def _taxes_beside(invoice: Invoice, lines: Sequence[Exact], inside: bool) -> bool | None:
    """Whether the taxes of the lines stand beside those of the whole, as the total says; None where it fits neither way."""
    readings = tax_readings(invoice)
    if invoice.total is None:
        return False if readings[0] == readings[1] or readings[0] == 2 * readings[1] else None
    charges = sum((charged(each) for place, each in _charges(invoice) if not (inside and place)), ZERO)
    exact = [amount for _, amount in lines]
    left = Fraction(invoice.total) - sum(exact, Fraction(charges))
    off = [abs(left - Fraction(taxes)) for taxes in readings]
    return off[0] < off[1] if min(off) <= slack(exact) else None


def _line(line: InvoiceLine, units: Units, inside: bool) -> Exact | None:
    """A line with its amount, and its price for a whole number of its unit; None where nothing says what it comes to, or the
    amount that it states is another one."""
    count = units(line)
    if isinstance(count, str):
        return None
    stated = Fraction(line.amount) if line.amount is not None else None
    exact = prices.unrounded(line, count)
    if exact is None:
        return (prices.for_units(line, count), stated) if stated is not None else None
    if stated is not None:
        charges = Fraction(sum(map(charged, line.charges), ZERO))
        if inside or abs(stated - exact) < CENT:
            exact = stated if abs(stated - exact) < CENT else None
        else:
            exact = stated - charges if abs(stated - charges - exact) < CENT else None
    if exact is None:
        return None
    return prices.for_units(line, count).replace(amount=prices.round_cents(exact)), exact


def _wrong_total(invoice: Invoice) -> str:
    """Why an invoice cannot be read so that it adds up."""
    for place, line in enumerate(invoice.lines, 1):
        if why := _wrong_line(line, sure=invoice.total is not None or _all_stated(invoice)):
            return f"line {line.number or place}{why}"
    lines = [each for line in invoice.lines for each in (_line(line, prices.plainly, False),) if each is not None]
    goods = sum((line.amount for line, _ in lines), ZERO)
    charges = sum((charged(each) for _, each in _charges(invoice)), ZERO)
    both, taxes = tax_readings(invoice)
    if invoice.total is None:
        said = f"its taxes are {money(taxes)} for the whole and {money(both - taxes)} for its lines"
        return f"{said}, and no total says whether these are in those"
    return (
        f"its total is {money(invoice.total)}, but lines {money(goods)}, charges {money(charges)} and taxes "
        f"{money(taxes)} come to {money(goods + charges + taxes)}"
    )


def _wrong_line(line: InvoiceLine, sure: bool) -> str:
    """What is wrong with a line whatever the others say; "" for nothing. `sure`: it may be read plainly."""
    if line.amount is None and (line.price is None or line.quantity is None):
        return " has neither an amount nor a price and a quantity"
    counts = [each(line) for each in (prices.plainly, prices.units_of)]
    if isinstance(counts[1], str) and (not sure or isinstance(counts[0], str)):
        return f": {counts[1]}"
    if line.amount is None or any(_line(line, units, inside) is not None for units, inside in READINGS):
        return ""
    count = counts[0] if not isinstance(counts[0], str) else counts[1]
    exact = prices.unrounded(line, count)
    charges = sum(map(charged, line.charges), ZERO)
    comes = f"come to {money(prices.round_cents(exact or Fraction(0)))}" + (
        f" and its charges to {money(charges)}" if charges else ""
    )
    return f": {plain(line.quantity)} at {plain(line.price)} {comes}, but its amount is {money(line.amount)}"


def _all_stated(invoice: Invoice) -> bool:
    return all(line.amount is not None for line in invoice.lines)


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
