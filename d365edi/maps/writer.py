"""From a document to the segments of a transaction set, in the order of the guide.

A qualifier or word that the partner used is used again; else the first of the row. A row that names the order
(`order.date`) writes what the partner said there: a matched order line is echoed exactly, so what the line lacked is not
added; in the header an empty value of the order leaves room for the document's own.

Knows: tables, guides, documents. Does not know: delimiters, envelopes, control numbers, character sets.
"""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from d365edi.documents import Document, PurchaseOrder
from d365edi.edi.guide import Guide
from d365edi.errors import DocumentError
from d365edi.maps.compile import Codes, mapping_tree
from d365edi.maps.credit_signs import credit_signs
from d365edi.maps.loop_writer import LoopWriter, Task
from d365edi.maps.notation import X12, Notation
from d365edi.maps.price_places import names_orders, places
from d365edi.maps.segment_writer import Segment
from d365edi.maps.table import Table
from d365edi.maps.vocabulary import YOUR, MappingError

__all__ = ["Segment", "Writer"]


class AnsweredOrders(TypedDict, total=False):
    """What a document answers: an order, the line of an order for each of its `lines`, and the order for each of its `orders`,
    both in the order in which they are written."""

    order: PurchaseOrder | None
    line_orders: Sequence[object | None]
    orders: Sequence[PurchaseOrder | None]


class Writer:
    """A map compiled for writing sets of one guide; may be used by many threads at once."""

    def __init__(
        self,
        table: Table,
        guide: Guide,
        codes: Codes | None = None,
        *,
        partner: str = "",
        versions: Sequence[Guide] = (),
        notation: Notation = X12,
    ) -> None:
        """Compile as a reader does. `partner` is only for sentences. Raises SettingsError."""
        self.table = table
        self.guide = guide
        self.partner = partner
        root = mapping_tree(table, guide, codes, versions, notation)
        assert root.model is not None
        self._root = LoopWriter(root, root.model, notation.compose)
        self.places = places(table, codes)
        """What a price can be said to be for."""
        self.credits = credit_signs(table)
        """The signs of credit notes."""
        self.line_orders = names_orders(table)
        """Whether the lines of an invoice say which order they are under."""

    def write(self, document: Document, **answered: Unpack[AnsweredOrders]) -> list[Segment]:
        """The body of the set, without its first and last segment. Raises DocumentError naming the document, the field and the
        partner."""
        order = answered.get("order")
        task = Task(document, answered.get("line_orders", ()), answered.get("orders", ()))
        try:
            self._root.complete(self._root.inside(task, document, order, task.body))
        except MappingError as error:
            raise self.refusal(document, str(error), error.remedy) from None
        return task.body

    def refusal(self, document: Document | None, message: str, remedy: str) -> DocumentError:
        """The error that names the document and the partner."""
        what = f"{self.table.document} {getattr(document, 'number', '')}".strip(" ")
        to = f" for {self.partner}" if self.partner else ""
        remedy = remedy.replace(YOUR, f"partners.{self.partner}") if self.partner else remedy
        return DocumentError(f"{what}{to}: {message}", remedy=remedy)
