"""Documents to flat files, by a CSV map: the layout that it describes, and the engine that writes messages.

Knows: rows of flat files, the engine. Does not know: partners.
"""

from collections.abc import Iterable, Sequence
from typing import Unpack

from d365edi.documents import Document
from d365edi.edi.flat import writer
from d365edi.edi.flat.layout import Row
from d365edi.errors import DocumentError
from d365edi.maps.compile import Codes
from d365edi.maps.csv.columns import flat
from d365edi.maps.csv.grouping import levels_of, rows_of
from d365edi.maps.csv.paths import CSV
from d365edi.maps.table import Table
from d365edi.maps.writer import AnsweredOrders, Segment, Writer


class FlatWriter:
    """A CSV map compiled for writing; may be used by many threads at once."""

    def __init__(self, table: Table, codes: Codes | None = None, *, partner: str = "") -> None:
        """Compile as a reader does. `partner` is only for sentences. Raises SettingsError."""
        self.table = table
        self._flat = flat(table)
        self._levels = levels_of(self._flat.top) if self._flat.top is not None else None
        self._writer = Writer(table, self._flat.guide, codes, partner=partner, notation=CSV)
        self.places = self._writer.places
        """What a price can be said to be for."""
        self.credits = self._writer.credits
        """The signs of credit notes."""
        self.line_orders = self._writer.line_orders
        """Whether the lines of an invoice say which order they are under."""

    def write(self, document: Document, **answered: Unpack[AnsweredOrders]) -> bytes:
        """A file of one document. Raises DocumentError."""
        return self._file(document, self._rows(self._writer.write(document, **answered)))

    def write_all(self, documents: Iterable[Document]) -> bytes:
        """A file of several documents. Raises DocumentError."""
        each = list(documents)
        rows = [row for document in each for row in self._rows(self._writer.write(document))]
        return self._file(each[0] if each else None, rows)

    @property
    def encoding(self) -> str:
        """How its files are encoded."""
        return self._flat.layout.encoding

    def head(self) -> str:
        """The header row of a file that is written piece by piece; "" where it has none."""
        return writer.text((), self._flat.layout, head=self._flat.layout.header)

    def piece(self, document: Document) -> str:
        """The rows of a document, for such a file. DocumentError, also where its encoding lacks a character."""
        rows = self._rows(self._writer.write(document))
        try:
            found = writer.text(rows, self._flat.layout, head=False)
            writer.encoded(found, self._flat.layout)
        except DocumentError as error:
            raise self._writer.refusal(document, error.message, error.remedy) from None
        return found

    def _rows(self, segments: Sequence[Segment]) -> list[Row]:
        """The rows of one document."""
        if self._levels is None:
            return [Row(0, str(segment[0]), self._values(segment, str(segment[0]))) for segment in segments]
        rows = [(str(segment[0]), self._values(segment, "")) for segment in segments]
        return [Row(0, "", values) for values in rows_of(rows, self._levels, self._flat.layout)]

    def _values(self, segment: Segment, record: str) -> list[str]:
        """The values of a segment, as many as its record has columns at most."""
        width = len(self._flat.layout.records[record])
        values = [str(each) for each in segment[1:]]
        return values + [""] * (width - len(values))

    def _file(self, document: Document | None, rows: Sequence[Row]) -> bytes:
        try:
            return writer.write(rows, self._flat.layout)
        except DocumentError as error:
            raise self._writer.refusal(document, error.message, error.remedy) from None
