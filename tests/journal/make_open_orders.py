"""Makes `b0a5549.tar.gz`: a journal that commit b0a5549 kept, with open orders and an invoice that has not left.

Run it with that commit's code, in a checkout of it into whose `tests/journal` this file was copied:

    PYTHONPATH=. .venv/bin/python tests/journal/make_open_orders.py OUT.tar.gz

The archive is laid out as that of `make_old_journal.py`. In the journal are bodies of documents in the words of that commit:

    4600100   X12, open: a price per hundred, terms of payment
    4600101   X12, open: to a consumer's address (BEG02 DS)
    4600102   X12, invoiced with a freight charge and a line discount; the invoice is held until its ship notice is sent
    4600200   EDIFACT, open: a price per hundred
    4600201   EDIFACT, invoiced with a freight charge and a line discount; held: no guide has a code for the charge

A later version opens it and goes on with the day (`test_open_orders.py`).
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

from tests.journal import make_old_journal
from tests.journal.make_old_journal import sales_order
from tests.journeys.test_edifact import orders
from tests.journeys.world import ITEMS, World

SENDS = (
    ("acme", "855", "SalesOrderResponse"),
    ("acme", "856", "PackingSlip"),
    ("solon", "ORDRSP", "SalesOrderResponse"),
    ("solon", "DESADV", "PackingSlip"),
    ("solon", "INVOIC", "SalesInvoice"),
)
EXTRA = """
[partners.acme.send.810.guard]
before_notice = "hold"

[partners.solon]
customer = { usmf = "US-004" }
edifact  = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }
acks     = { to = { endpoint = "acme", path = "/inbound/acks" } }

[partners.solon.pickup.edi]
from  = { endpoint = "acme", path = "/solon/*" }
every = "1s"

[partners.solon.receive.ORDERS]
create  = "SalesOrder"
company = "usmf"
""" + "".join(
    f"""
[partners.{partner}.send.{set}]
of    = "{of}"
to    = {{ endpoint = "acme", path = "/inbound", file = "{set}_{{number}}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
"""
    for partner, set, of in SENDS
)
TERMS = b"ITD*01*3*2**10**30~"
HUNDRED = [("1", "1200", "1050", "ACME-4711"), ("2", "3", "99.99", "ACME-4712")]


def _invoiced(here: World, number: str) -> None:
    """An invoice with 25 for freight, and 10 % off its first line."""
    header = sales_order(here, number)
    first = here.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=header)[0]
    key = {name: first[name] for name in ("dataAreaId", "InventoryLotId")}
    net = first["OrderedSalesQuantity"] * first["SalesPrice"] * Decimal("0.9")
    here.simulator.state.add("SalesOrderLinesV3", **key, LineDiscountPercentage=Decimal(10), LineAmount=net)
    here.simulator.post_invoice(header, charges=25)


async def day(here: World) -> None:
    """What is in the archive."""
    here.extra = EXTRA
    for item, (theirs, _) in ITEMS.items():
        here.simulator.state.add(
            "CustomerProductDescriptionsV2",
            dataAreaId="usmf",
            ItemNumber=item,
            CustomerAccountNumber="US-004",
            CustomerProductNumber=theirs,
        )
    for account in ("US-003", "US-004"):
        here.simulator.state.add("CustomersV3", dataAreaId="usmf", CustomerAccount=account, PaymentTerms="Net30")
    drop = here.partner.drop
    hundred = here.order("4600100", HUNDRED).replace(b"*1050*PE*", b"*1050*HP*")
    hundred = hundred.replace(b"DTM*010", TERMS + b"DTM*010").replace(b"SE*14*", b"SE*15*")
    drop("PO-4600100.edi", hundred)
    consumer = here.order("4600101").replace(b"*SA*4600101*", b"*DS*4600101*")
    drop(
        "PO-4600101.edi",
        consumer.replace(b"ACME DC 7*92*0007", b"PAT DOE").replace(b"AUSTIN*TX*78701", b"SALEM*OR*97301"),
    )
    drop("PO-4600102.edi", here.order("4600102").replace(b"DTM*010", TERMS + b"DTM*010").replace(b"SE*14*", b"SE*15*"))
    solon = here.partner.home / "solon"
    solon.mkdir()
    per_hundred = orders("4600200", "78").replace(b"PRI+AAA:10.5'", b"PRI+AAA:1050:::100'")
    (solon / "ORDERS-78.edi").write_bytes(per_hundred)
    (solon / "ORDERS-79.edi").write_bytes(orders("4600201", "79"))
    async with here.app() as app:
        await app.tick("acme.pickup.edi")
        await app.tick("solon.pickup.edi")
    for number in ("4600102", "4600201"):
        _invoiced(here, number)
    await here.once()


if __name__ == "__main__":
    make_old_journal._day = day
    asyncio.run(make_old_journal._make(Path(sys.argv[1]).absolute()))
