"""Deals for the tests of this room: what a partner orders and what D365 makes of it, drawn as plain facts.

A deal knows no document, map or code table of the product. `texts` says it as an 850 or as ORDERS, `records` as D365 does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

Standard = Literal["X12", "EDIFACT"]
ORDERED = date(2026, 1, 5)
POSTED = date(2026, 1, 20)
VERSIONS: dict[Standard, tuple[str, ...]] = {"X12": ("004010", "005010"), "EDIFACT": ("D96A", "D01B")}
"""The versions that a deal is told in."""
UNITS = {
    "X12": {"EA": "ea", "UN": "ea", "CA": "cs", "CT": "cs", "PC": "pcs", "DZ": "dz", "KG": "kg"},
    "EDIFACT": {"PCE": "pcs", "EA": "ea", "C62": "ea", "CT": "cs", "CS": "cs", "DZN": "dz", "KGM": "kg"},
}
"""The partner's word for a unit and D365's symbol."""
PIECES = ("ea", "pcs")
CODES: dict[Standard, tuple[str, ...]] = {
    "X12": ("I310", "F800", "I170", "A260", "I530", "F910"),
    "EDIFACT": ("TAE", "PAD", "TD", "ADR", "VAB", "QD"),
}
"""How allowances are called, none as D365 calls one: expected in percent, in money, taken off; of a line, then of an order."""
BASES = {1: ("", "PE", "CP"), 10: ("PN",), 12: ("PD",), 100: ("HP",), 1000: ("TP",)}
"""How an 850 says that its price is for so many (639)."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """An allowance that an order names: so many percent of the price, or so much. `agreed`: what the settings say of its code."""

    code: str
    agreed: str
    percent: Decimal | None = None
    amount: Decimal | None = None

    @property
    def discounts(self) -> bool:
        """Whether D365 takes it off; else it is settled otherwise, and only named."""
        return self.agreed == "discount"


@dataclass(frozen=True, slots=True)
class Bought:
    """A line of an order. `price` is for `per` pieces or, of another unit, for one of it; `ordinal` is its number in D365;
    `stores` says how much each store gets."""

    number: str
    ordinal: int
    item: str
    buyer: str
    gtin: str
    unit: str
    symbol: str
    quantity: Decimal
    price: Decimal
    per: int
    basis: str
    deliver: date | None
    allowance: Allowance | None = None
    stores: tuple[tuple[str, Decimal], ...] = ()

    @property
    def each(self) -> Fraction:
        """What one of the unit costs."""
        return Fraction(self.price) / self.per


@dataclass(frozen=True, slots=True)
class Sold:
    """A sales line of D365 for a line of the order, or for what a store gets of it. `price` is for `per` of the unit."""

    line: int
    lot: str
    item: str
    symbol: str
    quantity: Decimal
    price: Decimal
    per: int
    ships: date | None
    arrives: date | None
    cancelled: bool = False
    store: str = ""

    @property
    def place(self) -> str:
        """Where D365 delivers it: what the store is called there."""
        return f"PLACE-{self.store}" if self.store else ""


@dataclass(frozen=True, slots=True)
class Deal:
    """An order, told in some version, and its sales order; until when the order as a whole is to be shipped and delivered.
    `apart`: what answers it says what each store gets."""

    number: str
    sales_order: str
    ship: date | None
    deliver: date | None
    lines: tuple[Bought, ...]
    sold: tuple[Sold, ...]
    allowance: Allowance | None = None
    version: str = ""
    apart: bool = False

    @property
    def agreed(self) -> dict[str, str]:
        """What the settings say of the codes of its allowances."""
        named = (self.allowance, *(line.allowance for line in self.lines))
        return {each.code: each.agreed for each in named if each is not None}

    def ours(self, line: int) -> list[Sold]:
        """The sales lines of a line that will be delivered."""
        return [each for each in self.sold if each.line == line and not each.cancelled]


@dataclass(frozen=True, slots=True)
class Box:
    """So much of a sales line in a package; without a number in none."""

    sscc: str
    sold: Sold
    quantity: Decimal


def cents(value: Fraction) -> Decimal:
    """An amount rounded as D365 does: half a cent away from nothing."""
    whole = Decimal(int(abs(value) * 100 + Fraction(1, 2))) / 100
    return whole if value >= 0 else -whole


def plain(value: Decimal) -> str:
    """A number without an exponent or needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


money = st.integers(1, 99999).map(lambda value: Decimal(value) / 100)
none = st.just(Decimal(0))
later = st.integers(3, 25).map(lambda days: ORDERED + timedelta(days))


def maybe(strategy: st.SearchStrategy[date]) -> st.SearchStrategy[date | None]:
    """Or nothing."""
    return st.none() | strategy


def is_unit(word: str, sold: Sold, line: Bought) -> bool:
    """Whether a partner's word is right for a sales line: the order's own where that is its unit."""
    return word == line.unit if sold.symbol == line.symbol else word in ("EA", "UN", "C62") and sold.symbol == "ea"


@st.composite
def quantities(draw: DrawFn, unit: str) -> Decimal:
    """What is ordered of a unit: whole where it is counted."""
    return Decimal(draw(st.integers(1, 99999))) / 10 if unit == "kg" else Decimal(draw(st.integers(1, 9999)))


@st.composite
def allowances(draw: DrawFn, standard: Standard, *, of_line: bool) -> Allowance:
    """What an order takes off a line, or off all of it. A code has one meaning wherever it stands."""
    percent, money, discount = CODES[standard][:3] if of_line else CODES[standard][3:]
    match draw(st.sampled_from(["percent", "money", "discount"])):
        case "percent":
            return Allowance(percent, "3%", percent=Decimal(3))
        case "money":
            return Allowance(money, "12.50", amount=Decimal("12.50"))
    return Allowance(discount, "discount", percent=Decimal(draw(st.sampled_from(["1.5", "5", "10"]))))


@st.composite
def in_money(draw: DrawFn, line: Bought) -> Bought:
    """The line with what is taken off its price as an amount, some tenths for each unit, where it has such an allowance."""
    said = line.allowance
    if said is None or not said.discounts or line.per != 1 or line.price < 1 or draw(st.booleans()):
        return line
    each = Decimal(draw(st.integers(1, 3))) / 10
    return replace(line, allowance=replace(said, percent=None, amount=each * line.quantity))


@st.composite
def bought(draw: DrawFn, standard: Standard, place: int, number: str) -> Bought:
    """A line of an order."""
    unit = draw(st.sampled_from(sorted(UNITS[standard])))
    symbol = UNITS[standard][unit]
    per = draw(st.sampled_from(sorted(BASES) if symbol in PIECES else [1]))
    numbers = draw(st.sampled_from(["buyer", "gtin", "both"]))
    return Bought(
        number=number,
        ordinal=int(number) if number else place,
        item=f"D{place:04}",
        buyer=f"B-{place}{draw(st.integers(0, 99))}" if numbers != "gtin" else "",
        gtin=_checked(f"40123450{place:04}") if numbers != "buyer" else "",
        unit=unit,
        symbol=symbol,
        quantity=draw(quantities(symbol)),
        price=Decimal(draw(st.integers(1, 9999999))).scaleb(-draw(st.integers(2, 4))),
        per=per,
        basis=draw(st.sampled_from(BASES[per] if symbol in PIECES else ("", "CP"))),
        deliver=draw(maybe(later)),
        allowance=draw(st.none() | allowances(standard, of_line=True)),
    )


@st.composite
def sold(draw: DrawFn, line: Bought, place: int) -> list[Sold]:
    """What D365 has of a line: as ordered, less of it, in two parts, at another price, another item, in pieces, nothing."""
    what = draw(
        st.sampled_from(
            ["same", "same", "less", "split", "short split", "priced", "other", "unit", "cancelled", "none"]
        )
    )
    if what == "none":
        return []
    if what == "unit" and line.symbol in ("cs", "dz") and 10**6 % (line.each / 12).denominator == 0:
        one, twelve = line.each / 12, line.quantity * 12
        price = Decimal(one.numerator) / Decimal(one.denominator)
        return [Sold(place, f"L-{place}-1", line.item, "ea", twelve, price, 1, draw(maybe(later)), draw(maybe(later)))]
    price, per = _restated(draw, line, Fraction(3, 2) if what == "priced" else Fraction(1))
    item = f"S{place:04}" if what == "other" else line.item
    wanted = [line.quantity]
    if what in ("less", "short split") and line.quantity > 1:
        wanted = [line.quantity - 1]
    if "split" in what and wanted[0] > 2:
        wanted = [wanted[0] - 1, Decimal(1)]
    return [
        Sold(
            place,
            f"L-{place}-{part}",
            item,
            line.symbol,
            quantity,
            price,
            per,
            draw(maybe(later)),
            draw(maybe(later)),
            what == "cancelled",
        )
        for part, quantity in enumerate(wanted, 1)
    ]


def _restated(draw: DrawFn, line: Bought, factor: Fraction) -> tuple[Decimal, int]:
    """The price as D365 may have it: for as many as the order says, or for another round number where that is exact."""
    per = draw(st.sampled_from([line.per, line.per, 1, 10, 100]))
    exact = line.each * factor * per
    if 10**6 % exact.denominator:
        per, exact = line.per, line.each * factor * line.per
    return Decimal(exact.numerator) / Decimal(exact.denominator), per


@st.composite
def deals(draw: DrawFn, standard: Standard, number: str = "4500012345") -> Deal:
    """An order with what D365 made of it; at least one of its lines will be delivered."""
    count, scheme = draw(st.integers(1, 4)), draw(st.sampled_from(["{0}", "{0}0", "{0:03}"]))
    lines = [draw(bought(standard, place, scheme.format(place))) for place in range(1, count + 1)]
    whole = draw(st.none() | allowances(standard, of_line=False))
    if whole is None or not whole.discounts:
        lines = [draw(in_money(line)) for line in lines]
    parts = [each for place, line in enumerate(lines, 1) for each in draw(sold(line, place))]
    if not parts:
        parts = [
            Sold(
                1, "L-1-1", lines[0].item, lines[0].symbol, lines[0].quantity, lines[0].price, lines[0].per, None, None
            )
        ]
    return Deal(
        number,
        f"SO-{number[-5:]}",
        draw(maybe(later)),
        draw(maybe(later)),
        tuple(lines),
        tuple(parts),
        whole,
        draw(st.sampled_from(VERSIONS[standard])),
    )


@st.composite
def slips(draw: DrawFn, standard: Standard) -> tuple[tuple[Deal, ...], tuple[Box, ...]]:
    """An order with what is shipped of it, in no packages."""
    deal = draw(deals(standard))
    going = [each for each in deal.sold if not each.cancelled]
    return (deal,), tuple(Box("", each, draw(st.sampled_from(_some(each.quantity)))) for each in going)


@st.composite
def shipments(draw: DrawFn, standard: Standard) -> tuple[tuple[Deal, ...], tuple[Box, ...]]:
    """Orders with what is shipped of them together: all of an order in packages of its own, or none of it."""
    made = tuple(draw(deals(standard, f"45000{number:05}")) for number in range(1, 1 + draw(st.integers(1, 3))))
    boxes = list[Box]()
    for place, deal in enumerate(made, 1):
        packages = draw(st.integers(0, 3))
        for each in (each for each in deal.sold if not each.cancelled):
            first = draw(st.sampled_from(_some(each.quantity)))
            for quantity in (first, each.quantity - first)[: 2 if packages else 1]:
                number = draw(st.integers(1, packages)) if packages else 0
                sscc = _checked(f"03541073800{place:02}{number:04}") if number else ""
                boxes += [Box(sscc, each, quantity)] if quantity > 0 else []
    return made, tuple(boxes)


def _some(quantity: Decimal) -> list[Decimal]:
    return [quantity, max(Decimal(1), quantity - 1)] if quantity > 1 else [quantity]


def _checked(digits: str) -> str:
    """Digits with their check digit (GS1: threes and ones from the right)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)
