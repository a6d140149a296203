"""Which lines of which purchase orders of ours a vendor's invoice is for, and whether it bills what was ordered.

An order is this vendor's, open and in the invoice's currency. A line is found by its number there, unless its item is another
one; else by its item, else by its barcode. What fits two lines, or none, or differs in unit, price or quantity, is for a
person, with both values.

Knows: invoices, rows of orders. Does not know: HTTP, sets and fields of D365 (they stand in `lookups.toml`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Any

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import ChargeLine, VariantIds
from d365edi.matching import prices
from d365edi.matching.barcodes import gtin
from d365edi.matching.billed import BilledBefore, over
from d365edi.matching.item_numbers import fields, variant_of
from d365edi.matching.lookup import Row, tables
from d365edi.matching.numbers import plain
from d365edi.matching.resolution import MOST_SOURCES, Resolution, Variant
from d365edi.matching.totals import charged
from d365edi.matching.vendor_invoices import InvoicePolicy
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq, same_text

NAMED = ("PO", "ON")
"""Qualifiers of the number of an order of ours (X12 REF01 and 235, EDIFACT 1153)."""
WHOLE = Variant()
"""No variant of an item."""
NOT_STOCKED = "The item's inventory model policy must be not stocked."
"""D365's words about a stocked item in a line without an order."""


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line of an order of ours."""

    number: int
    item: str
    unit: str
    quantity: Decimal
    price: Decimal
    per: Decimal
    barcode: str
    variant: Variant = WHOLE
    theirs: str = ""
    """The vendor's number of its item, as the order has it."""
    ended: str = ""
    """What it is where nothing of it may be billed any more: Invoiced, Canceled, deleted, stopped."""
    off: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    more_percent: Decimal = Decimal(0)
    """Its discounts: an amount off the price, and the percentages of what is then left."""

    @property
    def gross(self) -> Fraction:
        """The price of one before its discounts."""
        return Fraction(self.price) / (Fraction(self.per) or 1)

    @property
    def net(self) -> Fraction:
        """The price of one after its discounts, as D365 takes them off."""
        left = (1 - Fraction(each) / 100 for each in (self.percent, self.more_percent))
        return prod(left, start=(Fraction(self.price) - Fraction(self.off)) / (Fraction(self.per) or 1))

    def fits(self, variant: Variant) -> bool:
        """Whether it may be of this variant of its item."""
        return self.variant.merged(variant) is not None


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order of ours: `vendors` are the accounts that it is of."""

    number: str
    vendors: tuple[str, ...]
    status: str
    currency: str
    lines: tuple[OrderedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """An invoice with what its lines are for: `sales_order`, `order_line` and `item.own` of each, and `sales_order` of the whole
    where all are for one order. `problems` hold it; `over`: more is billed than was ordered. `sources` says of each line which
    line of an order it is for, and by what that was found."""

    invoice: Invoice
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    over: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)


# -- what is asked ----------------------------------------------------------------------------------------------------
def named_order(line: InvoiceLine, invoice: Invoice) -> str | None:
    """The order of ours that a line names, else the one that the invoice names."""
    found = [line.order_number] if line.order_number else []
    found += [each.value for each in line.references if each.qualifier in NAMED and each.value]
    found += [each.id for each in line.item.others if each.qualifier in NAMED]
    return next(iter(found), invoice.order_number)


def queries(invoice: Invoice, company: str) -> tuple[Query, Query] | None:
    """The queries for the orders that an invoice names and for their lines; None where it names none."""
    numbers = tuple(dict.fromkeys(number for line in invoice.lines if (number := named_order(line, invoice))))
    if not numbers:
        return None
    head, each = tables()["order"], tables()["order_line"]
    return (
        _query(head, company, (head["number"], *head["vendors"], head["status"], head["currency"]), numbers),
        _query(
            each,
            company,
            (each["number"], *(each[name] for name in _LINE), *each["stopped"], *fields().values()),
            numbers,
        ),
    )


_LINE = (
    *("line", "item", "unit", "quantity", "price", "per", "barcode", "theirs"),
    *("off", "percent", "more_off", "more_percent", "status"),
)


def _query(table: Mapping[str, Any], company: str, fields: Sequence[str], numbers: tuple[str, ...]) -> Query:
    choice = (table["number"], numbers)
    return Query(table["set"], (eq("dataAreaId", company),), ("dataAreaId", *fields), choice=choice)


def orders(heads: Iterable[Row], lines: Iterable[Row]) -> tuple[PlacedOrder, ...]:
    """The orders of the rows of both queries."""
    head, each = tables()["order"], tables()["order_line"]
    rows = [*lines]
    return tuple(
        PlacedOrder(
            number=str(row[head["number"]]),
            vendors=tuple(str(row.get(name) or "") for name in head["vendors"]),
            status=str(row.get(head["status"]) or ""),
            currency=str(row.get(head["currency"]) or ""),
            lines=tuple(_ordered(line) for line in rows if same_text(line[each["number"]], row[head["number"]])),
        )
        for row in heads
    )


def _ordered(row: Row) -> OrderedLine:
    each = tables()["order_line"]
    item, unit, barcode, theirs = (str(row.get(each[name]) or "") for name in ("item", "unit", "barcode", "theirs"))
    quantity, price, per = (Decimal(row.get(each[name]) or 0) for name in ("quantity", "price", "per"))
    off, more_off, percent, more = (
        Decimal(row.get(each[name]) or 0) for name in ("off", "more_off", "percent", "more_percent")
    )
    stopped = [word for name, word in each["stopped"].items() if row.get(name) in ("Yes", True)]
    status = str(row.get(each["status"]) or "")
    return OrderedLine(
        *(int(row[each["line"]]), item, unit, quantity, price, per, barcode, variant_of(row), theirs),
        ended=next(iter(stopped), status if status in each["ended"] else ""),
        off=off + more_off,
        percent=percent,
        more_percent=more,
    )


# -- what is decided --------------------------------------------------------------------------------------------------
def match(
    invoice: Invoice,
    found: Sequence[PlacedOrder],
    resolution: Resolution,
    policy: InvoicePolicy,
    earlier: Sequence[BilledBefore] = (),
) -> Matched:
    """The invoice with the lines of orders that it is for. `resolution` has its vendor, items and units, `earlier` what others
    have of the orders' lines."""
    case = _Case(invoice, found, resolution, policy)
    lines, problems, warned = list[InvoiceLine](), list[str](), list[str]()
    billed: dict[tuple[str, int], list[tuple[PlacedOrder, OrderedLine, Decimal]]] = {}
    used, sources = list[PlacedOrder](), dict[str, str]()
    for place, line in enumerate(invoice.lines, 1):
        made, order, ordered, why = case.line(place, line)
        problems += why
        lines.append(made)
        if order is not None and order not in used:
            used.append(order)
        known = resolution.items.get(place)
        if ordered is not None and len(sources) < MOST_SOURCES:
            sources |= _source(place, line, made, ordered, known)
        if ordered is not None and not known and (said := unnamed(place, line, ordered)):
            (warned if policy.item == "warn" else problems).append(case.unknown(said, order, ordered))
        if order is not None and ordered is not None and not why:
            billed.setdefault((order.number, ordered.number), []).append((order, ordered, line.quantity or Decimal(0)))
    problems[:0] = [why for order in used for why in case.unfit(order, used[0])]
    too_much = [said for each in billed.values() if (said := _over(each, earlier))]
    (warned if policy.quantity == "warn" else problems).extend(too_much)
    numbers = {line.sales_order for line in lines}
    whole = used[0].number if len(numbers) == 1 and used else None
    currency = invoice.currency or (used[0].currency if used else None) or resolution.more.get("vendor_currency")
    return Matched(
        invoice.replace(lines=tuple(lines), sales_order=whole, currency=currency or None),
        tuple(dict.fromkeys(problems)),
        tuple(dict.fromkeys(warned)),
        bool(too_much),
        sources,
    )


def _source(
    place: int, line: InvoiceLine, made: InvoiceLine, ordered: OrderedLine, known: str | None
) -> dict[str, str]:
    """Which line of an order a line of the invoice is for, and by what: its number, item or barcode."""
    by_number = line.number is not None and line.number.isdecimal() and int(line.number) == ordered.number
    by = "its line number" if by_number else "its item" if known and same_text(known, ordered.item) else "its barcode"
    of_order = f"line {ordered.number} of order {made.sales_order} ({ordered.item})"
    return {f"line {line.number or place}{_said(line, None)} = {of_order}": by}


Found = tuple[InvoiceLine, PlacedOrder | None, OrderedLine | None, tuple[str, ...]]
"""A line as it is written, the order and its line that it is for, and why it is held."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One invoice being matched."""

    invoice: Invoice
    orders: Sequence[PlacedOrder]
    resolution: Resolution
    policy: InvoicePolicy

    def line(self, place: int, line: InvoiceLine) -> Found:
        """What a line is for, or why it is for none."""
        item = self.resolution.items.get(place) or None
        unit = self.resolution.of("unit", place, line.unit)
        made = line.replace(item=line.item.replace(own=item), unit=unit, sales_order=None, order_line=None)
        name, number = f"line {line.number or place}", named_order(line, self.invoice)
        if number is None:
            return self.varied(place, made), None, None, ()
        order = next((each for each in self.orders if same_text(each.number, number)), None)
        if order is None:
            return made, None, None, (f"order {number} is no purchase order of ours",)
        fit = fitting(line, item, order.lines, self.resolution.variants.get(place, WHOLE))
        if len(fit) != 1:
            return made, order, None, (f"{name}{_said(line, item)} {_which(fit, order)}",)
        (ordered,) = fit
        made = made.replace(
            item=made.item.replace(own=ordered.item), sales_order=order.number, order_line=ordered.number
        )
        made = made.replace(unit=made.unit or ordered.unit)
        return made, order, ordered, tuple(f"{name}: {why}" for why in self.differs(made, ordered))

    def varied(self, place: int, line: InvoiceLine) -> InvoiceLine:
        """A line without an order with the variant that its item is; of an order's line D365 knows it."""
        said = dict(self.resolution.variants.get(place, WHOLE).said)
        made: InvoiceLine = line.replace(item=line.item.replace(variant=VariantIds(**said)))
        return made

    def differs(self, line: InvoiceLine, ordered: OrderedLine) -> Iterator[str]:
        """How a line differs from what was ordered, in unit and in price; that nothing of it may be billed."""
        if ordered.ended:
            yield f"line {ordered.number} of order {line.sales_order} is {ordered.ended}"
        if line.unit is not None and not same_text(line.unit, ordered.unit):
            yield f"unit {line.unit}, but ordered in {ordered.unit}"
            return
        if line.quantity is None:
            yield f"it says no quantity, but {plain(ordered.quantity)} {ordered.unit} are ordered"
        billed, agreed = _price(line), ordered.net
        if billed is not None and not any(
            self.near(each, agreed) for each in (billed, *_reduced(line, ordered, billed))
        ):
            said = f"price {_figure(billed)}, but ordered at {_figure(agreed)}"
            less = f", which is {_figure(ordered.gross)} less its discounts" if agreed != ordered.gross else ""
            yield f"{said}{less} ({plain(self.policy.price)}% is allowed: match.price under [{self.policy.place}])"

    def near(self, billed: Fraction, agreed: Fraction) -> bool:
        """Whether a price is within what is allowed."""
        return abs(billed - agreed) * 100 <= abs(agreed) * Fraction(self.policy.price)

    def unknown(self, said: str, order: PlacedOrder | None, ordered: OrderedLine) -> str:
        """That nothing but its number says that a line is for this line of an order."""
        partner = ".".join(self.policy.place.split(".")[:2])
        where = f"line {ordered.number} of order {order.number}" if order is not None else f"line {ordered.number}"
        return (
            f"{said}, and {where} is {ordered.item}: if it is the same, add it under [{partner}.items], or as the vendor's item "
            "number in D365"
        )

    def unfit(self, order: PlacedOrder, first: PlacedOrder) -> Iterator[str]:
        """Why an order cannot be invoiced so."""
        ours = [self.resolution.more.get(name, "") for name in ("vendor", "invoice_vendor")]
        if not any(same_text(one, other) for one in order.vendors if one for other in ours):
            yield f"order {order.number} is of vendor {order.vendors[0]}, and not of {ours[0]}"
        if order.status in tables()["order"]["ended"]:
            yield f"order {order.number} is {order.status}"
        currency = self.invoice.currency or first.currency
        if not same_text(currency, order.currency):
            yield f"it is in {currency}, and order {order.number} in {order.currency}"


def fitting(
    line: InvoiceLine, item: str | None, ordered: Sequence[OrderedLine], variant: Variant = WHOLE
) -> tuple[OrderedLine, ...]:
    """The lines of an order that a line may be for: that of its number, where its item is no other one; else those of its item
    (and variant, where it is known), else those of its barcode."""
    number = int(line.number) if line.number is not None and line.number.isdecimal() else None
    same = [each for each in ordered if item is not None and same_text(each.item, item) and each.fits(variant)]
    by_number = [each for each in ordered if each.number == number and (item is None or each in same)]
    code = line.item.gtin
    by_code = [each for each in ordered if code and each.barcode and gtin(each.barcode) == gtin(code)]
    return tuple(by_number or same or by_code)


def _which(fit: Sequence[OrderedLine], order: PlacedOrder) -> str:
    if not fit:
        return f"fits no line of order {order.number}"
    return f"fits several lines of order {order.number}: {', '.join(str(each.number) for each in fit)}"


def _said(line: InvoiceLine, item: str | None) -> str:
    known = item or line.item.vendor or line.item.buyer or line.item.gtin
    return f" ({known})" if known else ""


def _price(line: InvoiceLine) -> Fraction | None:
    """The price of one; where none is stated, what the amount comes to for one."""
    stated = prices.one(line, prices.plainly)
    if stated is None and line.amount is not None and line.quantity:
        return Fraction(line.amount) / Fraction(line.quantity)
    return stated


def _figure(price: Fraction) -> str:
    return plain(prices.decimal(price))


def _reduced(line: InvoiceLine, ordered: OrderedLine, billed: Fraction) -> Iterator[Fraction]:
    """What a line that is billed at the price before the discounts comes to for one with its allowances, which are these."""
    allowed = Fraction(sum((charged(each) for each in line.charges), Decimal(0)))
    if allowed and line.quantity and billed == ordered.gross != ordered.net:
        yield billed + allowed / Fraction(line.quantity)


def unnamed(place: int, line: InvoiceLine, ordered: OrderedLine) -> str:
    """That the numbers of a line's item, which are none of ours, are none that the line of the order has either, in words; ""
    where one is, or the line has none."""
    known = tables()["items"]
    item = line.item
    numbers = [number for kind in known["order"] if (number := getattr(item, kind))]
    numbers += [each.id for each in item.others if each.qualifier in known["others"] and each.id]
    ours = (ordered.item, ordered.theirs)
    same = any(same_text(number, each) for number in numbers for each in ours if each)
    code = item.gtin and ordered.barcode and gtin(ordered.barcode) == gtin(item.gtin)
    return "" if same or code or not numbers else f"line {line.number or place}: {numbers[0]} is no item that is known"


def without_order(invoice: Invoice) -> Iterator[tuple[int, InvoiceLine]]:
    """The lines that name no order, each with its place."""
    return ((place, line) for place, line in enumerate(invoice.lines, 1) if named_order(line, invoice) is None)


def unmakeable(invoice: Invoice, charges: Sequence[ChargeLine]) -> tuple[str, ...]:
    """Why D365 cannot make the lines of an invoice of its orders: what no order says."""
    lines = [
        f"line {line.number or place} is for no order, and D365 is to make the lines"
        for place, line in without_order(invoice)
    ]
    return (*lines, *(("it has charges, and D365 is to make its lines",) if charges else ()))


def _over(billed: Sequence[tuple[PlacedOrder, OrderedLine, Decimal]], earlier: Sequence[BilledBefore]) -> str:
    order, ordered, _ = billed[0]
    total = sum((quantity for _, _, quantity in billed), Decimal(0))
    return over(order.number, ordered.number, ordered.unit, ordered.quantity, total, earlier)


# -- items without an order -------------------------------------------------------------------------------------------
def stocked_query(invoice: Invoice, company: str) -> Query | None:
    """The query for the items of lines without an order; None where there are none."""
    table = tables()["product"]
    items = tuple(dict.fromkeys(each for _, line in without_order(invoice) if (each := line.item.own)))
    fields = ("dataAreaId", table["item"], table["type"])
    filters = (eq("dataAreaId", company),)
    return Query(table["set"], filters, fields, choice=(table["item"], items)) if items else None


def stocked(invoice: Invoice, rows: Sequence[Row]) -> tuple[str, ...]:
    """Why lines without an order cannot be written: what their items are."""
    table = tables()["product"]
    kept = [str(row[table["item"]]) for row in rows if row.get(table["type"]) == table["stocked"]]
    return tuple(
        f"line {line.number or place}: {line.item.own} is a stocked item and names no order. {NOT_STOCKED}"
        for place, line in without_order(invoice)
        if any(same_text(line.item.own or "", each) for each in kept)
    )
