"""Allowances and charges of an order: what they come to, and the discount that a line is given where that is agreed.

A percentage is the discount of the line, one for the whole order of every line; an amount is the discount per unit, as D365
keeps it. A line's amount in D365 is (price - discount amount) x quantity, less the discount percentage of that. Where a line
says its price before allowances and the one after them (PRI AAB and AAA), the second one is the price in D365, and nothing more
is taken off.

Several percentages of a line add up where each is of the price, and follow one another where each is of what the one before
left (SAC06 7; the sequence of ALC04); where the order does not say which, it is held.

Knows: charges, lines, exact numbers. Does not know: settings, maps, what D365 posts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from d365edi.documents import InvoiceLine, OrderLine, PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import Charge, ChargeLine
from d365edi.edi.findings import Finding
from d365edi.matching import prices
from d365edi.matching.agreements import CHANGING, Agreement, Agreements, agreed_about, codes_of, settled_otherwise
from d365edi.matching.charge_lines import charge_line
from d365edi.matching.numbers import plain
from d365edi.matching.prices import Units
from d365edi.matching.unlike import named
from d365edi.odata.quoting import same_text

CENT, HUNDRED, ZERO = Decimal("0.01"), Decimal(100), Decimal(0)
HALF_A_CENT = Fraction(5, 1000)
PLACES = 6
"""Decimal places of an amount in D365."""
OF_THE_PRICE, OF_THE_REST = frozenset({"1", "5", "6"}), "7"
"""What a percentage is of (SAC06, data element 378): the price, the price less the discount before it."""


class ChargeUnclear(Exception):
    """Why a charge cannot be taken as it was agreed, or several not together: the end of a sentence."""


def gross(line: OrderLine | InvoiceLine, units: Units) -> Decimal | None:
    """Quantity times price, without any discount; None where one of them is unknown. `units` reads what a price is for."""
    price = prices.one(line, units)
    return prices.decimal(price * Fraction(line.quantity)) if price is not None and line.quantity is not None else None


def said(charge: Charge, quantity: Decimal | None = None) -> Decimal | None:
    """The amount that a charge says: for all of it, or a rate for each of so many (of the line's `quantity` where it does
    not say of how many); None where it says none."""
    return charge.amount if charge.amount is not None else rated(charge, quantity)


def rated(charge: Charge, quantity: Decimal | None = None) -> Decimal | None:
    """What the rate of a charge comes to, None where it says none or nobody knows for how many it is."""
    many = charge.quantity if charge.quantity is not None else quantity
    if charge.rate is None or many is None or charge.rate_per == 0:
        return None
    return charge.rate * many / (charge.rate_per or 1)


def near(one: Decimal, other: Decimal) -> bool:
    """Whether two amounts are equal but for rounding to cents."""
    return abs(one - other) <= CENT


def cents(amount: Decimal) -> Decimal:
    """An amount of money, rounded half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


# -- what is written to D365 ------------------------------------------------------------------------------------------------
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
        if self.agreement.written:
            self._takeable(self.agreement)
        elif self.charge.kind != self.agreement.kind:
            kind = "a charge" if self.agreement.kind == "charge" else "an allowance"
            raise ChargeUnclear(f"is {self.words}, and {kind} of {self.agreement} is agreed")
        self._consistent()
        wanted = self.charge.percent if self.agreement.written else self.agreement.percent
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

    def _consistent(self) -> None:
        """Raise where it contradicts itself, or is not for all of what it stands by."""
        charge, ordered = self.charge, self.line.quantity if self.line is not None else None
        rate = rated(charge, ordered)
        if rate is not None and charge.amount is not None and not near(rate, charge.amount):
            raise ChargeUnclear(f"is {self.words}, and its rate comes to {plain(cents(rate))}")
        if charge.second_quantity is not None:
            raise ChargeUnclear(f"is for {plain(charge.quantity)} to {plain(charge.second_quantity)} only")
        if charge.quantity is not None and charge.quantity != ordered and (charge.percent is not None or self._beyond):
            whole = plain(ordered, "the order as a whole" if self.line is None else "nothing")
            raise ChargeUnclear(f"is {self.words} for {plain(charge.quantity)}, and it stands by {whole}")
        for unit in (charge.rate_unit, charge.quantity_unit):
            if self.line is not None and unit is not None and not _same_unit(unit, self.line):
                ours = self.line.spelling("unit") or self.line.unit
                raise ChargeUnclear(f"is for each {unit}, and the line is in {ours}")

    @property
    def _beyond(self) -> bool:
        """Whether it is for more than the line has."""
        ordered = self.line.quantity if self.line is not None else None
        return ordered is not None and self.charge.quantity is not None and self.charge.quantity > ordered

    def _takeable(self, agreement: Agreement) -> None:
        if agreement.discounts and self.charge.kind != "allowance":
            raise ChargeUnclear("adds to the price, which no discount does")
        if agreement.account and self.charge.percent_of == OF_THE_REST:
            raise ChargeUnclear(f"is {self.words} of what another one left, which no charge line says")
        if settled_otherwise(self.charge):
            raise ChargeUnclear(
                "is not taken off the invoice, as its handling says; agree on its percentage or amount instead"
            )
        if self.charge.percent is None and self.amount is None:
            raise ChargeUnclear("says neither a percentage nor an amount")
        if any(each is not None and each < 0 for each in (self.amount, self.charge.percent)):
            raise ChargeUnclear(f"is {self.words}, which is less than nothing")
        if agreement.discounts and self.charge.percent is None and self.line is None:
            raise ChargeUnclear(f"is {self.words}, and an amount for the whole order has no place in a sales order")

    @property
    def words(self) -> str:
        """What it says: "3% and 3.78"."""
        parts = [f"{plain(self.charge.percent)}%"] if self.charge.percent is not None else []
        return " and ".join([*parts, *([plain(self.amount)] if self.amount is not None else [])]) or "of no amount"


def _same_unit(unit: str, line: PurchaseOrderLine) -> bool:
    """Whether a code of theirs is the unit of a line: its code, our word, or a piece as that is."""
    ours = [word for word in (line.unit, line.spelling("unit")) if word is not None]
    return any(same_text(unit, word) or (prices.piece(unit) and prices.piece(word)) for word in ours)


def discounts(
    order: PurchaseOrder, agreed: Agreements, place: str, segment: str = "", *, ignored: bool = False
) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order with the agreed allowances and charges as discounts of its lines and as charge lines, without those that need
    no action, and what holds it. `place` is the flow's table in the settings, `segment` says charges in the partner's set. What
    nothing was agreed about holds, unless it is `ignored`."""
    every = (*order.charges, *(charge for line in order.lines for charge in line.charges))
    if all(charge.kind not in CHANGING for charge in every):
        return order, ()
    wrong = _Wrong(order.number, place, segment, ignored=ignored)
    units = prices.reading(order)
    sums = [gross(line, units) for line in order.lines]
    bases = [gross(prices.before_allowances(line) or line, units) for line in order.lines]
    own = [amount for line, amount in zip(order.lines, sums, strict=True) if line.parent is None]
    whole = None if None in own else sum((each for each in own if each is not None), ZERO)
    shared, booked = wrong.taken(
        "the order as a whole", [_Agreed(*each, whole) for each in _known(order.charges, agreed)]
    )
    lines, made = list[PurchaseOrderLine](), [_booked(each, None) for each in booked]
    for number, (line, base) in enumerate(zip(order.lines, bases, strict=True), 1):
        where = named(line, number)
        taken, kept = wrong.taken(where, [_Agreed(*each, base, line) for each in _known(line.charges, agreed)])
        left = line.replace(charges=_left(line.charges))
        try:
            _alone((*taken, *shared), (*kept, *booked))
            made += [_booked(each, line.place or number) for each in kept]
            lines.append(_discounted(left, (*taken, *shared), base, units))
        except ChargeUnclear as why:
            lines.append(left)
            wrong.add(f"{where}: {why}")
    order = order.replace(charges=_left(order.charges), lines=tuple(lines), charge_lines=tuple(made))
    return order, tuple(wrong.findings)


def _booked(each: _Agreed, line: int | None) -> ChargeLine:
    account = each.agreement.account if each.agreement is not None else ""
    return charge_line(each.charge, account, each.amount, line)


def _alone(discounts: Sequence[_Agreed], booked: Sequence[_Agreed]) -> None:
    """Raise where a percentage is a charge line beside a discount: D365 reckons it from what the discount leaves."""
    if discounts and any(each.charge.percent is not None for each in booked):
        raise ChargeUnclear("a percentage is a charge line, and a discount changes what D365 reckons it from")


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

    def taken(self, where: str, charges: Sequence[_Agreed]) -> tuple[list[_Agreed], list[_Agreed]]:
        """Those that become a discount, those that become a charge line; a finding for each that is not as it was agreed."""
        found, booked = list[_Agreed](), list[_Agreed]()
        for each in charges:
            if each.agreement is None and self.ignored:
                continue
            try:
                each.check()
            except ChargeUnclear as why:
                self.add(f"{where}: {each.charge.kind} {each.code}{self.named} {why}")
                continue
            if each.agreement is not None and each.agreement.written:
                (found if each.agreement.discounts else booked).append(each)
        return found, booked

    def add(self, sentence: str) -> None:
        """A finding that holds the order."""
        remedy = (
            f"say under agreed in [{self.place}] what becomes of it and d365edi release {self.number}, or settle it with them "
            f'and d365edi reject {self.number} --why "..."'
        )
        message = f"PO {self.number}: {sentence}"
        self.findings.append(Finding("document", "error", "", message, remedy=remedy, rule="charges"))


def _discounted(
    line: PurchaseOrderLine, taken: Sequence[_Agreed], base: Decimal | None, units: Units
) -> PurchaseOrderLine:
    """The line with what is taken off its price; at the price that has it taken off already, where it says that."""
    whole = prices.before_allowances(line) if taken else None
    if whole is None:
        return _taken_off(line, taken, base, units)
    found, full, net = _taken_off(whole, taken, base, units), prices.one(whole, units), prices.one(line, units)
    if full is not None and net is not None:
        percent, amount = Fraction(found.discount_percent or 0), Fraction(found.discount_amount or 0)
        left = (full - amount) * (1 - percent / 100)
        if abs(left - net) >= HALF_A_CENT:
            before, after, says = (plain(prices.decimal(each)) for each in (full, left, net))
            raise ChargeUnclear(f"its price {before} comes to {after} after its allowances, and it says {says}")
    return line


def _taken_off(
    line: PurchaseOrderLine, taken: Sequence[_Agreed], base: Decimal | None, units: Units
) -> PurchaseOrderLine:
    percents = [each.charge for each in taken if each.charge.percent is not None]
    amounts = [each.amount for each in taken if each.charge.percent is None and each.amount is not None]
    if percents and amounts:
        raise ChargeUnclear("it has a percentage and an amount taken off, and does not say which comes first")
    if amounts:
        if line.price is None:
            raise ChargeUnclear("an amount is taken off, and it has no price to take it off")
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
