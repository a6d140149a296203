"""The allowances and charges of an invoice in the words of the order that it answers, each once.

D365 posts discounts and charges without the codes of any order. Where what it posted is what the order's agreed allowances
come to, it is reported as those: of a line, or of the whole where the order says it of the whole. What is expected, and was
not taken off, is echoed as information, which changes no total. What D365 posted for another reason stays as it is.

Knows: invoices, orders, what was agreed. Does not know: maps, levels of checks, what is written to D365 of an order.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from d365edi.documents import Invoice, InvoiceLine, PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import Charge
from d365edi.matching.agreements import Agreements, agreed_about, settled_otherwise
from d365edi.matching.charge_lines import SIGNS
from d365edi.matching.charges import (
    CENT,
    HUNDRED,
    ZERO,
    ChargeUnclear,
    cents,
    gross,
    near,
    of_price,
    said,
)
from d365edi.matching.crediting import CREDIT, turned
from d365edi.matching.prices import Units, before_allowances, plainly, reading, round_cents
from d365edi.odata.quoting import same_text

INFORMATION = "information"
"""How a charge is handled that changes no total."""


@dataclass(slots=True)
class Expected:
    """An allowance or charge of the order, and what it comes to on this invoice. `line` is the index of the invoice's line,
    None where it is of the whole; `found` what D365 posted for it, None where it posted nothing; `undivided` what an amount
    comes to where the first invoice has all of it; `billed` how much of the ordered unit the line has."""

    charge: Charge
    amount: Decimal
    line: int | None = None
    found: Decimal | None = None
    undivided: Decimal | None = None
    billed: Decimal | None = None
    shares: list["Expected"] = field(default_factory=list)
    """One of the whole: its part on each line, where it is a percentage."""


def says_of_the_whole(order: PurchaseOrder, agreed: Agreements) -> bool:
    """Whether an order has an allowance or a charge of the whole of it about which something was agreed."""
    return any(True for _ in _counted(order.charges, agreed))


def expected(
    invoice: Invoice, order: PurchaseOrder, lines: Sequence[PurchaseOrderLine | None], agreed: Agreements | None = None
) -> list[Expected]:
    """What the order's allowances and charges come to on an invoice, whose lines answer `lines`; with `agreed` only those
    about which something was agreed, without it only those that are settled by the invoice."""
    whole = [Expected(charge, ZERO) for charge in _counted(order.charges, agreed)]
    found = [*whole]
    units = reading(order)
    for index, (line, ordered) in enumerate(zip(invoice.lines, lines, strict=True)):
        if ordered is None:
            continue
        charges = [each for each in ordered.charges if not _in_the_price(each, ordered, agreed)]
        ratio = _part(line, ordered, units)
        own = [_of_line(charge, line, ordered, ratio, index) for charge in _counted(charges, agreed)]
        shares = [(each, Expected(each.charge, ZERO, index)) for each in whole if each.charge.percent is not None]
        parts = [part for part in (*own, *(share for _, share in shares)) if part.charge.percent is not None]
        amount = gross(line, plainly) or ZERO
        for part, percent in zip(parts, _percents([part.charge for part in parts]), strict=True):
            part.amount = cents(amount * percent / HUNDRED)
        for each, share in shares:
            each.shares.append(share)
            each.amount += share.amount
        found += own
    billed = _billed(zip(invoice.lines, lines, strict=True), order, units)
    for each in whole:
        if each.charge.percent is None:
            each.undivided = said(each.charge) or ZERO
            each.amount = round_cents(Fraction(each.undivided) * billed)
    return found


def _in_the_price(charge: Charge, ordered: PurchaseOrderLine, agreed: Agreements | None) -> bool:
    """Whether the price of a line has an allowance taken off already, as the price beside it says."""
    known = agreed_about(charge, agreed) if agreed is not None else None
    return before_allowances(ordered) is not None and (known is None or known.discounts)


def _counted(charges: Sequence[Charge], agreed: Agreements | None) -> Iterator[Charge]:
    """The charges that count, with the agreed percentage where they say nothing."""
    for charge in charges:
        known = agreed_about(charge, agreed) if agreed is not None else None
        if known is None:
            if agreed is None and charge.kind in ("allowance", "charge") and not settled_otherwise(charge):
                yield charge
        elif charge.percent is None and said(charge) is None:
            yield charge.replace(percent=known.percent, amount=known.amount)
        else:
            yield charge


def _percents(charges: Sequence[Charge]) -> list[Decimal]:
    try:
        return of_price(charges)
    except ChargeUnclear:
        return [charge.percent or ZERO for charge in charges]


def _part(line: InvoiceLine, ordered: PurchaseOrderLine, units: Units) -> Fraction:
    """How much of an ordered line is billed: by quantity, or in another unit by what it costs."""
    if same_text(line.unit or "", ordered.unit or ""):
        return Fraction(line.quantity or ZERO) / Fraction(ordered.quantity) if ordered.quantity else Fraction(1)
    cost, whole = gross(line, plainly), gross(ordered, units)
    return Fraction(cost) / Fraction(whole) if cost is not None and whole else Fraction(1)


def _of_line(charge: Charge, line: InvoiceLine, ordered: PurchaseOrderLine, part: Fraction, index: int) -> Expected:
    """A line's charge, with the amount that falls to what is billed of the line."""
    undivided = said(charge, ordered.quantity) or ZERO
    whole = undivided if charge.percent is None else None
    billed = line.quantity if same_text(line.unit or "", ordered.unit or "") else None
    return Expected(charge, round_cents(Fraction(undivided) * part), index, undivided=whole, billed=billed)


def _billed(
    pairs: Iterable[tuple[InvoiceLine, PurchaseOrderLine | None]], order: PurchaseOrder, units: Units
) -> Fraction:
    """How much of an order is billed, at the prices that it was ordered at."""
    whole = sum((Fraction(gross(line, units) or ZERO) for line in order.lines), Fraction(0))
    billed = sum((_cost(line, ordered, units) for line, ordered in pairs), Fraction(0))
    return billed / whole if whole else Fraction(1)


def _cost(line: InvoiceLine, ordered: PurchaseOrderLine | None, units: Units) -> Fraction:
    whole = gross(ordered, units) if ordered is not None else None
    if ordered is None or whole is None:
        return Fraction(gross(line, plainly) or ZERO)
    return Fraction(whole) * _part(line, ordered, units)


# -- the echo ---------------------------------------------------------------------------------------------------------
def echo_charges(
    invoice: Invoice, order: PurchaseOrder | None, lines: Sequence[PurchaseOrderLine | None], agreed: Agreements
) -> Invoice:
    """The invoice with the order's agreed allowances and charges in the order's words; a credit note as the invoice of what it
    gives back."""
    if order is None or not agreed:
        return invoice
    if invoice.sense == CREDIT:
        return turned(_echoed(turned(invoice), order, lines, agreed))
    return _echoed(invoice, order, lines, agreed)


def _echoed(
    invoice: Invoice, order: PurchaseOrder, lines: Sequence[PurchaseOrderLine | None], agreed: Agreements
) -> Invoice:
    wanted = expected(invoice, order, lines, agreed)
    if not wanted:
        return invoice
    of_lines = [_relabelled(line.charges, index, wanted, agreed) for index, line in enumerate(invoice.lines)]
    whole = _relabelled_whole(invoice.charges, wanted, agreed)
    for each in wanted:
        (whole if each.line is None else of_lines[each.line]).extend(_told(each, agreed))
    changed = [
        line.replace(charges=tuple(charges), amount=_before(line, index, wanted))
        for index, (line, charges) in enumerate(zip(invoice.lines, of_lines, strict=True))
    ]
    return invoice.replace(charges=tuple(whole), lines=tuple(changed))


def _before(line: InvoiceLine, index: int, wanted: Sequence[Expected]) -> Decimal | None:
    """The line's amount before what is reported of the whole is taken off."""
    if line.amount is None:
        return None
    shares = (share for each in wanted for share in each.shares if share.line == index and share.found is not None)
    signs = {"allowance": 1, "charge": -1}
    return line.amount + sum((signs[share.charge.kind or ""] * (share.found or ZERO) for share in shares), ZERO)


def _relabelled(charges: Sequence[Charge], index: int, wanted: Sequence[Expected], agreed: Agreements) -> list[Charge]:
    """The charges of a line without what D365 posted for the order's own; that is noted with these."""
    kept = list[Charge]()
    charges = _without_booked(charges, [each for each in wanted if each.line == index], agreed)
    for kind in ("allowance", "charge"):
        posted = [charge for charge in charges if charge.kind == kind]
        parts = [
            part
            for each in wanted
            for part in (each, *each.shares)
            if part.line == index and part.charge.kind == kind and part.found is None
        ]
        kept += [] if _settle(posted, parts, agreed) else posted
    return kept + [charge for charge in charges if charge.kind not in ("allowance", "charge")]


def _relabelled_whole(charges: Sequence[Charge], wanted: Sequence[Expected], agreed: Agreements) -> list[Charge]:
    """The same for what was posted of the invoice as a whole."""
    kept = list[Charge]()
    charges = _without_booked(charges, [each for each in wanted if each.line is None], agreed)
    for kind in ("allowance", "charge"):
        posted = [charge for charge in charges if charge.kind == kind]
        open = [each for each in wanted if each.line is None and each.charge.kind == kind and not _found(each)]
        kept += [] if _settle(posted, open, agreed) else posted
    return kept + [charge for charge in charges if charge.kind not in ("allowance", "charge")]


def _without_booked(posted: Sequence[Charge], parts: Sequence[Expected], agreed: Agreements) -> list[Charge]:
    """What was posted, without the one amount that D365 posts for all charge lines together; that is noted with these. An
    amount may be billed by part, or exactly all of it by the first invoice. Of several amounts the nearest is theirs, and a
    whole one first."""
    known = [(part, agreed_about(part.charge, agreed)) for part in parts]
    booked = [part for part, agreement in known if agreement is not None and agreement.account]
    slack = CENT * sum(max(1, len(part.shares)) for part in booked)
    ways = ((_signed(booked, whole=True), ZERO), (_signed(booked, whole=False), slack))
    fitting = list[tuple[tuple[Decimal, int], list[Charge], list[Decimal], Decimal]]()
    for code in dict.fromkeys((*(charge.code for charge in posted), None)) if booked else ():
        group = [charge for charge in posted if charge.code == code and charge.kind in SIGNS]
        amount = sum((SIGNS[charge.kind or ""] * (charge.amount or ZERO) for charge in group), ZERO)
        for way, (figures, most) in enumerate(ways):
            far = abs(sum(figures, ZERO) - amount)
            if any(figures) and far <= most:
                fitting.append(((far, way), group, figures, amount))
    if not fitting:
        return [*posted]
    _, group, figures, amount = min(fitting, key=lambda each: each[0])
    for part, figure in zip(booked, (*figures[:-1], amount - sum(figures[:-1], ZERO)), strict=True):
        part.found = SIGNS[part.charge.kind or ""] * figure
    return [charge for charge in posted if charge not in group]


def _signed(parts: Sequence[Expected], *, whole: bool) -> list[Decimal]:
    """What parts add to an invoice: of amounts the `whole`, or what falls to what is billed."""
    amounts = [part.undivided if whole and part.undivided is not None else part.amount for part in parts]
    return [SIGNS[part.charge.kind or ""] * amount for part, amount in zip(parts, amounts, strict=True)]


def _found(each: Expected) -> bool:
    return each.found is not None or any(share.found is not None for share in each.shares)


def _settle(posted: Sequence[Charge], parts: Sequence[Expected], agreed: Agreements) -> bool:
    """Note what was posted with the parts that come to it: all of them, those that an invoice settles, those that were written
    to D365 as discounts, or those that are only expected, whichever is nearest. False where none of these come to it."""
    amount = sum((charge.amount or ZERO for charge in posted), ZERO)
    open = [part for part in parts if part.amount]
    billed = [part for part in open if not settled_otherwise(part.charge)]
    discounted = [part for part in open if (known := agreed_about(part.charge, agreed)) is not None and known.discounts]
    others = [part for part in open if part not in discounted]
    chosen = min((open, billed, discounted, others), key=lambda each: (not each, abs(_sum(each) - amount)))
    slack = CENT * sum(max(1, len(part.shares)) for part in chosen)
    if not chosen or not posted or abs(_sum(chosen) - amount) > slack:
        return False
    for part in chosen[:-1]:
        part.found = part.amount
    chosen[-1].found = amount - _sum(chosen[:-1])
    return True


def _sum(parts: Iterable[Expected]) -> Decimal:
    return sum((part.amount for part in parts), ZERO)


def _told(each: Expected, agreed: Agreements) -> Iterator[Charge]:
    """The order's charge with what D365 posted for it, or as information where it posted nothing."""
    amounts = [part.found for part in (each, *each.shares) if part.found is not None]
    if amounts:
        whole = all(share.found is not None for share in each.shares) or each.found is not None
        partly = {} if whole else {"percent": None, "percent_of": None}
        posted = sum(amounts, ZERO)
        yield each.charge.replace(amount=posted, **_rate(each, posted), **partly)
        return
    known = agreed_about(each.charge, agreed)
    if known is not None and not known.written:
        handling = {} if settled_otherwise(each.charge) else {"handling": INFORMATION}
        amount = None if each.charge.percent is not None else each.amount
        yield _respelled(each.charge.replace(amount=amount, **_NO_RATE, **handling), "handling")


def _rate(each: Expected, amount: Decimal) -> dict[str, Decimal | None]:
    """What its rate becomes: where so much for each of what is billed is the amount, the rate is said of that; else not at all,
    since it is one of what was ordered."""
    charge, billed = each.charge, each.billed
    if billed is None or charge.rate is None or charge.rate_per == 0:
        return dict(_NO_RATE)
    if not near(charge.rate * billed / (charge.rate_per or 1), amount):
        return dict(_NO_RATE)
    return {"quantity": billed if charge.quantity is not None else None, "second_quantity": None}


_NO_RATE: dict[str, None] = {"rate": None, "rate_per": None, "rate_unit": None, "quantity": None, "quantity_unit": None,
                             "second_quantity": None}  # fmt: skip
"""What was said of the ordered quantity is not said of the billed one."""


def _respelled(charge: Charge, name: str) -> Charge:
    """A charge whose field is no more what the partner wrote."""
    words = {field: word for field, word in (charge.kept or {}).items() if field != name}
    return charge.replace(kept=words or None)
