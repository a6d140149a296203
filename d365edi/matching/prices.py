"""What a price is for: so many of the ordered unit, in exact numbers.

A price that is for ten, a dozen, a hundred pieces, for a piece beside an ordered case, or for another unit than is ordered
is converted where the line says how (D365 takes a price for a quantity); where it does not, or where it is no price that
goods are sold at, the line holds its order.

Knows: lines, the words of `prices.toml`. Does not know: codes of any standard (the maps' code tables have them), settings.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from d365edi.documents import OrderLine, PurchaseOrder
from d365edi.documents.invoice import InvoiceLine
from d365edi.documents.values import Pack, PricePer
from d365edi.edi.findings import Finding
from d365edi.matching.numbers import plain
from d365edi.odata.quoting import same_text

PricedLine = OrderLine | InvoiceLine
UNIT, EACH, FREE = "unit", "each", "free"
ONE, CENT = Fraction(1), Decimal("0.01")
DIGITS = Context(prec=15)
"""How exactly a price is stated that has no end: 15 digits, as many as every standard takes."""
LEAST, WIDE = Decimal("1e-14"), Context(prec=60)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a word means (see `prices.toml`)."""

    per: int = 1
    pieces: bool = False
    units: tuple[str, ...] | None = None
    holds: str = ""


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("d365edi.matching") / "prices.toml").read_text(encoding="utf-8"))


@cache
def bases() -> Mapping[str, Basis]:
    """What each word for the basis of a price means."""
    return {
        word: Basis(**{**row, "units": tuple(row["units"]) if "units" in row else None})
        for word, row in _table()["basis"].items()
    }


# -- in ---------------------------------------------------------------------------------------------------------------
def settle(order: PurchaseOrder, place: str) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order with every price for so many of the ordered unit, as D365 takes it, and what holds it. `place` is the flow's
    table in the settings, as sentences name it."""
    stated = [_stated(line, line.number or str(at)) for at, line in enumerate(order.lines, 1)]
    read = _reading([line for line, _ in stated], order.total)
    lines, findings = [], list[Finding]()
    for at, (line, wrong) in enumerate(stated, 1):
        units = read(line)
        if wrong:
            findings.append(_held(line, wrong, f"put it right with them, then: d365edi release {order.number}"))
        elif isinstance(units, str):
            findings.append(_held(line, f"line {line.number or at}: {units}", _remedy(line, place, order.number)))
        lines.append(line if isinstance(units, str) else for_units(line, units))
    same = all(new is old for new, old in zip(lines, order.lines, strict=True))
    return (order if same else order.replace(lines=tuple(lines))), tuple(findings)


def _stated(line: OrderLine, number: str = "") -> tuple[Any, str]:
    """The line with its price: where it has none of its own, the one beside it that is no retail price; and what is wrong."""
    if line.price is not None or not line.prices:
        return line, ""
    table = _table()["stated"]
    known = table["identifiers"]
    found = {
        (each.amount, each.price_basis, each.unit, each.quantity or Decimal(1))
        for each in line.prices
        if each.amount is not None and each.identifier in known
    }
    if not found:
        left = [each for each in line.prices if each.amount and each.identifier not in table["retail"]]
        others = ", ".join(f"{each.amount} ({each.identifier or 'without a kind'})" for each in left)
        return line, f"line {number}: it has no price of its own, and beside it {others}" if others else ""
    if len(found) > 1 or any(quantity != 1 for *_, quantity in found):
        listed = ", ".join(sorted(f"{amount}" for amount, *_ in found))
        return line, f"line {number}: it has no price of its own, and beside it {listed}"
    ((amount, basis, unit, _),) = found
    return line.replace(price=amount, price_basis=basis, price_per=PricePer(unit=unit)), ""


def before_allowances(line: OrderLine) -> Any:
    """The line at the price to which its allowances are still to be applied, where it says that beside the price that has them
    in it (PRI AAB beside AAA); None where it does not."""
    other = _table()["gross"].get(line.spelling("price"))
    found = next((each for each in line.prices if other and each.identifier == other and each.amount is not None), None)
    if found is None:
        return None
    per = PricePer(quantity=found.per, unit=found.unit)
    return line.replace(
        price=found.amount,
        price_basis=found.price_basis,
        price_kind=found.price_kind,
        price_per=per,
        prices=(),
        kept=None,
    )


Units = Callable[[PricedLine], Fraction | str]


def _reading(lines: Iterable[PricedLine], total: Decimal | None) -> Units:
    """How a price for a piece beside a case is understood: the order's own total decides where it can, since partners write
    it for the price of the case as well."""
    if total is not None:
        each = [*lines]
        for read in (plainly, units_of):
            amounts = [_amount(line, read(line)) for line in each]
            if None not in amounts and abs(sum(filter(None, amounts)) - total) <= CENT * len(each):
                return read
    return units_of


class _Unsaid(Exception):
    """Why nobody can say for how many units a price is."""


Count = Callable[[str | None, str | None, Pack], Fraction | None]
"""How many pieces a unit has, by our word and theirs and how it is packed."""


def units_of(line: PricedLine) -> Fraction | str:
    """How many of the line's unit its price is for; text where that cannot be said: why."""
    return _counted(line, pieces_in)


def plainly(line: PricedLine) -> Fraction | str:
    """The same where "each" means each of what is ordered: how prices of ours are meant."""
    return _counted(line, lambda *_: ONE)


def _counted(line: PricedLine, pieces: Count) -> Fraction | str:
    if line.price is None:
        return ONE
    try:
        return _units(line, pieces)
    except _Unsaid as why:
        return str(why)


def _units(line: PricedLine, pieces: Count) -> Fraction:
    price, per = f"the price {line.price}", line.price_per
    ordered = f"and {plain(line.quantity, 'some')} {line.unit or 'without a unit'} are {_done(line)}"
    quantity = ONE if per.quantity is None else Fraction(per.quantity)
    if quantity <= 0:
        raise _Unsaid(f"{price} is for {per.quantity} units")
    for word, meaning in _meanings(line):
        quantity *= meaning.per
        if word == FREE and line.price:
            raise _Unsaid(f"{price} is stated, and nothing is to be charged")
        if meaning.units is not None and not _one_of(line, meaning.units):
            raise _Unsaid(f"{price} is per {word}{_theirs(line, 'price_basis')}, {ordered}")
        if meaning.pieces and line.unit is not None:
            inner = pieces(line.unit, line.spelling("unit"), line.pack)
            if inner is None:
                code = _theirs(line, "price_basis")
                raise _Unsaid(f"{price} is per {word}{code}, {ordered}: how many pieces are in one is not said")
            quantity /= inner
    if per.unit is None or (line.unit is not None and same_text(per.unit, line.unit)):
        return quantity
    theirs = pieces_in(per.unit, line.spelling("price_per.unit"), line.pack)
    ours = pieces_in(line.unit, line.spelling("unit"), line.pack)
    if theirs is None or ours is None or _measure(per.unit) or _measure(line.unit):
        raise _Unsaid(f"{price} is per {per.unit}{_theirs(line, 'price_per.unit')}, {ordered}")
    return quantity * theirs / ours


def _theirs(line: PricedLine, field: str) -> str:
    """The partner's own code for a field, in brackets."""
    code = line.spelling(field)
    return f" ({code})" if code else ""


def _meanings(line: PricedLine) -> Iterator[tuple[str, Basis]]:
    """What the words of a price mean. Raises for one that is no price to go by."""
    for name in ("price_kind", "price_basis"):
        word = getattr(line, name)
        meaning = bases().get(word) if word is not None else Basis()
        if meaning is None:
            known = ", ".join(bases())
            raise _Unsaid(f'the price {line.price} is "{word}", which is none of the known words: {known}')
        if meaning.holds:
            raise _Unsaid(f"the price {line.price} {meaning.holds} ({line.spelling(name) or word})")
        if word is not None:
            yield word, meaning


def pieces_in(unit: str | None, spelled: str | None, pack: Pack) -> Fraction | None:
    """How many pieces a unit has; a measure (a pound, a foot) counts as one. None where nothing says it."""
    table = _table()["units"]
    words = [word.casefold() for word in (unit, spelled) if word]
    for word in words:
        if word in table["counted"]:
            return Fraction(table["counted"][word])
    if any(word in table["pieces"] for word in words) or _measure(unit):
        return ONE
    packed = pack.count is not None and pack.count > 0
    if any(word in table["containers"] for word in words) or (packed and pack.count != 1):
        known = packed and pack.inner in (None, 1, pack.count) and any(word in table["containers"] for word in words)
        return Fraction(pack.count) if known and pack.count is not None else None
    return ONE


def piece(word: str) -> bool:
    """Whether a unit of ours, or the code of a standard, is a piece."""
    return word.casefold() in _table()["units"]["pieces"]


@cache
def _measures() -> frozenset[str]:
    return frozenset(unit for basis in bases().values() for unit in basis.units or ())


def _measure(unit: str | None) -> bool:
    return unit is not None and unit.casefold() in _measures()


def _one_of(line: PricedLine, units: tuple[str, ...]) -> bool:
    return any(word is not None and word.casefold() in units for word in (line.unit, line.spelling("unit")))


def for_units(line: Any, units: Fraction) -> Any:
    """The line with its price for a whole number of its unit; `units` is how many its price is for."""
    if line.price_basis == FREE:
        return line.replace(price=Decimal(0), price_basis=None)
    if line.price is None or (units == 1 and line.price_per == PricePer()):
        return line
    price = line.price * units.denominator
    per = PricePer(quantity=Decimal(units.numerator)) if units.numerator != 1 else PricePer()
    return line.replace(price=price, price_per=per, price_basis=None, price_kind=None)


def _remedy(line: PricedLine, place: str, number: str) -> str:
    """The setting that says what is meant. `place` is the flow's table in the settings."""
    names = [name for name in ("price_kind", "price_basis") if getattr(line, name) not in (None, UNIT)]
    release = f"then: d365edi release {number}"
    if not names and line.price_per.unit is None:
        return f'put it right with them and d365edi reject {number} --why "..."'
    if not names:
        return f"if it is the price of one that is ordered, add price_per.unit = false under [{place}.map.lines], {release}"
    theirs = line.spelling(names[0]) or getattr(line, names[0])
    where = ".".join([*place.split(".")[:2], "codes", names[0]])
    return f'if it is the price of one that is ordered, add {theirs} = "unit" under [{where}], {release}'


def _held(line: PricedLine, message: str, remedy: str) -> Finding:
    return Finding("document", "error", "", message, value=str(line.price or ""), remedy=remedy, rule="price")


def _done(line: PricedLine) -> str:
    return "billed" if isinstance(line, InvoiceLine) else "ordered"


# -- prices compared --------------------------------------------------------------------------------------------------
def reading(order: PurchaseOrder | None) -> Units:
    """How the prices of an order are understood: as they were when it came in."""
    if order is None:
        return units_of
    lines = [_stated(line)[0] for line in order.lines]
    return _reading(lines, order.total)


def one(line: PricedLine, units: Units) -> Fraction | None:
    """The price of one of the line's unit; None where there is none or it cannot be said."""
    line = _stated(line)[0] if isinstance(line, OrderLine) else line
    count = units(line)
    return Fraction(line.price) / count if line.price is not None and not isinstance(count, str) else None


def unrounded(line: PricedLine, units: Fraction | str) -> Fraction | None:
    """Quantity times price as it is before it is rounded, where the price is for so many `units`; None where one of them is
    missing."""
    if isinstance(units, str) or line.price is None or line.quantity is None:
        return None
    return Fraction(line.quantity) * Fraction(line.price) / units


def extended(line: PricedLine) -> Decimal | None:
    """Quantity times price, in whole cents, of a line of ours; None where one of the two is missing."""
    return _amount(line, plainly(line))


def round_cents(amount: Fraction) -> Decimal:
    """An amount in whole cents, half a cent away from zero."""
    cents = (abs(amount) * 200 + 1) // 2
    return Decimal(int(cents) if amount >= 0 else -int(cents)).scaleb(-2)


def equal(line: PricedLine, ordered: OrderLine, units: Units) -> bool:
    """Whether a line of ours has the price of the order's, both of the same unit; True where one of them has none. `units`
    is how the order's prices are read."""
    ours, theirs = one(line, plainly), one(ordered, units)
    return ours is None or theirs is None or decimal(ours) == decimal(theirs)


def _amount(line: PricedLine, units: Fraction | str) -> Decimal | None:
    exact = unrounded(line, units)
    return None if exact is None else round_cents(exact)


def decimal(value: Fraction) -> Decimal:
    """A price as a number, exact where that takes 15 digits at most."""
    made = DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
    cut = made.quantize(LEAST, context=WIDE)
    return made if cut == made else cut
