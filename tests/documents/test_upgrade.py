"""A document's JSON says its version, and what an older version wrote is read in today's words."""

from __future__ import annotations

import json

import msgspec
import pytest

from d365edi.documents import Invoice, PurchaseOrder, upgrade

OLD = '{"number":"4500123","lines":[{"quantity":"12.50","price":10.10}],"date":"2026-01-06"}'


def test_the_version_stands_first_in_the_json_and_in_no_field() -> None:
    order = PurchaseOrder(number="4500123")
    assert order.to_json() == f'{{"version":{upgrade.VERSION},"number":"4500123"}}'
    assert order.plain() == {"number": "4500123"}
    assert PurchaseOrder.from_json(order.to_json()) == order


def test_a_body_without_a_version_is_read() -> None:
    order = PurchaseOrder.from_json(OLD.encode())
    (line,) = order.lines
    assert (str(line.quantity), str(line.price), str(order.date)) == ("12.50", "10.10", "2026-01-06")
    assert json.loads(order.to_json())["version"] == upgrade.VERSION


@pytest.mark.parametrize("version", [0, upgrade.VERSION + 1, "2", None])
def test_a_version_that_is_not_known_is_refused(version: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="install the newer one again"):
        Invoice.from_json(json.dumps({"version": version, "number": "1"}))


def test_what_is_no_document_is_refused_in_every_version() -> None:
    for version in range(1, upgrade.VERSION + 1):
        with pytest.raises(msgspec.MsgspecError, match="unknown field"):
            Invoice.from_json(json.dumps({"number": "1", "colour": "red", "version": version}))


def test_old_codes_become_words_and_are_kept_with_the_item_they_stand_in() -> None:
    line = {"charges": [{"code": "D240", "kept": {"unit": "D240"}}, {"code": "X"}], "features": [{"code": "D240"}]}
    body = {"number": "1", "terms": {"basis": "3"}, "notes": [{"texts": ["CC"]}]}
    read = Invoice.from_json(json.dumps({**body, "lines": [line]})).plain()
    assert read == {
        "kept": {"terms.basis": "3"},
        "number": "1",
        "terms": {"basis": "invoice"},
        "notes": [{"texts": ["CC"]}],
        "lines": [
            {
                "features": [{"code": "D240"}],
                "charges": [{"kept": {"unit": "D240", "code": "D240"}, "code": "freight"}, {"code": "X"}],
            }
        ],
    }


def test_the_category_of_an_old_tax_of_edifact_is_told_from_an_exemption_of_x12() -> None:
    """TAX06 (5305) and TXI06 (441) were one field."""
    taxes = [{"type": "VAT", "exempt": "S"}, {"type": "VA", "exempt": "1"}]
    read = Invoice.from_json(json.dumps({"number": "1", "taxes": taxes}))
    assert [(tax.type, tax.category, tax.exempt) for tax in read.taxes] == [
        ("value added", "S", None),
        ("value added", None, "1"),
    ]
