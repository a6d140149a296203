"""EDIFACT orders and invoices are read and written by the same tables: there and back, in each directory."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.edi.edifact.writer import DEFAULT
from d365edi.edi.syntax import Syntax
from d365edi.errors import SettingsError
from tests.maps.drawn_edifact import invoices, orders
from tests.maps.test_round_trip import compact
from tests.maps.wire_edifact import COMMA, DIRECTORIES, interchange, plain, report, sets, sides


def there_and_back(set: str, directory: str, document: Any, syntax: Syntax = DEFAULT) -> object:
    reader, writer = plain(set, directory)
    message = sets(interchange(set, writer.write(document), directory, syntax))[0]
    assert [str(each) for each in message.findings if each.severity == "error"] == []
    reading = reader.read(message)
    assert [str(each) for each in (*reading.findings, *reading.unmapped)] == []
    return reading.document


@pytest.mark.parametrize("directory", DIRECTORIES)
@settings(deadline=None, max_examples=40)
@given(order=orders())
def test_an_order_comes_back_as_it_was_written(directory: str, order: PurchaseOrder) -> None:
    assert compact(there_and_back("ORDERS", directory, order)) == compact(order)


@pytest.mark.parametrize("directory", DIRECTORIES)
@settings(deadline=None, max_examples=40)
@given(invoice=invoices())
def test_an_invoice_comes_back_as_it_was_written(directory: str, invoice: Invoice) -> None:
    assert compact(there_and_back("INVOIC", directory, invoice)) == compact(invoice)


@settings(deadline=None, max_examples=15)
@given(order=orders())
def test_a_decimal_comma_changes_nothing(order: PurchaseOrder) -> None:
    assert compact(there_and_back("ORDERS", "D96A", order, COMMA)) == compact(order)
