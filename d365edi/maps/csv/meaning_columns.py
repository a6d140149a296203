"""Columns that change what is delivered, when, where or for how much: the names in the table `[meaning]` of a CSV map, and what
each says in words. Where one is filled and no row of the map reads it, it holds the document, as in the other languages.

    "Line Status" = "a status of a line"

Knows: names of columns, the table. Does not know: how a file is cut, what the rows of a map read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from d365edi.edi.findings import Finding, Position
from d365edi.edi.flat.layout import Column, Layout, Row, fold
from d365edi.maps import meaning
from d365edi.maps.table import Table

NOTHING = frozenset(
    (
        *("n", "no", "none", "false", "na", "normal", "regular", "standard", "open", "active", "new", "add", "added"),
        *("ok", "confirmed", "released", "approved", "original", "p", "production", "paid", "issued", "cleared"),
    )
)
"""Values, folded, by which a column says that there is nothing of the kind; a zero says so too."""


def words(table: Table) -> dict[str, str]:
    """What each column says, by its folded name. Raises SettingsError for one that is not said in words."""
    return {fold(row.name): row.value for row in meaning.rows(table)}


def reading(table: Table, layout: Layout) -> Layout:
    """The layout with these columns behind its own, where a header row says which are there."""
    if layout.type is not None or layout.fixed or not layout.header:
        return layout
    known = {fold(name) for column in layout.columns for name in column.names}
    more = {fold(row.name): row.name for row in meaning.rows(table) if fold(row.name) not in known}
    columns = tuple(Column((name,), aside=True) for name in more.values())
    return replace(layout, records={**layout.records, "": (*layout.columns, *columns)})


def unread(layout: Layout, unasked: Iterable[int], said: Mapping[str, str], rows: Sequence[Row]) -> Iterable[Finding]:
    """A finding for each filled column that no row of the map names: one that holds where it changes the meaning, a note
    otherwise."""
    for index in unasked:
        name = layout.columns[index].name
        changes = said.get(fold(name), "")
        row = next((row for row in rows if row.values[index] and not (changes and _nothing(row.values[index]))), None)
        if row is None:
            continue
        at = Position(line=row.line, segment=name)
        if changes:
            value = row.values[index]
            message = f'the column "{name}" says {changes} ("{value}"), and no row of the map reads it'
            remedy = f'add a row for it, or ignore = ["{name}"] to the flow, then release it'
            yield Finding("document", "warning", "", message, at, value, remedy, "meaning", holds=True)
        else:
            message = f'the column "{name}" is read by no row of the map'
            yield Finding("document", "note", "", message, at, rule="unmapped")


def _nothing(value: str) -> bool:
    return fold(value) in NOTHING or not fold(value).strip("0")
