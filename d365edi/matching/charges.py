"""Allowances and charges of an order: what was agreed about them, what they come to, and the discount that a line is given.

A flow's table `agreed` names codes (SAC02 or SAC04; ALC C214 7161 or C552 5189). "3%" and "12.50" are known and expected:
nothing is done in D365, and an order that says otherwise is held. "discount" is taken as the order says it: a percentage is
the discount of the line, one for the whole order of every line; an amount is the discount per unit, as D365 keeps it.
A line's amount in D365 is (price - discount amount) x quantity, less the discount percentage of that.

Several percentages of a line add up where each is of the price, and follow one another where each is of what the one before
left (SAC06 7; the sequence of ALC04); where the order does not say which, it is held.

Knows: charges, lines, exact numbers. Does not know: settings, maps, what D365 posts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from d365edi.documents import InvoiceLine, OrderLine, PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import Charge
from d365edi.edi.findings import Finding
from d365edi.matching import prices
from d365edi.matching.numbers import plain
from d365edi.matching.prices import Units
from d365edi.matching.unlike import named

CENT, HUNDRED, ZERO = Decimal("0.01"), Decimal(100), Decimal(0)
PLACES = 6
"""Decimal places of an amount in D365."""
OFF_THE_BILL = frozenset({"bill back", "information", "check to customer", "credit customer"})
"""Ways of handling an allowance that take nothing off an invoice: it is settled otherwise."""
OF_THE_PRICE, OF_THE_REST = frozenset({"1", "5", "6"}), "7"
"""What a percentage is of (SAC06, data element 378): the price, the price less the discount before it."""
AGREED = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)")
DISCOUNT = "discount"
CHANGING = ("allowance", "charge")
"""Kinds that change what is to be paid; the third is information."""


class ChargeUnclear(Exception):
    """Why a charge cannot be taken as it was agreed, or several not together: the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed about a code: a percentage or an amount that is expected, or neither: what the order says becomes
    the discount."""

    percent: Decimal | None = None
    amount: Decimal | None = None

    @property
    def discounts(self) -> bool:
        """Whether D365 is given the discount."""
        return self.percent is None and self.amount is None

    def __str__(self) -> str:
        return (
            DISCOUNT if self.discounts else f"{plain(self.percent)}%" if self.percent is not None else f"{self.amount}"
        )


def agreement(text: str) -> Agreement | None:
    """What "3%", "12.50" or "discount" in the settings means, None for anything else."""
    if text == DISCOUNT:
        return Agreement()
    found = AGREED.fullmatch(text)
    if found is None:
        return None
    number = Decimal(found["number"])
    return Agreement(percent=number) if found["percent"] else Agreement(amount=number)


Agreements = Mapping[str, Agreement]
"""By code, as the partner writes it."""


def agreed_about(charge: Charge, agreed: Agreements) -> Agreement | None:
    """What was agreed about an allowance or a charge; None where nothing is, or where it is information alone."""
    if charge.kind not in CHANGING:
        return None
    return next((agreed[code] for code in codes_of(charge) if code in agreed), None)


def codes_of(charge: Charge) -> tuple[str, ...]:
    """The codes of a charge, as the partner wrote them first."""
    found = (charge.spelling("code"), charge.code, charge.spelling("agency_code"), charge.agency_code)
    return tuple(dict.fromkeys(code for code in found if code is not None))


def settled_otherwise(charge: Charge) -> bool:
    """Whether it takes nothing off an invoice and adds nothing."""
    return charge.handling in OFF_THE_BILL


def gross(line: OrderLine | InvoiceLine, units: Units) -> Decimal | None:
    """Quantity times price, without any discount; None where one of them is unknown. `units` reads what a price is for."""
    price = prices.one(line, units)
    return prices.decimal(price * Fraction(line.quantity)) if price is not None and line.quantity is not None else None


def said(charge: Charge, quantity: Decimal | None = None) -> Decimal | None:
    """The amount that a charge says: for all of it, or a rate for each of so many (of the line's `quantity` where it does
    not say of how many); None where it says none."""
    many = charge.quantity if charge.quantity is not None else quantity
    if charge.amount is None and charge.rate is not None and many is not None:
        return charge.rate * many
    return charge.amount


def near(one: Decimal, other: Decimal) -> bool:
    """Whether two amounts are equal but for rounding to cents."""
    return abs(one - other) <= CENT


def cents(amount: Decimal) -> Decimal:
    """An amount of money, rounded half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


# -- what D365 is told ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Agreed:
    """A charge with what was agreed about it, and what it is of: a line, or the order as a whole. `base` is the amount of
    that without any discount."""

    charge: Charge
    agreement: Agreement | None
    base: Decimal | None
    line: PurchaseOrderLine | None = None

    @property
    def code(self) -> str:
        """The code of it, for a sentence."""
        return next(iter(codes_of(self.charge)), "without a code")

    @property
    def amount(self) -> Decimal | None:
        """The amount that it says."""
        return said(self.charge, self.line.quantity if self.line is not None else None)

    def check(self) -> None:
        """Raise where it is not as it was agreed, or cannot become a discount."""
        if self.agreement is None:
            raise ChargeUnclear(f"is {self.words}, about which nothing is agreed")
        if self.agreement.discounts:
            self._takeable()
        wanted = self.charge.percent if self.agreement.discounts else self.agreement.percent
        if self.agreement.amount is not None:
            if self.amount != self.agreement.amount and (self.amount, self.charge.percent) != (None, None):
                raise ChargeUnclear(f"is {self.words}, and {self.agreement} is agreed")
        elif wanted is not None and self.charge.percent not in (None, wanted):
            raise ChargeUnclear(f"is {self.words}, and {self.agreement} is agreed")
        elif wanted is not None and self.amount is not None:
            if self.base is None:
                raise ChargeUnclear(f"is {self.words}, and a price is missing to compare it with {plain(wanted)}%")
            if not near(self.amount, self.base * wanted / HUNDRED):
                comes = cents(self.base * wanted / HUNDRED)
                raise ChargeUnclear(f"is {self.words}, and {plain(wanted)}% of {plain(self.base)} is {comes}")

    def _takeable(self) -> None:
        if self.charge.kind != "allowance":
            raise ChargeUnclear("adds to the price, which no discount does")
        if settled_otherwise(self.charge):
            raise ChargeUnclear(
                "is not taken off the invoice, as its handling says; agree on its percentage or amount instead"
            )
        if self.charge.percent is None and self.amount is None:
            raise ChargeUnclear("says neither a percentage nor an amount")
        if any(each is not None and each < 0 for each in (self.amount, self.charge.percent)):
            raise ChargeUnclear(f"is {self.words}, which is less than nothing")
        if self.charge.percent is None and self.line is None:
            raise ChargeUnclear(f"is {self.words}, and an amount for the whole order has no place in a sales order")
        unit = self.charge.rate_unit
        if self.line is not None and unit not in (None, self.line.unit, self.line.spelling("unit")):
            raise ChargeUnclear(
                f"is for each {unit}, and the line is in {self.line.spelling('unit') or self.line.unit}"
            )

    @property
    def words(self) -> str:
        """What it says: "3% and 3.78"."""
        parts = [f"{plain(self.charge.percent)}%"] if self.charge.percent is not None else []
        return " and ".join([*parts, *([plain(self.amount)] if self.amount is not None else [])]) or "of no amount"


def discounts(
    order: PurchaseOrder, agreed: Agreements, place: str, segment: str = "", *, ignored: bool = False
) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order with the agreed allowances as discounts of its lines and without those that need no action, and what holds
    it. `place` is the flow's table in the settings, `segment` says charges in the partner's set. What nothing was agreed about
    holds, unless it is `ignored`."""
    every = (*order.charges, *(charge for line in order.lines for charge in line.charges))
    if all(charge.kind not in CHANGING for charge in every):
        return order, ()
    wrong = _Wrong(order.number, place, segment, ignored=ignored)
    units = prices.reading(order)
    sums = [gross(line, units) for line in order.lines]
    own = [amount for line, amount in zip(order.lines, sums, strict=True) if line.parent is None]
    whole = None if None in own else sum((each for each in own if each is not None), ZERO)
    shared = wrong.taken("the order as a whole", [_Agreed(*each, whole) for each in _known(order.charges, agreed)])
    lines = []
    for number, (line, base) in enumerate(zip(order.lines, sums, strict=True), 1):
        where = named(line, number)
        taken = wrong.taken(where, [_Agreed(*each, base, line) for each in _known(line.charges, agreed)])
        left = line.replace(charges=_left(line.charges))
        try:
            lines.append(_discounted(left, (*taken, *shared), base, units))
        except ChargeUnclear as why:
            lines.append(left)
            wrong.add(f"{where}: {why}")
    return order.replace(charges=_left(order.charges), lines=tuple(lines)), tuple(wrong.findings)


def _known(charges: Sequence[Charge], agreed: Agreements) -> Iterator[tuple[Charge, Agreement | None]]:
    for charge in charges:
        if charge.kind in CHANGING:
            yield charge, agreed_about(charge, agreed)


def _left(charges: Sequence[Charge]) -> tuple[Charge, ...]:
    return tuple(charge for charge in charges if charge.kind not in CHANGING)


class _Wrong:
    """Collects what holds an order."""

    def __init__(self, number: str, place: str, segment: str, *, ignored: bool) -> None:
        self.number, self.place, self.ignored, self.findings = number, place, ignored, list[Finding]()
        self.named = f" ({segment})" if segment else ""

    def taken(self, where: str, charges: Sequence[_Agreed]) -> list[_Agreed]:
        """Those that become a discount; a finding for each that is not as it was agreed."""
        found = []
        for each in charges:
            if each.agreement is None and self.ignored:
                continue
            try:
                each.check()
            except ChargeUnclear as why:
                self.add(f"{where}: {each.charge.kind} {each.code}{self.named} {why}")
                continue
            if each.agreement is not None and each.agreement.discounts:
                found.append(each)
        return found

    def add(self, sentence: str) -> None:
        """A finding that holds the order."""
        remedy = (
            f"say under agreed in [{self.place}] what becomes of it and d365edi release {self.number}, or settle it with them "
            "and reject it"
        )
        message = f"PO {self.number}: {sentence}"
        self.findings.append(Finding("document", "error", "", message, remedy=remedy, rule="charges"))


def _discounted(
    line: PurchaseOrderLine, taken: Sequence[_Agreed], base: Decimal | None, units: Units
) -> PurchaseOrderLine:
    """The line with what is taken off its price."""
    percents = [each.charge for each in taken if each.charge.percent is not None]
    amounts = [each.amount for each in taken if each.charge.percent is None and each.amount is not None]
    if percents and amounts:
        raise ChargeUnclear("it has a percentage and an amount taken off, and does not say which comes first")
    if amounts:
        many = units(line)
        if isinstance(many, str) or many > 1:
            raise ChargeUnclear("an amount is taken off, and its price is not for one unit")
        return line.replace(discount_amount=_per_unit(line, sum(amounts, ZERO), base))
    if not percents:
        return line
    percent = combined(percents)
    if percent > HUNDRED:
        raise ChargeUnclear(f"{plain(percent)}% is taken off, which is more than all of it")
    return line.replace(discount_percent=percent)


def combined(charges: Sequence[Charge]) -> Decimal:
    """Several percentages as one. Raises ChargeUnclear."""
    return sum(of_price(charges), ZERO).normalize()


def of_price(charges: Sequence[Charge]) -> list[Decimal]:
    """What each of several percentages is of the price itself. Raises ChargeUnclear where they do not say of what they
    are."""
    ranks = _ranks(charges)
    percents = [charge.percent or ZERO for charge in charges]
    left, lefts = Decimal(1), dict[int, Decimal]()
    for step in sorted({*ranks}):
        lefts[step] = left
        left *= (
            1 - sum((percent for rank, percent in zip(ranks, percents, strict=True) if rank == step), ZERO) / HUNDRED
        )
    return [percent * lefts[rank] for rank, percent in zip(ranks, percents, strict=True)]


def _ranks(charges: Sequence[Charge]) -> list[int]:
    """The step of the calculation to which each percentage belongs."""
    if len(charges) == 1:
        return [0]
    if all(charge.percent_of is None and (charge.option or "").isdigit() for charge in charges):
        return [int(charge.option or "") for charge in charges]
    ranks = list[int]()
    for charge in charges:
        before, rest = ranks[-1] if ranks else 0, charge.percent_of == OF_THE_REST
        if not rest and (before or charge.percent_of not in OF_THE_PRICE):
            raise ChargeUnclear("several percentages are taken off, and they do not say of what each of them is")
        ranks.append(before + 1 if rest else 0)
    return ranks


def _per_unit(line: PurchaseOrderLine, total: Decimal, amount: Decimal | None) -> Decimal:
    """An amount for the line as the discount of one unit, exact to the cent for all of them."""
    if not line.quantity or line.quantity < 0:
        raise ChargeUnclear(f"{plain(total)} is taken off, and there is no quantity to take it off")
    if amount is not None and total > amount:
        raise ChargeUnclear(f"{plain(total)} is taken off, which is more than its {plain(amount)}")
    each = (total / line.quantity).quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_UP)
    if cents(each * line.quantity) != cents(total):
        raise ChargeUnclear(f"{plain(total)} is taken off, which no discount per unit says to the cent")
    return each.normalize()
