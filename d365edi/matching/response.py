"""The response to an order: its lines compared with those of our sales order.

A line that D365 has as it was ordered is accepted; less or more, another price, another day has an outcome of its own each,
several of them together are `changed`; another item is always `substituted`, and named beside the ordered one. A line that
D365 does not have, or cancelled, is rejected and promises nothing. The header is accepted when all lines are, rejected when
all are rejected, else changed. What the partner ordered is repeated in their words, but for a price that is not ours.

Knows: orders and what D365 has of them. Does not know: codes of any standard, how D365 was read.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from d365edi.documents import LineAnswer, OrderResponse, OrderResponseLine, PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import ItemIds
from d365edi.edi.findings import Finding
from d365edi.matching import asked, prices
from d365edi.matching.lines import LineMatch, together
from d365edi.matching.resolution import Resolution
from d365edi.matching.stating import PRICED
from d365edi.odata.quoting import same_text

ACCEPTED, CHANGED, REJECTED, SUBSTITUTED = "accepted", "changed", "rejected", "substituted"
CANCELED = "Canceled"
"""The state of a line or an order that D365 will not deliver (SalesStatus)."""
UNIT, QUANTITY, PRICE, DAY = "unit", "quantity changed", "price changed", "rescheduled"
SINGLE = ([QUANTITY], [PRICE], [DAY])
"""Differences that have an outcome of their own; any other, or several, are `changed`."""
NO_UNITS: Mapping[str, str] = MappingProxyType({})
REPEATED = ("number", "quantity", "unit", *PRICED, "item", "kept")
"""What a line of the response repeats of the order's."""
ROUNDING = Fraction(5, 1000)
"""Prices that differ by less than half a cent are the same, and by as little in proportion where they are below 1."""
Items = Collection[str]
"""Item numbers of ours, in small letters."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What each line of an order is compared by."""

    response: OrderResponse
    order: PurchaseOrder
    units: Mapping[str, str]
    read: prices.Units


def respond(
    response: OrderResponse, match: LineMatch, units: Mapping[str, str] = NO_UNITS, items: Sequence[Items] = ()
) -> tuple[OrderResponse, LineMatch]:
    """The response with its answers, line by line of the order, and the match that goes with its lines.

    `units` are the order's words for units with D365's, where these differ; `items` what was ordered, line by line, as
    `ordered_items` gives it. Where the order is not known, what D365 has is confirmed as it stands. Findings of severity error
    hold the response."""
    order = match.order
    if order is None:
        lines = tuple(line.replace(answers=(_unmatched(response, line),)) for line in response.lines)
        return _whole(response, lines), match
    known = _Known(response, order, units, prices.reading(order))
    wanted = zip(order.lines, [*items, *[()] * (len(order.lines) - len(items))], strict=True)
    answered = {id(each) for each in match.lines}
    sets = {each.number for each in order.lines if id(each) in answered}
    own = [
        (each, item) for each, item in wanted if id(each) in answered or each.parent is None or each.parent not in sets
    ]  # a component of a set that is answered as the set has no answer of its own
    made = [_line(known, each, _ours(response, match, each), item) for each, item in own]
    findings = (*match.findings, *(finding for _, finding in made if finding is not None))
    lines = tuple(line for line, _ in made)
    return _whole(_repeated(response, order), lines), LineMatch(tuple(each for each, _ in own), findings, order)


def ordered_items(order: PurchaseOrder, answers: Iterable[Resolution]) -> tuple[frozenset[str], ...]:
    """The items of ours that each line of an order was resolved to when it came in; none where that is not known. An order for
    several stores may have answers for each."""
    found: list[set[str]] = [set() for _ in order.lines]
    for each in answers:
        for number, item in each.items.items():
            place = each.parts[number - 1].line if 0 < number <= len(each.parts) else number
            if 0 < place <= len(found) and item:
                found[place - 1].add(item.casefold())
    return tuple(map(frozenset, found))


def _ours(response: OrderResponse, match: LineMatch, ordered: PurchaseOrderLine) -> list[OrderResponseLine]:
    """Our lines that answer one line of the order, but for those that will not be delivered."""
    found = [ours for ours, theirs in zip(response.lines, match.lines, strict=True) if theirs is ordered]
    return [ours for ours in found if not _cancelled(response, ours)]


def _cancelled(response: OrderResponse, ours: OrderResponseLine) -> bool:
    return CANCELED in (ours.state, response.state) or ours.quantity == 0


def _line(
    known: _Known, ordered: PurchaseOrderLine, ours: Sequence[OrderResponseLine], items: Items
) -> tuple[OrderResponseLine, Finding | None]:
    """A line of the order with its answers, and what holds it."""
    repeated = {name: getattr(ordered, name) for name in REPEATED}
    if not ours:
        return OrderResponseLine(**repeated, answers=(LineAnswer(outcome=REJECTED),)), None
    ours = [_in_their_unit(each, ordered, known.units) for each in ours]
    whole = sum((each.quantity or Decimal(0) for each in ours), Decimal(0)) == ordered.quantity
    answers = tuple(_answer(known, each, ordered, items, whole=whole) for each in ours)
    priced, wrong = _priced(ours, ordered, known.read)
    stores = together(ours)
    counted = {"distribution": ordered.distribution} if stores else {}
    return ours[0].replace(**{**repeated, **priced}, **counted, stores=stores, answers=answers), wrong


def _in_their_unit(ours: OrderResponseLine, ordered: PurchaseOrderLine, units: Mapping[str, str]) -> OrderResponseLine:
    """Our line with the order's word for its unit, where it is the same one."""
    same = (ordered.unit, units.get(ordered.unit or "", ordered.unit))
    return ours.replace(unit=ordered.unit) if any(same_text(ours.unit, unit) for unit in same) else ours


# -- one part of a line -----------------------------------------------------------------------------------------------
def _unmatched(response: OrderResponse, ours: OrderResponseLine) -> LineAnswer:
    """What becomes of a line of ours whose order is not known."""
    if _cancelled(response, ours):
        return LineAnswer(outcome=REJECTED)
    kind, day = asked.confirmed(ours, response).stated_day(asked.Asked())
    return LineAnswer(outcome=ACCEPTED, quantity=ours.quantity, unit=ours.unit, date_kind=kind, date=day)


def _answer(
    known: _Known, ours: OrderResponseLine, ordered: PurchaseOrderLine, items: Items, *, whole: bool
) -> LineAnswer:
    """The outcome of one of our lines. `whole`: our lines together have the ordered quantity."""
    days = asked.confirmed(ours, known.response)
    wanted = asked.asked(ordered, known.order, ours)
    other = bool(items) and ours.item.own is not None and ours.item.own.casefold() not in items
    differences = [
        difference
        for difference, there in (
            (UNIT, ours.unit != ordered.unit and ordered.unit is not None),
            (QUANTITY, not whole),
            (PRICE, not _same_price(ours, ordered, known.read)),
            (DAY, days.misses(wanted)),
        )
        if there
    ]
    outcome = differences[0] if differences in SINGLE else CHANGED if differences else ACCEPTED
    kind, day = days.stated_day(wanted)
    return LineAnswer(
        outcome=SUBSTITUTED if other else outcome,
        quantity=ours.quantity,
        unit=ours.unit,
        date_kind=kind,
        date=day,
        item=_substitute(ours.item, ordered.item) if other else ItemIds(),
        kept=_kept(ours, ordered, other=other),
    )


def _substitute(ours: ItemIds, ordered: ItemIds) -> ItemIds:
    """The numbers of what comes instead: ours, and the buyer's and the GTIN where they are not those of what was ordered."""
    return ItemIds(
        gtin=ours.gtin if ours.gtin != ordered.gtin else None,
        buyer=ours.buyer if ours.buyer != ordered.buyer else None,
        vendor=ours.vendor or ours.own,
    )


def _kept(ours: OrderResponseLine, ordered: PurchaseOrderLine, *, other: bool) -> dict[str, str] | None:
    """The partner's own words for the unit, and for the kinds of numbers of another item."""
    names = ["unit"] if ours.unit == ordered.unit else []
    if other:
        alike = len(ours.item.gtin or "") == len(ordered.item.gtin or "")
        names += ["item.buyer", "item.vendor", *(["item.gtin"] if alike else [])]
    words = {name: word for name in names if (word := ordered.spelling(name))}
    return words or None


# -- prices -----------------------------------------------------------------------------------------------------------
def _same_price(ours: OrderResponseLine, ordered: PurchaseOrderLine, read: prices.Units) -> bool:
    """Whether a line of ours costs what was ordered, but for rounding; True where one of them has no price. In another unit
    than ordered, whether the whole of it does."""
    price, theirs, count = prices.one(ours, prices.plainly), prices.one(ordered, read), read(ordered)
    if price is None or theirs is None or isinstance(count, str):
        return True
    if ours.unit != ordered.unit and ordered.unit is not None:
        price, theirs = price * Fraction(ours.quantity or 0), theirs * Fraction(ordered.quantity or 0)
        return abs(price - theirs) < ROUNDING
    return price == theirs or abs(price - theirs) * count < ROUNDING * min(Fraction(1), abs(theirs) * count)


def _priced(
    ours: Sequence[OrderResponseLine], ordered: PurchaseOrderLine, read: prices.Units
) -> tuple[Mapping[str, Any], Finding | None]:
    """The price of ours that a line is confirmed at, where it is another one, for one of the unit that is ordered; and why it
    cannot be said."""
    changed = [each for each in ours if not _same_price(each, ordered, read)]
    if not changed:
        return {}, None
    if any(each.unit != ordered.unit and ordered.unit is not None for each in changed):
        return {}, _unsaid(ordered, f"is {changed[0].unit} in D365 and {ordered.unit} in the order, at another price")
    if len(changed) < len(ours) or len({prices.one(each, prices.plainly) for each in changed}) > 1:
        listed = ", ".join(dict.fromkeys(f"{each.price}" for each in ours))
        return {}, _unsaid(ordered, f"has several prices in D365 ({listed}), and an answer has one for it")
    kept = {name: word for name, word in (ordered.kept or {}).items() if name.split(".")[0] not in PRICED[1:]}
    return {**{name: getattr(changed[0], name) for name in PRICED}, "kept": kept or None}, None


def _unsaid(ordered: PurchaseOrderLine, what: str) -> Finding:
    name = " ".join(filter(None, (ordered.number, f"({ordered.item.buyer or ordered.item.gtin or 'no item number'})")))
    remedy = "make it one in D365, or send it by hand"
    return Finding("document", "error", "", f"line {name} {what}", remedy=remedy, rule="turnaround")


# -- the whole --------------------------------------------------------------------------------------------------------
def _whole(response: OrderResponse, lines: tuple[OrderResponseLine, ...]) -> OrderResponse:
    """The response with its lines and its verdict; of an order that is rejected no day is confirmed."""
    outcomes = {answer.outcome for line in lines for answer in line.answers}
    outcome = ACCEPTED if outcomes <= {ACCEPTED} else REJECTED if outcomes == {REJECTED} else CHANGED
    days = {"ship_date": None, "deliver_date": None} if outcome == REJECTED else {}
    return response.replace(lines=lines, acknowledgment=outcome, **days)


def _repeated(response: OrderResponse, order: PurchaseOrder) -> OrderResponse:
    """The response with the date of the order, which every response must have."""
    return response.replace(date=response.date or order.date)
