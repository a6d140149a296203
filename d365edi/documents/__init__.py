"""What the business means: frozen, typed documents without a code of any standard's structure.

Knows: orders, changes and answers, ship notices, invoices, remittances, advice. Does not know: X12, EDIFACT, OData,
partners.
"""

from d365edi.documents.application_advice import Advice, ApplicationAdvice, Trouble
from d365edi.documents.base import Document, SpelledPart, Value
from d365edi.documents.invoice import Invoice, InvoiceLine
from d365edi.documents.journal_entry import JournalEntry, JournalEntryLine
from d365edi.documents.master_data import Item, Vendor
from d365edi.documents.order import OrderContent, OrderLine
from d365edi.documents.order_response import (
    LineAnswer,
    OrderChangeResponse,
    OrderChangeResponseLine,
    OrderResponse,
    OrderResponseLine,
)
from d365edi.documents.purchase_order import OrderChange, OrderChangeLine, PurchaseOrder, PurchaseOrderLine
from d365edi.documents.remittance import Adjustment, Remittance, RemittanceLine
from d365edi.documents.ship_notice import ShipNotice, ShippedLine, ShippedOrder, ShippedPack, ShippedPallet

KINDS: dict[str, type[Document]] = {
    kind.__name__: kind
    for kind in (
        PurchaseOrder, OrderChange, OrderResponse, OrderChangeResponse, ShipNotice, Invoice, Remittance, ApplicationAdvice,
        Vendor, Item, JournalEntry,
    )
}  # fmt: skip
"""Every document by the name that a map's `document` gives."""

__all__ = [
    "KINDS", "Adjustment", "Advice", "ApplicationAdvice", "Document", "Invoice", "InvoiceLine", "Item", "JournalEntry",
    "JournalEntryLine", "LineAnswer",
    "OrderChange", "OrderChangeLine", "OrderChangeResponse", "OrderChangeResponseLine", "OrderContent", "OrderLine",
    "OrderResponse", "OrderResponseLine", "PurchaseOrder", "PurchaseOrderLine", "Remittance", "RemittanceLine",
    "ShipNotice", "ShippedLine", "ShippedOrder", "ShippedPack", "ShippedPallet", "SpelledPart", "Trouble", "Value", "Vendor",
]  # fmt: skip
