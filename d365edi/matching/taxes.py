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
from math import ceil, floor

from d365edi.documents import Invoice, InvoiceLine, PurchaseOrder
from d365edi.documents.values import Charge, Tax, TradeParty
from d365edi.matching.numbers import plain
from d365edi.matching.prices import round_cents

CENT, ZERO = Decimal("0.01"), Decimal(0)
TYPE = "value added"
"""The type of the taxes that are broken down."""
DISCOUNT = "discount"
"""The code of what the amount of a line is less of already, and of what the whole invoice is."""
SIGNS = {"charge": Decimal(1), "allowance": Decimal(-1)}
"""What the kind of a charge does to the total."""
DECIMALS = 3
"""How many decimals a rate may have."""
CHANCE = Fraction(1, 10)
"""How many rates with so many decimals may at most give, on average, the tax of an amount by chance."""
READINGS = tuple(product((True, False), repeat=2))
"""The ways in which D365 may be set up: whether lines are taxed less the discount of the whole, and with their own charges."""


@dataclass(frozen=True, slots=True)
class Taxation:
    """What was agreed: rates in percent with their category (5305, None where it is not known), and the numbers of both for
    the tax, None where D365 says them. `place` is the table of the settings."""

    rates: Mapping[Decimal, str | None]
    seller: str | None = None
    buyer: str | None = None
    place: str = ""

    def __str__(self) -> str:
        return ", ".join(f"{plain(rate)} %" for rate in self.rates)


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount that a tax was posted on: of a line, or (without `line`) of what is charged of the whole."""

    what: str
    base: Decimal
    tax: Decimal | None
    line: int | None = None


@dataclass(slots=True)
class Breakdown:
    """What each line and the charges of the whole are taxed with; `problems` where that cannot be said, `unfit` of them where
    no rate gives the tax. `discounted`: lines are taxed less the discount of the whole; `charged`: with their own charges."""

    lines: list[Tax | None] = field(default_factory=list)
    whole: Tax | None = None
    problems: list[str] = field(default_factory=list)
    unfit: int = 0
    discounted: bool = False
    charged: bool = False


def broken_down(invoice: Invoice, agreed: Taxation) -> tuple[Invoice, tuple[str, ...]]:
    """The invoice with its taxes by rate, in all, by line and by charge; and what holds it."""
    readings = [_read(invoice, agreed, *each) for each in READINGS]
    found = min(readings, key=lambda made: (made.unfit, len(made.problems)))
    found.problems += _doubts(invoice, agreed, [made for made in readings if not made.unfit])
    if found.problems:
        return invoice, tuple(f"{problem}, then: d365edi release {invoice.number}" for problem in found.problems)
    return _told(invoice, found), ()


def by_amounts(invoice: Invoice) -> Invoice:
    """The invoice with its taxes by the rates that its amounts show, where nothing was agreed.

    A rate is shown by an amount that is large enough for no other one with so few decimals to give its tax. Of the ways in
    which lines may be taxed the one with the fewest rates counts. Unchanged where that is not certain; categories are not
    known."""
    readings = [(made, rates) for each in READINGS if (rates := _rates(made := _shown(invoice, *each)))]
    fewest = min((len(rates) for _, rates in readings), default=0)
    found = [made for made, rates in readings if len(rates) == fewest]
    types = {tax.type for tax in invoice.taxes}
    if (
        len(types) != 1
        or not found
        or any((each.lines, each.whole) != (found[0].lines, found[0].whole) for each in found)
    ):
        return invoice
    return _told(invoice, found[0], types.pop())


def of_the_whole(invoice: Invoice) -> Invoice:
    """The invoice with its taxes in all and not by line: in an 810 every TXI counts in the total, wherever it stands."""
    return invoice.replace(lines=tuple(line.replace(taxes=()) for line in invoice.lines))


def _told(invoice: Invoice, found: Breakdown, type: str | None = TYPE) -> Invoice:
    """The invoice with the taxes that were found."""
    typed = [tax and tax.replace(type=type) for tax in (*found.lines, found.whole)]
    pairs = zip(invoice.lines, typed, strict=False)
    beside = None if found.charged else typed[-1]
    lines = tuple(
        line.replace(taxes=(tax,) if tax is not None else (), tax=None, charges=_rated(line.charges, beside))
        for line, tax in pairs
    )
    off = [each.code == DISCOUNT and found.discounted for each in invoice.charges]
    charges = tuple(
        each.replace(taxes=_shared(each, invoice.lines, typed)) if shared else _at(each, typed[-1])
        for each, shared in zip(invoice.charges, off, strict=True)
    )
    return invoice.replace(
        lines=lines, charges=charges, taxes=tuple(_by_rate([tax for tax in typed if tax is not None]))
    )


def _by_rate(taxes: Sequence[Tax]) -> Iterator[Tax]:
    """One tax for each rate, the highest first."""
    groups: dict[Tax, list[Tax]] = {}
    for tax in taxes:
        groups.setdefault(tax.replace(base=None, amount=None), []).append(tax)
    for rate, same in sorted(groups.items(), key=lambda each: each[0].percent or ZERO, reverse=True):
        yield rate.replace(
            base=sum((tax.base or ZERO for tax in same), ZERO), amount=sum((tax.amount or ZERO for tax in same), ZERO)
        )


# -- the taxes of charges ---------------------------------------------------------------------------------------------
def of_charges(invoice: Invoice) -> Invoice:
    """The invoice with a tax at each charge of the whole, where all of it has one rate."""
    rate = invoice.taxes[0] if len(invoice.taxes) == 1 else None
    if rate is None or rate.percent is None:
        return invoice
    return invoice.replace(charges=tuple(each if each.taxes else _at(each, rate) for each in invoice.charges))


def _rated(charges: Sequence[Charge], rate: Tax | None) -> tuple[Charge, ...]:
    """The charges of a line with the rate that they are taxed at beside it; its discount is in its amount."""
    return tuple(each if each.code == DISCOUNT else _at(each, rate) for each in charges)


def _at(charge: Charge, rate: Tax | None) -> Charge:
    """A charge that is taxed at a rate; what only informs is not."""
    if rate is None or not charge.amount or charge.kind not in SIGNS:
        return charge
    return charge.replace(taxes=(rate.replace(base=charge.amount, amount=None),))


def _shared(off: Charge, lines: Sequence[InvoiceLine], taxes: Sequence[Tax | None]) -> tuple[Tax, ...]:
    """The rates of what is off the whole, each on its lines' share."""
    pairs = zip(_shares(off.amount or ZERO, lines), taxes, strict=False)
    shares = [tax.replace(base=share, amount=None) for share, tax in pairs if tax is not None and share]
    return tuple(each.replace(amount=None) for each in _by_rate(shares))


# -- which rate -------------------------------------------------------------------------------------------------------
def _taxed(invoice: Invoice, *, discounted: bool, charged: bool) -> Iterator[Taxed]:
    """What is taxed where lines are taxed less the discount of the whole (`discounted`) and with their own charges
    (`charged`): each line, then the rest."""
    off = sum((_signed(charge) for charge in invoice.charges if charge.code == DISCOUNT), ZERO)
    rest = sum((_signed(charge) for charge in invoice.charges if charge.code != DISCOUNT), ZERO)
    shares = _shares(off, invoice.lines) if discounted else [ZERO] * len(invoice.lines)
    rest += ZERO if discounted else off
    for number, (line, share) in enumerate(zip(invoice.lines, shares, strict=True), 1):
        own = sum((_signed(charge) for charge in line.charges if charge.code != DISCOUNT), ZERO)
        rest += ZERO if charged else own
        base = (line.amount or ZERO) + share + (own if charged else ZERO)
        yield Taxed(f"line {number} ({_item(line)})", base, line.tax, number)
    left = sum((tax.amount or ZERO for tax in invoice.taxes), ZERO)
    left -= sum((line.tax or ZERO for line in invoice.lines), ZERO)
    yield Taxed("what is charged of the whole", rest, left)


def _read(invoice: Invoice, agreed: Taxation, discounted: bool, charged: bool) -> Breakdown:
    """The breakdown by the agreed rates."""
    made = Breakdown(discounted=discounted, charged=charged)
    for each in _taxed(invoice, discounted=discounted, charged=charged):
        _add(made, agreed, each)
    return made


def _doubts(invoice: Invoice, agreed: Taxation, fitting: Sequence[Breakdown]) -> Iterator[str]:
    """The lines whose rate is another one in another reading that may be right: amounts of a few cents."""
    for at, line in enumerate(invoice.lines):
        found = [tax for made in fitting if (tax := made.lines[at]) is not None]
        rates = list(dict.fromkeys(tax.percent for tax in found if tax.percent is not None))
        if len(rates) > 1:
            base, amount = found[0].base or ZERO, found[0].amount or ZERO
            yield _unfit(agreed, f"line {at + 1} ({_item(line)})", base, amount, rates)


def _put(made: Breakdown, each: Taxed, tax: Tax | None) -> None:
    if each.line is None:
        made.whole = tax
    else:
        made.lines.append(tax)


def _add(made: Breakdown, agreed: Taxation, each: Taxed) -> None:
    """Find the rate of an amount among those agreed; what costs nothing has no tax."""
    base, amount, tax = each.base, each.tax, None
    found = _fitting(agreed.rates, base, amount) if amount is not None and (base or amount) else []
    if len(found) == 1:
        tax = Tax(percent=found[0], category=agreed.rates[found[0]], base=base, amount=amount)
    elif amount is None:
        made.problems.append(f"D365 gives no tax amount of {each.what}: look at LineTotalTaxAmount there")
    elif base or amount:
        made.problems.append(_unfit(agreed, each.what, base, amount, found))
    made.unfit += not found and (amount is None or bool(base or amount))
    _put(made, each, tax)


def _shown(invoice: Invoice, discounted: bool, charged: bool) -> Breakdown:
    """The breakdown by the rates that the larger amounts show."""
    taxed = _taxed(invoice, discounted=discounted, charged=charged)
    shown = Taxation({rate: None for each in taxed if (rate := _simplest(each)) is not None})
    return _read(invoice, shown, discounted, charged)


def _rates(made: Breakdown) -> set[Decimal | None]:
    """The rates of a breakdown without problems."""
    return set() if made.problems else {tax.percent for tax in (*made.lines, made.whole) if tax is not None}


def _simplest(each: Taxed) -> Decimal | None:
    """The rate with the fewest decimals that gives a tax to the cent; None where it might be one by chance."""
    if each.tax is None or not each.base:
        return None
    share, cent = Fraction(each.tax) / Fraction(each.base), Fraction(CENT) / 2 / abs(Fraction(each.base))
    for places in range(DECIMALS + 1):
        size = 100 * 10**places
        low, high = max(ceil((share - cent) * size), 0), min(floor((share + cent) * size), size)
        if low <= high:
            return Decimal(low).scaleb(-places) if 2 * cent * size <= CHANCE else None
    return None


def _fitting(rates: Mapping[Decimal, str | None], base: Decimal, amount: Decimal) -> list[Decimal]:
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
    return SIGNS.get(charge.kind or "", ZERO) * (charge.amount or ZERO)


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
def registered(
    invoice: Invoice, order: PurchaseOrder | None, agreed: Taxation | None
) -> tuple[Invoice, tuple[str, ...]]:
    """The invoice with the numbers of both parties: the seller's is ours, the buyer's that of who is billed, said of the buyer
    of the order too. What was agreed counts more than what D365 says; where it was, ours must be known, or it is held."""
    parties = invoice.parties
    ours = (agreed.seller if agreed is not None else None) or invoice.seller_tax_id
    theirs = (agreed.buyer if agreed is not None else None) or invoice.buyer_tax_id
    if ours is not None:
        us = parties.vendor if parties.vendor != TradeParty() else parties.remit_to
        parties = parties.replace(vendor=us.replace(tax_id=ours))
    elif agreed is not None:
        remedy = f"write seller under [{agreed.place}], then: d365edi release {invoice.number}"
        return invoice, (f"D365 names no tax registration number of ours; {remedy}",)
    if theirs is not None:
        parties = parties.replace(bill_to=parties.bill_to.replace(tax_id=theirs))
        if TradeParty() != (parties.buyer if order is None else order.parties.buyer):
            parties = parties.replace(buyer=parties.buyer.replace(tax_id=theirs))
    return invoice.replace(parties=parties), ()
