"""The D365 simulator in a process of its own, which may be killed: what it has done is on disk before the answer leaves.

Its rows, number sequences and tokens are in a SQLite file; started again it goes on where it was. It bills orders by itself,
as people in D365 do, some time after they are complete.
"""

from __future__ import annotations

import pickle
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
from starlette.types import Message, Receive, Scope, Send

from d365edi.sandbox import serve
from d365edi.sandbox.d365 import Simulator
from d365edi.sandbox.d365.catalog import load
from d365edi.sandbox.d365.store import Record, RowStore
from d365edi.sandbox.tls import TlsFiles

LINES = 2
"""Each order of the drill has so many lines; one with fewer is still being written."""
LATEST = 0.02
"""Seconds that an answer waits at most after what it tells is durable."""
_TABLES = """
CREATE TABLE IF NOT EXISTS rows (recid INTEGER PRIMARY KEY, entity TEXT, version INTEGER, fields BLOB);
CREATE TABLE IF NOT EXISTS rest (name TEXT PRIMARY KEY, value BLOB);
"""


class KeptStore(RowStore):
    """Rows that remember which of them were touched since the last commit."""

    def __init__(self) -> None:
        super().__init__(load())
        self.touched: set[tuple[str, int]] = set()

    @property
    def next_recid(self) -> int:
        """The next record id."""
        return self._next

    @next_recid.setter
    def next_recid(self, recid: int) -> None:
        self._next = recid

    def insert(self, set: str, fields: Any) -> Record:
        """As the store's."""
        record = super().insert(set, fields)
        self.touched.add((set, record.recid))
        return record

    def update(self, record: Record, fields: Any) -> None:
        """As the store's."""
        super().update(record, fields)
        self.touched.add((record.set.name, record.recid))

    def delete(self, record: Record) -> None:
        """As the store's."""
        super().delete(record)
        self.touched.add((record.set.name, record.recid))


class Kept:
    """A simulator and the file that it is kept in."""

    def __init__(self, file: Path, seed: Callable[[Simulator], None]) -> None:
        self.database = sqlite3.connect(file, isolation_level=None)
        self.database.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {_TABLES}")
        self.simulator = Simulator(companies=("usmf",), default_company="usmf")
        self.store = KeptStore()
        self._rest = b""
        fresh = not self.database.execute("SELECT count(*) FROM rest").fetchone()[0]
        if fresh:
            seed(self.simulator)
            self._take_over(self.simulator.state.store)
        else:
            self._load()
        self.simulator.state.store = self.store
        self.commit()

    def commit(self) -> None:
        """Make all that was done durable."""
        state, entra = self.simulator.state, self.simulator.entra
        rest = pickle.dumps((dict(state._numbers), entra.issued, entra.tokens, self.store.next_recid))
        if not self.store.touched and rest == self._rest:
            return
        self.database.execute("BEGIN IMMEDIATE")
        for set, recid in self.store.touched:
            record = self.store.tables[set].rows.get(recid)
            if record is None:
                self.database.execute("DELETE FROM rows WHERE recid = ?", (recid,))
            else:
                row = (recid, set, record.version, pickle.dumps(record.values))
                self.database.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)", row)
        self.database.execute("INSERT OR REPLACE INTO rest VALUES ('rest', ?)", (rest,))
        self.database.execute("COMMIT")
        self.store.touched.clear()
        self._rest = rest

    def _take_over(self, seeded: RowStore) -> None:
        for set, table in seeded.tables.items():
            for record in table.rows.values():
                self.store.tables[set].put(record)
                self.store.touched.add((set, record.recid))
        self.store.next_recid = 1 + max(recid for _, recid in self.store.touched)

    def _load(self) -> None:
        for recid, set, version, fields in self.database.execute("SELECT * FROM rows ORDER BY recid"):
            table = self.store.tables[set]
            table.put(Record(table.set, recid, version, pickle.loads(fields)))
        [(rest,)] = self.database.execute("SELECT value FROM rest").fetchall()
        state, entra = self.simulator.state, self.simulator.entra
        numbers, entra.issued, entra.tokens, self.store.next_recid = pickle.loads(rest)
        state._numbers.update(numbers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The simulator's application, whose answers wait for the disk."""

        async def durable(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.commit()
                await anyio.sleep(random.uniform(0, LATEST))
            await send(message)

        await self.simulator.app(scope, receive, durable)

    async def bill(self) -> None:
        """Post the invoice of a complete order now and then, for as long as the process lives."""
        while True:
            await anyio.sleep(random.uniform(0.02, 0.2))
            lines = self.simulator.state.rows("SalesOrderLinesV3", SalesOrderLineStatus="Backorder")
            orders = sorted({line["SalesOrderNumber"] for line in lines})
            complete = [order for order in orders if sum(line["SalesOrderNumber"] == order for line in lines) == LINES]
            if complete:
                self.simulator.post_invoice(random.choice(complete))
                self.commit()


def sales(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """What is in D365, by its file: headers, lines, invoices."""
    database = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        headers, lines, invoices = (
            [
                pickle.loads(fields)
                for (fields,) in database.execute("SELECT fields FROM rows WHERE entity = ? ORDER BY recid", (entity,))
            ]
            for entity in ("SalesOrderHeadersV4", "SalesOrderLinesV3", "SalesInvoiceHeadersV4")
        )
    finally:
        database.close()
    return headers, lines, invoices


async def run(file: Path, identity: TlsFiles, port: int, seed: Callable[[Simulator], None]) -> None:
    """Serve at this port until the process is killed."""
    kept = Kept(file, seed)
    async with serve.serve(kept, identity, port=port):
        await kept.bill()
