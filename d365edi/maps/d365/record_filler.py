"""One record as a writing table fills it: a row takes its value from the document, from the answers to references, or from a list
of places of which the first that has a value counts. What is empty is left out: D365 then fills in its own.

Knows: the layout of D365 tables. Does not know: any entity or field name, in which sets the records go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any

from d365edi.documents import Document, Invoice
from d365edi.errors import DocumentError
from d365edi.maps.d365.schema import Section, TableRow
from d365edi.matching import totals
from d365edi.matching.dimensions import ANSWER, LEDGER_ACCOUNTS
from d365edi.matching.resolution import CODES, PLACE, VARIANT, Resolution
from d365edi.odata.canonical import day

ANSWERS = (
    "customer", "invoice_customer", "vendor", "invoice_vendor", "vendor_currency", "vendor_language", "item", "unit", "received",
    "lines", "orders", "main_account", ANSWER, *CODES, *LEDGER_ACCOUNTS, *PLACE, *VARIANT,
)  # fmt: skip
"""What a row may take from the answers: `answers.item`."""
TAX_TOTAL = "tax_total"
"""What all taxes of an invoice come to."""


@dataclass(frozen=True, slots=True)
class RecordFiller:
    """Where values come from while one plan is made."""

    document: Document
    resolution: Resolution
    company: str
    label: str

    def record(self, section: Section, item: Any, number: int, numbers: Sequence[int] = ()) -> dict[str, Any]:
        """The fields of one record; `number` is the line's place (0: the header)."""
        written: dict[str, Any] = {}
        for entry in section.rows_for(lambda source: self._value(source, item, number, numbers)):
            values = (self._value(source, item, number, numbers) for source in entry.sources)
            value = entry.constant if entry.constant is not None else next((v for v in values if v is not None), None)
            if value is not None and (entry.constant is None or entry.when or entry.name not in written):
                written[entry.name] = value
        for name in section.tree.get("needs", ()):
            if name not in written:
                raise DocumentError(needs(section, name, self.label, number), remedy=complete(name, number))
        either = section.tree.get("either", ())
        if either and not any(all(name in written for name in names) for names in either):
            kinds = ", or ".join(" with ".join(names) for names in either)
            message = f"{self.label} line {number}: nothing says what it is for; D365 needs {kinds}"
            raise DocumentError(message, remedy=complete(either[-1][0], number))
        return written

    def lacks(self, section: Section, item: Any, number: int) -> list[str]:
        """The fields that D365 needs and this item leaves empty, whatever references are resolved to."""
        needs, known = section.tree.get("needs", ()), partial(self._known, item, number)
        there = {row.name for row in section.rows if row.name in needs and _may_be_written(row, known)}
        return [name for name in needs if name not in there]

    def _known(self, item: Any, number: int, source: str) -> Any:
        """The value of a source; `...` for an answer, of which nothing is known but that a unit must be asked for."""
        if source.startswith("answers."):
            return ... if source != "answers.unit" or item.unit is not None else None
        return self._value(source, item, number, range(1, number + 1))

    def _value(self, source: str, item: Any, number: int, numbers: Sequence[int]) -> Any:
        return _read(source)(self, item, number, numbers)


_Read = Callable[[RecordFiller, Any, int, Sequence[int]], Any]


@lru_cache(maxsize=1024)
def _read(source: str) -> _Read:
    """How a source is read. A source is taken apart once, since each line of an order has thirty."""
    fixed: dict[str, _Read] = {
        "company": lambda filler, *_: filler.company,
        "ordinal": lambda _filler, _item, number, numbers: numbers[number - 1] if number else None,
        "place": lambda _filler, _item, number, _numbers: number or None,
        TAX_TOTAL: lambda filler, *_: totals.owed(filler.document) if isinstance(filler.document, Invoice) else None,
    }
    if source in fixed:
        return fixed[source]
    if source.startswith("answers."):
        name = source.removeprefix("answers.")
        return lambda filler, item, number, _numbers: filler.resolution.of(name, number, getattr(item, "unit", None))
    of_document = source.startswith("document.")
    value = _field(source.removeprefix("document."))
    return lambda filler, item, *_: value(filler.document if of_document else item)


def _field(source: str) -> Callable[[Any], Any]:
    """The value of a field, a day as D365 spells it; of "a + b" the lines of text."""
    parts = [attrgetter(name) for name in source.split(" + ")]
    if len(parts) > 1:
        return lambda item: "\n".join(str(text) for part in parts if (text := part(item)) is not None) or None
    return lambda item: day(value) if isinstance(value := parts[0](item), date) else value


def _may_be_written(row: TableRow, known: Callable[[str], Any]) -> bool:
    met = all((value := known(field)) is ... or value in values for field, values in row.when)
    return met and (row.constant is not None or any(known(source) is not None for source in row.sources))


def complete(name: str, number: int) -> str:
    """What to do about an empty field that D365 needs; `number` is the line's place (0: the header)."""
    where = "d365.lines.constants" if number else "d365.header.constants"
    return f'say what is meant where orders leave it out: {name} = "..." under {where} of the flow'


def needs(section: Section, name: str, label: str, number: int) -> str:
    """That a field which D365 needs is empty."""
    line = f" line {number}" if number else ""
    sources = next((entry.sources for entry in section.rows if entry.name == name), ("no row",))
    return f"{label}{line}: {name} needs {sources[0]}, which is empty"
