"""Rows: inserted, changed, deleted, found; with versions, record ids and the undoing of a failed changeset.

Every row has an etag `W/"base64('version,recid')"`: version 1 when new, a large changed number after each update.
Record ids start at 5637144576, as a tenant's do.

Knows: rows and keys. Does not know: what a value means, HTTP.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from . import values
from .catalog import Catalog, SetDefinition

FIRST_RECORD = 5637144576


@dataclass(slots=True, eq=False)
class Record:
    """One row. `values` holds every field of its set."""

    set: SetDefinition
    recid: int
    version: int
    values: dict[str, Any]

    @property
    def etag(self) -> str:
        """The weak etag; opaque by contract, moves with every update."""
        pair = f"'{self.version},{self.recid}'"
        return f'W/"{base64.b64encode(pair.encode()).decode()}"'

    @property
    def key(self) -> tuple[str, ...]:
        """The key's values, folded as the database compares them."""
        return tuple([fold(self.values[name]) for name in self.set.keys])


def fold(value: Any) -> str:
    """A value as the database's case-insensitive collation compares it."""
    return str(value).casefold()


class RowTable:
    """The rows of one set in the order of their record ids, found by key or by an equal field."""

    def __init__(self, entity_set: SetDefinition) -> None:
        self.set = entity_set
        self.blank = {name: values.empty(name, type) for name, type in entity_set.fields.items()}
        self.rows: dict[int, Record] = {}
        self.by_key: dict[tuple[str, ...], Record] = {}
        self.changed: Callable[[Record, bool], None] | None = None
        """Called with each row that came (True) or went: see `row_log`."""
        self.last: tuple[object, list[Record]] | None = None
        """What was found last, and by what it was asked for; None once a row came or went."""
        self._indexes: dict[str, dict[str, dict[int, Record]]] = {}

    def put(self, record: Record) -> None:
        """Make a row visible."""
        self.last = None
        self.rows[record.recid] = record
        self.by_key[record.key] = record
        for field, index in self._indexes.items():
            index.setdefault(fold(record.values[field]), {})[record.recid] = record
        if self.changed:
            self.changed(record, True)

    def take(self, record: Record) -> None:
        """Make a row invisible."""
        self.last = None
        del self.rows[record.recid]
        del self.by_key[record.key]
        for field, index in self._indexes.items():
            del index[fold(record.values[field])][record.recid]
        if self.changed:
            self.changed(record, False)

    def change(self, record: Record, fields: dict[str, Any], version: int) -> None:
        """Give a row other values, in its place."""
        self.take(record)
        record.values, record.version = fields, version
        self.put(record)

    def equal(self, equal: Mapping[str, Any]) -> list[Record]:
        """The rows whose fields equal these, case-insensitively, in the order of record ids; without fields, every row."""
        return list(self._equal(equal, newest_first=False))

    def newest(self, equal: Mapping[str, Any]) -> Record | None:
        """The one of these rows with the highest record id; found without looking at the others."""
        return next(self._equal(equal, newest_first=True), None)

    def _equal(self, equal: Mapping[str, Any], *, newest_first: bool) -> Iterator[Record]:
        wanted = {field: fold(value) for field, value in equal.items()}
        found = min((self._index(field).get(value, {}) for field, value in wanted.items()), key=len, default=self.rows)
        for recid in sorted(found, reverse=newest_first):
            record = found[recid]
            if all(fold(record.values[field]) == value for field, value in wanted.items()):
                yield record

    def _index(self, field: str) -> dict[str, dict[int, Record]]:
        if field not in self._indexes:
            index: dict[str, dict[int, Record]] = {}
            for record in self.rows.values():
                index.setdefault(fold(record.values[field]), {})[record.recid] = record
            self._indexes[field] = index
        return self._indexes[field]


class RowStore:
    """All tables, and the undoing of a changeset that failed."""

    def __init__(self, catalog: Catalog) -> None:
        self.tables = {name: RowTable(entity_set) for name, entity_set in catalog.sets.items()}
        self.next = FIRST_RECORD
        """The record id of the next row."""
        self._undo: list[Callable[[], None]] | None = None

    def insert(self, set: str, fields: Mapping[str, Any]) -> Record:
        """Add a row; fields left out are empty. KeyError on an unknown field, ValueError on a taken key."""
        table = self.tables[set]
        unknown = fields.keys() - table.blank.keys()
        if unknown:
            raise KeyError(f"{set} has no field {sorted(unknown)[0]}")
        record = Record(table.set, self.next, 1, {**table.blank, **fields})
        if record.key in table.by_key:
            raise ValueError(f"{set} already has {record.key}")
        self.next += 1
        table.put(record)
        self._note(lambda: table.take(record))
        return record

    def update(self, record: Record, fields: Mapping[str, Any]) -> None:
        """Change fields of a row and move its etag."""
        table = self.tables[record.set.name]
        before, version = dict(record.values), record.version
        table.change(record, {**before, **fields}, (version * 6364136223 + 1442695041) % 2_000_000_011 or 2)
        self._note(lambda: table.change(record, before, version))

    def delete(self, record: Record) -> None:
        """Remove a row."""
        table = self.tables[record.set.name]
        table.take(record)
        self._note(lambda: table.put(record))

    def rows(self, set: str, **equal: Any) -> list[Record]:
        """The rows of a set whose fields equal these, in the order of record ids."""
        return self.tables[set].equal(equal)

    def newest(self, set: str, **equal: Any) -> Record | None:
        """The last of these rows, or None."""
        return self.tables[set].newest(equal)

    def one(self, set: str, **equal: Any) -> Record | None:
        """The first such row, or None."""
        found = self.rows(set, **equal)
        return found[0] if found else None

    @contextmanager
    def changeset(self) -> Iterator[None]:
        """All or nothing: an exception out of the block takes back every change made in it. Does not nest, never
        awaits."""
        self._undo = []
        try:
            yield
        except BaseException:
            undo, self._undo = self._undo, None
            for step in reversed(undo):
                step()
            raise
        finally:
            self._undo = None

    def _note(self, step: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(step)
