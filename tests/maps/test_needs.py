"""Items of a list that are written only where they have one of some fields."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import Invoice
from d365edi.errors import SettingsError
from tests.maps import wire_edifact

HEAD: dict[str, Any] = {
    "number": "1",
    "date": date(2026, 11, 12),
    "order_number": "4711",
    "total": Decimal(119),
    "lines": [{"number": "1"}],
}


@pytest.mark.parametrize(
    ("tax", "written"),
    [({"percent": Decimal(19)}, [":::19"]), ({"category": "E"}, [""]), ({}, [])],
)
def test_a_tax_is_written_that_says_its_rate_or_why_it_has_none(tax: dict[str, object], written: list[str]) -> None:
    made = Invoice.of({**HEAD, "taxes": [{"type": "all", "amount": Decimal(19), **tax}]})
    body = wire_edifact.plain("INVOIC", "D96A")[1].write(made)
    found = [segment for segment in body if segment[0] == "TAX"]
    assert [":".join(each[5]) if len(each) > 5 else "" for each in found] == written
    assert ["MOA", ("124", "19")] in body


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [(["percentage"], 'Tax has no field "percentage"'), ("percent", "it lists fields of an item")],
)
def test_a_field_that_is_none_is_refused_with_its_row(needs: object, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        wire_edifact.sides("INVOIC", "D96A", {"taxes": {"needs": needs}})
    assert "taxes.needs" in str(caught.value)
