"""What the business means: frozen, typed documents without a code of any standard's structure.

Knows: purchase orders and invoices. Does not know: X12, EDIFACT, OData, partners.
"""

from d365edi.documents.base import Document, Scope, Value
from d365edi.documents.invoice import Invoice, InvoiceLine
from d365edi.documents.purchase_order import PurchaseOrder, PurchaseOrderLine

KINDS: dict[str, type[Document]] = {"PurchaseOrder": PurchaseOrder, "Invoice": Invoice}
"""Every document by the name that a map's `document` gives."""

__all__ = ["KINDS", "Document", "Invoice", "InvoiceLine", "PurchaseOrder", "PurchaseOrderLine", "Scope", "Value"]
