"""The rows of a tenant in a file, so that a simulator that was stopped or killed starts again with what it held.

A line for each request that changed something, a JSON list of changes: `["put", set, recid, version, values]`,
`["take", set, recid]`, `["number", company, sequence, n]`, `["next", recid]`. A line without its end was never answered for
and does not count.
At each start the file is written anew with what it amounts to.

Knows: rows and how they are written down. Does not know: what a row means, HTTP.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

from .catalog import SetDefinition
from .store import Record, RowTable
from .tenant import Tenant

Change = list[Any]


class RowLog:
    """The file of one tenant. What changes from now on waits in `pending` until `flush`."""

    def __init__(self, path: Path, tenant: Tenant) -> None:
        self._path = path
        self._tenant = tenant
        self.pending: list[Change] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self.found = path.exists()
        if self.found:
            self._replay()
        self._rewrite()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        tenant.numbered = self._number
        for table in tenant.store.tables.values():
            table.changed = self._row

    def flush(self) -> None:
        """Write what changed, in one piece, and wait until the disk has it."""
        if self.pending:
            line, self.pending = self.pending, []
            _write(self._file, _line(line))

    def close(self) -> None:
        """Write what is left and let go of the file."""
        self.flush()
        os.close(self._file)

    def _row(self, record: Record, there: bool) -> None:
        self.pending.append(_put(record) if there else ["take", record.set.name, record.recid])

    def _number(self, company: str, sequence: str, number: int) -> None:
        self.pending.append(["number", company, sequence, number])

    def _replay(self) -> None:
        for table in self._tenant.store.tables.values():
            for record in list(table.rows.values()):
                table.take(record)
        self._tenant.numbers.clear()
        *lines, _ = self._path.read_bytes().split(b"\n")
        for line in lines:
            for kind, *rest in json.loads(line):
                self._apply(kind, *rest)

    def _apply(self, kind: str, *rest: Any) -> None:
        if kind == "number":
            self._tenant.numbers[rest[0], rest[1]] = rest[2]
        elif kind == "next":
            self._tenant.store.next = rest[0]
        else:
            _set(self._tenant.store.tables[rest[0]], *rest[1:])
            self._tenant.store.next = max(self._tenant.store.next, rest[1] + 1)

    def _rewrite(self) -> None:
        """The tenant as it is, in place of how it came to be."""
        tables = self._tenant.store.tables.values()
        whole = [_put(record) for table in tables for record in table.rows.values()]
        whole += [["number", *key, number] for key, number in self._tenant.numbers.items()]
        whole.append(["next", self._tenant.store.next])
        fresh = self._path.with_name(f"{self._path.name}.new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _write(file, _line(whole))
        finally:
            os.close(file)
        os.replace(fresh, self._path)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
    os.fsync(file)


def _line(changes: list[Change]) -> bytes:
    return json.dumps(changes, default=str).encode() + b"\n"


def _put(record: Record) -> Change:
    return ["put", record.set.name, record.recid, record.version, record.values]


def _set(table: RowTable, recid: int, version: int | None = None, values: dict[str, Any] | None = None) -> None:
    if recid in table.rows:
        table.take(table.rows[recid])
    if values is not None and version is not None:
        table.put(Record(table.set, recid, version, _typed(table.set, values)))


def _typed(entity_set: SetDefinition, values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no decimals: they travel as text."""
    decimals = {name for name in values if entity_set.fields[name] == "Edm.Decimal"}
    return {name: Decimal(str(value)) if name in decimals else value for name, value in values.items()}
