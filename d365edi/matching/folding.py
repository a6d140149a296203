"""What D365 has line by line, as lines of the partner's order: several sales lines of one order line become one again.

Sales lines that were made of one line for its stores or dates are added up where nothing else distinguishes them (a price, a
day, a batch). Components of a set become sets where they are whole sets; an answer or an invoice with parts of a set is held,
a ship notice says the components themselves. A line that was not made of another one is left as it is.

Knows: documents that go out, the orders that they answer, which sales line was made of what. Does not know: why it was.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from d365edi.documents import InvoiceLine, OrderResponseLine, PurchaseOrder, PurchaseOrderLine, ShipNotice, ShippedLine
from d365edi.documents.ship_notice import Ordered
from d365edi.documents.values import Charge, PricePer, StoreQuantity, Tax
from d365edi.edi.findings import Finding
from d365edi.matching import prices, store_lines
from d365edi.matching.components import INCLUDED
from d365edi.matching.lines import Line, LineMatch, together
from d365edi.matching.resolution import DeliveryPlace, Resolution
from d365edi.matching.response import CANCELED
from d365edi.matching.their_numbers import AnyOutbound, each_line

AnsweringLine = tuple[Line, PurchaseOrderLine | None]
"""A line that goes out with the order's line that it answers."""
NOTHING = Decimal(0)
COUNTED = {
    "quantity": None, "amount": None, "lot": None, "charges": (), "taxes": (), "tax": None, "ordered": Ordered(), "stores": (),
    "location": None, "weight": None, "weight_unit": None,
}  # fmt: skip
"""The fields of a line that are added up, or say nothing about it."""


@dataclass(slots=True)
class Fold:
    """Which order lines became several sales lines: by identity, the item of each of their components that is one, the line of
    the set of which a line is a component (EDIFACT's sub-lines), and the store at each place ("" for those whose place was left
    to D365), where lines say which of their stores gets how much."""

    components: dict[int, dict[str, int]] = field(default_factory=dict)
    sets: dict[int, PurchaseOrderLine] = field(default_factory=dict)
    places: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def learn(self, lines: Sequence[PurchaseOrderLine], answers: Resolution, *, apart: bool) -> None:
        """Take over what the lines of an order, as written, became; and where each store is with `apart`."""
        for number, part in enumerate(answers.parts, 1):
            if part.line <= len(lines):
                items = self.components.setdefault(id(lines[part.line - 1]), {})
                if part.component is not None:
                    items[answers.items.get(number, "").casefold()] = part.component
                if apart and part.store is not None:
                    places = self.places.setdefault(id(lines[part.line - 1]), {})
                    places.setdefault((_place(answers, number).location or "").casefold(), set()).add(part.store)
        made = {part.line for part in answers.parts}
        wholes = {line.number: line for place, line in enumerate(lines, 1) if place not in made}
        for line in (line for place, line in enumerate(lines, 1) if line.parent is not None and place in made):
            if line.parent in wholes:
                self.sets[id(line)] = wholes[line.parent]

    def folded(self, lines: Sequence[AnsweringLine], *, strict: bool) -> Iterator[AnsweringLine]:
        """The lines of one level. `strict`: parts of a set hold the document."""
        groups: dict[int, list[tuple[Line, PurchaseOrderLine]]] = {}
        known = self._sharing(lines)
        for line, ordered in lines:
            if ordered is not None and id(ordered) in self.components:
                own = self._for_store(line, ordered, known.get(id(line))) if id(ordered) in self.places else line
                groups.setdefault(id(self.sets.get(id(ordered), ordered)), []).append((own, ordered))
        for line, ordered in lines:
            if ordered is None or id(ordered) not in self.components:
                yield line, ordered
            elif group := groups.pop(id(self.sets.get(id(ordered), ordered)), None):
                yield from (
                    self._sub_lines(group, strict=strict)
                    if id(ordered) in self.sets
                    else self._group([line for line, _ in group], ordered, strict=strict)
                )

    def _sub_lines(self, group: Sequence[tuple[Line, PurchaseOrderLine]], *, strict: bool) -> Iterator[AnsweringLine]:
        """The set that lines below it are, or these as they were ordered."""
        ordered = self.sets[id(group[0][1])]
        below = {id(each): each for _, each in group}
        per = {key: Fraction(each.quantity or 1) / Fraction(ordered.quantity or 1) for key, each in below.items()}
        whole = {key for key, each in self.sets.items() if each is ordered} == {*below}
        made = _as_set([(line, id(each)) for line, each in group], ordered, per) if whole else None
        if made is not None:
            yield made, ordered
            return
        if strict:
            self.findings.append(_no_set(ordered))
        for key, each in below.items():
            for line in _merged(line for line, of in group if id(of) == key):
                yield line, each

    def _group(self, lines: list[Line], ordered: PurchaseOrderLine, *, strict: bool) -> Iterator[AnsweringLine]:
        items = self.components[id(ordered)]
        parts = [(line, items.get((line.item.own or "").casefold())) for line in lines]
        for line in _merged(line for line, component in parts if component is None):
            yield line, ordered
        included = {
            place: Fraction(each.quantity or 1)
            for place, each in enumerate(ordered.components, 1)
            if each.relation == INCLUDED
        }
        of_set = [(line, component) for line, component in parts if component in included]
        made = _as_set(of_set, ordered, included) if of_set else None
        if made is not None:
            yield made, ordered
        elif of_set and strict:
            self.findings.append(_no_set(ordered))
        yield from ((line, None) for line, part in parts if part is not None and (made is None or part not in included))

    def _sharing(self, lines: Sequence[AnsweringLine]) -> dict[int, str]:
        """The store of each line whose delivery address is that of several, by the line's identity."""
        at: dict[tuple[int, str], tuple[PurchaseOrderLine, list[Line]]] = {}
        for line, ordered in lines:
            if ordered is not None and id(ordered) in self.places and _counts(line):
                key = (id(ordered), (line.location or "").casefold())
                at.setdefault(key, (ordered, []))[1].append(line)
        made = dict[int, str]()
        for (_, place), (ordered, same) in at.items():
            stores = self.places[id(ordered)].get(place, set())
            if len(stores) > 1:
                made |= store_lines.shared(same, store_lines.ordered_by(ordered, stores), _bare)
        return made

    def _for_store(self, line: Line, ordered: PurchaseOrderLine, known: str | None) -> Line:
        """The line with the store that it is for; `known` where that is known otherwise than by its place."""
        if not _counts(line):
            return line
        places = self.places[id(ordered)]
        found = {known} if known is not None else places.get((line.location or "").casefold(), set())
        if len(found) != 1:
            self.findings.append(_no_store(line, ordered, found, places.get("", set())))
            return line
        (store,) = found
        kind = next((each.id_kind for each in ordered.stores if each.store == store), None)
        made = (StoreQuantity(store=store, id_kind=kind, quantity=line.quantity),)
        return _changed(line, {"stores": made, "distribution": ordered.distribution})


def _counts(line: Line) -> bool:
    """Whether a store gets something of a line."""
    return line.quantity is not None and getattr(line, "state", None) != CANCELED


def fold(
    document: AnyOutbound,
    match: LineMatch,
    orders: Iterable[tuple[PurchaseOrder, Resolution]],
    *,
    apart: Collection[int] = (),
) -> tuple[AnyOutbound, LineMatch, tuple[Finding, ...]]:
    """The document in the lines of its orders, and the match that goes with its lines; findings hold it. `orders` are the
    ones that were matched, each with its answers; `apart` are the identities of those whose lines name their stores."""
    made = Fold()
    for order, answers in orders:
        made.learn(order.lines, answers, apart=id(order) in apart)
    if not made.components:
        return document, match, ()
    ordered = {id(line): theirs for line, theirs in zip(each_line(document), match.lines, strict=True)}
    matched: dict[int, PurchaseOrderLine | None] = {}

    def change(lines: Iterable[Any]) -> tuple[Any, ...]:
        found = list(
            made.folded([(line, ordered[id(line)]) for line in lines], strict=not isinstance(document, ShipNotice))
        )
        matched.update((id(line), theirs) for line, theirs in found)
        return tuple(line for line, _ in found)

    whole: Any = document
    whole = whole.with_levels(change) if isinstance(document, ShipNotice) else whole.replace(lines=change(whole.lines))
    lines = tuple(matched[id(line)] for line in each_line(whole))
    return whole, replace(match, lines=lines), tuple(made.findings)


# -- lines that are alike ---------------------------------------------------------------------------------------------
def _merged(lines: Iterable[Line]) -> list[Line]:
    """Lines that differ only in their quantities as one; an invoice's only where the cents stay the same."""
    found = list[list[Line]]()
    for line in lines:
        alike = next((group for group in found if _bare(group[0]) == _bare(line)), None)
        if alike is None:
            found.append([line])
        else:
            alike.append(line)
    return [each for group in found for each in _sum(group)]


def _bare(line: Line) -> Line:
    change = {name: empty for name, empty in COUNTED.items() if hasattr(line, name)}
    if isinstance(line, OrderResponseLine) and line.state != CANCELED:
        change["state"] = None
    return _changed(line, change)


def _sum(lines: list[Line]) -> list[Line]:
    if len(lines) == 1 or not _same_cents(lines):
        return lines
    first: Any = lines[0]
    change: dict[str, Any] = {"quantity": _total(line.quantity for line in lines), "lot": None}
    if isinstance(first, InvoiceLine):
        change |= _billed(lines)
    if isinstance(first, ShippedLine):
        ordered = [line.ordered for line in lines if isinstance(line, ShippedLine)]
        change["ordered"] = first.ordered.replace(quantity=_total(each.quantity for each in ordered))
        change |= _weight(lines)
    if not isinstance(first, ShippedLine):
        change["charges"] = _charges(lines)
    change["stores"] = together(lines)
    return [first.replace(**change)]


def _same_cents(lines: list[Line]) -> bool:
    """Whether the sum of an invoice's lines is what their quantities together cost."""
    billed = [line for line in lines if isinstance(line, InvoiceLine)]
    if not billed:
        return True
    whole = _cost(billed[0].replace(quantity=_total(line.quantity for line in billed)))
    return whole == sum(map(_cost, billed))


def _cost(line: InvoiceLine | OrderResponseLine) -> Decimal:
    return prices.extended(line) or NOTHING


def _charges(lines: Iterable[Any]) -> tuple[Charge, ...]:
    """The charges of all of them, those of one kind added up."""
    found: dict[Charge, list[Charge]] = {}
    for charge in (charge for line in lines for charge in line.charges):
        found.setdefault(charge.replace(amount=None), []).append(charge)
    return tuple(kind.replace(amount=_total(each.amount for each in same)) for kind, same in found.items())


def _billed(lines: Iterable[Line]) -> dict[str, Any]:
    """What an invoice's lines cost in all, and their taxes, those of one rate added up."""
    billed = [line for line in lines if isinstance(line, InvoiceLine)]
    found: dict[Tax, list[Tax]] = {}
    for tax in (tax for line in billed for tax in line.taxes):
        found.setdefault(tax.replace(amount=None, base=None), []).append(tax)
    taxes = [
        kind.replace(amount=_total(each.amount for each in same), base=_total(each.base for each in same))
        for kind, same in found.items()
    ]
    amounts = {name: _total(getattr(line, name) for line in billed) for name in ("amount", "tax")}
    return {**amounts, "taxes": tuple(taxes)}


def _weight(lines: Iterable[Line]) -> dict[str, Any]:
    """What all of them weigh, where each says so in one unit."""
    shipped = [line for line in lines if isinstance(line, ShippedLine)]
    units = {(line.weight_unit or "").casefold() for line in shipped}
    if len(units) > 1 or any(line.weight is None for line in shipped):
        return {"weight": None, "weight_unit": None}
    return {"weight": _total(line.weight for line in shipped), "weight_unit": units.pop() or None}


def _total(values: Iterable[Decimal | None]) -> Decimal | None:
    found = [value for value in values if value is not None]
    return sum(found, NOTHING) if found else None


# -- sets -------------------------------------------------------------------------------------------------------------
def _as_set(
    parts: Sequence[tuple[Line, int | None]], ordered: PurchaseOrderLine, per: Mapping[int, Fraction]
) -> Line | None:
    """The line that these components are, in whole sets; None where they are not. `per` is how many of each are in one set."""
    counts: dict[int, Decimal] = dict.fromkeys(per, NOTHING)
    for line, component in parts:
        assert component is not None
        counts[component] += line.quantity or NOTHING
    sets = {Fraction(count) / per[component] for component, count in counts.items()}
    lines = [line for line, _ in parts]
    if len(sets) != 1 or len({getattr(line, "state", None) for line in lines}) != 1:
        return None
    (exact,) = sets
    stores, quantity = _stores_of_sets(parts, per), prices.decimal(exact)
    whole = exact.denominator == 1 or Fraction(ordered.quantity or 1).denominator != 1
    if stores is None or Fraction(quantity) != exact or not whole:
        return None
    first: Any = lines[0]
    change: dict[str, Any] = {
        "quantity": quantity, "unit": ordered.unit, "item": ordered.item, "description": ordered.description, "lot": None,
        "stores": stores,
    }  # fmt: skip
    if isinstance(first, ShippedLine):
        change |= {"ordered": Ordered(quantity=ordered.quantity, unit=ordered.unit), "batch": None}
        return _changed(first, change | _weight(lines))
    price = _price(lines, quantity)
    if price is None and any(getattr(line, "price", None) is not None for line in lines):
        return None
    change |= {"price": price, "price_per": PricePer(), "charges": _charges(lines)}
    if isinstance(first, InvoiceLine):
        change |= _billed(lines)
    else:
        change |= {name: _last(getattr(line, name) for line in lines) for name in ("ship_date", "deliver_date")}
    return _changed(first, change)


def _stores_of_sets(
    parts: Sequence[tuple[Line, int | None]], per: Mapping[int, Fraction]
) -> tuple[StoreQuantity, ...] | None:
    """How many sets each store gets, where the lines say it; None where these are no whole ones."""
    found: dict[tuple[str, str | None], set[Fraction]] = {}
    for component in {component for _, component in parts if component is not None}:
        for each in together(line for line, of in parts if of == component):
            found.setdefault((each.store, each.id_kind), set()).add(Fraction(each.quantity or 0) / per[component])
    if any(len(sets) != 1 for sets in found.values()):
        return None
    return tuple(
        StoreQuantity(store=store, id_kind=kind, quantity=prices.decimal(sets.pop()))
        for (store, kind), sets in found.items()
    )


def _changed(line: Line, change: dict[str, Any]) -> Line:
    made: Line = line.replace(**change)
    return made


def _last(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day is not None), default=None)


def _price(lines: Sequence[Line], sets: Decimal) -> Decimal | None:
    """The price of one set; None where it cannot be said exactly, or not to the cent of what its components cost."""
    priced = [line for line in lines if not isinstance(line, ShippedLine) and line.price is not None]
    if not priced or len(priced) < len(lines) or not sets:
        return None
    whole = sum(
        (Fraction(line.quantity or 0) * (prices.one(line, prices.plainly) or 0) for line in priced), Fraction(0)
    )
    price = prices.decimal(whole / Fraction(sets))
    exact = price == price.quantize(Decimal("0.000001"))
    cents = sum(map(_cost, priced), NOTHING)
    return price.normalize() if exact and prices.round_cents(Fraction(sets) * Fraction(price)) == cents else None


def _place(answers: Resolution, number: int) -> DeliveryPlace:
    """Where a sales line goes: one with the place of the order as a whole has none of its own."""
    return answers.places.get(number) or answers.places.get(0) or DeliveryPlace()


def _no_store(line: Line, ordered: PurchaseOrderLine, found: set[str], unplaced: set[str]) -> Finding:
    place = f"delivery address {line.location}" if line.location else "no delivery address that we may read"
    which = f"is that of stores {', '.join(sorted(found))}" if found else "is that of none of its stores"
    remedy = 'correct it in D365, or answer without stores: back = "order" of the receive flow'
    if unplaced and not found:
        which += f"; the address of {', '.join(sorted(unplaced))} was left to D365"
        remedy = 'list the stores under locations of the partner, or answer without stores: back = "order" of the receive flow'
    message = f"line {ordered.number or ''} of the order: a sales line has {place}, which {which}"
    return Finding("document", "error", "", message, remedy=remedy, rule="turnaround")


def _no_set(ordered: PurchaseOrderLine) -> Finding:
    name = ordered.item.buyer or ordered.item.gtin or "a set"
    message = f"line {ordered.number or ''} ({name}) is a set, and what D365 has of its components is not whole sets of one price"
    remedy = "complete it in D365, or send it by hand"
    return Finding("document", "error", "", message, remedy=remedy, rule="turnaround")
