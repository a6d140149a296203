"""What becomes a charge line, of which line, and what cannot."""

from __future__ import annotations

from decimal import Decimal

import pytest

from d365edi.documents import PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import Charge, ChargeLine
from d365edi.matching.agreements import Agreement, agreement
from d365edi.matching.charge_lines import rows
from d365edi.matching.charges import discounts

BOOKED = {"C310": Agreement(account="PROMO"), "F800": Agreement()}


def order(*charges: Charge, head: tuple[Charge, ...] = ()) -> PurchaseOrder:
    """12 at 10.50, with charges of the line and of the whole."""
    line = PurchaseOrderLine(number="1", quantity=Decimal(12), unit="EA", price=Decimal("10.5"), charges=charges)
    return PurchaseOrder(number="P1", lines=(line,), charges=head)


def allowance(code: str = "C310", **said: str | Decimal | None) -> Charge:
    return Charge(kind="allowance", code=code, **said)  # type: ignore[arg-type]


def test_a_setting_names_the_charge_code() -> None:
    assert agreement("line: PROMO") == Agreement(account="PROMO")
    assert str(agreement("line:PROMO")) == "line:PROMO"
    assert agreement("line:") is None


@pytest.mark.parametrize(
    ("charge", "kind", "figure"),
    [
        (allowance(amount=Decimal(5)), "amount", Decimal(-5)),
        (allowance(percent=Decimal(3)), "percent", Decimal(-3)),
        (allowance(rate=Decimal("0.25")), "amount", Decimal(-3)),
        (Charge(kind="charge", code="C310", amount=Decimal(5)), "amount", Decimal(5)),
    ],
)
def test_a_charge_is_a_charge_line_with_its_sign(charge: Charge, kind: str, figure: Decimal) -> None:
    written, found = discounts(order(charge), BOOKED, "p")
    [made] = written.charge_lines
    assert (found, made.line, made.kind, getattr(made, kind)) == ((), 1, kind, figure)
    assert written.lines[0].charges == ()


@pytest.mark.parametrize(
    ("charges", "says"),
    [
        ((allowance(),), "says neither a percentage nor an amount"),
        ((allowance(amount=Decimal(5), percent=Decimal(3)),), "3% of 126 is 3.78"),
        ((allowance(percent=Decimal(3), percent_of="7"),), "of what another one left, which no charge line says"),
        ((allowance(amount=Decimal(-5)),), "which is less than nothing"),
        ((allowance(amount=Decimal(5), handling="bill back"),), "is not taken off the invoice"),
        (
            (allowance(percent=Decimal(3)), allowance("F800", percent=Decimal(2))),
            "a discount changes what D365 reckons it from",
        ),
    ],
)
def test_what_no_charge_line_says_holds(charges: tuple[Charge, ...], says: str) -> None:
    _, [found] = discounts(order(*charges), BOOKED, "p")
    assert says in found.message


def test_an_amount_of_a_line_that_became_several_stands_on_the_first_and_a_percentage_on_each() -> None:
    lines = tuple(PurchaseOrderLine(place=place) for place in (1, 2, 2, 3))
    amount, percent = ChargeLine(code="A", line=2, amount=Decimal(5)), ChargeLine(code="B", line=2, percent=Decimal(3))
    whole = ChargeLine(code="C", amount=Decimal(7))
    made = PurchaseOrder(number="P1", lines=lines, charge_lines=(amount, percent, whole))
    assert list(rows(made, "line")) == [(amount, 2), (percent, 2), (percent, 3)]
    assert list(rows(made, "order")) == [(whole, 0)]
