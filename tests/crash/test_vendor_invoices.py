"""Killed while a vendor's invoice is written: started again, D365 has it once, with its lines and its charge."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.crash.drill import run, settle
from tests.journeys.bills import bill, receives
from tests.journeys.world import world

PLACES = (
    "translate.read",
    "translate.rendered",
    "deliver.attempting:2",
    "d365.intent",
    "d365.header",
    "d365.header_recorded",
    "d365.lines",
    "deliver.delivered:2",
    "deliver.recorded:2",
)
TOGETHER = ("d365.intent", "d365.lines", "deliver.delivered:2")
"""Places that it passes where its reference is ours: header and lines go together."""


@pytest.mark.parametrize(
    ("failpoint", "reference"), [*((each, "server") for each in PLACES), *((each, "ours") for each in TOGETHER)]
)
async def test_each_invoice_is_there_once(failpoint: str, reference: str, tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        receives(made, f'header_reference = "{reference}"')
        tenant = made.simulator.state
        tenant.own_references = reference == "ours"
        tenant.refuses_used_invoice_numbers = False
        made.write_settings()
        (made.partner.home / "outbound" / "csv").mkdir(parents=True)
        made.partner.drop("bill.edi", bill(sac="SAC*C*D240***2500", total="45097"))
        assert await run(made, failpoint) == -9
        await settle(made)
        (header,) = tenant.rows("VendorInvoiceHeaders")
        lines = tenant.rows("VendorInvoiceLines", HeaderReference=header["HeaderReference"])
        assert [(line["PurchLineNumber"], line["ReceiveNow"]) for line in lines] == [(1, 12), (2, 3)]
        charges = tenant.rows("VendorInvoiceHeaderCharges", HeaderReference=header["HeaderReference"])
        assert [(row["PurchaseChargeCode"], row["FixedChargeAmount"]) for row in charges] == [("FREIGHT", Decimal(25))]
        assert [answer.verdict for answer in made.partner.acknowledgments()] == ["A"]
