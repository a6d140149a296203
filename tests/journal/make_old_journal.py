"""Makes `d60af4b.tar.gz`: the journal of a trading day that commit d60af4b kept, and the other side as that day left it.

Run it with that commit's code, from a checkout of it with its own environment:

    PYTHONPATH=. .venv/bin/python THIS_FILE OUT.tar.gz

In the archive: `journal.db` (vacuumed) with its `.numbers`, `home/` (the partner's folders, with their times), `d365.json`
(every row of the simulator and its number sequences) and `made_at` (epoch seconds). What happens is listed in `_day`.

The file is made once. A later version opens it and must neither take nor send anything twice (`test_old_journal.py`).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from d365edi.sandbox import x12
from d365edi.sandbox.d365 import values
from tests.journeys.world import World, world

EXTRA = """
[partners.acme.send.855]
of    = "SalesOrderResponse"
to    = { endpoint = "acme", path = "/inbound", file = "855_{number}_{control:09}.edi" }
since = 2026-01-01
every = "1s"

[partners.acme.send.856]
of    = "PackingSlip"
to    = { endpoint = "acme", path = "/inbound", file = "856_{number}_{control:09}.edi" }
every = "1s"

[partners.acme.send.810.guard]
price_differs = "warn"

[partners.acme.receive.820]
company = "usmf"
then    = "keep"
"""
KNOBS = {"file": "{control:09}", "on_event": "batch = 5"}
"""Settings beside the usual ones: 855s, 856s without a `since` (a baseline is taken), up to five 810s in one file."""

REMITTANCE = (
    b"ISA*00*          *00*          *08*6111250008     *01*123456789      *261102*1200*U*00401*000000088*0*P*>~"
    b"GS*RA*6111250008*123456789*20261102*1200*88*X*004010~ST*820*0001~"
    b"BPR*I*1510.98*C*ACH*CTX*01*123456789*DA*1*1234567890**01*987654321*DA*2*20261120~TRN*1*PAY-77~"
    b"ENT*1~RMR*IV*CIV-000001**1510.98~SE*6*0001~GE*1*88~IEA*1*000000088~"
)


def sales_order(here: World, number: str) -> str:
    """The number in D365 of the sales order that a customer's order became."""
    (header,) = here.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference=number)
    return str(header["SalesOrderNumber"])


def answer(here: World, group: Any, control: int) -> None:
    """The partner accepts a group of ours: a 997 of theirs."""
    count = str(len(group.sets))
    body = [["AK1", group.gs[1], group.gs[6]], ["AK9", "A", count, count, count]]
    address = here.partner.profile.address
    data = x12.write(address, "FA", [("997", body)], interchange=control, group=control, at=datetime.now(UTC))
    here.partner.drop(f"997_{control}.edi", data)


async def _take(here: World, *numbers: str, **particulars: Any) -> None:
    """Orders come in, before anything is sent."""
    for number in numbers:
        here.partner.drop(f"PO-{number}.edi", here.order(number, **particulars))
    async with here.app() as app:
        await app.tick("acme.pickup.edi")


async def _day(here: World) -> None:
    # Shipped and invoiced before the first start of the 856s: a baseline row, and an 810 of its own that is accepted.
    await _take(here, "4500100")
    here.simulator.post_packing_slip(sales_order(here, "4500100"))
    here.simulator.post_invoice(sales_order(here, "4500100"))
    await here.once()
    (first,) = [data for name, data in here.partner.received().items() if name.startswith("810_")]
    answer(here, x12.groups(x12.split(first)[0])[0], 9)
    # One order is held for an item that nobody knows; 4500104 and 4500105 stay open.
    await _take(here, "4500103", lines=[("1", "5", "10.5", "ACME-999")])
    await _take(here, "4500101", "4500102", "4500104", "4500105")
    # A confirmed order, a shipped one, and two invoices in one file, one of them dearer than ordered: none acknowledged.
    header = here.simulator.state.store.one("SalesOrderHeadersV4", CustomersOrderReference="4500104")
    assert header is not None
    here.simulator.state.store.update(header, {"SalesOrderProcessingStatus": "Confirmed"})
    here.simulator.post_packing_slip(sales_order(here, "4500101"))
    for row in here.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=sales_order(here, "4500102")):
        if row["SalesPrice"] == Decimal("10.5"):
            key = {name: row[name] for name in ("dataAreaId", "InventoryLotId")}
            here.simulator.state.add("SalesOrderLinesV3", **key, SalesPrice=Decimal(11), LineAmount=Decimal(132))
    here.simulator.post_invoice(sales_order(here, "4500101"))
    here.simulator.post_invoice(sales_order(here, "4500102"))
    await here.once()
    # The same file again, the same bytes under another name, a file that is nothing, a remittance, a file being written.
    processed = here.partner.outbound / "processed"
    shutil.copy2(processed / "PO-4500101.edi", here.partner.outbound / "PO-4500101.edi")
    here.partner.drop("PO-4500102-again.edi", (processed / "PO-4500102.edi").read_bytes())
    here.partner.drop("notes.edi", b"Dear colleagues, the orders follow on Monday.\n")
    here.partner.drop("820.edi", REMITTANCE)
    (here.partner.outbound / "PO-4500107.edi.tmp").write_bytes(b"ISA*00*")
    await here.once()
    # An order that D365 did not take yet: its delivery waits.
    here.simulator.faults.answer(503, method="POST", path="/data/SalesOrderHeadersV4", times=50)
    await _take(here, "4500106")
    here.simulator.faults.waiting.clear()


def _d365(here: World) -> str:
    state = here.simulator.state
    tables = {name: [table.rows[id].values for id in sorted(table.rows)] for name, table in state.store.tables.items()}
    numbers = [[company, sequence, number] for (company, sequence), number in state._numbers.items()]
    return values.dumps({"rows": {name: rows for name, rows in tables.items() if rows}, "numbers": numbers})


def _counts(database: sqlite3.Connection) -> dict[str, Any]:
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


async def _make(out: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        async with world(folder) as here:
            here.extra, here.knobs = EXTRA, dict(KNOBS)
            await _day(here)
            (folder / "d365.json").write_text(_d365(here))
        (folder / "made_at").write_text(str(time.time()))
        journal = folder / "var" / "journal.db"
        database = sqlite3.connect(journal)
        print(json.dumps(_counts(database)))
        for line in database.execute("SELECT action, count(*) FROM audit GROUP BY action"):
            print(*line)
        for line in database.execute("SELECT flow, name, state, ack FROM deliveries"):
            print(*line)
        for line in database.execute("SELECT kind, number, state, reason FROM documents"):
            print(*line)
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
