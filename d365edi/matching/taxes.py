"""Which rate of value added tax applies to each amount of an invoice, on what base, and how much it comes to per rate.

D365 posts the amount of the tax of a line and of the whole, and no rate. The rate is found: of those that were agreed, the
one that gives this tax of the line's amount, to the cent. What a discount or a charge of the whole is taxed with is what is
left of the tax. Whether the discount of the whole and a line's own charges are in the line's tax depends on how D365 is set
up: they are where the rates fit so. What fits no rate, or several, holds the invoice; nothing is guessed.

Knows: invoices, rates. Does not know: settings, how a tax is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import product

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import Charge, Tax, TradeParty
from d365edi.matching.numbers import plain
from d365edi.matching.prices import round_cents

CENT, ZERO = Decimal("0.01"), Decimal(0)
TYPE = "value added"
"""The type of the taxes that are broken down."""
DISCOUNT = "discount"
"""The code of what the amount of a line is less of already, and of what the whole invoice is."""


@dataclass(frozen=True, slots=True)
class Taxation:
    """What was agreed: rates in percent with their category (5305), and the numbers of both for the tax, None where
    D365 says them. `place` is the table of the settings."""

    rates: Mapping[Decimal, str]
    seller: str | None = None
    buyer: str | None = None
    place: str = ""

    def __str__(self) -> str:
        return ", ".join(f"{plain(rate)} %" for rate in self.rates)


@dataclass(slots=True)
class Breakdown:
    """What each line and the charges of the whole are taxed with; `problems` where that cannot be said."""

    lines: list[Tax | None] = field(default_factory=list)
    whole: list[Tax] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def broken_down(invoice: Invoice, agreed: Taxation | None) -> tuple[Invoice, tuple[str, ...]]:
    """The invoice with its taxes by rate, in all and by line, and both parties' numbers; and what holds it. Unchanged where
    nothing was agreed."""
    if agreed is None:
        return invoice, ()
    found = None
    for discounted, charged in product((True, False), repeat=2):
        made = _read(invoice, agreed, discounted=discounted, charged=charged)
        found = made if found is None or (found.problems and not made.problems) else found
    assert found is not None
    invoice, more = _registered(invoice, agreed)
    if problems := (*found.problems, *more):
        return invoice, tuple(f"{problem}, then: d365edi release {invoice.number}" for problem in problems)
    pairs = zip(invoice.lines, found.lines, strict=True)
    lines = tuple(line.replace(taxes=(tax,) if tax is not None else (), tax=None) for line, tax in pairs)
    taxes = [tax for tax in (*found.lines, *found.whole) if tax is not None]
    return invoice.replace(lines=lines, taxes=tuple(_by_rate(taxes))), ()


def _by_rate(taxes: Sequence[Tax]) -> Iterator[Tax]:
    """One tax for each rate, the highest first."""
    groups: dict[Tax, list[Tax]] = {}
    for tax in taxes:
        groups.setdefault(tax.replace(base=None, amount=None), []).append(tax)
    for rate, same in sorted(groups.items(), key=lambda each: each[0].percent or ZERO, reverse=True):
        yield rate.replace(
            base=sum((tax.base or ZERO for tax in same), ZERO), amount=sum((tax.amount or ZERO for tax in same), ZERO)
        )


# -- which rate -------------------------------------------------------------------------------------------------------
def _read(invoice: Invoice, agreed: Taxation, *, discounted: bool, charged: bool) -> Breakdown:
    """The taxes where lines are taxed less the discount of the whole (`discounted`) and with their own charges (`charged`)."""
    made = Breakdown()
    off = sum((_signed(charge) for charge in invoice.charges if charge.code == DISCOUNT), ZERO)
    rest = sum((_signed(charge) for charge in invoice.charges if charge.code != DISCOUNT), ZERO)
    shares = _shares(off, invoice.lines) if discounted else [ZERO] * len(invoice.lines)
    rest += ZERO if discounted else off
    for number, (line, share) in enumerate(zip(invoice.lines, shares, strict=True), 1):
        own = sum((_signed(charge) for charge in line.charges if charge.code != DISCOUNT), ZERO)
        rest += ZERO if charged else own
        base = (line.amount or ZERO) + share + (own if charged else ZERO)
        _add(made, made.lines, agreed, f"line {number} ({_item(line)})", base, line.tax)
    left = sum((tax.amount or ZERO for tax in invoice.taxes), ZERO)
    left -= sum((line.tax or ZERO for line in invoice.lines), ZERO)
    rates = list[Tax | None]()
    _add(made, rates, agreed, "what is charged of the whole", rest, left)
    made.whole = [tax for tax in rates if tax is not None]
    return made


def _add(
    made: Breakdown, taxes: list[Tax | None], agreed: Taxation, what: str, base: Decimal, amount: Decimal | None
) -> None:
    """Find the rate of an amount; what costs nothing has no tax."""
    if amount is None:
        made.problems.append(f"D365 gives no tax amount of {what}: look at LineTotalTaxAmount there")
        return
    if not base and not amount:
        taxes.append(None)
        return
    found = _fitting(agreed.rates, base, amount)
    if len(found) == 1:
        taxes.append(Tax(type=TYPE, percent=found[0], category=agreed.rates[found[0]], base=base, amount=amount))
        return
    made.problems.append(_unfit(agreed, what, base, amount, found))


def _fitting(rates: Mapping[Decimal, str], base: Decimal, amount: Decimal) -> list[Decimal]:
    """The rates that give this tax of an amount: rounded, or else within a cent."""
    due = {rate: Fraction(base) * Fraction(rate) / 100 for rate in rates}
    exact = [rate for rate, tax in due.items() if round_cents(tax) == amount]
    return exact or [rate for rate, tax in due.items() if abs(tax - Fraction(amount)) <= CENT]


def _unfit(agreed: Taxation, what: str, base: Decimal, amount: Decimal, found: Sequence[Decimal]) -> str:
    said = f"{what}: its tax {amount:.2f} on {base:.2f}"
    if found:
        *first, last = (f"{plain(rate)} %" for rate in found)
        rates = f"{', '.join(first)} and {last}"
        return f"{said} fits {rates} alike; leave those out that are not meant, of rates in [{agreed.place}]"
    percent = f" ({plain((amount * 100 / base).quantize(CENT))} %)" if base else ""
    return (
        f"{said}{percent} is none of the rates {agreed}; correct it in D365, or if it is right add it to rates in "
        f"[{agreed.place}]"
    )


def _signed(charge: Charge) -> Decimal:
    """What a charge adds to the total."""
    return {"charge": Decimal(1), "allowance": Decimal(-1)}.get(charge.kind or "", ZERO) * (charge.amount or ZERO)


def _shares(off: Decimal, lines: Sequence[InvoiceLine]) -> list[Decimal]:
    """An amount over the lines in proportion to theirs, to the cent; what is left by rounding is the largest line's."""
    amounts = [line.amount or ZERO for line in lines]
    whole = sum(amounts, ZERO)
    if not off or not whole:
        return [ZERO] * len(lines)
    shares = [round_cents(Fraction(off) * Fraction(amount) / Fraction(whole)) for amount in amounts]
    shares[max(range(len(lines)), key=lambda at: abs(amounts[at]))] += off - sum(shares, ZERO)
    return shares


def _item(line: InvoiceLine) -> str:
    return line.item.own or line.item.vendor or line.item.gtin or "no item"


# -- whose tax --------------------------------------------------------------------------------------------------------
def _registered(invoice: Invoice, agreed: Taxation) -> tuple[Invoice, tuple[str, ...]]:
    """The invoice with the numbers of both parties: the seller's is ours, the buyer's that of who is billed."""
    parties, ours = invoice.parties, agreed.seller or invoice.seller_tax_id
    theirs = agreed.buyer or invoice.buyer_tax_id
    if ours is None:
        return invoice, (f"D365 names no tax registration number of ours; write seller under [{agreed.place}]",)
    us = parties.vendor if parties.vendor != TradeParty() else parties.remit_to
    parties = parties.replace(vendor=us.replace(tax_id=ours))
    if theirs is not None:
        parties = parties.replace(bill_to=parties.bill_to.replace(tax_id=theirs))
    return invoice.replace(parties=parties), ()
