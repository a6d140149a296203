"""Credit notes: which invoice one corrects, decided by hand; their figures in the signs of a set."""

from __future__ import annotations

from decimal import Decimal

import pytest

from d365edi.documents import Invoice, InvoiceLine
from d365edi.documents.values import Charge, ItemIds, Tax
from d365edi.matching import crediting

Billed = tuple[str, str, str, int | None]
"""Our item, quantity, unit, line of the sales order."""


def made(number: str, order: str | None, *billed: Billed, sense: str = "invoice") -> Invoice:
    lines = tuple(
        InvoiceLine(item=ItemIds(own=item), quantity=Decimal(quantity), unit=unit, order_line=line)
        for item, quantity, unit, line in billed
    )
    return Invoice(number=number, order_number=order, sense=sense, lines=lines)


def credit(*lines: Billed, order: str | None = "4500123") -> Invoice:
    return made("CCN-1", order, *lines, sense="credit")


A12, B3 = ("D0001", "12", "ea", 1), ("D0002", "3", "ea", 2)
WHOLE = made("CIV-1", "4500123", A12, B3)
FIRST, SECOND = made("CIV-2", "4500123", A12), made("CIV-3", "4500123", B3)

ROWS: list[tuple[str, Invoice, list[Invoice], tuple[str, ...]]] = [
    ("the only one", credit(("D0001", "-12", "ea", 1)), [WHOLE], ("CIV-1",)),
    ("a part of it", credit(("D0001", "-5", "ea", 1)), [WHOLE], ("CIV-1",)),
    ("by its lines", credit(("D0002", "-1", "ea", 2)), [FIRST, SECOND], ("CIV-3",)),
    ("two with these lines", credit(("D0002", "-1", "ea", 2)), [WHOLE, SECOND], ("CIV-1", "CIV-3")),
    ("the same one twice", credit(("D0002", "-1", "ea", 2)), [SECOND, SECOND], ("CIV-3",)),
    ("over two invoices", credit(("D0001", "-1", "ea", 1), ("D0002", "-1", "ea", 2)), [FIRST, SECOND], ()),
    ("more than was billed", credit(("D0001", "-13", "ea", 1)), [WHOLE], ()),
    ("more, over two lines", credit(("D0001", "-7", "ea", None), ("D0001", "-6", "ea", None)), [WHOLE], ()),
    ("as much as billed, over two lines", credit(("D0001", "-7", "ea", None), ("D0001", "-5", "ea", None)), [WHOLE], ("CIV-1",)),
    ("in another unit", credit(("D0001", "-1", "cs", 1)), [WHOLE], ()),
    ("another line of the same item", credit(("D0001", "-1", "ea", 9)), [WHOLE], ()),
    ("without its line", credit(("D0001", "-1", "ea", None)), [WHOLE], ("CIV-1",)),
    ("as D365 compares", credit(("d0001 ", "-1", "EA", 1), order="4500123 "), [WHOLE], ("CIV-1",)),
    ("another item", credit(("D0009", "-1", "ea", 1)), [WHOLE], ()),
    ("another order", credit(("D0001", "-1", "ea", 1), order="4500124"), [WHOLE], ()),
    ("no order", credit(("D0001", "-1", "ea", 1), order=None), [made("CIV-1", None, A12)], ()),
    ("no lines", credit(), [WHOLE], ()),
    ("another credit note", credit(("D0001", "-1", "ea", 1)), [made("CCN-0", "4500123", A12, sense="credit")], ()),
]  # fmt: skip


@pytest.mark.parametrize(("credited", "invoices", "numbers"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_credit_note_corrects_an_invoice_of_its_order_that_billed_all_of_it(
    credited: Invoice, invoices: list[Invoice], numbers: tuple[str, ...]
) -> None:
    assert crediting.corrected(credited, invoices) == numbers


CREDIT = Invoice(
    number="CCN-1",
    sense="credit",
    lines=(InvoiceLine(quantity=Decimal(-2), price=Decimal(5), amount=Decimal(-10)),),
    charges=(Charge(kind="allowance", amount=Decimal(4)), Charge(kind="information", amount=Decimal(1))),
    taxes=(Tax(type="all", amount=Decimal("-1.40"), base=Decimal(-14), percent=Decimal(10)),),
    total=Decimal("-15.40"),
)
"""Two at 5, and 4 of freight, are given back with 1.40 of tax."""


def test_positive_figures_are_all_of_them_the_other_way_round() -> None:
    found = crediting.stated(CREDIT, "positive")
    assert isinstance(found, Invoice)
    (line,) = found.lines
    assert [line.quantity, line.price, line.amount] == [Decimal(2), Decimal(5), Decimal(10)]
    assert found.total == Decimal("15.40")
    assert [f"{charge.kind} {charge.amount}" for charge in found.charges] == ["charge 4", "information 1"]
    assert [f"{tax.amount} {tax.base} {tax.percent}" for tax in found.taxes] == ["1.40 14 10"]
    assert crediting.stated(CREDIT, "negative") is CREDIT


def test_an_invoice_keeps_its_signs() -> None:
    billed = CREDIT.replace(sense="invoice")
    assert crediting.stated(billed, "positive") is billed
