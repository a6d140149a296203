"""Filling a segment: equal values each in the spelling that was kept with them, and a sentence for what does not fit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.errors import DocumentError
from tests.maps.wire import plain, writer, written

LINE = {"number": "1", "quantity": Decimal(2), "unit": "ea", "price": Decimal("9.50"), "item": {"gtin": "614141000012"}}
HEAD = {"number": "A-1", "purpose": "00", "type": "SA", "date": date(2026, 11, 2)}


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


def test_a_value_that_does_not_fit_is_named_each_time() -> None:
    shared = writer("850")
    for _ in range(2):
        with pytest.raises(DocumentError, match=r"item.gtin \(PO1\[UP\|EN\|UK\|UA\|UI\]\): .* has 90 characters"):
            shared.write(order_with(item={"gtin": "9" * 90}))
