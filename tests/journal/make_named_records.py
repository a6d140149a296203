"""Makes `d60af4b_names.tar.gz`: a journal of commit d60af4b, which knew a record of D365 by its name alone.

Run it with that commit's code, from a checkout of it with its own environment:

    PYTHONPATH=. .venv/bin/python THIS_FILE OUT.tar.gz

In the archive: `journal.db` (vacuumed) with its `.numbers`, `home/`, `d365.json` and `made_at`, as `make_old_journal` has them.
The partner is a customer of two companies, which number alike. What happens is listed in `_day`.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from d365edi import log, secrets
from d365edi.app import App
from d365edi.sandbox.d365 import values
from d365edi.settings import load
from tests.journeys.world import World, world

EXTRA = """
[partners.acme.send.856]
of    = "PackingSlip"
to    = { endpoint = "acme", path = "/inbound", file = "856_{number}_{control:09}.edi" }
every = "1s"
"""
INVOICE = (
    "SalesInvoiceHeadersV4",
    "SalesInvoiceV4Lines",
    "BusinessDocumentSalesInvoiceBases",
    "BusinessDocumentSalesInvoiceLineItems",
    "CustInvoiceJourBiEntities",
    "CustInvoiceTransBiEntities",
)
SLIP = ("CustPackingSlipJourBiEntities", "CustPackingSlipTransBiEntities")


@asynccontextmanager
async def two_companies(here: World, now: float | None = None) -> AsyncIterator[App]:
    """The app of a partner that is a customer of usmf and demf; the clock stands at `now` (epoch seconds)."""
    path = here.write_settings()
    text = path.read_text().replace('usmf = "US-003"', 'usmf = "US-003", demf = "US-003"')
    path.write_text(text.replace('companies     = ["usmf"]', 'companies     = ["usmf", "demf"]'))
    read = load(path, environ=here.environ, keyring=secrets.keyring(log.hide))
    async with App.open(read, clock=lambda: now or time.time()) as app:
        yield app


def copy(here: World, sets: Sequence[str], name: str, changes: Mapping[str, Any]) -> None:
    """Put the rows of an invoice or packing slip there once more, with fields that differ (where a set has them)."""
    fields = ("InvoiceNumber", "InvoiceId", "PackingSlipId")
    for each in sets:
        for row in here.simulator.state.rows(each):
            if any(row.get(field) == name for field in fields) and row["dataAreaId"] == "usmf":
                here.simulator.state.add(each, **{**row, **{k: v for k, v in changes.items() if k in row}})


async def posted(here: World, number: str, *, slip: bool = False) -> str:
    """An order that came in, and its packing slip or its invoice; the number of that."""
    here.partner.drop(f"PO-{number}.edi", here.order(number))
    async with two_companies(here) as app:
        await app.tick("acme.pickup.edi")
    (header,) = here.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference=number)
    order = str(header["SalesOrderNumber"])
    return here.simulator.post_packing_slip(order) if slip else here.simulator.post_invoice(order)


async def once(here: World) -> None:
    """Every flow a single time."""
    async with two_companies(here) as app:
        await app.once()


def yesterday() -> str:
    """The day before, as D365 writes it."""
    return f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}T12:00:00Z"


async def _day(here: World) -> None:
    here.simulator.state.companies.append("demf")
    # Shipped before the first start of the 856s: alone of its name, twice of one name, and in both companies.
    slips = [await posted(here, f"450010{digit}", slip=True) for digit in range(3)]
    copy(here, SLIP, slips[1], {"SourceDocumentHeader": 99_000_001})
    copy(here, SLIP, slips[2], {"dataAreaId": "demf", "SourceDocumentHeader": 99_000_002})
    await once(here)
    # Two invoices are sent; then one of demf has the number of the first, and one of usmf the number of the second.
    invoices = [await posted(here, f"450011{digit}") for digit in range(2)]
    await once(here)
    copy(here, INVOICE, invoices[0], {"dataAreaId": "demf"})
    twice = {"LedgerVoucher": "V-TWICE", "InvoiceDate": yesterday(), "SourceKey": 99_000_003}
    copy(here, INVOICE, invoices[1], twice)
    await once(here)
    await once(here)


def _d365(here: World) -> str:
    state = here.simulator.state
    tables = {name: [table.rows[id].values for id in sorted(table.rows)] for name, table in state.store.tables.items()}
    numbers = [[company, sequence, number] for (company, sequence), number in state._numbers.items()]
    return values.dumps({"rows": {name: rows for name, rows in tables.items() if rows}, "numbers": numbers})


async def _make(out: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        async with world(folder) as here:
            here.extra = EXTRA
            await _day(here)
            (folder / "d365.json").write_text(_d365(here))
        (folder / "made_at").write_text(str(time.time()))
        journal = folder / "var" / "journal.db"
        database = sqlite3.connect(journal)
        for sql in (
            "SELECT id, flow, path, name, state, reason FROM messages",
            "SELECT flow, name, state FROM deliveries",
            "SELECT flow, value FROM cursors",
            "SELECT kind, number, company, state, reason FROM documents",
        ):
            for line in database.execute(sql):
                print(json.dumps(line))
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("VACUUM")
        database.close()
        with tarfile.open(out, "w:gz", format=tarfile.PAX_FORMAT) as archive:
            for path in (journal, journal.with_name("journal.db.numbers"), folder / "d365.json", folder / "made_at"):
                archive.add(path, path.name, filter=_anonymous)
            archive.add(folder / "home", "home", filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    asyncio.run(_make(Path(sys.argv[1]).absolute()))
