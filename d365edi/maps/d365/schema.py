"""The parts of a D365 table as values: a set's rows with their sources and conditions, and what its records are
matched by.

Knows: the layout of header, lines and joins. Does not know: entity names, values.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from d365edi.documents import KINDS
from d365edi.maps.fields import Model
from d365edi.maps.table import Key, Table, nearest

QUANTITY = "quantity"
"""The row of lines that names the field of their quantity, where that is not sure."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the field of the set, its sources in order of preference, or the constant; and when it holds (field or
    answer -> values). A constant without a condition is for what no other row has a value for."""

    name: str
    sources: tuple[str, ...]
    constant: Any
    key: Key
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One set of a table. `on` pairs their field with ours; `known` are the fields of the set that the table names."""

    name: str
    set: str
    tree: Mapping[str, Any]
    rows: tuple[TableRow, ...]
    on: tuple[tuple[str, str], ...]

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The fields of the key that the table gives."""
        return tuple(self.tree.get("key", ()))

    @property
    def compare(self) -> tuple[str, ...]:
        """The fields by which a row is found again, the one that has the quantity among them where the table names it."""
        return (*self.tree.get("compare", ()), *filter(None, (self.tree.get(QUANTITY),)))

    @property
    def moments(self) -> tuple[str, ...]:
        """The fields that are points in time in UTC; all other dates are days."""
        return tuple(self.tree.get("moments", ()))

    def among(self, on: Mapping[str, str]) -> dict[str, str]:
        """The pairs beside `on` by whose values of the lines rows are asked for: all of them (`among = true`), or that of the
        one field of theirs that the table names."""
        wanted = self.tree.get("among", False)
        return {theirs: ours for theirs, ours in self.on if theirs not in on and wanted in (True, theirs)}

    @property
    def known(self) -> frozenset[str]:
        """The fields that a join may be matched by."""
        return frozenset((*self.key_fields, *(entry.name for entry in self.rows)))

    def rows_for(self, value: Callable[[str], Any]) -> Iterator[TableRow]:
        """The rows whose conditions are met; `value` gives what a field of the document or line, or an answer, is."""
        for entry in self.rows:
            if all(value(field) in values for field, values in entry.when):
                yield entry


@lru_cache(maxsize=256)
def header(table: Table) -> Section:
    """The header's section. Raises SettingsError."""
    return _section(table, ("header",))


@lru_cache(maxsize=256)
def lines(table: Table) -> Section:
    """The lines' section. Raises SettingsError."""
    return _section(table, ("lines",))


@lru_cache(maxsize=256)
def joins(table: Table) -> tuple[Section, ...]:
    """The sections of further sets, in the order of the table, without those that only a setting asks for (`off`). Raises
    SettingsError."""
    named = table.tree.get("joins", {})
    return tuple(_section(table, ("joins", name)) for name, tree in named.items() if not tree.get("off"))


def charges(table: Table) -> dict[str, Section]:
    """The sections of charge lines by what they are for (order, line), where a set is named for them. Raises SettingsError."""
    named = {kind: tree for kind, tree in table.tree.get("charges", {}).items() if tree.get("set")}
    return {kind: _section(table, ("charges", kind)) for kind in named}


def prices_locked(rows: Mapping[str, Any], shipped: Table) -> Mapping[str, Any]:
    """A flow's rows over a table, with the constant by which D365 keeps the prices of lines as they were ordered."""
    own = rows.get("lines", {})
    constants = {lines(shipped).tree["prices"]["locked"]: "Yes", **own.get("constants", {})}
    return {**rows, "lines": {**own, "constants": constants}}


def model_of(table: Table) -> Model:
    """The model of the table's document. Raises SettingsError for a name that is none."""
    model = KINDS.get(table.document)
    if model is None:
        message = f'there is no document "{table.document}"'
        raise table.mistake(("document",), message, remedy=nearest(table.document, KINDS))
    return model


def _section(table: Table, key: Key) -> Section:
    tree: Any = table.tree
    for step in key:
        tree = tree.get(step, {})
    if not isinstance(tree, Mapping) or not isinstance(tree.get("set"), str):
        remedy = 'write it as set = "SalesOrderHeadersV4"'
        raise table.mistake((*key, "set"), "the entity set is not named", remedy=remedy)
    rows = [*_entries(table, tree, key, ())]
    for name, inner in tree.get("when", {}).items():
        at = (*key, "when", name)
        conditions = tuple(
            (field, tuple(values)) for field, values in inner.items() if field not in ("fields", "constants")
        )
        rows += _entries(table, inner, at, conditions)
    if quantity := tree.get(QUANTITY):
        rows.append(TableRow(str(quantity), (QUANTITY,), None, (*key, QUANTITY)))
    kept = tuple(sorted(rows, key=lambda entry: entry.constant is not None and not entry.when))
    on = tuple(_pair(text) for text in tree.get("on", ()))
    return Section(key[-1], tree["set"], tree, kept, on)


def _entries(
    table: Table, tree: Mapping[str, Any], at: Key, when: tuple[tuple[str, tuple[str, ...]], ...]
) -> Iterator[TableRow]:
    for name, value in tree.get("fields", {}).items():
        sources = tuple(value) if isinstance(value, list) else (value,)
        key = (*at, "fields", name)
        if not sources or not all(isinstance(source, str) and source for source in sources):
            raise table.mistake(key, f'"{name}" must name where its value comes from', remedy='as in "number"')
        yield TableRow(name, sources, None, key, when)
    for name, value in tree.get("constants", {}).items():
        key = (*at, "constants", name)
        if isinstance(value, bool | float) or not isinstance(value, str | int):
            raise table.mistake(key, f'the constant of "{name}" must be text or a whole number', remedy='as in "Yes"')
        yield TableRow(name, (), value, key, when)


def _pair(text: str) -> tuple[str, str]:
    theirs, _, ours = text.partition("=")
    return theirs.strip(" "), ours.strip(" ") or theirs.strip(" ")
