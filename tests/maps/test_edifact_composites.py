"""Composites of EDIFACT as maps write them: plain values become components, nothing empty at an end."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.edi.guide import Element
from d365edi.maps.edifact.values import PERIOD, compose
from tests.maps.wire_edifact import guide, plain

GUIDE = guide("ORDERS", "D96A")


def composite(segment: str, position: int) -> Element:
    """A composite of the guide."""
    return GUIDE.segments[segment].elements[position - 1]


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (["137", "20261102"], ["137", "20261102", "102"]),
        (["137", "20261102", "", "0915"], ["137", "202611020915", "203"]),
        (["137", "20261102", "718", "20261109"], ["137", "2026110220261109", "718"]),
        (["137", "20261102", "", "20261109"], ["137", "2026110220261109", "718"]),
        (["137", "", "", "0915"], ["137", "0915", ""]),
    ],
)
def test_a_day_is_written_with_its_format_code(parts: list[str], written: list[str]) -> None:
    write = compose(composite("DTM", 1))
    assert composite("DTM", 1).number == PERIOD
    assert write is not None
    assert write(parts) == written


def test_a_text_longer_than_a_component_goes_on_in_the_next() -> None:
    write = compose(composite("IMD", 3))
    assert write is not None
    assert write(["", "", "", "A" * 35 + "BC", ""]) == ["", "", "", "A" * 35, "BC"]
    assert write(["", "", "", "A" * 35, ""]) == ["", "", "", "A" * 35, ""]


def test_other_composites_are_written_as_they_stand() -> None:
    assert [compose(composite(*each)) for each in (("NAD", 2), ("QTY", 1), ("PIA", 2))] == [None, None, None]


@pytest.mark.parametrize(
    ("line", "segment"),
    [
        ({"description": "X" * 40}, ["IMD", "F", "", ("", "", "", "X" * 35, "X" * 5)]),
        ({"item": {"gtin": "4012345000009"}}, ["LIN", "1", "", ("4012345000009", "EN")]),
        ({"item": {"buyer": "77", "vendor": "88"}}, ["PIA", "1", ("77", "IN"), ("88", "SA")]),
        ({"price": Decimal("-0.10")}, ["PRI", ("AAA", "-0.1")]),
    ],
)
def test_values_go_to_their_components(line: dict[str, Any], segment: list[str | tuple[str, ...]]) -> None:
    head = {"number": "1", "purpose": "00", "date": date(2026, 11, 2), "parties": {"buyer": {"id": "1"}}}
    order = PurchaseOrder.of({**head, "lines": [{"number": "1", "quantity": Decimal(2), **line}]})
    assert segment in plain("ORDERS", "D96A")[1].write(order)
