"""An invoice over several orders in parts: their totals, taxes and discounts come to those of the whole."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.documents import Invoice, InvoiceLine, PurchaseOrder
from d365edi.documents.values import Charge, Tax, Terms
from d365edi.matching.known_orders import KnownOrders
from d365edi.matching.lines import OrderKey
from d365edi.matching.order_parts import again, parted
from d365edi.matching.resolution import Resolution

NONE = KnownOrders({}, {})
CENT = Decimal("0.01")
cents = st.integers(-99_999, 99_999).map(lambda value: Decimal(value) / 100)


def line(order: str | None, amount: str = "10", tax: str = "1", **more: object) -> InvoiceLine:
    reference = f"PO-{order}" if order else None
    fields = {"sales_order": order, "order_number": reference, "amount": Decimal(amount), "tax": Decimal(tax)}
    return InvoiceLine.of({**fields, **more})


def invoice(*lines: InvoiceLine, total: str, tax: str = "0", **more: object) -> Invoice:
    made = Invoice(
        number="CIV-1", sense="invoice", order_number="PO-A", sales_order="A", lines=lines, total=Decimal(total)
    )
    taxes = (Tax(type="all", amount=Decimal(tax)),) if Decimal(tax) else ()
    return made.replace(taxes=taxes, **more)


@st.composite
def summaries(draw: st.DrawFn) -> Invoice:
    """An invoice as D365 posts it: each line of one of three orders, with its discount, charge and tax."""
    lines = []
    for _ in range(draw(st.integers(2, 8))):
        charges = (
            Charge(kind="allowance", code="discount", amount=abs(draw(cents))),
            Charge(kind=draw(st.sampled_from(("charge", "allowance"))), code="freight", amount=abs(draw(cents))),
        )
        made = line(draw(st.sampled_from("ABC")), str(draw(cents)), str(draw(cents)))
        lines.append(made.replace(charges=charges[: draw(st.integers(0, 2))]))
    tax = sum((each.tax or Decimal(0) for each in lines), Decimal(0))
    signs = {"charge": 1, "allowance": -1}
    freight = sum((signs[c.kind or ""] * (c.amount or 0) for each in lines for c in each.charges[1:]), Decimal(0))
    total = sum((each.amount or Decimal(0) for each in lines), Decimal(0)) + freight + tax
    found = invoice(*lines, total=str(total), tax=str(tax))
    percent = draw(st.sampled_from((None, Decimal(2), Decimal("1.5"))))
    if percent is None:
        return found
    return found.replace(terms=Terms(discount_percent=percent), discount=(total * percent / 100).quantize(CENT))


@given(whole=summaries())
def test_the_parts_come_to_the_whole(whole: Invoice) -> None:
    found = parted(whole, NONE)
    assert found.problems == ()
    orders = list(dict.fromkeys(each.sales_order for each in whole.lines))
    if len(orders) == 1:
        assert found.parts == ()
        return
    parts = [part.invoice for part in found.parts]
    assert [part.order for part in found.parts] == orders
    assert sum(part.total or 0 for part in parts) == whole.total
    assert sum(tax.amount or 0 for part in parts for tax in part.taxes) == sum(tax.amount or 0 for tax in whole.taxes)
    assert sum(part.discount or 0 for part in parts) == (whole.discount or 0)
    assert [each for part in parts for each in part.lines] == sorted(
        whole.lines, key=lambda each: orders.index(each.sales_order)
    )
    assert all(again(whole, part) == part for part in parts)


def test_each_part_has_the_number_of_its_order_and_one_of_its_own() -> None:
    whole = invoice(line("B"), line("A"), line("B", "-30", "-3"), total="-11", tax="-1")
    first, second = (part.invoice for part in parted(whole, NONE).parts)
    assert (first.number, first.order_number, first.sales_order, first.sense, first.total) == (
        "CIV-1-1", "PO-B", "B", "credit", Decimal(-22),
    )  # fmt: skip
    assert (second.number, second.order_number, second.sales_order, second.sense, second.total) == (
        "CIV-1-2", "PO-A", "A", "invoice", Decimal(11),
    )  # fmt: skip
    assert {part.invoice.number for part in parted(whole, NONE, same_number=True).parts} == {"CIV-1"}


def test_sales_orders_of_one_order_are_one_part_unless_stores_are_told_apart() -> None:
    order = PurchaseOrder(number="4500123")
    keys = [OrderKey("PO-A", "A"), OrderKey("PO-B", "B")]
    known = KnownOrders(dict.fromkeys(keys, order), dict.fromkeys(keys, Resolution()))
    whole = invoice(line("A"), line("B"), line("C"), total="33", tax="3")
    assert [[each.sales_order for each in part.invoice.lines] for part in parted(whole, known).parts] == [
        ["A", "B"],
        ["C"],
    ]
    apart = replace(known, stores=dict(zip(keys, ("0001", "0002"), strict=True)))
    assert len(parted(whole, apart, apart=True).parts) == 3


def test_a_sales_order_that_nobody_has_their_number_for_is_no_part() -> None:
    whole = invoice(line("A"), line("B", order_number=None), total="22", tax="2")
    found = parted(whole, NONE)
    assert (found.parts, found.as_one) == ((), False)
    assert "sales order B was made of none of theirs and has no reference of the customer" in found.problems[0]
    key = OrderKey(None, "B")
    ours = KnownOrders({key: PurchaseOrder(number="4500124")}, {key: Resolution()})
    assert len(parted(whole, ours).parts) == 2


FREIGHT = Charge(kind="charge", code="freight", description="FREIGHT", amount=Decimal(5))


@pytest.mark.parametrize(
    ("whole", "says"),
    [
        (invoice(line("A"), line("B"), total="27", tax="2", charges=(FREIGHT,)), "charge FREIGHT of 5 is of the whole"),
        (invoice(line("A"), line("B"), total="22.5", tax="2.5"), "taxes of 2.5 are posted, and 2 of them with its lines"),
        (invoice(line("A"), line("B"), total="23", tax="2"), "its total is 23, and its lines come to 22"),
        (invoice(line("A"), line("B"), total="22", tax="2", discount=Decimal(1)), "its discount for early payment of 1 is no"),
        (invoice(line(None), line("B"), total="22", tax="2", sales_order=None), "line 1 is under no sales order"),
    ],
)  # fmt: skip
def test_what_belongs_to_no_order_is_for_a_person(whole: Invoice, says: str) -> None:
    found = parted(whole, NONE)
    assert found.parts == ()
    assert len(found.problems) == 1
    assert says in found.problems[0]
