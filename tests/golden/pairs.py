"""The golden pairs: which record moves in which direction and language, and where both sides of it stand.

    RECORD/in/LANGUAGE.edi or .csv    ↔  RECORD/in/LANGUAGE.calls    a partner's file, and what D365 is asked and told for it
    RECORD/out/WORD.json              ↔  RECORD/out/LANGUAGE.edi     rows of D365 by set, and the file that the partner gets

A file `order.edi` beside rows is the partner's order that they answer: it is taken before. What D365 knows already is in
`d365.json`, for all pairs and for those of a folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent
LISTS = ("Vendor", "Item", "JournalEntry")


@dataclass(frozen=True)
class Pair:
    """One record in one direction. `row`: of the table of records and directions; `language`: the name of its flow, a set or a
    document in columns; `word`: what the flow reads or creates."""

    row: int
    record: str
    direction: Literal["in", "out"]
    language: str
    word: str

    def __str__(self) -> str:
        ends = (self.language, self.record) if self.direction == "in" else (self.record, self.language)
        return f"row {self.row}, {ends[0]} to {ends[1]}"

    @property
    def columns(self) -> bool:
        """Whether its file is in columns."""
        return self.language[0].isupper() and not self.language.isupper()

    @property
    def folder(self) -> Path:
        return FOLDER / self.record / self.direction

    @property
    def file(self) -> Path:
        """The partner's file."""
        return self.folder / f"{self.language}.{'csv' if self.columns else 'edi'}"

    @property
    def left(self) -> Path:
        """What is given."""
        return self.file if self.direction == "in" else self.folder / f"{self.word}.json"

    @property
    def right(self) -> Path:
        """What comes of it; written by `--rewrite`."""
        return self.folder / f"{self.language}.calls" if self.direction == "in" else self.file

    @property
    def order(self) -> Path:
        """What the partner ordered before, if there is such a file."""
        return self.folder / "order.edi"


def _out(row: int, record: str, word: str, *languages: str) -> list[Pair]:
    return [Pair(row, record, "out", language, word) for language in languages]


def _in(row: int, record: str, word: str, *languages: str) -> list[Pair]:
    return [Pair(row, record, "in", language, word) for language in languages]


PAIRS = [
    *_out(1, "purchase_order", "PurchaseOrderConfirmation", "850", "ORDERS"),
    *_out(2, "purchase_order", "PurchaseOrder", "PurchaseOrder"),
    *_out(3, "vendor_invoice", "VendorInvoice", "810", "Invoice"),
    *_out(4, "pending_vendor_invoice", "PendingVendorInvoice", "810", "Invoice"),
    *_out(5, "vendor", "Vendor", "Vendor"),
    *_out(6, "item", "Item", "Item"),
    *_out(7, "journal_entry", "JournalEntry", "JournalEntry"),
    *_out(8, "customer_invoice", "SalesInvoice", "810", "INVOIC"),
    *_out(9, "customer_invoice", "SalesInvoice", "Invoice"),
    *_out(10, "ship_notice", "PackingSlip", "856", "DESADV", "ShipNotice"),
    *_in(11, "sales_order", "SalesOrder", "850", "ORDERS"),
    *_in(12, "sales_order", "SalesOrder", "PurchaseOrder"),
    *_in(13, "purchase_order", "PurchaseOrder", "850", "ORDERS"),
    *_in(14, "purchase_order", "PurchaseOrder", "PurchaseOrder"),
    *_in(15, "vendor_invoice", "VendorInvoice", "810", "INVOIC"),
    *_in(16, "vendor_invoice", "VendorInvoice", "Invoice"),
    *_in(17, "vendor_payment", "VendorPayment", "820", "REMADV"),
    *_in(18, "vendor_payment", "VendorPayment", "Remittance"),
    *_in(19, "customer_payment", "CustomerPayment", "820", "REMADV", "Remittance"),
]
