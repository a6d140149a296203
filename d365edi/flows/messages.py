"""Sentence parts that several flows share: names of documents, the first errors of many, sizes, hints at similar ids.

Knows: wording. Does not know: anything else.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from d365edi.documents import ApplicationAdvice, Document, Invoice, OrderChange, Remittance
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import Party

if TYPE_CHECKING:
    from d365edi.journal import Document as Row

NOUNS = {
    "PurchaseOrder": "PO",
    "OrderChange": "change of PO",
    "OrderResponse": "answer to PO",
    "OrderChangeResponse": "answer to the change of PO",
    "ShipNotice": "shipment",
    "Invoice": "invoice",
    "Remittance": "remittance",
    "ApplicationAdvice": "advice",
    "Vendor": "vendor",
    "Item": "item",
    "JournalEntry": "journal",
}
"""The name of a kind of document in a sentence, before its number."""
PURPOSES = {
    "cancellation": "cancels it", "change": "changes it", "replace": "replaces it", "confirmation": "confirms it",
    "duplicate": "repeats it",
}  # fmt: skip
"""What a change does to its order, by its purpose."""


class LogLine(NamedTuple):
    """Level, verb and sentence of a log line, built in a transaction and written after it. `run` and `po` say what it is about,
    where the caller's context does not."""

    level: Literal["INFO", "WARNING"]
    verb: str
    sentence: str
    po: str = ""
    run: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The fields behind the sentence."""
        return {name: value for name, value in (("run", self.run), ("po", self.po)) if value}


def document_name(kind: str, number: str) -> str:
    """A document in a sentence: `PO 4500123`."""
    return f"{NOUNS[kind]} {number}"


def of_order(row: "Row") -> str:
    """Which order a part of an invoice is for, as ", order 4500123": parts may have one number. "" of any other document."""
    if row.kind != Invoice.__name__ or ".send." not in row.flow or not row.release:
        return ""
    read = Invoice.if_readable(row.body)
    return f", order {(read and read.order_number) or row.release}"


def document_number(document: Document | None) -> str:
    """The number of a document, "" for none."""
    return str(getattr(document, "number", ""))


def document_revision(document: Document | None) -> str:
    """What distinguishes documents with the same number: an order's release, the sequence of a change; "" for nothing."""
    if isinstance(document, OrderChange):
        return document.sequence or ""
    return getattr(document, "release", None) or ""


def describe(document: Document) -> str:
    """A received document in one sentence, for the person who handles it."""
    what = document_name(type(document).__name__, document_number(document))
    match document:
        case OrderChange():
            lines = ", ".join(line.number or "without a number" for line in document.lines)
            does = PURPOSES.get(document.purpose or "", f"has purpose {document.purpose}")
            return f"{what}: {does}" + (f"; lines {lines}" if lines else "")
        case Remittance():
            paid = [line for payee in document.entities for line in payee.lines]
            items = "1 item" if len(paid) == 1 else f"{len(paid)} items"
            does = f"; {PURPOSES[document.purpose]}" if document.purpose in PURPOSES else ""
            return f"{what}: {' '.join(filter(None, (document.currency, str(document.total))))} for {items}{does}"
        case ApplicationAdvice():
            return f"{what}: {'; '.join(_advised(document)) or 'it refers to no document'}"
        case _:
            return what


def by_hand(document: Document) -> str:
    """Why a received document is held of which nothing is created."""
    return f"{describe(document)}; handle it by hand, then: d365edi release {document_number(document)}"


def _advised(document: ApplicationAdvice) -> Iterable[str]:
    for advice in document.advices:
        troubles = "; ".join(trouble.text or f"code {trouble.code}" for trouble in advice.troubles)
        yield f"{advice.reference or advice.control}: {advice.verdict}" + (f" ({troubles})" if troubles else "")


def first_errors(findings: Iterable[Finding], most: int = 3) -> str:
    """The first errors (else warnings) as one sentence, and how many more there are."""
    found = list(findings)
    worst = [f for f in found if f.severity == "error"] or found
    text = "; ".join(str(finding) for finding in worst[:most])
    return f"{text} (+{len(worst) - most} more)" if len(worst) > most else text


def size_text(size: int) -> str:
    """A size in bytes as text: 812 B, 4.1 kB, 2.3 MB."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def similar_id_hint(wanted: Party, known: Mapping[str, Party]) -> str:
    """A hint at a partner with a similar id: another qualifier, or a few characters different. "" when there is none."""
    for name, party in known.items():
        if party.id == wanted.id:
            return f"; {name} has {party}, another qualifier"
    near = difflib.get_close_matches(wanted.id, [party.id for party in known.values()], 1, 0.8)
    names = [name for name, party in known.items() if near and party.id == near[0]]
    return f"; did they mean {names[0]} ({known[names[0]]})?" if names else ""
