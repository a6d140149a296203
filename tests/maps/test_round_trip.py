"""What is written is read back as it was: for every document that a message can say, in each version."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from d365edi.documents import Document, Invoice, PurchaseOrder
from tests.maps.drawn import invoices, orders
from tests.maps.wire import VERSIONS, plain, report, written


def there_and_back(set: str, version: str, document: Document) -> object:
    reader, writer = plain(set, version)
    reading = reader.read(report(set, written(writer.write(document)), version))
    assert [str(finding) for finding in (*reading.findings, *reading.unmapped)] == []
    return reading.document


def compact(document: object) -> dict[str, Any]:
    """What the document holds without what is empty, after a trip through JSON: an error then shows only what differs."""
    assert isinstance(document, Document)
    assert type(document).from_json(document.to_json()) == document
    return document.model_dump(exclude_defaults=True)


@pytest.mark.parametrize("version", VERSIONS)
@settings(deadline=None, max_examples=40)
@given(order=orders())
def test_an_order_comes_back_as_it_was_written(version: str, order: PurchaseOrder) -> None:
    assert compact(there_and_back("850", version, order)) == compact(order)


@pytest.mark.parametrize("version", VERSIONS)
@settings(deadline=None, max_examples=40)
@given(invoice=invoices())
def test_an_invoice_comes_back_as_it_was_written(version: str, invoice: Invoice) -> None:
    assert compact(there_and_back("810", version, invoice)) == compact(invoice)


@settings(deadline=None, max_examples=25)
@given(order=orders())
def test_a_written_order_has_no_finding_of_the_standard(order: PurchaseOrder) -> None:
    found = report("850", written(plain("850", "004010")[1].write(order)))
    assert [str(finding) for finding in found.findings if finding.severity == "error"] == []
