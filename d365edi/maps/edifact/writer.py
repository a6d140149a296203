"""Documents to EDIFACT messages: the one engine over a guide laid flat.

Knows: the engine, flat guides. Does not know: envelopes, partners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from d365edi.documents import Document, PurchaseOrder
from d365edi.edi.guide import Guide
from d365edi.maps import composites
from d365edi.maps.edifact import virtual_loops
from d365edi.maps.edifact.paths import EDIFACT
from d365edi.maps.table import Table
from d365edi.maps.writer import Segment, Writer

Codes = Mapping[str, Mapping[str, str]]


class EdifactWriter:
    """A map compiled for writing messages of one guide; may be used by many threads at once."""

    def __init__(
        self,
        table: Table,
        guide: Guide,
        codes: Codes | None = None,
        *,
        partner: str = "",
        versions: Sequence[Guide] = (),
    ) -> None:
        """Compile, as `Writer` does. Raises SettingsError."""
        self.table = table
        self.guide = guide
        self._flat = composites.flat(guide)
        others = [composites.flat(each) for each in versions]
        self._writer = Writer(table, self._flat, codes, partner=partner, versions=others, notation=EDIFACT)
        self._folding = composites.Folding(self._flat)

    def write(
        self,
        document: Document,
        *,
        order: PurchaseOrder | None = None,
        line_orders: Sequence[object | None] = (),
        orders: Sequence[PurchaseOrder | None] = (),
    ) -> list[Segment]:
        """The body of the message, without UNH and UNT, numbers with a decimal point; see `Writer.write`. Raises
        DocumentError."""
        body = self._writer.write(document, order=order, line_orders=line_orders, orders=orders)
        rows = cast(list[list[str]], body)  # a flat guide has no components
        return [*map(self._folding.fold, virtual_loops.take(rows))]
