"""An order, and an invoice and a ship notice for it that nobody could object to; to be made wrong in one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from d365edi.documents import (
    Invoice,
    InvoiceLine,
    PurchaseOrder,
    PurchaseOrderLine,
    ShipNotice,
    ShippedLine,
    ShippedOrder,
    ShippedPack,
)
from d365edi.documents.values import Charge, ItemIds, Parties, Tax, TradeParty
from d365edi.guard import Case, Facts

GTIN, OTHER_GTIN = "614141000012", "614141000029"
SSCC, OTHER_SSCC = "106141411234567897", "106141411234567903"

ORDER = PurchaseOrder(
    number="4500123",
    vendor_number="778899",
    department="042",
    ship_from=date(2026, 11, 10),
    ship_by=date(2026, 11, 20),
    cancel_after=date(2026, 11, 25),
    parties=Parties(ship_to=TradeParty(id="0007")),
    lines=(
        PurchaseOrderLine(
            number="1",
            quantity=Decimal(12),
            unit="ea",
            price=Decimal("10.5"),
            item=ItemIds(buyer="ACME-4711", gtin=GTIN),
        ),
        PurchaseOrderLine(
            number="2",
            quantity=Decimal(3),
            unit="cs",
            price=Decimal("99.99"),
            item=ItemIds(buyer="ACME-4712", gtin=OTHER_GTIN),
        ),
    ),
)
"""Two lines: 12 eaches at 10.50, 3 cases at 99.99."""

LINES = (
    InvoiceLine(number="1", quantity=Decimal(12), unit="ea", price=Decimal("10.50"), order_line=1),
    InvoiceLine(number="2", quantity=Decimal(3), unit="cs", price=Decimal("99.99"), order_line=2),
)
INVOICE = Invoice(
    number="CIV-1",
    date=date(2026, 11, 16),
    sense="invoice",
    order_number="4500123",
    ship_date=date(2026, 11, 15),
    packing_slip="PS-9",
    lines=LINES,
    charges=(
        Charge(kind="charge", amount=Decimal(20)),
        Charge(kind="allowance", amount=Decimal(5)),
        Charge(kind="charge", amount=Decimal(99), handling="information"),
    ),
    taxes=(Tax(amount=Decimal("8.03")),),
    total=Decimal("449.00"),
)
"""126.00 and 299.97, charges of 20.00 less 5.00, one that is only reported, taxes of 8.03."""

NOTICE = ShipNotice(
    number="SHIP-1",
    purpose="original",
    ship_date=date(2026, 11, 15),
    bill_of_lading="BOL-1",
    orders=(
        ShippedOrder(
            number="4500123",
            packs=(
                ShippedPack(sscc=SSCC, lines=(ShippedLine(number="1", quantity=Decimal(12), unit="ea"),)),
                ShippedPack(sscc=f"00{OTHER_SSCC}", lines=(ShippedLine(number="2", quantity=Decimal(3), unit="cs"),)),
            ),
        ),
    ),
)
BODY: tuple[list[str | tuple[str, ...]], ...] = (
    ["BIG", "20261116", "CIV-1", "20261102", "4500123"],
    ["REF", "IA", "778899"],
    ["REF", "DP", "042"],
    ["N1", "ST", "ACME DC 7", "92", "0007"],
    ["IT1", "1", "12", "EA", "10.5", "PE", "BP", "ACME-4711", "UP", GTIN],
    ["IT1", "2", "3", "CA", "99.99", "PE", "BP", "ACME-4712", "UP", OTHER_GTIN],
    ["CAD", "", "", "", ("", "ABCD")],
)

FACTS = Facts(notice_sent=True, today=date(2026, 11, 15), usage="P", order_usage="P")


def invoice(facts: dict[str, Any] | None = None, **changes: Any) -> Case:
    """The invoice, otherwise in some fields, under some other facts."""
    known = replace(FACTS, **(facts or {}))
    body = changes.pop("body", BODY)
    demands = changes.pop("demands", ())
    order = changes.pop("order", ORDER)
    return Case(INVOICE.replace(**changes), order, tuple(order.lines) if order else (), body, known, demands)


def notice(facts: dict[str, Any] | None = None, **changes: Any) -> Case:
    """The ship notice, otherwise in some fields."""
    return Case(NOTICE.replace(**changes), ORDER, ORDER.lines, BODY, replace(FACTS, **(facts or {})))


def line(index: int, **changes: Any) -> tuple[InvoiceLine, ...]:
    """The invoice's lines, one of them otherwise."""
    return tuple(each.replace(**changes) if at == index else each for at, each in enumerate(LINES))


def packed(*numbers: str | None, quantity: int = 12, unit: str = "ea") -> tuple[ShippedOrder, ...]:
    """Cartons with these numbers, the first with so much of line 1."""
    packs = [ShippedPack(sscc=number) for number in numbers[1:]]
    first = ShippedPack(sscc=numbers[0], lines=(ShippedLine(number="1", quantity=Decimal(quantity), unit=unit),))
    return (ShippedOrder(number="4500123", packs=(first, *packs)),)


def without(*values: str) -> tuple[list[str | tuple[str, ...]], ...]:
    """The segments with these values blanked."""
    return tuple([("" if element in values else element) for element in segment] for segment in BODY)
