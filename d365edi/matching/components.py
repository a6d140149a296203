"""Lines that are a set of components (a kit, a prepack, an assortment, a display): as our set item, or as their components.

X12 says a component by SLN below its line, for one of the line. EDIFACT says it by a line that names its line (LIN04), with
the quantity of all of them. A component that is included, or comes in addition, is a line; one that is only information is
none. Where components have prices they must come to the set's: nobody is billed something else than was ordered. Where none
has one, nobody can say what of the set's price is whose, and the order is held.

Knows: the relations of X12 (data element 662). Does not know: which item is which in D365, settings.
"""

from collections.abc import Iterator
from decimal import Decimal

from d365edi.documents import PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import ItemIds, Pack, PricePer
from d365edi.edi.findings import Finding
from d365edi.matching import parts
from d365edi.matching.agreements import CHANGING
from d365edi.matching.numbers import plain
from d365edi.matching.parts import COMPONENTS, PartsPolicy, held

INCLUDED, ADDED, INFORMATION = "I", "A", "O"
SEGMENTS = ("SLN", "LIN")
OWN = ("unit", "price", "price_basis", "item", "description", "kept")
"""What a component says of itself; the rest is the line's."""


def take(order: PurchaseOrder, policy: PartsPolicy) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order with its sets as they are written to D365, and what holds it."""
    if not any(line.components or line.parent for line in order.lines):
        return order, ()
    order = parts.placed(order)
    if policy.ignores(*SEGMENTS):
        return order.replace(lines=tuple(line.replace(components=()) for line in order.lines)), ()
    made, findings = list[PurchaseOrderLine](), list[Finding]()
    for line in order.lines:
        below = [each for each in order.lines if each.parent is not None and each.parent == line.number]
        if line.parent is not None:
            findings += _below(order, line, policy)
        elif not line.components and not below:
            made.append(line)
        else:
            lines, wrong = _set(line, below, policy)
            made += lines
            findings += [held(message, remedy, order) for message, remedy in wrong]
    return order.replace(lines=tuple(made)), tuple(findings)


def _below(order: PurchaseOrder, line: PurchaseOrderLine, policy: PartsPolicy) -> Iterator[Finding]:
    """Why a line that is a part of another one has no place there."""
    above = [each for each in order.lines if each.number == line.parent]
    if len(above) != 1 or above[0].parent is not None:
        found = "no line" if not above else f"{len(above)} lines" if len(above) > 1 else "a line that is a part itself"
        message = f"{_name(line)} is a part of line {line.parent}, which is {found} of the order"
        yield held(message, f"ask the partner what it means, or {policy.unread(*SEGMENTS)}", order)


def _set(
    line: PurchaseOrderLine, below: list[PurchaseOrderLine], policy: PartsPolicy
) -> tuple[list[PurchaseOrderLine], list[tuple[str, str]]]:
    """The lines for one set; or what holds it, each with its remedy."""
    ids, ours = _ids(line.item), None
    for id in ids:
        ours = ours or policy.sets.get(id)
    key = ids[0] if ids else line.number or ""
    if ours is None:
        named = [*(_ids(each.item)[:1] for each in line.components), *([f"line {each.number}"] for each in below)]
        message = f"{_name(line)} is a set of {', '.join(name for names in named for name in names) or 'components'}"
        setting = f'write "{key}" = our item for the set, or "{COMPONENTS}", under [{policy.sets_place}]'
        return [line, *below], [(message, f"{setting}; or {policy.unread(*SEGMENTS)}")]
    if ours != COMPONENTS:
        return [line.replace(components=())], []
    item = f'write "{key}" = our item for the set under [{policy.sets_place}]'
    wrong = [*_wrong(line, below)]
    if wrong:
        return [line, *below], [(f"{_name(line)}: {each}", f"{item}, or {policy.unread(*SEGMENTS)}") for each in wrong]
    if below:
        return [*below], []
    kept = [] if any(each.relation == INCLUDED for each in line.components) else [line.replace(components=())]
    return [*kept, *_components(line)], []


def _wrong(line: PurchaseOrderLine, below: list[PurchaseOrderLine]) -> Iterator[str]:
    """Why a set cannot be written as its components."""
    if below and (line.components or line.stores or line.schedules):
        yield "its components are lines of their own, and it says stores, dates or components besides"
    apart = any(each.discount_percent != line.discount_percent for each in below)
    if apart or line.discount_amount is not None or any(charge.kind in CHANGING for charge in line.charges):
        yield "it has an allowance or charge, which its components cannot share"
    known = (INCLUDED, ADDED, INFORMATION)
    for other in dict.fromkeys(each.relation for each in line.components if each.relation not in known):
        yield f"the relation {other or 'none'} of a component (SLN03) is neither included, in addition nor information"
    counted = [each for each in line.components if each.relation in (INCLUDED, ADDED)]
    if not counted and not below:
        yield "its components are only information (SLN03 O)"
    quantities = [line.quantity, *(each.quantity for each in counted), *(each.quantity for each in below)]
    if any(quantity is None or quantity <= 0 for quantity in quantities):
        yield "it, or a component, has no quantity"
        return
    yield from _costs(line, below)


def _costs(line: PurchaseOrderLine, below: list[PurchaseOrderLine]) -> Iterator[str]:
    """Whether what the components of one set cost is its price."""
    assert line.quantity is not None
    each: list[tuple[Decimal, Decimal | None, str | None]] = [
        ((part.quantity or Decimal(0)) * line.quantity, part.price, part.price_basis)
        for part in line.components
        if part.relation == INCLUDED
    ]
    each += [(one.quantity or Decimal(0), one.price, one.price_basis) for one in below]
    if line.price is None or not each:
        return
    if all(price is None for _, price, _ in each):
        yield f"it costs {plain(line.price)}, and none of its components says what of it is its own"
        return
    if any(price is None for _, price, _ in each):
        yield f"it costs {plain(line.price)}, and not every component says what of it is its own"
    elif any((basis or line.price_basis) != line.price_basis for _, _, basis in each):
        yield "its price and those of its components are per other quantities"
    else:
        total = sum((quantity * (price or Decimal(0)) for quantity, price, _ in each), Decimal(0))
        if total != line.price * line.quantity:
            one = plain(total / line.quantity)
            yield f"it costs {plain(line.price)}, and its components come to {one}"


def _components(line: PurchaseOrderLine) -> Iterator[PurchaseOrderLine]:
    assert line.quantity is not None
    for place, each in enumerate(line.components, 1):
        if each.relation in (INCLUDED, ADDED):
            assert each.quantity is not None
            yield line.replace(
                quantity=line.quantity * each.quantity,
                component=place,
                components=(),
                description_kind=None,
                pack=Pack(),
                prices=(),
                price_kind=None,
                price_per=PricePer(),
                features=(),
                **{name: getattr(each, name) for name in OWN},
            )


def _ids(item: ItemIds) -> list[str]:
    """The numbers of an item, in the order in which it is looked up."""
    named = (item.buyer, item.gtin, item.vendor, *(other.id for other in item.others))
    return [id for id in named if id is not None]


def _name(line: PurchaseOrderLine) -> str:
    return parts.name(line, line.place or 0)
