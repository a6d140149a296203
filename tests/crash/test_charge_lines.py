"""Killed while an order with charge lines is written: started again, D365 has each of them once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.crash.drill import BOOKED, invariants, run, settle
from tests.journeys.booked import booked, charged, publish
from tests.journeys.world import world


@pytest.mark.parametrize("failpoint", BOOKED)
async def test_each_charge_line_is_there_once(failpoint: str, tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        publish(made, C310="line:PROMO", D240="line:FREIGHT")
        made.write_settings()
        made.partner.drop("PO-1.edi", charged(made))
        assert await run(made, failpoint) == -9
        await settle(made)
        assert await invariants(made, {"4500123": 2}, 0) == []
        assert booked(made) == [
            ("SalesOrderHeaderChargesV2", "FREIGHT", Decimal(25), Decimal(0)),
            ("SalesOrderLineChargesV2", "PROMO", Decimal(-5), Decimal(0)),
        ]
