"""`split = "order"`: an invoice over several orders becomes one document for each of them, before anything of it is written.

The row of the record keeps its number and is done; each part has a row of its own, known by the record and its sales order, and
is sent as any other document. All rows are made in one transaction: after a crash either none is there or all are, and what of
them was not written yet is written then.

Knows: rows of an invoice and of its parts. Does not know: how an invoice is parted, how a part is sent.
"""

from collections.abc import Iterable
from typing import Any

from d365edi.documents import Invoice
from d365edi.errors import DocumentError
from d365edi.flows import earlier, subject
from d365edi.flows.orders import known_orders
from d365edi.flows.partner import SendFlow, TradingPartner
from d365edi.flows.prepared import Held
from d365edi.journal import Document, Tx
from d365edi.matching import order_parts
from d365edi.matching.order_parts import InvoicePart

RECORD = "SalesInvoice"
"""The record that may be sent in parts."""


def is_part(send: SendFlow, document: Document) -> bool:
    """Whether a document is one part of its record: the release of such a row is the sales order that it is for."""
    return send.settings.of == RECORD and bool(document.release)


def parts_of(tx: Tx, document: Document) -> list[Document]:
    """The rows of the parts that a record was sent in; none for a part, or for what was not parted."""
    if document.kind != Invoice.__name__ or document.release or ".send." not in document.flow:
        return []
    return [each for each in tx.documents.of_set(document) if each.release and each.kind == document.kind]


def instead(tx: Tx, documents: Iterable[Document]) -> list[Document]:
    """The same with the parts of each record that was sent in parts in its place."""
    found = {row.id: row for each in documents for row in parts_of(tx, each) or [each]}
    return list(found.values())


def split(
    tx: Tx, partner: TradingPartner, send: SendFlow, document: Document, *, apart: bool
) -> list[Document] | Held | None:
    """The ready parts of an invoice, made now where they are not there yet; why it cannot be parted; None where it is sent as it
    is. DocumentError where another document has the number of a part."""
    if send.settings.of != RECORD or document.release or tx.documents.get(document.id).state != "ready":
        return None
    rows = parts_of(tx, document)
    if not rows:
        if send.settings.split is None:
            return None
        invoice = Invoice.from_json(document.body)
        known = known_orders(tx, partner.name, document.company, earlier.keys_of(tx, document, invoice))
        same = send.settings.split_number == "same"
        found = order_parts.parted(invoice, known, same_number=same, apart=apart)
        if found.problems:
            remedy = _REMEDY.format(section=f"[partners.{send.name}]", number=document.number)
            return Held((*found.problems, remedy) if found.as_one else found.problems)
        if not found.parts:
            return None
        rows = [_add(tx, document, part) for part in found.parts]
    names = ", ".join(dict.fromkeys(_named(row) for row in rows))
    tx.documents.set_state(document.id, "delivered", f"in parts, one for each order: {names}")
    return [row for row in rows if row.state == "ready"]


_REMEDY = (
    "send it by hand and reject this one, or leave split out under {section} for one invoice with the order of each line, then: "
    "d365edi release {number}"
)


def _named(row: Document) -> str:
    """A part by its number and the order that it is for."""
    return f"{row.number} ({Invoice.from_json(row.body).order_number or row.release})"


def _add(tx: Tx, whole: Document, part: InvoicePart) -> Document:
    row = tx.documents.add(
        message=whole.message,
        partner=whole.partner,
        flow=whole.flow,
        kind=whole.kind,
        number=part.invoice.number,
        company=whole.company,
        release=part.order,
        body=part.invoice.to_json(),
        map_digest=whole.map_digest,
    )
    tx.documents.mention(row.id, subject.named(part.invoice))
    holder = tx.documents.claim_key(row.id)
    if holder is not None:
        raise DocumentError(
            f"its part {row.number} has the number of another invoice (message {holder.message})",
            remedy=f'send it by hand and d365edi reject {whole.number} --why "..."',
        )
    about: dict[str, Any] = {"message": row.message, "document": row.id, "partner": row.partner}
    tx.audit.append("read", **about, number=row.number, order=part.order)
    return row
