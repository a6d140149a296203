"""Documents to EDIFACT messages: the one engine over the guide with the loops that messages imply.

Knows: the engine. Does not know: envelopes, partners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from d365edi.documents import Document, PurchaseOrder
from d365edi.edi.guide import Guide
from d365edi.maps.edifact import packaging_writer
from d365edi.maps.edifact.paths import EDIFACT
from d365edi.maps.edifact.values import day
from d365edi.maps.edifact.virtual_loops import (
    ACTION,
    ANSWER,
    AROUND,
    CHANGED,
    DATE,
    DATE_KIND,
    GIVEN,
    LATER,
    OUTCOME,
    PROMISED,
    QUANTITY,
    UNIT,
    extended,
)
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
        others = [extended(each) for each in versions]
        self._writer = Writer(table, extended(guide), codes, partner=partner, versions=others, notation=EDIFACT)

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
        return without_loops(body)


def without_loops(body: Sequence[Segment]) -> list[Segment]:
    """The segments of a message: implied loops gone, answers as quantities, days and the action of their line."""
    if any(segment[0] == "CPS" for segment in body):
        return packaging_writer.write(body)
    loops = {id for id, _ in AROUND.values()}
    made, line, days = list[Segment](), Segment(), list[Segment]()
    for segment in body:
        if segment[0] == ANSWER:
            answer = [*map(str, segment), *[""] * (DATE + 1 - len(segment))]
            made += _quantity(line, answer)
            days += [day(answer[DATE_KIND] or PROMISED[0], answer[DATE])] if answer[DATE] else []
            continue
        made += days
        days = []  # they stand behind all quantities
        if segment[0] == "LIN":
            line = segment
        if segment[0] not in loops:
            made.append(segment)
    return made


def _quantity(line: Segment, answer: Sequence[str]) -> list[Segment]:
    """The quantity of one answer; the action of the first one is the line's."""
    outcome, quantity = answer[OUTCOME], answer[QUANTITY]
    line += [""] * (ACTION + 1 - len(line))
    if not line[ACTION]:
        line[ACTION] = CHANGED if outcome == LATER else outcome
    parts = (LATER if outcome == LATER else GIVEN[0], quantity, *([answer[UNIT]] if answer[UNIT] else []))
    return [["QTY", parts]] if quantity else []
