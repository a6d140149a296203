"""What is written is read back as it was: for every document that a message can say, in each version."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.documents import Document, Invoice, PurchaseOrder, ShipNotice
from tests.maps.drawn import invoices, orders
from tests.maps.drawn_answers import advices, change_responses, changes, remittances, responses
from tests.maps.drawn_shipments import shipments
from tests.maps.wire import VERSIONS, plain, report, written


def there_and_back(set: str, version: str, document: Document) -> object:
    """What is read of what was written, in which the standard must find nothing wrong."""
    reader, writer = plain(set, version)
    found = report(set, written(writer.write(document)), version)
    assert [str(finding) for finding in found.findings if finding.severity == "error"] == []
    reading = reader.read(found)
    assert [str(finding) for finding in (*reading.findings, *reading.unmapped)] == []
    return reading.document


def compact(document: object) -> dict[str, Any]:
    """What the document holds without what is empty, after a trip through JSON: an error then shows only what differs."""
    assert isinstance(document, Document)
    assert type(document).from_json(document.to_json()) == document
    said: dict[str, Any] = msgspec.to_builtins(document, builtin_types=(Decimal, date))
    return said


@pytest.mark.parametrize("version", VERSIONS)
@settings(deadline=None, max_examples=10)
@given(order=orders())
def test_an_order_comes_back_as_it_was_written(version: str, order: PurchaseOrder) -> None:
    assert compact(there_and_back("850", version, order)) == compact(order)


@pytest.mark.parametrize("version", VERSIONS)
@settings(deadline=None, max_examples=10)
@given(invoice=invoices())
def test_an_invoice_comes_back_as_it_was_written(version: str, invoice: Invoice) -> None:
    assert compact(there_and_back("810", version, invoice)) == compact(invoice)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("set", "drawn"),
    [
        ("855", responses()),
        ("860", changes()),
        ("865", change_responses()),
        ("820", remittances()),
        ("824", advices()),
    ],
    ids=["855", "860", "865", "820", "824"],
)
@settings(deadline=None, max_examples=6)
@given(data=st.data())
def test_a_document_of_every_set_comes_back_as_it_was_written(
    set: str, drawn: st.SearchStrategy[Document], version: str, data: st.DataObject
) -> None:
    document = data.draw(drawn)
    assert compact(there_and_back(set, version, document)) == compact(document)


@pytest.mark.parametrize("version", VERSIONS)
@settings(deadline=None, max_examples=8)
@given(notice=shipments())
def test_a_ship_notice_comes_back_with_its_levels(version: str, notice: ShipNotice) -> None:
    assert compact(there_and_back("856", version, notice)) == compact(notice)
