"""What an invoice must say of discounts, charges and taxes, in either standard: each once, in the words of the order.

`sign` is -1 where a credit note has D365's signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tests.outward.bills import Bill, Billed
from tests.outward.deals import Allowance, Deal

CENT = Decimal("0.01")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Charge:
    """An allowance (less than nothing) or a charge as it was read; `told` says that it is only information."""

    code: str
    amount: Decimal
    percent: str
    told: bool

    @property
    def counted(self) -> Decimal:
        """What it adds to the total."""
        return NOTHING if self.told else self.amount


@dataclass(frozen=True, slots=True)
class Told:
    """A line as it was read: what it comes to with its charges, what of them are charges of its own, and what of its discount is
    said of the whole."""

    net: Decimal
    charged: Decimal
    off: Decimal


def told(deal: Deal, bill: Bill, line: Billed, gross: Decimal, found: Sequence[Charge], sign: int) -> Told:
    """A line with what was read of its allowances and charges."""
    said = deal.lines[line.sold.line - 1].allowance
    counted = sum((each.counted for each in found), NOTHING)
    off = counted - sign * (line.charge - line.discount)
    assert sign * off >= 0
    assert off == 0 or deal.allowance is not None
    if not bill.credits:
        echoed(said, found, line.own)
        assert line.share is None or abs(off - line.share) <= CENT
    return Told(gross + counted, sign * line.charge, off)


def whole(deal: Deal, bill: Bill, found: Sequence[Charge], lines: Sequence[Told], sign: int) -> None:
    """What is said of the whole: D365's own, and the order's allowance where it is off its lines."""
    off = sum((line.off for line in lines), NOTHING)
    assert sum((each.counted for each in found), NOTHING) == sign * (bill.charge - bill.discount) - off
    if not bill.credits:
        shares = [line.share for line in bill.lines]
        known = (
            None if None in shares or bill.discount else sum((share for share in shares if share is not None), NOTHING)
        )
        echoed(deal.allowance, found, known)


def echoed(said: Allowance | None, found: Sequence[Charge], posted: Decimal | None) -> None:
    """The allowance of an order is named once: with what was taken off for it, or as information. `posted` is what was, None
    where D365 posted other discounts, which may come to the same."""
    if said is None:
        return
    named = [each for each in found if each.code == said.code]
    assert len(named) <= 1
    if not said.discounts:
        assert [each.told for each in named] == [True] or posted is None
        if said.percent is not None and (named[0].told or named[0].percent):
            assert Decimal(named[0].percent) == said.percent
        if said.amount is not None:
            assert NOTHING <= -named[0].amount <= said.amount
    elif posted:
        assert [each.told for each in named] == [False]
        assert abs(named[0].amount + posted) <= CENT * 4


def by_rate(bill: Bill, found: Sequence[tuple[str, Decimal, Decimal]], sign: int) -> None:
    """Taxes by rate: rate, base and tax of each. Bases are all that is billed, a tax is its rate of its base. Without rates that
    were agreed they are said where the amounts show them."""
    if not found and not bill.agreed:
        return
    assert len({rate for rate, *_ in found}) == len(found)
    assert {rate for rate, *_ in found} <= set(bill.rates) or not bill.agreed
    assert sum(base for _, base, _ in found) == sign * (bill.goods + bill.charges - bill.discount)
    for rate, base, tax in found:
        due = Fraction(base) * Fraction(rate) / 100
        assert abs(Fraction(tax) - due) <= Fraction(1, 100) * (len(bill.lines) + 1)


def rated(bill: Bill, line: Billed, found: Sequence[str]) -> None:
    """A line is told at its rate. What has no tax may be told at none, or not at all."""
    if bill.agreed:
        assert list(found) == [line.rate] if line.tax else list(found) in ([line.rate], ["0"], [])
