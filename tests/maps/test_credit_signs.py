"""The row `credits` of a map: how each set states a credit note, and what is no row."""

from __future__ import annotations

import pytest

from d365edi.errors import SettingsError
from d365edi.maps import table
from d365edi.maps.credit_signs import credit_signs


@pytest.mark.parametrize(
    ("language", "name", "signs"),
    [
        ("x12", "810", "negative"),
        ("edifact", "INVOIC", "positive"),
        ("csv", "Invoice", "negative"),
        ("csv", "InvoiceRecords", "negative"),
        ("x12", "850", "negative"),
    ],
)
def test_each_set_has_its_own_signs(language: table.Language, name: str, signs: str) -> None:
    assert credit_signs(table.load(language, name)) == signs


def test_a_partner_s_row_lies_over_them() -> None:
    assert credit_signs(table.load("x12", "810", {"credits": "positive"})) == "positive"
    assert credit_signs(table.load("edifact", "INVOIC", {"credits": "negative"})) == "negative"


def test_a_misspelt_one_is_named_with_what_was_meant() -> None:
    with pytest.raises(SettingsError, match="no way to state a credit note") as raised:
        credit_signs(table.load("x12", "810", {"credits": "positiv"}))
    assert "positive" in str(raised.value.remedy)


def test_a_map_of_another_document_has_no_such_row() -> None:
    with pytest.raises(SettingsError, match='"credits" stands outside of a table'):
        table.scope(table.load("x12", "850", {"credits": "positive"}))
