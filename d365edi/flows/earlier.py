"""Documents that a partner got before: those that mention the same, and the invoice that a credit note corrects.

Knows: where sent documents are stored. Does not know: what follows from there being one.
"""

from collections.abc import Iterator, Sequence

from d365edi.documents import Invoice, OrderResponse, ShipNotice
from d365edi.flows.orders import order_rows
from d365edi.journal import Document, Tx
from d365edi.matching import crediting
from d365edi.matching.crediting import CREDIT, corrected
from d365edi.matching.lines import OrderKey, order_keys


def mentioning(tx: Tx, row: Document, what: str, values: Sequence[str], kind: str) -> list[Document]:
    """Other documents of a kind that this partner received of the same company and that refer to one of these values: two
    companies number their packing slips alike."""
    found = [document for value in values for document in tx.documents.mentioning(what, value, kind, but=row.id)]
    mine = [each for each in found if (each.partner, each.company.lower()) == (row.partner, row.company.lower())]
    return [document for document in mine if not refused(tx, document)]


def refused(tx: Tx, document: Document) -> bool:
    """Whether the partner's acknowledgment rejected it: then they never received it."""
    carried = tx.delivery_documents.for_document(document.id)
    return bool(carried) and carried[-1].ack == "rejected"


def is_credit(document: Document) -> bool:
    """Whether a stored document is a credit note."""
    return document.kind == Invoice.__name__ and Invoice.from_json(document.body).sense == CREDIT


def with_original(tx: Tx, row: Document, invoice: Invoice) -> Invoice:
    """A credit note with the invoice that it corrects, where that is known."""
    return crediting.with_original(invoice, _invoices(tx, row, invoice.order_number))


def keys_of(tx: Tx, row: Document, document: Invoice | OrderResponse | ShipNotice) -> tuple[OrderKey, ...]:
    """The orders that a document belongs to. A credit note is often posted for a return, with a sales order of its own: where
    its order has several releases, those of the invoice that it corrects."""
    keys = order_keys(document)
    if not isinstance(document, Invoice) or document.sense != CREDIT or document.original_invoice is None:
        return keys
    if all(len(order_rows(tx, row.partner, row.company, key)) < 2 for key in keys):
        return keys
    for invoice in _invoices(tx, row, document.order_number):
        if invoice.number == document.original_invoice:
            return order_keys(invoice)
    return keys


def originals(tx: Tx, row: Document, credit: Invoice) -> tuple[str, ...]:
    """The numbers of the invoices that a credit note, as it was read, may correct: of this partner and company, sent or about
    to be sent."""
    return corrected(credit, _invoices(tx, row, credit.order_number))


def _invoices(tx: Tx, row: Document, order: str | None) -> Iterator[Invoice]:
    if order is None:
        return
    ready = tx.documents.in_state("ready", row.partner)
    for each in (*mentioning(tx, row, "order", [order], row.kind), *ready):
        if each.id != row.id and (each.kind, each.company) == (row.kind, row.company):
            yield Invoice.from_json(each.body)
