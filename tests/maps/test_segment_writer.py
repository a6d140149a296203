"""Filling a segment: the quick way says what the way row by row says, and what was written once is written so again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.errors import DocumentError
from d365edi.maps.loop_writer import KNOWN, LoopWriter
from d365edi.maps.segment_writer import SegmentWriter
from d365edi.maps.vocabulary import Flaw
from tests.maps.drawn import invoices, orders
from tests.maps.wire import plain, writer, written

LINE = {"number": "1", "quantity": Decimal(2), "unit": "ea", "price": Decimal("9.50"), "item": {"gtin": "614141000012"}}
HEAD = {"number": "A-1", "purpose": "00", "type": "SA", "date": date(2026, 11, 2)}


def fillers(form: LoopWriter, item: Any, echo: Any, lines: tuple[Any, ...]) -> Iterator[tuple[SegmentWriter, Any, Any]]:
    """Everything that may be filled from a document, with the item that fills it and the order that this answers."""
    for inner in form.forms:
        if not inner.list_field:
            yield inner.filler, item, echo
            yield from fillers(inner, item, echo, lines)
        elif inner.list_field == "lines":
            for each, line in zip(item.lines, lines, strict=False):
                yield inner.filler, each, line
                yield from fillers(inner, each, line, ())


def said(fill: Any, *given: Any) -> object:
    """The texts, or the sentence where one does not fit."""
    try:
        return fill(*given)
    except Flaw as flaw:
        return str(flaw)


@pytest.mark.parametrize("version", ["004010", "005010"])
@settings(deadline=None, max_examples=15)
@given(invoice=invoices(), order=orders() | st.none())
def test_the_quick_way_says_what_the_way_row_by_row_says(
    version: str, invoice: Invoice, order: PurchaseOrder | None
) -> None:
    lines = (*(order.lines if order else ()), *[None] * len(invoice.lines))
    quickly = 0
    for filler, item, echo in fillers(plain("810", version)[1]._root, invoice, order, lines):
        texts = filler._quickly(item, echo) if filler.many is None else None
        if texts is not None:
            assert texts == said(filler._row_by_row, item, echo, None)[0]  # type: ignore[index]
            quickly += 1
    assert quickly > 10


@settings(deadline=None, max_examples=5)
@given(first=orders(), second=orders())
def test_what_was_written_before_does_not_change_what_is_written(first: PurchaseOrder, second: PurchaseOrder) -> None:
    seasoned, fresh = plain("850", "004010")[1], writer("850")
    assert written(seasoned.write(first)) == written(fresh.write(first))
    assert written(seasoned.write(second)) == written(writer("850").write(second))
    assert written(seasoned.write(first)) == written(fresh.write(first))


@settings(deadline=None, max_examples=10)
@given(invoice=invoices(), order=orders())
def test_what_was_written_without_an_order_does_not_change_what_is_written_with_one(
    invoice: Invoice, order: PurchaseOrder
) -> None:
    seasoned, answered = plain("810", "004010")[1], {"order": order, "line_orders": order.lines}
    seasoned.write(invoice)
    assert seasoned.write(invoice, **answered) == writer("810").write(invoice, **answered)  # type: ignore[arg-type]
    assert seasoned.write(invoice) == writer("810").write(invoice)


def order_with(**line: Any) -> PurchaseOrder:
    """An order of one line."""
    return PurchaseOrder.of({**HEAD, "lines": [{**LINE, **line}]})


@pytest.mark.parametrize(
    ("line", "segment"),
    [
        ({"pack": {"count": Decimal(6)}}, "PO4*6"),
        ({"pack": {"count": Decimal("6.0")}}, "PO4*6"),
        ({"pack": {"size": Decimal(1), "size_unit": "CA"}}, "PO4**1*CA"),
        ({"pack": {}}, "CTT*1*2"),
        ({"ship_from": date(2026, 11, 13)}, "DTM*010*20261113"),
        ({"ship_from": date(2026, 11, 13), "kept": {"ship_from": "037"}}, "DTM*037*20261113"),
        ({"price": Decimal("120")}, "PO1*1*2*EA*120**UP*614141000012"),
        ({"price": Decimal("1.2E+2")}, "PO1*1*2*EA*120**UP*614141000012"),
        ({"price": Decimal("-0.00")}, "PO1*1*2*EA*0**UP*614141000012"),
        ({"price": Decimal("9.50"), "kept": {"item.gtin": "UI"}}, "PO1*1*2*EA*9.5**UI*614141000012"),
    ],
)
def test_equal_values_are_written_as_each_was_said(line: dict[str, Any], segment: str) -> None:
    _, shared = plain("850", "004010")
    for _ in range(2):
        segments = written(shared.write(order_with(**line)))
        assert segment in segments
        assert len(segments) == 3 + ("CTT" not in segment and "PO1" not in segment)


def test_a_place_forgets_what_it_wrote_before_it_remembers_too_much() -> None:
    shared = writer("850")
    for number in range(KNOWN + 3):
        assert f"PID*F****ITEM {number}" in written(shared.write(order_with(description=f"ITEM {number}")))
    (lines,) = (form for form in shared._root.forms if form.list_field == "lines")
    assert max(len(form.known or ()) for form in lines.forms) == 3


def test_a_value_that_does_not_fit_is_named_each_time() -> None:
    shared = writer("850")
    for _ in range(2):
        with pytest.raises(DocumentError, match=r"item.gtin \(PO1\[UP\|EN\|UK\|UA\|UI\]\): .* has 90 characters"):
            shared.write(order_with(item={"gtin": "9" * 90}))
