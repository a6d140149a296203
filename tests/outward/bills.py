"""Invoices and credit notes of a deal, as D365 posts them: drawn as plain facts, with discounts, charges and taxes by rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.outward.deals import POSTED, Allowance, Bought, Deal, Sold, cents, money, none

NOTHING = Decimal(0)
RATES = {"19": "S", "7": "S", "0": "Z"}
"""Rates in percent with their categories."""


@dataclass(frozen=True, slots=True)
class Billed:
    """A line of an invoice. `own` and `share` of its discount are what the order takes off it, and off all of the order; they
    are known where D365 posted just that. `tax` is at `rate`, where rates were agreed."""

    sold: Sold
    quantity: Decimal
    discount: Decimal
    charge: Decimal
    own: Decimal | None = None
    share: Decimal | None = None
    rate: str = ""
    tax: Decimal = NOTHING

    @property
    def exact(self) -> Fraction:
        """Quantity times price."""
        return Fraction(self.quantity) * Fraction(self.sold.price) / self.sold.per

    @property
    def gross(self) -> Decimal:
        """The same, in cents' worth."""
        return cents(self.exact)

    @property
    def amount(self) -> Decimal:
        """What D365 posts for it: the discount taken off, charges apart."""
        return self.gross - self.discount


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice of an order, or a credit note for the invoice of that number (`credits`). `rest` is the tax of what is charged
    of the whole; lines are taxed by `rates`, where these are known. `agreed`: the settings have them."""

    number: str
    due: date
    lines: tuple[Billed, ...]
    charge: Decimal
    discount: Decimal
    rest: Decimal
    rates: Mapping[str, str] = field(default_factory=dict)
    credits: str = ""
    agreed: bool = False

    @property
    def tax(self) -> Decimal:
        """All taxes."""
        return self.rest + sum((line.tax for line in self.lines), NOTHING)

    @property
    def charges(self) -> Decimal:
        """All charges, those of lines among them, as D365 adds them up."""
        return self.charge + sum((line.charge for line in self.lines), NOTHING)

    @property
    def goods(self) -> Decimal:
        """What the lines come to."""
        return sum((line.amount for line in self.lines), NOTHING)

    @property
    def total(self) -> Decimal:
        """What is to be paid, or to be paid back."""
        return self.goods + self.charges - self.discount + self.tax


@st.composite
def bills(draw: DrawFn, deal: Deal) -> Bill | None:
    """An invoice of some of what was sold; None where there is nothing to bill."""
    chosen = [each for each in deal.sold if not each.cancelled and draw(st.sampled_from([True, True, False]))]
    as_ordered = draw(st.booleans())
    lines = [draw(billed(deal, each, as_ordered=as_ordered)) for each in chosen]
    goods = sum((line.amount for line in lines), NOTHING)
    if not lines or goods <= 0:
        return None
    due = POSTED + timedelta(draw(st.sampled_from([0, 10, 30, 60])))
    discount = draw(none | st.sampled_from([1, 2, 4, 7]).map(lambda percent: cents(Fraction(goods) * percent / 100)))
    number, charge = f"CIV-{draw(st.integers(1, 999999)):06}", draw(none | money)
    if draw(st.booleans()):
        return Bill(number, due, tuple(lines), charge, discount, draw(none | money))
    agreed = draw(st.sampled_from([True, True, False]))
    return draw(taxed(Bill(number, due, tuple(lines), charge, discount, NOTHING, RATES, agreed=agreed)))


@st.composite
def billed(draw: DrawFn, deal: Deal, each: Sold, *, as_ordered: bool) -> Billed:
    """A line of an invoice, all or less of what was sold; with the discounts of the order, or with another one."""
    quantity = each.quantity if draw(st.booleans()) else max(Decimal(1), each.quantity - 3)
    line = Billed(each, min(quantity, each.quantity), NOTHING, draw(none | money))
    if not as_ordered:
        discount = draw(none | st.integers(1, 9).map(lambda tenths: cents(Fraction(line.gross) * tenths / 10)))
        return replace(line, discount=discount)
    ordered = deal.lines[each.line - 1]
    own, share = (_off(said, line, ordered) for said in (ordered.allowance, deal.allowance))
    return replace(line, discount=own + share, own=own, share=share)


def _off(said: Allowance | None, line: Billed, ordered: Bought) -> Decimal:
    """What an allowance takes off a line: of an amount as much as is billed of the line."""
    if said is None or not said.discounts:
        return NOTHING
    if said.percent is not None:
        return cents(line.exact * Fraction(said.percent) / 100)
    assert said.amount is not None
    if line.sold.symbol == ordered.symbol:
        return cents(Fraction(said.amount) * Fraction(line.quantity) / Fraction(ordered.quantity))
    return cents(Fraction(said.amount) * line.exact / (ordered.each * Fraction(ordered.quantity)))


@st.composite
def taxed(draw: DrawFn, bill: Bill) -> Bill:
    """The bill with a rate and a tax for each line. D365 is set up to tax a line less the discount of the whole or not, with
    its own charges or without them."""
    discounted, charged = draw(st.booleans()), draw(st.booleans())
    shares = _shares(bill.discount, bill.lines) if discounted else [NOTHING] * len(bill.lines)
    lines = []
    for line, share in zip(bill.lines, shares, strict=True):
        rate = draw(st.sampled_from(sorted(bill.rates)))
        base = line.amount - share + (line.charge if charged else NOTHING)
        lines.append(replace(line, rate=rate, tax=_tax(base, rate)))
    rest = bill.charge - (NOTHING if discounted else bill.discount)
    rest += NOTHING if charged else bill.charges - bill.charge
    return replace(bill, lines=tuple(lines), rest=_tax(rest, draw(st.sampled_from(sorted(bill.rates)))))


@st.composite
def credits(draw: DrawFn, bill: Bill) -> Bill:
    """A credit note for some of what an invoice billed."""
    lines = list[Billed]()
    for line in bill.lines:
        skipped = draw(st.booleans())
        if lines and skipped:
            continue
        quantity = line.quantity if draw(st.booleans()) else max(Decimal(1), line.quantity - 2)
        back = Billed(line.sold, min(quantity, line.quantity), NOTHING, draw(none | money))
        tenths = draw(st.integers(0, 5))
        lines.append(replace(back, discount=cents(Fraction(back.gross) * tenths / 10)))
    number, charge = f"CCN-{bill.number[4:]}", draw(none | money)
    made = replace(
        bill, number=number, credits=bill.number, lines=tuple(lines), charge=charge, discount=NOTHING, rest=NOTHING
    )
    return draw(taxed(made)) if bill.rates else replace(made, rest=draw(none | money))


def _tax(base: Decimal, rate: str) -> Decimal:
    return cents(Fraction(base) * Fraction(rate) / 100)


def _shares(off: Decimal, lines: Sequence[Billed]) -> list[Decimal]:
    """An amount over the lines as they weigh; the largest has what is left by rounding."""
    whole = sum((line.amount for line in lines), NOTHING)
    if not whole:
        return [NOTHING] * len(lines)
    shares = [cents(Fraction(off) * Fraction(line.amount) / Fraction(whole)) for line in lines]
    largest = max(range(len(lines)), key=lambda at: lines[at].amount)
    shares[largest] += off - sum(shares, NOTHING)
    return shares
